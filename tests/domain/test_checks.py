"""The checks of single commands: each refuses with its rule's code, at its very limit."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from domain import acts, alarms, changing
from domain.agenda import agenda, due
from domain.booking import SYSTEM, Actor, Booking, ClockMove
from domain.checks import (
    check_arrival_day,
    check_balance,
    check_checklist,
    check_clock,
    check_no_show,
    check_payment,
    check_reason,
    clock_of,
)
from domain.terms import ApprovalTerms, ChecklistPoint, Payment
from tests.domain.made import (
    A_MINUTE,
    ADMIN,
    DESK,
    KOCHI,
    MANAGER,
    act,
    confirmed,
    entry,
    gone,
    in_house,
    kochi,
    march,
    option,
    pending,
    refusal,
    with_rooms,
)

A_SECOND = timedelta(seconds=1)
WHY = "The owner is away."


def move(made: Booking, key: str, at: datetime | None, now: datetime, actor: Actor = DESK) -> Booking:
    """The clock is checked and moved."""
    line = check_clock(made, key, at, actor, WHY, now)
    return changing.clock_moved(made, act(now, actor, WHY), line, at).after


# The day of arrival.


def test_check_in_opens_with_the_hotels_day_and_ends_with_the_stay() -> None:
    """10 March begins at 03:00; on the 12th, the day of departure, it is too late; a room must be given."""
    made = with_rooms(confirmed())
    stay = made.stays[0]
    no = refusal(lambda: check_arrival_day(made, stay, march(10, 3) - A_SECOND))
    assert (no.code, no.facts) == ("too_early", {"business_date": "2027-03-09"})
    assert no.detail == "Stay 1 arrives on 2027-03-10; the hotel's business day is 2027-03-09."
    check_arrival_day(made, stay, march(10, 3))
    check_arrival_day(made, stay, march(12, 3) - A_SECOND)
    no = refusal(lambda: check_arrival_day(made, stay, march(12, 3)))
    assert (no.code, no.facts) == ("too_late", {"business_date": "2027-03-12"})
    assert no.detail == "Stay 1 was to leave on 2027-03-12; the hotel's business day is 2027-03-12."
    no = refusal(lambda: check_arrival_day(made, replace(stay, room_id=None), march(10, 15)))
    assert (no.code, no.facts, no.field) == ("room_not_assigned", {"stay": 1}, None)


def test_nobody_is_missing_before_the_room_was_promised() -> None:
    """From 14:00, or from where the mark was moved to; who came back later is promised the room later."""
    made = confirmed(nights=3)
    stay = made.stays[0]
    no = refusal(lambda: check_no_show(made, stay, march(10, 14) - A_SECOND))
    assert (no.code, no.facts) == ("too_early", {"earliest": march(10, 14).isoformat()})
    assert no.detail == "Stay 1 may still come: check-in opens Wed 10 Mar 2027, 14:00 (IST)."
    check_no_show(made, stay, march(10, 14))
    moved = move(made, "check_in_from-1", march(10, 18), march(10, 9))
    assert refusal(lambda: check_no_show(moved, stay, march(10, 18) - A_SECOND)).code == "too_early"
    check_no_show(moved, stay, march(10, 18))
    missing = acts.no_show(made, act(march(11, 3), SYSTEM), [1]).after
    back = changing.reinstated(missing, act(march(11, 9), reason="Late."), missing.stays).after
    assert refusal(lambda: check_no_show(back, back.stays[0], march(11, 14) - A_SECOND)).code == "too_early"
    check_no_show(back, back.stays[0], march(11, 14))


# Money.


@pytest.mark.parametrize(("paid", "open_by"), [(0, 20_000), (20_001, -1)])
def test_the_last_room_leaves_with_a_settled_bill_or_a_reason(paid: int, open_by: int) -> None:
    made = replace(in_house(), paid_minor=paid)
    no = refusal(lambda: check_balance(made, made.stays, ""))
    assert (no.code, no.field) == ("balance_open", "reason")
    assert no.facts == {"balance_minor": open_by, "currency": "INR"}
    check_balance(made, made.stays, "The company pays.")
    check_balance(replace(made, paid_minor=20_000), made.stays, "")
    check_balance(replace(made, terms=replace(KOCHI, payment=Payment.NONE)), made.stays, "")


def test_the_bill_is_open_as_long_as_somebody_else_is_there_or_still_to_come() -> None:
    two = in_house(rooms=2)
    check_balance(two, two.stays[:1], "")
    assert refusal(lambda: check_balance(two, two.stays, "")).code == "balance_open"
    made = with_rooms(confirmed(rooms=2))
    half = acts.checked_in(made, act(march(10, 15)), made.stays[:1]).after
    check_balance(half, half.stays[:1], "")
    alone = acts.no_show(half, act(march(11, 3), SYSTEM), [2]).after
    assert refusal(lambda: check_balance(alone, alone.stays[:1], "")).code == "balance_open"


def test_money_is_taken_in_the_bookings_currency_and_never_too_much() -> None:
    made = confirmed()
    free = replace(made, terms=replace(KOCHI, payment=Payment.NONE))
    cases = [
        (free, 1, "INR", "payments_not_taken", "amount", {}),
        (made, 0, "INR", "amount_not_positive", "amount.amount_minor", {}),
        (made, 1, "EUR", "currency_differs", "amount.currency", {}),
        (made, 20_001, "INR", "more_than_owed", "amount.amount_minor", {"balance_minor": 20_000, "currency": "INR"}),
    ]
    for booking, amount, currency, code, field, facts in cases:
        no = refusal(lambda one=booking, much=amount, word=currency: check_payment(one, much, word))
        assert (no.code, no.field, no.facts, no.kind.value) == (code, field, facts, "rule")
    check_payment(made, 1, "INR")
    check_payment(made, 20_000, "INR")


# Words and points.


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_what_goes_past_a_rule_needs_a_reason(reason: str) -> None:
    no = refusal(lambda: check_reason(reason, "Waiving a fee"))
    assert (no.code, no.field, no.detail) == ("reason_needed", "reason", "Waiving a fee needs a reason.")
    check_reason("Goodwill.", "Waiving a fee")


def test_every_needed_point_is_done_before_the_yes() -> None:
    """Points that are not needed may stay open; points that nobody asked for do no harm."""
    points = (ChecklistPoint("Passport", needed=True), ChecklistPoint("Boat"), ChecklistPoint("Deposit", needed=True))
    made = pending(terms=replace(KOCHI, approval=ApprovalTerms(checklist=points)))
    no = refusal(lambda: check_checklist(made, ["Boat"]))
    assert (no.code, no.field, no.facts) == ("checklist_open", "checklist", {"missing": ["Passport", "Deposit"]})
    assert no.detail == "Before the yes these points have to be done: Passport, Deposit."
    assert refusal(lambda: check_checklist(made, ["Passport"])).facts == {"missing": ["Deposit"]}
    check_checklist(made, ["Deposit", "Passport", "Flowers"])
    check_checklist(pending(), [])


# Clocks.


@pytest.mark.parametrize(
    ("made", "key", "now", "earliest", "latest"),
    [
        (option(march(3, 12)), "hold_expires", march(2, 9), march(2, 9, 1), march(11, 3)),
        (pending(), "approval_deadline", march(1, 13), march(1, 13, 1), march(10, 14)),
        (pending(), "approval_alert_desk", march(1, 13), march(1, 13, 1), march(2, 11, 29)),
        (confirmed(), "pre_arrival-1", march(1, 13), march(1, 13, 1), march(10, 14)),
        (confirmed(), "cancel_free_until-1", march(1, 13), march(1, 13, 1), march(11, 3)),
        (confirmed(), "check_in_from-1", march(1, 13), march(10, 3), march(11, 3)),
        (confirmed(), "no_show-1", march(1, 13), march(10, 14), march(12, 11)),
        (confirmed(), "no_show-1", march(10, 20), march(10, 20, 1), march(12, 11)),
        (in_house(), "overstay-1", march(11, 9), march(12, 11), march(13, 11)),
        (gone(in_house(), march(12, 10)), "close", march(12, 10, 30), march(12, 10, 31), kochi(date(2027, 4, 11), 11)),
    ],
)
def test_a_clock_may_be_anywhere_within_its_bounds(
    made: Booking, key: str, now: datetime, earliest: datetime, latest: datetime
) -> None:
    """A minute ahead at least; both bounds are told in the hotel's time and as instants."""
    for at in (earliest, latest):
        assert entry(move(made, key, at, now), key).at == at
    for at in (earliest - A_SECOND, latest + A_SECOND):
        no = refusal(lambda at=at: check_clock(made, key, at, DESK, WHY, now))
        assert (no.code, no.field, no.kind.value) == ("clock_out_of_bounds", "at", "rule")
        assert no.facts == {"earliest": earliest.isoformat(), "latest": latest.isoformat(), "key": key}
        assert no.detail.startswith("The clock can't be moved there: it may be anywhere from ")


def test_both_bounds_are_told_in_the_hotels_time() -> None:
    no = refusal(lambda: check_clock(pending(), "approval_deadline", march(11, 9), DESK, WHY, march(1, 13)))
    assert no.detail == (
        "The clock can't be moved there: it may be anywhere from Mon 1 Mar 2027, 13:01 (IST)"
        " to Wed 10 Mar 2027, 14:00 (IST)."
    )


def test_a_clock_without_time_left_stays_where_it_is() -> None:
    """At 13:59:30 the mark of 14:00 can't be moved: a minute ahead is past its latest moment, the audit at 14:00."""
    odd = replace(KOCHI, audit_time=time(14), check_in_time=time(13))
    late = march(11, 13, 59) + timedelta(seconds=30)
    made = confirmed(nights=1, terms=replace(odd, check_out_time=time(13)))
    no = refusal(lambda: check_clock(made, "no_show-1", march(11, 14), DESK, WHY, late))
    assert no.detail == "The clock can't be moved there: there is no time left to move it to."
    assert no.code == "clock_out_of_bounds"


def test_every_move_needs_its_reason_and_a_clock_that_runs() -> None:
    made = pending()
    no = refusal(lambda: check_clock(made, "approval_deadline", march(3, 9), DESK, " ", march(1, 13)))
    assert (no.code, no.detail) == ("reason_needed", "Moving a clock needs a reason.")
    no = refusal(lambda: check_clock(made, "no_show-1", march(3, 9), DESK, "", march(1, 13)))
    assert (no.code, no.kind.value, no.field) == ("clock_not_running", "conflict", "key")
    assert no.facts == {
        "clocks": ["approval_alert_desk", "approval_alert_manager", "approval_deadline", "cancel_free_until-1",
                   "check_in_from-1"],
    }  # fmt: skip
    assert no.detail == "The clock no_show-1 does not run. The booking's agenda has no such clock."
    assert clock_of(made, "approval_deadline") == entry(made, "approval_deadline")


def test_a_clock_that_has_rung_can_not_be_moved() -> None:
    made = confirmed()
    rung = alarms.clock_rang(made, due(agenda(made), march(8, 10)), act(march(8, 10), SYSTEM)).after
    no = refusal(lambda: check_clock(rung, "pre_arrival-1", march(9, 9), DESK, WHY, march(8, 11)))
    assert (no.code, no.detail) == ("clock_not_running", "The clock pre_arrival-1 does not run. It has rung already.")


def test_a_long_key_is_not_repeated_at_length() -> None:
    no = refusal(lambda: clock_of(pending(), "x" * 300))
    assert no.detail == f"The clock {'x' * 40} does not run. The booking's agenda has no such clock."


def test_an_option_is_extended_once_by_the_desk_and_more_often_with_a_managers_word() -> None:
    """Held until 3 March; the desk says 4 March; the 5th takes a manager, after whom the desk still may not."""
    made = option(march(3, 12))
    once = move(made, "hold_expires", march(4, 12), march(2, 9))
    no = refusal(lambda: move(once, "hold_expires", march(5, 12), march(2, 10)))
    assert (no.code, no.kind.value) == ("role_missing", "forbidden")
    assert no.detail == "Extending an option a second time needs a manager."
    for actor in (MANAGER, ADMIN):
        twice = move(once, "hold_expires", march(5, 12), march(2, 10), actor)
        assert refusal(lambda twice=twice: move(twice, "hold_expires", march(6, 12), march(2, 11))).code == (
            "role_missing"
        )  # fmt: skip
    back = move(once, "hold_expires", None, march(2, 10))
    assert entry(back, "hold_expires").at == march(3, 12)


def test_a_managers_extension_does_not_use_up_the_desks() -> None:
    made = move(option(march(3, 12)), "hold_expires", march(4, 12), march(2, 9), MANAGER)
    assert entry(move(made, "hold_expires", march(5, 12), march(2, 10)), "hold_expires").at == march(5, 12)


def test_other_clocks_are_moved_by_the_desk_as_often_as_it_likes() -> None:
    made = move(pending(), "approval_deadline", march(3, 9), march(1, 13))
    assert entry(move(made, "approval_deadline", march(4, 9), march(1, 14)), "approval_deadline").at == march(4, 9)


def test_a_move_is_taken_back_only_while_its_default_is_ahead() -> None:
    """The answer was due on 2 March 11:30; at 11:29 the move can still be taken back, a second later it can't."""
    made = move(pending(), "approval_deadline", march(4, 9), march(1, 13))
    check_clock(made, "approval_deadline", None, DESK, WHY, march(2, 11, 30) - A_MINUTE)
    no = refusal(lambda: check_clock(made, "approval_deadline", None, DESK, WHY, march(2, 11, 29) + A_SECOND))
    assert no.code == "clock_out_of_bounds"
    assert no.detail.startswith("Where the terms had put it has passed: it may be anywhere from ")


def test_the_terms_own_place_needs_no_bounds_of_its_own() -> None:
    """A default that the bounds would not allow people is still where a clock goes back to."""
    made = replace(
        pending(), moves=(ClockMove("cancel_free_until-1", march(8, 9), "staff", "frontdesk", 2, march(1, 13)),)
    )
    line = check_clock(made, "cancel_free_until-1", None, DESK, WHY, march(2, 9))
    assert line.default_at == march(9, 18)
