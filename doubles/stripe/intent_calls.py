"""The calls about payment intents and charges."""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.connect import check_destination, check_fee
from doubles.stripe.currencies import check_step, checked
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, Refused, bad_state, missing, wrong
from doubles.stripe.forms import FLAG, METADATA, PAGE, SPAN, TEXT, WHATEVER, WHOLE, ManyOf, OneOf, Text, merged
from doubles.stripe.intents import CANCELABLE, CONFIRMABLE, attempt, cancel, capture, unexpected
from doubles.stripe.people import card_of, known_customer, method_for
from doubles.stripe.vault import Thing, token

USAGES = ("off_session", "on_session")
CARD_ONLY = ManyOf(OneOf(("card",)))
ROUTE: Json = {"destination": TEXT, "amount": WHOLE}
# What a payment is about, the same on an intent and within a hosted session.
ABOUT: Json = {
    "application_fee_amount": WHOLE,
    "capture_method": OneOf(("automatic", "automatic_async", "manual")),
    "description": Text(1_000, blank=True),
    "metadata": METADATA,
    "on_behalf_of": TEXT,
    "receipt_email": Text(blank=True),
    "setup_future_usage": OneOf(USAGES),
    "shipping": WHATEVER,
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
    "transfer_data": ROUTE,
    "transfer_group": TEXT,
}
_CONFIRM: Json = {
    "allowed_payment_method_types": CARD_ONLY,
    "error_on_requires_action": FLAG,
    "mandate_data": WHATEVER,
    "off_session": FLAG,
    "payment_method": TEXT,
    "payment_method_options": WHATEVER,
    "receipt_email": Text(blank=True),
    "return_url": TEXT,
    "setup_future_usage": OneOf(USAGES),
    "use_stripe_sdk": FLAG,
}
_CREATE: Json = {
    **ABOUT,
    **_CONFIRM,
    "amount": WHOLE,
    "automatic_payment_methods": {"enabled": FLAG, "allow_redirects": OneOf(("always", "never"))},
    "confirm": FLAG,
    "confirmation_method": OneOf(("automatic", "manual")),
    "currency": TEXT,
    "customer": TEXT,
    "payment_method_types": CARD_ONLY,
}


def new_intent(desk: Desk, asked: Json, hidden: Json | None = None) -> Thing:
    """A payment intent for an amount in a currency; what is not told is empty.

    Errors: Refused where currency, amount, customer or connected account can't be.
    """
    currency = checked(asked["amount"], asked["currency"])
    known_customer(desk, asked.get("customer"))
    check_destination(desk, asked)
    intent = desk.make(
        "payment_intent",
        "pi_",
        {
            "amount": asked["amount"],
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": asked.get("application_fee_amount"),
            "automatic_payment_methods": asked.get("automatic_payment_methods"),
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": asked.get("capture_method", "automatic_async"),
            "client_secret": "",
            "confirmation_method": asked.get("confirmation_method", "automatic"),
            "currency": currency,
            "customer": asked.get("customer"),
            "description": asked.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "metadata": merged({}, asked.get("metadata") or {}),
            "next_action": None,
            "on_behalf_of": asked.get("on_behalf_of"),
            "payment_method": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": asked.get("receipt_email"),
            "review": None,
            "setup_future_usage": asked.get("setup_future_usage"),
            "shipping": asked.get("shipping"),
            "source": None,
            "statement_descriptor": asked.get("statement_descriptor"),
            "statement_descriptor_suffix": asked.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
            "transfer_data": asked.get("transfer_data"),
            "transfer_group": asked.get("transfer_group"),
        },
        hidden,
    )
    intent.data["client_secret"] = token(f"{intent.id}_secret_", 25)
    desk.save(intent)
    desk.tell("payment_intent.created", intent)
    return intent


def create(desk: Desk, given: Json, _: str) -> Thing:
    """A new intent, confirmed at once where that is asked for."""
    if (given.get("off_session") or given.get("error_on_requires_action")) and not given.get("confirm"):
        raise wrong("off_session", "The parameter `off_session` can only be used with `confirm=true`.")
    method = given.get("payment_method")
    if given.get("confirm") and not method:
        raise missing("payment_method")
    intent = new_intent(desk, given)
    if method:
        found = _fitting(desk, method, intent)
        intent.data |= {"payment_method": found.id, "status": "requires_confirmation"}
        desk.save(intent)
    if given.get("confirm"):
        return _confirm(desk, given, intent)
    return intent


def _fitting(desk: Desk, name: str, intent: Thing) -> Thing:
    """The payment method of that name, once it may pay this intent."""
    method = method_for(desk, name)
    owner, customer = method.data["customer"], intent.data["customer"]
    if owner and owner != customer:
        raise bad_state(
            "payment_method_customer_mismatch" if customer else "payment_method_missing_customer",
            f"The payment method {method.id} belongs to a customer. Provide that customer in the `customer` parameter.",
            param="payment_method",
        )
    if method.hidden.get("spent"):
        raise bad_state(
            "payment_method_unexpected_state",
            f"The payment method {method.id} was detached from its customer and may not be used again.",
            param="payment_method",
        )
    return method


def _confirm(desk: Desk, given: Json, intent: Thing) -> Thing:
    if given.get("payment_method"):
        method = desk.of("payment_method", intent.data["payment_method"])
    elif intent.data["payment_method"]:
        method = desk.find("payment_method", intent.data["payment_method"])
    else:
        raise Refused(
            400,
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=intent.data,
        )
    if given.get("return_url"):
        intent.hidden["return_url"] = given["return_url"]
    for name in ("setup_future_usage", "receipt_email"):
        if name in given:
            intent.data[name] = given[name]
    if given.get("error_on_requires_action") and card_of(method).asks != "never" and not given.get("off_session"):
        from_bank = "authentication_required"
        raise Refused(402, "This payment required an authentication action to complete.", kind="card_error",
                      code=from_bank, decline_code=from_bank, saved=True)  # fmt: skip
    attempt(desk, intent, method, off_session=bool(given.get("off_session")))
    return intent


def confirm(desk: Desk, given: Json, intent_id: str) -> Thing:
    """Asks the bank."""
    intent = desk.find("payment_intent", intent_id)
    _refuse_of_session(intent)
    if intent.status not in CONFIRMABLE:
        raise unexpected(intent, "confirmed", "a PaymentIntent that is not yet paid, held or canceled")
    if given.get("payment_method"):
        intent.data["payment_method"] = _fitting(desk, given["payment_method"], intent).id
    return _confirm(desk, given, intent)


def _refuse_of_session(intent: Thing) -> None:
    if intent.hidden.get("session"):
        raise bad_state(
            "payment_intent_unexpected_state",
            "This PaymentIntent was created by a Checkout Session; it can only be confirmed on the session's page.",
        )


def update(desk: Desk, given: Json, intent_id: str) -> Thing:
    """Changes an intent: metadata and description always, money only until it is confirmed."""
    intent = desk.find("payment_intent", intent_id)
    method = given.pop("payment_method", None)
    metadata = merged(intent.data["metadata"], given.pop("metadata", {}))
    free = {"description", "receipt_email", "shipping"}
    if (set(given) - free or method) and intent.status not in CONFIRMABLE:
        raise unexpected(intent, "updated", "a PaymentIntent that is not yet paid, held or canceled")
    if "amount" in given or "currency" in given:
        amount, currency = given.get("amount", intent.data["amount"]), given.get("currency", intent.data["currency"])
        given |= {"amount": amount, "currency": checked(amount, currency)}
    known_customer(desk, given.get("customer"))
    intent.data |= {**given, "metadata": metadata}
    check_destination(desk, intent.data)
    if method:
        intent.data |= {"payment_method": _fitting(desk, method, intent).id, "status": "requires_confirmation"}
    desk.save(intent)
    return intent


def capture_call(desk: Desk, given: Json, intent_id: str) -> Thing:
    """Takes what was authorised, all or a part, once."""
    intent = desk.find("payment_intent", intent_id)
    if intent.status != "requires_capture":
        raise unexpected(intent, "captured", "a PaymentIntent with the status requires_capture")
    amount = given.get("amount_to_capture", intent.data["amount_capturable"])
    if amount > intent.data["amount_capturable"]:
        raise bad_state(
            "amount_too_large",
            f"The provided amount_to_capture ({amount}) is greater than the capturable amount "
            f"({intent.data['amount_capturable']}).",
            param="amount_to_capture",
            payment_intent=intent.data,
        )
    if amount < 1:
        raise wrong("amount_to_capture", "This value must be greater than or equal to 1.", "parameter_invalid_integer")
    check_step(amount, intent.data["currency"], "amount_to_capture")
    if "application_fee_amount" in given:
        intent.data["application_fee_amount"] = given["application_fee_amount"]
    check_fee(intent.data["application_fee_amount"], {**intent.data, "amount": amount})
    if given.get("transfer_data"):
        intent.data["transfer_data"] = {**(intent.data["transfer_data"] or {}), **given["transfer_data"]}
    intent.data["metadata"] = merged(intent.data["metadata"], given.get("metadata") or {})
    capture(desk, intent, amount)
    return intent


def cancel_call(desk: Desk, given: Json, intent_id: str) -> Thing:
    """Ends an intent that has taken nothing."""
    intent = desk.find("payment_intent", intent_id)
    _refuse_of_open_session(desk, intent)
    if intent.status not in CANCELABLE:
        raise unexpected(intent, "canceled", "a PaymentIntent that is not paid, processing or canceled")
    cancel(desk, intent, given.get("cancellation_reason"))
    return intent


def _refuse_of_open_session(desk: Desk, intent: Thing) -> None:
    session = desk.vault.thing(str(intent.hidden.get("session") or ""))
    if session is not None and desk.current(session).status == "open":
        raise bad_state(
            "payment_intent_unexpected_state",
            "You cannot cancel PaymentIntents created by Checkout Sessions that are open; expire the session instead.",
            payment_intent=intent.data,
        )


CALLS = (
    Call("POST", "payment_intents", create, _CREATE, ("amount", "currency")),
    Call(
        "GET",
        "payment_intents",
        listing("payment_intent", "payment_intents", customer="customer = ?"),
        {**PAGE, "customer": TEXT, "created": SPAN},
    ),
    Call("GET", "payment_intents/*", showing("payment_intent"), {"client_secret": TEXT}),
    Call(
        "POST",
        "payment_intents/*",
        update,
        {**ABOUT, "amount": WHOLE, "currency": TEXT, "customer": TEXT, "payment_method": TEXT,
         "payment_method_types": CARD_ONLY},
    ),
    Call("POST", "payment_intents/*/confirm", confirm, _CONFIRM),
    Call(
        "POST",
        "payment_intents/*/capture",
        capture_call,
        {
            "amount_to_capture": WHOLE,
            "application_fee_amount": WHOLE,
            "final_capture": FLAG,
            "metadata": METADATA,
            "statement_descriptor": Text(22),
            "statement_descriptor_suffix": Text(22),
            "transfer_data": {"amount": WHOLE},
        },
    ),
    Call(
        "POST",
        "payment_intents/*/cancel",
        cancel_call,
        {"cancellation_reason": OneOf(("duplicate", "fraudulent", "requested_by_customer", "abandoned"))},
    ),
    Call(
        "GET",
        "charges",
        listing("charge", "charges", payment_intent="payment_intent = ?", customer="customer = ?"),
        {**PAGE, "payment_intent": TEXT, "customer": TEXT, "created": SPAN},
    ),
    Call("GET", "charges/*", showing("charge")),
)  # fmt: skip
