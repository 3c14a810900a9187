"""Letters: what a notice is written from, and the parts of a letter's words that are rules in every language.

Rule: docs/rules/notices.md, "Words". Amounts are minor units of the booking's currency.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.booking import Booking, Status, Stay
from domain.notices import Notice, NoticeKind, told_rooms

MOST_SUBJECT_CHARACTERS = 150
MOST_NAME_CHARACTERS = 60

# A word such as evil.example, which mail programs turn into a link by themselves.
_LINK = re.compile(r"[@/\\<>]|\w\.\w{2,}|www\.", re.IGNORECASE)


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
    """Everything a letter is written from. It holds words about people and never leaves the process that read it.

    to: the one address that it goes to, empty where there is none; language: en or pt; numbers: the rooms chosen when
    the notice was claimed, None for every room it is true of.
    """

    notice: Notice
    booking: Booking
    hotel: HotelCard
    rooms: tuple[RoomFacts, ...]
    to: str
    language: str
    guest_name: str
    guest_email: str
    guest_phone: str
    special_requests: str
    token_generation: int
    numbers: tuple[int, ...] | None = None

    @property
    def kind(self) -> NoticeKind:
        """What the letter tells."""
        return self.notice.kind

    @property
    def told(self) -> tuple[RoomFacts, ...]:
        """The rooms that the letter lists: those that were chosen, as far as it is true of them now."""
        numbers = {stay.number for stay in told_rooms(self.kind, self.booking.stays, self.notice.stay)}
        if self.numbers is not None:
            numbers &= set(self.numbers)
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


def greeted_name(name: str) -> str:
    """The name a letter may greet with, on one line; an empty text where it does not look like one."""
    told = " ".join(name.split())
    if not told or len(told) > MOST_NAME_CHARACTERS or not told.isprintable() or _LINK.search(told):
        return ""
    return told


def shortened(text: str, most: int) -> str:
    """The text on one line, cut with an ellipsis to at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def subject_line(words: str, reference: str, audience: str) -> str:
    """The subject: one line of at most 150 characters. Guests find the reference whole at its end."""
    if audience == "staff":
        return shortened(words, MOST_SUBJECT_CHARACTERS)
    return f"{shortened(words, MOST_SUBJECT_CHARACTERS - len(reference) - 3)} ({reference})"


def is_withdrawn(booking: Booking) -> bool:
    """Whether the guest took a request back before the hotel had answered."""
    return booking.status is Status.CANCELLED and booking.cancellation_reason == "withdrawn"


def fee_minor(stays: Sequence[Stay]) -> int:
    """What is owed for rooms that were given up, or that nobody came to."""
    return sum(stay.fee_minor for stay in stays)


def told_purpose(booking: Booking, purpose: str, amount_minor: int) -> str:
    """What guests are told that they pay for: a word of `domain.obligations`.

    A deposit of all that is owed is the whole stay to them, and so is what they pay after the hotel has said yes.
    """
    if purpose == "deposit" and amount_minor >= booking.balance_minor:
        return "prepaid"
    return "prepaid" if purpose == "authorisation" and booking.purse.yes_given else purpose
