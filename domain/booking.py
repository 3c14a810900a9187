"""What a booking is: the compact state its workflow carries and resumes from. Ids only, no person.

Rules in words: docs/rules/lifecycle.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.payments import Purse
from domain.terms import HotelTerms, StayTerms

REMEMBERED_KEYS = 64


class Status(StrEnum):
    """Where a booking is in its life."""

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether the story has come to an end, so that its workflow may too."""
        return self in ENDED

    @property
    def holds(self) -> bool:
        """Whether its nights are counted as held."""
        return self in (Status.HELD, Status.PENDING)

    @property
    def sold(self) -> bool:
        """Whether its nights are counted as sold."""
        return self in (Status.CONFIRMED, Status.CHECKED_IN)


ENDED = (
    Status.COMPLETED,
    Status.CANCELLED,
    Status.NO_SHOW,
    Status.REJECTED,
    Status.EXPIRED,
    Status.FAILED,
)

# A stay in one of these takes no room; what is owed for it is a fee.
GONE = (Status.CANCELLED, Status.NO_SHOW, Status.REJECTED, Status.EXPIRED, Status.FAILED)


class PaymentStatus(StrEnum):
    """What is known of the money, in one word."""

    NONE = "none"
    DUE = "due"
    AUTHORISED = "authorised"
    PART_PAID = "part_paid"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"


@dataclass(frozen=True)
class Actor:
    """Who acts. kind: guest, staff, system, operator or channel; role: a staff role or ''; staff_id: for staff."""

    kind: str
    role: str = ""
    staff_id: int | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True)
class ClockMove:
    """A clock that somebody moved away from where the terms put it.

    kind, role: who; seq: the event that names the person and the reason; moves: how often this clock was moved by the
    front desk.
    """

    key: str
    at: datetime
    kind: str
    role: str
    seq: int
    moved_at: datetime
    moves: int = 1


@dataclass(frozen=True)
class ChangeAsked:
    """A change that the guest asked for and the hotel has not answered. number: from 1, within the booking."""

    number: int
    asked_at: datetime
    until: datetime


@dataclass(frozen=True)
class Stay:
    """One room of a booking: nights [arrival, departure), its type, its room when assigned, its own status.

    total_minor: the price of all its nights with taxes and fees, in the hotel's currency; night_minor: the same by
    night, in order; person_tax_minor: what of that is tax a head, by night, which no fee ever holds; fee_minor: what is
    owed for ending it early or not at all (cancelled, no-show, left early).
    released_from: nights from this date on were given back for sale; None when none were.
    skipped: nights that passed while it had ended, before it was taken up again: not taken and not owed.
    expected_on: the hotel's day on which it was taken up again after its arrival; the guest is awaited from then on.
    ended_from: the status it had before it was cancelled, a no-show, rejected or expired.
    """

    number: int
    status: Status
    arrival: date
    departure: date
    room_type_id: int
    inventory_type_id: int
    rate_plan_id: int
    total_minor: int
    terms: StayTerms
    room_id: int | None = None
    room_number: str = ""
    checked_in_at: datetime | None = None
    checked_out_at: datetime | None = None
    released_from: date | None = None
    night_minor: tuple[int, ...] = ()
    fee_minor: int = 0
    fee_waived_minor: int = 0
    skipped: tuple[date, ...] = ()
    expected_on: date | None = None
    ended_from: Status | None = None
    overstayed: int = 0
    room_locked: bool = False
    person_tax_minor: tuple[int, ...] = ()

    def nights(self, start: date | None = None) -> tuple[date, ...]:
        """Its nights, from `start` on where given."""
        first = max(start or self.arrival, self.arrival)
        return tuple(first + timedelta(days=n) for n in range((self.departure - first).days))

    @property
    def kept(self) -> tuple[date, ...]:
        """The nights that stay taken: without those given back after an early departure or a no-show, or skipped."""
        return tuple(
            night
            for night in self.nights()
            if (self.released_from is None or night < self.released_from) and night not in self.skipped
        )

    @property
    def awaited_on(self) -> date:
        """The day on which the guest is awaited: the arrival, or later where the stay was taken up again later."""
        return max(self.arrival, self.expected_on or self.arrival)

    @property
    def owed_minor(self) -> int:
        """What is owed for it: its nights while it lives or was slept in, and the fee where it ended otherwise."""
        if self.status in GONE:
            return self.fee_minor
        if not self.night_minor:
            return self.total_minor + self.fee_minor
        prices = dict(zip(self.nights(), self.night_minor, strict=False))
        return sum(prices.get(night, 0) for night in self.kept) + self.fee_minor


@dataclass(frozen=True)
class Booking:
    """The compact state.

    version moves only with what a person decides about; seq counts every step written.
    fired: agenda keys that have done their work. keys: the last command keys that were carried out.
    since: the instant the present status began. moves: clocks that people moved. held_for: option or payment;
    hold_expires_at: until when, by the terms or as asked for. purse: its money at the provider. change_requests: how
    many were ever made. commission_percent: of the net price of its room nights, owed to the channel. fee_minor: fees
    of the booking as a whole, for changes that the guest made alone. extras_minor: extras and adjustments that the desk
    posted, signed.
    """

    hotel_id: int
    hotel_slug: str
    reference: str
    status: Status
    terms: HotelTerms
    stays: tuple[Stay, ...]
    source: str
    created_at: datetime
    since: datetime
    last_instant: datetime
    version: int = 1
    seq: int = 1
    paid_minor: int = 0
    payments: int = 0
    approval_deadline: datetime | None = None
    close_at: datetime | None = None
    feedback_at: datetime | None = None
    hold_expires_at: datetime | None = None
    held_for: str = "option"
    purse: Purse = field(default_factory=Purse)
    moves: tuple[ClockMove, ...] = ()
    change_request: ChangeAsked | None = None
    change_requests: int = 0
    commission_percent: Decimal | None = None
    fee_minor: int = 0
    extras_minor: int = 0
    attention: str = ""
    cancellation_reason: str = ""
    fired: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def arrival(self) -> date:
        """The first arrival of its stays."""
        return min(stay.arrival for stay in self.stays)

    @property
    def departure(self) -> date:
        """The last departure of its stays."""
        return max(stay.departure for stay in self.stays)

    @property
    def total_minor(self) -> int:
        """The price that was promised for all its stays."""
        return sum(stay.total_minor for stay in self.stays)

    @property
    def owed_minor(self) -> int:
        """What the guest owes altogether: nights that are, or were, slept in or still to come, fees and extras."""
        return sum(stay.owed_minor for stay in self.stays) + self.fee_minor + self.extras_minor

    @property
    def balance_minor(self) -> int:
        """Owed less paid; below zero the hotel owes the guest."""
        return self.owed_minor - self.paid_minor

    def moved(self, key: str) -> ClockMove | None:
        """How a clock of the agenda was moved, if it was."""
        return next((move for move in self.moves if move.key == key), None)

    @property
    def held_until(self) -> datetime | None:
        """When its hold ends, by a person who moved that clock or else by the terms; None while nothing is held."""
        move = self.moved("hold_expires")
        return move.at if move and self.hold_expires_at else self.hold_expires_at

    def stay(self, number: int) -> Stay | None:
        """The stay of that number."""
        return next((stay for stay in self.stays if stay.number == number), None)

    def live(self, *statuses: Status) -> tuple[Stay, ...]:
        """The stays in one of these statuses."""
        return tuple(stay for stay in self.stays if stay.status in statuses)


def status_of_stays(statuses: Iterable[Status]) -> Status:
    """The booking's status as its stays imply it, once it was confirmed; the first rule that fits wins.

    In-house, or some gone and some to come: checked_in; any to come: confirmed; any gone: checked_out;
    any who never came: no_show; else cancelled.
    """
    seen = set(statuses)
    if Status.CHECKED_IN in seen or {Status.CHECKED_OUT, Status.CONFIRMED} <= seen:
        return Status.CHECKED_IN
    for status in (Status.CONFIRMED, Status.CHECKED_OUT, Status.NO_SHOW):
        if status in seen:
            return status
    return Status.CANCELLED


def payment_status(booking: Booking) -> PaymentStatus:
    """What is known of the money, in one word: what is set aside or was given back first, then what was paid."""
    purse = booking.purse
    given_back = any(one.refunded_minor for one in purse.payments)
    if booking.paid_minor > 0:
        if given_back and booking.balance_minor <= 0:
            return PaymentStatus.PART_REFUNDED
        return PaymentStatus.PAID if booking.balance_minor <= 0 else PaymentStatus.PART_PAID
    if purse.authorised:
        return PaymentStatus.AUTHORISED
    if given_back:
        return PaymentStatus.REFUNDED
    if purse.due_until is not None:
        return PaymentStatus.FAILED
    asks = booking.terms.payment.value != "none" and booking.owed_minor > 0
    return PaymentStatus.DUE if asks else PaymentStatus.NONE


def with_purse(booking: Booking, purse: Purse) -> Booking:
    """The booking with its money changed; what was paid follows from what was taken and given back."""
    moved = purse.net_minor - booking.purse.net_minor
    return replace(booking, purse=purse, paid_minor=booking.paid_minor + moved)
