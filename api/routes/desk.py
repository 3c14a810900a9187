"""The desk: its lists, its day, its rooms, and what it does to one booking."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query

from api.acts import AtCounter
from api.callers import Desk, DeskRoute, Parts, Record
from api.desk import desk_day, desk_list, desk_rooms
from api.desk_filters import Code, Filters
from api.shapes import examples
from api.shapes.bookings import DeskBooking
from api.shapes.commands import DeskApprove, DeskAssign, DeskCommand, DeskPayment, DeskStays
from api.shapes.common import Day, Limit, ReferencePath, answers, example
from api.shapes.desk import DeskDay, DeskList, RoomList
from api.shapes.problems import problems
from api.shapes.timeline import Timeline
from api.timeline import story_of
from api.views import API
from domain.stay import stay_dates

desk = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
ONE = "/bookings/{reference}"
_KNOWN = ("not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
_ACTS = (
    "invalid_request", "idempotency_key_malformed", *_KNOWN, "cross_site", "version_conflict", "action_not_allowed",
    "idempotency_key_reused", "body_too_large", "not_answered_in_time", "booking_needs_attention",
)  # fmt: skip
Sort = Literal["arrival", "-arrival", "departure", "-departure", "created", "-created"]


def acted(status: str, actions: list[str], *codes: str, **changes: Any) -> dict[int | str, dict[str, Any]]:
    """The documented answers of an act: the booking after it, and its own problems beside those of every act."""
    stays = [{**examples.BOOKING["stays"][0], "status": status, "room": changes.pop("room", None)}]
    after = {**examples.DESK_BOOKING, "status": status, "allowed_actions": actions, "version": 2, "stays": stays}
    after |= {"agenda": [], "approval_deadline": None, **changes}
    return {200: answers("The booking after it.", example("done", after)), **problems(*_ACTS, *codes)}


@desk.get(
    "/bookings",
    responses={
        200: answers("A page of bookings.", example("bookings", examples.DESK_LIST)),
        **problems("invalid_request", "cursor_unknown", *_KNOWN),
    },
)
async def list_desk_bookings(
    house: Parts,
    at: Desk,
    filters: Filters,
    sort: Annotated[Sort, Query(description="With `-` the latest first.")] = "arrival",
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="From the page before, with the same filters and order.")] = None,
) -> DeskList:
    """The hotel's bookings, narrowed, searched and sorted. Pages stay whole while bookings come and go."""
    return await desk_list(house, at, replace(filters, sort=sort), limit, cursor)


@desk.get(
    "/day",
    responses={
        200: answers("The hotel's day.", example("day", examples.DESK_DAY)),
        **problems("invalid_request", *_KNOWN),
    },
)
async def get_desk_day(
    house: Parts,
    at: Desk,
    on: Annotated[Day | None, Query(alias="date", description="Default: the hotel day that is open now.")] = None,
) -> DeskDay:
    """Who comes, who leaves, who is in the house, which requests wait, and what stands in the way."""
    return await desk_day(house, at, on)


@desk.get(
    "/rooms",
    responses={
        200: answers("Rooms by number.", example("rooms", examples.DESK_ROOMS)),
        **problems("invalid_request", *_KNOWN, "departure_before_arrival"),
    },
)
async def list_desk_rooms(
    house: Parts,
    at: Desk,
    arrival: Annotated[Day, Query(examples=["2026-12-15"])],
    departure: Annotated[Day, Query(examples=["2026-12-17"])],
    room_type: Annotated[Code | None, Query(examples=["HARBOUR"])] = None,
) -> RoomList:
    """Which rooms can be given for these nights, and how housekeeping has left them."""
    return await desk_rooms(house, at, stay_dates(arrival, departure), room_type)


@desk.get(
    ONE,
    responses={200: answers("The booking.", example("booking", examples.DESK_BOOKING)), **problems(*_KNOWN)},
)
async def get_desk_booking(house: Parts, at: Desk, record: Record, reference: ReferencePath) -> DeskBooking:
    """The booking with what it waits for, what can be done to it, and its workflow in Temporal's UI."""
    return house.views.for_desk(record, at.role)


@desk.get(
    f"{ONE}/timeline",
    responses={200: answers("The story so far.", example("timeline", examples.TIMELINE)), **problems(*_KNOWN)},
)
async def get_desk_timeline(house: Parts, record: Record, reference: ReferencePath) -> Timeline:
    """Who did what and when, what was awaited then, until when and who had set that clock; and every letter."""
    return await story_of(house, record, for_staff=True)


@desk.post(f"{ONE}/approve", responses=acted("confirmed", ["cancel", "assign-room", "payments"]))
async def approve(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskApprove, Body(openapi_examples=example("yes", {"version": 1, "note": "Called the guest."}))],
) -> DeskBooking:
    """The hotel says yes; the rooms are sold and the guest is written to."""
    return await counter.approve(body)


@desk.post(f"{ONE}/decline", responses=acted("rejected", []))
async def decline(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskCommand, Body(openapi_examples=example("no", {"version": 1, "reason": "Closed for repairs."}))],
) -> DeskBooking:
    """The hotel says no; the rooms are free again and the guest is written to."""
    return await counter.decline(body)


@desk.post(
    f"{ONE}/assign-room",
    responses=acted(
        "confirmed", ["cancel", "assign-room", "check-in", "payments"],
        "room_not_free", "no_room_free", "stay_needed", "stay_unknown", "room_unknown", room="204",
    ),
)  # fmt: skip
async def assign_room(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[
        DeskAssign,
        Body(
            openapi_examples={
                **example("a_room", {"version": 2, "room": "204"}),
                **example("any_clean_room", {"version": 2}),
            }
        ),
    ],
) -> DeskBooking:
    """Gives a stay its room for all its nights; a room of another type moves the nights there."""
    return await counter.assign_room(body)


@desk.post(
    f"{ONE}/check-in",
    responses=acted(
        "checked_in", ["check-out", "payments"],
        "too_early", "room_not_assigned", "room_not_clean", "stay_unknown", room="204",
    ),
)  # fmt: skip
async def check_in(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskStays, Body(openapi_examples=example("all_rooms", {"version": 3}))],
) -> DeskBooking:
    """Guests get their keys: on the hotel's business day, with a clean room, or with a reason for one that is not."""
    return await counter.check_in(body)


@desk.post(
    f"{ONE}/payments",
    responses=acted(
        "checked_in", ["check-out"], "more_than_owed", "folio_unknown", room="204", payment_status="paid",
        paid=examples.inr(1428000), balance=examples.inr(0),
    ),
)  # fmt: skip
async def take_payment(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[
        DeskPayment,
        Body(openapi_examples=example("cash", {"version": 4, "method": "cash", "amount": examples.inr(1428000)})),
    ],
) -> DeskBooking:
    """Records money over the counter: cash, card terminal, UPI or transfer. Never more than is owed.

    It settles the guest's folio, or the one that is named.
    """
    return await counter.take_payment(body)


@desk.post(f"{ONE}/check-out", responses=acted("checked_out", [], "balance_open", "stay_unknown", room="204"))
async def check_out(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskStays, Body(openapi_examples=example("all_rooms", {"version": 5}))],
) -> DeskBooking:
    """Guests give their keys back. The last room to leave needs a balance of zero, or a reason for leaving it open."""
    return await counter.check_out(body)


@desk.post(f"{ONE}/no-show", responses=acted("no_show", [], "too_early", "stay_unknown"))
async def no_show(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskStays, Body(openapi_examples=example("nobody_came", {"version": 3}))],
) -> DeskBooking:
    """Guests did not come: the first night stays taken, the others are free again."""
    return await counter.no_show(body)
