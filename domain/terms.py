"""The terms a booking lives under: read once at its opening, kept with their version, never edited after.

Rules in words: docs/rules/terms.md.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.clocks import resolve
from domain.stay import day_text


class Payment(StrEnum):
    """What the hotel asks of a guest's money, and when."""

    NONE = "none"
    AT_HOTEL = "at_hotel"
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
    FULL = "full"


@dataclass(frozen=True)
class ApprovalTerms:
    """How long the hotel has for its yes, in minutes."""

    window_minutes: int = 24 * 60
    least_minutes: int = 30


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


@dataclass(frozen=True)
class StayTerms:
    """The rate plan's side of the terms, kept with each stay.

    free_until_days: cancelling is free until `free_until_time` that many days before arrival; None = never free.
    """

    stay_policy_id: int
    code: str
    free_until_days: int | None = 1
    free_until_time: time = time(18, 0)
    late_cancellation: Penalty = Penalty.FIRST_NIGHT
    no_show: Penalty = Penalty.FIRST_NIGHT


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
    """The last instant at which cancelling costs nothing; None where it is never free."""
    if stay.free_until_days is None:
        return None
    return resolve(arrival - timedelta(days=stay.free_until_days), stay.free_until_time, hotel.zone)


def approval_deadline(terms: HotelTerms, asked_at: datetime, arrival: date) -> datetime:
    """Until when the hotel may say yes.

    The window, but never past the first check-in time, and at least `least_minutes` from the request; a request made in
    the small hours for the business day that is still open ends with that day's night audit.
    """
    window_end = asked_at + timedelta(minutes=terms.approval.window_minutes)
    least = asked_at + timedelta(minutes=terms.approval.least_minutes)
    return min(max(min(window_end, check_in_from(terms, arrival)), least), no_show_at(terms, arrival))


def cancellation_in_words(hotel: HotelTerms, stay: StayTerms, arrival: date) -> str:
    """One sentence for guests, with the date where there is one."""
    price = {Penalty.NONE: "nothing", Penalty.FIRST_NIGHT: "the first night", Penalty.FULL: "the whole stay"}
    until = cancel_free_until(hotel, stay, arrival)
    if stay.late_cancellation is Penalty.NONE:
        return "Cancelling is free of charge until check-in."
    if until is None:
        return f"Not refundable: cancelling costs {price[stay.late_cancellation]}."
    day = day_text(arrival - timedelta(days=stay.free_until_days or 0))
    wall = f"{stay.free_until_time:%H:%M}"
    return (
        f"Cancelling is free of charge until {day}, {wall} hotel time; "
        f"after that it costs {price[stay.late_cancellation]}."
    )


def payment_in_words(payment: Payment) -> str:
    """One sentence for guests about when money is asked for."""
    return {
        Payment.NONE: "No payment is taken through this site.",
        Payment.AT_HOTEL: "You pay at the hotel.",
        Payment.DEPOSIT: "A deposit is taken by card when you book; the rest is paid at the hotel.",
        Payment.PREPAID: "The whole stay is paid by card when you book.",
        Payment.AUTHORISE: "Your card is authorised when you ask and charged when the hotel says yes.",
    }[payment]


def confirmation_in_words(terms: HotelTerms) -> str:
    """One sentence for guests about the hotel's yes."""
    if terms.confirmation is Confirmation.AUTO:
        return "Your booking is confirmed at once."
    minutes = terms.approval.window_minutes
    length = f"{minutes // 60} hours" if minutes % 60 == 0 and minutes > 60 else f"{minutes} minutes"
    return f"The hotel answers each request in person, within {length}."
