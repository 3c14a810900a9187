"""The desk changes what was agreed: options, cancelling and its fee, taking up again, clocks, giving up."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query

from api.acts import AtCounter
from api.callers import DeskRoute
from api.commands import preview_cancel
from api.routes.desk import ONE, acted
from api.shapes import examples
from api.shapes.amending import CancelPreview
from api.shapes.bookings import DeskBooking
from api.shapes.commands import DeskCancel, DeskClock, DeskCommand, DeskReinstate, DeskStays
from api.shapes.common import ReferencePath, answers, example
from api.views import API

desk_changes = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
ClockKey = Annotated[
    str, Path(max_length=60, description="The clock's key on the agenda.", examples=["approval_deadline"])
]


@desk_changes.post(f"{ONE}/confirm", responses=acted("confirmed", ["cancel", "assign-room", "payments"]))
async def confirm_option(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskCommand, Body(openapi_examples=example("firm", {"version": 1}))],
) -> DeskBooking:
    """Makes an option firm: what was held is sold."""
    return await counter.confirm(body)


@desk_changes.post(
    f"{ONE}/cancel",
    responses={
        **acted("cancelled", ["reinstate"], "stay_unknown", "fee_changed", "reason_needed"),
        200: answers(
            "The booking after it; with dry_run, what it would cost.",
            {
                **example("done", {**examples.DESK_BOOKING, "status": "cancelled", "allowed_actions": ["reinstate"]}),
                **example("dry_run", examples.CANCEL_PREVIEW),
            },
        ),
    },
)
async def desk_cancel(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[
        DeskCancel, Body(openapi_examples=example("by_phone", {"version": 2, "reason": "The guest called."}))
    ],
    dry_run: Annotated[bool, Query(description="Only say what it would cost and give back.")] = False,
) -> DeskBooking | CancelPreview:
    """Gives up some or all rooms, at the price that the rate's terms name; a manager may waive it with a reason."""
    if dry_run:
        return preview_cancel(counter.record, body.version, body.stays, "staff", counter.house.clock())
    return await counter.cancel(body)


@desk_changes.post(
    f"{ONE}/reinstate",
    responses=acted(
        "confirmed", ["cancel", "assign-room"], "stay_unknown", "sold_out", "too_late", "reason_needed",
    ),
)  # fmt: skip
async def reinstate(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[
        DeskReinstate, Body(openapi_examples=example("late_arrival", {"version": 4, "reason": "A late flight."}))
    ],
) -> DeskBooking:
    """Takes up again what was cancelled, a no-show, rejected or expired: old prices, fees taken back, rooms taken anew.

    Possible until the check-out time of the last departure. A full house is 409, or a manager's `oversell`.
    """
    return await counter.reinstate(body)


@desk_changes.post(f"{ONE}/waive-fee", responses=acted("cancelled", ["reinstate"], "stay_unknown", "reason_needed"))
async def waive_fee(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskStays, Body(openapi_examples=example("goodwill", {"version": 3, "reason": "Goodwill."}))],
) -> DeskBooking:
    """A fee for cancelling, not coming or leaving early is not asked for after all; amount and reason stay on file."""
    return await counter.waive_fee(body)


@desk_changes.post(f"{ONE}/fail", responses=acted("failed", [], "reason_needed"))
async def fail(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[
        DeskCommand, Body(openapi_examples=example("closed", {"version": 2, "reason": "The house is under water."}))
    ],
) -> DeskBooking:
    """Gives a booking up that can't be had any more; the rooms are free, and the guest is told."""
    return await counter.fail(body)


@desk_changes.post(
    f"{ONE}/clocks/{{key}}",
    responses=acted("pending", ["approve"], "clock_not_running", "clock_not_moved", "clock_out_of_bounds",
                    "reason_needed"),
)  # fmt: skip
async def move_clock(
    counter: AtCounter,
    reference: ReferencePath,
    key: ClockKey,
    body: Annotated[
        DeskClock,
        Body(
            openapi_examples=example(
                "later", {"version": 1, "at": "2026-12-01T10:00:00Z", "reason": "The owner is away."}
            )
        ),
    ],
) -> DeskBooking:
    """Moves a clock of the agenda within its bounds; `at: null` puts it back where the terms place it.

    Who moved it and why is shown wherever the clock is; what hangs on it is placed anew.
    """
    return await counter.move_clock(key, body)
