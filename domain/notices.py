"""Notices: who is told what about a booking, whether it is still true, and the words that are rules.

Rule: docs/rules/notices.md. Instants are aware UTC datetimes; amounts are minor units of the booking's currency.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.booking import Booking, Status, Stay
from domain.clocks import local_text
from domain.stay import counted, day_text
from domain.terms import Penalty, cancel_free_until, cancellation_in_words

BATCH = 50
MOST_ATTEMPTS = 20
MOST_SUBJECT_CHARACTERS = 150
MOST_NAME_CHARACTERS = 60
MOST_ADDRESS_CHARACTERS = 254

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+\.[^\s@,;:<>.]{2,}")
# A word such as evil.example, which mail programs turn into a link by themselves.
_LINK = re.compile(r"[@/\\<>]|\w\.\w{2,}|www\.", re.IGNORECASE)


class NoticeKind(StrEnum):
    """What a notice tells."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PRE_ARRIVAL = "pre_arrival"
    CHECK_OUT = "check_out"
    NEW_REQUEST = "new_request"

    @property
    def audience(self) -> str:
        """Who reads it: guest or staff."""
        return "staff" if self is NoticeKind.NEW_REQUEST else "guest"


KINDS: tuple[str, ...] = tuple(NoticeKind)

# When a notice is true: the booking's statuses, and those of a room it can be about.
_ASKED = (Status.HELD, Status.PENDING)
_FIRM = (Status.CONFIRMED, Status.CHECKED_IN)
# A yes may come before the first letter has left; that somebody asked stays true, and is then told in other words.
_STAYED = (*_FIRM, Status.CHECKED_OUT, Status.COMPLETED)
_TRUE: dict[NoticeKind, tuple[tuple[Status, ...], tuple[Status, ...]]] = {
    NoticeKind.RECEIVED: ((*_ASKED, *_STAYED), (*_ASKED, *_STAYED)),
    NoticeKind.CONFIRMED: (_STAYED, _STAYED),
    NoticeKind.DECLINED: ((Status.REJECTED,), (Status.REJECTED,)),
    NoticeKind.EXPIRED: ((Status.EXPIRED,), (Status.EXPIRED,)),
    NoticeKind.CANCELLED: (tuple(Status), (Status.CANCELLED,)),
    NoticeKind.PRE_ARRIVAL: (_FIRM, (Status.CONFIRMED,)),
    NoticeKind.CHECK_OUT: ((Status.CHECKED_IN, Status.CHECKED_OUT, Status.COMPLETED), (Status.CHECKED_OUT,)),
    NoticeKind.NEW_REQUEST: ((*_ASKED, *_STAYED), (*_ASKED, *_STAYED)),
}


def still_true(kind: NoticeKind, booking_status: Status, stay_statuses: Iterable[Status]) -> bool:
    """Whether what the notice says is so now. stay_statuses: of the rooms it is about (the named one, or all)."""
    of_booking, of_rooms = _TRUE[kind]
    return booking_status in of_booking and any(status in of_rooms for status in stay_statuses)


def told_rooms(kind: NoticeKind, stays: Sequence[Stay], named: int | None) -> tuple[Stay, ...]:
    """The rooms a letter lists: those it is true of, and with a named room only those of the same arrival."""
    arrival = next((stay.arrival for stay in stays if stay.number == named), None)
    return tuple(
        stay for stay in stays if stay.status in _TRUE[kind][1] and (arrival is None or stay.arrival == arrival)
    )


def is_too_late(useful_until: datetime | None, now: datetime) -> bool:
    """Whether the notice would only confuse by now."""
    return useful_until is not None and now >= useful_until


def address_trouble(address: str | None) -> str:
    """Why nothing can be sent to this address; an empty text when something can."""
    if not address:
        return "There is no e-mail address."
    if len(address) > MOST_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(address):
        return "This is not one e-mail address."
    return ""


@dataclass(frozen=True)
class NoticeEnd:
    """What became of a notice. state: sent, dropped or undeliverable; provider_id: the provider's name for it."""

    notice_id: int
    state: str
    reason: str = ""
    provider_id: str | None = None


@dataclass(frozen=True)
class HotelCard:
    """What a letter's head and foot say of the hotel; phone and e-mail may be empty."""

    hotel_id: int
    name: str
    city: str
    address: str
    phone: str
    email: str


@dataclass(frozen=True)
class NightPrice:
    """What one night of one room costs, included taxes in it."""

    night: date
    amount_minor: int


@dataclass(frozen=True)
class TaxTotal:
    """One tax over a room's whole stay. included: already inside the nights' prices."""

    name: str
    amount_minor: int
    included: bool


@dataclass(frozen=True)
class RoomFacts:
    """One room of a booking with the names and prices a letter shows."""

    stay: Stay
    room_type: str
    rate_plan: str
    meal_plan: str
    adults: int
    children_ages: tuple[int, ...]
    nights: tuple[NightPrice, ...]
    taxes: tuple[TaxTotal, ...]


@dataclass(frozen=True)
class LetterFacts:
    """Everything a letter is written from. It holds words about people and never leaves the process that read it."""

    notice_id: int
    kind: NoticeKind
    named_stay: int | None
    booking: Booking
    hotel: HotelCard
    rooms: tuple[RoomFacts, ...]
    guest_name: str
    guest_email: str
    guest_phone: str
    special_requests: str
    token_generation: int

    @property
    def to(self) -> str:
        """The reader's address; empty when there is none."""
        return self.hotel.email if self.kind.audience == "staff" else self.guest_email

    @property
    def told(self) -> tuple[RoomFacts, ...]:
        """The rooms that the letter lists."""
        numbers = {stay.number for stay in told_rooms(self.kind, self.booking.stays, self.named_stay)}
        return tuple(room for room in self.rooms if room.stay.number in numbers)


@dataclass(frozen=True)
class NightGroup:
    """Consecutive nights of one price."""

    first: date
    count: int
    amount_minor: int


def night_groups(nights: Sequence[NightPrice]) -> tuple[NightGroup, ...]:
    """Nights in a row with one price as one line each. A missing night or another price begins a new line."""
    groups: list[NightGroup] = []
    for price in sorted(nights, key=lambda price: price.night):
        last = groups[-1] if groups else None
        if last and last.amount_minor == price.amount_minor and (price.night - last.first).days == last.count:
            groups[-1] = NightGroup(last.first, last.count + 1, last.amount_minor)
        else:
            groups.append(NightGroup(price.night, 1, price.amount_minor))
    return tuple(groups)


def weekday_text(day: date) -> str:
    """A date with its weekday, in English on every machine: `Sat 14 Mar 2026`."""
    return f"{_WEEKDAYS[day.weekday()]} {day_text(day)}"


def rooms_text(stays: Sequence[Stay]) -> str:
    """How much is asked for: `2 rooms for 3 nights`; rooms of different length: `2 rooms for 2 to 4 nights`."""
    lengths = sorted({(stay.departure - stay.arrival).days for stay in stays})
    nights = counted(lengths[0], "night") if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]} nights"
    return f"{counted(len(stays), 'room')} for {nights}"


def greeted_name(name: str) -> str:
    """The name a letter may greet with, on one line; `guest` where it does not look like one."""
    told = " ".join(name.split())
    if not told or len(told) > MOST_NAME_CHARACTERS or not told.isprintable() or _LINK.search(told):
        return "guest"
    return told


def shortened(text: str, most: int) -> str:
    """The text on one line, cut with an ellipsis to at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def subject(facts: LetterFacts) -> str:
    """The letter's subject: one line, the reference always whole."""
    booking, told = facts.booking, [room.stay for room in facts.told]
    hotel = shortened(facts.hotel.name, MOST_NAME_CHARACTERS)
    arrival = weekday_text(min(stay.arrival for stay in told))
    match facts.kind:
        case NoticeKind.RECEIVED:
            words = f"Your request at {hotel} for {arrival}"
        case NoticeKind.CONFIRMED:
            words = f"Confirmed: {hotel}, {arrival}"
        case NoticeKind.DECLINED:
            words = f"{hotel} cannot take your request for {arrival}"
        case NoticeKind.EXPIRED:
            words = f"Your request at {hotel} for {arrival} has expired"
        case NoticeKind.CANCELLED:
            words = f"{'Withdrawn' if is_withdrawn(booking) else 'Cancelled'}: {hotel}, {arrival}"
        case NoticeKind.PRE_ARRIVAL:
            words = f"See you on {arrival} at {hotel}"
        case NoticeKind.CHECK_OUT:
            words = f"Thank you for staying at {hotel}"
        case NoticeKind.NEW_REQUEST:
            return shortened(f"Request {booking.reference}: {_asked(booking, told)}", MOST_SUBJECT_CHARACTERS)
    return f"{shortened(words, MOST_SUBJECT_CHARACTERS - len(booking.reference) - 3)} ({booking.reference})"


def _asked(booking: Booking, told: Sequence[Stay]) -> str:
    asked = f"{rooms_text(told)} from {weekday_text(min(stay.arrival for stay in told))}"
    if booking.approval_deadline is None:
        return asked
    return f"{asked}, answer by {local_text(booking.approval_deadline, booking.terms.zone)}"


def is_withdrawn(booking: Booking) -> bool:
    """Whether the guest took a request back before the hotel had answered."""
    return booking.status is Status.CANCELLED and booking.cancellation_reason == "withdrawn"


def policy_text(booking: Booking, stay: Stay) -> str:
    """The room's cancellation terms in one sentence, true from the moment it was booked."""
    until = cancel_free_until(booking.terms, stay.terms, stay.arrival)
    if until is None or until > booking.created_at or stay.terms.late_cancellation is Penalty.NONE:
        return cancellation_in_words(booking.terms, stay.terms, stay.arrival)
    price = "the first night" if stay.terms.late_cancellation is Penalty.FIRST_NIGHT else "the whole stay"
    return f"Cancelling costs {price}: the time for cancelling free of charge had passed when the booking was made."
