"""What crosses the Temporal boundary for a booking. One frozen dataclass in, one out; added fields have defaults.

A message with PERSONAL = True holds words about people and is encrypted on its way to Temporal: messages/converter.py.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from domain.booking import Actor, Booking
from domain.changes import StayPlan
from domain.folio import GUEST_FOLIO, Charge
from domain.ledgers import MoneyTotals
from domain.steps import Step
from messages.asked import Asked
from messages.payments import GiveRefund, MoneyHint, StartPayment

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
    key, body_hash: the creation's Idempotency-Key and the fingerprint of its body. option_until: the desk holds an
    option until then. hold_email, hold_address, hold_device: keyed hashes of who asks, for the bound on unpaid holds.
    for_approval: made at the desk, and the hotel's yes is still asked for. past_restrictions: also nights that are not
    for sale any more, for the `reason` that is kept with the event.
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
    source_reference: str = ""
    commission_percent: Decimal | None = None
    option_until: datetime | None = None
    language: str = "en"
    hold_email: str | None = None
    hold_address: str | None = None
    hold_device: str | None = None
    for_approval: bool = False
    past_restrictions: bool = False
    reason: str = ""
    now: datetime | None = None
    step_id: str = ""


@dataclass(frozen=True)
class Resume:
    """Take the story up again from the booking's row. hint: what the provider told and nobody has looked at yet."""

    hotel_id: int
    reference: str
    hint: MoneyHint | None = None


@dataclass(frozen=True)
class BookingStart:
    """How a run begins: it opens a booking, or resumes one. The row is the one way back in."""

    PERSONAL: ClassVar[bool] = True

    opening: OpenBooking | None = None
    resume: Resume | None = None


@dataclass(frozen=True)
class Opened:
    """How an opening ended. outcome: opened, refused, not_opened (too late), reference_taken (by another key).

    run_id: of the run that says so; another one is asked for by naming it. asked_until: until when that run's starter
    waited, by which an earlier try's answer is known.
    """

    outcome: str
    reference: str
    key: str = ""
    body_hash: str = ""
    refusal: Refusal | None = None
    run_id: str = ""
    asked_until: datetime | None = None


@dataclass(frozen=True)
class OpeningDone:
    """What the opening's transaction hands to the workflow; the state only when it opened."""

    answer: Opened
    booking: Booking | None = None


@dataclass(frozen=True)
class Approve:
    """The hotel's yes. done: the points of its checklist that are done."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class Confirm:
    """The desk makes an option firm."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class Decline:
    """The hotel's no."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class Cancel:
    """Rooms are given up by the guest, the desk or an operator.

    waive_fee: the price that the terms name is not asked for; expected_fee_minor: the fee that a dry run told.
    refund_minor: what goes back of the money that is not owed any more, None for all of it; refund_payment: the payment
    that it is taken from first.
    """

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    waive_fee: bool = False
    expected_fee_minor: int | None = None
    refund_minor: int | None = None
    refund_payment: int | None = None


@dataclass(frozen=True)
class WaiveFee:
    """A fee is not asked for after all."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class GiveUp:
    """An operator ends a booking that can't be had any more."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked


@dataclass(frozen=True)
class Reinstate:
    """Stays that had ended are taken up again. oversell: even into a full house."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    oversell: bool = False


@dataclass(frozen=True)
class Amend:
    """Stays become what the plans say.

    what: amended or extended; total_minor: the booking's total after it, as it was told; fee_minor: what the change
    itself costs; oversell: even into a full house.
    """

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    plans: tuple[StayPlan, ...]
    what: str = "amended"
    total_minor: int | None = None
    fee_minor: int = 0
    oversell: bool = False


@dataclass(frozen=True)
class MoveClock:
    """A clock of the agenda is moved; `at` None puts it back where the terms place it."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    key: str
    at: datetime | None = None


@dataclass(frozen=True)
class AskChange:
    """The guest asks for what only the hotel may grant.

    wish: what was asked as JSON; text: in the guest's words; plans and totals: the change as it was priced.
    """

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    wish: str
    text: str = ""
    plans: tuple[StayPlan, ...] = ()
    before_minor: int = 0
    after_minor: int = 0


@dataclass(frozen=True)
class AnswerChange:
    """What becomes of a change request: accepted (with its plans), declined by the hotel, or withdrawn."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    number: int
    verdict: str
    plans: tuple[StayPlan, ...] = ()


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
    """The desk takes money; amount in minor units; folio: which it settles."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    method: str
    amount_minor: int
    currency: str
    external_reference: str = ""
    folio: int = GUEST_FOLIO


@dataclass(frozen=True)
class PostCharge:
    """The desk posts an extra or an adjustment, or takes one back."""

    PERSONAL: ClassVar[bool] = True
    asked: Asked
    charge: Charge
    currency: str


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


Command = (
    Approve
    | Decline
    | Confirm
    | Cancel
    | AssignRoom
    | CheckIn
    | TakePayment
    | PostCharge
    | StartPayment
    | GiveRefund
    | CheckOut
    | MarkNoShow
    | WaiveFee
    | GiveUp
    | Reinstate
    | Amend
    | MoveClock
    | AskChange
    | AnswerChange
)


@dataclass(frozen=True)
class Rezone:
    """The hotel's zone was corrected: version of its policy, and who did it."""

    zone: str
    version: int
    actor: Actor


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
    written); overtaken (another step of that number is written, by another run or by this one for another command).
    booking: what was written, where it is not the step's own: by an earlier try whose answer was lost, with that try's
    instants, or with prices that only the transaction knows.
    """

    outcome: str
    refusal: Refusal | None = None
    booking: Booking | None = None


@dataclass(frozen=True)
class BookingEnd:
    """How the story ended: the booking's last status, or why it never began. money: its own sums at its end."""

    reference: str
    ended: str
    money: MoneyTotals | None = None
