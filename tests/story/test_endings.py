"""The other ways a booking ends, and rooms that live on while others end."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from domain.clocks import resolve
from domain.stay import StayDates
from domain.terms import Confirmation, Payment, check_in_from, no_show_at
from tests.story.test_life import stay_in
from tests.story.world import DESK, House, Life, build_house, connect, refusal

Live = Callable[[House, StayDates], Life]


async def test_the_hotel_declines_and_the_room_is_free_again(live: Live, owner_url: str) -> None:
    """Rejected, with the reason kept; a second no is no news, a yes is refused."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    assert (await life.decline(reason="The house is closed that week.")).status == "rejected"
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]
    assert (await life.decline()).outcome == "already"
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.approve()
    assert refusal(refused.value) == "action_not_allowed"
    assert life.notices() == ["received", "new_request", "declined"]


async def test_a_guest_takes_the_request_back(live: Live, owner_url: str) -> None:
    """A request withdrawn by the guest is cancelled with that word; the hotel's yes comes too late."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.cancel()
    row = life.row()
    assert (row["status"], row["cancellation_reason"]) == ("cancelled", "withdrawn")
    assert life.events()[-1] == "withdrawn"
    with pytest.raises(WorkflowUpdateFailedError):
        await life.approve()


async def test_the_desk_cancels_a_confirmed_booking_with_its_reason(live: Live, owner_url: str) -> None:
    """A cancelled booking owes nothing, gives its room back and is not reminded of anything."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 30))
    await life.begin()
    await life.approve()
    await life.assign("101")
    await life.cancel(DESK, reason="The guest called.")
    row = life.row()
    assert (row["status"], row["cancellation_reason"], row["balance_minor"]) == ("cancelled", "The guest called.", 0)
    with connect(owner_url) as db:
        left = db.execute("SELECT count(*) FROM room_segments WHERE reference = %s", [life.reference]).fetchone()
    assert left == (0,)
    assert life.notices() == ["received", "new_request", "confirmed", "cancelled"]


async def test_a_guest_who_never_comes_is_a_no_show_at_the_night_audit(live: Live, owner_url: str) -> None:
    """At the cut-off night one stays taken and the others go back on sale."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 3, nights=3))
    await life.begin()
    await life.approve()
    cut_off = no_show_at(house.terms, life.dates.arrival)
    await life.until(cut_off - timedelta(minutes=1))
    assert life.row()["status"] == "confirmed"
    await life.until(cut_off)
    await life.reaches("no_show")
    first, *others = life.dates.nights
    assert life.counted() == [(first, 0, 1), *((night, 0, 0) for night in others)]


async def test_the_desk_cannot_call_a_guest_missing_before_the_room_was_promised(live: Live, owner_url: str) -> None:
    """No-show opens with the check-in time of the arrival day."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 3))
    await life.begin()
    await life.approve()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.no_show()
    assert refusal(refused.value) == "too_early"
    await life.until(check_in_from(house.terms, life.dates.arrival))
    assert (await life.no_show(reason="They called: not coming.")).status == "no_show"


async def test_check_in_waits_for_the_business_day_a_room_and_housekeeping(live: Live, owner_url: str) -> None:
    """Too early, no room, a dirty room: each is named; a reason lets the guest into a dirty one."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 2))
    await life.begin()
    await life.approve()
    for wanted, prepare in (("too_early", None), ("room_not_assigned", "day"), ("room_not_clean", "room")):
        if prepare == "day":
            await life.until(resolve(life.dates.arrival, house.terms.audit_time, house.terms.zone))
        if prepare == "room":
            await life.assign("101")
            with connect(owner_url) as db:
                db.execute("UPDATE rooms SET housekeeping = 'dirty' WHERE hotel_id = %s", [house.hotel_id])
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await life.check_in()
        assert refusal(refused.value) == wanted
    assert (await life.check_in(reason="The guest waits in the room's garden.")).status == "checked_in"


async def test_a_room_is_never_given_to_two_guests(live: Live, owner_url: str) -> None:
    """The second assignment of a taken room is refused; another room is fine, and so is moving on."""
    house = build_house(owner_url)
    one, two = live(house, stay_in(house, 20)), live(house, stay_in(house, 21))
    for life in (one, two):
        await life.begin()
        await life.approve()
    await one.assign("101")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await two.assign("101")
    assert refusal(refused.value) == "room_not_free"
    await one.assign("102")
    assert (await two.assign("101")).outcome == "done"
    assert (await two.assign("101")).outcome == "already"


async def test_a_room_of_another_type_moves_the_nights_to_that_type(live: Live, owner_url: str) -> None:
    """The booked type keeps the price; the counters follow the room."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 20))
    await life.begin()
    await life.approve()
    await life.assign("900")
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]
    other = live(house, life.dates)
    await other.begin(rooms=2)
    with connect(owner_url) as db:
        suites = db.execute(
            "SELECT DISTINCT sold FROM room_type_nights WHERE hotel_id = %s AND room_type_id = 2 AND night = ANY(%s)",
            [house.hotel_id, list(life.dates.nights)],
        ).fetchall()
    assert suites == [(1,)]


async def test_leaving_needs_a_balance_of_zero_or_a_reason(live: Live, owner_url: str) -> None:
    """Check-out with an open balance names the amount; too much money is refused as well."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 1))
    await life.begin()
    await life.approve()
    await life.assign("101")
    await life.until(check_in_from(house.terms, life.dates.arrival))
    await life.check_in()
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await life.check_out()
    assert refusal(refused.value) == "balance_open"
    for amount, currency, wanted in (
        (0, "", "amount_not_positive"),
        (20_001, "", "more_than_owed"),
        (100, "EUR", "currency_differs"),
    ):
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await life.pay(amount, currency)
        assert refusal(refused.value) == wanted
    await life.check_out(reason="The company pays by transfer.")
    with connect(owner_url) as db:
        state = db.execute(
            "SELECT housekeeping FROM rooms WHERE hotel_id = %s AND number = '101'", [house.hotel_id]
        ).fetchone()
    assert state == ("dirty",)
    # Leaving on the arrival day keeps night one and gives the second back.
    first, second = life.dates.nights
    assert life.counted() == [(first, 0, 1), (second, 0, 0)]
    await life.until(await life.clock() + timedelta(seconds=house.terms.close_after_seconds))
    assert (await life.reaches("completed"))["attention"] == "The books were closed with an open balance."


async def test_a_guest_who_overstays_alerts_the_desk(live: Live, owner_url: str) -> None:
    """An hour past the check-out time the booking needs attention; leaving settles it."""
    house = build_house(owner_url, confirmation=Confirmation.AUTO, payment=Payment.NONE)
    life = live(house, stay_in(house, 1))
    await life.begin()
    await life.assign("101")
    await life.until(check_in_from(house.terms, life.dates.arrival))
    await life.check_in()
    await life.until(resolve(life.dates.departure, house.terms.check_out_time, house.terms.zone) + timedelta(hours=1))
    await life.reaches(True, "needs_attention")
    await life.check_out()
    assert not life.row()["needs_attention"]
    assert life.events()[-2:] == ["overstay", "checked_out"]


async def test_one_room_lives_on_while_the_other_is_cancelled(live: Live, owner_url: str) -> None:
    """Two rooms: one is given up, one arrives and leaves; the booking's status follows its stays."""
    house = build_house(owner_url, confirmation=Confirmation.AUTO, payment=Payment.NONE)
    life = live(house, stay_in(house, 1))
    await life.begin(rooms=2)
    assert life.counted() == [(night, 0, 2) for night in life.dates.nights]
    await life.cancel(stays=(2,))
    assert life.row()["status"] == "confirmed"
    assert life.counted() == [(night, 0, 1) for night in life.dates.nights]
    await life.assign("102")
    await life.until(check_in_from(house.terms, life.dates.arrival))
    await life.check_in()
    await life.check_out()
    assert life.row()["status"] == "checked_out"


async def test_a_full_house_refuses_the_next_guest_by_room_type_and_night(live: Live, owner_url: str) -> None:
    """Two rooms, three wishes: the third is refused and leaves no booking behind; two rooms at once take both."""
    house = build_house(owner_url, rooms=2)
    dates = stay_in(house, 10)
    first, second = live(house, dates), live(house, dates)
    assert (await first.begin(rooms=2)).outcome == "opened"
    refused = await second.begin()
    assert refused.refusal is not None
    assert (refused.outcome, refused.refusal.code) == ("refused", "sold_out")
    assert "Double room" in refused.refusal.detail
    assert second.row() == {}
    await first.cancel()
    assert (await second.begin()).outcome == "opened"


async def test_an_opening_nobody_waits_for_takes_nothing(live: Live, owner_url: str) -> None:
    """A start that comes to a worker too late ends without a room taken."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 10))
    assert (await life.begin(late=True)).outcome == "not_opened"
    assert life.row() == {}
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]


async def test_an_opening_that_was_written_lives_on_though_its_first_task_came_back_late(
    live: Live, owner_url: str
) -> None:
    """The worker died after the room was taken and before Temporal knew; the guest may have been answered already."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 10))
    assert (await life.begin(key="once")).outcome == "opened"
    await life.handle.terminate()
    assert (await life.begin(key="once", late=True)).outcome == "opened"
    await life.cancel()
    assert life.events() == ["requested", "withdrawn"]
