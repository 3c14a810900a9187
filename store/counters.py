"""The counters of room nights against the bookings they count: looked at, and put right.

What a booking counts for is said once, in domain.steps.night_moves, and added up here from the bookings' states.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Stay
from domain.steps import night_moves

PAGE = 500
_STAYS: TypeAdapter[tuple[Stay, ...]] = TypeAdapter(tuple[Stay, ...])
Nights = Counter[tuple[int, date]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One night of a room type on which counters and bookings differ: (held, sold) of each."""

    hotel_id: int
    room_type_id: int
    night: date
    counted: tuple[int, int]
    booked: tuple[int, int]

    def __str__(self) -> str:
        was, now = self.counted, self.booked
        return f"type {self.room_type_id}, {self.night}: held {was[0]}, sold {was[1]}; booked {now[0]} and {now[1]}"


# A stay's kept nights never lie outside the stay, and a booking's dates hold all of its stays.
_STATES = text("""
SELECT reference, state -> 'stays' AS stays FROM bookings
WHERE hotel_id = :hotel_id AND departure > :since AND reference > :after ORDER BY reference LIMIT :most
""")
_COUNTED = text("""
SELECT room_type_id, night, held, sold FROM room_type_nights
WHERE hotel_id = :hotel_id AND night >= :since ORDER BY room_type_id, night
""")
_HOTELS = text("SELECT hotel_id FROM hotels ORDER BY hotel_id")
_ONE_PICTURE = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_LOCK = text("""
SELECT n.room_type_id, n.night, n.held, n.sold FROM room_type_nights n
JOIN unnest(CAST(:types AS int[]), CAST(:nights AS date[])) AS w (room_type_id, night)
    ON w.room_type_id = n.room_type_id AND w.night = n.night
WHERE n.hotel_id = :hotel_id ORDER BY n.room_type_id, n.night FOR UPDATE OF n
""")
_PUT = text("""
UPDATE room_type_nights SET held = :held, sold = :sold,
    oversold = greatest(0, :held + :sold - (physical - out_of_order - blocked + overbooking_limit))
WHERE hotel_id = :hotel_id AND room_type_id = :room_type_id AND night = :night
""")


async def find_differences(tx: AsyncConnection, since: date) -> list[Difference]:
    """Every night from `since` on, of every hotel, on which the counters are not what the bookings come to.

    tx: a transaction in the reading role of operations in which nothing was asked yet; it sees one picture.
    """
    await tx.execute(_ONE_PICTURE)
    found: list[Difference] = []
    for (hotel_id,) in (await tx.execute(_HOTELS)).all():
        found += await _of_hotel(tx, hotel_id, since)
    return found


async def correct(tx: AsyncConnection, hotel_id: int, nights: Iterable[tuple[int, date]]) -> list[Difference]:
    """Puts the counters of these nights (room type id, night) right; answers what was still wrong when it looked.

    The nights are locked in the order in which bookings lock them, and only then are the bookings read: whoever was
    writing has ended by then, and nobody else begins before this transaction ends.
    """
    wanted = sorted(set(nights))
    if not wanted:
        return []
    asked = {"hotel_id": hotel_id, "types": [key[0] for key in wanted], "nights": [key[1] for key in wanted]}
    counted = {(row[0], row[1]): (row[2], row[3]) for row in (await tx.execute(_LOCK, asked)).all()}
    held, sold = await _booked(tx, hotel_id, min(night for _, night in wanted))
    wrong = _differing(hotel_id, counted, held, sold, counted)
    for one in wrong:
        place = {"hotel_id": hotel_id, "room_type_id": one.room_type_id, "night": one.night}
        await tx.execute(_PUT, {**place, "held": one.booked[0], "sold": one.booked[1]})
    return wrong


async def _of_hotel(tx: AsyncConnection, hotel_id: int, since: date) -> list[Difference]:
    rows = (await tx.execute(_COUNTED, {"hotel_id": hotel_id, "since": since})).all()
    held, sold = await _booked(tx, hotel_id, since)
    counted = {(row[0], row[1]): (row[2], row[3]) for row in rows}
    return _differing(hotel_id, counted, held, sold, counted.keys() | held.keys() | sold.keys())


def _differing(
    hotel_id: int,
    counted: dict[tuple[int, date], tuple[int, int]],
    held: Nights,
    sold: Nights,
    looked_at: Iterable[tuple[int, date]],
) -> list[Difference]:
    return [
        Difference(hotel_id, key[0], key[1], counted.get(key, (0, 0)), (held[key], sold[key]))
        for key in sorted(looked_at)
        if counted.get(key, (0, 0)) != (held[key], sold[key])
    ]


async def _booked(tx: AsyncConnection, hotel_id: int, since: date) -> tuple[Nights, Nights]:
    """What the hotel's bookings hold and have been sold, for each (room type id, night) from `since` on."""
    held: Nights = Counter()
    sold: Nights = Counter()
    after = ""
    while True:
        asked = {"hotel_id": hotel_id, "since": since, "after": after, "most": PAGE}
        rows: Sequence[Any] = (await tx.execute(_STATES, asked)).all()
        for row in rows:
            for move in night_moves((), _STAYS.validate_python(row.stays)):
                if move.night >= since:
                    held[(move.room_type_id, move.night)] += move.held
                    sold[(move.room_type_id, move.night)] += move.sold
        if len(rows) < PAGE:
            return held, sold
        after = rows[-1].reference
