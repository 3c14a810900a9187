"""New versions of a hotel's policy: rows of their own, so that a booking keeps the terms it was made under."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.terms import HotelTerms

_TERMS: TypeAdapter[HotelTerms] = TypeAdapter(HotelTerms)
_LOCK = text("""
SELECT p.terms, (SELECT max(version) FROM policy_versions v WHERE v.hotel_id = h.hotel_id) AS newest
FROM hotels h JOIN policy_versions p ON p.hotel_id = h.hotel_id AND p.version = h.policy_version
WHERE h.hotel_id = :hotel_id FOR UPDATE OF h
""")
_VERSION = text("""
INSERT INTO policy_versions (hotel_id, version, terms, created_at, created_by)
VALUES (:hotel_id, :version, CAST(:terms AS jsonb), :now, :who)
""")
_HOTEL = text("UPDATE hotels SET zone = :zone, policy_version = :version WHERE hotel_id = :hotel_id")


async def revise(
    tx: AsyncConnection, hotel_id: int, change: Callable[[HotelTerms], HotelTerms], now: datetime, who: str
) -> HotelTerms:
    """The hotel's terms after a change, in a new version for bookings made from now on; unchanged terms get none.

    One revision of a hotel at a time. Errors: those of `change`.
    """
    row = (await tx.execute(_LOCK, {"hotel_id": hotel_id})).one()
    present = _TERMS.validate_python(row.terms)
    changed = change(present)
    if changed == present:
        return present
    terms = replace(changed, version=int(row.newest) + 1)
    written = {"hotel_id": hotel_id, "version": terms.version, "now": now, "who": who}
    await tx.execute(_VERSION, {**written, "terms": _TERMS.dump_json(terms).decode()})
    await tx.execute(_HOTEL, {"hotel_id": hotel_id, "zone": terms.zone, "version": terms.version})
    return terms
