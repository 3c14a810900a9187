"""Whatever people and clocks do, in whatever order: counters, rooms, money and clocks follow from the stays."""

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import acts
from domain.booking import Booking
from domain.refusals import Refused
from domain.steps import Step
from domain.terms import ApprovalTerms, EarlyDeparture, StayTerms
from tests.domain.any_life import MOVES, WORDS, Ledger, everything_rung, next_step
from tests.domain.made import AN_HOUR, ASKED, AUTO, KOCHI, act, booking, confirmed, in_house, march, pending

Move = tuple[str, int, int, int]
HOURS = st.sampled_from((0, 0, 1, 2, 5, 11, 24, 36))
LIVES = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 3), HOURS, st.integers(0, 5)), max_size=24)
TERMS = (
    KOCHI,
    AUTO,
    replace(KOCHI, approval=ApprovalTerms(at_end="approve"), feedback_after_seconds=7200),
)
RATES = (StayTerms(1, "flexible"), StayTerms(2, "early", early_departure=EarlyDeparture.NEXT_NIGHT))


def begun(hotel: int, rooms: int, nights: int, rate: int, *, held: bool) -> Step:
    """The first step of a life."""
    made = booking(rooms, nights, TERMS[hotel], RATES[rate])
    return acts.opened(made, act(), option_until=ASKED + 30 * AN_HOUR if held else None)


def so_far(how_far: int, rooms: int) -> list[Move]:
    """The moves of an ordinary life: 1 firm, 2 with rooms, 3 in the house on 10 March at 15:30."""
    firm = [("approve", 1, 1, 0), ("confirm", 1, 0, 0)]
    given_rooms = [("assign", number, 1, 1) for number in range(1, rooms + 1)]
    moves = [firm, given_rooms, [("arrive", 1, 219 - rooms, 0)]][:how_far]
    return [move for several in moves for move in several]


@settings(max_examples=int(os.environ.get("HOLDFAST_PROOF_EXAMPLES", "300")), deadline=None)
@given(
    LIVES, st.integers(0, 2), st.integers(1, 3), st.integers(1, 5), st.integers(0, 1), st.booleans(), st.integers(0, 3)
)
def test_whatever_happens_the_counters_and_rooms_are_those_of_the_stays(
    moves: list[Move], hotel: int, rooms: int, nights: int, rate: int, held: bool, how_far: int
) -> None:
    """Adding every step's moves up gives exactly what the stays take; nothing is lost, doubled or told twice."""
    ledger = Ledger()
    step = begun(hotel, rooms, nights, rate, held=held)
    ledger.follow(step)
    made = step.after
    for word, number, hours, n in [*so_far(how_far, rooms), *moves]:
        # Clocks that are due by then ring first, as they do in life.
        now = made.last_instant + hours * AN_HOUR
        made = everything_rung(made, now, ledger.follow)
        try:
            taken = next_step(made, word, number, now, n)
        except Refused:
            continue
        if taken is not None:
            ledger.follow(taken)
            made = taken.after


def lived(*moves: tuple[str, int, int, int], made: Booking) -> list[str]:
    """The events of these moves."""
    told = []
    for word, number, hours, n in moves:
        step = next_step(made, word, number, made.last_instant + hours * AN_HOUR, n)
        assert step is not None, word
        told.append(step.what)
        made = step.after
    return told


def test_the_moves_above_reach_every_kind_of_step() -> None:
    """Each word does what it says, so that the search is not one through refusals."""
    assert lived(("ask", 1, 1, 0), ("approve", 1, 1, 0), ("answer", 1, 1, 4), made=pending()) == [
        "change_asked", "approved", "change_accepted",
    ]  # fmt: skip
    assert lived(("cancel", 1, 1, 0), ("reinstate", 1, 1, 0), ("amend", 1, 1, 1), ("extend", 1, 1, 5), made=confirmed())
    assert lived(("move", 2, 11, 1), ("back", 1, 0, 1), ("zone", 1, 0, 1), ("fail", 1, 1, 0), made=pending()) == [
        "clock_moved", "clock_put_back", "zone_corrected", "failed",
    ]  # fmt: skip
    assert lived(("pay", 1, 1, 0), ("leave", 1, 1, 0), ("clock", 1, 0, 0), made=in_house(nights=3)) == [
        "payment_received", "checked_out", "completed",
    ]  # fmt: skip
    assert lived(("missing", 1, 1, 0), ("waive", 1, 1, 0), made=confirmed()) == ["no_show", "fee_waived"]
    assert {"assign", "arrive", "decline", "confirm"} <= MOVES.keys()


def test_taking_a_rule_away_is_noticed() -> None:
    """A step that forgets the nights, the room, the letter's fired mark, the deadline or the end's memory."""
    first = acts.opened(booking(), act())
    firm = acts.approved(first.after, act(march(1, 13)))
    given_room = acts.room_assigned(firm.after, act(march(1, 14)), firm.after.stays[0], (4, "104", 1))
    over = acts.cancelled(given_room.after, act(march(2, 9)), [1])
    forgetful = [
        replace(over, nights=()),
        replace(over, rooms=()),
        replace(over, after=replace(over.after, seq=over.after.seq + 1)),
        replace(over, after=replace(over.after, approval_deadline=march(3, 9))),
        replace(over, after=replace(over.after, stays=given_room.after.stays)),
        replace(over, after=replace(over.after, since=firm.after.since)),
    ]
    for broken in forgetful:
        ledger = Ledger()
        for step in (first, firm, given_room):
            ledger.follow(step)
        with pytest.raises(AssertionError):
            ledger.follow(broken)
    ledger = Ledger()
    for step in (first, firm, given_room, over):
        ledger.follow(step)
