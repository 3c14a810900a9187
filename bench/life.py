"""What a life leaves behind: history events, bytes of history, of state and of rows.

Two lives: that of a guest of a hotel with manual approval, over HTTP; and one that goes by itself, with three commands
and three clocks, on a skipped clock.
"""

import asyncio
import secrets
import time
from datetime import timedelta
from typing import Any

import httpx
from psycopg import sql
from temporalio.client import Client

from bench.houses import System, furnish, hotel_day, offer, running, wish
from bench.seeding import superuser
from bench.sizes import Row
from domain.terms import Confirmation, Payment, check_in_from
from messages.converter import data_converter
from messages.names import workflow_id
from store.session import Database
from tests.story.conftest import own_namespace
from tests.story.test_budget import OF_THE_SKIPPER
from tests.story.test_life import stay_in
from tests.story.world import SECRET, Life, build_house
from worker.build import bookings_worker

DESK = {"email": "frontdesk@malabar.example", "password": "holdfast-demo"}
COMPLETED_WITHIN_SECONDS = 60.0
ROWS: tuple[Row, ...] = (
    ("malabar_events_ratio_to_bound", 1.0, "Events of the malabar path ÷ 90"),
    ("automatic_events_ratio_to_bound", 1.0, "Events of a life by itself (3 commands, 3 clocks) ÷ 55"),
)
# Everything that is written about one booking; the bytes are those of the rows, without their indexes.
TABLES = ("bookings", "stays", "stay_guests", "nightly_lines", "booking_events", "notices", "payments")
ROW_BYTES = "SELECT coalesce(sum(pg_column_size(t.*)), 0) FROM {} t WHERE t.reference = %s"


def live(http: httpx.Client) -> str:
    """Request, approve, assign, check in, cash, check out, completed; answers the reference."""
    asked = wish(str(offer(http, hotel_day())["offer_id"]))
    booked = _done(http.post("/api/v1/bookings", json=asked, headers={"Idempotency-Key": secrets.token_hex(8)}))
    login = _done(http.post("/api/v1/auth/login", json=DESK))
    http.headers["Authorization"] = f"Bearer {login['access_token']}"
    reference, version = booked["reference"], booked["version"]
    for action, body in (
        ("approve", {}),
        ("assign-room", {}),
        ("check-in", {}),
        ("payments", {"method": "cash", "amount": booked["total"]}),
        ("check-out", {}),
    ):
        url = f"/api/v1/desk/bookings/{reference}/{action}"
        version = _done(http.post(url, json={"version": version, **body}))["version"]
    last = time.monotonic() + COMPLETED_WITHIN_SECONDS
    while _done(http.get(f"/api/v1/desk/bookings/{reference}"))["status"] != "completed":
        if time.monotonic() > last:
            raise RuntimeError(f"{reference} was not completed in time")
        time.sleep(0.2)
    return str(reference)


def _done(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code >= 300:
        raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
    body: dict[str, Any] = answer.json()
    return body


def run() -> dict[str, Any]:
    """Both lives on a system of its own."""
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        return asyncio.run(measure(system))


async def measure(system: System) -> dict[str, Any]:
    """Events and bytes of both."""
    with httpx.Client(base_url=system.api[0], timeout=20) as http:
        lived = live(http)
    by_hand = await _left(system, await Client.connect(system.temporal), lived)
    by_itself = await automatic(system)
    return {
        **{f"malabar_path_{name}": value for name, value in by_hand.items()},
        **{f"automatic_life_{name}": value for name, value in by_itself.items()},
        "malabar_events_ratio_to_bound": round(by_hand["events"] / 90, 3),
        "automatic_events_ratio_to_bound": round(by_itself["events"] / 55, 3),
    }


async def automatic(system: System) -> dict[str, int]:
    """Booked, given a room, reminded, checked in and out, asked how it was, closed: as the stories' test lives it."""
    house = build_house(
        system.owner_url, confirmation=Confirmation.AUTO, payment=Payment.NONE, close_after_seconds=7_200,
        feedback_after_seconds=3_600,
    )  # fmt: skip
    namespace = await own_namespace(system.temporal)
    client = await Client.connect(system.temporal, namespace=namespace, data_converter=data_converter(SECRET))
    database = Database(system.app_url, pool_size=4)
    life = Life(client, system.owner_url, house, stay_in(house, 30))
    async with bookings_worker(client, database, SECRET, versioned=False):
        await life.begin()
        await life.assign("101")
        await life.until(check_in_from(house.terms, life.dates.arrival))
        await life.check_in()
        await life.check_out()
        left = await life.clock()
        await life.until(left + timedelta(seconds=3_601))
        await life.until(left + timedelta(seconds=7_201))
        await life.reaches("completed")
        await life.handle.result()
    await database.close()
    return await _left(system, client, life.reference)


async def _left(system: System, client: Client, reference: str) -> dict[str, int]:
    """What is there of a life that has ended; events that only a skipped clock leaves do not count."""
    events = (await client.get_workflow_handle(workflow_id(reference)).fetch_history()).events
    with superuser(system) as db:
        texts = db.execute("SELECT octet_length(state::text) FROM bookings WHERE reference = %s", [reference])
        state = sum(int(str(row[0])) for row in texts)
        rows = sum(
            int(str(row[0]))
            for table in TABLES
            for row in db.execute(sql.SQL(ROW_BYTES).format(sql.Identifier(table)), [reference])
        )
    return {
        "events": sum(event.event_type not in OF_THE_SKIPPER for event in events),
        "history_bytes": sum(event.ByteSize() for event in events),
        "state_bytes": state,
        "row_bytes": rows,
    }
