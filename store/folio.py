"""Folios in the database: lines that are only ever added, and the one place that posts what a booking owes.

Rule: docs/rules/folio.md. Whoever writes holds the booking's row, so that numbers follow one another and nothing is
posted twice; the table's own keys are the law behind it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import SYSTEM, Actor, Booking, Status
from domain.clocks import business_date
from domain.folio import (
    GUEST_FOLIO,
    Charge,
    FolioLine,
    LineKind,
    Post,
    PricePart,
    Routes,
    TaxCode,
    open_lines,
    post_nights,
    taken_back,
)
from domain.rates import TaxSlab
from domain.refusals import conflict, rule
from domain.steps import Step
from store.hot import Hot, at_once
from store.states import read_state

NIGHTLY = "nightly"
# What can change what stands on a folio; nothing else looks at it.
POSTING = (
    "checked_in", "checked_out", "no_show", "cancelled", "reinstated", "fee_waived", "overstay_night", "amended",
    "extended", "change_accepted", "completed", "charge_posted", "charge_reversed",
)  # fmt: skip
MOST_BOOKINGS = 50

_SLABS: TypeAdapter[tuple[TaxSlab, ...]] = TypeAdapter(tuple[TaxSlab, ...])
_LINES = Hot("""
SELECT number, folio, kind, code, name, amount_minor, net_minor, tax_minor, tax_code, tax_percent, base_minor, quantity,
    stay, night, line, revision, reverses, transfer, business_date
FROM folio_lines WHERE hotel_id = :hotel_id AND reference = :reference ORDER BY number
""")
_PRICE = Hot("""
SELECT l.stay, l.night, l.kind, l.code, l.name, l.amount_minor, l.included, r.percent, r.slabs
FROM nightly_lines l
LEFT JOIN tax_rules r ON r.hotel_id = l.hotel_id AND r.tax_rule_id = l.tax_rule_id
WHERE l.hotel_id = :hotel_id AND l.reference = :reference AND l.superseded_seq IS NULL
ORDER BY l.stay, l.line
""")
_FOLIOS = Hot("""
SELECT folio, routes FROM folios WHERE hotel_id = :hotel_id AND reference = :reference ORDER BY folio
""")
_TAX_CODE = Hot("""
SELECT code, name, percent FROM tax_codes
WHERE hotel_id = :hotel_id AND code = :code AND valid_from <= :on AND (valid_to IS NULL OR valid_to >= :on)
""")
_OPEN_FIRST = Hot("""
INSERT INTO folios (hotel_id, reference, folio, kind, opened_at) VALUES (:hotel_id, :reference, 1, 'guest', :now)
ON CONFLICT DO NOTHING
""")
_WRITE = Hot("""
INSERT INTO folio_lines (hotel_id, reference, number, folio, kind, code, name, amount_minor, net_minor, tax_minor,
    tax_code, tax_percent, base_minor, quantity, stay, night, line, revision, reverses, transfer, business_date,
    posted_at, seq, actor_kind, actor_role, staff_id, reason)
SELECT :hotel_id, :reference, l.number, l.folio, l.kind, l.code, l.name, l.amount_minor, l.net_minor, l.tax_minor,
    l.tax_code, l.tax_percent, l.base_minor, l.quantity, l.stay, l.night, l.line, l.revision, l.reverses, l.transfer,
    :business_date, :now, :seq, :actor_kind, :actor_role, :staff_id, :reason
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l (number int, folio int, kind text, code text, name text,
    amount_minor bigint, net_minor bigint, tax_minor bigint, tax_code text, tax_percent numeric, base_minor bigint,
    quantity int, stay int, night date, line int, revision int, reverses int, transfer int)
ORDER BY l.number
""")
_IN_HOUSE = text("""
SELECT reference, state FROM bookings
WHERE hotel_id = :hotel_id AND status = 'checked_in' AND reference > :after
ORDER BY reference LIMIT :most
FOR NO KEY UPDATE
""")


@dataclass(frozen=True)
class Posting:
    """Who posts, when, and to which business day. seq: of the booking's step; None where no step does it."""

    now: datetime
    business_date: date
    actor: Actor = SYSTEM
    seq: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class HotelNights:
    """What a round of the night's posting did. last: the reference it came to; None when nobody is left."""

    bookings: int
    lines: int
    last: str | None


@dataclass(frozen=True)
class FolioState:
    """A booking's lines and routes as they are."""

    lines: tuple[FolioLine, ...]
    routes: Routes
    folios: tuple[int, ...]

    def check(self, folio: int) -> None:
        """Whether the booking has that folio; the guest's is always there. Errors: 422 folio_unknown."""
        if folio != GUEST_FOLIO and folio not in self.folios:
            raise rule("folio_unknown", f"This booking has no folio {folio}.", "folio")


async def post_step(tx: AsyncConnection, step: Step) -> None:
    """Makes the folio follow a step of the booking, inside its transaction. Errors: Refused as `post_charge`."""
    booking, act = step.after, step.act
    if step.what not in POSTING or not _may_owe(booking):
        return
    day = business_date(act.now, booking.terms.zone, booking.terms.audit_time)
    posting = Posting(act.now, day, act.actor, booking.seq, act.reason)
    state = await read_folio(tx, booking.hotel_id, booking.reference)
    written = await _follow(tx, booking, state, posting, _yesterday(day))
    if step.charge is not None:
        state = replace(state, lines=(*state.lines, *written))
        written = (*written, *_charged(booking, state, step.charge))
    await write_lines(tx, booking.hotel_id, booking.reference, written, posting)


def _may_owe(booking: Booking) -> bool:
    """Whether anything can stand on its folio: a guest was in the house, or a fee or an extra was owed."""
    return not booking.status.holds


def _yesterday(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


async def read_folio(tx: AsyncConnection, hotel_id: int, reference: str) -> FolioState:
    """All lines of a booking with the routes of its folios."""
    place = {"hotel_id": hotel_id, "reference": reference}
    asked = await at_once(tx, (_LINES, place), (_FOLIOS, place))
    lines = [folio_line(row) for row in await asked[0].fetchall()]
    folios = await asked[1].fetchall()
    routes = {kind: row.folio for row in reversed(folios) for kind in row.routes}
    return FolioState(tuple(lines), Routes(routes), tuple(row.folio for row in folios))


def folio_line(row: Any) -> FolioLine:
    """A row of folio_lines as the rules know it."""
    post = Post(
        LineKind(row.kind), row.code, row.name, row.amount_minor, row.net_minor, row.tax_minor, row.tax_code,
        row.tax_percent, row.base_minor, row.quantity,
    )  # fmt: skip
    return FolioLine(
        row.number, row.folio, post, row.stay, row.night, row.line, row.revision, row.reverses, row.transfer,
        row.business_date,
    )  # fmt: skip


async def _follow(
    tx: AsyncConnection, booking: Booking, state: FolioState, posting: Posting, up_to: date
) -> tuple[FolioLine, ...]:
    """The lines that make the folio say what is owed."""
    price = await read_price(tx, booking.hotel_id, booking.reference)
    fee_tax = None
    if booking.fee_minor or any(stay.fee_minor for stay in booking.stays):
        fee_tax = await tax_code(tx, booking.hotel_id, booking.terms.folio.fee_tax, posting.business_date)
    nightly = booking.terms.folio.night_posting == NIGHTLY
    return post_nights(booking, price, state.lines, up_to if nightly else None, state.routes, fee_tax)


async def read_price(tx: AsyncConnection, hotel_id: int, reference: str) -> list[PricePart]:
    """The snapshot price of every stay, line by line."""
    rows = await _PRICE.rows(tx, {"hotel_id": hotel_id, "reference": reference})
    return [
        PricePart(
            row.stay, row.night, row.kind, row.code, row.name, row.amount_minor, row.included, row.percent,
            _SLABS.validate_python(row.slabs or []),
        )
        for row in rows
    ]  # fmt: skip


async def tax_code(tx: AsyncConnection, hotel_id: int, code: str, on: date) -> TaxCode | None:
    """The rate of a tax code on that day; None for no code, or one that the hotel does not have then."""
    if not code:
        return None
    rows = await _TAX_CODE.rows(tx, {"hotel_id": hotel_id, "code": code, "on": on})
    return TaxCode(rows[0].code, rows[0].name, rows[0].percent) if rows else None


def _charged(booking: Booking, state: FolioState, charge: Charge) -> tuple[FolioLine, ...]:
    """The line of what people post. Errors: 422 line_unknown, folio_unknown; 409 line_taken_back, line_not_reversible,
    line_changed.
    """
    number = max((line.number for line in state.lines), default=0) + 1
    if charge.reverses is None:
        folio = charge.folio or state.routes.folio_of(LineKind.EXTRA)
        state.check(folio)
        return (FolioLine(number, folio, charge.post, None, None, number, 1),)
    line = standing_line(state.lines, charge.reverses)
    if line.stay is not None or line.line == 0:
        raise conflict("line_not_reversible", "Nights and fees follow the booking; post an adjustment.", "line")
    if line.post.amount_minor != -charge.amount_minor:
        raise conflict("line_changed", "The line has another amount; look at the folio again.", "line")
    return (taken_back(line, number),)


def standing_line(lines: Sequence[FolioLine], number: int) -> FolioLine:
    """The line of that number, if nothing has taken it back. Errors: 422 line_unknown; 409 line_taken_back."""
    for line in open_lines(lines):
        if line.number == number:
            return line
    if all(line.number != number for line in lines):
        raise rule("line_unknown", f"The folio has no line {number}.", "line")
    raise conflict("line_taken_back", f"Line {number} was taken back, or takes another one back.", "line")


async def write_lines(
    tx: AsyncConnection, hotel_id: int, reference: str, lines: Sequence[FolioLine], posting: Posting
) -> None:
    """Adds lines; the guest's folio is there from the first one on."""
    if not lines:
        return
    place = {"hotel_id": hotel_id, "reference": reference, "now": posting.now}
    written = {
        **place,
        "lines": json.dumps([_row(line) for line in lines]),
        "business_date": posting.business_date,
        "seq": posting.seq,
        "actor_kind": posting.actor.kind,
        "actor_role": posting.actor.role,
        "staff_id": posting.actor.staff_id,
        "reason": posting.reason,
    }
    await at_once(tx, (_OPEN_FIRST, place), (_WRITE, written))


def _row(line: FolioLine) -> dict[str, Any]:
    post = line.post
    return {
        "number": line.number, "folio": line.folio, "kind": post.kind.value, "code": post.code, "name": post.name,
        "amount_minor": post.amount_minor, "net_minor": post.net_minor, "tax_minor": post.tax_minor,
        "tax_code": post.tax_code, "tax_percent": None if post.tax_percent is None else str(post.tax_percent),
        "base_minor": post.base_minor, "quantity": post.quantity, "stay": line.stay,
        "night": line.night.isoformat() if line.night else None, "line": line.line, "revision": line.revision,
        "reverses": line.reverses, "transfer": line.transfer,
    }  # fmt: skip


async def post_hotel_nights(
    tx: AsyncConnection, hotel_id: int, day: date, now: datetime, after: str = ""
) -> HotelNights:
    """Posts the night of a business day, and what an earlier one left out, to every folio of who is in the house.

    Up to 50 bookings a call, in order of their references; `after` is the one that the call before came to. Safe to
    repeat: what stands already is not posted again.
    """
    rows = (await tx.execute(_IN_HOUSE, {"hotel_id": hotel_id, "after": after, "most": MOST_BOOKINGS})).all()
    count = 0
    for row in rows:
        booking = read_state(row.state)
        if booking.status is not Status.CHECKED_IN:
            continue
        posting = Posting(now, day)
        state = await read_folio(tx, hotel_id, row.reference)
        lines = await _follow(tx, booking, state, posting, day)
        await write_lines(tx, hotel_id, row.reference, lines, posting)
        count += len(lines)
    return HotelNights(len(rows), count, rows[-1].reference if len(rows) == MOST_BOOKINGS else None)
