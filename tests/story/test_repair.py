"""Bookings whose workflows were lost or stand still: the sweeper begins them again from their rows, or tells people."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain import acts, changing
from domain.checks import clock_of
from domain.stay import StayDates
from domain.steps import Act
from gateways.engine_room import EngineRoom
from messages.bookings import BookingStart
from messages.converter import data_converter
from messages.names import BOOKINGS_QUEUE, DEPLOYMENT, workflow_id
from store import repairs
from store.repairs import OpenBooking
from store.session import Database, app_url
from store.states import read_state
from tests.houses import quiet_day
from tests.story.conftest import own_namespace
from tests.story.test_lost_answers import written_and_not_told
from tests.story.world import DESK, SECRET, House, Life, build_house, connect
from worker.build import bookings_worker
from worker.sweeper import Sweeper
from workflows import engine

DATES = StayDates(quiet_day(), quiet_day() + timedelta(days=2))
LATER = timedelta(minutes=2)


class World:
    """A hotel, a namespace and a sweeper of one's own. now: the sweeper's, two minutes on, so that no row is young."""

    def __init__(self, url: str, client: Client, operations: Database, database: Database) -> None:
        self.url = url
        self.client = client
        self.operations = operations
        self.database = database
        self.house: House = build_house(url, rooms=8)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC) + LATER

    def sweeper(self, client: Client | None = None, build_id: str = "this") -> Sweeper:
        """A sweeper on this server, or on another one."""
        room = EngineRoom(client or self.client, "http://localhost")
        return Sweeper(self.operations, self.database, room, build_id, clock=self.now)

    async def booked(self, **more: Any) -> Life:
        """A booking that waits for the hotel's yes."""
        life = Life(self.client, self.url, self.house, DATES)
        await life.begin(**more)
        return life

    def items(self) -> list[tuple[str, str]]:
        """What is open for people: (reference, kind)."""
        with connect(self.url) as db:
            return db.execute("SELECT reference, kind FROM attention_items WHERE closed_at IS NULL").fetchall()

    def repaired(self) -> list[tuple[str | None, str, str]]:
        """What was mended: (reference, what, by whom)."""
        with connect(self.url) as db:
            return db.execute("SELECT reference, what, done_by FROM repairs ORDER BY repair_id").fetchall()


@pytest.fixture
async def world(fresh_url: str, temporal_target: str) -> AsyncIterator[World]:
    """Everything but a worker."""
    namespace = await own_namespace(temporal_target)
    client = await Client.connect(temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    operations, database = Database(app_url(fresh_url, "holdfast_ops"), pool_size=1), Database(app_url(fresh_url))
    yield World(fresh_url, client, operations, database)
    await operations.close()
    await database.close()


@pytest.fixture
async def served(world: World) -> AsyncIterator[World]:
    """With the real worker, whose stories use this process's modules."""
    async with bookings_worker(world.client, world.database, SECRET, versioned=False):
        yield world


async def terminate(life: Life) -> None:
    """Ends the workflow as by mistake, and waits until the server's list, which lags a little, says so too."""
    await life.handle.terminate("by mistake")
    async with asyncio.timeout(20):
        while workflow_id(life.reference) in await EngineRoom(life.client, "").running():
            await asyncio.sleep(0.05)


async def running(life: Life, client: Client | None = None) -> bool:
    """Whether a workflow of the booking runs."""
    found = await (client or life.client).get_workflow_handle(workflow_id(life.reference)).describe()
    return found.status is WorkflowExecutionStatus.RUNNING


async def test_a_terminated_booking_lives_on_from_its_row(served: World) -> None:
    """With every clock where it stood; a second sweep finds nothing to do."""
    life = await served.booked()
    agenda = life.row()["agenda"]
    await terminate(life)
    swept = await served.sweeper().sweep()
    assert (swept.open, swept.resumed) == (1, [life.reference])
    assert await running(life)
    assert (await served.sweeper().sweep()).resumed == []
    assert life.row()["agenda"] == agenda
    await life.approve()
    assert (life.row()["status"], life.events()) == ("confirmed", ["requested", "approved"])
    assert served.repaired() == [(life.reference, "resumed", "sweeper")]


async def test_what_has_ended_or_is_young_or_runs_is_left_alone(served: World) -> None:
    """A row younger than a minute may still be on its way into the server's list."""
    ended, running_on, young = [await served.booked() for _ in range(3)]
    await ended.decline()
    await ended.handle.result()
    await terminate(young)
    served.now = lambda: datetime.now(UTC)
    assert (await served.sweeper().sweep()).resumed == []
    served.now = lambda: datetime.now(UTC) + LATER
    assert (await served.sweeper().sweep()).resumed == [young.reference]
    assert await running(running_on)
    assert not await running(ended)


async def test_a_booking_that_ends_again_and_again_is_shown_to_people(served: World) -> None:
    """Three times an hour; the fourth time somebody has to look, until the hour is over."""
    life = await served.booked()
    for _ in range(3):
        await terminate(life)
        assert (await served.sweeper().sweep()).resumed == [life.reference]
    await terminate(life)
    swept = await served.sweeper().sweep()
    assert (swept.resumed, served.items()) == ([], [(life.reference, "workflow_missing")])
    assert (await served.sweeper().sweep()).opened == [], "it is said once"
    served.now = lambda: datetime.now(UTC) + timedelta(hours=2)
    assert (await served.sweeper().sweep()).resumed == [life.reference]
    await served.sweeper().sweep()
    assert served.items() == []


async def test_a_server_that_has_lost_everything_gets_every_open_booking_back(
    served: World, temporal_target: str
) -> None:
    """Once each, on a server that has never heard of them."""
    lives = [await served.booked() for _ in range(4)]
    empty = await own_namespace(temporal_target)
    client = await Client.connect(temporal_target, namespace=empty, data_converter=data_converter(SECRET))
    async with bookings_worker(client, served.database, SECRET, versioned=False):
        swept = await asyncio.gather(*(served.sweeper(client).sweep() for _ in range(2)))
        assert sorted(one for each in swept for one in each.resumed) == sorted(life.reference for life in lives)
        assert all([await running(life, client) for life in lives])
        life = Life(client, served.url, served.house, DATES, lives[0].reference)
        await life.approve()
        assert life.row()["status"] == "confirmed"


async def test_a_clock_far_ahead_is_told_until_it_is_reached(served: World) -> None:
    """The run before had seen a later instant than the real clock: the new one waits for it."""
    life = await served.booked()
    await life.until(datetime.now(UTC) + timedelta(hours=1))
    await life.move_clock("approval_deadline", datetime.now(UTC) + timedelta(hours=5))
    await terminate(life)
    swept = await served.sweeper().sweep()
    assert [trouble.kind for trouble in swept.opened] == ["clock_ahead"]
    assert (await served.sweeper().sweep()).closed == []
    served.now = lambda: datetime.now(UTC) + timedelta(hours=1, minutes=5)
    assert [trouble.kind for trouble in (await served.sweeper().sweep()).closed] == ["clock_ahead"]


@workflow.defn(name="BookingWorkflow")
class Broken:
    """The story of a booking with a bug in it."""

    @workflow.run
    async def run(self, start: BookingStart) -> None:
        """Parks itself."""
        raise ZeroDivisionError(f"a bug, {start.resume is None}")


async def repairs_of(world: World, life: Life) -> OpenBooking:
    """The booking's open row."""
    async with world.operations.public() as tx:
        found = await repairs.find_booking(tx, life.reference)
    assert found
    return found


async def test_a_parked_story_is_shown_until_it_goes_on(world: World) -> None:
    """The server tells of it after some failed tasks; the item closes when mended code has taken the booking up."""
    async with bookings_worker(world.client, world.database, SECRET, versioned=False):
        life = await world.booked()
    async with Worker(
        world.client, task_queue=BOOKINGS_QUEUE, workflows=[Broken], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        await terminate(life)
        await world.sweeper().sweep()
        async with asyncio.timeout(60):
            while not world.items():
                await asyncio.sleep(0.5)
                await world.sweeper().sweep()
        assert world.items() == [(life.reference, "workflow_parked")]
        detail = life.looked("SELECT detail FROM attention_items WHERE reference = %s", life.reference)[0]["detail"]
        assert "fault in the software" in detail
        assert "WorkflowWorkerUnhandledFailure" in detail
    async with bookings_worker(world.client, world.database, SECRET, versioned=False):
        # As an operator does; by itself the server would try again in ten seconds or more.
        found = await repairs_of(world, life)
        await EngineRoom(world.client, "http://localhost").resume(life.reference, found.card, afresh=True)
        await life.approve()
        await world.sweeper().sweep()
        assert world.items() == []


async def test_a_step_that_cannot_be_written_is_shown_and_goes_through_by_itself(
    served: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses a write for a reason of its own; when that is mended, nobody has to repeat anything."""
    soon = RetryPolicy(initial_interval=timedelta(milliseconds=20), maximum_interval=timedelta(milliseconds=20))
    monkeypatch.setattr(engine, "PATIENT_RETRIES", soon)
    life = await served.booked()
    with connect(served.url) as db:
        db.execute("ALTER TABLE booking_events ADD CONSTRAINT sick CHECK (what <> 'approved') NOT VALID")
    asked = asyncio.create_task(life.approve())
    async with asyncio.timeout(30):
        while not served.items():
            await asyncio.sleep(0.2)
            await served.sweeper().sweep()
    assert served.items() == [(life.reference, "step_stuck")]
    with connect(served.url) as db:
        db.execute("ALTER TABLE booking_events DROP CONSTRAINT sick")
    assert (await asked).status == "confirmed"
    async with asyncio.timeout(30):
        while served.items():
            await asyncio.sleep(0.2)
            await served.sweeper().sweep()
    assert life.events() == ["requested", "approved"]


async def test_a_waiting_step_is_tried_at_once_when_an_operator_says_so(
    served: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next try would have been an hour away."""
    hourly = RetryPolicy(initial_interval=timedelta(hours=1))
    monkeypatch.setattr(engine, "PATIENT_RETRIES", hourly)
    life = await served.booked()
    with connect(served.url) as db:
        db.execute("ALTER TABLE booking_events ADD CONSTRAINT sick CHECK (what <> 'approved') NOT VALID")
    asked = asyncio.create_task(life.approve())
    room = EngineRoom(served.client, "http://localhost")
    async with asyncio.timeout(30):
        while not ((run := await room.look(life.reference)) and run.waiting and run.waiting[0].trouble):
            await asyncio.sleep(0.2)
    with connect(served.url) as db:
        db.execute("ALTER TABLE booking_events DROP CONSTRAINT sick")
    await room.retry_now(life.reference, run.waiting[0])
    async with asyncio.timeout(30):
        assert (await asked).status == "confirmed"


async def test_counters_that_differ_from_their_bookings_are_put_right(served: World) -> None:
    """Under bookings that go on meanwhile; without a fault nothing is found."""
    lives = [await served.booked() for _ in range(2)]
    await lives[0].approve()
    assert await served.sweeper().count() == []
    first, second = DATES.nights
    with connect(served.url) as db:
        db.execute("UPDATE room_type_nights SET held = held + 2 WHERE hotel_id = %s AND night = %s"
                   " AND room_type_id = 1", [served.house.hotel_id, first])  # fmt: skip
        db.execute("UPDATE room_type_nights SET sold = 0 WHERE hotel_id = %s AND night = %s"
                   " AND room_type_id = 1", [served.house.hotel_id, second])  # fmt: skip
    counting = asyncio.create_task(served.sweeper().count())
    await asyncio.gather(*(served.booked() for _ in range(3)))
    corrected = await counting
    assert sorted(one.night for one in corrected) == [first, second]
    assert lives[0].counted() == [(first, 4, 1), (second, 4, 1)]
    assert await served.sweeper().count() == []
    assert served.repaired() == [(None, "counters_corrected", "sweeper")] * 2


async def test_one_process_sweeps_at_a_time_and_only_one_of_the_current_build(world: World) -> None:
    """The turn is kept for as long as was said; a build that is not current never takes it."""
    first, older = world.sweeper(), world.sweeper(build_id="older")
    async with world.database.public() as tx:
        await repairs.note_current_build(tx, DEPLOYMENT, "this", world.now())
    assert not await older._has_turn("sweep", timedelta(seconds=48))
    assert await first._has_turn("sweep", timedelta(seconds=48))
    assert not await world.sweeper()._has_turn("sweep", timedelta(seconds=48))
    world.now = lambda: datetime.now(UTC) + LATER + timedelta(seconds=60)
    assert await world.sweeper()._has_turn("sweep", timedelta(seconds=48))


async def are_told(*stories: tuple[Life, str]) -> None:
    """Waits until Temporal's list, which lags behind, shows these statuses; `none` for a story that has ended."""
    async with asyncio.timeout(60):
        while True:
            told = await EngineRoom(stories[0][0].client, "").running()
            if all(told.get(workflow_id(life.reference), "none") == status for life, status in stories):
                return
            await asyncio.sleep(0.1)


async def test_a_story_behind_its_row_goes_on_from_it(served: World) -> None:
    """A step was committed and the story never heard of it, nor will it be asked again: the next sweep wakes it."""
    life, ended, well = [await served.booked() for _ in range(3)]
    await are_told((life, "pending"), (ended, "pending"), (well, "pending"))
    now = datetime.now(UTC)
    yes = acts.approved(read_state(life.row()["state"]), Act(now, DESK, "desk"))
    await written_and_not_told(life, served.database, yes, "a")
    no = acts.declined(read_state(ended.row()["state"]), Act(now, DESK, "desk"))
    await written_and_not_told(ended, served.database, no, "b")
    await are_told((life, "pending"), (ended, "pending"))
    swept = await served.sweeper().sweep()
    assert sorted(swept.woken) == sorted([life.reference, ended.reference])
    await are_told((life, "confirmed"), (ended, "none"), (well, "pending"))
    assert sorted(served.repaired()) == sorted((one.reference, "woken", "sweeper") for one in (life, ended))
    assert (await served.sweeper().sweep()).woken == []


async def test_a_clock_that_does_not_ring_is_rung_by_the_sweep(served: World) -> None:
    """The clock was moved to an earlier time and the story never heard of it: it rings within a sweep of its time."""
    life = await served.booked()
    state, now = read_state(life.row()["state"]), datetime.now(UTC)
    act = Act(now, DESK, "desk", "The guest has to know soon.")
    deadline = clock_of(state, "approval_deadline")
    await written_and_not_told(
        life, served.database, changing.clock_moved(state, act, deadline, now + timedelta(seconds=1)), "c"
    )
    await asyncio.sleep(1.5)
    assert life.row()["status"] == "pending"
    assert (await served.sweeper().sweep()).woken == [life.reference]
    await life.reaches("expired")
