"""A booking's workflow is asked again where the server turns visitors away for a moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio.service import RPCError

TRIES = 10
Told = TypeVar("Told")


async def insisting(ask: Callable[[], Awaitable[Told]]) -> Told:
    """What is answered in the end. The server lets nobody in while a task is tried anew, as on a very busy machine."""
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except RPCError as trouble:
            if "failed state" not in str(trouble):
                raise
            await asyncio.sleep(1)
    return await ask()
