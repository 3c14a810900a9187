"""Papers of a booking: issued once, and printed from what was issued. Rules: docs/rules/invoices.md."""

import hashlib
from dataclasses import replace
from typing import cast

import structlog
from fastapi import Request
from starlette.responses import Response

from api.callers import AtDesk
from api.folio import posting_of
from api.house import House
from api.idempotency import once_for_creation
from api.problems import Problem, busy
from api.shapes.common import Money
from api.shapes.folio import BillToBody, CreditAsked, InvoiceAsked, PaperBody, PaperList, PaperName, PaperTax
from api.views import API
from domain.booking import Status
from domain.clocks import business_date
from domain.folio import GUEST_FOLIO
from domain.invoices import Paper, PaperKind, invoice
from domain.refusals import conflict
from store.booking_reads import BookingRecord
from store.folios import hold_booking
from store.invoices import (
    Cause,
    booked_lines,
    draft_invoice,
    issue_credit_note,
    issue_invoice,
    issue_receipt,
    payments_of,
)
from store.papers import Found, keep_print, papers_of, read_occasion, read_paper

log = structlog.get_logger("api")
_FIRM = (Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT, Status.COMPLETED)


async def list_papers(house: House, record: BookingRecord) -> PaperList:
    """The papers with numbers of a booking."""
    async with house.database.hotel(record.hotel_id) as tx:
        found = await papers_of(tx, record.hotel_id, record.reference)
    return PaperList(items=[_body(one.paper, one.folio) for one in found])


async def make_invoice(
    house: House, request: Request, record: BookingRecord, desk: AtDesk, body: InvoiceAsked
) -> PaperBody:
    """The invoice of a folio, issued now or by the same key before. Errors: as `store.invoices.issue_invoice`."""
    once = once_for_creation(request, body, "invoice")
    async with house.database.hotel(record.hotel_id) as tx:
        booking = await hold_booking(tx, record.hotel_id, record.reference)
        posting = posting_of(house, desk, booking)
        cause = Cause(f"{record.reference}.key.{once.key}", posting.now, posting.business_date, once.body_hash)
        paper = await issue_invoice(tx, booking, body.folio, cause)
    return _body(paper, body.folio)


async def make_credit_note(
    house: House, request: Request, record: BookingRecord, desk: AtDesk, number: str, body: CreditAsked
) -> PaperBody:
    """The credit note over an invoice. Errors: as `store.invoices.issue_credit_note`."""
    once = once_for_creation(request, body, f"credit-note {number}")
    async with house.database.hotel(record.hotel_id) as tx:
        booking = await hold_booking(tx, record.hotel_id, record.reference)
        posting = posting_of(house, desk, booking)
        cause = Cause(f"{record.reference}.key.{once.key}", posting.now, posting.business_date, once.body_hash)
        paper = await issue_credit_note(tx, booking, number, body.lines, body.reason, cause)
        found = await read_paper(tx, record.hotel_id, record.reference, number)
    return _body(paper, found.folio)


def _body(paper: Paper, folio: int | None) -> PaperBody:
    occasion = paper.occasion

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=occasion.currency)

    return PaperBody(
        number=paper.number,
        kind=cast("PaperName", paper.kind.value),
        issued_on=paper.issued_on,
        folio=folio,
        bill_to=BillToBody(
            name=occasion.bill_to.name, address=occasion.bill_to.address, tax_number=occasion.bill_to.tax_number
        ),
        total=money(paper.total_minor),
        payable=money(paper.payable_minor),
        due=money(paper.due_minor),
        taxes=[
            PaperTax(
                code=tax.code, percent=None if tax.percent is None else f"{tax.percent.normalize():f}",
                base=money(tax.base_minor), tax=money(tax.tax_minor),
            )
            for tax in paper.taxes
        ],
        lines=[line.number for line in paper.lines if line.number is not None],
        deducts=[one.number for one in paper.deductions],
        corrects=paper.corrects or None,
        reason=paper.reason,
        pdf=f"{API}/desk/bookings/{occasion.reference}/invoices/{paper.number}.pdf",
    )  # fmt: skip


async def printed_invoice(house: House, record: BookingRecord, number: str) -> Response:
    """A paper as it was issued. Errors: 404."""
    async with house.database.hotel(record.hotel_id) as tx:
        found = await read_paper(tx, record.hotel_id, record.reference, number)
    return await _numbered(house, record, found.paper)


async def guests_invoice(house: House, record: BookingRecord) -> Response:
    """The last invoice of the guest's own folio that stands. Errors: 404 no_invoice_yet."""
    async with house.database.hotel(record.hotel_id) as tx:
        found = await papers_of(tx, record.hotel_id, record.reference)
    paper = _last_standing(found)
    if paper is None:
        raise Problem(404, "no_invoice_yet", "There is no invoice yet; the hotel issues it when you leave.")
    return await _numbered(house, record, paper)


def _last_standing(found: list[Found]) -> Paper | None:
    corrected = {one.paper.corrects for one in found if one.paper.corrects}
    own = [
        one.paper
        for one in found
        if one.paper.kind is PaperKind.INVOICE and one.folio == GUEST_FOLIO and one.paper.number not in corrected
    ]
    return own[-1] if own else None


async def printed_receipt(house: House, record: BookingRecord, payment: int) -> Response:
    """The receipt of a payment, issued when it is first asked for. Errors: 404."""
    terms, now = record.state.terms, house.clock()
    cause = Cause(f"{record.reference}.payment.{payment}", now, business_date(now, terms.zone, terms.audit_time))
    async with house.database.hotel(record.hotel_id) as tx:
        booking = await hold_booking(tx, record.hotel_id, record.reference)
        paper = await issue_receipt(tx, booking, payment, cause)
    return await _numbered(house, record, paper)


async def printed_proforma(house: House, record: BookingRecord, folio: int) -> Response:
    """What the next invoice of a folio would say. Errors: as an invoice."""
    booking, now = record.state, house.clock()
    async with house.database.hotel(record.hotel_id) as tx:
        draft, _ = await draft_invoice(tx, booking, folio)
        occasion = await read_occasion(tx, booking, folio, for_house=True)
    day = business_date(now, booking.terms.zone, booking.terms.audit_time)
    paper = replace(draft, kind=PaperKind.PROFORMA, issued_on=day, occasion=occasion)
    return _file(await _printed(house, paper), f"proforma-{record.reference}")


async def printed_confirmation(house: House, record: BookingRecord, *, for_house: bool) -> Response:
    """The booking as it stands: rooms, nights, taxes, what was paid, and how it may be given up.

    Errors: 409 not_confirmed.
    """
    booking = record.state
    if booking.status not in _FIRM:
        raise conflict("not_confirmed", "Only a confirmed booking has a confirmation.")
    async with house.database.hotel(record.hotel_id) as tx:
        lines = await booked_lines(tx, booking)
        paid = await payments_of(tx, record.hotel_id, record.reference)
        occasion = await read_occasion(tx, booking, GUEST_FOLIO, for_house=for_house)
    day = business_date(house.clock(), booking.terms.zone, booking.terms.audit_time)
    paper = invoice("", day, occasion, lines, paid=paid, kind=PaperKind.CONFIRMATION)
    notes = house.printer.cancellation(booking, occasion.language)
    return _file(await _printed(house, replace(paper, notes=notes)), f"confirmation-{record.reference}")


async def _numbered(house: House, record: BookingRecord, paper: Paper) -> Response:
    """A paper's file; what its bytes were when it was made first is kept, and another outcome later is logged."""
    content = await _printed(house, paper)
    made = hashlib.sha256(content).hexdigest()
    async with house.database.hotel(record.hotel_id) as tx:
        first = await keep_print(tx, record.hotel_id, paper.number, made, len(content), house.clock())
    if first != made:
        log.warning("paper_printed_otherwise", number=paper.number, first=first, now=made)
    return _file(content, paper.number)


async def _printed(house: House, paper: Paper) -> bytes:
    """Errors: 503 not_ready where too many papers are being printed."""
    try:
        return await house.printer.print(paper)
    except TimeoutError as late:
        raise busy("not_ready", "Too many papers are being printed; try again in a moment.") from late


def _file(content: bytes, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)
