"""The terms a booking lives under: read once at its opening, kept with their version, never edited after.

Rules in words: docs/rules/terms.md.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.clocks import resolve
from domain.money import Money, format_money
from domain.stay import counted, day_text


class Payment(StrEnum):
    """What the hotel asks of a guest's money, and when."""

    NONE = "none"
    AT_HOTEL = "at_hotel"
    GUARANTEE = "stripe_guarantee"
    DEPOSIT = "stripe_deposit"
    PREPAID = "stripe_prepaid"
    AUTHORISE = "stripe_authorise"

    @property
    def online(self) -> bool:
        """Whether money moves before the guest arrives."""
        return self not in (Payment.NONE, Payment.AT_HOTEL)


class Confirmation(StrEnum):
    """Whether the hotel says yes beforehand or to each request."""

    AUTO = "auto"
    MANUAL = "manual"


class Penalty(StrEnum):
    """What a late cancellation, a no-show or an early departure costs."""

    NONE = "none"
    FIRST_NIGHT = "first_night"
    PERCENT = "percent"
    FIXED = "fixed"
    FULL = "full"


class EarlyDeparture(StrEnum):
    """What leaving before the booked day costs beside the nights that were slept."""

    NONE = "none"
    NEXT_NIGHT = "next_night"
    PERCENT = "percent"
    FULL = "full"


@dataclass(frozen=True)
class Opening:
    """Hours of a weekday in which the hotel counts minutes for its answer; 0 = Monday, an end of 00:00 = midnight."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True)
class ChecklistPoint:
    """One point that the hotel looks at before it says yes. needed: approving without it done is refused."""

    item: str
    needed: bool = False


@dataclass(frozen=True)
class ApprovalTerms:
    """How long the hotel has for its yes, in minutes, and what happens without one.

    count: `elapsed` minutes, or `working` ones: only those within `hours` on days that are not `closed` count.
    at_end: `decline` lets the request expire, `approve` confirms it with a note for people to look at it.
    """

    window_minutes: int = 24 * 60
    least_minutes: int = 30
    count: str = "elapsed"
    hours: tuple[Opening, ...] = ()
    closed: tuple[date, ...] = ()
    at_end: str = "decline"
    checklist: tuple[ChecklistPoint, ...] = ()


@dataclass(frozen=True)
class GuestTerms:
    """What a guest may do alone; beyond it a guest may ask, and the hotel answers.

    cancel, amend: whether at all; amend_until_days: until `amend_until_time` so many days before the arrival;
    request_minutes: how long the hotel has to answer what was asked.
    """

    cancel: bool = True
    amend: bool = True
    amend_until_days: int = 1
    amend_until_time: time = time(18, 0)
    amend_fee_minor: int = 0
    request_minutes: int = 24 * 60


class WhenUnpaid(StrEnum):
    """What becomes of a booking whose later deposit could not be taken and was not paid."""

    CANCEL = "cancel"
    KEEP = "keep"
    DESK = "desk"


class WhenLapsing(StrEnum):
    """What is done when an authorisation is about to end before the hotel has answered."""

    RENEW = "renew"
    CAPTURE = "capture"
    ASK = "ask"


@dataclass(frozen=True)
class PaymentTerms:
    """How a guest's card is asked for money.

    pay_within_seconds: how long a room is held for a payment; after_yes_seconds: the same where the hotel said yes
    first, or the desk made the booking. deposit, deposit_percent, deposit_fixed_minor: of each stay, where its plan
    names no other. due_days: the deposit is taken at `due_time` so many days before the arrival; None: when booking.
    reminder_days: so long before that the guest is told; retry_hours: how long the guest has when it could not be
    taken; when_unpaid: what happens then. when_authorisation_ends: what is done when it ends before the hotel's
    answer. charge_fees: fees for cancelling or not coming are charged to a card on file.
    """

    pay_within_seconds: int = 30 * 60
    after_yes_seconds: int = 24 * 3600
    deposit: Penalty = Penalty.FIRST_NIGHT
    deposit_percent: int = 0
    deposit_fixed_minor: int = 0
    due_days: int | None = None
    due_time: time = time(12, 0)
    reminder_days: int = 2
    retry_hours: int = 48
    when_unpaid: WhenUnpaid = WhenUnpaid.CANCEL
    when_authorisation_ends: WhenLapsing = WhenLapsing.RENEW
    charge_fees: bool = True


@dataclass(frozen=True)
class FolioTerms:
    """How the hotel charges and what papers it gives.

    night_posting: `nightly`, each night once it was slept, or `check_in`, all of them then; fee_tax: the code of the
    tax inside fees, empty for none; tax_rounding: `line`, or `document_rate`, once a rate and invoice;
    deposit_document: what money before the stay gets, a `receipt` or a deposit `invoice`.
    """

    night_posting: str = "nightly"
    fee_tax: str = ""
    tax_rounding: str = "line"
    deposit_document: str = "receipt"


@dataclass(frozen=True)
class HotelTerms:
    """The hotel's side of the terms. Times are wall clocks in `zone`, which is an IANA name.

    version: of the hotel's policy; close_after_seconds: from check-out of the last room until the books close;
    overstay_after_minutes: from the check-out time of the departure day until the desk is alerted.
    """

    version: int
    zone: str
    currency: str
    payment: Payment
    confirmation: Confirmation
    guest_portal: bool = True
    check_in_time: time = time(15, 0)
    check_out_time: time = time(11, 0)
    audit_time: time = time(3, 0)
    approval: ApprovalTerms = ApprovalTerms()
    pre_arrival_days: int = 2
    pre_arrival_time: time = time(10, 0)
    overstay_after_minutes: int = 60
    close_after_seconds: int = 3600
    feedback_after_seconds: int | None = None
    option_hours: int = 24
    guest: GuestTerms = GuestTerms()
    online: PaymentTerms = PaymentTerms()
    folio: FolioTerms = FolioTerms()


@dataclass(frozen=True)
class CancellationTier:
    """A dearer price for cancelling, from `time` on, so many days before the arrival."""

    days: int
    time: time
    penalty: Penalty
    percent: int = 0
    fixed_minor: int = 0


@dataclass(frozen=True)
class StayTerms:
    """The rate plan's side of the terms, kept with each stay.

    free_until_days: cancelling is free until `free_until_time` that many days before arrival; None = never free.
    late_percent, late_fixed_minor, no_show_percent, no_show_fixed_minor: with the penalties of those names; tiers:
    further prices, each from its own moment on; think_minutes: after booking, cancelling is free for so long whatever
    the deadline says. payment, deposit, deposit_percent, deposit_fixed_minor: in place of the hotel's, where given.
    """

    stay_policy_id: int
    code: str
    free_until_days: int | None = 1
    free_until_time: time = time(18, 0)
    late_cancellation: Penalty = Penalty.FIRST_NIGHT
    no_show: Penalty = Penalty.FIRST_NIGHT
    late_percent: int = 0
    late_fixed_minor: int = 0
    tiers: tuple[CancellationTier, ...] = ()
    think_minutes: int = 0
    early_departure: EarlyDeparture = EarlyDeparture.FULL
    early_percent: int = 0
    no_show_percent: int = 0
    no_show_fixed_minor: int = 0
    payment: Payment | None = None
    deposit: Penalty | None = None
    deposit_percent: int = 0
    deposit_fixed_minor: int = 0


def payment_of(hotel: HotelTerms, stay: StayTerms) -> Payment:
    """What is asked for one stay: its plan's own way, else the hotel's. A hotel that takes no money never asks."""
    return hotel.payment if stay.payment is None or hotel.payment is Payment.NONE else stay.payment


def deposit_due_at(terms: HotelTerms, arrival: date) -> datetime | None:
    """When a later deposit is taken; None where it is asked for when booking."""
    if terms.online.due_days is None:
        return None
    return resolve(arrival - timedelta(days=terms.online.due_days), terms.online.due_time, terms.zone)


def collects(terms: HotelTerms) -> bool:
    """Whether the hotel's money passes through Holdfast at all."""
    return terms.payment is not Payment.NONE


def check_in_from(terms: HotelTerms, arrival: date) -> datetime:
    """The instant rooms are promised from on the arrival day."""
    return resolve(arrival, terms.check_in_time, terms.zone)


def check_out_by(terms: HotelTerms, departure: date) -> datetime:
    """The instant rooms are due back on the departure day."""
    return resolve(departure, terms.check_out_time, terms.zone)


def no_show_at(terms: HotelTerms, arrival: date) -> datetime:
    """The night audit that closes the arrival's business day: the hotel's cut-off for guests who do not come."""
    return resolve(arrival + timedelta(days=1), terms.audit_time, terms.zone)


def pre_arrival_at(terms: HotelTerms, arrival: date) -> datetime:
    """When the guest is written to before the arrival."""
    return resolve(arrival - timedelta(days=terms.pre_arrival_days), terms.pre_arrival_time, terms.zone)


def cancel_free_until(hotel: HotelTerms, stay: StayTerms, arrival: date) -> datetime | None:
    """The instant from which cancelling has its price, and is not free any more; None where it is never free."""
    if stay.free_until_days is None:
        return None
    return resolve(arrival - timedelta(days=stay.free_until_days), stay.free_until_time, hotel.zone)


def tier_from(hotel: HotelTerms, tier: CancellationTier, arrival: date) -> datetime:
    """The instant from which a tier's price holds."""
    return resolve(arrival - timedelta(days=tier.days), tier.time, hotel.zone)


def penalty_in_words(penalty: Penalty, percent: int = 0, fixed: str = "") -> str:
    """A penalty as guests read it after "it costs". fixed: the amount of a fixed one with its currency."""
    return {
        Penalty.NONE: "nothing",
        Penalty.FIRST_NIGHT: "the first night",
        Penalty.PERCENT: f"{percent} % of the stay",
        Penalty.FIXED: f"{fixed}, but never more than the stay",
        Penalty.FULL: "the whole stay",
    }[penalty]


def length_in_words(minutes: int) -> str:
    """A length of time for people: whole hours from two hours on, else minutes."""
    return counted(minutes // 60, "hour") if minutes % 60 == 0 and minutes > 60 else counted(minutes, "minute")


def cancellation_in_words(hotel: HotelTerms, stay: StayTerms, arrival: date, booked_at: datetime | None = None) -> str:
    """The cancellation terms for guests, with their dates.

    booked_at: with it they are true from that moment on, and say so when the time for cancelling free of charge had
    passed by then.
    """

    def on_its_day(tier: CancellationTier) -> str:
        return f"{day_text(arrival - timedelta(days=tier.days))}, {tier.time:%H:%M} hotel time"

    steps, free = price_steps(stay), stay.free_until_days is not None
    marks = () if booked_at is None else (tier_from(hotel, step, arrival) <= booked_at for step in steps[not free :])
    begun = sum(marks)
    if not free:
        return _from_the_first(stay, steps[begun:], hotel.currency, on_its_day)
    if begun and steps[begun - 1].penalty is not Penalty.NONE:
        price = _price(steps[begun - 1], hotel.currency)
        told = f"Cancelling costs {price}: the time for cancelling free of charge had passed when the booking was made"
        return _joined(told, steps[begun:], stay, hotel.currency, on_its_day)
    return _from_the_first(stay, steps, hotel.currency, on_its_day)


def cancellation_rule(stay: StayTerms, currency: str) -> str:
    """The cancellation terms for guests before any dates are chosen."""

    def before_arrival(tier: CancellationTier) -> str:
        when = f"{counted(tier.days, 'day')} before arrival" if tier.days else "on the day of arrival"
        return f"{tier.time:%H:%M} hotel time, {when}"

    return _from_the_first(stay, price_steps(stay), currency, before_arrival)


def price_steps(stay: StayTerms) -> tuple[CancellationTier, ...]:
    """What cancelling costs in order of time: first once it is not free any more, then each from its own moment on."""
    late = CancellationTier(
        stay.free_until_days or 0,
        stay.free_until_time,
        stay.late_cancellation,
        stay.late_percent,
        stay.late_fixed_minor,
    )
    tiers = sorted(stay.tiers, key=_moment)
    if stay.free_until_days is None:
        return late, *tiers
    for tier in tiers:
        if _moment(tier) <= _moment(late):
            late = replace(tier, days=late.days, time=late.time)
    return late, *(tier for tier in tiers if _moment(tier) > _moment(late))


def _moment(tier: CancellationTier) -> tuple[int, time]:
    return -tier.days, tier.time


def _from_the_first(
    stay: StayTerms, steps: tuple[CancellationTier, ...], currency: str, moment: Callable[[CancellationTier], str]
) -> str:
    free = stay.free_until_days is not None
    if steps[0].penalty is Penalty.NONE:
        free, steps = True, steps[1:]
    if not steps:
        return "Cancelling is free of charge until check-in."
    price = _price(steps[0], currency)
    told = (
        f"Cancelling is free of charge until {moment(steps[0])}; after that it costs {price}"
        if free
        else f"Not refundable: cancelling costs {price}"
    )
    return _joined(told, steps[1:], stay, currency, moment)


def _joined(
    told: str,
    later: tuple[CancellationTier, ...],
    stay: StayTerms,
    currency: str,
    moment: Callable[[CancellationTier], str],
) -> str:
    """The sentence with the prices that follow, and a second one about the time to think."""
    parts = [told, *(f"after {moment(tier)} it costs {_price(tier, currency)}" for tier in later)]
    think = f" In the first {length_in_words(stay.think_minutes)} after booking it is free of charge in any case."
    return "; ".join(parts) + "." + (think if stay.think_minutes else "")


def _price(tier: CancellationTier, currency: str) -> str:
    return penalty_in_words(tier.penalty, tier.percent, format_money(Money(tier.fixed_minor, currency)))


def confirmation_in_words(terms: HotelTerms) -> str:
    """One sentence for guests about the hotel's yes."""
    if terms.confirmation is Confirmation.AUTO:
        return "Your booking is confirmed at once."
    length = length_in_words(terms.approval.window_minutes)
    counts = " of its working time" if terms.approval.count == "working" and terms.approval.hours else ""
    return f"The hotel answers each request in person, within {length}{counts}."
