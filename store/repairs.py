"""What the repair of bookings reads and writes: open rows, troubles that people see, what was mended, who may sweep.

Open rows and troubles are read in the reading role of operations, over all hotels; everything is written as the
running system, for one hotel at a time. Nothing here changes a booking: that is its workflow's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Status
from messages.cards import Card

OPEN_STATUSES = tuple(status.value for status in Status if not status.ended)
PAGE = 2_000
# What is wrong with a story; other items are opened and closed by whoever knows of them.
OF_STORIES = ("workflow_parked", "workflow_missing", "step_stuck", "clock_ahead", "move_refused")


@dataclass(frozen=True, slots=True)
class OpenBooking:
    """An open row. last_instant: its workflow's clock at its last write; next_at: when its next clock rings.

    lives: whether its story goes on: the booking has not ended, or its money has not.
    """

    reference: str
    card: Card
    last_instant: datetime
    next_at: datetime | None
    lives: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open item about a booking's workflow."""

    hotel_id: int
    reference: str
    kind: str


_ROW = """
SELECT b.reference, b.hotel_id, h.slug, b.status, b.source, b.arrival, b.departure, b.needs_attention, b.last_instant,
    b.next_at, b.money_open,
    (SELECT count(*) FROM stays s WHERE s.hotel_id = b.hotel_id AND s.reference = b.reference) AS rooms
FROM bookings b JOIN hotels h ON h.hotel_id = b.hotel_id
"""
_OPEN_ROWS = text(f"""{_ROW}
WHERE (b.status = ANY(:statuses) OR b.money_open) AND b.recorded_at < :before
    AND (b.hotel_id, b.reference) > (:hotel_id, :reference)
ORDER BY b.hotel_id, b.reference LIMIT :most
""")
_ONE_ROW = text(f"{_ROW} WHERE b.reference = :reference")


async def open_page(tx: AsyncConnection, before: datetime, after: tuple[int, str]) -> Sequence[OpenBooking]:
    """Open bookings that were made before an instant, at most PAGE, from the one after (hotel id, reference) on."""
    asked = {
        "before": before, "hotel_id": after[0], "reference": after[1], "most": PAGE, "statuses": list(OPEN_STATUSES)
    }  # fmt: skip
    return [_open(row) for row in await tx.execute(_OPEN_ROWS, asked)]


async def find_booking(tx: AsyncConnection, reference: str) -> OpenBooking | None:
    """The row of that reference, whatever its status; None where there is none."""
    row = (await tx.execute(_ONE_ROW, {"reference": reference})).one_or_none()
    return None if row is None else _open(row)


_ENDED_ROWS = text(f"""{_ROW}
WHERE b.reference = ANY(:references) AND b.status <> ALL(:statuses) AND NOT b.money_open AND b.recorded_at < :before
""")


async def ended_before(tx: AsyncConnection, references: Sequence[str], before: datetime) -> Sequence[OpenBooking]:
    """Those of these bookings that had ended before an instant."""
    asked = {"references": list(references), "statuses": list(OPEN_STATUSES), "before": before}
    return [_open(row) for row in await tx.execute(_ENDED_ROWS, asked)]


def _open(row: Any) -> OpenBooking:
    card = Card(
        row.hotel_id, row.slug, row.status, row.source, row.arrival, row.departure, row.rooms, row.needs_attention
    )
    lives = row.status in OPEN_STATUSES or row.money_open
    return OpenBooking(row.reference, card, row.last_instant, row.next_at, lives)


_TROUBLES = text("""
SELECT hotel_id, reference, kind FROM attention_items
WHERE closed_at IS NULL AND notice_id IS NULL AND kind = ANY(:kinds) ORDER BY hotel_id, item_id LIMIT :most
""")
_MARK = text("""
INSERT INTO attention_items (hotel_id, reference, kind, detail, opened_at)
VALUES (:hotel_id, :reference, :kind, :detail, :at) ON CONFLICT DO NOTHING RETURNING item_id
""")
_CLEAR = text("""
UPDATE attention_items SET closed_at = :at, closed_reason = :why
WHERE hotel_id = :hotel_id AND reference = :reference AND kind = :kind AND closed_at IS NULL AND notice_id IS NULL
""")


async def open_troubles(tx: AsyncConnection) -> Sequence[Trouble]:
    """Every open item about a booking's workflow, at most PAGE."""
    return [Trouble(*row) for row in await tx.execute(_TROUBLES, {"most": PAGE, "kinds": list(OF_STORIES)})]


async def mark_trouble(tx: AsyncConnection, about: Trouble, detail: str, at: datetime) -> bool:
    """Opens an item for people, once while it is open; says whether it is new. kind: see the table's CHECK."""
    asked = {"hotel_id": about.hotel_id, "reference": about.reference, "kind": about.kind, "detail": detail, "at": at}
    return (await tx.execute(_MARK, asked)).scalar() is not None


async def clear_trouble(tx: AsyncConnection, about: Trouble, why: str, at: datetime) -> None:
    """Closes the item, if it is open."""
    asked = {"hotel_id": about.hotel_id, "reference": about.reference, "kind": about.kind, "why": why, "at": at}
    await tx.execute(_CLEAR, asked)


_NOTE = text("""
INSERT INTO repairs (hotel_id, reference, what, done_by, detail, done_at)
VALUES (:hotel_id, :reference, :what, :done_by, :detail, :at)
""")
_COUNT = text("""
SELECT count(*) FROM repairs WHERE hotel_id = :hotel_id AND reference = :reference AND what = :what AND done_at > :since
""")
_LATEST = text("""
SELECT h.slug, r.reference, r.what, r.done_by, r.detail, r.done_at
FROM repairs r JOIN hotels h ON h.hotel_id = r.hotel_id
WHERE CAST(:reference AS text) IS NULL OR r.reference = :reference
ORDER BY r.done_at DESC, r.repair_id DESC LIMIT :most
""")


async def note_repair(
    tx: AsyncConnection, hotel_id: int, reference: str | None, what: str, by: str, detail: str, at: datetime
) -> None:
    """Writes down what was mended. what: see the table's CHECK; by: sweeper or operator; at: the real clock."""
    told = {"hotel_id": hotel_id, "reference": reference, "what": what, "done_by": by, "detail": detail, "at": at}
    await tx.execute(_NOTE, told)


async def count_repairs(tx: AsyncConnection, hotel_id: int, reference: str, what: str, since: datetime) -> int:
    """How often this was done to this booking since an instant."""
    asked = {"hotel_id": hotel_id, "reference": reference, "what": what, "since": since}
    return int((await tx.execute(_COUNT, asked)).scalar_one())


async def latest_repairs(tx: AsyncConnection, reference: str | None, most: int) -> Sequence[Any]:
    """The latest repairs first, of one booking or of all."""
    return (await tx.execute(_LATEST, {"reference": reference, "most": most})).all()


_LEASE = text("""
INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)
ON CONFLICT (name) DO UPDATE SET holder = :holder, until = :until WHERE leases.until < :now OR leases.holder = :holder
RETURNING name
""")


async def take_turn(tx: AsyncConnection, name: str, holder: str, now: datetime, lasts: timedelta) -> bool:
    """Whether this process is the one that does a periodic work now; it keeps the turn for so long. now: real clock."""
    asked = {"name": name, "holder": holder, "now": now, "until": now + lasts}
    return (await tx.execute(_LEASE, asked)).scalar() is not None


_NOTE_BUILD = text("""
INSERT INTO current_builds (deployment, build_id, activated_at) VALUES (:deployment, :build_id, :at)
ON CONFLICT (deployment) DO UPDATE SET build_id = :build_id, activated_at = :at
""")
_BUILD = text("SELECT build_id FROM current_builds WHERE deployment = :deployment")


async def note_current_build(tx: AsyncConnection, deployment: str, build_id: str, at: datetime) -> None:
    """Remembers which build was made current, for a Temporal server that forgets it."""
    await tx.execute(_NOTE_BUILD, {"deployment": deployment, "build_id": build_id, "at": at})


async def read_current_build(tx: AsyncConnection, deployment: str) -> str:
    """The build that was made current last; empty where none was."""
    return (await tx.execute(_BUILD, {"deployment": deployment})).scalar() or ""
