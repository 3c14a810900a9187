"""Many open bookings: their rows first, then each workflow from its row, at a bounded pace.

The rows are written by the very activity that opens a booking, and a workflow takes the story up as it does after a
lost Temporal file, so what is measured afterwards is what thousands of bookings really leave.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time

import psycopg
from sqlalchemy.engine import make_url
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.bookings import BookingActivities
from bench.houses import System
from cli.postgres import SUPERUSER
from config.settings import DEMO_SECRET
from domain.booking import Actor
from messages.bookings import BookingStart, GuestDetails, OpenBooking, Opened, Resume, RoomAsked
from messages.converter import data_converter
from messages.names import (
    ARRIVAL_DATE,
    BOOKING_STATUS,
    BOOKINGS_QUEUE,
    CHANNEL,
    DEPARTURE_DATE,
    HOTEL_ID,
    NEEDS_ATTENTION,
    reference,
    workflow_id,
)
from messages.offers import read_offer
from store.bookings import BookingStore
from store.session import Database

WRITERS = 4
STARTERS = 16
MOST_TRIES = 8
MOST_STARTS_A_SECOND = 50
DESK = Actor("staff", "frontdesk")


@dataclass(frozen=True)
class Row:
    """A booking that is written and has no workflow yet."""

    hotel_id: int
    reference: str
    arrival: date
    departure: date
    status: str


def superuser(system: System) -> psycopg.Connection[tuple[object, ...]]:
    """A connection past row security, for arranging and looking."""
    url = make_url(system.owner_url).set(drivername="postgresql", username=SUPERUSER)
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


async def connected(system: System) -> Client:
    """A client that reads and writes as the system does."""
    return await Client.connect(system.temporal, data_converter=data_converter(DEMO_SECRET))


async def write_rows(
    system: System, promised: Sequence[str], count: int, *, option_until: datetime | None = None
) -> list[Row]:
    """So many bookings of the desk, spread over these offers: confirmed, or options that end at that instant."""
    with superuser(system) as db:
        codes = {int(str(row[0])): str(row[1]) for row in db.execute("SELECT hotel_id, code FROM hotels").fetchall()}
    database = Database(system.app_url, pool_size=WRITERS)
    activities = BookingActivities(database, BookingStore(), DEMO_SECRET)
    left = iter(range(count))
    written: list[Row] = []

    async def writer() -> None:
        for n in left:
            signed = promised[n % len(promised)]
            offer, key = read_offer(DEMO_SECRET, signed, ""), secrets.token_hex(8)
            arrival = date.fromisoformat(offer.arrival)
            opening = OpenBooking(
                hotel_id=offer.hotel_id,
                reference=reference(DEMO_SECRET, codes[offer.hotel_id], arrival, key, 0),
                key=key,
                body_hash="",
                rooms=(RoomAsked(signed),),
                guest=GuestDetails("A Guest", f"guest-{key}@example.com", "+919847000000", "IN"),
                open_before=datetime.now(UTC) + timedelta(minutes=1),
                actor=DESK,
                channel="desk",
                source="phone",
                option_until=option_until,
                step_id=f"{key}:1",
            )
            done = await activities.open_booking(opening)
            if done.answer.outcome == "reference_taken":
                continue
            if done.booking is None:
                raise RuntimeError(f"a row was not written: {done.answer}")
            status = done.booking.status.value
            departure = date.fromisoformat(offer.departure)
            written.append(Row(offer.hotel_id, opening.reference, arrival, departure, status))

    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    await database.close()
    return written


async def resume(client: Client, rows: Sequence[Row], most_a_second: int = MOST_STARTS_A_SECOND) -> float:
    """Starts each booking's workflow from its row and waits until it lives; answers how many a second there were."""
    gate = asyncio.Semaphore(STARTERS)
    began = time.perf_counter()
    starts: list[asyncio.Task[None]] = []
    for n, row in enumerate(rows):
        await asyncio.sleep(max(0.0, began + n / most_a_second - time.perf_counter()))
        await gate.acquire()
        start = asyncio.create_task(_start(client, row))
        start.add_done_callback(lambda _: gate.release())
        starts.append(start)
    await asyncio.gather(*starts)
    return len(rows) / (time.perf_counter() - began)


async def _start(client: Client, row: Row) -> None:
    for tried in range(MOST_TRIES):
        try:
            opened = await client.execute_update_with_start_workflow(
                "opened", start_workflow_operation=_operation(row), result_type=Opened
            )
        except RPCError:
            # A machine that is busy with others may miss a task's deadline; the booking is resumed once however often.
            if tried == MOST_TRIES - 1:
                raise
            await asyncio.sleep(1 + tried)
            continue
        if opened.outcome != "opened":
            raise RuntimeError(f"a booking did not resume: {opened}")
        return


def _operation(row: Row) -> WithStartWorkflowOperation[object, object]:
    return WithStartWorkflowOperation(
        "BookingWorkflow",
        BookingStart(resume=Resume(row.hotel_id, row.reference)),
        id=workflow_id(row.reference),
        task_queue=BOOKINGS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(HOTEL_ID, "malabar"),
                SearchAttributePair(BOOKING_STATUS, row.status),
                SearchAttributePair(CHANNEL, "phone"),
                SearchAttributePair(ARRIVAL_DATE, datetime.combine(row.arrival, wall_time(), UTC)),
                SearchAttributePair(DEPARTURE_DATE, datetime.combine(row.departure, wall_time(), UTC)),
                SearchAttributePair(NEEDS_ATTENTION, False),
            ]
        ),
    )
