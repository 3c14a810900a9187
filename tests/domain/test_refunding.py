"""Money that goes back through the provider, and what its answers come to: docs/rules/payments.md, "Refunds"."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import acts
from domain.answers import Look
from domain.booking import Booking, Status
from domain.paying import refund_asked
from domain.payments import RefundState, Seen
from domain.refunding import refund_told
from domain.steps import Act, Step
from domain.terms import Payment as Way
from domain.told import told
from tests.domain.made import ASKED, MANAGER, act, entry, keys
from tests.domain.outcomes import changed, letters, orders
from tests.domain.payers import asked_to_pay, held, pays

LATER = ASKED + timedelta(hours=1)
W, P, G = RefundState.WANTED, RefundState.PENDING, RefundState.NEEDS_GUEST
S, F, C = RefundState.SUCCEEDED, RefundState.FAILED, RefundState.CANCELED
ISSUED = ("refund_issued", "guest", None, {"refund": 1, "cause": "desk"})
LOST = ("refund_failed", "guest", None, {"refund": 1})


def wanted() -> Booking:
    """Of 200.00 that were paid by card the manager gives 50.00 back; the provider has not been asked yet."""
    paid = pays(asked_to_pay(held(Way.PREPAID)))
    return refund_asked(paid, act(actor=MANAGER, reason="Goodwill."), None, 5_000, "INR").after


def heard(made: Booking, checked: bool = False, **seen: Any) -> Step | None:
    """What the provider's word about the refund comes to; the order for it is done by that."""
    order = next((one for one in made.purse.orders if one.refund == 1), None)
    return told(made, Look(1, 1, order, checked=checked), Seen(**seen), Act(LATER))


def moved(state: RefundState) -> Booking:
    """The provider has told so much of the refund."""
    if state is W:
        return wanted()
    step = heard(wanted(), refund_state=state, refund_id="re_1")
    assert step is not None
    return step.after


@pytest.mark.parametrize(
    ("was", "says", "what", "told_of"),
    [
        (W, P, "refund_pending", [ISSUED]),
        (W, G, "refund_pending", [ISSUED]),
        (W, S, "refund_issued", [ISSUED]),
        (W, F, "refund_failed", [LOST]),
        (W, C, "refund_failed", [LOST]),
        (P, G, "refund_pending", []),
        (G, P, "refund_pending", []),
        (P, S, "refund_issued", []),
        (G, S, "refund_issued", []),
        (P, F, "refund_failed", [LOST]),
        (G, C, "refund_failed", [LOST]),
        (S, F, "refund_failed", [LOST]),
        (S, C, "refund_failed", [LOST]),
    ],
)
def test_a_refund_goes_forward(was: RefundState, says: RefundState, what: str, told_of: list[Any]) -> None:
    """One letter when it is on its way, one when it did not arrive; what did not arrive is the hotel's again."""
    made = moved(was)
    step = heard(made, refund_state=says, refund_id="re_1")
    assert step is not None
    assert (step.what, letters(step)) == (what, told_of)
    assert step.difference == {"refund": 1, "payment": 1, "amount_minor": 5_000}
    refund = step.after.purse.refunds[0]
    assert (refund.state, refund.provider_id, refund.checks) == (says, "re_1", 0)
    assert step.refunds == (refund,)
    lost = says in (F, C)
    assert (step.after.paid_minor, step.after.balance_minor) == ((20_000, 0) if lost else (15_000, 5_000))
    attention = "The refund of INR 50.00 did not reach the guest; give it back in another way." if lost else ""
    # It is not tried again by itself.
    assert (step.after.attention, orders(step.after), step.after.status) == (attention, [], Status.CONFIRMED)


@pytest.mark.parametrize(
    ("was", "says"), [(P, W), (P, P), (G, W), (S, W), (S, P), (S, G), (S, S), (F, W), (F, P), (F, S), (F, C), (C, F)]
)
def test_a_refund_never_goes_back(was: RefundState, says: RefundState) -> None:
    """An answer that was overtaken, or that says the same, is no news."""
    assert heard(moved(was), refund_state=says, refund_id="re_1") is None


def test_what_the_provider_refuses_has_failed() -> None:
    """Its code is not a state; the desk gives the money back in another way."""
    step = heard(wanted(), trouble="refused", code="charge_already_refunded")
    assert step is not None
    assert (step.what, letters(step)) == ("refund_failed", [LOST])
    assert (step.after.purse.refunds[0].state, step.after.paid_minor) == (F, 20_000)


def test_an_answer_that_says_nothing_of_it_leaves_it_where_it_is() -> None:
    """The order is done; the name that the provider gave it stays."""
    made = wanted()
    step = heard(made, refund_id="re_1")
    assert step is not None
    assert (step.what, step.notices) == ("refund_checked", ())
    assert step.difference == {"refund": 1, "payment": 1, "amount_minor": 5_000}
    refund = replace(made.purse.refunds[0], provider_id="re_1")
    assert changed(made, step.after) == {"purse.refunds": (refund,), "purse.orders": ()}
    again = heard(step.after, refund_state=P)
    assert again is not None
    assert again.after.purse.refunds[0].provider_id == "re_1"


def test_a_refund_under_way_is_looked_at_every_day_thirty_times() -> None:
    """A look without news counts, and moves nothing else."""
    made = moved(P)
    days = []
    for _ in range(30):
        days.append((entry(made, "refund_check-1").at - ASKED).days)
        step = heard(made, checked=True, refund_state=P)
        assert step is not None
        assert (step.what, step.notices, step.after.paid_minor) == ("refund_checked", (), 15_000)
        made = step.after
    assert days == list(range(1, 31))
    assert (made.purse.refunds[0].checks, "refund_check-1" in keys(made)) == (30, False)


def test_a_look_that_brings_news_counts_too() -> None:
    """And the refund that has arrived is looked at no more."""
    step = heard(moved(P), checked=True, refund_state=S)
    assert step is not None
    assert (step.what, step.after.purse.refunds[0].checks) == ("refund_issued", 1)
    assert "refund_check-1" not in keys(step.after)


def test_a_provider_that_is_silent_about_a_refund_is_asked_again() -> None:
    """After 15 seconds, under the same order; the refund stays wanted."""
    made = wanted()
    step = heard(made, trouble="unreachable")
    assert step is not None
    assert (step.what, step.difference, step.notices) == ("provider_unreachable", {"payment": 1}, ())
    (order,) = step.after.purse.orders
    assert (order.refund, order.tries, order.not_before) == (1, 1, LATER + timedelta(seconds=15))
    assert (step.after.purse.refunds[0].state, step.after.paid_minor) == (W, 15_000)
    # A mere look that met silence counts as one, so that the next is a day later.
    looked = heard(moved(P), checked=True, trouble="unreachable")
    assert looked is not None
    assert looked.after.purse.refunds[0].checks == 1


def test_a_word_about_a_refund_that_is_not_ours_is_no_news() -> None:
    """Of another number, or of none."""
    made = wanted()
    assert told(made, Look(1, 2), Seen(refund_state=S), Act(LATER)) is None
    assert refund_told(made, Look(1), Seen(refund_state=S), Act(LATER)) is None


def test_what_came_back_from_the_guests_bank_can_be_given_back_again() -> None:
    """The second refund has the next number; by itself nothing is tried."""
    failed = moved(F)
    again = refund_asked(failed, act(actor=MANAGER, reason="By another card."), 1, 20_000, "INR")
    assert again.difference == {"payment": 1, "refund": 2, "amount_minor": 20_000, "balance_minor": 20_000}
    assert [(one.number, one.amount_minor, one.state) for one in again.after.purse.refunds] == [
        (1, 5_000, F), (2, 20_000, W),
    ]  # fmt: skip
    ended = acts.cancelled(failed, act(LATER), (1,)).after
    assert [(one.amount_minor, one.cause) for one in ended.purse.refunds] == [(5_000, "desk"), (15_000, "cancelled")]
