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

from domain.agenda import Entry, agenda, awaited
from domain.booking import GONE, REMEMBERED_KEYS, SYSTEM, Actor, Booking, Status, Stay, status_of_stays
from domain.changes import PricedLine, StayPlan
from domain.folio import GUEST_FOLIO, Charge
from domain.payments import Payment, Refund
from domain.settling import settled

Fact = str | int | bool | None


class Overtaken(Exception):
    """Another step of this number is written; the row is the truth, not this run's memory."""


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
    data: dict[str, str | int] = default(default_factory=dict)


@dataclass(frozen=True)
class PaymentTaken:
    """Money the desk took; amount in minor units of the booking's currency; folio: which it settles."""

    number: int
    method: str
    amount_minor: int
    external_reference: str
    business_date: date
    folio: int = GUEST_FOLIO


@dataclass(frozen=True)
class AddedLine:
    """One more line of a stay's price."""

    stay: int
    line: PricedLine


@dataclass(frozen=True)
class ChangeNews:
    """What became of a change that the guest asked for.

    verdict: open, accepted, declined, withdrawn or lapsed. wish: what was asked, as JSON; text: in the guest's words.
    plans, before_minor, after_minor: the change that was priced when it was asked for.
    """

    number: int
    verdict: str
    wish: str = ""
    text: str = ""
    plans: tuple[StayPlan, ...] = ()
    before_minor: int = 0
    after_minor: int = 0


@dataclass(frozen=True)
class Step:
    """One step of the story: the state it leads to, and everything that is written with it in one transaction.

    awaited: the clock the booking was waiting for when this happened. clean_rooms: rooms that must be clean for it.
    dirty_rooms: rooms that it leaves to housekeeping. plans: stays whose price lines and guests are written anew;
    added: lines that come on top; charge: an extra or adjustment for the folio; oversell: nights are taken even in a
    full house, and counted as oversold. payments, refunds: those of the purse that it begins or changes.
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
    plans: tuple[StayPlan, ...] = ()
    added: tuple[AddedLine, ...] = ()
    change: ChangeNews | None = None
    oversell: bool = False
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    charge: Charge | None = None


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
    return stay.kept


def room_changes(before: Sequence[Stay], after: Sequence[Stay]) -> tuple[RoomChange, ...]:
    """The stays whose room, or whose nights in it, differ. Sorted by room, so that rooms are locked in one order."""
    was = {stay.number: _occupied(stay) for stay in before}
    now = [_occupied(stay) for stay in after]
    return tuple(sorted((c for c in now if was.get(c.stay) != c), key=lambda c: (c.room_id or 0, c.stay)))


def _occupied(stay: Stay) -> RoomChange:
    start, end = stay.awaited_on, min(stay.departure, stay.released_from or stay.departure)
    return RoomChange(stay.number, None if stay.status in GONE or start >= end else stay.room_id, start, end)


def make_step(before: Booking, after: Booking, what: str, act: Act, **written: Any) -> Step:
    """Closes a step: the next sequence number, the instant, and the differences that follow from the stays."""
    moved = replace(after, seq=before.seq + 1, last_instant=max(act.now, before.last_instant))
    if moved.status is not before.status:
        moved = replace(moved, since=act.now)
    if moved.status is Status.CHECKED_OUT and before.status is not Status.CHECKED_OUT:
        # The last guest has left, or whoever was still awaited no longer is: from here on the books are closing.
        moved = replace(_closing(moved, act.now), attention="")
        written["notices"] = (*written.get("notices", ()), NoticeWish("check_out", "guest"))
    if moved.status.ended and moved.change_request:
        written.setdefault("change", ChangeNews(moved.change_request.number, "lapsed"))
        moved = replace(moved, change_request=None)
    moved = settled(moved, act.now)
    return replace(
        Step(moved, what, act),
        awaited=awaited(agenda(before)),
        nights=night_moves(before.stays, moved.stays),
        rooms=room_changes(before.stays, moved.stays),
        payments=tuple(one for one in moved.purse.payments if before.purse.payment(one.number) != one),
        refunds=tuple(one for one in moved.purse.refunds if before.purse.refund(one.number) != one),
        **written,
    )


def _closing(booking: Booking, now: datetime) -> Booking:
    """The clocks of a booking whose last guest has left. The books stay open until the guest was asked how it was."""
    terms = booking.terms
    close = now + timedelta(seconds=terms.close_after_seconds)
    asks = None
    if terms.feedback_after_seconds is not None:
        asks = now + timedelta(seconds=terms.feedback_after_seconds)
        close = max(close, asks)
    return replace(booking, close_at=close, feedback_at=asks)


def with_stays(booking: Booking, numbers: Sequence[int], change: Callable[[Stay], Stay]) -> Booking:
    """The booking with some stays changed, its status derived, and one version further: a person decided it."""
    stays = tuple(change(stay) if stay.number in numbers else stay for stay in booking.stays)
    status = status_of_stays(stay.status for stay in stays)
    return replace(booking, stays=stays, status=status, version=booking.version + 1)


def with_all(booking: Booking, status: Status) -> Booking:
    """The booking and its live stays in a status that they share."""
    stays = tuple(
        _to(stay, status) if stay.status.holds or stay.status is Status.CONFIRMED else stay for stay in booking.stays
    )
    return replace(booking, stays=stays, status=status, version=booking.version + 1)


def ended(stay: Stay, status: Status, **changes: Any) -> Stay:
    """The stay at its end, which remembers where it came from."""
    return replace(stay, status=status, ended_from=stay.status, **changes)


def _to(stay: Stay, status: Status) -> Stay:
    return ended(stay, status) if status in GONE else replace(stay, status=status)


def listed(numbers: Sequence[int]) -> str:
    """Stay numbers as an event tells them: `1, 2`."""
    return ", ".join(str(number) for number in numbers)


def remember(step: Step, key: str) -> Step:
    """The step with its command key among the last that the booking remembers."""
    if not key:
        return step
    keys = (*step.after.keys, key)[-REMEMBERED_KEYS:]
    return replace(step, after=replace(step.after, keys=keys))
