"""Papers with numbers: issued without a gap, frozen, never changed. Rule: docs/rules/invoices.md.

Whoever issues holds the row of the series until the commit: a number that is rolled back is given to the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import GONE, Booking, Status
from domain.clocks import business_date
from domain.folio import GUEST_FOLIO, night_posts, night_prices
from domain.invoices import (
    Deduction,
    Paid,
    Paper,
    PaperKind,
    PaperLine,
    credit_note,
    deposit_invoice,
    deposits_left,
    invoice,
    named_payments,
    number_text,
    receipt,
    series_of,
    uninvoiced,
)
from domain.payments import PayState
from domain.refusals import absent, conflict, rule
from domain.steps import Step
from store.folio import read_folio, read_price
from store.hot import Hot, at_once
from store.papers import PAPER, papers_of, read_occasion, read_paper
from store.payment_folios import read_payment_folios

Make = Callable[[str, date], Paper]

_BY_CAUSE = Hot("""
SELECT series, no, body_hash, document::text AS document FROM invoices
WHERE hotel_id = :hotel_id AND cause_key = :cause_key
""")
_BEGIN_SERIES = Hot("""
INSERT INTO invoice_series (hotel_id, series, next_no, last_issued_on) VALUES (:hotel_id, :series, 1, :day)
ON CONFLICT DO NOTHING
""")
LOCK_SERIES = Hot("""
SELECT next_no, last_issued_on FROM invoice_series WHERE hotel_id = :hotel_id AND series = :series FOR UPDATE
""")
_COUNT_ON = Hot("""
UPDATE invoice_series SET next_no = :no + 1, last_issued_on = :issued_on
WHERE hotel_id = :hotel_id AND series = :series
""")
_ISSUE = Hot("""
INSERT INTO invoices (hotel_id, series, no, kind, reference, folio, payment, cause_key, body_hash, issued_on, issued_at,
    currency, total_minor, corrects_series, corrects_no, document)
VALUES (:hotel_id, :series, :no, :kind, :reference, :folio, :payment, :cause_key, :body_hash, :issued_on, :now,
    :currency, :total_minor, :corrects_series, :corrects_no, CAST(:document AS jsonb))
""")
_TAKE_LINES = Hot("""
INSERT INTO invoice_lines (hotel_id, reference, number, turn, series, no)
SELECT :hotel_id, :reference, n, 1 + coalesce((SELECT max(o.turn) FROM invoice_lines o
        WHERE o.hotel_id = :hotel_id AND o.reference = :reference AND o.number = n), 0), :series, :no
FROM unnest(CAST(:numbers AS int[])) AS n
""")
_TURNS = Hot("""
SELECT number, max(turn) AS turn FROM invoice_lines WHERE hotel_id = :hotel_id AND reference = :reference
GROUP BY number
""")
_PAYMENTS = Hot("""
SELECT number, method, business_date, coalesce(captured_minor, amount_minor) - refunded_minor AS amount_minor
FROM payments
WHERE hotel_id = :hotel_id AND reference = :reference AND state = 'captured'
    AND coalesce(captured_minor, amount_minor) > refunded_minor
ORDER BY number
""")
_TELL = Hot("""
WITH told AS (
    INSERT INTO notices (hotel_id, reference, seq, kind, audience, due_at, data)
    VALUES (:hotel_id, :reference, :seq, 'invoice', 'guest', :now, '{}')
)
SELECT pg_notify('holdfast_notices', :hotel_text)
""")


@dataclass(frozen=True)
class Cause:
    """What a paper is issued for: the same cause gives the same paper. body_hash: of the request that asked for it."""

    key: str
    now: datetime
    day: date
    body_hash: str = ""


@dataclass(frozen=True)
class About:
    """Which booking a paper is about, and which part of it."""

    hotel_id: int
    reference: str
    folio: int | None = None
    payment: int | None = None
    corrects: tuple[str, int] | None = None
    lines: tuple[int, ...] = ()


async def issue(tx: AsyncConnection, about: About, kind: PaperKind, cause: Cause, make: Make) -> Paper:
    """The paper of that cause, issued now or before. Errors: 409 idempotency_key_reused; what `make` refuses."""
    known = await _issued_before(tx, about.hotel_id, cause)
    if known is not None:
        return known
    series = series_of(kind, cause.day)
    place = {"hotel_id": about.hotel_id, "series": series, "day": cause.day}
    asked = await at_once(tx, (_BEGIN_SERIES, place), (LOCK_SERIES, place))
    (locked,) = await asked[1].fetchall()
    # Whoever asked for the same a moment ago has committed by now.
    known = await _issued_before(tx, about.hotel_id, cause)
    if known is not None:
        return known
    issued_on = max(cause.day, locked.last_issued_on)
    paper = make(number_text(series, locked.next_no), issued_on)
    corrects_series, corrects_no = about.corrects or (None, None)
    written = {
        **place,
        "no": locked.next_no,
        "kind": kind.value,
        "reference": about.reference,
        "folio": about.folio,
        "payment": about.payment,
        "cause_key": cause.key,
        "body_hash": cause.body_hash,
        "issued_on": issued_on,
        "now": cause.now,
        "currency": paper.occasion.currency,
        "total_minor": paper.total_minor,
        "corrects_series": corrects_series,
        "corrects_no": corrects_no,
        "document": PAPER.dump_json(paper).decode(),
        "numbers": list(about.lines),
    }
    await at_once(tx, (_COUNT_ON, written), (_ISSUE, written), (_TAKE_LINES, written))
    return paper


async def _issued_before(tx: AsyncConnection, hotel_id: int, cause: Cause) -> Paper | None:
    rows = await _BY_CAUSE.rows(tx, {"hotel_id": hotel_id, "cause_key": cause.key})
    if not rows:
        return None
    if rows[0].body_hash != cause.body_hash:
        raise conflict("idempotency_key_reused", "This Idempotency-Key came with another request before.")
    return PAPER.validate_json(rows[0].document)


async def issue_for_step(tx: AsyncConnection, step: Step) -> None:
    """The papers that a booking's own step causes: deposit invoices, and invoices when the last guest leaves."""
    booking = step.after
    day = business_date(step.act.now, booking.terms.zone, booking.terms.audit_time)
    key = f"{booking.reference}.{booking.seq}"
    if _is_deposit(booking):
        for paid in _came_by(step, day):
            cause = Cause(f"{booking.reference}.payment{paid.number}.deposit", step.act.now, day)
            await issue_deposit(tx, booking, paid, cause)
    if step.what != "checked_out" or booking.status is not Status.CHECKED_OUT:
        return
    told = False
    state = await read_folio(tx, booking.hotel_id, booking.reference)
    turns = await _turns(tx, booking.hotel_id, booking.reference)
    for folio in state.folios:
        free = uninvoiced(state.lines, turns, folio)
        if free and sum(line.post.amount_minor for line in free) >= 0:
            await issue_invoice(tx, booking, folio, Cause(f"{key}.folio{folio}", step.act.now, day))
            told = told or folio == GUEST_FOLIO
    if told:
        place = {"hotel_id": booking.hotel_id, "reference": booking.reference, "seq": booking.seq}
        await _TELL.rows(tx, {**place, "now": step.act.now, "hotel_text": str(booking.hotel_id)})


def _is_deposit(booking: Booking) -> bool:
    """Whether money that comes now gets a deposit invoice: nobody has come yet and the hotel gives such papers."""
    came = any(stay.checked_in_at is not None for stay in booking.stays)
    return not came and booking.terms.folio.deposit_document == "invoice"


def _came_by(step: Step, day: date) -> list[Paid]:
    """Money that this step brought, or changed; what has its paper already gets no second one."""
    captured = [one for one in step.payments if one.state is PayState.CAPTURED]
    return [Paid(one.number, one.method, day, one.captured_minor) for one in captured]


async def issue_deposit(tx: AsyncConnection, booking: Booking, paid: Paid, cause: Cause) -> Paper:
    """The deposit invoice of a payment."""
    occasion = await read_occasion(tx, booking, await _folio_of(tx, booking, paid.number))
    posts = [line.post for line in await booked_lines(tx, booking)]
    about = About(booking.hotel_id, booking.reference, payment=paid.number)
    return await issue(
        tx,
        about,
        PaperKind.DEPOSIT_INVOICE,
        cause,
        lambda number, on: deposit_invoice(number, on, occasion, posts, paid),
    )


async def booked_lines(tx: AsyncConnection, booking: Booking) -> list[PaperLine]:
    """Every night that is booked and kept, line by line, posted or not."""
    price = await read_price(tx, booking.hotel_id, booking.reference)
    lines: list[PaperLine] = []
    for stay in booking.stays:
        parts = [part for part in price if part.stay == stay.number]
        prices = night_prices(stay, parts)
        for night in () if stay.status in GONE else stay.kept:
            posts = night_posts([part for part in parts if part.night == night], prices[night])
            lines += [PaperLine(None, post.name, post, night, stay.number) for post in posts]
    return lines


async def issue_invoice(tx: AsyncConnection, booking: Booking, folio: int, cause: Cause) -> Paper:
    """The invoice of what is on a folio and on no other one. Whoever calls holds the booking.

    Errors: 422 folio_unknown; 409 nothing_to_invoice, idempotency_key_reused.
    """
    known = await _issued_before(tx, booking.hotel_id, cause)
    if known is not None:
        return known
    draft, numbers = await draft_invoice(tx, booking, folio)
    about = About(booking.hotel_id, booking.reference, folio, lines=numbers)
    return await issue(
        tx, about, PaperKind.INVOICE, cause, lambda number, on: replace(draft, number=number, issued_on=on)
    )


async def draft_invoice(tx: AsyncConnection, booking: Booking, folio: int) -> tuple[Paper, tuple[int, ...]]:
    """What the next invoice of a folio would say, without a number, and its lines. Errors: as `issue_invoice`."""
    hotel_id, reference = booking.hotel_id, booking.reference
    state = await read_folio(tx, hotel_id, reference)
    state.check(folio)
    free = uninvoiced(state.lines, await _turns(tx, hotel_id, reference), folio)
    if not free or sum(line.post.amount_minor for line in free) < 0:
        raise conflict(
            "nothing_to_invoice", "Everything on this folio is on an invoice, or it comes to less than zero."
        )
    deductions, paid = await _settled(tx, booking, folio)
    occasion = await read_occasion(tx, booking, folio)
    ordered = sorted(free, key=lambda line: (line.stay or 99, line.night or date.max, line.number))
    lines = [PaperLine(f.number, f.post.name, f.post, f.night or f.business_date, f.stay) for f in ordered]
    draft = invoice("", date.min, occasion, lines, deductions, paid)
    return draft, tuple(line.number for line in ordered)


async def payments_of(tx: AsyncConnection, hotel_id: int, reference: str) -> tuple[Paid, ...]:
    """Every payment of a booking."""
    rows = await _PAYMENTS.rows(tx, {"hotel_id": hotel_id, "reference": reference})
    return tuple(Paid(row.number, row.method, row.business_date, row.amount_minor) for row in rows)


async def _settled(tx: AsyncConnection, booking: Booking, folio: int) -> tuple[tuple[Deduction, ...], tuple[Paid, ...]]:
    """What settles the next invoice of a folio: its deposit invoices, and its payments that no standing paper names."""
    place = (booking.hotel_id, booking.reference)
    papers = [found.paper for found in await papers_of(tx, *place)]
    places = await read_payment_folios(tx, *place)
    here = [
        paper for paper in papers
        if paper.kind is not PaperKind.DEPOSIT_INVOICE or places.get(paper.paid[0].number, GUEST_FOLIO) == folio
    ]  # fmt: skip
    named = named_payments(papers)
    paid = tuple(
        one for one in await payments_of(tx, *place)
        if one.number not in named and places.get(one.number, GUEST_FOLIO) == folio
    )  # fmt: skip
    return deposits_left(here), paid


async def issue_credit_note(
    tx: AsyncConnection, booking: Booking, number: str, numbers: Sequence[int], reason: str, cause: Cause
) -> Paper:
    """The credit note over an invoice, or over the lines named. Whoever calls holds the booking.

    Errors: 404; 409 already_credited, not_an_invoice; 422 line_not_on_invoice.
    """
    known = await _issued_before(tx, booking.hotel_id, cause)
    if known is not None:
        return known
    found = await read_paper(tx, booking.hotel_id, booking.reference, number)
    if found.paper.kind is not PaperKind.INVOICE:
        raise conflict("not_an_invoice", "Only an invoice is corrected by a credit note.")
    wanted = set(numbers) or {line.number for line in found.paper.lines}
    chosen = [line for line in found.paper.lines if line.number in wanted]
    if len(chosen) != len(wanted):
        raise rule("line_not_on_invoice", f"{number} has no such line.", "lines")
    credited = {
        line.number
        for other in await papers_of(tx, booking.hotel_id, booking.reference)
        if other.paper.corrects == number
        for line in other.paper.lines
    }
    if credited & wanted:
        raise conflict("already_credited", f"{number} was credited for some of these lines before.", "lines")
    about = About(
        booking.hotel_id, booking.reference, found.folio, corrects=(found.series, found.no),
        lines=tuple(line.number for line in chosen if line.number is not None),
    )  # fmt: skip
    return await issue(
        tx, about, PaperKind.CREDIT_NOTE, cause, lambda no, on: credit_note(no, on, found.paper, chosen, reason)
    )


async def issue_receipt(tx: AsyncConnection, booking: Booking, payment: int, cause: Cause) -> Paper:
    """The receipt of a payment, made when it is first asked for. Errors: 404 where there is no such payment."""
    known = await _issued_before(tx, booking.hotel_id, cause)
    if known is not None:
        return known
    every = await payments_of(tx, booking.hotel_id, booking.reference)
    paid = next((one for one in every if one.number == payment), None)
    if paid is None:
        raise absent()
    occasion = await read_occasion(tx, booking, await _folio_of(tx, booking, payment))
    about = About(booking.hotel_id, booking.reference, payment=payment)
    return await issue(tx, about, PaperKind.RECEIPT, cause, lambda number, on: receipt(number, on, occasion, paid))


async def _folio_of(tx: AsyncConnection, booking: Booking, payment: int) -> int:
    return (await read_payment_folios(tx, booking.hotel_id, booking.reference)).get(payment, GUEST_FOLIO)


async def _turns(tx: AsyncConnection, hotel_id: int, reference: str) -> dict[int, int]:
    """How often each line was invoiced or credited."""
    rows = await _TURNS.rows(tx, {"hotel_id": hotel_id, "reference": reference})
    return {row.number: row.turn for row in rows}
