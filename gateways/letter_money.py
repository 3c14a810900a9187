"""The rooms of a letter with their prices: each night and tax a line, sums, and how the account stands."""

from collections.abc import Iterable
from typing import Any

from domain.letters import LetterFacts, RoomFacts, night_groups
from domain.notices import NoticeKind, clock
from domain.obligations import later_deposit_minor
from domain.terms import Payment, deposit_due_at
from gateways.letter_payments import asked_for, given_back, what_for
from gateways.tongues import Tongue

MOST_NIGHT_LINES = 31
ACCOUNTED = frozenset(
    {
        NoticeKind.CONFIRMED,
        NoticeKind.CONFIRMED_AFTER_ALL,
        NoticeKind.CHANGED,
        NoticeKind.PRE_ARRIVAL,
        NoticeKind.CHECK_OUT,
    }
)


def priced_rooms(facts: LetterFacts, tongue: Tongue) -> list[dict[str, Any]]:
    """Each room that the letter tells of: what it is, for whom, what each night and each tax comes to, and the sum."""
    return [_room(facts, room, number, tongue) for number, room in enumerate(facts.told, 1)]


def _room(facts: LetterFacts, room: RoomFacts, number: int, tongue: Tongue) -> dict[str, Any]:
    several = len(facts.told) > 1
    currency = facts.booking.terms.currency
    groups = night_groups(room.nights)
    lines: list[dict[str, Any]] = []
    for group in groups[:MOST_NIGHT_LINES]:
        name = tongue.count(group.count, "night")
        if len(groups) > 1:
            name = tongue.say("nights_from", nights=name, day=tongue.brief_day(group.first))
        if group.count > 1:
            name = tongue.say("each", nights=name, price=tongue.money(group.amount_minor, currency))
        lines.append({"name": name, "amount": tongue.money(group.count * group.amount_minor, currency), "soft": False})
    if rest := groups[MOST_NIGHT_LINES:]:
        nights = sum(group.count for group in rest)
        name = tongue.say("more_nights", count=nights, day=tongue.brief_day(rest[0].first))
        amount = sum(group.count * group.amount_minor for group in rest)
        lines.append({"name": name, "amount": tongue.money(amount, currency), "soft": False})
    for tax in room.taxes:
        name = tongue.say("included", name=tax.name) if tax.included else tax.name
        lines.append({"name": name, "amount": tongue.money(tax.amount_minor, currency), "soft": tax.included})
    if room.stay.fee_minor:
        amount = tongue.money(room.stay.fee_minor, currency)
        lines.append({"name": tongue.say("fee_early"), "amount": amount, "soft": False})
    return {
        "title": tongue.say("room_titled", number=number, name=room.room_type) if several else room.room_type,
        "detail": _detail(facts, room, tongue),
        "lines": lines,
        "sum_name": tongue.say("room_total", number=number) if several else tongue.say("total"),
        "sum": tongue.money(room.stay.owed_minor, currency),
    }


def _detail(facts: LetterFacts, room: RoomFacts, tongue: Tongue) -> str:
    party = tongue.count(room.adults, "adult")
    if room.children_ages:
        ages = ", ".join(str(age) for age in sorted(room.children_ages))
        children = tongue.count(len(room.children_ages), "child")
        party += f", {tongue.say('children', children=children, ages=ages)}"
    meals = tongue.meals.get(room.meal_plan, "")
    # A plan such as "Flexible with breakfast" has said it already.
    parts = [room.rate_plan, "" if meals.casefold() in room.rate_plan.casefold() else meals, party]
    if len({(other.stay.arrival, other.stay.departure) for other in facts.told}) > 1:
        first, last = tongue.brief_day(room.stay.arrival), tongue.brief_day(room.stay.departure)
        parts.append(tongue.say("from_to", first=first, last=last))
    return " · ".join(part for part in parts if part)


def totals(facts: LetterFacts, tongue: Tongue) -> Iterable[dict[str, Any]]:
    """The sum over several rooms, and how the account stands."""
    booking, told = facts.booking, facts.told
    currency = booking.terms.currency
    if len(told) > 1:
        total = tongue.money(sum(room.stay.owed_minor for room in told), currency)
        yield {"name": tongue.say("total"), "amount": total, "strong": True}
    if facts.kind is NoticeKind.PAYMENT_DUE:
        owed = asked_for(booking)
        if owed and owed.amount_minor:
            yield _line(what_for(booking, tongue), tongue.money(owed.amount_minor, currency))
    if facts.kind in ACCOUNTED and booking.terms.payment is not Payment.NONE:
        yield from _accounted(facts, tongue)


def _accounted(facts: LetterFacts, tongue: Tongue) -> Iterable[dict[str, Any]]:
    """What was paid, what went back, what is taken later and when, and what remains."""
    booking, currency = facts.booking, facts.booking.terms.currency
    returned = given_back(booking.purse)
    if booking.paid_minor + returned:
        yield _line(tongue.say("paid"), tongue.money(booking.paid_minor + returned, currency))
    if returned:
        yield _line(tongue.say("returned"), tongue.money(returned, currency))
    left = booking.balance_minor
    later = later_deposit_minor(booking) if booking.purse.deposit_open else 0
    due = clock(booking, "deposit_due") or deposit_due_at(booking.terms, booking.arrival)
    if later and due and booking.purse.due_until is None and facts.kind is not NoticeKind.CHECK_OUT:
        name = tongue.say("deposit_on", day=tongue.briefly(booking, due))
        yield _line(name, tongue.money(later, currency))
        left -= later
    if left > 0:
        name = tongue.say("still_to_pay" if facts.kind is NoticeKind.CHECK_OUT else "to_pay_at_hotel")
        yield _line(name, tongue.money(left, currency))


def _line(name: str, amount: str) -> dict[str, Any]:
    return {"name": name, "amount": amount, "strong": False}
