"""Reports for the hotel's people."""

from datetime import date
from typing import Any

from pydantic import Field

from api.shapes.common import Money, Told


class CommissionRow(Told):
    """What is owed to one source for bookings that came by one channel."""

    channel: str = Field(description="How the bookings came: web, desk or a channel.")
    source: str
    source_name: str
    bookings: int
    completed: int
    final: Money = Field(description="Of completed bookings.")
    expected: Money = Field(description="Of all others, as they are now.")


class CommissionReport(Told):
    """Shares of bookings that depart in a span of days; a line for each channel, source and currency."""

    first: date
    last: date
    items: list[CommissionRow]


COMMISSION: dict[str, Any] = {
    "first": "2026-12-01",
    "last": "2026-12-31",
    "items": [
        {
            "channel": "desk",
            "source": "channel:own",
            "source_name": "A channel",
            "bookings": 3,
            "completed": 2,
            "final": {"amount_minor": 61200, "currency": "INR"},
            "expected": {"amount_minor": 30600, "currency": "INR"},
        }
    ],
}
COMMISSION_CSV = (
    "channel,source,source_name,bookings,completed,final_minor,expected_minor,currency\r\n"
    "desk,channel:own,A channel,3,2,61200,30600,INR\r\n"
)
