"""What the platform can do to a story: a lost run, a second run, a repeated command, a cancel from the outside."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowUpdateFailedError

from domain.stay import StayDates
from domain.terms import Confirmation, Payment, check_in_from
from messages.bookings import Approve, TakePayment
from tests.story.conftest import at_work
from tests.story.failed_tasks import failed_tasks
from tests.story.test_life import stay_in
from tests.story.world import House, Life, build_house, connect, refusal
from workflows.booking import BookingWorkflow

Live = Callable[[House, StayDates], Life]


async def test_a_booking_whose_run_was_terminated_goes_on_from_its_row(live: Live, owner_url: str) -> None:
    """Terminated by mistake: the next command resumes from the row, with every clock."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.handle.terminate("by mistake")
    assert (await life.approve(version=1)).status == "confirmed"
    assert life.events() == ["requested", "approved"]
    assert "no_show-1" in [entry["key"] for entry in life.row()["agenda"]]


async def test_a_run_overtaken_by_another_writes_nothing_and_reads_the_row_again(live: Live, owner_url: str) -> None:
    """A step of that number exists already: the command is refused, the run goes on from what is there."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO booking_events (hotel_id, reference, seq, step_id, happened_at, actor_kind, channel, what,"
            " status_after, policy_version) VALUES (%s, %s, 2, 'another-run:2', now(), 'system', 'system', 'x',"
            " 'pending', 1)",
            [house.hotel_id, life.reference],
        )
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.approve()
    assert refusal(refused.value) == "version_conflict"
    assert life.row()["status"] == "pending"
    assert life.counted() == [(night, 1, 0) for night in life.dates.nights]
    described = await life.handle.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING


async def test_a_command_sent_twice_is_carried_out_once(live: Live, owner_url: str) -> None:
    """The same key gives the same answer, also from a fresh run that no longer knows the update."""
    house = build_house(owner_url, payment=Payment.AT_HOTEL, confirmation=Confirmation.AUTO)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.pay(5_000, key="cash-1")
    await life.pay(5_000, key="cash-1")
    await life.handle.signal(BookingWorkflow.renew)
    again = TakePayment(life.asked(key="cash-1"), "cash", 5_000, "INR")
    answer = await life.ask(BookingWorkflow.take_payment, again, key="the server has forgotten")
    assert (answer.outcome, life.row()["paid_minor"]) == ("already", 5_000)
    assert life.events() == ["booked", "payment_received"]


async def test_the_same_key_with_another_body_is_refused(live: Live, owner_url: str) -> None:
    """Once carried out, a key belongs to its body, even after the booking has forgotten it."""
    house = build_house(owner_url, payment=Payment.AT_HOTEL, confirmation=Confirmation.AUTO)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.pay(5_000, key="cash-1")
    await life.handle.terminate("by mistake")
    with connect(owner_url) as db:
        db.execute(
            "UPDATE bookings SET state = jsonb_set(state, '{keys}', '[]') WHERE reference = %s", [life.reference]
        )
    # The server itself still knows the first answer, whose body hash tells the API that this is another request.
    assert (await life.pay(6_000, key="cash-1", body_hash="another")).body_hash == "hash"
    again = TakePayment(life.asked(key="cash-1", body_hash="another"), "cash", 6_000, "INR")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.ask(BookingWorkflow.take_payment, again, key="the server has forgotten")
    assert refusal(refused.value) == "idempotency_key_reused"
    assert life.row()["paid_minor"] == 5_000


async def test_many_approvals_at_once_are_one(live: Live, owner_url: str) -> None:
    """Ten desks say yes in the same second: one event, nine that learn it was done."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    answers = await asyncio.gather(*(life.approve(version=1) for _ in range(10)), return_exceptions=True)
    outcomes = [a if isinstance(a, BaseException) else a.outcome for a in answers]
    assert outcomes.count("done") == 1
    assert outcomes.count("already") == 9
    assert life.events() == ["requested", "approved"]


async def test_a_cancel_in_temporals_own_ui_means_cancelled_by_operator(live: Live, owner_url: str) -> None:
    """Everything that belongs to a cancellation happens: the room is free, the guest is told, the run ends well."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.handle.cancel()
    end = await life.handle.result()
    row = await life.reaches("cancelled")
    assert end["ended"] == "cancelled"
    assert row["cancellation_reason"] == "cancelled by operator"
    assert life.notices()[-1] == "cancelled"


async def test_a_renewed_run_keeps_every_clock(live: Live, owner_url: str) -> None:
    """Continue-as-new from the row: the same agenda, and the next clock rings."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    before, run = life.row(), (await life.handle.describe()).run_id
    await life.handle.signal(BookingWorkflow.renew)
    async with asyncio.timeout(60):
        while (await life.handle.describe()).run_id == run:
            await asyncio.sleep(0.02)
    assert life.row()["agenda"] == before["agenda"]
    await life.until(before["approval_deadline"])
    await life.reaches("expired")


async def test_a_booking_survives_a_database_that_is_away(client: Client, app_url: str, owner_url: str) -> None:
    """The command waits through the outage and is carried out when the database is back; nothing is lost."""
    house = build_house(owner_url)
    life = Life(client, owner_url, house, stay_in(house, 30))
    async with at_work(client, app_url, strict=True):
        await life.begin()
        with connect(owner_url) as db:
            db.execute("ALTER TABLE bookings RENAME TO bookings_away")
            try:
                asked = asyncio.create_task(life.approve(reason="A guest we know well.", seen=1))
                await asyncio.sleep(3)
                assert not asked.done()
            finally:
                db.execute("ALTER TABLE bookings_away RENAME TO bookings")
        assert (await asked).status == "confirmed"
    assert life.events() == ["requested", "approved"]
    kinds = [event.event_type for event in (await life.handle.fetch_history()).events]
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED in kinds
    assert await failed_tasks(client, life.handle) == []
    assert "know well" not in (await life.handle.fetch_history()).to_json()


async def test_a_command_for_a_booking_that_never_was_is_refused(live: Live, owner_url: str) -> None:
    """Resuming without a row ends without a story."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    life.reference = f"{house.code}-20270101-000000"
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.ask(BookingWorkflow.approve, Approve(replace(life.asked(), key="nobody")))
    assert refusal(refused.value) == "not_opened"


async def test_histories_hold_no_person(live: Live, owner_url: str) -> None:
    """The guest's name, address and telephone never appear in a history, nor do the reasons people write."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.decline(reason="A guest we know well.")
    history = (await life.handle.fetch_history()).to_json()
    for word in ("A Guest", "guest@example.com", "98470", "know well"):
        assert word not in history
    size = len(history)
    assert size < 200_000


async def test_the_path_of_the_desk_stays_within_its_events(live: Live, owner_url: str) -> None:
    """Request, approve, assign, check in, cash, check out, completed: 90 events at most."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 3))
    await life.begin()
    await life.approve()
    await life.assign("101")
    await life.until(check_in_from(house.terms, life.dates.arrival))
    await life.check_in()
    await life.pay(20_000)
    await life.check_out()
    await life.until(await life.clock() + timedelta(seconds=house.terms.close_after_seconds))
    await life.reaches("completed")
    await life.handle.result()
    events = (await life.handle.fetch_history()).events
    assert len(events) <= 90, len(events)
