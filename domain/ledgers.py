"""What each of the three ledgers has of a booking's money, and how a difference between them is told.

Rules in words: docs/rules/reconciliation.md. Amounts are minor units of ISO 4217; money that the desk took by itself is
in none of the three.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking import GONE, Booking
from domain.payments import How, PayState, RefundState

# So long the ledgers may differ while news is on its way.
YOUNG = timedelta(minutes=15)
# Of these there may be several about one payment.
BY_OBJECT = frozenset({"double_charge", "refund_unknown_to_us"})

# What a person does about each kind of difference.
TO_DO: dict[str, str] = {
    "charge_unknown_to_us": "Find out whose payment it is. Give it back in the payment provider's dashboard, or record"
    " it at the desk on the booking that it belongs to.",
    "payment_unknown_to_stripe": "Look the payment up in the payment provider's dashboard. If it is not there, the"
    " guest has not paid: tell operations before the guest checks in.",
    "amount_differs": "Compare the amounts in the payment provider's dashboard with the booking. What the provider"
    " took is what counts: give back the difference, or ask the guest for it.",
    "currency_differs": "Give the payment back in the payment provider's dashboard and ask the guest to pay again in"
    " the hotel's currency.",
    "status_differs": "Let operations replay what the provider told (`holdfast hints replay`); the booking then looks"
    " at its payment again.",
    "refund_unknown_to_us": "Somebody gave money back in the payment provider's dashboard. Find out who and why, and"
    " settle the booking's balance.",
    "refund_missing_at_stripe": "The guest has not got this money. Look in the payment provider's dashboard and give it"
    " back there, or in another way.",
    "refund_failed_unseen": "The guest's bank sent the money back. Ask the guest how to give it back in another way.",
    "double_charge": "Give the later of the two payments back in the payment provider's dashboard.",
    "money_kept_on_dead_booking": "The booking has ended and money is left that is not a fee. Give it back from the"
    " booking.",
    "fee_or_transfer_differs": "Tell operations: the platform's share or the account that was paid is not what was"
    " asked for.",
    "dispute_unseen": "The guest's bank disputes the payment. Answer it in the payment provider's dashboard before its"
    " deadline.",
    "refund_pending_over_10_days": "Ask the payment provider's support where the money is, and tell the guest.",
    "authorisation_ends_48h": "Approve or decline the booking now: the card's bank lets the money go within 48 hours.",
}
CODES = tuple(TO_DO)


@dataclass(frozen=True)
class ProviderPayment:
    """A payment as the provider has it.

    object_id: of the intent, or of a charge without one. reference, payment: from our metadata, empty and 0 where there
    is none. captured_minor: what was taken; returned_minor: what the provider says went back of it. moved_at: when it
    was last charged, or made. fee_minor, destination: the platform's share and the account that was paid.
    """

    object_id: str
    currency: str
    state: PayState
    asked_minor: int
    captured_minor: int
    moved_at: datetime
    reference: str = ""
    payment: int = 0
    returned_minor: int = 0
    disputed: bool = False
    capture_before: datetime | None = None
    fee_minor: int = 0
    destination: str = ""

    @property
    def is_money(self) -> bool:
        """Whether money was taken or is set aside."""
        return self.state in (PayState.CAPTURED, PayState.AUTHORISED)


@dataclass(frozen=True)
class ProviderRefund:
    """A refund as the provider has it. paid_by: the object of the payment. refund: from our metadata, 0 without."""

    object_id: str
    paid_by: str
    currency: str
    state: RefundState
    amount_minor: int
    moved_at: datetime
    reference: str = ""
    refund: int = 0


@dataclass(frozen=True)
class Listed:
    """An object of one of the provider's lists. kind: payment, refund or mention; ours: it counts where no booking has
    it; paid_by: the payment that it is about."""

    object_id: str
    kind: str
    paid_by: str
    reference: str
    ours: bool
    payment: ProviderPayment | None = None
    refund: ProviderRefund | None = None


@dataclass(frozen=True)
class PaymentRow:
    """A payment as our rows have it. fee_minor, destination: as the provider was asked, None where it was not noted."""

    number: int
    currency: str
    state: PayState
    asked_minor: int
    captured_minor: int
    moved_at: datetime
    object_id: str = ""
    disputed: bool = False
    fee_minor: int | None = None
    destination: str = ""


@dataclass(frozen=True)
class RefundRow:
    """A refund as our rows have it."""

    number: int
    payment: int
    state: RefundState
    amount_minor: int
    moved_at: datetime
    object_id: str = ""


@dataclass(frozen=True)
class MoneyTotals:
    """A booking's own sums of what moved through the provider, as its story holds them.

    owed_minor: all that is owed; kept_minor: what people decided to keep beyond that; desk_minor: what the desk took
    and did not give back; moving: something is still to be done at the provider; ended: nothing is sold any more.
    """

    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    owed_minor: int
    kept_minor: int
    desk_minor: int
    moving: bool
    ended: bool
    at: datetime


def totals_of(booking: Booking) -> MoneyTotals:
    """The sums of a booking's state."""
    purse = booking.purse
    online = [one for one in purse.payments if one.how is not How.DESK]
    net = sum(one.captured_minor - one.refunded_minor for one in online)
    return MoneyTotals(
        reference=booking.reference,
        currency=booking.terms.currency,
        captured_minor=sum(one.captured_minor for one in online),
        refunded_minor=sum(one.refunded_minor for one in online),
        owed_minor=booking.owed_minor,
        kept_minor=purse.kept_minor,
        desk_minor=booking.paid_minor - net,
        moving=bool(purse.orders) or any(one.state.open for one in purse.refunds),
        ended=booking.status in GONE,
        at=booking.last_instant,
    )


@dataclass(frozen=True)
class Books:
    """All that the three ledgers have of one booking. told: None where its story could not be asked."""

    reference: str
    payments: tuple[ProviderPayment, ...] = ()
    refunds: tuple[ProviderRefund, ...] = ()
    payment_rows: tuple[PaymentRow, ...] = ()
    refund_rows: tuple[RefundRow, ...] = ()
    told: MoneyTotals | None = None


@dataclass(frozen=True)
class Difference:
    """One thing that two ledgers tell differently.

    provider_minor, rows_minor, booking_minor: the amount in each ledger, None where it is not in it. at: the newest
    moment at which any side moved; a young one waits.
    """

    code: str
    reference: str
    detail: str
    at: datetime
    currency: str
    payment: int = 0
    refund: int = 0
    object_id: str = ""
    provider_minor: int | None = None
    rows_minor: int | None = None
    booking_minor: int | None = None

    @property
    def key(self) -> str:
        """By which it is known again on another night."""
        about = self.object_id if not (self.payment or self.refund) or self.code in BY_OBJECT else ""
        return f"{self.code}|{self.reference}|{self.payment}|{self.refund}|{about}"

    def waits(self, now: datetime) -> bool:
        """Whether news may still be on its way."""
        return now - self.at < YOUNG


@dataclass(frozen=True)
class Line:
    """One thing that was compared, for a list of all. kind: payment or refund; an amount is None where it is not in
    that ledger; code: of the difference, empty where there is none."""

    kind: str
    reference: str
    number: int
    object_id: str
    currency: str
    provider_state: str
    provider_minor: int | None
    rows_state: str
    rows_minor: int | None
    code: str = ""


@dataclass(frozen=True)
class Compared:
    """What came of one booking."""

    differences: tuple[Difference, ...]
    lines: tuple[Line, ...]


def sums_of_rows(books: Books) -> tuple[int, int]:
    """What the rows say was taken and given back."""
    taken = sum(row.captured_minor for row in books.payment_rows)
    return taken, sum(row.amount_minor for row in books.refund_rows if row.state.counts)


def sums_of_provider(books: Books) -> tuple[int, int]:
    """What the provider says was taken and given back, in the booking's currency and any other alike."""
    taken = sum(one.captured_minor for one in books.payments if one.state is PayState.CAPTURED)
    return taken, sum(one.amount_minor for one in books.refunds if one.state.counts)
