"""What a hotel's desk looks at: lists with keyset pages, the hotel's day, and rooms.

Statements are put together from constant pieces, one for each filter that is used; values are always bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.attention import ATTENTION, NEEDS_ATTENTION
from store.hot import Hot
from store.session import Database

MOST_OF_A_DAY = 300
MOST_ROOMS = 1_000
MOST_COUNTED = 10_000
# Of the ways to narrow and sort a list, so many are remembered as they were asked.
STATEMENTS_KEPT = 256
EVERY_CHANNEL = "channel:*"


@dataclass(frozen=True)
class DeskFilters:
    """What a list is narrowed to; None and empty mean that all are meant. Ranges hold both their ends.

    sort: arrival, departure or created, with `-` before it for the latest first. source: one, or `channel:*` for every
    channel. search: reference, the source's own, names of booker and guests, e-mail or phone.
    """

    statuses: tuple[str, ...] = ()
    arrival_from: date | None = None
    arrival_to: date | None = None
    departure_from: date | None = None
    departure_to: date | None = None
    room: str | None = None
    assigned: bool | None = None
    source: str | None = None
    payment_statuses: tuple[str, ...] = ()
    needs_attention: bool | None = None
    search: str | None = None
    sort: str = "arrival"


_ROW = """
SELECT b.reference, b.status, b.payment_status, b.version, g.name AS guest_name, b.arrival, b.departure, b.source,
    b.currency, b.total_minor, b.balance_minor, b.waiting_for, b.next_at, b.approval_deadline,
    {needs_attention} AS needs_attention, {attention} AS attention, b.created_at, s.rooms,
    s.room_types, s.room_numbers, b.place
FROM ({page}) b
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
LEFT JOIN LATERAL (
    SELECT count(*) AS rooms, array_agg(t.code ORDER BY x.stay) AS room_types,
        array_remove(array_agg(r.number ORDER BY x.stay), NULL) AS room_numbers
    FROM stays x
    JOIN room_types t ON t.hotel_id = x.hotel_id AND t.room_type_id = x.room_type_id
    LEFT JOIN rooms r ON r.hotel_id = x.hotel_id AND r.room_id = x.room_id
    WHERE x.hotel_id = b.hotel_id AND x.reference = b.reference
) s ON true
ORDER BY {order}
"""
_FROM = "FROM bookings b WHERE b.hotel_id = :hotel_id"
_CHANNELS = "b.source LIKE 'channel:%'"
_ASSIGNED = """EXISTS (
    SELECT 1 FROM stays a WHERE a.hotel_id = b.hotel_id AND a.reference = b.reference AND a.room_id IS NULL
        AND a.status IN ('held', 'pending', 'confirmed'))"""
_CLAUSES = {
    "statuses": "b.status = ANY(:statuses)",
    "arrival_from": "b.arrival >= :arrival_from",
    "arrival_to": "b.arrival <= :arrival_to",
    "departure_from": "b.departure >= :departure_from",
    "departure_to": "b.departure <= :departure_to",
    "room": """EXISTS (
        SELECT 1 FROM stays a JOIN rooms n ON n.hotel_id = a.hotel_id AND n.room_id = a.room_id
        WHERE a.hotel_id = b.hotel_id AND a.reference = b.reference AND n.number = :room)""",
    "source": "b.source = :source",
    "payment_statuses": "b.payment_status = ANY(:payment_statuses)",
    "needs_attention": f"{NEEDS_ATTENTION} = :needs_attention",
    # Found by their references first: names and phones have no index, and looking at them row by row costs far more.
    "search": """b.reference = ANY(ARRAY(
        SELECT n.reference FROM stay_guests n
        WHERE n.hotel_id = :hotel_id AND position(lower(:search) IN lower(n.name)) > 0
        UNION ALL
        SELECT x.reference FROM bookings x
        WHERE x.hotel_id = :hotel_id AND (x.reference LIKE :search_start
            OR position(lower(:search) IN lower(x.source_reference)) > 0)
        UNION ALL
        SELECT x.reference FROM guests y JOIN bookings x ON x.hotel_id = y.hotel_id AND x.guest_id = y.guest_id
        WHERE y.hotel_id = :hotel_id AND (position(lower(:search) IN lower(y.name)) > 0
            OR position(lower(:search) IN coalesce(y.email, '')) > 0
            OR (:digits <> '' AND position(:digits IN regexp_replace(coalesce(y.phone, ''), '[^0-9]', '', 'g')) > 0))
        ))""",
}
_KEYS = {"arrival": "b.arrival", "departure": "b.departure", "created": "b.created_at"}
_CASTS = {"arrival": "date", "departure": "date", "created": "timestamptz"}
_FEWEST_DIGITS = 4


async def look_at_bookings(
    database: Database, hotel_id: int, filters: DeskFilters, after: tuple[str, str] | None, limit: int
) -> Sequence[Any]:
    """The hotel's bookings, at most `limit`, from the one after `after` (its sort value and reference) on."""
    clauses, values = _narrowed(hotel_id, filters)
    values["limit"] = limit
    statement = _page(filters.sort, tuple(clauses), after is not None)
    if after is not None:
        values |= {"after_value": after[0], "after_reference": after[1]}
    (rows,) = await database.look((statement, values), hotel_id=hotel_id)
    return rows


async def count_bookings(tx: AsyncConnection, hotel_id: int, filters: DeskFilters) -> int:
    """How many bookings the filters leave; above MOST_COUNTED it stops at one more."""
    clauses, values = _narrowed(hotel_id, filters)
    narrowed = "".join(f" AND {clause}" for clause in clauses)
    statement = text(f"SELECT count(*) FROM (SELECT 1 {_FROM}{narrowed} LIMIT :most) AS counted")
    return (await tx.execute(statement, {**values, "most": MOST_COUNTED + 1})).scalar_one()


def _narrowed(hotel_id: int, filters: DeskFilters) -> tuple[list[str], dict[str, Any]]:
    """The clauses of the filters that are used, and the values of all."""
    values: dict[str, Any] = {"hotel_id": hotel_id}
    clauses = []
    for name, clause in _CLAUSES.items():
        wanted = getattr(filters, name)
        if wanted is None or wanted == ():
            continue
        if name == "source" and wanted == EVERY_CHANNEL:
            clauses.append(_CHANNELS)
            continue
        clauses.append(clause)
        values[name] = list(wanted) if isinstance(wanted, tuple) else wanted
    if filters.search is not None:
        values |= _search_values(filters.search)
    if filters.assigned is not None:
        clauses.append(f"NOT {_ASSIGNED}" if filters.assigned else _ASSIGNED)
    return clauses, values


def _search_values(search: str) -> dict[str, str]:
    """A search for fewer than four digits would find every phone number."""
    digits = "".join(sign for sign in search if sign in "0123456789")
    start = search.upper().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return {"search_start": f"{start}%", "digits": digits if len(digits) >= _FEWEST_DIGITS else ""}


@lru_cache(maxsize=STATEMENTS_KEPT)
def _page(sort: str, clauses: tuple[str, ...], goes_on: bool) -> Hot:
    by = sort.removeprefix("-")
    key, cast = _KEYS[by], _CASTS[by]
    down = sort.startswith("-")
    where = list(clauses)
    if goes_on:
        # Row comparison is one range of the index (hotel_id, key, reference).
        sign = "<" if down else ">"
        where.append(f"({key}, b.reference) {sign} (CAST(:after_value AS {cast}), :after_reference)")
    narrowed = "".join(f" AND {clause}" for clause in where)
    page = f"SELECT b.*, {key} AS place {_FROM}{narrowed} ORDER BY {_order(key, down)} LIMIT :limit"
    # What a row shows of its rooms is looked up for the rows of the page only.
    order = _order("b.place", down)
    return Hot(_ROW.format(page=page, order=order, needs_attention=NEEDS_ATTENTION, attention=ATTENTION))


def _order(key: str, down: bool) -> str:
    return f"{key} DESC, b.reference DESC" if down else f"{key}, b.reference"


_DAY_STAY = f"""
SELECT s.reference, s.stay, s.status, g.name AS guest_name, t.code AS room_type, r.number AS room, r.housekeeping,
    s.adults, cardinality(s.children_ages) AS children, s.arrival, s.departure, b.currency, b.balance_minor,
    {NEEDS_ATTENTION} AS needs_attention
FROM stays s
JOIN bookings b ON b.hotel_id = s.hotel_id AND b.reference = s.reference
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
JOIN room_types t ON t.hotel_id = s.hotel_id AND t.room_type_id = s.room_type_id
LEFT JOIN rooms r ON r.hotel_id = s.hotel_id AND r.room_id = s.room_id
WHERE s.hotel_id = :hotel_id
"""
_ARRIVALS = Hot(
    _DAY_STAY
    + "AND s.arrival = :day AND s.status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out', 'no_show') "
    "ORDER BY g.name, s.reference, s.stay LIMIT :most"
)
# Who should have left before and is still here leaves today.
_DEPARTURES = Hot(
    _DAY_STAY + "AND ((s.departure = :day AND s.status IN ('checked_in', 'checked_out')) "
    "OR (s.departure < :day AND s.status = 'checked_in')) ORDER BY r.number, s.reference, s.stay LIMIT :most"
)
_IN_HOUSE = Hot(
    _DAY_STAY + "AND s.status = 'checked_in' AND s.arrival <= :day ORDER BY r.number, s.reference, s.stay LIMIT :most"
)
_APPROVALS = Hot("""
SELECT b.reference, b.version, g.name AS guest_name, b.arrival, b.departure, b.currency, b.total_minor,
    b.approval_deadline, b.created_at,
    NOT b.agenda @> '[{"key": "approval_alert_desk"}]' AS half_gone,
    NOT b.agenda @> '[{"key": "approval_alert_manager"}]' AS nearly_gone,
    (SELECT count(*) FROM stays s WHERE s.hotel_id = b.hotel_id AND s.reference = b.reference) AS rooms
FROM bookings b
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE b.hotel_id = :hotel_id AND b.status = 'pending'
ORDER BY b.approval_deadline NULLS LAST, b.reference
LIMIT :most
""")
_OPTIONS = Hot("""
SELECT b.reference, b.version, g.name AS guest_name, b.arrival, b.departure, b.currency, b.total_minor,
    b.hold_expires_at,
    (SELECT count(*) FROM stays s WHERE s.hotel_id = b.hotel_id AND s.reference = b.reference) AS rooms
FROM bookings b
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE b.hotel_id = :hotel_id AND b.status = 'held'
ORDER BY b.hold_expires_at NULLS LAST, b.reference
LIMIT :most
""")
_CHANGES = Hot("""
SELECT c.reference, b.version, g.name AS guest_name, c.number, c.until, c.words, b.currency, c.before_minor,
    c.after_minor
FROM change_requests c
JOIN bookings b ON b.hotel_id = c.hotel_id AND b.reference = c.reference
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE c.hotel_id = :hotel_id AND c.verdict = 'open'
ORDER BY c.until, c.reference
LIMIT :most
""")
# What a booking says itself, and letters that did not reach their reader.
_ATTENTION = Hot("""
SELECT found.reference, found.attention
FROM (
    SELECT b.reference, b.attention, b.arrival
    FROM bookings b
    WHERE b.hotel_id = :hotel_id AND b.needs_attention
        AND b.status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out')
    UNION ALL
    SELECT b.reference, i.detail, b.arrival
    FROM attention_items i
    JOIN bookings b ON b.hotel_id = i.hotel_id AND b.reference = i.reference
    WHERE i.hotel_id = :hotel_id AND i.closed_at IS NULL
) found
ORDER BY found.arrival, found.reference, found.attention
LIMIT :most
""")


@dataclass(frozen=True)
class DayRows:
    """The rows of a hotel's day; each list holds one more than MOST_OF_A_DAY where it was cut."""

    arrivals: Sequence[Any]
    departures: Sequence[Any]
    in_house: Sequence[Any]
    approvals: Sequence[Any]
    attention: Sequence[Any]
    options: Sequence[Any]
    changes: Sequence[Any]


async def look_at_day(database: Database, hotel_id: int, day: date) -> DayRows:
    """Who comes, leaves and stays on a hotel day, which requests wait and which bookings need a look."""
    most = MOST_OF_A_DAY + 1
    values = {"hotel_id": hotel_id, "day": day, "most": most}
    of_today = {"hotel_id": hotel_id, "most": most}
    return DayRows(
        *await database.look(
            (_ARRIVALS, values),
            (_DEPARTURES, values),
            (_IN_HOUSE, values),
            (_APPROVALS, of_today),
            (_ATTENTION, of_today),
            (_OPTIONS, of_today),
            (_CHANGES, of_today),
            hotel_id=hotel_id,
        )
    )


_ROOMS = Hot("""
SELECT r.room_id, r.number, r.floor, r.room_type_id, t.code AS room_type, t.name AS room_type_name, r.housekeeping,
    r.out_of_service, x.taken_by
FROM rooms r
JOIN room_types t ON t.hotel_id = r.hotel_id AND t.room_type_id = r.room_type_id
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT s.reference ORDER BY s.reference) AS taken_by
    FROM room_segments s
    WHERE s.hotel_id = r.hotel_id AND s.room_id = r.room_id AND s.arrival < :departure AND s.departure > :arrival
) x ON true
WHERE r.hotel_id = :hotel_id AND r.active
ORDER BY length(r.number), r.number
LIMIT :most
""")


async def read_rooms(tx: AsyncConnection, hotel_id: int, arrival: date, departure: date) -> Sequence[Any]:
    """The hotel's rooms in order of their numbers, each with who has it on any of the nights [arrival, departure)."""
    values = {"hotel_id": hotel_id, "arrival": arrival, "departure": departure, "most": MOST_ROOMS}
    return await _ROOMS.rows(tx, values)
