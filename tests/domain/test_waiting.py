"""The sentence that says what a booking waits for, in every state."""

from dataclasses import replace

import pytest

from domain import acts, alarms, changing
from domain.booking import SYSTEM, Booking
from domain.steps import ChangeNews
from domain.terms import ApprovalTerms
from domain.waiting import waiting_for
from tests.domain.made import (
    GUEST,
    KOCHI,
    MANAGER,
    act,
    confirmed,
    entry,
    gone,
    in_house,
    march,
    option,
    pending,
    with_rooms,
)

YES = replace(KOCHI, approval=ApprovalTerms(at_end="approve"))
ASKS = replace(KOCHI, feedback_after_seconds=600)
ALERTED = replace(in_house(), fired=("overstay-1",))
ENDED = "Nothing: the story has ended."
ARRIVES = "Waiting for the guest to arrive; who has not checked in by Thu 11 Mar 2027, 03:00 (IST) is a no-show."


def half_in() -> Booking:
    """One room is in the house, the other awaited."""
    made = with_rooms(confirmed(rooms=2))
    return acts.checked_in(made, act(march(10, 15)), made.stays[:1]).after


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (
            option(march(3, 12)),
            "Held as an option until Wed 3 Mar 2027, 12:00 (IST); if it is not made firm by then it expires.",
        ),
        (
            pending(),
            "Waiting for the hotel's answer until Tue 2 Mar 2027, 11:30 (IST); without one the request expires.",
        ),
        (
            pending(terms=YES),
            "Waiting for the hotel's answer until Tue 2 Mar 2027, 11:30 (IST); without one the request is confirmed.",
        ),
        (confirmed(), ARRIVES),
        (confirmed(rooms=2), ARRIVES),
        (
            in_house(),
            "The guest is in the house; the desk is alerted if nobody has checked out by Fri 12 Mar 2027, 12:00 (IST).",
        ),
        (half_in(), "The guest is in the house; another room is awaited until Thu 11 Mar 2027, 03:00 (IST)."),
        (
            ALERTED,
            "The guest is in the house past the check-out time; without a check-out by Sat 13 Mar 2027, 03:00 (IST)"
            " a night is added.",
        ),
        (
            replace(ALERTED, stays=(replace(ALERTED.stays[0], overstayed=7),)),
            "The guest is in the house past the check-out time; the desk has been alerted.",
        ),
        (
            gone(in_house(), march(12, 10)),
            "The guest has left; the books are closed at Fri 12 Mar 2027, 11:00 (IST).",
        ),
        (
            gone(in_house(terms=ASKS), march(12, 10)),
            "The guest has left; the books are closed at Fri 12 Mar 2027, 11:00 (IST).",
        ),
        (alarms.completed(gone(in_house(), march(12, 10)), act(march(12, 11), SYSTEM)).after, ENDED),
        (acts.cancelled(confirmed(), act(march(2, 9)), [1]).after, ENDED),
        (acts.no_show(confirmed(), act(march(11, 3), SYSTEM), [1]).after, ENDED),
        (acts.declined(pending(), act()).after, ENDED),
        (alarms.expired(pending(), act(march(2, 12), SYSTEM)).after, ENDED),
        (acts.failed(confirmed(), act(march(2, 9))).after, ENDED),
    ],
)
def test_every_state_says_what_it_waits_for(made: Booking, sentence: str) -> None:
    assert waiting_for(made) == sentence


def test_a_moved_clock_is_the_one_that_is_told() -> None:
    made = pending()
    moved = changing.clock_moved(
        made, act(march(1, 13), MANAGER, "Away."), entry(made, "approval_deadline"), march(4, 9)
    )
    assert "until Thu 4 Mar 2027, 09:00 (IST)" in waiting_for(moved.after)


def test_a_wish_is_told_in_a_sentence_of_its_own() -> None:
    """Also where the wish's clock is the next to ring, the first sentence is about the booking."""
    for made in (pending(), confirmed(), half_in()):
        at = max(made.last_instant, march(1, 13))
        asked = changing.change_asked(made, act(at, GUEST), ChangeNews(0, "open")).after
        first, second = waiting_for(asked).split(" The guest has asked ")
        assert first == waiting_for(made)
        until = {march(1, 13): "Tue 2 Mar 2027, 13:00"}.get(at, "Wed 10 Mar 2027, 15:30")
        assert second == f"for a change; the hotel's answer is awaited until {until} (IST)."


def test_a_story_that_has_no_clock_says_no_moment() -> None:
    """What could only come from a row that is wrong is still a sentence."""
    assert waiting_for(replace(pending(), approval_deadline=None)) == (
        "Waiting for the hotel's answer until ; without one the request expires."
    )
