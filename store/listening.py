"""One connection that listens to what transactions announce, held for as long as the database lets it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 30.0

log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(url: str, channel: str, name: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection that hears this channel from now on; url: postgresql://…, name: as the database's own lists show."""
    connecting = asyncio.ensure_future(
        psycopg.AsyncConnection.connect(
            make_url(url).set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True,
            connect_timeout=5,
            options="-c statement_timeout=10000",
            application_name=name,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    )
    try:
        connection = await asyncio.shield(connecting)
    except asyncio.CancelledError:
        # The driver leaves a connection open that it is told to forget while it connects.
        with suppress(psycopg.Error, OSError):
            await (await connecting).close()
        raise
    async with connection:
        await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
        yield connection


async def again_and_again(
    listen: Callable[[], Awaitable[None]], who: str, clock: Callable[[], float] = time.monotonic
) -> None:
    """Listens until cancelled; a database that is away is waited for, longer each time. clock: seconds."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = clock()
        try:
            await listen()
        except (psycopg.Error, OSError) as trouble:
            if clock() - began > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("The %s lost the database (%s); again in %.1f s.", who, type(trouble).__name__, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
