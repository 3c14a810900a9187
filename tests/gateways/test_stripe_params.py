"""What is told to Stripe is what its own client knows, and nothing about people."""

import importlib
import json
import types
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Union, get_args, get_origin, get_type_hints

from stripe.params import (
    CustomerCreateParams,
    PaymentIntentCancelParams,
    PaymentIntentCaptureParams,
    PaymentIntentCreateParams,
    RefundCreateParams,
    SetupIntentCancelParams,
    SetupIntentCreateParams,
    checkout,
)
from typing_extensions import is_typeddict

from domain.payments import How, Order, Payment, PayState, Refund, RefundState, Verb
from domain.provider_calls import Call
from domain.provider_money import Account, Merchant, Paid
from gateways.stripe_cashier import StripeCashier
from gateways.stripe_line import StripeLine
from gateways.stripe_words import NotTaken
from messages.payments import ProviderOrder
from tests.doubles.stripe_running import KEY, StripeDouble

NOW = datetime(2027, 2, 1, 10, tzinfo=UTC)
SHAPES: dict[str, Any] = {
    "customers.create": CustomerCreateParams,
    "checkout.sessions.create": checkout.SessionCreateParams,
    "checkout.sessions.expire": checkout.SessionExpireParams,
    "payment_intents.create": PaymentIntentCreateParams,
    "payment_intents.capture": PaymentIntentCaptureParams,
    "payment_intents.cancel": PaymentIntentCancelParams,
    "setup_intents.create": SetupIntentCreateParams,
    "setup_intents.cancel": SetupIntentCancelParams,
    "refunds.create": RefundCreateParams,
}
OWN = Account("acct_1", charges_enabled=True, fee_percent=Decimal("2.5"))


def every_call() -> dict[str, Call]:
    """Each kind of call with all that it may say, by a name of its own."""
    cashier = StripeCashier(StripeLine("sk_test_x"), "https://holdfast.example")
    found: dict[str, Call] = {}
    for merchant in (Merchant("A House"), Merchant("A House", OWN)):
        for verb in (Verb.BEGIN, Verb.CHARGE, Verb.CAPTURE, Verb.VOID, Verb.CLOSE):
            for how in (How.HOSTED_PAGE, How.INTENT, How.OFF_SESSION):
                for purpose, amount in (("deposit", 24_000), ("guarantee", 0)):
                    order = order_of(verb, how, purpose, amount)
                    call = cashier.order_call(order, merchant, NOW)
                    if call is not None:
                        found[f"{call.what} {verb} {how} {purpose} {merchant.account is None}"] = call
        refund = cashier.refund_call(
            order_of(Verb.REFUND, How.HOSTED_PAGE, "deposit", 24_000), merchant, Paid(passed_on=True, with_fee=True)
        )
        assert refund is not None
        found[f"{refund.what} {merchant.account is None}"] = refund
    found["customer"] = cashier.customer_call(order_of(Verb.BEGIN, How.HOSTED_PAGE, "deposit", 24_000))
    return found


def order_of(verb: Verb, how: How, purpose: str, amount: int) -> ProviderOrder:
    """An order that says all it can."""
    session = "cs_1" if how is How.HOSTED_PAGE else ""
    intent = "seti_1" if purpose == "guarantee" else "pi_1"
    payment = Payment(1, purpose, "stripe", how, PayState.CREATED, amount, NOW, session_id=session, intent_id=intent)
    refund = Refund(1, 1, 9_000, RefundState.WANTED, NOW, "cancelled") if verb is Verb.REFUND else None
    return ProviderOrder(
        3,
        "house",
        "MLB-20270201-AAAAAA",
        "EUR",
        Order(1, verb, 1, amount_minor=9_000),
        payment,
        NOW,
        refund=refund,
        customer_id="cus_1",
        method_id="pm_1",
        save_card=True,
        manual=True,
        hold_until=NOW + timedelta(hours=1),
    )


def strangers(params: Any, shape: Any, path: str = "") -> list[str]:
    """Where something is told that the client's types don't know."""
    shape = opened(shape)
    if isinstance(params, dict) and is_typeddict(shape):
        return [
            fault
            for name, value in params.items()
            for fault in (
                strangers(value, part_of(shape, name), f"{path}.{name}")
                if name in shape.__annotations__
                else [f"{path}.{name}"]
            )
        ]
    if isinstance(params, list) and get_origin(shape) is list:
        return [fault for one in params for fault in strangers(one, get_args(shape)[0], f"{path}[]")]
    return []


def part_of(shape: Any, name: str) -> Any:
    """The type of one name alone: some others of the client's can't be looked up."""
    alone = type("Alone", (), {"__annotations__": {name: shape.__annotations__[name]}})
    return get_type_hints(alone, vars(importlib.import_module(shape.__module__)))[name]


def opened(shape: Any) -> Any:
    """The part of a type that has names or elements."""
    while get_origin(shape) not in {None, list, dict}:
        parts = get_args(shape)
        if get_origin(shape) in {Union, types.UnionType}:
            parts = tuple(one for one in parts if is_typeddict(one) or get_origin(one) is list) or parts
        shape = parts[0]
    return shape


def test_every_word_told_is_one_that_the_client_knows() -> None:
    calls = every_call()
    wrong = {name: strangers(dict(call.params), SHAPES[call.what]) for name, call in calls.items()}
    assert {name: words for name, words in wrong.items() if words} == {}
    assert json.dumps([dict(call.params) for call in calls.values()])


def test_a_word_that_nobody_knows_is_noticed_however_deep() -> None:
    shape = SHAPES["checkout.sessions.create"]
    wrong = {"mode": "payment", "line_items": [{"price_data": {"product_data": {"nme": "x"}}}], "colour": "red"}
    assert strangers(wrong, shape) == [".line_items[].price_data.product_data.nme", ".colour"]


def test_every_word_told_is_one_that_the_stand_in_knows(house_stripe: StripeDouble) -> None:
    """It refuses words before it looks for what they are about, and of that nothing is there."""
    line = StripeLine(KEY, house_stripe.address)
    refused = set()
    for name, call in every_call().items():
        try:
            line.post(call.what, call.target, call.params, f"{call.key}.{name}", NOW)
        except NotTaken as no:
            refused.add(no.code)
    assert refused == {"resource_missing"}


def test_every_kind_of_call_was_looked_at() -> None:
    assert {call.what for call in every_call().values()} == set(SHAPES)


def test_what_is_made_carries_by_which_it_is_found() -> None:
    for name, call in every_call().items():
        if not call.what.endswith(".create"):
            continue
        places = [call.params["metadata"]]
        places += [
            call.params[part]["metadata"]
            for part in ("payment_intent_data", "setup_intent_data")
            if part in call.params
        ]
        assert len(places) == (2 if call.what.startswith("checkout") else 1), name
        assert all(place["holdfast_key"] == call.key for place in places), name


def test_a_page_is_for_cards_and_for_one_sum_in_one_currency() -> None:
    [params] = [
        dict(call.params) for name, call in every_call().items() if name.endswith("begin hosted_page deposit True")
    ]
    assert params["allowed_payment_method_types"] == ["card"]
    assert params["adaptive_pricing"] == {"enabled": False}
    assert params["ui_mode"] == "hosted_page"
    told = json.dumps(params)
    for word in ("promotion", "adjustable", "automatic_tax", "email", "phone", "customer_details"):
        assert word not in told


def test_the_key_says_what_it_is_for_and_never_how_much() -> None:
    for call in every_call().values():
        assert "24000" not in call.key
        assert len(call.key) < 200
