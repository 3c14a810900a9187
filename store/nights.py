"""The counters of room nights: locked in one global order, looked at, then moved, in one statement.

Availability is decided here, on the primary, and nowhere else. The CHECK behind the counters is law.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.refusals import Refused, conflict
from domain.stay import day_text
from domain.steps import NightMove
from store.hot import Hot

# Rows are locked in the order of (room type, night), so that two takers can't wait for each other. A night that is
# only given back is never refused, so a change works in a full house. What is written after these parts must depend on
# `short` being empty. With `oversell` a full night is taken all the same and counted as oversold in the same statement;
# a night that is given back takes back what was oversold first.
TAKING = """
WITH wanted AS (
    SELECT room_type_id, night, held, sold
    FROM unnest(CAST(:types AS int[]), CAST(:nights AS date[]), CAST(:held AS int[]), CAST(:sold AS int[]))
        AS w (room_type_id, night, held, sold)
), locked AS (
    SELECT n.room_type_id, n.night, w.held, w.sold, n.oversold,
        n.physical - n.out_of_order - n.blocked - n.held - n.sold + n.overbooking_limit AS free
    FROM room_type_nights n JOIN wanted w ON w.room_type_id = n.room_type_id AND w.night = n.night
    WHERE n.hotel_id = :hotel_id
    ORDER BY n.room_type_id, n.night
    FOR UPDATE OF n
), short AS (
    SELECT w.room_type_id, w.night, coalesce(l.free, 0) AS free
    FROM wanted w LEFT JOIN locked l ON l.room_type_id = w.room_type_id AND l.night = w.night
    WHERE w.held + w.sold > 0 AND coalesce(l.free, 0) < w.held + w.sold AND (NOT :oversell OR l.night IS NULL)
), moved AS (
    UPDATE room_type_nights n SET held = n.held + l.held, sold = n.sold + l.sold,
        oversold = CASE WHEN :oversell THEN greatest(l.oversold, l.held + l.sold - l.free)
            ELSE least(l.oversold, greatest(0, l.held + l.sold - l.free)) END
    FROM locked l
    WHERE n.hotel_id = :hotel_id AND n.room_type_id = l.room_type_id AND n.night = l.night
        AND NOT EXISTS (SELECT 1 FROM short)
)"""
# Who asks for this gets the nights that fell short; no row when all were moved.
SHORTAGE = """
SELECT s.room_type_id, s.night, s.free, t.name
FROM short s JOIN room_types t ON t.hotel_id = :hotel_id AND t.room_type_id = s.room_type_id
ORDER BY s.room_type_id, s.night
"""
MOVE = Hot(TAKING + SHORTAGE)


async def move_nights(
    tx: AsyncConnection, hotel_id: int, moves: Sequence[NightMove], *, oversell: bool = False
) -> None:
    """Moves the counters by these differences, all or none. oversell: even into a full house, counted as such.

    Errors: Refused sold_out (409) that names the room types and nights that fell short; nothing was moved then.
    """
    if not moves:
        return
    check_taken(await MOVE.rows(tx, {"hotel_id": hotel_id, **wanted(moves, oversell=oversell)}))


def wanted(moves: Sequence[NightMove], *, oversell: bool = False) -> dict[str, Any]:
    """The values of a taking; `hotel_id` comes with the statement around it."""
    return {
        "oversell": oversell,
        "types": [move.room_type_id for move in moves],
        "nights": [move.night for move in moves],
        "held": [move.held for move in moves],
        "sold": [move.sold for move in moves],
    }


def check_taken(short: Sequence[Any]) -> None:
    """Errors: Refused sold_out for the rows (room type id, night, free, name) of what fell short."""
    if short:
        raise sold_out([(row[3], row[1]) for row in short])


def sold_out(nights: Sequence[tuple[str, date]]) -> Refused:
    """The refusal that names the room types and nights that are not free."""
    listed = ", ".join(f"{name} on {day_text(night)}" for name, night in nights[:10])
    more = f" and {len(nights) - 10} more nights" if len(nights) > 10 else ""
    return conflict(
        "sold_out",
        f"Not free any more: {listed}{more}.",
        nights=[f"{name}: {night.isoformat()}" for name, night in nights[:100]],
    )


_TAKEN = text("""
SELECT t.code AS room_type, n.night, n.held, n.sold
FROM room_type_nights n JOIN room_types t ON t.hotel_id = n.hotel_id AND t.room_type_id = n.room_type_id
WHERE n.hotel_id = :hotel_id AND n.held + n.sold > 0
ORDER BY n.night, t.code
""")


async def taken_nights(tx: AsyncConnection, hotel_id: int) -> Sequence[Any]:
    """Each room type and night of which something is taken: room_type (its code), night, held, sold."""
    return (await tx.execute(_TAKEN, {"hotel_id": hotel_id})).all()
