"""The office's part for folios and cash drawers; what is owed changes only through the booking's workflow.

Rules: docs/rules/folio.md.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import Request

from api.callers import AtDesk
from api.house import House
from api.idempotency import once_for_creation
from api.office_keys import keep_made, made_before
from api.shapes.common import Money, utc
from api.shapes.folio import (
    BillToBody,
    CashAsked,
    CashDrawer,
    CashMovement,
    FolioBody,
    FolioBook,
    FolioChange,
    FolioLineBody,
    FolioPayment,
    NewFolio,
    OwnDrawer,
    PaymentPlace,
    Transfer,
)
from api.shapes.payments import PaymentBody
from api.views import payment_body
from domain.booking import Booking
from domain.clocks import business_date
from domain.folio import GUEST_FOLIO, Charge, TaxCode
from domain.refusals import rule
from store.booking_reads import BookingRecord
from store.cash import Hand, close_drawer, currency_of, move_cash, open_drawer, read_drawer
from store.folio import Posting, tax_code
from store.folios import BillTo, change_folio, company_of, hold_booking, open_folio, read_book, transfer
from store.payment_folios import move_payments


def posting_of(house: House, desk: AtDesk, booking: Booking, reason: str = "") -> Posting:
    """Who of the hotel's people posts, now, and to which business day."""
    now = house.clock()
    day = business_date(now, booking.terms.zone, booking.terms.audit_time)
    return Posting(now, day, desk.actor, None, reason)


async def folio_book(house: House, record: BookingRecord) -> FolioBook:
    """All folios of a booking with their lines, payments and balances."""
    state, currency = record.state, record.state.terms.currency
    async with house.database.hotel(record.hotel_id) as tx:
        book = await read_book(tx, record.hotel_id, record.reference)
    payments = [
        _payment(one, [row for row in book.places if row.payment == one.number])
        for one in (payment_body(row, currency) for row in record.payments)
        if one.state == "captured"
    ]
    rows = {row.folio: row for row in book.folios}
    posted = dict.fromkeys(sorted({GUEST_FOLIO, *rows}), 0)
    for line in book.lines:
        posted[line.folio] += line.amount_minor
    paid = _paid_by_folio(state.paid_minor, payments)

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=currency)

    settled = state.balance_minor == 0 and sum(posted.values()) == state.owed_minor
    return FolioBook(
        reference=record.reference,
        version=state.version,
        owed=money(state.owed_minor),
        posted=money(sum(posted.values())),
        paid=money(state.paid_minor),
        balance=money(state.balance_minor),
        uneven=[number for number in posted if settled and posted[number] != paid[number]],
        folios=[
            FolioBody(
                folio=number,
                kind=rows[number].kind if number in rows else "guest",
                bill_to=_bill_to(rows.get(number)),
                routes=list(rows[number].routes) if number in rows else [],
                posted=money(posted[number]),
                paid=money(paid[number]),
                balance=money(posted[number] - paid[number]),
                lines=[_line(line, currency) for line in book.lines if line.folio == number],
            )
            for number in posted
        ],
        payments=payments,
    )


def _payment(one: PaymentBody, places: Sequence[Any]) -> FolioPayment:
    return FolioPayment(
        number=one.number,
        folio=places[-1].folio if places else GUEST_FOLIO,
        placed=[PaymentPlace(folio=row.folio, put_at=utc(row.put_at), reason=row.reason) for row in places],
        method=one.method,
        amount=one.captured,
        refunded=one.refunded,
        business_date=one.business_date,
    )


def _paid_by_folio(paid_minor: int, payments: Sequence[FolioPayment]) -> Counter[int]:
    """What was paid on each folio; what is on no other is on the guest's, so that all come to what was paid."""
    paid: Counter[int] = Counter()
    for one in payments:
        if one.folio != GUEST_FOLIO:
            paid[one.folio] += one.amount.amount_minor - one.refunded.amount_minor
    paid[GUEST_FOLIO] = paid_minor - paid.total()
    return paid


def _bill_to(row: Any) -> BillToBody:
    """Whom a folio is billed to; the guest's own may have no row yet."""
    if row is None:
        return BillToBody(name="", address="", tax_number="")
    return BillToBody(name=row.bill_to_name, address=row.bill_to_address, tax_number=row.bill_to_tax_number)


def _line(row: Any, currency: str) -> FolioLineBody:
    return FolioLineBody(
        number=row.number,
        kind=row.kind,
        code=row.code,
        name=row.name,
        quantity=row.quantity,
        amount=Money(amount_minor=row.amount_minor, currency=currency),
        net=Money(amount_minor=row.net_minor, currency=currency),
        tax=Money(amount_minor=row.tax_minor, currency=currency),
        tax_code=row.tax_code,
        tax_percent=None if row.tax_percent is None else f"{row.tax_percent.normalize():f}",
        stay=row.stay,
        night=row.night,
        business_date=row.business_date,
        posted_at=utc(row.posted_at),
        reverses=row.reverses,
        taken_back_by=row.taken_back_by,
        transfer=row.transfer,
        invoice=row.invoice,
        reason=row.reason,
    )


async def new_folio(house: House, request: Request, record: BookingRecord, desk: AtDesk, body: NewFolio) -> FolioBook:
    """The folios with a further one, opened now or by the same key before.

    Errors: 409 too_many_folios, idempotency_key_reused; 422 no_company.
    """
    once = once_for_creation(request, body, "folio")
    async with house.database.hotel(record.hotel_id) as tx:
        booking = await hold_booking(tx, record.hotel_id, record.reference)
        if await made_before(tx, record, once) is None:
            name, address, number = body.name, body.address, body.tax_number
            if body.from_source:
                company = await company_of(tx, record.hotel_id, record.reference)
                if company is None:
                    raise rule("no_company", "The booking came from no company on file.", "from_source")
                name, address, number = company
            bill_to = BillTo(body.kind, name, address, number, tuple(dict.fromkeys(body.routes)))
            folio = await open_folio(tx, booking, bill_to, posting_of(house, desk, booking))
            await keep_made(tx, record, once, folio)
    return await folio_book(house, record)


async def amend_folio(house: House, record: BookingRecord, desk: AtDesk, folio: int, body: FolioChange) -> FolioBook:
    """The folios after one of them got another bill-to or other routes. Errors: 422 folio_unknown."""
    changes: dict[str, Any] = body.model_dump(exclude_none=True)
    if "routes" in changes:
        changes["routes"] = tuple(dict.fromkeys(changes["routes"]))
    async with house.database.hotel(record.hotel_id) as tx:
        booking = await hold_booking(tx, record.hotel_id, record.reference)
        await change_folio(tx, booking, folio, changes, posting_of(house, desk, booking))
    return await folio_book(house, record)


async def move_lines(house: House, request: Request, record: BookingRecord, desk: AtDesk, body: Transfer) -> FolioBook:
    """The folios after lines and payments moved, now or by the same key before.

    Errors: as `store.folios.transfer` and `store.payment_folios.move_payments`.
    """
    once = once_for_creation(request, body, "transfer")
    async with house.database.hotel(record.hotel_id) as tx:
        booking = await hold_booking(tx, record.hotel_id, record.reference)
        if await made_before(tx, record, once) is None:
            posting = posting_of(house, desk, booking, body.reason)
            last = await transfer(tx, booking, body.lines, body.folio, posting)
            if body.payments:
                await move_payments(tx, booking, body.payments, body.folio, posting)
            await keep_made(tx, record, once, last)
    return await folio_book(house, record)


async def tax_of(house: House, record: BookingRecord, code: str | None) -> TaxCode | None:
    """The rate of a tax code on the hotel's day. Errors: 422 tax_code_unknown."""
    if code is None:
        return None
    terms = record.state.terms
    async with house.database.hotel(record.hotel_id) as tx:
        found = await tax_code(tx, record.hotel_id, code, business_date(house.clock(), terms.zone, terms.audit_time))
    if found is None:
        raise rule("tax_code_unknown", f"The hotel has no tax code {code} on this day.", "tax_code")
    return found


async def charge_back(house: House, record: BookingRecord, number: int) -> Charge:
    """The charge that takes a line back. Errors: 422 line_unknown."""
    async with house.database.hotel(record.hotel_id) as tx:
        book = await read_book(tx, record.hotel_id, record.reference)
    for line in book.lines:
        if line.number == number:
            return Charge(line.code, line.name, -line.amount_minor, reverses=number)
    raise rule("line_unknown", f"The folio has no line {number}.", "line")


async def _hand(house: House, desk: AtDesk) -> Hand:
    async with house.database.public() as tx:
        currency = await currency_of(tx, desk.hotel_id)
    return Hand(desk.hotel_id, desk.staff.session.staff_id, currency, house.clock())


async def own_drawer(house: House, desk: AtDesk) -> OwnDrawer:
    """The cash drawer of who asks."""
    hand = await _hand(house, desk)
    async with house.database.hotel(desk.hotel_id) as tx:
        drawer = await read_drawer(tx, hand)
    if drawer is None:
        return OwnDrawer(drawer=None)
    row = drawer.row

    def money(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=row.currency)

    return OwnDrawer(
        drawer=CashDrawer(
            drawer=row.drawer,
            open=row.closed_at is None,
            opened_at=utc(row.opened_at),
            closed_at=utc(row.closed_at) if row.closed_at else None,
            opening_float=money(row.float_minor),
            expected=money(drawer.expected_minor),
            counted=None if row.counted_minor is None else money(row.counted_minor),
            difference=None if row.difference_minor is None else money(row.difference_minor),
            note=row.note,
            movements=[
                CashMovement(
                    number=one.number, kind=one.kind, amount=money(one.amount_minor), reference=one.reference,
                    payment=one.payment, reason=one.reason, moved_at=utc(one.moved_at),
                )
                for one in drawer.movements
            ],
        )
    )  # fmt: skip


async def use_drawer(house: House, request: Request, desk: AtDesk, body: CashAsked) -> OwnDrawer:
    """The drawer after it. Errors: 422 currency_differs; as `store.cash`."""
    hand = await _hand(house, desk)
    if body.amount.currency != hand.currency:
        raise rule("currency_differs", f"The hotel's cash is in {hand.currency}.", "amount.currency")
    amount = body.amount.amount_minor
    async with house.database.hotel(desk.hotel_id) as tx:
        match body.do:
            case "open":
                await open_drawer(tx, hand, amount)
            case "close":
                await close_drawer(tx, hand, amount, body.reason)
            case kind:
                await move_cash(tx, hand, kind, amount, body.reason, once_for_creation(request, body, "cash"))
    return await own_drawer(house, desk)
