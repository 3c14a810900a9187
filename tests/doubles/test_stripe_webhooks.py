"""What the payment double tells of its events: signed, again, late, twice, in another order, or never."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import stripe

from doubles import sender
from tests.doubles.listener import Listener
from tests.doubles.stripe_running import SECRETS, Shop, StripeDouble, running_stripe


def test_an_event_is_signed_with_each_secret_and_shows_the_whole_object(shop: Shop, heard: Listener) -> None:
    intent = shop.intent(metadata={"holdfast_payment": "1"})
    heard.until("payment_intent.succeeded")
    [(body, signature)] = heard.raw
    for secret in SECRETS:
        event = stripe.Webhook.construct_event(body.encode(), signature, secret, tolerance=300)
        assert event.data.object["id"] == intent.id
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.encode(), signature, "whsec_another", tolerance=300)
    told = json.loads(body)
    assert (told["object"], told["api_version"], told["livemode"]) == ("event", "2026-10-28.endive", False)
    assert told["data"]["object"] == shop.api.payment_intents.retrieve(intent.id).to_dict()


def test_an_event_can_be_read_and_listed(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.held()
    shop.api.payment_intents.cancel(intent.id)
    [newest, *_] = shop.api.events.list({"type": "payment_intent.*"}).data
    assert newest.type == "payment_intent.canceled"
    assert shop.api.events.retrieve(newest.id).data.object["id"] == intent.id
    found = shop.api.events.list({"types": ["payment_intent.created", "charge.succeeded"]}).data
    assert [event.type for event in found] == ["charge.succeeded", "payment_intent.created"]
    first = shop.api.events.list({"limit": 1})
    assert first.has_more
    assert shop.api.events.list({"starting_after": first.data[0].id}).data[0].id != first.data[0].id
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.events.retrieve("evt_nobody")


def test_what_nobody_subscribed_to_is_kept_and_not_told(shop: Shop, bank: StripeDouble, heard: Listener) -> None:
    shop.customer()
    shop.intent()
    heard.until("payment_intent.succeeded")
    assert heard.types() == ["payment_intent.succeeded"]
    assert {event["type"] for event in bank.events()} >= {"customer.created", "payment_intent.created"}


def test_who_forgets_everything_hears_of_nothing_older(shop: Shop, bank: StripeDouble, heard: Listener) -> None:
    heard.pause = 0.3
    for _ in range(3):
        shop.intent()
    time.sleep(0.1)
    bank.forget()
    before = len(heard.events)
    time.sleep(0.7)
    assert len(heard.events) == before


def test_a_refused_call_tells_nothing(shop: Shop, bank: StripeDouble) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.intent("pm_nobody")
    assert bank.events() == []


def test_who_does_not_hear_is_told_again_with_a_new_signature(
    shop: Shop, heard: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PAUSES", (0.01, 1.1, 0.01))
    heard.answers += [500, 302]
    shop.intent()
    heard.until(*["payment_intent.succeeded"] * 3)
    assert len({body for body, _ in heard.raw}) == 1
    assert len({signature for _, signature in heard.raw}) >= 2


def test_who_never_hears_is_given_up(
    shop: Shop, bank: StripeDouble, heard: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PAUSES", (0.01,))
    heard.answers += [500] * 2
    shop.intent()
    until = time.monotonic() + 60
    while (states := [one["state"] for one in bank.http.get("/_double/webhooks").json()["deliveries"]]) != ["failed"]:
        assert time.monotonic() < until, states
    assert len(heard.raw) == 2


def test_faults_drop_double_delay_and_reorder_what_is_told(shop: Shop, bank: StripeDouble, heard: Listener) -> None:
    bank.fault("webhook_drop", path="payment_intent.succeeded")
    lost = shop.intent()
    bank.fault("webhook_duplicate")
    twice = shop.intent()
    heard.until(*["payment_intent.succeeded"] * 2)
    assert [event["data"]["object"]["id"] for event in heard.events] == [twice.id, twice.id]
    heard.forget()
    bank.fault("webhook_delay", seconds=3)
    late, quick = shop.intent(), shop.intent()
    heard.until(*["payment_intent.succeeded"] * 2)
    assert [event["data"]["object"]["id"] for event in heard.events] == [quick.id, late.id]
    heard.forget()
    bank.fault("webhook_reorder", seconds=30)
    overtaken, first = shop.intent(), shop.intent()
    heard.until(*["payment_intent.succeeded"] * 2)
    assert [event["data"]["object"]["id"] for event in heard.events] == [first.id, overtaken.id]
    assert bank.events(lost.id, "payment_intent.succeeded")


def test_what_waits_to_be_overtaken_goes_by_itself_in_the_end(shop: Shop, bank: StripeDouble, heard: Listener) -> None:
    bank.fault("webhook_reorder", seconds=0.2)
    shop.intent()
    heard.until("payment_intent.succeeded")


@pytest.mark.parametrize(("action", "backwards"), [("release", False), ("release_reversed", True)])
def test_events_can_be_held_and_released_in_either_order(
    shop: Shop, bank: StripeDouble, heard: Listener, action: str, backwards: bool
) -> None:
    bank.webhooks("pause")
    made = [shop.intent().id for _ in range(3)]
    time.sleep(0.1)
    assert heard.events == []
    assert bank.webhooks(action)["changed"] == 3
    heard.until(*["payment_intent.succeeded"] * 3)
    told = [event["data"]["object"]["id"] for event in heard.events]
    assert told == (made[::-1] if backwards else made)
    bank.webhooks("resume")
    shop.intent()
    heard.until(*["payment_intent.succeeded"] * 4)


def test_one_payments_events_can_be_delivered_in_any_order_twice_and_late(
    shop: Shop, bank: StripeDouble, heard: Listener
) -> None:
    bank.webhooks("pause")
    session = shop.session(payment_intent_data={"capture_method": "manual"})
    bank.pay(str(session.url))
    shop.intent()
    told = bank.events(session.id, "payment_intent.amount_capturable_updated", "checkout.session.completed")
    assert [event["type"] for event in told] == [
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]
    order = [told[1]["id"], told[0]["id"], told[1]["id"]]
    assert bank.deliver(order) == [200, 200, 200]
    assert [event["id"] for event in heard.events] == order
    heard.answers.append(503)
    assert bank.deliver(order[:1], heard.address) == [503]


def test_everything_can_be_told_once_more(shop: Shop, bank: StripeDouble, heard: Listener) -> None:
    shop.intent()
    heard.until("payment_intent.succeeded")
    bank.webhooks("replay")
    heard.until(*["payment_intent.succeeded"] * 2)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"action": "explode"}, "`action`"),
        ({"deliver": []}, "`deliver`"),
        ({"deliver": ["evt_nobody"]}, "evt_nobody"),
        ({"deliver": ["evt_nobody"], "url": "file:///x"}, "`url`"),
    ],
)
def test_a_wish_about_webhooks_that_makes_no_sense_is_refused(
    bank: StripeDouble, told: dict[str, object], words: str
) -> None:
    answer = bank.http.post("/_double/webhooks", json=told)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_what_was_owed_when_it_ended_is_told_after_it_began_again(
    heard: Listener, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    with running_stripe(tmp_path, f"http://127.0.0.1:{free_port()}/nobody") as first:
        made = Shop(first).intent()
    with running_stripe(tmp_path, heard.address):
        heard.until("payment_intent.succeeded")
    assert [event["data"]["object"]["id"] for event in heard.events] == [made.id]
