"""A hotel's nights at the desk: runs, differences, all lines as CSV, and one more run."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.callers import Desk, DeskRoute, Parts
from api.reconciliation import all_lines, ask_again, list_differences, list_nights
from api.shapes.common import Day, Limit, answers, example
from api.shapes.problems import problems
from api.shapes.reconciliation import (
    ASKED,
    ITEMS,
    LINES,
    RUNS,
    ReconciliationItems,
    ReconciliationList,
    ReconciliationRun,
)
from api.views import API

reconciliation = APIRouter(prefix=f"{API}/desk/reconciliation", tags=["Desk"], route_class=DeskRoute)
_KNOWN = ("invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
BusinessDate = Annotated[Day, Path(description="The hotel's day.", examples=["2026-12-14"])]
Cursor = Annotated[str | None, Query(description="From the page before, with the same dates.")]


@reconciliation.get(
    "",
    responses={
        200: answers("Runs, the latest first.", example("runs", RUNS)),
        **problems("cursor_unknown", *_KNOWN, "dates_reversed", "too_many_days"),
    },
)
async def list_reconciliations(
    house: Parts,
    at: Desk,
    from_: Annotated[Day | None, Query(alias="from", description="Default: 31 days before `to`.")] = None,
    to: Annotated[Day | None, Query(description="The last day; default: the one that is open now.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReconciliationList:
    """What each night compared: the sums of three ledgers, and how many differences were found and are open."""
    return await list_nights(house, at, from_, to, limit, cursor)


@reconciliation.get(
    "/{business_date}.csv",
    response_class=Response,
    responses={
        200: {"description": "Every line.", "content": {"text/csv": {
            "schema": {"type": "string"}, "examples": example("lines", LINES),
        }}},
        **problems("lines_not_kept", *_KNOWN),
    },
)  # fmt: skip
async def get_reconciliation_lines(house: Parts, at: Desk, business_date: BusinessDate) -> Response:
    """Every payment and refund that the date's last whole run compared, as CSV; amounts in minor units."""
    return await all_lines(house, at, business_date)


@reconciliation.get(
    "/{business_date}",
    responses={
        200: answers("The date's differences.", example("differences", ITEMS)),
        **problems("cursor_unknown", *_KNOWN),
    },
)
async def get_reconciliation(
    house: Parts, at: Desk, business_date: BusinessDate, limit: Limit = 50, cursor: Cursor = None
) -> ReconciliationItems:
    """What differed, and what to do about each. A difference that is gone is closed by the next run."""
    return await list_differences(house, at, business_date, limit, cursor)


@reconciliation.post(
    "/{business_date}/run",
    status_code=202,
    responses={
        202: answers("The run that will be made.", example("asked", ASKED)),
        **problems(*_KNOWN, "cross_site", "day_not_begun", "not_answered_in_time"),
    },
)
async def run_reconciliation(house: Parts, at: Desk, business_date: BusinessDate) -> ReconciliationRun:
    """Compares a date once more. Answered before it has begun; asking while one waits makes no second."""
    return await ask_again(house, at, business_date)
