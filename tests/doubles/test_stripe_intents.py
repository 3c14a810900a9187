"""Payment and setup intents as a strict state machine, by the real SDK."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from tests.doubles.stripe_running import Shop, StripeDouble, refused_intent


def code_of(error: stripe.StripeError) -> str | None:
    return error.error.code if error.error else error.code


def instant(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def at(**ahead: float) -> stripe.RequestOptions:
    """A call for an instant of the story's clock."""
    return {"headers": {"Holdfast-Double-Now": instant(**ahead)}}


def test_a_confirmed_intent_is_paid_and_has_a_charge(shop: Shop) -> None:
    intent = shop.intent(metadata={"holdfast_payment": "1"})
    assert (intent.status, intent.amount_received, intent.amount_capturable) == ("succeeded", 12_000, 0)
    assert intent.client_secret
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    charge = shop.charge(intent)
    assert (charge.paid, charge.captured, charge.amount_captured, charge.status) == (True, True, 12_000, "succeeded")
    assert charge.metadata["holdfast_payment"] == "1"


def test_an_intent_goes_from_card_to_confirmation_step_by_step(shop: Shop) -> None:
    intent = shop.api.payment_intents.create({"amount": 900, "currency": "eur"})
    assert intent.status == "requires_payment_method"
    shop.api.payment_intents.update(intent.id, {"amount": 1_000, "metadata": {"a": "1"}})
    with_card = shop.api.payment_intents.update(intent.id, {"payment_method": "pm_card_visa", "metadata": {"b": "2"}})
    assert (with_card.status, with_card.metadata.to_dict()) == ("requires_confirmation", {"a": "1", "b": "2"})
    paid = shop.api.payment_intents.confirm(intent.id)
    assert (paid.status, paid.amount_received) == ("succeeded", 1_000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.payment_intents.update(intent.id, {"amount": 2_000})
    assert code_of(refused.value) == "payment_intent_unexpected_state"
    assert shop.api.payment_intents.update(intent.id, {"metadata": {"a": ""}}).metadata.to_dict() == {"b": "2"}


def test_what_is_held_is_captured_once_and_the_rest_is_released(shop: Shop) -> None:
    held = shop.held()
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 12_000, 0)
    taken = shop.api.payment_intents.capture(held.id, {"amount_to_capture": 7_000})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 7_000, 0)
    charge = shop.charge(held)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (12_000, 7_000, 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.payment_intents.capture(held.id, {"amount_to_capture": 5_000})
    assert code_of(refused.value) == "payment_intent_unexpected_state"


def test_more_than_is_held_cannot_be_captured(shop: Shop) -> None:
    held = shop.held()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.payment_intents.capture(held.id, {"amount_to_capture": 12_001})
    assert (code_of(refused.value), refused.value.param) == ("amount_too_large", "amount_to_capture")
    assert shop.api.payment_intents.retrieve(held.id).amount_capturable == 12_000


def test_what_is_held_can_be_released_and_then_not_captured(shop: Shop) -> None:
    held = shop.held()
    gone = shop.api.payment_intents.cancel(held.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason, gone.amount_capturable) == ("canceled", "abandoned", 0)
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.payment_intents.capture(held.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.payment_intents.cancel(held.id)


def test_what_is_paid_cannot_be_cancelled(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.payment_intents.cancel(shop.intent().id)
    assert code_of(refused.value) == "payment_intent_unexpected_state"
    assert refused_intent(refused.value).status == "succeeded"


def test_an_intent_of_an_open_page_is_ended_by_expiring_the_page(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session()
    bank.pay(str(session.url), "4000000000000002")
    intent = shop.again(session).payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    with pytest.raises(stripe.InvalidRequestError, match="expire the session instead"):
        shop.api.payment_intents.cancel(intent.id)
    with pytest.raises(stripe.InvalidRequestError, match="only be confirmed on the session's page"):
        shop.api.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    shop.api.checkout.sessions.expire(session.id)
    assert shop.api.payment_intents.retrieve(intent.id).status == "canceled"


def test_a_charge_says_until_when_it_can_be_captured(shop: Shop) -> None:
    card = shop.charge(shop.held()).payment_method_details
    assert card
    assert card.card
    assert card.card.capture_before
    assert abs(card.card.capture_before - time.time() - 7 * 86_400) < 60
    short = shop.charge(shop.held(metadata={"double_authorisation_lapses_seconds": "90"})).payment_method_details
    assert short
    assert short.card
    assert short.card.capture_before
    assert abs(short.card.capture_before - time.time() - 90) < 60


def test_an_authorisation_lapses_after_seven_days_of_the_storys_clock(shop: Shop, bank: StripeDouble) -> None:
    held = shop.held()
    assert shop.api.payment_intents.retrieve(held.id, {}, at(days=6.9)).status == "requires_capture"
    lapsed = shop.api.payment_intents.retrieve(held.id, {}, at(days=7.1))
    assert (lapsed.status, lapsed.cancellation_reason) == ("canceled", "automatic")
    charge = shop.charge(held)
    assert (charge.captured, charge.refunded) == (False, True)
    assert [event["type"] for event in bank.events(held.id)][-2:] == ["charge.expired", "payment_intent.canceled"]
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.payment_intents.capture(held.id)


def test_a_capture_that_comes_too_late_is_refused_and_the_lapse_stays(shop: Shop, bank: StripeDouble) -> None:
    held = shop.held()
    late: stripe.RequestOptions = {**at(days=8), "idempotency_key": "late"}
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        shop.api.payment_intents.capture(held.id, {}, late)
    assert "charge.expired" in [event["type"] for event in bank.events(held.id)]
    assert shop.api.payment_intents.retrieve(held.id).status == "canceled"


def test_what_is_made_on_a_storys_clock_lives_on_it(shop: Shop, bank: StripeDouble) -> None:
    told: stripe.RequestOptions = at(days=-200)
    asked: stripe.params.PaymentIntentCreateParams = {
        "amount": 5_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
        "capture_method": "manual",
    }  # fmt: skip
    held = shop.api.payment_intents.create(asked, told)
    assert abs(held.created - time.time() + 200 * 86_400) < 60
    time.sleep(0.6)
    assert shop.api.payment_intents.retrieve(held.id).status == "requires_capture"
    assert shop.api.payment_intents.retrieve(held.id, {}, at(days=-192)).status == "canceled"


def test_an_authorisation_lapses_by_itself_without_anybody_looking(shop: Shop, bank: StripeDouble) -> None:
    held = shop.held(metadata={"double_authorisation_lapses_seconds": "1"})
    until = time.monotonic() + 60
    while "charge.expired" not in [event["type"] for event in bank.events(held.id)]:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_wrong_instant_is_refused_with_its_rule(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="instant with its zone"):
        shop.api.customers.list({}, {"headers": {"Holdfast-Double-Now": "2027-03-14T12:00:00"}})


def test_a_payment_is_processed_for_a_while_and_then_decided(shop: Shop, bank: StripeDouble) -> None:
    later = shop.intent(metadata={"double_processing_seconds": "600"})
    fails = shop.intent(metadata={"double_processing_seconds": "600", "double_processing_ends": "failed"})
    assert (later.status, fails.status, later.amount_received) == ("processing", "processing", 0)
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.payment_intents.cancel(later.id)
    bank.advance(601)
    assert shop.api.payment_intents.retrieve(later.id).status == "succeeded"
    failed = shop.api.payment_intents.retrieve(fails.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error
    assert failed.last_payment_error.code == "card_declined"
    assert [event["type"] for event in bank.events(later.id)][1:] == [
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_a_page_is_complete_while_its_payment_is_processed(shop: Shop, bank: StripeDouble) -> None:
    session = shop.session(metadata={"double_processing_seconds": "600"})
    bank.pay(str(session.url))
    waiting = shop.again(session)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    bank.advance(601)
    assert shop.again(session).payment_status == "paid"


def test_a_confirmation_that_needs_the_guest_gives_his_banks_address(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent("pm_card_authenticationRequired", return_url="http://hotel.example/back?a=1")
    assert intent.status == "requires_action"
    assert intent.next_action
    assert intent.next_action.redirect_to_url
    done = bank.prove(str(intent.next_action.redirect_to_url.url))
    assert done.headers["location"].startswith(f"http://hotel.example/back?a=1&payment_intent={intent.id}&")
    assert done.headers["location"].endswith("redirect_status=succeeded")
    assert shop.api.payment_intents.retrieve(intent.id).status == "succeeded"


def test_error_on_requires_action_refuses_instead_of_asking_the_guest(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as refused:
        shop.intent("pm_card_authenticationRequired", error_on_requires_action=True)
    assert code_of(refused.value) == "authentication_required"


def test_off_session_needs_a_confirmation_at_once(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.payment_intents.create({"amount": 900, "currency": "eur", "off_session": True})
    assert refused.value.param == "off_session"


def test_a_card_of_one_customer_does_not_pay_for_another(shop: Shop) -> None:
    owner, other = shop.customer(), shop.customer()
    method = shop.api.payment_methods.attach("pm_card_visa", {"customer": owner})
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a customer"):
        shop.intent(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a customer"):
        shop.intent(method.id, customer=other)
    assert shop.intent(method.id, customer=owner).status == "succeeded"
    assert shop.api.payment_intents.list({"customer": other}).data == []


def test_a_setup_intent_saves_a_card_for_later(shop: Shop) -> None:
    customer = shop.customer()
    setup = shop.api.setup_intents.create(
        {"customer": customer, "payment_method": "pm_card_visa", "confirm": True, "usage": "off_session"}
    )
    assert (setup.status, setup.usage) == ("succeeded", "off_session")
    later = shop.intent(str(setup.payment_method), customer=customer, off_session=True)
    assert later.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.setup_intents.cancel(setup.id)
    assert code_of(refused.value) == "setup_intent_unexpected_state"


def test_an_open_setup_intent_is_confirmed_or_cancelled(shop: Shop) -> None:
    first = shop.api.setup_intents.create({"customer": shop.customer()})
    assert first.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        shop.api.setup_intents.confirm(first.id)
    assert shop.api.setup_intents.confirm(first.id, {"payment_method": "pm_card_visa"}).status == "succeeded"
    second = shop.api.setup_intents.create({})
    assert shop.api.setup_intents.cancel(second.id).status == "canceled"
    assert {one.id for one in shop.api.setup_intents.list().data} == {first.id, second.id}


def test_lists_come_in_pages_newest_first_by_customer_and_time(shop: Shop) -> None:
    customer = shop.customer()
    made = [shop.intent(customer=customer).id for _ in range(5)]
    shop.intent()
    page = shop.api.payment_intents.list({"customer": customer, "limit": 2})
    assert ([one.id for one in page.data], page.has_more) == (made[:2:-1], True)
    rest = shop.api.payment_intents.list({"customer": customer, "limit": 3, "starting_after": page.data[-1].id})
    assert ([one.id for one in rest.data], rest.has_more) == (made[2::-1], False)
    back = shop.api.payment_intents.list({"customer": customer, "limit": 2, "ending_before": made[1]})
    assert [one.id for one in back.data] == [made[3], made[2]]
    all_of = shop.api.payment_intents.list({"customer": customer, "limit": 2}).auto_paging_iter()
    assert [one.id for one in all_of] == made[::-1]
    assert shop.api.payment_intents.list({"created": {"gt": int(time.time()) + 60}}).data == []
    assert len(shop.api.payment_intents.list({"created": {"gte": int(time.time()) - 60}}).data) == 6
