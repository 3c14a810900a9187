"""What a change makes of a booking, and at what price; nothing is done by it.

Rule: docs/rules/amending.md. Amounts are minor units of the booking's currency. What comes out is carried to the
booking's workflow, which alone takes nights.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.booking import GONE, Booking, Status
from domain.changes import StayPlan
from domain.checks import check_reason
from domain.clocks import local_text, resolve
from domain.lifecycle import Action, check_allowed
from domain.pricing import occupancy
from domain.quoting import MAX_ROOMS, Shelf, rate_grid
from domain.refusals import Refused, conflict, rule
from domain.repricing import (
    Rows,
    broken_where_touched,
    lines_on,
    restriction_broken,
    room_prices,
    sum_of,
    with_new_nights,
)
from domain.stay import Party, StayDates, day_text
from domain.taxes import TaxTable
from domain.terms import Confirmation, StayTerms
from domain.wishes import Goal, NightOf, Pricing, StayFacts, Wanted, check_named, goal_of, room_type_of

_MOST_TOLD = 10
_MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class StayChange:
    """One stay before and after. A night that is priced anew is both dropped and added; a new room had none.

    before_minor, after_minor: what its nights are owed for.
    """

    plan: StayPlan
    before_minor: int
    after_minor: int
    kept: tuple[date, ...]
    added: tuple[date, ...]
    dropped: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change with its price. before_minor, after_minor: what the whole booking owes, fees of ended stays in it.

    overridden: the restrictions it goes past; oversold: (room type id, night) that are not free.
    """

    stays: tuple[StayChange, ...]
    before_minor: int
    after_minor: int
    overridden: tuple[Refused, ...] = ()
    oversold: tuple[NightOf, ...] = ()

    @property
    def plans(self) -> tuple[StayPlan, ...]:
        """What each touched or added stay becomes."""
        return tuple(stay.plan for stay in self.stays)

    @property
    def difference_minor(self) -> int:
        """How much more is owed; below zero it becomes less."""
        return self.after_minor - self.before_minor


def plan_change(
    shelf: Shelf,
    booking: Booking,
    present: Mapping[int, StayFacts],
    terms: Mapping[int, StayTerms],
    wanted: Wanted,
    today: date,
    *,
    asker: str = "staff",
) -> Change:
    """What the wish makes of the booking, and at what price.

    shelf: rates, taxes and free rooms of all the nights in `domain.wishes.span`; present: by stay number; terms: of
    each rate plan as it is sold now; today: the hotel's day, on which the change is booked; asker: staff or guest.
    Errors: 409 action_not_allowed, sold_out, stop_sell; 422 those of `domain.wishes.goal_of`, and nothing_changes,
    rooms_out_of_range, no_rate, room_type_unknown, restriction_broken, reason_needed, override_not_new,
    override_incomplete, amount_negative.
    """
    check_allowed(booking, Action.AMEND, [want.number for want in wanted.stays], asker)
    goals = [goal_of(shelf, booking, present, want, n, today) for n, want in enumerate(wanted.stays)]
    goals = [goal for goal in goals if goal.differs]
    if not goals and not wanted.added:
        raise rule("nothing_changes", "The booking is like this already.")
    _check_override(goals, wanted)
    added = _added_rooms(shelf, booking, wanted, today)
    grid = rate_grid(shelf, sorted({day for goal in goals for day in (*goal.dates.nights, goal.dates.departure)}))
    changes: list[StayChange] = []
    overridden: list[Refused] = []
    for goal in goals:
        rates = grid.get((goal.rate_plan_id, goal.room_type_id), {})
        overridden += _overridden(goal, rates, wanted)
        changes.append(_changed(shelf, goal, rates, terms, wanted))
    changes += [StayChange(plan, 0, plan.total_minor, (), _dates(plan).nights, ()) for plan in added]
    oversold = _short(shelf, goals, added)
    if oversold and not wanted.past_full:
        raise _sold_out(shelf, oversold)
    before_minor = booking.owed_minor
    after_minor = before_minor + sum(change.after_minor - change.before_minor for change in changes)
    return Change(tuple(changes), before_minor, after_minor, tuple(overridden), tuple(oversold))


def _dates(plan: StayPlan) -> StayDates:
    return StayDates(plan.arrival, plan.departure)


def _check_override(goals: Sequence[Goal], wanted: Wanted) -> None:
    """The desk's own amounts: one for each added night, none for another, and with a reason."""
    if wanted.pricing is not Pricing.OVERRIDE:
        return
    check_reason(wanted.reason, "A price of the desk's own")
    added = [(goal.stay.number, night) for goal in goals for night in goal.added]
    for (number, night), amount_minor in wanted.override.items():
        if (number, night) not in added:
            told = f"The night of {day_text(night)} in stay {number} is not priced by this change."
            raise rule("override_not_new", told, "override", stay=number, night=night.isoformat())
        if amount_minor < 0:
            raise rule("amount_negative", "A night costs nothing or more.", "override", night=night.isoformat())
    missing = [night for night in added if night not in wanted.override]
    if missing:
        number, night = missing[0]
        told = f"Give a price for each added night; the night of {day_text(night)} in stay {number} has none."
        raise rule("override_incomplete", told, "override", stay=number, night=night.isoformat())


def _added_rooms(shelf: Shelf, booking: Booking, wanted: Wanted, today: date) -> list[StayPlan]:
    """The rooms that are added, with numbers that no stay of the booking ever had."""
    rooms = sum(1 for stay in booking.stays if stay.status not in GONE) + len(wanted.added)
    if wanted.added and rooms > MAX_ROOMS:
        raise rule("rooms_out_of_range", f"A booking has 1 to {MAX_ROOMS} rooms.", field="add", maximum=MAX_ROOMS)
    last = max(stay.number for stay in booking.stays)
    grid = rate_grid(shelf, sorted({night for plan in wanted.added for night in _dates(plan).nights}))
    plans = []
    for n, plan in enumerate(wanted.added):
        if plan.arrival < today:
            raise rule("arrival_past", f"The hotel's day is {day_text(today)}; arrive then or later.", f"add.{n}")
        check_named(plan.guests or (), Party(plan.adults, plan.children_ages), f"add.{n}.guests")
        rates = grid.get((plan.rate_plan_id, plan.room_type_id), {})
        stopped = [night for night in _dates(plan).nights if night in rates and rates[night].stop_sell]
        if stopped:
            told = f"The night of {day_text(stopped[0])} is not for sale any more."
            raise conflict("stop_sell", told, night=stopped[0].isoformat())
        plans.append(replace(plan, number=last + 1 + n))
    return plans


def _overridden(goal: Goal, rates: Rows, wanted: Wanted) -> list[Refused]:
    """The restrictions that the desk goes past, with a reason. Errors: 422 restriction_broken, reason_needed."""
    broken = broken_where_touched(
        goal.dates, rates, goal.today, arrives=goal.arrives, leaves=goal.leaves, sold=goal.sold
    )
    if broken and not wanted.past_restrictions:
        raise restriction_broken(goal.stay.number, broken)
    if broken:
        check_reason(wanted.reason, "Going past a restriction")
    return broken


def _changed(shelf: Shelf, goal: Goal, rates: Rows, terms: Mapping[int, StayTerms], wanted: Wanted) -> StayChange:
    """The stay with its lines: kept nights as they stand, the others at the price that was asked for."""
    stay, lines = goal.stay, goal.facts.lines
    room_type = room_type_of(shelf, goal.room_type_id)
    prices = _prices(shelf, goal, rates, wanted)
    taxes = TaxTable(shelf.taxes, goal.party, shelf.currency)
    plan = StayPlan(
        number=stay.number,
        arrival=goal.dates.arrival,
        departure=goal.dates.departure,
        room_type_id=goal.room_type_id,
        rate_plan_id=goal.rate_plan_id,
        terms=stay.terms if goal.rate_plan_id == stay.rate_plan_id else terms[goal.rate_plan_id],
        adults=goal.party.adults,
        children_ages=goal.party.children_ages,
        lines=with_new_nights(lines_on(goal.kept, lines), prices, room_type, taxes),
        guests=goal.guests,
    )
    owed = [night for night in goal.dates.nights if night not in stay.skipped]
    return StayChange(plan, sum_of(lines, stay.kept), sum_of(plan.lines, owed), goal.kept, goal.added, goal.dropped)


def _prices(shelf: Shelf, goal: Goal, rates: Rows, wanted: Wanted) -> dict[date, int]:
    """What the room costs on each added night, in order. Errors: 422 no_rate, room_type_unknown."""
    given = _given(goal, wanted)
    unpriced = [night for night in goal.added if night not in given and night not in rates]
    if unpriced:
        named = ", ".join(day_text(night) for night in unpriced[:_MOST_TOLD])
        raise rule("no_rate", f"No rate is set for {named}.", None, nights=[night.isoformat() for night in unpriced])
    room_type = room_type_of(shelf, goal.room_type_id)
    plan = next((plan for plan in shelf.plans if plan.id == goal.rate_plan_id), None)
    if goal.added and (room_type is None or plan is None):
        raise rule("room_type_unknown", "This room type is not sold any more; choose another.", "stays")
    if room_type is None or plan is None:
        return {}
    sleepers = occupancy(room_type, plan, goal.party)
    return {night: given[night] if night in given else sleepers.price_minor(rates[night]) for night in goal.added}


def _given(goal: Goal, wanted: Wanted) -> dict[date, int]:
    """The prices that are not today's: those of dropped nights, handed on in order, or the desk's own."""
    match wanted.pricing:
        case Pricing.KEEP:
            were = room_prices(lines_on(goal.dropped, goal.facts.lines))
            return dict(zip(goal.added, were.values(), strict=False))
        case Pricing.OVERRIDE:
            return {night: amount for (number, night), amount in wanted.override.items() if number == goal.stay.number}
        case Pricing.REPRICE:
            return {}


def _short(shelf: Shelf, goals: Sequence[Goal], added: Sequence[StayPlan]) -> list[NightOf]:
    """The nights on which more rooms are needed than are free. Only what differs counts, over all rooms together."""
    more: Counter[NightOf] = Counter((plan.room_type_id, night) for plan in added for night in _dates(plan).nights)
    for goal in goals:
        more.update(goal.takes)
        more.subtract((goal.stay.inventory_type_id, night) for night in goal.stay.kept)
    return sorted(key for key, rooms in more.items() if rooms > max(0, _free(shelf, key)))


def _free(shelf: Shelf, key: NightOf) -> int:
    room_type_id, night = key
    return shelf.stock.get(room_type_id, {}).get(night, 0)


def _sold_out(shelf: Shelf, short: Sequence[NightOf]) -> Refused:
    """409: the room types and nights that are not free, as a taking of nights would say it."""
    names = {room_type.id: room_type.name for room_type in shelf.room_types}
    named = [(names.get(room_type_id, "This room type"), night) for room_type_id, night in short]
    listed = ", ".join(f"{name} on {day_text(night)}" for name, night in named[:_MOST_TOLD])
    more = f" and {len(named) - _MOST_TOLD} more nights" if len(named) > _MOST_TOLD else ""
    nights = [f"{name}: {night.isoformat()}" for name, night in named[:_MOST_LISTED]]
    return conflict("sold_out", f"Not free: {listed}{more}.", nights=nights)


def why_to_ask(booking: Booking, numbers: Sequence[int], now: datetime) -> str:
    """Why a guest may not make this change alone but may ask for it, in a sentence; empty where they may.

    numbers: the stays the change is about; none where rooms are only added, which hangs on the first arrival.
    """
    guest = booking.terms.guest
    if booking.terms.confirmation is Confirmation.MANUAL or not guest.amend:
        return "This hotel answers each change itself."
    if booking.status is not Status.CONFIRMED:
        return "Guests change a booking themselves once it is confirmed and before they arrive."
    awaited = booking.live(Status.CONFIRMED)
    first = min(stay.arrival for stay in awaited if stay.number in numbers or not numbers)
    until = resolve(first - timedelta(days=guest.amend_until_days), guest.amend_until_time, booking.terms.zone)
    if now >= until:
        return f"Guests could change this themselves until {local_text(until, booking.terms.zone)}."
    return ""
