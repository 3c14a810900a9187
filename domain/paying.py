"""How a payment is begun, and how the desk gives money back: each one pure step. Rules: docs/rules/payments.md."""

from dataclasses import dataclass, replace

from domain.attempts import with_attempt
from domain.booking import Booking, Status, with_purse
from domain.lifecycle import check_managers_word
from domain.obligations import Obligation, owed_now
from domain.payments import How, Payment, Purse, Refund, RefundState, Verb
from domain.refusals import conflict, rule
from domain.settling import closes, with_refund
from domain.steps import Act, Step, make_step


@dataclass(frozen=True)
class Wish:
    """What comes of asking to pay: a step, and the payment whose answer of the provider is waited for, if any."""

    step: Step | None = None
    waits_for: int | None = None


def payment_wished(booking: Booking, act: Act, how: How) -> Wish:
    """A guest wants to pay what is asked for now.

    One obligation has one open attempt: a second tab gets the same one; one for another amount or in another way is
    closed first. Errors: 409 hold_ended, nothing_to_pay.
    """
    asked = check_payable(booking, act)
    attempt = booking.purse.open_payment
    if attempt is None:
        return _begun(booking, act, how, asked)
    if closes(booking.purse, attempt.number):
        return Wish(waits_for=attempt.number)
    if (attempt.how, attempt.purpose, attempt.amount_minor) == (how, asked.purpose, asked.amount_minor):
        begins = booking.purse.is_asked(attempt.number)
        return Wish(waits_for=attempt.number if begins else None)
    purse = booking.purse.ordering(Verb.CLOSE, attempt.number)
    step = make_step(
        booking, with_purse(booking, purse), "payment_replaced", act, difference={"payment": attempt.number}
    )
    return Wish(step, attempt.number)


def check_payable(booking: Booking, act: Act) -> Obligation:
    """What can be paid now. Errors: 409 hold_ended, nothing_to_pay."""
    if booking.status is Status.HELD and booking.purse.held_over is not None:
        raise conflict("hold_ended", "The time for paying has ended; the room is about to be given back.")
    asked = owed_now(booking, act.now)
    if asked is None:
        raise conflict(
            "nothing_to_pay", "Nothing is to be paid for this booking now.", booking_status=booking.status.value
        )
    return asked


def _begun(booking: Booking, act: Act, how: How, asked: Obligation) -> Wish:
    after = with_attempt(booking, asked.purpose, how, asked.amount_minor, act.now)
    step = make_step(
        booking, after, "payment_started", act,
        difference={"payment": after.payments, "purpose": asked.purpose, "amount_minor": asked.amount_minor},
    )  # fmt: skip
    return Wish(step, after.payments)


def refund_asked(booking: Booking, act: Act, payment: int | None, amount_minor: int, currency: str) -> Step:
    """The desk gives money back: from the payment that was named, else the newest that has so much left.

    What the desk took itself it gives back itself, which is written down at once. Errors: 422 amount_not_positive,
    currency_differs, payment_unknown, more_than_refundable; 403 role_missing.
    """
    check_managers_word(act.actor, "Giving money back")
    chosen = _chosen(booking, payment, amount_minor, currency)
    if chosen.how is How.DESK:
        refund = Refund(
            len(booking.purse.refunds) + 1, chosen.number, amount_minor, RefundState.SUCCEEDED, act.now, "desk"
        )
        purse = booking.purse.with_refund(refund)
    else:
        purse = with_refund(booking.purse, chosen.number, amount_minor, act.now, "desk")
    after = replace(with_purse(booking, _less_kept(purse, amount_minor)), version=booking.version + 1)
    return make_step(
        booking, after, "refund_asked", act,
        difference={"payment": chosen.number, "refund": len(purse.refunds), "amount_minor": amount_minor,
                    "balance_minor": after.balance_minor},
    )  # fmt: skip


def _less_kept(purse: Purse, amount_minor: int) -> Purse:
    """What was kept for now is what a person gives back first."""
    return replace(purse, kept_minor=max(0, purse.kept_minor - amount_minor))


def _chosen(booking: Booking, payment: int | None, amount_minor: int, currency: str) -> Payment:
    if amount_minor <= 0:
        raise rule("amount_not_positive", "The amount must be more than zero.", "amount.amount_minor")
    if currency != booking.terms.currency:
        raise rule("currency_differs", f"The booking is in {booking.terms.currency}.", "amount.currency")
    if payment is not None and booking.purse.payment(payment) is None:
        raise rule("payment_unknown", f"This booking has no payment {payment}.", "payment", payment=payment)
    newest = sorted(booking.purse.payments, key=lambda one: (one.how is How.DESK, -one.number))
    candidates = [one for one in newest if payment in (None, one.number)]
    found = next((one for one in candidates if one.refundable_minor >= amount_minor), None)
    if found is None:
        most = max((one.refundable_minor for one in candidates), default=0)
        raise rule(
            "more_than_refundable",
            "That is more than can be given back of one payment.",
            "amount.amount_minor",
            refundable_minor=most,
            currency=currency,
        )
    return found
