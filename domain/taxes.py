"""Taxes and fees of a stay in one room, line by line.

Rule: docs/rules/taxes.md. Each night picks the rules that are valid that night. Each line is rounded
half-up to the currency's minor unit; what is summed is the rounded lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.money import divide_half_up, minor_digits
from domain.rates import TaxRule
from domain.stay import Party

# Percents are counted in millionths of a per cent, so that every sum below is made of whole numbers.
_PERCENT = 1_000_000
_WHOLE = 100 * _PERCENT


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax of one night (`night` is None only for a charge on the stay as a whole).

    included: the amount is part of the night's price; otherwise it is added to it. per_person: a fixed tax a head.
    """

    rule_id: int
    code: str
    name: str
    night: date | None
    amount_minor: int
    included: bool
    per_person: bool = False


@dataclass(frozen=True, slots=True)
class _Levy:
    """A tax rule made ready for one party: what a night owes at a fixed rate, or the percents to choose from."""

    rule: TaxRule
    fixed_minor: int | None
    slabs: tuple[tuple[int | None, int], ...]

    def is_due(self, night: date) -> bool:
        rule = self.rule
        return rule.valid_from <= night and (rule.valid_to is None or night <= rule.valid_to)

    def share_of_net(self, net_minor: int) -> int:
        """The millionths of a per cent that apply to this net; above the last limit nothing is due."""
        for up_to_minor, share in self.slabs:
            if up_to_minor is None or net_minor <= up_to_minor:
                return share
        return 0

    def share_of_gross(self, gross_minor: int, other_shares: int) -> int:
        """The same where the gross holds the tax: the first slab that the net left by it stays within."""
        for up_to_minor, share in self.slabs:
            taken = other_shares + share
            net_minor = gross_minor - divide_half_up(gross_minor * taken, _WHOLE + taken)
            if up_to_minor is None or net_minor <= up_to_minor:
                return share
        return 0


class TaxTable:
    """The tax rules of a hotel made ready for one party, to be used for any number of stays."""

    def __init__(self, rules: Sequence[TaxRule], party: Party, currency: str) -> None:
        """Refuses an unknown currency; a percent tax without its percent is a broken row (ValueError)."""
        minor_digits(currency)
        self._levies = [_levy(rule, party) for rule in rules]

    def lines(self, nights: Sequence[tuple[date, int]], taxed: Mapping[str, int] | None = None) -> list[TaxLine]:
        """The lines of one stay: night by night in order of date, within a night in the order of the rules.

        nights: each night with its price in minor units, included taxes in it. taxed: by the tax's code how many
        other nights of the stay have it already; they count first towards its maximum.
        """
        taxed_nights = dict(taxed or {})
        lines: list[TaxLine] = []
        for night, gross_minor in sorted(nights):
            due = [levy for levy in self._levies if levy.is_due(night) and _counts(levy, taxed_nights)]
            amounts = _amounts(due, gross_minor)
            lines += [
                _line(levy.rule, night, amount_minor)
                for levy, amount_minor in zip(due, amounts, strict=True)
                if amount_minor
            ]
        return lines


def tax_lines(
    nights: Sequence[tuple[date, int]], party: Party, rules: Sequence[TaxRule], currency: str
) -> list[TaxLine]:
    """The tax lines of one stay in one room (see `TaxTable.lines`). Lines of nothing are left out.

    Worked: Lisbon city tax 4.00 per person of 13 and older, 7 nights at most: 2 adults, child 12, 9 nights
    = 56.00. New York 14.75 % + 3.50 per room-night: 2 nights at 200.00 = 59.00 + 7.00.
    """
    return TaxTable(rules, party, currency).lines(nights)


def _line(rule: TaxRule, night: date, amount_minor: int) -> TaxLine:
    per_person = rule.kind == "person_night"
    return TaxLine(rule.id, rule.code, rule.name, night, amount_minor, rule.included, per_person)


def _levy(rule: TaxRule, party: Party) -> _Levy:
    if rule.kind == "room_night":
        return _Levy(rule, rule.amount_minor, ())
    if rule.kind == "person_night":
        heads = party.adults + sum(1 for age in party.children_ages if age >= rule.min_age)
        return _Levy(rule, rule.amount_minor * heads, ())
    if rule.kind == "percent":
        if rule.percent is None:
            raise ValueError(f"tax {rule.code} is a percent without a percent")
        return _Levy(rule, None, ((None, _share(rule.percent)),))
    open_end_last = sorted(rule.slabs, key=lambda slab: (slab.up_to_minor is None, slab.up_to_minor or 0))
    return _Levy(rule, None, tuple((slab.up_to_minor, _share(slab.percent)) for slab in open_end_last))


def _share(percent: Decimal) -> int:
    over, under = percent.as_integer_ratio()
    share, rest = divmod(over * _PERCENT, under)
    if rest or share < 0:
        raise ValueError(f"a tax percent is not negative and has six decimals at most, not {percent}")
    return share


def _counts(levy: _Levy, taxed_nights: dict[str, int]) -> bool:
    """Whether the tax's maximum of nights still leaves this night. Versions of one tax share its code and count."""
    most = levy.rule.max_nights
    if most is None:
        return True
    taxed = taxed_nights.get(levy.rule.code, 0)
    taxed_nights[levy.rule.code] = taxed + 1
    return taxed < most


def _amounts(due: Sequence[_Levy], gross_minor: int) -> list[int]:
    """What each tax takes of one night: the included ones out of the gross first, then the others on the net."""
    amounts = [levy.fixed_minor or 0 for levy in due]
    left_minor = gross_minor
    for place, levy in enumerate(due):
        if levy.rule.included and levy.fixed_minor is not None:
            amounts[place] = max(0, min(levy.fixed_minor, left_minor))
            left_minor -= amounts[place]
    shares: dict[int, int] = {}
    for place, levy in enumerate(due):
        if levy.rule.included and levy.fixed_minor is None:
            shares[place] = levy.share_of_gross(left_minor, sum(shares.values()))
    all_shares = sum(shares.values())
    net_minor = left_minor
    for place, share in shares.items():
        amounts[place] = divide_half_up(left_minor * share, _WHOLE + all_shares)
        net_minor -= amounts[place]
    for place, levy in enumerate(due):
        if not levy.rule.included and levy.fixed_minor is None:
            amounts[place] = divide_half_up(net_minor * levy.share_of_net(net_minor), _WHOLE)
    return amounts
