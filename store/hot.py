"""Statements on the paths that people wait for: constant text, prepared, sent by the driver itself.

SQLAlchemy's own layer costs as much as such a statement takes in the database. It still says how the parameters are
written, so that all SQL in this folder reads alike.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.rows import namedtuple_row
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection as Transaction

from store.session import driver_of

# Only its way of writing parameters is used: $1, $2 as the server itself reads them, one number for each name.
_DIALECT = PGDialect_asyncpg()


class Hot:
    """A constant statement with :named parameters."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        compiled = text(statement).compile(dialect=_DIALECT)
        self._sent = str(compiled).encode()
        self._names = tuple(compiled.positiontup or ())

    async def sent(self, driver: AsyncConnection[Any], values: Mapping[str, Any]) -> AsyncRawCursor[Any]:
        """Asks; its rows, as named tuples, are in the cursor once the server has answered."""
        cursor = AsyncRawCursor(driver, row_factory=namedtuple_row)
        await cursor.execute(self._sent, [values[name] for name in self._names], prepare=True)
        return cursor

    async def rows(self, tx: Transaction, values: Mapping[str, Any]) -> list[Any]:
        """Every row, as a named tuple."""
        cursor = await self.sent(await driver_of(tx), values)
        return await cursor.fetchall()


# A statement with its values.
Asked = tuple[Hot, Mapping[str, Any]]


async def at_once(tx: Transaction, *asked: Asked) -> list[AsyncRawCursor[Any]]:
    """Statements that do not need each other's answers, in one round trip; each cursor has what its own one answered.

    One that fails ends those after it, and its error is the one that is raised.
    """
    sending = asyncio.create_task(_send(await driver_of(tx), asked))
    try:
        return await asyncio.shield(sending)
    finally:
        # Whoever is cancelled waits for the end all the same: a connection is of no use in the middle of its answers.
        while not sending.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait((sending,))


async def _send(driver: AsyncConnection[Any], asked: Sequence[Asked]) -> list[AsyncRawCursor[Any]]:
    async with driver.pipeline():
        return [await statement.sent(driver, values) for statement, values in asked]
