"""A hotel's comparings: what is asked for, how each went, what differs, and the items that people see of it.

Rule: docs/rules/reconciliation.md. An item is opened once for each difference and closed by the run that no longer
finds it. One that a person has closed at the desk is not opened again while the same difference is there.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ledgers import Difference, Line
from messages.night import Run, RunDone
from store.ledgers import place_of

MOST_RUNS = 400
MOST_ITEMS = 500
LINES_AT_ONCE = 1_000
GONE = "The ledgers agree again."

_OF_RUN = "hotel_id = :hotel_id AND business_date = :business_date AND number = :number"
_LOCK_HOTEL = text("SELECT pg_advisory_xact_lock(hashtextextended('reconciliation', :hotel_id))")
_ASK = text("""
INSERT INTO reconciliation_runs (hotel_id, business_date, number, state, asked_by, staff_id, asked_at, currency)
SELECT :hotel_id, :business_date, coalesce(max(r.number), 0) + 1, 'asked', :asked_by, :staff_id, :now, h.currency
FROM hotels h LEFT JOIN reconciliation_runs r ON r.hotel_id = h.hotel_id AND r.business_date = :business_date
WHERE h.hotel_id = :hotel_id GROUP BY h.currency
RETURNING number
""")
_WAITS = text("""
SELECT number FROM reconciliation_runs
WHERE hotel_id = :hotel_id AND business_date = :business_date AND state = 'asked'
    AND (asked_by = 'night') = (CAST(:asked_by AS text) = 'night')
ORDER BY number LIMIT 1
""")


async def ask_for_run(
    tx: AsyncConnection, hotel_id: int, day: date, asked_by: str, now: datetime, staff_id: int | None = None
) -> int:
    """The number of a comparing of that business date that waits to be begun: a new one, or one that waits already.

    asked_by: night, desk or operator.
    """
    await tx.execute(_LOCK_HOTEL, {"hotel_id": hotel_id})
    asked = {"hotel_id": hotel_id, "business_date": day, "asked_by": asked_by, "staff_id": staff_id, "now": now}
    waiting = (await tx.execute(_WAITS, asked)).scalar()
    return int(waiting if waiting is not None else (await tx.execute(_ASK, asked)).scalar_one())


_NEXT = text("""
SELECT business_date, number, state FROM reconciliation_runs
WHERE hotel_id = :hotel_id AND ended_at IS NULL AND (CAST(:business_date AS date) IS NULL
    OR (business_date = :business_date AND asked_by = 'night'))
ORDER BY state DESC, asked_at, business_date, number LIMIT 1
""")
_BEGIN = text(f"""
UPDATE reconciliation_runs SET state = 'running', window_from = :since, window_until = :until,
    events_since = :events_since, started_at = coalesce(started_at, :now),
    nights_posted = nights_posted + :nights_posted
WHERE {_OF_RUN}
""")
_WATERMARK = text("""
SELECT max(started_at) FROM reconciliation_runs WHERE hotel_id = :hotel_id AND state = 'done'
""")
_LAST_NIGHT = text("""
SELECT max(business_date) FROM reconciliation_runs
WHERE hotel_id = :hotel_id AND asked_by = 'night' AND ended_at IS NOT NULL
""")
_ASKED = text("SELECT EXISTS (SELECT 1 FROM reconciliation_runs WHERE hotel_id = :hotel_id AND state = 'asked')")


async def next_run(tx: AsyncConnection, hotel_id: int, day: date | None) -> Any | None:
    """The comparing that is under way, or the oldest that waits: business_date, number. day: only that night's own."""
    return (await tx.execute(_NEXT, {"hotel_id": hotel_id, "business_date": day})).first()


async def begin_run(tx: AsyncConnection, run: Run, now: datetime, nights_posted: int) -> None:
    """Notes that a run is under way."""
    moments = {"since": run.since, "until": run.until, "events_since": run.events_since}
    await tx.execute(_BEGIN, {**place_of(run), **moments, "now": now, "nights_posted": nights_posted})


async def watermark(tx: AsyncConnection, hotel_id: int) -> datetime | None:
    """When the last whole comparing began; None before the first."""
    return (await tx.execute(_WATERMARK, {"hotel_id": hotel_id})).scalar()


async def last_night(tx: AsyncConnection, hotel_id: int) -> date | None:
    """The last business date that a night has closed; None before the first."""
    return (await tx.execute(_LAST_NIGHT, {"hotel_id": hotel_id})).scalar()


async def is_asked(tx: AsyncConnection, hotel_id: int) -> bool:
    """Whether somebody waits for a comparing."""
    return bool((await tx.execute(_ASKED, {"hotel_id": hotel_id})).scalar())


@dataclass(frozen=True)
class Sums:
    """What one page of compared bookings adds to its run: money taken and given back in each ledger."""

    bookings: int = 0
    bookings_unread: int = 0
    provider_captured_minor: int = 0
    provider_refunded_minor: int = 0
    rows_captured_minor: int = 0
    rows_refunded_minor: int = 0
    booking_captured_minor: int = 0
    booking_refunded_minor: int = 0


# Each booking's part is kept with its name, so that a page that is compared again adds nothing twice.
_LINES = text("""
INSERT INTO reconciliation_lines (hotel_id, business_date, number, line, kind, reference, money_number, object_id,
    currency, provider_state, provider_minor, rows_state, rows_minor, code)
SELECT :hotel_id, :business_date, :number, concat_ws('|', l.reference, l.kind, l.number, l.object_id), l.kind,
    l.reference, l.number, l.object_id, l.currency, l.provider_state, l.provider_minor, l.rows_state, l.rows_minor,
    l.code
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l (kind text, reference text, number int, object_id text,
    currency text, provider_state text, provider_minor bigint, rows_state text, rows_minor bigint, code text)
ON CONFLICT (hotel_id, business_date, number, line) DO UPDATE SET provider_state = EXCLUDED.provider_state,
    provider_minor = EXCLUDED.provider_minor, rows_state = EXCLUDED.rows_state, rows_minor = EXCLUDED.rows_minor,
    code = EXCLUDED.code
""")
_ADD = text(f"""
UPDATE reconciliation_runs SET compared_to = :compared_to, bookings = bookings + :bookings,
    bookings_unread = bookings_unread + :bookings_unread,
    provider_captured_minor = provider_captured_minor + :provider_captured_minor,
    provider_refunded_minor = provider_refunded_minor + :provider_refunded_minor,
    rows_captured_minor = rows_captured_minor + :rows_captured_minor,
    rows_refunded_minor = rows_refunded_minor + :rows_refunded_minor,
    booking_captured_minor = booking_captured_minor + :booking_captured_minor,
    booking_refunded_minor = booking_refunded_minor + :booking_refunded_minor,
    found = found + :found, waiting = waiting + :waiting, opened = opened + :opened
WHERE {_OF_RUN} AND compared_to COLLATE "C" < :compared_to
""")
_ITEM = text("""
INSERT INTO reconciliation_items AS i (hotel_id, business_date, number, key, code, reference, payment, refund,
    object_id, currency, provider_minor, rows_minor, booking_minor, detail, opened_at, seen_business_date, seen_number)
VALUES (:hotel_id, :business_date, :number, :key, :code, :reference, :payment, :refund, :object_id, :currency,
    :provider_minor, :rows_minor, :booking_minor, :detail, :now, :business_date, :number)
ON CONFLICT (hotel_id, key) WHERE closed_at IS NULL DO UPDATE SET provider_minor = EXCLUDED.provider_minor,
    rows_minor = EXCLUDED.rows_minor, booking_minor = EXCLUDED.booking_minor, detail = EXCLUDED.detail,
    seen_business_date = EXCLUDED.seen_business_date, seen_number = EXCLUDED.seen_number
RETURNING (xmax = 0) AS is_new
""")
_SEEN = text("""
UPDATE reconciliation_items SET seen_business_date = :business_date, seen_number = :number
WHERE hotel_id = :hotel_id AND key = :key AND closed_at IS NULL
""")
_TELL = text("""
INSERT INTO attention_items (hotel_id, reference, kind, about, detail, opened_at)
SELECT :hotel_id, (SELECT reference FROM bookings WHERE hotel_id = :hotel_id AND reference = :reference), :code, :key,
    :detail, :now
ON CONFLICT DO NOTHING
""")


async def write_page(
    tx: AsyncConnection,
    run: Run,
    now: datetime,
    place: str,
    sums: Sums,
    found: Sequence[Difference],
    lines: Sequence[Line],
) -> None:
    """Keeps what one page of bookings came to. place: rises from page to page; the same one again adds nothing."""
    key = place_of(run)
    await tx.execute(_LINES, {**key, "lines": json.dumps([asdict(one) for one in lines])})
    waiting = [one for one in found if one.waits(now)]
    opened = 0
    for one in found:
        about = {**key, "key": one.key, "now": now}
        if one in waiting:
            # News may be on its way; one that was told already stays open until then.
            await tx.execute(_SEEN, about)
            continue
        about |= {name: value for name, value in asdict(one).items() if name != "at"}
        if (await tx.execute(_ITEM, about)).scalar_one():
            opened += 1
            await tx.execute(_TELL, about)
    counts = {"found": len(found) - len(waiting), "waiting": len(waiting), "opened": opened, "compared_to": place}
    await tx.execute(_ADD, {**key, **asdict(sums), **counts})


_COUNT_OBJECTS = text(f"SELECT count(*) FROM provider_objects WHERE {_OF_RUN}")
_CLOSE = text("""
UPDATE reconciliation_items SET closed_at = :now
WHERE hotel_id = :hotel_id AND closed_at IS NULL
    AND (seen_business_date, seen_number) IS DISTINCT FROM (CAST(:business_date AS date), CAST(:number AS int))
RETURNING key, code
""")
_CLOSE_TOLD = text("""
UPDATE attention_items SET closed_at = :now, closed_reason = :why
WHERE hotel_id = :hotel_id AND about = ANY(:keys) AND about <> '' AND closed_at IS NULL
""")
_END = text(f"""
UPDATE reconciliation_runs SET state = :state, detail = :detail, ended_at = :now, objects = :objects,
    closed = :closed
WHERE {_OF_RUN} AND ended_at IS NULL
""")
_DONE = text(f"SELECT found, opened, closed, waiting FROM reconciliation_runs WHERE {_OF_RUN}")


async def end_run(tx: AsyncConnection, run: Run, now: datetime, state: str, detail: str) -> RunDone:
    """Ends a run. Only a whole one closes what it has not found again. Safe to repeat."""
    place = {**place_of(run), "now": now}
    closed: list[str] = []
    if state == "done":
        closed = [row.key for row in await tx.execute(_CLOSE, place)]
        await tx.execute(_CLOSE_TOLD, {**place, "keys": closed, "why": GONE})
    objects = (await tx.execute(_COUNT_OBJECTS, place)).scalar_one()
    await tx.execute(_END, {**place, "state": state, "detail": detail, "objects": objects, "closed": len(closed)})
    return RunDone(*(await tx.execute(_DONE, place)).one())


_RUNS = text("""
SELECT r.*, s.name AS staff_name, (SELECT count(*) FROM reconciliation_items i WHERE i.hotel_id = r.hotel_id
    AND i.business_date = r.business_date AND i.closed_at IS NULL) AS open_items
FROM reconciliation_runs r LEFT JOIN staff s ON s.staff_id = r.staff_id
WHERE r.hotel_id = :hotel_id AND r.business_date >= :first AND r.business_date <= :last
    AND (r.business_date, r.number) < (CAST(:before_date AS date), :before_number)
ORDER BY r.business_date DESC, r.number DESC LIMIT :most
""")
_ITEMS = text("""
SELECT * FROM reconciliation_items
WHERE hotel_id = :hotel_id AND business_date = :business_date AND item_id > :after ORDER BY item_id LIMIT :most
""")
_LATEST = text("""
SELECT number, ended_at FROM reconciliation_runs
WHERE hotel_id = :hotel_id AND business_date = :business_date AND state IN ('done', 'incomplete')
ORDER BY number DESC LIMIT 1
""")
_PAGE_OF_LINES = text(f"""
SELECT line, kind, reference, money_number, object_id, currency, provider_state, provider_minor, rows_state,
    rows_minor, code
FROM reconciliation_lines WHERE {_OF_RUN} AND line COLLATE "C" > :after ORDER BY line COLLATE "C" LIMIT :most
""")
# Of a run with a difference that is still open every line stays: people look at it beside the others.
_SWEEP = text("""
DELETE FROM reconciliation_lines WHERE hotel_id = :hotel_id AND (business_date, number, line) IN (
    SELECT l.business_date, l.number, l.line
    FROM reconciliation_runs r
    JOIN reconciliation_lines l USING (hotel_id, business_date, number)
    WHERE r.hotel_id = :hotel_id AND r.ended_at <= :before AND NOT EXISTS (
        SELECT 1 FROM reconciliation_items i
        WHERE i.hotel_id = r.hotel_id AND i.closed_at IS NULL AND (r.business_date, r.number) IN (
            (i.business_date, i.number), (i.seen_business_date, i.seen_number)))
    ORDER BY l.business_date, l.number, l.line LIMIT :at_once)
""")
_OPEN_ITEMS = text("""
SELECT count(*) FROM reconciliation_items WHERE hotel_id = :hotel_id AND closed_at IS NULL
""")
_ALL_OPEN = text("""
SELECT * FROM reconciliation_items WHERE hotel_id = :hotel_id AND closed_at IS NULL ORDER BY item_id LIMIT :most
""")


async def list_runs(
    tx: AsyncConnection, hotel_id: int, first: date, last: date, before: tuple[date, int], most: int
) -> Sequence[Any]:
    """The runs of business dates [first, last], the latest first, from before (date, number) on."""
    asked = {"hotel_id": hotel_id, "first": first, "last": last, "before_date": before[0], "before_number": before[1]}
    return (await tx.execute(_RUNS, {**asked, "most": min(most, MOST_RUNS)})).all()


async def list_items(tx: AsyncConnection, hotel_id: int, day: date, after: int, most: int) -> Sequence[Any]:
    """The differences that were opened for a business date, open and closed, in the order they were found."""
    asked = {"hotel_id": hotel_id, "business_date": day, "after": after, "most": min(most, MOST_ITEMS)}
    return (await tx.execute(_ITEMS, asked)).all()


async def open_items_of_hotel(tx: AsyncConnection, hotel_id: int, most: int) -> Sequence[Any]:
    """The differences that are open, of all dates, the oldest first."""
    return (await tx.execute(_ALL_OPEN, {"hotel_id": hotel_id, "most": min(most, MOST_ITEMS)})).all()


async def count_open(tx: AsyncConnection, hotel_id: int) -> int:
    """How many differences the hotel has open, of all dates."""
    return int((await tx.execute(_OPEN_ITEMS, {"hotel_id": hotel_id})).scalar_one())


async def latest_run(tx: AsyncConnection, hotel_id: int, day: date) -> Any | None:
    """number and ended_at of a date's last run that came to its end; None where there is none."""
    return (await tx.execute(_LATEST, {"hotel_id": hotel_id, "business_date": day})).one_or_none()


async def page_of_lines(tx: AsyncConnection, hotel_id: int, day: date, number: int, after: str) -> Sequence[Any]:
    """What a run compared, at most LINES_AT_ONCE, from the line after `after` on."""
    asked = {"hotel_id": hotel_id, "business_date": day, "number": number, "after": after, "most": LINES_AT_ONCE}
    return (await tx.execute(_PAGE_OF_LINES, asked)).all()


async def sweep_lines(tx: AsyncConnection, hotel_id: int, before: datetime) -> int:
    """Takes lines of runs that ended by then away, at most LINES_AT_ONCE, the oldest first; answers how many."""
    asked = {"hotel_id": hotel_id, "before": before, "at_once": LINES_AT_ONCE}
    return (await tx.execute(_SWEEP, asked)).rowcount
