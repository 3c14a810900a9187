"""What an answer of the payment provider, or its silence, means for who asked. Rules: docs/rules/payments.md."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.agenda import latest_hold
from domain.booking import Booking, Status
from domain.payments import Order, Purse
from domain.settling import put_off
from domain.steps import Act, Step, make_step

OUTAGE = timedelta(hours=6)


@dataclass(frozen=True)
class Look:
    """What the provider was asked about: a payment, or a refund of it.

    order: None for a mere look; checked: by a clock of the agenda.
    """

    payment: int
    refund: int | None = None
    order: Order | None = None
    checked: bool = False


def answered(booking: Booking, look: Look, act: Act) -> Booking:
    """The booking once the provider has answered: the order is done, and a hold that an outage cut short is longer.

    What was put off because it did not answer is asked at once. Where somebody has moved the hold's clock the move is
    longer too, by what was lost after it: who moved it saw what was lost before.
    """
    purse = booking.purse
    if look.order is not None:
        purse = purse.without_order(look.order.number)
    since = purse.outage_since
    orders = tuple(replace(order, not_before=None) for order in purse.orders)
    base = replace(booking, purse=replace(purse, outage_since=None, orders=orders))
    if since is None or booking.status is not Status.HELD or booking.hold_expires_at is None:
        return base
    if purse.held_over is not None:
        return base
    moves = tuple(
        replace(move, at=_longer(booking, move.at, act.now - max(since, move.moved_at)))
        if move.key == "hold_expires"
        else move
        for move in booking.moves
    )
    return replace(base, hold_expires_at=_longer(booking, booking.hold_expires_at, act.now - since), moves=moves)


def _longer(booking: Booking, ends: datetime, lost: timedelta) -> datetime:
    """The end of a hold with what was lost of it: never past its bound, and never earlier than it was."""
    return max(ends, min(ends + min(lost, OUTAGE), latest_hold(booking)))


def _checked(purse: Purse, look: Look) -> Purse:
    """The purse in which the payment, or the refund, was looked at once more in vain."""
    refund = purse.refund(look.refund) if look.refund is not None else None
    if refund is not None:
        return purse.with_refund(replace(refund, checks=refund.checks + 1))
    payment = purse.payment(look.payment)
    return purse.with_payment(replace(payment, checks=payment.checks + 1)) if payment else purse


def unanswered(booking: Booking, look: Look, act: Act) -> Step | None:
    """The provider did not answer: it is asked again later, and the booking says so."""
    purse = replace(booking.purse, outage_since=booking.purse.outage_since or act.now)
    if look.order is not None:
        later = put_off(look.order, act.now)
        orders = tuple(later if one.number == later.number else one for one in purse.orders)
        purse = replace(purse, orders=orders)
    elif look.checked:
        purse = _checked(purse, look)
    else:
        return None
    over = purse.held_over
    if over is not None:
        purse = replace(purse, held_over=replace(over, why="outage", until=over.since + OUTAGE))
    return make_step(
        booking, replace(booking, purse=purse), "provider_unreachable", act, difference={"payment": look.payment}
    )
