"""Reads of hotels: their public part, their room types, and the policies they have now or had before."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.refusals import absent
from domain.terms import HotelTerms, StayTerms
from store.hot import Hot
from store.session import Database, adapter

MAX_HOTELS = 200
_TERMS = adapter(HotelTerms)
_STAY_TERMS = adapter(StayTerms)


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture: its address (a path below the web's root, or a whole address) and its words."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Hotel:
    """The public part of a hotel.

    zone: IANA name; not_on_sale_reason: a sentence for guests, None where it sells; policy_version: of the terms
    that new bookings live under.
    """

    id: int
    slug: str
    code: str
    name: str
    city: str
    country: str
    address: str
    phone: str
    email: str
    description: str
    zone: str
    currency: str
    active: bool
    not_on_sale_reason: str | None
    policy_version: int
    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class RoomType:
    """A room type as guests are shown it. infants_to_age: children up to this age (included) are infants."""

    id: int
    code: str
    name: str
    description: str
    base_guests: int
    max_guests: int
    max_adults: int
    max_children: int
    infants_to_age: int
    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class PlanPolicy:
    """Which terms a rate plan has for its stays."""

    rate_plan_id: int
    rate_plan_code: str
    terms: StayTerms


_HOTELS = """
SELECT hotel_id, slug, code, name, city, country, address, phone, email, description, zone, currency, active,
    not_on_sale_reason, policy_version, photos
FROM hotels
"""
_LIST = text(f"{_HOTELS} WHERE active AND slug > :after ORDER BY slug LIMIT :limit")
_BY_SLUG = Hot(f"{_HOTELS} WHERE slug = :key")
_BY_CODE = Hot(f"{_HOTELS} WHERE code = :key")
_BY_ID = Hot(f"{_HOTELS} WHERE hotel_id = :key")
_ROOM_TYPES = text(
    """
    SELECT room_type_id, code, name, description, base_guests, max_guests, max_adults, max_children,
        infants_to_age, photos
    FROM room_types
    WHERE hotel_id = :hotel_id AND active
    ORDER BY position, room_type_id
    """
)
_TERMS_NOW = text(
    """
    SELECT CAST(p.terms AS text)
    FROM hotels h
    JOIN policy_versions p ON p.hotel_id = h.hotel_id AND p.version = h.policy_version
    WHERE h.hotel_id = :hotel_id
    """
)
_TERMS_OF_VERSION = text(
    "SELECT CAST(terms AS text) FROM policy_versions WHERE hotel_id = :hotel_id AND version = :version"
)
_STAY_POLICIES = text(
    "SELECT CAST(terms AS text) FROM stay_policies WHERE hotel_id = :hotel_id ORDER BY stay_policy_id"
)
_PLAN_POLICIES = Hot(
    """
    SELECT p.rate_plan_id, p.code, CAST(s.terms AS text)
    FROM rate_plans p
    JOIN stay_policies s ON s.hotel_id = p.hotel_id AND s.stay_policy_id = p.stay_policy_id
    WHERE p.hotel_id = :hotel_id
    ORDER BY p.position, p.rate_plan_id
    """
)


async def list_hotels(tx: AsyncConnection, *, after: str = "", limit: int = MAX_HOTELS) -> list[Hotel]:
    """The active hotels in order of slug, from the one after `after` on, at most `limit` (bounded by MAX_HOTELS)."""
    rows = await tx.execute(_LIST, {"after": after, "limit": min(limit, MAX_HOTELS)})
    return [_hotel(row) for row in rows]


async def hotel_by_slug(tx: AsyncConnection, slug: str) -> Hotel | None:
    """The hotel of that slug, active or not."""
    return await _one_hotel(tx, _BY_SLUG, slug)


async def hotel_by_code(tx: AsyncConnection, code: str) -> Hotel | None:
    """The hotel of that three-letter code, with which its booking references begin."""
    return await _one_hotel(tx, _BY_CODE, code)


async def hotel_by_id(tx: AsyncConnection, hotel_id: int) -> Hotel | None:
    """The hotel of that number."""
    return await _one_hotel(tx, _BY_ID, hotel_id)


async def _one_hotel(tx: AsyncConnection, statement: Hot, key: str | int) -> Hotel | None:
    return _only(await statement.rows(tx, {"key": key}))


async def look_for_hotel(database: Database, slug: str) -> Hotel | None:
    """The hotel of that slug, active or not."""
    (found,) = await database.look((_BY_SLUG, {"key": slug}))
    return _only(found)


async def look_at_hotel(database: Database, hotel_id: int) -> Hotel | None:
    """The hotel of that number."""
    (found,) = await database.look((_BY_ID, {"key": hotel_id}))
    return _only(found)


def _only(rows: list[Any]) -> Hotel | None:
    return _hotel(rows[0]) if rows else None


def _hotel(row: Any) -> Hotel:
    *values, photos = row
    return Hotel(*values, photos=_photos(photos))


def _photos(stored: list[dict[str, str]]) -> tuple[Photo, ...]:
    return tuple(Photo(photo["url"], photo["alt"]) for photo in stored)


async def room_types(tx: AsyncConnection, hotel_id: int) -> list[RoomType]:
    """The hotel's active room types in the hotel's own order. tx: a transaction of that hotel."""
    rows = await tx.execute(_ROOM_TYPES, {"hotel_id": hotel_id})
    return [RoomType(*values, photos=_photos(photos)) for *values, photos in rows]


async def hotel_terms(tx: AsyncConnection, hotel_id: int, version: int | None = None) -> HotelTerms:
    """The terms new bookings live under, or those of an earlier version; refuses `not_found` where there are none."""
    if version is None:
        found = await tx.execute(_TERMS_NOW, {"hotel_id": hotel_id})
    else:
        found = await tx.execute(_TERMS_OF_VERSION, {"hotel_id": hotel_id, "version": version})
    terms = found.scalar_one_or_none()
    if terms is None:
        raise absent()
    return _TERMS.validate_json(terms)


async def stay_policies(tx: AsyncConnection, hotel_id: int) -> dict[int, StayTerms]:
    """Every stay policy of the hotel by its number, also those that no plan uses any more."""
    found = (await tx.execute(_STAY_POLICIES, {"hotel_id": hotel_id})).scalars()
    policies = [_STAY_TERMS.validate_json(terms) for terms in found]
    return {terms.stay_policy_id: terms for terms in policies}


async def plan_policies(tx: AsyncConnection, hotel_id: int) -> dict[int, PlanPolicy]:
    """Which stay policy each rate plan of the hotel has now, by the plan's number."""
    return policies_of(await _PLAN_POLICIES.rows(tx, {"hotel_id": hotel_id}))


def plan_policies_asked(hotel_id: int) -> tuple[Hot, dict[str, Any]]:
    """The read of `plan_policies`, to be made together with others; `policies_of` reads its rows."""
    return _PLAN_POLICIES, {"hotel_id": hotel_id}


def policies_of(rows: list[Any]) -> dict[int, PlanPolicy]:
    """Which stay policy each rate plan has, by the plan's number."""
    return {plan_id: PlanPolicy(plan_id, code, _STAY_TERMS.validate_json(terms)) for plan_id, code, terms in rows}
