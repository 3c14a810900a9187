"""Restrictions: docs/rules/restrictions.md."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rates import NightRate
from domain.refusals import Refused
from domain.restrictions import broken_restrictions
from domain.stay import StayDates

EVE = date(2026, 12, 24)
BOOKED_ON = date(2026, 12, 20)


def stay(nights: int) -> StayDates:
    return StayDates(EVE, EVE + timedelta(days=nights))


def grid(nights: int = 10, changes: dict[int, dict[str, Any]] | None = None) -> dict[date, NightRate]:
    """Rows without restrictions from Christmas Eve on; `changes` sets fields by day of December."""
    rows = {day: NightRate(day, 100_00, 0) for day in stay(nights).nights}
    for day, setting in (changes or {}).items():
        night = date(2026, 12, day)
        rows[night] = replace(rows[night], **setting)
    return rows


def told(nights: int, rows: dict[date, NightRate], booked_on: date = BOOKED_ON) -> list[Refused]:
    dates = stay(nights)
    return broken_restrictions(dates, rows, rows.get(dates.departure), booked_on)


def test_a_stay_without_restrictions_is_sold() -> None:
    assert told(3, grid()) == []
    assert told(10, grid()) == []


@pytest.mark.parametrize(
    ("nights", "day", "setting", "code", "detail", "field"),
    [
        (
            1,
            24,
            {"min_stay_arrival": 2},
            "min_stay_arrival",
            "2 nights at least when arriving 24 Dec 2026.",
            "departure",
        ),
        (
            2,
            25,
            {"min_stay_through": 3},
            "min_stay_through",
            "3 nights at least for a stay over the night of 25 Dec 2026.",
            "departure",
        ),
        (
            8,
            24,
            {"max_stay_arrival": 7},
            "max_stay_arrival",
            "7 nights at most when arriving 24 Dec 2026.",
            "departure",
        ),
        (
            2,
            24,
            {"max_stay_arrival": 1},
            "max_stay_arrival",
            "1 night at most when arriving 24 Dec 2026.",
            "departure",
        ),
        (2, 24, {"closed_to_arrival": True}, "closed_to_arrival", "No arrivals on 24 Dec 2026.", "arrival"),
        (2, 26, {"closed_to_departure": True}, "closed_to_departure", "No departures on 26 Dec 2026.", "departure"),
        (2, 25, {"stop_sell": True}, "stop_sell", "Not sold on 25 Dec 2026.", None),
        (
            2,
            24,
            {"min_advance_days": 7},
            "min_advance",
            "Booked 7 days ahead at least when arriving 24 Dec 2026.",
            "arrival",
        ),
        (
            2,
            24,
            {"max_advance_days": 3},
            "max_advance",
            "Booked 3 days ahead at most when arriving 24 Dec 2026.",
            "arrival",
        ),
    ],
)
def test_each_restriction_is_told_with_its_rule_date_and_value(
    *, nights: int, day: int, setting: dict[str, Any], code: str, detail: str, field: str | None
) -> None:
    found = told(nights, grid(changes={day: setting}))
    assert [(no.code, no.detail, no.field) for no in found] == [(code, detail, field)]


@pytest.mark.parametrize(
    ("nights", "day", "setting"),
    [
        (2, 24, {"min_stay_arrival": 2}),
        (1, 25, {"min_stay_arrival": 2}),
        (3, 25, {"min_stay_arrival": 5}),
        (1, 25, {"min_stay_through": 3}),
        (3, 25, {"min_stay_through": 3}),
        (7, 24, {"max_stay_arrival": 7}),
        (3, 25, {"max_stay_arrival": 1}),
        (3, 25, {"closed_to_arrival": True}),
        (3, 25, {"closed_to_departure": True}),
        (3, 24, {"closed_to_departure": True}),
        (2, 26, {"stop_sell": True}),
        (2, 26, {"min_stay_through": 9}),
        (2, 24, {"min_advance_days": 4}),
        (2, 24, {"max_advance_days": 4}),
        (2, 25, {"min_advance_days": 30}),
        (2, 25, {"max_advance_days": 1}),
    ],
)
def test_a_restriction_looks_only_at_its_own_date(nights: int, day: int, setting: dict[str, Any]) -> None:
    assert told(nights, grid(changes={day: setting})) == []


def test_nights_without_a_rate_are_told_together() -> None:
    found = told(6, grid(1))
    assert [no.code for no in found] == ["no_rate"]
    assert found[0].detail == "No rate is set for 25 Dec 2026, 26 Dec 2026, 27 Dec 2026 and 2 more nights."
    assert found[0].facts == {"nights": [f"2026-12-{day}" for day in (25, 26, 27, 28, 29)]}


def test_stopped_nights_are_told_together() -> None:
    rows = {day: replace(row, stop_sell=True) for day, row in grid().items()}
    assert told(5, rows)[0].detail == "Not sold on 24 Dec 2026, 25 Dec 2026, 26 Dec 2026 and 2 more nights."
    assert told(4, rows)[0].detail == "Not sold on 24 Dec 2026, 25 Dec 2026, 26 Dec 2026 and 1 more night."
    assert told(3, rows)[0].detail == "Not sold on 24 Dec 2026, 25 Dec 2026, 26 Dec 2026."
    assert told(2, rows)[0].detail == "Not sold on 24 Dec 2026, 25 Dec 2026."


def test_an_arrival_without_a_rate_breaks_nothing_but_that() -> None:
    assert [no.code for no in told(2, {})] == ["no_rate"]


def test_a_departure_date_without_a_row_is_not_closed() -> None:
    assert told(10, grid(10)) == []


def test_of_several_least_stays_crossed_the_largest_is_told_where_it_first_stands() -> None:
    rows = grid(changes={24: {"min_stay_through": 2}, 25: {"min_stay_through": 5}, 26: {"min_stay_through": 5}})
    found = told(3, rows)
    assert [no.facts for no in found] == [{"date": "2026-12-25", "value": 5}]


def test_every_broken_restriction_is_told_at_once() -> None:
    everything = NightRate(
        EVE,
        100_00,
        0,
        stop_sell=True,
        closed_to_arrival=True,
        min_stay_arrival=3,
        min_stay_through=4,
        max_stay_arrival=1,
        min_advance_days=5,
        max_advance_days=3,
    )
    rows = {
        EVE: everything,
        EVE + timedelta(days=2): NightRate(EVE + timedelta(days=2), 1, 0, closed_to_departure=True),
    }
    assert [no.code for no in told(2, rows)] == [
        "no_rate",
        "stop_sell",
        "closed_to_arrival",
        "min_stay_arrival",
        "max_stay_arrival",
        "min_advance",
        "max_advance",
        "min_stay_through",
        "closed_to_departure",
    ]


def test_one_day_and_one_night_are_not_plural() -> None:
    rows = grid(changes={24: {"min_advance_days": 1, "max_stay_arrival": 1}})
    assert [no.detail for no in told(2, rows, booked_on=EVE)] == [
        "1 night at most when arriving 24 Dec 2026.",
        "Booked 1 day ahead at least when arriving 24 Dec 2026.",
    ]


LIMITS = st.one_of(st.none(), st.integers(1, 8))
ROWS = st.builds(
    NightRate,
    st.just(EVE),
    st.just(1),
    st.just(1),
    stop_sell=st.booleans(),
    closed_to_arrival=st.booleans(),
    closed_to_departure=st.booleans(),
    min_stay_arrival=LIMITS,
    min_stay_through=LIMITS,
    max_stay_arrival=LIMITS,
    min_advance_days=LIMITS,
    max_advance_days=LIMITS,
)


@given(st.lists(ROWS, min_size=8, max_size=8), st.integers(1, 7), st.integers(0, 9))
def test_a_stay_is_sold_exactly_when_every_rule_read_by_itself_allows_it(
    rows: list[NightRate], nights: int, days_ahead: int
) -> None:
    first, crossed, last = rows[0], rows[:nights], rows[nights]
    allowed = [
        not any(row.stop_sell for row in crossed),
        not first.closed_to_arrival,
        not last.closed_to_departure,
        nights >= (first.min_stay_arrival or 0),
        all(nights >= (row.min_stay_through or 0) for row in crossed),
        nights <= (first.max_stay_arrival or 99),
        days_ahead >= (first.min_advance_days or 0),
        days_ahead <= (first.max_advance_days or 99),
    ]
    by_day = {EVE + timedelta(days=n): row for n, row in enumerate(rows)}
    found = told(nights, by_day, EVE - timedelta(days=days_ahead))
    assert len({no.code for no in found}) == len(found) == allowed.count(False)
