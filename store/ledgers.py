"""What a comparing reads: the provider's objects as they were listed, and the rows of payments and refunds.

Rule: docs/rules/reconciliation.md. Nothing here changes a booking.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ledgers import Books, Listed, PaymentRow, ProviderPayment, ProviderRefund, RefundRow
from domain.payments import PayState, RefundState
from domain.provider_money import from_provider
from messages.night import Run

# Bookings, or payments of nobody, that are compared at once.
PAGE = 25
_PAYMENT: TypeAdapter[ProviderPayment] = TypeAdapter(ProviderPayment)
_REFUND: TypeAdapter[ProviderRefund] = TypeAdapter(ProviderRefund)


def _facts(one: Listed) -> str:
    """What is known of an object, as JSON."""
    if one.payment is not None:
        return _PAYMENT.dump_json(one.payment).decode()
    return _REFUND.dump_json(one.refund).decode() if one.refund is not None else "{}"


def place_of(run: Run) -> dict[str, Any]:
    """The key of a run's row."""
    return {"hotel_id": run.hotel_id, "business_date": run.business_date, "number": run.number}


_OF_RUN = "hotel_id = :hotel_id AND business_date = :business_date AND number = :number"
_KEEP = text("""
INSERT INTO provider_objects (hotel_id, business_date, number, object_id, kind, paid_by, reference, facts, ours)
SELECT :hotel_id, :business_date, :number, o.object_id, o.kind, o.paid_by, o.reference, CAST(o.facts AS jsonb), o.ours
FROM jsonb_to_recordset(CAST(:objects AS jsonb)) AS o (object_id text, kind text, paid_by text, reference text,
    facts text, ours boolean)
ON CONFLICT (hotel_id, business_date, number, object_id) DO UPDATE SET facts = EXCLUDED.facts,
    paid_by = EXCLUDED.paid_by, reference = EXCLUDED.reference, ours = EXCLUDED.ours
""")
_FORGET = text(f"DELETE FROM provider_objects WHERE {_OF_RUN}")


async def keep_objects(tx: AsyncConnection, run: Run, listed: Sequence[Listed]) -> None:
    """Keeps what a page of the provider's list had; reading a page again keeps the newer word."""
    if not listed:
        return
    rows = [
        {"object_id": one.object_id, "kind": one.kind, "paid_by": one.paid_by, "reference": one.reference,
         "facts": _facts(one), "ours": one.ours}
        for one in listed
    ]  # fmt: skip
    await tx.execute(_KEEP, {**place_of(run), "objects": json.dumps(rows)})


async def forget_objects(tx: AsyncConnection, run: Run) -> None:
    """What was listed for a run is of no use once it has ended."""
    await tx.execute(_FORGET, place_of(run))


# What the lists name, what moved here on that day, what is not at its end, and what differed before.
_CANDIDATES = text(f"""
WITH named AS (
    SELECT object_id, paid_by, reference FROM provider_objects WHERE {_OF_RUN}
), wanted AS (
    SELECT b.reference FROM named n JOIN bookings b ON b.hotel_id = :hotel_id AND b.reference = n.reference
    UNION
    SELECT p.reference FROM named n JOIN payments p ON p.hotel_id = :hotel_id AND p.intent_id = n.paid_by
        AND p.intent_id <> ''
    UNION
    SELECT r.reference FROM named n JOIN refunds r ON r.hotel_id = :hotel_id AND r.provider_id = n.object_id
        AND r.provider_id <> ''
    UNION
    SELECT reference FROM payments WHERE hotel_id = :hotel_id AND how <> 'desk'
        AND (state IN ('created', 'needs_guest', 'processing', 'authorised')
            OR (received_at >= :since AND received_at < :until))
    UNION
    SELECT reference FROM refunds WHERE hotel_id = :hotel_id
        AND (state IN ('wanted', 'pending', 'needs_guest') OR (told_at >= :since AND told_at < :until))
    UNION
    SELECT b.reference FROM bookings b WHERE b.hotel_id = :hotel_id AND b.money_open
    UNION
    SELECT i.reference FROM reconciliation_items i JOIN bookings b ON b.hotel_id = :hotel_id
        AND b.reference = i.reference WHERE i.hotel_id = :hotel_id AND i.closed_at IS NULL
)
SELECT reference FROM wanted WHERE reference COLLATE "C" > :after ORDER BY reference COLLATE "C" LIMIT :most
""")


async def candidates(tx: AsyncConnection, run: Run, after: str) -> list[str]:
    """The references that a run compares, at most PAGE, from the one after `after` on."""
    asked = {**place_of(run), "since": run.since, "until": run.until, "after": after, "most": PAGE}
    return list((await tx.execute(_CANDIDATES, asked)).scalars())


_FEE_ASKED = """
LEFT JOIN LATERAL (
    SELECT coalesce(max(coalesce(c.params ->> 'application_fee_amount',
            c.params -> 'payment_intent_data' ->> 'application_fee_amount')) FILTER (WHERE c.call LIKE '%.capture'),
        max(coalesce(c.params ->> 'application_fee_amount',
            c.params -> 'payment_intent_data' ->> 'application_fee_amount')), '0') AS fee,
        max(coalesce(c.params -> 'transfer_data' ->> 'destination',
            c.params -> 'payment_intent_data' -> 'transfer_data' ->> 'destination')) AS destination,
        count(*) AS calls
    FROM provider_calls c
    WHERE c.hotel_id = p.hotel_id AND c.reference = p.reference AND c.state = 'done' AND c.code = ''
        AND c.object_id <> '' AND c.object_id IN (p.intent_id, p.session_id)
        AND c.call IN ('checkout.sessions.create', 'payment_intents.create', 'payment_intents.capture')
) asked ON true
"""
_PAYMENT_ROWS = text(f"""
SELECT p.reference, p.number, p.currency, p.state, p.amount_minor, coalesce(p.captured_minor, 0) AS captured_minor,
    p.received_at, p.intent_id, p.disputed, asked.fee, asked.destination, asked.calls
FROM payments p {_FEE_ASKED}
WHERE p.hotel_id = :hotel_id AND p.reference = ANY(:references) AND p.how <> 'desk' AND p.purpose <> 'guarantee'
ORDER BY p.reference, p.number
""")
_REFUND_ROWS = text("""
SELECT r.reference, r.number, r.payment, r.state, r.amount_minor, r.told_at, r.provider_id
FROM refunds r
JOIN payments p ON p.hotel_id = r.hotel_id AND p.reference = r.reference AND p.number = r.payment
WHERE r.hotel_id = :hotel_id AND r.reference = ANY(:references) AND p.how <> 'desk'
ORDER BY r.reference, r.number
""")
_OBJECTS = text("""
SELECT o.object_id, o.kind, o.facts, coalesce(p.reference, r.reference, o.reference) AS reference
FROM provider_objects o
LEFT JOIN payments p ON p.hotel_id = o.hotel_id AND p.intent_id = o.paid_by AND p.intent_id <> ''
LEFT JOIN refunds r ON r.hotel_id = o.hotel_id AND r.provider_id = o.object_id AND r.provider_id <> ''
WHERE o.hotel_id = :hotel_id AND o.business_date = :business_date AND o.number = :number
    AND o.kind IN ('payment', 'refund')
    AND coalesce(p.reference, r.reference, o.reference) = ANY(:references)
ORDER BY o.object_id
""")
_COMPARED = text(f"UPDATE provider_objects SET compared = true WHERE {_OF_RUN} AND object_id = ANY(:objects)")
_STRANGERS = text(f"""
SELECT o.object_id, o.facts FROM provider_objects o
WHERE {_OF_RUN} AND o.kind = 'payment' AND o.ours AND NOT o.compared AND o.object_id COLLATE "C" > :after
    AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.hotel_id = o.hotel_id AND p.intent_id = o.object_id)
ORDER BY o.object_id COLLATE "C" LIMIT :most
""")
_OLD_STRANGERS = text("""
SELECT DISTINCT i.object_id FROM reconciliation_items i
LEFT JOIN bookings b ON b.hotel_id = i.hotel_id AND b.reference = i.reference
WHERE i.hotel_id = :hotel_id AND i.closed_at IS NULL AND i.code = 'charge_unknown_to_us' AND b.reference IS NULL
ORDER BY i.object_id LIMIT :most
""")
MOST_OLD = 500


async def read_books(tx: AsyncConnection, run: Run, references: Sequence[str]) -> list[Books]:
    """The rows of these bookings, and what was listed of them, in the order of the references."""
    asked = {**place_of(run), "references": list(references)}
    payment_rows: dict[str, list[PaymentRow]] = defaultdict(list)
    for row in await tx.execute(_PAYMENT_ROWS, asked):
        payment_rows[row.reference].append(_payment_row(row))
    refund_rows: dict[str, list[RefundRow]] = defaultdict(list)
    for row in await tx.execute(_REFUND_ROWS, asked):
        refund_rows[row.reference].append(
            RefundRow(row.number, row.payment, RefundState(row.state), row.amount_minor, row.told_at, row.provider_id)
        )
    payments: dict[str, list[ProviderPayment]] = defaultdict(list)
    refunds: dict[str, list[ProviderRefund]] = defaultdict(list)
    for row in await tx.execute(_OBJECTS, asked):
        if row.kind == "payment":
            payments[row.reference].append(_PAYMENT.validate_python(row.facts))
        else:
            refunds[row.reference].append(_REFUND.validate_python(row.facts))
    return [
        Books(one, tuple(payments[one]), tuple(refunds[one]), tuple(payment_rows[one]), tuple(refund_rows[one]))
        for one in references
    ]


def _payment_row(row: Any) -> PaymentRow:
    kept = PaymentRow(
        number=row.number,
        currency=row.currency,
        state=PayState(row.state),
        asked_minor=row.amount_minor,
        captured_minor=row.captured_minor,
        moved_at=row.received_at,
        object_id=row.intent_id,
        disputed=row.disputed,
    )
    if not row.calls:
        return kept
    return replace(kept, fee_minor=from_provider(int(row.fee), row.currency), destination=row.destination or "")


async def mark_compared(tx: AsyncConnection, run: Run, objects: Sequence[str]) -> None:
    """Notes which objects were compared with a booking."""
    await tx.execute(_COMPARED, {**place_of(run), "objects": list(objects)})


async def strangers(tx: AsyncConnection, run: Run, after: str) -> list[ProviderPayment]:
    """Listed payments that no booking has, at most PAGE, in the order of their names."""
    found = await tx.execute(_STRANGERS, {**place_of(run), "after": after, "most": PAGE})
    return [_PAYMENT.validate_python(row.facts) for row in found]


async def old_strangers(tx: AsyncConnection, run: Run) -> list[str]:
    """The names of payments of nobody that an earlier run found and that are open still, at most MOST_OLD."""
    return list((await tx.execute(_OLD_STRANGERS, {**place_of(run), "most": MOST_OLD})).scalars())
