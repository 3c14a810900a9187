"""What clocks do when they ring: letters once, ends in time, nights that nobody had booked."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain import acts, alarms, changing
from domain.agenda import agenda, due, next_alarm
from domain.booking import SYSTEM, Booking, Status
from domain.changes import PricedLine
from domain.steps import AddedLine, ChangeNews, NoticeWish, Step
from domain.terms import ApprovalTerms, ChecklistPoint, Payment
from tests.domain.made import (
    A_DAY,
    A_MINUTE,
    ARRIVAL,
    AUTO,
    DESK,
    GUEST,
    KOCHI,
    MANAGER,
    act,
    confirmed,
    entry,
    gone,
    in_house,
    keys,
    march,
    option,
    pending,
    plan,
    with_rooms,
)

WISH = ChangeNews(0, "open", "{}", "A later day, please.")


def ring(made: Booking, at: datetime) -> Step:
    """What happens at that instant."""
    return alarms.clock_rang(made, due(agenda(made), at), act(at, SYSTEM))


def all_rung(made: Booking, at: datetime) -> list[Step]:
    """Everything that happens until nothing is due any more."""
    steps: list[Step] = []
    while due(agenda(made), at):
        steps.append(ring(made, at))
        made = steps[-1].after
    return steps


def test_the_desk_and_then_the_manager_are_told_that_the_answer_is_near() -> None:
    """Asked at 11:30 for an answer within a day: 23:30 and 06:42; each once, and no status moves."""
    made = pending()
    first = ring(made, march(1, 23, 30))
    assert (first.what, first.after.status, first.after.version) == ("deadline_near", Status.PENDING, made.version)
    told = NoticeWish("deadline_near", "staff", data={"who": "desk"})
    assert first.notices == (told,)
    assert first.difference == {"clocks": "approval_alert_desk"}
    assert first.after.fired == ("approval_alert_desk",)
    assert (first.after.seq, first.after.since) == (made.seq + 1, made.since)
    second = ring(first.after, march(2, 6, 42))
    assert second.notices == (replace(told, data={"who": "manager"}),)
    assert second.after.fired == ("approval_alert_desk", "approval_alert_manager")
    assert keys(second.after)[0] == "approval_deadline"


def test_an_alert_that_has_rung_never_rings_again_however_the_deadline_moves() -> None:
    """Told at 23:30; the deadline goes to 4 March: only the manager's alert is placed anew."""
    rung = ring(pending(), march(1, 23, 30)).after
    later = changing.clock_moved(
        rung, act(march(2, 9), MANAGER, "Ask the owner."), entry(rung, "approval_deadline"), march(4, 11, 30)
    ).after
    assert "approval_alert_desk" not in keys(later)
    # Three days from 1 March 11:30; four fifths of them are 57 hours and 36 minutes.
    assert entry(later, "approval_alert_manager").at == march(3, 21, 6)


def test_a_request_without_an_answer_expires() -> None:
    step = ring(replace(pending(rooms=2), fired=("approval_alert_desk", "approval_alert_manager")), march(2, 11, 30))
    assert (step.what, step.after.status, step.after.approval_deadline) == ("expired", Status.EXPIRED, None)
    assert {(stay.status, stay.ended_from) for stay in step.after.stays} == {(Status.EXPIRED, Status.PENDING)}
    assert {(move.held, move.sold) for move in step.nights} == {(-2, 0)}
    assert step.notices == (NoticeWish("expired", "guest"),)
    assert step.after.version == 2
    assert keys(step.after) == []


@pytest.mark.parametrize(
    ("points", "attention"),
    [
        ((), "Confirmed without an answer."),
        (
            (ChecklistPoint("Passport", needed=True), ChecklistPoint("Boat")),
            "Confirmed without an answer; open: Passport, Boat.",
        ),
    ],
)
def test_a_hotel_may_let_its_silence_be_a_yes(points: tuple[ChecklistPoint, ...], attention: str) -> None:
    """Confirmed even with an open checklist, and people are told to look."""
    terms = replace(KOCHI, approval=ApprovalTerms(at_end="approve", checklist=points))
    made = replace(pending(terms=terms), fired=("approval_alert_desk", "approval_alert_manager"))
    step = ring(made, march(2, 11, 30))
    assert (step.what, step.after.status, step.after.attention) == ("approved_by_rule", Status.CONFIRMED, attention)
    assert step.after.approval_deadline is None
    assert {(move.held, move.sold) for move in step.nights} == {(-1, 1)}
    assert step.notices == (NoticeWish("confirmed", "guest", useful_until=march(12, 11)),)


def test_an_option_that_nobody_made_firm_expires() -> None:
    step = ring(option(march(3, 12)), march(3, 12))
    assert (step.what, step.after.status, step.after.hold_expires_at) == ("option_ended", Status.EXPIRED, None)
    assert step.after.stays[0].ended_from is Status.HELD
    assert {(move.held, move.sold) for move in step.nights} == {(-1, 0)}
    assert step.notices == (NoticeWish("expired", "guest"),)
    assert step.awaited
    assert step.awaited.key == "hold_expires"


def test_two_reminders_that_are_due_together_are_one_step() -> None:
    """Two rooms, the same morning: one event, two letters, both done; of use until the rooms are promised."""
    made = confirmed(rooms=2)
    step = ring(made, march(8, 10))
    assert step.what == "reminded"
    assert step.notices == tuple(NoticeWish("pre_arrival", "guest", n, march(10, 14)) for n in (1, 2))
    assert step.after.fired == ("pre_arrival-1", "pre_arrival-2")
    assert step.difference == {"clocks": "pre_arrival-1, pre_arrival-2"}
    assert (step.after.version, step.after.attention) == (made.version, "")
    assert not due(agenda(step.after), march(8, 10))


def test_what_became_due_while_nobody_worked_is_seen_to_in_order() -> None:
    """No worker from 1 to 3 March: two alerts as one step, then the end."""
    steps = all_rung(pending(), march(3, 9))
    assert [step.what for step in steps] == ["deadline_near", "expired"]
    assert [wish.data["who"] for wish in steps[0].notices] == ["desk", "manager"]
    # The letter before the arrival is pointless when the guests are missing already.
    missing = all_rung(confirmed(rooms=2), march(11, 9))
    assert [step.what for step in missing] == ["no_show"]
    assert missing[0].difference["stays"] == "1, 2"


def test_guests_who_never_came_are_a_no_show_at_the_night_audit() -> None:
    """Three nights: the first stays sold and is owed, two are free again, the room is nobody's."""
    made = replace(with_rooms(confirmed(nights=3)), fired=("pre_arrival-1",))
    step = ring(made, march(11, 3))
    stay = step.after.stays[0]
    assert (step.what, step.after.status) == ("no_show", Status.NO_SHOW)
    assert [(move.night, move.sold) for move in step.nights] == [(ARRIVAL + A_DAY, -1), (ARRIVAL + 2 * A_DAY, -1)]
    assert [change.room_id for change in step.rooms] == [None]
    assert (stay.fee_minor, stay.ended_from, stay.released_from) == (10_000, Status.CONFIRMED, ARRIVAL + A_DAY)
    assert (step.after.owed_minor, step.after.balance_minor) == (10_000, 10_000)


def test_who_has_not_left_is_told_to_the_desk_once() -> None:
    """An hour past 11:00 on the departure day; which room it is stands in the note."""
    made = in_house(rooms=2)
    step = ring(made, march(12, 12))
    assert (step.what, step.after.version) == ("overstay", made.version)
    assert step.after.attention == "Past the check-out time without a check-out: stay 1, 2."
    assert step.notices == (NoticeWish("overstay", "staff", 1), NoticeWish("overstay", "staff", 2))
    assert step.after.fired[-2:] == ("overstay-1", "overstay-2")
    assert keys(step.after) == ["overstay_night-1", "overstay_night-2"]


def test_a_guest_who_has_not_left_by_the_audit_stays_another_night() -> None:
    """12 March's night at the price of the last one, even in a full house; then the clocks of a day later."""
    stay = replace(in_house().stays[0], night_minor=(9_000, 11_000), total_minor=20_000)
    late = ring(replace(in_house(), stays=(stay,)), march(12, 12)).after
    step = ring(late, march(13, 3))
    longer = step.after.stays[0]
    assert (step.what, step.after.status, step.oversell) == ("overstay_night", Status.CHECKED_IN, True)
    assert (longer.departure, longer.overstayed, longer.total_minor) == (date(2027, 3, 13), 1, 31_000)
    assert longer.night_minor == (9_000, 11_000, 11_000)
    assert step.added == (
        AddedLine(1, PricedLine("room", date(2027, 3, 12), "OVERSTAY", "Night after the booked departure", 11_000)),
    )
    assert step.difference == {"stay": 1, "night": "2027-03-12", "amount_minor": 11_000}
    assert [(move.night, move.sold) for move in step.nights] == [(date(2027, 3, 12), 1)]
    assert [(change.room_id, change.departure) for change in step.rooms] == [(1, date(2027, 3, 13))]
    assert step.notices == (NoticeWish("overstay", "staff", 1),)
    assert step.after.attention == "Stay 1 went on for a night nobody had booked; the guest has not checked out."
    assert [(line.key, line.at) for line in agenda(step.after)] == [("overstay-1", march(13, 12))]
    assert step.after.version == late.version + 1


def test_without_prices_by_night_the_added_one_costs_an_equal_share() -> None:
    """Two nights for 199.99: the third costs 99.99."""
    stay = replace(in_house().stays[0], night_minor=(), total_minor=19_999)
    late = replace(in_house(), stays=(stay,), fired=("overstay-1",))
    longer = ring(late, march(13, 3)).after.stays[0]
    assert (longer.total_minor, longer.night_minor) == (29_998, ())
    one = in_house(nights=1)
    bare = replace(one, stays=(replace(one.stays[0], night_minor=(), total_minor=9_999),), fired=("overstay-1",))
    assert ring(bare, march(12, 3)).after.stays[0].total_minor == 19_998


def test_a_guest_is_kept_for_seven_nights_at_most() -> None:
    """Seven audits from 13 March on add a night each; on the eighth day the desk is alerted, and nothing follows."""
    made, nights = in_house(), 0
    while alarm := next_alarm(agenda(made)):
        step = ring(made, alarm.at)
        nights += step.what == "overstay_night"
        made = step.after
    assert (nights, made.stays[0].overstayed, made.stays[0].departure) == (7, 7, date(2027, 3, 19))
    assert made.last_instant == march(19, 12)
    assert made.attention == "Past the check-out time without a check-out: stay 1."
    assert made.balance_minor == 90_000
    left = gone(made, march(19, 15))
    assert (left.status, left.attention) == (Status.CHECKED_OUT, "")


def test_an_audit_that_was_moved_counts_for_one_night_only() -> None:
    """Moved to 13 March 06:00 by the desk; the night after that goes by the terms again, and stay 11 is another."""
    late = ring(in_house(), march(12, 12)).after
    by_desk = act(march(12, 13), DESK, "He is packing.")
    moved = changing.clock_moved(late, by_desk, entry(late, "overstay_night-1"), march(13, 6)).after
    other = replace(moved.moves[0], key="overstay-11")
    again = ring(replace(moved, moves=(*moved.moves, other)), march(13, 6)).after
    assert [move.key for move in again.moves] == ["overstay-11"]
    alerted = ring(again, march(13, 12)).after
    assert entry(alerted, "overstay_night-1").at == march(14, 3)


def test_a_night_in_a_room_that_is_given_to_the_next_guest_is_a_matter_for_people() -> None:
    """The night is added and counted; the room is left to who has it from then on, and the desk is told."""
    step = ring(ring(in_house(), march(12, 12)).after, march(13, 3))
    assert step.rooms
    taken = alarms.in_a_taken_room(step, "101")
    assert (taken.rooms, taken.nights, taken.added) == ((), step.nights, step.added)
    assert taken.after == replace(step.after, attention=taken.after.attention)
    assert taken.after.attention == (
        "Stay 1 went on for a night nobody had booked; the guest has not checked out."
        " Room 101 is given to another guest for that night."
    )
    quiet = replace(step, after=replace(step.after, attention=""))
    told = alarms.in_a_taken_room(quiet, "101").after.attention
    assert told == "Room 101 is given to another guest for that night."


def test_a_stay_that_is_not_there_cannot_go_on() -> None:
    with pytest.raises(ValueError, match="There is no stay 9"):
        alarms.overstay_night(in_house(), act(march(13, 3), SYSTEM), 9)


def test_a_change_the_hotel_did_not_answer_lapses_and_the_guest_is_told() -> None:
    """The booking stays as it is."""
    asked = changing.change_asked(confirmed(), act(march(1, 13), GUEST), WISH).after
    step = ring(asked, march(2, 13))
    assert (step.what, step.after.status, step.after.change_request) == ("change_lapsed", Status.CONFIRMED, None)
    assert step.change == ChangeNews(1, "lapsed")
    assert step.difference == {"number": 1}
    assert step.notices == (NoticeWish("change_answered", "guest", data={"verdict": "lapsed", "change": 1}),)
    assert (step.after.version, step.after.stays) == (asked.version + 1, asked.stays)
    nothing = alarms.change_lapsed(confirmed(), act(march(2, 13)))
    assert (nothing.change, nothing.difference) == (None, {"number": 0})


def test_a_change_that_is_open_when_the_request_expires_lapses_with_it() -> None:
    asked = changing.change_asked(pending(), act(march(1, 13), GUEST), WISH).after
    asked = replace(asked, fired=("approval_alert_desk", "approval_alert_manager"))
    step = ring(asked, march(2, 11, 30))
    assert (step.what, step.change, step.after.change_request) == ("expired", ChangeNews(1, "lapsed"), None)


def test_the_guest_is_asked_how_it_was_before_the_books_close() -> None:
    """Left on 12 March 10:00; asked two hours later, which is later than the hour after which books close."""
    terms = replace(AUTO, feedback_after_seconds=7200, payment=Payment.NONE)
    left = gone(in_house(terms=terms), march(12, 10))
    steps = all_rung(left, march(12, 12))
    assert [step.what for step in steps] == ["reminded", "completed"]
    assert steps[0].notices == (NoticeWish("feedback", "guest", useful_until=march(12, 12) + timedelta(days=30)),)
    assert steps[0].after.fired[-1] == "feedback"
    done = steps[1].after
    assert (done.status, done.close_at, done.feedback_at, done.attention) == (Status.COMPLETED, None, None, "")


@pytest.mark.parametrize(
    ("feedback", "asked", "closed"),
    [(None, None, 3600), (600, 600, 3600), (3600, 3600, 3600), (86_400, 86_400, 86_400)],
)
def test_the_books_stay_open_until_the_guest_was_asked(feedback: int | None, asked: int | None, closed: int) -> None:
    """An hour by the hotel's terms, or as long as the letter takes."""
    left = gone(in_house(terms=replace(KOCHI, feedback_after_seconds=feedback)), march(12, 10))
    assert left.close_at == march(12, 10) + timedelta(seconds=closed)
    assert left.feedback_at == (None if asked is None else march(12, 10) + timedelta(seconds=asked))


@pytest.mark.parametrize(
    ("paid", "payment", "attention"),
    [
        (20_000, Payment.AT_HOTEL, ""),
        (0, Payment.AT_HOTEL, "The books were closed with an open balance."),
        (20_001, Payment.AT_HOTEL, "The books were closed with an open balance."),
        (0, Payment.NONE, ""),
    ],
)
def test_an_open_balance_stays_visible_when_the_books_close(paid: int, payment: Payment, attention: str) -> None:
    left = replace(gone(in_house(terms=replace(KOCHI, payment=payment)), march(12, 10)), paid_minor=paid)
    step = ring(left, march(12, 11))
    assert (step.what, step.after.status, step.after.attention) == ("completed", Status.COMPLETED, attention)
    assert step.difference == {"balance_minor": 20_000 - paid}
    assert step.after.version == left.version + 1
    assert step.after.stays == left.stays


def test_the_alert_comes_back_with_a_longer_stay() -> None:
    """Alerted on 12 March, then extended to 14 March: the alert is placed anew for that day."""
    late = ring(in_house(), march(12, 12)).after
    longer = changing.amended(late, act(march(12, 13)), [plan(late.stays[0], departure=date(2027, 3, 14))]).after
    assert [(line.key, line.at) for line in agenda(longer)] == [("overstay-1", march(14, 12))]
    assert longer.stays[0].overstayed == 0


def test_a_step_is_never_earlier_than_the_one_before() -> None:
    """A clock that is seen to late is written at the instant at which it was seen to."""
    late = ring(confirmed(), march(8, 11))
    assert late.after.last_instant == march(8, 11)
    early = acts.payment_taken(late.after, act(march(8, 11) - A_MINUTE), "cash", 1, "")
    assert early.after.last_instant == march(8, 11)
