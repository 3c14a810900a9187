"""Money: docs/rules/money.md."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money, divide_half_up, format_money, minor_digits, percent_of, split_largest_remainder
from domain.refusals import Refused

AMOUNTS = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("USD", 2), ("INR", 2), ("WST", 2), ("JPY", 0), ("KRW", 0)]
    + [(code, 3) for code in ("KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD")],
)
def test_each_currency_has_its_own_minor_unit(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("word", ["eur", "EURO", "EU", "", "ABC", "XAU", "E1R", "EUR "])
def test_what_is_not_a_currency_in_use_is_refused(word: str) -> None:
    with pytest.raises(Refused) as told:
        minor_digits(word)
    assert (told.value.code, told.value.field) == ("currency_unknown", "currency")
    with pytest.raises(Refused):
        Money(1, word)


def test_amounts_of_one_currency_add_subtract_and_multiply() -> None:
    night = Money(12_345, "EUR")
    assert night + Money(55, "EUR") == Money(12_400, "EUR")
    assert night - Money(12_400, "EUR") == Money(-55, "EUR")
    assert -night == Money(-12_345, "EUR")
    assert night.times(3) == Money(37_035, "EUR")


def test_amounts_of_one_currency_have_an_order() -> None:
    less, more = Money(1, "EUR"), Money(2, "EUR")
    assert less < more
    assert not more < less
    assert not less < Money(1, "EUR")
    assert not less > Money(1, "EUR")
    assert less <= Money(1, "EUR")
    assert not more <= less
    assert more > less
    assert not less > more
    assert more >= Money(2, "EUR")
    assert not less >= more


@pytest.mark.parametrize(
    "act",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ],
)
def test_two_currencies_are_never_added_or_put_in_order(act: Callable[[Money, Money], object]) -> None:
    with pytest.raises(Refused, match="currency_mixed"):
        act(Money(5, "EUR"), Money(5, "USD"))


def test_the_same_number_of_another_currency_is_simply_another_amount() -> None:
    assert Money(5, "EUR") != Money(5, "USD")


@pytest.mark.parametrize(
    ("n", "d", "result"), [(5, 2, 3), (-5, 2, -3), (5, -2, -3), (-5, -2, 3), (7, 3, 2), (-7, 3, -2), (0, 7, 0)]
)
def test_a_half_is_rounded_away_from_zero(n: int, d: int, result: int) -> None:
    assert divide_half_up(n, d) == result


def test_dividing_by_nothing_is_a_bug() -> None:
    with pytest.raises(ZeroDivisionError):
        divide_half_up(1, 0)


@given(AMOUNTS, st.integers(1, 10**9))
def test_rounding_is_the_nearest_whole_number_and_mirrors_for_refunds(n: int, d: int) -> None:
    rounded = divide_half_up(n, d)
    assert abs(Fraction(n, d) - rounded) <= Fraction(1, 2)
    assert divide_half_up(-n, d) == -rounded


@pytest.mark.parametrize(
    ("amount", "percent", "result"),
    [
        (200_00, "14.75", 29_50),
        (1, "50", 1),
        (-1, "50", -1),
        (12_345, "10", 1_235),
        (100_00, "-10", -10_00),
        (333, "0", 0),
    ],
)
def test_percents_of_an_amount_are_rounded_half_up(amount: int, percent: str, result: int) -> None:
    assert percent_of(amount, Decimal(percent)) == result


@given(st.integers(-(10**9), 10**9), st.decimals(-100, 1000, places=4))
def test_percents_agree_with_decimal_arithmetic(amount: int, percent: Decimal) -> None:
    assert percent_of(amount, percent) == (amount * percent / 100).to_integral_value(ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (10, [3, 3, 4], [3, 3, 4]),
        (7, [5, 3, 1], [4, 2, 1]),
        (5, [0, 0], [3, 2]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [], []),
        (9, [0, 1], [0, 9]),
    ],
)
def test_a_total_is_split_by_largest_remainders(total: int, weights: list[int], parts: list[int]) -> None:
    assert split_largest_remainder(total, weights) == parts


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_the_parts_of_a_split_sum_exactly_and_stay_within_one_unit_of_their_share(
    total: int, weights: list[int]
) -> None:
    parts = split_largest_remainder(total, weights)
    assert sum(parts) == total
    whole = sum(weights) or len(weights)
    shares = weights if any(weights) else [1] * len(weights)
    assert all(abs(Fraction(total * share, whole) - part) < 1 for share, part in zip(shares, parts, strict=True))


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [2, -1])])
def test_a_split_that_makes_no_sense_is_a_bug(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"split|weights"):
        split_largest_remainder(total, weights)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(123_45, "EUR"), "EUR 123.45"),
        (Money(1_234_50, "EUR"), "EUR 1,234.50"),
        (Money(12_000, "JPY"), "JPY 12,000"),
        (Money(1_234, "KWD"), "KWD 1.234"),
        (Money(-5_00, "EUR"), "EUR -5.00"),
        (Money(-5, "EUR"), "EUR -0.05"),
        (Money(0, "JPY"), "JPY 0"),
    ],
)
def test_money_reads_like_plain_english(money: Money, text: str) -> None:
    assert format_money(money) == text


@given(AMOUNTS, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_as_people_read_it_loses_nothing(amount: int, currency: str) -> None:
    shown = format_money(Money(amount, currency)).removeprefix(currency + " ").replace(",", "")
    assert Decimal(shown).scaleb(minor_digits(currency)) == amount
