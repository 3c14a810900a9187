"""Transactions on connections that break: nothing is half done, and the next one works."""

import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store import session
from store.hot import Hot
from store.session import Database, DatabaseAway, Listener
from tests.houses import plain, superuser_url


def end_connections(owner_url: str) -> None:
    """The server ends every connection of the application, as a restart does."""
    with psycopg.connect(plain(superuser_url(owner_url)), autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'holdfast_app' AND datname = current_database()"
        )


async def run(database: Database, *statements: str) -> None:
    """Some statements in one transaction of the hotel in Kochi."""
    async with database.hotel(3) as tx:
        for statement in statements:
            await tx.execute(text(statement))


def connections_made(monkeypatch: pytest.MonkeyPatch) -> list[Listener]:
    """Every connection that is made from now on."""
    made: list[Listener] = []
    connect = Listener.connect

    async def noted(*args: Any, **named: Any) -> Listener:
        made.append(one := await connect(*args, **named))
        return one

    monkeypatch.setattr(Listener, "connect", noted)
    return made


async def test_connections_that_the_server_ended_are_replaced_unseen(database: Database, owner_url: str) -> None:
    """After a restart of the database the next transactions simply work."""
    async with database.public() as one, database.public() as two:
        assert (await one.execute(text("SELECT 1"))).scalar() == (await two.execute(text("SELECT 1"))).scalar()
    end_connections(owner_url)
    async with database.public() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar() == 1


async def test_a_connection_lost_in_the_middle_is_told_and_the_next_works(database: Database, owner_url: str) -> None:
    """What was under way fails as a passing trouble; nothing of it stays."""

    async def is_cut_off() -> None:
        async with database.hotel(3) as tx:
            await tx.execute(text("UPDATE rooms SET housekeeping = 'dirty'"))
            end_connections(owner_url)
            await tx.execute(text("SELECT 1"))

    with pytest.raises(DatabaseAway):
        await is_cut_off()
    async with database.hotel(3) as tx:
        dirty = (await tx.execute(text("SELECT count(*) FROM rooms WHERE housekeeping = 'dirty'"))).scalar()
    assert dirty == 0


async def test_a_statement_that_takes_too_long_is_a_passing_trouble(app_url: str) -> None:
    """The bound on every statement holds, and the connection is whole afterwards."""
    database = Database(app_url, pool_size=1)
    with pytest.raises(DatabaseAway):
        await run(database, "SET LOCAL statement_timeout = 50", "SELECT pg_sleep(5)")
    async with database.public() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar() == 1
    await database.close()


async def test_a_server_that_takes_no_writes_is_a_passing_trouble(database: Database) -> None:
    """Set to read only, or a follower: what is read is answered, what is written may be sent again."""
    async with database.hotel(3) as tx:
        await tx.execute(text("SET TRANSACTION READ ONLY"))
        assert (await tx.execute(text("SELECT count(*) FROM rooms"))).scalar()
    with pytest.raises(DatabaseAway):
        await run(database, "SET TRANSACTION READ ONLY", "UPDATE rooms SET housekeeping = 'dirty'")


async def test_who_goes_while_a_connection_is_made_leaves_it_to_the_pool(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that is interrupted in the middle of it forgets the connection, and the server keeps it open."""
    made: list[Listener] = []
    connect = Listener.connect

    async def slowly(*args: Any, **named: Any) -> Listener:
        made.append(one := await connect(*args, **named))
        await asyncio.sleep(0.1)
        return one

    monkeypatch.setattr(Listener, "connect", slowly)
    database = Database(app_url, pool_size=1)
    for look in (run(database, "SELECT 1"), database.look((Hot("SELECT 1 AS one"), {}))):
        before = len(made)
        gone = asyncio.create_task(look)
        while len(made) == before:
            await asyncio.sleep(0.01)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    await database.close()
    assert [one for one in made if not one.closed] == []


async def test_a_cancelled_task_leaves_no_transaction_behind(app_url: str) -> None:
    """Somebody stops waiting in the middle: the pool's only connection serves the next one, in a fresh transaction."""
    database = Database(app_url, pool_size=1)

    async def waits() -> None:
        async with database.hotel(3) as tx:
            await tx.execute(text("UPDATE rooms SET housekeeping = 'dirty'"))
            await tx.execute(text("SELECT pg_sleep(3)"))

    task = asyncio.create_task(waits())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.hotel(3) as tx:
        dirty = (await tx.execute(text("SELECT count(*) FROM rooms WHERE housekeeping = 'dirty'"))).scalar()
    assert dirty == 0
    await database.close()


async def test_who_goes_while_a_transaction_is_undone_leaves_no_connection(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody waits for any more is at its end, and its connection closed, when the database is closed."""
    made, undoing = connections_made(monkeypatch), asyncio.Event()

    async def slowly(driver: Listener) -> None:
        undoing.set()
        await asyncio.sleep(0.1)
        await roll_back(driver)

    roll_back = session._roll_back
    monkeypatch.setattr(session, "_roll_back", slowly)
    database = Database(app_url, pool_size=1)
    task = asyncio.create_task(run(database, "SELECT 1 / 0"))
    await undoing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.close()
    assert [one for one in made if not one.closed] == []


async def test_a_connection_that_comes_back_after_the_database_was_closed_is_closed(
    app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool it came from is gone; nobody else would close it."""
    made = connections_made(monkeypatch)
    database = Database(app_url, pool_size=1)
    async with database.public() as tx:
        await tx.execute(text("SELECT 1"))
        await database.close()
    assert [one for one in made if not one.closed] == []


async def test_an_error_that_was_swallowed_is_not_committed_in_silence(database: Database) -> None:
    """The server rolls an aborted transaction back at COMMIT; that is never taken for done."""

    async def swallows() -> None:
        async with database.public() as tx:
            with pytest.raises(DBAPIError, match="division"):
                await tx.execute(text("SELECT 1 / 0"))

    with pytest.raises(RuntimeError, match="swallowed"):
        await swallows()


async def test_a_database_that_is_nowhere_is_a_passing_trouble() -> None:
    """No server at the address."""
    database = Database("postgresql://holdfast_app@127.0.0.1:9/nowhere")
    with pytest.raises(DatabaseAway):
        await database.open()
    await database.close()


async def _server_process(database: Database, together: asyncio.Barrier | None = None) -> int:
    """The server's process behind a transaction; `together` holds it open until the others are there."""
    async with database.public() as tx:
        number = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        if together is not None:
            await together.wait()
        return int(number)


async def test_a_connection_that_a_rush_has_opened_serves_the_next_rush(app_url: str) -> None:
    """A fresh connection plans every statement anew, which costs more than carrying most of them out."""
    database = Database(app_url, pool_size=2)
    rushes = []
    for _ in range(3):
        together = asyncio.Barrier(4)
        rushes.append(set(await asyncio.gather(*(_server_process(database, together) for _ in range(4)))))
    await database.close()
    assert len(rushes[0]) == 4
    assert rushes[1] == rushes[2] == rushes[0]


async def test_one_after_another_uses_one_connection(app_url: str) -> None:
    """The connection used last is used next, so that its plans are used while others rest."""
    database = Database(app_url, pool_size=2)
    together = asyncio.Barrier(4)
    await asyncio.gather(*(_server_process(database, together) for _ in range(4)))
    used = {await _server_process(database) for _ in range(8)}
    await database.close()
    assert len(used) == 1
