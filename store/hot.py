"""Statements on the path of a booking's creation: constant text, prepared, sent by the driver itself.

SQLAlchemy's own layer costs as much as such a statement takes in the database. It still says how the parameters are
written, so that all SQL in this folder reads alike.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import namedtuple_row
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

from store.session import driver_of

_DIALECT = PGDialect_psycopg()


class Hot:
    """A constant statement with :named parameters."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._sent = str(text(statement).compile(dialect=_DIALECT)).encode()

    async def rows(self, tx: AsyncConnection, values: Mapping[str, Any]) -> list[Any]:
        """Every row, as a named tuple."""
        cursor = (await driver_of(tx)).cursor(row_factory=namedtuple_row)
        await cursor.execute(self._sent, values, prepare=True)
        return await cursor.fetchall()
