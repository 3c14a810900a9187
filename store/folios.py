"""The office's part of folios: opening further ones, whom they are billed to, moving lines, and what the desk reads.

Rule: docs/rules/folio.md. Every write here holds the booking's row, as the booking's own steps do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking
from domain.folio import GUEST_FOLIO, MOST_FOLIOS, FolioLine, moved
from domain.refusals import absent, conflict, rule
from store.folio import Posting, read_folio, standing_line, write_lines
from store.hot import Hot, at_once
from store.payment_folios import PLACES
from store.states import read_state

_HOLD = Hot("""
SELECT state FROM bookings WHERE hotel_id = :hotel_id AND reference = :reference FOR NO KEY UPDATE
""")
_OPEN = Hot("""
INSERT INTO folios (hotel_id, reference, folio, kind, bill_to_name, bill_to_address, bill_to_tax_number, routes,
    opened_at)
VALUES (:hotel_id, :reference, :folio, :kind, :name, :address, :tax_number, :routes, :now)
ON CONFLICT (hotel_id, reference, folio) DO UPDATE SET kind = excluded.kind, bill_to_name = excluded.bill_to_name,
    bill_to_address = excluded.bill_to_address, bill_to_tax_number = excluded.bill_to_tax_number,
    routes = excluded.routes
""")
_FOLIOS = Hot("""
SELECT folio, kind, bill_to_name, bill_to_address, bill_to_tax_number, routes FROM folios
WHERE hotel_id = :hotel_id AND reference = :reference ORDER BY folio
""")
_COMPANY = Hot("""
SELECT s.name, s.address, s.tax_number FROM bookings b
JOIN sources s ON s.hotel_id = b.hotel_id AND s.source = b.source
WHERE b.hotel_id = :hotel_id AND b.reference = :reference
""")
_LINES = Hot("""
SELECT l.number, l.folio, l.kind, l.code, l.name, l.amount_minor, l.net_minor, l.tax_minor, l.tax_code, l.tax_percent,
    l.quantity, l.stay, l.night, l.reverses, l.transfer, l.business_date, l.posted_at, l.reason,
    i.series || '-' || lpad(i.no::text, 6, '0') AS invoice, back.number AS taken_back_by
FROM folio_lines l
LEFT JOIN folio_lines back ON back.hotel_id = l.hotel_id AND back.reference = l.reference AND back.reverses = l.number
LEFT JOIN LATERAL (
    SELECT t.series, t.no, t.turn FROM invoice_lines t
    WHERE t.hotel_id = l.hotel_id AND t.reference = l.reference AND t.number = l.number
    ORDER BY t.turn DESC LIMIT 1
) i ON i.turn % 2 = 1
WHERE l.hotel_id = :hotel_id AND l.reference = :reference
ORDER BY l.number
""")
_INVOICED = Hot("""
SELECT number FROM invoice_lines WHERE hotel_id = :hotel_id AND reference = :reference
GROUP BY number HAVING max(turn) % 2 = 1
""")


@dataclass(frozen=True)
class BillTo:
    """Whom a folio is billed to, and the kinds of charges that go there. kind: guest or company."""

    kind: str
    name: str
    address: str
    tax_number: str
    routes: tuple[str, ...]


@dataclass(frozen=True)
class FolioBook:
    """All folios of a booking with their lines, and where its payments were put, as rows."""

    folios: Sequence[Any]
    lines: Sequence[Any]
    places: Sequence[Any]


async def hold_booking(tx: AsyncConnection, hotel_id: int, reference: str) -> Booking:
    """The booking as it is; nobody else writes it or its folios until the transaction ends. Errors: 404."""
    rows = await _HOLD.rows(tx, {"hotel_id": hotel_id, "reference": reference})
    if not rows:
        raise absent()
    return read_state(rows[0].state)


async def read_book(tx: AsyncConnection, hotel_id: int, reference: str) -> FolioBook:
    """What the desk reads of a booking's folios."""
    place = {"hotel_id": hotel_id, "reference": reference}
    asked = await at_once(tx, (_FOLIOS, place), (_LINES, place), (PLACES, place))
    return FolioBook(*[await one.fetchall() for one in asked])


async def company_of(tx: AsyncConnection, hotel_id: int, reference: str) -> tuple[str, str, str] | None:
    """Name, address and tax number of the source that the booking came from; None where it is none with a name."""
    rows = await _COMPANY.rows(tx, {"hotel_id": hotel_id, "reference": reference})
    return (rows[0].name, rows[0].address, rows[0].tax_number) if rows else None


async def open_folio(tx: AsyncConnection, booking: Booking, bill_to: BillTo, posting: Posting) -> int:
    """A further folio; answers its number. The guest's is there from then on too. Errors: 409 too_many_folios."""
    place = {"hotel_id": booking.hotel_id, "reference": booking.reference}
    known = [row.folio for row in await _FOLIOS.rows(tx, place)]
    if GUEST_FOLIO not in known:
        await _write(tx, booking, GUEST_FOLIO, BillTo("guest", "", "", "", ()), posting)
    folio = max([GUEST_FOLIO, *known]) + 1
    if folio > MOST_FOLIOS:
        raise conflict("too_many_folios", f"A booking has {MOST_FOLIOS} folios at most.", maximum=MOST_FOLIOS)
    await _write(tx, booking, folio, bill_to, posting)
    return folio


async def change_folio(
    tx: AsyncConnection, booking: Booking, folio: int, changes: dict[str, Any], posting: Posting
) -> None:
    """Another bill-to or other routes for a folio. Errors: 422 folio_unknown."""
    place = {"hotel_id": booking.hotel_id, "reference": booking.reference}
    rows = {row.folio: row for row in await _FOLIOS.rows(tx, place)}
    if folio not in rows and folio != GUEST_FOLIO:
        raise rule("folio_unknown", f"This booking has no folio {folio}.", "folio")
    was = rows.get(folio)
    now = BillTo("guest", "", "", "", ()) if was is None else BillTo(
        was.kind, was.bill_to_name, was.bill_to_address, was.bill_to_tax_number, tuple(was.routes)
    )  # fmt: skip
    await _write(tx, booking, folio, replace(now, **changes), posting)


async def _write(tx: AsyncConnection, booking: Booking, folio: int, bill_to: BillTo, posting: Posting) -> None:
    written = {
        "hotel_id": booking.hotel_id,
        "reference": booking.reference,
        "folio": folio,
        "kind": bill_to.kind,
        "name": bill_to.name,
        "address": bill_to.address,
        "tax_number": bill_to.tax_number,
        "routes": list(bill_to.routes),
        "now": posting.now,
    }
    await at_once(tx, (_OPEN, written))


async def transfer(tx: AsyncConnection, booking: Booking, numbers: Sequence[int], folio: int, posting: Posting) -> int:
    """Moves lines to another folio, whole; answers the number of the last line written.

    Errors: 422 folio_unknown, line_unknown; 409 line_taken_back, line_invoiced, line_there_already.
    """
    state = await read_folio(tx, booking.hotel_id, booking.reference)
    state.check(folio)
    place = {"hotel_id": booking.hotel_id, "reference": booking.reference}
    invoiced = {row.number for row in await _INVOICED.rows(tx, place)}
    number = max((line.number for line in state.lines), default=0)
    written: list[FolioLine] = []
    for each in dict.fromkeys(numbers):
        line = standing_line(state.lines, each)
        if each in invoiced:
            raise conflict("line_invoiced", f"Line {each} is on an invoice and can't be moved.", "lines")
        if line.folio == folio:
            raise conflict("line_there_already", f"Line {each} is on folio {folio}.", "lines")
        written += moved(line, folio, number + 1)
        number += 2
    await write_lines(tx, booking.hotel_id, booking.reference, written, posting)
    return number
