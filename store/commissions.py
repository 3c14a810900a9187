"""What a hotel owes to those who brought it bookings, added up."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_GROUPS = 500
# Rooms that were never the guest's earn nobody a share.
_NEVER = ("rejected", "expired", "failed")
_TOTALS = text("""
SELECT e.channel, b.source, coalesce(s.name, b.source) AS source_name, b.currency,
    count(*) AS bookings,
    count(*) FILTER (WHERE b.status = 'completed') AS completed,
    coalesce(sum(b.commission_minor) FILTER (WHERE b.status = 'completed'), 0)::bigint AS final_minor,
    coalesce(sum(b.commission_minor) FILTER (WHERE b.status <> 'completed'), 0)::bigint AS expected_minor
FROM bookings b
LEFT JOIN sources s ON s.hotel_id = b.hotel_id AND s.source = b.source
JOIN LATERAL (
    SELECT channel FROM booking_events
    WHERE hotel_id = b.hotel_id AND reference = b.reference ORDER BY seq LIMIT 1
) e ON true
WHERE b.hotel_id = :hotel_id AND b.departure >= :first AND b.departure <= :last AND b.commission_minor IS NOT NULL
    AND b.status <> ALL(:never)
GROUP BY e.channel, b.source, s.name, b.currency
ORDER BY e.channel, b.source, b.currency
LIMIT :most
""")


async def commission_totals(tx: AsyncConnection, hotel_id: int, first: date, last: date) -> Sequence[Any]:
    """Shares of bookings that depart from `first` to `last`, both included, by channel, source and currency.

    Row: channel, source, source_name, currency, bookings, completed, final_minor, expected_minor; at most MOST_GROUPS.
    """
    asked = {"hotel_id": hotel_id, "first": first, "last": last, "never": list(_NEVER), "most": MOST_GROUPS}
    return (await tx.execute(_TOTALS, asked)).all()
