"""What every step has in common: numbers, instants, the differences that follow from its rooms, the keys it keeps."""

from dataclasses import replace
from datetime import date

import pytest

from domain import acts, changing, steps
from domain.booking import SYSTEM, Status, Stay
from domain.steps import (
    Act,
    ChangeNews,
    NightMove,
    NoticeWish,
    Repeated,
    RoomChange,
    ended,
    listed,
    make_step,
    night_moves,
    room_changes,
    with_all,
    with_stays,
)
from tests.domain.made import (
    A_DAY,
    A_MINUTE,
    ARRIVAL,
    ASKED,
    GUEST,
    act,
    booking,
    confirmed,
    in_house,
    march,
    option,
    pending,
    with_rooms,
)

TENTH, ELEVENTH, TWELFTH = (ARRIVAL + n * A_DAY for n in range(3))
WISH = ChangeNews(0, "open", "{}", "A day more.")


def stay(status: Status, **changes: object) -> Stay:
    """A stay of three nights in that status."""
    return replace(booking(nights=3).stays[0], status=status, **changes)  # type: ignore[arg-type]


# Counters.


@pytest.mark.parametrize(
    ("status", "changes", "held", "sold"),
    [
        (Status.HELD, {}, 3, 0),
        (Status.PENDING, {}, 3, 0),
        (Status.CONFIRMED, {}, 0, 3),
        (Status.CHECKED_IN, {}, 0, 3),
        (Status.CHECKED_OUT, {"released_from": TWELFTH}, 0, 2),
        (Status.NO_SHOW, {"released_from": ELEVENTH}, 0, 1),
        (Status.CONFIRMED, {"skipped": (TENTH,)}, 0, 2),
        (Status.PENDING, {"skipped": (TENTH,)}, 2, 0),
        (Status.CANCELLED, {}, 0, 0),
        (Status.REJECTED, {}, 0, 0),
        (Status.EXPIRED, {}, 0, 0),
        (Status.FAILED, {}, 0, 0),
    ],
)
def test_a_stay_takes_the_nights_that_its_status_takes(
    status: Status, changes: dict[str, object], held: int, sold: int
) -> None:
    """Three nights from 10 March; what was given back or skipped is not taken."""
    moves = night_moves((), [stay(status, **changes)])
    assert (sum(move.held for move in moves), sum(move.sold for move in moves)) == (held, sold)
    assert night_moves([stay(status, **changes)], ()) == tuple(
        NightMove(move.room_type_id, move.night, -move.held, -move.sold) for move in moves
    )


def test_counters_move_by_the_difference_alone_and_in_one_order() -> None:
    """By room type, then by night; what cancels out is not moved."""
    before = [stay(Status.CONFIRMED, number=1, inventory_type_id=2), stay(Status.PENDING, number=2)]
    after = [stay(Status.CONFIRMED, number=1, inventory_type_id=1, departure=TWELFTH), stay(Status.CONFIRMED, number=2)]
    assert night_moves(before, after) == (
        NightMove(1, TENTH, -1, 2), NightMove(1, ELEVENTH, -1, 2), NightMove(1, TWELFTH, -1, 1),
        NightMove(2, TENTH, 0, -1), NightMove(2, ELEVENTH, 0, -1), NightMove(2, TWELFTH, 0, -1),
    )  # fmt: skip
    assert night_moves(before, before) == ()
    swapped = [replace(after[0], number=2), replace(after[1], number=1)]
    assert night_moves(after, swapped) == ()


# Rooms.


def test_a_room_is_told_where_it_or_its_nights_differ() -> None:
    before = [stay(Status.CONFIRMED, number=n, room_id=n, room_number=str(n)) for n in (1, 2, 3)]
    same = [before[0], replace(before[1], room_id=9), replace(before[2], departure=TWELFTH)]
    assert room_changes(before, same) == (RoomChange(3, 3, TENTH, TWELFTH), RoomChange(2, 9, TENTH, TWELFTH + A_DAY))
    assert room_changes(before, before) == ()


def test_rooms_are_told_by_room_and_those_that_lose_theirs_first() -> None:
    """One order for everybody who locks rooms."""
    before = [stay(Status.CONFIRMED, number=n, room_id=10 - n) for n in (1, 2, 3)]
    after = [replace(each, departure=TWELFTH) for each in before[:2]] + [ended(before[2], Status.CANCELLED)]
    assert [(change.stay, change.room_id) for change in room_changes(before, after)] == [(3, None), (2, 8), (1, 9)]


@pytest.mark.parametrize(
    ("changes", "room", "first", "end"),
    [
        ({}, 4, TENTH, TWELFTH + A_DAY),
        ({"released_from": ELEVENTH, "status": Status.CHECKED_OUT}, 4, TENTH, ELEVENTH),
        ({"expected_on": ELEVENTH}, 4, ELEVENTH, TWELFTH + A_DAY),
        ({"status": Status.NO_SHOW}, None, TENTH, TWELFTH + A_DAY),
        ({"status": Status.FAILED}, None, TENTH, TWELFTH + A_DAY),
        ({"status": Status.CHECKED_OUT, "room_id": 5}, 5, TENTH, TWELFTH + A_DAY),
    ],
)
def test_a_room_is_occupied_while_somebody_may_use_it(
    changes: dict[str, object], room: int | None, first: date, end: date
) -> None:
    """From the day on which the guest is awaited until the nights that were given back."""
    before = stay(Status.CONFIRMED, room_id=99)
    after = replace(before, room_id=4)
    assert room_changes([before], [replace(after, **changes)]) == (RoomChange(1, room, first, end),)  # type: ignore[arg-type]


def test_a_room_that_is_added_with_the_change_is_told_too() -> None:
    new = stay(Status.CONFIRMED, number=2, room_id=7)
    assert room_changes([stay(Status.CONFIRMED)], [stay(Status.CONFIRMED), new]) == (
        RoomChange(2, 7, TENTH, TWELFTH + A_DAY),
    )


# Steps.


def test_a_step_is_numbered_and_remembers_what_was_awaited() -> None:
    made = pending()
    step = make_step(made, replace(made, attention="Look here."), "noted", act(march(1, 13)), notices=())
    assert (step.after.seq, step.after.version, step.after.last_instant) == (2, 1, march(1, 13))
    assert (step.what, step.act, step.after.since) == ("noted", act(march(1, 13)), ASKED)
    assert step.awaited
    assert (step.awaited.key, step.awaited.at) == ("approval_deadline", march(2, 11, 30))
    assert (step.nights, step.rooms, step.notices, step.payment) == ((), (), (), None)
    assert (step.difference, step.clean_rooms, step.dirty_rooms, step.plans, step.added) == ({}, (), (), (), ())
    assert (step.change, step.oversell) == (None, False)
    early = make_step(made, made, "noted", act(ASKED - A_MINUTE))
    assert (early.after.last_instant, early.after.since) == (ASKED, ASKED)


def test_since_is_the_instant_of_the_present_status() -> None:
    made = confirmed()
    assert made.since == march(1, 12, 30)
    paid = acts.payment_taken(made, act(march(2, 9)), "cash", 1, "").after
    assert paid.since == march(1, 12, 30)
    assert acts.cancelled(paid, act(march(3, 9)), [1]).after.since == march(3, 9)


def test_the_closing_begins_when_the_last_guest_has_left_and_only_then() -> None:
    """Twice checked out is not twice closed: money that comes later leaves the clock where it is."""
    left = acts.checked_out(in_house(), act(march(12, 10)), in_house().stays)
    assert left.after.close_at == march(12, 11)
    assert left.notices == (NoticeWish("check_out", "guest"),)
    paid = acts.payment_taken(replace(left.after, attention="Look here."), act(march(12, 10, 30)), "cash", 1, "")
    assert (paid.after.close_at, paid.after.attention, paid.notices) == (march(12, 11), "Look here.", ())


def test_a_wish_lapses_with_the_end_unless_the_step_says_what_became_of_it() -> None:
    asked = changing.change_asked(confirmed(), act(march(1, 13), GUEST), WISH).after
    over = replace(asked, status=Status.CANCELLED)
    lapsed = make_step(asked, over, "cancelled", act(march(1, 14)))
    assert (lapsed.change, lapsed.after.change_request) == (ChangeNews(1, "lapsed"), None)
    told = make_step(asked, over, "cancelled", act(march(1, 14)), change=ChangeNews(1, "declined"))
    assert (told.change, told.after.change_request) == (ChangeNews(1, "declined"), None)
    still = make_step(asked, asked, "noted", act(march(1, 14)))
    assert (still.change, still.after.change_request) == (None, asked.change_request)


def test_a_change_of_some_rooms_is_a_decision_of_people() -> None:
    made = with_rooms(confirmed(rooms=2))
    after = with_stays(made, [2], lambda each: replace(each, status=Status.CHECKED_IN))
    assert [each.status for each in after.stays] == [Status.CONFIRMED, Status.CHECKED_IN]
    assert (after.status, after.version, after.stays[0]) == (Status.CHECKED_IN, made.version + 1, made.stays[0])


@pytest.mark.parametrize(("status", "remembers"), [(Status.CONFIRMED, False), (Status.EXPIRED, True)])
def test_the_living_rooms_share_a_status_and_those_that_end_remember_theirs(status: Status, *, remembers: bool) -> None:
    """A room that ended before stays as it ended."""
    made = acts.cancelled(pending(rooms=3), act(march(1, 13)), [2]).after
    after = with_all(made, status)
    assert [each.status for each in after.stays] == [status, Status.CANCELLED, status]
    assert after.stays[1] == made.stays[1]
    assert {each.ended_from for each in (after.stays[0], after.stays[2])} == {Status.PENDING if remembers else None}
    assert (after.status, after.version) == (status, made.version + 1)
    assert with_all(option(march(3, 12)), Status.CONFIRMED).stays[0].status is Status.CONFIRMED
    assert with_all(confirmed(), Status.FAILED).stays[0].ended_from is Status.CONFIRMED
    assert with_all(in_house(), Status.FAILED).stays == in_house().stays


def test_an_end_remembers_where_it_came_from() -> None:
    over = ended(stay(Status.CHECKED_IN), Status.NO_SHOW, fee_minor=5)
    assert (over.status, over.ended_from, over.fee_minor) == (Status.NO_SHOW, Status.CHECKED_IN, 5)


def test_numbers_of_rooms_are_told_in_a_row() -> None:
    assert (listed([1, 2, 11]), listed([])) == ("1, 2, 11", "")


def test_the_last_sixty_four_keys_are_remembered() -> None:
    """Older keys are answered from their rows."""
    step = acts.payment_taken(confirmed(), act(), "cash", 1, "")
    for number in range(70):
        step = steps.remember(step, f"key-{number}")
    assert (len(step.after.keys), step.after.keys[0], step.after.keys[-1]) == (64, "key-6", "key-69")
    assert steps.remember(step, "") is step


def test_what_nobody_did_was_done_by_the_system() -> None:
    doing = Act(march(1, 13))
    assert (doing.actor, doing.channel, doing.reason) == (SYSTEM, "system", "")
    assert [str(Repeated(same_step=same)) for same in (True, False)] == ["same step", "same key"]
    assert Repeated(same_step=True).same_step
    lapsed = ChangeNews(1, "lapsed")
    assert (lapsed.wish, lapsed.text, lapsed.plans, lapsed.before_minor, lapsed.after_minor) == ("", "", (), 0, 0)


def test_a_life_as_a_whole_adds_up() -> None:
    """Requested, approved, a room, keys, money, left: each step one number further."""
    lived = [acts.approved(pending(), act(march(1, 13)))]
    lived.append(acts.room_assigned(lived[-1].after, act(march(9, 9)), lived[-1].after.stays[0], (4, "104", 1)))
    lived.append(acts.checked_in(lived[-1].after, act(march(10, 15)), lived[-1].after.stays))
    lived.append(acts.payment_taken(lived[-1].after, act(march(11, 9)), "cash", 20_000, ""))
    lived.append(acts.checked_out(lived[-1].after, act(march(12, 10)), lived[-1].after.stays))
    assert [step.after.seq for step in lived] == [2, 3, 4, 5, 6]
    assert [step.after.version for step in lived] == [2, 3, 4, 5, 6]
    assert (lived[-1].after.balance_minor, lived[-1].dirty_rooms) == (0, (4,))
