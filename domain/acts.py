"""What people do to a booking, each as one pure step. Rules: docs/rules/lifecycle.md; fees: docs/rules/fees.md."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.agenda import LEAST_AHEAD, latest_hold
from domain.booking import Booking, Status, Stay
from domain.clocks import business_date, local_text
from domain.fees import cancellation_fee, early_departure_fee, no_show_fee
from domain.ladder import approval_deadline
from domain.refusals import rule
from domain.steps import (
    Act,
    NoticeWish,
    PaymentTaken,
    Step,
    ended,
    listed,
    make_step,
    night_moves,
    with_all,
    with_stays,
)
from domain.terms import check_out_by


def opened(booking: Booking, act: Act, *, option_until: datetime | None = None, approves: bool = False) -> Step:
    """The first step: the room is taken.

    With the hotel's yes given beforehand, or by a member of staff who may approve, it is confirmed at once; an option
    is held until its time. Errors: 422 clock_out_of_bounds (field `hold_until`).
    """
    manual = booking.terms.confirmation.value == "manual" and not approves
    status = Status.PENDING if manual else Status.CONFIRMED
    if option_until is not None:
        _check_option(booking, option_until, act.now)
        status = Status.HELD
    after = replace(
        booking,
        status=status,
        stays=tuple(replace(stay, status=status) for stay in booking.stays),
        approval_deadline=approval_deadline(booking.terms, act.now, booking.arrival)
        if status is Status.PENDING
        else None,
        hold_expires_at=option_until,
    )
    return Step(
        after,
        {Status.PENDING: "requested", Status.HELD: "option_held"}.get(status, "booked"),
        act,
        difference={"total_minor": after.total_minor, "rooms": len(after.stays)},
        nights=night_moves((), after.stays),
        notices=_first_letters(after),
    )


def _check_option(booking: Booking, until: datetime, now: datetime) -> None:
    latest, earliest = latest_hold(booking), now + LEAST_AHEAD
    if not earliest <= until <= latest:
        zone = booking.terms.zone
        told = f"An option may be held from {local_text(earliest, zone)} to {local_text(latest, zone)}."
        raise rule("clock_out_of_bounds", told, "hold_until", earliest=earliest.isoformat(), latest=latest.isoformat())


def _first_letters(booking: Booking) -> tuple[NoticeWish, ...]:
    if booking.status is Status.PENDING:
        until = booking.approval_deadline
        return (
            NoticeWish("received", "guest", useful_until=until),
            NoticeWish("new_request", "staff", useful_until=until),
        )
    if booking.status is Status.HELD:
        return (NoticeWish("held", "guest", useful_until=booking.hold_expires_at),)
    return (confirmation(booking),)


def confirmation(booking: Booking) -> NoticeWish:
    """The yes in writing; of no use any more once the last room is due back."""
    return NoticeWish("confirmed", "guest", useful_until=check_out_by(booking.terms, booking.departure))


def approved(booking: Booking, act: Act) -> Step:
    """The hotel says yes: what was held is sold."""
    after = replace(with_all(booking, Status.CONFIRMED), approval_deadline=None)
    return make_step(booking, after, "approved", act, notices=(confirmation(after),))


def confirmed(booking: Booking, act: Act) -> Step:
    """The desk makes an option firm: what was held is sold."""
    after = replace(with_all(booking, Status.CONFIRMED), hold_expires_at=None)
    return make_step(booking, after, "confirmed", act, notices=(confirmation(after),))


def declined(booking: Booking, act: Act) -> Step:
    """The hotel says no: the room is free again."""
    after = replace(with_all(booking, Status.REJECTED), approval_deadline=None)
    return make_step(booking, after, "declined", act, notices=(NoticeWish("declined", "guest"),))


def failed(booking: Booking, act: Act) -> Step:
    """What the terms demand can't be had any more, or an operator gives up: the rooms are free, with the reason."""
    after = replace(with_all(booking, Status.FAILED), approval_deadline=None, hold_expires_at=None, attention="")
    return make_step(booking, after, "failed", act, notices=(NoticeWish("cancelled", "guest"),))


def cancelled(booking: Booking, act: Act, numbers: Sequence[int], *, waive: bool = False) -> Step:
    """Some or all rooms are given up, at the price of the terms. A request that is taken back is `withdrawn`.

    waive: the fee is not asked for; what it would have been stays written down.
    """
    withdrawn = booking.status is Status.PENDING and act.actor.kind == "guest"

    def give_up(stay: Stay) -> Stay:
        fee = cancellation_fee(booking, stay, act.now).amount_minor
        charged, spared = (0, fee) if waive else (fee, 0)
        gone = ended(stay, Status.CANCELLED, fee_minor=charged, fee_waived_minor=spared)
        return replace(gone, room_id=None, room_number="", room_locked=False)

    after = with_stays(booking, numbers, give_up)
    left = after.live(Status.PENDING, Status.HELD)
    if left:
        after = replace(after, status=left[0].status)
    if after.status is Status.CANCELLED:
        word = "withdrawn" if withdrawn else f"cancelled by {act.actor.kind}"
        after = replace(after, approval_deadline=None, hold_expires_at=None, cancellation_reason=word)
    given = [stay for stay in after.stays if stay.number in numbers]
    return make_step(
        booking, after, "withdrawn" if withdrawn else "cancelled", act,
        difference={
            "stays": listed(numbers), "fee_minor": sum(stay.fee_minor for stay in given),
            "waived_minor": sum(stay.fee_waived_minor for stay in given),
        },
        notices=(NoticeWish("cancelled", "guest"),),
    )  # fmt: skip


def fee_waived(booking: Booking, act: Act, numbers: Sequence[int]) -> Step:
    """A fee is not asked for after all; the event keeps the amount and the reason."""
    chosen = [stay for stay in booking.stays if stay.fee_minor and (not numbers or stay.number in numbers)]
    amount = sum(stay.fee_minor for stay in chosen)
    spared = {stay.number for stay in chosen}
    stays = tuple(
        replace(stay, fee_minor=0, fee_waived_minor=stay.fee_waived_minor + stay.fee_minor)
        if stay.number in spared
        else stay
        for stay in booking.stays
    )
    after = replace(booking, stays=stays, version=booking.version + 1)
    difference = {"stays": listed(sorted(spared)), "waived_minor": amount, "balance_minor": after.balance_minor}
    return make_step(booking, after, "fee_waived", act, difference=difference)


def room_assigned(booking: Booking, act: Act, stay: Stay, room: tuple[int, str, int]) -> Step:
    """A stay gets a room (id, number, room type id); with a room of another type its nights move to that type."""
    room_id, number, room_type_id = room
    after = with_stays(
        booking,
        (stay.number,),
        lambda s: replace(s, room_id=room_id, room_number=number, inventory_type_id=room_type_id),
    )
    return make_step(
        booking, after, "room_assigned", act,
        difference={"stay": stay.number, "room_before": stay.room_number or None, "room": number},
    )  # fmt: skip


def checked_in(booking: Booking, act: Act, stays: Sequence[Stay]) -> Step:
    """Guests get their keys. A reason lets them into a room that housekeeping has not released."""
    numbers = [stay.number for stay in stays]
    after = with_stays(booking, numbers, lambda s: replace(s, status=Status.CHECKED_IN, checked_in_at=act.now))
    rooms = tuple(stay.room_id for stay in stays if stay.room_id is not None)
    letters = tuple(
        NoticeWish("check_in", "guest", stay.number, check_out_by(booking.terms, stay.departure)) for stay in stays
    )
    return make_step(
        booking, after, "checked_in", act,
        difference={"stays": listed(numbers), "rooms": ", ".join(s.room_number for s in stays)},
        clean_rooms=() if act.reason else rooms, notices=letters,
    )  # fmt: skip


def payment_taken(booking: Booking, act: Act, method: str, amount_minor: int, external: str) -> Step:
    """The desk took money. It is posted to the hotel's business day."""
    after = replace(
        booking,
        paid_minor=booking.paid_minor + amount_minor,
        payments=booking.payments + 1,
        version=booking.version + 1,
    )
    day = business_date(act.now, booking.terms.zone, booking.terms.audit_time)
    return make_step(
        booking, after, "payment_received", act,
        difference={"method": method, "amount_minor": amount_minor, "balance_minor": after.balance_minor},
        payment=PaymentTaken(after.payments, method, amount_minor, external, day),
    )  # fmt: skip


def checked_out(booking: Booking, act: Act, stays: Sequence[Stay]) -> Step:
    """Guests give the keys back. Nights not yet begun go back on sale, night one never; their rooms turn dirty.

    Who leaves before the booked day pays what the rate's terms name for it.
    """
    today = business_date(act.now, booking.terms.zone, booking.terms.audit_time)
    numbers = [stay.number for stay in stays]

    def leave(stay: Stay) -> Stay:
        free_from = max(today, stay.awaited_on + timedelta(days=1))
        gone = replace(stay, status=Status.CHECKED_OUT, checked_out_at=act.now)
        if free_from >= stay.departure:
            return gone
        fee = early_departure_fee(stay, free_from).amount_minor
        return replace(gone, released_from=free_from, fee_minor=fee)

    after = with_stays(booking, numbers, leave)
    fees = sum(stay.fee_minor for stay in after.stays if stay.number in numbers)
    return make_step(
        booking, after, "checked_out", act,
        difference={"stays": listed(numbers), "fee_minor": fees, "balance_minor": after.balance_minor},
        dirty_rooms=tuple(stay.room_id for stay in stays if stay.room_id is not None),
    )  # fmt: skip


def no_show(booking: Booking, act: Act, numbers: Sequence[int]) -> Step:
    """Guests who never came: night one stays taken, the others go back on sale, and the terms name the fee."""

    def missing(stay: Stay) -> Stay:
        second = stay.awaited_on + timedelta(days=1)
        released = second if second < stay.departure else None
        return ended(stay, Status.NO_SHOW, released_from=released, fee_minor=no_show_fee(stay).amount_minor)

    after = with_stays(booking, numbers, missing)
    fees = sum(stay.fee_minor for stay in after.stays if stay.number in numbers)
    return make_step(
        booking, after, "no_show", act,
        difference={"stays": listed(numbers), "fee_minor": fees}, notices=(NoticeWish("no_show", "guest"),),
    )  # fmt: skip
