"""What a night costs that nobody had booked: docs/rules/agenda.md, "Who does not leave"."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain import alarms
from domain.booking import SYSTEM
from domain.changes import PricedLine
from domain.rates import TaxRule
from domain.repricing import taxes_on
from domain.stay import Party
from domain.steps import Step
from domain.taxes import TaxTable
from tests.domain.made import ARRIVAL, act, in_house, kochi

BEGAN = date(2020, 1, 1)


def tax(number: int, code: str, kind: str, *, included: bool = False, percent: str = "0", amount: int = 0) -> TaxRule:
    """A rule without an end."""
    most = 7 if kind == "person_night" and code == "CITY" else None
    return TaxRule(number, code, code, kind, included, BEGAN, None, Decimal(percent), (), amount, 13, most)  # type: ignore[arg-type]


LISBON = (tax(1, "VAT", "percent", included=True, percent="6"), tax(2, "CITY", "person_night", amount=4_00))
NEW_YEAR = (
    LISBON[0], replace(LISBON[1], valid_to=date(2027, 3, 12)),
    replace(LISBON[1], id=3, amount_minor=5_00, valid_from=date(2027, 3, 13)),
)  # fmt: skip
NEW_YORK = (tax(1, "SALES", "percent", percent="14.75"), tax(2, "ROOM", "room_night", amount=3_50))
KYOTO = (tax(1, "JCT", "percent", included=True, percent="10"), tax(2, "STAY", "person_night", amount=400))


def booked(price: int, nights: int, taxes: TaxTable) -> list[PricedLine]:
    """The lines of a stay from 10 March on."""
    dates = [ARRIVAL + timedelta(days=n) for n in range(nights)]
    rooms = [PricedLine("room", night, "DBL", "Double", price) for night in dates]
    return [*rooms, *taxes_on((), dict.fromkeys(dates, price), taxes)]


def gone_on(lines: list[PricedLine], nights: int, taxes: TaxTable) -> Step:
    """The night audit after the departure."""
    owed = [sum(one.amount_minor for one in lines if one.night == ARRIVAL + timedelta(days=n) and not one.included)
            for n in range(nights)]  # fmt: skip
    made = in_house(nights=nights)
    stay = replace(made.stays[0], night_minor=tuple(owed), total_minor=sum(owed))
    late = replace(made, stays=(stay,))
    step = alarms.overstay_night(late, act(kochi(stay.departure + timedelta(days=1), 3), SYSTEM), 1)
    return alarms.with_taxes(step, lines, taxes)


@pytest.mark.parametrize(
    ("price", "nights", "rules", "currency", "added"),
    [
        (120_00, 3, LISBON, "EUR", {"OVERSTAY": 120_00, "VAT": 6_79, "CITY": 8_00}),
        (120_00, 7, LISBON, "EUR", {"OVERSTAY": 120_00, "VAT": 6_79}),
        (120_00, 3, NEW_YEAR, "EUR", {"OVERSTAY": 120_00, "VAT": 6_79, "CITY": 10_00}),
        (200_00, 2, NEW_YORK, "USD", {"OVERSTAY": 200_00, "SALES": 29_50, "ROOM": 3_50}),
        (30_000, 2, KYOTO, "JPY", {"OVERSTAY": 30_000, "JCT": 2_727, "STAY": 800}),
    ],
)
def test_the_added_night_has_the_taxes_that_fall_due_on_it(
    price: int, nights: int, rules: tuple[TaxRule, ...], currency: str, added: dict[str, int]
) -> None:
    taxes = TaxTable(rules, Party(2), currency)
    step = gone_on(booked(price, nights, taxes), nights, taxes)
    stay = step.after.stays[0]
    night = ARRIVAL + timedelta(days=nights)
    assert {one.line.code: one.line.amount_minor for one in step.added} == added
    assert {(one.stay, one.line.night) for one in step.added} == {(1, night)}
    owed = sum(one.line.amount_minor for one in step.added if not one.line.included)
    assert stay.night_minor[-1] == owed == step.difference["amount_minor"]
    assert stay.total_minor == sum(stay.night_minor) == step.after.owed_minor
    heads = sum(one.line.amount_minor for one in step.added if one.line.per_person)
    assert stay.person_tax_minor[-1:] == ((heads,) if heads else ())


def test_every_night_up_to_the_seventh_is_priced_from_the_last_booked_one() -> None:
    """Five nights were booked; two more have the city tax, then its maximum is reached."""
    taxes = TaxTable(LISBON, Party(2), "EUR")
    lines = booked(120_00, 5, taxes)
    prices = []
    for nights in range(5, 12):
        step = gone_on(lines, nights, taxes)
        lines += [one.line for one in step.added]
        prices.append(step.after.stays[0].night_minor[-1])
    assert prices == [128_00, 128_00, *[120_00] * 5]


def test_lines_that_do_not_come_to_what_is_owed_leave_the_night_as_one_line() -> None:
    taxes = TaxTable(LISBON, Party(2), "EUR")
    made = in_house()
    step = alarms.overstay_night(made, act(kochi(made.departure + timedelta(days=1), 3), SYSTEM), 1)
    for lines in (booked(120_00, 2, taxes), []):
        assert alarms.with_taxes(step, lines, taxes) == step
    bare = replace(made, stays=(replace(made.stays[0], night_minor=()),))
    step = alarms.overstay_night(bare, act(kochi(made.departure + timedelta(days=1), 3), SYSTEM), 1)
    assert alarms.with_taxes(step, booked(100_00, 2, taxes), taxes) == step
