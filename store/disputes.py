"""Disputes as they were seen last, and what is open about them before the hotel's people."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.disputes import DisputeSeen, all_in_words, ending
from store.session import Database

MOST = 50
# The booking's row is locked, so that two answers at once open one item.
_LOCK = text("""
SELECT h.zone FROM bookings b JOIN hotels h ON h.hotel_id = b.hotel_id
WHERE b.hotel_id = :hotel_id AND b.reference = :reference FOR UPDATE OF b
""")
# An answer that was overtaken by a newer one changes nothing.
_KEEP = text("""
INSERT INTO disputes (hotel_id, dispute_id, reference, payment, kind, amount_minor, currency, reason, status, due_by,
    seen_at)
VALUES (:hotel_id, :dispute_id, :reference, :payment, :kind, :amount_minor, :currency, :reason, :status, :due_by, :at)
ON CONFLICT (hotel_id, dispute_id) DO UPDATE SET amount_minor = EXCLUDED.amount_minor, reason = EXCLUDED.reason,
    status = EXCLUDED.status, due_by = EXCLUDED.due_by, seen_at = EXCLUDED.seen_at
WHERE disputes.seen_at <= EXCLUDED.seen_at
""")
_OF_KIND = text("""
SELECT payment, dispute_id, kind, amount_minor, currency, reason, status, due_by FROM disputes
WHERE hotel_id = :hotel_id AND reference = :reference AND kind = :kind ORDER BY dispute_id LIMIT :most
""")
_OF_PAYMENT = text("""
SELECT payment, dispute_id, kind, amount_minor, currency, reason, status, due_by, seen_at FROM disputes
WHERE hotel_id = :hotel_id AND reference = :reference AND payment = :payment ORDER BY dispute_id LIMIT :most
""")
_OPEN = text("""
INSERT INTO attention_items (hotel_id, reference, kind, detail, opened_at)
VALUES (:hotel_id, :reference, :kind, :detail, :at)
ON CONFLICT (hotel_id, coalesce(reference, ''), kind, about) WHERE closed_at IS NULL AND notice_id IS NULL
DO UPDATE SET detail = EXCLUDED.detail
""")
_CLOSE = text("""
UPDATE attention_items SET closed_at = :at, closed_reason = :why
WHERE hotel_id = :hotel_id AND reference = :reference AND kind = :kind AND closed_at IS NULL AND notice_id IS NULL
""")
_ACCEPTED = text("""
SELECT b.hold_address, (SELECT e.channel FROM booking_events e
    WHERE e.hotel_id = b.hotel_id AND e.reference = b.reference ORDER BY e.seq LIMIT 1) AS channel
FROM bookings b WHERE b.hotel_id = :hotel_id AND b.reference = :reference
""")


class Disputes:
    """Disputes of every hotel's bookings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, hotel_id: int, reference: str, payment: int, seen: DisputeSeen, at: datetime) -> None:
        """Writes down how a dispute stood at the real clock's `at`; opens, words anew or closes the booking's item."""
        place = {"hotel_id": hotel_id, "reference": reference, "kind": seen.kind, "at": at}
        async with self._database.hotel(hotel_id) as tx:
            zone = (await tx.execute(_LOCK, place)).scalar_one()
            await tx.execute(_KEEP, {**place, **asdict(seen), "payment": payment})
            rows = (await tx.execute(_OF_KIND, {**place, "most": MOST})).all()
            found = [(row.payment, DisputeSeen(*row[1:])) for row in rows]
            detail = all_in_words(found, zone)
            if detail:
                await tx.execute(_OPEN, {**place, "detail": detail})
            else:
                await tx.execute(_CLOSE, {**place, "why": ending(found)})


async def disputes_of(tx: AsyncConnection, hotel_id: int, reference: str, payment: int) -> Sequence[Any]:
    """The disputes and warnings of one payment: dispute_id, kind, amount_minor, currency, reason, status, due_by, …"""
    asked = {"hotel_id": hotel_id, "reference": reference, "payment": payment, "most": MOST}
    return (await tx.execute(_OF_PAYMENT, asked)).all()


async def accepted_from(tx: AsyncConnection, hotel_id: int, reference: str) -> Any:
    """By which channel the booking was made, and the keyed hash of the address, where one was kept."""
    return (await tx.execute(_ACCEPTED, {"hotel_id": hotel_id, "reference": reference})).one()
