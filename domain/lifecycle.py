"""Which moves a booking allows now, and why not.

Rules in words, with the state diagram: docs/rules/lifecycle.md. The order of answers to a command is: same key, fact
already true, stale version, not allowed.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from domain.booking import Booking, Status, Stay
from domain.clocks import business_date, local_text
from domain.refusals import Refused, conflict, rule
from domain.terms import Payment, check_in_from, collects


class Action(StrEnum):
    """What people can do to a booking; the words are those of the desk's addresses."""

    APPROVE = "approve"
    DECLINE = "decline"
    CANCEL = "cancel"
    ASSIGN_ROOM = "assign-room"
    CHECK_IN = "check-in"
    CHECK_OUT = "check-out"
    NO_SHOW = "no-show"
    PAYMENTS = "payments"


# Which statuses of a stay an action starts from, and which one makes it news of yesterday.
_FROM: dict[Action, tuple[Status, ...]] = {
    Action.APPROVE: (Status.PENDING,),
    Action.DECLINE: (Status.PENDING,),
    Action.CANCEL: (Status.HELD, Status.PENDING, Status.CONFIRMED),
    Action.ASSIGN_ROOM: (Status.CONFIRMED,),
    Action.CHECK_IN: (Status.CONFIRMED,),
    Action.CHECK_OUT: (Status.CHECKED_IN,),
    Action.NO_SHOW: (Status.CONFIRMED,),
}
_ALREADY: dict[Action, tuple[Status, ...]] = {
    Action.APPROVE: (Status.CONFIRMED, Status.CHECKED_IN),
    Action.DECLINE: (Status.REJECTED,),
    Action.CANCEL: (Status.CANCELLED,),
    Action.ASSIGN_ROOM: (),
    Action.CHECK_IN: (Status.CHECKED_IN,),
    Action.CHECK_OUT: (Status.CHECKED_OUT,),
    Action.NO_SHOW: (Status.NO_SHOW,),
}
_GUEST = (Action.CANCEL,)
_MONEY = (Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT)


def allowed_actions(booking: Booking, actor_kind: str) -> tuple[Action, ...]:
    """The actions that the booking's status leaves open to a guest or to the desk, in the order of Action."""
    return tuple(action for action in Action if _open_to(booking, action, actor_kind))


def _open_to(booking: Booking, action: Action, actor_kind: str) -> bool:
    if actor_kind == "guest" and action not in _GUEST:
        return False
    if action is Action.PAYMENTS:
        return booking.terms.payment is Payment.AT_HOTEL and booking.status in _MONEY and booking.balance_minor > 0
    if action is Action.CHECK_IN and not any(stay.room_id for stay in booking.live(Status.CONFIRMED)):
        return False
    return not booking.status.ended and bool(booking.live(*_FROM[action]))


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
    if action is Action.PAYMENTS:
        return False
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


def check_allowed(booking: Booking, action: Action, numbers: Sequence[int] = ()) -> tuple[Stay, ...]:
    """The stays the action moves, or 409 action_not_allowed with what is allowed instead."""
    stays = chosen(booking, action, numbers) if action is not Action.PAYMENTS else ()
    wrong = [stay for stay in stays if stay.status not in _FROM[action]]
    if booking.status.ended or wrong or (action is Action.PAYMENTS and booking.status not in _MONEY):
        at_fault = wrong[0].status if wrong else booking.status
        raise not_allowed(booking, action, at_fault)
    return stays


def not_allowed(booking: Booking, action: Action, status: Status) -> Refused:
    """The refusal that names the state and what can be done in it."""
    words = status.value.replace("_", " ")
    return conflict(
        "action_not_allowed",
        f"{action.value} is not possible: it is {words}.",
        booking_status=booking.status.value,
        allowed_actions=[allowed.value for allowed in allowed_actions(booking, "staff")],
    )


def check_arrival_day(booking: Booking, stay: Stay, now: datetime) -> None:
    """Check-in opens with the business day of the arrival and ends with the stay.

    Errors: 422 too_early, too_late, room_not_assigned.
    """
    today = business_date(now, booking.terms.zone, booking.terms.audit_time)
    if today < stay.arrival:
        raise rule(
            "too_early",
            f"Stay {stay.number} arrives on {stay.arrival}; the hotel's business day is {today}.",
            business_date=today.isoformat(),
        )
    if today >= stay.departure:
        raise rule(
            "too_late",
            f"Stay {stay.number} was to leave on {stay.departure}; the hotel's business day is {today}.",
            business_date=today.isoformat(),
        )
    if stay.room_id is None:
        raise rule("room_not_assigned", f"Stay {stay.number} has no room yet; assign one first.", stay=stay.number)


def check_no_show(booking: Booking, stay: Stay, now: datetime) -> None:
    """A guest can't be missing before the room was promised: 422 too_early."""
    opens = check_in_from(booking.terms, stay.arrival)
    if now < opens:
        raise rule(
            "too_early",
            f"Stay {stay.number} may still come: check-in opens {local_text(opens, booking.terms.zone)}.",
            earliest=opens.isoformat(),
        )


def check_balance(booking: Booking, leaving: Sequence[Stay], reason: str) -> None:
    """The last room to leave needs a balance of zero or a written reason: 422 balance_open (field `reason`)."""
    still_here = [stay for stay in booking.live(Status.CHECKED_IN, Status.CONFIRMED) if stay not in leaving]
    if collects(booking.terms) and not still_here and booking.balance_minor != 0 and not reason:
        raise rule(
            "balance_open",
            "The balance is not zero; record the payment, or give the reason for leaving it open.",
            "reason",
            balance_minor=booking.balance_minor,
            currency=booking.terms.currency,
        )


def check_payment(booking: Booking, amount_minor: int, currency: str) -> None:
    """Money the desk takes: 422 payments_not_taken, amount_not_positive, currency_differs, more_than_owed."""
    if not collects(booking.terms):
        raise rule("payments_not_taken", "This hotel takes no payments through Holdfast.", "amount")
    if amount_minor <= 0:
        raise rule("amount_not_positive", "The amount must be more than zero.", "amount.amount_minor")
    if currency != booking.terms.currency:
        raise rule("currency_differs", f"The booking is in {booking.terms.currency}.", "amount.currency")
    if amount_minor > booking.balance_minor:
        raise rule(
            "more_than_owed",
            "The amount is more than the open balance.",
            "amount.amount_minor",
            balance_minor=booking.balance_minor,
            currency=booking.terms.currency,
        )
