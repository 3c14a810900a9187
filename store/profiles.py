"""Reads of a hotel's guests over all their bookings. Rule: docs/rules/guests.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guests import email_key

MOST_STAYS = 200
_FEWEST_DIGITS = 4

# The page is cut before anything is counted, so that a list costs the same however many guests there are.
_LIST = """
SELECT p.profile_id, p.name, p.email, p.phone, p.country, p.last_name_key, c.stays, c.nights, c.last_departure,
    c.next_arrival
FROM (
    SELECT * FROM guest_profiles p
    WHERE p.hotel_id = :hotel_id AND p.merged_into IS NULL{narrowed}
    ORDER BY p.last_name_key, p.profile_id
    LIMIT :limit
) p
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.status IN ('checked_in', 'checked_out')) AS stays,
        coalesce(sum(s.departure - s.arrival) FILTER (WHERE s.status IN ('checked_in', 'checked_out')), 0) AS nights,
        max(s.departure) FILTER (WHERE s.status = 'checked_out') AS last_departure,
        min(s.arrival) FILTER (WHERE s.status IN ('held', 'pending', 'confirmed')) AS next_arrival
    FROM guests g
    JOIN bookings b ON b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id
    JOIN stays s ON s.hotel_id = b.hotel_id AND s.reference = b.reference
    WHERE g.hotel_id = p.hotel_id AND g.profile_id = p.profile_id
) c ON true
ORDER BY p.last_name_key, p.profile_id
"""
# A guest is also found by what one of the bookings says of them.
_SEARCH = """ AND (
    position(lower(:search) IN lower(p.name)) > 0 OR position(:address IN coalesce(p.email_key, '')) > 0
    OR (:digits <> '' AND position(:digits IN coalesce(p.phone_e164, '')) > 0)
    OR EXISTS (
        SELECT 1 FROM guests g
        WHERE g.hotel_id = p.hotel_id AND g.profile_id = p.profile_id AND (
            position(lower(:search) IN lower(g.name)) > 0 OR position(:address IN coalesce(g.email, '')) > 0
            OR (:digits <> '' AND position(:digits IN regexp_replace(coalesce(g.phone, ''), '[^0-9]', '', 'g')) > 0))))
"""
_AFTER = " AND (p.last_name_key, p.profile_id) > (:after_name, :after_id)"


async def list_guests(
    tx: AsyncConnection, hotel_id: int, search: str | None, after: tuple[str, int] | None, limit: int
) -> Sequence[Any]:
    """The hotel's guests in order of their last names, at most `limit`, from the one after `after` on.

    search: a part of a name or an e-mail, or four digits of a phone and more.
    """
    values: dict[str, Any] = {"hotel_id": hotel_id, "limit": limit}
    narrowed = ""
    if search is not None:
        # A number that is dialled inside its country begins with a zero that the world's number does not have.
        digits = "".join(sign for sign in search if sign in "0123456789").lstrip("0")
        is_phone = len(digits) >= _FEWEST_DIGITS and not any(sign.isalpha() for sign in search)
        values |= {"search": search, "address": email_key(search) or "", "digits": digits if is_phone else ""}
        narrowed += _SEARCH
    if after is not None:
        values |= {"after_name": after[0], "after_id": after[1]}
        narrowed += _AFTER
    return (await tx.execute(text(_LIST.format(narrowed=narrowed)), values)).all()


@dataclass(frozen=True)
class Guest:
    """A guest's profile with the rooms of all bookings, the latest arrival first, and what they come to.

    stays: rows of at most MOST_STAYS rooms.
    """

    profile: Any
    counts: Any
    stays: Sequence[Any]


_PROFILE = text("""
SELECT profile_id, name, email, phone, country, first_seen_at FROM guest_profiles
WHERE hotel_id = :hotel_id AND profile_id = :profile_id
""")
_OF_PROFILE = """
FROM guests g
JOIN bookings b ON b.hotel_id = g.hotel_id AND b.guest_id = g.guest_id
JOIN stays s ON s.hotel_id = b.hotel_id AND s.reference = b.reference
JOIN room_types t ON t.hotel_id = s.hotel_id AND t.room_type_id = s.room_type_id
WHERE g.hotel_id = :hotel_id AND g.profile_id = :profile_id
"""
_COUNTS = text(f"""
SELECT count(*) FILTER (WHERE s.status IN ('checked_in', 'checked_out')) AS stays,
    coalesce(sum(s.departure - s.arrival) FILTER (WHERE s.status IN ('checked_in', 'checked_out')), 0) AS nights,
    count(*) FILTER (WHERE s.status = 'no_show') AS no_shows,
    count(*) FILTER (WHERE s.status = 'cancelled') AS cancellations
{_OF_PROFILE}
""")
_STAYS = text(f"""
SELECT b.reference, s.stay, s.status, s.arrival, s.departure, s.departure - s.arrival AS nights, t.code AS room_type,
    t.name AS room_type_name, s.total_minor, b.currency, g.name AS booked_as
{_OF_PROFILE}
ORDER BY s.arrival DESC, b.reference, s.stay
LIMIT :most
""")


async def read_guest(tx: AsyncConnection, hotel_id: int, profile_id: int) -> Guest | None:
    """The guest of that profile; None where the hotel has none."""
    place = {"hotel_id": hotel_id, "profile_id": profile_id}
    profile = (await tx.execute(_PROFILE, place)).one_or_none()
    if profile is None:
        return None
    counts = (await tx.execute(_COUNTS, place)).one()
    stays = (await tx.execute(_STAYS, {**place, "most": MOST_STAYS})).all()
    return Guest(profile, counts, stays)
