"""Work that is done after an answer: so that the answer's time tells nothing of it. Bounded, and ended with the API."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from api.problems import busy

AT_ONCE = 4
MOST_WAITING = 200
SECONDS = 30.0
LAST_SECONDS = 5.0

log = structlog.get_logger("api")


class Errands:
    """The errands of one process. What is still under way when the process ends is given a moment, then given up."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def start(self, errand: Coroutine[Any, Any, None]) -> None:
        """Begins an errand. Errors: 503 not_ready when too many wait, whatever they are about."""
        if len(self._under_way) >= MOST_WAITING:
            errand.close()
            raise busy("not_ready", "Too much is being asked for; try again in a moment.")
        task = asyncio.get_running_loop().create_task(self._run(errand))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _run(self, errand: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(SECONDS), self._turns:
                await errand
        except Exception as trouble:
            # Nobody waits for an answer any more; the log is told the kind of trouble and never the words.
            log.warning("errand_failed", error=type(trouble).__name__)
        finally:
            errand.close()

    async def close(self) -> None:
        """Waits a moment for what is under way, then ends it."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()
