"""Requests about bookings and the booking itself, as guests and the desk see it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from api.languages import Language
from api.shapes.common import (
    Asked,
    Line,
    LongText,
    Money,
    MoneyAsked,
    Note,
    Slug,
    StayNumber,
    Told,
    Version,
)
from api.shapes.payments import PaymentBody, RefundBody, ToPay

Email = Annotated[
    str,
    StringConstraints(
        max_length=254,
        to_lower=True,
        pattern=r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+$",
    ),
]
Phone = Annotated[str, StringConstraints(min_length=5, max_length=30, pattern=r"^\+?[0-9 ()./-]+$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Age = Annotated[int, Field(ge=0, le=130)]
StatusWord = Literal[
    "held", "pending", "confirmed", "checked_in", "checked_out", "completed",
    "cancelled", "no_show", "rejected", "expired", "failed",
]  # fmt: skip
PaymentWord = Literal["none", "due", "authorised", "part_paid", "paid", "part_refunded", "refunded", "failed"]


class Sleeper(Asked):
    """Somebody who sleeps in a room."""

    name: Line = Field(description="As it should stand on the registration card.", examples=["A Guest"])
    age: Age | None = Field(default=None, description="In years on the day of arrival; needed for children.")


class RoomWanted(Asked):
    """One room of the booking: the offer whose price was promised, and who sleeps there."""

    offer_id: Annotated[str, StringConstraints(min_length=1, max_length=16_000)] = Field(
        description="From the availability answer; it expires after 30 minutes."
    )
    guests: list[Sleeper] = Field(default=[], max_length=30, description="The first is the room's primary guest.")
    adults: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None, description="Checked against the offer where given."
    )
    children_ages: Annotated[list[Age], Field(max_length=10)] | None = Field(
        default=None, description="Checked against the offer where given."
    )


class Booker(Asked):
    """Who books, and how the hotel reaches them."""

    name: Line = Field(examples=["A Guest"])
    email: Email = Field(description="The booking's letters go there.", examples=["guest@example.com"])
    phone: Phone | None = Field(default=None, examples=["+351 210 000 000"])
    country: Country | None = Field(default=None, description="ISO 3166-1, two letters.", examples=["PT"])


class NewBooking(Asked):
    """A booking to make: rooms of one hotel by their offers."""

    hotel: Slug = Field(examples=["malabar"])
    offers: list[RoomWanted] = Field(min_length=1, max_length=10, description="One entry for each room.")
    guest: Booker
    special_requests: LongText = Field(default="", description="Free text for the hotel; nothing is promised by it.")
    language: Language | None = Field(
        default=None, description="What letters are written in; default: by Accept-Language, else the hotel's."
    )


class GuestCancel(Asked):
    """A guest gives rooms up."""

    version: Version | None = None
    reason: Note = ""
    stays: list[StayNumber] = Field(default=[], max_length=10, description="Default: every room that is not over.")
    expected_fee: MoneyAsked | None = Field(default=None, description="The fee that a dry run answered.")


class SetByBody(Told):
    """Who set a clock."""

    kind: str = Field(
        description="policy, guest, staff, outage (the payment provider's) or bank (the card's)", examples=["policy"]
    )
    role: str = Field(examples=[""])
    policy_version: int | None = Field(description="The version of the hotel's policy it comes from.")
    at: datetime | None = Field(default=None, description="When it was moved; null where it stands by the policy.")
    name: str | None = Field(default=None, description="Who moved it; for staff only.")
    reason: str | None = Field(default=None, description="Why it was moved; for staff only.")


class AgendaEntry(Told):
    """One thing that comes next."""

    key: str = Field(examples=["approval_deadline"])
    at: datetime
    local_time: str = Field(description="The same instant at the hotel, for people.")
    what: str
    consequence: str
    set_by: SetByBody
    rings: bool = Field(description="false: a mark only; nothing is done at that instant.")
    stay: int | None
    anchor: str = Field(description="booking: counts from a moment of its life; date: hangs on a date of the stay.")
    default_at: datetime = Field(description="Where the terms place it.")
    movable: bool
    earliest: datetime | None = Field(
        description="It may be moved to this instant or later, and never less than a minute ahead; null: not at all."
    )
    latest: datetime | None


class ByBody(Told):
    """Who did something."""

    kind: str = Field(examples=["staff"])
    role: str = Field(examples=["frontdesk"])
    name: str | None = Field(description="For staff only.")


class StepBody(Told):
    """A step that changed the booking's status: when, by whom, and for staff why."""

    what: str = Field(examples=["approved"])
    at: datetime
    by: ByBody
    status: StatusWord
    reason: str


class ChangeBody(Told):
    """A change that the guest has asked for and the hotel has not answered."""

    number: int
    asked_at: datetime
    until: datetime
    until_local: str
    text: str
    wish: dict[str, Any] = Field(description="What was asked, as it was sent.")
    before: Money
    after: Money


class PolicyWords(Told):
    """What the terms mean for this stay, in words and dates of the hotel."""

    payment: str
    confirmation: str
    cancellation: str
    cancel_free_until: datetime | None
    check_in_from: datetime
    check_in_from_local: str
    check_out_by: datetime
    check_out_by_local: str


class GuestNamed(Told):
    """Somebody who sleeps in a room."""

    name: str
    age: int | None


class StayBody(Told):
    """One room of the booking."""

    stay: int
    status: StatusWord
    arrival: date
    departure: date
    room_type: str
    room_type_name: str
    rate_plan: str
    rate_plan_name: str
    meal_plan: str
    room: str | None = Field(description="The room's number once it is assigned.")
    adults: int
    children_ages: list[int]
    guests: list[GuestNamed]
    total: Money
    policy: PolicyWords
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    fee: Money = Field(description="What is owed for ending it early or not at all.")
    fee_waived: Money
    owed: Money = Field(description="Nights that are or were slept in or still to come, and the fee.")
    released_from: date | None = Field(description="Nights from this one on were given back.")
    skipped: list[date] = Field(description="Nights that passed while it had ended: neither taken nor owed.")


class NightBody(Told):
    """The price of one room for one night, taxes that are included in it and all."""

    stay: int
    night: date
    room_type: str
    price: Money
    released: bool = Field(description="Given back for sale, and not owed.")


class TaxBody(Told):
    """One tax of one room and night."""

    stay: int
    night: date
    code: str
    name: str
    amount: Money
    included: bool = Field(description="Already inside the night's price; not added again.")
    released: bool = Field(description="Of a night that was given back, and not owed.")


class GuestBody(Told):
    """Who booked."""

    name: str
    email: str | None
    phone: str | None
    country: str | None


class DeskGuestBody(GuestBody):
    """Who booked, and how often they have stayed here before."""

    profile_id: int | None = Field(description="The guest's profile at this hotel.")
    past_stays: int = Field(description="Rooms they have checked out of on other bookings.")


class NoteForGuest(Told):
    """Something the hotel wrote to the guest on the booking itself."""

    text: str
    at: datetime


class Links(Told):
    """Addresses of the same booking elsewhere."""

    self: str
    timeline: str
    hotel: str
    guest_page: str | None = Field(description="With the guest's own token for guests; without it for staff.")


class DeskLinks(Links):
    """For staff also the desk's page and the workflow behind the booking."""

    desk_page: str
    temporal_ui: str


class BookingBody(Told):
    """A booking as its guest sees it. Room prices and the taxes that are not included sum exactly to the total."""

    reference: str
    hotel: str
    hotel_name: str
    status: StatusWord
    payment_status: PaymentWord
    version: int = Field(description="Moves with what a person decides about; commands carry it.")
    source: str
    guest: GuestBody
    arrival: date
    departure: date
    stays: list[StayBody]
    nights: list[NightBody]
    taxes: list[TaxBody]
    total: Money
    owed: Money = Field(description="What is owed altogether: the total less what was given up, and fees.")
    paid: Money
    balance: Money = Field(description="Owed less paid; below zero the hotel owes the guest.")
    to_pay: ToPay | None = Field(description="What can be paid by card now; null where nothing can.")
    payments: list[PaymentBody]
    refunds: list[RefundBody]
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    waiting_for: str = Field(description="One sentence: what it waits for, until when, and what happens then.")
    agenda: list[AgendaEntry]
    allowed_actions: list[str]
    special_requests: str
    notes: list[NoteForGuest] = Field(description="What the hotel wrote on the booking for its guest.")
    cancellation_reason: str
    change_request: ChangeBody | None
    language: str
    steps: list[StepBody] = Field(description="How its status moved, oldest first: at, by whom.")
    created_at: datetime
    links: Links


class CreatedBooking(BookingBody):
    """A booking just made. The token is the guest's key to it and is told only here and by mail."""

    access_token: str | None = Field(description="null where the hotel's guest portal is off.")


class ChecklistPointBody(Told):
    """One point of the hotel's checklist."""

    item: str
    needed: bool


class DeskBooking(BookingBody):
    """A booking as the desk sees it."""

    guest: DeskGuestBody
    needs_attention: bool
    attention: str
    source_reference: str
    commission_percent: Decimal | None
    commission: Money | None = Field(description="The channel's share of the net price of the room nights sold.")
    checklist: list[ChecklistPointBody] = Field(description="What the hotel looks at before it says yes.")
    links: DeskLinks
