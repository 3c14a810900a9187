"""The postman: hears that a hotel has notices and wakes the workflow that sends them.

A booking's transaction notifies; the postman listens on one connection and rings at most once a second for each hotel.
What is missed (a restart, a lost connection) is found by a sweep at the start, after each reconnection and every
minute. Ringing twice is harmless.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from temporalio.client import Client

from messages.notices import NOTICES_CHANNEL, NOTICES_QUEUE, NoticesStart, Ring, notices_workflow_id
from store.listening import again_and_again, listening
from store.notices import HOTELS_WAITING
from workflows.notices import NoticesWorkflow

SWEEP_SECONDS = 60.0
LEAST_SECONDS_BETWEEN = 1.0
RINGS_AT_ONCE = 8
RING_SECONDS = 10.0
RING_AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Postman:
    """One for a worker process; several ring the same workflows, which is harmless.

    database_url: an address in a role that sees every hotel's notices (holdfast_ops). clock: seconds that only grow.
    """

    def __init__(
        self,
        database_url: str,
        client: Client,
        *,
        clock: Callable[[], float] = time.monotonic,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._url = database_url
        self._client = client
        self._clock = clock
        self._sweep_seconds = sweep_seconds
        self._wanted: dict[int, float] = {}
        self._last_rung: dict[int, float] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Listens and rings until cancelled; troubles of the database or Temporal are waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(again_and_again(self._listen, "postman", self._clock), name="postman: listen")
            tasks.create_task(self._ring_always(), name="postman: ring")

    async def _listen(self) -> None:
        """One connection's life. The sweep comes after LISTEN, so that nothing falls between the two."""
        async with listening(self._url, NOTICES_CHANNEL, "holdfast postman") as connection:
            while True:
                for (hotel_id,) in await (await connection.execute(HOTELS_WAITING)).fetchall():
                    self._want(hotel_id)
                async for notice in connection.notifies(timeout=self._sweep_seconds):
                    if notice.payload.isascii() and notice.payload.isdigit():
                        self._want(int(notice.payload))

    def _want(self, hotel_id: int, after: float = 0.0) -> None:
        """Notes a ring for a hotel, as soon as its last one is a second old."""
        soonest = max(self._clock() + after, self._last_rung.get(hotel_id, float("-inf")) + LEAST_SECONDS_BETWEEN)
        self._wanted[hotel_id] = max(self._wanted.get(hotel_id, soonest), soonest) if after else soonest
        self._news.set()

    async def _ring_always(self) -> None:
        while True:
            self._news.clear()
            now = self._clock()
            ripe = sorted(hotel_id for hotel_id, at in self._wanted.items() if at <= now)[:RINGS_AT_ONCE]
            if ripe:
                for hotel_id in ripe:
                    del self._wanted[hotel_id]
                    self._last_rung[hotel_id] = now
                await asyncio.gather(*(self._ring(hotel_id) for hotel_id in ripe))
                continue
            wait = min(self._wanted.values(), default=now + SWEEP_SECONDS) - now
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _ring(self, hotel_id: int) -> None:
        """Signals the hotel's workflow, starting it where it does not run. A failure is tried again."""
        try:
            async with asyncio.timeout(RING_SECONDS):
                await self._client.start_workflow(
                    NoticesWorkflow.run,
                    NoticesStart(hotel_id),
                    id=notices_workflow_id(hotel_id),
                    task_queue=NOTICES_QUEUE,
                    start_signal="ring",
                    start_signal_args=[Ring()],
                    static_summary=f"Notices of hotel {hotel_id}",
                )
        except Exception as trouble:
            log.warning("Hotel %d's notices could not be woken (%s); again soon.", hotel_id, type(trouble).__name__)
            self._want(hotel_id, after=RING_AGAIN_SECONDS)
