"""A hotel's corrected zone: a new version of its policy, and which open bookings still live by the old one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.terms import HotelTerms

_TERMS: TypeAdapter[HotelTerms] = TypeAdapter(HotelTerms)
_LOCK = text("""
SELECT h.zone, h.policy_version, p.terms,
    (SELECT max(version) FROM policy_versions v WHERE v.hotel_id = h.hotel_id) AS newest
FROM hotels h JOIN policy_versions p ON p.hotel_id = h.hotel_id AND p.version = h.policy_version
WHERE h.hotel_id = :hotel_id FOR UPDATE OF h
""")
_VERSION = text("""
INSERT INTO policy_versions (hotel_id, version, terms, created_at, created_by)
VALUES (:hotel_id, :version, CAST(:terms AS jsonb), :now, :who)
""")
_HOTEL = text("UPDATE hotels SET zone = :zone, policy_version = :version WHERE hotel_id = :hotel_id")
_BEHIND = text("""
SELECT reference FROM bookings
WHERE hotel_id = :hotel_id AND status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out')
    AND state -> 'terms' ->> 'zone' <> :zone
ORDER BY reference
""")


async def correct_zone(tx: AsyncConnection, hotel_id: int, zone: str, now: datetime, who: str) -> int:
    """The policy version that carries this zone: a new one, or the present one where the zone is known already."""
    row = (await tx.execute(_LOCK, {"hotel_id": hotel_id})).one()
    if row.zone == zone:
        return int(row.policy_version)
    version = int(row.newest) + 1
    terms = replace(_TERMS.validate_python(row.terms), zone=zone, version=version)
    written = {"hotel_id": hotel_id, "version": version, "now": now, "who": who}
    await tx.execute(_VERSION, {**written, "terms": _TERMS.dump_json(terms).decode()})
    await tx.execute(_HOTEL, {"hotel_id": hotel_id, "zone": zone, "version": version})
    return version


async def bookings_behind(tx: AsyncConnection, hotel_id: int, zone: str) -> Sequence[Any]:
    """The references of open bookings whose clocks are still resolved in another zone."""
    return (await tx.execute(_BEHIND, {"hotel_id": hotel_id, "zone": zone})).scalars().all()
