"""How a booking's story tells of a payment: in one word, with its facts. Rules: docs/rules/payments.md."""

from domain.payments import Payment, PayState
from domain.steps import Fact


def facts_of(payment: Payment) -> dict[str, Fact]:
    """What is told of a payment: what was taken, or else what was asked for; why it was declined, if it was."""
    return {
        "payment": payment.number,
        "purpose": payment.purpose,
        "amount_minor": payment.captured_minor or payment.amount_minor,
        "code": payment.decline_code,
    }


def word_of(payment: Payment) -> str:
    """The event that tells where a payment is by now."""
    return {
        PayState.NEEDS_GUEST: "payment_offered",
        PayState.PROCESSING: "payment_processing",
        PayState.AUTHORISED: "payment_authorised",
        PayState.SAVED: "card_saved",
        PayState.CAPTURED: "payment_came",
        PayState.DECLINED: "payment_declined",
    }.get(payment.state, "payment_ended")
