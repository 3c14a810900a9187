"""A guest pays: the booking's story begins or finds the payment, and the provider is asked where the guest goes on.

Addresses and secrets of the provider are fetched while answering and kept nowhere.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from fastapi import Request

from api.commands import Wish, carry_out, meant
from api.house import House
from api.idempotency import Once, once_for_command
from api.problems import busy
from api.provider import Window
from api.shapes.common import Money
from api.shapes.payments import GuestPay, PaymentStarted
from domain.booking import Actor, Booking
from domain.lifecycle import Action
from domain.obligations import owed_now
from domain.paying import check_payable
from domain.payments import How, Payment
from domain.steps import Act
from messages.bookings import Asked, Command, StartPayment
from store.booking_reads import BookingRecord


async def guest_pays(house: House, request: Request, record: BookingRecord, body: GuestPay) -> PaymentStarted:
    """What to pay and how. Errors: 409 nothing_to_pay, hold_ended; 422 payment_refused; 503 of the provider."""
    return await start_payment(house, request, record, body.how, once_for_command(request, "payment", None, body))


async def start_payment(house: House, request: Request, record: BookingRecord, how: str, once: Once) -> PaymentStarted:
    """Begins the payment of what is asked for now, or finds the one that is open. Errors: as `guest_pays`."""
    act = Act(house.clock(), Actor("guest"), "web")
    ready = _open_attempt(record.state, how, act.now) is not None

    def payable() -> bool:
        check_payable(record.state, act)
        return True

    if not ready and await meant(house, record, once, payable) is None:
        ready = True

    async def made(asked: Asked) -> Command:
        return StartPayment(asked, how)

    wish = Wish(
        action=Action.PAYMENT, once=once, actor=act.actor, channel="web", make=made, already=ready
    )  # fmt: skip
    fresh = await carry_out(house, record, wish)
    return await _answer(house, fresh)


def _open_attempt(booking: Booking, how: str, now: datetime) -> Payment | None:
    """The attempt that a second tab is handed: open, untouched by orders, and about the same."""
    attempt, asked = booking.purse.open_payment, owed_now(booking, now)
    if attempt is None or asked is None or booking.purse.is_asked(attempt.number):
        return None
    same = (attempt.how, attempt.purpose, attempt.amount_minor) == (How(how), asked.purpose, asked.amount_minor)
    return attempt if same else None


async def _answer(house: House, record: BookingRecord) -> PaymentStarted:
    """How the newest payment stands, and where the guest goes on with it."""
    state = record.state
    through_provider = [one for one in state.purse.payments if one.how in (How.HOSTED_PAGE, How.INTENT)]
    payment = state.purse.open_payment or (through_provider[-1] if through_provider else None)
    if payment is None:
        raise busy("not_answered_in_time", "The payment was not begun in time; send the same key again.")
    page = secret = None
    if payment.state.open:
        page = await _asked(house, payment.session_id, lambda window: window.page_address)
        if payment.how is How.INTENT:
            secret = await _asked(house, payment.intent_id, lambda window: window.client_secret)
        if page is None and secret is None:
            # It has just been brought to an end there; the booking finds out within a minute.
            raise busy("payment_changing", "The payment is being settled at this moment; look at the booking again.", 5)
    return PaymentStarted(
        payment=payment.number,
        purpose=payment.purpose,
        amount=Money(amount_minor=payment.amount_minor, currency=state.terms.currency),
        state=payment.state.value,
        how=payment.how.value,
        hosted_page=page,
        client_secret=secret,
        publishable_key=house.settings.stripe_publishable_key or None if secret else None,
        expires_at=record.row.hold_expires_at,
    )


async def _asked(house: House, name: str, which: Callable[[Window], Callable[[str], str | None]]) -> str | None:
    """Asks through the window, in a thread. Errors: 503 payment_provider_away."""
    if not name:
        return None
    try:
        return await asyncio.to_thread(which(house.window), name)
    except ConnectionError as away:
        raise busy(
            "payment_provider_away", "The payment provider does not answer at present; the room is kept.", 10
        ) from away
