"""What people do to a booking, each as one pure step. Rules: docs/rules/lifecycle.md; fees: docs/rules/fees.md."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.agenda import LEAST_AHEAD, latest_hold
from domain.booking import Booking, Status, Stay, with_purse
from domain.clocks import business_date, local_text
from domain.fees import cancellation_fee, early_departure_fee, no_show_fee
from domain.folio import GUEST_FOLIO
from domain.ladder import approval_deadline
from domain.lapsing import taken_on_yes
from domain.obligations import authorises, first_payment, later_deposit_minor
from domain.payments import How, Payment, PayState, Verb
from domain.refusals import rule
from domain.securing import confirmation, firm, held_again, held_for_payment, payment_asked
from domain.settling import refunded_down, surplus_minor
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

    With the hotel's yes given beforehand, or by a member of staff who may approve, it is confirmed at once, or held
    until it is paid for; money that is only set aside is asked for before the hotel answers. An option is held until
    its time. Errors: 422 clock_out_of_bounds (field `hold_until`).
    """
    if option_until is not None:
        _check_option(booking, option_until, act.now)
    after, what = _first_state(booking, act, option_until, approves=approves)
    return Step(
        after,
        what,
        act,
        difference={"total_minor": after.total_minor, "rooms": len(after.stays)},
        nights=night_moves((), after.stays),
        notices=_first_letters(after),
    )


def _first_state(booking: Booking, act: Act, option_until: datetime | None, *, approves: bool) -> tuple[Booking, str]:
    """How the booking begins, and the word for it."""

    def all_in(status: Status) -> Booking:
        return replace(booking, status=status, stays=tuple(replace(stay, status=status) for stay in booking.stays))

    if option_until is not None:
        return replace(all_in(Status.HELD), hold_expires_at=option_until), "option_held"
    held = all_in(Status.HELD)
    yes = approves or booking.terms.confirmation.value == "auto"
    if (yes or authorises(booking)) and first_payment(held, act.now) is not None:
        online = booking.terms.online
        seconds = online.pay_within_seconds if act.actor.kind == "guest" else online.after_yes_seconds
        held = replace(held, purse=replace(held.purse, yes_given=yes))
        # Nobody has seen an earlier version: this is how the booking begins.
        return replace(held_for_payment(held, act.now, seconds), version=booking.version), "held_for_payment"
    if yes:
        return all_in(Status.CONFIRMED), "booked"
    deadline = approval_deadline(booking.terms, act.now, booking.arrival)
    return replace(all_in(Status.PENDING), approval_deadline=deadline), "requested"


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
    if booking.status is Status.HELD and booking.held_for == "payment":
        return (payment_asked(booking),)
    if booking.status is Status.HELD:
        return (NoticeWish("held", "guest", useful_until=booking.hold_expires_at),)
    return (confirmation(booking),)


def approved(booking: Booking, act: Act, what: str = "approved", attention: str = "") -> Step:
    """The hotel says yes: what was held is sold, once what its terms ask for has come.

    Money that was set aside is captured first; a deposit or the whole price is asked for, and the room is held for it.
    """
    booking_after = replace(booking, attention=attention or booking.attention, approval_deadline=None)
    purse = replace(booking_after.purse, yes_given=True)
    if purse.set_aside is not None:
        after = replace(booking_after, purse=taken_on_yes(purse), version=booking.version + 1)
        return make_step(booking, after, "approval_given", act)
    if first_payment(booking_after, act.now) is not None:
        after = held_again(replace(booking_after, purse=purse), act.now)
        return make_step(booking, after, what, act, notices=(payment_asked(after),))
    after = firm(booking_after, act.now)
    return make_step(booking, after, what, act, notices=(confirmation(after),))


def confirmed(booking: Booking, act: Act) -> Step:
    """The desk makes an option firm, or vouches for a guest who has not paid: what was held is sold."""
    after = firm(booking, act.now)
    return make_step(booking, after, "confirmed", act, notices=(confirmation(after),))


def declined(booking: Booking, act: Act) -> Step:
    """The hotel says no: the room is free again."""
    after = replace(with_all(booking, Status.REJECTED), approval_deadline=None)
    return make_step(booking, after, "declined", act, notices=(NoticeWish("declined", "guest"),))


def failed(booking: Booking, act: Act) -> Step:
    """What the terms demand can't be had any more, or an operator gives up: the rooms are free, with the reason."""
    after = replace(with_all(booking, Status.FAILED), approval_deadline=None, hold_expires_at=None, attention="")
    return make_step(booking, after, "failed", act, notices=(NoticeWish("cancelled", "guest"),))


@dataclass(frozen=True)
class GiveBack:
    """What of a guest's money goes back at a cancellation.

    amount_minor: None for all that is not owed; less keeps the rest for now. payment: the one to take it from first.
    """

    amount_minor: int | None = None
    payment: int | None = None


def cancelled(
    booking: Booking, act: Act, numbers: Sequence[int], *, waive: bool = False, back: GiveBack = GiveBack()
) -> Step:
    """Some or all rooms are given up, at the price of the terms. A request that is taken back is `withdrawn`.

    waive: the fee is not asked for; what it would have been stays written down. Money beyond what is owed goes back as
    `back` says. Errors: 422 more_than_refundable.
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
    after = _money_back(after, act, back)
    given = [stay for stay in after.stays if stay.number in numbers]
    return make_step(
        booking, after, "withdrawn" if withdrawn else "cancelled", act,
        difference={
            "stays": listed(numbers), "fee_minor": sum(stay.fee_minor for stay in given),
            "waived_minor": sum(stay.fee_waived_minor for stay in given),
        },
        notices=(NoticeWish("cancelled", "guest"),),
    )  # fmt: skip


def _money_back(after: Booking, act: Act, back: GiveBack) -> Booking:
    """What is not owed any more is on its way back to the guest; what is to be kept for now is noted."""
    surplus = surplus_minor(after)
    if back.amount_minor is not None:
        if back.amount_minor > surplus:
            raise rule(
                "more_than_refundable",
                "That is more than the guest has paid beyond what is owed.",
                "refund.amount",
                refundable_minor=surplus,
                currency=after.terms.currency,
            )
        kept = after.purse.kept_minor + surplus - back.amount_minor
        after = replace(after, purse=replace(after.purse, kept_minor=kept))
    return refunded_down(after, act.now, "cancelled", back.payment)


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


def payment_taken(
    booking: Booking, act: Act, method: str, amount_minor: int, external: str, folio: int = GUEST_FOLIO
) -> Step:
    """The desk took money. It is posted to the hotel's business day, and makes a room firm that was held for it."""
    number = booking.payments + 1
    held = booking.status is Status.HELD and booking.held_for == "payment"
    asked = first_payment(booking, act.now) if held else None
    taken = Payment(
        number,
        asked.purpose if asked else "balance",
        method,
        How.DESK,
        PayState.CAPTURED,
        amount_minor,
        act.now,
        captured_minor=amount_minor,
    )
    after = with_purse(booking, booking.purse.with_payment(taken))
    after = replace(after, payments=number, version=booking.version + 1)
    letters: tuple[NoticeWish, ...] = ()
    if held and first_payment(after, act.now) is None:
        after = _page_closed(firm(after, act.now))
        letters = (confirmation(after),)
    if after.purse.deposit_open and later_deposit_minor(after) == 0:
        after = replace(after, purse=replace(after.purse, deposit_open=False, due_until=None))
    day = business_date(act.now, booking.terms.zone, booking.terms.audit_time)
    return make_step(
        booking, after, "payment_received", act,
        difference={"method": method, "amount_minor": amount_minor, "balance_minor": after.balance_minor},
        payment=PaymentTaken(number, method, amount_minor, external, day, folio), notices=letters,
    )  # fmt: skip


def _page_closed(booking: Booking) -> Booking:
    """The page that a guest may still pay on is ended: what it asked for is there."""
    attempt = booking.purse.open_payment
    return booking if attempt is None else with_purse(booking, booking.purse.ordering(Verb.CLOSE, attempt.number))


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
