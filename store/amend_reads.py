"""What a change of a booking has to know beside its compact state: who sleeps where, every line, and who has the rooms.

Row security has chosen the hotel before; each statement names it again, because the indexes begin with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.changes import PricedLine
from domain.refusals import absent
from domain.stay import Party
from domain.wishes import StayFacts


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """Version and stays of one booking, read at one moment. not_on_sale: the hotel's sentence; None where it sells."""

    version: int
    not_on_sale: str | None
    stays: dict[int, StayFacts]


_FACTS = text(
    """
    SELECT b.version,
        CASE WHEN h.active THEN h.not_on_sale_reason ELSE 'This hotel takes no bookings at present.' END,
        (SELECT json_agg(json_build_array(s.stay, s.adults, s.children_ages) ORDER BY s.stay)
            FROM stays s WHERE s.hotel_id = b.hotel_id AND s.reference = b.reference),
        (SELECT json_agg(json_build_array(g.stay, g.name, g.age) ORDER BY g.stay, g.position)
            FROM stay_guests g WHERE g.hotel_id = b.hotel_id AND g.reference = b.reference),
        (SELECT json_agg(json_build_array(l.stay, l.kind, l.night, l.code, l.name, l.amount_minor, l.included,
                l.tax_rule_id, coalesce(r.kind = 'person_night', false)) ORDER BY l.stay, l.line)
            FROM nightly_lines l
            LEFT JOIN tax_rules r ON r.hotel_id = l.hotel_id AND r.tax_rule_id = l.tax_rule_id
            WHERE l.hotel_id = b.hotel_id AND l.reference = b.reference AND l.superseded_seq IS NULL)
    FROM bookings b
    JOIN hotels h ON h.hotel_id = b.hotel_id
    WHERE b.hotel_id = :hotel_id AND b.reference = :reference
    """
)

_TAKEN = text(
    """
    SELECT DISTINCT w.stay
    FROM unnest(CAST(:stays AS int[]), CAST(:rooms AS int[]), CAST(:arrivals AS date[]), CAST(:departures AS date[]))
        AS w (stay, room_id, arrival, departure)
    JOIN room_segments r ON r.hotel_id = :hotel_id AND r.room_id = w.room_id
        AND r.arrival < w.departure AND r.departure > w.arrival
    WHERE NOT (r.reference = :reference AND r.stay = ANY(CAST(:stays AS int[])))
    ORDER BY w.stay
    """
)


async def booking_facts(tx: AsyncConnection, hotel_id: int, reference: str) -> BookingFacts:
    """Party, names and lines of each stay. Errors: 404 where there is no such booking."""
    found = (await tx.execute(_FACTS, {"hotel_id": hotel_id, "reference": reference})).one_or_none()
    if found is None:
        raise absent()
    version, not_on_sale, stays, guests, lines = found
    return BookingFacts(
        version,
        not_on_sale,
        {
            number: StayFacts(
                Party(adults, tuple(ages)),
                tuple(_line(row) for stay, *row in lines or () if stay == number),
                tuple((name, age) for stay, name, age in guests or () if stay == number),
            )
            for number, adults, ages in stays or ()
        },
    )


def _line(row: Sequence[Any]) -> PricedLine:
    kind, night, code, name, amount_minor, included, tax_rule_id, per_person = row
    return PricedLine(kind, date.fromisoformat(night), code, name, amount_minor, included, tax_rule_id, per_person)


async def taken_rooms(
    tx: AsyncConnection, hotel_id: int, reference: str, wanted: Sequence[tuple[int, int, date, date]]
) -> list[int]:
    """The stays whose room somebody else has on some of the nights they shall have.

    wanted: stay number, room id, arrival and departure. The booking's stays named here do not stand in one another's
    way; its other rooms do. It is a look: the constraint on rooms decides.
    """
    if not wanted:
        return []
    asked = {
        "hotel_id": hotel_id,
        "reference": reference,
        "stays": [stay for stay, _, _, _ in wanted],
        "rooms": [room for _, room, _, _ in wanted],
        "arrivals": [arrival for _, _, arrival, _ in wanted],
        "departures": [departure for _, _, _, departure in wanted],
    }
    return list((await tx.execute(_TAKEN, asked)).scalars())
