"""The payment double's own calls and pages, what it plants for reconciliation, and what outlives a kill."""

import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from doubles.stripe.plant import KINDS
from doubles.stripe.vault import Vault
from tests.doubles.stripe_running import Shop, StripeDouble, running_stripe, stripe_process


def of(bank: StripeDouble, intent: str) -> dict[str, Any]:
    """The facts of one intent."""
    [found] = [fact for fact in bank.ledger()["intents"] if fact["id"] == intent]
    return found


def test_the_ledger_holds_every_fact_about_money(shop: Shop, bank: StripeDouble) -> None:
    paid = shop.intent(metadata={"holdfast_payment": "A.1"})
    refund = shop.refund(paid, 2_000, metadata={"holdfast_refund": "R"})
    shop.refund(shop.intent("pm_card_pendingRefund"), 500)
    shop.held(amount=900)
    ledger = bank.ledger()
    fact = of(bank, paid.id)
    assert (fact["amount"], fact["captured"], fact["refunded"], fact["status"]) == (12_000, 12_000, 2_000, "succeeded")
    assert fact["refunds"] == [
        {"id": refund.id, "amount": 2_000, "status": "succeeded", "metadata": {"holdfast_refund": "R"}}
    ]
    assert ledger["totals"]["eur"] == {
        "captured": 24_000, "refunded": 2_000, "refunds_pending": 500, "capturable": 900, "disputed": 0, "net": 21_500,
    }  # fmt: skip
    assert [one["id"] for one in bank.ledger(reference="A.1")["intents"]] == [paid.id]
    assert bank.ledger(reference="A.2")["intents"] == []


def test_a_partly_captured_payment_counts_what_was_captured(shop: Shop, bank: StripeDouble) -> None:
    held = shop.held()
    shop.api.payment_intents.capture(held.id, {"amount_to_capture": 7_000})
    assert (of(bank, held.id)["captured"], bank.ledger()["totals"]["eur"]["net"]) == (7_000, 7_000)


def test_a_planted_payment_and_a_lone_charge_are_known_to_nobody_else(shop: Shop, bank: StripeDouble) -> None:
    planted = bank.plant("payment", amount=4_200, currency="usd", metadata={"holdfast_payment": "X"})
    assert shop.api.payment_intents.retrieve(planted["id"]).amount_received == 4_200
    lone = bank.plant("lone_charge", amount=700)
    assert shop.api.charges.retrieve(lone["id"]).payment_intent is None
    assert [one["id"] for one in bank.ledger()["charges_without_intent"]] == [lone["id"]]
    assert bank.ledger()["totals"]["eur"]["captured"] == 700
    assert bank.plant("authorisation")["status"] == "requires_capture"


def test_a_planted_twin_takes_the_same_money_twice(shop: Shop, bank: StripeDouble) -> None:
    first = shop.intent(metadata={"holdfast_payment": "A"}, customer=shop.customer())
    twin = bank.plant("double_charge", id=first.id)
    assert (twin["amount"], twin["metadata"], twin["customer"]) == (12_000, {"holdfast_payment": "A"}, first.customer)
    assert bank.ledger()["totals"]["eur"]["captured"] == 24_000


def test_a_planted_refund_may_wait_and_fail(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent()
    refund = bank.plant("refund", id=intent.id, amount=300)
    assert shop.api.refunds.retrieve(refund["id"]).amount == 300
    bank.plant("refund_pending", id=refund["id"])
    assert of(bank, intent.id)["refunds_pending"] == 300
    failed = bank.plant("refund_failed", id=refund["id"], reason="expired_or_canceled_card")
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert of(bank, intent.id)["refunds_failed"] == 300
    assert bank.http.post("/_double/plant", json={"kind": "refund_failed", "id": refund["id"]}).status_code == 422


def test_planted_trouble_is_told_and_decided(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent()
    dispute = bank.plant("dispute", id=intent.id, amount=5_000, reason="duplicate")
    assert of(bank, intent.id)["disputed"] == 5_000
    assert bank.plant("dispute_won", id=dispute["id"])["status"] == "won"
    assert bank.plant("dispute_lost", id=bank.plant("dispute", id=shop.intent().id)["id"])["status"] == "lost"
    assert bank.plant("inquiry", id=shop.intent().id)["status"] == "warning_needs_response"
    assert bank.plant("early_fraud_warning", id=intent.id)["payment_intent"] == intent.id
    assert bank.events(intent.id, "charge.dispute.closed", "radar.early_fraud_warning.created")


def test_a_planted_change_is_told_to_nobody(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent()
    before = len(bank.events())
    bank.plant("changed", id=intent.id, amount=9_999, currency="usd", metadata={"holdfast_payment": "B"})
    fact = of(bank, intent.id)
    assert (fact["amount"], fact["captured"], fact["currency"]) == (9_999, 9_999, "usd")
    assert shop.charge(intent).amount_captured == 9_999
    bank.plant("gone", id=intent.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.payment_intents.retrieve(intent.id)
    assert bank.ledger() == {"intents": [], "charges_without_intent": [], "totals": {}}
    assert len(bank.events()) == before


def test_planted_ends_of_authorisations_and_pages(shop: Shop, bank: StripeDouble) -> None:
    held, soon = shop.held(), shop.held()
    assert bank.plant("authorisation_lapsed", id=held.id)["status"] == "canceled"
    bank.plant("authorisation_ends_soon", id=soon.id)
    bank.advance(3_601)
    assert shop.api.payment_intents.retrieve(soon.id).status == "canceled"
    session = shop.session()
    assert bank.plant("session_expired", id=session.id)["status"] == "expired"
    account = shop.api.accounts.create({}).id
    assert bank.plant("account_enabled", id=account)["charges_enabled"]
    assert not bank.plant("account_disabled", id=account)["charges_enabled"]
    assert bank.plant("account_rejected", id=account)["requirements"]["disabled_reason"] == "rejected.other"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"kind": "miracle"}, "`kind`"),
        ({"kind": "payment", "colour": "blue"}, "`colour`"),
        ({"kind": "payment", "amount": "12"}, "`amount`"),
        ({"kind": "payment", "metadata": {"a": 1}}, "`metadata`"),
        ({"kind": "payment", "card": "1"}, "`card`"),
        ({"kind": "payment", "amount": 1}, "Amount must be at least 0.50 eur"),
        ({"kind": "refund", "id": "pi_nobody"}, "`id`"),
    ],
)
def test_what_cannot_be_planted_is_refused_by_its_field(bank: StripeDouble, told: dict[str, Any], words: str) -> None:
    answer = bank.http.post("/_double/plant", json=told)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert bank.ledger()["intents"] == []


def test_the_kinds_that_can_be_planted_are_listed(bank: StripeDouble) -> None:
    assert list(bank.http.get("/_double/plant").json()["kinds"]) == list(KINDS)
    assert len(KINDS) >= 10


@pytest.mark.parametrize("path", ["/_double/clock", "/_double/webhooks", "/_double/plant", "/_double/faults"])
def test_a_page_of_another_site_cannot_change_the_double(bank: StripeDouble, path: str) -> None:
    answer = bank.http.post(path, content=b'{"action": "pause"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


def test_the_clock_moves_on_by_what_is_told(bank: StripeDouble) -> None:
    before = bank.http.get("/_double/clock").json()
    bank.advance(100)
    after = bank.http.get("/_double/clock").json()
    assert (before["ahead_seconds"], after["ahead_seconds"]) == (0, 100)
    assert 99 <= after["now"] - before["now"] <= 105
    for wrong in ({"advance_seconds": -1}, {"advance_seconds": "1"}, {"rewind": 1}):
        assert bank.http.post("/_double/clock", json=wrong).status_code == 422


def test_a_session_ends_within_half_an_hour_to_a_day(shop: Shop, bank: StripeDouble) -> None:
    now = bank.http.get("/_double/clock").json()["now"]
    for wrong in (now + 25 * 60, now + 25 * 3_600):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.session(expires_at=wrong)
        assert refused.value.param == "expires_at"
    short, long = shop.session(expires_at=now + 30 * 60), shop.session()
    assert abs(long.expires_at - now - 86_400) < 10
    bank.advance(31 * 60)
    assert (shop.again(short).status, shop.again(long).status) == ("expired", "open")
    assert [event["type"] for event in bank.events(short.id)] == ["checkout.session.expired"]


def test_sessions_are_listed_by_customer_intent_and_state_with_their_lines(shop: Shop, bank: StripeDouble) -> None:
    customer = shop.customer()
    price = {"currency": "eur", "unit_amount": 3_000, "product_data": {"name": "Night"}}
    session = shop.session(customer=customer, line_items=[{"price_data": price, "quantity": 3}])
    shop.session()
    assert session.amount_total == 9_000
    assert [one.id for one in shop.api.checkout.sessions.list({"customer": customer}).data] == [session.id]
    assert len(shop.api.checkout.sessions.list({"status": "open"}).data) == 2
    bank.pay(str(session.url))
    paid = shop.again(session)
    assert isinstance(paid.payment_intent, stripe.PaymentIntent)
    by_intent = shop.api.checkout.sessions.list({"payment_intent": paid.payment_intent.id}).data
    assert [one.id for one in by_intent] == [session.id]
    [line] = shop.api.checkout.sessions.line_items.list(session.id).data
    assert (line.description, line.quantity, line.amount_total) == ("Night", 3, 9_000)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"line_items": []}, "line_items"),
        ({"success_url": ""}, "success_url"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"ui_mode": "embedded"}, "ui_mode"),
        ({"payment_intent_data": {"colour": "blue"}}, "payment_intent_data[colour]"),
        ({"setup_intent_data": {"description": "x"}}, "setup_intent_data"),
        ({"adaptive_pricing": {"enabled": True}}, "adaptive_pricing[enabled]"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"subscription_data": {"description": "x"}}, "subscription_data"),
    ],
)
def test_a_session_that_makes_no_sense_is_refused_by_its_parameter(
    shop: Shop, more: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**more)
    assert refused.value.param == param


def test_people_see_payments_and_pages_that_wait_or_that_there_are_none(shop: Shop, bank: StripeDouble) -> None:
    assert "No payment yet." in bank.http.get("/").text
    session, intent = shop.session(), shop.intent(metadata={"note": "<b>late</b>"})
    shop.refund(intent, 2_000)
    page = bank.http.get("/").text
    assert f'href="{session.url}"' in page
    assert "EUR 20.00 given back" in page
    assert "&lt;b&gt;late" in page
    assert "prefers-color-scheme: dark" in page
    one = bank.http.get(f"/payments/{intent.id}").text
    assert "payment_intent.succeeded" in one
    assert bank.http.get("/payments/pi_nobody").status_code == 404
    receipt = str(shop.charge(intent).receipt_url)
    assert "EUR 120.00 was paid" in bank.http.get(receipt).text
    assert bank.http.get("/receipts/pi_nobody").status_code == 404


def test_what_was_answered_outlives_a_kill(tmp_path: Path, free_port: Callable[[], int]) -> None:
    keyed: stripe.RequestOptions = {"idempotency_key": "k1"}
    asked: stripe.params.PaymentIntentCreateParams = {"amount": 900, "currency": "eur"}
    with stripe_process(tmp_path, free_port()) as (bank, process):
        shop = Shop(bank)
        made = [shop.intent().id for _ in range(3)]
        kept = shop.api.payment_intents.create(asked, keyed).id
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with running_stripe(tmp_path) as bank:
        assert [fact["id"] for fact in bank.ledger()["intents"]] == [*made, kept]
        assert bank.ledger()["totals"]["eur"]["captured"] == 36_000
        assert bank.sdk.v1.payment_intents.create(asked, keyed).id == kept


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_doubles_share_a_process_that_ends_at_once_and_quietly(
    tmp_path: Path, free_port: Callable[[], int], number: signal.Signals
) -> None:
    mail = free_port()
    with stripe_process(tmp_path, free_port(), HOLDFAST_MAIL_DOUBLE_PORT=str(mail)) as (bank, process):
        assert httpx.get(f"http://127.0.0.1:{mail}/healthz", trust_env=False).status_code == 200
        with socket.create_connection(("127.0.0.1", mail)):
            bank.sdk.v1.customers.list()
            process.send_signal(number)
            output, _ = process.communicate(timeout=10)
        assert process.returncode == 0
    assert [line for line in output.splitlines() if not re.match(rb"\{.*\}$", line)] == []


def test_events_are_kept_for_thirty_days_and_never_lost_while_they_are_owed(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    event = {"type": "payment_intent.succeeded", "created": 1_000}
    vault.note_event({**event, "id": "evt_told"}, "pi_1", [("delivered", 1_000.0)])
    vault.note_event({**event, "id": "evt_owed"}, "pi_1", [("waiting", 1_000.0)])
    vault.forget_old_events(1_000 + 29 * 86_400)
    assert [one["id"] for one in vault.events([], 10)] == ["evt_owed", "evt_told"]
    vault.forget_old_events(1_001 + 30 * 86_400)
    assert [one["id"] for one in vault.events([], 10)] == ["evt_owed"]
    vault.close()
