"""What a life costs in Temporal: history events and bytes, and the bytes of the state that is carried on."""

from collections.abc import Callable
from datetime import timedelta

from temporalio.api.enums.v1 import EventType

from domain.stay import StayDates
from domain.terms import Confirmation, Payment, check_in_from
from store.states import dump_state, read_state
from tests.story.test_life import stay_in
from tests.story.world import House, Life, build_house

# What only a test's skipped clock leaves in a history.
OF_THE_SKIPPER = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
)
MOST_EVENTS = 55
MOST_STATE_BYTES = 4_000


async def test_an_automatic_life_stays_within_its_events(
    live: Callable[[House, StayDates], Life], owner_url: str
) -> None:
    """Booked, and then three commands (room, check-in, check-out) and three clocks (letter, how it was, books)."""
    house = build_house(
        owner_url, confirmation=Confirmation.AUTO, payment=Payment.NONE, close_after_seconds=7_200,
        feedback_after_seconds=3_600,
    )  # fmt: skip
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.assign("101")
    await life.until(check_in_from(house.terms, life.dates.arrival))
    await life.check_in()
    await life.check_out()
    left = await life.clock()
    await life.until(left + timedelta(seconds=3_601))
    await life.until(left + timedelta(seconds=7_201))
    await life.reaches("completed")
    await life.handle.result()
    assert life.events() == ["booked", "room_assigned", "reminded", "checked_in", "checked_out", "reminded",
                             "completed"]  # fmt: skip
    history = await life.handle.fetch_history()
    size = (await life.handle.describe()).raw_description.workflow_execution_info.history_size_bytes
    state = len(dump_state(read_state(life.row()["state"])))
    events = sum(event.event_type not in OF_THE_SKIPPER for event in history.events)
    print(f"automatic life: {events} events, {size} bytes of history, {state} bytes of state")
    assert events <= MOST_EVENTS, events
    assert state <= MOST_STATE_BYTES, state
