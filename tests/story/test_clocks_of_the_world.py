"""Clocks hang on the hotel's wall: zones, changes of the clock, and bookings far ahead, lived through."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from tests.houses import next_sunday
from tests.story.test_life import stay_in
from tests.story.world import House, Life, build_house

Live = Callable[[House, StayDates], Life]
FREE: dict[str, Any] = {"confirmation": Confirmation.AUTO, "payment": Payment.NONE}


def at(day: date, hour: str) -> datetime:
    """An instant in UTC."""
    return datetime.combine(day, time.fromisoformat(hour), UTC)


def clocks(life: Life) -> dict[str, datetime]:
    """The agenda's instants by key, as readers see them."""
    return {entry["key"]: datetime.fromisoformat(entry["at"]) for entry in life.row()["agenda"]}


# New York's clocks go forward and back at 02:00, Lisbon's forward at 01:00.
FORWARD, BACK, LISBON = next_sunday(3, 2), next_sunday(11, 1), next_sunday(3, -1)
A_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "arrival", "terms", "key", "day", "hour"),
    [
        # The night audit falls into the hour that New York skips: the first instant after the gap.
        ("America/New_York", FORWARD - A_DAY, {"audit_time": time(2, 30)}, "no_show-1", FORWARD, "07:00"),
        # 01:30 comes twice: the first of the two.
        ("America/New_York", BACK - A_DAY, {"audit_time": time(1, 30)}, "no_show-1", BACK, "05:30"),
        ("Europe/Lisbon", LISBON - 13 * A_DAY, {}, "cancel_free_until-1", LISBON - 14 * A_DAY, "18:00"),
        ("Europe/Lisbon", LISBON + A_DAY, {}, "cancel_free_until-1", LISBON, "17:00"),
        ("Asia/Kolkata", LISBON, {"check_in_time": time(14)}, "check_in_from-1", LISBON, "08:30"),
        ("Pacific/Apia", LISBON, {"check_in_time": time(14)}, "check_in_from-1", LISBON, "01:00"),
        ("Asia/Kathmandu", LISBON, {"check_in_time": time(14)}, "check_in_from-1", LISBON, "08:15"),
    ],
)
async def test_a_clock_is_resolved_by_the_rules_of_its_own_date(
    live: Live, owner_url: str, zone: str, arrival: date, terms: dict[str, Any], key: str, day: date, hour: str
) -> None:
    """Every cut-off is a wall-clock time in the hotel's zone, on that date."""
    house = build_house(owner_url, zone=zone, currency="EUR", nights=700, **FREE, **terms)
    life = live(house, StayDates(arrival, arrival + 2 * A_DAY))
    await life.begin()
    assert clocks(life)[key] == at(day, hour)


@pytest.mark.parametrize(("changed", "audit", "hour"), [(FORWARD, time(2, 30), "07:00"), (BACK, time(1, 30), "05:30")])
async def test_the_no_show_rings_at_its_instant_through_a_change_of_the_clock(
    live: Live, owner_url: str, changed: date, audit: time, hour: str
) -> None:
    """Not a minute before, and at once after: lived through in New York, spring and autumn."""
    house = build_house(owner_url, zone="America/New_York", currency="USD", audit_time=audit, nights=700, **FREE)
    life = live(house, StayDates(changed - A_DAY, changed + A_DAY))
    await life.begin()
    await life.until(at(changed, hour) - timedelta(minutes=1))
    assert life.row()["status"] == "confirmed"
    await life.until(at(changed, hour))
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
