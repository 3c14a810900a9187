"""Which moves a booking allows now, and why not.

Rules in words, with the state diagram: docs/rules/lifecycle.md. The order of answers to a command is: same key, fact
already true, stale version, not allowed.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from domain.agenda import agenda
from domain.booking import Actor, Booking, Status, Stay
from domain.obligations import owed_now
from domain.refusals import Refused, conflict, forbidden, rule
from domain.terms import check_out_by, collects


class Action(StrEnum):
    """What people can do to a booking; the words are those of the desk's addresses."""

    APPROVE = "approve"
    DECLINE = "decline"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    AMEND = "amend"
    EXTEND = "extend"
    ASSIGN_ROOM = "assign-room"
    CHECK_IN = "check-in"
    CHECK_OUT = "check-out"
    NO_SHOW = "no-show"
    REINSTATE = "reinstate"
    PAYMENTS = "payments"
    PAYMENT = "payment"
    REFUNDS = "refunds"
    CHARGES = "charges"
    WAIVE_FEE = "waive-fee"
    CLOCKS = "clocks"
    ASK_CHANGE = "change-requests"
    ANSWER_CHANGE = "answer-change"
    FAIL = "fail"


_OPEN = (Status.HELD, Status.PENDING, Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT)
_COMING = (Status.HELD, Status.PENDING, Status.CONFIRMED)
# Which statuses of a stay an action starts from, and which one makes it news of yesterday. Actions about the booking
# as a whole are not named here.
_FROM: dict[Action, tuple[Status, ...]] = {
    Action.APPROVE: (Status.PENDING,),
    Action.DECLINE: (Status.PENDING,),
    Action.CONFIRM: (Status.HELD,),
    Action.CANCEL: _COMING,
    Action.AMEND: (*_COMING, Status.CHECKED_IN),
    Action.EXTEND: (Status.CONFIRMED, Status.CHECKED_IN),
    Action.ASSIGN_ROOM: (Status.CONFIRMED,),
    Action.CHECK_IN: (Status.CONFIRMED,),
    Action.CHECK_OUT: (Status.CHECKED_IN,),
    Action.NO_SHOW: (Status.CONFIRMED,),
    Action.REINSTATE: (Status.CANCELLED, Status.NO_SHOW, Status.REJECTED, Status.EXPIRED),
    Action.FAIL: _COMING,
}
_ALREADY: dict[Action, tuple[Status, ...]] = {
    Action.APPROVE: (Status.CONFIRMED, Status.CHECKED_IN),
    Action.DECLINE: (Status.REJECTED,),
    Action.CONFIRM: (Status.CONFIRMED, Status.CHECKED_IN),
    Action.CANCEL: (Status.CANCELLED,),
    Action.AMEND: (),
    Action.EXTEND: (),
    Action.ASSIGN_ROOM: (),
    Action.CHECK_IN: (Status.CHECKED_IN,),
    Action.CHECK_OUT: (Status.CHECKED_OUT,),
    Action.NO_SHOW: (Status.NO_SHOW,),
    Action.REINSTATE: _COMING,
    Action.FAIL: (Status.FAILED,),
}
_MONEY = (Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT)
# A fee that is open after the end can still be paid or waived.
_FEES = (Status.CANCELLED, Status.NO_SHOW)
_WHOLE = (
    Action.PAYMENTS, Action.PAYMENT, Action.REFUNDS, Action.CHARGES, Action.WAIVE_FEE, Action.CLOCKS, Action.ASK_CHANGE,
    Action.ANSWER_CHANGE,
)  # fmt: skip


def allowed_actions(booking: Booking, actor_kind: str, now: datetime | None = None) -> tuple[Action, ...]:
    """The actions that the booking leaves open to a guest or to the desk, in the order of Action.

    now: without it, what depends on the hour (taking a booking up again) counts as open.
    """
    return tuple(action for action in Action if _open_to(booking, action, actor_kind, now))


def _open_to(booking: Booking, action: Action, actor_kind: str, now: datetime | None) -> bool:
    if actor_kind == "guest":
        return _open_to_guest(booking, action)
    if action in _WHOLE:
        return action not in (Action.ASK_CHANGE, Action.PAYMENT) and _whole_allows(booking, action)
    if action in (Action.APPROVE, Action.DECLINE) and booking.purse.yes_given:
        return False
    if action is Action.CHECK_IN and not any(stay.room_id for stay in booking.live(Status.CONFIRMED)):
        return False
    if action is Action.REINSTATE:
        if booking.status in (Status.CHECKED_OUT, Status.COMPLETED, Status.FAILED):
            return False
        in_time = now is None or now < check_out_by(booking.terms, booking.departure)
        return in_time and bool(booking.live(*_FROM[action]))
    if action is Action.FAIL and booking.status not in _COMING:
        return False
    return not booking.status.ended and bool(booking.live(*_FROM[action]))


def _open_to_guest(booking: Booking, action: Action) -> bool:
    guest = booking.terms.guest
    match action:
        case Action.CANCEL:
            return guest.cancel and not booking.status.ended and bool(booking.live(*_COMING))
        case Action.AMEND:
            manual = booking.terms.confirmation.value == "manual"
            return guest.amend and not manual and booking.status is Status.CONFIRMED
        case Action.ASK_CHANGE | Action.PAYMENT:
            return _whole_allows(booking, action)
        case Action.ANSWER_CHANGE:
            return booking.change_request is not None
        case _:
            return False


def _whole_allows(booking: Booking, action: Action) -> bool:
    """Whether the booking as a whole leaves this action open."""
    match action:
        case Action.PAYMENTS:
            return collects(booking.terms) and _takes_money(booking) and booking.balance_minor > 0
        case Action.PAYMENT:
            return owed_now(booking, booking.last_instant) is not None
        case Action.REFUNDS:
            return any(payment.refundable_minor > 0 for payment in booking.purse.payments)
        case Action.CHARGES:
            return booking.status in _MONEY
        case Action.WAIVE_FEE:
            return booking.status is not Status.COMPLETED and any(stay.fee_minor > 0 for stay in booking.stays)
        case Action.CLOCKS:
            return not booking.status.ended and any(entry.movable for entry in agenda(booking))
        case Action.ASK_CHANGE:
            return booking.change_request is None and booking.status in (Status.PENDING, Status.CONFIRMED)
        case _:
            return booking.change_request is not None and not booking.status.ended


def _takes_money(booking: Booking) -> bool:
    """Whether the desk may take money for it: firm ones, open fees, and rooms that are held for a payment."""
    held = booking.status is Status.HELD and booking.held_for == "payment"
    return held or booking.status in _MONEY or booking.status in _FEES


def chosen(booking: Booking, action: Action, numbers: Sequence[int]) -> tuple[Stay, ...]:
    """The stays an action is about: those named, else every one that it can start from.

    Errors: 422 stay_unknown (field `stays`).
    """
    for number in numbers:
        if booking.stay(number) is None:
            raise rule("stay_unknown", f"This booking has no stay {number}.", "stays", stay=number)
    if numbers:
        return tuple(stay for stay in booking.stays if stay.number in numbers)
    return booking.live(*_FROM[action]) or booking.stays


def already_true(booking: Booking, action: Action, numbers: Sequence[int] = ()) -> bool:
    """Whether every chosen stay has got there before, so that the command is no news."""
    if action in _WHOLE:
        return False
    if action is Action.APPROVE and booking.purse.yes_given and booking.status.holds:
        # The yes was said; what the terms ask for is on its way.
        return True
    if not numbers and not booking.live(*_FROM[action]):
        # Without names the booking as a whole is meant: one stay that got there makes it old news.
        return bool(booking.live(*_ALREADY[action]))
    return all(stay.status in _ALREADY[action] for stay in chosen(booking, action, numbers))


def check_version(booking: Booking, seen: int | None) -> None:
    """A stale page can't act: 409 version_conflict with the present version."""
    if seen is not None and seen != booking.version:
        raise conflict(
            "version_conflict",
            f"The booking has moved on to version {booking.version}; version {seen} was seen.",
            "version",
            version=booking.version,
            booking_status=booking.status.value,
        )


def check_allowed(
    booking: Booking, action: Action, numbers: Sequence[int] = (), actor_kind: str = "staff"
) -> tuple[Stay, ...]:
    """The stays the action moves, or 409 action_not_allowed with what is allowed instead."""
    # What a guest may change alone has refusals of its own, which say whom to ask.
    if actor_kind == "guest" and action is not Action.AMEND and not _open_to_guest(booking, action):
        raise not_allowed(booking, action, booking.status, actor_kind)
    if action in _WHOLE:
        named = chosen(booking, action, numbers) if numbers else booking.stays
        free = action is Action.WAIVE_FEE and not any(stay.fee_minor for stay in named)
        if free or not _may_as_a_whole(booking, action):
            raise not_allowed(booking, action, booking.status, actor_kind)
        return ()
    stays = chosen(booking, action, numbers)
    wrong = [stay for stay in stays if stay.status not in _FROM[action]]
    ended = booking.status.ended and action is not Action.REINSTATE
    never = action is Action.REINSTATE and booking.status in (Status.CHECKED_OUT, Status.COMPLETED, Status.FAILED)
    said = action is Action.DECLINE and booking.purse.yes_given
    if ended or never or wrong or said or (action is Action.FAIL and booking.status not in _COMING):
        raise not_allowed(booking, action, wrong[0].status if wrong else booking.status, actor_kind)
    return stays


def _may_as_a_whole(booking: Booking, action: Action) -> bool:
    """As `_whole_allows`, but money is judged by its own, more telling refusals."""
    if action is Action.PAYMENTS:
        return _takes_money(booking) and (booking.status not in _FEES or booking.balance_minor > 0)
    if action in (Action.PAYMENT, Action.REFUNDS):
        return True
    return _whole_allows(booking, action)


def not_allowed(booking: Booking, action: Action, status: Status, actor_kind: str = "staff") -> Refused:
    """The refusal that names the state and what can be done in it."""
    words = status.value.replace("_", " ")
    return conflict(
        "action_not_allowed",
        f"{action.value} is not possible: it is {words}.",
        booking_status=booking.status.value,
        allowed_actions=[allowed.value for allowed in allowed_actions(booking, actor_kind)],
    )


def check_managers_word(actor: Actor, what: str) -> None:
    """What goes past a rule needs the manager's hand, never a guest's: 403 role_missing."""
    if actor.kind == "guest" or actor.role == "frontdesk":
        raise forbidden("role_missing", f"{what} needs a manager.")
