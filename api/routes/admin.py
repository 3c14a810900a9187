"""What managers set for their hotel."""

from typing import Annotated

from fastapi import APIRouter, Body

from api.callers import Desk, DeskRoute, Parts
from api.shapes.admin import ZoneCorrected, ZoneCorrection
from api.shapes.common import answers, example
from api.shapes.problems import problems
from api.views import API
from api.zones import correct_hotel_zone

admin = APIRouter(prefix=f"{API}/admin", tags=["Desk"], route_class=DeskRoute)


@admin.post(
    "/zone",
    responses={
        200: answers(
            "The zone is corrected.",
            example("corrected", {"zone": "Asia/Kolkata", "policy_version": 2, "bookings_told": 14}),
        ),
        **problems(
            "invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests",
            "cross_site", "body_too_large", "zone_unknown", "reason_needed", "not_answered_in_time",
        ),
    },
)  # fmt: skip
async def correct_zone(
    house: Parts,
    at: Desk,
    body: Annotated[
        ZoneCorrection,
        Body(openapi_examples=example("kochi", {"zone": "Asia/Kolkata", "reason": "The zone was entered wrong."})),
    ],
) -> ZoneCorrected:
    """Corrects the hotel's time zone: clocks of dates are resolved again in every open booking, each with an event.

    A clock of a date that somebody had moved goes back to the terms, and the event says so; clocks of a booking's own
    life stay. Asking again is harmless and tells whom the first time did not reach.
    """
    return await correct_hotel_zone(house, at, body.zone, body.reason)
