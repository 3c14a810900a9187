"""How a payment is begun, and how the desk gives money back: docs/rules/payments.md."""

from datetime import timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.booking import Booking, Status
from domain.paying import payment_wished, refund_asked
from domain.payments import How, Order, Payment, PayState, Refund, RefundState, Verb
from domain.refusals import Kind
from domain.steps import Act
from domain.terms import Payment as Way
from domain.terms import Penalty, WhenUnpaid
from tests.domain.made import ADMIN, ASKED, DESK, GUEST, MANAGER, act, entry, march, option, refusal
from tests.domain.outcomes import changed, letters, orders, refunds
from tests.domain.payers import asked_to_pay, hears, held, online, pays

HOUR = timedelta(hours=1)
PAGE = How.HOSTED_PAGE
GUESTS = Act(ASKED, GUEST, "web")


@pytest.mark.parametrize(
    ("way", "purpose", "amount"),
    [
        (Way.GUARANTEE, "guarantee", 0),
        (Way.DEPOSIT, "deposit", 10_000),
        (Way.PREPAID, "prepaid", 20_000),
        (Way.AUTHORISE, "authorisation", 20_000),
    ],
)
@pytest.mark.parametrize("how", [How.HOSTED_PAGE, How.INTENT])
def test_a_guest_begins_to_pay_what_the_booking_asks_for(way: Way, purpose: str, amount: int, how: How) -> None:
    """The amount is the booking's own; the provider's answer is waited for."""
    made = held(way)
    wish = payment_wished(made, GUESTS, how)
    assert (wish.step is not None, wish.waits_for) == (True, 1)
    step = wish.step
    assert step is not None
    assert (step.what, step.notices) == ("payment_started", ())
    assert step.difference == {"payment": 1, "purpose": purpose, "amount_minor": amount}
    assert changed(made, step.after) == {
        "payments": 1,
        "purse.payments": (Payment(1, purpose, "stripe", how, PayState.CREATED, amount, ASKED),),
        "purse.orders": (Order(1, Verb.BEGIN, 1, amount_minor=amount, attempt=1),),
        "purse.ordered": 1,
    }


def begun(made: Booking, how: How = PAGE) -> Booking:
    """The guest has asked to pay; the provider has not answered yet."""
    step = payment_wished(made, GUESTS, how).step
    assert step is not None
    return step.after


def test_a_second_tab_waits_for_the_page_of_the_first() -> None:
    """While the provider makes it; once it is there it is handed over."""
    first = begun(held())
    second = payment_wished(first, GUESTS, PAGE)
    assert (second.step, second.waits_for) == (None, 1)
    offered = payment_wished(hears(first, state=PayState.CREATED, session_id="cs_1"), GUESTS, PAGE)
    assert (offered.step, offered.waits_for) == (None, None)


def replaced(made: Booking, how: How = PAGE) -> None:
    """What is asked for now is another than the open payment, which is closed first and then begun anew."""
    wish = payment_wished(made, GUESTS, how)
    step = wish.step
    assert step is not None
    assert (wish.waits_for, step.what, step.difference, step.notices) == (1, "payment_replaced", {"payment": 1}, ())
    assert orders(step.after) == [(Verb.CLOSE, 1, 0)]
    # Whoever asks meanwhile waits for the same end, and gives no second order.
    meanwhile = payment_wished(step.after, GUESTS, how)
    assert (meanwhile.step, meanwhile.waits_for) == (None, 1)
    closed = hears(step.after, number=1, state=PayState.VOIDED)
    anew = payment_wished(closed, GUESTS, how)
    assert anew.step is not None
    assert (anew.waits_for, anew.step.what, anew.step.difference["payment"]) == (
        made.payments + 1, "payment_started", made.payments + 1
    )  # fmt: skip


def test_another_way_of_paying_closes_the_open_one_first() -> None:
    """A page of the provider's, then a page of ours."""
    replaced(asked_to_pay(held()), How.INTENT)


def test_another_amount_closes_the_open_one_first() -> None:
    """40.00 came in cash meanwhile: 60.00 are asked for in place of 100.00."""
    made = acts.payment_taken(asked_to_pay(held()), act(), "cash", 4_000, "").after
    replaced(made)


def test_another_purpose_closes_the_open_one_first() -> None:
    """The deposit of the whole stay was not paid, and is a balance of the same amount from then on."""
    kept = asked_to_pay(held(due_days=7, deposit=Penalty.FULL, when_unpaid=WhenUnpaid.KEEP))
    firm = hears(kept, state=PayState.SAVED, method_id="pm_1")
    open_ = hears(begun(firm), number=2, state=PayState.CREATED, session_id="cs_2")
    asked = clock_rang(open_, [entry(open_, "deposit_due")], Act(march(3, 12))).after
    left = clock_rang(asked, [entry(asked, "payment_due")], Act(march(5, 12))).after
    wish = payment_wished(left, GUESTS, PAGE)
    assert wish.step is not None
    assert (wish.waits_for, wish.step.what, orders(wish.step.after)) == (2, "payment_replaced", [(Verb.CLOSE, 2, 0)])


def test_nobody_begins_to_pay_once_the_hold_has_ended() -> None:
    """The room is about to be given back."""
    made = asked_to_pay(held())
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(ASKED + HOUR / 2)).after
    refused = refusal(lambda: payment_wished(ended, GUESTS, PAGE))
    assert (refused.code, refused.kind, refused.detail) == (
        "hold_ended", Kind.CONFLICT, "The time for paying has ended; the room is about to be given back."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (lambda: option(ASKED + HOUR), "held"),
        (lambda: pays(asked_to_pay(held(Way.PREPAID))), "confirmed"),
        (lambda: acts.failed(held(), act(actor=DESK)).after, "failed"),
    ],
    ids=["an option", "paid in full", "given up"],
)
def test_where_nothing_is_due_nothing_is_begun(made: Any, status: str) -> None:
    """The refusal names the booking's status."""
    refused = refusal(lambda: payment_wished(made(), GUESTS, PAGE))
    assert (refused.code, refused.kind, refused.facts) == ("nothing_to_pay", Kind.CONFLICT, {"booking_status": status})


def three_payments() -> Booking:
    """A stay of 300.00: 100.00 by card as the deposit, 80.00 in cash, and 120.00 by card as the balance."""
    made = pays(asked_to_pay(held(nights=3)))
    cash = acts.payment_taken(made, act(), "cash", 8_000, "").after
    rest = hears(begun(cash), number=3, state=PayState.CREATED, session_id="cs_3")
    paid = pays(rest)
    assert [(one.number, one.how, one.captured_minor) for one in paid.purse.payments] == [
        (1, PAGE, 10_000), (2, How.DESK, 8_000), (3, PAGE, 12_000),
    ]  # fmt: skip
    return paid


@pytest.mark.parametrize(
    ("named", "amount", "taken_of"),
    [(None, 5_000, 3), (None, 12_000, 3), (1, 5_000, 1), (1, 10_000, 1), (2, 8_000, 2), (3, 1, 3)],
)
def test_money_goes_back_of_the_payment_that_was_named_else_of_the_newest(
    named: int | None, amount: int, taken_of: int
) -> None:
    """One order to the provider for what came through it; what was taken in cash is given back at once."""
    made = three_payments()
    step = refund_asked(made, act(ASKED + HOUR, MANAGER, "Goodwill."), named, amount, "INR")
    assert (step.what, step.notices) == ("refund_asked", ())
    assert step.difference == {"payment": taken_of, "refund": 1, "amount_minor": amount, "balance_minor": amount}
    cash = taken_of == 2
    state = RefundState.SUCCEEDED if cash else RefundState.WANTED
    assert step.after.purse.refunds == (Refund(1, taken_of, amount, state, ASKED + HOUR, "desk"),)
    assert [(one.verb, one.payment, one.refund, one.amount_minor) for one in step.after.purse.orders] == (
        [] if cash else [(Verb.REFUND, taken_of, 1, amount)]
    )
    assert (step.after.version, step.after.paid_minor) == (made.version + 1, 30_000 - amount)
    assert [one.number for one in step.payments] == [taken_of]


def test_the_next_refund_is_of_the_newest_payment_that_has_so_much_left() -> None:
    """120.00, of which 50.00 went back, then the deposit of 100.00, and the cash last of all."""
    made, goodwill = three_payments(), act(ASKED + HOUR, MANAGER, "Goodwill.")
    for amount in (5_000, 7_001, 7_000, 2_999, 8_000):
        made = refund_asked(made, goodwill, None, amount, "INR").after
    assert refunds(made) == [
        (3, 5_000, "wanted", "desk"), (1, 7_001, "wanted", "desk"), (3, 7_000, "wanted", "desk"),
        (1, 2_999, "wanted", "desk"), (2, 8_000, "succeeded", "desk"),
    ]  # fmt: skip
    assert (made.paid_minor, [one.refundable_minor for one in made.purse.payments]) == (0, [0, 0, 0])
    refused = refusal(lambda: refund_asked(made, goodwill, None, 1, "INR"))
    assert (refused.code, refused.facts["refundable_minor"]) == ("more_than_refundable", 0)


@pytest.mark.parametrize(
    ("payment", "amount", "currency", "code", "field", "facts"),
    [
        (None, 0, "INR", "amount_not_positive", "amount.amount_minor", {}),
        (None, -1, "INR", "amount_not_positive", "amount.amount_minor", {}),
        (None, 1, "EUR", "currency_differs", "amount.currency", {}),
        (4, 1, "INR", "payment_unknown", "payment", {"payment": 4}),
        (None, 12_001, "INR", "more_than_refundable", "amount.amount_minor",
         {"refundable_minor": 12_000, "currency": "INR"}),
        (1, 10_001, "INR", "more_than_refundable", "amount.amount_minor",
         {"refundable_minor": 10_000, "currency": "INR"}),
    ],
)  # fmt: skip
def test_what_cant_be_given_back_is_refused(
    payment: int | None, amount: int, currency: str, code: str, field: str, facts: dict[str, Any]
) -> None:
    """The refusal names the field, and the most that can go back of one payment."""
    made = three_payments()
    refused = refusal(lambda: refund_asked(made, act(actor=MANAGER, reason="Goodwill."), payment, amount, currency))
    assert (refused.code, refused.kind, refused.field, refused.facts) == (code, Kind.RULE, field, facts)


def test_nothing_goes_back_of_a_booking_without_payments() -> None:
    """The most is 0.00."""
    refused = refusal(lambda: refund_asked(held(), act(actor=MANAGER), None, 1, "INR"))
    assert (refused.code, refused.facts) == ("more_than_refundable", {"refundable_minor": 0, "currency": "INR"})


def test_giving_back_is_a_managers_word() -> None:
    """Also an administrator's; the front desk and a guest are refused."""
    paid = pays(asked_to_pay(held()))
    for actor in (DESK, GUEST):
        refused = refusal(lambda who=actor: refund_asked(paid, act(actor=who), None, 1, "INR"))
        assert (refused.code, refused.kind, refused.detail) == (
            "role_missing", Kind.FORBIDDEN, "Giving money back needs a manager."
        )  # fmt: skip
    assert refund_asked(paid, act(actor=ADMIN, reason="Goodwill."), None, 1, "INR").after.paid_minor == 9_999


@pytest.mark.parametrize(("gives", "kept"), [(4_000, 11_000), (15_000, 0)])
def test_what_was_kept_for_now_is_given_back_first(gives: int, kept: int) -> None:
    """Cancelled in time, 200.00 paid, 50.00 given back and 150.00 kept."""
    paid = pays(asked_to_pay(held(Way.PREPAID)))
    made = acts.cancelled(paid, act(ASKED + HOUR), (1,), back=acts.GiveBack(5_000)).after
    assert made.purse.kept_minor == 15_000
    step = refund_asked(made, act(ASKED + HOUR, MANAGER, "The guest has written."), None, gives, "INR")
    assert (step.after.purse.kept_minor, step.after.balance_minor) == (kept, gives - 15_000)
    assert [one.amount_minor for one in step.after.purse.refunds] == [5_000, gives]


def test_a_refund_beyond_what_was_kept_leaves_nothing_kept() -> None:
    """A late cancellation: 100.00 of fee, 50.00 back and 50.00 kept; 80.00 more leave 30.00 of the fee to be paid."""
    paid = pays(asked_to_pay(held(Way.PREPAID)))
    late = act(entry(paid, "cancel_free_until-1").at)
    made = acts.cancelled(paid, late, (1,), back=acts.GiveBack(5_000)).after
    assert (made.purse.kept_minor, made.balance_minor) == (5_000, -5_000)
    step = refund_asked(made, act(late.now, MANAGER, "Goodwill."), None, 8_000, "INR")
    assert (step.after.purse.kept_minor, step.after.balance_minor) == (0, 3_000)


def test_the_refund_of_the_desk_writes_no_letter_before_the_provider_has_it() -> None:
    """What the desk gives back by hand is between the two of them."""
    made = three_payments()
    for named in (1, 2):
        assert letters(refund_asked(made, act(actor=MANAGER, reason="Goodwill."), named, 100, "INR")) == []


def test_a_booking_that_was_never_online_takes_no_card() -> None:
    """Paid at the hotel: nothing is to be paid here, although all of it is owed."""
    made = acts.opened(online(Way.AT_HOTEL), act(actor=GUEST)).after
    assert (made.status, made.balance_minor) == (Status.CONFIRMED, 20_000)
    assert refusal(lambda: payment_wished(made, GUESTS, PAGE)).code == "nothing_to_pay"
