"""A worker dies between writing a step and telling Temporal of it: what is written counts, for its own command only.

seen=1 is the command of somebody who looked at the booking before that step; without it they have seen the step.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.bookings import BookingActivities
from domain import acts
from domain.stay import StayDates
from domain.steps import Act, Step, remember
from domain.terms import Confirmation, Payment
from messages.bookings import TakeStep
from store.bookings import BookingStore
from store.session import Database
from store.states import read_state
from tests.story.test_life import stay_in
from tests.story.world import DESK, SECRET, House, Life, build_house, refusal

Live = Callable[[House, StayDates], Life]


async def written_and_not_told(life: Life, database: Database, step: Step, key: str) -> None:
    """The step is in the rows, as the run itself wrote it, and the run's history knows nothing of it."""
    run = (await life.handle.describe()).run_id
    activities = BookingActivities(database, BookingStore(), SECRET)
    taken = TakeStep(remember(step, key), f"{run}:{step.after.seq}", key, "hash")
    assert (await activities.take_step(taken)).outcome == "done"


def now() -> datetime:
    return datetime.now(UTC)


async def test_another_command_is_not_answered_with_what_the_lost_one_did(
    live: Live, owner_url: str, database: Database
) -> None:
    """The guest takes the request back; the lost step was the hotel's yes. Saying done here would lose the wish."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    lost = acts.approved(read_state(life.row()["state"]), Act(now(), DESK, "desk"))
    await written_and_not_told(life, database, lost, "yes-1")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.cancel(seen=1)
    assert refusal(refused.value) == "version_conflict"
    assert life.row()["status"] == "confirmed"
    assert (await life.cancel()).status == "cancelled"
    assert life.events() == ["requested", "approved", "cancelled"]
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]


async def test_the_lost_command_itself_is_answered_from_what_it_wrote(
    live: Live, owner_url: str, database: Database
) -> None:
    """The same key comes again: done once, and the run goes on from the row, whose instants are those of the first."""
    house = build_house(owner_url, payment=Payment.AT_HOTEL, confirmation=Confirmation.AUTO)
    life = live(house, stay_in(house, 30))
    await life.begin()
    earlier = now() - timedelta(minutes=1)
    lost = acts.payment_taken(read_state(life.row()["state"]), Act(earlier, DESK, "desk"), "cash", 5_000, "")
    await written_and_not_told(life, database, lost, "cash-1")
    assert (await life.pay(5_000, key="cash-1", seen=1)).outcome == "done"
    assert (await life.pay(2_000, key="cash-2")).outcome == "done"
    assert (life.row()["paid_minor"], life.events()) == (7_000, ["booked", "payment_received", "payment_received"])
    assert life.looked("SELECT sum(amount_minor) AS minor FROM payments WHERE reference = %s", life.reference) == [
        {"minor": 7_000}
    ]


async def test_the_same_money_under_another_key_is_another_payment(
    live: Live, owner_url: str, database: Database
) -> None:
    """Two notes of the same amount are two payments, also when the first was written and not told."""
    house = build_house(owner_url, payment=Payment.AT_HOTEL, confirmation=Confirmation.AUTO)
    life = live(house, stay_in(house, 30))
    await life.begin()
    lost = acts.payment_taken(read_state(life.row()["state"]), Act(now(), DESK, "desk"), "cash", 5_000, "")
    await written_and_not_told(life, database, lost, "cash-1")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.pay(5_000, key="cash-2", seen=1)
    assert refusal(refused.value) == "version_conflict"
    assert (await life.pay(5_000, key="cash-2")).outcome == "done"
    assert life.row()["paid_minor"] == 10_000


async def test_what_was_written_keeps_its_instants_in_the_run_that_goes_on(
    live: Live, owner_url: str, database: Database
) -> None:
    """The run adopts the row, not its own second thought of the same step: both say the same afterwards."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    state = read_state(life.row()["state"])
    lost = acts.approved(state, Act(state.created_at + timedelta(milliseconds=1), DESK, "desk"))
    await written_and_not_told(life, database, lost, "yes-1")
    assert (await life.approve(key="yes-1", seen=1)).outcome == "done"
    assert read_state(life.row()["state"]) == replace(lost.after, keys=("yes-1",))
    assert "confirmed" in str(await life.handle.query("__temporal_workflow_metadata"))
    await life.cancel(key="no-1")
    assert life.events() == ["requested", "approved", "cancelled"]


async def test_a_fact_that_was_written_and_not_told_is_known_to_who_has_seen_it(
    live: Live, owner_url: str, database: Database
) -> None:
    """The row says no show; the run still takes the booking for confirmed. Taking it up again is news, not known."""
    house = build_house(owner_url, payment=Payment.AT_HOTEL, confirmation=Confirmation.AUTO)
    life = live(house, stay_in(house, 0))
    await life.begin()
    lost = acts.no_show(read_state(life.row()["state"]), Act(now(), DESK, "desk"), [1])
    await written_and_not_told(life, database, lost, "gone-1")
    unaware = await life.reinstate(reason="They had missed their train.", seen=1)
    assert (unaware.outcome, life.row()["status"]) == ("already", "no_show")
    answer = await life.reinstate(reason="They had missed their train.")
    assert (answer.outcome, answer.status, life.row()["status"]) == ("done", "confirmed", "confirmed")
    assert life.events() == ["booked", "no_show", "reinstated"]


async def test_the_door_lets_in_who_has_seen_what_the_run_does_not_know(
    live: Live, owner_url: str, database: Database
) -> None:
    """The row says confirmed, the run still waits for the hotel's yes: a room can be given, and is."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    lost = acts.approved(read_state(life.row()["state"]), Act(now(), DESK, "desk"))
    await written_and_not_told(life, database, lost, "yes-1")
    with pytest.raises(WorkflowUpdateFailedError) as unaware:
        await life.assign("101", seen=1)
    assert refusal(unaware.value) == "action_not_allowed"
    assert (await life.assign("101")).outcome == "done"
    assert life.events() == ["requested", "approved", "room_assigned"]
