"""How a stand-in tells its news: each a POST to one address, tried again for a while.

What is owed is kept in the stand-in's file, so that it outlives a kill.
"""

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Container
from typing import Any, Protocol

import requests

# Vendors try for hours or days; a stand-in only has to bridge a restart.
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
SECONDS = 5.0


class Owing(Protocol):
    """The file that knows what is still to be told."""

    def owed(self, now: float) -> dict[str, Any] | None:
        """What is due first, with its `number`, its `body`, and how many `tries` it had."""
        ...

    def next_owed_at(self) -> float | None:
        """When the next is due; None when there is none."""
        ...


class Sender(ABC):
    """Tells one address what is owed, in its order. url: empty tells nothing by itself; heard: the statuses of a yes.

    One goes out after the other: the order in which news arrives is what tests plan and look at.
    """

    def __init__(self, file: Owing, url: str, heard: Container[int | None]) -> None:
        self._owing, self.url, self._heard = file, url, heard
        self._session = requests.Session()
        # A proxy of the surroundings leads out of this machine, never to a part of it.
        self._session.trust_env = False
        self._news = asyncio.Event()
        self._on_the_wire = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Begins, or goes on, telling what is owed. It is called inside the loop that serves."""
        if not self.url:
            return
        self._news.set()
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Ends the telling; what is owed stays in the file."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def quiet(self) -> None:
        """Returns once what is on the wire has arrived: who forgets everything hears of nothing older afterwards."""
        async with self._on_the_wire:
            pass

    async def deliver(self, body: str, url: str = "") -> int | None:
        """One delivery now; answers the HTTP status, None where nobody answered."""
        try:
            return await asyncio.to_thread(self._send, body, url or self.url)
        except requests.RequestException:
            return None

    async def _run(self) -> None:
        while True:
            self._news.clear()
            async with self._on_the_wire:
                due = self._due()
                if due is not None:
                    await self._tell(due)
            if due is not None:
                continue
            next_at = self._owing.next_owed_at()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if next_at is None else max(0.01, next_at - time.time())):
                    await self._news.wait()

    def _due(self) -> dict[str, Any] | None:
        return self._owing.owed(time.time())

    async def _tell(self, one: dict[str, Any]) -> None:
        status = await self.deliver(one["body"])
        if status in self._heard:
            self._note(one, "delivered", status, time.time())
        elif one["tries"] >= len(PAUSES):
            self._note(one, "failed", status, time.time())
        else:
            self._note(one, "waiting", status, time.time() + PAUSES[one["tries"]])

    @abstractmethod
    def _send(self, body: str, url: str) -> int:
        """One POST, in a thread; answers the HTTP status. Errors: those of requests."""

    @abstractmethod
    def _note(self, one: dict[str, Any], state: str, status: int | None, at: float) -> None:
        """Keeps what became of one after this try: `delivered`, `failed`, or `waiting` until an instant."""
