"""Making a booking: what is promised, what a repeated key means, what is refused before anything is started."""

import asyncio
import secrets
import time
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from api import front_desk, opening
from api.problems import Problem, busy
from tests.api.conftest import LeaveFree, Opener
from tests.api.world import API, Body, Guests, arrival_of, problem, resigned
from tests.story.world import connect


async def test_a_request_at_malabar_waits_for_the_hotels_answer(guests: Guests, worker: None) -> None:
    """201, its address, its agenda, and the only moment at which the token is told."""
    body = await guests.wish()
    offer = body["offers"][0]
    answer = await guests.book({**body, "special_requests": "A quiet room."})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{API}/bookings/{made['reference']}"
    assert (made["status"], made["payment_status"], made["version"]) == ("pending", "due", 1)
    assert made["reference"].startswith(f"MLB-{arrival_of(body):%Y%m%d}-")
    assert made["allowed_actions"] == ["cancel", "change-requests"]
    assert made["special_requests"] == "A quiet room."
    assert [entry["key"] for entry in made["agenda"][:3]] == [
        "approval_alert_desk", "approval_alert_manager", "approval_deadline",
    ]  # fmt: skip
    clock = made["agenda"][2]
    assert clock["at"] == made["approval_deadline"]
    assert clock["local_time"].endswith("(IST)")
    assert (clock["set_by"]["kind"], clock["set_by"]["policy_version"]) == ("policy", 1)
    assert clock["default_at"] == clock["at"]
    assert clock["earliest"] < clock["at"] <= clock["latest"]
    assert clock["local_time"] in made["waiting_for"]
    lines = sum(night["price"]["amount_minor"] for night in made["nights"])
    added = sum(tax["amount"]["amount_minor"] for tax in made["taxes"] if not tax["included"])
    assert made["total"]["amount_minor"] == lines + added == made["balance"]["amount_minor"]
    seen = await guests.see(made)
    assert seen.json() == {key: value for key, value in made.items() if key != "access_token"}
    assert len(offer["offer_id"]) > 100


async def test_the_same_key_and_body_give_the_same_booking_for_ever(guests: Guests, worker: None) -> None:
    """Again at once, again later, with the members in another order and defaults written out: one booking."""
    body = await guests.wish()
    key = secrets.token_hex(8)
    answers = await asyncio.gather(*(guests.book(body, key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    shuffled: Body = dict(reversed([*body.items(), ("special_requests", "")]))
    again = await guests.book(shuffled, key)
    assert again.content == answers[0].content
    assert again.headers["Location"] == answers[0].headers["Location"]


async def test_who_is_refused_for_the_hold_of_the_same_key_gets_that_booking(
    guests: Guests, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request books when this one has looked for its key and not yet for unpaid holds."""
    body = await guests.wish()
    key, first = secrets.token_hex(8), list[Body]()

    async def slow(*asked: Any) -> None:
        monkeypatch.undo()
        first.append((await guests.book(body, key)).json())
        raise Problem(429, "too_many_holds", "Three bookings wait to be paid already.")

    monkeypatch.setattr(opening, "check_holds", slow)
    answer = await guests.book(body, key)
    assert answer.status_code == 201, answer.text
    assert [answer.json()["reference"]] == [one["reference"] for one in first]


async def test_the_same_key_with_another_body_is_refused(guests: Guests, worker: None) -> None:
    """409, whether the other body asks for other dates or only has another name."""
    body = await guests.wish()
    key = secrets.token_hex(8)
    assert (await guests.book(body, key)).status_code == 201
    renamed = {**body, "guest": {**body["guest"], "name": "Somebody Else"}}
    later = await guests.wish()
    for other in (renamed, later):
        told = problem(await guests.book(other, key), 409, "idempotency_key_reused")
        assert told["errors"][0]["field"] == "Idempotency-Key"


async def test_without_a_key_each_request_is_a_booking_of_its_own(
    api: AsyncClient, guests: Guests, worker: None
) -> None:
    """Nothing tells two equal requests apart but the keys that they do not have."""
    body = await guests.wish()
    made = [(await api.post(f"{API}/bookings", json=body)).json()["reference"] for _ in range(2)]
    assert made[0] != made[1]


async def test_a_reference_that_another_key_has_gives_way_to_the_next(
    guests: Guests, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two keys that lead to one reference make two bookings."""
    real = opening.reference
    shared = secrets.token_hex(4)

    def colliding(secret: str, code: str, arrival: object, key: str, attempt: int) -> str:
        return real(secret, code, arrival, shared if attempt == 0 else key, attempt)  # type: ignore[arg-type]

    monkeypatch.setattr(opening, "reference", colliding)
    body = await guests.wish()
    first, second = await guests.booked(body), await guests.booked(body)
    assert first["reference"] != second["reference"]
    assert first["reference"][:12] == second["reference"][:12]


async def test_several_rooms_are_one_booking_and_never_half_of_one(
    guests: Guests, worker: None, leave_free: LeaveFree
) -> None:
    """Three rooms with one letter; where one is missing there is none."""
    three = await guests.booked(rooms=3)
    assert [stay["stay"] for stay in three["stays"]] == [1, 2, 3]
    assert three["total"]["amount_minor"] == sum(stay["total"]["amount_minor"] for stay in three["stays"])
    body = await guests.wish(rooms=2)
    second = leave_free(arrival_of(body) + timedelta(days=1), 1)
    told = problem(await guests.book(body), 409, "sold_out")
    assert (told["night"], told["room_type"], told["left"]) == (str(second), "Courtyard double", 1)


async def test_a_full_house_is_told_without_starting_anything(guests: Guests, leave_free: LeaveFree) -> None:
    """No worker is up here, so an answer in time can only come from the look at free nights."""
    body = await guests.wish()
    second = leave_free(arrival_of(body) + timedelta(days=1), 0)
    told = problem(await guests.book(body), 409, "sold_out")
    assert told["detail"].startswith("Courtyard double is sold out on ")
    assert told["night"] == str(second)


async def test_with_no_worker_up_the_guest_is_asked_to_come_back(
    guests: Guests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 within the deadline, with the seconds to wait."""
    usual = front_desk.DEADLINE_SECONDS
    monkeypatch.setattr(front_desk, "DEADLINE_SECONDS", 0.4)
    body = await guests.wish()
    began = time.monotonic()
    answer = await guests.book(body)
    told = problem(answer, 503, "not_answered_in_time")
    assert time.monotonic() - began < usual
    assert int(answer.headers["Retry-After"]) == told["retry_after"] > 0


async def test_a_hotel_without_a_guest_portal_gives_no_link(api: AsyncClient, guests: Guests, worker: None) -> None:
    """Its guests book here all the same."""
    made = await guests.booked(hotel="lagoon")
    assert (made["hotel"], made["status"], made["payment_status"]) == ("lagoon", "pending", "none")
    assert made["access_token"] is None
    assert made["links"]["guest_page"] is None


async def test_offers_are_taken_only_as_they_were_promised(guests: Guests) -> None:
    """Forged, expired, of another hotel, mixed, not on sale: each has its own answer, and none starts a workflow."""
    body = await guests.wish()
    offer = body["offers"][0]["offer_id"]
    other = (await guests.offers("lagoon"))[0]["offer_id"]

    async def with_offers(*ids: str, hotel: str = "malabar") -> Body:
        return {**body, "hotel": hotel, "offers": [{"offer_id": one} for one in ids]}

    forged = offer[:-4] + ("AAAA" if not offer.endswith("AAAA") else "BBBB")
    told = problem(await guests.book(await with_offers(offer, forged)), 422, "offer_unknown")
    assert told["errors"][0]["field"] == "offers.1.offer_id"
    expired = resigned(offer, expires_at=int(time.time()) - 1)
    problem(await guests.book(await with_offers(expired)), 422, "offer_expired")
    problem(await guests.book(await with_offers(offer, other)), 422, "offer_of_another_hotel")
    problem(await guests.book(await with_offers(offer, hotel="lagoon")), 422, "offer_of_another_hotel")
    problem(await guests.book(await with_offers(resigned(offer, hotel_id=999_999))), 422, "offer_of_another_hotel")


async def test_an_offer_of_a_hotel_that_stopped_selling_is_not_taken(guests: Guests, owner_url: str) -> None:
    """The promise is a price, not a door; the hotel's own reason is the answer."""
    body = await guests.wish(hotel="lagoon")
    with connect(owner_url) as db:
        db.execute("UPDATE hotels SET not_on_sale_reason = 'Closed for the rains.' WHERE slug = 'lagoon'")
        try:
            told = problem(await guests.book(body), 422, "not_on_sale")
        finally:
            db.execute("UPDATE hotels SET not_on_sale_reason = NULL WHERE slug = 'lagoon'")
    assert told["detail"] == "Closed for the rains."


@pytest.mark.parametrize(
    ("room", "field"),
    [
        ({"guests": [{"name": "One"}, {"name": "Two"}, {"name": "Three"}]}, "guests"),
        ({"guests": [{"name": "One"}, {"name": "A Child", "age": 7}]}, "guests"),
        ({"adults": 1}, "adults"),
        ({"adults": 2, "children_ages": [7]}, "children_ages"),
    ],
)
async def test_another_party_than_the_offers_is_refused(guests: Guests, room: Body, field: str) -> None:
    """The price was made for two adults and a child of four."""
    body = await guests.wish(children_ages="4")
    body["offers"] = [{"offer_id": body["offers"][0]["offer_id"], **room}]
    told = problem(await guests.book(body), 422, "occupancy_differs")
    assert told["errors"][0]["field"] == f"offers.0.{field}"


async def test_the_party_that_fits_is_written_down(guests: Guests, worker: None) -> None:
    """Not everybody has to be named; who is named is told back in order."""
    body = await guests.wish(children_ages="4")
    named = [{"name": "A Guest", "age": None}, {"name": "A Child", "age": 4}]
    offer_id = body["offers"][0]["offer_id"]
    body["offers"] = [{"offer_id": offer_id, "adults": 2, "children_ages": [4], "guests": named}]
    made = await guests.booked(body)
    assert made["stays"][0]["guests"] == named
    assert (made["stays"][0]["adults"], made["stays"][0]["children_ages"]) == (2, [4])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"guest": {"name": "A Guest", "email": "guest at example"}}, "guest.email"),
        ({"guest": {"name": "  ", "email": "guest@example.com"}}, "guest.name"),
        ({"guest": {"name": "A\x00Guest", "email": "guest@example.com"}}, "guest.name"),
        ({"guest": {"name": "A Guest", "email": "guest@example.com", "country": "India"}}, "guest.country"),
        ({"guest": {"name": "A Guest", "email": "guest@example.com", "phone": "call me"}}, "guest.phone"),
        ({"offers": []}, "offers"),
        ({"hotel": "Malabar!"}, "hotel"),
        ({"promo": "SUMMER"}, "promo"),
        ({"special_requests": "x" * 2001}, "special_requests"),
    ],
)
async def test_a_body_that_cannot_be_read_names_the_field(guests: Guests, change: Body, field: str) -> None:
    """400; what was sent is never repeated in the answer."""
    body: Body = {
        "hotel": "malabar",
        "offers": [{"offer_id": "x"}],
        "guest": {"name": "A Guest", "email": "guest@example.com"},
    }
    answer = await guests.book({**body, **change})
    told = problem(answer, 400, "invalid_request")
    assert [error["field"] for error in told["errors"]] == [field]
    assert "guest at example" not in answer.text


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 30_000, b"null", b""])
async def test_what_is_no_json_object_is_malformed(api: AsyncClient, content: bytes) -> None:
    """400 and never a bug of ours."""
    answer = await api.post(f"{API}/bookings", content=content, headers={"Content-Type": "application/json"})
    problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("key", ["", "x" * 201, "with space"])
async def test_a_key_that_is_none_is_malformed(api: AsyncClient, guests: Guests, key: str) -> None:
    """1 to 200 visible ASCII characters."""
    body = await guests.wish()
    answer = await api.post(f"{API}/bookings", json=body, headers={"Idempotency-Key": key})
    problem(answer, 400, "idempotency_key_malformed")


async def test_guests_wait_at_the_gate_and_then_look_again(
    opened: Opener, worker: None, monkeypatch: pytest.MonkeyPatch, leave_free: LeaveFree
) -> None:
    """Twelve want the last two rooms, two at a time: two bookings, ten told sold out, no other answer."""
    monkeypatch.setattr(front_desk, "STARTS_IN_FLIGHT", 2)
    async with opened() as api:
        guests = Guests(api)
        body = await guests.wish()
        leave_free(arrival_of(body), 2)
        answers = await asyncio.gather(*(guests.book(body) for _ in range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] * 2 + [409] * 10, [answer.text for answer in answers]


@pytest.mark.parametrize("heard", [True, False], ids=["announced", "unheard"])
async def test_the_booking_is_answered_at_its_commit(
    guests: Guests, worker: None, monkeypatch: pytest.MonkeyPatch, *, heard: bool
) -> None:
    """Temporal's answer is held back: what was announced is answered all the same, the rest is told to wait."""
    asked = front_desk.FrontDesk.open_booking

    async def held_back(*args: Any) -> Any:
        await asked(*args)
        await asyncio.sleep(1.5)
        raise busy("not_answered_in_time", "Held back.")

    monkeypatch.setattr(front_desk.FrontDesk, "open_booking", held_back)
    house = guests.api._transport.app.state.house  # type: ignore[attr-defined]
    if not heard:
        monkeypatch.setattr(house.announcements, "hear", lambda _: None)
    body, key = await guests.wish(), secrets.token_hex(8)
    answer = await guests.book(body, key)
    assert answer.status_code == (201 if heard else 503)
    monkeypatch.undo()
    again = await guests.book(body, key)
    assert again.status_code == 201
    if heard:
        assert again.content == answer.content
