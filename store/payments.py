"""The rows of a booking's payments and refunds, written with the step that moves them.

What is written follows from the step's own difference, so that rows and state can't drift apart.
"""

import json
from typing import Any

from domain.clocks import business_date
from domain.payments import Payment, Refund
from domain.steps import Step
from store.hot import Asked, Hot

_PAYMENTS = Hot("""
INSERT INTO payments (hotel_id, reference, number, method, purpose, how, state, amount_minor, captured_minor,
    refunded_minor, currency, session_id, intent_id, capture_before, decline_code, disputed, external_reference,
    received_at, business_date, staff_id)
SELECT :hotel_id, :reference, p.number, p.method, p.purpose, p.how, p.state, p.amount_minor, p.captured_minor,
    p.refunded_minor, :currency, p.session_id, p.intent_id, p.capture_before, p.decline_code, p.disputed,
    p.external_reference, :now, CAST(:business_date AS date), :staff_id
FROM jsonb_to_recordset(CAST(:payments AS jsonb)) AS p (number int, method text, purpose text, how text, state text,
    amount_minor bigint, captured_minor bigint, refunded_minor bigint, session_id text, intent_id text,
    capture_before timestamptz, decline_code text, disputed boolean, external_reference text)
ON CONFLICT (hotel_id, reference, number) DO UPDATE SET state = EXCLUDED.state,
    captured_minor = EXCLUDED.captured_minor, refunded_minor = EXCLUDED.refunded_minor,
    session_id = EXCLUDED.session_id, intent_id = EXCLUDED.intent_id, capture_before = EXCLUDED.capture_before,
    decline_code = EXCLUDED.decline_code, disputed = EXCLUDED.disputed,
    received_at = CASE WHEN payments.captured_minor IS DISTINCT FROM EXCLUDED.captured_minor
        THEN EXCLUDED.received_at ELSE payments.received_at END,
    business_date = CASE WHEN payments.captured_minor IS DISTINCT FROM EXCLUDED.captured_minor
        THEN EXCLUDED.business_date ELSE payments.business_date END
""")
_REFUNDS = Hot("""
INSERT INTO refunds (hotel_id, reference, number, payment, amount_minor, state, cause, provider_id, asked_at, told_at,
    business_date, staff_id)
SELECT :hotel_id, :reference, r.number, r.payment, r.amount_minor, r.state, r.cause, r.provider_id, r.asked_at, :now,
    CAST(:business_date AS date), :staff_id
FROM jsonb_to_recordset(CAST(:refunds AS jsonb)) AS r (number int, payment int, amount_minor bigint, state text,
    cause text, provider_id text, asked_at timestamptz)
ON CONFLICT (hotel_id, reference, number) DO UPDATE SET state = EXCLUDED.state, provider_id = EXCLUDED.provider_id,
    told_at = EXCLUDED.told_at
""")


def money_asked(step: Step, place: dict[str, Any]) -> list[Asked]:
    """The statements for the payments and refunds that this step begins or moves; a payment before its refunds."""
    terms, act = step.after.terms, step.act
    about = {
        **place,
        "now": act.now,
        "business_date": business_date(act.now, terms.zone, terms.audit_time),
        "staff_id": act.actor.staff_id,
    }
    asked: list[Asked] = []
    if step.payments:
        rows = json.dumps([_payment_row(payment, step) for payment in step.payments])
        asked.append((_PAYMENTS, {**about, "currency": terms.currency, "payments": rows}))
    if step.refunds:
        rows = json.dumps([_refund_row(refund) for refund in step.refunds])
        asked.append((_REFUNDS, {**about, "refunds": rows}))
    return asked


def _payment_row(payment: Payment, step: Step) -> dict[str, Any]:
    taken = step.payment if step.payment and step.payment.number == payment.number else None
    return {
        "number": payment.number,
        "method": payment.method,
        "purpose": payment.purpose,
        "how": payment.how.value,
        "state": payment.state.value,
        "amount_minor": payment.amount_minor,
        "captured_minor": payment.captured_minor,
        "refunded_minor": payment.refunded_minor,
        "session_id": payment.session_id,
        "intent_id": payment.intent_id,
        "capture_before": payment.capture_before.isoformat() if payment.capture_before else None,
        "decline_code": payment.decline_code,
        "disputed": payment.disputed,
        "external_reference": taken.external_reference if taken else "",
    }


def _refund_row(refund: Refund) -> dict[str, Any]:
    return {
        "number": refund.number,
        "payment": refund.payment,
        "amount_minor": refund.amount_minor,
        "state": refund.state.value,
        "cause": refund.cause,
        "provider_id": refund.provider_id,
        "asked_at": refund.asked_at.isoformat(),
    }
