"""What Stripe tells by itself: verified, and read as a hint of what to look at. The body is never kept.

A hint proves nothing: the booking's story looks at the object itself before it believes anything.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import stripe

from gateways.stripe_params import BOOKING, HOTEL, PAYMENT, REFUND
from messages.hints import Hint, NotAHint

# By which an event is too old, or its signature is somebody's copy.
TOLERANCE_SECONDS = 300
# A stamp from the future would be taken for ever; clocks differ by less.
AHEAD_SECONDS = 300
MOST_BYTES = 512 * 1024
MOST_TEXT = 200


def read_hint(raw: bytes, signature: str, secrets: Sequence[str], now: datetime) -> Hint:
    """The hint of a webhook's body, whose signature one of our secrets has made lately. Errors: NotAHint."""
    if len(raw) > MOST_BYTES:
        raise NotAHint("too_large")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotAHint("unreadable") from None
    if not any(_is_signed(text, signature, secret, now) for secret in secrets):
        raise NotAHint("unsigned")
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAHint("unreadable") from None
    # Thin events of the second API say `v2.core.event` here, and have no object to look at.
    if not isinstance(event, dict) or event.get("object") != "event":
        raise NotAHint("no_event")
    data = event.get("data")
    body = data.get("object") if isinstance(data, dict) else None
    if not isinstance(body, dict) or not isinstance(event.get("created"), int):
        raise NotAHint("no_event")
    return _hint(event, body)


def _hint(event: Mapping[str, Any], body: Mapping[str, Any]) -> Hint:
    metadata = body.get("metadata")
    ours = metadata if isinstance(metadata, dict) else {}
    kind = _text(body.get("object"))
    try:
        created = datetime.fromtimestamp(event["created"], UTC)
    except (ValueError, OverflowError, OSError):
        raise NotAHint("no_event") from None
    hint = Hint(
        event_id=_text(event.get("id")),
        event_type=_text(event.get("type")),
        account=_text(event.get("account")),
        object_id=_text(body.get("id")),
        object_type=kind,
        created=created,
        hotel_id=_number(ours.get(HOTEL)),
        reference=_text(ours.get(BOOKING)),
        payment=_number(ours.get(PAYMENT)),
        refund=_number(ours.get(REFUND)),
        intent_id=_text(body.get("id")) if kind == "payment_intent" else _name(body.get("payment_intent")),
        charge_id=_text(body.get("id")) if kind == "charge" else _name(body.get("charge")),
    )
    if not hint.event_id or not hint.event_type:
        raise NotAHint("no_event")
    return hint


def _is_signed(text: str, signature: str, secret: str, now: datetime) -> bool:
    try:
        stripe.WebhookSignature.verify_header(text, signature, secret, tolerance=TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False
    # The client looks at the age only.
    stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
    return int(stamps[0]) <= now.timestamp() + AHEAD_SECONDS


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= MOST_TEXT else ""


def _name(value: object) -> str:
    """The name of an object that may be there as a whole."""
    return _text(value.get("id")) if isinstance(value, dict) else _text(value)


def _number(value: object) -> int:
    """A number of ours in metadata, which is always text there; 0 for anything else."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9 else 0
