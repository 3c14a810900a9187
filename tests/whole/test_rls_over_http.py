"""Desks of two hotels in turn over four connections, with errors and with clients who hang up: no foreign row.

How many requests: HOLDFAST_PROOF_REQUESTS. That these answers could be foreign, were row security not told the hotel
anew in each transaction, is shown in tests/store/test_rls_under_load.py.
"""

import asyncio
import os
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import httpx

from tests.whole.crowd import API, SEED, Body, Crowd, kochi_day, only_left

REQUESTS = int(os.environ.get("HOLDFAST_PROOF_REQUESTS", "400"))
EACH = 2
CODES = {"malabar": "MLB-", "lagoon": "LGN-"}
OTHER = {"malabar": "lagoon", "lagoon": "malabar"}
TYPES = {"malabar": "COURT", "lagoon": "GARDEN"}


async def desk_of(crowd: Crowd, hotel: str) -> tuple[dict[str, str], list[Body]]:
    """A login of the front desk and some bookings of its hotel."""
    login = {"email": f"frontdesk@{hotel}.example", "password": "holdfast-demo"}
    token = (await crowd.clients[0].post(f"{API}/auth/login", json=login)).json()["access_token"]
    crowd.clients[0].cookies.clear()
    made = []
    for n in range(EACH):
        day = kochi_day(120 + n)
        room = {"room_type": TYPES[hotel], "rate_plan": "FLEX", "arrival": str(day), "adults": 2}
        room["departure"] = str(day + timedelta(days=1))
        body = {"offers": [room], "guest": {"name": "A Guest", "phone": "+91 484 000 0000"}, "source": "phone"}
        answer = await crowd.post("/desk/bookings", body, token=token)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    return {"Authorization": f"Bearer {token}"}, made


def asked(draw: Random, hotel: str, bookings: dict[str, list[Body]]) -> tuple[str, dict[str, Any], int]:
    """An address, what is asked there, and the status that has to come."""
    mine, theirs = (draw.choice(bookings[one])["reference"] for one in (hotel, OTHER[hotel]))
    day = str(kochi_day(120))
    return draw.choice(
        [
            ("/desk/bookings", {"limit": 50}, 200),
            ("/desk/bookings/count", {}, 200),
            ("/desk/day", {"date": day}, 200),
            (f"/desk/bookings/{mine}", {}, 200),
            (f"/desk/bookings/{mine}/timeline", {}, 200),
            (f"/desk/bookings/{theirs}", {}, 404),
            (f"/desk/bookings/{theirs}/timeline", {}, 404),
            ("/desk/bookings", {"q": theirs}, 200),
            ("/desk/bookings", {"cursor": "made-up"}, 400),
            ("/desk/guests", {"q": "Guest"}, 200),
        ]
    )


async def test_no_answer_holds_a_row_of_another_hotel(crowd: Crowd) -> None:
    """Whatever the connection was used for before, and whether its last caller waited for the answer."""
    only_left(crowd.doors, kochi_day(120), EACH, 10)
    logins, bookings = {}, {}
    for hotel in CODES:
        logins[hotel], bookings[hotel] = await desk_of(crowd, hotel)
    heard: Counter[str] = Counter()
    left = iter(range(REQUESTS))

    async def on_one_connection(address: str) -> None:
        async with httpx.AsyncClient(base_url=address, limits=httpx.Limits(max_connections=1)) as client:
            for n in left:
                draw, hotel = Random(f"{SEED} {n}"), sorted(CODES)[n % 2]  # noqa: S311 - the same for the same seed.
                path, what, status = asked(draw, hotel, bookings)
                patience = draw.uniform(0.001, 0.02) if draw.random() < 0.15 else 30
                try:
                    answer = await client.get(API + path, params=what, headers=logins[hotel], timeout=patience)
                except httpx.TimeoutException:
                    heard["hung up"] += 1
                    continue
                assert answer.status_code == status, (path, answer.text)
                assert CODES[OTHER[hotel]] not in answer.text, path
                if path == "/desk/day":
                    assert {one["reference"] for one in answer.json()["arrivals"]} >= {bookings[hotel][0]["reference"]}
                heard[str(answer.status_code)] += 1

    await asyncio.gather(*(on_one_connection(address) for address in crowd.doors.addresses for _ in range(2)))
    print(f"\nproof: seed {SEED}, {REQUESTS} requests of two hotels on four connections: {dict(heard)}")
    assert sum(heard.values()) == REQUESTS
    assert set(heard) == {"200", "400", "404", "hung up"}
