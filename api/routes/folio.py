"""Folios and cash drawers at the desk."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request

from api.acts import AtCounter
from api.callers import Desk, DeskRoute, Parts, Record
from api.folio import amend_folio, folio_book, move_lines, new_folio, own_drawer, use_drawer
from api.routes.desk import ONE, acted
from api.shapes import folio_examples as examples
from api.shapes.bookings import DeskBooking
from api.shapes.commands import DeskCommand
from api.shapes.common import MOST_INT, ReferencePath, answers, example
from api.shapes.folio import CashAsked, DeskCharge, FolioBook, FolioChange, NewFolio, OwnDrawer, Transfer
from api.shapes.problems import problems
from api.views import API

folio = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
_KNOWN = ("invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
_WRITES = (*_KNOWN, "cross_site", "body_too_large", "idempotency_key_malformed", "idempotency_key_reused")
FolioPath = Annotated[int, Path(ge=1, le=20, description="The folio's number.", examples=[2])]
LinePath = Annotated[int, Path(ge=1, le=MOST_INT, description="The line's number.", examples=[1])]
_CHARGES = (
    "currency_differs", "amount_is_zero", "amount_out_of_bounds", "quantity_out_of_range", "reason_needed",
    "more_than_owed", "tax_code_unknown", "folio_unknown", "line_unknown", "line_taken_back", "line_not_reversible",
    "line_changed",
)  # fmt: skip


@folio.get(
    f"{ONE}/folio",
    responses={200: answers("The folios.", example("folio", examples.BOOK)), **problems(*_KNOWN)},
)
async def get_folio(house: Parts, record: Record, reference: ReferencePath) -> FolioBook:
    """Every folio of the booking, line by line, with what was posted and what is owed altogether."""
    return await folio_book(house, record)


@folio.post(f"{ONE}/charges", responses=acted("checked_in", ["check-out", "charges"], *_CHARGES, room="204"))
async def post_charge(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[DeskCharge, Body(openapi_examples=example("two_teas", examples.CHARGE))],
) -> DeskBooking:
    """Posts an extra; what is owed changes by it. Below zero it is an adjustment: a manager's, with a reason."""
    return await counter.post_charge(body)


@folio.post(
    f"{ONE}/charges/{{line}}/reverse",
    responses=acted("checked_in", ["check-out", "charges"], *_CHARGES, room="204"),
)
async def reverse_charge(
    counter: AtCounter,
    reference: ReferencePath,
    line: LinePath,
    body: Annotated[DeskCommand, Body(openapi_examples=example("cold", {"version": 5, "reason": "It was cold."}))],
) -> DeskBooking:
    """Takes an extra or adjustment back, whole, for a reason. Nights and fees follow the booking instead."""
    return await counter.reverse_charge(line, body)


@folio.post(
    f"{ONE}/folios",
    status_code=201,
    responses={
        201: answers("The folios.", example("with_company", examples.WITH_COMPANY)),
        **problems(*_WRITES, "too_many_folios", "no_company"),
    },
)
async def open_folio(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[NewFolio, Body(openapi_examples=example("company", examples.NEW_FOLIO))],
) -> FolioBook:
    """Opens a further folio, for another guest or a company, and says which new charges go there."""
    return await new_folio(house, request, record, desk, body)


@folio.patch(
    f"{ONE}/folios/{{folio}}",
    responses={
        200: answers("The folios.", example("with_company", examples.WITH_COMPANY)),
        **problems(*_KNOWN, "cross_site", "body_too_large", "folio_unknown"),
    },
)
async def change_folio(
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    folio: FolioPath,
    body: Annotated[FolioChange, Body(openapi_examples=example("bill_to", examples.COMPANY_BILL))],
) -> FolioBook:
    """Whom a folio is billed to, and what goes there from now on. Issued invoices stay as they are."""
    return await amend_folio(house, record, desk, folio, body)


@folio.post(
    f"{ONE}/folios/transfers",
    responses={
        200: answers("The folios.", example("with_company", examples.WITH_COMPANY)),
        **problems(
            *_WRITES, "folio_unknown", "line_unknown", "line_taken_back", "line_invoiced", "line_there_already",
            "payment_unknown", "payment_invoiced", "payment_there_already",
        ),
    },
)  # fmt: skip
async def transfer_lines(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[Transfer, Body(openapi_examples=example("to_company", {"lines": [1, 3], "folio": 2}))],
) -> FolioBook:
    """Moves lines to another folio: each is two lines of one number whose sum is zero. Invoiced lines can't move.

    Payments move whole as well, and with them what was given back of them, unless a standing invoice names them.
    """
    return await move_lines(house, request, record, desk, body)


@folio.get(
    "/cash-drawer",
    responses={200: answers("The drawer.", example("drawer", examples.DRAWER)), **problems(*_KNOWN)},
)
async def get_cash_drawer(house: Parts, desk: Desk) -> OwnDrawer:
    """One's own cash drawer: the open one, else the last."""
    return await own_drawer(house, desk)


@folio.post(
    "/cash-drawer",
    responses={
        200: answers("The drawer after it.", example("closed", examples.CLOSED)),
        **problems(
            *_WRITES, "drawer_open", "drawer_closed", "amount_not_positive", "reason_needed", "more_than_there_is",
            "currency_differs",
        ),
    },
)  # fmt: skip
async def use_cash_drawer(
    request: Request,
    house: Parts,
    desk: Desk,
    body: Annotated[CashAsked, Body(openapi_examples=example("open", {"do": "open", "amount": examples.inr(500000)}))],
) -> OwnDrawer:
    """Opens one's drawer with a counted float, moves money in or out for a reason, or closes it with what was counted.

    Send an `Idempotency-Key` with money in and out.
    """
    return await use_drawer(house, request, desk, body)
