"""Customers and their saved cards. A saved card is one customer's; it never moves to another."""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.cards import BY_NAME, BY_NUMBER, MESSAGES, Card
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, bad_state, card_refused, missing, not_found, wrong
from doubles.stripe.forms import METADATA, PAGE, SPAN, TEXT, WHATEVER, ManyOf, OneOf, Text, Whole, merged
from doubles.stripe.vault import Thing, token

EXPIRY_YEARS = 5
_BLANK = Text(blank=True)
_CUSTOMER: Json = {
    "name": _BLANK,
    "email": _BLANK,
    "phone": _BLANK,
    "description": _BLANK,
    "metadata": METADATA,
    "address": WHATEVER,
    "shipping": WHATEVER,
    "preferred_locales": ManyOf(TEXT),
    "payment_method": TEXT,
    "invoice_settings": {"default_payment_method": _BLANK},
}


def create_customer(desk: Desk, given: Json, _: str) -> Thing:
    """A new customer."""
    method = given.pop("payment_method", None)
    customer = desk.make(
        "customer",
        "cus_",
        {
            "address": given.get("address"),
            "balance": 0,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": given.get("description"),
            "email": given.get("email"),
            "invoice_prefix": token("", 8).upper(),
            "invoice_settings": {"default_payment_method": None, **(given.get("invoice_settings") or {})},
            "metadata": merged({}, given.get("metadata") or {}),
            "name": given.get("name"),
            "phone": given.get("phone"),
            "preferred_locales": given.get("preferred_locales", []),
            "shipping": given.get("shipping"),
            "tax_exempt": "none",
        },
    )
    if method:
        attach(desk, method_for(desk, method), customer.id)
    desk.tell("customer.created", customer)
    return customer


def update_customer(desk: Desk, given: Json, customer_id: str) -> Thing:
    """Changes what is known of a customer."""
    customer = desk.find("customer", customer_id)
    _refuse_deleted(customer)
    given.pop("payment_method", None)
    metadata = merged(customer.data["metadata"], given.pop("metadata", {}))
    customer.data |= {**given, "metadata": metadata}
    desk.save(customer)
    desk.tell("customer.updated", customer)
    return customer


def delete_customer(desk: Desk, _: Json, customer_id: str) -> Json:
    """Forgets a customer; what was paid stays."""
    customer = desk.find("customer", customer_id)
    _refuse_deleted(customer)
    for method in desk.related("payment_method", "customer", customer_id):
        method.data["customer"] = None
        method.hidden["spent"] = True
        desk.save(method)
    desk.tell("customer.deleted", customer)
    customer.data = {"id": customer_id, "object": "customer", "deleted": True, "created": customer.data["created"]}
    desk.save(customer)
    return {"id": customer_id, "object": "customer", "deleted": True}


def _refuse_deleted(customer: Thing) -> None:
    if customer.data.get("deleted"):
        raise not_found("customer", customer.id)


def known_customer(desk: Desk, customer_id: str | None) -> str | None:
    """The customer's id, once it is this account's. Errors: Refused `resource_missing`."""
    if customer_id:
        customer = desk.find("customer", customer_id, "customer")
        if customer.data.get("deleted"):
            raise not_found("customer", customer_id, "customer")
    return customer_id


def new_method(desk: Desk, card: Card, billing: Json | None = None, expiry: tuple[int, int] | None = None) -> Thing:
    """A payment method for a card, attached to nobody."""
    year = 1970 + int(desk.now // 31_556_952) + EXPIRY_YEARS
    month, year = expiry or (12, year)
    details = {"address": {}, "email": None, "name": None, "phone": None, **(billing or {})}
    return desk.make(
        "payment_method",
        "pm_",
        {
            "allow_redisplay": "unspecified",
            "billing_details": details,
            "card": card_details(card, month, year),
            "customer": None,
            "metadata": {},
            "type": "card",
        },
        {"number": card.number, "set_up": False},
    )


def card_details(card: Card, month: int, year: int) -> Json:
    """What Stripe shows of a card."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"fp{card.number[-8:]}",
        "funding": "debit" if "debit" in card.words else "credit",
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def method_for(desk: Desk, name: str) -> Thing:
    """The payment method of that id, or a new one for a test card's name such as `pm_card_visa`."""
    card = BY_NAME.get(name)
    if card is not None:
        return new_method(desk, card)
    return desk.find("payment_method", name, "payment_method")


def card_of(method: Thing) -> Card:
    """The test card behind a payment method."""
    return BY_NUMBER[method.hidden["number"]]


def attach(desk: Desk, method: Thing, customer_id: str) -> None:
    """Makes a card a customer's. Errors: Refused where its bank says no, or it is another's."""
    known_customer(desk, customer_id)
    if method.data["customer"] == customer_id:
        return
    if method.data["customer"] or method.hidden.get("spent"):
        raise bad_state(
            "payment_method_unexpected_state",
            "The payment method you provided has already been attached to a customer, or was used once and detached. "
            "It may not be used again.",
        )
    card = card_of(method)
    if card.code and not card.attaches:
        raise card_refused(card.code, MESSAGES[card.code], card.decline_code, payment_method=method.data)
    method.data["customer"] = customer_id
    desk.save(method)
    desk.tell("payment_method.attached", method)


def create_method(desk: Desk, given: Json, _: str) -> Thing:
    """A payment method from a test card's number."""
    card = given.get("card") or {}
    number = card.get("number") or ""
    if number not in BY_NUMBER:
        raise wrong("card[number]", "Your card number is incorrect.", "incorrect_number")
    expiry = (card["exp_month"], card["exp_year"]) if "exp_month" in card and "exp_year" in card else None
    return new_method(desk, BY_NUMBER[number], given.get("billing_details"), expiry)


def attach_method(desk: Desk, given: Json, method_id: str) -> Thing:
    """Makes a payment method a customer's."""
    method = method_for(desk, method_id)
    attach(desk, method, given["customer"])
    return method


def detach_method(desk: Desk, _: Json, method_id: str) -> Thing:
    """Takes a payment method from its customer, for good."""
    method = desk.find("payment_method", method_id)
    if not method.data["customer"]:
        raise bad_state(
            "payment_method_unexpected_state",
            "The payment method you provided is not attached to a customer so detachment is impossible.",
        )
    method.data["customer"] = None
    method.hidden["spent"] = True
    desk.save(method)
    desk.tell("payment_method.detached", method)
    return method


def _methods(desk: Desk, given: Json, customer_id: str) -> Json:
    customer_id = customer_id or given.get("customer") or ""
    if not customer_id:
        raise missing("customer")
    known_customer(desk, customer_id)
    return desk.page("payment_method", given, "/v1/payment_methods", [("customer = ?", customer_id)])


def _method_of(desk: Desk, _: Json, ids: str) -> Thing:
    customer_id, method_id = ids.split("/")
    method = desk.find("payment_method", method_id)
    if method.data["customer"] != customer_id:
        raise not_found("payment_method", method_id)
    return method


_LIST: Json = {**PAGE, "type": OneOf(("card",)), "customer": TEXT, "allow_redisplay": TEXT}
CALLS = (
    Call("POST", "customers", create_customer, _CUSTOMER),
    Call("GET", "customers", listing("customer", "customers", email="json_extract(data, '$.email') = ?"),
         {**PAGE, "email": TEXT, "created": SPAN}),
    Call("GET", "customers/*", showing("customer")),
    Call("POST", "customers/*", update_customer, _CUSTOMER),
    Call("DELETE", "customers/*", delete_customer),
    Call("GET", "customers/*/payment_methods", _methods, _LIST),
    Call("GET", "customers/*/payment_methods/*", _method_of),
    Call(
        "POST",
        "payment_methods",
        create_method,
        {
            "type": OneOf(("card",)),
            "card": {"number": TEXT, "exp_month": Whole(1, 12), "exp_year": Whole(2000, 2100), "cvc": TEXT},
            "billing_details": WHATEVER,
            "metadata": METADATA,
        },
        ("type", "card.number"),
    ),
    Call("GET", "payment_methods", _methods, _LIST),
    Call("GET", "payment_methods/*", showing("payment_method")),
    Call("POST", "payment_methods/*/attach", attach_method, {"customer": TEXT}, ("customer",)),
    Call("POST", "payment_methods/*/detach", detach_method),
)  # fmt: skip
