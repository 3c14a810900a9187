"""The nights of a stay that changes: which lines stay as they are, what the others cost, what stands in their way.

Rule: docs/rules/amending.md. Amounts are minor units of the booking's currency.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from domain.changes import PricedLine
from domain.quoting import Quote
from domain.rates import NightRate, RoomTypeFacts
from domain.refusals import Fact, Refused, rule
from domain.restrictions import broken_restrictions
from domain.stay import StayDates
from domain.taxes import TaxLine, TaxTable

Rows = Mapping[date, NightRate]


def lines_on(nights: Collection[date], lines: Sequence[PricedLine]) -> list[PricedLine]:
    """The lines of these nights, as they stand and in their order."""
    return [line for line in lines if line.night in nights]


def room_prices(lines: Sequence[PricedLine]) -> dict[date, int]:
    """What the room costs by night, in order of the nights, without the taxes that are added to it."""
    prices: dict[date, int] = {}
    for line in sorted(lines, key=lambda line: line.night):
        if line.kind == "room":
            prices[line.night] = prices.get(line.night, 0) + line.amount_minor
    return prices


def sum_of(lines: Sequence[PricedLine], nights: Collection[date]) -> int:
    """What these nights cost with everything that is added to them."""
    return sum(line.amount_minor for line in lines_on(nights, lines) if not line.included)


def with_new_nights(
    kept: Sequence[PricedLine], prices: Mapping[date, int], room_type: RoomTypeFacts | None, taxes: TaxTable
) -> tuple[PricedLine, ...]:
    """The lines of the whole stay: those that are kept, untouched, and the new nights with their taxes.

    prices: what the room costs on each new night; room_type: its name on them, needed where there are any. Rooms come
    first, then taxes, each in order of the nights.
    """
    lines = list(kept)
    if room_type is not None:
        lines += [PricedLine("room", night, room_type.code, room_type.name, prices[night]) for night in prices]
    lines += taxes_on(kept, prices, taxes)
    return tuple(sorted(lines, key=lambda line: (line.kind != "room", line.night)))


def taxes_on(kept: Sequence[PricedLine], prices: Mapping[date, int], taxes: TaxTable) -> list[PricedLine]:
    """The tax lines of new nights at these prices; the kept ones count first towards a tax's maximum of nights."""
    taxed = Counter(code for code, _ in {(line.code, line.night) for line in kept if line.kind == "tax"})
    return [_taxed(tax, tax.night) for tax in taxes.lines(list(prices.items()), taxed) if tax.night is not None]


def lines_of_quote(quote: Quote, arrival: date) -> tuple[PricedLine, ...]:
    """The lines of a room whose price was quoted; a charge on the stay as a whole belongs to its first night."""
    rooms = [
        PricedLine("room", line.night, quote.room_type_code, quote.room_type_name, line.price_minor)
        for line in quote.nights
    ]
    return (*rooms, *(_taxed(tax, tax.night or arrival) for tax in quote.taxes))


def _taxed(tax: TaxLine, night: date) -> PricedLine:
    return PricedLine(
        "tax", night, tax.code, tax.name, tax.amount_minor, tax.included, tax.rule_id, per_person=tax.per_person
    )


def broken_where_touched(
    dates: StayDates, rates: Rows, booked_on: date, *, arrives: bool, leaves: bool, sold: Collection[date]
) -> list[Refused]:
    """The restrictions that a change runs into; what it does not touch is not looked at again.

    rates: the plan's rows, the departure date's among them. arrives, leaves: whether the arrival or the departure is
    another one; sold: the nights that are sold anew.
    """
    rows = {
        night: _touched(rates.get(night), night, arrives=arrives, leaves=leaves, sold=night in sold)
        for night in dates.nights
    }
    return broken_restrictions(dates, rows, rates.get(dates.departure) if leaves else None, booked_on)


def _touched(rate: NightRate | None, night: date, *, arrives: bool, leaves: bool, sold: bool) -> NightRate:
    """The row without the restrictions that are not touched. A night without a row restricts nothing."""
    row = rate or NightRate(night, 0, 0)
    if not sold:
        row = replace(row, stop_sell=False, min_stay_through=None)
    if not arrives:
        row = replace(row, closed_to_arrival=False, min_advance_days=None, max_advance_days=None)
    if not arrives and not leaves:
        row = replace(row, min_stay_arrival=None, max_stay_arrival=None)
    return row


def restriction_broken(number: int, broken: Sequence[Refused]) -> Refused:
    """422: every restriction in words; rule, date and value of the first for programs, and the names of all."""
    first = broken[0]
    facts: dict[str, Fact] = {
        "stay": number,
        "rule": first.code,
        **{key: first.facts[key] for key in ("date", "value", "nights") if key in first.facts},
        "rules": [refused.code for refused in broken],
    }
    return rule("restriction_broken", " ".join(refused.detail for refused in broken), None, **facts)
