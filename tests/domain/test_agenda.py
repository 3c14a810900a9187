"""The agenda: every clock with its default, its bounds, who set it, and the order in which clocks ring."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain import acts, changing
from domain.agenda import agenda, awaited, due, first_check_in, first_no_show, latest_hold, next_alarm
from domain.booking import SYSTEM, Booking, ClockMove, Status
from domain.steps import ChangeNews
from domain.terms import ApprovalTerms, Opening, Penalty, StayTerms
from tests.domain.made import (
    A_DAY,
    A_MINUTE,
    AN_HOUR,
    ARRIVAL,
    ASKED,
    AUTO,
    DESK,
    GUEST,
    KOCHI,
    act,
    booking,
    confirmed,
    entry,
    gone,
    in_house,
    keys,
    kochi,
    march,
    option,
    pending,
    plan,
)

WISH = ChangeNews(0, "open", "{}", "A later day, please.")
SEEN_TO = replace(in_house(), fired=("overstay-1",))
ASKS_LATER = replace(KOCHI, feedback_after_seconds=7200)
WISHED = changing.change_asked(confirmed(), act(march(1, 13), GUEST), WISH).after


def moved(made: Booking, key: str, at: datetime, moves: int = 1) -> Booking:
    """The same with a clock moved by the front desk on 1 March at 13:00."""
    move = ClockMove(key, at, "staff", "frontdesk", 9, march(1, 13), moves)
    return replace(made, moves=(*made.moves, move))


@pytest.mark.parametrize(
    ("made", "key", "at", "earliest", "latest", "rings", "anchor"),
    [
        # The first night audit bounds an option: 11 March 03:00 is before thirty days from 1 March.
        (option(march(3, 12)), "hold_expires", march(3, 12), None, march(11, 3), True, "booking"),
        (pending(), "approval_alert_desk", march(1, 23, 30), None, march(2, 11, 29), True, "booking"),
        (pending(), "approval_alert_manager", march(2, 6, 42), None, march(2, 11, 29), True, "booking"),
        (pending(), "approval_deadline", march(2, 11, 30), None, march(10, 14), True, "booking"),
        (WISHED, "change_request-1", march(2, 13), None, march(10, 14), True, "booking"),
        (confirmed(), "pre_arrival-1", march(8, 10), None, march(10, 14), True, "date"),
        (confirmed(), "cancel_free_until-1", march(9, 18), None, march(11, 3), False, "date"),
        (pending(), "cancel_free_until-1", march(9, 18), None, march(11, 3), False, "date"),
        (confirmed(), "check_in_from-1", march(10, 14), march(10, 3), march(11, 3), False, "date"),
        (option(march(3, 12)), "check_in_from-1", march(10, 14), march(10, 3), march(11, 3), False, "date"),
        (confirmed(), "no_show-1", march(11, 3), march(10, 14), march(12, 11), True, "date"),
        (in_house(), "overstay-1", march(12, 12), march(12, 11), march(13, 11), True, "date"),
        (SEEN_TO, "overstay_night-1", march(13, 3), march(12, 11), march(14, 3), True, "date"),
        (gone(in_house(), march(12, 10)), "close", march(12, 11), None, kochi(date(2027, 4, 11), 11), True,
         "booking"),
        (gone(in_house(terms=ASKS_LATER), march(12, 10)), "feedback", march(12, 12), None,
         kochi(date(2027, 4, 11), 11), True, "booking"),
    ],
)  # fmt: skip
def test_every_clock_has_its_moment_and_its_bounds(
    made: Booking, key: str, at: datetime, earliest: datetime | None, latest: datetime, rings: bool, anchor: str
) -> None:
    """Kochi, two nights from 10 March; the bounds of docs/rules/agenda.md by hand."""
    line = entry(made, key)
    assert (line.at, line.default_at, line.earliest, line.latest) == (at, at, earliest, latest)
    assert (line.rings, line.anchor, line.movable) == (rings, anchor, True)
    assert line.stay == (int(key[-1]) if anchor == "date" else None)
    assert (line.set_by.kind, line.set_by.policy_version, line.set_by.at, line.set_by.seq) == ("policy", 3, None, None)
    assert line.what
    assert line.consequence.endswith(".")


def test_the_agendas_of_each_status_name_their_clocks_in_order() -> None:
    assert keys(option(march(3, 12))) == ["hold_expires", "cancel_free_until-1", "check_in_from-1"]
    assert keys(pending()) == [
        "approval_alert_desk", "approval_alert_manager", "approval_deadline", "cancel_free_until-1", "check_in_from-1",
    ]  # fmt: skip
    assert keys(confirmed()) == ["pre_arrival-1", "cancel_free_until-1", "check_in_from-1", "no_show-1"]
    assert keys(in_house()) == ["overstay-1"]
    assert keys(SEEN_TO) == ["overstay_night-1"]
    assert keys(gone(in_house(), march(12, 10))) == ["close"]
    assert keys(acts.declined(pending(), act()).after) == []


def test_a_far_option_ends_thirty_days_after_it_was_made() -> None:
    """Arrival on 10 May: the first audit is on 11 May, so the thirty days bound it: 31 March 11:30."""
    far = booking()
    stays = tuple(replace(stay, arrival=date(2027, 5, 10), departure=date(2027, 5, 12)) for stay in far.stays)
    held = acts.opened(replace(far, stays=stays), act(), option_until=march(5, 9)).after
    assert latest_hold(held) == march(31, 11, 30)
    assert entry(held, "hold_expires").latest == march(31, 11, 30)


def test_what_the_terms_say_themselves_is_always_within_bounds() -> None:
    """Asked at 13:50 on the day of arrival: half an hour at least, which is later than the check-in time."""
    late = march(10, 13, 50)
    asked = replace(booking(), created_at=late, since=late)
    line = entry(acts.opened(asked, act(late)).after, "approval_deadline")
    assert (line.at, line.latest) == (march(10, 14, 20), march(10, 14, 20))


def test_a_room_promised_before_the_day_begins_may_be_left_so() -> None:
    """An audit at 16:00, after the check-in time of 14:00: the terms' own 14:00 stays within bounds."""
    odd = replace(AUTO, audit_time=time(16))
    line = entry(acts.opened(booking(terms=odd), act()).after, "check_in_from-1")
    assert (line.at, line.earliest) == (march(10, 14), march(10, 14))


def test_a_moved_clock_names_who_moved_it_and_keeps_its_default() -> None:
    line = entry(moved(pending(), "approval_deadline", march(3, 9)), "approval_deadline")
    assert (line.at, line.default_at) == (march(3, 9), march(2, 11, 30))
    who = line.set_by
    assert (who.kind, who.role, who.at, who.seq, who.policy_version) == ("staff", "frontdesk", march(1, 13), 9, 3)


def test_the_alerts_follow_the_deadline_wherever_it_is_moved() -> None:
    """From 1 March 11:30 to 3 March 11:30: half of it on 2 March 11:30, four fifths on 3 March 01:54."""
    later = moved(pending(), "approval_deadline", march(3, 11, 30))
    alerts = [entry(later, "approval_alert_desk"), entry(later, "approval_alert_manager")]
    assert [line.at for line in alerts] == [march(2, 11, 30), march(3, 1, 54)]
    assert {line.latest for line in alerts} == {march(3, 11, 29)}


def test_the_ladder_counts_working_hours() -> None:
    """Mon-Sat 9 to 18, eight hours; asked on Monday 1 March 11:30: alerts 15:30 and, after the night, Tuesday 9:00."""
    hours = tuple(Opening(day, time(9), time(18)) for day in range(6))
    terms = replace(KOCHI, approval=ApprovalTerms(480, count="working", hours=hours))
    made = pending(terms=terms)
    assert [(line.key, line.at) for line in agenda(made)][:3] == [
        ("approval_alert_desk", march(1, 15, 30)),
        ("approval_alert_manager", march(1, 17, 54)),
        ("approval_deadline", march(2, 10, 30)),
    ]


def test_an_answer_due_at_once_leaves_no_time_for_alerts() -> None:
    """A minute to answer: both alerts would be at the request itself, so there are none."""
    short = replace(KOCHI, approval=ApprovalTerms(1, least_minutes=1))
    assert keys(pending(terms=short))[0] == "approval_deadline"
    two = replace(KOCHI, approval=ApprovalTerms(2, least_minutes=1))
    assert keys(pending(terms=two))[:2] == ["approval_alert_desk", "approval_alert_manager"]
    assert entry(pending(terms=two), "approval_alert_desk").at == ASKED + A_MINUTE


def test_the_words_of_the_deadline_say_what_the_rule_is() -> None:
    """Without an answer the request expires, or is confirmed where the hotel wants that."""
    yes = replace(KOCHI, approval=ApprovalTerms(at_end="approve"))
    assert "expires" in entry(pending(), "approval_deadline").consequence
    assert "is confirmed" in entry(pending(terms=yes), "approval_deadline").consequence
    desk, manager = (entry(pending(), f"approval_alert_{who}") for who in ("desk", "manager"))
    assert (desk.what, manager.what) == (
        "The desk is reminded of the request",
        "The manager is reminded of the request",
    )


def test_marks_whose_moment_was_past_at_booking_are_not_shown() -> None:
    """Booked on 9 March at 18:00, then on 10 March at 14:00: what passed in that very instant is past."""
    for at, left in ((march(9, 17, 59), 2), (march(9, 18), 1), (march(10, 13, 59), 1), (march(10, 14), 0)):
        made = acts.opened(replace(booking(terms=AUTO), created_at=at, since=at), act(at)).after
        marks = [line for line in agenda(made) if not line.rings]
        assert len(marks) == left, at
    asked = replace(booking(terms=AUTO), created_at=march(9, 18), since=march(9, 18))
    shown = moved(acts.opened(asked, act(march(9, 18))).after, "cancel_free_until-1", march(10, 9))
    assert entry(shown, "cancel_free_until-1").at == march(10, 9)


def test_a_rate_that_is_never_refundable_has_no_free_time() -> None:
    strict = StayTerms(2, "strict", free_until_days=None, late_cancellation=Penalty.FULL)
    assert "cancel_free_until-1" not in keys(pending(stay_terms=strict))


def test_a_reminder_that_was_past_when_the_stay_became_firm_is_skipped() -> None:
    """Confirmed at 09:59 on 8 March the letter of 10:00 goes out; at 10:00 it does not, unless somebody places it."""
    made = replace(pending(), approval_deadline=march(9, 9))
    early, late = (acts.approved(made, act(at)).after for at in (march(8, 9, 59), march(8, 10)))
    assert "pre_arrival-1" in keys(early)
    assert "pre_arrival-1" not in keys(late)
    assert entry(moved(late, "pre_arrival-1", march(9, 8)), "pre_arrival-1").at == march(9, 8)


def test_marks_set_no_timer_and_are_never_due() -> None:
    """On 10 March 14:00 both marks have passed and the letter is due; the next timer is the night audit's."""
    made = confirmed()
    assert [line.key for line in due(agenda(made), march(10, 14))] == ["pre_arrival-1"]
    written = replace(made, fired=("pre_arrival-1",))
    alarm = next_alarm(agenda(written))
    assert alarm is not None
    assert alarm.key == "no_show-1"
    assert due(agenda(written), march(10, 14)) == ()
    assert next_alarm(()) is None


def test_a_clock_is_due_at_its_very_instant() -> None:
    assert due(agenda(pending()), march(1, 23, 30) - timedelta(seconds=1)) == ()
    assert [line.key for line in due(agenda(pending()), march(1, 23, 30))] == ["approval_alert_desk"]
    assert [line.key for line in due(agenda(pending()), march(2, 11, 30))] == [
        "approval_alert_desk", "approval_alert_manager", "approval_deadline",
    ]  # fmt: skip


def test_nobody_waits_for_letters_and_reminders() -> None:
    """The first clock that decides something is what a booking waits for."""
    asks = gone(in_house(terms=ASKS_LATER), march(12, 10))
    cases = [
        (pending(), "approval_deadline"), (confirmed(), "no_show-1"), (option(march(3, 12)), "hold_expires"),
        (in_house(), "overstay-1"), (asks, "close"), (WISHED, "change_request-1"),
    ]  # fmt: skip
    for made, key in cases:
        line = awaited(agenda(made))
        assert line is not None
        assert line.key == key
    assert awaited(agenda(acts.declined(pending(), act()).after)) is None


def test_at_one_instant_the_bookings_own_clocks_come_first_and_then_rooms_by_number() -> None:
    """Three rooms, all moved to one instant; a change request is the booking's own clock."""
    three = changing.change_asked(confirmed(rooms=3), act(march(1, 13), GUEST), WISH).after
    at = march(9, 18)
    for number in (3, 1, 2):
        three = moved(three, f"no_show-{number}", at)
    together = [line.key for line in agenda(moved(three, "change_request-1", at)) if line.at == at]
    assert together == [
        "change_request-1", "cancel_free_until-1", "no_show-1", "cancel_free_until-2", "no_show-2",
        "cancel_free_until-3", "no_show-3",
    ]  # fmt: skip


def test_the_guest_is_asked_before_the_books_close_at_the_same_instant() -> None:
    """Asked two hours after leaving, closed an hour after leaving: the books wait, and the letter is first."""
    asks = gone(in_house(terms=ASKS_LATER), march(12, 10))
    assert [(line.key, line.at) for line in agenda(asks)] == [("feedback", march(12, 12)), ("close", march(12, 12))]


def test_what_has_rung_is_not_on_the_agenda_again() -> None:
    rung = replace(pending(), fired=("approval_alert_desk",))
    assert "approval_alert_desk" not in keys(rung)
    assert "approval_alert_manager" in keys(rung)


def test_bounds_go_by_the_rooms_that_are_still_to_come() -> None:
    """Stay 1 from 10 March, stay 2 from 20 March: with stay 1 given up only the later room counts."""
    two = confirmed(rooms=2)
    later = replace(two.stays[1], arrival=date(2027, 3, 20), departure=date(2027, 3, 22))
    two = replace(two, stays=(two.stays[0], later))
    assert (first_check_in(two), first_no_show(two)) == (march(10, 14), march(11, 3))
    one = acts.cancelled(two, act(march(2, 9)), [1]).after
    assert (first_check_in(one), first_no_show(one)) == (march(20, 14), march(21, 3))
    none = acts.cancelled(one, act(march(2, 9)), [2]).after
    assert (first_check_in(none), first_no_show(none)) == (march(10, 14), march(11, 3))


def test_who_was_taken_up_again_is_awaited_on_the_later_day() -> None:
    """A no-show of 10 March, back on the 11th: from then on the clocks are those of 11 March."""
    missing = acts.no_show(confirmed(nights=3), act(march(11, 3), SYSTEM), [1]).after
    back = changing.reinstated(missing, act(march(11, 9), reason="A late flight."), missing.stays).after
    assert [(line.key, line.at) for line in agenda(back) if line.stay] == [
        ("cancel_free_until-1", march(9, 18)), ("check_in_from-1", march(11, 14)), ("no_show-1", march(12, 3)),
    ]  # fmt: skip
    line = entry(back, "no_show-1")
    assert (line.earliest, line.latest) == (march(10, 14), march(13, 11))
    assert first_check_in(back) == march(11, 14)


def test_rooms_that_ended_have_no_clocks() -> None:
    """Two rooms, one cancelled: only the other's are there."""
    half = acts.cancelled(confirmed(rooms=2), act(ASKED + AN_HOUR), [1]).after
    assert {line.stay for line in agenda(half)} == {2}


def test_the_night_audit_adds_a_night_only_after_the_alert() -> None:
    """First the alert; then the night; after seven nights neither."""
    full = replace(in_house(), stays=tuple(replace(stay, overstayed=7) for stay in in_house().stays))
    assert keys(full) == ["overstay-1"]
    assert keys(replace(full, fired=("overstay-1",))) == []
    six = replace(full, stays=tuple(replace(stay, overstayed=6) for stay in full.stays), fired=("overstay-1",))
    assert keys(six) == ["overstay_night-1"]


def test_clocks_are_resolved_with_the_rules_of_their_own_date() -> None:
    """New York: free until 18:00 on 13 March is 23:00Z; the audit of 14 March comes after the clocks went forward."""
    york = replace(AUTO, zone="America/New_York", check_in_time=time(15))
    stays = tuple(
        replace(stay, arrival=date(2027, 3, 14), departure=date(2027, 3, 16)) for stay in booking().stays
    )  # fmt: skip
    made = acts.opened(replace(booking(terms=york), stays=stays), act()).after
    assert [(line.key, line.at) for line in agenda(made)][1:] == [
        ("cancel_free_until-1", datetime(2027, 3, 13, 23, tzinfo=UTC)),
        ("check_in_from-1", datetime(2027, 3, 14, 19, tzinfo=UTC)),
        ("no_show-1", datetime(2027, 3, 15, 7, tzinfo=UTC)),
    ]


def test_a_move_beyond_the_new_departure_is_dropped() -> None:
    """Awaited until 12 March 08:00 for three nights; one night only: the audit of 11 March counts again."""
    made = moved(confirmed(nights=3), "no_show-1", march(12, 8))
    step = changing.amended(made, act(march(2, 9), DESK), [plan(made.stays[0], departure=ARRIVAL + A_DAY)])
    assert entry(step.after, "no_show-1").at == march(11, 3)
    assert step.difference["dropped_clocks"] == "no_show-1"
    assert step.after.status is Status.CONFIRMED
    limit = moved(confirmed(nights=3), "no_show-1", march(11, 11))
    kept = changing.amended(limit, act(march(2, 9), DESK), [plan(limit.stays[0], departure=ARRIVAL + A_DAY)])
    assert entry(kept.after, "no_show-1").at == march(11, 11)
