"""How a held room becomes firm by its payment, or is given back without one: each one pure step.

Rules in words: docs/rules/payments.md.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.agenda import first_no_show
from domain.booking import Booking, Status, with_purse
from domain.ladder import approval_deadline
from domain.money_agenda import BEFORE_LAPSE
from domain.obligations import owes_deposit_later
from domain.payments import HeldOver, Payment, Verb
from domain.settling import WATCH
from domain.steps import Act, Fact, NoticeWish, Step, make_step, with_all
from domain.terms import check_out_by

Facts = dict[str, Fact]
OF_THE_ANSWER = ("hold_expires", "approval_alert_desk", "approval_alert_manager", "approval_deadline")


def confirmation(booking: Booking) -> NoticeWish:
    """The yes in writing; of no use any more once the last room is due back."""
    return NoticeWish("confirmed", "guest", useful_until=check_out_by(booking.terms, booking.departure))


def firm(booking: Booking, now: datetime) -> Booking:
    """The booking confirmed, with what may still be due of a later deposit."""
    purse = replace(booking.purse, held_over=None, yes_given=False, deposit_open=owes_deposit_later(booking, now))
    after = with_all(replace(booking, purse=purse), Status.CONFIRMED)
    return replace(after, hold_expires_at=None, held_for="option", approval_deadline=None)


def held_for_payment(booking: Booking, now: datetime, seconds: int) -> Booking:
    """The booking whose room is held until it is paid for, at most until the guest would be missed."""
    until = min(now + timedelta(seconds=seconds), first_no_show(booking))
    held = replace(
        booking,
        purse=replace(booking.purse, held_over=None),
        hold_expires_at=until,
        held_for="payment",
        approval_deadline=None,
    )
    return with_all(answer_awaited_anew(held), Status.HELD)


def answer_awaited_anew(booking: Booking) -> Booking:
    """The clocks of the payment or of the hotel's answer begin anew: nobody has moved them and none has rung."""
    return replace(
        booking,
        moves=tuple(move for move in booking.moves if move.key not in OF_THE_ANSWER),
        fired=tuple(key for key in booking.fired if key not in OF_THE_ANSWER),
    )


def held_again(booking: Booking, now: datetime) -> Booking:
    """The money that was set aside is not to be had: the guest has the time that follows a yes to pay otherwise."""
    return held_for_payment(booking, now, booking.terms.online.after_yes_seconds)


def secured(booking: Booking, after: Booking, act: Act, facts: Facts) -> Step:
    """What the terms ask for has come: what was held is sold."""
    made = firm(after, act.now)
    return make_step(booking, made, "confirmed_by_payment", act, difference=facts, notices=(confirmation(made),))


def requested(booking: Booking, after: Booking, payment: Payment, act: Act, facts: Facts) -> Step:
    """The money is set aside: from now on the hotel's answer is awaited, and never past the authorisation's end."""
    deadline = approval_deadline(after.terms, act.now, after.arrival)
    if payment.capture_before is not None:
        least = act.now + timedelta(minutes=after.terms.approval.least_minutes)
        deadline = min(deadline, max(payment.capture_before - BEFORE_LAPSE, least))
    # A yes that was given for money which was not to be had is asked for anew.
    asked = with_all(replace(after, purse=replace(after.purse, held_over=None, yes_given=False)), Status.PENDING)
    asked = replace(asked, approval_deadline=deadline, hold_expires_at=None, held_for="option")
    return make_step(
        booking, asked, "payment_authorised", act, difference=facts,
        notices=(
            NoticeWish("received", "guest", useful_until=deadline),
            NoticeWish("new_request", "staff", useful_until=deadline),
        ),
    )  # fmt: skip


def payment_asked(booking: Booking) -> NoticeWish:
    """The letter with the amount, the time and the link to pay."""
    return NoticeWish("payment_due", "guest", useful_until=booking.hold_expires_at)


def hold_ended(booking: Booking, act: Act) -> Step:
    """The time for paying has ended. A payment that is open is closed first, and what has come by then is in time."""
    attempt = booking.purse.open_payment
    if attempt is None and not booking.purse.orders:
        return unpaid(booking, booking, act, {})
    purse = replace(booking.purse, held_over=HeldOver("closing", act.now))
    if attempt is not None:
        purse = purse.ordering(Verb.CLOSE, attempt.number, gracious=True)
    facts: Facts = {"payment": attempt.number if attempt else 0}
    return make_step(booking, with_purse(booking, purse), "payment_closing", act, difference=facts)


def unpaid(booking: Booking, after: Booking, act: Act, facts: Facts, *, watch: bool = False) -> Step:
    """Nobody paid in time: the room is free again. watch: money may still come, and is looked for."""
    purse = replace(after.purse, held_over=None, watch_until=act.now + WATCH if watch else None, watched=watch)
    gone = with_all(replace(after, purse=purse), Status.EXPIRED)
    # What was kept for people to look at is still to be looked at.
    gone = replace(gone, hold_expires_at=None, attention=gone.attention if purse.kept_minor else "")
    return make_step(booking, gone, "payment_expired", act, difference=facts, notices=(NoticeWish("expired", "guest"),))


def waited_enough(booking: Booking, act: Act) -> Step:
    """A room that was kept past its time: a guest at the bank's page is cut short, all else ends without a payment."""
    over, attempt = booking.purse.held_over, booking.purse.open_payment
    if over is not None and over.why == "grace" and attempt is not None:
        purse = replace(booking.purse, held_over=replace(over, why="closing", until=None))
        purse = purse.ordering(Verb.CLOSE, attempt.number)
        return make_step(
            booking, with_purse(booking, purse), "payment_closing", act, difference={"payment": attempt.number}
        )
    return unpaid(booking, booking, act, {"waited_for": over.why if over else ""}, watch=True)
