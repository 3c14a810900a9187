"""Cells beside the tables: what one booking a status can't show.

Each is a booking that differs from the tables' one, with who asks what of it, and when.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from domain import acts, changing
from domain.booking import SYSTEM, Status
from domain.lifecycle import Action
from domain.terms import ApprovalTerms, ChecklistPoint, Payment
from messages import bookings as ask
from tests.api.cells import OPENED, WHY, Other, asked_by, given_up, wished
from tests.domain.made import (
    ADMIN,
    AUTO,
    DESK,
    GUEST,
    KOCHI,
    MANAGER,
    act,
    booking,
    entry,
    march,
    pending,
    plan,
    with_rooms,
)

DESK_ASKS, MANAGER_ASKS, GUEST_ASKS = asked_by(DESK), asked_by(MANAGER), asked_by(GUEST)
SILENT = replace(MANAGER_ASKS, reason="")
HELD, ASKED, FIRM, IN_HOUSE = (OPENED[status][0] for status in tuple(Status)[:4])
MANUAL = acts.approved(pending(nights=3), act(march(2, 9))).after
TWO = with_rooms(acts.opened(booking(2, 3, AUTO), act()).after)
ONE_IN = acts.checked_in(TWO, act(march(10, 15)), TWO.stays[:1]).after
ONE_LESS = acts.cancelled(TWO, act(march(2, 9)), [2]).after
NEEDED = ApprovalTerms(checklist=(ChecklistPoint("Passport", needed=True),))
POINTS = pending(nights=3, terms=replace(KOCHI, approval=NEEDED))
EXTENDED = changing.clock_moved(HELD, act(march(2, 8), DESK, WHY), entry(HELD, "hold_expires"), march(4, 12)).after


def _of_requests() -> Iterator[Other]:
    yield Other(
        "a needed point of the checklist is open",
        "Front desk",
        POINTS,
        Action.APPROVE,
        ask.Approve(DESK_ASKS),
        march(1, 13),
    )
    yield Other(
        "the needed point is done",
        "Front desk",
        POINTS,
        Action.APPROVE,
        ask.Approve(DESK_ASKS, ("Passport",)),
        march(1, 13),
    )
    yield Other(
        "a stale page: version 1 was seen, it is version 2",
        "Front desk",
        wished(ASKED, march(1, 12)),
        Action.APPROVE,
        ask.Approve(replace(DESK_ASKS, version=1)),
        march(1, 13),
    )
    yield Other(
        "an option that was given up",
        "Front desk",
        given_up(HELD, march(2, 9), DESK),
        Action.REINSTATE,
        ask.Reinstate(DESK_ASKS),
        march(2, 10),
    )
    yield Other(
        "a request that the guest withdrew",
        "Front desk",
        given_up(ASKED, march(1, 13)),
        Action.REINSTATE,
        ask.Reinstate(DESK_ASKS),
        march(2, 10),
    )
    yield Other(
        "a request whose first night has begun",
        "Front desk",
        OPENED[Status.EXPIRED][0],
        Action.REINSTATE,
        ask.Reinstate(DESK_ASKS),
        march(11, 9),
    )


def _of_giving_up() -> Iterator[Other]:
    yield Other(
        "one room of two", "Front desk", TWO, Action.CANCEL, ask.Cancel(asked_by(DESK, stays=(2,))), march(2, 9)
    )
    yield Other(
        "the room that was cancelled before",
        "Front desk",
        ONE_LESS,
        Action.CANCEL,
        ask.Cancel(asked_by(DESK, stays=(2,))),
        march(2, 10),
    )
    yield Other(
        "a room that the booking does not have",
        "Front desk",
        TWO,
        Action.CANCEL,
        ask.Cancel(asked_by(DESK, stays=(9,))),
        march(2, 9),
    )
    yield Other(
        "one in the house, the room that is awaited",
        "Guest",
        ONE_IN,
        Action.CANCEL,
        ask.Cancel(GUEST_ASKS),
        march(10, 16),
    )
    yield Other(
        "the fee that was told is not the fee",
        "Guest",
        FIRM,
        Action.CANCEL,
        ask.Cancel(GUEST_ASKS, expected_fee_minor=100),
        march(2, 9),
    )
    yield Other(
        "the fee is waived with it",
        "Front desk",
        FIRM,
        Action.CANCEL,
        ask.Cancel(DESK_ASKS, waive_fee=True),
        march(10, 9),
    )
    yield Other(
        "the fee is waived with it",
        "Manager",
        FIRM,
        Action.CANCEL,
        ask.Cancel(MANAGER_ASKS, waive_fee=True),
        march(10, 9),
    )


def _of_the_stay() -> Iterator[Other]:
    yield Other(
        "no room named, two that could be meant",
        "Front desk",
        TWO,
        Action.ASSIGN_ROOM,
        ask.AssignRoom(DESK_ASKS, 3, "103", 1),
        march(2, 9),
    )
    yield Other(
        "the room it has",
        "Front desk",
        TWO,
        Action.ASSIGN_ROOM,
        ask.AssignRoom(asked_by(DESK, stays=(1,)), 1, "101", 1),
        march(2, 9),
    )
    yield Other("the day before the arrival", "Front desk", FIRM, Action.CHECK_IN, ask.CheckIn(DESK_ASKS), march(9, 20))
    yield Other("no room was given", "Front desk", MANUAL, Action.CHECK_IN, ask.CheckIn(DESK_ASKS), march(10, 15))
    yield Other(
        "an open balance and no reason",
        "Front desk",
        IN_HOUSE,
        Action.CHECK_OUT,
        ask.CheckOut(replace(DESK_ASKS, reason="")),
        march(13, 10),
    )
    yield Other(
        "before the check-in time", "Front desk", FIRM, Action.NO_SHOW, ask.MarkNoShow(DESK_ASKS), march(10, 13)
    )


def _of_coming_back() -> Iterator[Other]:
    yield Other(
        "one in the house, the other a no-show",
        "Front desk",
        acts.no_show(ONE_IN, act(march(11, 3), SYSTEM), [2]).after,
        Action.REINSTATE,
        ask.Reinstate(DESK_ASKS),
        march(11, 9),
    )
    yield Other(
        "after the last check-out time",
        "Front desk",
        OPENED[Status.CANCELLED][0],
        Action.REINSTATE,
        ask.Reinstate(DESK_ASKS),
        march(13, 11),
    )
    yield Other(
        "into a full house",
        "Front desk",
        OPENED[Status.CANCELLED][0],
        Action.REINSTATE,
        ask.Reinstate(DESK_ASKS, oversell=True),
        march(10, 10),
    )
    yield Other(
        "into a full house",
        "Manager",
        OPENED[Status.CANCELLED][0],
        Action.REINSTATE,
        ask.Reinstate(MANAGER_ASKS, oversell=True),
        march(10, 10),
    )


def _of_changes() -> Iterator[Other]:
    stay = FIRM.stays[0]
    longer = (plan(stay, departure=date(2027, 3, 14)),)
    asked = wished(FIRM, march(2, 8))
    yield Other(
        "a hotel that answers in person", "Guest", MANUAL, Action.AMEND, ask.Amend(GUEST_ASKS, longer), march(2, 10)
    )
    yield Other(
        "the price is another by now",
        "Guest",
        FIRM,
        Action.AMEND,
        ask.Amend(GUEST_ASKS, longer, total_minor=1),
        march(2, 9),
    )
    yield Other(
        "into a full house", "Front desk", FIRM, Action.AMEND, ask.Amend(DESK_ASKS, longer, oversell=True), march(2, 9)
    )
    yield Other("a wish is open", "Guest", asked, Action.ASK_CHANGE, ask.AskChange(GUEST_ASKS, "{}"), march(2, 9))
    yield Other(
        "the wish is granted",
        "Front desk",
        asked,
        Action.ANSWER_CHANGE,
        ask.AnswerChange(DESK_ASKS, 1, "accepted", longer),
        march(2, 9),
    )
    yield Other(
        "another wish than the open one",
        "Front desk",
        asked,
        Action.ANSWER_CHANGE,
        ask.AnswerChange(DESK_ASKS, 2, "declined"),
        march(2, 9),
    )
    yield Other(
        "more than is owed",
        "Front desk",
        FIRM,
        Action.PAYMENTS,
        ask.TakePayment(DESK_ASKS, "cash", 30_001, "INR"),
        march(2, 9),
    )
    yield Other(
        "a hotel that takes no money",
        "Front desk",
        replace(FIRM, terms=replace(AUTO, payment=Payment.NONE)),
        Action.PAYMENTS,
        ask.TakePayment(DESK_ASKS, "cash", 100, "INR"),
        march(2, 9),
    )
    yield Other("no reason", "Manager", OPENED[Status.NO_SHOW][0], Action.WAIVE_FEE, ask.WaiveFee(SILENT), march(11, 9))
    yield Other(
        "no reason", "Administrator", FIRM, Action.FAIL, ask.GiveUp(replace(asked_by(ADMIN), reason="")), march(2, 9)
    )


def _of_clocks() -> Iterator[Other]:
    rung = replace(FIRM, fired=("pre_arrival-1",))
    for told, who, made, command, now in (
        ("no reason", "Manager", ASKED, ask.MoveClock(SILENT, "approval_deadline", march(4, 12)), march(1, 13)),
        ("past the check-in time", "Manager", ASKED, ask.MoveClock(MANAGER_ASKS, "approval_deadline", march(10, 15)),
         march(1, 13)),
        ("a clock that has rung", "Front desk", rung, ask.MoveClock(DESK_ASKS, "pre_arrival-1", march(9, 9)),
         march(8, 11)),
        ("put back where it is", "Front desk", ASKED, ask.MoveClock(DESK_ASKS, "approval_deadline"), march(1, 13)),
        ("an option, a second time", "Front desk", EXTENDED, ask.MoveClock(DESK_ASKS, "hold_expires", march(5, 12)),
         march(2, 9)),
        ("an option, a second time", "Manager", EXTENDED, ask.MoveClock(MANAGER_ASKS, "hold_expires", march(5, 12)),
         march(2, 9)),
        ("an option, where it is by now", "Front desk", EXTENDED,
         ask.MoveClock(DESK_ASKS, "hold_expires", march(4, 12)), march(2, 9)),
        ("an option, put back", "Front desk", EXTENDED, ask.MoveClock(DESK_ASKS, "hold_expires"), march(2, 9)),
        ("an option whose first end has passed, put back", "Front desk", EXTENDED,
         ask.MoveClock(DESK_ASKS, "hold_expires"), march(3, 13)),
    ):  # fmt: skip
        yield Other(told, who, made, Action.CLOCKS, command, now)


def others() -> tuple[Other, ...]:
    """Cells beside the tables."""
    return (
        *_of_requests(), *_of_giving_up(), *_of_the_stay(), *_of_coming_back(), *_of_changes(), *_of_clocks(),
    )  # fmt: skip
