"""Bookings whose links somebody asks for by an e-mail, a phone or a reference. Rule: docs/rules/guests.md.

Each hotel is asked in a transaction of its own. A function that may look past row security would be quicker with very
many hotels, but whoever could call it could search all of them, and this is asked for seldom and after the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.phones import e164

MOST_HOTELS = 10_000

_HOTELS = text("SELECT hotel_id, code, country FROM hotels ORDER BY hotel_id LIMIT :most")
_FOUND = """
SELECT b.reference, b.arrival
FROM bookings b
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE b.hotel_id = :hotel_id AND coalesce(g.email, '') <> '' AND b.departure >= :earliest
    AND (b.status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out') OR b.departure <= :today)
    AND coalesce((b.state #>> '{{terms,guest_portal}}')::boolean, true)
    AND NOT EXISTS (
        SELECT 1 FROM notices n
        WHERE n.hotel_id = b.hotel_id AND n.reference = b.reference AND n.kind = 'guest_link' AND n.due_at > :since)
    AND {key}
ORDER BY b.arrival, b.reference
LIMIT :most
"""
# Addresses are kept as they were sent, in small letters; both ways of writing an accent are looked for.
_BY_EMAIL = text(_FOUND.format(key="g.email = ANY(:emails)"))
_BY_PHONE = text(_FOUND.format(key="g.phone_e164 = :phone"))
_BY_REFERENCE = text(_FOUND.format(key="b.reference = :reference"))


@dataclass(frozen=True)
class Asked:
    """What somebody knows of their booking; one of the three. emails: ways of writing one address."""

    emails: tuple[str, ...] = ()
    phone: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Bounds:
    """Which bookings count. earliest: of departures; since: no link was sent after; most: at most so many."""

    today: date
    earliest: date
    since: datetime
    most: int


async def hotels_to_ask(tx: AsyncConnection, asked: Asked) -> Sequence[Any]:
    """The hotels in which the booking can be: that of a reference's code, else every one."""
    hotels = (await tx.execute(_HOTELS, {"most": MOST_HOTELS})).all()
    return [hotel for hotel in hotels if not asked.reference or hotel.code == asked.reference[:3]]


async def bookings_to_link(tx: AsyncConnection, hotel: Any, asked: Asked, bounds: Bounds) -> Sequence[Any]:
    """References and arrivals of the hotel's bookings that fit, the first arrival first."""
    values: dict[str, Any] = {
        "hotel_id": hotel.hotel_id,
        "today": bounds.today,
        "earliest": bounds.earliest,
        "since": bounds.since,
        "most": bounds.most,
    }
    if asked.emails:
        return (await tx.execute(_BY_EMAIL, {**values, "emails": list(asked.emails)})).all()
    if asked.phone:
        phone = e164(asked.phone, hotel.country)
        return (await tx.execute(_BY_PHONE, {**values, "phone": phone})).all()
    return (await tx.execute(_BY_REFERENCE, {**values, "reference": asked.reference})).all()
