"""The one place that opens a connection and commits.

Every transaction says for which hotel it acts; row security answers with no rows otherwise. The setting is local to the
transaction, so a connection that is used again, also after an error, carries nothing over.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.to_the_end import ToTheEnd

if TYPE_CHECKING:
    from store.hot import Asked

STATEMENT_TIMEOUT_MS = 4_000
LOCK_TIMEOUT_MS = 2_000
# The server ends what takes too long by itself; one that is silent for longer than that is not there any more.
SILENCE_SECONDS = 4.5
CANCEL_SECONDS = 1.0
# Local to its transaction, so that nothing is carried over on the connection.
_FOR_HOTEL = "SELECT set_config('holdfast.hotel_id', '{}', true)"


class BypassingRole(RuntimeError):
    """The role could read every hotel's rows, so the system refuses to start with it."""


class DatabaseAway(ConnectionError):
    """The database can't be reached, or did not answer in time; the same may be tried again after a moment."""


_MAY_PASS = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError, PoolTimeoutError)
# The driver files these under errors inside the server; a server that takes no writes, or ended a transaction that
# idled, is none.
_MAY_PASS_TOO = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout)


def _may_pass(trouble: BaseException) -> bool:
    """Whether the same may be tried again after a moment."""
    cause = trouble.orig if isinstance(trouble, DBAPIError) else trouble
    return isinstance(trouble, _MAY_PASS) or isinstance(cause, _MAY_PASS_TOO)


@contextmanager
def _what_may_pass() -> Iterator[None]:
    """Errors: DatabaseAway for all that may pass by itself; a bug stays what it is."""
    try:
        yield
    except (psycopg.Error, DBAPIError, PoolTimeoutError) as trouble:
        if not _may_pass(trouble):
            raise
        raise DatabaseAway(f"The database did not do it: {type(trouble).__name__}.") from trouble


class Listener(psycopg.AsyncConnection[Any]):
    """A connection that hangs up on a server that says nothing for SILENCE_SECONDS.

    Time-outs of statements are the server's own: one that is frozen, or behind a line that was cut, keeps none of them.
    """

    hung_up = False

    async def wait(self, *args: Any, **named: Any) -> Any:
        """As the driver waits, within the bound."""
        loop = asyncio.get_running_loop()
        waits = True

        def look_again() -> None:
            if waits:
                self._hang_up()

        # A process that was itself too slow must not blame the server: what has come by now is read before this.
        bound = loop.call_later(SILENCE_SECONDS, lambda: loop.call_soon(look_again))
        try:
            return await super().wait(*args, **named)
        finally:
            waits = False
            bound.cancel()

    async def cancel_safe(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109 - the driver's own words.
        """Asks the server to end a statement that nobody waits for; hangs up on one that does not hear that either."""
        try:
            await super().cancel_safe(timeout=min(timeout, CANCEL_SECONDS))
        except BaseException:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        """Ends the line under the driver, which then reports a lost connection to whoever waits."""
        self.hung_up = True
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)


class Database:
    """A bounded pool of connections in one role.

    url: postgresql://… of a role that row security binds. pool_size: twice as many connections at most. Each is opened
    when it is needed first and then kept, and the one used last is used next: a fresh one plans every statement anew,
    which costs more than carrying it out.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self._pool_size = pool_size
        self._left = ToTheEnd()
        self._closed = False
        self._engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            pool_size=2 * pool_size,
            max_overflow=0,
            pool_use_lifo=True,
            pool_timeout=3,
            pool_pre_ping=False,
            pool_recycle=900,
            connect_args={
                "async_creator_fn": Listener.connect,
                "connect_timeout": 3,
                "prepare_threshold": 2,
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} "
                "-c TimeZone=UTC -c idle_in_transaction_session_timeout=10000",
            },
        )

    async def open(self) -> None:
        """Connects once and refuses a role that row security does not bind (BypassingRole)."""
        async with self.public() as tx:
            row = (
                await tx.execute(
                    text("SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
                )
            ).one()
            if row[1]:
                raise BypassingRole(f"The role {row[0]} can bypass row security; use holdfast_app.")

    async def close(self) -> None:
        """Closes the pool, once what goes on for those who have gone is at its end.

        A connection that is still in use is closed when it is given back: its pool is gone by then.
        """
        await self._left.all_over()
        self._closed = True
        await self._engine.dispose()

    @asynccontextmanager
    async def hotel(self, hotel_id: int) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees and writes the rows of one hotel only."""
        async with self._transaction(f"BEGIN; {_FOR_HOTEL.format(int(hotel_id))}") as tx:
            yield tx

    @asynccontextmanager
    async def public(self, staff_id: int | None = None) -> AsyncIterator[AsyncConnection]:
        """One transaction without a hotel: public tables, and the roles of one person where given."""
        who = "" if staff_id is None else f"; SELECT set_config('holdfast.staff_id', '{int(staff_id)}', true)"
        async with self._transaction(f"BEGIN{who}") as tx:
            yield tx

    async def look(self, *asked: "Asked", hotel_id: int | None = None) -> list[list[Any]]:
        """The rows of constant reads, all in one round trip, of one hotel or of public tables.

        The server takes what arrives at once for one transaction, so the hotel's setting ends with it. A look that
        nobody waits for any more goes on to its end, which the bounds of statements keep near: what is cut in the
        middle of several answers leaves a connection of no use. Errors: DatabaseAway as for a transaction.
        """
        with _what_may_pass():
            return await self._left.seen_through(self._look(asked, hotel_id))

    async def _look(self, asked: Sequence["Asked"], hotel_id: int | None) -> list[list[Any]]:
        for _ in range(2 * self._pool_size):
            tx, driver = await self._make_connected()
            try:
                return await _looked(driver, asked, hotel_id)
            except psycopg.OperationalError:
                # A connection that a restarted server has forgotten is thrown away.
                if driver.hung_up or not driver.closed:
                    raise
            finally:
                await self._give_back(tx, driver)
        raise DatabaseAway("The database closes every connection.")

    @asynccontextmanager
    async def _transaction(self, opening: str) -> AsyncIterator[AsyncConnection]:
        """Begins and says for whom in one round trip; commits at the end, rolls back on any error.

        The driver is in autocommit, so that it adds no statement of its own. Errors: DatabaseAway for all that may pass
        by itself (no connection, a lost or silent one, a lock or statement that took too long, a server that takes no
        writes).
        """
        with _what_may_pass():
            tx, driver = await self._begin(opening.encode())
            try:
                yield tx
                ended = await driver.execute(b"COMMIT", prepare=False)
                if ended.statusmessage != "COMMIT":
                    raise RuntimeError("An error inside the transaction was swallowed; the server rolled it back.")
            except BaseException:
                # One after the other, also when whoever waits is cancelled here: giving back closes what is in use.
                await self._left.seen_through(self._undo(tx, driver))
                raise
            await self._left.seen_through(self._give_back(tx, driver))

    async def _connected(self) -> tuple[AsyncConnection, Listener]:
        """A connection of the pool. One that is made for somebody who does not wait for it goes to the pool.

        A pool that is interrupted while it makes one forgets it, and the server keeps it open.
        """
        making = self._left.begin(self._make_connected())
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(self._take_back)
            raise

    async def _make_connected(self) -> tuple[AsyncConnection, Listener]:
        tx = await self._engine.connect()
        return tx, await driver_of(tx)

    def _take_back(self, made: "asyncio.Task[tuple[AsyncConnection, Listener]]") -> None:
        if made.cancelled() or made.exception() is not None:
            return
        self._left.begin(self._give_back(*made.result()))

    async def _begin(self, opening: bytes) -> tuple[AsyncConnection, Listener]:
        """A connection in a fresh transaction. Connections that a restarted server has forgotten are thrown away."""
        for _ in range(2 * self._pool_size):
            tx, driver = await self._connected()
            try:
                await driver.execute(opening, prepare=False)
            except BaseException as trouble:
                lost = driver.closed and not driver.hung_up and isinstance(trouble, psycopg.OperationalError)
                await self._left.seen_through(self._give_back(tx, driver))
                if not lost:
                    raise
                continue
            return tx, driver
        raise DatabaseAway("The database closes every connection.")

    async def _undo(self, tx: AsyncConnection, driver: Listener) -> None:
        """Ends a transaction that failed, and then returns its connection."""
        try:
            await _roll_back(driver)
        finally:
            await self._give_back(tx, driver)

    async def _give_back(self, tx: AsyncConnection, driver: Listener) -> None:
        """Returns the connection to the pool, or takes it out where it is lost, or still busy with what it did."""
        idle = not driver.closed and driver.info.transaction_status is TransactionStatus.IDLE
        if self._closed or not idle or driver.pgconn.pipeline_status != PipelineStatus.OFF:
            await tx.invalidate()
        await tx.close()


async def driver_of(tx: AsyncConnection) -> Listener:
    """The driver's own connection under one of SQLAlchemy's."""
    driver = (await tx.get_raw_connection()).driver_connection
    if not isinstance(driver, Listener):
        raise TypeError("The store speaks through psycopg.")
    return driver


async def _looked(driver: Listener, asked: Sequence["Asked"], hotel_id: int | None) -> list[list[Any]]:
    async with driver.pipeline():
        if hotel_id is not None:
            await driver.execute(_FOR_HOTEL.format(int(hotel_id)).encode(), prepare=False)
        cursors = [await statement.sent(driver, values) for statement, values in asked]
    return [await cursor.fetchall() for cursor in cursors]


async def _roll_back(driver: psycopg.AsyncConnection[Any]) -> None:
    """Ends a transaction that failed. A connection that is lost has none any more; the first error counts."""
    with suppress(psycopg.Error):
        if not driver.closed:
            await driver.execute(b"ROLLBACK", prepare=False)


def app_url(owner_url: str, role: str = "holdfast_app") -> str:
    """The same database as the owner's address, in a run-time role."""
    return make_url(owner_url).set(username=role).render_as_string(hide_password=False)


def adapter(kind: type) -> TypeAdapter:
    """Reads and writes one of our dataclasses as JSON."""
    return TypeAdapter(kind)
