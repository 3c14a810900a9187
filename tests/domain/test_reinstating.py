"""Taking up again what had ended: old prices, fees taken back, nights that have passed are skipped, clocks anew."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from domain import acts, alarms, changing
from domain.agenda import agenda, due
from domain.booking import SYSTEM, Booking, ClockMove, Status
from domain.checks import check_reinstate
from domain.steps import NoticeWish, RoomChange, Step
from domain.terms import EarlyDeparture, Penalty, StayTerms, pre_arrival_at
from tests.domain.made import (
    ARRIVAL,
    GUEST,
    MANAGER,
    act,
    confirmed,
    entry,
    keys,
    march,
    option,
    pending,
    plan,
    refusal,
    with_rooms,
)

LATE = StayTerms(1, "late", free_until_days=None, late_cancellation=Penalty.FULL)
YES = NoticeWish("confirmed", "guest", useful_until=march(13, 11))


def again(made: Booking, at: datetime, *numbers: int, oversell: bool = False) -> Step:
    """Stays are taken up again at that instant, all that ended unless some are named."""
    gone = (Status.CANCELLED, Status.NO_SHOW, Status.REJECTED, Status.EXPIRED)
    stays = [stay for stay in made.stays if stay.number in numbers] if numbers else made.live(*gone)
    return changing.reinstated(made, act(at, reason="A late flight."), stays, oversell=oversell)


def missing(nights: int = 3, rooms: int = 1) -> Booking:
    """Nobody came on 10 March."""
    made = with_rooms(confirmed(rooms, nights))
    return acts.no_show(made, act(march(11, 3), SYSTEM), range(1, rooms + 1)).after


def test_a_cancelled_stay_is_what_it_was_and_its_fee_is_taken_back() -> None:
    """Not refundable: 300.00 were owed for cancelling; now the nights are, at the old price, and the room is open."""
    made = acts.cancelled(with_rooms(confirmed(nights=3, stay_terms=LATE)), act(march(2, 9), GUEST), [1]).after
    assert (made.owed_minor, made.cancellation_reason) == (30_000, "cancelled by guest")
    step = again(made, march(3, 9))
    stay = step.after.stays[0]
    assert (step.what, step.after.status, stay.status) == ("reinstated", Status.CONFIRMED, Status.CONFIRMED)
    assert (stay.fee_minor, stay.fee_waived_minor, stay.ended_from, stay.room_id, stay.room_number) == (
        0, 0, None, None, "",
    )  # fmt: skip
    assert (stay.skipped, stay.expected_on, stay.night_minor) == ((), None, (10_000,) * 3)
    assert step.difference == {"stays": "1", "fee_reversed_minor": 30_000, "balance_minor": 30_000}
    assert [(move.night.day, move.sold) for move in step.nights] == [(10, 1), (11, 1), (12, 1)]
    assert (step.after.since, step.after.cancellation_reason) == (march(3, 9), "")
    assert (step.after.version, step.oversell, step.after.attention) == (made.version + 1, False, "")
    assert step.notices == (YES,)
    assert keys(step.after) == ["pre_arrival-1", "check_in_from-1", "no_show-1"]


def test_a_waived_fee_is_forgotten_with_the_end() -> None:
    made = acts.cancelled(confirmed(stay_terms=LATE), act(march(2, 9), MANAGER), [1], waive=True).after
    assert made.stays[0].fee_waived_minor == 20_000
    step = again(made, march(3, 9))
    assert (step.after.stays[0].fee_waived_minor, step.difference["fee_reversed_minor"]) == (0, 0)


def test_nights_that_passed_while_it_was_cancelled_are_neither_taken_nor_owed() -> None:
    """Cancelled on 9 March, taken up again on 11 March: the night of the 10th is skipped, two are left."""
    made = acts.cancelled(confirmed(nights=3), act(march(9, 9)), [1]).after
    step = again(made, march(11, 3))
    stay = step.after.stays[0]
    assert (stay.skipped, stay.expected_on, stay.awaited_on) == ((ARRIVAL,), date(2027, 3, 11), date(2027, 3, 11))
    assert [(move.night.day, move.sold) for move in step.nights] == [(11, 1), (12, 1)]
    assert step.after.owed_minor == 20_000
    assert entry(step.after, "no_show-1").at == march(12, 3)
    # The hotel's day ends at 03:00: a minute before that the 10th is still to come.
    early = again(made, march(11, 2, 59)).after.stays[0]
    assert (early.skipped, early.expected_on) == ((), None)


def test_a_no_show_keeps_night_one_and_is_awaited_from_today_on() -> None:
    """Three nights; back on 12 March: the 10th stays taken and owed, the 11th is skipped, the 12th is taken anew."""
    step = again(missing(), march(12, 9))
    awaited = (date(2027, 3, 12), date(2027, 3, 13))
    stay = step.after.stays[0]
    assert (step.after.status, stay.skipped, stay.expected_on) == (
        Status.CONFIRMED, (date(2027, 3, 11),), date(2027, 3, 12),
    )  # fmt: skip
    assert stay.kept == (ARRIVAL, date(2027, 3, 12))
    assert [(move.night.day, move.sold) for move in step.nights] == [(12, 1)]
    assert step.difference["fee_reversed_minor"] == 10_000
    assert (stay.released_from, step.after.owed_minor) == (None, 20_000)
    assert (stay.room_id, stay.room_number, step.rooms) == (None, "", (RoomChange(1, None, *awaited),))
    assert (entry(step.after, "no_show-1").at, entry(step.after, "check_in_from-1").at) == (march(13, 3), march(12, 14))


def test_a_no_show_may_be_missing_again_and_come_back_again() -> None:
    """Four nights from the 10th: missing, back on the 11th, missing again, back on the 13th."""
    back = again(missing(nights=4), march(11, 9)).after
    assert [(line.key, line.at) for line in due(agenda(back), march(12, 3))] == [("no_show-1", march(12, 3))]
    step = alarms.clock_rang(back, due(agenda(back), march(12, 3)), act(march(12, 3), SYSTEM))
    stay = step.after.stays[0]
    assert (step.after.status, stay.fee_minor, stay.released_from) == (Status.NO_SHOW, 10_000, date(2027, 3, 12))
    assert [(move.night.day, move.sold) for move in step.nights] == [(12, -1), (13, -1)]
    third = again(step.after, march(13, 9))
    stay = third.after.stays[0]
    assert (stay.skipped, stay.kept) == (
        (date(2027, 3, 12),), (ARRIVAL, date(2027, 3, 11), date(2027, 3, 13)),
    )  # fmt: skip
    assert [(move.night.day, move.sold) for move in third.nights] == [(13, 1)]
    assert third.after.owed_minor == 30_000


def test_skipped_nights_add_up_over_several_ends() -> None:
    """Five nights: missing, back on the 12th (the 11th skipped), missing again, back on the 14th (the 13th skipped)."""
    back = again(missing(nights=5), march(12, 9)).after
    lost = acts.no_show(back, act(march(13, 3), SYSTEM), [1]).after
    stay = again(lost, march(14, 9)).after.stays[0]
    assert stay.skipped == (date(2027, 3, 11), date(2027, 3, 13))
    assert stay.owed_minor == 30_000


def test_who_comes_back_and_leaves_the_same_day_has_used_a_night() -> None:
    """Awaited on the 11th, in at 15:00, out at 16:00: the night of the 11th is never given back, the 12th is."""
    made = acts.cancelled(confirmed(nights=3), act(march(9, 9)), [1]).after
    back = with_rooms(again(made, march(11, 9)).after)
    inside = acts.checked_in(back, act(march(11, 15)), back.stays).after
    free = tuple(
        replace(stay, terms=replace(stay.terms, early_departure=EarlyDeparture.NONE)) for stay in inside.stays
    )  # fmt: skip
    step = acts.checked_out(replace(inside, stays=free), act(march(11, 16)), free)
    assert [(move.night.day, move.sold) for move in step.nights] == [(12, -1)]
    assert step.rooms == (RoomChange(1, 1, date(2027, 3, 11), date(2027, 3, 12)),)
    assert step.after.owed_minor == 10_000


@pytest.mark.parametrize("how", ["declined", "expired", "withdrawn"])
def test_a_request_is_with_the_hotel_again_for_a_new_window(how: str) -> None:
    """Ended on 2 March, taken up on 5 March 09:00: an answer within a day again, and alerts placed anew."""
    made = replace(pending(), fired=("approval_alert_desk",))
    moved = ClockMove("approval_deadline", march(2, 12), "staff", "manager", 2, march(1, 13))
    mark = ClockMove("check_in_from-1", march(10, 12), "staff", "manager", 2, march(1, 13))
    made = replace(made, moves=(moved, mark))
    over = {
        "declined": lambda: acts.declined(made, act(march(2, 9))),
        "expired": lambda: alarms.expired(made, act(march(2, 12), SYSTEM)),
        "withdrawn": lambda: acts.cancelled(made, act(march(2, 9), GUEST), [1]),
    }[how]().after
    step = again(over, march(5, 9))
    assert (step.after.status, step.after.stays[0].status) == (Status.PENDING, Status.PENDING)
    assert (step.after.approval_deadline, step.after.moves, step.after.fired) == (march(6, 9), (), ())
    assert [(line.key, line.at) for line in agenda(step.after)][:3] == [
        ("approval_alert_desk", march(5, 21)),
        ("approval_alert_manager", march(6, 4, 12)),
        ("approval_deadline", march(6, 9)),
    ]
    assert {(move.held, move.sold) for move in step.nights} == {(1, 0)}
    assert step.notices == (
        NoticeWish("pending", "guest", useful_until=march(6, 9)),
        NoticeWish("new_request", "staff", useful_until=march(6, 9)),
    )
    assert (step.after.cancellation_reason, step.after.hold_expires_at) == ("", None)


@pytest.mark.parametrize(
    ("at", "until"), [(march(5, 9), march(6, 9)), (march(10, 9), march(11, 3)), (march(11, 2), march(11, 3))]
)
def test_an_option_is_held_anew_for_the_hotels_hours(at: datetime, until: datetime) -> None:
    """A day from now, but never past the first night audit."""
    made = option(march(3, 12))
    over = alarms.clock_rang(made, due(agenda(made), march(3, 12)), act(march(3, 12), SYSTEM)).after
    step = again(over, at)
    assert (step.after.status, step.after.hold_expires_at) == (Status.HELD, until)
    assert step.notices == (NoticeWish("held", "guest", useful_until=until),)
    assert entry(step.after, "hold_expires").at == until


def test_an_old_option_is_not_over_at_once_when_it_is_taken_up_again() -> None:
    """The thirty days count from the day on which it is held anew; arrival in May."""
    made = option(march(3, 12))
    far = tuple(replace(stay, arrival=date(2027, 5, 10), departure=date(2027, 5, 12)) for stay in made.stays)
    over = acts.cancelled(replace(made, stays=far), act(march(3, 9)), [1]).after
    late = datetime(2027, 4, 20, 6, 0, tzinfo=march(1, 1).tzinfo)
    assert again(over, late).after.hold_expires_at == datetime(2027, 4, 21, 6, 0, tzinfo=march(1, 1).tzinfo)


def test_one_room_joins_those_that_live() -> None:
    """Cancelled while the booking was a request; the other is firm by now: it becomes firm too."""
    made = acts.cancelled(pending(rooms=2), act(march(1, 13), GUEST), [1]).after
    firm = acts.approved(made, act(march(1, 14))).after
    step = again(firm, march(2, 9), 1)
    assert {stay.status for stay in step.after.stays} == {Status.CONFIRMED}
    assert {(move.held, move.sold) for move in step.nights} == {(0, 1)}
    waiting = again(made, march(1, 15), 1)
    assert {stay.status for stay in waiting.after.stays} == {Status.PENDING}
    assert waiting.after.status is Status.PENDING
    held = acts.cancelled(option(march(3, 12), rooms=2), act(march(1, 13)), [1]).after
    assert again(held, march(1, 15), 1).after.status is Status.HELD


def test_a_room_joins_a_guest_in_the_house() -> None:
    """One room is in the house, the other was a no-show: it is awaited again, and the booking stays checked in."""
    made = with_rooms(confirmed(rooms=2, nights=3))
    half = acts.checked_in(made, act(march(10, 15)), made.stays[:1]).after
    lost = acts.no_show(half, act(march(11, 3), SYSTEM), [2]).after
    step = again(lost, march(11, 9))
    assert (step.after.status, step.after.stays[1].status) == (Status.CHECKED_IN, Status.CONFIRMED)
    assert step.after.stays[0] == lost.stays[0]


def test_rooms_that_ended_from_different_states_come_back_firm() -> None:
    """One was given up as a request, the other after the yes: together they are confirmed; alone each is as it was."""
    made = acts.cancelled(pending(rooms=2), act(march(1, 13), GUEST), [1]).after
    over = acts.cancelled(acts.approved(made, act(march(1, 14))).after, act(march(2, 9)), [2]).after
    assert [stay.ended_from for stay in over.stays] == [Status.PENDING, Status.CONFIRMED]
    assert again(over, march(3, 9)).after.status is Status.CONFIRMED
    assert again(over, march(3, 9), 1).after.status is Status.PENDING
    assert again(over, march(3, 9), 2).after.status is Status.CONFIRMED


def test_clocks_that_hung_on_it_are_placed_anew_and_others_stay() -> None:
    """Moves and rung clocks of stay 1 are gone, but for its letter; those of stay 2 and 11 and of a change are not."""
    made = acts.cancelled(confirmed(rooms=2), act(march(2, 9)), [1]).after
    at = march(3, 9)
    names = ("no_show-1", "no_show-2", "no_show-11", "change_request-1", "close")
    moves = tuple(ClockMove(key, at, "staff", "manager", 2, at) for key in names)
    made = replace(made, moves=moves, fired=("pre_arrival-1", "overstay-1", "pre_arrival-2", "overstay-2", "feedback"))
    after = again(made, march(3, 9), 1).after
    assert [move.key for move in after.moves] == ["no_show-2", "no_show-11", "change_request-1"]
    assert after.fired == ("pre_arrival-1", "pre_arrival-2", "overstay-2")
    both = acts.cancelled(made, act(march(3, 9)), [2]).after
    after = again(both, march(3, 10), 1, 2).after
    assert [move.key for move in after.moves] == ["no_show-11", "change_request-1"]
    assert after.fired == ("pre_arrival-1", "pre_arrival-2")


def test_who_was_written_to_before_the_arrival_is_not_written_to_again_whatever_becomes_of_the_zone() -> None:
    """Kochi's letter goes out on 8 March at 10:00; taken up again, the booking turns out to be in Los Angeles."""
    told = replace(confirmed(), fired=("pre_arrival-1",))
    over = acts.cancelled(told, act(march(8, 11)), [1]).after
    after = again(over, march(8, 12)).after
    assert "pre_arrival-1" not in keys(after)
    moved = changing.zone_corrected(after, act(march(8, 12)), "America/Los_Angeles", 2).after
    assert pre_arrival_at(moved.terms, moved.arrival) > march(8, 12)
    assert "pre_arrival-1" not in keys(moved)


@pytest.mark.parametrize(("minute", "skipped"), [(59, False), (60, True)])
def test_a_letter_whose_moment_has_passed_is_not_sent_for_it(minute: int, skipped: bool) -> None:
    """Two rooms, one of them cancelled; on 8 March at 10:00 its letter is skipped, a minute before it is not."""
    made = acts.cancelled(confirmed(rooms=2), act(march(2, 9)), [1]).after
    made = replace(made, fired=("pre_arrival-2",))
    at = march(8, 9, minute) if minute < 60 else march(8, 10)
    after = again(made, at, 1).after
    assert due(agenda(after), at) == ()
    assert ("pre_arrival-1" in keys(after)) is not skipped


def test_a_full_house_is_noted_where_somebody_took_it_on_himself() -> None:
    made = acts.cancelled(confirmed(), act(march(2, 9)), [1]).after
    step = again(replace(made, attention="Look here."), march(3, 9), oversell=True)
    assert (step.oversell, step.after.attention) == (True, "Taken up again into a full house.")
    quiet = again(replace(made, attention="Look here."), march(3, 9))
    assert (quiet.oversell, quiet.after.attention) == (False, "Look here.")


# When it may be.


def test_taking_up_again_needs_a_reason_and_a_stay_that_lasts() -> None:
    """Until 11:00 on the day of departure; a request only in advance of its first night."""
    gone = acts.cancelled(confirmed(), act(march(2, 9)), [1]).after
    no = refusal(lambda: check_reinstate(gone, gone.stays, " ", march(3, 9)))
    assert (no.code, no.field, no.detail) == ("reason_needed", "reason", "Taking a booking up again needs a reason.")
    no = refusal(lambda: check_reinstate(gone, gone.stays, "Late.", march(12, 11)))
    assert (no.code, no.facts) == ("too_late", {"latest": march(12, 11).isoformat()})
    assert no.detail == "The stay was to end Fri 12 Mar 2027, 11:00 (IST); make a new booking instead."
    # After the last night has begun to end there is nothing left to take.
    no = refusal(lambda: check_reinstate(gone, gone.stays, "Late.", march(12, 3)))
    assert (no.code, no.facts) == ("too_late", {"business_date": "2027-03-12"})
    check_reinstate(gone, gone.stays, "Late.", march(12, 2, 59))


@pytest.mark.parametrize(
    "over",
    [
        acts.declined(pending(), act(march(2, 9))).after,
        alarms.expired(pending(), act(march(2, 12), SYSTEM)).after,
        acts.cancelled(pending(), act(march(1, 13), GUEST), [1]).after,
        acts.cancelled(option(march(3, 12)), act(march(1, 13)), [1]).after,
    ],
)
def test_a_request_is_taken_up_again_in_advance_only(over: Booking) -> None:
    """At 03:00 on 11 March the hotel's day of the arrival is over."""
    check_reinstate(over, over.stays, "Late.", march(11, 2, 59))
    no = refusal(lambda: check_reinstate(over, over.stays, "Late.", march(11, 3)))
    assert (no.code, no.facts) == ("too_late", {"business_date": "2027-03-11"})
    assert no.detail == "The nights of stay 1 have begun; the hotel's business day is 2027-03-11."
    unknown = tuple(replace(stay, ended_from=None) for stay in over.stays)
    if over.status in (Status.REJECTED, Status.EXPIRED):
        assert refusal(lambda: check_reinstate(over, unknown, "Late.", march(11, 3))).code == "too_late"


def test_a_shorter_room_may_be_over_while_the_booking_lasts() -> None:
    """Stay 1 to 12 March, stay 2 to 20 March: on the 13th only stay 2 can be taken up again."""
    made = confirmed(rooms=2)
    two = [plan(made.stays[1], departure=date(2027, 3, 20))]
    longer = changing.amended(made, act(march(2, 9)), two).after
    over = acts.cancelled(longer, act(march(3, 9)), [1, 2]).after
    check_reinstate(over, over.stays[1:], "Late.", march(13, 9))
    assert refusal(lambda: check_reinstate(over, over.stays[:1], "Late.", march(13, 9))).code == "too_late"
