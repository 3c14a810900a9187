"""A booking in Lisbon to be changed: two room types, three plans, a city tax, and plenty of rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.amending import Change, plan_change
from domain.booking import Booking, Status, Stay
from domain.changes import StayPlan
from domain.quoting import Shelf, quotes
from domain.rates import ChildBand, Derivation, NightRate, RatePlanFacts, RoomTypeFacts, TaxRule
from domain.refusals import Refused
from domain.repricing import lines_of_quote
from domain.stay import Party, StayDates
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms
from domain.wishes import StayFacts, Wanted, WantedStay

FIRST = date(2027, 6, 1)
BOOKED_ON = date(2027, 5, 1)
MADE_AT = datetime(2027, 5, 1, 9, 0, tzinfo=UTC)
TWO = Party(2)
DOUBLE = RoomTypeFacts(1, "DBL", "Double", 2, 3, 3, 2, 1)
SUITE = RoomTypeFacts(2, "STE", "Suite", 2, 4, 4, 2, 1)
FLEX = RatePlanFacts(1, "FLEX", "Flexible", "breakfast", (1, 2), (), None)
SAVER = RatePlanFacts(
    2, "SAVER", "Saver", "breakfast", (1,), (ChildBand(2, 12, 10_00),), Derivation(1, 0, Decimal(-10), False)
)
OLD = RatePlanFacts(3, "OLD", "Old rate", "breakfast", (), (), None)
CITY = TaxRule(
    1, "CITY", "City tax", "person_night", False, date(2026, 1, 1), None, None, (), 4_00, 13, 7
)  # fmt: skip
LISBON = HotelTerms(1, "Europe/Lisbon", "EUR", Payment.AT_HOTEL, Confirmation.AUTO)
FLEXIBLE = StayTerms(1, "flexible")
NON_REFUNDABLE = StayTerms(2, "non_refundable", free_until_days=None)
TERMS = {1: FLEXIBLE, 2: NON_REFUNDABLE, 3: FLEXIBLE}


def june(day: int) -> date:
    """A day of June 2027; 31 is 1 July."""
    return FIRST + timedelta(days=day - 1)


def rows(price_minor: int, changes: Mapping[int, Mapping[str, Any]] | None = None) -> dict[date, NightRate]:
    """Rows for 40 days at one price; `changes` sets fields by day of June."""
    grid = {june(n): NightRate(june(n), price_minor, 25_00) for n in range(-9, 41)}
    for day, setting in (changes or {}).items():
        grid[june(day)] = replace(grid[june(day)], **setting)
    return grid


def shelf_of(
    changes: Mapping[int, Mapping[str, Any]] | None = None,
    *,
    double: int = 100_00,
    suite: int = 180_00,
    free: Mapping[int, Mapping[int, int]] | None = None,
    taxes: tuple[TaxRule, ...] = (CITY,),
    currency: str = "EUR",
) -> Shelf:
    """What is on sale. changes: fields of the double's rows by day of June; free: rooms by type and day, else 5."""
    stock = {type_id: {june(n): 5 for n in range(-9, 41)} for type_id in (1, 2)}
    for type_id, days in (free or {}).items():
        stock[type_id] |= {june(day): rooms for day, rooms in days.items()}
    rates = {(1, 1): rows(double, changes), (1, 2): rows(suite), (3, 1): rows(90_00)}
    return Shelf((DOUBLE, SUITE), (FLEX, SAVER, OLD), rates, stock, taxes, currency)


@dataclass(frozen=True)
class Made:
    """A booking with what its rows tell, and what was on sale when it was made."""

    booking: Booking
    present: dict[int, StayFacts]
    shelf: Shelf
    today: date = BOOKED_ON

    def wish(self, *stays: WantedStay, shelf: Shelf | None = None, today: date | None = None, **asked: Any) -> Change:
        """Plans a change."""
        wanted = Wanted(stays, **asked)
        return plan_change(shelf or self.shelf, self.booking, self.present, TERMS, wanted, today or self.today)

    def refused(self, *stays: WantedStay, **asked: Any) -> Refused:
        """The refusal that a wish meets."""
        try:
            self.wish(*stays, **asked)
        except Refused as refused:
            return refused
        raise AssertionError("nothing was refused")

    def after(self, change: Change) -> "Made":
        """The booking as it is once the change was made."""
        plans = {plan.number: plan for plan in change.plans}
        stays = tuple(became(stay, plans[stay.number]) if stay.number in plans else stay for stay in self.booking.stays)
        present = dict(self.present)
        for plan in change.plans:
            named = present[plan.number].guests if plan.guests is None else plan.guests
            present[plan.number] = StayFacts(Party(plan.adults, plan.children_ages), plan.lines, named)
        return replace(self, booking=replace(self.booking, stays=stays), present=present)

    def with_stay(self, number: int = 1, **changes: Any) -> "Made":
        """The same with one stay's fields set."""
        stays = tuple(replace(stay, **changes) if stay.number == number else stay for stay in self.booking.stays)
        return replace(self, booking=replace(self.booking, stays=stays))

    def in_house(self, number: int = 1) -> "Made":
        """The same with one stay's guests in the house."""
        there = self.with_stay(number, status=Status.CHECKED_IN)
        return replace(there, booking=replace(there.booking, status=Status.CHECKED_IN))


def became(stay: Stay, plan: StayPlan) -> Stay:
    """The stay as the plan says."""
    moved = plan.room_type_id != stay.room_type_id
    return replace(
        stay,
        arrival=plan.arrival,
        departure=plan.departure,
        room_type_id=plan.room_type_id,
        inventory_type_id=plan.room_type_id if moved else stay.inventory_type_id,
        rate_plan_id=plan.rate_plan_id,
        terms=plan.terms,
        total_minor=plan.total_minor,
        night_minor=plan.night_minor,
    )


def plan_of(shelf: Shelf, dates: StayDates, party: Party = TWO, type_id: int = 1, plan_id: int = 1) -> StayPlan:
    """A room as it would be quoted, unnumbered."""
    offers, _ = quotes(replace(shelf, stock=shelf_of().stock), dates, party, 1, BOOKED_ON)
    (quote,) = (each for each in offers if (each.room_type_id, each.rate_plan_id) == (type_id, plan_id))
    lines = lines_of_quote(quote, dates.arrival)
    ages = party.children_ages
    return StayPlan(0, dates.arrival, dates.departure, type_id, plan_id, TERMS[plan_id], party.adults, ages, lines)


def made(
    *nights: tuple[int, int],
    shelf: Shelf | None = None,
    party: Party = TWO,
    guests: tuple[tuple[str, int | None], ...] = (("A Guest", None),),
    terms: HotelTerms = LISBON,
    **sold: int,
) -> Made:
    """A confirmed booking: one room for each (arrival, departure) in days of June."""
    on_sale = shelf or shelf_of()
    stays, present = [], {}
    for number, (first, last) in enumerate(nights, 1):
        plan = plan_of(on_sale, StayDates(june(first), june(last)), party, **sold)
        stays.append(
            Stay(
                number, Status.CONFIRMED, plan.arrival, plan.departure, plan.room_type_id, plan.room_type_id,
                plan.rate_plan_id, plan.total_minor, plan.terms, night_minor=plan.night_minor,
            )
        )  # fmt: skip
        present[number] = StayFacts(party, plan.lines, guests)
    booking = Booking(
        5, "ribeira", "RIB-20270601-7Q4K2M", Status.CONFIRMED, terms, tuple(stays), "web_direct", MADE_AT, MADE_AT,
        MADE_AT,
    )  # fmt: skip
    return Made(booking, present, on_sale)
