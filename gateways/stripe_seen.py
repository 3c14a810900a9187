"""Stripe's objects in the words of messages.payments. Nothing of a card or a person, and no secret, is taken over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from domain.payments import PayState, RefundState, Seen
from domain.provider_money import from_provider
from gateways.stripe_words import decline_of

Body = Mapping[str, Any]

# What is asked for with an object, so that one look tells all.
WITH_INTENT = ("latest_charge",)
WITH_SESSION = ("payment_intent.latest_charge", "setup_intent")
_REFUNDS = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.NEEDS_GUEST,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.CANCELED,
}
# Stripe's own reasons; all others are somebody's wish.
_LAPSED = frozenset({"automatic", "expired"})
_WAITS_FOR_A_CARD = frozenset({"requires_payment_method", "requires_confirmation"})


def of_object(body: Body) -> Seen:
    """How an object of a known kind is. Errors: LookupError for another kind."""
    match body.get("object"):
        case "checkout.session":
            return of_session(body)
        case "payment_intent":
            return of_intent(body)
        case "setup_intent":
            return of_setup(body)
        case "refund":
            return of_refund(body)
        case "customer":
            return Seen(customer_id=str(body["id"]))
        case kind:
            raise LookupError(f"{kind} is no object of ours")


def of_session(body: Body) -> Seen:
    """A hosted page. It has no intent before the guest confirms, and says for how much it is by itself."""
    intent, setup = body.get("payment_intent"), body.get("setup_intent")
    if isinstance(intent, Mapping):
        seen = of_intent(intent, waits=True)
    elif isinstance(setup, Mapping):
        seen = of_setup(setup)
    else:
        seen = Seen(state=PayState.CREATED, intent_id=_id(intent) or _id(setup))
    ended = body.get("status") == "expired"
    if ended and seen.state in (PayState.CREATED, PayState.DECLINED) and not seen.acting:
        seen = replace(seen, state=PayState.VOIDED)
    currency = str(body.get("currency") or "").upper()
    amount = body.get("amount_total") or 0
    return replace(
        seen,
        session_id=str(body["id"]),
        customer_id=_id(body.get("customer")) or seen.customer_id,
        currency=currency or seen.currency,
        amount_minor=from_provider(int(amount), currency) if currency else seen.amount_minor,
    )


def of_intent(body: Body, *, waits: bool = False) -> Seen:
    """A payment. waits: a guest stands before it, so that after a decline another card may be tried.

    An intent that nobody stands before was declined for good; where the bank wants to see the guest, it needs one.
    """
    currency = str(body["currency"]).upper()
    code, retryable = decline_of(body.get("last_payment_error"))
    charge = body.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    state = _state_of(body, waits=waits or not _is_off_session(body), code=code)
    captured = int(body.get("amount_received") or 0) if state is PayState.CAPTURED else 0
    failed = state in (PayState.CREATED, PayState.DECLINED, PayState.NEEDS_GUEST)
    return Seen(
        state=state,
        intent_id=str(body["id"]),
        customer_id=_id(body.get("customer")),
        method_id=_id(body.get("payment_method")),
        amount_minor=from_provider(int(body["amount"]), currency),
        currency=currency,
        captured_minor=from_provider(captured, currency),
        acting=body["status"] == "requires_action",
        capture_before=_capture_before(charge) if state is PayState.AUTHORISED else None,
        code=code if failed else "",
        retryable=retryable and failed,
        disputed=bool(charge.get("disputed")),
    )


def _state_of(body: Body, *, waits: bool, code: str) -> PayState:
    match body["status"]:
        case "succeeded":
            return PayState.CAPTURED
        case "requires_capture":
            return PayState.AUTHORISED
        case "processing":
            return PayState.PROCESSING
        case "requires_action":
            return PayState.NEEDS_GUEST
        case "canceled":
            lapsed = body.get("cancellation_reason") in _LAPSED and body.get("latest_charge")
            return PayState.AUTH_EXPIRED if lapsed else PayState.VOIDED
        case status if status in _WAITS_FOR_A_CARD:
            if waits or not code:
                return PayState.CREATED
            return PayState.NEEDS_GUEST if code == "authentication_required" else PayState.DECLINED
        case status:
            raise LookupError(f"{str(status)[:40]} is no status of an intent")


def of_setup(body: Body) -> Seen:
    """A card that is to be saved."""
    code, retryable = decline_of(body.get("last_setup_error"))
    state = {
        "succeeded": PayState.SAVED,
        "processing": PayState.PROCESSING,
        "requires_action": PayState.NEEDS_GUEST,
        "canceled": PayState.VOIDED,
    }.get(str(body["status"]), PayState.CREATED)
    open_still = state in (PayState.CREATED, PayState.NEEDS_GUEST)
    return Seen(
        state=state,
        intent_id=str(body["id"]),
        customer_id=_id(body.get("customer")),
        method_id=_id(body.get("payment_method")),
        acting=body["status"] == "requires_action",
        code=code if open_still else "",
        retryable=retryable and open_still,
    )


def of_refund(body: Body) -> Seen:
    """Money on its way back. amount_minor is what goes back."""
    currency = str(body["currency"]).upper()
    return Seen(
        intent_id=_id(body.get("payment_intent")),
        amount_minor=from_provider(int(body["amount"]), currency),
        currency=currency,
        code=decline_of({"code": body["failure_reason"]})[0] if body.get("failure_reason") else "",
        refund_id=str(body["id"]),
        # Stripe leaves the status out for refunds that need no further step.
        refund_state=_REFUNDS[str(body.get("status") or "succeeded")],
    )


def _is_off_session(body: Body) -> bool:
    """Ours say so in their metadata: Stripe does not tell it of an intent afterwards."""
    metadata = body.get("metadata") or {}
    return ".charge." in str(metadata.get("holdfast_key", ""))


def _capture_before(charge: Body) -> datetime | None:
    details = charge.get("payment_method_details") or {}
    stamp = (details.get("card") or {}).get("capture_before")
    return datetime.fromtimestamp(int(stamp), UTC) if stamp else None


def _id(value: object) -> str:
    """The name of an object that may be there as a whole."""
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return value if isinstance(value, str) else ""
