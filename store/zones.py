"""A hotel's corrected zone: a new version of its policy, and which open bookings still live by the old one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.policies import revise

_BEHIND = text("""
SELECT reference FROM bookings
WHERE hotel_id = :hotel_id AND status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out')
    AND state -> 'terms' ->> 'zone' <> :zone
ORDER BY reference
""")


async def correct_zone(tx: AsyncConnection, hotel_id: int, zone: str, now: datetime, who: str) -> int:
    """The policy version that carries this zone: a new one, or the present one where the zone is known already."""
    return (await revise(tx, hotel_id, lambda terms: replace(terms, zone=zone), now, who)).version


async def bookings_behind(tx: AsyncConnection, hotel_id: int, zone: str) -> Sequence[Any]:
    """The references of open bookings whose clocks are still resolved in another zone."""
    return (await tx.execute(_BEHIND, {"hotel_id": hotel_id, "zone": zone})).scalars().all()
