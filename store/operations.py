"""What operations reads of bookings over all hotels, without people, and the counters put right for both who ask."""

from collections.abc import Container, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.names import workflow_id
from store import counters
from store.attention import ATTENTION, NEEDS_ATTENTION
from store.counters import Difference
from store.repairs import OPEN_STATUSES, note_repair
from store.session import Database

# Nights that are over can't be sold any more; two days cover every zone and the open business day.
COUNTED_BACK = timedelta(days=2)

_LIST = text(f"""
SELECT b.reference, h.slug, b.status, b.next_at, b.waiting_for, {ATTENTION} AS attention, b.arrival, b.departure
FROM bookings b JOIN hotels h ON h.hotel_id = b.hotel_id
WHERE b.status = ANY(:statuses) AND (:hotel = '' OR h.slug = :hotel) AND (NOT :troubled OR {NEEDS_ATTENTION})
ORDER BY b.next_at NULLS LAST, b.reference LIMIT :most
""")
_ONE = text(f"""
SELECT b.reference, h.slug, b.status, b.version, b.seq, b.waiting_for, b.agenda, b.next_at, b.arrival, b.departure,
    {ATTENTION} AS attention, b.last_instant,
    (SELECT coalesce(json_agg(last ORDER BY last.seq), '[]') FROM (
        SELECT e.seq, e.happened_at AS at, e.what, coalesce(nullif(e.actor_role, ''), e.actor_kind) AS by
        FROM booking_events e WHERE e.hotel_id = b.hotel_id AND e.reference = b.reference
        ORDER BY e.seq DESC LIMIT 10) last) AS events
FROM bookings b JOIN hotels h ON h.hotel_id = b.hotel_id
WHERE b.hotel_id = :hotel_id AND b.reference = :reference
""")


async def list_open(tx: AsyncConnection, hotel: str, status: str, *, troubled: bool, most: int) -> Sequence[Any]:
    """Open bookings, the next clock first. hotel: slug or empty for all; status: one or empty; troubled: those only."""
    statuses = [one for one in OPEN_STATUSES if status in ("", one)]
    asked = {"statuses": statuses, "hotel": hotel, "troubled": troubled, "most": most}
    return (await tx.execute(_LIST, asked)).all()


async def read_one(tx: AsyncConnection, hotel_id: int, reference: str) -> Any:
    """One booking with its agenda and its last ten events; it must be there."""
    return (await tx.execute(_ONE, {"hotel_id": hotel_id, "reference": reference})).one()


def workflow_word(reference: str, running: Container[str]) -> str:
    """Whether a booking's workflow is among those that run, in one word."""
    return "runs" if workflow_id(reference) in running else "missing"


async def differences(reading: Database, now: datetime) -> list[Difference]:
    """Every night that can still be sold on which counters and bookings differ. reading: the role of operations."""
    async with reading.public() as tx:
        return await counters.find_differences(tx, (now - COUNTED_BACK).date())


async def put_right(running: Database, found: Sequence[Difference], by: str, now: datetime) -> list[Difference]:
    """Puts counters right, hotel by hotel, and writes it down; answers what was still wrong. by: sweeper, operator."""
    corrected: list[Difference] = []
    for hotel_id in sorted({one.hotel_id for one in found}):
        nights = [(one.room_type_id, one.night) for one in found if one.hotel_id == hotel_id]
        async with running.hotel(hotel_id) as tx:
            wrong = await counters.correct(tx, hotel_id, nights)
            for one in wrong:
                await note_repair(tx, hotel_id, None, "counters_corrected", by, str(one), now)
        corrected += wrong
    return corrected
