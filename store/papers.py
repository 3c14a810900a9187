"""Papers with numbers as they were issued, and what a paper of now is made from. Rule: docs/rules/invoices.md."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking
from domain.invoices import Bearer, Occasion, Paper, Room, read_number
from domain.refusals import absent
from store.hot import Hot, at_once

PAPER: TypeAdapter[Paper] = TypeAdapter(Paper)

_OF_BOOKING = Hot("""
SELECT series, no, folio, document::text AS document FROM invoices
WHERE hotel_id = :hotel_id AND reference = :reference ORDER BY issued_at, series, no LIMIT 200
""")
_ONE = Hot("""
SELECT series, no, folio, document::text AS document FROM invoices
WHERE hotel_id = :hotel_id AND reference = :reference AND series = :series AND no = :no
""")
_OCCASION = Hot("""
SELECT h.name, h.legal_name, h.address, h.city, h.tax_number, h.email, h.phone, b.language,
    h.language AS house_language, g.name AS guest, g.email AS guest_email,
    (SELECT json_agg(json_build_object('stay', s.stay, 'name', t.name, 'arrival', s.arrival, 'departure', s.departure,
            'guests', s.adults + cardinality(s.children_ages), 'number', coalesce(r.number, '')) ORDER BY s.stay)
        FROM stays s JOIN room_types t ON t.hotel_id = s.hotel_id AND t.room_type_id = s.room_type_id
        LEFT JOIN rooms r ON r.hotel_id = s.hotel_id AND r.room_id = s.room_id
        WHERE s.hotel_id = b.hotel_id AND s.reference = b.reference) AS rooms
FROM bookings b
JOIN hotels h ON h.hotel_id = b.hotel_id
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE b.hotel_id = :hotel_id AND b.reference = :reference
""")
_BILL_TO = Hot("""
SELECT bill_to_name, bill_to_address, bill_to_tax_number FROM folios
WHERE hotel_id = :hotel_id AND reference = :reference AND folio = :folio
""")
_KEEP_PRINT = Hot("""
INSERT INTO invoice_prints (hotel_id, series, no, sha256, size_bytes, made_at)
VALUES (:hotel_id, :series, :no, :sha256, :size_bytes, :now) ON CONFLICT DO NOTHING
""")
_PRINTED = Hot("""
SELECT sha256 FROM invoice_prints WHERE hotel_id = :hotel_id AND series = :series AND no = :no
""")


async def read_occasion(tx: AsyncConnection, booking: Booking, folio: int, *, for_house: bool = False) -> Occasion:
    """Who sells, who pays and what was booked, as it is now. for_house: in the hotel's own language."""
    place = {"hotel_id": booking.hotel_id, "reference": booking.reference, "folio": folio}
    asked = await at_once(tx, (_OCCASION, place), (_BILL_TO, place))
    (row,), bill = await asked[0].fetchall(), await asked[1].fetchone()
    guest = Bearer(row.guest, email=row.guest_email or "")
    if bill is not None and bill.bill_to_name:
        guest = Bearer(bill.bill_to_name, bill.bill_to_address, bill.bill_to_tax_number)
    seller = Bearer(row.legal_name or row.name, row.address, row.tax_number, row.email, row.phone)
    rooms = tuple(
        Room(
            one["stay"], one["name"], date.fromisoformat(one["arrival"]), date.fromisoformat(one["departure"]),
            one["guests"], one["number"],
        )
        for one in row.rooms or ()
    )  # fmt: skip
    language = row.house_language if for_house else row.language
    return Occasion(
        booking.reference, booking.terms.currency, language, seller, guest, row.guest, rooms,
        booking.terms.folio.tax_rounding,
    )  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A paper as it was issued."""

    series: str
    no: int
    folio: int | None
    paper: Paper


def _found(row: Any) -> Found:
    return Found(row.series, row.no, row.folio, PAPER.validate_json(row.document))


async def papers_of(tx: AsyncConnection, hotel_id: int, reference: str) -> list[Found]:
    """The papers of a booking in the order of their issue, 200 at most."""
    return [_found(row) for row in await _OF_BOOKING.rows(tx, {"hotel_id": hotel_id, "reference": reference})]


async def read_paper(tx: AsyncConnection, hotel_id: int, reference: str, number: str) -> Found:
    """The paper of that number. Errors: 404, also for another booking's."""
    read = read_number(number)
    if read is None:
        raise absent()
    place = {"hotel_id": hotel_id, "reference": reference, "series": read[0], "no": read[1]}
    rows = await _ONE.rows(tx, place)
    if not rows:
        raise absent()
    return _found(rows[0])


async def keep_print(tx: AsyncConnection, hotel_id: int, number: str, sha256: str, size: int, now: datetime) -> str:
    """Keeps what a paper's bytes were when it was made first; answers that fingerprint."""
    read = read_number(number)
    if read is None:
        raise ValueError(f"{number} is no number of a paper.")
    place = {"hotel_id": hotel_id, "series": read[0], "no": read[1]}
    written = {**place, "sha256": sha256, "size_bytes": size, "now": now}
    asked = await at_once(tx, (_KEEP_PRINT, written), (_PRINTED, place))
    (row,) = await asked[1].fetchall()
    return str(row.sha256)
