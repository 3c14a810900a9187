"""How the money of a booking that has ended, or whose guest has left, is brought to its end at the provider.

Rules in words: docs/rules/payments.md and docs/rules/late_money.md. Every function is pure and gives orders only once:
what the provider is still to do is not asked of it again.
"""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta

from domain.attempts import with_attempt
from domain.booking import GONE, Booking, Status, with_purse
from domain.obligations import SECURING
from domain.payments import How, Order, Payment, PayState, Purse, Refund, RefundState, Verb
from domain.provider_money import chargeable_minor

# So long an ended booking looks for money that may still come.
WATCH = timedelta(hours=72)
# When the provider did not answer, it is asked again after so long; from the last one on at the same distance.
BACK_OFF = tuple(timedelta(seconds=s) for s in (15, 30, 60, 120, 300, 600, 900))


def settled(booking: Booking, now: datetime) -> Booking:
    """The booking with orders for all that its end leaves to be done.

    Open attempts are closed, but for a page on which the guest pays the fee; authorisations captured up to the fee or
    voided, money beyond what is owed is given back, and a fee that is still open is charged to the card on file. A
    booking that lives is left as it is.
    """
    if booking.status in GONE:
        left = _fees_own(booking, now)
        booking = with_purse(booking, _watching(_attempts_closed(booking.purse, left), now))
        booking = with_purse(booking, _authorisations_ended(booking))
        return _fee_charged(refunded_down(booking, now, "ended"), now)
    if booking.status in (Status.CHECKED_OUT, Status.COMPLETED):
        # Once the books are closed nobody can pay any more, whatever was left open with a reason.
        if booking.balance_minor <= 0 or booking.status is Status.COMPLETED:
            booking = with_purse(booking, _attempts_closed(booking.purse))
        return refunded_down(booking, now, "overpaid")
    return booking


def _fees_own(booking: Booking, now: datetime) -> set[int]:
    """The attempts that bring an open fee: the card on file being charged, or a page that the guest has for some days.

    What the card on file did not give without the guest is no page of anybody's.
    """
    if booking.balance_minor <= 0:
        return set()
    return {
        one.number
        for one in booking.purse.payments
        if one.purpose == "fee"
        and now < one.started_at + WATCH
        and (one.how is not How.OFF_SESSION or one.state is PayState.CREATED)
    }


def _attempts_closed(purse: Purse, left: Container[int] = ()) -> Purse:
    """The purse whose open attempts are to be ended at the provider, but for those that are left."""
    for payment in purse.payments:
        if payment.number in left:
            continue
        # What is being processed can't be ended; it is watched.
        if payment.state.open and payment.state is not PayState.PROCESSING and not closes(purse, payment.number):
            purse = purse.ordering(Verb.CLOSE, payment.number)
    return purse


def _watching(purse: Purse, now: datetime) -> Purse:
    """A payment that is being processed may bring money for some days more."""
    processed = any(payment.state is PayState.PROCESSING for payment in purse.payments)
    if not processed or purse.watched:
        return purse
    return replace(purse, watch_until=now + WATCH, watched=True)


def closes(purse: Purse, payment: int) -> bool:
    """Whether the provider is to end this attempt already."""
    return payment in purse.asked_to(Verb.CLOSE)


def _authorisations_ended(booking: Booking) -> Purse:
    """The fee is taken from what the card's bank has set aside, the rest is let go."""
    purse = booking.purse
    coming = sum(order.amount_minor for order in purse.orders if order.verb is Verb.CAPTURE)
    missing = max(0, booking.owed_minor - booking.paid_minor - coming)
    for payment in purse.authorised:
        if purse.is_asked(payment.number):
            continue
        amount = chargeable_minor(min(missing, payment.amount_minor), booking.terms.currency)
        if amount > 0:
            purse = purse.ordering(Verb.CAPTURE, payment.number, amount_minor=amount)
            missing -= amount
        else:
            purse = purse.ordering(Verb.VOID, payment.number)
    return purse


def surplus_minor(booking: Booking) -> int:
    """What goes back by itself: more than is owed, less what people kept and what could not be returned."""
    failed = sum(refund.amount_minor for refund in booking.purse.refunds if refund.state is RefundState.FAILED)
    return max(0, booking.paid_minor - max(0, booking.owed_minor) - booking.purse.kept_minor - failed)


def refunded_down(booking: Booking, now: datetime, cause: str, first: int | None = None) -> Booking:
    """The booking whose surplus is on its way back: the payment that was chosen, then the newest of the provider's."""
    return refunding(booking, surplus_minor(booking), now, cause, first)


def refunding(booking: Booking, amount_minor: int, now: datetime, cause: str, first: int | None = None) -> Booking:
    """The booking with refunds of so much, spread over its payments through the provider; what the desk took is not
    given back by itself.
    """
    purse, left = booking.purse, amount_minor
    for payment in _refundable(purse, first):
        part = min(left, payment.refundable_minor)
        if part > 0:
            purse = with_refund(purse, payment.number, part, now, cause)
            left -= part
    return with_purse(booking, purse)


def _refundable(purse: Purse, first: int | None) -> list[Payment]:
    through_provider = [one for one in purse.payments if one.how is not How.DESK and one.refundable_minor > 0]
    return sorted(through_provider, key=lambda one: (one.number != first, -one.number))


def with_refund(purse: Purse, payment: int, amount_minor: int, now: datetime, cause: str) -> Purse:
    """The purse with one more refund, and the order for it."""
    number = len(purse.refunds) + 1
    refund = Refund(number, payment, amount_minor, RefundState.WANTED, now, cause)
    return purse.with_refund(refund).ordering(Verb.REFUND, payment, refund=number, amount_minor=amount_minor)


def _fee_charged(booking: Booking, now: datetime) -> Booking:
    """A fee for cancelling late or not coming, from the card on file: tried once, then it waits for the guest."""
    purse, terms = booking.purse, booking.terms
    if booking.status not in (Status.CANCELLED, Status.NO_SHOW) or not terms.online.charge_fees or not purse.method_id:
        return booking
    if any(one.purpose == "fee" for one in purse.payments) or purse.orders or purse.authorised:
        # Orders that are still out may bring the money; what they leave open is looked at when they are done.
        return booking
    amount = chargeable_minor(max(0, booking.balance_minor), terms.currency)
    if amount <= 0:
        return booking
    return with_attempt(booking, "fee", How.OFF_SESSION, amount, now)


def put_off(order: Order, now: datetime) -> Order:
    """The order that is given again later, because the provider did not answer."""
    pause = BACK_OFF[min(order.tries, len(BACK_OFF) - 1)]
    return replace(order, tries=order.tries + 1, not_before=now + pause)


def is_second(booking: Booking, payment: Payment) -> bool:
    """Whether an earlier payment has met what this one was for: two tabs, two cards, a late one."""
    if payment.purpose not in SECURING:
        return False
    return any(
        one.number != payment.number and one.purpose in SECURING and one.captured_minor > 0
        for one in booking.purse.payments
    )


def money_is_open(booking: Booking) -> bool:
    """Whether an ended booking still has to do with the provider, so that its story goes on."""
    purse = booking.purse
    if purse.orders or purse.watch_until is not None:
        return True
    return any(one.state.open for one in purse.payments) or any(one.state.open for one in purse.refunds)
