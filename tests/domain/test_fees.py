"""Fees: docs/rules/fees.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking import Booking, ClockMove, Status, Stay
from domain.clocks import resolve
from domain.fees import (
    Fee,
    cancellation_fee,
    early_departure_fee,
    first_night_minor,
    free_until,
    no_show_fee,
    penalty_minor,
)
from domain.terms import CancellationTier, EarlyDeparture, HotelTerms, Penalty, StayTerms
from tests.domain.made import ARRIVAL, ASKED, KOCHI, booking, kochi

A_SECOND = timedelta(seconds=1)
EVE = date(2027, 3, 9)
NIGHTS = (12_000, 8_001, 10_000)
FLEXIBLE = StayTerms(1, "flexible")
STRICT = StayTerms(1, "strict", free_until_days=None, late_cancellation=Penalty.FULL)
TIERED = StayTerms(
    1,
    "tiered",
    tiers=(CancellationTier(0, time(12), Penalty.FULL), CancellationTier(1, time(20), Penalty.PERCENT, 50)),
)


def stay(terms: StayTerms = FLEXIBLE, nights: tuple[int, ...] = NIGHTS, **changes: Any) -> Stay:
    """Three nights of 120.00, 80.01 and 100.00, from 10 March 2027."""
    departure = ARRIVAL + timedelta(days=len(nights))
    made = Stay(1, Status.CONFIRMED, ARRIVAL, departure, 1, 1, 1, sum(nights), terms, night_minor=nights)
    return replace(made, **changes)


def confirmed(one: Stay, hotel: HotelTerms = KOCHI, created_at: datetime = ASKED) -> Booking:
    return replace(booking(terms=hotel), status=Status.CONFIRMED, stays=(one,), created_at=created_at)


def fee(terms: StayTerms, now: datetime, created_at: datetime = ASKED, **changes: Any) -> Fee:
    one = stay(terms)
    return cancellation_fee(replace(confirmed(one, created_at=created_at), **changes), one, now)


# What a penalty comes to.


@pytest.mark.parametrize(
    ("penalty", "percent", "fixed", "amount"),
    [
        (Penalty.NONE, 50, 500, 0),
        (Penalty.FIRST_NIGHT, 50, 500, 12_000),
        # Half of 300.01 is 150.005, and a half goes up.
        (Penalty.PERCENT, 50, 500, 15_001),
        (Penalty.PERCENT, 33, 500, 9_900),
        (Penalty.PERCENT, 0, 500, 0),
        (Penalty.PERCENT, 100, 500, 30_001),
        (Penalty.FIXED, 50, 500, 500),
        (Penalty.FIXED, 50, 30_001, 30_001),
        (Penalty.FULL, 50, 500, 30_001),
        # Never more than the stay.
        (Penalty.FIXED, 50, 30_002, 30_001),
        (Penalty.PERCENT, 150, 500, 30_001),
    ],
)
def test_a_penalty_is_counted_from_the_stay(penalty: Penalty, percent: int, fixed: int, amount: int) -> None:
    assert penalty_minor(stay(), penalty, percent, fixed) == amount


def test_the_first_night_is_never_more_than_the_stay() -> None:
    assert penalty_minor(stay(total_minor=9_000), Penalty.FIRST_NIGHT, 0, 0) == 9_000


def test_without_prices_by_night_the_first_is_an_equal_share_cut_down() -> None:
    assert first_night_minor(stay()) == 12_000
    assert first_night_minor(stay(night_minor=())) == 10_000
    assert first_night_minor(stay(night_minor=(), total_minor=29_999)) == 9_999


# Cancelling.


@pytest.mark.parametrize(
    ("now", "amount", "rule"),
    [
        (kochi(EVE, 18) - A_SECOND, 0, "Cancelled before 9 Mar 2027, 18:00 hotel time: nothing."),
        # Free until that instant: at the instant itself it is not free any more.
        (kochi(EVE, 18), 12_000, "Cancelled after 9 Mar 2027, 18:00 hotel time: the first night."),
        (kochi(EVE, 18) + A_SECOND, 12_000, "Cancelled after 9 Mar 2027, 18:00 hotel time: the first night."),
        (kochi(EVE, 20) - A_SECOND, 12_000, "Cancelled after 9 Mar 2027, 18:00 hotel time: the first night."),
        (kochi(EVE, 20), 15_001, "Cancelled after 9 Mar 2027, 20:00 hotel time: 50 % of the stay."),
        (kochi(ARRIVAL, 12) - A_SECOND, 15_001, "Cancelled after 9 Mar 2027, 20:00 hotel time: 50 % of the stay."),
        (kochi(ARRIVAL, 12), 30_001, "Cancelled after 10 Mar 2027, 12:00 hotel time: the whole stay."),
        (kochi(ARRIVAL, 23), 30_001, "Cancelled after 10 Mar 2027, 12:00 hotel time: the whole stay."),
    ],
)
def test_the_price_of_cancelling_goes_by_the_last_moment_that_has_come(now: datetime, amount: int, rule: str) -> None:
    assert fee(TIERED, now) == Fee(amount, rule)


@pytest.mark.parametrize("status", [Status.HELD, Status.PENDING])
def test_what_was_not_confirmed_costs_nothing(status: Status) -> None:
    one = stay(STRICT, status=status)
    told = Fee(0, "Cancelled before it was confirmed: nothing.")
    assert cancellation_fee(confirmed(one), one, kochi(ARRIVAL, 12)) == told


def test_a_rate_that_is_not_refundable_costs_from_the_first_second() -> None:
    assert fee(STRICT, ASKED) == Fee(30_001, "Not refundable: the whole stay.")
    assert fee(replace(STRICT, late_cancellation=Penalty.FIRST_NIGHT), ASKED) == Fee(
        12_000, "Not refundable: the first night."
    )


def test_a_rate_that_is_not_refundable_may_become_dearer() -> None:
    terms = replace(TIERED, free_until_days=None)
    assert fee(terms, kochi(EVE, 20) - A_SECOND) == Fee(12_000, "Not refundable: the first night.")
    assert fee(terms, kochi(EVE, 20)) == Fee(15_001, "Cancelled after 9 Mar 2027, 20:00 hotel time: 50 % of the stay.")


def test_a_deadline_past_at_booking_holds_from_the_first_second() -> None:
    late = kochi(EVE, 18)
    passed = "The time for cancelling free of charge had passed at booking: the first night."
    assert fee(FLEXIBLE, late, created_at=late) == Fee(12_000, passed)
    assert fee(FLEXIBLE, kochi(EVE, 19), created_at=kochi(EVE, 19)) == Fee(12_000, passed)
    # A second earlier the deadline was still to come.
    told = "Cancelled after 9 Mar 2027, 18:00 hotel time: the first night."
    assert fee(FLEXIBLE, late, created_at=late - A_SECOND) == Fee(12_000, told)
    # A price that came later is told with its moment.
    noon = fee(TIERED, kochi(ARRIVAL, 12), created_at=late)
    assert noon == Fee(30_001, "Cancelled after 10 Mar 2027, 12:00 hotel time: the whole stay.")


def test_time_to_think_counts_from_the_booking() -> None:
    terms, late = replace(STRICT, think_minutes=90), kochi(EVE, 19)
    told = Fee(0, "Cancelled within 90 minutes of booking: nothing.")
    assert fee(terms, late, created_at=late) == told
    assert fee(terms, kochi(EVE, 20, 30) - A_SECOND, created_at=late) == told
    assert fee(terms, kochi(EVE, 20, 30), created_at=late) == Fee(30_001, "Not refundable: the whole stay.")
    assert fee(replace(STRICT, think_minutes=1440), late, created_at=late).rule.startswith(
        "Cancelled within 24 hours of booking"
    )


def test_the_later_of_free_time_and_time_to_think_counts() -> None:
    terms = replace(FLEXIBLE, think_minutes=60)
    booked = kochi(EVE, 17, 30)
    assert fee(terms, kochi(EVE, 18, 30) - A_SECOND, created_at=booked).amount_minor == 0
    assert fee(terms, kochi(EVE, 18, 30), created_at=booked).amount_minor == 12_000
    assert fee(terms, kochi(EVE, 18) - A_SECOND).amount_minor == 0


def moved(at: datetime, key: str = "cancel_free_until-1") -> tuple[ClockMove, ...]:
    return (ClockMove(key, at, "staff", "manager", 4, ASKED),)


def test_a_moved_deadline_counts_as_moved() -> None:
    """Both ways, and only for the stay whose clock it is."""
    later, sooner = moved(kochi(ARRIVAL, 10)), moved(kochi(date(2027, 3, 5), 9, 15))
    assert fee(FLEXIBLE, kochi(ARRIVAL, 10) - A_SECOND, moves=later) == Fee(
        0, "Cancelled before 10 Mar 2027, 10:00 hotel time: nothing."
    )
    assert fee(FLEXIBLE, kochi(ARRIVAL, 10), moves=later) == Fee(
        12_000, "Cancelled after 10 Mar 2027, 10:00 hotel time: the first night."
    )
    assert fee(FLEXIBLE, kochi(date(2027, 3, 5), 9, 15) - A_SECOND, moves=sooner).amount_minor == 0
    assert fee(FLEXIBLE, kochi(date(2027, 3, 5), 9, 15), moves=sooner) == Fee(
        12_000, "Cancelled after 5 Mar 2027, 09:15 hotel time: the first night."
    )
    other = moved(kochi(ARRIVAL, 10), "cancel_free_until-2")
    assert fee(FLEXIBLE, kochi(EVE, 18), moves=other).amount_minor == 12_000


def test_a_tier_that_began_in_the_free_time_counts_from_its_end_on() -> None:
    later = moved(kochi(ARRIVAL, 10))
    assert fee(TIERED, kochi(EVE, 21), moves=later).amount_minor == 0
    assert fee(TIERED, kochi(ARRIVAL, 10), moves=later) == Fee(
        15_001, "Cancelled after 10 Mar 2027, 10:00 hotel time: 50 % of the stay."
    )


def test_two_tiers_of_one_moment_count_as_the_later_in_the_list() -> None:
    both = (CancellationTier(1, time(20), Penalty.FULL), CancellationTier(1, time(20), Penalty.FIXED, 0, 700))
    assert fee(replace(FLEXIBLE, tiers=both), kochi(EVE, 20)) == Fee(
        700, "Cancelled after 9 Mar 2027, 20:00 hotel time: a fixed price."
    )


def test_prices_of_the_rate_s_own_figures() -> None:
    half = replace(FLEXIBLE, late_cancellation=Penalty.PERCENT, late_percent=30, late_fixed_minor=9)
    assert fee(half, kochi(EVE, 18)).amount_minor == 9_000
    assert fee(half, kochi(EVE, 18)).rule.endswith(": 30 % of the stay.")
    fixed = replace(FLEXIBLE, late_cancellation=Penalty.FIXED, late_percent=30, late_fixed_minor=30_000)
    assert fee(fixed, kochi(EVE, 18)).amount_minor == 30_000
    assert fee(fixed, kochi(EVE, 18)).rule.endswith(": a fixed price.")
    # A fixed price that the stay does not reach is the whole stay, and is told so.
    for dear in (30_001, 30_002):
        capped = fee(replace(fixed, late_fixed_minor=dear), kochi(EVE, 18))
        assert (capped.amount_minor, capped.rule.partition(": ")[2]) == (30_001, "the whole stay.")


def test_a_rate_without_a_price_costs_nothing_at_any_time() -> None:
    nothing = Fee(0, "This rate asks nothing for cancelling at this time.")
    for terms in (FLEXIBLE, STRICT):
        assert fee(replace(terms, late_cancellation=Penalty.NONE), kochi(ARRIVAL, 23)) == nothing
    tiered = replace(TIERED, late_cancellation=Penalty.NONE)
    assert fee(tiered, kochi(EVE, 19)) == nothing
    assert fee(tiered, kochi(EVE, 20)).amount_minor == 15_001


@pytest.mark.parametrize(
    ("place", "arrival", "wall", "instant"),
    [
        # 02:30 does not exist in New York on 14 March: free until 03:00, the first instant after the gap.
        ("America/New_York", "2027-03-15", "02:30", "2027-03-14T07:00"),
        ("America/New_York", "2027-11-08", "01:30", "2027-11-07T05:30"),
        ("Europe/Lisbon", "2027-03-28", "18:00", "2027-03-27T18:00"),
        ("Europe/Lisbon", "2027-03-29", "18:00", "2027-03-28T17:00"),
        ("Pacific/Apia", "2027-03-15", "18:00", "2027-03-14T05:00"),
        # 30 December 2011 never was in Samoa.
        ("Pacific/Apia", "2011-12-31", "18:00", "2011-12-30T10:00"),
        ("Asia/Kathmandu", "2027-03-15", "18:00", "2027-03-14T12:15"),
        ("Australia/Lord_Howe", "2027-10-04", "02:15", "2027-10-02T15:30"),
        ("Australia/Lord_Howe", "2027-04-05", "01:45", "2027-04-03T14:45"),
    ],
)
def test_free_time_ends_on_the_wall_clock_of_its_date(place: str, arrival: str, wall: str, instant: str) -> None:
    day, end = date.fromisoformat(arrival), datetime.fromisoformat(instant).replace(tzinfo=UTC)
    hotel = replace(KOCHI, zone=place)
    tier = CancellationTier(1, time.fromisoformat(wall), Penalty.FULL)
    one = stay(replace(FLEXIBLE, free_until_time=tier.time), arrival=day, departure=day + timedelta(days=3))
    made = confirmed(one, hotel, datetime(2011, 1, 1, tzinfo=UTC))
    assert free_until(made, one) == end
    assert [cancellation_fee(made, one, end + A_SECOND * n).amount_minor for n in (-1, 0, 1)] == [0, 12_000, 12_000]
    strict = replace(one, terms=replace(STRICT, late_cancellation=Penalty.NONE, tiers=(tier,)))
    made = replace(made, stays=(strict,))
    assert [cancellation_fee(made, strict, end + A_SECOND * n).amount_minor for n in (-1, 0, 1)] == [0, 30_001, 30_001]


def test_a_deadline_in_a_gap_is_told_as_the_clock_shows_it() -> None:
    one = stay(replace(FLEXIBLE, free_until_time=time(2, 30)), arrival=date(2027, 3, 15), departure=date(2027, 3, 18))
    made = confirmed(one, replace(KOCHI, zone="America/New_York"))
    assert cancellation_fee(made, one, ASKED).rule == "Cancelled before 14 Mar 2027, 03:00 hotel time: nothing."


# Not coming.


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (replace(FLEXIBLE, no_show=Penalty.NONE), Fee(0, "No-show: nothing.")),
        (FLEXIBLE, Fee(12_000, "No-show: the first night.")),
        (replace(FLEXIBLE, no_show=Penalty.FULL), Fee(30_001, "No-show: the whole stay.")),
        # Its figures are its own, not those of a late cancellation.
        (
            replace(FLEXIBLE, no_show=Penalty.PERCENT, no_show_percent=80, late_percent=50),
            Fee(24_001, "No-show: 80 % of the stay."),
        ),
        (
            replace(FLEXIBLE, no_show=Penalty.FIXED, no_show_fixed_minor=7_500, late_fixed_minor=9_000),
            Fee(7_500, "No-show: a fixed price."),
        ),
        (
            replace(FLEXIBLE, no_show=Penalty.FIXED, no_show_fixed_minor=75_000),
            Fee(30_001, "No-show: the whole stay."),
        ),
    ],
)
def test_not_coming_has_its_own_price(terms: StayTerms, told: Fee) -> None:
    assert no_show_fee(stay(terms)) == told


# Leaving early.


def leaving(rule: EarlyDeparture, released_from: date, percent: int = 0) -> Fee:
    return early_departure_fee(stay(replace(FLEXIBLE, early_departure=rule, early_percent=percent)), released_from)


@pytest.mark.parametrize(
    ("rule", "day", "told"),
    [
        (EarlyDeparture.NONE, 11, Fee(0, "Left 2 nights early: nothing.")),
        (EarlyDeparture.NEXT_NIGHT, 11, Fee(8_001, "Left 2 nights early: the next night.")),
        (EarlyDeparture.NEXT_NIGHT, 12, Fee(10_000, "Left 1 night early: the next night.")),
        # Half of 180.01 is 90.005, and a half goes up.
        (EarlyDeparture.PERCENT, 11, Fee(9_001, "Left 2 nights early: 50 % of the nights given back.")),
        (EarlyDeparture.PERCENT, 12, Fee(5_000, "Left 1 night early: 50 % of the nights given back.")),
        (EarlyDeparture.FULL, 11, Fee(18_001, "Left 2 nights early: the nights given back.")),
        (EarlyDeparture.FULL, 12, Fee(10_000, "Left 1 night early: the nights given back.")),
        # The first night is never given back.
        (EarlyDeparture.FULL, 10, Fee(18_001, "Left 2 nights early: the nights given back.")),
        (EarlyDeparture.NEXT_NIGHT, 1, Fee(8_001, "Left 2 nights early: the next night.")),
        (EarlyDeparture.FULL, 13, Fee(0, "Left on the booked day: nothing.")),
        (EarlyDeparture.FULL, 14, Fee(0, "Left on the booked day: nothing.")),
    ],
)
def test_leaving_early_costs_by_the_nights_given_back(rule: EarlyDeparture, day: int, told: Fee) -> None:
    assert leaving(rule, date(2027, 3, day), 50) == told


def test_a_stay_of_one_night_is_never_left_early() -> None:
    terms = replace(FLEXIBLE, early_departure=EarlyDeparture.FULL)
    assert early_departure_fee(stay(terms, nights=(9_000,)), ARRIVAL).amount_minor == 0


def test_what_is_owed_after_leaving_early_is_the_nights_slept_and_the_fee() -> None:
    """120.00 for the night that was slept in, and half of 180.01; never more than the whole price."""
    terms = replace(FLEXIBLE, early_departure=EarlyDeparture.PERCENT, early_percent=50)
    second = date(2027, 3, 11)
    gone = stay(terms, status=Status.CHECKED_OUT, released_from=second)
    assert replace(gone, fee_minor=early_departure_fee(gone, second).amount_minor).owed_minor == 12_000 + 9_001


def test_without_prices_by_night_the_whole_price_stays_owed_and_nothing_more() -> None:
    terms = replace(FLEXIBLE, early_departure=EarlyDeparture.FULL)
    second = date(2027, 3, 11)
    gone = stay(terms, night_minor=(), status=Status.CHECKED_OUT, released_from=second)
    told = early_departure_fee(gone, second)
    assert told == Fee(0, "Left early: the whole price stays owed, and nothing beside it.")
    assert replace(gone, fee_minor=told.amount_minor).owed_minor == 30_001


# Properties.

PENALTIES = st.sampled_from(list(Penalty))
PERCENTS = st.integers(0, 100)
WALLS = st.times().map(lambda wall: wall.replace(microsecond=0))
TIERS = st.builds(CancellationTier, st.integers(0, 10), WALLS, PENALTIES, PERCENTS, st.integers(0, 50_000))
TERMS = st.builds(
    StayTerms,
    st.just(1),
    st.just("any"),
    free_until_days=st.none() | st.integers(0, 10),
    free_until_time=WALLS,
    late_cancellation=PENALTIES,
    no_show=PENALTIES,
    late_percent=PERCENTS,
    late_fixed_minor=st.integers(0, 50_000),
    tiers=st.lists(TIERS, max_size=3).map(tuple),
    think_minutes=st.integers(0, 3_000),
    early_departure=st.sampled_from(list(EarlyDeparture)),
    early_percent=PERCENTS,
)
PRICES = st.lists(st.integers(0, 20_000), min_size=1, max_size=6).map(tuple)
INSTANTS = st.datetimes(datetime(2027, 2, 25), datetime(2027, 3, 12), timezones=st.just(UTC))  # noqa: DTZ001


@given(TERMS, PRICES, INSTANTS, INSTANTS)
def test_no_fee_is_below_zero_or_above_the_stay(
    terms: StayTerms, prices: tuple[int, ...], one: datetime, two: datetime
) -> None:
    booked, now = sorted((one, two))
    made = stay(terms, nights=prices)
    for cost in (
        cancellation_fee(confirmed(made, created_at=booked), made, now),
        no_show_fee(made),
        early_departure_fee(made, now.date()),
    ):
        assert 0 <= cost.amount_minor <= made.total_minor
        assert cost.rule.endswith(".")


@given(TERMS, PRICES, INSTANTS, INSTANTS)
def test_cancelling_in_the_free_time_or_the_time_to_think_is_free(
    terms: StayTerms, prices: tuple[int, ...], one: datetime, two: datetime
) -> None:
    booked, now = sorted((one, two))
    made = stay(terms, nights=prices)
    days = terms.free_until_days
    free = days is not None and now < resolve(ARRIVAL - timedelta(days=days), terms.free_until_time, KOCHI.zone)
    cost = cancellation_fee(confirmed(made, created_at=booked), made, now)
    if free or now < booked + timedelta(minutes=terms.think_minutes):
        assert cost.amount_minor == 0
    elif not terms.tiers:
        late = penalty_minor(made, terms.late_cancellation, terms.late_percent, terms.late_fixed_minor)
        assert cost.amount_minor == late


@given(PRICES, st.integers(0, 7))
def test_leaving_early_never_costs_more_than_staying(prices: tuple[int, ...], day: int) -> None:
    """Nights slept and the fee come to the whole price at most, and exactly to it where nothing is given back."""
    from_day = ARRIVAL + timedelta(days=day)
    free_from = max(from_day, ARRIVAL + timedelta(days=1))
    for rule in EarlyDeparture:
        made = stay(replace(FLEXIBLE, early_departure=rule, early_percent=70), nights=prices, status=Status.CHECKED_OUT)
        cost = early_departure_fee(made, from_day)
        owed = replace(made, released_from=free_from, fee_minor=cost.amount_minor).owed_minor
        assert owed <= made.total_minor
        if rule is EarlyDeparture.FULL:
            assert owed == made.total_minor
