"""What the clocks of a booking's money do by themselves: docs/rules/payments.md, "Later deposits" and "The end of the
hold".
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.booking import Booking, Status
from domain.money_alarms import money_rang
from domain.payments import How, Payment, PayState
from domain.steps import Act, Step
from domain.terms import Payment as Way
from domain.terms import StayTerms, WhenUnpaid
from tests.domain.made import ASKED, GUEST, act, booking, entry, keys, march
from tests.domain.outcomes import changed, letters, orders
from tests.domain.payers import answer, asked_to_pay, hears, held, pays, terms

HOUR = timedelta(hours=1)
DUE = march(3, 12)
# The card gave nothing on the day; two days later the last moment has passed.
UNPAID = DUE + 48 * HOUR
STRICT = StayTerms(2, "strict", free_until_days=None)


def kept_card(made: Booking) -> Booking:
    """The guest has put a card on file, which makes the booking firm."""
    return hears(asked_to_pay(made), state=PayState.SAVED, method_id="pm_1", customer_id="cus_1")


def later(rooms: int = 1, stay: StayTerms = STRICT, **more: Any) -> Booking:
    """A firm booking whose deposit of 100.00 for each room is taken on 3 March at 12:00 in Kochi."""
    made = booking(rooms, 2, terms(Way.DEPOSIT, due_days=7, **more), stay)
    return kept_card(acts.opened(made, act(actor=GUEST)).after)


def rings(made: Booking, key: str, now: datetime) -> Step:
    """What is done when that clock of the agenda rings."""
    return clock_rang(made, [entry(made, key)], Act(now))


def unpaid(**more: Any) -> Booking:
    """The card on file was asked on the day of the deposit and gave nothing."""
    charged = rings(later(**more), "deposit_due", DUE).after
    return answer(charged, DUE, state=PayState.DECLINED, code="insufficient_funds").after


def test_the_guest_is_told_of_the_deposit_once_with_its_amount() -> None:
    """Two days before: a letter that names 100.00, and nothing else happens."""
    made = later()
    step = rings(made, "deposit_reminder", march(1, 12))
    assert (step.what, step.difference) == ("reminded", {"clocks": "deposit_reminder"})
    assert letters(step) == [("payment_reminder", "guest", None, {"amount_minor": 10_000})]
    assert changed(made, step.after) == {"fired": ("deposit_reminder",)}
    assert [key for key in keys(step.after) if key.startswith("deposit")] == ["deposit_due"]


def test_the_card_on_file_is_charged_on_the_day() -> None:
    """A second payment of 100.00, without the guest; nobody is written to before the card has answered."""
    made = later()
    step = rings(made, "deposit_due", DUE)
    assert (step.what, step.difference, step.notices) == (
        "payment_started", {"amount_minor": 10_000, "payment": 2}, ()
    )  # fmt: skip
    charge = Payment(2, "deposit", "stripe", How.OFF_SESSION, PayState.CREATED, 10_000, DUE)
    assert step.payments == (charge,)
    assert step.after.purse.payments == (made.purse.payments[0], charge)
    assert [(one.verb.value, one.payment, one.amount_minor) for one in step.after.purse.orders] == [
        ("charge", 2, 10_000)
    ]
    assert (step.after.payments, step.after.fired) == (2, ("deposit_due",))
    assert not [key for key in keys(step.after) if key.startswith(("deposit", "payment"))]


def test_what_the_card_on_file_gives_is_the_deposit() -> None:
    """It is no second payment beside the card that was kept: nothing goes back, and 100.00 are left to be paid."""
    charged = rings(later(), "deposit_due", DUE).after
    step = answer(
        charged, DUE, state=PayState.CAPTURED, captured_minor=10_000, amount_minor=10_000, currency="INR"
    )  # fmt: skip
    made = step.after
    assert (step.what, letters(step)) == ("payment_came", [("payment_received", "guest", None, {"payment": 2})])
    assert (made.status, made.paid_minor, made.balance_minor) == (Status.CONFIRMED, 10_000, 10_000)
    assert (made.purse.refunds, orders(made), made.purse.deposit_open, made.purse.due_until) == ((), [], False, None)


def test_what_was_paid_before_its_day_is_not_charged_again() -> None:
    """40.00 in cash leave 60.00 of the deposit."""
    made = acts.payment_taken(later(), act(), "cash", 4_000, "").after
    assert orders(rings(made, "deposit_due", DUE).after) == [("charge", 2 + 1, 6_000)]


@pytest.mark.parametrize("why", ["no card on file", "the guest is paying"])
def test_without_a_free_card_the_guest_is_asked_on_the_day(why: str) -> None:
    """A letter with a link, and 48 hours for it."""
    firm = later()
    without = replace(firm, purse=replace(firm.purse, method_id=""))
    made = without if why == "no card on file" else asked_to_pay(firm)
    step = rings(made, "deposit_due", DUE)
    assert (step.what, step.difference) == ("deposit_asked", {"amount_minor": 10_000})
    assert letters(step) == [("payment_failed", "guest", UNPAID, {})]
    assert changed(made, step.after) == {"fired": ("deposit_due",), "purse.due_until": UNPAID}
    assert entry(step.after, "payment_due").at == UNPAID


def test_a_deposit_of_which_nothing_is_left_is_met_on_its_day() -> None:
    """The room costs less than the provider takes by then."""
    made = later()
    cheap = replace(made, stays=(replace(made.stays[0], total_minor=40, night_minor=(20, 20)),))
    step = rings(cheap, "deposit_due", DUE)
    assert (step.what, step.difference, step.notices) == ("deposit_met", {"amount_minor": 0}, ())
    assert changed(cheap, step.after) == {"fired": ("deposit_due",), "purse.deposit_open": False}
    assert not [key for key in keys(step.after) if key.startswith(("deposit", "payment"))]


def test_a_deposit_of_half_a_rupee_is_still_taken() -> None:
    """The least that the provider takes."""
    made = later()
    cheap = replace(made, stays=(replace(made.stays[0], total_minor=100, night_minor=(50, 50)),))
    assert orders(rings(cheap, "deposit_due", DUE).after) == [("charge", 2, 50)]


def test_an_unpaid_deposit_cancels_what_is_left_of_the_booking_without_a_fee() -> None:
    """Two rooms that are never free to cancel; one was given up before and keeps its fee, the other's is waived."""
    firm = later(2, when_unpaid=WhenUnpaid.CANCEL)
    one = acts.cancelled(firm, act(ASKED + HOUR), (1,)).after
    assert (one.owed_minor, one.status) == (30_000, Status.CONFIRMED)
    charged = rings(one, "deposit_due", DUE).after
    assert orders(charged) == [("charge", 2, 10_000)]
    made = answer(charged, DUE, state=PayState.DECLINED, code="insufficient_funds").after
    step = rings(made, "payment_due", UNPAID)
    assert (step.what, step.act.reason, step.act.actor.kind) == ("cancelled", "The deposit was not paid.", "system")
    assert step.difference == {"stays": "2", "fee_minor": 0, "waived_minor": 10_000, "deposit_minor": 10_000}
    assert letters(step) == [("cancelled", "guest", None, {})]
    ended = step.after
    assert [(stay.status, stay.fee_minor, stay.fee_waived_minor) for stay in ended.stays] == [
        (Status.CANCELLED, 10_000, 0), (Status.CANCELLED, 0, 10_000),
    ]  # fmt: skip
    assert (ended.status, ended.owed_minor, ended.purse.due_until) == (Status.CANCELLED, 10_000, None)
    assert [(move.held, move.sold) for move in step.nights] == [(0, -1), (0, -1)]
    assert "payment_due" not in keys(ended)


@pytest.mark.parametrize(
    ("rule", "attention"),
    [
        (WhenUnpaid.KEEP, ""),
        (WhenUnpaid.DESK, "The deposit of INR 100.00 was not paid; decide what becomes of the booking."),
    ],
)
def test_an_unpaid_deposit_is_left_open_by_the_hotels_rule(rule: WhenUnpaid, attention: str) -> None:
    """The booking stays as it is and the amount is due at the hotel; with `desk` somebody is told."""
    made = unpaid(when_unpaid=rule)
    step = rings(made, "payment_due", UNPAID)
    assert (step.what, step.difference, step.notices) == ("deposit_left_open", {"amount_minor": 10_000}, ())
    told = {"attention": attention} if attention else {}
    assert changed(made, step.after) == {**told, "purse.deposit_open": False, "purse.due_until": None}
    assert (step.after.status, step.after.balance_minor) == (Status.CONFIRMED, 20_000)


def processed(attention: str = "") -> Booking:
    """A booking that expired at 13:00 while its payment was being processed; money is looked for until 4 March."""
    at = ASKED + HOUR / 2
    made = asked_to_pay(held())
    waits = hears(rings(made, "hold_expires", at).after, at, state=PayState.PROCESSING)
    return replace(rings(waits, "hold_over", at + HOUR / 2).after, attention=attention)


def test_a_payment_without_an_end_is_told_to_people_after_three_days() -> None:
    """Its number is named, and it is not looked for any more."""
    made = processed()
    assert (made.status, entry(made, "payment_watch").at) == (Status.EXPIRED, ASKED + 73 * HOUR)
    step = rings(made, "payment_watch", ASKED + 73 * HOUR)
    assert (step.what, step.difference, step.notices) == ("payment_watch_ended", {"payment": 1}, ())
    assert changed(made, step.after) == {
        "attention": "Payment 1 has had no end for three days.", "purse.watch_until": None,
    }  # fmt: skip
    assert keys(step.after) == []


def test_a_watch_without_an_open_payment_ends_in_silence() -> None:
    """Nothing is said to people of a payment that has ended meanwhile."""
    made = hears(processed(), ASKED + 2 * HOUR, state=PayState.DECLINED)
    step = rings(made, "payment_watch", ASKED + 73 * HOUR)
    assert (step.what, step.difference) == ("payment_watch_ended", {"payment": 0})
    assert changed(made, step.after) == {"purse.watch_until": None}


def test_the_end_of_a_hold_with_an_open_page_closes_it_first() -> None:
    """The room is still held; the order is gracious to a guest who is proving who they are."""
    made = asked_to_pay(held())
    step = rings(made, "hold_expires", ASKED + HOUR / 2)
    assert (step.what, step.difference, step.notices) == ("payment_closing", {"payment": 1}, ())
    assert [(one.verb.value, one.payment, one.gracious) for one in step.after.purse.orders] == [("close", 1, True)]
    over = step.after.purse.held_over
    assert over is not None
    assert (over.why, over.since, over.until, step.after.status) == ("closing", ASKED + HOUR / 2, None, Status.HELD)


def test_a_clock_of_no_money_is_no_clock_of_its() -> None:
    """It is an error of the program, and says which clock it was."""
    made = pays(asked_to_pay(held()))
    with pytest.raises(ValueError, match="Nothing is known of a clock no_show-1"):
        money_rang(made, "no_show-1", Act(ASKED))
