"""The guest's condition and the hotel's yes: options, the approval ladder, and their clocks moved by people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.stay import StayDates
from domain.terms import ApprovalTerms
from tests.story.asking import DAY, bounds, kochi, refused
from tests.story.test_life import stay_in
from tests.story.world import DESK, MANAGER, House, Life, build_house

Live = Callable[[House, StayDates], Life]


async def test_an_option_is_extended_once_by_the_desk_and_made_firm(live: Live, owner_url: str) -> None:
    """Held until a time; the desk may extend once, the manager again; confirmed it is sold."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 10))
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
    await life.begin(actor=DESK, option_until=until)
    row = life.row()
    assert (row["status"], row["hold_expires_at"], life.notices()) == ("held", until, ["held"])
    assert life.counted() == [(night, 1, 0) for night in life.dates.nights]
    await life.move_clock("hold_expires", until + DAY)
    assert await refused(life.move_clock("hold_expires", until + 2 * DAY)) == "role_missing"
    await life.move_clock("hold_expires", until + 2 * DAY, MANAGER)
    assert life.row()["hold_expires_at"] == until + 2 * DAY
    await life.until(until + DAY)
    assert (await life.confirm()).status == "confirmed"
    assert life.counted() == [(night, 0, 1) for night in life.dates.nights]
    assert "hold_expires" not in life.agenda()


async def test_an_option_that_nobody_makes_firm_ends_by_itself(live: Live, owner_url: str) -> None:
    """Expired at its time, the room is free, the guest is told; the desk can take it up again as an option."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 10))
    until = datetime.now(UTC) + timedelta(hours=6)
    await life.begin(actor=DESK, option_until=until)
    await life.until(until)
    await life.reaches("expired")
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]
    assert (life.events(), life.notices()) == (["option_held", "option_ended"], ["held", "expired"])
    await life.reinstate(reason="They called at last.")
    row = life.row()
    assert row["status"] == "held"
    assert row["hold_expires_at"] == row["last_instant"] + timedelta(hours=house.terms.option_hours)


@pytest.mark.parametrize("past", [timedelta(days=40), timedelta(seconds=20)])
async def test_an_option_is_not_held_for_ever_nor_for_a_moment(live: Live, owner_url: str, past: timedelta) -> None:
    """Thirty days at most, a minute at least: no booking is made otherwise."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 60))
    opened = await life.begin(actor=DESK, option_until=datetime.now(UTC) + past)
    assert opened.refusal is not None
    assert (opened.outcome, opened.refusal.code, life.row()) == ("refused", "clock_out_of_bounds", {})


@pytest.mark.parametrize(("at_end", "status"), [("decline", "expired"), ("approve", "confirmed")])
async def test_the_ladder_alerts_the_desk_and_the_manager_and_ends_by_rule(
    live: Live, owner_url: str, at_end: str, status: str
) -> None:
    """Ten hours for the answer: the desk after five, the manager after eight, then the hotel's rule."""
    house = build_house(owner_url, approval=ApprovalTerms(window_minutes=600, at_end=at_end))
    life = live(house, stay_in(house, 10))
    await life.begin()
    asked = life.row()["created_at"]
    clocks = life.agenda()
    assert clocks["approval_alert_desk"] - asked == timedelta(hours=5)
    assert clocks["approval_alert_manager"] - asked == timedelta(hours=8)
    await life.until(asked + timedelta(hours=9))
    assert life.events() == ["requested", "deadline_near", "deadline_near"]
    who = life.looked(
        "SELECT data ->> 'who' AS who FROM notices WHERE reference = %s AND kind = 'deadline_near' ORDER BY notice_id",
        life.reference,
    )
    assert [row["who"] for row in who] == ["desk", "manager"]
    await life.until(asked + timedelta(hours=10))
    row = await life.reaches(status)
    sold = 1 if status == "confirmed" else 0
    assert life.counted() == [(night, 0, sold) for night in life.dates.nights]
    assert row["attention"] == ("Confirmed without an answer." if sold else "")
    if status == "expired":
        await life.reinstate(reason="The desk was asleep.")
        row = life.row()
        assert (row["status"], row["approval_deadline"] - row["last_instant"]) == ("pending", timedelta(hours=10))
        assert life.notices()[-2:] == ["pending", "new_request"]


async def test_a_moved_deadline_takes_its_alerts_with_it(live: Live, owner_url: str) -> None:
    """Later, earlier, undone; bounds are told; an alert that has rung never rings again nor moves."""
    house = build_house(owner_url, approval=ApprovalTerms(window_minutes=600))
    life = live(house, stay_in(house, 10))
    await life.begin()
    asked = life.row()["created_at"]
    await life.move_clock("approval_deadline", asked + timedelta(hours=20))
    assert life.agenda()["approval_alert_desk"] == asked + timedelta(hours=10)
    await life.move_clock("approval_deadline", asked + timedelta(hours=5))
    assert life.agenda()["approval_alert_manager"] == asked + timedelta(hours=4)
    await life.move_clock("approval_deadline", None)
    assert life.agenda()["approval_deadline"] == asked + timedelta(hours=10)
    earliest, latest = await bounds(life.move_clock("approval_deadline", asked + 30 * DAY))
    assert latest == kochi(life.dates.arrival, 15)
    assert timedelta(seconds=40) < earliest - datetime.now(UTC) < timedelta(seconds=80)
    await life.until(asked + timedelta(hours=5))
    await life.reaches(5, "seq")
    assert await refused(life.move_clock("approval_alert_desk", asked + timedelta(hours=6))) == "clock_not_running"
    await life.move_clock("approval_deadline", asked + timedelta(hours=30))
    assert "approval_alert_desk" not in life.agenda()
    entry = next(one for one in life.row()["agenda"] if one["key"] == "approval_deadline")
    assert (entry["set_by"]["kind"], entry["set_by"]["role"], entry["set_by"]["seq"]) == ("staff", "frontdesk", 6)
    assert await refused(life.move_clock("approval_deadline", None, reason="")) == "reason_needed"
