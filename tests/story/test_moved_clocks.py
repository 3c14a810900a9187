"""Clocks moved both ways over changes of the clock, in five zones, each lived through to its instant.

Every instant below is worked out by hand from the hotel's wall clock: check-in 15:00, check-out 11:00, night audit
03:00, letter two days before at 10:00, free until 18:00 on the day before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from tests.houses import next_sunday
from tests.story.world import House, Life, build_house, refusal

Live = Callable[[House, StayDates], Life]
# Whatever else could have rung instead is an hour away at least.
A_LITTLE_LATE = timedelta(seconds=20)


@dataclass(frozen=True)
class Change:
    """A stay of two nights around a change of the clock, and where its clocks are: days from the arrival, hour in UTC.

    opens: check-in from, on the arrival day; leaves: check-out by, on the departure day.
    """

    zone: str
    arrival: date
    letter: tuple[int, str]
    free_until: tuple[int, str]
    opens: tuple[int, str]
    missing: tuple[int, str]
    leaves: tuple[int, str]


A_DAY = timedelta(days=1)
CHANGES = (
    # Forward in March at 02:00, from UTC−5 to UTC−4: the audit of the arrival day is the first in summer time.
    Change("America/New_York", next_sunday(3, 2) - A_DAY,
           (-2, "15:00"), (-1, "23:00"), (0, "20:00"), (1, "07:00"), (2, "15:00")),
    # Back in October at 02:00, from UTC+1 to UTC: the audit at 03:00 comes after the repeated hour.
    Change("Europe/Lisbon", next_sunday(10, -1) - A_DAY,
           (-2, "09:00"), (-1, "17:00"), (0, "14:00"), (1, "03:00"), (2, "11:00")),
    # No change of the clock since 2021: UTC+13 all year, the hotel's day ahead of UTC's.
    Change("Pacific/Apia", next_sunday(4, 1) - A_DAY,
           (-3, "21:00"), (-1, "05:00"), (0, "02:00"), (0, "14:00"), (1, "22:00")),
    # UTC+5:45 all year.
    Change("Asia/Kathmandu", next_sunday(3, -1),
           (-2, "04:15"), (-1, "12:15"), (0, "09:15"), (0, "21:15"), (2, "05:15")),
    # Back by half an hour in April at 02:00, from UTC+11 to UTC+10:30.
    Change("Australia/Lord_Howe", next_sunday(4, 1) - A_DAY,
           (-3, "23:00"), (-1, "07:00"), (0, "04:00"), (0, "16:30"), (2, "00:30")),
)  # fmt: skip


def at(change: Change, clock: tuple[int, str]) -> datetime:
    """The instant of one of its clocks."""
    days, hour = clock
    return datetime.combine(change.arrival + days * A_DAY, time.fromisoformat(hour), UTC)


async def booked(live: Live, owner_url: str, change: Change) -> Life:
    """A confirmed booking for two nights from the arrival on."""
    house = build_house(
        owner_url, zone=change.zone, currency="EUR", nights=500, confirmation=Confirmation.AUTO, payment=Payment.NONE
    )
    life = live(house, StayDates(change.arrival, change.arrival + 2 * A_DAY))
    await life.begin()
    return life


def happened(life: Life) -> dict[str, datetime]:
    """The last instant of each kind of event."""
    rows = life.looked("SELECT what, happened_at FROM booking_events WHERE reference = %s ORDER BY seq", life.reference)
    return {row["what"]: row["happened_at"] for row in rows}


@pytest.mark.parametrize("change", CHANGES, ids=[change.zone for change in CHANGES])
async def test_moved_clocks_ring_where_they_were_moved_to(live: Live, owner_url: str, change: Change) -> None:
    """The letter a day earlier, the no-show later over the change and undone, the letter's instant undone and moved."""
    life = await booked(live, owner_url, change)
    default = {
        "pre_arrival-1": at(change, change.letter),
        "cancel_free_until-1": at(change, change.free_until),
        "check_in_from-1": at(change, change.opens),
        "no_show-1": at(change, change.missing),
    }
    assert life.agenda() == default
    await life.move_clock("pre_arrival-1", default["pre_arrival-1"] - A_DAY)
    await life.move_clock("no_show-1", default["no_show-1"] + A_DAY, version=2)
    await life.move_clock("cancel_free_until-1", default["cancel_free_until-1"] - A_DAY)
    moved = life.agenda()
    assert moved["pre_arrival-1"] == default["pre_arrival-1"] - A_DAY
    assert moved["no_show-1"] == default["no_show-1"] + A_DAY
    # Back and forth: the letter two hours before its own time, the free time where the terms have it.
    await life.move_clock("cancel_free_until-1", None)
    await life.move_clock("pre_arrival-1", default["pre_arrival-1"] - timedelta(hours=2))
    assert life.agenda()["cancel_free_until-1"] == default["cancel_free_until-1"]

    letter = life.agenda()["pre_arrival-1"]
    await life.until(letter - timedelta(minutes=1))
    assert "reminded" not in life.events()
    await life.until(letter)
    await life.reaches(7, "seq")
    assert timedelta(0) <= happened(life)["reminded"] - letter <= A_LITTLE_LATE
    # Nobody is missed at the audit, over the change of the clock; then the clock is put back and has passed.
    await life.until(default["no_show-1"] + timedelta(hours=1))
    assert life.row()["status"] == "confirmed"
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.move_clock("no_show-1", None)
    assert refusal(refused.value) == "clock_out_of_bounds"
    sooner = (await life.clock()).replace(microsecond=0) + timedelta(hours=2)
    await life.move_clock("no_show-1", sooner)
    await life.until(sooner)
    await life.reaches("no_show")
    assert timedelta(0) <= happened(life)["no_show"] - sooner <= A_LITTLE_LATE


@pytest.mark.parametrize("change", CHANGES, ids=[change.zone for change in CHANGES])
async def test_undone_clocks_ring_where_the_terms_have_them(live: Live, owner_url: str, change: Change) -> None:
    """Moved earlier and later and put back: the no-show and, in the house, the overstay ring at their own instants."""
    life = await booked(live, owner_url, change)
    missing, leaves = at(change, change.missing), at(change, change.leaves)
    await life.move_clock("no_show-1", missing - timedelta(hours=2))
    await life.move_clock("no_show-1", missing + timedelta(hours=5))
    await life.move_clock("no_show-1", None)
    assert life.agenda()["no_show-1"] == missing
    await life.until(missing - timedelta(minutes=1))
    assert life.row()["status"] == "confirmed"
    await life.until(missing)
    await life.reaches("no_show")
    assert timedelta(0) <= happened(life)["no_show"] - missing <= A_LITTLE_LATE

    # They come after all, on the second day; the alert is moved on by three hours and brought back by two.
    await life.reinstate(reason="They had missed their train.")
    await life.assign("101")
    await life.check_in()
    assert life.agenda() == {"overstay-1": leaves + timedelta(hours=1)}
    await life.move_clock("overstay-1", leaves + timedelta(hours=4))
    await life.move_clock("overstay-1", leaves + timedelta(hours=2))
    await life.until(leaves + timedelta(hours=2, minutes=-1))
    assert life.row()["attention"] == ""
    await life.until(leaves + timedelta(hours=2))
    await life.reaches(True, "needs_attention")
    assert timedelta(0) <= happened(life)["overstay"] - leaves - timedelta(hours=2) <= A_LITTLE_LATE
