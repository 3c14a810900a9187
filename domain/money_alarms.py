"""What the agenda's clocks about money do by themselves, each as one pure step. Rules: docs/rules/payments.md."""

from dataclasses import replace

from domain.acts import cancelled
from domain.attempts import retry_until, with_attempt
from domain.booking import Booking
from domain.lapsing import authorisation_ends
from domain.money import Money, format_money
from domain.obligations import later_deposit_minor
from domain.payments import How
from domain.securing import hold_ended, waited_enough
from domain.steps import Act, Fact, NoticeWish, Step, make_step
from domain.terms import WhenUnpaid

KEYS = ("hold_over", "deposit_reminder", "deposit_due", "payment_due", "payment_watch", "authorisation_ends")


def money_rang(booking: Booking, key: str, act: Act) -> Step:
    """What a clock of the booking's money does. key: begins with one of KEYS, or hold_expires of a hold for payment."""
    match key.partition("-")[0]:
        case "hold_expires":
            return hold_ended(booking, act)
        case "hold_over":
            return waited_enough(booking, act)
        case "deposit_reminder":
            return _reminded(booking, act)
        case "deposit_due":
            return _deposit_taken(booking, act)
        case "payment_due":
            return _deposit_missing(booking, act)
        case "payment_watch":
            return _watched(booking, act)
        case "authorisation_ends":
            return authorisation_ends(booking, key, act)
        case _:
            raise ValueError(f"Nothing is known of a clock {key}.")


def _reminded(booking: Booking, act: Act) -> Step:
    after = replace(booking, fired=(*booking.fired, "deposit_reminder"))
    told = NoticeWish("payment_reminder", "guest", data={"amount_minor": later_deposit_minor(booking)})
    return make_step(booking, after, "reminded", act, difference={"clocks": "deposit_reminder"}, notices=(told,))


def _deposit_taken(booking: Booking, act: Act) -> Step:
    """The card on file is charged; a guest who is paying at this moment, or has no card there, is asked instead."""
    amount, purse = later_deposit_minor(booking), booking.purse
    fired = replace(booking, fired=(*booking.fired, "deposit_due"))
    facts: dict[str, Fact] = {"amount_minor": amount}
    if amount == 0:
        settled = replace(fired, purse=replace(purse, deposit_open=False))
        return make_step(booking, settled, "deposit_met", act, difference=facts)
    if not purse.method_id or purse.open_payment is not None:
        until = retry_until(booking, act.now)
        asked = replace(fired, purse=replace(purse, due_until=until))
        letter = NoticeWish("payment_failed", "guest", useful_until=until)
        return make_step(booking, asked, "deposit_asked", act, difference=facts, notices=(letter,))
    after = with_attempt(fired, "deposit", How.OFF_SESSION, amount, act.now)
    return make_step(booking, after, "payment_started", act, difference={**facts, "payment": after.payments})


def _deposit_missing(booking: Booking, act: Act) -> Step:
    """The last moment for a deposit has passed: the hotel's rule decides."""
    amount = later_deposit_minor(booking)
    told = format_money(Money(amount, booking.terms.currency))
    purse = replace(booking.purse, due_until=None)
    match booking.terms.online.when_unpaid:
        case WhenUnpaid.CANCEL:
            rest = replace(booking, purse=purse)
            numbers = [stay.number for stay in rest.stays if not stay.status.ended]
            step = cancelled(rest, replace(act, reason="The deposit was not paid."), numbers, waive=True)
            return replace(step, difference={**step.difference, "deposit_minor": amount})
        case WhenUnpaid.KEEP:
            kept = replace(booking, purse=replace(purse, deposit_open=False))
            return make_step(booking, kept, "deposit_left_open", act, difference={"amount_minor": amount})
        case WhenUnpaid.DESK:
            left = replace(booking, purse=replace(purse, deposit_open=False))
            left = replace(left, attention=f"The deposit of {told} was not paid; decide what becomes of the booking.")
            return make_step(booking, left, "deposit_left_open", act, difference={"amount_minor": amount})


def _watched(booking: Booking, act: Act) -> Step:
    """Nothing came any more. A payment without an end is told to people."""
    open_ = booking.purse.open_payment
    after = replace(booking, purse=replace(booking.purse, watch_until=None))
    if open_ is not None:
        after = replace(after, attention=f"Payment {open_.number} has had no end for three days.")
    return make_step(booking, after, "payment_watch_ended", act, difference={"payment": open_.number if open_ else 0})
