"""The agenda: what happens next to a booking, when, and who set that clock.

One pure function of the booking's state drives the workflow's timer and is what people are shown, so that the engine
and its explanation can't drift apart. Rules in words: docs/rules/agenda.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.booking import Booking, Status, Stay
from domain.clocks import local_text
from domain.terms import cancel_free_until, check_in_from, check_out_by, no_show_at, pre_arrival_at


@dataclass(frozen=True)
class SetBy:
    """Who set a clock. kind: policy or staff; policy_version: the version of the hotel's policy it comes from."""

    kind: str
    policy_version: int | None = None
    role: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of the agenda.

    rings: whether something is done at that instant; a mark only tells people that a time passes.
    anchor: `booking` when the clock counts from a moment of the booking's life, `date` when it hangs on a stay date.
    """

    key: str
    at: datetime
    what: str
    consequence: str
    set_by: SetBy
    rings: bool
    anchor: str
    stay: int | None = None


def agenda(booking: Booking) -> tuple[Entry, ...]:
    """Everything still to come, soonest first; at one instant the booking's own clocks come before a stay's."""
    entries = [entry for entry in _entries(booking) if entry.key not in booking.fired]
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.stay or 0, entry.key)))


def next_alarm(entries: tuple[Entry, ...]) -> Entry | None:
    """The first entry at which something is done."""
    return next((entry for entry in entries if entry.rings), None)


def due(entries: tuple[Entry, ...], now: datetime) -> tuple[Entry, ...]:
    """Every entry whose moment has come, in order."""
    return tuple(entry for entry in entries if entry.rings and entry.at <= now)


def _entries(booking: Booking) -> Iterator[Entry]:
    policy = SetBy("policy", booking.terms.version)
    if booking.status is Status.PENDING and booking.approval_deadline:
        yield Entry(
            "approval_deadline",
            booking.approval_deadline,
            "The hotel's answer is due",
            "Without an answer the request expires and the room is free again.",
            policy,
            True,
            "booking",
        )
    if booking.status is Status.CHECKED_OUT and booking.close_at:
        yield Entry(
            "close",
            booking.close_at,
            "The books are closed",
            "The booking is completed; nothing can be posted to it any more.",
            policy,
            True,
            "booking",
        )
    for stay in booking.stays:
        if stay.status in (Status.PENDING, Status.CONFIRMED):
            yield from _before_arrival(booking, stay, policy)
        if stay.status is Status.CHECKED_IN:
            yield _overstay(booking, stay, policy)


def _before_arrival(booking: Booking, stay: Stay, policy: SetBy) -> Iterator[Entry]:
    """The clocks of a stay that has not begun. Marks whose moment was past from the start are not shown."""
    terms, n = booking.terms, stay.number
    free_until = cancel_free_until(terms, stay.terms, stay.arrival)
    if free_until and free_until > booking.created_at:
        yield Entry(
            f"cancel_free_until-{n}",
            free_until,
            "Cancelling stops being free by the rate's terms",
            "From then on the rate's terms name a price for cancelling.",
            policy,
            False,
            "date",
            n,
        )
    opens = check_in_from(terms, stay.arrival)
    if opens > booking.created_at:
        yield Entry(
            f"check_in_from-{n}",
            opens,
            "The room is promised from this time",
            "The desk can check the guest in.",
            policy,
            False,
            "date",
            n,
        )
    if stay.status is not Status.CONFIRMED:
        return
    writes_at = pre_arrival_at(terms, stay.arrival)
    # A reminder whose moment had passed when the stay became firm is skipped, never sent at once.
    if writes_at > booking.since:
        yield Entry(
            f"pre_arrival-{n}",
            writes_at,
            "The guest is written to before the arrival",
            "A message with times, address and price goes out.",
            policy,
            True,
            "date",
            n,
        )
    yield Entry(
        f"no_show-{n}",
        no_show_at(terms, stay.arrival),
        "The hotel stops waiting for the guest",
        "If nobody has checked in, the stay is a no-show: the first night is kept, the others are free again.",
        policy,
        True,
        "date",
        n,
    )


def _overstay(booking: Booking, stay: Stay, policy: SetBy) -> Entry:
    alert_at = check_out_by(booking.terms, stay.departure) + timedelta(minutes=booking.terms.overstay_after_minutes)
    return Entry(
        f"overstay-{stay.number}",
        alert_at,
        "The room should have been given back",
        "If the guest has not checked out, the desk is alerted.",
        policy,
        True,
        "date",
        stay.number,
    )


def waiting_for(booking: Booking) -> str:
    """One sentence for people: what the booking waits for, until when, and what happens then."""
    alarm = next((entry for entry in agenda(booking) if entry.rings and not entry.key.startswith("pre_arrival")), None)
    until = local_text(alarm.at, booking.terms.zone) if alarm else ""
    match booking.status:
        case Status.PENDING:
            return f"Waiting for the hotel's answer until {until}; without one the request expires."
        case Status.CONFIRMED:
            return f"Waiting for the guest to arrive; who has not checked in by {until} is a no-show."
        case Status.CHECKED_IN:
            if alarm and alarm.key.startswith("no_show"):
                return f"The guest is in the house; another room is awaited until {until}."
            if alarm:
                return f"The guest is in the house; the desk is alerted if nobody has checked out by {until}."
            return "The guest is in the house past the check-out time; the desk has been alerted."
        case Status.CHECKED_OUT:
            return f"The guest has left; the books are closed at {until}."
        case _:
            return "Nothing: the story has ended."
