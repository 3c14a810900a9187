"""Guests: making a booking, and seeing and cancelling it by the link's token."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from api.acts import guest_cancel
from api.callers import GuestRoute, Parts, PublicRoute, Record
from api.commands import preview_cancel
from api.idempotency import once_for_creation
from api.opening import create_booking
from api.shapes import examples
from api.shapes.amending import CancelPreview
from api.shapes.bookings import BookingBody, CreatedBooking, GuestCancel, NewBooking
from api.shapes.common import ReferencePath, answers, example
from api.shapes.problems import problems
from api.shapes.timeline import Timeline
from api.timeline import story_of
from api.views import API

making = APIRouter(prefix=API, tags=["Bookings"], route_class=PublicRoute)
guests = APIRouter(prefix=API, tags=["Bookings"], route_class=GuestRoute)
_KNOWN = ("not_logged_in", "not_found", "too_many_requests")


@making.post(
    "/bookings",
    status_code=201,
    responses={
        201: {
            **answers("The booking, made now or before by the same key.", example("request", examples.CREATED)),
            "headers": {"Location": {"description": "The booking's address.", "schema": {"type": "string"}}},
        },
        **problems(
            "invalid_request", "idempotency_key_malformed", "sold_out", "stop_sell", "idempotency_key_reused",
            "offer_unknown", "offer_expired", "offer_of_another_hotel", "occupancy_differs", "not_on_sale",
            "body_too_large", "too_many_holds", "too_many_requests", "not_answered_in_time",
        ),
    },
)  # fmt: skip
async def make_booking(
    request: Request,
    response: Response,
    house: Parts,
    body: Annotated[NewBooking, Body(openapi_examples=example("request_at_malabar", examples.NEW_BOOKING))],
) -> CreatedBooking:
    """Takes every night of every room, all or nothing, or says what is sold out.

    Send an `Idempotency-Key` of your own: the same key and body give the same booking for ever, also after a 503.
    The `access_token` is the guest's key to the booking; it is told here and by mail only.
    """
    made = await create_booking(house, request, body, once_for_creation(request, body))
    response.headers["Location"] = made.links.self
    request.state.reference = made.reference
    return made


@guests.get(
    "/bookings/{reference}",
    responses={200: answers("The booking.", example("booking", examples.BOOKING)), **problems(*_KNOWN)},
)
async def get_booking(house: Parts, record: Record, reference: ReferencePath) -> BookingBody:
    """The booking: what it waits for, until when, who set that clock and what comes next."""
    return house.views.for_guest(record)


@guests.get(
    "/bookings/{reference}/timeline",
    responses={200: answers("The story so far.", example("timeline", examples.TIMELINE)), **problems(*_KNOWN)},
)
async def get_timeline(house: Parts, record: Record, reference: ReferencePath) -> Timeline:
    """What happened, oldest first: events and the messages that were written to the guest."""
    return await story_of(house, record, for_staff=False)


@guests.post(
    "/bookings/{reference}/cancel",
    responses={
        200: answers(
            "The booking after cancelling; with dry_run, what it would cost.",
            {
                **example("cancelled", {**examples.BOOKING, "status": "cancelled", "allowed_actions": []}),
                **example("dry_run", examples.CANCEL_PREVIEW),
            },
        ),
        **problems(
            "invalid_request", "idempotency_key_malformed", *_KNOWN, "version_conflict", "action_not_allowed",
            "idempotency_key_reused", "fee_changed", "stay_unknown", "body_too_large", "not_answered_in_time",
            "booking_needs_attention",
        ),
    },
)  # fmt: skip
async def cancel_booking(
    request: Request,
    house: Parts,
    record: Record,
    reference: ReferencePath,
    dry_run: Annotated[bool, Query(description="Only say what it would cost and give back.")] = False,
    body: Annotated[
        GuestCancel | None, Body(openapi_examples=example("change_of_plans", {"reason": "A change of plans."}))
    ] = None,
) -> BookingBody | CancelPreview:
    """Gives up some or all rooms. A request that the hotel has not answered yet is taken back."""
    asked = body or GuestCancel()
    if dry_run:
        return preview_cancel(record, asked.version, asked.stays, "guest", house.clock())
    return await guest_cancel(house, request, record, asked)
