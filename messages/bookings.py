"""What crosses the Temporal boundary for a booking. One frozen dataclass in, one out; added fields have defaults.

A message with PERSONAL = True holds words about people and is encrypted on its way to Temporal: messages/converter.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.booking import Actor, Booking
from domain.steps import Step

Fact = str | int | bool | list[str]


@dataclass(frozen=True)
class Refusal:
    """A typed no on its way to the caller; the fields are those of domain.refusals.Refused."""

    code: str
    detail: str
    kind: str
    field: str | None
    facts: dict[str, Fact]


@dataclass(frozen=True)
class GuestDetails:
    """Who books. A booking made on the web has an e-mail address."""

    name: str
    email: str | None = None
    phone: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class GuestNamed:
    """Somebody who sleeps in a room; the first named is the room's primary guest."""

    name: str
    age: int | None = None


@dataclass(frozen=True)
class RoomAsked:
    """One room: the signed offer whose price was promised, and who sleeps in it."""

    offer: str
    guests: tuple[GuestNamed, ...] = ()


@dataclass(frozen=True)
class OpenBooking:
    """Everything that is needed to open a booking.

    open_before: past this instant of the real clock the opening takes nothing, because nobody waits for it any more.
    key, body_hash: the creation's Idempotency-Key and the fingerprint of its body.
    """

    PERSONAL: ClassVar[bool] = True

    hotel_id: int
    reference: str
    key: str
    body_hash: str
    rooms: tuple[RoomAsked, ...]
    guest: GuestDetails
    open_before: datetime
    actor: Actor
    channel: str
    source: str = "web_direct"
    special_requests: str = ""
    now: datetime | None = None
    step_id: str = ""


@dataclass(frozen=True)
class Resume:
    """Take the story up again from the booking's row."""

    hotel_id: int
    reference: str


@dataclass(frozen=True)
class BookingStart:
    """How a run begins: it opens a booking, or resumes one. The row is the one way back in."""

    PERSONAL: ClassVar[bool] = True

    opening: OpenBooking | None = None
    resume: Resume | None = None


@dataclass(frozen=True)
class Opened:
    """How an opening ended. outcome: opened, refused, not_opened (too late), reference_taken (by another key)."""

    outcome: str
    reference: str
    key: str = ""
    body_hash: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class OpeningDone:
    """What the opening's transaction hands to the workflow; the state only when it opened."""

    answer: Opened
    booking: Booking | None = None


@dataclass(frozen=True)
class Asked:
    """What every command carries: its key, the version that was seen, who asks, by which door and why."""

    key: str
    body_hash: str
    actor: Actor
    channel: str
    version: int | None = None
    reason: str = ""
    stays: tuple[int, ...] = ()


@dataclass(frozen=True)
class Approve:
    """The hotel's yes."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class Decline:
    """The hotel's no."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class Cancel:
    """Rooms are given up by the guest, the desk or an operator."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class AssignRoom:
    """A stay gets a room."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    room_id: int
    room_number: str
    room_type_id: int


@dataclass(frozen=True)
class CheckIn:
    """Guests arrive."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class TakePayment:
    """The desk takes money; amount in minor units."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    method: str
    amount_minor: int
    currency: str
    external_reference: str = ""


@dataclass(frozen=True)
class CheckOut:
    """Guests leave."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class MarkNoShow:
    """The desk says that guests did not come."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


Command = Approve | Decline | Cancel | AssignRoom | CheckIn | TakePayment | CheckOut | MarkNoShow


@dataclass(frozen=True)
class Answer:
    """What a command came to. outcome: done, or already when it was true before.

    body_hash: of the command that was carried out under this key, so that another body under it is found out.
    """

    reference: str
    version: int
    seq: int
    status: str
    outcome: str = "done"
    body_hash: str = ""


@dataclass(frozen=True)
class TakeStep:
    """One step to write in one transaction. step_id names the run and the sequence number, so that a retry is known."""

    PERSONAL: ClassVar[bool] = True

    step: Step
    step_id: str
    key: str = ""
    body_hash: str = ""


@dataclass(frozen=True)
class StepTaken:
    """How a step went.

    outcome: done; refused (with the refusal, nothing written); repeated (its key was carried out before, nothing
    written); overtaken (another run has written a step of that number).
    """

    outcome: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class BookingEnd:
    """How the story ended: the booking's last status, or why it never began."""

    reference: str
    ended: str
