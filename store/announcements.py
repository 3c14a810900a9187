"""What Postgres tells of bookings at the moment of their commit, for those who wait to read them.

An opening is committed some time before Temporal has written down that it was. Who waits for the booking may read it as
soon as it is there: rows are the one truth, and a story whose worker dies in between finds its own step in them
(docs/decisions/0014). Nothing depends on an announcement being heard; one that is missed costs time only.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from messages.names import OPENINGS_CHANNEL
from store.listening import again_and_again, listening

LOOK_SECONDS = 30.0


class Announcements:
    """One connection that listens, and those who wait for a booking's reference to be announced."""

    def __init__(self, url: str) -> None:
        """url: postgresql://… in the role of the running system."""
        self._url = url
        self._waiting: dict[str, list[asyncio.Event]] = {}

    @contextmanager
    def of(self, reference: str) -> Iterator[asyncio.Event]:
        """An event that is set once the opening of this booking is announced, from now on."""
        event = asyncio.Event()
        self._waiting.setdefault(reference, []).append(event)
        try:
            yield event
        finally:
            self._waiting[reference].remove(event)
            if not self._waiting[reference]:
                del self._waiting[reference]

    def hear(self, reference: str) -> None:
        """Tells everybody who waits for it."""
        for event in self._waiting.get(reference, ()):
            event.set()

    async def run(self) -> None:
        """Listens until cancelled."""
        await again_and_again(self._listen, "announcements' listener")

    async def _listen(self) -> None:
        async with listening(self._url, OPENINGS_CHANNEL, "holdfast announcements") as connection:
            while True:
                async for notice in connection.notifies(timeout=LOOK_SECONDS):
                    self.hear(notice.payload)
                # A line that was cut says nothing by itself.
                await connection.execute("SELECT 1")
