"""Fifty guests want the last room at the same moment, through two API processes. One gets it, every time."""

import asyncio
import os
import secrets
from collections import Counter
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

import store.openings
from store.hot import Hot
from tests.houses import sell_every_day
from tests.story.world import connect
from tests.whole.conftest import Doors
from tests.whole.crowd import answered, kochi_day

GUESTS = 50
ROUNDS = int(os.environ.get("HOLDFAST_PROOF_ROUNDS", "20"))
GUARD, NO_GUARD = "NOT EXISTS (SELECT 1 FROM short)", "true"
TOLD, NOT_TOLD = "LEFT JOIN short s ON true", "LEFT JOIN short s ON false"


def leave_one(doors: Doors, arrival: date) -> None:
    """All rooms but one of every type of the hotel are out of order on that night, which anybody may book alone."""
    sell_every_day(doors.owner_url)
    with connect(doors.owner_url) as db:
        db.execute(
            "UPDATE room_type_nights SET out_of_order = physical - 1 FROM hotels"
            " WHERE hotels.hotel_id = room_type_nights.hotel_id AND slug = 'malabar' AND night = %s",
            [arrival],
        )


async def offer(client: httpx.AsyncClient, arrival: date) -> str:
    """The first offer for one night."""
    asked = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=1)), "adults": 2}
    answer = await client.get("/api/v1/hotels/malabar/availability", params=asked)
    return str(answer.json()["offers"][0]["offer_id"])


def wish(offer_id: str) -> dict[str, Any]:
    """A guest's booking."""
    guest = {"name": "A Guest", "email": "guest@example.com", "phone": "+919847000000", "country": "IN"}
    return {"hotel": "malabar", "offers": [{"offer_id": offer_id}], "guest": guest}


async def race(guests: list[httpx.AsyncClient], offer_id: str, keys: list[str]) -> list[httpx.Response]:
    """Everybody at once, spread over the processes; whoever hears 503 asks again, as it says."""

    async def one(guest: httpx.AsyncClient, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return await answered(lambda: guest.post("/api/v1/bookings", json=wish(offer_id), headers=headers))

    return await asyncio.gather(*(one(guests[n % len(guests)], key) for n, key in enumerate(keys)))


async def test_exactly_one_of_fifty_gets_the_last_room(doors: Doors, guests: list[httpx.AsyncClient]) -> None:
    """In every round: one 201 each, 409 sold_out for all others, and the counters say the same."""
    for number in range(ROUNDS):
        arrival = kochi_day(40 + number)
        leave_one(doors, arrival)
        offer_id = await offer(guests[0], arrival)
        answers = await race(guests, offer_id, [secrets.token_hex(8) for _ in range(GUESTS)])
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: GUESTS - 1}, number
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"sold_out"}
    with connect(doors.owner_url) as db:
        over = db.execute(
            "SELECT max(held + sold - (physical - out_of_order)) FROM room_type_nights WHERE out_of_order > 0"
        ).fetchone()
        booked = db.execute("SELECT count(*) FROM bookings").fetchone()
    assert (over, booked) == ((0,), (ROUNDS,))


async def test_without_the_guard_the_last_room_is_sold_again(
    doors: Doors, guests: list[httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above is able to fail: with the guard and the constraint off, more than one guest gets the room."""
    guarded = store.openings.OPEN.statement
    assert (guarded.count(GUARD), guarded.count(TOLD)) == (3, 1)
    unguarded = guarded.replace(GUARD, NO_GUARD).replace(TOLD, NOT_TOLD)
    monkeypatch.setattr(store.openings, "OPEN", Hot(unguarded))
    with connect(doors.owner_url) as db:
        db.execute("ALTER TABLE room_type_nights DROP CONSTRAINT never_more_than_there_is")
    won = 0
    for number in range(3):
        arrival = kochi_day(20 + number)
        leave_one(doors, arrival)
        offer_id = await offer(guests[0], arrival)
        answers = await race(guests, offer_id, [secrets.token_hex(8) for _ in range(GUESTS)])
        won += sum(answer.status_code == 201 for answer in answers)
    assert won > 3


async def test_one_key_sent_fifty_times_at_once_is_one_booking(doors: Doors, guests: list[httpx.AsyncClient]) -> None:
    """The same reference for everybody, one booking, one set of messages; whoever hears 503 asks again, as it says."""
    sell_every_day(doors.owner_url)
    offer_id = await offer(guests[0], kochi_day(30))
    answers = await race(guests, offer_id, ["the-same-key"] * GUESTS)
    assert Counter(answer.status_code for answer in answers) == {201: GUESTS}
    assert len({answer.json()["reference"] for answer in answers}) == 1
    with connect(doors.owner_url) as db:
        booked = db.execute("SELECT count(*) FROM bookings").fetchone()
        sent = db.execute("SELECT kind FROM notices ORDER BY kind").fetchall()
        held = db.execute("SELECT sum(held) FROM room_type_nights").fetchone()
    assert (booked, sent, held) == ((1,), [("new_request",), ("received",)], (1,))
