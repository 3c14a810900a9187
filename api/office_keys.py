"""Idempotency of what the office writes about a booking: the same key and body make one thing."""

from sqlalchemy.ext.asyncio import AsyncConnection

from api.idempotency import Once, key_reused
from store.booking_reads import BookingRecord
from store.people import keep_key, read_key


async def made_before(tx: AsyncConnection, record: BookingRecord, once: Once) -> int | None:
    """The number of what this key made before. Errors: 409 idempotency_key_reused where it came with another body.

    tx: one that has begun with the booking's own lock, so that two requests of one key make one thing.
    """
    known = await read_key(tx, record.hotel_id, record.reference, once.key)
    if known is None:
        return None
    if known[0] != once.body_hash:
        raise key_reused()
    return known[1]


async def keep_made(tx: AsyncConnection, record: BookingRecord, once: Once, made: int) -> None:
    """Writes down what the key made."""
    await keep_key(tx, record.hotel_id, record.reference, once.key, once.body_hash, made)
