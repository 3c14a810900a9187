"""Changing a booking: dry runs, acts, and wishes that only the hotel may grant; for its guest and for the desk."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Request

from api.amending import extension, preview
from api.callers import Desk, DeskRoute, GuestRoute, Parts, Record
from api.changing import Asker
from api.routes.desk import ONE, acted
from api.shapes import examples
from api.shapes.amending import (
    AMEND,
    AMEND_PREVIEW,
    CHANGE_REQUEST,
    DESK_AMEND,
    EXTEND,
    AmendBody,
    AmendPreview,
    ChangeRequestBody,
    DeskAmendBody,
    ExtendBody,
)
from api.shapes.bookings import BookingBody, DeskBooking
from api.shapes.commands import DeskCommand
from api.shapes.common import ReferencePath, answers, example
from api.shapes.problems import problems
from api.views import API

guest_changes = APIRouter(prefix=API, tags=["Bookings"], route_class=GuestRoute)
staff_changes = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
DryRun = Annotated[bool, Query(description="Only say what it would come to; nothing is done.")]
ChangeNumber = Annotated[int, Path(ge=1, le=999, description="The change request's number.")]
_CHANGE = (
    "stay_unknown", "departure_before_arrival", "stay_too_long", "nothing_changes", "restriction_broken",
    "sold_out", "stop_sell", "quote_stale", "offer_unknown", "offer_expired", "offer_of_another_hotel",
    "offer_of_another_policy", "rooms_out_of_range", "room_type_unknown", "rate_plan_unknown", "no_rate_plan",
    "no_rate", "party_too_large", "adults_out_of_range", "too_many_children", "child_age_out_of_range",
    "arrival_past", "departure_past", "stay_has_begun", "occupancy_differs", "room_not_free",
)  # fmt: skip
_DESK = (
    "reason_needed", "currency_differs", "room_locked", "amount_negative", "override_not_new", "override_incomplete",
)  # fmt: skip
_GUEST = (
    "invalid_request", "idempotency_key_malformed", "not_logged_in", "not_found", "too_many_requests",
    "version_conflict", "action_not_allowed", "idempotency_key_reused", "body_too_large", "not_answered_in_time",
    "booking_needs_attention",
)  # fmt: skip
_CHANGED = {**example("done", {**examples.BOOKING, "version": 3}), **example("dry_run", AMEND_PREVIEW)}
_DESK_CHANGED = {**example("done", {**examples.DESK_BOOKING, "version": 3}), **example("dry_run", AMEND_PREVIEW)}
_ASKED = {
    **examples.BOOKING,
    "version": 2,
    "change_request": {
        "number": 1, "asked_at": "2026-12-01T09:00:00Z", "until": "2026-12-02T09:00:00Z",
        "until_local": "Wed 2 Dec 2026, 14:30 (IST)", "text": "Could we stay a night longer?",
        "wish": {"stays": [{"stay": 1, "departure": "2026-12-18"}]},
        "before": examples.inr(1428000), "after": examples.inr(2142000),
    },
}  # fmt: skip


@guest_changes.post(
    "/bookings/{reference}/amend",
    responses={
        200: answers("The booking after the change; with dry_run, what it would come to.", _CHANGED),
        **problems(*_GUEST, *_CHANGE, "ask_the_hotel", "not_on_sale"),
    },
)
async def amend_booking(
    request: Request,
    house: Parts,
    record: Record,
    reference: ReferencePath,
    body: Annotated[AmendBody, Body(openapi_examples=example("a_night_longer", AMEND))],
    dry_run: DryRun = False,
) -> BookingBody | AmendPreview:
    """Changes dates, rooms or guests as far as the terms let guests do it alone; the dry run's `quote_id` is needed.

    What only the hotel may grant is refused with 422 `ask_the_hotel`, which names where to ask.
    """
    if dry_run:
        return await preview(house, record, body, by_guest=True)
    return house.views.for_guest(await Asker(house, request, record).amend(body))


@guest_changes.post(
    "/bookings/{reference}/change-requests",
    status_code=201,
    responses={
        201: answers("The booking with its open change request.", example("asked", _ASKED)),
        **problems(*_GUEST, *_CHANGE, "not_on_sale"),
    },
)
async def ask_for_change(
    request: Request,
    house: Parts,
    record: Record,
    reference: ReferencePath,
    body: Annotated[ChangeRequestBody, Body(openapi_examples=example("a_night_longer", CHANGE_REQUEST))],
) -> BookingBody:
    """Asks the hotel for a change. It takes no room; the price is the one told now; its clock is on the agenda."""
    return house.views.for_guest(await Asker(house, request, record).ask(body))


@guest_changes.post(
    "/bookings/{reference}/change-requests/{number}/withdraw",
    responses={
        200: answers("The booking as it was.", example("withdrawn", {**examples.BOOKING, "version": 3})),
        **problems(*_GUEST, "change_not_open"),
    },
)
async def withdraw_change(
    request: Request,
    house: Parts,
    record: Record,
    reference: ReferencePath,
    number: ChangeNumber,
    body: Annotated[DeskCommand, Body(openapi_examples=example("never_mind", {"version": 2}))],
) -> BookingBody:
    """Takes a change request back that the hotel has not answered."""
    return house.views.for_guest(await Asker(house, request, record).answer(number, "withdraw", body))


@staff_changes.post(
    f"{ONE}/amend",
    responses={
        **acted("confirmed", ["cancel"], *_CHANGE, *_DESK),
        200: answers("The booking after the change; with dry_run, what it would come to.", _DESK_CHANGED),
    },
)  # fmt: skip
async def desk_amend(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[DeskAmendBody, Body(openapi_examples=example("upgrade", DESK_AMEND))],
    dry_run: DryRun = False,
) -> DeskBooking | AmendPreview:
    """Changes dates, types, plans, guests or rooms: priced anew, at the old amounts (`keep`) or at the desk's own."""
    if dry_run:
        return await preview(house, record, body, by_guest=False, past_full=body.oversell)
    return house.views.for_desk(await Asker(house, request, record, desk).amend(body), desk.role)


@staff_changes.post(
    f"{ONE}/extend",
    responses={
        **acted("checked_in", ["check-out"], *_CHANGE, *_DESK, "not_longer"),
        200: answers("The booking after the change; with dry_run, what it would come to.", _DESK_CHANGED),
    },
)  # fmt: skip
async def extend_stay(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[ExtendBody, Body(openapi_examples=example("a_night_longer", EXTEND))],
    dry_run: DryRun = False,
) -> DeskBooking | AmendPreview:
    """Makes a stay longer: the new nights are taken and priced, the room goes with them where it is free."""
    if dry_run:
        return await preview(house, record, extension(record.state, body), by_guest=False)
    return house.views.for_desk(await Asker(house, request, record, desk).extend(body), desk.role)


@staff_changes.post(
    f"{ONE}/change-requests/{{number}}/{{verdict}}",
    responses=acted("confirmed", ["cancel"], "change_not_open", "sold_out", "room_locked", "room_not_free"),
)
async def answer_change(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    number: ChangeNumber,
    verdict: Annotated[Literal["accept", "decline"], Path(description="The hotel's answer.")],
    body: Annotated[DeskCommand, Body(openapi_examples=example("granted", {"version": 3}))],
) -> DeskBooking:
    """Grants what the guest asked for, at the price that was told then, or declines it; the booking stays as it is."""
    return house.views.for_desk(await Asker(house, request, record, desk).answer(number, verdict, body), desk.role)
