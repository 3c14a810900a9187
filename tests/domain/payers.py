"""Bookings that wait for money, and the provider's words, for tests of the pure rules."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain import acts
from domain.answers import Look
from domain.booking import Booking
from domain.late_money import late_payment
from domain.paying import payment_wished
from domain.payments import How, Order, Payment, PayState, Seen
from domain.steps import Act, Step
from domain.terms import HotelTerms, PaymentTerms, StayTerms
from domain.terms import Payment as Way
from domain.told import told
from tests.domain.made import ASKED, AUTO, FLEXIBLE, GUEST, act, booking

__all__ = ["answer", "asked_to_pay", "hears", "held", "late_payment", "online", "pays", "taken", "terms"]


def terms(way: Way = Way.DEPOSIT, base: HotelTerms = AUTO, **online_: Any) -> HotelTerms:
    """A hotel that is paid in this way."""
    return replace(base, payment=way, online=PaymentTerms(**online_))


def online(way: Way = Way.DEPOSIT, nights: int = 2, stay: StayTerms = FLEXIBLE, **more: Any) -> Booking:
    """A booking before its opening step, at a hotel that is paid in this way."""
    return booking(1, nights, terms(way, **more), stay)


def held(way: Way = Way.DEPOSIT, **more: Any) -> Booking:
    """A booking of the web that waits for its payment until 12:00 in Kochi."""
    return acts.opened(online(way, **more), act(actor=GUEST)).after


def asked_to_pay(made: Booking, now: datetime = ASKED, how: How = How.HOSTED_PAGE) -> Booking:
    """The guest has asked to pay, and the provider has made the page."""
    step = payment_wished(made, Act(now, GUEST, "web"), how).step
    assert step is not None
    return hears(step.after, now, state=PayState.CREATED, session_id="cs_1")


def order_of(made: Booking, number: int) -> Order | None:
    """The first order about a payment."""
    return next((order for order in made.purse.orders if order.payment == number), None)


def answer(made: Booking, now: datetime = ASKED, number: int | None = None, retake: bool = True, **seen: Any) -> Step:
    """What the provider's word about the newest payment comes to; an order about it is done by it."""
    payment = number or made.purse.payments[-1].number
    step = told(made, Look(payment, None, order_of(made, payment)), Seen(**seen), Act(now), retake=retake)
    assert step is not None
    return step


def hears(made: Booking, now: datetime = ASKED, number: int | None = None, **seen: Any) -> Booking:
    """The booking after the provider's word."""
    return answer(made, now, number, **seen).after


def pays(made: Booking, now: datetime = ASKED, number: int | None = None) -> Booking:
    """The newest payment was taken as it was asked for."""
    payment: Payment = made.purse.payments[-1] if number is None else made.purse.payments[number - 1]
    return hears(
        made, now, payment.number, state=PayState.CAPTURED, captured_minor=payment.amount_minor,
        amount_minor=payment.amount_minor, currency="INR",
    )  # fmt: skip


def taken(amount_minor: int) -> dict[str, Any]:
    """The provider's word that so much was taken, as it was asked for."""
    return {
        "state": PayState.CAPTURED, "captured_minor": amount_minor, "amount_minor": amount_minor, "currency": "INR",
    }  # fmt: skip
