"""Money for a booking that had expired before it came. Rules in words: docs/rules/late_money.md."""

from dataclasses import replace

from domain.booking import Booking, Status
from domain.clocks import business_date
from domain.obligations import first_payment
from domain.payment_news import facts_of, word_of
from domain.payments import How, Payment, PayState
from domain.securing import answer_awaited_anew, firm, requested
from domain.settling import refunded_down
from domain.steps import Act, NoticeWish, Step, make_step
from domain.terms import check_out_by


def late_payment(booking: Booking, after: Booking, payment: Payment, act: Act, *, retake: bool) -> Step:
    """Money that comes after the end takes the room again while it can be had; else it goes back in full.

    retake: False once the rooms have turned out to be taken; then what came goes back.
    """
    facts = facts_of(payment)
    # A renewal that is answered after the end was nobody's wish to stay.
    came = payment.state in (PayState.CAPTURED, PayState.AUTHORISED) and payment.how is not How.OFF_SESSION
    if came and retake and not _begun(booking, act):
        alive = _held_again(after)
        if payment.state is PayState.AUTHORISED:
            return replace(requested(booking, alive, payment, act, facts), what="late_payment_requested")
        if first_payment(alive, act.now) is None:
            made = firm(alive, act.now)
            until = check_out_by(made.terms, made.departure)
            letter = NoticeWish("confirmed_after_all", "guest", useful_until=until)
            return make_step(booking, made, "late_payment_confirmed", act, difference=facts, notices=(letter,))
    if payment.captured_minor:
        after = refunded_down(after, act.now, "late", payment.number)
        return make_step(booking, after, "late_payment_refunded", act, difference=facts)
    # What is set aside is let go again by the step: no answer of the hotel is awaited.
    what = "payment_ended" if payment.state is PayState.AUTHORISED else word_of(payment)
    return make_step(booking, after, what, act, difference=facts)


def _begun(booking: Booking, act: Act) -> bool:
    """Whether the hotel's day of the first arrival is over."""
    return business_date(act.now, booking.terms.zone, booking.terms.audit_time) > booking.arrival


def _held_again(booking: Booking) -> Booking:
    """The booking as if its hold had not ended; its nights are taken anew by the step."""
    stays = tuple(
        replace(stay, status=Status.HELD, ended_from=None, released_from=None, room_id=None, room_number="")
        if stay.status is Status.EXPIRED
        else stay
        for stay in booking.stays
    )
    return replace(
        answer_awaited_anew(booking),
        status=Status.HELD,
        stays=stays,
        purse=replace(booking.purse, watch_until=None, watched=False),
    )
