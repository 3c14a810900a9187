"""Amending as a step, moving clocks, correcting a zone: what stays where it is and what is placed anew."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain import acts, alarms, changing
from domain.agenda import agenda, due
from domain.booking import SYSTEM, Booking, ClockMove, Status
from domain.changing import Terms
from domain.steps import ChangeNews, NoticeWish, RoomChange
from domain.terms import StayTerms
from tests.domain.made import (
    ADMIN,
    ARRIVAL,
    DESK,
    GUEST,
    MANAGER,
    act,
    confirmed,
    entry,
    in_house,
    keys,
    march,
    option,
    pending,
    plan,
    refusal,
    with_rooms,
)

ELEVENTH, TWELFTH, THIRTEENTH = (date(2027, 3, day) for day in (11, 12, 13))


def by_hand(made: Booking, key: str, at: datetime | None, **how: object) -> Booking:
    """The booking with a clock moved by the front desk on 1 March at 13:00."""
    doing = act(march(1, 13), reason="The owner is away.", **how)  # type: ignore[arg-type]
    return changing.clock_moved(made, doing, entry(made, key), at).after


# Amending.


def test_a_stay_becomes_what_its_plan_says() -> None:
    """A night longer, another plan and dearer; version and counters follow, the guest is told once."""
    made = with_rooms(confirmed())
    saver = StayTerms(2, "saver", free_until_days=None)
    wanted = plan(made.stays[0], departure=THIRTEENTH, price=12_000, rate_plan_id=4, terms=saver)
    step = changing.amended(made, act(march(2, 9), reason="A day more."), [wanted])
    stay = step.after.stays[0]
    assert (stay.arrival, stay.departure, stay.rate_plan_id, stay.terms) == (ARRIVAL, THIRTEENTH, 4, saver)
    assert (stay.total_minor, stay.night_minor) == (36_000, (12_000, 12_000, 12_000))
    assert (stay.room_id, stay.room_number, stay.status) == (1, "101", Status.CONFIRMED)
    assert (step.what, step.oversell, step.plans, step.change) == ("amended", False, (wanted,), None)
    assert [(move.night, move.held, move.sold) for move in step.nights] == [(TWELFTH, 0, 1)]
    assert step.rooms == (RoomChange(1, 1, ARRIVAL, THIRTEENTH),)
    assert step.difference == {
        "stays": "1", "total_before_minor": 20_000, "total_minor": 36_000, "fee_minor": 0, "balance_minor": 36_000,
        "dropped_clocks": "", "rooms_lost": "",
    }  # fmt: skip
    assert step.notices == (NoticeWish("changed", "guest"),)
    assert (step.after.version, step.after.attention, step.after.since) == (made.version + 1, "", made.since)


def test_a_change_may_cost_something_itself() -> None:
    """Ten rupees on top, beside what an earlier change has cost."""
    made = replace(confirmed(), fee_minor=500)
    step = changing.amended(made, act(march(2, 9), GUEST), [plan(made.stays[0])], Terms(fee_minor=1_000))
    assert (step.after.fee_minor, step.after.owed_minor) == (1_500, 21_500)
    assert (step.difference["fee_minor"], step.difference["balance_minor"]) == (1_000, 21_500)


@pytest.mark.parametrize(
    ("made", "status"),
    [(confirmed(), Status.CONFIRMED), (in_house(), Status.CONFIRMED), (option(march(3, 12)), Status.HELD),
     (pending(), Status.PENDING)],
)  # fmt: skip
def test_an_added_room_lives_as_the_others_do(made: Booking, status: Status) -> None:
    """Held with those that are held, else firm; the booking's own status goes by all of them."""
    new = plan(made.stays[0], ELEVENTH, THIRTEENTH, number=2, room_type_id=6)
    step = changing.amended(made, act(march(2, 9)), [new], Terms("amended"))
    stay = step.after.stays[1]
    assert (stay.number, stay.status, stay.room_type_id, stay.inventory_type_id) == (2, status, 6, 6)
    assert (stay.rate_plan_id, stay.total_minor, stay.night_minor) == (1, 20_000, (10_000, 10_000))
    assert (stay.arrival, stay.departure, stay.terms) == (ELEVENTH, THIRTEENTH, new.terms)
    assert step.after.status is made.status
    assert [(m.room_type_id, m.night, m.held + m.sold) for m in step.nights] == [(6, ELEVENTH, 1), (6, TWELFTH, 1)]
    assert step.difference["stays"] == "2"


def test_another_type_costs_the_room_and_the_desk_is_told() -> None:
    """Stay 1 changes its type and loses 101; stay 2 keeps 102."""
    made = with_rooms(confirmed(rooms=2))
    wanted = [plan(made.stays[0], room_type_id=6), plan(made.stays[1])]
    step = changing.amended(made, act(march(2, 9)), wanted)
    assert [(s.room_id, s.room_number, s.inventory_type_id) for s in step.after.stays] == [(None, "", 6), (2, "102", 1)]
    assert step.after.attention == "Stay 1 needs another room after the change."
    assert step.difference["rooms_lost"] == "1"
    assert step.rooms == (RoomChange(1, None, ARRIVAL, TWELFTH),)


def test_a_room_of_another_type_goes_on_being_taken_until_the_type_changes() -> None:
    """Sold type 1, living in type 2: a longer stay takes type 2; sold as type 6 it takes that."""
    made = confirmed()
    moved = acts.room_assigned(made, act(march(2, 9)), made.stays[0], (31, "301", 2)).after
    longer = changing.amended(moved, act(march(2, 9)), [plan(moved.stays[0], departure=THIRTEENTH)])
    assert [(m.room_type_id, m.night, m.sold) for m in longer.nights] == [(2, TWELFTH, 1)]
    sold = changing.amended(moved, act(march(2, 9)), [plan(moved.stays[0], room_type_id=6)])
    assert {(m.room_type_id, m.sold) for m in sold.nights} == {(2, -1), (6, 1)}


def test_a_room_that_is_taken_on_the_new_nights_is_given_up() -> None:
    """Named by the one who wrote the change; both facts reach the desk in one note."""
    made = with_rooms(confirmed(rooms=2))
    wanted = [plan(stay, departure=THIRTEENTH) for stay in made.stays]
    how = Terms(oversell=True, drop_rooms=(2,))
    step = changing.amended(made, act(march(2, 9), MANAGER), wanted, how)
    assert [stay.room_number for stay in step.after.stays] == ["101", ""]
    assert step.after.attention == "Stay 2 needs another room after the change. The change went into a full house."
    assert step.oversell


def test_a_promised_room_and_one_with_a_guest_in_it_are_never_lost() -> None:
    made = with_rooms(confirmed())
    locked = replace(made, stays=(replace(made.stays[0], room_locked=True),))
    no = refusal(lambda: changing.amended(locked, act(march(2, 9)), [plan(locked.stays[0], room_type_id=6)]))
    assert (no.code, no.kind.value, no.facts) == ("room_locked", "conflict", {"stay": 1})
    kept = changing.amended(locked, act(march(2, 9)), [plan(locked.stays[0], departure=THIRTEENTH)])
    assert kept.after.stays[0].room_locked
    inside = in_house()
    longer = [plan(inside.stays[0], departure=THIRTEENTH)]
    no = refusal(lambda: changing.amended(inside, act(march(11, 9)), longer, Terms(drop_rooms=(1,))))
    assert (no.code, no.kind.value, no.facts) == ("room_not_free", "conflict", {"room": "101"})
    bare = confirmed()
    changed = changing.amended(bare, act(march(2, 9)), [plan(bare.stays[0], room_type_id=6)], Terms(drop_rooms=(1,)))
    assert changed.after.attention == ""


def test_clocks_of_a_moved_arrival_go_back_to_the_terms_and_are_listed() -> None:
    """Arrival a day later: the audit and the free time are placed anew; the booking's own deadline stays moved."""
    made = by_hand(by_hand(confirmed(rooms=2), "no_show-1", march(11, 9)), "no_show-2", march(11, 10))
    made = by_hand(made, "cancel_free_until-1", march(10, 9))
    step = changing.amended(made, act(march(2, 9)), [plan(made.stays[0], ELEVENTH, THIRTEENTH)])
    assert step.difference["dropped_clocks"] == "no_show-1, cancel_free_until-1"
    assert entry(step.after, "no_show-1").at == march(12, 3)
    assert entry(step.after, "cancel_free_until-1").at == march(10, 18)
    assert entry(step.after, "no_show-2").at == march(11, 10)


def test_a_moved_departure_leaves_the_clocks_of_the_arrival() -> None:
    made = by_hand(confirmed(), "no_show-1", march(11, 9))
    step = changing.amended(made, act(march(2, 9)), [plan(made.stays[0], departure=THIRTEENTH)])
    assert (step.difference["dropped_clocks"], entry(step.after, "no_show-1").at) == ("", march(11, 9))
    inside = replace(in_house(), moves=(ClockMove("overstay-1", march(12, 15), "staff", "frontdesk", 9, march(11, 9)),))
    longer = changing.amended(inside, act(march(11, 9)), [plan(inside.stays[0], departure=THIRTEENTH)])
    assert longer.difference["dropped_clocks"] == "overstay-1"
    assert entry(longer.after, "overstay-1").at == march(13, 12)
    night = ClockMove("overstay_night-1", march(13, 6), "staff", "frontdesk", 9, march(12, 13))
    late = replace(inside, moves=(night,), fired=("overstay-1",))
    longer = changing.amended(late, act(march(12, 14)), [plan(late.stays[0], departure=THIRTEENTH)])
    assert (longer.difference["dropped_clocks"], longer.after.moves) == ("overstay_night-1", ())


def test_the_letter_before_the_arrival_is_sent_again_when_the_date_moved() -> None:
    """Sent on 8 March for the 10th; the arrival moves to 20 March: it is due again on 18 March."""
    made = confirmed()
    sent = alarms.clock_rang(made, due(agenda(made), march(8, 10)), act(march(8, 10), SYSTEM)).after
    later = [plan(sent.stays[0], date(2027, 3, 20), date(2027, 3, 22))]
    moved = changing.amended(sent, act(march(8, 11)), later).after
    assert entry(moved, "pre_arrival-1").at == march(18, 10)
    assert moved.fired == ()
    longer = changing.amended(sent, act(march(8, 11)), [plan(sent.stays[0], departure=THIRTEENTH)]).after
    assert "pre_arrival-1" not in keys(longer)
    assert longer.fired == ("pre_arrival-1",)


@pytest.mark.parametrize(("hour", "minute", "written"), [(9, 59, True), (10, 0, False), (10, 1, False)])
def test_a_letter_whose_moment_has_passed_is_skipped(hour: int, minute: int, written: bool) -> None:
    """On 7 March the arrival becomes 9 March: written to at 10:00 that day, or not at all; an added room likewise."""
    made = confirmed()
    new = plan(made.stays[0], date(2027, 3, 9), TWELFTH, number=2)
    wanted = [plan(made.stays[0], date(2027, 3, 9), TWELFTH), new]
    after = changing.amended(made, act(march(7, hour, minute)), wanted).after
    assert ("pre_arrival-1" in keys(after), "pre_arrival-2" in keys(after)) == (written, written)
    assert after.fired == (() if written else ("pre_arrival-1", "pre_arrival-2"))
    assert due(agenda(after), march(7, hour, minute)) == ()


def test_clocks_of_the_bookings_own_life_are_pulled_into_new_bounds() -> None:
    """The arrival becomes 1 March: the answer is due at its check-in time, 14:00, instead of the next morning."""
    made = by_hand(pending(nights=12), "approval_deadline", march(5, 9))
    early = [plan(made.stays[0], date(2027, 3, 1), date(2027, 3, 3))]
    after = changing.amended(made, act(march(1, 13)), early).after
    assert after.approval_deadline == march(1, 14)
    assert after.moves[0].at == march(1, 14)
    assert entry(after, "approval_deadline").at == march(1, 14)
    # With half an hour at least from now on.
    late = changing.amended(made, act(march(1, 13, 45)), early).after
    assert (late.approval_deadline, late.moves[0].at) == (march(1, 14, 15), march(1, 14, 15))
    kept = changing.amended(made, act(march(1, 13)), [plan(made.stays[0], departure=THIRTEENTH)]).after
    assert (kept.approval_deadline, kept.moves[0].at) == (march(2, 11, 30), march(5, 9))


def test_an_option_never_outlives_the_new_first_night() -> None:
    made = by_hand(option(march(8, 12)), "hold_expires", march(9, 12))
    early = [plan(made.stays[0], date(2027, 3, 3), date(2027, 3, 5))]
    after = changing.amended(made, act(march(2, 9)), early).after
    assert (after.hold_expires_at, after.moves[0].at) == (march(4, 3), march(4, 3))
    assert after.approval_deadline is None


# Moving a clock.


def test_a_clock_moves_with_its_reason_and_says_where_it_was() -> None:
    made = pending()
    doing = act(march(1, 13), MANAGER, "The owner is away.")
    step = changing.clock_moved(made, doing, entry(made, "approval_deadline"), march(3, 11, 30))
    assert (step.what, step.after.version, step.after.status) == ("clock_moved", 2, Status.PENDING)
    assert step.after.moves == (
        ClockMove("approval_deadline", march(3, 11, 30), "staff", "manager", 2, march(1, 13), 0),
    )
    assert step.difference == {
        "clock": "approval_deadline", "before": march(2, 11, 30).isoformat(), "at": march(3, 11, 30).isoformat(),
        "default_at": march(2, 11, 30).isoformat(),
    }  # fmt: skip
    assert (step.notices, step.nights, step.rooms) == ((), (), ())


def test_a_moved_clock_is_put_back_the_same_way() -> None:
    """The event names where it was and where the terms place it; other moves stay."""
    made = by_hand(by_hand(pending(), "approval_deadline", march(3, 9)), "cancel_free_until-1", march(8, 9))
    again = by_hand(made, "approval_deadline", march(4, 9))
    assert [(move.key, move.at, move.moves) for move in again.moves] == [
        ("cancel_free_until-1", march(8, 9), 1), ("approval_deadline", march(4, 9), 2),
    ]  # fmt: skip
    doing = act(march(1, 14), MANAGER, "The owner is here.")
    back = changing.clock_moved(again, doing, entry(again, "approval_deadline"), None)
    assert (back.what, [move.key for move in back.after.moves]) == ("clock_put_back", ["cancel_free_until-1"])
    assert (back.difference["before"], back.difference["at"]) == (march(4, 9).isoformat(), march(2, 11, 30).isoformat())
    assert back.difference["default_at"] == march(2, 11, 30).isoformat()
    assert entry(back.after, "approval_deadline").at == march(2, 11, 30)


@pytest.mark.parametrize(("actor", "moves"), [(DESK, 2), (MANAGER, 1), (ADMIN, 1)])
def test_only_the_front_desks_moves_are_counted(actor: object, moves: int) -> None:
    """One extension of an option is the desk's own; a manager's do not use it up."""
    made = by_hand(option(march(3, 12)), "hold_expires", march(4, 12))
    again = by_hand(made, "hold_expires", march(5, 12), actor=actor)
    assert [move.moves for move in again.moves] == [moves]


def test_alerts_that_a_nearer_deadline_leaves_behind_are_skipped() -> None:
    """At 13:00 the answer becomes due at 14:00: half of 11:30 to 14:00 was 12:45, four fifths are 13:30."""
    made = pending()
    step = changing.clock_moved(
        made, act(march(1, 13), MANAGER, "Now."), entry(made, "approval_deadline"), march(1, 14)
    )
    assert step.after.fired == ("approval_alert_desk",)
    assert entry(step.after, "approval_alert_manager").at == march(1, 13, 30)
    # The letter of another clock is not skipped for it.
    firm = replace(confirmed(), since=march(1, 9))
    free = by_hand(firm, "cancel_free_until-1", march(8, 9))
    assert free.fired == ()


def test_a_reminder_is_moved_by_hand_like_any_clock() -> None:
    made = by_hand(confirmed(), "pre_arrival-1", march(9, 8))
    step = alarms.clock_rang(made, due(agenda(made), march(9, 8)), act(march(9, 8), SYSTEM))
    assert step.what == "reminded"
    assert "pre_arrival-1" not in keys(step.after)


# A corrected zone.


def test_a_corrected_zone_resolves_the_clocks_of_dates_again() -> None:
    """Kochi's walls in Kathmandu are a quarter of an hour earlier: UTC is 5:45 behind instead of 5:30."""
    made = by_hand(confirmed(), "no_show-1", march(11, 9))
    step = changing.zone_corrected(made, act(march(2, 9), MANAGER), "Asia/Kathmandu", 4)
    quarter = timedelta(minutes=15)
    assert [(line.key, line.at, line.set_by.policy_version) for line in agenda(step.after)] == [
        ("pre_arrival-1", march(8, 10) - quarter, 4),
        ("cancel_free_until-1", march(9, 18) - quarter, 4),
        ("check_in_from-1", march(10, 14) - quarter, 4),
        ("no_show-1", march(11, 3) - quarter, 4),
    ]
    assert step.difference == {
        "zone_before": "Asia/Kolkata", "zone": "Asia/Kathmandu", "dropped_clocks": "no_show-1",
    }  # fmt: skip
    assert (step.what, step.after.moves, step.after.version) == ("zone_corrected", (), made.version + 1)
    assert (step.after.terms.zone, step.after.terms.version) == ("Asia/Kathmandu", 4)


def test_a_corrected_zone_leaves_the_deadlines_of_the_bookings_own_life() -> None:
    """An instant that was promised stays, unless the first check-in time is earlier now."""
    made = by_hand(pending(), "approval_deadline", march(3, 9))
    after = changing.zone_corrected(made, act(march(1, 14), MANAGER), "Asia/Kathmandu", 4).after
    assert (after.approval_deadline, after.moves[0].at) == (march(2, 11, 30), march(3, 9))
    near = changing.change_asked(confirmed(), act(march(9, 20), GUEST), ChangeNews(0, "open")).after
    assert near.change_request
    assert near.change_request.until == march(10, 14)
    pulled = changing.zone_corrected(near, act(march(9, 21), MANAGER), "Asia/Kathmandu", 4).after
    assert pulled.change_request
    assert pulled.change_request.until == march(10, 13, 45)


def test_a_letter_that_a_corrected_zone_puts_into_the_past_is_skipped() -> None:
    """At 09:50 in Kochi the letter of 10:00 would have been at 09:45: it is not sent at once."""
    made = confirmed()
    after = changing.zone_corrected(made, act(march(8, 9, 50), MANAGER), "Asia/Kathmandu", 4).after
    assert (after.fired, "pre_arrival-1" in keys(after)) == (("pre_arrival-1",), False)
    before = changing.zone_corrected(made, act(march(8, 9, 40), MANAGER), "Asia/Kathmandu", 4).after
    assert before.fired == ()
