"""Bookings whose guests pay by card, made by the domain's own steps: a hotel in Kochi that asks for the whole price.

The provider's answers are given as its gateway would give them.
"""

from dataclasses import replace
from datetime import timedelta

from domain.acts import cancelled
from domain.answers import Look
from domain.booking import Actor, Booking, Stay
from domain.money_alarms import money_rang
from domain.paying import payment_wished
from domain.payments import How, PayState, RefundState, Seen
from domain.steps import Act
from domain.terms import Confirmation, HotelTerms, Payment, PaymentTerms
from domain.told import told
from tests.gateways.facts import ASKED_AT, GUEST, TERMS, request, stay

PAYS_ALL = replace(
    TERMS, payment=Payment.PREPAID, confirmation=Confirmation.AUTO, online=PaymentTerms(pay_within_seconds=7200)
)
PAYS_LATER = replace(
    TERMS, payment=Payment.DEPOSIT, confirmation=Confirmation.AUTO, online=PaymentTerms(due_days=1, reminder_days=0)
)
AUTHORISES = replace(TERMS, payment=Payment.AUTHORISE)
SOON = ASKED_AT + timedelta(minutes=5)


def asked(terms: HotelTerms, *stays: Stay) -> Booking:
    """A booking that is held until its guest has done what these terms ask for."""
    one = replace(stay(), night_minor=(650_000 + 78_000, 650_000 + 78_000, 784_000))
    return request(*(stays or (one,)), terms=terms)


def begun(booking: Booking) -> Booking:
    """The booking after its guest pressed the button, with the provider's page made."""
    step = payment_wished(booking, Act(SOON, GUEST, "web"), How.HOSTED_PAGE).step
    assert step is not None
    made = step.after
    return heard(made, Seen(state=PayState.NEEDS_GUEST, session_id="cs_1"))


def heard(booking: Booking, seen: Seen, *, refund: int | None = None, number: int | None = None) -> Booking:
    """The booking after the provider's word about its newest payment, or about a refund."""
    payment = number or booking.payments
    order = next((o for o in booking.purse.orders if (o.payment, o.refund) == (payment, refund)), None)
    step = told(booking, Look(payment, refund, order), seen, Act(SOON))
    assert step is not None
    return step.after


def paid(booking: Booking) -> Booking:
    """The booking after all that was asked for has come."""
    amount = begun(booking).purse.payments[-1].amount_minor
    came = Seen(
        state=PayState.CAPTURED if amount else PayState.SAVED,
        amount_minor=amount,
        currency=booking.terms.currency,
        captured_minor=amount,
        intent_id="pi_1",
        customer_id="cus_1",
        method_id="pm_1",
    )
    return heard(begun(booking), came)


def authorised(booking: Booking) -> Booking:
    """The booking whose price is set aside on the guest's card."""
    made = begun(booking)
    amount = made.purse.payments[-1].amount_minor
    seen = Seen(state=PayState.AUTHORISED, amount_minor=amount, currency="INR", intent_id="pi_1", method_id="pm_1")
    return heard(made, seen)


def refused(booking: Booking) -> Booking:
    """The booking whose later deposit was asked of the card on file, which the bank declined."""
    asked_for = money_rang(booking, "deposit_due", Act(SOON)).after
    return heard(asked_for, Seen(trouble="refused", code="card_declined"))


def owing_a_fee() -> Booking:
    """A guaranteed booking that its guest cancelled late; the fee is being charged to the card on file."""
    firm = paid(asked(replace(TERMS, payment=Payment.GUARANTEE, confirmation=Confirmation.AUTO)))
    return cancelled(firm, Act(ASKED_AT + timedelta(days=1, hours=2), GUEST, "web"), (1,)).after


PLEASE = Act(ASKED_AT + timedelta(hours=1), GUEST, "web")
TO_PAY = asked(PAYS_ALL)
PAID = paid(TO_PAY)
WITH_DEPOSIT_LATER = paid(asked(PAYS_LATER))
DEPOSIT_REFUSED = refused(WITH_DEPOSIT_LATER)
SET_ASIDE = authorised(asked(AUTHORISES))
CANCELLED = cancelled(PAID, Act(ASKED_AT + timedelta(hours=1), Actor("staff", "frontdesk", 1), "desk"), (1,)).after
REFUNDED = heard(CANCELLED, Seen(refund_id="re_1", refund_state=RefundState.SUCCEEDED), refund=1)
REFUND_LOST = heard(REFUNDED, Seen(refund_id="re_1", refund_state=RefundState.FAILED), refund=1)
