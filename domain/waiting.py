"""One sentence that says what a booking waits for, until when, and what happens then. Rules: docs/rules/agenda.md."""

from domain.agenda import Entry, agenda, awaited
from domain.booking import Booking, Status
from domain.clocks import local_text
from domain.money import Money, format_money


def waiting_for(booking: Booking) -> str:
    """One sentence for people, in the hotel's local time."""
    told = _waiting(booking)
    if booking.change_request is None:
        return told
    until = _until(booking, _of(booking, f"change_request-{booking.change_request.number}"))
    return f"{told} The guest has asked for a change; the hotel's answer is awaited until {until}."


def _waiting(booking: Booking) -> str:
    # A change that was asked for is told in a sentence of its own.
    own = tuple(entry for entry in agenda(booking) if not entry.key.startswith("change_request"))
    alarm = awaited(own)
    until = _until(booking, alarm)
    match booking.status:
        case Status.HELD if booking.held_for == "payment":
            return _held_for_payment(booking, until)
        case Status.PENDING if booking.purse.yes_given:
            return "The hotel has said yes; the card is being charged."
        case Status.CONFIRMED if booking.purse.due_until is not None:
            until = _until(booking, _of(booking, "payment_due"))
            return f"Waiting for the deposit, which could not be taken from the card, until {until}."
        case Status.HELD:
            return f"Held as an option until {until}; if it is not made firm by then it expires."
        case Status.PENDING:
            until = _until(booking, _of(booking, "approval_deadline"))
            ends = "is confirmed" if booking.terms.approval.at_end == "approve" else "expires"
            return f"Waiting for the hotel's answer until {until}; without one the request {ends}."
        case Status.CONFIRMED:
            return f"Waiting for the guest to arrive; who has not checked in by {until} is a no-show."
        case Status.CHECKED_IN:
            return _in_house(alarm, until)
        case Status.CHECKED_OUT:
            until = _until(booking, _of(booking, "close"))
            return f"The guest has left; the books are closed at {until}."
        case _:
            return _after_the_end(booking)


_KEPT = {
    "closing": "The time for paying has ended; the payment page is being closed, and what has been paid by now counts.",
    "grace": "The time for paying has ended; the guest is proving who they are and is waited for until {until}.",
    "processing": "The time for paying has ended; the payment is being processed and is waited for until {until}.",
    "outage": "The time for paying has ended and the payment provider does not answer; the room is kept until {until}.",
}


def _held_for_payment(booking: Booking, until: str) -> str:
    over, since = booking.purse.held_over, booking.purse.outage_since
    if over is not None:
        kept = local_text(over.until, booking.terms.zone) if over.until else ""
        return _KEPT[over.why].format(until=kept)
    told = f"Held for the payment until {until}; without it the booking expires and the room is free again."
    if since is None:
        return told
    began = local_text(since, booking.terms.zone)
    return f"{told} The payment provider has not answered since {began}; the time lost is added."


def _after_the_end(booking: Booking) -> str:
    """The story has ended; its money may not have."""
    purse = booking.purse
    back = sum(refund.amount_minor for refund in purse.refunds if refund.state.open)
    if back:
        return (
            f"The story has ended; {format_money(Money(back, booking.terms.currency))} is on its way back to the guest."
        )
    if purse.orders:
        return "The story has ended; its payment is being settled with the provider."
    if purse.watch_until is not None:
        until = local_text(purse.watch_until, booking.terms.zone)
        return f"The story has ended; late money is looked for until {until}."
    return "Nothing: the story has ended."


def _in_house(alarm: Entry | None, until: str) -> str:
    if alarm is None:
        return "The guest is in the house past the check-out time; the desk has been alerted."
    if alarm.key.startswith("no_show"):
        return f"The guest is in the house; another room is awaited until {until}."
    if alarm.key.startswith("overstay_night"):
        return f"The guest is in the house past the check-out time; without a check-out by {until} a night is added."
    return f"The guest is in the house; the desk is alerted if nobody has checked out by {until}."


def _of(booking: Booking, key: str) -> Entry | None:
    return next((entry for entry in agenda(booking) if entry.key == key), None)


def _until(booking: Booking, entry: Entry | None) -> str:
    return local_text(entry.at, booking.terms.zone) if entry else ""
