"""Invoices and other papers, for the desk and for guests."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from api.callers import Desk, DeskRoute, GuestRoute, Parts, Record
from api.papers import (
    guests_invoice,
    list_papers,
    make_credit_note,
    make_invoice,
    printed_confirmation,
    printed_invoice,
    printed_proforma,
    printed_receipt,
)
from api.routes.desk import ONE
from api.shapes import folio_examples as examples
from api.shapes.common import MOST_INT, ReferencePath, answers, example
from api.shapes.folio import CreditAsked, InvoiceAsked, PaperBody, PaperList
from api.shapes.problems import problems
from api.views import API

desk_papers = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
guest_papers = APIRouter(prefix=API, tags=["Bookings"], route_class=GuestRoute)
_GUEST = ("invalid_request", "not_logged_in", "not_found", "too_many_requests")
_DESK = (*_GUEST, "hotel_not_chosen", "role_missing")
_WRITES = (*_DESK, "cross_site", "body_too_large", "idempotency_key_malformed", "idempotency_key_reused")
PaperPath = Annotated[str, Path(max_length=30, description="The paper's number.", examples=["INV-2026-000012"])]
PaymentPath = Annotated[int, Path(ge=1, le=MOST_INT, description="The payment's number.", examples=[1])]
_PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The paper, to be saved.",
        "content": {
            "application/pdf": {
                "schema": {"type": "string", "format": "binary"},
                "examples": example("paper", "%PDF-1.7 and all the rest"),
            }
        },
    }
}


@desk_papers.get(
    f"{ONE}/invoices",
    responses={
        200: answers("The papers.", example("papers", {"items": [examples.PAPER, examples.CREDIT]})),
        **problems(*_DESK),
    },
)
async def list_invoices(house: Parts, record: Record, reference: ReferencePath) -> PaperList:
    """The invoices, credit notes, deposit invoices and receipts of a booking, in the order of their issue."""
    return await list_papers(house, record)


@desk_papers.post(
    f"{ONE}/invoices",
    status_code=201,
    responses={
        201: answers("The invoice.", example("invoice", examples.PAPER)),
        **problems(*_WRITES, "nothing_to_invoice", "folio_unknown"),
    },
)
async def issue_invoice(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[InvoiceAsked, Body(openapi_examples=example("guests_folio", {"folio": 1}))],
) -> PaperBody:
    """Issues an invoice of what is on a folio and on no other one, once for each `Idempotency-Key`."""
    return await make_invoice(house, request, record, desk, body)


@desk_papers.post(
    f"{ONE}/invoices/{{paper}}/credit-note",
    status_code=201,
    responses={
        201: answers("The credit note.", example("credit_note", examples.CREDIT)),
        **problems(*_WRITES, "not_an_invoice", "already_credited", "line_not_on_invoice"),
    },
)
async def credit_invoice(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    paper: PaperPath,
    body: Annotated[CreditAsked, Body(openapi_examples=example("whole", {"reason": "Billed to the company instead."}))],
) -> PaperBody:
    """Corrects an issued invoice, whole or by lines, for a reason; what was credited can be invoiced again."""
    return await make_credit_note(house, request, record, desk, paper, body)


@desk_papers.get(f"{ONE}/invoices/{{paper}}.pdf", response_class=Response, responses={**_PDF, **problems(*_DESK)})
async def print_invoice(house: Parts, record: Record, reference: ReferencePath, paper: PaperPath) -> Response:
    """An invoice, credit note, deposit invoice or receipt as it was issued, as PDF/A."""
    return await printed_invoice(house, record, paper)


@desk_papers.get(
    f"{ONE}/proforma.pdf",
    response_class=Response,
    responses={**_PDF, **problems(*_DESK, "nothing_to_invoice", "folio_unknown")},
)
async def print_proforma(
    house: Parts,
    record: Record,
    reference: ReferencePath,
    folio: Annotated[int, Query(ge=1, le=20, description="Of which folio.")] = 1,
) -> Response:
    """What the next invoice of a folio would say, without a number."""
    return await printed_proforma(house, record, folio)


@desk_papers.get(
    f"{ONE}/confirmation.pdf", response_class=Response, responses={**_PDF, **problems(*_DESK, "not_confirmed")}
)
async def print_confirmation(house: Parts, record: Record, reference: ReferencePath) -> Response:
    """The booking as it stands, in the hotel's language."""
    return await printed_confirmation(house, record, for_house=True)


@desk_papers.get(
    f"{ONE}/payments/{{payment}}/receipt.pdf", response_class=Response, responses={**_PDF, **problems(*_DESK)}
)
async def print_receipt(house: Parts, record: Record, reference: ReferencePath, payment: PaymentPath) -> Response:
    """The receipt of a payment; it gets its number when it is first asked for."""
    return await printed_receipt(house, record, payment)


@guest_papers.get(
    "/bookings/{reference}/invoice.pdf",
    response_class=Response,
    responses={**_PDF, **problems(*_GUEST, "no_invoice_yet")},
)
async def get_own_invoice(house: Parts, record: Record, reference: ReferencePath) -> Response:
    """The guest's invoice, once it was issued."""
    return await guests_invoice(house, record)


@guest_papers.get(
    "/bookings/{reference}/confirmation.pdf",
    response_class=Response,
    responses={**_PDF, **problems(*_GUEST, "not_confirmed")},
)
async def get_own_confirmation(house: Parts, record: Record, reference: ReferencePath) -> Response:
    """The booking as it stands, in the guest's language."""
    return await printed_confirmation(house, record, for_house=False)


@guest_papers.get(
    "/bookings/{reference}/payments/{payment}/receipt.pdf",
    response_class=Response,
    responses={**_PDF, **problems(*_GUEST)},
)
async def get_own_receipt(house: Parts, record: Record, reference: ReferencePath, payment: PaymentPath) -> Response:
    """The receipt of one of the guest's payments."""
    return await printed_receipt(house, record, payment)
