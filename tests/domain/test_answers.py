"""A provider that is silent, and what is done once it answers: docs/rules/payments.md, "When nobody tells"."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.answers import Look
from domain.booking import Booking, Status
from domain.changing import clock_moved
from domain.paying import payment_wished, refund_asked
from domain.payments import HeldOver, How, PayState, RefundState, Seen, Verb
from domain.steps import Act, Step
from domain.terms import Payment as Way
from domain.told import told
from tests.domain.made import A_MINUTE, AN_HOUR, ASKED, DESK, GUEST, MANAGER, act, entry, march
from tests.domain.outcomes import Outcome, order, orders, outcome
from tests.domain.payers import answer, asked_to_pay, hears, held, pays

HOLD_ENDS = ASKED + 30 * A_MINUTE
SILENT = Seen(trouble="unreachable")


def looked(made: Booking, look: Look, now: datetime, seen: Seen = SILENT) -> Step:
    """What that look comes to."""
    step = told(made, look, seen, Act(now))
    assert step is not None
    return step


def begun() -> Booking:
    """A guest has asked to pay at 11:30; the provider has not made the page yet."""
    step = payment_wished(held(), Act(ASKED, GUEST), How.HOSTED_PAGE).step
    assert step is not None
    return step.after


def ended(made: Booking) -> Booking:
    """The time for paying has ended at 12:00."""
    return clock_rang(made, [entry(made, "hold_expires")], Act(HOLD_ENDS)).after


def paid_back(*amounts: int) -> Booking:
    """Of 200.00 that were paid, the manager gives these back."""
    made = pays(asked_to_pay(held(Way.PREPAID)))
    for amount in amounts:
        made = refund_asked(made, act(actor=MANAGER, reason="Goodwill."), None, amount, "INR").after
    return made


def test_an_order_without_an_answer_is_given_again() -> None:
    """After 15 seconds, under the same number and attempt; the booking says since when it waits."""
    step = answer(begun(), ASKED + A_MINUTE, trouble="unreachable")
    assert outcome(step) == Outcome(
        "provider_unreachable", Status.HELD, {"payment": 1}, orders=((Verb.BEGIN, 1, 10_000),)
    )
    waits = step.after.purse.orders[0]
    assert (waits.number, waits.attempt, waits.tries) == (1, 1, 1)
    assert entry(step.after, "provider-1").at == ASKED + A_MINUTE + timedelta(seconds=15)
    again = hears(step.after, ASKED + 5 * A_MINUTE, trouble="unreachable")
    assert (step.after.purse.outage_since, again.purse.outage_since) == (ASKED + A_MINUTE, ASKED + A_MINUTE)


def test_only_the_order_that_met_silence_waits() -> None:
    """Of two refunds one is asked again later, the other goes on; one answer makes all of them go on."""
    made = paid_back(3_000, 2_000)
    first, second = made.purse.orders
    silent = looked(made, Look(1, 1, first), ASKED).after
    assert order(silent, first.number).not_before == ASKED + timedelta(seconds=15)
    assert order(silent, second.number) == second
    both = looked(silent, Look(1, 2, second), ASKED).after
    seen = Seen(refund_id="re_1", refund_state=RefundState.PENDING)
    back = looked(both, Look(1, 1, order(both, first.number)), ASKED + AN_HOUR, seen).after
    assert [(one.number, one.not_before, one.tries) for one in back.purse.orders] == [(second.number, None, 1)]
    assert back.purse.outage_since is None


def test_a_look_that_a_clock_made_counts_also_in_vain() -> None:
    """So the next one comes after 5 minutes and not at once; a hint that meets silence writes nothing."""
    page = asked_to_pay(held())
    step = looked(page, Look(1, checked=True), ASKED + A_MINUTE)
    assert outcome(step) == Outcome("provider_unreachable", Status.HELD, {"payment": 1})
    assert entry(step.after, "payment_check-1").at == ASKED + 5 * A_MINUTE
    assert step.after.purse.outage_since == ASKED + A_MINUTE
    assert told(page, Look(1), SILENT, Act(ASKED + A_MINUTE)) is None


def test_a_refund_that_a_clock_looked_at_in_vain_is_looked_at_a_day_later() -> None:
    """The refund is what was looked at, not the payment it is of."""
    made = paid_back(5_000)
    seen = Seen(refund_id="re_1", refund_state=RefundState.PENDING)
    under_way = looked(made, Look(1, 1, made.purse.orders[0]), ASKED, seen).after
    assert entry(under_way, "refund_check-1").at == ASKED + 24 * AN_HOUR
    silent = looked(under_way, Look(1, 1, checked=True), ASKED + 24 * AN_HOUR).after
    assert entry(silent, "refund_check-1").at == ASKED + 48 * AN_HOUR
    assert silent.purse.payments[0].checks == under_way.purse.payments[0].checks


def test_an_outage_moves_no_clock_but_the_holds() -> None:
    """Silent from 11:30 to 12:10: the hold is longer, the hour that the manager gave for cancelling is not."""
    made = begun()
    made = clock_moved(made, act(actor=MANAGER), entry(made, "cancel_free_until-1"), march(10, 9)).after
    back = hears(hears(made, ASKED, trouble="unreachable"), ASKED + 40 * A_MINUTE, state=PayState.CREATED)
    assert entry(back, "cancel_free_until-1").at == march(10, 9)
    assert entry(back, "hold_expires").at == ASKED + 70 * A_MINUTE
    assert (back.purse.outage_since, orders(back)) == (None, [])


def test_an_answer_without_an_outage_leaves_the_hold_as_it_is() -> None:
    """Half an hour, however long the page took to be made."""
    assert hears(begun(), ASKED + 10 * A_MINUTE, state=PayState.CREATED).hold_expires_at == HOLD_ENDS


def test_a_hold_that_has_ended_is_made_no_longer() -> None:
    """Silent from 12:00 to 12:40, when the page was to be closed: the time for paying ended at 12:00 all the same."""
    silent = hears(ended(asked_to_pay(held())), HOLD_ENDS, trouble="unreachable")
    back = hears(silent, HOLD_ENDS + 40 * A_MINUTE, state=PayState.NEEDS_GUEST, acting=True)
    assert (back.hold_expires_at, back.purse.outage_since) == (HOLD_ENDS, None)


def test_an_outage_of_a_firm_booking_holds_nothing() -> None:
    """The desk vouched for the guest meanwhile."""
    silent = hears(begun(), ASKED, trouble="unreachable")
    firm = acts.confirmed(silent, act(actor=DESK, reason="A regular.")).after
    back = hears(firm, ASKED + 40 * A_MINUTE, state=PayState.CREATED)
    assert (back.status, back.hold_expires_at, back.purse.outage_since) == (Status.CONFIRMED, None, None)


@pytest.mark.parametrize(
    "seen",
    [{"state": PayState.PROCESSING}, {"state": PayState.NEEDS_GUEST, "acting": True}],
    ids=["processing", "at the bank's page"],
)
def test_a_room_that_is_kept_past_its_time_is_kept_six_hours_by_a_silent_provider(seen: dict[str, Any]) -> None:
    """Counted from the hold's end, whatever it was kept for until then."""
    waits = hears(ended(asked_to_pay(held())), HOLD_ENDS, **seen)
    silent = looked(waits, Look(1, checked=True), HOLD_ENDS + 2 * A_MINUTE).after
    assert silent.purse.held_over == HeldOver("outage", HOLD_ENDS, HOLD_ENDS + 6 * AN_HOUR)
    again = looked(silent, Look(1, checked=True), HOLD_ENDS + AN_HOUR).after
    assert again.purse.held_over == silent.purse.held_over


def test_a_hold_that_the_desk_set_past_its_bound_is_not_made_shorter_by_an_outage() -> None:
    """The audit at which the guest would be missed has passed the moved clock already."""
    silent = hears(begun(), ASKED, trouble="unreachable")
    beyond = march(11, 4)
    made = replace(silent, hold_expires_at=beyond)
    back = hears(made, ASKED + 40 * A_MINUTE, state=PayState.CREATED)
    assert back.hold_expires_at == beyond
