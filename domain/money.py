"""Money as whole minor units of one currency, and the few roundings this house knows.

Rule: docs/rules/money.md. Amounts are `int` minor units (cents, yen, fils); a currency is an ISO 4217 code.
Every rounding is half-up with .5 going away from zero, at the one place that the rule names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.refusals import Refused, rule


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


# ISO 4217 exponents that differ from two. Fund and accounting codes (CLF, XDR, XAU…) are not money a guest
# pays in.
_NO_MINOR_UNIT = _codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")
_THREE_DIGITS = _codes("BHD IQD JOD KWD LYD OMR TND")

# The remaining codes in use, with two digits. ANG and BGN were withdrawn lately and stay readable for old
# folios.
_TWO_DIGITS = _codes(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON
    RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
    TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """
)
_DIGITS: dict[str, int] = {
    **dict.fromkeys(_NO_MINOR_UNIT, 0),
    **dict.fromkeys(_THREE_DIGITS, 3),
    **dict.fromkeys(_TWO_DIGITS, 2),
}


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has (ISO 4217): EUR 2, JPY 0, KWD 3.

    Refuses `currency_unknown` (field `currency`) for anything that is not three capitals of a currency in
    use.
    """
    digits = _DIGITS.get(currency)
    if digits is None:
        raise rule(
            "currency_unknown",
            f"{currency[:20]!r} is not a currency: ISO 4217 codes such as EUR are needed.",
            field="currency",
        )
    return digits


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units with its currency.

    Sums and orderings of two currencies refuse `currency_mixed`. Equality never refuses: 5 EUR is not 5 USD.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        minor_digits(self.currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.amount_minor < other.amount_minor

    def __le__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.amount_minor <= other.amount_minor

    def __gt__(self, other: "Money") -> bool:
        return other < self

    def __ge__(self, other: "Money") -> bool:
        return other <= self

    def times(self, n: int) -> "Money":
        """The amount n times over: three rooms at one price."""
        return Money(self.amount_minor * n, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise _mixed(self.currency, other.currency)


def _mixed(one: str, other: str) -> Refused:
    return rule("currency_mixed", f"{one} and {other} cannot be added or compared.", field="currency")


def divide_half_up(n: int, d: int) -> int:
    """n / d rounded to the nearest whole number; an exact half goes away from zero (5/2 → 3, −5/2 → −3).

    d = 0 is a bug of the caller and raises ZeroDivisionError.
    """
    if d < 0:
        n, d = -n, -d
    return (2 * n + d) // (2 * d) if n >= 0 else -((d - 2 * n) // (2 * d))


def percent_of(amount_minor: int, percent: Decimal) -> int:
    """`percent` per cent of the amount, half-up: 14.75 % of 200.00 is 29.50; −50 % of 0.01 is −0.01."""
    over, under = percent.as_integer_ratio()
    return divide_half_up(amount_minor * over, under * 100)


def split_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Splits `total` by `weights` so that the parts sum exactly to it.

    Each part first gets its share cut towards zero; the units still left go one each to the largest
    remainders, the earlier part first where two are equal. Weights that are all zero count as equal.
    A negative weight, or no weights for an amount that is not zero, is a bug of the caller (ValueError).
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    if not weights:
        if total:
            raise ValueError("an amount cannot be split over nothing")
        return []
    if total < 0:
        return [-part for part in split_largest_remainder(-total, weights)]
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    remainders = [total * share % whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: -remainders[place])
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts


def format_money(money: Money) -> str:
    """Plain English, the same on every machine: `EUR 1,234.50`, `JPY 12,000`, `KWD 1.234`, `EUR -5.00`."""
    digits = minor_digits(money.currency)
    sign = "-" if money.amount_minor < 0 else ""
    whole, part = divmod(abs(money.amount_minor), 10**digits)
    tail = f".{part:0{digits}d}" if digits else ""
    return f"{money.currency} {sign}{whole:,}{tail}"
