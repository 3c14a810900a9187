"""A webhook is verified and read as a hint; whatever is no event of ours is refused with one word."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from gateways.stripe_webhooks import MOST_BYTES, Hint, NotAHint, read_hint

SECRET, OTHER = "whsec_ours", "whsec_before"
METADATA = {
    "holdfast_booking": "MLB-20270201-AAAAAA",
    "holdfast_hotel": "3",
    "holdfast_payment": "2",
    "holdfast_key": "3.MLB-20270201-AAAAAA.deposit.2.begin.1",
}


def event(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event about an object."""
    whole = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1_800_000_000,
        "data": {"object": body},
    }
    return {**whole, **changes}


INTENT = {"id": "pi_1", "object": "payment_intent", "metadata": METADATA, "client_secret": "pi_1_secret_x"}


def signed(raw: bytes, secret: str = SECRET, stamp: float | None = None) -> str:
    """The signature that Stripe would send along."""
    when = int(time.time() if stamp is None else stamp)
    return stripe.WebhookSignature.generate_signature_header(raw.decode(), secret, when)


def read(raw: bytes, signature: str | None = None, secrets: tuple[str, ...] = (SECRET,)) -> Hint:
    """The hint of a body that is signed well unless another signature is given."""
    return read_hint(raw, signed(raw) if signature is None else signature, secrets, datetime.now(UTC))


def test_a_hint_says_what_to_look_at_and_nothing_else() -> None:
    hint = read(json.dumps(event(INTENT, account="acct_9")).encode())
    assert hint == Hint(
        event_id="evt_1",
        event_type="payment_intent.succeeded",
        account="acct_9",
        object_id="pi_1",
        object_type="payment_intent",
        created=datetime.fromtimestamp(1_800_000_000, UTC),
        hotel_id=3,
        reference="MLB-20270201-AAAAAA",
        payment=2,
        intent_id="pi_1",
    )
    assert "secret" not in repr(hint)


def test_an_object_without_our_metadata_is_known_by_its_payment() -> None:
    dispute = {"id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "metadata": {}}
    hint = read(json.dumps(event(dispute, type="charge.dispute.created")).encode())
    assert (hint.reference, hint.hotel_id, hint.payment) == ("", 0, 0)
    assert (hint.object_id, hint.intent_id, hint.charge_id) == ("dp_1", "pi_1", "ch_1")
    refund = {"id": "re_1", "object": "refund", "payment_intent": {"id": "pi_1"}, "metadata": {"holdfast_refund": "4"}}
    hint = read(json.dumps(event(refund, type="refund.updated")).encode())
    assert (hint.refund, hint.intent_id) == (4, "pi_1")


def test_either_secret_will_do_while_they_are_changed() -> None:
    raw = json.dumps(event(INTENT)).encode()
    assert read(raw, signed(raw, OTHER), (SECRET, OTHER)).event_id == "evt_1"
    with pytest.raises(NotAHint, match="unsigned"):
        read(raw, signed(raw, OTHER), (SECRET,))


@pytest.mark.parametrize("secrets", [(), ("",), (" ",)])
def test_without_a_secret_nothing_is_believed(secrets: tuple[str, ...]) -> None:
    raw = json.dumps(event(INTENT)).encode()
    with pytest.raises(NotAHint, match="unsigned"):
        read(raw, signed(raw, ""), secrets)


@pytest.mark.parametrize("away_seconds", [-301, -86_400, 360, 86_400 * 365])
def test_an_old_signature_and_one_of_the_future_are_no_good(away_seconds: int) -> None:
    raw = json.dumps(event(INTENT)).encode()
    with pytest.raises(NotAHint, match="unsigned"):
        read(raw, signed(raw, stamp=time.time() + away_seconds))


@pytest.mark.parametrize("away_seconds", [-290, 0, 60])
def test_a_signature_of_about_now_is_good(away_seconds: int) -> None:
    raw = json.dumps(event(INTENT)).encode()
    assert read(raw, signed(raw, stamp=time.time() + away_seconds)).object_id == "pi_1"


@pytest.mark.parametrize("signature", ["", "t=,v1=", "v1=abc", "t=1", "nonsense", "t=x,v1=y", "t=1,v0=abc", "=,=,="])
def test_a_signature_of_no_shape_is_none(signature: str) -> None:
    with pytest.raises(NotAHint, match="unsigned"):
        read(json.dumps(event(INTENT)).encode(), signature)


def test_a_changed_body_is_not_what_was_signed() -> None:
    raw = json.dumps(event(INTENT)).encode()
    with pytest.raises(NotAHint, match="unsigned"):
        read(raw.replace(b"pi_1", b"pi_2"), signed(raw))


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"[]", "no_event"),
        (b"null", "no_event"),
        (b"7", "no_event"),
        (b'"event"', "no_event"),
        (b"{", "unreadable"),
        (b"", "unreadable"),
        (b"[" * 100_000, "unreadable"),
        (json.dumps(event(INTENT, object="v2.core.event")).encode(), "no_event"),
        (json.dumps({"id": "evt_1", "object": "v2.core.event", "related_object": {"id": "pi_1"}}).encode(), "no_event"),
        (json.dumps(event(INTENT, data=None)).encode(), "no_event"),
        (json.dumps(event(INTENT, data={"object": []})).encode(), "no_event"),
        (json.dumps(event(INTENT, created="soon")).encode(), "no_event"),
        (json.dumps(event(INTENT, created=10**30)).encode(), "no_event"),
        (json.dumps(event(INTENT, id=7)).encode(), "no_event"),
        (json.dumps(event(INTENT, type=None)).encode(), "no_event"),
    ],
)
def test_what_is_signed_but_no_event_of_ours_is_refused_with_one_word(raw: bytes, word: str) -> None:
    with pytest.raises(NotAHint, match=f"^{word}$"):
        read(raw)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(NotAHint, match="unreadable"):
        read(b"\xff\xfe{}", "t=1,v1=abc")


def test_a_body_beyond_the_bound_is_not_even_looked_at() -> None:
    raw = json.dumps(event({**INTENT, "description": "x" * MOST_BYTES})).encode()
    with pytest.raises(NotAHint, match="too_large"):
        read(raw)


@pytest.mark.parametrize("number", ["-1", "1e3", "", "٣", "1" * 10, 5, None, ["1"]])
def test_numbers_in_metadata_that_are_none_of_ours_are_left_out(number: object) -> None:
    body = {**INTENT, "metadata": {**METADATA, "holdfast_payment": number, "holdfast_hotel": number}}
    hint = read(json.dumps(event(body)).encode())
    assert (hint.payment, hint.hotel_id, hint.reference) == (0, 0, "MLB-20270201-AAAAAA")


def test_what_is_believed_is_bounded_in_length() -> None:
    body = {**INTENT, "metadata": {**METADATA, "holdfast_booking": "M" * 500}}
    assert read(json.dumps(event(body)).encode()).reference == ""


def test_the_age_is_measured_by_the_caller_s_clock_towards_the_future() -> None:
    raw = json.dumps(event(INTENT)).encode()
    past = datetime.now(UTC) - timedelta(hours=1)
    with pytest.raises(NotAHint, match="unsigned"):
        read_hint(raw, signed(raw), (SECRET,), past)
