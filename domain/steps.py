"""The steps of a booking's life: state before, a wish or a clock, state after and what has to be written.

Every function is pure. What a step moves in the hotel's counters and rooms is not said a second time: it follows from
the difference between the stays before and after (`night_moves`, `room_changes`). Rules: docs/rules/lifecycle.md.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from datetime import date, datetime, timedelta
from typing import Any

from domain.agenda import Entry, agenda, next_alarm
from domain.booking import REMEMBERED_KEYS, SYSTEM, Actor, Booking, Status, Stay, status_of_stays
from domain.clocks import business_date
from domain.terms import approval_deadline, check_in_from, check_out_by, collects

Fact = str | int | bool | None


class Overtaken(Exception):
    """Another run has written a step of this number; the row is the truth, not this run's memory."""


class Repeated(Exception):
    """This step (same_step), or its command's key, was written before; nothing is written a second time."""

    def __init__(self, *, same_step: bool) -> None:
        super().__init__("same step" if same_step else "same key")
        self.same_step = same_step


@dataclass(frozen=True)
class Act:
    """Who does something, when, through which door (web, desk, operations, system) and why."""

    now: datetime
    actor: Actor = SYSTEM
    channel: str = "system"
    reason: str = ""


@dataclass(frozen=True)
class NightMove:
    """What changes in the counters of one night of one room type."""

    room_type_id: int
    night: date
    held: int
    sold: int


@dataclass(frozen=True)
class RoomChange:
    """The room a stay occupies from now on, for the nights [arrival, departure); none when room_id is None."""

    stay: int
    room_id: int | None
    arrival: date
    departure: date


@dataclass(frozen=True)
class NoticeWish:
    """A message to send. useful_until: after this instant it would only confuse."""

    kind: str
    audience: str
    stay: int | None = None
    useful_until: datetime | None = None


@dataclass(frozen=True)
class PaymentTaken:
    """Money the desk took; amount in minor units of the booking's currency."""

    number: int
    method: str
    amount_minor: int
    external_reference: str
    business_date: date


@dataclass(frozen=True)
class Step:
    """One step of the story: the state it leads to, and everything that is written with it in one transaction.

    awaited: the clock the booking was waiting for when this happened. clean_rooms: rooms that must be clean for it.
    dirty_rooms: rooms that it leaves to housekeeping.
    """

    after: Booking
    what: str
    act: Act
    awaited: Entry | None = None
    difference: dict[str, Fact] = default(default_factory=dict)
    nights: tuple[NightMove, ...] = ()
    rooms: tuple[RoomChange, ...] = ()
    notices: tuple[NoticeWish, ...] = ()
    payment: PaymentTaken | None = None
    clean_rooms: tuple[int, ...] = ()
    dirty_rooms: tuple[int, ...] = ()


def night_moves(before: Sequence[Stay], after: Sequence[Stay]) -> tuple[NightMove, ...]:
    """The counters' difference, in the one global order in which nights are locked."""
    held: Counter[tuple[int, date]] = Counter()
    sold: Counter[tuple[int, date]] = Counter()
    for stays, sign in ((before, -1), (after, 1)):
        for stay in stays:
            counter = held if stay.status.holds else sold
            for night in _counted_nights(stay):
                counter[(stay.inventory_type_id, night)] += sign
    keys = sorted(key for key in held.keys() | sold.keys() if held[key] or sold[key])
    return tuple(NightMove(key[0], key[1], held[key], sold[key]) for key in keys)


def _counted_nights(stay: Stay) -> tuple[date, ...]:
    """The nights a stay takes from the hotel's stock; a no-show and an early departure keep some."""
    kept = stay.status.holds or stay.status.sold or stay.status in (Status.CHECKED_OUT, Status.NO_SHOW)
    if not kept:
        return ()
    return tuple(night for night in stay.nights() if stay.released_from is None or night < stay.released_from)


def room_changes(before: Sequence[Stay], after: Sequence[Stay]) -> tuple[RoomChange, ...]:
    """The stays whose room, or whose nights in it, differ. Sorted by room, so that rooms are locked in one order."""
    was = {stay.number: _occupied(stay) for stay in before}
    now = [_occupied(stay) for stay in after]
    return tuple(sorted((c for c in now if was.get(c.stay) != c), key=lambda c: (c.room_id or 0, c.stay)))


def _occupied(stay: Stay) -> RoomChange:
    gone = stay.status in (Status.CANCELLED, Status.NO_SHOW, Status.REJECTED, Status.EXPIRED, Status.FAILED)
    end = min(stay.departure, stay.released_from or stay.departure)
    return RoomChange(stay.number, None if gone else stay.room_id, stay.arrival, end)


def _step(before: Booking, after: Booking, what: str, act: Act, **written: Any) -> Step:
    """Closes a step: the next sequence number, the instant, and the differences that follow from the stays."""
    moved = replace(after, seq=before.seq + 1, last_instant=max(act.now, before.last_instant))
    if moved.status is not before.status:
        moved = replace(moved, since=act.now)
    if moved.status is Status.CHECKED_OUT and before.status is not Status.CHECKED_OUT:
        # The last guest has left, or whoever was still awaited no longer is: from here on the books are closing.
        closing = act.now + timedelta(seconds=moved.terms.close_after_seconds)
        moved = replace(moved, close_at=closing, attention="")
        written["notices"] = (*written.get("notices", ()), NoticeWish("check_out", "guest"))
    return replace(
        Step(moved, what, act),
        awaited=next_alarm(agenda(before)),
        nights=night_moves(before.stays, moved.stays),
        rooms=room_changes(before.stays, moved.stays),
        **written,
    )


def _moved(booking: Booking, numbers: Sequence[int], change: Callable[[Stay], Stay]) -> Booking:
    """The booking with some stays changed, its status derived, and one version further: a person decided it."""
    stays = tuple(change(stay) if stay.number in numbers else stay for stay in booking.stays)
    status = status_of_stays(stay.status for stay in stays)
    return replace(booking, stays=stays, status=status, version=booking.version + 1)


def _all(booking: Booking, status: Status) -> Booking:
    """The booking and its live stays in a status that they share."""
    stays = tuple(
        replace(stay, status=status) if stay.status.holds or stay.status is Status.CONFIRMED else stay
        for stay in booking.stays
    )
    return replace(booking, stays=stays, status=status, version=booking.version + 1)


def remember(step: Step, key: str) -> Step:
    """The step with its command key among the last that the booking remembers."""
    if not key:
        return step
    keys = (*step.after.keys, key)[-REMEMBERED_KEYS:]
    return replace(step, after=replace(step.after, keys=keys))


def opened(booking: Booking, act: Act) -> Step:
    """The first step: the room is taken. With the hotel's yes given beforehand it is confirmed at once."""
    manual = booking.terms.confirmation.value == "manual"
    status = Status.PENDING if manual else Status.CONFIRMED
    deadline = approval_deadline(booking.terms, act.now, booking.arrival) if manual else None
    after = replace(
        booking,
        status=status,
        stays=tuple(replace(stay, status=status) for stay in booking.stays),
        approval_deadline=deadline,
    )
    notices = (
        (
            NoticeWish("received", "guest", useful_until=deadline),
            NoticeWish("new_request", "staff", useful_until=deadline),
        )
        if manual
        else (_confirmed(after),)
    )
    return Step(
        after,
        "requested" if manual else "booked",
        act,
        difference={"total_minor": after.total_minor, "rooms": len(after.stays)},
        nights=night_moves((), after.stays),
        notices=notices,
    )


def _confirmed(booking: Booking) -> NoticeWish:
    """The yes in writing; of no use any more once the last room is due back."""
    return NoticeWish("confirmed", "guest", useful_until=check_out_by(booking.terms, booking.departure))


def approved(booking: Booking, act: Act) -> Step:
    """The hotel says yes: what was held is sold."""
    after = replace(_all(booking, Status.CONFIRMED), approval_deadline=None)
    return _step(
        booking, after, "approved", act,
        notices=(_confirmed(after),),
    )  # fmt: skip


def declined(booking: Booking, act: Act) -> Step:
    """The hotel says no: the room is free again."""
    after = replace(_all(booking, Status.REJECTED), approval_deadline=None)
    return _step(
        booking, after, "declined", act,
        notices=(NoticeWish("declined", "guest"),),
    )  # fmt: skip


def expired(booking: Booking, act: Act) -> Step:
    """Nobody said yes or no in time: the room is free again."""
    after = replace(_all(booking, Status.EXPIRED), approval_deadline=None)
    return _step(booking, after, "expired", act, notices=(NoticeWish("expired", "guest"),))


def cancelled(booking: Booking, act: Act, numbers: Sequence[int]) -> Step:
    """Some or all rooms are given up, free of charge. A request that is taken back is `withdrawn`."""
    withdrawn = booking.status is Status.PENDING and act.actor.kind == "guest"
    after = _moved(booking, numbers, lambda stay: replace(stay, status=Status.CANCELLED, room_id=None, room_number=""))
    left = after.live(Status.PENDING, Status.HELD)
    if left:
        after = replace(after, status=left[0].status)
    if after.status is Status.CANCELLED:
        word = "withdrawn" if withdrawn else f"cancelled by {act.actor.kind}"
        after = replace(after, approval_deadline=None, cancellation_reason=word)
    return _step(
        booking, after, "withdrawn" if withdrawn else "cancelled", act,
        difference={"stays": ", ".join(str(n) for n in numbers), "fee_minor": 0},
        notices=(NoticeWish("cancelled", "guest"),),
    )  # fmt: skip


def room_assigned(booking: Booking, act: Act, stay: Stay, room: tuple[int, str, int]) -> Step:
    """A stay gets a room (id, number, room type id); with a room of another type its nights move to that type."""
    room_id, number, room_type_id = room
    after = _moved(
        booking,
        (stay.number,),
        lambda s: replace(s, room_id=room_id, room_number=number, inventory_type_id=room_type_id),
    )
    return _step(
        booking, replace(after, status=booking.status), "room_assigned", act,
        difference={"stay": stay.number, "room_before": stay.room_number or None, "room": number},
    )  # fmt: skip


def checked_in(booking: Booking, act: Act, stays: Sequence[Stay]) -> Step:
    """Guests get their keys. A reason lets them into a room that housekeeping has not released."""
    numbers = [stay.number for stay in stays]
    after = _moved(booking, numbers, lambda s: replace(s, status=Status.CHECKED_IN, checked_in_at=act.now))
    rooms = tuple(stay.room_id for stay in stays if stay.room_id is not None)
    return _step(
        booking, after, "checked_in", act,
        difference={"stays": ", ".join(str(n) for n in numbers), "rooms": ", ".join(s.room_number for s in stays)},
        clean_rooms=() if act.reason else rooms,
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
    return _step(
        booking, after, "payment_received", act,
        difference={"method": method, "amount_minor": amount_minor, "balance_minor": after.balance_minor},
        payment=PaymentTaken(after.payments, method, amount_minor, external, day),
    )  # fmt: skip


def checked_out(booking: Booking, act: Act, stays: Sequence[Stay]) -> Step:
    """Guests give the keys back. Nights not yet begun go back on sale, night one never; their rooms turn dirty."""
    today = business_date(act.now, booking.terms.zone, booking.terms.audit_time)
    numbers = [stay.number for stay in stays]

    def leave(stay: Stay) -> Stay:
        free_from = max(today, stay.arrival + timedelta(days=1))
        early = free_from < stay.departure
        return replace(
            stay, status=Status.CHECKED_OUT, checked_out_at=act.now, released_from=free_from if early else None
        )

    after = _moved(booking, numbers, leave)
    return _step(
        booking, after, "checked_out", act,
        difference={"stays": ", ".join(str(n) for n in numbers), "balance_minor": after.balance_minor},
        dirty_rooms=tuple(stay.room_id for stay in stays if stay.room_id is not None),
    )  # fmt: skip


def no_show(booking: Booking, act: Act, numbers: Sequence[int]) -> Step:
    """Guests who never came: night one stays taken, the others go back on sale."""

    def missing(stay: Stay) -> Stay:
        second = stay.arrival + timedelta(days=1)
        released = second if second < stay.departure else None
        return replace(stay, status=Status.NO_SHOW, released_from=released)

    return _step(
        booking, _moved(booking, numbers, missing), "no_show", act,
        difference={"stays": ", ".join(str(n) for n in numbers)},
    )  # fmt: skip


def completed(booking: Booking, act: Act) -> Step:
    """The books are closed. A balance left open stays visible for a person to look at."""
    after = replace(booking, status=Status.COMPLETED, close_at=None, version=booking.version + 1)
    if collects(booking.terms) and after.balance_minor != 0:
        after = replace(after, attention="The books were closed with an open balance.")
    return _step(booking, after, "completed", act, difference={"balance_minor": booking.balance_minor})


def clock_rang(booking: Booking, entries: Sequence[Entry], act: Act) -> Step:
    """What the agenda does when clocks are due; entries due together are one step. The first entry decides its kind."""
    first = entries[0]
    if first.key == "approval_deadline":
        return expired(booking, act)
    if first.key == "close":
        return completed(booking, act)
    missing = [entry.stay for entry in entries if entry.key.startswith("no_show") and entry.stay]
    if missing:
        return no_show(booking, act, missing)
    fired = replace(booking, fired=(*booking.fired, *(entry.key for entry in entries)))
    overstays = [entry for entry in entries if entry.key.startswith("overstay")]
    if overstays:
        rooms = ", ".join(str(entry.stay) for entry in overstays)
        fired = replace(fired, attention=f"Past the check-out time without a check-out: stay {rooms}.")
    reminders = [entry for entry in entries if entry.key.startswith("pre_arrival") and entry.stay]
    wishes = tuple(
        NoticeWish("pre_arrival", "guest", entry.stay, _check_in(booking, entry.stay or 0)) for entry in reminders
    )
    return _step(
        booking, fired, "overstay" if overstays else "reminded", act,
        difference={"clocks": ", ".join(entry.key for entry in entries)}, notices=wishes,
    )  # fmt: skip


def _check_in(booking: Booking, number: int) -> datetime:
    stay = booking.stay(number)
    return check_in_from(booking.terms, stay.arrival if stay else booking.arrival)
