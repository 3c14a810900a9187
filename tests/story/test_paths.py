"""Every other path of a booking, each lived through once on the real server with time skipping."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from domain.clocks import resolve
from domain.stay import StayDates
from domain.terms import EarlyDeparture, Penalty, StayTerms
from tests.story.asking import AUTO, DAY, in_house, kochi, refused
from tests.story.test_life import stay_in
from tests.story.world import DESK, GUEST, MANAGER, House, Life, build_house, connect, plan

Live = Callable[[House, StayDates], Life]


async def test_a_cancelled_booking_is_taken_up_again_as_it_was(live: Live, owner_url: str) -> None:
    """Its fee is reversed, its nights are taken, its letters are those of a confirmed booking."""
    house = build_house(owner_url, stay=StayTerms(1, "strict", free_until_days=None), **AUTO)
    life = live(house, stay_in(house, 10))
    await life.begin()
    await life.cancel()
    assert (life.row()["status"], life.row()["balance_minor"]) == ("cancelled", 10_000)
    assert await refused(life.reinstate()) == "reason_needed"
    await life.reinstate(reason="Cancelled by mistake.")
    row = life.row()
    assert (row["status"], row["balance_minor"], row["cancellation_reason"]) == ("confirmed", 20_000, "")
    assert life.counted() == [(night, 0, 1) for night in life.dates.nights]
    assert life.notices() == ["confirmed", "cancelled", "confirmed"]
    assert "no_show-1" in life.agenda()


async def test_a_no_show_who_comes_late_keeps_night_one_and_skips_what_passed(live: Live, owner_url: str) -> None:
    """Missing at 10:00 of day three, comes at noon: night one is owed, the second is not, the others taken again."""
    house = build_house(owner_url, **AUTO)
    life = live(house, stay_in(house, 3, nights=4))
    await life.begin()
    one, two, three, four = life.dates.nights
    await life.move_clock("no_show-1", kochi(three, 10))
    await life.until(kochi(three, 10))
    await life.reaches("no_show")
    assert life.counted() == [(one, 0, 1), (two, 0, 0), (three, 0, 0), (four, 0, 0)]
    await life.reinstate(reason="The train was late.")
    row = life.row()
    assert (row["status"], row["balance_minor"]) == ("confirmed", 30_000)
    assert life.counted() == [(one, 0, 1), (two, 0, 0), (three, 0, 1), (four, 0, 1)]
    assert life.agenda()["no_show-1"] == kochi(four, 3)
    await life.assign("101")
    assert (await life.check_in()).status == "checked_in"
    # Gone on the same day: the third night stays, the fourth goes back.
    await life.pay(30_000)
    assert (await life.check_out()).status == "checked_out"
    assert life.counted() == [(one, 0, 1), (two, 0, 0), (three, 0, 1), (four, 0, 0)]


async def test_a_full_house_takes_nobody_back_unless_a_manager_oversells(live: Live, owner_url: str) -> None:
    """409 sold_out; the desk may not oversell; the manager may, and it is counted and told."""
    house = build_house(owner_url, rooms=1, **AUTO)
    life, other = live(house, stay_in(house, 10)), live(house, stay_in(house, 10))
    await life.begin()
    await life.cancel()
    await other.begin()
    assert await refused(life.reinstate(reason="They want to come.")) == "sold_out"
    assert await refused(life.reinstate(DESK, True, reason="They want to come.")) == "role_missing"
    await life.reinstate(MANAGER, True, reason="They want to come.")
    assert life.row()["attention"] == "Taken up again into a full house."
    assert life.counted() == [(night, 0, 2) for night in life.dates.nights]
    over = life.looked("SELECT oversold FROM room_type_nights WHERE hotel_id = %s AND oversold > 0", house.hotel_id)
    assert [row["oversold"] for row in over] == [1, 1]
    await other.cancel()
    over = life.looked("SELECT oversold FROM room_type_nights WHERE hotel_id = %s AND oversold > 0", house.hotel_id)
    assert over == []


@pytest.mark.parametrize(
    ("policy", "fee"),
    [
        (EarlyDeparture.NONE, 0),
        (EarlyDeparture.NEXT_NIGHT, 10_000),
        (EarlyDeparture.PERCENT, 15_000),
        (EarlyDeparture.FULL, 30_000),
    ],
)
async def test_an_early_departure_frees_nights_and_costs_by_the_rate(
    live: Live, owner_url: str, policy: EarlyDeparture, fee: int
) -> None:
    """Four nights, gone after the first: three are free again; nothing, one, half or all of them are owed."""
    rate = StayTerms(1, "early", early_departure=policy, early_percent=50)
    house = build_house(owner_url, stay=rate, **AUTO)
    life = live(house, stay_in(house, 1, nights=4))
    await life.begin()
    await in_house(life)
    await life.pay(10_000)
    await life.until(kochi(life.dates.arrival + DAY, 9))
    if fee:
        assert await refused(life.check_out()) == "balance_open"
    await life.check_out(reason="A death in the family." if fee else "")
    first, *others = life.dates.nights
    assert life.counted() == [(first, 0, 1), *((night, 0, 0) for night in others)]
    assert life.row()["balance_minor"] == fee
    if fee:
        await life.pay(fee)
        assert life.row()["payment_status"] == "paid"


async def test_a_guest_in_the_house_stays_on(live: Live, owner_url: str) -> None:
    """Extended by two nights: taken, priced, the room is kept and the alert moves with the departure."""
    house = build_house(owner_url, **AUTO)
    life = live(house, stay_in(house, 1))
    await life.begin()
    await in_house(life)
    longer = StayDates(life.dates.arrival, life.dates.departure + 2 * DAY)
    await life.extend(1, longer, version=3)
    assert life.agenda() == {"overstay-1": kochi(longer.departure, 12)}
    assert (life.row()["balance_minor"], life.row()["departure"]) == (40_000, longer.departure)
    life.dates = longer
    assert life.counted() == [(night, 0, 1) for night in longer.nights]
    kept = life.looked("SELECT departure FROM room_segments WHERE reference = %s", life.reference)
    assert [row["departure"] for row in kept] == [longer.departure]


async def test_a_guest_who_does_not_leave_is_charged_night_by_night_for_a_week(live: Live, owner_url: str) -> None:
    """Alert at noon, a night at each audit, seven at most, even where the next guest has the room."""
    house = build_house(owner_url, rooms=1, **AUTO)
    life = live(house, stay_in(house, 0, nights=1))
    await life.begin()
    await life.assign("101")
    await life.check_in()
    other = live(house, StayDates(life.dates.departure, life.dates.departure + DAY))
    await other.begin()
    await other.assign("101")
    for added in range(1, 8):
        clocks = life.agenda()
        assert clocks == {"overstay-1": kochi(life.dates.departure + (added - 1) * DAY, 12)}
        await life.until(clocks["overstay-1"])
        await life.reaches(1 + 2 * added + 1, "seq")
        await life.until(life.agenda()["overstay_night-1"])
        row = await life.reaches(life.dates.departure + added * DAY, "departure")
        assert row["balance_minor"] == 10_000 * (1 + added)
        assert "Room 101 is given to another guest for that night." in row["attention"]
    await life.until(life.agenda()["overstay-1"])
    await life.reaches(18, "seq")
    assert life.agenda() == {}
    assert life.events().count("overstay_night") == 7
    assert (await life.check_out(reason="They have gone at last.")).status == "checked_out"


async def test_an_added_night_has_the_taxes_of_its_day_and_the_story_knows_its_price(
    live: Live, owner_url: str
) -> None:
    """A fee of 5.00 a room begins on the day of departure: 205.00 are owed, and that is what opens the door."""
    house = build_house(owner_url, **AUTO)
    life = live(house, stay_in(house, 0, nights=1))
    await life.begin()
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO tax_rules (hotel_id, tax_rule_id, code, name, kind, included, valid_from, amount_minor)"
            " VALUES (%s, 99, 'FEE', 'Room fee', 'room_night', false, %s, 500)",
            [house.hotel_id, life.dates.departure],
        )
    await life.assign("101")
    await life.check_in()
    await life.until(life.agenda()["overstay-1"])
    await life.reaches(4, "seq")
    await life.until(life.agenda()["overstay_night-1"])
    assert (await life.reaches(5, "seq"))["balance_minor"] == 20_500
    assert await refused(life.pay(20_501)) == "more_than_owed"
    await life.pay(20_500)
    assert (await life.check_out()).status == "checked_out"
    posted = life.looked(
        "SELECT code, amount_minor FROM folio_lines WHERE reference = %s AND night = %s ORDER BY number",
        life.reference, life.dates.departure,
    )  # fmt: skip
    assert [tuple(row.values()) for row in posted] == [("OVERSTAY", 10_000), ("FEE", 500)]


async def test_an_amend_drops_the_clocks_of_dates_that_move(live: Live, owner_url: str) -> None:
    """Later by two days: the moved no-show is dropped and told, the room is kept, the stay costs what the plan says."""
    house = build_house(owner_url, **AUTO)
    life = live(house, stay_in(house, 10))
    await life.begin()
    await life.assign("101")
    await life.move_clock("no_show-1", life.agenda()["no_show-1"] + timedelta(hours=3))
    later = StayDates(life.dates.arrival + 2 * DAY, life.dates.departure + 2 * DAY)
    dearer = plan(house, 1, later, **{f"d{later.arrival:%Y%m%d}": 12_000})
    assert await refused(life.amend(dearer, how={"total_minor": 20_000})) == "quote_stale"
    await life.amend(dearer, how={"total_minor": 22_000}, version=3)
    assert life.agenda()["no_show-1"] == kochi(later.arrival + DAY, 3)
    told = life.looked(
        "SELECT difference FROM booking_events WHERE reference = %s AND what = 'amended'", life.reference
    )
    assert told[0]["difference"]["dropped_clocks"] == "no_show-1"
    rooms = life.looked("SELECT arrival, departure FROM room_segments WHERE reference = %s", life.reference)
    assert rooms == [{"arrival": later.arrival, "departure": later.departure}]
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]
    # Another type loses the room, and somebody is told.
    await life.amend(plan(house, 1, later, 2))
    row = life.row()
    assert row["attention"] == "Stay 1 needs another room after the change."
    assert life.looked("SELECT 1 FROM room_segments WHERE reference = %s", life.reference) == []


async def test_nobody_is_waited_for_beyond_a_stay_that_became_shorter(live: Live, owner_url: str) -> None:
    """The no-show was moved to the last morning; the stay ends a day sooner, and its clock is the terms' again."""
    house = build_house(owner_url, **AUTO)
    life = live(house, stay_in(house, 10, nights=3))
    await life.begin()
    await life.move_clock("no_show-1", kochi(life.dates.departure, 10))
    await life.amend(plan(house, 1, StayDates(life.dates.arrival, life.dates.departure - DAY)))
    assert life.agenda()["no_show-1"] == kochi(life.dates.arrival + DAY, 3)


async def test_two_rooms_go_their_own_ways(live: Live, owner_url: str) -> None:
    """One comes, one never does, a third is given up; the booking ends with whom it had."""
    house = build_house(owner_url, rooms=3, **AUTO)
    life = live(house, stay_in(house, 1))
    await life.begin(rooms=3)
    await life.assign("101")
    await life.until(kochi(life.dates.arrival, 16))
    await life.check_in(stays=(1,))
    assert life.row()["status"] == "checked_in"
    await life.cancel(DESK, stays=(3,))
    await life.no_show(stays=(2,))
    row = life.row()
    assert (row["status"], row["balance_minor"]) == ("checked_in", 40_000)
    first, second = life.dates.nights
    assert life.counted() == [(first, 0, 2), (second, 0, 1)]
    await life.pay(40_000)
    await life.until(kochi(life.dates.departure, 10))
    await life.check_out()
    stays = life.looked("SELECT status FROM stays WHERE reference = %s ORDER BY stay", life.reference)
    assert [stay["status"] for stay in stays] == ["checked_out", "no_show", "cancelled"]
    assert life.row()["status"] == "checked_out"


@pytest.mark.parametrize("verdict", ["accepted", "declined", "withdrawn", "lapsed"])
async def test_a_change_request_is_granted_refused_taken_back_or_lapses(
    live: Live, owner_url: str, verdict: str
) -> None:
    """It takes no room until it is granted; without an answer the booking stays as it is and the guest is told."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 10))
    await life.begin()
    await life.approve()
    longer = StayDates(life.dates.arrival, life.dates.departure + DAY)
    wish = plan(house, 1, longer)
    await life.ask_change(wish)
    assert await refused(life.ask_change(wish)) == "action_not_allowed"
    assert await refused(life.answer_change(2, "declined")) == "change_not_open"
    before = (life.row()["total_minor"], life.row()["departure"])
    until = life.agenda()["change_request-1"]
    if verdict == "lapsed":
        await life.until(until)
        await life.reaches(4, "seq")
    else:
        plans = (wish,) if verdict == "accepted" else ()
        await life.answer_change(1, verdict, *plans, actor=GUEST if verdict == "withdrawn" else DESK)
    after = (life.row()["total_minor"], life.row()["departure"])
    assert after == ((30_000, longer.departure) if verdict == "accepted" else before)
    assert life.events()[-1] == f"change_{verdict}"
    written = life.looked("SELECT verdict FROM change_requests WHERE reference = %s", life.reference)
    assert written == [{"verdict": verdict}]
    letters = {"accepted": "changed", "declined": "change_answered", "lapsed": "change_answered"}
    assert life.notices()[-1] == letters.get(verdict, "change_request")
    assert "change_request-1" not in life.agenda()


async def test_a_fee_after_the_deadline_is_paid_or_waived_after_the_end(live: Live, owner_url: str) -> None:
    """First night after 18:00 of the day before; only a manager waives, with a reason; the rest can still be paid."""
    house = build_house(owner_url, stay=StayTerms(1, "half", late_cancellation=Penalty.FIRST_NIGHT), **AUTO)
    life = live(house, stay_in(house, 3))
    await life.begin(rooms=2)
    await life.until(kochi(life.dates.arrival - DAY, 18))
    assert await refused(life.cancel(fee=0)) == "fee_changed"
    assert await refused(life.cancel(GUEST, True, reason="I am a regular.")) == "role_missing"
    await life.cancel(fee=20_000)
    row = life.row()
    assert (row["status"], row["balance_minor"], row["payment_status"]) == ("cancelled", 20_000, "due")
    assert await refused(life.waive_fee(DESK, reason="A regular.")) == "role_missing"
    assert await refused(life.waive_fee()) == "reason_needed"
    await life.waive_fee(reason="A regular.", stays=(2,))
    assert life.row()["balance_minor"] == 10_000
    assert await refused(life.pay(10_001)) == "more_than_owed"
    await life.pay(10_000)
    assert (life.row()["balance_minor"], life.row()["payment_status"]) == (0, "paid")
    assert await refused(life.pay(1)) == "action_not_allowed"


async def test_an_operator_gives_up_what_cannot_be_had(live: Live, owner_url: str) -> None:
    """Failed, with its reason; the rooms are free, the guest is told, nobody takes it up again."""
    house = build_house(owner_url, **AUTO)
    life = live(house, stay_in(house, 10))
    await life.begin()
    assert await refused(life.give_up()) == "reason_needed"
    assert (await life.give_up(reason="The house has burnt down.")).status == "failed"
    assert life.counted() == [(night, 0, 0) for night in life.dates.nights]
    assert (life.row()["balance_minor"], life.notices()[-1]) == (0, "cancelled")
    assert await refused(life.reinstate(reason="It has not.")) == "action_not_allowed"


async def test_a_corrected_zone_moves_the_clocks_of_dates_and_no_others(live: Live, owner_url: str) -> None:
    """Kochi was really Lisbon: the moved no-show is resolved again; the hotel's time for its answer stays."""
    house = build_house(owner_url)
    life = live(house, stay_in(house, 10))
    await life.begin()
    deadline = life.agenda()["approval_deadline"]
    await life.move_clock("check_in_from-1", life.agenda()["check_in_from-1"] - timedelta(hours=2))
    moved = deadline + timedelta(hours=4)
    await life.move_clock("approval_deadline", moved)
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO policy_versions SELECT hotel_id, 2, terms, created_at, created_by FROM policy_versions"
            " WHERE hotel_id = %s", [house.hotel_id],
        )  # fmt: skip
    await life.correct_zone("Europe/Lisbon")
    await life.reaches(4, "seq")
    clocks = life.agenda()
    assert clocks["approval_deadline"] == moved
    assert clocks["check_in_from-1"] == resolve(life.dates.arrival, time(15), "Europe/Lisbon")
    # A correction that is known changes nothing.
    await life.correct_zone("Asia/Tokyo")
    await life.approve()
    assert life.agenda()["no_show-1"] == resolve(life.dates.arrival + DAY, time(3), "Europe/Lisbon")
    assert life.events() == ["requested", "clock_moved", "clock_moved", "zone_corrected", "approved"]
