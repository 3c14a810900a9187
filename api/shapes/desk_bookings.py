"""Bookings that the desk makes, the hotel's sources, and how many bookings a list has."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from api.languages import Language
from api.shapes import examples
from api.shapes.bookings import Age, Country, DeskBooking, Email, Phone, Sleeper
from api.shapes.common import Asked, Day, Instant, Line, LongText, Note, Told
from domain.sources import SOURCE_PATTERN

SourceWord = Annotated[str, StringConstraints(pattern=SOURCE_PATTERN)]
SourceReference = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
PlanCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
# The same percent is the same body, however many zeros are written.
Percent = Annotated[
    Decimal,
    Field(ge=0, le=100, max_digits=5, decimal_places=2),
    AfterValidator(lambda told: told.quantize(Decimal("0.01"))),
]


class DeskRoom(Asked):
    """One room: by a signed offer, or by what is booked, which gets today's price."""

    offer_id: Annotated[str, StringConstraints(min_length=1, max_length=16_000)] | None = Field(
        default=None, description="From the availability answer; else name the room."
    )
    guests: list[Sleeper] = Field(default=[], max_length=30, description="The first is the room's primary guest.")
    adults: Annotated[int, Field(ge=1, le=20)] | None = Field(
        default=None, description="Needed for a room that is named; checked against an offer."
    )
    children_ages: Annotated[list[Age], Field(max_length=10)] | None = Field(
        default=None, description="On the day of arrival; checked against an offer."
    )
    room_type: PlanCode | None = Field(default=None, examples=["HARBOUR"])
    rate_plan: PlanCode | None = Field(default=None, examples=["FLEX"])
    arrival: Day | None = None
    departure: Day | None = None

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> "DeskRoom":
        named = (self.room_type, self.rate_plan, self.arrival, self.departure)
        if self.offer_id is not None and any(word is not None for word in named):
            raise ValueError("give an offer or name the room, not both")
        if self.offer_id is None and (None in named or self.adults is None):
            raise ValueError("give an offer, or room_type, rate_plan, arrival, departure and adults")
        return self


class DeskBooker(Asked):
    """Who books, and how the hotel reaches them."""

    name: Line = Field(examples=["A Guest"])
    email: Email | None = Field(default=None, description="Letters go there; without one a phone is needed.")
    phone: Phone | None = Field(default=None, examples=["+351 210 000 000"])
    country: Country | None = Field(default=None, description="ISO 3166-1, two letters.", examples=["PT"])


class NewDeskBooking(Asked):
    """A booking that the desk makes for somebody."""

    offers: list[DeskRoom] = Field(min_length=1, max_length=10, description="One entry for each room.")
    guest: DeskBooker
    source: SourceWord = Field(description="Where it comes from; a channel has to be listed.", examples=["phone"])
    source_reference: SourceReference = Field(
        default="", description="What the channel or company calls it; once for each source.", examples=["C-77120"]
    )
    commission_percent: Percent | None = Field(
        default=None, description="Another than the source's own needs a manager."
    )
    hold_until: Instant | None = Field(default=None, description="Makes it an option that is held until then.")
    option: bool = Field(default=False, description="Makes it an option for the hotel's usual hours.")
    pending: bool = Field(default=False, description="Leaves the yes to the hotel's approval.")
    override_restrictions: bool = Field(
        default=False, description="Goes past restrictions of the rate; a manager's word, with `reason`."
    )
    reason: Note = Field(default="", description="Kept with the event.")
    special_requests: LongText = Field(default="", description="Free text for the hotel; nothing is promised by it.")
    language: Language | None = Field(default=None, description="What letters are written in; default: the hotel's.")

    @model_validator(mode="after")
    def _one_of_each(self) -> "NewDeskBooking":
        if self.option and self.hold_until is not None:
            raise ValueError("give `option` or `hold_until`, not both")
        if self.pending and (self.option or self.hold_until is not None):
            raise ValueError("an option waits for the guest, not for the hotel's approval")
        return self


class CreatedDeskBooking(DeskBooking):
    """A booking just made at the desk; the guest's link is told here once, so that it can be printed."""

    access_token: str | None = Field(description="null where the hotel's guest portal is off.")
    guest_link: str | None = Field(description="The guest's page with the token in it.")


class SourceBody(Told):
    """A source, and the share it is owed."""

    source: str
    name: str
    commission_percent: Decimal | None = Field(description="null: no share is owed.")
    commission_base: str = Field(description="net_room: nights sold, without taxes inside their price.")
    active: bool = Field(description="false: it takes no new bookings.")


class SourceList(Told):
    """The plain sources, then the hotel's channels."""

    items: list[SourceBody]


class DeskCount(Told):
    """How many bookings there are."""

    count: int
    more: bool = Field(description="There are more than are counted.")


_NIGHTS = {"arrival": date(2026, 12, 15).isoformat(), "departure": date(2026, 12, 17).isoformat()}
BY_PHONE: dict[str, Any] = {
    "offers": [
        {
            "room_type": "HARBOUR", "rate_plan": "FLEX", **_NIGHTS, "adults": 2, "children_ages": [4],
            "guests": [{"name": "A Guest"}, {"name": "Another Guest"}, {"name": "A Child", "age": 4}],
        },
        {"offer_id": examples.OFFER, "guests": [{"name": "A Third Guest"}]},
    ],
    "guest": {"name": "A Booker", "phone": "+91 484 000 0000"},
    "source": "phone",
}  # fmt: skip
OF_A_CHANNEL: dict[str, Any] = {
    **BY_PHONE,
    "offers": [BY_PHONE["offers"][1]],
    "source": "channel:example-ota",
    "source_reference": "C-77120",
    "commission_percent": "12.00",
}
AN_OPTION: dict[str, Any] = {**BY_PHONE, "source": "corporate", "hold_until": "2026-12-05T12:30:00Z"}
CREATED: dict[str, Any] = {
    **examples.DESK_BOOKING,
    "status": "confirmed",
    "source": "phone",
    "access_token": examples.TOKEN,
    "guest_link": examples.BOOKING["links"]["guest_page"],
}
SOURCES: dict[str, Any] = {
    "items": [
        {
            "source": "phone", "name": "Phone", "commission_percent": None, "commission_base": "net_room",
            "active": True,
        },
        {
            "source": "channel:example-ota", "name": "Example OTA", "commission_percent": "15.00",
            "commission_base": "net_room", "active": True,
        },
    ]
}  # fmt: skip
COUNT: dict[str, Any] = {"count": 17, "more": False}
