"""What people do to a booking, act by act: what it leads to, what it costs, who is told."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain import acts
from domain.agenda import agenda
from domain.booking import Actor, Booking, Status, Stay
from domain.steps import NoticeWish, PaymentTaken, RoomChange
from domain.terms import EarlyDeparture, Penalty, StayTerms
from domain.waiting import waiting_for
from tests.domain.made import (
    A_DAY,
    A_MINUTE,
    ARRIVAL,
    ASKED,
    AUTO,
    DESK,
    GUEST,
    MANAGER,
    act,
    booking,
    confirmed,
    gone,
    in_house,
    keys,
    march,
    option,
    pending,
    refusal,
    with_rooms,
)

STRICT = StayTerms(2, "strict", free_until_days=None, late_cancellation=Penalty.FULL, no_show=Penalty.FULL)
AFTER_IT = NoticeWish("check_out", "guest")


def _nights(step_nights: object) -> list[tuple[date, int, int]]:
    return [(move.night, move.held, move.sold) for move in step_nights]  # type: ignore[attr-defined]


# Opening.


def test_a_request_waits_for_the_hotel_and_holds_the_nights() -> None:
    """Asked on 1 March 11:30 in Kochi, 24 hours for the answer: until 2 March 11:30."""
    step = acts.opened(booking(rooms=2), act(actor=GUEST))
    assert (step.what, step.after.status) == ("requested", Status.PENDING)
    assert {stay.status for stay in step.after.stays} == {Status.PENDING}
    assert (step.after.approval_deadline, step.after.hold_expires_at) == (march(2, 11, 30), None)
    assert _nights(step.nights) == [(ARRIVAL, 2, 0), (ARRIVAL + A_DAY, 2, 0)]
    assert step.difference == {"total_minor": 40_000, "rooms": 2}
    assert step.notices == (
        NoticeWish("received", "guest", useful_until=march(2, 11, 30)),
        NoticeWish("new_request", "staff", useful_until=march(2, 11, 30)),
    )
    assert (step.after.version, step.after.seq) == (1, 1)


def test_an_automatic_hotel_sells_at_once() -> None:
    """Confirmed in the first step, counted as sold, one letter that is of use until the last room is due back."""
    step = acts.opened(booking(terms=AUTO), act(actor=GUEST))
    assert (step.what, step.after.status, step.after.approval_deadline) == ("booked", Status.CONFIRMED, None)
    assert _nights(step.nights) == [(ARRIVAL, 0, 1), (ARRIVAL + A_DAY, 0, 1)]
    assert step.notices == (NoticeWish("confirmed", "guest", useful_until=march(12, 11)),)


def test_the_hotels_yes_may_be_given_beforehand() -> None:
    """Who may approve books firmly even where requests are answered in person."""
    step = acts.opened(booking(), act(), approves=True)
    assert (step.what, step.after.status, step.after.approval_deadline) == ("booked", Status.CONFIRMED, None)


def test_an_option_is_held_until_its_time() -> None:
    """Held, not pending, also where the hotel answers in person; the guest is told until when."""
    step = acts.opened(booking(), act(), option_until=march(3, 12))
    assert (step.what, step.after.status) == ("option_held", Status.HELD)
    assert (step.after.hold_expires_at, step.after.approval_deadline) == (march(3, 12), None)
    assert _nights(step.nights) == [(ARRIVAL, 1, 0), (ARRIVAL + A_DAY, 1, 0)]
    assert step.notices == (NoticeWish("held", "guest", useful_until=march(3, 12)),)
    assert waiting_for(step.after) == (
        "Held as an option until Wed 3 Mar 2027, 12:00 (IST); if it is not made firm by then it expires."
    )


@pytest.mark.parametrize(
    ("until", "fits"),
    [
        (ASKED + A_MINUTE - timedelta(seconds=1), False),
        (ASKED + A_MINUTE, True),
        (march(11, 3), True),
        (march(11, 3) + timedelta(seconds=1), False),
    ],
)
def test_an_option_ends_between_a_minute_from_now_and_the_first_audit(until: datetime, fits: bool) -> None:
    if fits:
        assert option(until).hold_expires_at == until
        return
    no = refusal(lambda: option(until))
    assert (no.code, no.field, no.kind.value) == ("clock_out_of_bounds", "hold_until", "rule")
    assert no.facts == {"earliest": (ASKED + A_MINUTE).isoformat(), "latest": march(11, 3).isoformat()}
    assert no.detail == ("An option may be held from Mon 1 Mar 2027, 11:31 (IST) to Thu 11 Mar 2027, 03:00 (IST).")


# The hotel's answer.


def test_the_hotels_yes_turns_held_nights_into_sold_ones() -> None:
    """The awaited clock is remembered with the event."""
    step = acts.approved(pending(), act(march(1, 13), reason="With pleasure."))
    assert (step.what, step.after.status, step.after.approval_deadline) == ("approved", Status.CONFIRMED, None)
    assert _nights(step.nights) == [(ARRIVAL, -1, 1), (ARRIVAL + A_DAY, -1, 1)]
    assert step.awaited
    assert (step.awaited.key, step.after.version, step.after.seq) == ("approval_deadline", 2, 2)
    assert (step.after.since, step.after.last_instant) == (march(1, 13), march(1, 13))
    assert step.notices == (NoticeWish("confirmed", "guest", useful_until=march(12, 11)),)
    assert step.act.reason == "With pleasure."


def test_the_hotels_no_frees_the_rooms() -> None:
    step = acts.declined(pending(rooms=2), act())
    assert (step.what, step.after.status, step.after.approval_deadline) == ("declined", Status.REJECTED, None)
    assert {(stay.status, stay.ended_from) for stay in step.after.stays} == {(Status.REJECTED, Status.PENDING)}
    assert _nights(step.nights) == [(ARRIVAL, -2, 0), (ARRIVAL + A_DAY, -2, 0)]
    assert step.notices == (NoticeWish("declined", "guest"),)
    assert (step.after.version, step.after.owed_minor) == (2, 0)


def test_an_option_made_firm_is_sold() -> None:
    step = acts.confirmed(option(march(3, 12)), act(march(2, 9)))
    assert (step.what, step.after.status, step.after.hold_expires_at) == ("confirmed", Status.CONFIRMED, None)
    assert _nights(step.nights) == [(ARRIVAL, -1, 1), (ARRIVAL + A_DAY, -1, 1)]
    assert step.notices == (NoticeWish("confirmed", "guest", useful_until=march(12, 11)),)
    assert (step.after.version, step.after.since) == (2, march(2, 9))


@pytest.mark.parametrize("made", [pending(), option(march(3, 12)), with_rooms(confirmed())])
def test_what_can_not_be_had_any_more_is_given_up(made: Booking) -> None:
    """Every clock ends, the nights and the room are free, nothing is owed, the guest is told."""
    step = acts.failed(replace(made, attention="Look here."), act(march(2, 9), reason="Water in the house."))
    assert (step.what, step.after.status, step.after.attention) == ("failed", Status.FAILED, "")
    assert (step.after.approval_deadline, step.after.hold_expires_at) == (None, None)
    assert step.after.stays[0].ended_from is made.status
    assert {move.held + move.sold for move in step.nights} == {-1}
    assert step.notices == (NoticeWish("cancelled", "guest"),)
    assert (step.after.owed_minor, agenda(step.after)) == (0, ())
    assert [change.room_id for change in step.rooms] == ([None] if made.stays[0].room_id else [])


# Cancelling and its price.


def test_one_of_two_pending_rooms_can_be_given_up() -> None:
    """The request goes on with the room that is left, and its deadline."""
    made = pending(rooms=2)
    left = acts.cancelled(made, act(actor=GUEST), [1]).after
    assert (left.status, left.approval_deadline, left.cancellation_reason) == (
        Status.PENDING, made.approval_deadline, "",
    )  # fmt: skip
    assert (left.stays[0].ended_from, left.stays[1].ended_from) == (Status.PENDING, None)
    step = acts.cancelled(left, act(actor=GUEST), [2])
    assert (step.what, step.after.status, step.after.cancellation_reason) == (
        "withdrawn", Status.CANCELLED, "withdrawn",
    )  # fmt: skip
    assert step.after.approval_deadline is None


def test_one_of_two_held_rooms_can_be_given_up() -> None:
    made = option(march(3, 12), rooms=2)
    left = acts.cancelled(made, act(), [2]).after
    assert (left.status, left.hold_expires_at) == (Status.HELD, march(3, 12))
    done = acts.cancelled(left, act(), [1])
    assert (done.what, done.after.status, done.after.hold_expires_at) == ("cancelled", Status.CANCELLED, None)


@pytest.mark.parametrize(
    ("made", "actor", "what", "word"),
    [
        (pending(), GUEST, "withdrawn", "withdrawn"),
        (pending(), DESK, "cancelled", "cancelled by staff"),
        (confirmed(), GUEST, "cancelled", "cancelled by guest"),
        (confirmed(), Actor("operator"), "cancelled", "cancelled by operator"),
    ],
)
def test_the_reason_says_who_gave_it_up(made: Booking, actor: Actor, what: str, word: str) -> None:
    step = acts.cancelled(made, act(march(1, 13), actor), [1])
    assert (step.what, step.after.cancellation_reason) == (what, word)
    assert step.notices == (NoticeWish("cancelled", "guest"),)


@pytest.mark.parametrize(
    ("at", "waive", "fee", "spared"),
    [
        (march(9, 17, 59), False, 0, 0),
        (march(9, 18), False, 10_000, 0),
        (march(9, 18), True, 0, 10_000),
        (march(9, 17, 59), True, 0, 0),
    ],
)
def test_cancelling_costs_what_the_terms_name_or_is_spared(at: datetime, waive: bool, fee: int, spared: int) -> None:
    """Free until 9 March 18:00, then the first night; what a waived fee would have been stays written down."""
    made = replace(with_rooms(confirmed(rooms=2)), paid_minor=5_000)
    locked = tuple(replace(stay, room_locked=True) for stay in made.stays)
    step = acts.cancelled(replace(made, stays=locked), act(at, MANAGER), [1], waive=waive)
    gave, kept = step.after.stays
    assert (gave.status, gave.fee_minor, gave.fee_waived_minor) == (Status.CANCELLED, fee, spared)
    assert (gave.room_id, gave.room_number, gave.room_locked) == (None, "", False)
    assert (kept.status, kept.room_id, kept.room_locked, kept.fee_minor) == (Status.CONFIRMED, 2, True, 0)
    assert step.difference == {"stays": "1", "fee_minor": fee, "waived_minor": spared}
    assert (step.after.status, step.after.cancellation_reason) == (Status.CONFIRMED, "")
    assert step.after.balance_minor == 20_000 + fee - 5_000
    assert step.rooms == (RoomChange(1, None, ARRIVAL, ARRIVAL + 2 * A_DAY),)
    assert _nights(step.nights) == [(ARRIVAL, 0, -1), (ARRIVAL + A_DAY, 0, -1)]


def test_the_fees_of_several_rooms_add_up() -> None:
    """Two rooms, not refundable: 400.00 together; a clock that was moved decides for its own room."""
    step = acts.cancelled(confirmed(rooms=2, stay_terms=STRICT), act(march(2, 9)), [1, 2])
    assert step.difference == {"stays": "1, 2", "fee_minor": 40_000, "waived_minor": 0}
    assert step.after.balance_minor == 40_000


def test_a_fee_is_waived_room_by_room_or_as_a_whole() -> None:
    """Two no-shows and one that was spared a part before: amounts are kept, the balance is what is left."""
    made = acts.no_show(confirmed(rooms=2), act(march(11, 3)), [1, 2]).after
    spared = tuple(replace(stay, fee_waived_minor=700) for stay in made.stays)
    made = replace(made, stays=spared)
    one = acts.fee_waived(made, act(march(11, 9), MANAGER, "Ill."), [2])
    assert one.what == "fee_waived"
    assert [(s.fee_minor, s.fee_waived_minor) for s in one.after.stays] == [(10_000, 700), (0, 10_700)]
    assert one.difference == {"stays": "2", "waived_minor": 10_000, "balance_minor": 10_000}
    assert (one.after.version, one.after.status) == (made.version + 1, Status.NO_SHOW)
    both = acts.fee_waived(made, act(march(11, 9), MANAGER, "Ill."), [])
    assert both.difference == {"stays": "1, 2", "waived_minor": 20_000, "balance_minor": 0}
    rest = acts.fee_waived(one.after, act(march(11, 10), MANAGER, "Ill."), [])
    assert rest.difference == {"stays": "1", "waived_minor": 10_000, "balance_minor": 0}


# Rooms, keys and money.


def test_a_room_of_another_type_takes_the_nights_of_that_type() -> None:
    """Type 1 gets its nights back, type 2 loses them; the price and what was sold stay."""
    made = confirmed(rooms=2)
    step = acts.room_assigned(made, act(march(2, 9)), made.stays[0], (31, "301", 2))
    stay = step.after.stays[0]
    assert (stay.room_id, stay.room_number, stay.inventory_type_id, stay.room_type_id) == (31, "301", 2, 1)
    assert [(m.room_type_id, m.night, m.sold) for m in step.nights] == [
        (1, ARRIVAL, -1), (1, ARRIVAL + A_DAY, -1), (2, ARRIVAL, 1), (2, ARRIVAL + A_DAY, 1),
    ]  # fmt: skip
    assert step.difference == {"stay": 1, "room_before": None, "room": "301"}
    assert step.rooms == (RoomChange(1, 31, ARRIVAL, ARRIVAL + 2 * A_DAY),)
    assert (step.what, step.after.status, step.after.total_minor) == ("room_assigned", Status.CONFIRMED, 40_000)
    again = acts.room_assigned(step.after, act(march(2, 9)), stay, (32, "302", 2))
    assert again.difference["room_before"] == "301"
    assert again.nights == ()


def test_a_room_for_one_does_not_confirm_what_is_in_the_house() -> None:
    """One guest in the house: giving the other a room leaves the booking checked in."""
    made = with_rooms(confirmed(rooms=2))
    half = acts.checked_in(made, act(march(10, 15)), made.stays[:1]).after
    step = acts.room_assigned(half, act(march(10, 16)), half.stays[1], (9, "109", 1))
    assert step.after.status is Status.CHECKED_IN


def test_guests_get_their_keys_for_clean_rooms_or_with_a_reason() -> None:
    made = with_rooms(confirmed(rooms=2))
    step = acts.checked_in(made, act(march(10, 15)), made.stays)
    assert (step.what, step.after.status, step.clean_rooms) == ("checked_in", Status.CHECKED_IN, (1, 2))
    assert {stay.checked_in_at for stay in step.after.stays} == {march(10, 15)}
    assert step.difference == {"stays": "1, 2", "rooms": "101, 102"}
    assert step.notices == tuple(NoticeWish("check_in", "guest", n, march(12, 11)) for n in (1, 2))
    assert (step.nights, step.rooms) == ((), ())
    hurried = acts.checked_in(made, act(march(10, 15), reason="She waits."), made.stays[:1])
    assert hurried.clean_rooms == ()
    assert [stay.status for stay in hurried.after.stays] == [Status.CHECKED_IN, Status.CONFIRMED]


def test_money_is_posted_to_the_day_that_is_still_open() -> None:
    """At 01:30 in Kochi the business day is still yesterday's."""
    made = confirmed()
    step = acts.payment_taken(made, act(march(10, 1, 30)), "cash", 4_000, "Slip 9")
    assert step.payment == PaymentTaken(1, "cash", 4_000, "Slip 9", date(2027, 3, 9))
    assert step.difference == {"method": "cash", "amount_minor": 4_000, "balance_minor": 16_000}
    assert (step.what, step.after.paid_minor, step.after.payments) == ("payment_received", 4_000, 1)
    second = acts.payment_taken(step.after, act(march(10, 3)), "upi", 16_000, "")
    assert second.payment == PaymentTaken(2, "upi", 16_000, "", date(2027, 3, 10))
    assert (second.after.balance_minor, second.after.version) == (0, made.version + 2)


# Leaving and not coming.


def test_leaving_as_booked_frees_nothing_and_costs_nothing() -> None:
    made = in_house(rooms=2)
    step = acts.checked_out(made, act(march(12, 10)), made.stays)
    assert (step.what, step.after.status, step.nights, step.dirty_rooms) == (
        "checked_out", Status.CHECKED_OUT, (), (1, 2),
    )  # fmt: skip
    assert step.difference == {"stays": "1, 2", "fee_minor": 0, "balance_minor": 40_000}
    assert {stay.checked_out_at for stay in step.after.stays} == {march(12, 10)}
    assert {stay.released_from for stay in step.after.stays} == {None}
    assert step.notices == (AFTER_IT,)
    later = acts.checked_out(made, act(march(14, 9)), made.stays)
    assert later.nights == ()


@pytest.mark.parametrize(
    ("at", "freed", "rule", "percent", "fee"),
    [
        # On the day of arrival night one stays, the other two go back.
        (march(10, 16), [11, 12], EarlyDeparture.NONE, 0, 0),
        (march(11, 2, 59), [11, 12], EarlyDeparture.NONE, 0, 0),
        (march(11, 9), [11, 12], EarlyDeparture.NEXT_NIGHT, 0, 10_000),
        (march(11, 9), [11, 12], EarlyDeparture.PERCENT, 25, 5_000),
        (march(11, 9), [11, 12], EarlyDeparture.FULL, 0, 20_000),
        (march(12, 3), [12], EarlyDeparture.FULL, 0, 10_000),
        (march(12, 2, 59), [11, 12], EarlyDeparture.FULL, 0, 20_000),
        (march(13, 2, 59), [12], EarlyDeparture.FULL, 0, 10_000),
        (march(13, 3), [], EarlyDeparture.FULL, 0, 0),
    ],
)
def test_leaving_early_frees_the_nights_to_come_at_the_price_of_the_terms(
    at: datetime, freed: list[int], rule: EarlyDeparture, percent: int, fee: int
) -> None:
    """Three nights from 10 March; the hotel's day ends at 03:00."""
    made = in_house(nights=3, stay_terms=StayTerms(1, "early", early_departure=rule, early_percent=percent))
    step = acts.checked_out(made, act(at), made.stays)
    assert [(move.night.day, move.sold) for move in step.nights] == [(day, -1) for day in freed]
    stay = step.after.stays[0]
    assert stay.fee_minor == fee
    assert stay.owed_minor == (3 - len(freed)) * 10_000 + fee
    assert step.difference["fee_minor"] == fee
    assert stay.released_from == (date(2027, 3, freed[0]) if freed else None)
    ends = date(2027, 3, freed[0]) if freed else date(2027, 3, 13)
    assert [(change.room_id, change.departure) for change in step.rooms] == ([(1, ends)] if freed else [])


def test_only_the_fees_of_who_leaves_are_told() -> None:
    """The other room's fee was told before; a room that is still awaited keeps the booking in the house."""
    made = with_rooms(confirmed(rooms=3, nights=3))
    inside = acts.checked_in(made, act(march(10, 15)), made.stays[:2]).after
    first = acts.checked_out(inside, act(march(10, 16)), inside.stays[:1])
    assert (first.after.status, first.difference["fee_minor"], first.notices) == (Status.CHECKED_IN, 20_000, ())
    second = acts.checked_out(first.after, act(march(10, 17)), first.after.stays[1:2])
    assert (second.after.status, second.difference["fee_minor"]) == (Status.CHECKED_IN, 20_000)
    assert second.dirty_rooms == (2,)


@pytest.mark.parametrize("last", ["cancelled", "no_show"])
def test_the_books_close_when_the_room_still_awaited_will_not_come(last: str) -> None:
    """One room has left, the other is given up or never comes: the booking is checked out and its close is set."""
    made = with_rooms(confirmed(rooms=2))
    inside = acts.checked_in(made, act(march(10, 15)), made.stays[:1]).after
    left = replace(gone(inside, march(10, 16)), attention="Look here.")
    assert left.status is Status.CHECKED_IN
    step = {"cancelled": acts.cancelled, "no_show": acts.no_show}[last](left, act(march(10, 17)), [2])
    assert (step.after.status, step.after.attention) == (Status.CHECKED_OUT, "")
    assert keys(step.after) == ["close"]
    assert step.after.close_at == march(10, 18)
    assert step.notices == (NoticeWish(last, "guest"), AFTER_IT)


@pytest.mark.parametrize(
    ("nights", "terms", "fee", "freed"),
    [
        (1, StayTerms(1, "flexible"), 10_000, []),
        (3, StayTerms(1, "flexible"), 10_000, [11, 12]),
        (3, STRICT, 30_000, [11, 12]),
        (3, StayTerms(1, "kind", no_show=Penalty.NONE), 0, [11, 12]),
        (3, StayTerms(1, "part", no_show=Penalty.PERCENT, no_show_percent=80), 24_000, [11, 12]),
        (3, StayTerms(1, "fixed", no_show=Penalty.FIXED, no_show_fixed_minor=5_000), 5_000, [11, 12]),
    ],
)
def test_who_never_comes_owes_what_the_terms_name(nights: int, terms: StayTerms, fee: int, freed: list[int]) -> None:
    """Night one stays sold; the money is the terms' matter."""
    step = acts.no_show(with_rooms(confirmed(nights=nights, stay_terms=terms)), act(march(10, 20)), [1])
    stay: Stay = step.after.stays[0]
    assert (stay.fee_minor, stay.owed_minor, stay.ended_from) == (fee, fee, Status.CONFIRMED)
    assert [(move.night.day, move.sold) for move in step.nights] == [(day, -1) for day in freed]
    assert stay.released_from == (date(2027, 3, 11) if freed else None)
    assert step.difference == {"stays": "1", "fee_minor": fee}
    assert (step.what, step.after.status) == ("no_show", Status.NO_SHOW)
    assert step.notices == (NoticeWish("no_show", "guest"),)


def test_only_the_fee_of_who_is_missing_is_told() -> None:
    made = acts.no_show(confirmed(rooms=2), act(march(11, 3)), [1]).after
    assert made.status is Status.CONFIRMED
    assert acts.no_show(made, act(march(11, 4)), [2]).difference["fee_minor"] == 10_000
