"""Reports for the hotel's people."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.callers import Desk, DeskRoute, Parts
from api.reports import as_csv, commission_report
from api.shapes.common import answers, example
from api.shapes.problems import problems
from api.shapes.reports import COMMISSION, COMMISSION_CSV, CommissionReport
from api.views import API

reports = APIRouter(prefix=f"{API}/desk/reports", tags=["Desk"], route_class=DeskRoute)
_PROBLEMS = problems(
    "invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests",
    "span_backwards", "span_too_long",
)  # fmt: skip
First = Annotated[date, Query(alias="from", description="The first day of departure.", examples=["2026-12-01"])]
Last = Annotated[date, Query(alias="to", description="The last one, included.", examples=["2026-12-31"])]


@reports.get(
    "/commission",
    responses={200: answers("What is owed to whom.", example("december", COMMISSION)), **_PROBLEMS},
)
async def get_commission(house: Parts, at: Desk, first: First, last: Last) -> CommissionReport:
    """What the hotel owes for bookings that depart on these days, by channel and source.

    It is final once a booking is completed; until then it is expected, and moves with the booking.
    """
    return await commission_report(house, at, first, last)


@reports.get(
    "/commission.csv",
    response_class=Response,
    responses={
        200: {
            "description": "The same as CSV, amounts in minor units.",
            "content": {"text/csv": {"schema": {"type": "string"}, "examples": example("december", COMMISSION_CSV)}},
        },
        **_PROBLEMS,
    },
)
async def get_commission_csv(house: Parts, at: Desk, first: First, last: Last) -> Response:
    """The report of commissions for a spreadsheet."""
    page = as_csv(await commission_report(house, at, first, last))
    return Response(page, media_type="text/csv; charset=utf-8")
