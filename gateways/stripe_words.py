"""What Stripe says no with, in words of ours.

An exception of the client holds the whole answer, for a card the client secret too. So none of them goes further than
this: they are turned into ProviderAway or NotTaken, which hold words of a known shape only.
"""

import re
from collections.abc import Mapping
from typing import Any

import requests
import stripe

from domain.provider_calls import ProviderAway

# Declines after which the same card may be taken later, beside what the network's own advice says.
MAY_PASS = frozenset(
    {
        "approve_with_id",
        "authentication_required",
        "insufficient_funds",
        "issuer_not_available",
        "processing_error",
        "reenter_transaction",
        "try_again_later",
        "withdrawal_count_limit_exceeded",
    }
)
_CODE = re.compile(r"[a-z0-9_]{1,60}")
REPLAYED = "idempotent-replayed"
# Refusals of the 400s that are about the moment.
_BUSY = frozenset({"lock_timeout", "rate_limit"})


class NotTaken(Exception):
    """A definite no. code, param: Stripe's words for it; declined: by the card's bank or by Stripe's own rules.

    retryable: another try with the same card may work. intent: the intent as the refusal shows it, inside the gateway
    only. taken: the key was used for another call before.
    """

    def __init__(self, code: str, param: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.param = param
        self.declined = False
        self.retryable = False
        self.taken = False
        self.intent: Mapping[str, Any] | None = None


def code_of(word: object) -> str:
    """A code of Stripe's, or `unnamed` for anything that has not the shape of one."""
    return word if isinstance(word, str) and _CODE.fullmatch(word) else "unnamed"


def decline_of(error: Mapping[str, Any] | None) -> tuple[str, bool]:
    """(why a card was declined, whether the same card may work later) of the error that Stripe keeps or answers."""
    if not error:
        return "", False
    code = code_of(error.get("decline_code") or error.get("code"))
    advice = error.get("advice_code")
    if advice in {"do_not_try_again", "try_again_later"}:
        return code, advice == "try_again_later"
    return code, code in MAY_PASS


def in_our_words(trouble: stripe.StripeError) -> ProviderAway | NotTaken:
    """What the caller is told, from an exception of the client."""
    if isinstance(trouble, stripe.APIConnectionError):
        return _of_connection(trouble.__cause__)
    status = trouble.http_status or 0
    if isinstance(trouble, stripe.CardError):
        return _of_card(trouble)
    if status == 429 or isinstance(trouble, stripe.RateLimitError) or trouble.code in _BUSY:
        return ProviderAway("busy", certain=True)
    # The same key is at work this moment: what it brings is not known yet.
    if status == 409:
        return ProviderAway("busy")
    # Our own setting is wrong, or is being changed; no fault of the booking's.
    if status == 401:
        return ProviderAway("key_refused", certain=True)
    if status >= 500:
        return ProviderAway("failing", replayed=_is_replayed(trouble))
    if 400 <= status < 500:
        taken = isinstance(trouble, stripe.IdempotencyError)
        code = code_of(trouble.code) if trouble.code else f"status_{status}"
        refused = NotTaken("idempotency_error" if taken else code, _param(trouble))
        refused.taken = taken
        return refused
    return ProviderAway("unreadable")


def _of_card(trouble: stripe.CardError) -> NotTaken:
    body = trouble.json_body if isinstance(trouble.json_body, dict) else {}
    error = body.get("error") if isinstance(body.get("error"), dict) else {}
    code, retryable = decline_of({**error, "code": error.get("code") or trouble.code or "card_declined"})
    told = NotTaken(code, _param(trouble))
    told.declined = True
    told.retryable = retryable
    intent = error.get("payment_intent") or error.get("setup_intent")
    told.intent = intent if isinstance(intent, dict) else None
    return told


def _of_connection(cause: BaseException | None) -> ProviderAway:
    """No connection came about: surely nothing was begun. Anything later is in doubt."""
    never = isinstance(cause, requests.ConnectTimeout | requests.exceptions.SSLError)
    told = repr(cause)
    never = never or (
        isinstance(cause, requests.ConnectionError) and ("NewConnectionError" in told or "NameResolutionError" in told)
    )
    return ProviderAway("unreachable", certain=never)


def _param(trouble: stripe.StripeError) -> str:
    return str(getattr(trouble, "param", "") or "")[:100]


def _is_replayed(trouble: stripe.StripeError) -> bool:
    headers = {str(name).lower(): value for name, value in (trouble.headers or {}).items()}
    return str(headers.get(REPLAYED, "")).lower() == "true"
