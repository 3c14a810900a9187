"""The lines of the agenda that are about money. Rules in words: docs/rules/payments.md."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from domain.booking import GONE, Booking, Status
from domain.entries import Entry, SetBy, placed
from domain.payments import HeldOver, Payment, PayState, Refund, RefundState
from domain.terms import WhenLapsing, WhenUnpaid, check_in_from, deposit_due_at

# When an open payment is looked at without a hint of the provider's; from the last one on every hour.
CHECKS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15))
AN_HOUR = timedelta(hours=1)
LAST_LOOK = timedelta(minutes=1)
A_DAY = timedelta(days=1)
# A bank gives a refund back, or refuses it, within this time; after it people look.
MOST_REFUND_CHECKS = 30
# So long before an authorisation lapses the hotel's answer is due, and what is done without one happens.
BEFORE_LAPSE = timedelta(hours=12)
_OUTAGE, _BANK = SetBy("outage"), SetBy("bank")
_ENDS = {
    WhenLapsing.RENEW: "The same is set aside anew; if the card does not give it, the desk is told.",
    WhenLapsing.CAPTURE: "It is taken; without a yes all of it goes back.",
    WhenLapsing.ASK: "The desk is told that its answer is still open.",
}
_OVER = {
    "grace": ("The guest is given time to prove who they are", "Then the payment page is closed."),
    "processing": (
        "The payment is still being processed",
        "Without a result the booking expires; late money is looked for.",
    ),
    "outage": (
        "The room is kept, because the payment provider does not answer",
        "Without an answer the booking expires; late money is looked for.",
    ),
}


def money_entries(booking: Booking, policy: SetBy) -> Iterator[Entry]:
    """What comes next of the booking's money."""
    purse = booking.purse
    over = purse.held_over
    if over is not None and over.until is not None and booking.status is Status.HELD:
        yield _held_over(over, over.until, policy)
    if booking.status is Status.CONFIRMED and purse.deposit_open:
        yield from _deposit(booking, policy)
    if purse.watch_until is not None:
        yield Entry(
            "payment_watch", purse.watch_until, "Late money is no longer looked for",
            "What has not come by then is left to the reconciliation.", policy, True, "booking", movable=False,
        )  # fmt: skip
    for payment in purse.payments:
        if _is_looked_at(booking, payment):
            yield _check(payment, over, policy)
    if booking.status is Status.PENDING and not purse.yes_given:
        yield from _authorisation(booking)
    for refund in purse.refunds:
        if refund.state in (RefundState.PENDING, RefundState.NEEDS_GUEST) and refund.checks < MOST_REFUND_CHECKS:
            yield _refund_check(refund, policy)
    for order in purse.orders:
        if order.not_before is not None:
            yield Entry(
                f"provider-{order.number}", order.not_before, "The payment provider is asked again",
                "It did not answer before; nothing is done twice.", _OUTAGE, True, "booking", movable=False,
            )  # fmt: skip


def _is_looked_at(booking: Booking, payment: Payment) -> bool:
    """Whether an open payment is looked at by the clock: after the end, the page for a fee and what is watched."""
    if payment.state not in (PayState.NEEDS_GUEST, PayState.PROCESSING) or booking.purse.is_asked(payment.number):
        return False
    if booking.status not in GONE or booking.purse.watch_until is not None:
        return True
    return payment.purpose == "fee" and payment.state is PayState.NEEDS_GUEST


def _held_over(over: HeldOver, until: datetime, policy: SetBy) -> Entry:
    what, consequence = _OVER[over.why]
    who = _OUTAGE if over.why == "outage" else policy
    return Entry("hold_over", until, what, consequence, who, True, "booking", movable=False)


def next_check(payment: Payment) -> datetime:
    """When an open payment is looked at next."""
    if payment.checks < len(CHECKS):
        return payment.started_at + CHECKS[payment.checks]
    return payment.started_at + CHECKS[-1] + AN_HOUR * (payment.checks - len(CHECKS) + 1)


def _check(payment: Payment, over: HeldOver | None, policy: SetBy) -> Entry:
    """A room that is kept for what is being processed is not given back without a last look."""
    at = next_check(payment)
    if over is not None and over.why == "processing" and over.until is not None and not over.looked:
        at = min(at, over.until - LAST_LOOK)
    return Entry(
        f"payment_check-{payment.number}", at, "The payment is looked at",
        "The provider is asked how it stands.", policy, True, "booking", movable=False,
    )  # fmt: skip


def _refund_check(refund: Refund, policy: SetBy) -> Entry:
    return Entry(
        f"refund_check-{refund.number}", refund.asked_at + A_DAY * (refund.checks + 1), "The refund is looked at",
        "The provider is asked how it stands.", policy, True, "booking", movable=False,
    )  # fmt: skip


def _authorisation(booking: Booking) -> Iterator[Entry]:
    """What a card's bank has set aside ends before the hotel's answer, because people moved the clock of that."""
    payment, move = booking.purse.set_aside, booking.moved("approval_deadline")
    answer = move.at if move else booking.approval_deadline
    if payment is None or payment.capture_before is None or answer is None:
        return
    lapses = payment.capture_before
    half = payment.started_at + (lapses - payment.started_at) / 2
    ends = max(lapses - BEFORE_LAPSE, half)
    if ends < answer:
        yield Entry(
            f"authorisation_ends-{payment.number}", ends, "What is set aside on the card is about to end",
            _ENDS[booking.terms.online.when_authorisation_ends], _BANK, True, "booking", movable=False,
        )  # fmt: skip
    if lapses < answer:
        yield Entry(
            f"authorisation_lapses-{payment.number}", lapses + AN_HOUR * payment.checks,
            "The card's bank lets go what it has set aside",
            "The provider is asked how it stands; once it has lapsed, the guest is asked to pay anew.",
            _BANK, True, "booking", movable=False,
        )  # fmt: skip


def _deposit(booking: Booking, policy: SetBy) -> Iterator[Entry]:
    """A deposit that is taken later: the guest is told, the card is charged, and then there is a last moment."""
    terms, purse = booking.terms, booking.purse
    opens = check_in_from(terms, booking.arrival)
    if purse.due_until is not None:
        ends = {
            WhenUnpaid.CANCEL: "Without it the booking is cancelled and its rooms are free again.",
            WhenUnpaid.KEEP: "Without it the booking stays as it is, and the amount is due at the hotel.",
            WhenUnpaid.DESK: "Without it the desk decides.",
        }[terms.online.when_unpaid]
        yield placed(booking, Entry(
            "payment_due", purse.due_until, "The deposit has to be paid", ends, policy, True, "booking", latest=opens,
        ))  # fmt: skip
        return
    due = deposit_due_at(terms, booking.arrival)
    if due is None or "deposit_due" in booking.fired:
        return
    charge = placed(booking, Entry(
        "deposit_due", due, "The deposit is taken from the guest's card",
        "If that fails, the guest is asked and has some days.", policy, True, "date", latest=opens,
    ))  # fmt: skip
    tells = charge.at - A_DAY * terms.online.reminder_days
    if tells > booking.since:
        yield replace(
            charge, key="deposit_reminder", at=tells, what="The guest is told that the deposit will be taken",
            consequence="A letter names amount and day.", default_at=tells, movable=False,
        )  # fmt: skip
    yield charge
