"""Notices: who is told what about a booking, whether it is still true, and until when it is of use.

Rule: docs/rules/notices.md. Instants are aware UTC datetimes.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from domain.agenda import agenda
from domain.booking import GONE, Booking, Status, Stay
from domain.obligations import owed_now
from domain.payments import RefundState
from domain.terms import check_in_from, check_out_by

BATCH = 50
MOST_ATTEMPTS = 20
MOST_ADDRESS_CHARACTERS = 254
NO_ADDRESS = "There is no e-mail address."
# How long after the departure a guest is still thanked and asked, and a link still opens the booking.
AFTERWARDS = timedelta(days=30)

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+\.[^\s@,;:<>.]{2,}")


class NoticeKind(StrEnum):
    """What a notice tells."""

    RECEIVED = "received"
    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    PRE_ARRIVAL = "pre_arrival"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    INVOICE = "invoice"
    FEEDBACK = "feedback"
    CHANGE_ANSWERED = "change_answered"
    PAYMENT_DUE = "payment_due"
    PAYMENT_LINK = "payment_link"
    PAYMENT_REMINDER = "payment_reminder"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_AUTHENTICATE = "payment_authenticate"
    REFUND_ISSUED = "refund_issued"
    REFUND_FAILED = "refund_failed"
    CONFIRMED_AFTER_ALL = "confirmed_after_all"
    GUEST_LINK = "guest_link"
    EMAIL_CONFIRM = "email_confirm"
    EMAIL_CHANGED = "email_changed"
    NEW_REQUEST = "new_request"
    DEADLINE_NEAR = "deadline_near"
    CHANGE_REQUEST = "change_request"
    OVERSTAY = "overstay"

    @property
    def audience(self) -> str:
        """Who reads it: guest or staff."""
        return "staff" if self in _TO_STAFF else "guest"


_TO_STAFF = (NoticeKind.NEW_REQUEST, NoticeKind.DEADLINE_NEAR, NoticeKind.CHANGE_REQUEST, NoticeKind.OVERSTAY)
KINDS: tuple[str, ...] = tuple(NoticeKind)
# Letters about the booking's page and the reader's address: they are about no room, and may follow a cancellation.
LINKS = (NoticeKind.GUEST_LINK, NoticeKind.EMAIL_CONFIRM, NoticeKind.EMAIL_CHANGED)
# Letters that ask for money and carry the link to pay.
ASKING = (
    NoticeKind.PAYMENT_DUE,
    NoticeKind.PAYMENT_LINK,
    NoticeKind.PAYMENT_FAILED,
    NoticeKind.PAYMENT_AUTHENTICATE,
)
# Letters about money that moved: that it did stays true, whatever becomes of the booking.
MOVED = (NoticeKind.PAYMENT_RECEIVED, NoticeKind.REFUND_ISSUED, NoticeKind.REFUND_FAILED)
# Without these a guest does not learn how the booking stands, or cannot reach it.
ESSENTIAL = (
    NoticeKind.RECEIVED,
    NoticeKind.CONFIRMED,
    NoticeKind.CANCELLED,
    NoticeKind.EXPIRED,
    NoticeKind.DECLINED,
    NoticeKind.CONFIRMED_AFTER_ALL,
    *ASKING,
    NoticeKind.REFUND_ISSUED,
    NoticeKind.REFUND_FAILED,
    *LINKS,
)
# A room is told of such a thing once in its life, however often the hotel's clocks or people ask for it.
ONCE = (NoticeKind.PRE_ARRIVAL, NoticeKind.CHECK_IN, NoticeKind.CHECK_OUT, NoticeKind.FEEDBACK)
# Rooms that go one after the other are told one after the other, while others of the booking stay.
_PIECEMEAL = (NoticeKind.CANCELLED, NoticeKind.NO_SHOW)

# When a notice is true: the booking's statuses, and those of a room it can be about.
_ANY = tuple(Status)
_ASKED = (Status.HELD, Status.PENDING)
_FIRM = (Status.CONFIRMED, Status.CHECKED_IN)
# A yes may come before the first letter has left; that somebody asked stays true, and is then told in other words.
_STAYED = (*_FIRM, Status.CHECKED_OUT, Status.COMPLETED)
_OPEN = (*_ASKED, *_FIRM)
# Where something can be asked for: a room held for its payment, an open balance, and a fee of what has ended.
_OWING = (Status.HELD, *_FIRM, Status.CHECKED_OUT, Status.CANCELLED, Status.NO_SHOW)
_TRUE: dict[NoticeKind, tuple[tuple[Status, ...], tuple[Status, ...]]] = {
    NoticeKind.RECEIVED: ((*_ASKED, *_STAYED), (*_ASKED, *_STAYED)),
    NoticeKind.HELD: ((Status.HELD,), (Status.HELD,)),
    NoticeKind.PENDING: ((Status.PENDING,), (Status.PENDING,)),
    NoticeKind.CONFIRMED: (_STAYED, _STAYED),
    NoticeKind.CHANGED: (_OPEN, _OPEN),
    NoticeKind.DECLINED: ((Status.REJECTED,), (Status.REJECTED,)),
    NoticeKind.EXPIRED: ((Status.EXPIRED,), (Status.EXPIRED,)),
    # A booking that failed is given up by the hotel.
    NoticeKind.CANCELLED: (_ANY, (Status.CANCELLED, Status.FAILED)),
    NoticeKind.NO_SHOW: (_ANY, (Status.NO_SHOW,)),
    NoticeKind.PRE_ARRIVAL: (_FIRM, (Status.CONFIRMED,)),
    NoticeKind.CHECK_IN: ((Status.CHECKED_IN,), (Status.CHECKED_IN,)),
    NoticeKind.CHECK_OUT: ((Status.CHECKED_IN, Status.CHECKED_OUT, Status.COMPLETED), (Status.CHECKED_OUT,)),
    NoticeKind.INVOICE: ((Status.CHECKED_OUT, Status.COMPLETED), (Status.CHECKED_OUT,)),
    NoticeKind.FEEDBACK: ((Status.CHECKED_OUT, Status.COMPLETED), (Status.CHECKED_OUT,)),
    NoticeKind.CHANGE_ANSWERED: (_OPEN, _OPEN),
    NoticeKind.PAYMENT_DUE: ((Status.HELD,), (Status.HELD,)),
    NoticeKind.PAYMENT_LINK: (_OWING, _ANY),
    NoticeKind.PAYMENT_REMINDER: ((Status.CONFIRMED,), (Status.CONFIRMED,)),
    NoticeKind.PAYMENT_RECEIVED: (_ANY, _ANY),
    NoticeKind.PAYMENT_FAILED: (_OWING, _ANY),
    NoticeKind.PAYMENT_AUTHENTICATE: (_OWING, _ANY),
    NoticeKind.REFUND_ISSUED: (_ANY, _ANY),
    NoticeKind.REFUND_FAILED: (_ANY, _ANY),
    NoticeKind.CONFIRMED_AFTER_ALL: (_STAYED, _STAYED),
    NoticeKind.GUEST_LINK: (_ANY, _ANY),
    NoticeKind.EMAIL_CONFIRM: (_ANY, _ANY),
    NoticeKind.EMAIL_CHANGED: (_ANY, _ANY),
    NoticeKind.NEW_REQUEST: ((*_ASKED, *_STAYED), (*_ASKED, *_STAYED)),
    NoticeKind.DEADLINE_NEAR: ((Status.PENDING,), (Status.PENDING,)),
    NoticeKind.CHANGE_REQUEST: (_OPEN, _OPEN),
    NoticeKind.OVERSTAY: ((Status.CHECKED_IN,), (Status.CHECKED_IN,)),
}


@dataclass(frozen=True)
class Notice:
    """A notice as it waits to be sent.

    stay: the room it names, None for all. useful_until: from then on it would only confuse. attempts: sendings that
    ended unclear. What a letter needs beside the booking: who: desk or manager, to whom a deadline is told; verdict:
    declined or lapsed, what became of a change request; change: the number of that request; link: the page that
    confirms an address; payment, refund: the number of the one that is told of; cause: why a refund was made;
    amount_minor: what will be taken; resend_of: the notice that a person sends again.
    """

    notice_id: int
    kind: NoticeKind
    stay: int | None = None
    useful_until: datetime | None = None
    attempts: int = 0
    who: str = ""
    verdict: str = ""
    change: int | None = None
    link: str = ""
    payment: int | None = None
    refund: int | None = None
    cause: str = ""
    amount_minor: int | None = None
    resend_of: int | None = None


@dataclass(frozen=True)
class NoticeEnd:
    """What became of a notice. state: sent, dropped or undeliverable; provider_id: the provider's name for it."""

    notice_id: int
    state: str
    reason: str = ""
    provider_id: str | None = None

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to look. That a guest gave no address is known at the desk and is nobody's mistake."""
        return self.state == "undeliverable" and self.reason != NO_ADDRESS


def still_true(notice: Notice, booking: Booking, at: datetime) -> bool:
    """Whether what the notice says is so at this instant."""
    if booking.status not in _TRUE[notice.kind][0] or not told_rooms(notice.kind, booking.stays, notice.stay):
        return False
    match notice.kind:
        case NoticeKind.CHANGE_REQUEST:
            asked = booking.change_request
            return asked is not None and notice.change in (None, asked.number)
        case NoticeKind.OVERSTAY:
            return any(_is_late(booking, stay, at) for stay in _about(notice, booking))
        case NoticeKind.HELD:
            return booking.held_for != "payment"
        case kind if kind in ASKING:
            return owed_now(booking, at) is not None
        case kind if kind in MOVED:
            return _has_moved(notice, booking)
        case NoticeKind.PAYMENT_REMINDER:
            return clock(booking, "deposit_due") is not None
        case NoticeKind.GUEST_LINK:
            return booking.terms.guest_portal
        case NoticeKind.EMAIL_CONFIRM:
            return bool(notice.link)
        case _:
            return True


def _has_moved(notice: Notice, booking: Booking) -> bool:
    """Whether the payment or refund is there, and is what the notice says of it."""
    if notice.kind is NoticeKind.PAYMENT_RECEIVED:
        payment = booking.purse.payment(notice.payment or 0)
        return payment is not None and payment.captured_minor > 0
    refund = booking.purse.refund(notice.refund or 0)
    lost = (RefundState.FAILED, RefundState.CANCELED)
    return refund is not None and (refund.state in lost) is (notice.kind is NoticeKind.REFUND_FAILED)


def _is_late(booking: Booking, stay: Stay, at: datetime) -> bool:
    """Whether the guest is in the house beyond what was booked: past the check-out time, or for an added night."""
    return stay.overstayed > 0 or check_out_by(booking.terms, stay.departure) <= at


def _about(notice: Notice, booking: Booking) -> tuple[Stay, ...]:
    return told_rooms(notice.kind, booking.stays, notice.stay)


def told_rooms(kind: NoticeKind, stays: Sequence[Stay], named: int | None) -> tuple[Stay, ...]:
    """The rooms a letter can list: those it is true of, and with a named room only those of the same arrival.

    A named room that it is not true of leaves nothing to tell, whatever the others are. A letter about money tells of
    the rooms that are still had, and of all once none is.
    """
    true = tuple(stay for stay in stays if stay.status in _TRUE[kind][1])
    if kind in ASKING or kind in MOVED:
        true = tuple(stay for stay in true if stay.status not in GONE) or true
    if named is None:
        return true
    arrival = next((stay.arrival for stay in true if stay.number == named), None)
    return tuple(stay for stay in true if stay.arrival == arrival)


def room_name(stay: Stay) -> str:
    """How a room that was told of is remembered: another arrival makes it news again."""
    return f"{stay.number}@{stay.arrival.isoformat()}"


def chosen_rooms(notice: Notice, booking: Booking, told_before: AbstractSet[str]) -> tuple[Stay, ...]:
    """The rooms that the letter lists. told_before: names of rooms in letters of this kind that were sent already."""
    rooms = _about(notice, booking)
    fresh = tuple(stay for stay in rooms if room_name(stay) not in told_before)
    if notice.resend_of is not None:
        return rooms
    if notice.kind in ONCE:
        return fresh
    if notice.kind in _PIECEMEAL and booking.status not in (Status.CANCELLED, Status.NO_SHOW):
        return fresh or rooms
    return rooms


def useful_until(notice: Notice, booking: Booking) -> datetime | None:
    """The instant from which the notice would only confuse, as the booking stands now; None where there is none."""
    ends = (notice.useful_until, _moment(notice, booking))
    return min((end for end in ends if end is not None), default=None)


def clock(booking: Booking, key: str) -> datetime | None:
    """When a clock of the agenda rings, wherever it was moved to; None where it does not run."""
    return next((entry.at for entry in agenda(booking) if entry.key == key), None)


def pay_until(booking: Booking) -> datetime | None:
    """Until when what is asked for can be paid, or the room is kept for it; None where no clock runs."""
    return clock(booking, "hold_expires") or clock(booking, "payment_due")


def _moment(notice: Notice, booking: Booking) -> datetime | None:
    """The moment that a kind of notice is about, or the end of its use."""
    terms, rooms = booking.terms, _about(notice, booking) or booking.stays
    departure = max(stay.departure for stay in rooms)
    match notice.kind:
        case NoticeKind.HELD:
            return clock(booking, "hold_expires")
        case NoticeKind.PAYMENT_REMINDER:
            return clock(booking, "deposit_due")
        case NoticeKind.PAYMENT_LINK:
            return pay_until(booking) or datetime.combine(booking.departure, time(), UTC) + AFTERWARDS
        case kind if kind in ASKING:
            return pay_until(booking)
        case NoticeKind.PENDING | NoticeKind.DEADLINE_NEAR:
            return clock(booking, "approval_deadline")
        case NoticeKind.CHANGE_REQUEST:
            return clock(booking, f"change_request-{booking.change_request.number}") if booking.change_request else None
        case NoticeKind.PRE_ARRIVAL:
            return min(_opens(booking, stay) for stay in rooms)
        case NoticeKind.CONFIRMED | NoticeKind.CONFIRMED_AFTER_ALL | NoticeKind.CHANGED:
            return check_out_by(terms, departure)
        case NoticeKind.CHECK_IN | NoticeKind.CHANGE_ANSWERED:
            return check_out_by(terms, departure)
        case NoticeKind.CHECK_OUT | NoticeKind.INVOICE | NoticeKind.FEEDBACK:
            return check_out_by(terms, departure) + AFTERWARDS
        case NoticeKind.GUEST_LINK:
            return datetime.combine(booking.departure, time(), UTC) + AFTERWARDS
        case _:
            return None


def _opens(booking: Booking, stay: Stay) -> datetime:
    """When the room is promised from."""
    return clock(booking, f"check_in_from-{stay.number}") or check_in_from(booking.terms, stay.arrival)


def is_too_late(until: datetime | None, now: datetime) -> bool:
    """Whether the notice would only confuse by now."""
    return until is not None and now >= until


def address_trouble(address: str | None) -> str:
    """Why nothing can be sent to this address; an empty text when something can."""
    if not address:
        return NO_ADDRESS
    if len(address) > MOST_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(address):
        return "This is not one e-mail address."
    return ""


def judge(
    notice: Notice,
    booking: Booking,
    at: datetime,
    address: str | None,
    *,
    told_before: AbstractSet[str] = frozenset(),
    enabled: bool = True,
) -> NoticeEnd | tuple[int, ...]:
    """The rooms that the letter is to list, or how the notice ends without one.

    enabled: whether the hotel sends this kind. What a person sends again by hand goes out in any case while it is true.
    """
    if not enabled and notice.resend_of is None:
        return NoticeEnd(notice.notice_id, "dropped", "Switched off by the hotel.")
    if not still_true(notice, booking, at):
        return NoticeEnd(notice.notice_id, "dropped", f"No longer true: the booking is {booking.status}.")
    until = useful_until(notice, booking)
    if until is not None and is_too_late(until, at):
        return NoticeEnd(notice.notice_id, "dropped", f"Too late: it was useful until {until:%Y-%m-%dT%H:%MZ}.")
    rooms = chosen_rooms(notice, booking, told_before)
    if notice.kind in ONCE and not rooms:
        return NoticeEnd(notice.notice_id, "dropped", "Told before, in an earlier letter.")
    if trouble := address_trouble(address):
        return NoticeEnd(notice.notice_id, "undeliverable", trouble)
    if notice.attempts >= MOST_ATTEMPTS:
        return NoticeEnd(notice.notice_id, "undeliverable", f"{MOST_ATTEMPTS} attempts ended without a clear answer.")
    return tuple(stay.number for stay in rooms)
