"""The desk makes bookings: what it asks for, and what is behind the counter."""

import secrets
from datetime import date, timedelta
from typing import Any

from httpx import Response

from tests.api.world import API, Body, Desk, Guests, bearer
from tests.story.world import connect

AGENCY = "channel:example-ota"
PHONE = "+91 484 000 0000"
MALABAR = "(SELECT hotel_id FROM hotels WHERE slug = 'malabar')"


async def room(guests: Guests, nights: int = 2, **asked: Any) -> Body:
    """A courtyard double of malabar by name, on nights on which it is on sale."""
    offer = (await guests.offers(nights=nights, **asked))[0]
    arrival = date.fromisoformat(offer["nights"][0]["night"])
    return {
        "room_type": offer["room_type"], "rate_plan": offer["rate_plan"], "arrival": str(arrival),
        "departure": str(arrival + timedelta(days=nights)), "adults": 2, "children_ages": offer["children_ages"],
        "guests": [{"name": "A Guest"}],
    }  # fmt: skip


async def wish(guests: Guests, **words: Any) -> Body:
    """A body for one room, by phone and without an e-mail."""
    return {
        "offers": [await room(guests)], "guest": {"name": "A Booker", "phone": PHONE}, "source": "phone", **words,
    }  # fmt: skip


async def ask(desk: Desk, body: Body, key: str = "") -> Response:
    """The desk asks for a booking."""
    headers = {**bearer(desk.token), "Idempotency-Key": key or secrets.token_hex(8)}
    return await desk.api.post(f"{API}/desk/bookings", json=body, headers=headers)


async def made(desk: Desk, body: Body, key: str = "") -> Body:
    """A booking that the desk made."""
    answer = await ask(desk, body, key)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def restrict(owner_url: str, night: str, words: str) -> None:
    """Changes the rates of malabar's courtyard doubles on a night."""
    with connect(owner_url) as db:
        statement = f"UPDATE nightly_rates SET {words} WHERE hotel_id = {MALABAR} AND room_type_id = 1 AND night = %s"
        db.execute(statement.encode(), [night])


def columns(owner_url: str, reference: str, names: str) -> tuple[Any, ...]:
    """What the booking's row has."""
    with connect(owner_url) as db:
        row = db.execute(f"SELECT {names} FROM bookings WHERE reference = %s".encode(), [reference]).fetchone()
    assert row is not None
    return row
