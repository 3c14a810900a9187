"""What the provider's answers come to: each one pure step, or none where nothing is new.

Rules in words: docs/rules/payments.md; for bookings that have ended docs/rules/late_money.md. An answer tells how a
payment is now, so it may come twice, late or after a newer one: a payment never goes back.
"""

from dataclasses import replace
from datetime import timedelta

from domain.answers import Look, answered, unanswered
from domain.attempts import retry_until
from domain.booking import GONE, Booking, Status, with_purse
from domain.disputes import OUTCOMES
from domain.lapsing import answer_is_open, one_set_aside
from domain.late_money import late_payment
from domain.money_agenda import LAST_LOOK, next_check
from domain.obligations import first_payment
from domain.payment_news import facts_of, word_of
from domain.payments import HeldOver, How, Payment, PayState, Purse, Seen, Verb
from domain.refunding import refund_told
from domain.securing import held_again, requested, secured, unpaid
from domain.settling import is_second, refunding, surplus_minor
from domain.steps import Act, NoticeWish, Step, make_step

GRACE = timedelta(minutes=5)
PROCESSING = timedelta(minutes=30)
# A payment goes forward only: an answer that was overtaken by a newer one changes nothing. Of two ends the first stays.
_RANK = {
    PayState.CREATED: 0,
    PayState.NEEDS_GUEST: 1,
    PayState.PROCESSING: 2,
    PayState.AUTHORISED: 3,
    PayState.VOIDED: 4,
    PayState.DECLINED: 4,
    PayState.AUTH_EXPIRED: 4,
    PayState.SAVED: 5,
    PayState.CAPTURED: 5,
}


def told(booking: Booking, look: Look, seen: Seen, act: Act, *, retake: bool = True) -> Step | None:
    """What the provider's word comes to; None where it is no news. retake: as for `payment_told`."""
    if look.refund is not None:
        return refund_told(booking, look, seen, act)
    return payment_told(booking, look, seen, act, retake=retake)


def payment_told(booking: Booking, look: Look, seen: Seen, act: Act, *, retake: bool = True) -> Step | None:
    """What an answer about a payment comes to; None where it is no news.

    retake: whether an expired booking whose money came late takes its room again; without it the money goes back.
    """
    payment = booking.purse.payment(look.payment)
    if payment is None:
        return None
    if seen.trouble == "unreachable":
        return unanswered(booking, look, act)
    base = answered(booking, look, act)
    if seen.trouble:
        return _refused(booking, base, look, payment, seen, act)
    # A look before its turn is one more, and moves none of those that come by the clock.
    fresh = _moved(payment, seen, checked=look.checked and act.now >= next_check(payment))
    purse = _without_moot_orders(base.purse.with_payment(fresh), fresh)
    purse = replace(
        purse, customer_id=seen.customer_id or purse.customer_id, method_id=seen.method_id or purse.method_id
    )
    after = with_purse(base, purse)
    if after == booking and not look.checked:
        return None
    if fresh.state is payment.state and fresh.captured_minor == payment.captured_minor:
        return _no_news(booking, after, look, fresh, seen, act)
    if _differs(fresh, seen, booking):
        told = f"Payment {fresh.number} came with another amount or currency than was asked for."
        # Nothing of it goes back by itself, whatever becomes of the booking: that is for people to say.
        kept = after.purse.kept_minor + fresh.captured_minor - payment.captured_minor
        after = replace(after, attention=told, purse=replace(after.purse, kept_minor=kept))
        return make_step(booking, after, "payment_differs", act, difference=facts_of(fresh))
    return _came(booking, after, fresh, act, retake=retake)


def _without_moot_orders(purse: Purse, payment: Payment) -> Purse:
    """What is at its end needs no closing any more."""
    if payment.state.open:
        return purse
    left = tuple(one for one in purse.orders if one.payment != payment.number or one.verb is not Verb.CLOSE)
    return replace(purse, orders=left)


def _moved(payment: Payment, seen: Seen, *, checked: bool) -> Payment:
    """The payment as the provider tells it, unless that is older than what is known."""
    # What the provider knows of and nobody has touched yet waits for the guest.
    state = PayState.NEEDS_GUEST if seen.state is PayState.CREATED else seen.state or payment.state
    if _RANK[state] <= _RANK[payment.state]:
        state = payment.state
    return replace(
        payment,
        state=state,
        captured_minor=max(payment.captured_minor, seen.captured_minor),
        session_id=seen.session_id or payment.session_id,
        intent_id=seen.intent_id or payment.intent_id,
        capture_before=seen.capture_before or payment.capture_before,
        decline_code=seen.code or payment.decline_code,
        disputed=payment.disputed or seen.disputed,
        dispute=seen.dispute or payment.dispute,
        checks=_checks(payment, state, checked=checked),
    )


def _checks(payment: Payment, state: PayState, *, checked: bool) -> int:
    if state is PayState.AUTHORISED and payment.state is not PayState.AUTHORISED:
        return 0
    return payment.checks + 1 if checked else payment.checks


def _differs(payment: Payment, seen: Seen, booking: Booking) -> bool:
    """Whether the provider took something else than was asked. A capture may be less than what was set aside."""
    if payment.state not in (PayState.CAPTURED, PayState.AUTHORISED):
        return False
    return seen.currency not in ("", booking.terms.currency) or seen.amount_minor not in (0, payment.amount_minor)


def _no_news(booking: Booking, after: Booking, look: Look, payment: Payment, seen: Seen, act: Act) -> Step:
    """The payment is where it was; what is written is that it was looked at, and what waits on it."""
    over = after.purse.held_over
    if over is not None and booking.status is Status.HELD and payment.state.open and not after.purse.orders:
        after = _kept_over(after, over, payment, seen, act)
    if (step := _dispute_news(booking, after, payment, act)) is not None:
        return step
    began = look.order is not None and look.order.verb is Verb.BEGIN
    what = "payment_offered" if began else "payment_checked"
    return make_step(booking, after, what, act, difference=facts_of(payment))


def _dispute_news(booking: Booking, after: Booking, payment: Payment, act: Act) -> Step | None:
    """A dispute of the payment has opened, or the last that was open is decided; None where neither is news."""
    was = booking.purse.payment(payment.number) or payment
    told = f"The guest disputes payment {payment.number} with the card's bank."
    if payment.dispute in OUTCOMES and payment.dispute != was.dispute:
        after = replace(after, attention="" if after.attention == told else after.attention)
        return make_step(booking, after, f"dispute_{payment.dispute}", act, difference=facts_of(payment))
    again = payment.dispute == "open" and was.dispute in OUTCOMES
    if again or (payment.disputed and not was.disputed):
        return make_step(booking, replace(after, attention=told), "payment_disputed", act, difference=facts_of(payment))
    return None


def _kept_over(booking: Booking, over: HeldOver, payment: Payment, seen: Seen, act: Act) -> Booking:
    """The hold has ended, the payment has not: a guest at the bank's page gets a moment, the provider half an hour."""
    if payment.state is PayState.PROCESSING:
        until = over.since + PROCESSING
        kept = replace(over, why="processing", until=until, looked=act.now >= until - LAST_LOOK)
    elif seen.acting and over.why == "closing":
        kept = replace(over, why="grace", until=act.now + GRACE)
    else:
        purse = booking.purse.ordering(Verb.CLOSE, payment.number)
        return replace(booking, purse=replace(purse, held_over=replace(over, why="closing", until=None)))
    return replace(booking, purse=replace(booking.purse, held_over=kept))


def _refused(booking: Booking, base: Booking, look: Look, payment: Payment, seen: Seen, act: Act) -> Step | None:
    """The provider will not do it: a try ends declined, an authorisation that can't be captured is let go."""
    if look.order is None:
        return None
    declined = replace(payment, decline_code=seen.code or seen.trouble)
    if look.order.verb is Verb.CAPTURE:
        purse = base.purse.with_payment(declined).ordering(Verb.VOID, payment.number)
        after = with_purse(base, purse)
        if after.status is Status.PENDING:
            # The hotel has said yes and the money is not to be had: the guest has a day to pay in another way.
            after = held_again(after, act.now)
        letters = _failed(after) if after.status is Status.HELD else ()
        return make_step(booking, after, "payment_declined", act, difference=facts_of(declined), notices=letters)
    if look.order.verb in (Verb.BEGIN, Verb.CHARGE):
        declined = replace(declined, state=PayState.DECLINED)
        return _came(booking, with_purse(base, base.purse.with_payment(declined)), declined, act, retake=False)
    told = f"The payment provider refused to end payment {payment.number}: {declined.decline_code}."
    after = with_purse(replace(base, attention=told), base.purse.with_payment(declined))
    return make_step(booking, after, "provider_refused", act, difference=facts_of(declined))


def _failed(booking: Booking) -> tuple[NoticeWish, ...]:
    until = booking.hold_expires_at if booking.status is Status.HELD else booking.purse.due_until
    return (NoticeWish("payment_failed", "guest", useful_until=until),)


def _came(booking: Booking, after: Booking, payment: Payment, act: Act, *, retake: bool) -> Step:
    """A payment has moved. What that means depends on where the booking is."""
    match after.status:
        case Status.HELD:
            return _came_in_time(booking, after, payment, act)
        case Status.PENDING:
            return _came_while_asked(booking, after, payment, act)
        case Status.EXPIRED:
            return late_payment(booking, after, payment, act, retake=retake)
        case status if status in GONE:
            told_of = _fee_letter(payment)
            return make_step(booking, after, word_of(payment), act, difference=facts_of(payment), notices=told_of)
        case _:
            return _came_to_a_firm_one(booking, after, payment, act)


def _fee_letter(payment: Payment) -> tuple[NoticeWish, ...]:
    """What is told of a fee after the end: that it was paid, or that the guest has to do something."""
    if payment.purpose != "fee":
        return ()
    match payment.state:
        case PayState.CAPTURED:
            return (NoticeWish("payment_received", "guest", data={"payment": payment.number}),)
        case PayState.NEEDS_GUEST if payment.how is How.OFF_SESSION:
            return (NoticeWish("payment_authenticate", "guest"),)
        case PayState.DECLINED if payment.how is How.OFF_SESSION:
            return (NoticeWish("payment_failed", "guest"),)
        case _:
            return ()


def _came_in_time(booking: Booking, after: Booking, payment: Payment, act: Act) -> Step:
    """A room that is held for its payment, also while its page is being closed: what has come by then is in time."""
    facts = facts_of(payment)
    over = after.purse.held_over
    if payment.state is PayState.AUTHORISED:
        return requested(booking, after, payment, act, facts)
    if payment.state in (PayState.CAPTURED, PayState.SAVED) and first_payment(after, act.now) is None:
        return secured(booking, after, act, facts)
    if payment.state.open:
        if over is not None and not after.purse.orders:
            after = _kept_over(after, over, payment, Seen(state=payment.state), act)
        return make_step(booking, after, word_of(payment), act, difference=facts)
    if over is not None and not after.purse.orders:
        return unpaid(booking, after, act, facts)
    return make_step(booking, after, word_of(payment), act, difference=facts)


def _came_while_asked(booking: Booking, after: Booking, payment: Payment, act: Act) -> Step:
    """The hotel's answer is awaited, or was given and the card is being charged."""
    facts = facts_of(payment)
    if payment.state is PayState.CAPTURED and after.purse.yes_given:
        return secured(booking, after, act, facts)
    if payment.state is PayState.AUTHORISED:
        after = with_purse(after, one_set_aside(after.purse, payment))
        return make_step(booking, after, word_of(payment), act, difference=facts)
    if payment.state is PayState.CAPTURED:
        received = NoticeWish("payment_received", "guest", data={"payment": payment.number})
        return make_step(booking, after, "payment_came", act, difference=facts, notices=(received,))
    if after.purse.authorised and payment.state in (PayState.DECLINED, PayState.NEEDS_GUEST):
        return _not_renewed(booking, after, payment, act)
    if payment.state in (PayState.AUTH_EXPIRED, PayState.VOIDED, PayState.DECLINED):
        if after.purse.authorised:
            # Only what was once set aside names its end.
            what = "authorisation_released" if payment.capture_before else word_of(payment)
            return make_step(booking, after, what, act, difference=facts)
        again = held_again(after, act.now)
        return make_step(booking, again, word_of(payment), act, difference=facts, notices=_failed(again))
    return make_step(booking, after, word_of(payment), act, difference=facts)


def _not_renewed(booking: Booking, after: Booking, payment: Payment, act: Act) -> Step:
    """The card on file gave no new authorisation; the one that still stands can be taken until it lapses."""
    if payment.state is PayState.NEEDS_GUEST:
        # Nobody is there to prove who they are: it is ended, and the guest is asked once the other one has lapsed.
        after = with_purse(after, after.purse.ordering(Verb.CLOSE, payment.number))
    letters = () if after.purse.yes_given else (answer_is_open("desk"),)
    return make_step(booking, after, word_of(payment), act, difference=facts_of(payment), notices=letters)


def _came_to_a_firm_one(booking: Booking, after: Booking, payment: Payment, act: Act) -> Step:
    """A confirmed booking, a guest in the house, or closed books."""
    facts = facts_of(payment)
    if payment.state is PayState.CAPTURED:
        if is_second(after, payment):
            after = refunding(after, payment.captured_minor, act.now, "second", payment.number)
        else:
            most = min(surplus_minor(after), payment.captured_minor)
            after = refunding(after, most, act.now, "overpaid", payment.number)
        if payment.purpose == "deposit":
            after = replace(after, purse=replace(after.purse, deposit_open=False, due_until=None))
        told = (NoticeWish("payment_received", "guest", data={"payment": payment.number}),)
        return make_step(booking, after, "payment_came", act, difference=facts, notices=told)
    if payment.state is PayState.AUTHORISED:
        after = with_purse(after, after.purse.ordering(Verb.VOID, payment.number))
        return make_step(booking, after, word_of(payment), act, difference=facts)
    if payment.how is How.OFF_SESSION and payment.purpose == "deposit" and payment.state is not PayState.PROCESSING:
        return _deposit_failed(booking, after, payment, act)
    return make_step(booking, after, word_of(payment), act, difference=facts)


def _deposit_failed(booking: Booking, after: Booking, payment: Payment, act: Act) -> Step:
    """The card on file did not give the deposit: the guest is asked, and has some days."""
    until = retry_until(after, act.now)
    after = replace(after, purse=replace(after.purse, due_until=until))
    kind = "payment_authenticate" if payment.state is PayState.NEEDS_GUEST else "payment_failed"
    return make_step(
        booking, after, "payment_declined", act, difference=facts_of(payment),
        notices=(NoticeWish(kind, "guest", useful_until=until),),
    )  # fmt: skip
