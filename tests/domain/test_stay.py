"""Stays and parties: docs/rules/stay.md."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import Refused
from domain.stay import Party, StayDates, counted, day_text, party, stay_dates

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
STAYS = st.builds(
    lambda arrival, nights: stay_dates(arrival, arrival + timedelta(days=nights)), DAYS, st.integers(1, 90)
)


def test_the_departure_day_is_no_night_of_the_stay() -> None:
    stay = stay_dates(date(2026, 12, 24), date(2026, 12, 26))
    assert stay.nights == (date(2026, 12, 24), date(2026, 12, 25))
    assert stay.night_count == 2


@pytest.mark.parametrize(
    ("arrival", "departure", "nights"),
    [
        (date(2027, 3, 27), date(2027, 3, 29), 2),
        (date(2028, 2, 28), date(2028, 3, 1), 2),
        (date(2027, 1, 1), date(2027, 4, 1), 90),
    ],
)
def test_nights_are_a_difference_of_dates(arrival: date, departure: date, nights: int) -> None:
    assert stay_dates(arrival, departure).night_count == nights


@pytest.mark.parametrize(
    ("arrival", "departure", "code"),
    [
        (date(2026, 12, 24), date(2026, 12, 24), "departure_before_arrival"),
        (date(2026, 12, 24), date(2026, 12, 23), "departure_before_arrival"),
        (date(2027, 1, 1), date(2027, 4, 2), "stay_too_long"),
    ],
)
def test_impossible_dates_are_refused_on_the_departure(arrival: date, departure: date, code: str) -> None:
    with pytest.raises(Refused) as told:
        stay_dates(arrival, departure)
    assert (told.value.code, told.value.field) == (code, "departure")


def test_a_refused_stay_says_how_long_one_may_be() -> None:
    with pytest.raises(Refused) as told:
        stay_dates(date(2027, 1, 1), date(2027, 4, 2))
    assert told.value.detail == "A stay has 90 nights at most; these dates have 91."


def test_the_next_guest_may_arrive_on_the_departure_day() -> None:
    first = StayDates(date(2026, 12, 24), date(2026, 12, 26))
    second = StayDates(date(2026, 12, 26), date(2026, 12, 28))
    assert not first.overlaps(second)
    assert not second.overlaps(first)
    assert StayDates(date(2026, 12, 24), date(2026, 12, 27)).overlaps(StayDates(date(2026, 12, 26), date(2026, 12, 28)))


@given(STAYS, STAYS)
def test_stays_overlap_exactly_when_they_share_a_night(one: StayDates, other: StayDates) -> None:
    shared = set(one.nights) & set(other.nights)
    assert one.overlaps(other) is bool(shared)
    assert other.overlaps(one) is bool(shared)


@given(STAYS)
def test_the_nights_run_from_arrival_to_the_day_before_departure(stay: StayDates) -> None:
    assert stay.nights[0] == stay.arrival
    assert stay.nights[-1] == stay.departure - timedelta(days=1)
    assert len(set(stay.nights)) == stay.night_count


def test_a_party_counts_every_head() -> None:
    assert party(2, (4, 9)) == Party(2, (4, 9))
    assert party(2, (0, 17)).count == 4
    assert party(20).count == 20
    assert party(1, (5,) * 10).count == 11


@pytest.mark.parametrize(
    ("adults", "ages", "code", "field"),
    [
        (0, (), "adults_out_of_range", "adults"),
        (21, (), "adults_out_of_range", "adults"),
        (2, (5,) * 11, "too_many_children", "children_ages"),
        (2, (5, 18), "child_age_out_of_range", "children_ages"),
        (2, (-1,), "child_age_out_of_range", "children_ages"),
    ],
)
def test_a_party_beyond_any_room_is_refused_by_its_field(
    adults: int, ages: tuple[int, ...], code: str, field: str
) -> None:
    with pytest.raises(Refused) as told:
        party(adults, ages)
    assert (told.value.code, told.value.field) == (code, field)


def test_dates_and_counts_read_like_plain_english() -> None:
    assert day_text(date(2026, 12, 4)) == "4 Dec 2026"
    assert [counted(n, "night") for n in (0, 1, 2)] == ["0 nights", "1 night", "2 nights"]
    assert [counted(n, "child", "children") for n in (1, 2)] == ["1 child", "2 children"]
