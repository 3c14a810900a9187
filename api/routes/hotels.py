"""Public: hotels, what they have on sale, and the price calendar."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from api.callers import ChosenHotel, HotelRoute, Parts, PublicRoute
from api.selling import availability, hotel_list, hotel_page, price_calendar
from api.shapes import examples
from api.shapes.common import Day, Limit, SlugPath, answers, example
from api.shapes.hotels import Availability, Calendar, HotelBody, HotelList
from api.shapes.problems import problems
from domain.stay import party, stay_dates

hotels = APIRouter(prefix="/api/v1", tags=["Hotels"], route_class=PublicRoute)
one_hotel = APIRouter(prefix="/api/v1", tags=["Hotels"], route_class=HotelRoute)
# Prices and rooms left are true for a moment only; descriptions may be kept a little.
PUBLIC_FOR_A_MINUTE = "public, max-age=60"

Ages = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{1,2}(,[0-9]{1,2}){0,9})?$"),
    Query(description="Each child's age on the day of arrival.", examples=["4,9"]),
]
Adults = Annotated[int, Query(ge=1, le=20, description="In one room.", examples=[2])]


@hotels.get(
    "/hotels",
    responses={
        200: answers("Hotels in order of their short names.", example("hotels", examples.HOTELS)),
        **problems("invalid_request", "cursor_unknown", "too_many_requests"),
    },
)
async def list_hotels(
    house: Parts,
    response: Response,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="From the page before.")] = None,
) -> HotelList:
    """Every hotel, with its policies in words and whether it is on sale."""
    response.headers["Cache-Control"] = PUBLIC_FOR_A_MINUTE
    return await hotel_list(house, limit, cursor)


@one_hotel.get(
    "/hotels/{slug}",
    responses={
        200: answers("The hotel with its rooms.", example("hotel", examples.HOTEL)),
        **problems("not_found", "too_many_requests"),
    },
)
async def get_hotel(house: Parts, hotel: ChosenHotel, slug: SlugPath, response: Response) -> HotelBody:
    """One hotel: rooms, photos, policies in words, zone, currency and the hotel day that is open."""
    response.headers["Cache-Control"] = PUBLIC_FOR_A_MINUTE
    return await hotel_page(house, hotel)


@one_hotel.get(
    "/hotels/{slug}/availability",
    responses={
        200: answers("Offers, and what is closed and why.", example("offers", examples.AVAILABILITY)),
        **problems("invalid_request", "not_found", "departure_before_arrival", "too_many_requests"),
    },
)
async def get_availability(
    house: Parts,
    hotel: ChosenHotel,
    slug: SlugPath,
    arrival: Annotated[Day, Query(examples=["2026-12-15"])],
    departure: Annotated[Day, Query(examples=["2026-12-17"])],
    adults: Adults = 2,
    children_ages: Ages = "",
    rooms: Annotated[int, Query(ge=1, le=10, description="Of one kind, each for this party.")] = 1,
) -> Availability:
    """Signed offers for a stay, the cheapest first; `closed` tells every reason why the rest can't be sold.

    An offer is a price promise for 30 minutes. Its total is what the guest pays in the end, to the last unit.
    """
    ages = tuple(int(age) for age in children_ages.split(",") if age)
    return await availability(house, hotel, stay_dates(arrival, departure), party(adults, ages), rooms)


@one_hotel.get(
    "/hotels/{slug}/calendar",
    responses={
        200: answers("Each night's lowest price.", example("calendar", examples.CALENDAR)),
        **problems("invalid_request", "not_found", "calendar_range", "too_many_requests"),
    },
)
async def get_calendar(
    house: Parts,
    hotel: ChosenHotel,
    slug: SlugPath,
    from_: Annotated[Day, Query(alias="from", description="The first night.", examples=["2026-12-01"])],
    to: Annotated[Day, Query(description="The day after the last night.", examples=["2027-01-01"])],
    adults: Adults = 2,
) -> Calendar:
    """The lowest price of each night for one room, and whether it is closed or asks for a longer stay."""
    return await price_calendar(house, hotel, from_, to, adults)
