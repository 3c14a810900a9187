"""Money for a booking that had expired before it came. Rules in words: docs/rules/late_money.md."""

from dataclasses import replace

from domain.booking import Booking, Status
from domain.clocks import business_date
from domain.obligations import first_payment
from domain.payments import How, Payment, PayState
from domain.securing import answer_awaited_anew, firm, requested
from domain.settling import refunded_down
from domain.steps import Act, Fact, NoticeWish, Step, make_step
from domain.terms import check_out_by


def late_payment(booking: Booking, after: Booking, payment: Payment, act: Act, *, retake: bool) -> Step:
    """Money that comes after the end takes the room again while it can be had; else it goes back in full.

    retake: False once the rooms have turned out to be taken; then what came goes back.
    """
    facts: dict[str, Fact] = {
        "payment": payment.number, "purpose": payment.purpose, "amount_minor": payment.captured_minor,
    }  # fmt: skip
    # A renewal that is answered after the end was nobody's wish to stay.
    came = payment.state in (PayState.CAPTURED, PayState.AUTHORISED) and payment.how is not How.OFF_SESSION
    if came and retake and not _begun(booking, act):
        alive = _held_again(after, act)
        if payment.state is PayState.AUTHORISED:
            return replace(requested(booking, alive, payment, act, facts), what="late_payment_requested")
        if first_payment(alive, act.now) is None:
            made = firm(alive, act.now)
            until = check_out_by(made.terms, made.departure)
            letter = NoticeWish("confirmed_after_all", "guest", useful_until=until)
            return make_step(booking, made, "late_payment_confirmed", act, difference=facts, notices=(letter,))
    if payment.captured_minor:
        after = refunded_down(after, act.now, "late", payment.number)
    what = "late_payment_refunded" if payment.captured_minor else "payment_ended"
    return make_step(booking, after, what, act, difference=facts)


def _begun(booking: Booking, act: Act) -> bool:
    """Whether the hotel's day of the first arrival is over."""
    return business_date(act.now, booking.terms.zone, booking.terms.audit_time) > booking.arrival


def _held_again(booking: Booking, act: Act) -> Booking:
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
        since=act.now,
        cancellation_reason="",
        purse=replace(booking.purse, watch_until=None, watched=False),
    )
