"""What operations watch, counted over all hotels in their reading role (holdfast_ops): bookings, clocks, letters.

Only counts, ages and hotels' public names come out; ended bookings only grow in number and say nothing of the present,
so they are not counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# A clock that has not rung this long after its moment is late: somebody waits for what it does.
LATE_AFTER = timedelta(seconds=60)
MAX_HOTELS = 1000

# The index on status keeps this to open bookings. A request is near its end once the manager's reminder, which goes out
# when four fifths of its time are gone, is no longer ahead of it.
_HOTELS = text("""
    WITH seen AS (
        SELECT hotel_id, status, count(*) AS open,
            count(*) FILTER (WHERE needs_attention) AS attention,
            count(*) FILTER (WHERE next_at < :late) AS overdue,
            min(next_at) AS first_at,
            count(*) FILTER (WHERE next_at < :in_an_hour) AS within_hour,
            count(*) FILTER (WHERE next_at < :in_a_day) AS within_day,
            count(*) FILTER (
                WHERE status = 'pending' AND NOT agenda @> CAST(:reminder AS jsonb)
            ) AS near_deadline
        FROM bookings
        WHERE status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out')
        GROUP BY hotel_id, status
    ), bookings_of AS (
        SELECT hotel_id, jsonb_object_agg(status, open) AS open, sum(attention) AS attention, sum(overdue) AS overdue,
            min(first_at) AS first_at, sum(within_hour) AS within_hour, sum(within_day) AS within_day,
            sum(near_deadline) AS near_deadline
        FROM seen
        GROUP BY hotel_id
    ), letters_of AS (
        SELECT hotel_id, count(*) AS waiting, min(due_at) AS first_due
        FROM notices
        WHERE state IN ('waiting', 'sending')
        GROUP BY hotel_id
    )
    SELECT h.slug, coalesce(b.open, '{}'), coalesce(b.attention, 0), coalesce(b.overdue, 0), b.first_at,
        coalesce(b.within_hour, 0), coalesce(b.within_day, 0), coalesce(b.near_deadline, 0),
        coalesce(l.waiting, 0), l.first_due
    FROM hotels h
    LEFT JOIN bookings_of b ON b.hotel_id = h.hotel_id
    LEFT JOIN letters_of l ON l.hotel_id = h.hotel_id
    WHERE h.active OR b.hotel_id IS NOT NULL
    ORDER BY h.slug
    LIMIT :most
""")
_SERVER = text("""
    SELECT numbackends, CAST(current_setting('max_connections') AS int), deadlocks, xact_rollback,
        sessions_abandoned + sessions_fatal + sessions_killed
    FROM pg_stat_database
    WHERE datname = current_database()
""")


@dataclass(frozen=True, slots=True)
class HotelCounts:
    """One hotel at one instant.

    open: bookings by status; clocks_due: clocks ahead or late, within (hours); overdue_seconds, letters_seconds: how
    long the oldest has been due, 0 where none is.
    """

    hotel: str
    open: Mapping[str, int]
    needing_attention: int
    overdue: int
    overdue_seconds: float
    clocks_due: Mapping[int, int]
    requests_near_deadline: int
    letters_waiting: int
    letters_seconds: float


@dataclass(frozen=True, slots=True)
class ServerCounts:
    """The database as its server counts it; the last three since its statistics began."""

    connections: int
    connections_limit: int
    deadlocks: int
    rollbacks: int
    sessions_lost: int


async def count_hotels(tx: AsyncConnection, now: datetime) -> list[HotelCounts]:
    """Every hotel that sells or has open bookings, at most MAX_HOTELS in order of slug. now: the real clock."""
    asked = {
        "late": now - LATE_AFTER,
        "in_an_hour": now + timedelta(hours=1),
        "in_a_day": now + timedelta(days=1),
        "reminder": '[{"key": "approval_alert_manager"}]',
        "most": MAX_HOTELS,
    }
    return [
        HotelCounts(
            slug,
            by_status,
            int(attention),
            int(overdue),
            _age(first_at, now) if overdue else 0.0,
            {1: int(within_hour), 24: int(within_day)},
            int(near_deadline),
            letters,
            _age(first_due, now),
        )
        for slug, by_status, attention, overdue, first_at, within_hour, within_day, near_deadline, letters, first_due in
        await tx.execute(_HOTELS, asked)
    ]  # fmt: skip


async def count_server(tx: AsyncConnection) -> ServerCounts:
    """The database's own statistics."""
    return ServerCounts(*(await tx.execute(_SERVER)).one())


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
