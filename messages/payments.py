"""What crosses between a booking's story and the payment provider, in our own words: no card, no person, no secret."""

from dataclasses import dataclass
from datetime import datetime

from domain.payments import Order, Payment, PayState, Refund, RefundState

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
class Seen:
    """What the provider says, after the order was carried out.

    trouble: empty, or why nothing came of it: `unreachable` (it will be asked again), `refused` (it will not take
    this, see code), `not_ready` (the hotel's account can't be charged). state: of the payment now; acting: the guest is
    proving who they are at this moment; amount_minor, currency: what the provider was asked to take; captured_minor:
    what it took; code: the decline's or refusal's; retryable: another try with the same card may work.
    refund_id, refund_state: of the refund that the order is about.
    """

    trouble: str = ""
    state: PayState | None = None
    session_id: str = ""
    intent_id: str = ""
    customer_id: str = ""
    method_id: str = ""
    amount_minor: int = 0
    currency: str = ""
    captured_minor: int = 0
    acting: bool = False
    capture_before: datetime | None = None
    code: str = ""
    retryable: bool = False
    disputed: bool = False
    refund_id: str = ""
    refund_state: RefundState | None = None


@dataclass(frozen=True)
class MoneyHint:
    """The provider told of something: look at these payments and refunds of the booking. Numbers within the booking."""

    payments: tuple[int, ...] = ()
    refunds: tuple[int, ...] = ()
