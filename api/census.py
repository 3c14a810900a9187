"""The gauges of /metrics that come from the database: open bookings by hotel and status."""

import asyncio
import time
from dataclasses import dataclass
from dataclasses import field as default

from sqlalchemy.exc import SQLAlchemyError

from store.booking_counts import count_needing_attention, count_open_bookings
from store.session import Database

GOOD_FOR_SECONDS = 15.0
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Counts:
    """Open bookings by (hotel, status), and how many of them need attention."""

    by_status: dict[tuple[str, str], int] = default(default_factory=dict)
    needing_attention: int = 0


class Census:
    """Counts at most four times a minute, however often it is asked."""

    def __init__(self) -> None:
        self._counted_at = -GOOD_FOR_SECONDS
        self._last: Counts | None = None

    async def counts(self, operations: Database | None) -> Counts | None:
        """The last counts; None where operations has no address, or its database does not answer."""
        if operations is None:
            return None
        if time.monotonic() - self._counted_at >= GOOD_FOR_SECONDS:
            self._counted_at = time.monotonic()
            self._last = await _count(operations)
        return self._last


async def _count(operations: Database) -> Counts | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS), operations.public() as tx:
            return Counts(await count_open_bookings(tx), await count_needing_attention(tx))
    except (TimeoutError, OSError, SQLAlchemyError):
        return None
