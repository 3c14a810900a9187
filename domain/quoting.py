"""What can be sold for a stay, at what total, and why the rest cannot.

Rule: docs/rules/quoting.md. Quotes are for one room; all amounts are minor units of the shelf's currency,
and every quote's lines sum exactly to its total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.pricing import derivation_order, derived_rate, misfits, occupancy
from domain.rates import NightRate, RatePlanFacts, RoomTypeFacts, TaxRule
from domain.refusals import Refused, conflict, rule
from domain.restrictions import broken_restrictions
from domain.stay import Party, StayDates, counted, day_text
from domain.taxes import TaxLine, TaxTable

MAX_ROOMS = 10
MAX_CALENDAR_NIGHTS = 400


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that a hotel has on sale around some dates.

    rates: the rows on file by (rate plan id, room type id) and date, the departure date's row among them; a
    derived plan's rows hold only its own restrictions. stock: free rooms by room type id and night; a night
    without an entry has none.
    """

    room_types: Sequence[RoomTypeFacts]
    plans: Sequence[RatePlanFacts]
    rates: Mapping[tuple[int, int], Mapping[date, NightRate]]
    stock: Mapping[int, Mapping[date, int]]
    taxes: Sequence[TaxRule]
    currency: str


@dataclass(frozen=True, slots=True)
class NightLine:
    """What the guest pays for the room this night, included taxes in it."""

    night: date
    price_minor: int


@dataclass(frozen=True, slots=True)
class Quote:
    """One room of a type on a rate plan for the whole stay. left: rooms free on the scarcest night."""

    room_type_id: int
    room_type_code: str
    room_type_name: str
    rate_plan_id: int
    rate_plan_code: str
    rate_plan_name: str
    meal_plan: str
    nights: tuple[NightLine, ...]
    taxes: tuple[TaxLine, ...]
    total_minor: int
    currency: str
    left: int


@dataclass(frozen=True, slots=True)
class Closed:
    """What cannot be sold and why: a room type on one plan, or on every plan where the code is None."""

    room_type_code: str
    room_type_name: str
    rate_plan_code: str | None
    reasons: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class CalendarNight:
    """One night of the price calendar; what each value means is told in docs/rules/quoting.md."""

    night: date
    lowest_minor: int | None
    closed: bool
    reasons: tuple[str, ...]
    min_stay: int | None


def quotes(
    shelf: Shelf, dates: StayDates, party: Party, rooms: int, booked_on: date
) -> tuple[list[Quote], list[Closed]]:
    """Every offer for `rooms` rooms of one kind, the cheapest first, and what is closed with all reasons.

    party: who sleeps in each room; booked_on: the hotel's date at the moment of asking.
    Refuses `rooms_out_of_range` (field `rooms`) and unsound derivations (see `derivation_order`).
    """
    if not 1 <= rooms <= MAX_ROOMS:
        raise rule("rooms_out_of_range", f"A booking has 1 to {MAX_ROOMS} rooms.", field="rooms", maximum=MAX_ROOMS)
    grid = rate_grid(shelf, [*dates.nights, dates.departure])
    taxes = TaxTable(shelf.taxes, party, shelf.currency)
    offers: list[Quote] = []
    closed: list[Closed] = []
    for room_type in shelf.room_types:
        sold_on = [plan for plan in shelf.plans if room_type.id in plan.room_type_ids]
        whole = _closed_as_a_whole(shelf, room_type, sold_on, dates=dates, party=party, rooms=rooms)
        if whole:
            closed.append(Closed(room_type.code, room_type.name, None, tuple(whole)))
            continue
        for plan in sold_on:
            rates = grid[plan.id, room_type.id]
            broken = broken_restrictions(dates, rates, rates.get(dates.departure), booked_on)
            if broken:
                closed.append(Closed(room_type.code, room_type.name, plan.code, tuple(broken)))
            else:
                made = _quote(shelf, room_type, plan, rates=rates, dates=dates, party=party, taxes=taxes)
                offers.append(made)
    offers.sort(key=lambda offer: (offer.total_minor, offer.room_type_code, offer.rate_plan_code))
    return offers, closed


def _closed_as_a_whole(
    shelf: Shelf,
    room_type: RoomTypeFacts,
    sold_on: Sequence[RatePlanFacts],
    *,
    dates: StayDates,
    party: Party,
    rooms: int,
) -> list[Refused]:
    """The reasons on every plan: the party is too large, rooms are gone, or no plan sells the type."""
    reasons = misfits(room_type, party)
    free = shelf.stock.get(room_type.id, {})
    for night in dates.nights:
        left = free.get(night, 0)
        if left < rooms:
            reasons.append(_sold_out(room_type, night, left))
            break
    if not sold_on:
        reasons.append(rule("no_rate_plan", f"No rate plan sells {room_type.name}."))
    return reasons


def _sold_out(room_type: RoomTypeFacts, night: date, left: int) -> Refused:
    if left > 0:
        told = f"Only {counted(left, 'room')} of {room_type.name} left on {day_text(night)}."
    else:
        told = f"{room_type.name} is sold out on {day_text(night)}."
    return conflict("sold_out", told, None, night=night.isoformat(), left=max(0, left))


def _quote(
    shelf: Shelf,
    room_type: RoomTypeFacts,
    plan: RatePlanFacts,
    *,
    rates: Mapping[date, NightRate],
    dates: StayDates,
    party: Party,
    taxes: TaxTable,
) -> Quote:
    sleepers = occupancy(room_type, plan, party)
    nights = [(night, sleepers.price_minor(rates[night])) for night in dates.nights]
    lines = taxes.lines(nights)
    return Quote(
        room_type_id=room_type.id,
        room_type_code=room_type.code,
        room_type_name=room_type.name,
        rate_plan_id=plan.id,
        rate_plan_code=plan.code,
        rate_plan_name=plan.name,
        meal_plan=plan.meal_plan,
        nights=tuple(NightLine(night, price_minor) for night, price_minor in nights),
        taxes=tuple(lines),
        total_minor=_total_minor(nights, lines),
        currency=shelf.currency,
        left=min(shelf.stock[room_type.id][night] for night in dates.nights),
    )


def _total_minor(nights: Sequence[tuple[date, int]], lines: Sequence[TaxLine]) -> int:
    added_minor = sum(line.amount_minor for line in lines if not line.included)
    return sum(price_minor for _, price_minor in nights) + added_minor


def rate_grid(shelf: Shelf, days: Sequence[date]) -> dict[tuple[int, int], dict[date, NightRate]]:
    """The rows that count, by plan and room type: as on file, or derived from the parent's.

    A derived plan has a row where its parent has one; parents come first, so chains need no second pass.
    """
    grid: dict[tuple[int, int], dict[date, NightRate]] = {}
    for plan in derivation_order(shelf.plans):
        for room_type in shelf.room_types:
            key = (plan.id, room_type.id)
            own = shelf.rates.get(key, {})
            if plan.derivation is None:
                grid[key] = {day: own[day] for day in days if day in own}
                continue
            above = grid[plan.derivation.parent_plan_id, room_type.id]
            grid[key] = {day: derived_rate(rate, own.get(day), plan.derivation) for day, rate in above.items()}
    return grid


def calendar(shelf: Shelf, from_: date, to: date, adults: int, booked_on: date) -> list[CalendarNight]:
    """The price calendar of the nights [from_, to) for one room with so many adults and no children.

    Refuses `calendar_range` (field `to`) for no nights or more than MAX_CALENDAR_NIGHTS.
    """
    dates = StayDates(from_, to)
    if not 1 <= dates.night_count <= MAX_CALENDAR_NIGHTS:
        told = f"A price calendar shows 1 to {MAX_CALENDAR_NIGHTS} nights: `to` is the day after the last."
        raise rule("calendar_range", told, field="to", maximum=MAX_CALENDAR_NIGHTS)
    party = Party(adults)
    grid = rate_grid(shelf, dates.nights)
    taxes = TaxTable(shelf.taxes, party, shelf.currency)
    fitting = [room_type for room_type in shelf.room_types if not misfits(room_type, party)]
    candidates = [
        (room_type.id, occupancy(room_type, plan, party), grid[plan.id, room_type.id])
        for room_type in fitting
        for plan in shelf.plans
        if room_type.id in plan.room_type_ids
    ]
    if not candidates:
        nothing = ("party_too_large",) if shelf.room_types and not fitting else ("no_rate_plan",)
        return [CalendarNight(night, None, True, nothing, None) for night in dates.nights]
    found = []
    for night in dates.nights:
        sellable: list[tuple[NightRate, int]] = []
        reasons: set[str] = set()
        for room_type_id, sleepers, rates in candidates:
            rate = rates.get(night)
            left = shelf.stock.get(room_type_id, {}).get(night, 0)
            why_not = _not_sellable(rate, left, night, booked_on)
            if rate is None or why_not:
                reasons.update(why_not)
            else:
                sellable.append((rate, sleepers.price_minor(rate)))
        found.append(_calendar_night(night, sellable, reasons, taxes))
    return found


def _not_sellable(rate: NightRate | None, left: int, night: date, booked_on: date) -> list[str]:
    """Why this row does not sell a room on this night, as codes; empty where it does."""
    if night < booked_on:
        return ["past"]
    if rate is None:
        return ["no_rate"]
    days = (night - booked_on).days
    why_not = []
    if left < 1:
        why_not.append("sold_out")
    if rate.stop_sell:
        why_not.append("stop_sell")
    if rate.min_advance_days is not None and days < rate.min_advance_days:
        why_not.append("min_advance")
    if rate.max_advance_days is not None and days > rate.max_advance_days:
        why_not.append("max_advance")
    return why_not


def _calendar_night(
    night: date, sellable: Sequence[tuple[NightRate, int]], reasons: set[str], taxes: TaxTable
) -> CalendarNight:
    if not sellable:
        return CalendarNight(night, None, True, tuple(sorted(reasons)), None)
    # Equal prices owe equal taxes, so each price is taxed once.
    lowest_minor = min(_taxed_minor(night, price_minor, taxes) for price_minor in {price for _, price in sellable})
    min_stay = min(max(rate.min_stay_arrival or 1, rate.min_stay_through or 1) for rate, _ in sellable)
    notes = []
    if all(rate.closed_to_arrival for rate, _ in sellable):
        notes.append("closed_to_arrival")
    if all(rate.closed_to_departure for rate, _ in sellable):
        notes.append("closed_to_departure")
    return CalendarNight(night, lowest_minor, False, tuple(notes), min_stay if min_stay > 1 else None)


def _taxed_minor(night: date, price_minor: int, taxes: TaxTable) -> int:
    nights = [(night, price_minor)]
    return _total_minor(nights, taxes.lines(nights))
