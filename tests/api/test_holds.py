"""The bound on open unpaid holds: three for an e-mail, an address and a device."""

import itertools
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRouter
from httpx import AsyncClient

from api.callers import Parts, PublicRoute
from api.devices import COOKIE
from api.holds import check_holds, hold_owner
from tests.api.doors import Doors
from tests.api.world import problem

HOTEL, OTHER_HOTEL = 3, 5
_numbers = itertools.count(100_000)
trial = APIRouter(route_class=PublicRoute)


@trial.post("/trial/{hotel_id}")
async def ask(request: Request, house: Parts, hotel_id: int, email: str) -> dict[str, Any]:
    """As the opening of a booking asks: whether there is a place, and whose the hold is."""
    await check_holds(house, request, hotel_id, email)
    return asdict(hold_owner(house, request, email))


@pytest.fixture
def app(doors: Doors) -> FastAPI:
    """The API with a door that only looks."""
    doors.app.router.routes[:0] = trial.routes
    return doors.app


def keep(doors: Doors, owner: dict[str, Any], ends_at: datetime | None, hotel_id: int = HOTEL) -> str:
    """A booking that is held, as the opening writes it."""
    reference = f"MLB-20270201-{next(_numbers)}"
    doors.rows(
        "WITH guest AS (INSERT INTO guests (hotel_id, name, created_at) VALUES (%s, 'A Guest', %s) RETURNING *)"
        " INSERT INTO bookings (hotel_id, reference, status, payment_status, version, seq, state, hold_expires_at,"
        " arrival, departure, source, guest_id, currency, total_minor, balance_minor, policy_version, create_key,"
        " create_body_hash, created_at, last_instant, hold_email, hold_address, hold_device)"
        " SELECT hotel_id, %s, 'held', 'due', 1, 1, '{}', %s, '2027-02-01', '2027-02-03', 'web_direct', guest_id,"
        " 'INR', 100, 100, 1, %s, 'hash', created_at, created_at, %s, %s, %s FROM guest",
        hotel_id, doors.now, reference, ends_at, reference, owner["email"], owner["address"], owner["device"],
    )  # fmt: skip
    return reference


class Public:
    """Somebody of the public: an address, a browser, an e-mail."""

    def __init__(self, doors: Doors, n: int) -> None:
        self._doors = doors
        self.email = f"guest{n}@example.com"
        self.caller: AsyncClient = doors.caller(f"203.0.113.{n}")
        self.caller.headers["X-Device"] = f"browser-of-guest-{n:04}"

    async def try_to_hold(self, hotel_id: int = HOTEL) -> Any:
        """The answer of the trial door."""
        return await self.caller.post(f"/trial/{hotel_id}", params={"email": self.email})

    async def hold(self, minutes: float = 30, hotel_id: int = HOTEL) -> str:
        """Takes a place that has to be free."""
        answer = await self.try_to_hold(hotel_id)
        assert answer.status_code == 200, answer.text
        return keep(self._doors, answer.json(), self._doors.now + timedelta(minutes=minutes), hotel_id)


def share(kind: str, first: Public, second: Public) -> None:
    """Gives two of the public one thing in common."""
    if kind == "e-mail":
        second.email = first.email.replace("guest", "GUEST")
    elif kind == "device":
        second.caller.headers["X-Device"] = first.caller.headers["X-Device"]
    else:
        second.caller = first.caller.__class__(transport=first.caller._transport, base_url=first.caller.base_url)


@pytest.mark.parametrize("kind", ["e-mail", "address", "device"])
async def test_a_fourth_unpaid_hold_is_refused_until_the_first_ends(doors: Doors, app: FastAPI, kind: str) -> None:
    """Counted for each of the three by itself; the answer tells when, by the hotel's clock."""
    public = [Public(doors, n) for n in range(1, 5)]
    for one in public[1:]:
        share(kind, public[0], one)
    for one, minutes in zip(public, (30, 20, 40), strict=False):
        await one.hold(minutes)
    refused = await public[3].try_to_hold()
    told = problem(refused, 429, "too_many_holds")
    assert int(refused.headers["Retry-After"]) == told["retry_after"] == 20 * 60
    assert "(IST)" in told["detail"]
    assert (await Public(doors, 9).try_to_hold()).status_code == 200


@pytest.mark.parametrize("status", ["confirmed", "expired", "cancelled", "pending"])
async def test_only_what_is_held_is_counted(doors: Doors, app: FastAPI, status: str) -> None:
    """Paid, ended or waiting for the hotel: the place is free again."""
    guest = Public(doors, 1)
    references = [await guest.hold() for _ in range(3)]
    problem(await guest.try_to_hold(), 429, "too_many_holds")
    doors.rows("UPDATE bookings SET status = %s WHERE reference = %s", status, references[0])
    assert (await guest.try_to_hold()).status_code == 200


async def test_holds_of_the_desk_and_of_other_hotels_are_not_counted(doors: Doors, app: FastAPI) -> None:
    """The desk's have no owner; one hotel does not see another's bookings."""
    guest = Public(doors, 1)
    for _ in range(4):
        keep(doors, {"email": None, "address": None, "device": None}, doors.now + timedelta(hours=1))
    for _ in range(3):
        await guest.hold(hotel_id=OTHER_HOTEL)
    assert (await guest.try_to_hold()).status_code == 200
    problem(await guest.try_to_hold(OTHER_HOTEL), 429, "too_many_holds")


async def test_the_wait_is_until_a_place_is_free_for_all_three(doors: Doors, app: FastAPI) -> None:
    """With more holds than there should be, or two kinds full, the later moment counts."""
    guest, stranger = Public(doors, 1), Public(doors, 2)
    owner = (await guest.try_to_hold()).json()
    for minutes in (10, 20, 30, 40):
        keep(doors, owner, doors.now + timedelta(minutes=minutes))
    assert (await guest.try_to_hold()).json()["retry_after"] == 20 * 60
    other = (await stranger.try_to_hold()).json()
    for _ in range(3):
        keep(doors, {**other, "device": owner["device"], "email": None}, doors.now + timedelta(minutes=50))
    assert (await guest.try_to_hold()).json()["retry_after"] == 50 * 60


async def test_a_hold_without_a_clock_is_asked_again_after_a_while(doors: Doors, app: FastAPI) -> None:
    """There is no moment to tell."""
    guest = Public(doors, 1)
    owner = (await guest.try_to_hold()).json()
    for _ in range(3):
        keep(doors, owner, None)
    refused = await guest.try_to_hold()
    assert problem(refused, 429, "too_many_holds")["retry_after"] == 15 * 60
    assert "after" not in refused.json()["detail"]


async def test_a_browser_is_known_by_its_cookie(doors: Doors, app: FastAPI) -> None:
    """From its first visit on, and also where that was the booking itself."""
    browser = doors.caller("203.0.113.1")
    owners = [(await browser.post(f"/trial/{HOTEL}", params={"email": "a@example.com"})).json() for _ in range(2)]
    assert browser.cookies.get(COOKIE)
    assert owners[0] == owners[1]
    stranger = (await doors.caller("203.0.113.1").post(f"/trial/{HOTEL}", params={"email": "a@example.com"})).json()
    assert stranger["device"] != owners[0]["device"]
    assert stranger["address"] == owners[0]["address"]


async def test_who_runs_the_demo_is_not_counted_by_address(doors: Doors, app: FastAPI) -> None:
    """As with every limit by address; e-mail and device still are."""
    owner = (await doors.caller().post(f"/trial/{HOTEL}", params={"email": "a@example.com"})).json()
    assert owner["address"] is None
    assert owner["email"]
    assert owner["device"]


async def test_what_is_kept_of_an_owner_names_nobody(doors: Doors, app: FastAPI) -> None:
    """And the three kinds never look alike, nor do two systems' rows."""
    guest = Public(doors, 1)
    owner = (await guest.try_to_hold()).json()
    assert len({*owner.values()}) == 3
    assert all(len(kept) == 32 and int(kept, 16) for kept in owner.values())
    other = await doors.another(secret_key=type(doors.settings.secret_key)("another secret key of this house"))
    other.router.routes[:0] = trial.routes
    guest.caller = doors.caller("203.0.113.1", other)
    guest.caller.headers["X-Device"] = "browser-of-guest-0001"
    assert not {*owner.values()} & {*(await guest.try_to_hold()).json().values()}
