"""How a held room becomes firm by its payment, or is given back without one: docs/rules/payments.md."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.booking import Booking, Status
from domain.changing import clock_moved, reinstated
from domain.payments import HeldOver, PayState, Verb
from domain.steps import Act, NoticeWish, Step
from domain.terms import Payment as Way
from tests.domain.made import A_DAY, A_MINUTE, AN_HOUR, ASKED, GUEST, KOCHI, MANAGER, act, entry, keys, march
from tests.domain.outcomes import Outcome, about, outcome
from tests.domain.payers import answer, asked_to_pay, hears, held, online, pays

HOLD_ENDS = ASKED + 30 * A_MINUTE
TAKEN = {"state": PayState.CAPTURED, "captured_minor": 10_000, "amount_minor": 10_000, "currency": "INR"}
SET_ASIDE = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}


def ends(made: Booking, key: str = "hold_expires") -> Step:
    """What is done when that clock rings."""
    line = entry(made, key)
    return clock_rang(made, [line], Act(line.at))


def requested(now: datetime = ASKED, **seen: Any) -> Step:
    """A guest of a hotel that answers by hand has had 200.00 set aside."""
    made = asked_to_pay(held(Way.AUTHORISE, base=KOCHI), now)
    return answer(made, now, **SET_ASIDE, **seen)


def lost(made: Booking, now: datetime) -> Step:
    """The hotel says yes, and the bank has let go what it had set aside."""
    yes = acts.approved(made, act(now, actor=MANAGER)).after
    return answer(yes, now, state=PayState.AUTH_EXPIRED)


def test_what_has_come_makes_the_room_firm() -> None:
    """The deposit of 100.00 while the page was being closed: confirmed, with a letter of use until check-out."""
    closing = ends(asked_to_pay(held())).after
    step = answer(closing, HOLD_ENDS + A_MINUTE, **TAKEN)
    letter = NoticeWish("confirmed", "guest", useful_until=march(12, 11))
    assert outcome(step) == Outcome(
        "confirmed_by_payment", Status.CONFIRMED, about(1, "deposit", 10_000), letters=(letter,)
    )
    made = step.after
    assert (made.hold_expires_at, made.held_for, made.approval_deadline) == (None, "option", None)
    assert (made.purse.held_over, made.purse.yes_given, made.purse.deposit_open) == (None, False, False)
    assert (made.paid_minor, made.balance_minor) == (10_000, 10_000)


def test_a_yes_that_was_paid_for_leaves_no_clock_of_the_answer() -> None:
    """200.00 are taken with the hotel's yes: neither the answer nor the yes is awaited any more."""
    yes = acts.approved(requested().after, act(actor=MANAGER)).after
    made = pays(yes)
    assert (made.status, made.approval_deadline, made.purse.yes_given) == (Status.CONFIRMED, None, False)
    assert (made.paid_minor, made.balance_minor) == (20_000, 0)


@pytest.mark.parametrize(
    ("lives", "answer_within"),
    [
        (None, A_DAY),
        (7 * A_DAY, A_DAY),
        (20 * AN_HOUR, 8 * AN_HOUR),
        (12 * AN_HOUR + 31 * A_MINUTE, 31 * A_MINUTE),
        (12 * AN_HOUR + 20 * A_MINUTE, 30 * A_MINUTE),
        (AN_HOUR, 30 * A_MINUTE),
    ],
    ids=str,
)
def test_the_hotels_answer_is_due_twelve_hours_before_the_authorisation_lapses(
    lives: timedelta | None, answer_within: timedelta
) -> None:
    """By the terms a day after; by the bank 12 hours before its end, but never less than 30 minutes from now on."""
    step = requested(capture_before=None if lives is None else ASKED + lives)
    due = ASKED + answer_within
    letters = (
        NoticeWish("received", "guest", useful_until=due),
        NoticeWish("new_request", "staff", useful_until=due),
    )
    assert outcome(step) == Outcome(
        "payment_authorised", Status.PENDING, about(1, "authorisation", 20_000), letters=letters
    )
    made = step.after
    assert (made.approval_deadline, entry(made, "approval_deadline").at) == (due, due)
    assert (made.hold_expires_at, made.held_for) == (None, "option")
    assert {stay.status for stay in made.stays} == {Status.PENDING}


def test_what_is_set_aside_while_the_page_is_closed_was_in_time() -> None:
    """The room is no longer kept past its time, and nothing is left to be closed."""
    closing = ends(asked_to_pay(held(Way.AUTHORISE, base=KOCHI))).after
    made = hears(closing, HOLD_ENDS + A_MINUTE, **SET_ASIDE)
    assert (made.status, made.purse.held_over, made.purse.orders) == (Status.PENDING, None, ())


def test_money_that_is_not_to_be_had_gives_the_guest_a_day() -> None:
    """The clocks of the answer begin anew, a clock of the stay that somebody moved stays moved."""
    made = requested().after
    told = ends(made, "approval_alert_desk").after
    moved = clock_moved(told, act(actor=MANAGER), entry(told, "approval_deadline"), ASKED + 2 * A_DAY).after
    free = entry(moved, "cancel_free_until-1")
    moved = clock_moved(moved, act(actor=MANAGER), free, march(10, 9)).after
    step = lost(moved, ASKED + 20 * AN_HOUR)
    until = ASKED + 44 * AN_HOUR
    assert outcome(step) == Outcome(
        "payment_ended", Status.HELD, about(1, "authorisation", 20_000),
        letters=(NoticeWish("payment_failed", "guest", useful_until=until),),
    )  # fmt: skip
    after = step.after
    assert (after.hold_expires_at, after.held_for, after.approval_deadline) == (until, "payment", None)
    assert ([move.key for move in after.moves], after.fired) == (["cancel_free_until-1"], ())
    assert entry(after, "cancel_free_until-1").at == march(10, 9)


def test_a_yes_for_money_that_was_not_to_be_had_is_asked_for_anew() -> None:
    """Set aside a second time: the hotel answers again, is reminded again, and has its whole time."""
    first = ends(ends(requested().after, "approval_alert_desk").after, "approval_alert_manager").after
    at = ASKED + 20 * AN_HOUR
    again = hears(asked_to_pay(lost(first, at).after, at), at, **SET_ASIDE)
    assert (again.status, again.purse.yes_given, again.purse.orders) == (Status.PENDING, False, ())
    assert entry(again, "approval_deadline").at == at + A_DAY
    assert {"approval_alert_desk", "approval_alert_manager"} <= set(keys(again))


def test_a_hold_that_was_moved_is_not_moved_a_second_time() -> None:
    """The manager gave the guest two hours to pay; the day that follows money which was not to be had is a new one."""
    made = held(Way.AUTHORISE, base=KOCHI)
    made = clock_moved(made, act(actor=MANAGER), entry(made, "hold_expires"), ASKED + 2 * AN_HOUR).after
    aside = hears(asked_to_pay(made), **SET_ASIDE)
    assert entry(lost(aside, ASKED + AN_HOUR).after, "hold_expires").at == ASKED + 25 * AN_HOUR


def test_what_is_taken_up_again_has_its_time_for_paying_again() -> None:
    """The desk cancelled it while its page was being closed."""
    closing = ends(asked_to_pay(held())).after
    over = hears(acts.cancelled(closing, act(HOLD_ENDS), (1,)).after, HOLD_ENDS, state=PayState.VOIDED)
    back = reinstated(over, act(HOLD_ENDS + AN_HOUR, reason="A mistake."), over.stays).after
    assert (back.status, back.purse.held_over) == (Status.HELD, None)
    assert entry(back, "hold_expires").at == HOLD_ENDS + 25 * AN_HOUR


def test_a_hold_for_a_payment_ends_when_the_guest_would_be_missed() -> None:
    """A day from noon of the arrival reaches past the audit at 03:00, which ends it."""
    noon = march(10, 12)
    made = clock_moved(
        requested().after, act(actor=MANAGER), entry(requested().after, "approval_deadline"), march(10, 14)
    ).after
    assert lost(made, noon).after.hold_expires_at == march(11, 3)


def test_the_end_of_the_hold_closes_the_page_first() -> None:
    """A guest who is proving who they are is let finish; the room stays held meanwhile."""
    step = ends(asked_to_pay(held()))
    assert outcome(step) == Outcome("payment_closing", Status.HELD, {"payment": 1}, ((Verb.CLOSE, 1, 0),))
    assert step.after.purse.orders[0].gracious
    assert step.after.purse.held_over == HeldOver("closing", HOLD_ENDS)


def test_the_end_of_the_hold_waits_for_what_the_provider_is_still_to_do() -> None:
    """No page is open, but what was set aside is still being let go: the room is free once that is answered."""
    yes = acts.approved(requested().after, act(actor=MANAGER)).after
    refused = hears(yes, ASKED, trouble="refused", code="expired_card")
    step = ends(refused)
    assert outcome(step) == Outcome("payment_closing", Status.HELD, {"payment": 0}, ((Verb.VOID, 1, 0),))
    over = step.after.hold_expires_at
    assert over is not None
    gone = answer(step.after, over, state=PayState.VOIDED)
    assert outcome(gone) == Outcome(
        "payment_expired", Status.EXPIRED, about(1, "authorisation", 20_000, "expired_card"),
        letters=(NoticeWish("expired", "guest"),),
    )  # fmt: skip


def test_without_a_page_the_room_is_free_at_once() -> None:
    """Nothing is waited for or looked for, and nobody has to look at the booking any more."""
    made = replace(held(), attention="The payment provider refused to end payment 1: busy.")
    step = ends(made)
    assert outcome(step) == Outcome("payment_expired", Status.EXPIRED, letters=(NoticeWish("expired", "guest"),))
    after = step.after
    assert (after.hold_expires_at, after.purse.watch_until, after.purse.watched) == (None, None, False)
    assert [(move.held, move.sold) for move in step.nights] == [(-1, 0), (-1, 0)]


@pytest.mark.parametrize(
    ("seen", "why", "minutes"),
    [({"trouble": "unreachable"}, "outage", 360), ({"state": PayState.PROCESSING}, "processing", 30)],
    ids=["silent", "processing"],
)
def test_what_was_waited_for_in_vain_is_looked_for_three_days(seen: dict[str, Any], why: str, minutes: int) -> None:
    """After six hours of silence, or half an hour of processing; the story says what was waited for."""
    waits = hears(ends(asked_to_pay(held())).after, HOLD_ENDS, **seen)
    step = ends(waits, "hold_over")
    until = HOLD_ENDS + minutes * A_MINUTE
    assert (step.what, step.difference, step.after.status) == ("payment_expired", {"waited_for": why}, Status.EXPIRED)
    purse = step.after.purse
    assert (purse.held_over, purse.watch_until, purse.watched) == (None, until + 3 * A_DAY, True)


def test_a_guest_at_the_banks_page_is_cut_short_after_the_grace() -> None:
    """Nothing is looked for: the page is closed, and what comes of that decides."""
    waits = hears(ends(asked_to_pay(held())).after, HOLD_ENDS, state=PayState.NEEDS_GUEST, acting=True)
    step = ends(waits, "hold_over")
    assert outcome(step) == Outcome("payment_closing", Status.HELD, {"payment": 1}, ((Verb.CLOSE, 1, 0),))
    assert step.after.purse.held_over == HeldOver("closing", HOLD_ENDS)
    assert not step.after.purse.orders[0].gracious


def test_a_deposit_of_a_later_day_stays_open_once_the_card_is_kept() -> None:
    """Taken seven days before the arrival: the card makes the room firm, the deposit is still to come."""
    page = asked_to_pay(held(due_days=7))
    made = hears(page, state=PayState.SAVED, method_id="pm_1", customer_id="cus_1")
    assert (made.status, made.purse.deposit_open, made.paid_minor) == (Status.CONFIRMED, True, 0)


def test_the_guest_has_the_link_as_long_as_the_room_is_held() -> None:
    """The letter that asks for the payment is of no use after that."""
    step = acts.opened(online(), act(actor=GUEST))
    assert step.notices == (NoticeWish("payment_due", "guest", useful_until=HOLD_ENDS),)
