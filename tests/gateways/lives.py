"""A booking of which each kind of notice is true, made by the domain's own steps."""

from dataclasses import replace
from datetime import timedelta

from domain.acts import approved, cancelled, checked_in, checked_out, declined, no_show, payment_taken
from domain.alarms import expired
from domain.booking import Actor, Booking, ChangeAsked, Status
from domain.notices import NoticeKind
from domain.steps import Act
from tests.gateways.facts import ASKED_AT, GUEST, request, stay
from tests.gateways.payers import (
    DEPOSIT_REFUSED,
    PAID,
    REFUND_LOST,
    REFUNDED,
    TO_PAY,
    WITH_DEPOSIT_LATER,
)

LATER = ASKED_AT + timedelta(hours=1)
DESK = Act(LATER, Actor("staff", "frontdesk", 1), "desk")
PLEASE = Act(LATER, GUEST, "web")
WITHOUT_A_ROOM = frozenset({NoticeKind.EMAIL_CONFIRM, NoticeKind.EMAIL_CHANGED})


def stayed(booking: Booking, paid_minor: int) -> Booking:
    """The booking after its guests have left, with so much paid."""
    inside = checked_in(booking, DESK, booking.stays).after
    paid = payment_taken(inside, DESK, "cash", paid_minor, "").after if paid_minor else inside
    last_day = Act(ASKED_AT + timedelta(days=5), DESK.actor, "desk", "left open")
    return checked_out(paid, last_day, paid.stays).after


def option(*stays: object) -> Booking:
    """Rooms that the desk holds for a day."""
    asked = request(*stays)  # type: ignore[arg-type]
    held = tuple(replace(one, status=Status.HELD) for one in asked.stays)
    until = ASKED_AT + timedelta(days=1)
    return replace(asked, status=Status.HELD, stays=held, approval_deadline=None, hold_expires_at=until, source="phone")


FIRM = approved(request(), DESK).after
WITH_NUMBER = replace(FIRM, stays=(replace(stay(), status=Status.CONFIRMED, room_id=7, room_number="204"),))
IN_HOUSE = checked_in(WITH_NUMBER, DESK, WITH_NUMBER.stays).after
STAYED = stayed(FIRM, 2_240_000)
ASKING = replace(FIRM, change_request=ChangeAsked(1, LATER, LATER + timedelta(hours=12)))
BOOKINGS: dict[NoticeKind, Booking] = {
    NoticeKind.RECEIVED: request(),
    NoticeKind.HELD: option(),
    NoticeKind.PENDING: request(),
    NoticeKind.CONFIRMED: FIRM,
    NoticeKind.CHANGED: FIRM,
    NoticeKind.DECLINED: declined(request(), DESK).after,
    NoticeKind.EXPIRED: expired(request(), Act(LATER)).after,
    NoticeKind.CANCELLED: cancelled(FIRM, PLEASE, (1,)).after,
    NoticeKind.NO_SHOW: no_show(FIRM, DESK, (1,)).after,
    NoticeKind.PRE_ARRIVAL: FIRM,
    NoticeKind.CHECK_IN: IN_HOUSE,
    NoticeKind.CHECK_OUT: STAYED,
    NoticeKind.INVOICE: STAYED,
    NoticeKind.FEEDBACK: STAYED,
    NoticeKind.CHANGE_ANSWERED: FIRM,
    NoticeKind.PAYMENT_DUE: TO_PAY,
    NoticeKind.PAYMENT_LINK: TO_PAY,
    NoticeKind.PAYMENT_REMINDER: WITH_DEPOSIT_LATER,
    NoticeKind.PAYMENT_RECEIVED: PAID,
    NoticeKind.PAYMENT_FAILED: DEPOSIT_REFUSED,
    NoticeKind.PAYMENT_AUTHENTICATE: DEPOSIT_REFUSED,
    NoticeKind.REFUND_ISSUED: REFUNDED,
    NoticeKind.REFUND_FAILED: REFUND_LOST,
    NoticeKind.CONFIRMED_AFTER_ALL: PAID,
    NoticeKind.GUEST_LINK: FIRM,
    NoticeKind.EMAIL_CONFIRM: FIRM,
    NoticeKind.EMAIL_CHANGED: FIRM,
    NoticeKind.NEW_REQUEST: request(),
    NoticeKind.DEADLINE_NEAR: request(),
    NoticeKind.CHANGE_REQUEST: ASKING,
    NoticeKind.OVERSTAY: IN_HOUSE,
}
