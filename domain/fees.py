"""What it costs to cancel, not to come, or to leave early, by the terms that a stay was booked under.

Rules in words: docs/rules/fees.md. Amounts are minor units of the booking's currency, rounded half-up. A fee is what is
owed in place of the nights; whether it is waived is another fact.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.booking import Booking, Stay
from domain.clocks import local
from domain.money import percent_of
from domain.stay import counted, day_text
from domain.terms import (
    CancellationTier,
    EarlyDeparture,
    Penalty,
    cancel_free_until,
    length_in_words,
    penalty_in_words,
    tier_from,
)

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Fee:
    """What is owed, and why. rule: one sentence for people."""

    amount_minor: int
    rule: str


def base_minor(stay: Stay) -> int:
    """What a fee is counted from: the stay's total without the taxes a head, which nobody owes who did not sleep."""
    return stay.total_minor - sum(stay.person_tax_minor)


def first_night_minor(stay: Stay) -> int:
    """The price of its first night without taxes a head; where prices by night are not on file, an equal share."""
    if not stay.night_minor:
        return stay.total_minor // len(stay.nights())
    return _without_person_tax(stay)[0]


def _without_person_tax(stay: Stay) -> tuple[int, ...]:
    """The price of each night without taxes a head."""
    taxes = stay.person_tax_minor or (0,) * len(stay.night_minor)
    return tuple(price - tax for price, tax in zip(stay.night_minor, taxes, strict=True))


def penalty_minor(stay: Stay, penalty: Penalty, percent: int, fixed_minor: int) -> int:
    """What a penalty comes to for this stay, never more than its total without taxes a head.

    percent: of that, for PERCENT alone; fixed_minor: for FIXED alone.
    """
    whole = base_minor(stay)
    match penalty:
        case Penalty.NONE:
            amount = 0
        case Penalty.FIRST_NIGHT:
            amount = first_night_minor(stay)
        case Penalty.PERCENT:
            amount = percent_of(whole, Decimal(percent))
        case Penalty.FIXED:
            amount = fixed_minor
        case Penalty.FULL:
            amount = whole
    return min(amount, whole)


def free_until(booking: Booking, stay: Stay) -> datetime | None:
    """From when on cancelling this stay has its price: as the terms say, or as people moved it; None = never free."""
    move = booking.moved(f"cancel_free_until-{stay.number}")
    return move.at if move else cancel_free_until(booking.terms, stay.terms, stay.arrival)


def cancellation_fee(booking: Booking, stay: Stay, now: datetime) -> Fee:
    """What cancelling this stay costs at `now`. At the very instant of a deadline the later price holds."""
    if stay.status.holds:
        return Fee(0, "Cancelled before it was confirmed: nothing.")
    until = free_until(booking, stay)
    if until and now < until:
        return Fee(0, f"Cancelled before {_wall(booking, until)}: nothing.")
    if now < booking.created_at + timedelta(minutes=stay.terms.think_minutes):
        return Fee(0, f"Cancelled within {length_in_words(stay.terms.think_minutes)} of booking: nothing.")
    tier, since = _price_reached(booking, stay, until, now)
    if tier.penalty is Penalty.NONE:
        return Fee(0, "This rate asks nothing for cancelling at this time.")
    amount = penalty_minor(stay, tier.penalty, tier.percent, tier.fixed_minor)
    price = _price_text(stay, tier.penalty, tier.percent, tier.fixed_minor)
    if since is None:
        return Fee(amount, f"Not refundable: {price}.")
    if since <= booking.created_at:
        return Fee(amount, f"The time for cancelling free of charge had passed at booking: {price}.")
    return Fee(amount, f"Cancelled after {_wall(booking, since)}: {price}.")


def no_show_fee(stay: Stay) -> Fee:
    """What it costs when nobody comes."""
    penalty, percent, fixed = stay.terms.no_show, stay.terms.no_show_percent, stay.terms.no_show_fixed_minor
    return Fee(penalty_minor(stay, penalty, percent, fixed), f"No-show: {_price_text(stay, penalty, percent, fixed)}.")


def early_departure_fee(stay: Stay, released_from: date) -> Fee:
    """What leaving early costs beside the nights that were slept in.

    released_from: nights from this date on are given back; the first night never is. Where prices by night are not on
    file the whole price stays owed, so that nothing comes on top.
    """
    nights = stay.nights(max(released_from, stay.arrival + A_DAY))
    if not nights:
        return Fee(0, "Left on the booked day: nothing.")
    if not stay.night_minor:
        return Fee(0, "Left early: the whole price stays owed, and nothing beside it.")
    prices = _without_person_tax(stay)[-len(nights) :]
    match stay.terms.early_departure:
        case EarlyDeparture.NONE:
            amount, price = 0, "nothing"
        case EarlyDeparture.NEXT_NIGHT:
            amount, price = prices[0], "the next night"
        case EarlyDeparture.PERCENT:
            percent = stay.terms.early_percent
            amount, price = percent_of(sum(prices), Decimal(percent)), f"{percent} % of the nights given back"
        case EarlyDeparture.FULL:
            amount, price = sum(prices), "the nights given back"
    return Fee(amount, f"Left {counted(len(nights), 'night')} early: {price}.")


def _price_reached(
    booking: Booking, stay: Stay, until: datetime | None, now: datetime
) -> tuple[CancellationTier, datetime | None]:
    """The price that holds once cancelling is not free, and since when; None where it never was free."""
    terms = stay.terms
    late = CancellationTier(
        0, terms.free_until_time, terms.late_cancellation, terms.late_percent, terms.late_fixed_minor
    )
    begun = [(tier_from(booking.terms, tier, stay.arrival), tier) for tier in terms.tiers]
    begun = sorted((one for one in begun if one[0] <= now), key=lambda one: one[0])
    if not begun:
        return late, until
    since, tier = begun[-1]
    return tier, max(since, until) if until else since


def _price_text(stay: Stay, penalty: Penalty, percent: int, fixed_minor: int) -> str:
    """The price as a rule; a fixed one without its figure, which stands beside it."""
    if penalty is not Penalty.FIXED:
        return penalty_in_words(penalty, percent)
    return "the whole stay" if fixed_minor >= base_minor(stay) else "a fixed price"


def _wall(booking: Booking, at: datetime) -> str:
    shown = local(at, booking.terms.zone)
    return f"{day_text(shown)}, {shown:%H:%M} hotel time"
