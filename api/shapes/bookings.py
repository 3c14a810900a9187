"""Requests about bookings and the booking itself, as guests and the desk see it."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

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


class GuestCancel(Asked):
    """A guest gives rooms up."""

    version: Version | None = None
    reason: Note = ""
    stays: list[StayNumber] = Field(default=[], max_length=10, description="Default: every room that is not over.")
    expected_fee: MoneyAsked | None = Field(default=None, description="The fee that a dry run answered.")


class DeskCommand(Asked):
    """What every command of the desk carries."""

    version: Version
    reason: Note = Field(default="", description="Why; kept with the event. Needed where a rule is overridden.")


class DeskStays(DeskCommand):
    """A command about some or all rooms of a booking."""

    stays: list[StayNumber] = Field(default=[], max_length=10, description="Default: every room it can be done to.")


class ChecklistItem(Asked):
    """One point of the hotel's checklist for a request."""

    item: Line
    done: bool


class DeskApprove(Asked):
    """The hotel's yes."""

    version: Version
    note: Note = Field(default="", description="Kept with the event; guests do not see it.")
    checklist: list[ChecklistItem] = Field(default=[], max_length=20)


class DeskAssign(DeskCommand):
    """A room for one stay."""

    stay: StayNumber | None = Field(default=None, description="Needed where several rooms of the booking wait for one.")
    stays: list[StayNumber] = Field(default=[], max_length=1, description="The same as a list of one.")
    room: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        default=None, description="The room's number; default: the first free clean room of the stay's type."
    )

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> "DeskAssign":
        if self.stay is not None and self.stays:
            raise ValueError("give `stay` or `stays`, not both")
        return self


class DeskPayment(DeskCommand):
    """Money the desk took."""

    method: Literal["cash", "card_terminal", "upi", "transfer"]
    amount: MoneyAsked
    external_reference: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        default="", description="Receipt, terminal or transfer number."
    )


class SetByBody(Told):
    """Who set a clock."""

    kind: str = Field(description="policy or staff", examples=["policy"])
    role: str = Field(examples=[""])
    policy_version: int | None = Field(description="The version of the hotel's policy it comes from.")


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


class NightBody(Told):
    """The price of one room for one night, taxes that are included in it and all."""

    stay: int
    night: date
    room_type: str
    price: Money


class TaxBody(Told):
    """One tax of one room and night."""

    stay: int
    night: date
    code: str
    name: str
    amount: Money
    included: bool = Field(description="Already inside the night's price; not added again.")


class GuestBody(Told):
    """Who booked."""

    name: str
    email: str | None
    phone: str | None
    country: str | None


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
    paid: Money
    balance: Money = Field(description="Owed less paid; below zero the hotel owes the guest.")
    hold_expires_at: datetime | None
    approval_deadline: datetime | None
    waiting_for: str = Field(description="One sentence: what it waits for, until when, and what happens then.")
    agenda: list[AgendaEntry]
    allowed_actions: list[str]
    special_requests: str
    cancellation_reason: str
    created_at: datetime
    links: Links


class CreatedBooking(BookingBody):
    """A booking just made. The token is the guest's key to it and is told only here and by mail."""

    access_token: str | None = Field(description="null where the hotel's guest portal is off.")


class PaymentBody(Told):
    """Money the desk took."""

    number: int
    method: str
    amount: Money
    external_reference: str
    received_at: datetime
    business_date: date


class DeskBooking(BookingBody):
    """A booking as the desk sees it."""

    needs_attention: bool
    attention: str
    payments: list[PaymentBody]
    links: DeskLinks


class CancelPreview(Told):
    """What cancelling would mean now; nothing has been done."""

    reference: str
    version: int
    stays: list[int]
    fee: Money
    refund: Money = Field(description="What the hotel would then owe the guest of what was paid.")
    policy: list[str] = Field(description="The rates' terms, one sentence for each room.")


class ActorBody(Told):
    """Who did it."""

    kind: str = Field(examples=["staff"])
    role: str = Field(examples=["frontdesk"])
    name: str | None = Field(description="For staff only.")


class Awaited(Told):
    """The clock the booking was waiting for when it happened."""

    key: str
    until: datetime
    until_local: str
    set_by: SetByBody


class TimelineEntry(Told):
    """One thing that happened, or one message that was written."""

    at: datetime
    local_time: str
    kind: Literal["event", "notice"]
    what: str
    sentence: str
    actor: ActorBody
    channel: str
    reason: str
    status_before: str | None
    status_after: str | None
    awaited: Awaited | None
    policy_version: int | None
    difference: dict[str, str | int | bool | None]


class Timeline(Told):
    """The booking's story so far, oldest first."""

    reference: str
    items: list[TimelineEntry]
