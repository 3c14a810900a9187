"""The desk makes bookings itself, from the hotel's sources, and counts those of a list."""

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.callers import Desk, DeskRoute, Parts
from api.desk import desk_count
from api.desk_filters import Filters
from api.desk_opening import create_desk_booking as open_at_desk
from api.desk_opening import list_of_sources
from api.idempotency import once_for_creation
from api.shapes import desk_bookings as shapes
from api.shapes.common import answers, example
from api.shapes.desk_bookings import CreatedDeskBooking, DeskCount, NewDeskBooking, SourceList
from api.shapes.problems import problems
from api.views import API

desk_bookings = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
_KNOWN = ("not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")


@desk_bookings.post(
    "/bookings",
    status_code=201,
    responses={
        201: {
            **answers("The booking, made now or before by the same key.", example("by_phone", shapes.CREATED)),
            "headers": {"Location": {"description": "The booking's address.", "schema": {"type": "string"}}},
        },
        **problems(
            "invalid_request", "idempotency_key_malformed", *_KNOWN, "cross_site", "sold_out", "stop_sell",
            "idempotency_key_reused", "source_reference_taken", "source_unknown", "source_not_in_use",
            "contact_needed", "walk_in_today", "arrival_past", "departure_before_arrival", "stay_too_long",
            "adults_out_of_range", "too_many_children", "child_age_out_of_range", "party_too_large",
            "room_type_unknown", "rate_plan_unknown", "no_rate_plan", "no_rate", "restriction_broken",
            "reason_needed", "approval_not_used", "clock_out_of_bounds", "offer_unknown", "offer_expired",
            "offer_of_another_hotel", "occupancy_differs", "not_on_sale", "body_too_large", "not_answered_in_time",
        ),
    },
)  # fmt: skip
async def create_desk_booking(
    request: Request,
    response: Response,
    house: Parts,
    at: Desk,
    body: Annotated[
        NewDeskBooking,
        Body(
            openapi_examples={
                **example("by_phone", shapes.BY_PHONE),
                **example("of_a_channel", shapes.OF_A_CHANNEL),
                **example("an_option", shapes.AN_OPTION),
            }
        ),
    ],
) -> CreatedDeskBooking:
    """Makes a booking for somebody at the counter, on the phone or from a channel; it is the hotel's yes.

    With `hold_until` or `option` the rooms are held as an option; with `pending` the hotel's approval is asked for.
    Send an `Idempotency-Key` of your own, as with the guests' creation.
    """
    made = await open_at_desk(house, at, body, once_for_creation(request, body, "create-desk"))
    response.headers["Location"] = made.links.self
    request.state.reference = made.reference
    return made


# Before the operations that take a reference in this place: no reference is "count".
@desk_bookings.get(
    "/bookings/count",
    responses={
        200: answers("How many there are.", example("count", shapes.COUNT)),
        **problems("invalid_request", *_KNOWN),
    },
)
async def count_desk_bookings(house: Parts, at: Desk, filters: Filters) -> DeskCount:
    """How many bookings the list has with these filters; counted up to 10,000."""
    return await desk_count(house, at, filters)


@desk_bookings.get(
    "/sources",
    responses={
        200: answers("The sources.", example("sources", shapes.SOURCES)),
        **problems("invalid_request", *_KNOWN),
    },
)
async def list_sources(house: Parts, at: Desk) -> SourceList:
    """Where bookings of this hotel may come from, and the share that each source is owed."""
    return await list_of_sources(house, at)
