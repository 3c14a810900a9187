"""Requests about a booking's money, and what is told of it."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.shapes.common import Asked, Money, Told, Version


class GuestPay(Asked):
    """A guest wants to pay what is asked for now; the amount is never the guest's to say."""

    how: Literal["hosted_page", "intent"] = Field(
        default="hosted_page",
        description="hosted_page: on the provider's page; intent: on a page of yours, with the client secret.",
    )


class ToPay(Told):
    """What can be paid now."""

    purpose: str = Field(
        description="authorisation, prepaid, deposit, guarantee (a card is kept, nothing is taken), fee or balance.",
        examples=["deposit"],
    )
    amount: Money
    until: datetime | None = Field(description="Until when it has to be paid; null where no clock runs.")


class PaymentLinkWanted(Asked):
    """A link with which a guest pays what is open."""

    version: Version | None = None
    mail: bool = Field(default=False, description="Also sends it to the guest by letter; one letter for each key.")


class PaymentLink(Told):
    """Where a guest pays, without a login. Whoever has the address can pay for this booking, and nothing else."""

    url: str
    amount: Money = Field(description="What is open now; the page asks for what is open when it is opened.")
    purpose: str = Field(description="As in `to_pay`.")
    until: datetime | None = Field(description="Until when it has to be paid; null where no clock runs.")
    mailed: bool = Field(description="Whether a letter waits to be sent with it.")


class PaymentStarted(Told):
    """Where a payment goes on. What the provider's page says is never proof: the booking looks there itself."""

    payment: int = Field(description="Its number within the booking.")
    purpose: str
    amount: Money
    state: str = Field(
        description="created, needs_guest, processing, authorised, captured, saved, declined, voided or auth_expired."
    )
    how: str = Field(description="hosted_page, intent, off_session or desk.")
    hosted_page: str | None = Field(description="Send the guest there; null when there is nothing left to do.")
    client_secret: str | None = Field(description="For the provider's payment element; never keep it.")
    publishable_key: str | None = Field(description="Goes with the client secret.")
    expires_at: datetime | None = Field(description="Until when the room is held for it.")


class PaymentBody(Told):
    """One payment of a booking: by card through the provider, or taken by the desk."""

    number: int
    method: str = Field(description="stripe, or cash, card_terminal, upi, transfer.")
    purpose: str
    how: str
    state: str
    amount: Money = Field(description="What was asked for or taken; 0 where a card is only kept.")
    captured: Money
    refunded: Money = Field(description="Given back, or on its way back.")
    external_reference: str
    received_at: datetime = Field(description="When it was taken; while nothing is, when it was begun.")
    business_date: date
    capture_before: datetime | None = Field(description="Until when an authorisation can be taken.")
    decline_code: str
    disputed: bool


class RefundBody(Told):
    """Money that went back, or is on its way."""

    number: int
    payment: int
    amount: Money
    state: str = Field(description="wanted, pending, needs_guest, succeeded, failed or canceled.")
    cause: str = Field(description="cancelled, ended, changed, overpaid, second, late or desk.")
    asked_at: datetime
    told_at: datetime


LINK_ANSWER = {
    "url": "https://stay.example/pay/WzEsIk1MQi0yMDI2MTIxNS03UTRLMk0iLDFd.c2lnbmVk",
    "amount": {"amount_minor": 12000, "currency": "EUR"},
    "purpose": "deposit",
    "until": "2026-12-01T08:40:00Z",
    "mailed": True,
}
PAY_ANSWER = {
    "payment": 1,
    "purpose": "deposit",
    "amount": {"amount_minor": 12000, "currency": "EUR"},
    "state": "needs_guest",
    "how": "hosted_page",
    "hosted_page": "https://checkout.stripe.example/c/pay/cs_test_1",
    "client_secret": None,
    "publishable_key": None,
    "expires_at": "2026-12-01T08:40:00Z",
}
STRIPE_EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "created": 1795850000,
    "data": {
        "object": {
            "id": "pi_1",
            "object": "payment_intent",
            "metadata": {"holdfast_booking": "RIB-20261215-7Q4K2M", "holdfast_payment": "1"},
        }
    },
}
