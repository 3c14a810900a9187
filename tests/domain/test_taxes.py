"""Taxes and fees: docs/rules/taxes.md."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rates import TaxKind, TaxRule, TaxSlab
from domain.refusals import Refused
from domain.stay import Party
from domain.taxes import TaxLine, tax_lines

START = date(2026, 1, 1)
JUNE = date(2026, 6, 1)
TWO = Party(2)


def tax(kind: TaxKind, code: str = "TAX", **terms: Any) -> TaxRule:
    blank = TaxRule(1, code, code.title(), kind, False, START, None, None, (), 0, 0, None)
    return replace(blank, **terms)


LISBON = tax("person_night", "CITY", amount_minor=4_00, min_age=13, max_nights=7)
NEW_YORK = [
    tax("percent", "SALES", id=1, percent=Decimal("14.75")),
    tax("room_night", "FEE", id=2, amount_minor=3_50),
]
GST = tax(
    "slab",
    "GST",
    slabs=(TaxSlab(1_000_00, Decimal(0)), TaxSlab(7_500_00, Decimal(12)), TaxSlab(None, Decimal(18))),
)
CONSUMPTION = tax("percent", "CT", percent=Decimal(10), included=True)


def nights(count: int, price_minor: int = 100_00, first: date = JUNE) -> list[tuple[date, int]]:
    return [(first + timedelta(days=n), price_minor) for n in range(count)]


def total(lines: list[TaxLine], code: str | None = None) -> int:
    return sum(line.amount_minor for line in lines if code in (None, line.code))


@pytest.mark.parametrize(
    ("party", "count", "owed"),
    [(Party(2, (12,)), 9, 56_00), (Party(2, (13,)), 9, 84_00), (Party(2), 7, 56_00), (Party(1, (0,)), 2, 8_00)],
)
def test_lisbon_asks_each_guest_of_thirteen_for_seven_nights_at_most(party: Party, count: int, owed: int) -> None:
    lines = tax_lines(nights(count), party, [LISBON], "EUR")
    assert total(lines) == owed
    assert [line.night for line in lines] == [night for night, _ in nights(min(count, 7))]


def test_new_york_asks_a_percent_of_the_room_and_a_fee_per_room_and_night() -> None:
    lines = tax_lines(nights(2, 200_00), TWO, NEW_YORK, "USD")
    assert (total(lines, "SALES"), total(lines, "FEE")) == (59_00, 7_00)
    assert [(line.code, line.night, line.amount_minor, line.included, line.rule_id) for line in lines] == [
        ("SALES", JUNE, 29_50, False, 1),
        ("FEE", JUNE, 3_50, False, 2),
        ("SALES", JUNE + timedelta(days=1), 29_50, False, 1),
        ("FEE", JUNE + timedelta(days=1), 3_50, False, 2),
    ]


@pytest.mark.parametrize(
    ("price", "owed"), [(1_000_00, 0), (1_000_01, 120_00), (7_500_00, 900_00), (7_500_01, 1_350_00), (0, 0)]
)
def test_gst_takes_the_slab_of_each_nights_price(price: int, owed: int) -> None:
    assert total(tax_lines([(JUNE, price)], TWO, [GST], "INR")) == owed


def test_every_night_has_a_slab_of_its_own() -> None:
    mixed = [(JUNE, 900_00), (JUNE + timedelta(days=1), 5_000_00), (JUNE + timedelta(days=2), 8_000_00)]
    lines = tax_lines(mixed, TWO, [GST], "INR")
    assert [(line.night, line.amount_minor) for line in lines] == [(mixed[1][0], 600_00), (mixed[2][0], 1_440_00)]


@pytest.mark.parametrize(
    ("price", "owed"),
    [(8_400_00, 900_00), (8_850_00, 1_350_00), (1_000_00, 0), (1_100_00, 117_86)],
)
def test_an_included_slab_is_the_one_that_the_remaining_net_stays_within(price: int, owed: int) -> None:
    lines = tax_lines([(JUNE, price)], TWO, [replace(GST, included=True)], "INR")
    assert total(lines) == owed
    assert all(line.included for line in lines)


@pytest.mark.parametrize("included", [False, True])
def test_slabs_may_be_on_file_in_any_order_and_end_without_an_open_end(included: bool) -> None:
    closed_end = replace(GST, slabs=tuple(reversed(GST.slabs[:2])), included=included)
    assert total(tax_lines([(JUNE, 5_600_00)], TWO, [closed_end], "INR")) == (600_00 if included else 672_00)
    assert tax_lines([(JUNE, 9_000_00)], TWO, [closed_end], "INR") == []
    assert total(tax_lines([(JUNE, 8_850_00)], TWO, [replace(GST, slabs=GST.slabs[::-1])], "INR")) == 1_593_00


@pytest.mark.parametrize(("price", "owed"), [(11_000, 1_000), (12_000, 1_091), (5, 0), (6, 1)])
def test_kyotos_consumption_tax_is_taken_out_of_the_price_in_whole_yen(price: int, owed: int) -> None:
    lines = tax_lines([(JUNE, price)], TWO, [CONSUMPTION], "JPY")
    assert total(lines) == owed
    assert [line.included for line in lines] == [True] * len(lines)


def test_two_included_percents_leave_the_price_together() -> None:
    ten = tax("percent", "TEN", percent=Decimal(10), included=True)
    five = tax("percent", "FIVE", percent=Decimal(5), included=True)
    lines = tax_lines([(JUNE, 115_00)], TWO, [ten, five], "EUR")
    assert [line.amount_minor for line in lines] == [10_00, 5_00]


def test_an_added_percent_is_counted_on_what_the_included_taxes_leave() -> None:
    rules = [
        tax("percent", "ADDED", percent=Decimal(10)),
        tax("room_night", "ECO", amount_minor=10_00, included=True),
        CONSUMPTION,
    ]
    lines = tax_lines([(JUNE, 120_00)], TWO, rules, "EUR")
    assert [(line.code, line.amount_minor) for line in lines] == [("ADDED", 10_00), ("ECO", 10_00), ("CT", 10_00)]


def test_an_included_fee_never_takes_more_than_the_price_holds() -> None:
    eco = tax("room_night", "ECO", amount_minor=10_00, included=True)
    assert [line.amount_minor for line in tax_lines([(JUNE, 4_00)], TWO, [eco, CONSUMPTION], "EUR")] == [4_00]
    assert tax_lines([(JUNE, 0)], TWO, [eco], "EUR") == []


def test_a_free_night_still_owes_the_city_tax() -> None:
    assert total(tax_lines([(JUNE, 0)], TWO, [LISBON], "EUR")) == 8_00


def test_each_night_picks_the_rules_valid_that_night() -> None:
    old = replace(LISBON, id=1, valid_to=date(2026, 12, 31))
    new = replace(LISBON, id=2, valid_from=date(2027, 1, 1), amount_minor=5_00)
    lines = tax_lines(nights(9, first=date(2026, 12, 28)), Party(1), [old, new], "EUR")
    assert [line.amount_minor for line in lines] == [4_00] * 4 + [5_00] * 3
    assert [line.rule_id for line in lines] == [1] * 4 + [2] * 3
    assert [line.night for line in lines] == [night for night, _ in nights(7, first=date(2026, 12, 28))]


def test_nights_before_a_tax_begins_do_not_use_up_its_maximum() -> None:
    new = replace(LISBON, valid_from=JUNE + timedelta(days=2))
    assert len(tax_lines(nights(12), Party(1), [new], "EUR")) == 7


def test_a_fee_per_room_may_have_a_maximum_of_nights_too() -> None:
    fee = tax("room_night", amount_minor=1_00, max_nights=2)
    assert total(tax_lines(nights(5), TWO, [fee], "EUR")) == 2_00


def test_nights_are_counted_by_date_in_whatever_order_they_are_given() -> None:
    backwards = list(reversed(nights(9)))
    assert tax_lines(backwards, TWO, [LISBON], "EUR") == tax_lines(nights(9), TWO, [LISBON], "EUR")


def test_a_guest_of_the_house_sees_taxes_that_a_channel_would_collect_too() -> None:
    assert total(tax_lines(nights(1), TWO, [replace(LISBON, collected_by="channel")], "EUR")) == 8_00


def test_a_tax_with_a_fraction_of_a_percent_is_exact() -> None:
    third = tax("percent", percent=Decimal("0.000001"))
    assert total(tax_lines([(JUNE, 50_000_000)], TWO, [third], "EUR")) == 1


@pytest.mark.parametrize(
    "broken",
    [tax("percent"), tax("percent", percent=Decimal("0.0000001")), tax("percent", percent=Decimal(-1))],
)
def test_a_broken_tax_row_is_a_bug_and_not_a_free_night(broken: TaxRule) -> None:
    with pytest.raises(ValueError, match="percent"):
        tax_lines(nights(1), TWO, [broken], "EUR")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Refused, match="currency_unknown"):
        tax_lines(nights(1), TWO, [], "eur")


PERCENTS = st.decimals(0, 40, places=3)
RULES = st.lists(
    st.one_of(
        st.builds(lambda p, inc: tax("percent", percent=p, included=inc), PERCENTS, st.booleans()),
        st.builds(lambda inc: replace(GST, included=inc), st.booleans()),
        st.builds(
            lambda amount, inc, most: tax(
                "person_night", amount_minor=amount, included=inc, max_nights=most, min_age=13
            ),
            st.integers(0, 10_00),
            st.booleans(),
            st.one_of(st.none(), st.integers(1, 5)),
        ),
    ),
    max_size=4,
)
STAYS = st.lists(st.integers(0, 20_000_00), min_size=1, max_size=8).map(
    lambda prices: [(JUNE + timedelta(days=n), price) for n, price in enumerate(prices)]
)


@given(STAYS, RULES)
def test_no_line_is_negative_and_a_price_holds_all_its_included_taxes(
    stay: list[tuple[date, int]], rules: list[TaxRule]
) -> None:
    lines = tax_lines(stay, TWO, rules, "EUR")
    assert all(line.amount_minor > 0 for line in lines)
    for night, price_minor in stay:
        # Each of the lines may be rounded up by half a unit at most.
        assert sum(line.amount_minor for line in lines if line.included and line.night == night) <= price_minor + 2


@given(STAYS, st.lists(st.builds(lambda p: tax("percent", percent=p), PERCENTS), max_size=3))
def test_the_taxes_of_a_stay_are_those_of_its_nights(stay: list[tuple[date, int]], rules: list[TaxRule]) -> None:
    by_night = [line for night in stay for line in tax_lines([night], TWO, rules, "EUR")]
    assert tax_lines(stay, TWO, rules, "EUR") == by_night


@given(st.integers(0, 10**9), PERCENTS)
def test_adding_a_percent_to_what_an_included_one_left_gives_the_price_back(price: int, percent: Decimal) -> None:
    taken = total(tax_lines([(JUNE, price)], TWO, [tax("percent", percent=percent, included=True)], "EUR"))
    added = total(tax_lines([(JUNE, price - taken)], TWO, [tax("percent", percent=percent)], "EUR"))
    assert abs(added - taken) <= 1
