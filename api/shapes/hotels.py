"""Hotels, what they have on sale, and the price calendar."""

from datetime import date, datetime

from pydantic import Field

from api.shapes.bookings import PolicyWords
from api.shapes.common import Money, Told


class PhotoBody(Told):
    """A picture with its words."""

    url: str
    alt: str


class HotelWords(Told):
    """What holds for every stay at the hotel, in words."""

    payment: str
    confirmation: str
    check_in_from: str = Field(description="Wall clock at the hotel.", examples=["14:00"])
    check_out_by: str = Field(examples=["11:00"])
    guest_portal: bool = Field(description="Whether guests can see and cancel their booking by a link.")


class HotelSummary(Told):
    """A hotel in the list."""

    slug: str
    name: str
    city: str
    country: str
    zone: str = Field(description="IANA time zone; every wall clock of the hotel is meant in it.")
    currency: str
    photo: PhotoBody | None
    on_sale: bool
    not_on_sale_reason: str | None
    policies: HotelWords
    links: dict[str, str]


class HotelList(Told):
    """Hotels in order of their slug."""

    items: list[HotelSummary]
    next_cursor: str | None
    limit: int


class RoomTypeBody(Told):
    """A type of room, as it is sold. Infants take no place."""

    code: str
    name: str
    description: str
    base_guests: int = Field(description="How many the night's price covers.")
    max_guests: int
    max_adults: int
    max_children: int
    infants_to_age: int = Field(description="Children up to this age are infants; -1 where the hotel knows none.")
    photos: list[PhotoBody]


class PlanWords(Told):
    """The cancellation terms of one rate plan, in words."""

    rate_plan: str
    cancellation: str


class HotelBody(HotelSummary):
    """A hotel with its rooms."""

    description: str
    address: str
    phone: str
    email: str
    business_date: date = Field(description="The hotel day that is open now; the night audit closes it.")
    photos: list[PhotoBody]
    room_types: list[RoomTypeBody]
    rate_plans: list[PlanWords]


class OfferNight(Told):
    """The room's price for one night, included taxes in it."""

    night: date
    price: Money


class OfferTax(Told):
    """One tax of one night."""

    night: date | None
    code: str
    name: str
    amount: Money
    included: bool


class OfferBody(Told):
    """A promised price for one room. It reserves nothing; any number of guests may use it until it expires."""

    offer_id: str = Field(description="Signed; send it back as it is.")
    expires_at: datetime
    room_type: str
    room_type_name: str
    rate_plan: str
    rate_plan_name: str
    meal_plan: str
    adults: int
    children_ages: list[int]
    nights: list[OfferNight]
    taxes: list[OfferTax]
    total: Money = Field(description="Nights and the taxes that are not included in them, to the last unit.")
    policy: PolicyWords
    left: int = Field(description="Rooms free on the scarcest night, at this moment.")


class Reason(Told):
    """Why something can't be sold."""

    code: str
    detail: str


class ClosedBody(Told):
    """What can't be sold for these dates, with every reason."""

    room_type: str
    room_type_name: str
    rate_plan: str | None = Field(description="null: on every plan.")
    reasons: list[Reason]


class Availability(Told):
    """What can be sold for a stay, the cheapest first. All amounts are for one room."""

    hotel: str
    arrival: date
    departure: date
    adults: int
    children_ages: list[int]
    rooms: int
    offers: list[OfferBody]
    closed: list[ClosedBody]


class CalendarNightBody(Told):
    """One night of the price calendar."""

    night: date
    lowest: Money | None = Field(description="The lowest price of a room that night, with that night's taxes.")
    closed: bool
    reasons: list[str]
    min_stay: int | None


class Calendar(Told):
    """The nights [from, to)."""

    hotel: str
    currency: str
    adults: int
    nights: list[CalendarNightBody]
