"""Whatever Stripe's client raises becomes a word of ours, and nothing of the provider's goes along."""

from typing import Any

import pytest
import requests
import stripe

from domain.provider_calls import ProviderAway
from gateways.stripe_words import NotTaken, decline_of, in_our_words

SECRET = "pi_1_secret_abc"
INTENT = {"id": "pi_1", "object": "payment_intent", "client_secret": SECRET}


def answered(status: int, error: dict[str, Any] | None, headers: dict[str, str] | None = None) -> stripe.StripeError:
    """What the client raises for an answer."""
    requestor = stripe.StripeClient("sk_test_x")._requestor
    body = {"error": error} if error is not None else {}
    try:
        requestor.handle_error_response(b"...", status, body, headers or {}, "V1")
    except stripe.StripeError as trouble:
        return trouble


def cut(cause: Exception) -> stripe.StripeError:
    """What the client raises where no answer came."""
    trouble = stripe.APIConnectionError(f"Network error: {cause}")
    trouble.__cause__ = cause
    return trouble


NEVER = requests.ConnectionError("HTTPConnectionPool: Max retries exceeded (Caused by NewConnectionError('refused'))")


@pytest.mark.parametrize(
    ("trouble", "word", "certain"),
    [
        (answered(429, {"message": "slow down"}), "busy", True),
        (answered(429, {"code": "lock_timeout", "message": "locked"}), "busy", True),
        (answered(400, {"code": "rate_limit"}), "busy", True),
        (answered(409, {"type": "idempotency_error", "message": "in use"}), "busy", False),
        (answered(401, {"message": "Invalid API Key provided: sk_test_*****"}), "key_refused", True),
        (answered(500, {"type": "api_error"}), "failing", False),
        (answered(503, {"type": "api_error"}), "failing", False),
        (answered(502, None), "failing", False),
        (answered(200, None), "unreadable", False),
        (cut(requests.ReadTimeout("timed out")), "unreachable", False),
        (cut(requests.ConnectionError("Connection aborted")), "unreachable", False),
        (cut(requests.ConnectTimeout("timed out")), "unreachable", True),
        (cut(NEVER), "unreachable", True),
        (cut(requests.exceptions.SSLError("bad certificate")), "unreachable", True),
    ],
)
def test_what_may_pass_is_told_in_one_word(trouble: stripe.StripeError, word: str, certain: bool) -> None:
    told = in_our_words(trouble)
    assert isinstance(told, ProviderAway)
    assert (told.word, told.certain, told.replayed) == (word, certain, False)
    assert told.args == (word,)


@pytest.mark.parametrize("name", ["Idempotent-Replayed", "idempotent-replayed"])
def test_a_failure_that_is_only_replayed_says_so(name: str) -> None:
    told = in_our_words(answered(500, {"type": "api_error"}, {name: "true"}))
    assert isinstance(told, ProviderAway)
    assert told.replayed


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, {"type": "invalid_request_error", "code": "amount_too_small", "param": "amount"}, "amount_too_small"),
        (400, {"type": "invalid_request_error", "message": "no such thing"}, "status_400"),
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, "resource_missing"),
        (403, {"type": "invalid_request_error", "message": "no"}, "status_403"),
        (400, {"type": "idempotency_error", "message": "Keys for idempotent requests"}, "idempotency_error"),
        (400, {"type": "invalid_request_error", "code": "a guest@example.com"}, "unnamed"),
    ],
)
def test_a_definite_no_has_a_code_and_no_sentence(status: int, error: dict[str, Any], code: str) -> None:
    told = in_our_words(answered(status, error))
    assert isinstance(told, NotTaken)
    assert (told.code, told.declined, told.taken) == (code, False, code == "idempotency_error")
    assert told.args == (code,)


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds", True),
        ({"code": "card_declined", "decline_code": "lost_card"}, "lost_card", False),
        ({"code": "card_declined", "decline_code": "generic_decline"}, "generic_decline", False),
        (
            {"code": "card_declined", "decline_code": "generic_decline", "advice_code": "try_again_later"},
            "generic_decline",
            True,
        ),
        (
            {"code": "card_declined", "decline_code": "processing_error", "advice_code": "do_not_try_again"},
            "processing_error",
            False,
        ),
        ({"code": "expired_card"}, "expired_card", False),
        (
            {"code": "authentication_required", "decline_code": "authentication_required"},
            "authentication_required",
            True,
        ),
    ],
)
def test_a_declined_card_is_told_with_its_reason_and_whether_it_may_work_later(
    error: dict[str, Any], code: str, retryable: bool
) -> None:
    whole = {"type": "card_error", "message": "Your card was declined.", "payment_intent": INTENT, **error}
    told = in_our_words(answered(402, whole))
    assert isinstance(told, NotTaken)
    assert (told.code, told.declined, told.retryable) == (code, True, retryable)
    assert SECRET not in f"{told!r} {told} {told.args}"
    assert decline_of(error) == (code, retryable)


def test_a_card_error_of_the_client_does_hold_the_secret() -> None:
    """The reason for all of this: without it, a failure in a history would show a guest's secret."""
    trouble = answered(402, {"type": "card_error", "code": "card_declined", "payment_intent": INTENT})
    assert SECRET in str(trouble.args)
