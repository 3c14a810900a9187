"""The kinds of notices in words for the hotel's people: what each is called, what it tells, and when it is sent."""

from datetime import time

from domain.notices import ASKING, ESSENTIAL, NoticeKind
from domain.stay import counted
from domain.terms import Confirmation, HotelTerms

# What it is called, and what it tells.
WORDS: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.RECEIVED: ("request received", "That the request is with the hotel, and until when it answers."),
    NoticeKind.HELD: ("option held", "That rooms are held for the guest, and until when."),
    NoticeKind.PENDING: ("request open again", "That a request was opened again and waits for the hotel's answer."),
    NoticeKind.CONFIRMED: ("booking confirmed", "The hotel's yes, with the price and the terms."),
    NoticeKind.CHANGED: ("booking changed", "What the booking is now: dates, rooms and price."),
    NoticeKind.DECLINED: ("request declined", "The hotel's no."),
    NoticeKind.EXPIRED: ("request expired", "That nobody answered in time, or that an option ended."),
    NoticeKind.CANCELLED: ("booking cancelled", "That the booking, or some of its rooms, is given up, and the fee."),
    NoticeKind.NO_SHOW: ("no-show", "That nobody came, and the fee."),
    NoticeKind.PRE_ARRIVAL: ("before your arrival", "Times, address and price before the arrival."),
    NoticeKind.CHECK_IN: ("welcome", "The room's number, the check-out time and how the hotel is reached."),
    NoticeKind.CHECK_OUT: ("thank you for your stay", "Thanks, and how the account stands."),
    NoticeKind.INVOICE: ("your invoice", "That the invoice is at the booking's page."),
    NoticeKind.FEEDBACK: ("how was your stay", "A question; the answer comes to the hotel by mail."),
    NoticeKind.CHANGE_ANSWERED: (
        "change not made",
        "That the hotel said no to a change, or did not answer.",
    ),
    NoticeKind.PAYMENT_DUE: ("payment asked for", "What is to be paid, until when, and the link to pay."),
    NoticeKind.PAYMENT_LINK: ("link to pay", "What is open, and the link to pay it."),
    NoticeKind.PAYMENT_REMINDER: (
        "deposit to come",
        "That the deposit will be taken from the card, how much and when.",
    ),
    NoticeKind.PAYMENT_RECEIVED: ("payment received", "What was paid, and what is still open."),
    NoticeKind.PAYMENT_FAILED: ("payment failed", "That a card could not be charged, with the link to pay."),
    NoticeKind.PAYMENT_AUTHENTICATE: ("payment to confirm", "That the bank wants the guest's word, with the link."),
    NoticeKind.REFUND_ISSUED: ("money given back", "How much goes back, and why."),
    NoticeKind.REFUND_FAILED: ("refund failed", "That money did not arrive, and a request to get in touch."),
    NoticeKind.CONFIRMED_AFTER_ALL: (
        "confirmed after all",
        "That a late payment came while the room was still free.",
    ),
    NoticeKind.GUEST_LINK: ("link to the booking", "A fresh link, for whoever asked at the address on file."),
    NoticeKind.EMAIL_CONFIRM: ("please confirm your address", "A link that confirms a new address; it goes there."),
    NoticeKind.EMAIL_CHANGED: ("address changed", "To the old address: that letters go to another one."),
    NoticeKind.NEW_REQUEST: ("new request", "That a request waits for the hotel's answer."),
    NoticeKind.DEADLINE_NEAR: (
        "request still open",
        "That a request has no answer yet.",
    ),
    NoticeKind.CHANGE_REQUEST: ("change asked for", "That a guest asks for a change."),
    NoticeKind.OVERSTAY: ("not checked out", "That a guest is in the house past the check-out time."),
}
_WHEN: dict[NoticeKind, str] = {
    NoticeKind.RECEIVED: "When a request comes in.",
    NoticeKind.HELD: "When the desk holds an option.",
    NoticeKind.PENDING: "When a request is opened again.",
    NoticeKind.CHANGED: "When dates, rooms or the price change.",
    NoticeKind.DECLINED: "When the hotel says no.",
    NoticeKind.EXPIRED: "When the time for an answer, or of an option, is over.",
    NoticeKind.CANCELLED: "When a booking or a room is cancelled.",
    NoticeKind.NO_SHOW: "When a room is marked as a no-show.",
    NoticeKind.CHECK_IN: "When a room is checked in.",
    NoticeKind.CHECK_OUT: "When the last room has left.",
    NoticeKind.INVOICE: "When the last room has left and an invoice was issued.",
    NoticeKind.CHANGE_ANSWERED: "When a change is declined, or its time is over.",
    NoticeKind.PAYMENT_DUE: "When a room is held until it is paid for.",
    NoticeKind.PAYMENT_LINK: "When the desk sends it.",
    NoticeKind.PAYMENT_RECEIVED: "When money comes for a booking that is firm.",
    NoticeKind.PAYMENT_FAILED: "When a card could not be charged.",
    NoticeKind.PAYMENT_AUTHENTICATE: "When the bank asks the guest to confirm a charge.",
    NoticeKind.REFUND_ISSUED: "When money is on its way back.",
    NoticeKind.REFUND_FAILED: "When money that was given back did not arrive.",
    NoticeKind.CONFIRMED_AFTER_ALL: "When a late payment takes the room again.",
    NoticeKind.GUEST_LINK: "When somebody asks for it.",
    NoticeKind.EMAIL_CONFIRM: "When a guest gives a new address.",
    NoticeKind.EMAIL_CHANGED: "When a booking gets another address.",
    NoticeKind.NEW_REQUEST: "When a request comes in or is opened again.",
    NoticeKind.CHANGE_REQUEST: "When a guest asks for a change.",
}
_LINKS_LOST = "Without it guests cannot reach their booking, or confirm an address."
_UNASKED = "Without it guests are not asked for their payment, and bookings expire for want of it."
_UNTOLD = "Without it guests do not learn from the hotel how their booking stands."


def title(kind: str) -> str:
    """What a kind is called; a kind of a newer release by its word."""
    return WORDS[NoticeKind(kind)][0] if kind in tuple(NoticeKind) else kind.replace("_", " ")


def warning(kind: NoticeKind) -> str | None:
    """What switching it off would cost; None where nothing needs to be said."""
    if kind not in ESSENTIAL:
        return None
    if kind in ASKING:
        return _UNASKED
    return _LINKS_LOST if kind in (NoticeKind.GUEST_LINK, NoticeKind.EMAIL_CONFIRM) else _UNTOLD


def when_sent(kind: NoticeKind, terms: HotelTerms) -> str:
    """When it is sent under these terms, in one sentence."""
    match kind:
        case NoticeKind.CONFIRMED if terms.confirmation is Confirmation.AUTO:
            return "When a booking is made."
        case NoticeKind.CONFIRMED:
            return "When the hotel says yes."
        case NoticeKind.PRE_ARRIVAL:
            days = counted(terms.pre_arrival_days, "day")
            return f"{days} before the arrival at {_wall(terms.pre_arrival_time)} hotel time."
        case NoticeKind.FEEDBACK if terms.feedback_after_seconds is None:
            return "Never: the hotel's terms ask for no answer after the stay."
        case NoticeKind.FEEDBACK:
            return f"{_long(terms.feedback_after_seconds)} after the last room has left."
        case NoticeKind.PAYMENT_REMINDER:
            return f"{counted(terms.online.reminder_days, 'day')} before a later deposit is taken from the card."
        case NoticeKind.DEADLINE_NEAR:
            window = _long(terms.approval.window_minutes * 60)
            return f"To the desk when half of the {window} for an answer are over, to the manager at four fifths."
        case NoticeKind.OVERSTAY:
            late = _long(terms.overstay_after_minutes * 60)
            return f"{late} after the check-out time, {_wall(terms.check_out_time)} hotel time."
        case _:
            return _WHEN[kind]


def _wall(wall: time) -> str:
    return f"{wall:%H:%M}"


def _long(seconds: int | None) -> str:
    """`24 hours`, `90 minutes`, `3 days`."""
    minutes = (seconds or 0) // 60
    if minutes % 1440 == 0 and minutes >= 2880:
        return counted(minutes // 1440, "day")
    return counted(minutes // 60, "hour") if minutes % 60 == 0 and minutes else counted(minutes, "minute")
