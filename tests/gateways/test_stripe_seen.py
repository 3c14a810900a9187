"""Stripe's objects in our words: every status, what was taken, and why a card was declined."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.payments import PayState, RefundState, Seen
from gateways.stripe_seen import of_object

BEGIN, CHARGE = "3.MLB-20270201-AAAAAA.deposit.1.begin.1", "3.MLB-20270201-AAAAAA.fee.2.charge.1"
DECLINED = {"code": "card_declined", "decline_code": "insufficient_funds"}
TO_PROVE = {"code": "authentication_required", "decline_code": "authentication_required"}


def intent(status: str, **more: Any) -> dict[str, Any]:
    """A payment intent."""
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": status,
        "amount": 12_050,
        "amount_received": 0,
        "currency": "eur",
        "customer": "cus_1",
        "payment_method": "pm_1",
        "metadata": {"holdfast_key": BEGIN},
        "client_secret": "pi_1_secret",
        **more,
    }


def session(**more: Any) -> dict[str, Any]:
    """A checkout session."""
    whole = {"id": "cs_1", "object": "checkout.session", "status": "open", "amount_total": 12_050, "currency": "eur"}
    return {**whole, "customer": "cus_1", "payment_intent": None, "setup_intent": None, **more}


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (intent("requires_payment_method"), PayState.CREATED),
        (intent("requires_confirmation"), PayState.CREATED),
        (intent("requires_action"), PayState.NEEDS_GUEST),
        (intent("processing"), PayState.PROCESSING),
        (intent("requires_capture"), PayState.AUTHORISED),
        (intent("succeeded", amount_received=12_050), PayState.CAPTURED),
        (
            intent("canceled", cancellation_reason="requested_by_customer", latest_charge={"id": "ch_1"}),
            PayState.VOIDED,
        ),
        (intent("canceled", cancellation_reason="automatic", latest_charge={"id": "ch_1"}), PayState.AUTH_EXPIRED),
        (intent("canceled", cancellation_reason="automatic", latest_charge=None), PayState.VOIDED),
        (intent("requires_payment_method", last_payment_error=DECLINED), PayState.CREATED),
        (
            intent("requires_payment_method", last_payment_error=DECLINED, metadata={"holdfast_key": CHARGE}),
            PayState.DECLINED,
        ),
        (
            intent("requires_payment_method", last_payment_error=TO_PROVE, metadata={"holdfast_key": CHARGE}),
            PayState.NEEDS_GUEST,
        ),
        (session(), PayState.CREATED),
        (session(status="expired"), PayState.VOIDED),
        (session(payment_intent=intent("requires_payment_method", last_payment_error=DECLINED)), PayState.CREATED),
        (session(status="expired", payment_intent=intent("requires_payment_method")), PayState.VOIDED),
        (session(status="expired", payment_intent=intent("succeeded")), PayState.CAPTURED),
        (session(status="expired", payment_intent=intent("processing")), PayState.PROCESSING),
        (session(status="complete", payment_intent=intent("requires_capture")), PayState.AUTHORISED),
        (session(setup_intent={"id": "seti_1", "object": "setup_intent", "status": "succeeded"}), PayState.SAVED),
        (session(setup_intent={"id": "seti_1", "object": "setup_intent", "status": "canceled"}), PayState.VOIDED),
    ],
)
def test_each_status_has_one_state(body: dict[str, Any], state: PayState) -> None:
    assert of_object(body).state is state


def test_what_was_taken_is_told_with_its_card_and_its_dispute() -> None:
    charge = {"id": "ch_1", "disputed": True, "payment_method_details": {"card": {"last4": "4242"}}}
    body = session(status="complete", payment_intent=intent("succeeded", amount_received=10_000, latest_charge=charge))
    assert of_object(body) == Seen(
        state=PayState.CAPTURED,
        session_id="cs_1",
        intent_id="pi_1",
        customer_id="cus_1",
        method_id="pm_1",
        amount_minor=12_050,
        currency="EUR",
        captured_minor=10_000,
        disputed=True,
    )


def test_until_when_it_can_be_captured_is_what_the_card_s_bank_says() -> None:
    charge = {"id": "ch_1", "payment_method_details": {"card": {"capture_before": 1_800_000_000}}}
    seen = of_object(intent("requires_capture", latest_charge=charge))
    assert (seen.capture_before, seen.captured_minor) == (datetime.fromtimestamp(1_800_000_000, UTC), 0)
    assert of_object(intent("succeeded", latest_charge=charge)).capture_before is None


def test_a_decline_is_told_while_it_matters_and_forgotten_once_paid() -> None:
    failed = of_object(intent("requires_payment_method", last_payment_error=DECLINED))
    assert (failed.code, failed.retryable) == ("insufficient_funds", True)
    paid = of_object(intent("succeeded", last_payment_error=DECLINED))
    assert (paid.code, paid.retryable) == ("", False)


def test_a_guest_in_the_middle_of_proving_is_acting() -> None:
    assert of_object(intent("requires_action")).acting
    assert of_object(session(payment_intent=intent("requires_action"))).acting
    assert not of_object(intent("requires_payment_method")).acting


@pytest.mark.parametrize(
    ("currency", "provider", "ours"), [("isk", 500_000, 5_000), ("kwd", 5_120, 5_120), ("jpy", 9, 9)]
)
def test_amounts_come_back_in_our_minor_units(currency: str, provider: int, ours: int) -> None:
    seen = of_object(intent("succeeded", currency=currency, amount=provider, amount_received=provider))
    assert (seen.amount_minor, seen.captured_minor, seen.currency) == (ours, ours, currency.upper())


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", RefundState.PENDING),
        ("requires_action", RefundState.NEEDS_GUEST),
        ("succeeded", RefundState.SUCCEEDED),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.CANCELED),
        (None, RefundState.SUCCEEDED),
    ],
)
def test_each_status_of_a_refund_has_one_state(status: str | None, state: RefundState) -> None:
    body = {
        "id": "re_1",
        "object": "refund",
        "status": status,
        "amount": 500,
        "currency": "eur",
        "payment_intent": "pi_1",
    }
    seen = of_object(body)
    assert (seen.refund_state, seen.refund_id, seen.amount_minor, seen.intent_id) == (state, "re_1", 500, "pi_1")


def test_a_failed_refund_says_why() -> None:
    body = {"id": "re_1", "object": "refund", "status": "failed", "amount": 500, "currency": "eur"}
    assert of_object({**body, "failure_reason": "lost_or_stolen_card"}).code == "lost_or_stolen_card"


def test_an_unknown_status_is_a_bug_and_not_a_guess() -> None:
    with pytest.raises(LookupError, match="no status"):
        of_object(intent("requires_prayer"))
    with pytest.raises(LookupError, match="no object of ours"):
        of_object({"object": "coupon"})


def test_no_secret_is_taken_over() -> None:
    whole = intent("requires_action", next_action={"redirect_to_url": {"url": "https://pay.example/x"}})
    told = repr(of_object(session(payment_intent=whole, url="https://pay.example/c/cs_1")))
    assert "secret" not in told
    assert "pay.example" not in told
