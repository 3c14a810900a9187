"""What a guest is asked to pay, for what and when. Rules in words: docs/rules/payments.md.

Amounts are minor units of the booking's currency. What the provider can't take (less than its minimum, or a fraction of
its unit) is not asked for and stays due.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.booking import Booking, Status, Stay
from domain.fees import first_night_minor
from domain.money import Money, format_money, percent_of
from domain.provider_money import chargeable_minor
from domain.stay import counted
from domain.terms import (
    HotelTerms,
    Payment,
    Penalty,
    StayTerms,
    WhenLapsing,
    deposit_due_at,
    payment_of,
    penalty_in_words,
)

# The most demanding first: what makes a booking firm is named after it.
_DEMANDING = (Payment.AUTHORISE, Payment.PREPAID, Payment.DEPOSIT, Payment.GUARANTEE)
_PURPOSE = {
    Payment.AUTHORISE: "authorisation",
    Payment.PREPAID: "prepaid",
    Payment.DEPOSIT: "deposit",
    Payment.GUARANTEE: "guarantee",
}
SECURING = tuple(_PURPOSE.values())


@dataclass(frozen=True)
class Obligation:
    """What is to be paid. purpose: one of SECURING, fee or balance; amount_minor: 0 where a card is only kept."""

    purpose: str
    amount_minor: int


def deposit_minor(hotel: HotelTerms, stay: Stay) -> int:
    """The deposit of one stay: by its plan, else by the hotel; with its taxes, and never more than its total."""
    own, online = stay.terms, hotel.online
    rule, percent, fixed_minor = online.deposit, online.deposit_percent, online.deposit_fixed_minor
    if own.deposit is not None:
        rule, percent, fixed_minor = own.deposit, own.deposit_percent, own.deposit_fixed_minor
    match rule:
        case Penalty.NONE:
            amount = 0
        case Penalty.FIRST_NIGHT:
            amount = first_night_minor(stay)
        case Penalty.PERCENT:
            amount = percent_of(stay.total_minor, Decimal(percent))
        case Penalty.FIXED:
            amount = fixed_minor
        case Penalty.FULL:
            amount = stay.total_minor
    return min(amount, stay.total_minor)


def first_payment(booking: Booking, now: datetime) -> Obligation | None:
    """What makes the booking firm; None where nothing is asked for before the arrival.

    A deposit whose day is still to come asks for the card only. What is paid already is not asked for again.
    """
    live = [stay for stay in booking.stays if stay.status.holds or stay.status is Status.CONFIRMED]
    modes = [payment_of(booking.terms, stay.terms) for stay in live]
    mode = next((mode for mode in _DEMANDING if mode in modes), None)
    if mode is None:
        return None
    amount = sum(_asked_minor(booking, stay, now) for stay in live) - max(0, booking.paid_minor)
    asked = chargeable_minor(max(0, amount), booking.terms.currency)
    if asked > 0:
        return Obligation(_PURPOSE[mode], asked)
    later = mode is Payment.GUARANTEE or owes_deposit_later(booking, now)
    return Obligation("guarantee", 0) if later and not booking.purse.method_id else None


def owes_deposit_later(booking: Booking, now: datetime) -> bool:
    """Whether a deposit is to be taken on a day that is still to come."""
    due = deposit_due_at(booking.terms, booking.arrival)
    return due is not None and now < due and later_deposit_minor(booking) > 0


def later_deposit_minor(booking: Booking) -> int:
    """What is still open of the deposits that are not taken when booking."""
    stays = [stay for stay in booking.stays if stay.status.holds or stay.status.sold]
    deposits = [s for s in stays if payment_of(booking.terms, s.terms) is Payment.DEPOSIT]
    amount = sum(deposit_minor(booking.terms, stay) for stay in deposits) - max(0, booking.paid_minor)
    return chargeable_minor(max(0, amount), booking.terms.currency)


def _asked_minor(booking: Booking, stay: Stay, now: datetime) -> int:
    """What one stay asks for when booking."""
    match payment_of(booking.terms, stay.terms):
        case Payment.PREPAID | Payment.AUTHORISE:
            return stay.total_minor
        case Payment.DEPOSIT:
            due = deposit_due_at(booking.terms, booking.arrival)
            return deposit_minor(booking.terms, stay) if due is None or due <= now else 0
        case _:
            return 0


def owed_now(booking: Booking, now: datetime) -> Obligation | None:
    """What the guest can pay at this moment; None where there is nothing, or nothing that the provider would take."""
    match booking.status:
        case Status.HELD if booking.held_for == "payment" and booking.purse.held_over is None:
            return first_payment(booking, now)
        case Status.CONFIRMED if booking.purse.deposit_open and later_deposit_minor(booking):
            return Obligation("deposit", later_deposit_minor(booking))
        case Status.CONFIRMED | Status.CHECKED_IN | Status.CHECKED_OUT:
            return _open(booking, "balance")
        case Status.CANCELLED | Status.NO_SHOW:
            return _open(booking, "fee")
        case _:
            return None


def _open(booking: Booking, purpose: str) -> Obligation | None:
    if not takes_cards(booking):
        return None
    asked = chargeable_minor(max(0, booking.balance_minor), booking.terms.currency)
    return Obligation(purpose, asked) if asked > 0 else None


def takes_cards(booking: Booking) -> bool:
    """Whether the hotel is paid through the provider at all, for any room of this booking."""
    return any(payment_of(booking.terms, stay.terms).online for stay in booking.stays)


def authorises(booking: Booking) -> bool:
    """Whether the money is set aside first and taken with the hotel's yes."""
    modes = {payment_of(booking.terms, stay.terms) for stay in booking.stays}
    return Payment.AUTHORISE in modes and booking.terms.confirmation.value == "manual"


def keeps_card(booking: Booking) -> bool:
    """Whether the card is kept for what is done without the guest: a later deposit, fees, a renewed authorisation."""
    online = booking.terms.online
    renews = authorises(booking) and online.when_authorisation_ends is WhenLapsing.RENEW
    return takes_cards(booking) and (online.charge_fees or online.due_days is not None or renews)


def payment_in_words(hotel: HotelTerms, stay: StayTerms | None = None) -> str:
    """One sentence for guests about when money is asked for; by the hotel's own way where no plan is meant."""
    match payment_of(hotel, stay) if stay else hotel.payment:
        case Payment.NONE:
            return "No payment is taken through this site."
        case Payment.AT_HOTEL:
            return "You pay at the hotel."
        case Payment.GUARANTEE:
            return "Your card guarantees the booking; it is charged only if you cancel late or do not come."
        case Payment.PREPAID:
            return "The whole stay is paid by card when you book."
        case Payment.AUTHORISE if hotel.confirmation.value == "manual":
            return _authorised_in_words(hotel)
        case Payment.AUTHORISE:
            return "The whole stay is charged to your card when you book."
        case Payment.DEPOSIT:
            return _deposit_in_words(hotel, stay)


def _authorised_in_words(hotel: HotelTerms) -> str:
    told = "Your card is authorised when you ask and charged when the hotel says yes."
    match hotel.online.when_authorisation_ends:
        case WhenLapsing.RENEW:
            return f"{told} An authorisation that would end before that is renewed."
        case WhenLapsing.CAPTURE:
            early = "If the authorisation would end before that, your card is charged"
            return f"{told} {early}; without a yes you get it all back."
        case WhenLapsing.ASK:
            return f"{told} If the authorisation ends before that, you are asked to pay again."


def _deposit_in_words(hotel: HotelTerms, stay: StayTerms | None) -> str:
    online = hotel.online
    rule, percent, fixed = online.deposit, online.deposit_percent, online.deposit_fixed_minor
    if stay and stay.deposit is not None:
        rule, percent, fixed = stay.deposit, stay.deposit_percent, stay.deposit_fixed_minor
    if rule is Penalty.FULL:
        what, rest = "The whole stay", ""
    else:
        price = penalty_in_words(rule, percent, format_money(Money(fixed, hotel.currency)))
        what = f"A deposit ({price.removesuffix(', but never more than the stay')})"
        rest = "; the rest is paid at the hotel"
    if online.due_days is None:
        return f"{what} is taken by card when you book{rest}."
    when = f"{counted(online.due_days, 'day')} before arrival" if online.due_days else "on the day of arrival"
    return f"Your card is kept when you book. {what} is taken from it {when}{rest}."
