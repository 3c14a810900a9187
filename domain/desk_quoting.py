"""Today's price of one room that the desk names, and what stands in its way. Rule: docs/rules/sources.md."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.quoting import Closed, Quote, Shelf, quotes
from domain.rates import NightRate
from domain.refusals import Refused, rule
from domain.repricing import restriction_broken
from domain.stay import Party, StayDates

# What no word of the hotel's people can go past: there is no price, no room, or no bed for one of them.
_HARD = ("no_rate", "no_rate_plan", "party_too_large", "sold_out")


def desk_quote(
    shelf: Shelf,
    named: tuple[str, str],
    dates: StayDates,
    party: Party,
    booked_on: date,
    *,
    number: int = 1,
    past_restrictions: bool = False,
) -> Quote:
    """One room of a type on a plan as availability would price it.

    named: the codes of room type and rate plan; booked_on: the hotel's day; number: of the stay, to be named in a
    refusal; past_restrictions: as if the rate grid restricted nothing.
    Errors: 409 sold_out; 422 room_type_unknown, rate_plan_unknown, party_too_large, no_rate_plan, no_rate,
    restriction_broken.
    """
    room_type, plan = named
    if room_type not in [known.code for known in shelf.room_types]:
        raise rule("room_type_unknown", "This hotel sells no such room type.", "room_type")
    if plan not in [known.code for known in shelf.plans]:
        raise rule("rate_plan_unknown", "This hotel sells no such rate plan.", "rate_plan")
    found, closed = quotes(_unrestricted(shelf) if past_restrictions else shelf, dates, party, 1, booked_on)
    for quote in found:
        if (quote.room_type_code, quote.rate_plan_code) == named:
            return quote
    reasons = _reasons(closed, room_type, plan)
    hard = [reason for reason in reasons if reason.code in _HARD]
    if hard or not reasons:
        raise hard[0] if hard else rule("no_rate_plan", "This rate plan does not sell this room type.", "rate_plan")
    raise restriction_broken(number, reasons)


def _reasons(closed: Sequence[Closed], room_type: str, plan: str) -> list[Refused]:
    return [
        reason
        for what in closed
        if what.room_type_code == room_type and what.rate_plan_code in (None, plan)
        for reason in what.reasons
    ]


def _unrestricted(shelf: Shelf) -> Shelf:
    """The same prices and rooms with no restriction on any night."""
    rates = {key: {day: _free(rate) for day, rate in rows.items()} for key, rows in shelf.rates.items()}
    return replace(shelf, rates=rates)


def _free(rate: NightRate) -> NightRate:
    return NightRate(rate.night, rate.price_minor, rate.extra_adult_minor, rate.single_discount_minor)
