"""When a booking's own workflow is in trouble: what the caller is told, and what stays true meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio import workflow
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api import front_desk, opening
from api.problems import Problem
from config.settings import Settings
from domain.booking import Actor
from domain.refusals import Kind, Refused
from messages.bookings import Answer, Approve, BookingStart, Rezone
from messages.cards import Card, summary
from messages.converter import data_converter
from messages.names import BOOKINGS_QUEUE
from messages.offers import read_offer
from tests.api.conftest import Opener
from tests.api.world import SECRET, Desk, Guests, problem
from tests.story.conftest import at_work, own_namespace
from tests.story.world import connect

MOST_TRIES = 60


@workflow.defn(name="BookingWorkflow")
class Broken:
    """The story of a booking with a bug in it."""

    @workflow.run
    async def run(self, start: BookingStart) -> None:
        """Parks itself."""
        raise ZeroDivisionError(f"a bug, {start.resume is None}")

    @workflow.update
    async def approve(self, command: Approve) -> Answer:
        """Is never answered."""
        await asyncio.Event().wait()
        raise AssertionError(command)


def healthy(client: Client, app_url: str) -> AbstractAsyncContextManager[None]:
    """The real worker."""
    return at_work(client, app_url, SECRET)


@asynccontextmanager
async def broken(client: Client) -> AsyncIterator[None]:
    """A worker with the bug."""
    async with Worker(
        client, task_queue=BOOKINGS_QUEUE, workflows=[Broken], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        yield


async def test_a_booking_parked_by_a_bug_is_a_503_and_loses_nothing(
    opened: Opener, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is still read, and the desk hears that an operator has to look."""
    namespace = await own_namespace(settings.temporal_target)
    client = await Client.connect(settings.temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    async with opened(temporal_namespace=namespace) as api:
        guests, desk = Guests(api), await Desk.at(api, "malabar")
        async with healthy(client, settings.app_database_url):
            made = await guests.booked()
        monkeypatch.setattr(front_desk, "DEADLINE_SECONDS", 1.0)
        codes = []
        async with broken(client):
            while "booking_needs_attention" not in codes and len(codes) < MOST_TRIES:
                answer = await desk.act(made["reference"], "approve", {"version": 1})
                assert answer.status_code == 503, answer.text
                codes.append(answer.json()["code"])
            told = problem(answer, 503, "booking_needs_attention")
            assert int(answer.headers["Retry-After"]) == told["retry_after"] == 60
            assert (await desk.see(f"bookings/{made['reference']}"))["status"] == "pending"


async def test_an_opening_that_came_too_late_is_made_by_the_same_key_later(
    settings: Settings, app_url: str, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was down for too long takes nothing; the promise of the 503 is kept all the same."""
    namespace = await own_namespace(settings.temporal_target)
    client = await Client.connect(settings.temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    async with opened(temporal_namespace=namespace) as api, healthy(client, app_url):
        guests = Guests(api)
        body = await guests.wish()
        with monkeypatch.context() as late:
            late.setattr(opening, "OPEN_WITHIN", timedelta(seconds=-1))
            for _ in range(2):
                problem(await guests.book(body, "the-key"), 503, "not_answered_in_time")
        made = await guests.book(body, "the-key")
        assert made.status_code == 201, made.text
        again = await asyncio.gather(*(guests.book(body, "the-key") for _ in range(20)))
        assert {(one.status_code, one.json()["reference"]) for one in again} == {(201, made.json()["reference"])}


async def test_a_key_that_met_a_full_house_is_not_refused_for_ever(
    settings: Settings, app_url: str, owner_url: str, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server repeats the old refusal; a room that became free since is taken all the same."""
    namespace = await own_namespace(settings.temporal_target)
    client = await Client.connect(settings.temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    # Other bookings of this database may have rooms in that night: what is left of it is taken out of order.
    full = (
        "UPDATE room_type_nights"
        " SET out_of_order = physical - blocked + overbooking_limit - held - sold + oversold WHERE night = %s"
    )
    free = "UPDATE room_type_nights SET out_of_order = 0 WHERE night = %s"
    async with opened(temporal_namespace=namespace) as api, healthy(client, app_url):
        guests = Guests(api)
        body = await guests.wish()
        night = read_offer(SECRET, body["offers"][0]["offer_id"], "offer").arrival
        # The look before the start is passed, as by a guest who was a moment too slow.
        monkeypatch.setattr(opening, "_check_rooms_left", lambda hotel: None)
        with connect(owner_url) as db:
            db.execute(full, [night])
            try:
                for _ in range(2):
                    problem(await guests.book(body, "once-full"), 409, "sold_out")
            finally:
                db.execute(free, [night])
        made = await guests.book(body, "once-full")
        assert made.status_code == 201, made.text


async def test_many_copies_of_a_key_whose_opening_came_too_late_are_one_booking(
    settings: Settings, app_url: str, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them wait for one new opening."""
    namespace = await own_namespace(settings.temporal_target)
    client = await Client.connect(settings.temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    async with opened(temporal_namespace=namespace) as api, healthy(client, app_url):
        guests = Guests(api)
        body = await guests.wish()
        with monkeypatch.context() as late:
            late.setattr(opening, "OPEN_WITHIN", timedelta(seconds=-1))
            problem(await guests.book(body, "another-key"), 503, "not_answered_in_time")
        answers = await asyncio.gather(*(guests.book(body, "another-key") for _ in range(20)))
        assert {one.status_code for one in answers} == {201}, [one.text for one in answers]
        assert len({one.json()["reference"] for one in answers}) == 1


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ("Unable to perform workflow execution update due to Workflow Task in failed state.",
         RPCStatusCode.FAILED_PRECONDITION, "booking_needs_attention"),
        ("a server is away", RPCStatusCode.UNAVAILABLE, "not_answered_in_time"),
        ("limit on number of concurrent in-flight updates has been reached (10)",
         RPCStatusCode.RESOURCE_EXHAUSTED, "not_answered_in_time"),
        ("something new", RPCStatusCode.INTERNAL, "not_answered_in_time"),
    ],
)  # fmt: skip
def test_what_the_server_cannot_do_now_is_a_503_with_a_code(words: str, status: RPCStatusCode, code: str) -> None:
    """Never a 500: the same request may be sent again."""
    answer = front_desk._from_server(RPCError(words, status, b""))
    assert isinstance(answer, Problem)
    assert (answer.status, answer.code) == (503, code)


def test_a_workflow_that_ended_meanwhile_sends_the_desk_back_to_the_row() -> None:
    """Whether the server says so or the update does, or the command came in just as the story closed."""
    closing = "Unable to perform workflow execution update due to unexpected workflow task failure."
    just_now = RPCError(closing, RPCStatusCode.FAILED_PRECONDITION, b"")
    assert isinstance(front_desk._from_server(just_now), front_desk.JustEnded)
    gone = RPCError("workflow execution already completed", RPCStatusCode.NOT_FOUND, b"")
    assert isinstance(front_desk._from_server(gone), front_desk.JustEnded)
    cut = WorkflowUpdateFailedError(ApplicationError("cut", type="AcceptedUpdateCompletedWorkflow"))
    assert isinstance(front_desk._from_workflow(cut), front_desk.JustEnded)


def test_a_refusal_comes_through_as_the_rule_raised_it() -> None:
    """Code, words, kind, field and facts; what is no refusal is trouble."""
    told = {"code": "too_early", "detail": "Not yet.", "kind": "rule", "field": "version", "facts": {"left": 2}}
    refused = front_desk._from_workflow(WorkflowUpdateFailedError(ApplicationError("no", told, type="too_early")))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.kind, refused.field, refused.facts) == (
        "too_early",
        Kind.RULE,
        "version",
        {"left": 2},
    )
    bug = front_desk._from_workflow(WorkflowUpdateFailedError(ApplicationError("boom", type="ValueError")))
    assert isinstance(bug, Problem)
    assert bug.code == "booking_needs_attention"


@pytest.mark.parametrize(
    ("arrival", "departure", "rooms", "words"),
    [
        (date(2026, 11, 21), date(2026, 11, 23), 1, "malabar · 21 → 23 Nov 2026 · 1 room"),
        (date(2026, 11, 30), date(2026, 12, 2), 2, "malabar · 30 Nov → 2 Dec 2026 · 2 rooms"),
        (date(2026, 12, 31), date(2027, 1, 2), 1, "malabar · 31 Dec 2026 → 2 Jan 2027 · 1 room"),
    ],
)
def test_operations_read_a_booking_in_one_line(arrival: date, departure: date, rooms: int, words: str) -> None:
    """Hotel, nights and rooms, and never a name."""
    card = Card(1, "malabar", "pending", "web_direct", arrival, departure, rooms)
    assert summary(card) == words


@pytest.mark.parametrize(("ages", "there"), [([], False), ([2], True), ([59], True), ([100], False), ([280, 3], True)])
def test_a_worker_that_died_is_missed_although_the_server_remembers_it(ages: list[int], there: bool) -> None:
    """The server lists who has polled in five minutes; a living worker asks anew every minute."""
    now = datetime(2027, 3, 10, 12, tzinfo=UTC)
    pollers = []
    for age in ages:
        polled_at = Timestamp()
        polled_at.FromDatetime(now - timedelta(seconds=age))
        pollers.append(PollerInfo(identity="worker", last_access_time=polled_at))
    assert front_desk.polled_lately(DescribeTaskQueueResponse(pollers=pollers), now) is there


async def test_a_corrected_zone_waits_for_temporal_too() -> None:
    """A server that was never reached is a 503 there as everywhere."""
    desk = front_desk.FrontDesk("")
    await desk.open("127.0.0.1:9", "default", SECRET)
    card = Card(3, "malabar", "pending", "web_direct", date(2027, 3, 10), date(2027, 3, 12), 1)
    with pytest.raises(Problem) as told:
        await desk.correct_zone(Rezone("Asia/Kolkata", 2, Actor("staff")), "MLB-270310-AAAAAA", card)
    assert (told.value.status, told.value.code) == (503, "not_answered_in_time")
