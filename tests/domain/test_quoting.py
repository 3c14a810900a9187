"""Quotes and the price calendar: docs/rules/quoting.md."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.quoting import CalendarNight, Closed, NightLine, Quote, Shelf, calendar, quotes
from domain.rates import Derivation, NightRate, RatePlanFacts, RoomTypeFacts, TaxRule, TaxSlab
from domain.refusals import Kind, Refused
from domain.stay import Party, StayDates

EVE = date(2026, 12, 24)
BOOKED_ON = date(2026, 12, 1)
TWO = Party(2)
SALES = TaxRule(1, "SALES", "Sales tax", "percent", False, date(2026, 1, 1), None, Decimal("14.75"), (), 0, 0, None)
FEE = TaxRule(2, "FEE", "Unit fee", "room_night", False, date(2026, 1, 1), None, None, (), 3_50, 0, None)
CONSUMPTION = replace(SALES, id=3, code="CT", percent=Decimal(10), included=True)
DOUBLE = RoomTypeFacts(1, "DBL", "Double", 2, 2, 2, 1, 2)
SUITE = RoomTypeFacts(2, "STE", "Suite", 2, 4, 4, 2, 2)
FLEX = RatePlanFacts(1, "FLEX", "Flexible", "breakfast", (1, 2), (), None)
SAVER = RatePlanFacts(2, "SAVER", "Saver", "none", (1, 2), (), Derivation(1, 0, Decimal(-10), True))


def days(count: int, first: date = EVE) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def stay(nights: int) -> StayDates:
    return StayDates(EVE, EVE + timedelta(days=nights))


def rows(price_minor: int, count: int = 8) -> dict[date, NightRate]:
    return {day: NightRate(day, price_minor, 25_00) for day in days(count)}


def shelf(
    rates: Mapping[tuple[int, int], Mapping[date, NightRate]] | None = None,
    stock: Mapping[int, Mapping[date, int]] | None = None,
    *,
    plans: tuple[RatePlanFacts, ...] = (FLEX,),
    room_types: tuple[RoomTypeFacts, ...] = (DOUBLE, SUITE),
    taxes: tuple[TaxRule, ...] = (SALES, FEE),
    currency: str = "USD",
) -> Shelf:
    plenty = dict.fromkeys(days(8), 5)
    return Shelf(
        room_types,
        plans,
        {(1, 1): rows(200_00), (1, 2): rows(300_00)} if rates is None else rates,
        {1: plenty, 2: plenty} if stock is None else stock,
        taxes,
        currency,
    )


def told(closed: list[Closed]) -> list[tuple[str, str | None, list[str]]]:
    return [(c.room_type_code, c.rate_plan_code, [no.code for no in c.reasons]) for c in closed]


def test_two_nights_in_new_york_are_quoted_with_every_tax() -> None:
    offers, closed = quotes(shelf(), stay(2), TWO, 1, BOOKED_ON)
    assert closed == []
    assert [(offer.room_type_code, offer.total_minor) for offer in offers] == [("DBL", 466_00), ("STE", 695_50)]
    assert offers[0] == Quote(
        room_type_id=1,
        room_type_code="DBL",
        room_type_name="Double",
        rate_plan_id=1,
        rate_plan_code="FLEX",
        rate_plan_name="Flexible",
        meal_plan="breakfast",
        nights=(NightLine(EVE, 200_00), NightLine(EVE + timedelta(days=1), 200_00)),
        taxes=offers[0].taxes,
        total_minor=466_00,
        currency="USD",
        left=5,
    )
    assert [(line.code, line.amount_minor) for line in offers[0].taxes] == [("SALES", 29_50), ("FEE", 3_50)] * 2


def test_taxes_that_a_price_holds_are_shown_and_not_added() -> None:
    kyoto = shelf({(1, 1): rows(12_000)}, room_types=(DOUBLE,), taxes=(CONSUMPTION,), currency="JPY")
    (offer,), _ = quotes(kyoto, stay(2), TWO, 1, BOOKED_ON)
    assert [line.amount_minor for line in offer.taxes] == [1_091, 1_091]
    assert offer.total_minor == 24_000


def test_the_cheapest_is_offered_first_and_equal_totals_keep_one_order() -> None:
    other = replace(FLEX, id=3, code="CORP")
    same = {(1, 1): rows(200_00), (3, 1): rows(200_00), (1, 2): rows(100_00), (3, 2): rows(300_00)}
    offers, _ = quotes(shelf(same, plans=(FLEX, other)), stay(1), TWO, 1, BOOKED_ON)
    assert [(offer.room_type_code, offer.rate_plan_code) for offer in offers] == [
        ("STE", "FLEX"),
        ("DBL", "CORP"),
        ("DBL", "FLEX"),
        ("STE", "CORP"),
    ]


def test_amounts_are_for_one_room_however_many_are_asked_for() -> None:
    one, _ = quotes(shelf(), stay(2), TWO, 1, BOOKED_ON)
    three, _ = quotes(shelf(), stay(2), TWO, 3, BOOKED_ON)
    assert one == three


def test_what_is_left_is_what_the_scarcest_night_has() -> None:
    scarce = dict(zip(days(3), (3, 1, 2), strict=True))
    few = shelf(stock={1: scarce, 2: scarce}, room_types=(DOUBLE,))
    (offer,), _ = quotes(few, stay(3), TWO, 1, BOOKED_ON)
    assert offer.left == 1
    offers, (closed,) = quotes(few, stay(3), TWO, 2, BOOKED_ON)
    assert offers == []
    (no,) = closed.reasons
    assert (no.code, no.kind, no.detail) == (
        "sold_out",
        Kind.CONFLICT,
        "Only 1 room of Double left on 25 Dec 2026.",
    )
    assert no.facts == {"night": "2026-12-25", "left": 1}


@pytest.mark.parametrize(
    "stock", [{1: dict(zip(days(3), (3, 0, 0), strict=True))}, {1: {EVE: 3}}, {1: {EVE: 2, days(2)[1]: -1}}]
)
def test_a_full_night_is_named_when_the_type_is_sold_out(stock: dict[int, dict[date, int]]) -> None:
    offers, closed = quotes(shelf(stock=stock, room_types=(DOUBLE,), plans=(FLEX, SAVER)), stay(3), TWO, 1, BOOKED_ON)
    assert offers == []
    assert told(closed) == [("DBL", None, ["sold_out"])]
    assert closed[0].reasons[0].detail == "Double is sold out on 25 Dec 2026."
    assert closed[0].reasons[0].facts == {"night": "2026-12-25", "left": 0}


def test_the_departure_night_need_not_be_free() -> None:
    full_after = shelf(stock={1: dict.fromkeys(days(2), 1) | {days(3)[2]: 0}}, room_types=(DOUBLE,))
    offers, _ = quotes(full_after, stay(2), TWO, 1, BOOKED_ON)
    assert len(offers) == 1


def test_a_type_is_closed_with_every_reason_that_holds_on_all_plans() -> None:
    nothing = shelf(stock={}, plans=(replace(FLEX, room_type_ids=(2,)),))
    _, closed = quotes(nothing, stay(1), Party(3), 1, BOOKED_ON)
    assert told(closed) == [("DBL", None, ["party_too_large", "sold_out", "no_rate_plan"]), ("STE", None, ["sold_out"])]
    assert closed[0].reasons[2].detail == "No rate plan sells Double."


def test_a_plan_is_closed_by_itself_with_its_restrictions() -> None:
    own = {EVE: NightRate(EVE, 0, 0, min_stay_arrival=2, closed_to_arrival=True)}
    two_plans = shelf({(1, 1): rows(200_00), (2, 1): own}, plans=(SAVER, FLEX), room_types=(DOUBLE,))
    offers, closed = quotes(two_plans, stay(1), TWO, 1, BOOKED_ON)
    assert [offer.rate_plan_code for offer in offers] == ["FLEX"]
    assert told(closed) == [("DBL", "SAVER", ["closed_to_arrival", "min_stay_arrival"])]


def test_a_closed_departure_is_read_from_the_departure_dates_row() -> None:
    closing = rows(200_00)
    closing[days(3)[2]] = replace(closing[days(3)[2]], closed_to_departure=True)
    derived = replace(SAVER, derivation=Derivation(1, 0, Decimal(-10), False))
    two_plans = shelf({(1, 1): closing}, plans=(FLEX, derived), room_types=(DOUBLE,))
    _, closed = quotes(two_plans, stay(2), TWO, 1, BOOKED_ON)
    assert told(closed) == [("DBL", "FLEX", ["closed_to_departure"]), ("DBL", "SAVER", ["closed_to_departure"])]
    assert len(quotes(two_plans, stay(1), TWO, 1, BOOKED_ON)[0]) == 2


def test_a_derived_plan_is_priced_from_its_parent() -> None:
    offers, _ = quotes(shelf(plans=(SAVER, FLEX), taxes=(), room_types=(DOUBLE,)), stay(2), TWO, 1, BOOKED_ON)
    assert [(offer.rate_plan_code, offer.total_minor) for offer in offers] == [("SAVER", 360_00), ("FLEX", 400_00)]


def test_a_chain_of_derived_plans_starts_at_a_plan_that_sells_nothing_itself() -> None:
    base = replace(FLEX, room_type_ids=())
    with_breakfast = replace(SAVER, id=3, code="BB", derivation=Derivation(2, 12_00, Decimal(0), False))
    chain = shelf(plans=(with_breakfast, SAVER, base), taxes=(), room_types=(DOUBLE,))
    offers, _ = quotes(chain, stay(1), TWO, 1, BOOKED_ON)
    assert [(offer.rate_plan_code, offer.total_minor) for offer in offers] == [("SAVER", 180_00), ("BB", 192_00)]


def test_a_derived_plan_has_no_price_where_its_parent_has_none() -> None:
    _, closed = quotes(
        shelf({(2, 1): rows(99_00)}, plans=(FLEX, SAVER), room_types=(DOUBLE,)), stay(1), TWO, 1, BOOKED_ON
    )
    assert told(closed) == [("DBL", "FLEX", ["no_rate"]), ("DBL", "SAVER", ["no_rate"])]


@pytest.mark.parametrize("rooms", [0, -1, 11])
def test_an_impossible_number_of_rooms_is_refused(rooms: int) -> None:
    with pytest.raises(Refused) as no:
        quotes(shelf(), stay(1), TWO, rooms, BOOKED_ON)
    assert (no.value.code, no.value.field) == ("rooms_out_of_range", "rooms")


GST = replace(
    SALES,
    id=4,
    code="GST",
    kind="slab",
    slabs=(TaxSlab(1_000_00, Decimal(5)), TaxSlab(None, Decimal(18))),
    percent=None,
)


@given(
    prices=st.lists(st.integers(0, 3_000_00), min_size=7, max_size=7),
    nights=st.integers(1, 6),
    party=st.builds(Party, st.integers(1, 2), st.lists(st.integers(0, 17), max_size=2).map(tuple)),
    percent=st.decimals(-100, 50, places=2),
    amount=st.integers(-50_00, 50_00),
    taxes=st.lists(st.sampled_from([SALES, FEE, CONSUMPTION, GST, replace(GST, included=True)]), max_size=4),
)
def test_the_lines_of_every_quote_sum_exactly_to_its_total(
    *, prices: list[int], nights: int, party: Party, percent: Decimal, amount: int, taxes: list[TaxRule]
) -> None:
    table = {day: NightRate(day, price, 25_00, 5_00) for day, price in zip(days(7), prices, strict=True)}
    plans = (FLEX, replace(SAVER, derivation=Derivation(1, amount, percent, False)))
    full = shelf({(1, 1): table, (1, 2): table}, plans=plans, taxes=tuple(taxes))
    offers, closed = quotes(full, stay(nights), party, 1, BOOKED_ON)
    assert len(offers) + 2 * len(closed) == 4
    assert [offer.total_minor for offer in offers] == sorted(offer.total_minor for offer in offers)
    for offer in offers:
        assert [line.night for line in offer.nights] == list(stay(nights).nights)
        lines = [line.price_minor for line in offer.nights]
        lines += [line.amount_minor for line in offer.taxes if not line.included]
        assert sum(lines) == offer.total_minor
        assert min(lines) >= 0


def calendar_shelf() -> Shelf:
    double, suite = rows(200_00, 3), rows(300_00, 3)
    one, two = days(3)[1:]
    double[one] = replace(double[one], stop_sell=True)
    suite[one] = replace(suite[one], min_stay_through=2)
    suite[two] = replace(suite[two], stop_sell=True)
    stock = {1: {EVE: 1, one: 1, two: 0}, 2: dict.fromkeys(days(3), 1)}
    return shelf({(1, 1): double, (1, 2): suite}, stock)


def test_the_calendar_shows_the_lowest_price_with_taxes_of_what_can_be_sold() -> None:
    assert calendar(calendar_shelf(), EVE, days(4)[3], 2, BOOKED_ON) == [
        CalendarNight(EVE, 233_00, False, (), None),
        CalendarNight(days(2)[1], 347_75, False, (), 2),
        CalendarNight(days(3)[2], None, True, ("sold_out", "stop_sell"), None),
    ]


def test_the_calendar_leaves_out_rooms_that_the_adults_do_not_fit() -> None:
    (night,) = calendar(shelf(), EVE, days(2)[1], 3, BOOKED_ON)
    assert night.lowest_minor == 325_00 * 11475 // 10000 + 3_50 + 1  # 372.9375 is rounded up to 372.94.
    (night,) = calendar(shelf(), EVE, days(2)[1], 5, BOOKED_ON)
    assert night == CalendarNight(EVE, None, True, ("party_too_large",), None)


@pytest.mark.parametrize("empty", [shelf(plans=()), shelf(room_types=())])
def test_a_hotel_with_nothing_on_sale_is_closed_on_every_night(empty: Shelf) -> None:
    assert calendar(empty, EVE, days(3)[2], 2, BOOKED_ON) == [
        CalendarNight(night, None, True, ("no_rate_plan",), None) for night in days(2)
    ]


@pytest.mark.parametrize(
    ("setting", "booked_on", "reasons"),
    [
        ({"min_advance_days": 30}, BOOKED_ON, ("min_advance",)),
        ({"max_advance_days": 20}, BOOKED_ON, ("max_advance",)),
        ({"min_advance_days": 23, "max_advance_days": 23}, BOOKED_ON, ()),
        ({}, EVE, ()),
        ({}, EVE + timedelta(days=1), ("past",)),
    ],
)
def test_a_night_that_cannot_be_booked_on_that_day_is_closed(
    setting: dict[str, Any], booked_on: date, reasons: tuple[str, ...]
) -> None:
    table = {EVE: replace(rows(200_00)[EVE], **setting)}
    (night,) = calendar(shelf({(1, 1): table}, room_types=(DOUBLE,)), EVE, days(2)[1], 2, booked_on)
    assert (night.closed, night.reasons) == (bool(reasons), reasons)


def test_a_night_without_rates_is_closed() -> None:
    (night,) = calendar(shelf({}), EVE, days(2)[1], 2, BOOKED_ON)
    assert night == CalendarNight(EVE, None, True, ("no_rate",), None)


def test_an_open_night_says_when_nobody_may_arrive_or_leave() -> None:
    shut = {EVE: replace(rows(200_00)[EVE], closed_to_arrival=True, closed_to_departure=True)}
    both = shelf({(1, 1): shut, (1, 2): shut})
    (night,) = calendar(both, EVE, days(2)[1], 2, BOOKED_ON)
    assert (night.closed, night.reasons) == (False, ("closed_to_arrival", "closed_to_departure"))
    (night,) = calendar(shelf({(1, 1): shut, (1, 2): rows(300_00)}), EVE, days(2)[1], 2, BOOKED_ON)
    assert (night.closed, night.reasons) == (False, ())


def test_the_least_stay_is_the_smallest_that_something_can_be_booked_for() -> None:
    three = {EVE: replace(rows(200_00)[EVE], min_stay_arrival=3, min_stay_through=2)}
    four = {EVE: replace(rows(300_00)[EVE], min_stay_through=4)}
    (night,) = calendar(shelf({(1, 1): three, (1, 2): four}), EVE, days(2)[1], 2, BOOKED_ON)
    assert night.min_stay == 3


@pytest.mark.parametrize("nights", [0, -1, 401])
def test_a_calendar_without_a_sensible_range_is_refused(nights: int) -> None:
    with pytest.raises(Refused) as no:
        calendar(shelf(), EVE, EVE + timedelta(days=nights), 2, BOOKED_ON)
    assert (no.value.code, no.value.field) == ("calendar_range", "to")


@given(st.lists(st.integers(1, 500_00), min_size=5, max_size=5), st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_the_calendars_price_is_that_of_the_cheapest_quote_for_one_night(prices: list[int], free: list[int]) -> None:
    table = {day: NightRate(day, price, 0) for day, price in zip(days(5), prices, strict=True)}
    full = shelf(
        {(1, 1): table, (1, 2): rows(250_00)}, {1: dict(zip(days(5), free, strict=True)), 2: {}}, plans=(FLEX, SAVER)
    )
    for shown in calendar(full, EVE, days(6)[5], 2, BOOKED_ON):
        offers, _ = quotes(full, StayDates(shown.night, shown.night + timedelta(days=1)), TWO, 1, BOOKED_ON)
        assert shown.closed is not bool(offers)
        assert shown.lowest_minor == (offers[0].total_minor if offers else None)
