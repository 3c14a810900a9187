"""Taxes a head are never part of a fee: docs/rules/fees.md."""

from dataclasses import replace
from datetime import date

import pytest

from domain.booking import Stay
from domain.changes import PricedLine
from domain.fees import early_departure_fee, no_show_fee, penalty_minor
from domain.rates import TaxRule
from domain.stay import Party
from domain.taxes import tax_lines
from domain.terms import EarlyDeparture, Penalty
from tests.domain.made import ARRIVAL, confirmed, plan


def lisbon(**terms: object) -> Stay:
    """Two nights at 120.00 with 8.00 city tax each."""
    (stay,) = confirmed().stays
    terms_of_stay = replace(stay.terms, **terms)  # type: ignore[arg-type]
    return replace(
        stay, total_minor=256_00, night_minor=(128_00, 128_00), person_tax_minor=(8_00, 8_00), terms=terms_of_stay
    )


@pytest.mark.parametrize(
    ("penalty", "percent", "fixed", "amount"),
    [
        (Penalty.FIRST_NIGHT, 0, 0, 120_00),
        (Penalty.PERCENT, 50, 0, 120_00),
        (Penalty.FULL, 0, 0, 240_00),
        (Penalty.FIXED, 0, 250_00, 240_00),
    ],
)
def test_a_tax_a_head_is_no_part_of_a_fee(penalty: Penalty, percent: int, fixed: int, amount: int) -> None:
    assert penalty_minor(lisbon(), penalty, percent, fixed) == amount


def test_it_returns_in_full_where_no_night_was_slept() -> None:
    assert no_show_fee(lisbon(no_show=Penalty.FULL)).amount_minor == 240_00


def test_nights_given_back_are_without_it() -> None:
    assert early_departure_fee(lisbon(early_departure=EarlyDeparture.FULL), date(2027, 3, 11)).amount_minor == 120_00


def test_a_tax_by_room_stays_in_the_fee() -> None:
    """New York: 200.00 + 29.50 + 3.50 is the first night."""
    stay = replace(lisbon(), total_minor=466_00, night_minor=(233_00, 233_00), person_tax_minor=())
    assert penalty_minor(stay, Penalty.FIRST_NIGHT, 0, 0) == 233_00


def test_a_tax_knows_whether_it_is_a_head() -> None:
    """What the quote says of it goes with the price's lines into the booking."""
    city = TaxRule(2, "CITY", "City tax", "person_night", False, ARRIVAL, None, None, (), 4_00, 13, 7)
    (line,) = tax_lines([(ARRIVAL, 120_00)], Party(2), [city], "EUR")
    assert (line.amount_minor, line.per_person) == (8_00, True)
    (line,) = tax_lines([(ARRIVAL, 120_00)], Party(2), [replace(city, kind="room_night")], "EUR")
    assert not line.per_person


def test_a_changed_stay_knows_its_taxes_a_head_by_night() -> None:
    planned = plan(lisbon(), price=120_00)
    assert planned.person_tax_minor == ()
    added = PricedLine("tax", date(2027, 3, 11), "CITY", "City tax", 8_00, tax_rule_id=2, per_person=True)
    inside = replace(added, night=ARRIVAL, included=True)
    assert replace(planned, lines=(*planned.lines, added, inside)).person_tax_minor == (8_00, 8_00)
