"""A booking told a second time, as simply as it can be: what the real one is compared with.

Its acts are in model_rules.py and model_acts.py.

Nothing here comes from the rules' own code but the shapes of terms and the resolving of wall clocks. Every amount,
clock and counter is worked out anew from the rooms as they are, never from what changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.clocks import local, resolve
from domain.terms import HotelTerms, StayTerms, cancel_free_until, check_in_from, check_out_by, no_show_at
from domain.terms import pre_arrival_at as writes_at

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
COMING = ("held", "pending", "confirmed")
HOLDING = ("held", "pending")
GONE = ("cancelled", "no_show", "rejected", "expired", "failed")
ENDED = ("completed", *GONE)


@dataclass(frozen=True)
class Goal:
    """What a room is to become: number, dates, type and the price of each night."""

    number: int
    arrival: date
    departure: date
    sells: int
    price: tuple[int, ...]


@dataclass(frozen=True)
class Wish:
    """What somebody wants; `kind` names the command, the rest is what commands carry."""

    kind: str
    who: str = "frontdesk"
    stays: tuple[int, ...] = ()
    version: int | None = None
    reason: str = ""
    key: str = ""
    room: str = ""
    amount: int = 0
    clock: str = ""
    at: datetime | None = None
    goals: tuple[Goal, ...] = ()
    oversell: bool = False
    waive: bool = False
    told: int | None = None
    number: int = 0
    verdict: str = ""


@dataclass(frozen=True)
class Clock:
    """One line of the agenda."""

    at: datetime
    stay: int
    key: str
    rings: bool
    default: datetime
    earliest: datetime | None
    latest: datetime


@dataclass
class Room:
    """One stay. takes: the type whose nights it takes; left: nights from then on were given back."""

    number: int
    status: str
    arrival: date
    departure: date
    sells: int
    takes: int
    price: dict[date, int]
    room: str = ""
    fee: int = 0
    left: date | None = None
    skipped: frozenset[date] = frozenset()
    expected: date | None = None
    came_from: str = ""
    extra: int = 0

    def kept(self) -> list[date]:
        """The nights that stay taken."""
        return [n for n in sorted(self.price) if n not in self.skipped and (self.left is None or n < self.left)]

    def awaited(self) -> date:
        """The day on which the guest is awaited."""
        return max(self.arrival, self.expected or self.arrival)

    def owed(self) -> int:
        """Nights while it lives or was slept in, and the fee."""
        return self.fee if self.status in GONE else sum(self.price[night] for night in self.kept()) + self.fee

    def total(self) -> int:
        """The price of all nights."""
        return sum(self.price.values())

    def in_room(self) -> tuple[date, date] | None:
        """When it has its room for itself."""
        first, end = self.awaited(), min(self.departure, self.left or self.departure)
        return (first, end) if self.room and self.status not in GONE and first < end else None


def taken(rooms: Iterable[Room]) -> dict[tuple[int, date], tuple[int, int]]:
    """(held, sold) by type and night, counted from the rooms."""
    held: dict[tuple[int, date], int] = defaultdict(int)
    sold: dict[tuple[int, date], int] = defaultdict(int)
    for room in rooms:
        for night in room.kept():
            if room.status in HOLDING:
                held[(room.takes, night)] += 1
            elif room.status in ("confirmed", "checked_in", "checked_out", "no_show"):
                sold[(room.takes, night)] += 1
    return {at: (held[at], sold[at]) for at in held.keys() | sold.keys()}


@dataclass
class Picture:
    """The booking, the nights of its hotel as (physical, blocked), and what happened, in the events' words."""

    terms: HotelTerms
    rate: StayTerms
    rooms: list[Room]
    created: datetime
    since: datetime
    nights: dict[tuple[int, date], list[int]]
    status: str = "held"
    version: int = 1
    paid: int = 0
    deadline: datetime | None = None
    hold_until: datetime | None = None
    close_at: datetime | None = None
    feedback_at: datetime | None = None
    change: tuple[int, datetime] | None = None
    changes: int = 0
    moved: dict[str, datetime] = field(default_factory=dict)
    extended: dict[str, int] = field(default_factory=dict)
    rung: set[str] = field(default_factory=set)
    oversold: dict[tuple[int, date], int] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def seen(self) -> dict[str, Any]:
        """Everything that is compared with the rows."""
        clocks = self.clocks()
        balance = self.balance()
        asks = self.terms.payment.value != "none" and balance > 0
        unpaid = "due" if asks else "none"
        ringing = [clock.at for clock in clocks if clock.rings]
        counted = taken(self.rooms)
        nights = {at: (*counted.get(at, (0, 0)), self.oversold.get(at, 0)) for at in self.nights}
        return {
            "status": self.status,
            "version": self.version,
            "payment_status": unpaid if not self.paid else "paid" if balance <= 0 else "part_paid",
            "balance_minor": balance,
            "next_at": min(ringing, default=None),
            "agenda": {clock.key: (clock.at, clock.latest) for clock in clocks},
            "stays": {
                room.number: (room.status, room.arrival, room.departure, room.room, room.total(), room.fee)
                for room in self.rooms
            },
            "nights": {at: counts for at, counts in nights.items() if any(counts)},
            "events": self.events,
        }

    def balance(self) -> int:
        """Owed less paid."""
        return sum(room.owed() for room in self.rooms) - self.paid

    def today(self, now: datetime) -> date:
        """The hotel's open day: it ends with the night audit of the next date."""
        shown = local(now, self.terms.zone).date()
        return shown if now >= resolve(shown, self.terms.audit_time, self.terms.zone) else shown - DAY

    def coming(self) -> list[Room]:
        """Rooms whose guests are still awaited."""
        return [room for room in self.rooms if room.status in COMING]

    def first_day(self) -> date:
        """The first day on which somebody is awaited."""
        return min([room.awaited() for room in self.coming()] or [min(room.arrival for room in self.rooms)])

    def latest_hold(self) -> datetime:
        """An option is held thirty days at most, and not past the first night audit."""
        return min(self.created + 30 * DAY, no_show_at(self.terms, self.first_day()))

    def clocks(self) -> list[Clock]:
        """The agenda, soonest first."""
        lines = [line for line in (*self._of_booking(), *self._of_rooms()) if line.key not in self.rung]
        letters = ("pre_arrival", "approval_alert", "feedback")
        return sorted(lines, key=lambda line: (line.at, line.stay, not line.key.startswith(letters), line.key))

    def _clock(
        self, key: str, default: datetime, latest: datetime, earliest: datetime | None = None,
        stay: int = 0, rings: bool = True,
    ) -> Clock:  # fmt: skip
        at = self.moved.get(key, default)
        first = None if earliest is None else min(earliest, default)
        return Clock(at, stay, key, rings, default, first, max(latest, default))

    def _of_booking(self) -> Iterator[Clock]:
        opens = check_in_from(self.terms, self.first_day())
        if self.status == "held" and self.hold_until:
            yield self._clock("hold_expires", self.hold_until, self.latest_hold())
        if self.status == "pending" and self.deadline:
            end = self._clock("approval_deadline", self.deadline, opens)
            yield end
            for who, percent in (("desk", 50), ("manager", 80)):
                at = min(self.since + (end.at - self.since) * percent // 100, end.at - MINUTE)
                if at > self.since:
                    yield self._clock(f"approval_alert_{who}", at, end.at - MINUTE)
        if self.change:
            yield self._clock(f"change_request-{self.change[0]}", self.change[1], opens)
        if self.status == "checked_out":
            latest = check_out_by(self.terms, max(room.departure for room in self.rooms)) + 30 * DAY
            if self.close_at:
                yield self._clock("close", self.close_at, latest)
            if self.feedback_at:
                yield self._clock("feedback", self.feedback_at, latest)

    def _of_rooms(self) -> Iterator[Clock]:
        terms = self.terms
        for room in self.rooms:
            n = room.number
            opens, missing = check_in_from(terms, room.awaited()), no_show_at(terms, room.awaited())
            leaves = check_out_by(terms, room.departure)
            if room.status in COMING:
                free = cancel_free_until(terms, self.rate, room.arrival)
                if free and (free > self.created or f"cancel_free_until-{n}" in self.moved):
                    yield self._clock(f"cancel_free_until-{n}", free, missing, stay=n, rings=False)
                if opens > self.created:
                    begins = no_show_at(terms, room.awaited() - DAY)
                    yield self._clock(f"check_in_from-{n}", opens, missing, begins, n, rings=False)
            if room.status == "confirmed":
                writes = writes_at(terms, room.arrival)
                if writes > self.since or f"pre_arrival-{n}" in self.moved:
                    yield self._clock(f"pre_arrival-{n}", writes, opens, stay=n)
                yield self._clock(f"no_show-{n}", missing, leaves, check_in_from(terms, room.arrival), n)
            if room.status == "checked_in":
                if f"overstay-{n}" not in self.rung:
                    alert = leaves + terms.overstay_after_minutes * MINUTE
                    yield self._clock(f"overstay-{n}", alert, leaves + DAY, leaves, n)
                elif room.extra < 7:
                    audit = no_show_at(terms, room.departure)
                    yield self._clock(f"overstay_night-{n}", audit, audit + DAY, leaves, n)
