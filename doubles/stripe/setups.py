"""Setup intents: a card is saved without money, with the guest's proof where its bank wants one."""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.cards import MESSAGES
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, Refused, bad_state, card_refused
from doubles.stripe.forms import FLAG, METADATA, PAGE, SPAN, TEXT, WHATEVER, ManyOf, OneOf, Text, merged
from doubles.stripe.intents import unexpected
from doubles.stripe.people import attach, card_of, known_customer, method_for
from doubles.stripe.vault import Thing, token

OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_CARD_ONLY = ManyOf(OneOf(("card",)))
_CONFIRM: Json = {
    "mandate_data": WHATEVER,
    "payment_method": TEXT,
    "payment_method_options": WHATEVER,
    "return_url": TEXT,
    "use_stripe_sdk": FLAG,
}
_CREATE: Json = {
    **_CONFIRM,
    "allowed_payment_method_types": _CARD_ONLY,
    "automatic_payment_methods": {"enabled": FLAG, "allow_redirects": OneOf(("always", "never"))},
    "confirm": FLAG,
    "customer": TEXT,
    "description": Text(1_000, blank=True),
    "metadata": METADATA,
    "on_behalf_of": TEXT,
    "payment_method_types": _CARD_ONLY,
    "usage": OneOf(("off_session", "on_session")),
}


def new_setup(desk: Desk, asked: Json, hidden: Json | None = None) -> Thing:
    """A setup intent. Errors: Refused for an unknown customer."""
    known_customer(desk, asked.get("customer"))
    setup = desk.make(
        "setup_intent",
        "seti_",
        {
            "application": None,
            "automatic_payment_methods": asked.get("automatic_payment_methods"),
            "cancellation_reason": None,
            "client_secret": "",
            "customer": asked.get("customer"),
            "description": asked.get("description"),
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "mandate": None,
            "metadata": merged({}, asked.get("metadata") or {}),
            "next_action": None,
            "on_behalf_of": asked.get("on_behalf_of"),
            "payment_method": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card"],
            "single_use_mandate": None,
            "status": "requires_payment_method",
            "usage": asked.get("usage", "off_session"),
        },
        hidden,
    )
    setup.data["client_secret"] = token(f"{setup.id}_secret_", 25)
    desk.save(setup)
    desk.tell("setup_intent.created", setup)
    return setup


def attempt(desk: Desk, setup: Thing, method: Thing) -> None:
    """Asks the card's bank. Errors: Refused 402 where it says no."""
    card = card_of(method)
    setup.data |= {"payment_method": method.id, "last_setup_error": None, "next_action": None}
    setup.hidden["method"] = method.id
    if card.asks in {"always", "unless_set_up"}:
        url = f"{desk.base}/3ds/{setup.id}/{setup.data['client_secret'].rpartition('_')[2]}"
        redirect = {"return_url": setup.hidden.get("return_url"), "url": url}
        setup.data |= {
            "status": "requires_action",
            "next_action": {"redirect_to_url": redirect, "type": "redirect_to_url"},
        }
        desk.save(setup)
        desk.tell("setup_intent.requires_action", setup)
        return
    conclude(desk, setup, method)


def conclude(desk: Desk, setup: Thing, method: Thing) -> None:
    """The bank's word after authentication, or without it. Errors: Refused 402."""
    card = card_of(method)
    if card.code and not card.attaches:
        raise fail(desk, setup, method, card.code, card.decline_code)
    setup.data |= {"status": "succeeded", "next_action": None, "latest_attempt": token("setatt_")}
    if setup.data["customer"]:
        attach(desk, method, setup.data["customer"])
    method.hidden["set_up"] = True
    desk.save(method)
    desk.save(setup)
    desk.tell("setup_intent.succeeded", setup)


def fail(desk: Desk, setup: Thing, method: Thing, code: str, decline_code: str | None) -> Refused:
    """Notes that the card can't be saved, and answers the refusal to raise."""
    message = MESSAGES.get(decline_code or "", MESSAGES.get(code, MESSAGES["card_declined"]))
    error: Json = {"code": code, "message": message, "payment_method": method.data, "type": "card_error"}
    if decline_code:
        error["decline_code"] = decline_code
    setup.data |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_setup_error": error,
        "next_action": None,
    }
    desk.save(setup)
    desk.tell("setup_intent.setup_failed", setup)
    return card_refused(code, message, decline_code, setup_intent=dict(setup.data), payment_method=method.data)


def create(desk: Desk, given: Json, _: str) -> Thing:
    """A new setup intent, confirmed at once where that is asked for."""
    setup = new_setup(desk, given)
    if given.get("payment_method"):
        method = method_for(desk, given["payment_method"])
        setup.data |= {"payment_method": method.id, "status": "requires_confirmation"}
        desk.save(setup)
    if given.get("confirm"):
        return _confirmed(desk, {**given, "payment_method": None}, setup)
    return setup


def confirm(desk: Desk, given: Json, setup_id: str) -> Thing:
    """Asks the bank."""
    setup = desk.find("setup_intent", setup_id)
    if setup.status not in OPEN:
        raise unexpected(setup, "confirmed", "a SetupIntent that has not succeeded and is not canceled")
    return _confirmed(desk, given, setup)


def _confirmed(desk: Desk, given: Json, setup: Thing) -> Thing:
    name = given.get("payment_method") or setup.data["payment_method"]
    if not name:
        raise bad_state(
            "setup_intent_unexpected_state",
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            setup_intent=setup.data,
        )
    if given.get("return_url"):
        setup.hidden["return_url"] = given["return_url"]
    attempt(desk, setup, method_for(desk, name))
    return setup


def cancel(desk: Desk, setup: Thing, reason: str | None) -> None:
    """Ends a setup intent."""
    setup.data |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    desk.save(setup)
    desk.tell("setup_intent.canceled", setup)


def _cancel_call(desk: Desk, given: Json, setup_id: str) -> Thing:
    setup = desk.find("setup_intent", setup_id)
    if setup.status not in OPEN:
        raise unexpected(setup, "canceled", "a SetupIntent that has not succeeded and is not canceled")
    cancel(desk, setup, given.get("cancellation_reason"))
    return setup


def _update(desk: Desk, given: Json, setup_id: str) -> Thing:
    setup = desk.find("setup_intent", setup_id)
    setup.data["metadata"] = merged(setup.data["metadata"], given.pop("metadata", {}))
    setup.data |= given
    desk.save(setup)
    return setup


CALLS = (
    Call("POST", "setup_intents", create, _CREATE),
    Call(
        "GET",
        "setup_intents",
        listing("setup_intent", "setup_intents", customer="customer = ?",
                payment_method="json_extract(data, '$.payment_method') = ?"),
        {**PAGE, "customer": TEXT, "payment_method": TEXT, "created": SPAN},
    ),
    Call("GET", "setup_intents/*", showing("setup_intent"), {"client_secret": TEXT}),
    Call("POST", "setup_intents/*", _update, {"metadata": METADATA, "description": Text(1_000, blank=True)}),
    Call("POST", "setup_intents/*/confirm", confirm, _CONFIRM),
    Call("POST", "setup_intents/*/cancel", _cancel_call,
         {"cancellation_reason": OneOf(("abandoned", "duplicate", "requested_by_customer"))}),
)  # fmt: skip
