"""What each test card of Stripe's documentation does, and what currencies can be charged."""

import pytest
import stripe

from doubles.stripe.cards import BY_NAME, BY_NUMBER, CARDS, is_number
from tests.doubles.stripe_running import Shop, StripeDouble, refused_intent

REFUSED = [
    ("pm_card_chargeDeclined", "4000000000000002", "card_declined", "generic_decline"),
    ("pm_card_chargeDeclinedInsufficientFunds", "4000000000009995", "card_declined", "insufficient_funds"),
    ("pm_card_chargeDeclinedLostCard", "4000000000009987", "card_declined", "lost_card"),
    ("pm_card_chargeDeclinedStolenCard", "4000000000009979", "card_declined", "stolen_card"),
    ("pm_card_chargeDeclinedExpiredCard", "4000000000000069", "expired_card", None),
    ("pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", "incorrect_cvc", None),
    ("pm_card_chargeDeclinedProcessingError", "4000000000000119", "processing_error", None),
    ("pm_card_radarBlock", "4100000000000019", "card_declined", "fraudulent"),
    ("pm_card_chargeCustomerFail", "4000000000000341", "card_declined", "generic_decline"),
]


@pytest.mark.parametrize(("name", "number", "code", "decline_code"), REFUSED)
def test_a_refused_card_tells_why_and_leaves_the_intent_without_a_card(
    shop: Shop, bank: StripeDouble, name: str, number: str, code: str, decline_code: str | None
) -> None:
    assert BY_NUMBER[number] is BY_NAME[name]
    with pytest.raises(stripe.CardError) as refused:
        shop.intent(name)
    error = refused.value.error
    assert error
    assert (refused.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
    assert refused.value.request_id
    intent = refused_intent(refused.value)
    assert intent.client_secret
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error
    assert intent.last_payment_error.code == code
    charge = shop.charge(intent)
    assert (charge.status, charge.failure_code, charge.paid, charge.amount_captured) == ("failed", code, False, 0)
    assert [event["type"] for event in bank.events(intent.id)][-1] == "payment_intent.payment_failed"


def test_a_payment_blocked_as_fraud_never_reaches_the_bank(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as refused:
        shop.intent("pm_card_radarBlock")
    outcome = shop.charge(refused_intent(refused.value)).outcome
    assert outcome
    assert (outcome.type, outcome.network_status) == ("blocked", "not_sent_to_network")


@pytest.mark.parametrize(("name", "brand"), [("pm_card_visa", "visa"), ("pm_card_mastercard", "mastercard")])
def test_a_good_card_pays_and_shows_its_brand(shop: Shop, name: str, brand: str) -> None:
    details = shop.charge(shop.intent(name)).payment_method_details
    assert details
    assert details.card
    assert details.card.brand == brand


def test_a_card_can_be_saved_though_its_charges_fail(shop: Shop) -> None:
    customer = shop.customer()
    method = shop.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    with pytest.raises(stripe.CardError):
        shop.intent(method.id, customer=customer, off_session=True)


def test_a_declined_card_cannot_be_saved(shop: Shop) -> None:
    customer = shop.customer()
    with pytest.raises(stripe.CardError):
        shop.api.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer})
    assert shop.api.payment_methods.list({"customer": customer}).data == []


def saved(shop: Shop, bank: StripeDouble, card: str) -> tuple[str, str]:
    """A customer with a card that was set up on the hosted page, with the guest's proof where it is asked for."""
    customer = shop.customer()
    answer = bank.pay(str(shop.setup_session(customer=customer).url), card)
    if "/3ds/" in answer.headers["location"]:
        bank.prove(answer.headers["location"])
    [method] = shop.api.payment_methods.list({"customer": customer}).data
    return customer, method.id


def test_a_card_that_always_asks_is_declined_without_the_guest_even_once_set_up(shop: Shop, bank: StripeDouble) -> None:
    customer, method = saved(shop, bank, "4000002760003184")
    with pytest.raises(stripe.CardError) as refused:
        shop.intent(method, customer=customer, off_session=True)
    assert refused.value.error
    assert refused.value.error.code == "authentication_required"
    intent = refused_intent(refused.value)
    assert intent.status == "requires_payment_method"
    again = shop.api.payment_intents.confirm(intent.id, {"payment_method": method})
    assert again.status == "requires_action"


def test_a_card_that_asks_at_setup_pays_without_the_guest_from_then_on(shop: Shop, bank: StripeDouble) -> None:
    customer, method = saved(shop, bank, "4000002500003155")
    assert shop.intent(method, customer=customer, off_session=True).status == "succeeded"
    assert shop.intent(method, customer=customer).status == "requires_action"
    fresh = shop.customer()
    never = shop.api.payment_methods.attach("pm_card_authenticationRequiredOnSetup", {"customer": fresh})
    with pytest.raises(stripe.CardError):
        shop.intent(never.id, customer=fresh, off_session=True)


def test_a_card_saved_while_paying_with_proof_pays_without_the_guest_later(shop: Shop, bank: StripeDouble) -> None:
    customer = shop.customer()
    first = shop.intent("pm_card_authenticationRequiredOnSetup", customer=customer, setup_future_usage="off_session")
    assert first.next_action
    assert first.next_action.redirect_to_url
    bank.prove(str(first.next_action.redirect_to_url.url))
    [method] = shop.api.payment_methods.list({"customer": customer}).data
    assert shop.intent(method.id, customer=customer, off_session=True).status == "succeeded"


def test_a_card_set_up_already_asks_only_when_the_guest_is_there(shop: Shop, bank: StripeDouble) -> None:
    customer, method = saved(shop, bank, "4000003800000446")
    assert shop.intent(method, customer=customer, off_session=True).status == "succeeded"
    assert shop.intent(method, customer=customer).status == "requires_action"


def test_a_detached_card_pays_no_more_and_goes_to_nobody_else(shop: Shop) -> None:
    customer = shop.customer()
    method = shop.api.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert shop.api.payment_methods.retrieve(method.id).customer == customer
    assert shop.api.payment_methods.detach(method.id).customer is None
    with pytest.raises(stripe.InvalidRequestError):
        shop.intent(method.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.payment_methods.attach(method.id, {"customer": shop.customer()})


def test_a_customer_is_changed_found_and_forgotten_with_his_cards(shop: Shop) -> None:
    customer = shop.api.customers.create({"email": "one@example.com", "metadata": {"a": "1"}})
    shop.customer()
    changed = shop.api.customers.update(customer.id, {"name": "Another", "metadata": {"b": "2"}})
    assert changed.metadata
    assert (changed.name, changed.email) == ("Another", "one@example.com")
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}
    assert [one.id for one in shop.api.customers.list({"email": "one@example.com"}).data] == [customer.id]
    method = shop.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert shop.api.customers.delete(customer.id).deleted
    assert shop.api.payment_methods.retrieve(method.id).customer is None
    assert getattr(shop.api.customers.retrieve(customer.id), "deleted", False)
    with pytest.raises(stripe.InvalidRequestError):
        shop.intent(customer=customer.id)


def test_every_card_has_a_number_that_can_be_one_but_the_wrong_one() -> None:
    wrong = [card.number for card in CARDS if not is_number(card.number)]
    assert wrong == ["4242424242424241"]
    assert len(BY_NUMBER) == len(CARDS)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (17_499, "huf", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (100_000_000, "eur", "amount_too_large"),
        (12_345, "kwd", "invalid_amount"),
        (12_350, "isk", "invalid_amount"),
        (1_000, "xyz", "currency_not_supported"),
    ],
)
def test_an_amount_that_a_currency_cannot_have_is_refused(shop: Shop, amount: int, currency: str, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.api.payment_intents.create({"amount": amount, "currency": currency})
    assert refused.value.code == code
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency"), [(50, "eur"), (30, "gbp"), (17_500, "huf"), (50, "jpy"), (12_340, "kwd"), (12_300, "isk")]
)
def test_the_least_amount_and_whole_steps_are_taken(shop: Shop, amount: int, currency: str) -> None:
    paid = shop.api.payment_intents.create(
        {"amount": amount, "currency": currency.upper(), "payment_method": "pm_card_visa", "confirm": True}
    )
    assert (paid.status, paid.currency, paid.amount_received) == ("succeeded", currency, amount)
