"""What is asked of a booking's rooms, stay by stay: dates, type, plan and party, and which nights that touches.

Rule: docs/rules/amending.md. Dates are hotel dates; `today` is the hotel's day that is open.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date, timedelta
from enum import StrEnum

from domain.booking import Booking, Status, Stay
from domain.changes import PricedLine, StayPlan
from domain.pricing import misfits
from domain.quoting import Shelf
from domain.rates import RoomTypeFacts
from domain.refusals import Refused, rule
from domain.stay import MAX_CHILD_AGE, Party, StayDates, counted, day_text, party, stay_dates

Named = tuple[str, int | None]
NightOf = tuple[int, date]
_A_DAY = timedelta(days=1)


class Pricing(StrEnum):
    """What the nights cost that a change adds: today's prices, those of the nights it drops, or the desk's own."""

    REPRICE = "reprice"
    KEEP = "keep"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class WantedStay:
    """What one stay shall become; what is None stays as it is. room_type, rate_plan: codes; guests: (name, age)."""

    number: int
    arrival: date | None = None
    departure: date | None = None
    room_type: str | None = None
    rate_plan: str | None = None
    adults: int | None = None
    children_ages: tuple[int, ...] | None = None
    guests: tuple[Named, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change that is asked for.

    added: rooms whose price was promised; their numbers are given later. override: the desk's amounts by stay number
    and night, for `Pricing.OVERRIDE`. past_restrictions, past_full: whether the asker may and wants to go past them.
    """

    stays: tuple[WantedStay, ...] = ()
    added: tuple[StayPlan, ...] = ()
    pricing: Pricing = Pricing.REPRICE
    override: Mapping[NightOf, int] = default(default_factory=dict)
    reason: str = ""
    past_restrictions: bool = False
    past_full: bool = False


@dataclass(frozen=True, slots=True)
class StayFacts:
    """What a stay's rows tell beside the booking's compact state. guests: (name, age), the primary guest first."""

    party: Party
    lines: tuple[PricedLine, ...]
    guests: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Goal:
    """A stay and what it shall be. guests: None where the names stay."""

    stay: Stay
    facts: StayFacts
    dates: StayDates
    room_type_id: int
    rate_plan_id: int
    party: Party
    guests: tuple[Named, ...] | None
    today: date

    @property
    def sold_anew(self) -> bool:
        """Whether it is another room type or another rate plan."""
        return (self.room_type_id, self.rate_plan_id) != (self.stay.room_type_id, self.stay.rate_plan_id)

    @property
    def other_party(self) -> bool:
        """Whether the price is made for others; in which order children are named makes no difference."""
        was = self.facts.party
        return (self.party.adults, sorted(self.party.children_ages)) != (was.adults, sorted(was.children_ages))

    @property
    def arrives(self) -> bool:
        """Whether the arrival is another one, or is sold anew and still to come."""
        moved = self.dates.arrival != self.stay.arrival
        awaited = self.stay.status is not Status.CHECKED_IN and self.dates.arrival >= self.today
        return moved or (self.sold_anew and awaited)

    @property
    def leaves(self) -> bool:
        """Whether the departure is another one, or is sold anew."""
        return self.dates.departure != self.stay.departure or self.sold_anew

    @property
    def differs(self) -> bool:
        """Whether anything is changed at all."""
        moved = self.dates != StayDates(self.stay.arrival, self.stay.departure)
        return moved or self.sold_anew or self.other_party or self.guests is not None

    @property
    def kept(self) -> tuple[date, ...]:
        """Nights that it has and keeps: the same in everything, or over."""
        has = self.stay.nights()
        same = not self.sold_anew and not self.other_party
        return tuple(night for night in self.dates.nights if night in has and (same or night < self.today))

    @property
    def added(self) -> tuple[date, ...]:
        """Nights that it does not have, or has for another type, plan or party."""
        kept = self.kept
        return tuple(night for night in self.dates.nights if night not in kept)

    @property
    def dropped(self) -> tuple[date, ...]:
        """Nights that it has and does not keep."""
        kept = self.kept
        return tuple(night for night in self.stay.nights() if night not in kept)

    @property
    def sold(self) -> tuple[date, ...]:
        """Nights that are sold with this change; other guests in a room that one has already are no sale."""
        has = self.stay.nights()
        return tuple(night for night in self.added if self.sold_anew or night not in has)

    @property
    def takes(self) -> Counter[NightOf]:
        """The nights it takes, by room type; those that are over stay where they were spent."""
        was = self.stay.inventory_type_id
        becomes = was if self.room_type_id == self.stay.room_type_id else self.room_type_id
        nights = [night for night in self.dates.nights if night not in self.stay.skipped]
        return Counter((was if night < self.today else becomes, night) for night in nights)


def span(booking: Booking, wanted: Wanted) -> StayDates:
    """The nights that a wish is about, from the first arrival to the last departure; the booking's for an empty one.

    Errors: 422 stay_unknown, departure_before_arrival, stay_too_long.
    """
    dates = [_dates(_place(n), _stay(booking, want), want) for n, want in enumerate(wanted.stays)]
    dates += [StayDates(plan.arrival, plan.departure) for plan in wanted.added]
    if not dates:
        return StayDates(booking.arrival, booking.departure)
    return StayDates(min(each.arrival for each in dates), max(each.departure for each in dates))


def goal_of(
    shelf: Shelf, booking: Booking, present: Mapping[int, StayFacts], want: WantedStay, n: int, today: date
) -> Goal:
    """What the n-th stay of a wish shall be.

    Errors, with the field that is to blame below `stays.{n}`: 422 stay_unknown, departure_before_arrival,
    stay_too_long, stay_has_begun, arrival_past, departure_past, room_type_unknown, rate_plan_unknown,
    no_rate_plan, party_too_large, occupancy_differs, and those of `domain.stay.party`.
    """
    place, stay = _place(n), _stay(booking, want)
    facts = present[stay.number]
    goal = Goal(
        stay=stay,
        facts=facts,
        dates=_dates(place, stay, want),
        room_type_id=_room_type_id(shelf, stay, want, place),
        rate_plan_id=_rate_plan_id(shelf, stay, want, place),
        party=_party(place, facts.party, want),
        guests=want.guests if want.guests != facts.guests else None,
        today=today,
    )
    _check_days(goal, place)
    _check_room(shelf, goal, place)
    if goal.guests is not None or goal.other_party:
        check_named(goal.guests or facts.guests, goal.party, f"{place}.guests")
    return goal


def _place(n: int) -> str:
    return f"stays.{n}"


def _below(place: str, refused: Refused) -> Refused:
    """The refusal with its field where the request has it."""
    return Refused(refused.code, refused.detail, refused.kind, f"{place}.{refused.field}", refused.facts)


def _stay(booking: Booking, want: WantedStay) -> Stay:
    stay = booking.stay(want.number)
    if stay is None:
        raise rule("stay_unknown", f"This booking has no stay {want.number}.", "stays", stay=want.number)
    return stay


def _dates(place: str, stay: Stay, want: WantedStay) -> StayDates:
    arrival, departure = want.arrival or stay.arrival, want.departure or stay.departure
    try:
        return stay_dates(arrival, departure)
    except Refused as refused:
        raise _below(place, refused) from None


def _party(place: str, was: Party, want: WantedStay) -> Party:
    adults = was.adults if want.adults is None else want.adults
    ages = was.children_ages if want.children_ages is None else want.children_ages
    try:
        return party(adults, ages)
    except Refused as refused:
        raise _below(place, refused) from None


def _room_type_id(shelf: Shelf, stay: Stay, want: WantedStay, place: str) -> int:
    if want.room_type is None:
        return stay.room_type_id
    for room_type in shelf.room_types:
        if room_type.code == want.room_type:
            return room_type.id
    raise rule("room_type_unknown", f"This hotel sells no room type {want.room_type}.", f"{place}.room_type")


def _rate_plan_id(shelf: Shelf, stay: Stay, want: WantedStay, place: str) -> int:
    if want.rate_plan is None:
        return stay.rate_plan_id
    for plan in shelf.plans:
        if plan.code == want.rate_plan:
            return plan.id
    raise rule("rate_plan_unknown", f"This hotel has no rate plan {want.rate_plan}.", f"{place}.rate_plan")


def _check_days(goal: Goal, place: str) -> None:
    """What is over can't be changed: an arrival that was, and nights before the hotel's day."""
    stay, dates, today = goal.stay, goal.dates, goal.today
    if dates.arrival != stay.arrival:
        if stay.status is Status.CHECKED_IN:
            told = f"Stay {stay.number} is in the house since {day_text(stay.arrival)}; only its departure can move."
            raise rule("stay_has_begun", told, f"{place}.arrival", stay=stay.number)
        if dates.arrival < today:
            told = f"The hotel's day is {day_text(today)}; arrive then or later."
            raise rule("arrival_past", told, f"{place}.arrival")
    # Who is in the house may leave today; who is still awaited needs a night to come for.
    first = today if stay.status is Status.CHECKED_IN else today + _A_DAY
    if dates.departure != stay.departure and dates.departure < first:
        told = f"The hotel's day is {day_text(today)}; leave on {day_text(first)} or later."
        raise rule("departure_past", told, f"{place}.departure")


def _check_room(shelf: Shelf, goal: Goal, place: str) -> None:
    """A type and a plan that are chosen must be sold together, and take the party."""
    room_type = room_type_of(shelf, goal.room_type_id)
    if goal.sold_anew:
        plan = next((plan for plan in shelf.plans if plan.id == goal.rate_plan_id), None)
        if plan is None or room_type is None or room_type.id not in plan.room_type_ids:
            told = "This rate plan does not sell this room type."
            raise rule("no_rate_plan", told, f"{place}.rate_plan")
    if room_type and (goal.sold_anew or goal.other_party):
        for refused in misfits(room_type, goal.party):
            raise _below(place, refused)


def room_type_of(shelf: Shelf, room_type_id: int) -> RoomTypeFacts | None:
    """The room type of that number, where it is still sold."""
    return next((room_type for room_type in shelf.room_types if room_type.id == room_type_id), None)


def check_named(guests: Sequence[Named], fits: Party, field: str) -> None:
    """Who is named must fit who the price is made for; not everybody has to be named. Errors: 422 occupancy_differs."""
    children = Counter(age for _, age in guests if age is not None and age <= MAX_CHILD_AGE)
    if len(guests) - children.total() > fits.adults or children - Counter(fits.children_ages):
        ages = ", ".join(str(age) for age in fits.children_ages)
        with_children = f" and children of {ages}" if ages else " and no children"
        told = f"The room is for {counted(fits.adults, 'adult')}{with_children}; name those who sleep in it."
        raise rule("occupancy_differs", told, field)
