"""Wall clocks: docs/rules/clocks.md."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.clocks import business_date, local, local_text, resolve, zone
from domain.refusals import Refused

ZONES = [
    "Europe/Lisbon",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
]
INSTANTS = st.datetimes(datetime(2007, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("place", "day", "wall", "instant"),
    [
        ("America/New_York", "2027-03-14", "02:30", "2027-03-14T07:00"),
        ("America/New_York", "2027-03-14", "02:00", "2027-03-14T07:00"),
        ("America/New_York", "2027-03-14", "01:59:59", "2027-03-14T06:59:59"),
        ("America/New_York", "2027-03-14", "02:59:59.999999", "2027-03-14T07:00"),
        ("America/New_York", "2027-03-14", "03:00", "2027-03-14T07:00"),
        ("America/New_York", "2027-11-07", "01:30", "2027-11-07T05:30"),
        ("Europe/Lisbon", "2027-03-14", "18:00", "2027-03-14T18:00"),
        ("Europe/Lisbon", "2027-03-28", "18:00", "2027-03-28T17:00"),
        ("Asia/Kolkata", "2027-03-14", "18:00", "2027-03-14T12:30"),
        ("Asia/Kathmandu", "2027-03-14", "18:00", "2027-03-14T12:15"),
        ("Pacific/Apia", "2027-03-14", "18:00", "2027-03-14T05:00"),
        ("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02T15:30"),
        ("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03T14:45"),
        ("Pacific/Apia", "2011-12-30", "18:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-30", "00:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00"),
    ],
)
def test_a_wall_clock_is_resolved_with_the_rules_of_its_date(place: str, day: str, wall: str, instant: str) -> None:
    assert resolve(date.fromisoformat(day), time.fromisoformat(wall), place) == utc(instant)


def test_the_second_reading_of_a_repeated_time_is_never_asked_for() -> None:
    twice = time(1, 30, fold=1)
    assert resolve(date(2027, 11, 7), twice, "America/New_York") == utc("2027-11-07T05:30")


def test_a_wall_clock_with_a_zone_of_its_own_is_a_bug() -> None:
    with pytest.raises(ValueError, match="zone of its own"):
        resolve(date(2027, 3, 14), time(18, 0, tzinfo=UTC), "Europe/Lisbon")


@given(st.dates(date(2007, 1, 1), date(2037, 1, 1)), st.times(), st.sampled_from(ZONES))
@example(date(2011, 12, 30), time(23, 59, 59, 1), "Pacific/Apia")
@example(date(2027, 10, 3), time(2, 0, 0, 1), "Australia/Lord_Howe")
def test_a_clock_that_is_shown_is_met_and_one_that_is_skipped_is_just_passed(day: date, wall: time, place: str) -> None:
    wanted = datetime.combine(day, wall)
    instant = resolve(day, wall, place)
    shown = local(instant, place).replace(tzinfo=None, fold=0)
    assert shown >= wanted
    if shown > wanted:  # The clocks skipped it: a moment earlier they still showed less than was wanted.
        assert local(instant - timedelta(microseconds=1), place).replace(tzinfo=None) < wanted


@given(INSTANTS, st.sampled_from(ZONES))
def test_the_first_time_a_clock_shows_is_the_one_it_is_resolved_to(instant: datetime, place: str) -> None:
    shown = local(instant, place)
    again = resolve(shown.date(), shown.time(), place)
    assert again <= instant
    assert (again == instant) is (shown.fold == 0)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Lisboa", "europe/lisbon", "../etc/passwd", "/etc/localtime", "localtime"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Refused) as told:
        zone(name)
    assert (told.value.code, told.value.field) == ("zone_unknown", "zone")


def test_every_demo_and_odd_zone_is_known_by_its_name() -> None:
    assert [str(zone(name)) for name in [*ZONES, "UTC", "America/Argentina/Ushuaia"]] == [
        *ZONES,
        "UTC",
        "America/Argentina/Ushuaia",
    ]


@pytest.mark.parametrize(
    ("instant", "place", "text"),
    [
        ("2026-03-14T18:00", "Europe/Lisbon", "Sat 14 Mar 2026, 18:00 (WET)"),
        ("2026-06-14T17:00", "Europe/Lisbon", "Sun 14 Jun 2026, 18:00 (WEST)"),
        ("2027-03-14T12:15", "Asia/Kathmandu", "Sun 14 Mar 2027, 18:00 (UTC+05:45)"),
        ("2027-03-14T05:00", "Pacific/Apia", "Sun 14 Mar 2027, 18:00 (UTC+13:00)"),
        ("2027-11-07T06:30", "America/New_York", "Sun 7 Nov 2027, 01:30 (EST)"),
    ],
)
def test_an_instant_is_told_in_the_hotels_local_time(instant: str, place: str, text: str) -> None:
    assert local_text(utc(instant), place) == text


@pytest.mark.parametrize(
    "not_an_instant",
    [
        datetime(2027, 3, 14, 18, 0),  # noqa: DTZ001
        datetime(2027, 3, 14, 18, 0, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_an_instant_that_is_not_utc_is_a_bug(not_an_instant: datetime) -> None:
    with pytest.raises(ValueError, match="aware UTC"):
        local(not_an_instant, "Europe/Lisbon")
    with pytest.raises(ValueError, match="aware UTC"):
        local_text(not_an_instant, "Europe/Lisbon")
    with pytest.raises(ValueError, match="aware UTC"):
        business_date(not_an_instant, "Europe/Lisbon", time(3))


@pytest.mark.parametrize(
    ("instant", "place", "audit", "day"),
    [
        ("2027-03-15T01:30", "Europe/Lisbon", time(3), date(2027, 3, 14)),
        ("2027-03-15T02:59", "Europe/Lisbon", time(3), date(2027, 3, 14)),
        ("2027-03-15T03:00", "Europe/Lisbon", time(3), date(2027, 3, 15)),
        ("2027-03-15T23:59", "Europe/Lisbon", time(3), date(2027, 3, 15)),
        ("2027-03-15T00:00", "Europe/Lisbon", time(0), date(2027, 3, 15)),
        ("2027-03-14T20:00", "Asia/Kolkata", time(3), date(2027, 3, 14)),
        ("2027-03-14T21:30", "Asia/Kolkata", time(3), date(2027, 3, 15)),
        # The audit is skipped by the clocks and happens at the end of the gap.
        ("2027-03-14T06:59", "America/New_York", time(2, 30), date(2027, 3, 13)),
        ("2027-03-14T07:00", "America/New_York", time(2, 30), date(2027, 3, 14)),
        # The audit's time comes twice and it happens at the first.
        ("2027-11-07T05:29", "America/New_York", time(1, 30), date(2027, 11, 6)),
        ("2027-11-07T05:30", "America/New_York", time(1, 30), date(2027, 11, 7)),
        ("2027-11-07T06:15", "America/New_York", time(1, 30), date(2027, 11, 7)),
    ],
)
def test_the_day_before_stays_open_until_the_night_audit(instant: str, place: str, audit: time, day: date) -> None:
    assert business_date(utc(instant), place, audit) == day


@given(INSTANTS, st.integers(0, 3 * 86_400), st.sampled_from(ZONES), st.sampled_from([time(0), time(2, 15), time(3)]))
def test_a_hotel_day_that_was_closed_never_opens_again(
    instant: datetime, seconds: int, place: str, audit: time
) -> None:
    later = instant + timedelta(seconds=seconds)
    assert business_date(instant, place, audit) <= business_date(later, place, audit)


def test_an_instant_of_another_zone_is_refused_also_where_its_equal_was_told_before() -> None:
    instant = datetime(2026, 3, 14, 18, 0, tzinfo=UTC)
    assert local_text(instant, "Europe/Lisbon") == "Sat 14 Mar 2026, 18:00 (WET)"
    with pytest.raises(ValueError, match="must be an aware UTC datetime"):
        local_text(instant.astimezone(zone("Asia/Kolkata")), "Europe/Lisbon")
