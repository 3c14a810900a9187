"""The agenda: what happens next to a booking, when, who set that clock, and how far it may be moved.

One pure function of the booking's state drives the workflow's timer and is what people are shown, so that the engine
and its explanation can't drift apart. Rules in words: docs/rules/agenda.md.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.booking import Booking, Status, Stay
from domain.entries import LEAST_AHEAD, Entry, SetBy, placed
from domain.ladder import alerts
from domain.money_agenda import money_entries
from domain.terms import (
    cancel_free_until,
    check_in_from,
    check_out_by,
    no_show_at,
    pre_arrival_at,
)

LONGEST_HOLD = timedelta(days=30)
LONGEST_AFTER = timedelta(days=30)
A_DAY = timedelta(days=1)
MOST_OVERSTAYED = 7
# Letters, and looks at the provider: they are on the agenda, but nobody waits for them.
ONLY_TOLD = (
    "pre_arrival", "approval_alert", "feedback", "deposit_reminder", "payment_check", "refund_check", "provider",
    "payment_watch", "authorisation_ends", "authorisation_lapses",
)  # fmt: skip
BEFORE_ARRIVAL = (Status.HELD, Status.PENDING, Status.CONFIRMED)


def agenda(booking: Booking) -> tuple[Entry, ...]:
    """Everything still to come, soonest first.

    At one instant the booking's own clocks come before a stay's, and letters before what decides something: the guest
    is still asked how it was when the books close at the same moment.
    """
    entries = [entry for entry in _entries(booking) if entry.key not in booking.fired]
    return tuple(sorted(entries, key=_order))


def _order(entry: Entry) -> tuple[datetime, int, bool, str]:
    return entry.at, entry.stay or 0, not entry.key.startswith(ONLY_TOLD), entry.key


def next_alarm(entries: tuple[Entry, ...]) -> Entry | None:
    """The first entry at which something is done."""
    return next((entry for entry in entries if entry.rings), None)


def awaited(entries: tuple[Entry, ...]) -> Entry | None:
    """The first entry that decides something: letters and reminders are on the agenda, but nobody waits for them."""
    return next((entry for entry in entries if entry.rings and not entry.key.startswith(ONLY_TOLD)), None)


def due(entries: tuple[Entry, ...], now: datetime) -> tuple[Entry, ...]:
    """Every entry whose moment has come, in order."""
    return tuple(entry for entry in entries if entry.rings and entry.at <= now)


def first_check_in(booking: Booking) -> datetime:
    """When the first room that is still to come is promised."""
    days = [stay.awaited_on for stay in booking.live(*BEFORE_ARRIVAL)] or [booking.arrival]
    return check_in_from(booking.terms, min(days))


def first_no_show(booking: Booking) -> datetime:
    """The first night audit at which somebody would be missing."""
    days = [stay.awaited_on for stay in booking.live(*BEFORE_ARRIVAL)] or [booking.arrival]
    return no_show_at(booking.terms, min(days))


def latest_hold(booking: Booking) -> datetime:
    """How long an option may be held at most."""
    return min(booking.created_at + LONGEST_HOLD, first_no_show(booking))


def _entries(booking: Booking) -> Iterator[Entry]:
    policy = SetBy("policy", booking.terms.version)
    yield from _of_the_whole(booking, policy)
    yield from money_entries(booking, policy)
    for stay in booking.stays:
        if stay.status in BEFORE_ARRIVAL:
            yield from _before_arrival(booking, stay, policy)
        if stay.status is Status.CHECKED_IN:
            yield _overstay(booking, stay, policy)


_HOLD = {
    "option": ("The option ends", "If the desk has not made it firm, it expires and the room is free again."),
    "payment": (
        "The time for paying ends",
        "A payment that is open is closed first; without one the booking expires and the room is free again.",
    ),
}


def _of_the_whole(booking: Booking, policy: SetBy) -> Iterator[Entry]:
    """The clocks that count from a moment of the booking's life."""
    if booking.status is Status.HELD and booking.hold_expires_at and booking.purse.held_over is None:
        what, consequence = _HOLD[booking.held_for]
        yield placed(booking, Entry(
            "hold_expires", booking.hold_expires_at, what, consequence, policy, True, "booking",
            latest=latest_hold(booking),
        ))  # fmt: skip
    if booking.status is Status.PENDING and booking.approval_deadline:
        yield from _ladder(booking, booking.approval_deadline, policy)
    if booking.change_request:
        yield placed(booking, Entry(
            f"change_request-{booking.change_request.number}", booking.change_request.until,
            "The hotel's answer to the change is due",
            "Without an answer the wish lapses, the booking stays as it is and the guest is told.",
            policy, True, "booking", latest=first_check_in(booking),
        ))  # fmt: skip
    if booking.status is not Status.CHECKED_OUT:
        return
    latest = check_out_by(booking.terms, booking.departure) + LONGEST_AFTER
    if booking.feedback_at:
        yield placed(booking, Entry(
            "feedback", booking.feedback_at, "The guest is asked how it was",
            "A letter goes out that asks how the stay was.", policy, True, "booking", latest=latest,
        ))  # fmt: skip
    if booking.close_at:
        yield placed(booking, Entry(
            "close", booking.close_at, "The books are closed",
            "The booking is completed; nothing can be posted to it any more.",
            policy, True, "booking", latest=latest,
        ))  # fmt: skip


def _ladder(booking: Booking, deadline: datetime, policy: SetBy) -> Iterator[Entry]:
    """The hotel's answer: an alert to the desk, one to the manager, and the end."""
    approves = booking.terms.approval.at_end == "approve"
    end = placed(booking, Entry(
        "approval_deadline", deadline, "The hotel's answer is due",
        "Without an answer the request is confirmed by the hotel's rule."
        if approves
        else "Without an answer the request expires and the room is free again.",
        policy, True, "booking", latest=first_check_in(booking),
    ))  # fmt: skip
    desk_at, manager_at = alerts(booking.terms, booking.since, end.at)
    last = end.at - LEAST_AHEAD
    for key, at, who in (("approval_alert_desk", desk_at, "desk"), ("approval_alert_manager", manager_at, "manager")):
        if at > booking.since:
            yield placed(booking, Entry(
                key, at, f"The {who} is reminded of the request", "A message says that the answer is still open.",
                policy, True, "booking", latest=last,
            ))  # fmt: skip
    yield end


def _before_arrival(booking: Booking, stay: Stay, policy: SetBy) -> Iterator[Entry]:
    """The clocks of a stay that has not begun. Marks whose moment was past from the start are not shown."""
    terms, n = booking.terms, stay.number
    missing_at, opens = no_show_at(terms, stay.awaited_on), check_in_from(terms, stay.awaited_on)
    free_until = cancel_free_until(terms, stay.terms, stay.arrival)
    moved = booking.moved(f"cancel_free_until-{n}") is not None
    if free_until and (moved or free_until > booking.created_at):
        yield placed(booking, Entry(
            f"cancel_free_until-{n}", free_until, "Cancelling stops being free by the rate's terms",
            "From then on the rate's terms name a price for cancelling.",
            policy, False, "date", n, latest=missing_at,
        ))  # fmt: skip
    if opens > booking.created_at:
        day_begins = no_show_at(terms, stay.awaited_on - A_DAY)
        yield placed(booking, Entry(
            f"check_in_from-{n}", opens, "The room is promised from this time", "The desk can check the guest in.",
            policy, False, "date", n, earliest=day_begins, latest=missing_at,
        ))  # fmt: skip
    if stay.status is not Status.CONFIRMED:
        return
    writes_at = pre_arrival_at(terms, stay.arrival)
    # A reminder whose moment had passed when the stay became firm is skipped, never sent at once.
    if writes_at > booking.since or booking.moved(f"pre_arrival-{n}"):
        yield placed(booking, Entry(
            f"pre_arrival-{n}", writes_at, "The guest is written to before the arrival",
            "A message with times, address and price goes out.", policy, True, "date", n, latest=opens,
        ))  # fmt: skip
    yield placed(booking, Entry(
        f"no_show-{n}", missing_at, "The hotel stops waiting for the guest",
        "If nobody has checked in, the stay is a no-show: the first night is kept, the others are free again.",
        policy, True, "date", n, earliest=check_in_from(terms, stay.arrival),
        latest=check_out_by(terms, stay.departure),
    ))  # fmt: skip


def _overstay(booking: Booking, stay: Stay, policy: SetBy) -> Entry:
    """Who has not left: first the desk is alerted; at the night audit the stay goes on for a night."""
    leaves = check_out_by(booking.terms, stay.departure)
    key = f"overstay-{stay.number}"
    if key not in booking.fired or stay.overstayed >= MOST_OVERSTAYED:
        return placed(booking, Entry(
            key, leaves + timedelta(minutes=booking.terms.overstay_after_minutes),
            "The room should have been given back", "If the guest has not checked out, the desk is alerted.",
            policy, True, "date", stay.number, earliest=leaves, latest=leaves + A_DAY,
        ))  # fmt: skip
    audit = no_show_at(booking.terms, stay.departure)
    return placed(booking, Entry(
        f"overstay_night-{stay.number}", audit, "The stay goes on for another night",
        "If the guest has not checked out, one night is added at the last night's price and the desk is told.",
        policy, True, "date", stay.number, earliest=leaves, latest=audit + A_DAY,
    ))  # fmt: skip
