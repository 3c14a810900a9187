"""Money in the provider's units, with the numbers of docs/rules/provider_money.md."""

from decimal import Decimal

import pytest

from domain.money import minor_digits
from domain.provider_money import MINIMUM_MINOR, chargeable_minor, from_provider, platform_fee, to_provider
from domain.refusals import Refused


@pytest.mark.parametrize(
    ("amount_minor", "currency", "provider", "remainder"),
    [
        (12050, "EUR", 12050, 0),
        (12345, "JPY", 12345, 0),
        (5, "ISK", 500, 0),
        (40000, "UGX", 4000000, 0),
        (123450, "MGA", 1234, 50),
        (5124, "KWD", 5120, 4),
        (5120, "KWD", 5120, 0),
        (0, "EUR", 0, 0),
    ],
)
def test_an_amount_is_told_in_the_provider_s_units_and_the_rest_stays_due(
    amount_minor: int, currency: str, provider: int, remainder: int
) -> None:
    assert to_provider(amount_minor, currency) == (provider, remainder)
    assert from_provider(provider, currency) == amount_minor - remainder


def test_what_somebody_else_did_in_parts_of_a_unit_is_rounded() -> None:
    assert from_provider(550, "ISK") == 6
    assert from_provider(549, "ISK") == 5


def test_nothing_is_ever_asked_for_beyond_the_amount() -> None:
    for currency in ("EUR", "JPY", "ISK", "UGX", "MGA", "KWD", "TND", "VND", "XOF"):
        for amount_minor in range(0, 1200, 7):
            provider, remainder = to_provider(amount_minor, currency)
            assert 0 <= remainder <= amount_minor, currency
            assert from_provider(provider, currency) + remainder == amount_minor, currency


@pytest.mark.parametrize(
    ("amount_minor", "currency", "charged"),
    [
        (49, "EUR", 0),
        (50, "EUR", 50),
        (30, "GBP", 30),
        (49, "JPY", 0),
        (17499, "HUF", 0),
        (1000, "MXN", 1000),
        (9, "KWD", 0),
        (5124, "KWD", 5120),
        (50, "MGA", 0),
        (0, "EUR", 0),
    ],
)
def test_below_the_minimum_nothing_is_charged(amount_minor: int, currency: str, charged: int) -> None:
    assert chargeable_minor(amount_minor, currency) == charged


def test_every_minimum_is_an_amount_that_the_provider_can_say() -> None:
    for currency, least in MINIMUM_MINOR.items():
        assert minor_digits(currency) in {0, 2, 3}
        assert to_provider(least, currency)[1] == 0, currency
        assert (chargeable_minor(least, currency), chargeable_minor(least - 1, currency)) == (least, 0), currency


def test_a_negative_amount_and_a_strange_currency_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        to_provider(-1, "EUR")
    with pytest.raises(Refused) as refusal:
        to_provider(1, "eur")
    assert refusal.value.code == "currency_unknown"


@pytest.mark.parametrize(
    ("provider", "percent", "fee"),
    [(12050, "2.5", 301), (5120, "1.5", 77), (100, "0", 0), (100, "100", 100), (3, "150", 3)],
)
def test_the_platform_s_fee_is_a_rounded_share_and_never_more_than_the_charge(
    provider: int, percent: str, fee: int
) -> None:
    assert platform_fee(provider, Decimal(percent)) == fee
