"""Which folio each payment settles: told when the desk takes it, moved by the office, never forgotten.

Rule: docs/rules/folio.md, "Which folio a payment settles". Whoever writes holds the booking's row.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking
from domain.folio import GUEST_FOLIO
from domain.invoices import named_payments
from domain.refusals import conflict, rule
from domain.steps import Step
from store.folio import Posting, read_folio
from store.hot import Hot, at_once
from store.papers import papers_of

# Every folio that a payment was put on, in order; one that was put on none is on folio 1.
PLACES = Hot("""
SELECT payment, folio, put_at, reason FROM payment_folios
WHERE hotel_id = :hotel_id AND reference = :reference ORDER BY payment, turn
""")
_TAKEN = Hot("""
SELECT number FROM payments WHERE hotel_id = :hotel_id AND reference = :reference AND state = 'captured'
""")
_PUT = Hot("""
INSERT INTO payment_folios (hotel_id, reference, payment, turn, folio, business_date, put_at, seq, actor_kind,
    actor_role, staff_id, reason)
SELECT :hotel_id, :reference, n, 1 + coalesce((SELECT max(o.turn) FROM payment_folios o
        WHERE o.hotel_id = :hotel_id AND o.reference = :reference AND o.payment = n), 0), :folio, :business_date, :now,
    :seq, :actor_kind, :actor_role, :staff_id, :reason
FROM unnest(CAST(:payments AS int[])) AS n
""")


async def read_payment_folios(tx: AsyncConnection, hotel_id: int, reference: str) -> dict[int, int]:
    """The folio of each payment that was ever put on one; any other is on folio 1."""
    rows = await PLACES.rows(tx, {"hotel_id": hotel_id, "reference": reference})
    return {row.payment: row.folio for row in rows}


async def put_taken_payment(tx: AsyncConnection, step: Step) -> None:
    """Puts the desk's payment on the folio that it named, in the payment's transaction. Errors: 422 folio_unknown."""
    taken, act = step.payment, step.act
    if taken is None or taken.folio == GUEST_FOLIO:
        return
    booking = step.after
    (await read_folio(tx, booking.hotel_id, booking.reference)).check(taken.folio)
    posting = Posting(act.now, taken.business_date, act.actor, booking.seq, act.reason)
    await _put(tx, booking, [taken.number], taken.folio, posting)


async def move_payments(
    tx: AsyncConnection, booking: Booking, numbers: Sequence[int], folio: int, posting: Posting
) -> None:
    """Moves payments to another folio, whole.

    Errors: 422 folio_unknown, payment_unknown; 409 payment_invoiced, payment_there_already.
    """
    hotel_id, reference = booking.hotel_id, booking.reference
    (await read_folio(tx, hotel_id, reference)).check(folio)
    taken = {row.number for row in await _TAKEN.rows(tx, {"hotel_id": hotel_id, "reference": reference})}
    named = named_payments([found.paper for found in await papers_of(tx, hotel_id, reference)])
    places = await read_payment_folios(tx, hotel_id, reference)
    moving = list(dict.fromkeys(numbers))
    for each in moving:
        if each not in taken:
            raise rule("payment_unknown", f"This booking has taken no payment {each}.", "payments", payment=each)
        if each in named:
            raise conflict("payment_invoiced", f"Payment {each} is on an invoice and can't be moved.", "payments")
        if places.get(each, GUEST_FOLIO) == folio:
            raise conflict("payment_there_already", f"Payment {each} is on folio {folio}.", "payments")
    await _put(tx, booking, moving, folio, posting)


async def _put(tx: AsyncConnection, booking: Booking, numbers: Sequence[int], folio: int, posting: Posting) -> None:
    written = {
        "hotel_id": booking.hotel_id,
        "reference": booking.reference,
        "payments": list(numbers),
        "folio": folio,
        "business_date": posting.business_date,
        "now": posting.now,
        "seq": posting.seq,
        "actor_kind": posting.actor.kind,
        "actor_role": posting.actor.role,
        "staff_id": posting.actor.staff_id,
        "reason": posting.reason,
    }
    await at_once(tx, (_PUT, written))
