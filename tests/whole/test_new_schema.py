"""The kept copy of a build works on the schema of the next one, as it must while it is drained or gone back to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError

from cli import builds, database
from cli.deployments import make_current
from domain.terms import check_in_from
from messages.build import build_id
from messages.converter import data_converter
from tests.houses import plain
from tests.story.conftest import own_namespace
from tests.story.test_life import stay_in
from tests.story.world import SECRET, Life, build_house
from tests.trees import GROW, GROWN, addresses, worker_process

CLOSED_AFTER = timedelta(hours=1)


def change_schema(owner_url: str, statement: str) -> None:
    """As the owner, the way a migration does it."""
    with psycopg.connect(plain(owner_url), autocommit=True) as owner:
        owner.execute(statement.encode())
        owner.execute("UPDATE alembic_version SET version_num = %s", [GROWN])


@pytest.fixture
async def life(temporal_target: str, fresh_url: str, tmp_path: Path) -> AsyncIterator[Life]:
    """A booking to be lived with the worker of a kept copy, on a database of its own."""
    namespace = await own_namespace(temporal_target)
    client = await Client.connect(temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    house = build_house(fresh_url)
    copy = builds.keep(tmp_path, build_id())
    with worker_process(copy, tmp_path / "log", addresses(fresh_url, temporal_target, namespace, SECRET)):
        await make_current(client, build_id())
        yield Life(client, fresh_url, house, stay_in(house, 3))


async def test_a_kept_build_lives_a_whole_life_on_the_next_schema(life: Life, fresh_url: str) -> None:
    """A column more in every table and a table more: nothing that the older build writes or reads minds."""
    change_schema(fresh_url, GROW)
    await life.begin()
    await life.approve()
    await life.move_clock("no_show-1", life.agenda()["no_show-1"] + timedelta(hours=2))
    await life.assign("101")
    await life.until(check_in_from(life.house.terms, life.dates.arrival))
    await life.check_in()
    await life.pay(20_000)
    await life.check_out()
    await life.until(await life.clock() + CLOSED_AFTER)
    await life.reaches("completed", seconds=60)
    assert life.events() == [
        "requested", "approved", "clock_moved", "room_assigned", "reminded", "checked_in", "payment_received",
        "checked_out", "completed",
    ]  # fmt: skip


async def test_a_schema_that_takes_something_away_stops_a_kept_build(life: Life, fresh_url: str) -> None:
    """The test above is able to fail: what the older build writes must still be there."""
    change_schema(fresh_url, "ALTER TABLE bookings DROP COLUMN waiting_for CASCADE")
    with pytest.raises((TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError)):
        async with asyncio.timeout(6):
            await life.begin()
    assert life.row() == {}


def test_going_back_leaves_a_later_builds_schema_as_it_is(fresh_url: str) -> None:
    """A revision that this tree does not know is a later build's; to migrate is then no trouble and changes nothing."""
    change_schema(fresh_url, GROW)
    database.migrate(fresh_url)
    with psycopg.connect(plain(fresh_url)) as owner:
        assert owner.execute("SELECT version_num FROM alembic_version").fetchone() == (GROWN,)
        assert owner.execute("SELECT added_by_the_next_release FROM bookings").fetchall() == []
