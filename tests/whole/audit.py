"""Whether what is written agrees with itself, over every hotel, booking and night at once.

Each look answers sentences, one for each fault, so that a test reads `assert audit.rows(db) == []`. The connection has
to see every hotel: the superuser's, or that of the reading role of operations.
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from domain.agenda import agenda
from domain.booking import ENDED, Status
from domain.notices import MOVED
from messages.names import workflow_id
from store.states import dump_agenda, read_agenda, read_state

Connection = psycopg.Connection[Any]
MOST_TOLD = 20
# A letter is looked at once more before it goes out; one that is on the wire by then can't be called back.
ON_THE_WIRE = timedelta(seconds=10)
# What may still be written to people when nothing comes of a booking any more: why, and what was asked for by hand.
AFTER_THE_END = frozenset(
    ("cancelled", "declined", "expired", "no_show", "guest_link", "email_confirm", "email_changed", *MOVED)
)
GONE_FOR_GOOD = [status.value for status in ENDED if status is not Status.COMPLETED]

# Every stay with what only the booking's state knows of it.
_STAYS = """
SELECT s.hotel_id, s.reference, s.stay, s.status, s.arrival, s.departure, s.inventory_type_id, s.room_id,
    (known ->> 'released_from')::date AS released_from, (known ->> 'expected_on')::date AS expected_on,
    coalesce(known -> 'skipped', '[]') AS skipped
FROM stays s JOIN bookings b USING (hotel_id, reference)
LEFT JOIN LATERAL (
    SELECT one AS known FROM jsonb_array_elements(b.state -> 'stays') AS one WHERE (one ->> 'number')::int = s.stay
) AS known ON true
"""
_COUNTERS = f"""
WITH taken AS ({_STAYS}), nights AS (
    SELECT t.hotel_id, t.inventory_type_id AS room_type_id, night::date AS night,
        t.status IN ('held', 'pending') AS held
    FROM taken t, generate_series(t.arrival, t.departure - 1, interval '1 day') AS night
    WHERE t.status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out', 'no_show')
        AND (t.released_from IS NULL OR night < t.released_from) AND NOT t.skipped ? to_char(night, 'YYYY-MM-DD')
), counted AS (
    SELECT hotel_id, room_type_id, night, count(*) FILTER (WHERE held) AS held, count(*) FILTER (WHERE NOT held) AS sold
    FROM nights GROUP BY 1, 2, 3
)
SELECT hotel_id, room_type_id, night, n.held, n.sold, coalesce(c.held, 0), coalesce(c.sold, 0)
FROM room_type_nights n FULL JOIN counted c USING (hotel_id, room_type_id, night)
WHERE n.held IS DISTINCT FROM coalesce(c.held, 0) OR n.sold IS DISTINCT FROM coalesce(c.sold, 0)
ORDER BY 1, 2, 3
"""
_ROOMS = f"""
WITH given AS (
    SELECT hotel_id, reference, stay, room_id, greatest(arrival, expected_on) AS first,
        least(departure, released_from) AS last
    FROM ({_STAYS}) AS every WHERE room_id IS NOT NULL AND status IN ('held', 'pending', 'confirmed', 'checked_in',
        'checked_out')
)
SELECT coalesce(g.reference, s.reference), coalesce(g.stay, s.stay), g.room_id, g.first, g.last,
    s.room_id, s.arrival, s.departure
FROM given g FULL JOIN room_segments s ON s.hotel_id = g.hotel_id AND s.reference = g.reference AND s.stay = g.stay
    AND s.room_id = g.room_id AND s.arrival = g.first AND s.departure = g.last
WHERE g.reference IS NULL OR s.reference IS NULL ORDER BY 1, 2
"""
_GIVEN_TWICE = """
SELECT a.room_id, a.reference, b.reference FROM room_segments a JOIN room_segments b
    ON b.hotel_id = a.hotel_id AND b.room_id = a.room_id AND b.segment_id > a.segment_id
    AND a.arrival < b.departure AND a.departure > b.arrival
"""
_EVENTS = """
SELECT b.reference, b.seq, b.status, count(e.seq) AS events, coalesce(min(e.seq), 0) AS first,
    coalesce(max(e.seq), 0) AS last, (array_agg(e.status_after ORDER BY e.seq DESC))[1] AS reached
FROM bookings b LEFT JOIN booking_events e USING (hotel_id, reference) GROUP BY b.hotel_id, b.reference
ORDER BY b.reference
"""
_CHAIN = """
SELECT e.reference, e.seq, before.status_after, e.status_before FROM booking_events e
JOIN booking_events before ON before.hotel_id = e.hotel_id AND before.reference = e.reference AND before.seq = e.seq - 1
WHERE e.status_before IS DISTINCT FROM before.status_after
"""
_KEYS = """
SELECT k.reference, k.seq, count(*) AS keys, count(e.seq) AS events FROM command_keys k
LEFT JOIN booking_events e USING (hotel_id, reference, seq)
GROUP BY k.hotel_id, k.reference, k.seq HAVING count(*) <> 1 OR count(e.seq) <> 1
"""
_MONEY = """
WITH taken AS (
    SELECT hotel_id, reference, sum(coalesce(captured_minor, amount_minor) - refunded_minor) AS minor,
        array_agg(amount_minor ORDER BY number) FILTER (WHERE how = 'desk') AS amounts,
        bool_and(number <= n) AS in_order
    FROM (SELECT *, count(*) OVER (PARTITION BY hotel_id, reference) AS n FROM payments) AS p GROUP BY 1, 2
), told AS (
    SELECT hotel_id, reference, array_agg((difference ->> 'amount_minor')::bigint ORDER BY seq) AS amounts
    FROM booking_events WHERE what = 'payment_received' GROUP BY 1, 2
)
SELECT b.reference, b.paid_minor, coalesce(t.minor, 0) AS minor, t.amounts, told.amounts AS told FROM bookings b
LEFT JOIN taken t USING (hotel_id, reference) LEFT JOIN told USING (hotel_id, reference)
WHERE b.paid_minor <> coalesce(t.minor, 0) OR t.amounts IS DISTINCT FROM told.amounts OR NOT coalesce(t.in_order, true)
"""
_WISHES = """
SELECT reference, seq, kind, audience, count(*) FROM notices GROUP BY hotel_id, reference, seq, kind, audience, stay
HAVING count(*) > 1
"""
_ENDS = """
SELECT DISTINCT ON (b.hotel_id, b.reference) b.reference, e.recorded_at FROM bookings b
JOIN booking_events e USING (hotel_id, reference)
WHERE b.status = ANY(%s) AND e.status_after = b.status AND e.status_before IS DISTINCT FROM b.status
ORDER BY b.hotel_id, b.reference, e.seq DESC
"""
_OPEN = "SELECT reference FROM bookings WHERE NOT status = ANY(%s)"
ENDS = [status.value for status in ENDED]


def rows(db: Connection) -> list[str]:
    """Every fault between the rows of all hotels."""
    looks: tuple[Callable[[Connection], Iterable[str]], ...] = (counters, rooms, stories, money, states)
    return [fault for look in looks for fault in look(db)]


def looked(db: Connection, sql: LiteralString, *values: Any) -> list[Any]:
    """The rows of a query, their columns by name."""
    return db.cursor(row_factory=namedtuple_row).execute(sql, values or None).fetchall()


def counters(db: Connection) -> list[str]:
    """Nights whose counters are not what the stays come to."""
    return [
        f"hotel {row[0]}, type {row[1]}, {row[2]}: counted held {row[3]}, sold {row[4]}; stays say {row[5]}, {row[6]}"
        for row in db.execute(_COUNTERS).fetchall()
    ]


def rooms(db: Connection) -> list[str]:
    """Rooms that are not given as the stays say, or to two at once."""
    differ = [
        f"{row[0]}, stay {row[1]}: has room {row[2]} from {row[3]} to {row[4]}; segments say {row[5:]}"
        for row in db.execute(_ROOMS).fetchall()
    ]
    return differ + [f"room {row[0]} is given to {row[1]} and {row[2]}" for row in db.execute(_GIVEN_TWICE).fetchall()]


def stories(db: Connection) -> list[str]:
    """Stories with gaps, jumps, or an end that the row does not know; keys and letters that belong to no one event."""
    faults = []
    for row in looked(db, _EVENTS):
        if (row.first, row.last, row.events) != (1, row.seq, row.seq):
            faults.append(f"{row.reference} has {row.events} events from {row.first} to {row.last}, and seq {row.seq}")
        if row.reached != row.status:
            faults.append(f"{row.reference} is {row.status}, and its last event came to {row.reached}")
    faults += [f"{r[0]}: event {r[1]} began at {r[3]}, and the one before came to {r[2]}" for r in looked(db, _CHAIN)]
    faults += [f"{r[0]}: {r[2]} keys and {r[3]} events of step {r[1]}" for r in looked(db, _KEYS)]
    faults += [f"{r[0]}: step {r[1]} wished for {r[2]} to {r[3]} {r[4]} times" for r in looked(db, _WISHES)]
    return faults


def money(db: Connection) -> list[str]:
    """Payments that the booking, or its events, do not know."""
    return [
        f"{row[0]} has paid {row[1]}; its payments are {row[3]} and its events tell {row[4]}"
        for row in looked(db, _MONEY)
    ]


def states(db: Connection) -> list[str]:
    """Bookings whose columns, stays or clocks are not those of the state that a run would resume from."""
    stays: dict[tuple[int, str], dict[int, Any]] = {}
    for row in looked(db, "SELECT * FROM stays"):
        stays.setdefault((row.hotel_id, row.reference), {})[row.stay] = row
    faults = []
    for row in looked(db, "SELECT * FROM bookings"):
        state = read_state(row.state)
        written = (row.status, row.version, row.seq, row.paid_minor, row.balance_minor, row.total_minor)
        known = (state.status, state.version, state.seq, state.paid_minor, state.balance_minor, state.total_minor)
        if written != known:
            faults.append(f"{row.reference}: the row says {written}, its state {known}")
        if dump_agenda(read_agenda(row.agenda)) != dump_agenda(agenda(state)):
            faults.append(f"{row.reference}: its clocks are not those of its state")
        faults += _stays_of(row.reference, state.stays, stays.get((row.hotel_id, row.reference), {}))
    return faults


def _stays_of(reference: str, known: Iterable[Any], written: dict[int, Any]) -> list[str]:
    names = ("status", "arrival", "departure", "inventory_type_id", "room_id", "total_minor", "fee_minor")
    kept = {number: tuple(getattr(row, name) for name in names) for number, row in written.items()}
    remembered = {stay.number: tuple(getattr(stay, name) for name in names) for stay in known}
    return [] if kept == remembered else [f"{reference}: stays are {kept}, its state says {remembered}"]


def letters(db: Connection, mailbox: Path) -> list[str]:
    """Letters that went out twice, that nobody wished for, that never went out though they are called sent, or that
    told people of a booking after nothing came of it any more."""
    told = looked(db, "SELECT hotel_id, notice_id, reference, kind, state FROM notices")
    notices = {f"{row.hotel_id}.{row.notice_id}": row for row in told}
    ends = dict(looked(db, _ENDS, GONE_FOR_GOOD))
    with sqlite3.connect(f"file:{mailbox}?mode=ro", uri=True) as box:
        sent = box.execute(
            "SELECT json_extract(metadata, '$.holdfast_notice'), sent_at FROM letters ORDER BY number"
        ).fetchall()
    box.close()
    times = Counter(name for name, _ in sent)
    faults = [f"notice {name} went out {n} times" for name, n in times.items() if n > 1]
    faults += [f"notice {name} is called sent and never arrived" for name, row in notices.items()
               if row.state == "sent" and name not in times]  # fmt: skip
    for name, at in sent:
        notice = notices.get(name)
        if notice is None:
            faults.append(f"a letter went out for notice {name}, which is nowhere")
        elif notice.kind not in AFTER_THE_END and notice.reference in ends:
            late = datetime.fromisoformat(at) - ends[notice.reference]
            if late > ON_THE_WIRE:
                faults.append(f"{notice.reference}: {notice.kind} went out {late.total_seconds():.1f} s after its end")
    return faults


async def workflows(client: Client, db: Connection, *, seconds: float = 60) -> list[str]:
    """Open bookings without a running workflow, and workflows that run for none. Waits until they agree.

    The list of running workflows lags behind, and a booking may be ending: only what is still so after the seconds
    given is a fault.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            faults = await _differing(client, db)
        except RPCError as busy:
            faults = [f"Temporal could not be asked: {busy}"]
        if not faults or time.monotonic() > until:
            return faults
        await asyncio.sleep(0.5)


async def _differing(client: Client, db: Connection) -> list[str]:
    query = "WorkflowType = 'BookingWorkflow' AND ExecutionStatus = 'Running'"
    listed = {found.id async for found in client.list_workflows(query)}
    wanted = {workflow_id(row[0]) for row in db.execute(_OPEN, [ENDS]).fetchall()}
    faults = [
        f"{name} is open, and no workflow runs" for name in sorted(wanted - listed) if not await _runs(client, name)
    ]
    return faults + [
        f"{name} runs, and no booking is open" for name in sorted(listed - wanted) if await _runs(client, name)
    ]


async def _runs(client: Client, name: str) -> bool:
    try:
        return (await client.get_workflow_handle(name).describe()).status is WorkflowExecutionStatus.RUNNING
    except RPCError:
        return False
