"""Amounts as the payment provider counts them, what it charges at all, and the platform's fee.

Rule: docs/rules/provider_money.md. Source of the tables: Stripe's page of supported currencies, with its special cases
and minimum amounts. Amounts here are minor units of ISO 4217; amounts of the provider are integers in its own units.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.money import divide_half_up, minor_digits, percent_of

# How many of the provider's units one minor unit of ours is, where it is not one: kept in hundredths although ISO 4217
# knows no minor unit, the hundredths being zero.
_UNITS_IN_ONE = {"ISK": 100, "UGX": 100}
# How many minor units of ours one unit of the provider's is, where it is not one.
_ONE_UNIT_HOLDS = {"MGA": 100}
# Its last digit must be zero where the minor unit has three.
_STEP_OF_THREE_DIGITS = 10

# The least that the provider charges, in our minor units; currencies that are not here have no published minimum.
MINIMUM_MINOR = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """A hotel's own account at the provider, which is charged through the platform.

    fee_percent: the platform's share of each charge. refunds_fee: whether a refund gives its part of that back.
    """

    account_id: str
    charges_enabled: bool
    fee_percent: Decimal = Decimal(0)
    refunds_fee: bool = True


@dataclass(frozen=True, slots=True)
class Merchant:
    """For whom money is taken. name: the hotel's, as a guest knows it; account: its own, None for the platform's."""

    name: str
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """How a payment was made. passed_on: to the hotel's own account; with_fee: the platform kept a share."""

    passed_on: bool = False
    with_fee: bool = False


def to_provider(amount_minor: int, currency: str) -> tuple[int, int]:
    """(the provider's amount, the remainder in our minor units that it cannot say and that stays due).

    Errors: ValueError for a negative amount, which is a bug of the caller; Refused `currency_unknown`.
    """
    if amount_minor < 0:
        raise ValueError("an amount for the provider must not be negative")
    step = _STEP_OF_THREE_DIGITS if minor_digits(currency) == 3 else _ONE_UNIT_HOLDS.get(currency, 1)
    remainder = amount_minor % step
    whole = amount_minor - remainder
    return whole * _UNITS_IN_ONE.get(currency, 1) // _ONE_UNIT_HOLDS.get(currency, 1), remainder


def from_provider(provider_amount: int, currency: str) -> int:
    """Our minor units of an amount that the provider tells. Refuses `currency_unknown`."""
    minor_digits(currency)
    return divide_half_up(provider_amount * _ONE_UNIT_HOLDS.get(currency, 1), _UNITS_IN_ONE.get(currency, 1))


def chargeable_minor(amount_minor: int, currency: str) -> int:
    """What of an amount can be charged at the provider now: all but the remainder, or 0 below its minimum."""
    charged = amount_minor - to_provider(amount_minor, currency)[1]
    return charged if charged >= MINIMUM_MINOR.get(currency, 1) else 0


def platform_fee(provider_amount: int, percent: Decimal) -> int:
    """The platform's share of a charge in the provider's units, half-up, never more than the charge."""
    return min(percent_of(provider_amount, percent), provider_amount)
