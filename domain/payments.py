"""Money that moves through the payment provider: payments, refunds, and what is still to be done there.

All of it is part of a booking's compact state; ids of the provider are names, not secrets, and no person is in them.
Rules in words: docs/rules/payments.md. Amounts are minor units of the booking's currency as ISO 4217 has them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    checks: how often it was looked at without a hint; decline_code: why the last try was declined.
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
