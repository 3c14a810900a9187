"""The checks of single commands: each refusal names its rule. Rules in words: docs/rules/lifecycle.md."""

from collections.abc import Sequence
from datetime import datetime

from domain.agenda import LEAST_AHEAD, Entry, agenda
from domain.booking import Actor, Booking, Status, Stay
from domain.clocks import business_date, local_text
from domain.lifecycle import check_managers_word
from domain.refusals import conflict, rule
from domain.terms import check_in_from, check_out_by, collects


def check_arrival_day(booking: Booking, stay: Stay, now: datetime) -> None:
    """Check-in opens with the business day of the arrival and ends with the stay.

    Errors: 422 too_early, too_late, room_not_assigned.
    """
    today = business_date(now, booking.terms.zone, booking.terms.audit_time)
    if today < stay.arrival:
        raise rule(
            "too_early",
            f"Stay {stay.number} arrives on {stay.arrival}; the hotel's business day is {today}.",
            business_date=today.isoformat(),
        )
    if today >= stay.departure:
        raise rule(
            "too_late",
            f"Stay {stay.number} was to leave on {stay.departure}; the hotel's business day is {today}.",
            business_date=today.isoformat(),
        )
    if stay.room_id is None:
        raise rule("room_not_assigned", f"Stay {stay.number} has no room yet; assign one first.", stay=stay.number)


def check_no_show(booking: Booking, stay: Stay, now: datetime) -> None:
    """A guest can't be missing before the room was promised: 422 too_early."""
    moved = booking.moved(f"check_in_from-{stay.number}")
    opens = moved.at if moved else check_in_from(booking.terms, stay.awaited_on)
    if now < opens:
        raise rule(
            "too_early",
            f"Stay {stay.number} may still come: check-in opens {local_text(opens, booking.terms.zone)}.",
            earliest=opens.isoformat(),
        )


def check_balance(booking: Booking, leaving: Sequence[Stay], reason: str) -> None:
    """The last room to leave needs a balance of zero or a written reason: 422 balance_open (field `reason`)."""
    still_here = [stay for stay in booking.live(Status.CHECKED_IN, Status.CONFIRMED) if stay not in leaving]
    if collects(booking.terms) and not still_here and booking.balance_minor != 0 and not reason:
        raise rule(
            "balance_open",
            "The balance is not zero; record the payment, or give the reason for leaving it open.",
            "reason",
            balance_minor=booking.balance_minor,
            currency=booking.terms.currency,
        )


def check_payment(booking: Booking, amount_minor: int, currency: str) -> None:
    """Money the desk takes: 422 payments_not_taken, amount_not_positive, currency_differs, more_than_owed."""
    if not collects(booking.terms):
        raise rule("payments_not_taken", "This hotel takes no payments through Holdfast.", "amount")
    if amount_minor <= 0:
        raise rule("amount_not_positive", "The amount must be more than zero.", "amount.amount_minor")
    if currency != booking.terms.currency:
        raise rule("currency_differs", f"The booking is in {booking.terms.currency}.", "amount.currency")
    if amount_minor > booking.balance_minor:
        raise rule(
            "more_than_owed",
            "The amount is more than the open balance.",
            "amount.amount_minor",
            balance_minor=booking.balance_minor,
            currency=booking.terms.currency,
        )


def check_reason(reason: str, what: str) -> None:
    """What goes past a rule is written down with its reason: 422 reason_needed (field `reason`)."""
    if not reason.strip():
        raise rule("reason_needed", f"{what} needs a reason.", "reason")


def check_reinstate(booking: Booking, stays: Sequence[Stay], reason: str, now: datetime) -> None:
    """Taking up again: with a reason, until the last departure's check-out time, and a request only in advance.

    Errors: 422 reason_needed, too_late.
    """
    check_reason(reason, "Taking a booking up again")
    ends = check_out_by(booking.terms, booking.departure)
    if now >= ends:
        told = f"The stay was to end {local_text(ends, booking.terms.zone)}; make a new booking instead."
        raise rule("too_late", told, latest=ends.isoformat())
    today = business_date(now, booking.terms.zone, booking.terms.audit_time)
    for stay in stays:
        asked = stay.ended_from in (Status.HELD, Status.PENDING) or stay.status in (Status.EXPIRED, Status.REJECTED)
        if today >= stay.departure or (asked and today > stay.arrival):
            told = f"The nights of stay {stay.number} have begun; the hotel's business day is {today}."
            raise rule("too_late", told, business_date=today.isoformat())


def clock_of(booking: Booking, key: str) -> Entry:
    """The running clock of that key. Errors: 409 clock_not_running, with the keys that run."""
    for entry in agenda(booking):
        if entry.key == key:
            return entry
    running = [entry.key for entry in agenda(booking)]
    fired = "It has rung already." if key in booking.fired else "The booking's agenda has no such clock."
    raise conflict("clock_not_running", f"The clock {key[:40]} does not run. {fired}", "key", clocks=running)


def check_clock(booking: Booking, key: str, at: datetime | None, actor: Actor, reason: str, now: datetime) -> Entry:
    """Whether a clock may be moved there; `at` None puts it back where the terms place it.

    Errors: 409 clock_not_running; 403 role_missing (an option's second extension); 422 reason_needed,
    clock_out_of_bounds (with both bounds).
    """
    entry = clock_of(booking, key)
    check_reason(reason, "Moving a clock")
    move = booking.moved(key)
    if key == "hold_expires" and at is not None and move and move.moves >= 1:
        check_managers_word(actor, "Extending an option a second time")
    goal = at or entry.default_at or entry.at
    earliest = max(now + LEAST_AHEAD, entry.earliest or now)
    latest = entry.latest or goal
    if at is None and goal < earliest:
        # Where the terms had put it is over: taking the move back would make it ring at once.
        raise _out_of_bounds(booking, entry, earliest, latest, "Where the terms had put it has passed")
    if at is not None and not earliest <= at <= latest:
        raise _out_of_bounds(booking, entry, earliest, latest, "The clock can't be moved there")
    return entry


def _out_of_bounds(booking: Booking, entry: Entry, earliest: datetime, latest: datetime, why: str) -> Exception:
    zone = booking.terms.zone
    if earliest > latest:
        told = f"{why}: there is no time left to move it to."
    else:
        told = f"{why}: it may be anywhere from {local_text(earliest, zone)} to {local_text(latest, zone)}."
    return rule(
        "clock_out_of_bounds", told, "at", earliest=earliest.isoformat(), latest=latest.isoformat(), key=entry.key
    )


def check_change_number(booking: Booking, number: int) -> None:
    """The change that is answered is the open one: 409 change_not_open."""
    if booking.change_request is None or booking.change_request.number != number:
        raise conflict("change_not_open", f"Change request {number} is not open.", "number")


def check_checklist(booking: Booking, done: Sequence[str]) -> None:
    """Every needed point of the hotel's checklist is done: 422 checklist_open (field `checklist`), naming them."""
    wanted = [point.item for point in booking.terms.approval.checklist if point.needed]
    missing = [item for item in wanted if item not in done]
    if missing:
        told = f"Before the yes these points have to be done: {', '.join(missing)}."
        raise rule("checklist_open", told, "checklist", missing=missing)
