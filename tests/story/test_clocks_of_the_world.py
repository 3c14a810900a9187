"""Clocks hang on the hotel's wall: zones, changes of the clock, and bookings far ahead, lived through."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from tests.story.test_life import stay_in
from tests.story.world import House, Life, build_house

Live = Callable[[House, StayDates], Life]
FREE: dict[str, Any] = {"confirmation": Confirmation.AUTO, "payment": Payment.NONE}


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clocks(life: Life) -> dict[str, datetime]:
    """The agenda's instants by key, as readers see them."""
    return {entry["key"]: datetime.fromisoformat(entry["at"]) for entry in life.row()["agenda"]}


@pytest.mark.parametrize(
    ("zone", "arrival", "terms", "key", "instant"),
    [
        # The night audit falls into the hour that New York skips: the first instant after the gap.
        ("America/New_York", date(2027, 3, 13), {"audit_time": time(2, 30)}, "no_show-1", "2027-03-14T07:00"),
        # 01:30 comes twice: the first of the two.
        ("America/New_York", date(2027, 11, 6), {"audit_time": time(1, 30)}, "no_show-1", "2027-11-07T05:30"),
        ("Europe/Lisbon", date(2027, 3, 15), {}, "cancel_free_until-1", "2027-03-14T18:00"),
        ("Europe/Lisbon", date(2027, 3, 29), {}, "cancel_free_until-1", "2027-03-28T17:00"),
        ("Asia/Kolkata", date(2027, 3, 15), {"check_in_time": time(14)}, "check_in_from-1", "2027-03-15T08:30"),
        ("Pacific/Apia", date(2027, 3, 15), {"check_in_time": time(14)}, "check_in_from-1", "2027-03-15T01:00"),
        ("Asia/Kathmandu", date(2027, 3, 15), {"check_in_time": time(14)}, "check_in_from-1", "2027-03-15T08:15"),
    ],
)
async def test_a_clock_is_resolved_by_the_rules_of_its_own_date(
    live: Live, owner_url: str, zone: str, arrival: date, terms: dict[str, Any], key: str, instant: str
) -> None:
    """Every cut-off is a wall-clock time in the hotel's zone, on that date."""
    house = build_house(owner_url, zone=zone, currency="EUR", nights=700, **FREE, **terms)
    life = live(house, StayDates(arrival, arrival + timedelta(days=2)))
    await life.begin()
    assert clocks(life)[key] == at(instant)


@pytest.mark.parametrize(
    ("arrival", "audit", "rings"),
    [(date(2027, 3, 13), time(2, 30), "2027-03-14T07:00"), (date(2027, 11, 6), time(1, 30), "2027-11-07T05:30")],
)
async def test_the_no_show_rings_at_its_instant_through_a_change_of_the_clock(
    live: Live, owner_url: str, arrival: date, audit: time, rings: str
) -> None:
    """Not a minute before, and at once after: lived through in New York, spring and autumn."""
    house = build_house(owner_url, zone="America/New_York", currency="USD", audit_time=audit, nights=700, **FREE)
    life = live(house, StayDates(arrival, arrival + timedelta(days=2)))
    await life.begin()
    await life.until(at(rings) - timedelta(minutes=1))
    assert life.row()["status"] == "confirmed"
    await life.until(at(rings))
    await life.reaches("no_show")


async def test_a_booking_four_hundred_days_ahead_is_reminded_and_noticed(live: Live, owner_url: str) -> None:
    """The reminder goes out two days before, the no-show is noticed, and nothing is forgotten on the way."""
    house = build_house(owner_url, nights=420, **FREE)
    life = live(house, stay_in(house, 400))
    await life.begin()
    writes_at = clocks(life)["pre_arrival-1"]
    await life.until(writes_at - timedelta(minutes=1))
    assert life.notices() == ["confirmed"]
    await life.until(writes_at)
    await life.until(clocks(life)["no_show-1"])
    await life.reaches("no_show")
    assert life.notices() == ["confirmed", "pre_arrival", "no_show"]
    assert life.events() == ["booked", "reminded", "no_show"]


async def test_a_reminder_whose_moment_has_passed_is_skipped(live: Live, owner_url: str) -> None:
    """A booking for tomorrow: no reminder of the day before yesterday is sent at once."""
    house = build_house(owner_url, **FREE)
    life = live(house, stay_in(house, 1))
    await life.begin()
    assert "pre_arrival-1" not in clocks(life)
    assert life.notices() == ["confirmed"]


async def test_a_request_for_today_leaves_the_hotel_half_an_hour(live: Live, owner_url: str) -> None:
    """The deadline is never past the check-in time, but the hotel always has thirty minutes."""
    house = build_house(owner_url, check_in_time=time(0, 0))
    life = live(house, stay_in(house, 0))
    await life.begin()
    row = life.row()
    assert row["approval_deadline"] - row["created_at"] == timedelta(minutes=30)
