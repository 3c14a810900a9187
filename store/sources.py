"""Where a hotel's bookings may come from, and which booking has a source's own reference already."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.sources import Source

MAX_SOURCES = 200
_LISTED = text("""
SELECT source, name, commission_percent, commission_base, active
FROM sources
WHERE hotel_id = :hotel_id
ORDER BY source
LIMIT :most
""")
# Told by an index of its own: (hotel_id, source, source_reference) where there is one.
_REFERENCE = text("""
SELECT reference FROM bookings
WHERE hotel_id = :hotel_id AND source = :source AND source_reference = :source_reference AND source_reference <> ''
""")


async def listed_sources(tx: AsyncConnection, hotel_id: int) -> list[Source]:
    """What the hotel itself lists, by name, at most MAX_SOURCES; plain sources without a row are not among them."""
    return [Source(*row) for row in await tx.execute(_LISTED, {"hotel_id": hotel_id, "most": MAX_SOURCES})]


async def booking_of_source(tx: AsyncConnection, hotel_id: int, source: str, source_reference: str) -> str | None:
    """The reference of the booking that has this reference of its source; None where none has, or it is empty."""
    named = {"hotel_id": hotel_id, "source": source, "source_reference": source_reference}
    return (await tx.execute(_REFERENCE, named)).scalar()
