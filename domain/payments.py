"""Money that moves through the payment provider: payments, refunds, and what is still to be done there.

All of it is part of a booking's compact state; ids of the provider are names, not secrets, and no person is in them.
Rules in words: docs/rules/payments.md. Amounts are minor units of the booking's currency as ISO 4217 has them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class PayState(StrEnum):
    """Where a payment is. saved: a card is on file and nothing was taken (a guarantee)."""

    CREATED = "created"
    NEEDS_GUEST = "needs_guest"
    PROCESSING = "processing"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    SAVED = "saved"
    DECLINED = "declined"
    VOIDED = "voided"
    AUTH_EXPIRED = "auth_expired"

    @property
    def open(self) -> bool:
        """Whether the guest, or the provider, may still bring it to an end."""
        return self in (PayState.CREATED, PayState.NEEDS_GUEST, PayState.PROCESSING)


class RefundState(StrEnum):
    """Where a refund is. What has succeeded may still turn failed: the guest's bank sends the money back."""

    WANTED = "wanted"
    PENDING = "pending"
    NEEDS_GUEST = "needs_guest"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def counts(self) -> bool:
        """Whether its money is no longer the hotel's to give."""
        return self not in (RefundState.FAILED, RefundState.CANCELED)

    @property
    def open(self) -> bool:
        """Whether the provider has not said its last word yet."""
        return self in (RefundState.WANTED, RefundState.PENDING, RefundState.NEEDS_GUEST)


class Verb(StrEnum):
    """What is asked of the provider.

    begin: a hosted page or an intent is made for the guest; close: it is ended, unless money has come; read: how it
    stands; capture, void: of an authorisation; charge: the saved card, without the guest; refund, read_refund.
    """

    BEGIN = "begin"
    CLOSE = "close"
    READ = "read"
    CAPTURE = "capture"
    VOID = "void"
    CHARGE = "charge"
    REFUND = "refund"
    READ_REFUND = "read_refund"


class How(StrEnum):
    """How a payment is made: on the provider's page, on a page of ours, with the saved card, or at the desk."""

    HOSTED_PAGE = "hosted_page"
    INTENT = "intent"
    OFF_SESSION = "off_session"
    DESK = "desk"


@dataclass(frozen=True)
class Payment:
    """One payment of a booking.

    number: from 1 within the booking. purpose: deposit, prepaid, authorisation, guarantee, fee or balance. method:
    stripe, or what the desk took. amount_minor: what was asked for (0 for a guarantee); refunded_minor: what was given
    back or is being given back; capture_before: until when an authorisation can be captured, as the card's bank says;
    checks: how often it was looked at without a hint, counted anew once it is set aside; decline_code: why the last try
    was declined; dispute: how its disputes stood at the last look, as in Seen.
    """

    number: int
    purpose: str
    method: str
    how: How
    state: PayState
    amount_minor: int
    started_at: datetime
    captured_minor: int = 0
    refunded_minor: int = 0
    session_id: str = ""
    intent_id: str = ""
    capture_before: datetime | None = None
    checks: int = 0
    decline_code: str = ""
    disputed: bool = False
    dispute: str = ""

    @property
    def refundable_minor(self) -> int:
        """What can still be given back of it."""
        return self.captured_minor - self.refunded_minor


@dataclass(frozen=True)
class Refund:
    """Money that goes back to the guest. payment: of which it is a part; cause: why, in one word of ours."""

    number: int
    payment: int
    amount_minor: int
    state: RefundState
    asked_at: datetime
    cause: str
    provider_id: str = ""
    checks: int = 0


@dataclass(frozen=True)
class Order:
    """Something that is to be done at the provider, once.

    number: from 1 within the booking; attempt: of the same purpose, raised only after a definite answer, so that a
    repetition carries the same key; tries: how often the provider did not answer; not_before: when it is asked again.
    gracious: a guest who is in the middle of proving who they are is let finish.
    """

    number: int
    verb: Verb
    payment: int
    refund: int | None = None
    amount_minor: int = 0
    attempt: int = 1
    tries: int = 0
    not_before: datetime | None = None
    gracious: bool = False


@dataclass(frozen=True)
class Seen:
    """What the provider says, after the order was carried out.

    trouble: empty, or why nothing came of it: `unreachable` (it will be asked again), `refused` (it will not take
    this, see code), `not_ready` (the hotel's account can't be charged). state: of the payment now; acting: the guest is
    proving who they are at this moment; amount_minor, currency: what the provider was asked to take; captured_minor:
    what it took; code: the decline's or refusal's; retryable: another try with the same card may work.
    dispute: how the payment's disputes stand (open, won, lost, closed), empty where there is none or nobody looked.
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
    dispute: str = ""
    refund_id: str = ""
    refund_state: RefundState | None = None


@dataclass(frozen=True)
class HeldOver:
    """Why a room is still held although its time for the payment has ended.

    why: closing (the page is being ended at the provider), grace (the guest is proving who they are), processing (the
    provider has not decided), outage (the provider does not answer). since: when the hold's time ended; until: how long
    it is kept for that, None while an answer is awaited. looked: what is processed was looked at just before that.
    """

    why: str
    since: datetime
    until: datetime | None = None
    looked: bool = False


@dataclass(frozen=True)
class Purse:
    """The money of one booking, and its dealings with the provider.

    ordered: how many orders were ever given. customer_id, method_id: the provider's names for the guest and the card on
    file. kept_minor: more than is owed, which people decided to keep for now. deposit_open: a later deposit is not paid
    yet; due_until: how long the guest has after it could not be taken. yes_given: the hotel said yes and the
    authorisation is being captured. outage_since: since when the provider has not answered. watch_until: until when an
    ended booking looks for money that may still come; watched: whether it ever did.
    """

    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    orders: tuple[Order, ...] = ()
    ordered: int = 0
    customer_id: str = ""
    method_id: str = ""
    kept_minor: int = 0
    deposit_open: bool = False
    due_until: datetime | None = None
    yes_given: bool = False
    held_over: HeldOver | None = None
    outage_since: datetime | None = None
    watch_until: datetime | None = None
    watched: bool = False

    def payment(self, number: int) -> Payment | None:
        """The payment of that number."""
        return next((one for one in self.payments if one.number == number), None)

    def refund(self, number: int) -> Refund | None:
        """The refund of that number."""
        return next((one for one in self.refunds if one.number == number), None)

    @property
    def open_payment(self) -> Payment | None:
        """The one payment that the guest may still bring to an end."""
        return next((one for one in self.payments if one.state.open), None)

    @property
    def authorised(self) -> tuple[Payment, ...]:
        """Payments whose money is set aside by the card's bank and not taken yet."""
        return tuple(one for one in self.payments if one.state is PayState.AUTHORISED)

    @property
    def set_aside(self) -> Payment | None:
        """The newest payment that a yes of the hotel can take: set aside, and not being let go."""
        let_go = self.asked_to(Verb.VOID)
        return next((one for one in reversed(self.authorised) if one.number not in let_go), None)

    @property
    def net_minor(self) -> int:
        """What was taken and not given back."""
        return sum(one.captured_minor - one.refunded_minor for one in self.payments)

    def is_asked(self, payment: int, refund: int | None = None) -> bool:
        """Whether the provider is still to do something about this payment, or this refund of it."""
        return any(one.payment == payment and one.refund == refund for one in self.orders)

    def asked_to(self, verb: Verb) -> set[int]:
        """The payments with which the provider is still to do this."""
        return {order.payment for order in self.orders if order.verb is verb}

    def with_payment(self, payment: Payment) -> "Purse":
        """The purse with this payment in place of the one of its number, or added."""
        others = tuple(one for one in self.payments if one.number != payment.number)
        return replace(self, payments=tuple(sorted((*others, payment), key=lambda one: one.number)))

    def with_refund(self, refund: Refund) -> "Purse":
        """The purse with this refund in place of the one of its number, or added; its payment knows the sum."""
        others = tuple(one for one in self.refunds if one.number != refund.number)
        refunds = tuple(sorted((*others, refund), key=lambda one: one.number))
        purse = replace(self, refunds=refunds)
        paid = self.payment(refund.payment)
        if paid is None:
            raise ValueError(f"There is no payment {refund.payment}.")
        gone = sum(one.amount_minor for one in refunds if one.payment == paid.number and one.state.counts)
        return purse.with_payment(replace(paid, refunded_minor=gone))

    def ordering(self, verb: Verb, payment: int, **more: Any) -> "Purse":
        """The purse with one more order. A new one is another attempt; whoever repeats an order keeps its number."""
        number = self.ordered + 1
        order = Order(number, verb, payment, attempt=number, **more)
        return replace(self, orders=(*self.orders, order), ordered=self.ordered + 1)

    def without_order(self, number: int) -> "Purse":
        """The purse in which that order is done."""
        return replace(self, orders=tuple(one for one in self.orders if one.number != number))
