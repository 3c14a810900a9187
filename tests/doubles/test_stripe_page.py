"""The hosted page of payments: what a guest sees, does and can't do on it."""

import re
import threading
from typing import Any

import pytest
import stripe

from tests.doubles.stripe_running import CANCEL, Shop, StripeDouble


def url(session: stripe.checkout.Session) -> str:
    assert session.url
    return session.url


def thanks(session: stripe.checkout.Session) -> str:
    return f"http://hotel.example/thanks?session={session.id}"


def test_no_intent_exists_until_the_guest_confirms(shop: Shop) -> None:
    session = shop.session()
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert shop.api.payment_intents.list().data == []


def test_a_paid_page_leads_to_the_success_address_with_the_sessions_id(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    answer = bank.pay(url(session))
    assert (answer.status_code, answer.headers["location"]) == (303, thanks(session))
    after = shop.again(session)
    assert (after.status, after.payment_status, after.url) == ("complete", "paid", None)
    assert isinstance(after.payment_intent, stripe.PaymentIntent)
    assert (after.payment_intent.status, after.payment_intent.amount_received) == ("succeeded", 12_000)


def test_what_was_told_for_the_intent_reaches_it_at_confirmation(shop: Shop, bank: StripeDouble) -> None:
    customer = shop.customer()
    told = {"metadata": {"holdfast_payment": "1"}, "description": "Stay", "capture_method": "manual",
            "setup_future_usage": "off_session"}  # fmt: skip
    session = shop.session(customer=customer, payment_intent_data=told, metadata={"holdfast_booking": "X"})
    bank.pay(url(session))
    intent = shop.again(session).payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.metadata["holdfast_payment"] == "1"
    assert (intent.customer, intent.capture_method, intent.description) == (customer, "manual", "Stay")
    assert [method.id for method in shop.api.payment_methods.list({"customer": customer}).data] == [
        intent.payment_method
    ]


def test_a_held_payment_completes_the_page_and_counts_as_paid_once_captured(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session(payment_intent_data={"capture_method": "manual"})
    bank.pay(url(session))
    held = shop.again(session)
    assert (held.status, held.payment_status) == ("complete", "unpaid")
    assert isinstance(held.payment_intent, stripe.PaymentIntent)
    shop.api.payment_intents.capture(held.payment_intent.id)
    assert shop.again(session).payment_status == "paid"


def test_a_declined_guest_stays_on_the_page_and_tries_again_with_the_same_intent(
    shop: Shop, bank: StripeDouble
) -> None:
    session = shop.session()
    answer = bank.pay(url(session), "4000000000000002")
    assert answer.status_code == 402
    assert 'role="alert">Your card was declined.' in answer.text
    declined = shop.again(session)
    assert declined.status == "open"
    assert isinstance(declined.payment_intent, stripe.PaymentIntent)
    assert declined.payment_intent.status == "requires_payment_method"
    assert bank.pay(url(session)).status_code == 303
    paid = shop.again(session).payment_intent
    assert isinstance(paid, stripe.PaymentIntent)
    assert (paid.id, paid.status) == (declined.payment_intent.id, "succeeded")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"card": ""}, "Enter a card number"),
        ({"card": "4242 4242 4242 4243"}, "Your card number is invalid."),
        ({"card": "4111111111111111"}, "Only test cards work here."),
        ({"card": "4242424242424242", "exp": "13/40"}, "write it as MM/YY"),
        ({"card": "4242424242424242", "exp": "01/20"}, "is in the past"),
        ({"card": "4242424242424242", "cvc": "12"}, "security code is invalid"),
    ],
)
def test_what_cannot_be_a_card_is_told_and_makes_nothing(
    shop: Shop, bank: StripeDouble, fields: dict[str, str], words: str
) -> None:
    session = shop.session()
    answer = bank.http.post(url(session), data=fields)
    assert answer.status_code == 402
    assert words in answer.text
    assert shop.again(session).payment_intent is None


def test_a_card_may_be_typed_with_spaces_or_chosen_from_the_list(shop: Shop, bank: StripeDouble) -> None:
    typed, chosen = shop.session(), shop.session()
    assert bank.pay(url(typed), "4242 4242 4242 4242", exp="12/39", cvc="123").status_code == 303
    assert bank.http.post(url(chosen), data={"test": "5555555555554444", "card": ""}).status_code == 303


def test_a_changed_amount_in_the_form_changes_nothing(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    bank.pay(url(session), amount="1", currency="jpy", amount_total="1")
    intent = shop.again(session).payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.amount, intent.amount_received, intent.currency) == (12_000, 12_000, "eur")


def test_the_page_shows_what_for_and_how_much_in_its_currency_and_a_way_back(shop: Shop, bank: StripeDouble) -> None:
    page = bank.http.get(url(shop.session(1_234_567, "jpy"))).text
    assert "Deposit of your stay" in page
    assert "JPY 1,234,567" in page
    assert f'href="{CANCEL}"' in page
    assert "EUR 120.00" in bank.http.get(url(shop.session())).text
    assert "KWD 12.340" in bank.http.get(url(shop.session(12_340, "kwd"))).text


def test_every_field_of_the_page_has_a_label_and_an_error_is_named_by_its_field(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    page = bank.http.get(url(session)).text
    fields = re.findall(r"<(?:input|select) id=\"(\w+)\"", page)
    assert sorted(fields) == sorted(re.findall(r"<label for=\"(\w+)\"", page))
    assert "prefers-color-scheme: dark" in page
    assert 'aria-describedby="error"' in bank.pay(url(session), "1").text


def test_what_a_hotel_writes_is_shown_as_text_and_never_run(shop: Shop, bank: StripeDouble) -> None:
    price = {"currency": "eur", "unit_amount": 5_000, "product_data": {"name": "<script>alert(1)</script>"}}
    answer = bank.http.get(url(shop.session(line_items=[{"price_data": price, "quantity": 1}])))
    assert "<script>" not in answer.text
    rules = answer.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "form-action 'self' http://hotel.example" in rules


def test_an_expired_page_says_so_and_takes_no_money(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    shop.api.checkout.sessions.expire(session.id)
    assert bank.http.get(url(session)).status_code == 410
    answer = bank.pay(url(session))
    assert answer.status_code == 410
    assert "expired" in answer.text
    assert shop.api.payment_intents.list().data == []


def test_a_second_tab_learns_that_it_was_paid_already(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    bank.pay(url(session))
    answer = bank.pay(url(session))
    assert answer.status_code == 409
    assert "paid already" in answer.text
    assert bank.ledger()["totals"]["eur"]["captured"] == 12_000


def test_an_unknown_page_is_not_found(bank: StripeDouble) -> None:
    assert bank.http.get("/c/pay/cs_test_nobody").status_code == 404
    assert bank.pay("/c/pay/cs_test_nobody").status_code == 404
    assert bank.http.get("/3ds/pi_nobody/nothing").status_code == 404


def test_a_guest_who_proves_himself_to_his_bank_has_paid(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    challenge = bank.pay(url(session), "4000002760003184")
    assert challenge.status_code == 303
    waiting = shop.again(session)
    assert waiting.status == "open"
    assert isinstance(waiting.payment_intent, stripe.PaymentIntent)
    assert waiting.payment_intent.status == "requires_action"
    assert "EUR 120.00" in bank.http.get(challenge.headers["location"]).text
    done = bank.prove(challenge.headers["location"])
    assert (done.status_code, done.headers["location"]) == (303, thanks(session))
    assert shop.again(session).status == "complete"
    assert bank.prove(challenge.headers["location"]).status_code == 409


def test_a_guest_who_cannot_prove_himself_may_try_another_card(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    challenge = bank.pay(url(session), "4000002760003184")
    failed = bank.prove(challenge.headers["location"], "fail")
    assert failed.status_code == 402
    assert "unable to authenticate" in failed.text
    intent = shop.again(session).payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert bank.pay(url(session)).status_code == 303


def test_a_proven_card_may_still_have_no_funds(shop: Shop, bank: StripeDouble) -> None:
    challenge = bank.pay(url(shop.session()), "4000008260003178")
    answer = bank.prove(challenge.headers["location"])
    assert answer.status_code == 402
    assert "insufficient funds" in answer.text


def test_a_guest_who_leaves_his_banks_page_open_lets_the_payment_wait(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session(metadata={"double_3ds": "abandon"})
    challenge = bank.pay(url(session), "4000002760003184").headers["location"]
    assert "Complete" not in bank.http.get(challenge).text
    assert bank.prove(challenge).status_code == 409
    shop.api.checkout.sessions.expire(session.id)
    intent = shop.again(session).payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert intent.status == "canceled"


def test_a_page_that_expires_while_the_bank_asks_takes_nothing(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    challenge = bank.pay(url(session), "4000002760003184").headers["location"]
    shop.api.checkout.sessions.expire(session.id)
    assert bank.prove(challenge).status_code == 409
    assert bank.ledger()["totals"].get("eur", {}).get("captured", 0) == 0


@pytest.mark.parametrize("first", ["expire", "pay"])
def test_of_an_expiry_and_a_payment_only_the_first_happens(shop: Shop, bank: StripeDouble, first: str) -> None:
    session = shop.session()
    if first == "pay":
        bank.pay(url(session))
        with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
            shop.api.checkout.sessions.expire(session.id)
        assert shop.again(session).status == "complete"
    else:
        shop.api.checkout.sessions.expire(session.id)
        assert bank.pay(url(session)).status_code == 410
        with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
            shop.api.checkout.sessions.expire(session.id)


def test_tabs_and_an_expiry_at_once_come_to_one_payment_or_none(shop: Shop, bank: StripeDouble) -> None:
    sessions = [shop.session() for _ in range(5)]
    answers: dict[str, list[Any]] = {session.id: [] for session in sessions}

    def expire(session: stripe.checkout.Session) -> None:
        try:
            answers[session.id].append(shop.api.checkout.sessions.expire(session.id).status)
        except stripe.InvalidRequestError:
            answers[session.id].append("refused")

    threads = [
        threading.Thread(target=does)
        for one in sessions
        for does in (
            lambda one=one: answers[one.id].append(bank.pay(url(one)).status_code),
            lambda one=one: answers[one.id].append(bank.pay(url(one)).status_code),
            lambda one=one: expire(one),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for session in sessions:
        happened = sorted(str(one) for one in answers[session.id])
        assert happened in (["303", "409", "refused"], ["410", "410", "expired"])
        intents = [fact for fact in bank.ledger()["intents"] if fact["session"] == session.id]
        assert [fact["captured"] for fact in intents] == ([12_000] if "303" in happened else [])


def test_saving_a_card_takes_no_money_and_keeps_it_for_the_customer(shop: Shop, bank: StripeDouble) -> None:
    customer = shop.customer()
    session = shop.setup_session(customer=customer, setup_intent_data={"metadata": {"holdfast_payment": "2"}})
    assert "Save card" in bank.http.get(url(session)).text
    assert bank.pay(url(session)).status_code == 303
    after = shop.again(session)
    assert isinstance(after.setup_intent, stripe.SetupIntent)
    assert after.setup_intent.metadata
    assert after.setup_intent.metadata["holdfast_payment"] == "2"
    assert (after.status, after.payment_status, after.setup_intent.status) == (
        "complete",
        "no_payment_required",
        "succeeded",
    )
    saved = shop.api.payment_methods.list({"customer": customer}).data
    assert [method.id for method in saved] == [after.setup_intent.payment_method]
    assert bank.ledger()["intents"] == []


def test_a_card_that_its_bank_refuses_is_not_saved(shop: Shop, bank: StripeDouble) -> None:
    session = shop.setup_session(customer=shop.customer())
    assert bank.pay(url(session), "4000000000000069").status_code == 402
    failed = shop.again(session).setup_intent
    assert isinstance(failed, stripe.SetupIntent)
    assert (failed.status, failed.last_setup_error.code if failed.last_setup_error else "") == (
        "requires_payment_method",
        "expired_card",
    )
