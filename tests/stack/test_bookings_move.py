"""Open bookings move to another build after their histories replay there: real story, real server, real database."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.service import RPCError

from cli import bookings_move, builds
from cli.bookings_move import BOOKINGS_OF_BUILD, LOOKS, Chosen, Moved, build_of, moved, route_once
from cli.deployments import make_current, renew
from cli.processes import StackTrouble
from config.settings import Settings
from messages.build import build_id, build_id_of
from messages.converter import data_converter
from messages.names import DEPLOYMENT
from store.session import app_url
from tests.houses import opened
from tests.story.conftest import end_all, own_namespace
from tests.story.test_life import stay_in
from tests.story.world import SECRET, Life, build_house, connect
from tests.trees import addresses, change_story, copy_tree, worker_process
from worker.build import bookings_worker
from workflows.booking import BookingWorkflow

OLD = "an-old-build"
FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED


@dataclass
class World:
    """A namespace and a home of one's own, on the run's servers."""

    client: Client
    owner_url: str
    settings: Settings
    monkeypatch: pytest.MonkeyPatch

    def life(self, days: int = 30, **house: Any) -> Life:
        """A booking to be made."""
        made = build_house(self.owner_url, **house)
        return Life(self.client, self.owner_url, made, stay_in(made, days))

    @asynccontextmanager
    async def serving(self, build: str) -> AsyncIterator[None]:
        """A worker under this build's name, which is the current one."""
        async with opened(app_url(self.owner_url), pool_size=4) as database:
            await database.open()
            with self.monkeypatch.context() as named:
                named.setattr("worker.build.build_id", lambda: build)
                worker = bookings_worker(self.client, database, SECRET)
            async with worker:
                await make_current(self.client, build)
                yield

    async def build(self, life: Life) -> str:
        """The build that a booking is on."""
        return build_of(await life.handle.describe())

    async def listed(self, build: str, count: int) -> None:
        """Waits until the server's list, which follows within moments, has so many open bookings of a build."""
        query = BOOKINGS_OF_BUILD.format(deployment=DEPLOYMENT, build_id=build)
        async with asyncio.timeout(60):
            while (await self.client.count_workflows(query)).count != count:
                await asyncio.sleep(0.1)


@pytest.fixture
async def world(
    temporal_target: str, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """Where bookings begin on an old build."""
    namespace = await own_namespace(temporal_target)
    client = await Client.connect(temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    given: dict[str, Any] = {
        "home": tmp_path / "home", "temporal_address": temporal_target, "temporal_namespace": namespace,
        "secret_key": SECRET,
    }  # fmt: skip
    yield World(client, owner_url, Settings(**given), monkeypatch)
    await end_all(client)


async def failed_tasks(life: Life) -> int:
    """Workflow tasks of the present run that failed."""
    return sum(event.event_type == FAILED for event in (await life.handle.fetch_history()).events)


async def test_bookings_of_a_build_whose_worker_is_gone_go_on_with_the_current_one(world: World) -> None:
    """The signal alone reaches nobody; moved, they keep every clock, answer, and are not held to the target."""
    lives = [world.life() for _ in range(3)]
    async with world.serving(OLD):
        for life in lives:
            await life.begin()
        await lives[1].approve()
        await lives[1].assign("101")
        await lives[2].move_clock("approval_deadline", lives[2].agenda()["approval_deadline"].replace(microsecond=0))
        await world.listed(OLD, 3)
    before = [life.row() for life in lives]
    async with world.serving(build_id()):
        assert await renew(world.client, build_id(), print) == 3
        assert [await world.build(life) for life in lives] == [OLD] * 3
        outcomes = await moved(world.settings, [], all_of_build=OLD)
        assert [one.outcome for one in outcomes] == ["moved"] * 3, outcomes
        for life, row in zip(lives, before, strict=True):
            versioning = (await life.handle.describe()).raw_description.workflow_execution_info.versioning_info
            assert versioning.deployment_version.build_id == build_id()
            assert not versioning.HasField("versioning_override")
            assert life.row() == row
            assert await failed_tasks(life) == 0
        assert (await lives[0].approve()).outcome == "done"
        assert (await lives[1].cancel()).status == "cancelled"
        again = await moved(world.settings, [life.reference for life in lives])
        assert [one.outcome for one in again] == ["there", "not_open", "there"]


@pytest.mark.parametrize(("disturbed", "outcome"), [(1, "moved"), (LOOKS, "refused")])
async def test_a_booking_that_moves_on_while_it_is_replayed_is_replayed_again(
    world: World, disturbed: int, outcome: str
) -> None:
    """What is moved is what was replayed; one that is never quiet is left where it is."""
    life = world.life()
    async with world.serving(OLD):
        await life.begin()
    tries = 0
    move = bookings_move._move_one

    async def disturbed_at_first(*asked: Any) -> Moved | None:
        nonlocal tries
        tries += 1
        return None if tries <= disturbed else await move(*asked)

    world.monkeypatch.setattr(bookings_move, "_move_one", disturbed_at_first)
    async with world.serving(build_id()):
        (found,) = await moved(world.settings, [life.reference])
    assert found.outcome == outcome, found.detail
    # That the old worker is given up for dead in the meantime is one more reason to look again.
    assert tries in range(min(disturbed + 1, LOOKS), LOOKS + 1)
    assert await world.build(life) == (build_id() if outcome == "moved" else OLD)


async def test_a_parked_booking_goes_on_with_a_mended_build(world: World) -> None:
    """A fault of the old story parks it: commands are not answered. The mended build does what it was parked with."""
    life = world.life()

    def fault(*_: object) -> None:
        raise RuntimeError("a fault of the old story")

    with world.monkeypatch.context() as faulty:
        faulty.setattr("workflows.booking.zone_corrected", fault)
        async with world.serving(OLD):
            await life.begin()
            with connect(world.owner_url) as db:
                db.execute(
                    "INSERT INTO policy_versions SELECT hotel_id, 2, terms, created_at, created_by FROM policy_versions"
                    " WHERE hotel_id = %s", [life.house.hotel_id],
                )  # fmt: skip
            await life.correct_zone("Europe/Lisbon")
            async with asyncio.timeout(60):
                while not await failed_tasks(life):
                    await asyncio.sleep(0.1)
            with pytest.raises(RPCError, match="Workflow Task in failed state"):
                await life.approve(key="yes")
    async with world.serving(build_id()):
        (outcome,) = await moved(world.settings, [life.reference])
        assert outcome.outcome in ("moved", "told")
        assert (await life.approve(key="yes")).status == "confirmed"
        await life.reaches(3, "seq", seconds=60)
        # The failing task had written the yes before it failed. That step is not taken for the correction, which now
        # comes first.
        assert life.events() == ["requested", "approved", "zone_corrected"]
        assert life.row()["state"]["terms"]["zone"] == "Europe/Lisbon"
        assert await world.build(life) == build_id()


async def typed(world: World, *words: str) -> tuple[int, dict[str, Any]]:
    """`holdfast bookings move` for one booking, as an operator types it: exit status, and what was said."""
    where = addresses(world.owner_url, world.settings.temporal_address, world.client.namespace, SECRET)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", "bookings", "move", *words, "--json",
        env={**os.environ, **where, "HOLDFAST_HOME": str(world.settings.home)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaints = await process.communicate()
    assert said.count(b"\n") == 1, (process.returncode, said.decode(), complaints.decode())
    told: dict[str, Any] = json.loads(said)
    return process.returncode or 0, told


async def test_what_a_target_cannot_replay_is_refused_and_stays_where_it_is(world: World, tmp_path: Path) -> None:
    """Exit status 1 and the reason; the booking still answers on its build. Moved all the same, its tasks fail."""
    life = world.life()
    tree = copy_tree(tmp_path / "tree")
    change_story(tree)
    target = build_id_of(tree)
    copy = builds.keep(world.settings.home, target, root=tree)
    async with world.serving(OLD):
        await life.begin()
        before = life.row()
        status, said = await typed(world, life.reference, "--to", target)
        assert (status, said["reference"], said["outcome"]) == (1, life.reference, "refused")
        assert f"does not replay on build {target}: NondeterminismError" in said["detail"]
        assert await world.build(life) == OLD
        (item,) = life.looked("SELECT kind, detail FROM attention_items WHERE reference = %s", life.reference)
        assert (item["kind"], "NondeterminismError" in item["detail"]) == ("move_refused", True)
        assert (life.row(), await failed_tasks(life)) == (before, 0)
        assert (await life.approve()).outcome == "done"
    where = addresses(world.owner_url, world.settings.temporal_address, world.client.namespace, SECRET)
    with worker_process(copy, tmp_path / "log", where):
        await make_current(world.client, target, seconds=60)
        described = await life.handle.describe()
        await route_once(world.client, Chosen(life.reference, described.run_id, OLD, 0, ""), target)
        await life.handle.signal(BookingWorkflow.renew)
        async with asyncio.timeout(60):
            while not await failed_tasks(life):
                await asyncio.sleep(0.1)


async def test_a_target_without_sources_and_bookings_without_a_workflow_are_told(world: World) -> None:
    """Nothing is moved on trust: without its sources a target can't be asked."""
    with pytest.raises(StackTrouble, match="no build is current yet"):
        await moved(world.settings, ["HSE-20270301-000000"])
    with pytest.raises(StackTrouble, match="build nowhere is neither this tree nor kept"):
        await moved(world.settings, ["HSE-20270301-000000"], to="nowhere")
    (outcome,) = await moved(world.settings, ["HSE-20270301-000000"], to=build_id())
    assert (outcome.outcome, outcome.detail) == ("not_open", "it has no workflow")
