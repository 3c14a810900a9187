"""What crosses Temporal about payments: orders to the provider, what it says, and what people ask for.

No card and no secret is in any of it; people's words are only in what they ask.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.ledgers import MoneyTotals
from domain.payments import Order, Payment, Refund
from messages.asked import Asked

PAYMENTS_QUEUE = "stripe"
# Postgres tells here of each hint of the provider's that is stored.
HINTS_CHANNEL = "holdfast_hints"


@dataclass(frozen=True)
class ProviderOrder:
    """One order of a booking, with all that the provider has to be told.

    customer_id, method_id: the provider's names for the guest and the saved card, empty where there is none yet.
    save_card: the card is kept for what becomes due without the guest. hold_until: when the page is of no use any
    more. manual: authorised only, and captured by another order. now: the story's clock.
    """

    hotel_id: int
    hotel_slug: str
    reference: str
    currency: str
    order: Order
    payment: Payment
    now: datetime
    refund: Refund | None = None
    customer_id: str = ""
    method_id: str = ""
    save_card: bool = False
    manual: bool = False
    hold_until: datetime | None = None

    def key(self) -> str:
        """The idempotency key of the order's own call: booking, purpose, sequence, verb, attempt. Never the amount."""
        what, number = self.payment.purpose, self.payment.number
        if self.refund is not None:
            what, number = "refund", self.refund.number
        return f"{self.hotel_id}.{self.reference}.{what}.{number}.{self.order.verb}.{self.order.attempt}"


@dataclass(frozen=True)
class MoneyTold:
    """A booking's own sums; None while it has not opened."""

    totals: MoneyTotals | None = None


@dataclass(frozen=True)
class MoneyHint:
    """The provider told of something: look at these payments and refunds of the booking. Numbers within the booking."""

    payments: tuple[int, ...] = ()
    refunds: tuple[int, ...] = ()


@dataclass(frozen=True)
class StartPayment:
    """The guest wants to pay what is asked for now. how: domain.payments.How. The amount is never the guest's."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    how: str


@dataclass(frozen=True)
class GiveRefund:
    """The desk gives money back; amount in minor units. payment: None for the newest that has so much left."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    amount_minor: int
    currency: str
    payment: int | None = None
