"""Turns at a booking: in one process its commands are sent one after another.

A booking decides its commands one by one anyway, and its workflow takes ten of them at a time; more would wait inside
Temporal, with tries again, until their callers give up. Who had to wait here looks at the row again: mostly the one
before has settled the matter, as with a button that is pressed fifty times.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from api.problems import busy

WAIT_SECONDS = 8.0


@dataclass
class _Queue:
    """Who is at one booking: the one whose turn it is, and those who wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    people: int = 0


class Turns:
    """One caller at a time for each booking. A booking that nobody asks is forgotten."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def at(self, reference: str) -> AsyncIterator[bool]:
        """The turn, once it has come; whether it had to be waited for. Errors: 503 not_answered_in_time."""
        queue = self._queues.setdefault(reference, _Queue())
        waits = queue.people > 0
        queue.people += 1
        try:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await queue.lock.acquire()
            except TimeoutError as late:
                told = "Other commands to this booking are still under way; send the same key again."
                raise busy("not_answered_in_time", told) from late
            try:
                yield waits
            finally:
                queue.lock.release()
        finally:
            queue.people -= 1
            if queue.people == 0:
                del self._queues[reference]
