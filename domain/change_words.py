"""A change in sentences, for whoever decides on it: the guest before asking, the desk before saying yes.

Rule: docs/rules/amending.md, "In words".
"""

from collections.abc import Mapping

from domain.amending import Change, StayChange
from domain.booking import Booking, Stay
from domain.changes import StayPlan
from domain.money import Money, format_money
from domain.quoting import Shelf
from domain.stay import Party, counted, day_text
from domain.wishes import StayFacts


def in_words(change: Change, booking: Booking, present: Mapping[int, StayFacts], shelf: Shelf) -> list[str]:
    """One sentence for each room that is touched or added, and one for the price."""
    told = [_of_stay(each, booking.stay(each.plan.number), present, shelf) for each in change.stays]
    return [*told, _price(change, booking.terms.currency)]


def _of_stay(each: StayChange, was: Stay | None, present: Mapping[int, StayFacts], shelf: Shelf) -> str:
    plan = each.plan
    types = {room_type.id: room_type.name for room_type in shelf.room_types}
    plans = {rate_plan.id: rate_plan.name for rate_plan in shelf.plans}
    party = Party(plan.adults, plan.children_ages)
    if was is None:
        room_type = types.get(plan.room_type_id, "another room")
        return f"Room {plan.number} is added: {room_type}, {_dates(plan)}, for {_heads(party)}."
    parts = [
        _turn(_dates(was), _dates(plan)),
        _turn(*(types.get(number, f"room type {number}") for number in (was.room_type_id, plan.room_type_id))),
        _turn(*(plans.get(number, f"rate plan {number}") for number in (was.rate_plan_id, plan.rate_plan_id))),
        _turn(_heads(present[was.number].party), _heads(party)),
        "other guests are named" if plan.guests is not None else "",
    ]
    return f"Room {plan.number}: {'; '.join(part for part in parts if part)}."


def _turn(before: str, after: str) -> str:
    return f"{before} becomes {after}" if before != after else ""


def _dates(of: Stay | StayPlan) -> str:
    return f"{day_text(of.arrival)} to {day_text(of.departure)}"


def _heads(party: Party) -> str:
    """`2 adults`; `2 adults and 1 child (4)`; `1 adult and 2 children (4, 9)`."""
    adults = counted(party.adults, "adult")
    if not party.children_ages:
        return adults
    ages = ", ".join(str(age) for age in sorted(party.children_ages))
    return f"{adults} and {counted(len(party.children_ages), 'child', 'children')} ({ages})"


def _price(change: Change, currency: str) -> str:
    after = format_money(Money(change.after_minor, currency))
    by = format_money(Money(abs(change.difference_minor), currency))
    if change.difference_minor == 0:
        return f"The price stays {after}."
    return f"The price {'rises' if change.difference_minor > 0 else 'falls'} by {by} to {after}."
