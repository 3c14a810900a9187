"""The gauges of /metrics that come from the database: bookings, clocks, letters, and the server itself."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from store.booking_counts import HotelCounts, ServerCounts, count_hotels, count_server
from store.session import Database

GOOD_FOR_SECONDS = 15.0
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Counts:
    """What the last look found; server is None where the database did not answer it."""

    hotels: tuple[HotelCounts, ...] = ()
    server: ServerCounts | None = None


class Census:
    """Counts at most four times a minute, however often it is asked."""

    def __init__(self) -> None:
        self._counted_at = -GOOD_FOR_SECONDS
        self._last: Counts | None = None

    async def counts(self, operations: Database | None, clock: Callable[[], datetime]) -> Counts | None:
        """The last counts; None where operations has no address. clock: the real one, which clocks are late by."""
        if operations is None:
            return None
        if time.monotonic() - self._counted_at >= GOOD_FOR_SECONDS:
            self._counted_at = time.monotonic()
            self._last = await _count(operations, clock())
        return self._last


async def _count(operations: Database, now: datetime) -> Counts:
    try:
        async with asyncio.timeout(LOOK_SECONDS), operations.public() as tx:
            return Counts(tuple(await count_hotels(tx, now)), await count_server(tx))
    except (TimeoutError, OSError, SQLAlchemyError):
        return Counts()
