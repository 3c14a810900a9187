"""The approval ladder: docs/rules/approval.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.clocks import local_text
from domain.ladder import LONGEST_SEARCH, alerts, approval_deadline, counted_after, counted_between
from domain.terms import ApprovalTerms, HotelTerms, Opening, check_in_from, no_show_at
from tests.domain.made import ARRIVAL, KOCHI, kochi

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
SHOP = tuple(Opening(weekday, time(9), time(18)) for weekday in range(6))
SATURDAY = date(2027, 2, 27)
MONDAY = date(2027, 3, 1)
ZONES = ["America/New_York", "Europe/Lisbon", "Pacific/Apia", "Asia/Kathmandu", "Australia/Lord_Howe"]


def working(*hours: Opening, window: int = 480, closed: tuple[date, ...] = ()) -> ApprovalTerms:
    return ApprovalTerms(window, count="working", hours=hours, closed=closed)


def at(approval: ApprovalTerms) -> HotelTerms:
    return replace(KOCHI, approval=approval)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Worked numbers.


def test_eight_working_hours_from_saturday_afternoon_end_on_monday() -> None:
    """Mon–Sat 09–18, 8 h, Saturday 16:00: alerts Monday 11:00 and 13:24, the end at 15:00."""
    terms, asked = at(working(*SHOP)), kochi(SATURDAY, 16)
    deadline = approval_deadline(terms, asked, ARRIVAL)
    assert deadline == kochi(MONDAY, 15)
    assert alerts(terms, asked, deadline) == (kochi(MONDAY, 11), kochi(MONDAY, 13, 24))


def test_by_the_clock_the_reminders_come_after_half_and_four_fifths() -> None:
    """24 h from 11:30: 23:30 the same day, 06:42 the next morning."""
    asked = kochi(MONDAY, 11, 30)
    deadline = approval_deadline(KOCHI, asked, ARRIVAL)
    assert alerts(KOCHI, asked, deadline) == (kochi(MONDAY, 23, 30), kochi(date(2027, 3, 2), 6, 42))


@pytest.mark.parametrize(
    ("asked", "deadline"),
    [
        # Nine days ahead: the whole window of 24 hours.
        (kochi(date(2027, 3, 1), 11, 30), kochi(date(2027, 3, 2), 11, 30)),
        # The evening before: not past the check-in time.
        (kochi(date(2027, 3, 9), 20), kochi(ARRIVAL, 14)),
        # Ten minutes before the check-in time: half an hour all the same.
        (kochi(ARRIVAL, 13, 50), kochi(ARRIVAL, 14, 20)),
        (kochi(ARRIVAL, 18), kochi(ARRIVAL, 18, 30)),
        # At 02:50 the business day of the arrival is still open, until 03:00.
        (kochi(date(2027, 3, 11), 2, 50), kochi(date(2027, 3, 11), 3)),
    ],
)
def test_the_hotel_has_its_window_but_never_past_check_in(asked: datetime, deadline: datetime) -> None:
    """Window 24 h, check-in 14:00, at least 30 minutes."""
    assert approval_deadline(KOCHI, asked, ARRIVAL) == deadline


def test_a_window_shorter_than_the_least_is_the_least() -> None:
    terms = at(ApprovalTerms(window_minutes=10, least_minutes=45))
    assert approval_deadline(terms, kochi(MONDAY, 10), ARRIVAL) == kochi(MONDAY, 10, 45)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ((SATURDAY, 16, 0), 119, (SATURDAY, 17, 59)),
        # The last minute of a day ends that day; the next one is Monday's first.
        ((SATURDAY, 16, 0), 120, (SATURDAY, 18, 0)),
        ((SATURDAY, 16, 0), 121, (MONDAY, 9, 1)),
        # Outside the hours nothing passes until they begin.
        ((SATURDAY, 18, 0), 1, (MONDAY, 9, 1)),
        ((SATURDAY, 22, 0), 60, (MONDAY, 10, 0)),
        ((date(2027, 2, 28), 12, 0), 60, (MONDAY, 10, 0)),
        ((MONDAY, 8, 59), 60, (MONDAY, 10, 0)),
        ((MONDAY, 9, 0), 540, (MONDAY, 18, 0)),
        ((MONDAY, 9, 0), 541, (date(2027, 3, 2), 9, 1)),
        # A whole week has 54 hours.
        ((MONDAY, 9, 0), 54 * 60, (date(2027, 3, 6), 18, 0)),
        ((MONDAY, 9, 0), 54 * 60 + 1, (date(2027, 3, 8), 9, 1)),
    ],
)
def test_only_time_within_the_hours_counts(
    start: tuple[date, int, int], minutes: int, end: tuple[date, int, int]
) -> None:
    begun, amount = kochi(*start), timedelta(minutes=minutes)
    assert counted_after(working(*SHOP), "Asia/Kolkata", begun, amount) == kochi(*end)
    assert counted_between(working(*SHOP), "Asia/Kolkata", begun, kochi(*end)) == amount


def test_what_lies_outside_the_hours_is_no_counted_time() -> None:
    shop, place = working(*SHOP), "Asia/Kolkata"
    assert counted_between(shop, place, kochi(SATURDAY, 18), kochi(MONDAY, 9)) == timedelta(0)
    assert counted_between(shop, place, kochi(SATURDAY, 17), kochi(MONDAY, 8)) == HOUR
    assert counted_between(shop, place, kochi(SATURDAY, 17), kochi(MONDAY, 20)) == 10 * HOUR
    assert counted_between(shop, place, kochi(MONDAY, 10), kochi(MONDAY, 10)) == timedelta(0)
    assert counted_between(shop, place, kochi(MONDAY, 11), kochi(MONDAY, 10)) == timedelta(0)


def test_closed_days_do_not_count() -> None:
    shut = working(*SHOP, closed=(MONDAY, date(2027, 3, 3)))
    assert counted_after(shut, "Asia/Kolkata", kochi(SATURDAY, 16), 3 * HOUR) == kochi(date(2027, 3, 2), 10)
    assert counted_after(shut, "Asia/Kolkata", kochi(SATURDAY, 16), 12 * HOUR) == kochi(date(2027, 3, 4), 10)


def test_a_day_may_have_several_spans_in_any_order() -> None:
    split = working(Opening(0, time(15), time(20)), Opening(0, time(9), time(12)))
    assert counted_after(split, "Asia/Kolkata", kochi(MONDAY, 11), 2 * HOUR) == kochi(MONDAY, 16)
    assert counted_after(split, "Asia/Kolkata", kochi(MONDAY, 9), 8 * HOUR) == kochi(MONDAY, 20)
    assert counted_between(split, "Asia/Kolkata", kochi(MONDAY, 0), kochi(MONDAY, 23)) == 8 * HOUR


def test_spans_that_overlap_count_once() -> None:
    twice = working(Opening(0, time(9), time(12)), Opening(0, time(11), time(14)), Opening(0, time(10), time(11)))
    assert counted_between(twice, "Asia/Kolkata", kochi(MONDAY, 0), kochi(MONDAY, 23)) == 5 * HOUR
    assert counted_after(twice, "Asia/Kolkata", kochi(MONDAY, 9), 4 * HOUR) == kochi(MONDAY, 13)


def test_an_end_at_midnight_is_the_end_of_the_day() -> None:
    late = working(Opening(0, time(22), time(0)), Opening(1, time(0), time(1)))
    assert counted_after(late, "Asia/Kolkata", kochi(MONDAY, 12), 2 * HOUR) == kochi(date(2027, 3, 2), 0)
    assert counted_after(late, "Asia/Kolkata", kochi(MONDAY, 12), 150 * MINUTE) == kochi(date(2027, 3, 2), 0, 30)
    whole = working(*(Opening(weekday, time(0), time(0)) for weekday in range(7)))
    assert counted_after(whole, "Asia/Kolkata", kochi(SATURDAY, 16), 48 * HOUR) == kochi(MONDAY, 16)


def test_a_span_that_ends_before_it_begins_counts_nothing() -> None:
    wrong = working(Opening(0, time(18), time(9)), Opening(1, time(9), time(10)))
    assert counted_after(wrong, "Asia/Kolkata", kochi(MONDAY, 8), HOUR) == kochi(date(2027, 3, 2), 10)


def test_without_hours_or_by_elapsed_count_every_minute_counts() -> None:
    start = kochi(SATURDAY, 16)
    for terms in (working(), replace(working(*SHOP), count="elapsed")):
        assert counted_after(terms, "Asia/Kolkata", start, 8 * HOUR) == start + 8 * HOUR
        assert counted_between(terms, "Asia/Kolkata", start, start + 8 * HOUR) == 8 * HOUR
        assert counted_between(terms, "Asia/Kolkata", start, start - HOUR) == timedelta(0)


def test_nothing_to_count_ends_where_it_begins() -> None:
    sunday = kochi(date(2027, 2, 28), 12)
    assert counted_after(working(*SHOP), "Asia/Kolkata", sunday, timedelta(0)) == sunday
    assert counted_after(working(*SHOP), "Asia/Kolkata", sunday, -HOUR) == sunday
    assert counted_after(ApprovalTerms(), "Asia/Kolkata", sunday, -HOUR) == sunday
    assert counted_after(working(*SHOP), "Asia/Kolkata", sunday, SECOND) == kochi(MONDAY, 9) + SECOND


def test_after_a_year_every_minute_counts() -> None:
    """One hour a week makes 52 in a year; the 53rd and 54th are the first two after it."""
    start = kochi(MONDAY, 10)
    rare = working(Opening(0, time(9), time(10)))
    assert timedelta(days=366) == LONGEST_SEARCH
    assert counted_after(rare, "Asia/Kolkata", start, 52 * HOUR) == kochi(date(2028, 2, 28), 10)
    assert counted_after(rare, "Asia/Kolkata", start, 54 * HOUR) == start + LONGEST_SEARCH + 2 * HOUR
    assert counted_between(rare, "Asia/Kolkata", start, start + LONGEST_SEARCH + 2 * HOUR) == 54 * HOUR
    # The year ends within a span: from there on every minute counts, and none of the span twice.
    tuesdays = working(Opening(1, time(9), time(12)))
    ended = kochi(date(2028, 2, 29), 10) + LONGEST_SEARCH
    begun = kochi(date(2028, 2, 29), 10)
    assert counted_between(tuesdays, "Asia/Kolkata", begun, ended + 5 * HOUR) == (2 + 52 * 3 + 5) * HOUR
    shut = working(Opening(0, time(9), time(10)), closed=tuple(MONDAY + DAY * n for n in range(400)))
    assert counted_after(shut, "Asia/Kolkata", start, HOUR) == start + LONGEST_SEARCH + HOUR


def test_the_year_s_last_hours_count() -> None:
    """366 days from Tuesday 2 March 2027, noon, end on Thursday 2 March 2028, noon: 53 Thursdays."""
    start = kochi(date(2027, 3, 2), 12)
    end = start + LONGEST_SEARCH
    thursdays = working(Opening(3, time(9), time(12)))
    assert end == kochi(date(2028, 3, 2), 12)
    assert counted_between(thursdays, "Asia/Kolkata", end - DAY, end) == 3 * HOUR
    assert counted_between(thursdays, "Asia/Kolkata", start, end) == 53 * 3 * HOUR


# Changes of the clocks.


@pytest.mark.parametrize(
    ("place", "day", "opens", "closes", "real"),
    [
        # Clocks go forward: an hour of the span does not exist. At Lord Howe it is half an hour.
        ("America/New_York", "2027-03-14", "01:00", "04:00", 120),
        ("Europe/Lisbon", "2027-03-28", "00:30", "02:30", 60),
        ("Australia/Lord_Howe", "2027-10-03", "01:30", "03:00", 60),
        # Clocks go back: an hour of the span comes twice.
        ("America/New_York", "2027-11-07", "00:30", "03:00", 210),
        ("Europe/Lisbon", "2027-10-31", "00:00", "03:00", 240),
        ("Australia/Lord_Howe", "2027-04-04", "01:00", "03:00", 150),
        # Whole days.
        ("America/New_York", "2027-03-14", "00:00", "00:00", 23 * 60),
        ("America/New_York", "2027-11-07", "00:00", "00:00", 25 * 60),
        ("Asia/Kathmandu", "2027-03-14", "00:00", "00:00", 24 * 60),
        # Samoa skipped a whole day when it changed sides of the date line.
        ("Pacific/Apia", "2011-12-30", "09:00", "18:00", 0),
        ("Pacific/Apia", "2027-04-04", "09:00", "18:00", 540),
    ],
)
def test_a_span_is_as_long_as_it_is_on_that_date(place: str, day: str, opens: str, closes: str, real: int) -> None:
    on = date.fromisoformat(day)
    terms = working(Opening(on.weekday(), time.fromisoformat(opens), time.fromisoformat(closes)))
    around = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    assert counted_between(terms, place, around - 2 * DAY, around + 2 * DAY) == timedelta(minutes=real)


@pytest.mark.parametrize(
    ("place", "asked", "deadline"),
    [
        ("America/New_York", "2027-03-13T21:00", "Mon 15 Mar 2027, 15:00 (EDT)"),
        ("Europe/Lisbon", "2027-03-27T16:00", "Mon 29 Mar 2027, 15:00 (WEST)"),
        ("Pacific/Apia", "2027-03-13T03:00", "Mon 15 Mar 2027, 15:00 (UTC+13:00)"),
        ("Asia/Kathmandu", "2027-03-13T10:15", "Mon 15 Mar 2027, 15:00 (UTC+05:45)"),
        ("Australia/Lord_Howe", "2027-10-02T05:30", "Mon 4 Oct 2027, 15:00 (UTC+11:00)"),
    ],
)
def test_the_worked_week_end_is_the_same_wall_clock_everywhere(place: str, asked: str, deadline: str) -> None:
    """Saturday 16:00 and Monday 15:00 of the hotel, with a change of the clocks between them where there is one."""
    terms = replace(at(working(*SHOP)), zone=place)
    assert local_text(utc(asked), place).startswith("Sat")
    assert ", 16:00 (" in local_text(utc(asked), place)
    assert local_text(approval_deadline(terms, utc(asked), date(2027, 12, 1)), place) == deadline


# Reminders.


def test_without_a_counted_minute_the_reminders_go_by_the_clock() -> None:
    """Asked on Saturday night for Sunday 14:00, when nobody works: half and four fifths of the ten hours."""
    terms, sunday = at(working(*SHOP)), date(2027, 2, 28)
    asked = kochi(sunday, 4)
    deadline = approval_deadline(terms, asked, sunday)
    assert deadline == kochi(sunday, 14)
    assert alerts(terms, asked, deadline) == (kochi(sunday, 9), kochi(sunday, 12))
    # Less than a minute of the working day left is as good as none; a minute is a minute.
    barely = kochi(SATURDAY, 18) - 59 * SECOND
    assert alerts(terms, barely, barely + 10 * HOUR) == (barely + 5 * HOUR, barely + 8 * HOUR)
    minute = kochi(SATURDAY, 17, 59)
    assert alerts(terms, minute, minute + 10 * HOUR) == (minute + 30 * SECOND, minute + 48 * SECOND)


def test_reminders_stay_a_minute_ahead_of_the_end() -> None:
    start = kochi(MONDAY, 10)
    assert alerts(KOCHI, start, start + 5 * MINUTE) == (start + 150 * SECOND, start + 240 * SECOND)
    assert alerts(KOCHI, start, start + 4 * MINUTE) == (start + 120 * SECOND, start + 180 * SECOND)
    assert alerts(KOCHI, start, start + 90 * SECOND) == (start + 30 * SECOND, start + 30 * SECOND)
    # Within the last minute there is no time for one.
    assert max(alerts(KOCHI, start, start + MINUTE)) <= start


# Properties.

INSTANTS = st.datetimes(datetime(2027, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
AMOUNTS = st.integers(1, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
WALLS = st.times().map(lambda wall: wall.replace(microsecond=0))
OPENINGS = st.builds(Opening, st.integers(0, 6), WALLS, WALLS | st.just(time(0)))
APPROVALS = st.builds(
    ApprovalTerms,
    window_minutes=st.integers(1, 10_000),
    least_minutes=st.integers(0, 120),
    count=st.sampled_from(["elapsed", "working"]),
    hours=st.lists(OPENINGS, max_size=6).map(tuple),
    closed=st.lists(st.dates(date(2027, 1, 1), date(2027, 12, 31)), max_size=5).map(tuple),
)
PLACES = st.sampled_from(ZONES)


@given(APPROVALS, PLACES, INSTANTS, AMOUNTS)
@example(working(*SHOP), "America/New_York", utc("2027-03-12T22:00"), 3 * DAY)
@example(working(Opening(6, time(1), time(3))), "America/New_York", utc("2027-11-05T00:00"), 2 * HOUR)
def test_counting_forward_and_between_agree(terms: ApprovalTerms, place: str, start: datetime, d: timedelta) -> None:
    end = counted_after(terms, place, start, d)
    assert end >= start + d
    assert counted_between(terms, place, start, end) == d
    assert counted_between(terms, place, start, end - SECOND) < d


@given(APPROVALS, PLACES, INSTANTS, AMOUNTS, AMOUNTS)
def test_more_to_count_and_a_later_start_never_end_sooner(
    terms: ApprovalTerms, place: str, start: datetime, one: timedelta, two: timedelta
) -> None:
    assert counted_after(terms, place, start, one) < counted_after(terms, place, start, one + two)
    assert counted_between(terms, place, start, start + one) <= counted_between(terms, place, start, start + one + two)
    assert timedelta(0) <= counted_between(terms, place, start, start + one) <= one


@given(APPROVALS, PLACES, INSTANTS, AMOUNTS, AMOUNTS)
def test_counted_time_adds_up(
    terms: ApprovalTerms, place: str, start: datetime, one: timedelta, two: timedelta
) -> None:
    """Within the year that is searched, the way to a point and the way on make the whole way."""
    middle, end = start + one, start + one + two
    whole = counted_between(terms, place, start, end)
    assert whole == counted_between(terms, place, start, middle) + counted_between(terms, place, middle, end)


@given(APPROVALS, PLACES, INSTANTS, st.integers(0, 60))
def test_the_deadline_and_its_reminders_keep_their_bounds(
    approval: ApprovalTerms, place: str, asked: datetime, days: int
) -> None:
    terms = replace(KOCHI, zone=place, approval=approval)
    arrival = (asked + DAY * days).date()
    assume(asked < no_show_at(terms, arrival))
    deadline = approval_deadline(terms, asked, arrival)
    least = asked + MINUTE * approval.least_minutes
    assert deadline >= min(least, no_show_at(terms, arrival))
    assert deadline <= max(least, check_in_from(terms, arrival))
    desk, manager = alerts(terms, asked, deadline)
    assert desk <= manager <= deadline - MINUTE
    if deadline - asked > MINUTE:
        assert asked < desk
