"""Checkout sessions: open until the guest has paid (complete) or their time is over (expired), never both.

No intent exists until the guest confirms on the page; what was told for it waits on the session. Every step reads the
session and writes it in one transaction, so that of an expiry and a confirmation only the first happens.
"""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.cards import Card
from doubles.stripe.connect import check_destination
from doubles.stripe.currencies import checked
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, Refused, bad_state, missing, wrong
from doubles.stripe.forms import FLAG, METADATA, PAGE, SPAN, TEXT, WHATEVER, ManyOf, OneOf, Text, Whole, merged
from doubles.stripe.intent_calls import ABOUT, CARD_ONLY, new_intent
from doubles.stripe.intents import CONFIRMABLE, attempt, cancel
from doubles.stripe.people import known_customer, new_method
from doubles.stripe.setups import OPEN as SETUP_OPEN
from doubles.stripe.setups import attempt as attempt_setup
from doubles.stripe.setups import cancel as cancel_setup
from doubles.stripe.setups import new_setup
from doubles.stripe.vault import Thing, token

LEAST_SECONDS, MOST_SECONDS = 30 * 60, 24 * 3600
# Stripe counts from the moment the request arrives; a second may pass on the way.
TOLERANCE_SECONDS = 60
MOST_LINES = 100
MOST_URL = 5_000
OFF = OneOf(("false",))
_PRICE: Json = {
    "currency": TEXT,
    "unit_amount": Whole(),
    "product_data": {"name": Text(250), "description": Text(), "images": ManyOf(TEXT, 8), "metadata": METADATA},
    "tax_behavior": OneOf(("exclusive", "inclusive", "unspecified")),
}
_CREATE: Json = {
    "mode": OneOf(("payment", "setup")),
    "ui_mode": OneOf(("hosted_page",)),
    "customer": TEXT,
    "customer_email": TEXT,
    "client_reference_id": Text(200),
    "line_items": ManyOf({"price_data": _PRICE, "quantity": Whole(1, 999_999)}, MOST_LINES),
    "payment_intent_data": ABOUT,
    "setup_intent_data": {"description": Text(1_000), "metadata": METADATA, "on_behalf_of": TEXT},
    "metadata": METADATA,
    "success_url": Text(MOST_URL),
    "cancel_url": Text(MOST_URL),
    "currency": TEXT,
    "expires_at": Whole(),
    "locale": TEXT,
    "allowed_payment_method_types": CARD_ONLY,
    "payment_method_types": CARD_ONLY,
    "payment_method_options": WHATEVER,
    "submit_type": OneOf(("auto", "book", "donate", "pay")),
    "custom_text": WHATEVER,
    "billing_address_collection": OneOf(("auto", "required")),
    # What would change the amount is not there; it can only be said to be off.
    "adaptive_pricing": {"enabled": OFF},
    "allow_promotion_codes": OFF,
    "automatic_tax": {"enabled": OFF},
    "invoice_creation": {"enabled": OFF},
    "branding_settings": WHATEVER,
    "consent_collection": WHATEVER,
    "customer_creation": OneOf(("always", "if_required")),
    "customer_update": WHATEVER,
    "phone_number_collection": {"enabled": FLAG},
    "saved_payment_method_options": WHATEVER,
}


def create(desk: Desk, given: Json, _: str) -> Thing:
    """A new session with a page."""
    mode, told = given["mode"], given.get("payment_intent_data") or {}
    expires_at = _expiry(desk, given)
    customer = known_customer(desk, given.get("customer"))
    if not given.get("success_url"):
        raise missing("success_url")
    lines, currency, total = _lines(given) if mode == "payment" else ([], given.get("currency"), None)
    if mode == "setup":
        _refuse_for_setup(given)
    if total is not None:
        check_destination(desk, {**told, "amount": total})
    session = desk.make(
        "checkout.session",
        "cs_test_",
        {
            "adaptive_pricing": {"enabled": False},
            "allow_promotion_codes": None,
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "billing_address_collection": None,
            "cancel_url": given.get("cancel_url"),
            "client_reference_id": given.get("client_reference_id"),
            "client_secret": None,
            "currency": currency,
            "custom_text": given.get("custom_text") or {},
            "customer": customer,
            "customer_creation": None,
            "customer_details": None,
            "customer_email": given.get("customer_email"),
            "expires_at": expires_at,
            "locale": given.get("locale"),
            "metadata": merged({}, given.get("metadata") or {}),
            "mode": mode,
            "payment_intent": None,
            "payment_method_collection": "always",
            "payment_method_types": ["card"],
            "payment_status": "unpaid" if mode == "payment" else "no_payment_required",
            "setup_intent": None,
            "shipping_cost": None,
            "status": "open",
            "submit_type": given.get("submit_type"),
            "subscription": None,
            "success_url": given["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if lines else None,
            "ui_mode": "hosted_page",
            "url": None,
        },
        {"lines": lines, "intent": told, "setup": given.get("setup_intent_data") or {}},
    )
    session.data["url"] = f"{desk.base}/c/pay/{session.id}"
    session.due_at = float(expires_at)
    desk.save(session)
    return session


def _expiry(desk: Desk, given: Json) -> int:
    """When it ends: a day from now, or what was told. Errors: Refused outside 30 minutes to 24 hours."""
    expires_at = given.get("expires_at")
    if expires_at is None:
        return int(desk.now) + MOST_SECONDS
    seconds = expires_at - desk.now
    if not LEAST_SECONDS - TOLERANCE_SECONDS <= seconds <= MOST_SECONDS + TOLERANCE_SECONDS:
        word = "at least 30 minutes" if seconds < LEAST_SECONDS else "less than 24 hours"
        raise wrong("expires_at", f"The `expires_at` timestamp must be {word} from Checkout Session creation.")
    return int(expires_at)


def _refuse_for_setup(given: Json) -> None:
    for name in ("line_items", "payment_intent_data", "submit_type"):
        if given.get(name):
            raise wrong(name, f"You can not pass `{name}` in `setup` mode.")


def _lines(given: Json) -> tuple[list[Json], str, int]:
    """The lines with the session's currency and total. Errors: Refused where they don't fit together."""
    if given.get("setup_intent_data"):
        raise wrong("setup_intent_data", "You can not pass `setup_intent_data` in `payment` mode.")
    if not given.get("line_items"):
        raise missing("line_items")
    lines: list[Json] = []
    for number, item in enumerate(given["line_items"]):
        price, path = item.get("price_data") or {}, f"line_items[{number}][price_data]"
        for name in ("currency", "unit_amount", "product_data"):
            if price.get(name) is None:
                raise missing(f"{path}[{name}]")
        if not price["product_data"].get("name"):
            raise missing(f"{path}[product_data][name]")
        lines.append(_line(price, item.get("quantity", 1)))
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise wrong("line_items", "All line items must have the same currency.")
    total = sum(line["amount_total"] for line in lines)
    return lines, checked(total, currencies.pop(), "line_items"), total


def _line(price: Json, quantity: int) -> Json:
    amount, currency = price["unit_amount"] * quantity, price["currency"].lower()
    return {
        "id": token("li_"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": price["product_data"]["name"],
        "price": {"object": "price", "currency": currency, "unit_amount": price["unit_amount"], "type": "one_time"},
        "quantity": quantity,
    }


def confirm(desk: Desk, session: Thing, card: Card, expiry: tuple[int, int] | None, billing: Json) -> None:
    """The guest confirms on the page: the intent is made now, or used again after a decline.

    Errors: Refused `checkout_session_unexpected_state` unless it is open; 402 where the bank says no.
    """
    if session.status != "open":
        raise not_open(session)
    method = new_method(desk, card, billing, expiry)
    if session.data["mode"] == "setup":
        setup = _setup_of(desk, session)
        attempt_setup(desk, setup, method)
        finish(desk, session)
        return
    intent = _intent_of(desk, session)
    attempt(desk, intent, method)
    finish(desk, session)


def not_open(session: Thing) -> Refused:
    """The session is over."""
    return bad_state(
        "checkout_session_unexpected_state",
        f'Only Checkout Sessions with a status in ["open"] can be used. This one has a status of {session.status}.',
    )


def _intent_of(desk: Desk, session: Thing) -> Thing:
    known = session.data["payment_intent"]
    if known:
        intent = desk.of("payment_intent", known)
        if intent.status not in CONFIRMABLE:
            raise not_open(session)
        return intent
    asked = {
        **session.hidden["intent"],
        "amount": session.data["amount_total"],
        "currency": session.data["currency"],
        "customer": session.data["customer"],
    }
    double = {name: value for name, value in session.data["metadata"].items() if name.startswith("double_")}
    intent = new_intent(desk, asked, {"session": session.id, "return_url": session.data["url"], "double": double})
    session.data["payment_intent"] = intent.id
    desk.save(session)
    return intent


def _setup_of(desk: Desk, session: Thing) -> Thing:
    known = session.data["setup_intent"]
    if known:
        setup = desk.of("setup_intent", known)
        if setup.status not in SETUP_OPEN:
            raise not_open(session)
        return setup
    asked = {**session.hidden["setup"], "customer": session.data["customer"], "usage": "off_session"}
    setup = new_setup(desk, asked, {"session": session.id, "return_url": session.data["url"]})
    session.data["setup_intent"] = setup.id
    desk.save(session)
    return setup


def finish(desk: Desk, session: Thing) -> None:
    """Completes the session once its intent is done; while the guest still has to prove himself it stays open."""
    if session.status != "open":
        return
    if session.data["mode"] == "setup":
        intent = desk.of("setup_intent", session.data["setup_intent"])
        done = intent.status == "succeeded"
    else:
        intent = desk.of("payment_intent", session.data["payment_intent"])
        done = intent.status in {"succeeded", "requires_capture", "processing"}
    if not done:
        return
    method = desk.of("payment_method", intent.hidden["method"])
    billing = method.data["billing_details"]
    session.data |= {
        "status": "complete",
        "url": None,
        "customer_details": {
            "address": billing["address"],
            "email": billing["email"] or session.data["customer_email"],
            "name": billing["name"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
    }
    if intent.status == "succeeded" and session.data["mode"] == "payment":
        session.data["payment_status"] = "paid"
    session.due_at = None
    desk.save(session)
    desk.tell("checkout.session.completed", session)


def expire(desk: Desk, session: Thing) -> None:
    """Ends an open session, and cancels what the guest had begun."""
    session.data |= {"status": "expired", "url": None}
    session.due_at = None
    desk.save(session)
    if session.data["payment_intent"]:
        intent = desk.of("payment_intent", session.data["payment_intent"])
        if intent.status in CONFIRMABLE:
            cancel(desk, intent, "abandoned")
    if session.data["setup_intent"]:
        setup = desk.of("setup_intent", session.data["setup_intent"])
        if setup.status in SETUP_OPEN:
            cancel_setup(desk, setup, "abandoned")
    desk.tell("checkout.session.expired", session)


def fall_due(desk: Desk, session: Thing) -> None:
    """A session's time is over."""
    if session.status == "open":
        expire(desk, session)
    else:
        desk.save(session)


def _expire_call(desk: Desk, _: Json, session_id: str) -> Thing:
    session = desk.find("checkout.session", session_id)
    if session.status != "open":
        raise bad_state(
            "checkout_session_unexpected_state",
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session.status}`.",
        )
    expire(desk, session)
    return session


def _update(desk: Desk, given: Json, session_id: str) -> Thing:
    session = desk.find("checkout.session", session_id)
    session.data["metadata"] = merged(session.data["metadata"], given.get("metadata") or {})
    desk.save(session)
    return session


def _line_items(desk: Desk, given: Json, session_id: str) -> Json:
    session = desk.find("checkout.session", session_id)
    lines = session.hidden["lines"]
    names = [line["id"] for line in lines]
    begin = names.index(given["starting_after"]) + 1 if given.get("starting_after") in names else 0
    limit = given.get("limit", 10)
    return {
        "object": "list",
        "url": f"/v1/checkout/sessions/{session_id}/line_items",
        "has_more": begin + limit < len(lines),
        "data": lines[begin : begin + limit],
    }


CALLS = (
    Call("POST", "checkout/sessions", create, _CREATE, ("mode",)),
    Call(
        "GET",
        "checkout/sessions",
        listing("checkout.session", "checkout/sessions", customer="customer = ?", payment_intent="payment_intent = ?",
                status="json_extract(data, '$.status') = ?"),
        {**PAGE, "customer": TEXT, "payment_intent": TEXT, "created": SPAN,
         "status": OneOf(("complete", "expired", "open"))},
    ),
    Call("GET", "checkout/sessions/*", showing("checkout.session")),
    Call("POST", "checkout/sessions/*", _update, {"metadata": METADATA}),
    Call("POST", "checkout/sessions/*/expire", _expire_call),
    Call("GET", "checkout/sessions/*/line_items", _line_items, PAGE),
)  # fmt: skip
