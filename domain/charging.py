"""Extras and adjustments that the desk posts, each as one pure step. Rule: docs/rules/folio.md."""

from dataclasses import replace

from domain.booking import Booking
from domain.checks import check_reason
from domain.folio import Charge
from domain.lifecycle import check_managers_word
from domain.refusals import rule
from domain.steps import Act, Step, make_step

MOST_MINOR = 1_000_000_000
MOST_PIECES = 1_000


def charged(booking: Booking, act: Act, charge: Charge, currency: str) -> Step:
    """An extra, an adjustment, or one that is taken back; what is owed changes by it.

    Errors: 422 currency_differs, amount_is_zero, amount_out_of_bounds, quantity_out_of_range, reason_needed,
    more_than_owed; 403 role_missing for an adjustment below zero by who is no manager.
    """
    if currency != booking.terms.currency:
        raise rule("currency_differs", f"The booking is in {booking.terms.currency}.", "amount.currency")
    if not 1 <= charge.quantity <= MOST_PIECES:
        told = f"1 to {MOST_PIECES} pieces are posted at a time."
        raise rule("quantity_out_of_range", told, "quantity", maximum=MOST_PIECES)
    if charge.price_minor == 0:
        raise rule("amount_is_zero", "A charge is more or less than zero.", "amount.amount_minor")
    if abs(charge.amount_minor) > MOST_MINOR:
        told = f"A charge comes to {MOST_MINOR} minor units at most."
        raise rule("amount_out_of_bounds", told, "amount.amount_minor", maximum=MOST_MINOR)
    if charge.reverses is not None:
        check_reason(act.reason, "Taking a charge back")
    elif charge.price_minor < 0:
        check_managers_word(act.actor, "An adjustment below zero")
        check_reason(act.reason, "An adjustment below zero")
    after = replace(booking, extras_minor=booking.extras_minor + charge.amount_minor, version=booking.version + 1)
    if charge.price_minor < 0 and charge.reverses is None and after.owed_minor < 0:
        told = "An adjustment can't be more than what is owed."
        raise rule(
            "more_than_owed", told, "amount.amount_minor", balance_minor=booking.balance_minor,
            currency=booking.terms.currency,
        )  # fmt: skip
    return make_step(
        booking, after, "charge_posted" if charge.reverses is None else "charge_reversed", act,
        difference={
            "code": charge.code, "amount_minor": charge.amount_minor, "quantity": charge.quantity,
            "line": charge.reverses, "balance_minor": after.balance_minor,
        },
        charge=charge,
    )  # fmt: skip
