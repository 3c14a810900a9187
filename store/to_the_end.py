"""What goes on to its end, also when whoever asked for it has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Done = TypeVar("Done")


class ToTheEnd:
    """Tasks that are kept until they are over; each has bounds of its own."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, doing: Coroutine[Any, Any, Done]) -> asyncio.Task[Done]:
        """The task; whoever waits for it shields it, so that it is not cancelled with them."""
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    async def seen_through(self, doing: Coroutine[Any, Any, Done]) -> Done:
        """What comes of it. It goes on to its end also where whoever waits here is cancelled."""
        return await asyncio.shield(self.begin(doing))

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Looked at here, because nobody may wait for it any more.
            task.exception()

    async def all_over(self) -> None:
        """Waits for everything that is under way, and for what that begins."""
        while self._tasks:
            await asyncio.wait(self._tasks)
