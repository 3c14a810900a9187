"""How many bookings are in which status, over all hotels; for operations only (role holdfast_ops)."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Ended bookings only grow in number and say nothing of the present, so they are not counted.
_COUNTS = text("""
SELECT h.slug, b.status, count(*)
FROM bookings b
JOIN hotels h ON h.hotel_id = b.hotel_id
WHERE b.status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out')
GROUP BY h.slug, b.status
""")
_ATTENTION = text("""
SELECT count(*) FROM bookings
WHERE needs_attention AND status IN ('held', 'pending', 'confirmed', 'checked_in', 'checked_out')
""")


async def count_open_bookings(tx: AsyncConnection) -> dict[tuple[str, str], int]:
    """Open bookings by the hotel's slug and their status."""
    return {(slug, status): count for slug, status, count in (await tx.execute(_COUNTS)).all()}


async def count_needing_attention(tx: AsyncConnection) -> int:
    """Open bookings that wait for a person to look at them."""
    return (await tx.execute(_ATTENTION)).scalar_one()
