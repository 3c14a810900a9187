"""A database server that is there and says nothing: frozen, or behind a line that was cut."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from api.census import Census
from api.front_desk import FrontDesk
from api.health import Health
from api.house import real_clock
from cli.postgres import SOCKET_NAME
from store import session
from store.session import Database, DatabaseAway
from tests.houses import opened
from tests.toll import Toll

# A busy machine is slow too; what has no bound waits for ever.
SLACK_SECONDS = 4.0


@pytest.fixture
def line(app_url: str) -> Iterator[Toll]:
    """The line to the real server."""
    with tempfile.TemporaryDirectory(prefix="holdfast-line-") as folder:
        server = Path(str(make_url(app_url).query["host"])) / SOCKET_NAME
        with Toll(str(server), str(Path(folder) / SOCKET_NAME)) as toll:
            yield toll


@pytest.fixture
def through(app_url: str, line: Toll) -> str:
    """The database's address by that line."""
    by_line = make_url(app_url).update_query_dict({"host": str(Path(line.door).parent)})
    return by_line.render_as_string(hide_password=False)


async def look(database: Database) -> object:
    """One statement in one transaction."""
    async with database.public() as tx:
        return (await tx.execute(text("SELECT 1"))).scalar()


async def warm(database: Database, connections: int) -> None:
    """So many connections of the pool are open and idle."""

    async def one() -> None:
        async with database.public() as tx:
            await tx.execute(text("SELECT pg_sleep(0.05)"))

    await asyncio.gather(*(one() for _ in range(connections)))


async def test_a_silent_server_is_hung_up_on_within_the_bound_and_asked_again_when_it_speaks(
    through: str, line: Toll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks hears within seconds that the database is away, however many ask; later everything works."""
    monkeypatch.setattr(session, "SILENCE_SECONDS", 0.5)
    async with opened(through, pool_size=2) as database:
        await warm(database, 4)
        line.fall_silent()
        began = time.monotonic()
        answers = await asyncio.gather(*(look(database) for _ in range(6)), return_exceptions=True)
        took = time.monotonic() - began
        assert {type(answer) for answer in answers} == {DatabaseAway}
        # The bound, three seconds for a turn at the pool, three for a new connection.
        assert took < 6.5 + SLACK_SECONDS
        line.speak()
        assert await asyncio.gather(*(look(database) for _ in range(6))) == [1] * 6


async def test_without_the_bound_nobody_is_ever_answered(
    through: str, line: Toll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above is able to fail: the server's own time-outs are of no use when it is frozen."""
    monkeypatch.setattr(session, "SILENCE_SECONDS", 3600)
    async with opened(through, pool_size=2) as database:
        await warm(database, 1)
        line.fall_silent()
        asks = asyncio.create_task(look(database))
        done, _ = await asyncio.wait([asks], timeout=session.STATEMENT_TIMEOUT_MS / 1000 + 1)
        line.speak()
        assert not done
        assert await asks == 1


async def test_a_server_that_speaks_late_but_in_time_is_believed(
    through: str, line: Toll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is on silence, not on the whole transaction: many statements may take longer together."""
    monkeypatch.setattr(session, "SILENCE_SECONDS", 4)
    async with opened(through) as database:
        async with database.public() as tx:
            for _ in range(5):
                await tx.execute(text("SELECT pg_sleep(1)"))
            assert (await tx.execute(text("SELECT 2"))).scalar() == 2
        assert line.connections == 1


async def test_who_looks_for_readiness_is_told_soon_that_the_database_is_silent(through: str, line: Toll) -> None:
    """A look that is given up does not wait for the silent server to agree."""
    async with opened(through, pool_size=2) as database, opened(through) as operations:
        await warm(database, 1)
        await warm(operations, 1)
        line.fall_silent()
        began = time.monotonic()
        told, counts = await asyncio.gather(
            Health().readiness(database, FrontDesk("")), Census().counts(operations, real_clock)
        )
        assert time.monotonic() - began < 3 + SLACK_SECONDS
        assert told.parts["database"] == "does not answer"
        assert counts is not None
        assert counts.server is None
        line.speak()
