"""How a payment through the provider begins: the payment, the order for it, and the next number. Pure.

Rules: docs/rules/payments.md.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.booking import Booking, with_purse
from domain.payments import How, Payment, PayState, Verb


def with_attempt(booking: Booking, purpose: str, how: How, amount_minor: int, now: datetime) -> Booking:
    """The booking with one more payment of so many minor units, and the order that begins it.

    A payment off-session is charged to the card on file; every other begins with a page or an intent for the guest.
    """
    number = booking.payments + 1
    verb = Verb.CHARGE if how is How.OFF_SESSION else Verb.BEGIN
    payment = Payment(number, purpose, "stripe", how, PayState.CREATED, amount_minor, now)
    purse = booking.purse.with_payment(payment).ordering(verb, number, amount_minor=amount_minor)
    return replace(with_purse(booking, purse), payments=number)


def retry_until(booking: Booking, now: datetime) -> datetime:
    """The last moment for a deposit that the card on file did not give."""
    return now + timedelta(hours=booking.terms.online.retry_hours)
