"""Facts that no call of ours made, for tests of reconciliation: as if somebody had worked in Stripe's dashboard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from doubles.stripe import intents
from doubles.stripe.accounts import answered, deauthorise, reject
from doubles.stripe.cards import BY_NUMBER
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json
from doubles.stripe.intent_calls import new_intent
from doubles.stripe.people import new_method
from doubles.stripe.refunds import COUNTED, create, fail
from doubles.stripe.sessions import expire
from doubles.stripe.trouble import begin_dispute, end_dispute, warn_of_fraud
from doubles.stripe.vault import Thing

Does = Callable[[Desk, Json], Thing | Json]
FIELDS = frozenset({"kind", "id", "amount", "currency", "metadata", "customer", "reason", "status", "card"})


@dataclass(frozen=True)
class Kind:
    """One kind of fact. words: what it makes, and the fields it takes."""

    words: str
    does: Does


def plant(desk: Desk, told: Json) -> Json:
    """Makes the fact and answers its object. Errors: ValueError with the field and the rule; Refused."""
    kind = KINDS.get(str(told.get("kind")))
    if kind is None:
        raise ValueError(f"`kind` must be one of {', '.join(KINDS)}")
    strangers = set(told) - FIELDS
    if strangers:
        raise ValueError(f"`{min(strangers)}` is not known; fields are {', '.join(sorted(FIELDS))}")
    for name in ("id", "currency", "customer", "reason", "status", "card"):
        if not isinstance(told.get(name, ""), str):
            raise ValueError(f"`{name}` must be a text")
    metadata = told.get("metadata", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("`metadata` must be an object of texts")
    amount = told.get("amount", 0)
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount < 10**9:
        raise ValueError("`amount` must be a whole number of minor units")
    made = kind.does(desk, told)
    return made.data if isinstance(made, Thing) else made


def _object(desk: Desk, told: Json, *kinds: str) -> Thing:
    """The object that is named, on whose clock the rest happens. Errors: ValueError."""
    thing = desk.vault.thing(told.get("id", ""))
    if thing is None or thing.kind not in kinds:
        raise ValueError(f"`id` must name one of: {', '.join(kinds)}")
    desk.account = thing.account
    desk.adopt(thing)
    return desk.current(thing)


def _payment(desk: Desk, told: Json) -> Thing:
    """A payment that nobody asked the double for by the API."""
    number = told.get("card", "4242424242424242")
    if number not in BY_NUMBER:
        raise ValueError("`card` must be a test card's number")
    asked = {
        "amount": told.get("amount") or 10_000,
        "currency": told.get("currency", "eur"),
        "metadata": told.get("metadata", {}),
        "customer": told.get("customer"),
        "capture_method": "manual" if told["kind"] == "authorisation" else "automatic",
    }
    intent = new_intent(desk, asked)
    intents.attempt(desk, intent, new_method(desk, BY_NUMBER[number]))
    return intent


def _lone_charge(desk: Desk, told: Json) -> Thing:
    """A charge without an intent, as old callers make them."""
    intent = _payment(desk, told)
    charge = desk.of("charge", intent.data["latest_charge"])
    desk.vault.remove(intent.id)
    charge.data["payment_intent"] = None
    desk.save(charge)
    return charge


def _charge(desk: Desk, told: Json) -> Thing:
    """The paid charge of the intent or charge that is named."""
    thing = _object(desk, told, "payment_intent", "charge")
    name = thing.data["latest_charge"] if thing.kind == "payment_intent" else thing.id
    if not name:
        raise ValueError("`id` must name a payment with a charge")
    return desk.of("charge", name)


def _refund(desk: Desk, told: Json) -> Thing:
    charge = _charge(desk, told)
    given: Json = {"charge": charge.id, "metadata": told.get("metadata", {})}
    if told.get("amount"):
        given["amount"] = told["amount"]
    return create(desk, given, "")


def _failed_refund(desk: Desk, told: Json) -> Thing:
    refund = _object(desk, told, "refund")
    if refund.status not in COUNTED:
        raise ValueError("`id` must name a refund that has not failed")
    fail(desk, refund, told.get("reason") or "lost_or_stolen_card")
    return refund


def _pending_refund(desk: Desk, told: Json) -> Thing:
    refund = _object(desk, told, "refund")
    refund.data["status"] = told.get("status") or "pending"
    if refund.data["status"] not in {"pending", "requires_action"}:
        raise ValueError("`status` must be pending or requires_action")
    refund.due_at = None
    desk.save(refund)
    desk.tell("refund.updated", refund)
    return refund


def _dispute(desk: Desk, told: Json) -> Thing:
    charge = _charge(desk, told)
    inquiry = told["kind"] == "inquiry"
    return begin_dispute(desk, charge, told.get("reason") or "fraudulent", inquiry=inquiry,
                         amount=told.get("amount") or None)  # fmt: skip


def _decided_dispute(desk: Desk, told: Json) -> Thing:
    dispute = _object(desk, told, "dispute")
    end_dispute(desk, dispute, won=told["kind"] == "dispute_won")
    return dispute


def _warning(desk: Desk, told: Json) -> Thing:
    return warn_of_fraud(desk, _charge(desk, told))


def _changed(desk: Desk, told: Json) -> Thing:
    """Another amount, currency, status or metadata than was asked for, on an intent and its charge, told to nobody."""
    intent = _object(desk, told, "payment_intent")
    changes: Json = {name: told[name] for name in ("amount", "currency", "status", "metadata") if told.get(name)}
    if not changes:
        raise ValueError("`amount`, `currency`, `status` or `metadata` must say what changes")
    received = {"amount_received": told["amount"]} if told.get("amount") and intent.data["amount_received"] else {}
    intent.data |= {**changes, **received}
    desk.save(intent)
    if charge := desk.vault.thing(intent.data["latest_charge"] or ""):
        charge.data |= {name: changes[name] for name in ("amount", "currency", "metadata") if name in changes}
        if charge.data["captured"]:
            charge.data["amount_captured"] = charge.data["amount"]
        desk.save(charge)
    return intent


def _gone(desk: Desk, told: Json) -> Json:
    """Takes an object away, with the charges and refunds of an intent."""
    thing = _object(desk, told, "payment_intent", "charge", "refund", "checkout.session", "customer", "setup_intent")
    if thing.kind == "payment_intent":
        for kind in ("charge", "refund", "dispute"):
            for one in desk.related(kind, "payment_intent", thing.id):
                desk.vault.remove(one.id)
    desk.vault.remove(thing.id)
    return {"id": thing.id, "object": thing.kind, "deleted": True}


def _twin(desk: Desk, told: Json) -> Thing:
    """The same payment a second time: amount, customer and metadata are those of the first."""
    first = _object(desk, told, "payment_intent")
    names = ("amount", "currency", "customer", "metadata")
    return _payment(desk, {"kind": "payment", **{name: first.data[name] for name in names}})


def _lapse(desk: Desk, told: Json) -> Thing:
    intent = _object(desk, told, "payment_intent")
    if intent.status != "requires_capture":
        raise ValueError("`id` must name an intent that is held")
    intents.cancel(desk, intent, "automatic")
    return intent


def _closing(desk: Desk, told: Json) -> Thing:
    """The authorisation ends within the hour, and its charge says so."""
    intent = _object(desk, told, "payment_intent")
    charge = desk.of("charge", intent.data["latest_charge"] or "")
    card: dict[str, Any] = charge.data["payment_method_details"]["card"]
    card["capture_before"] = int(desk.now) + 3600
    intent.due_at = desk.now + 3600
    desk.save(charge)
    desk.save(intent)
    return intent


def _expired(desk: Desk, told: Json) -> Thing:
    session = _object(desk, told, "checkout.session")
    if session.status != "open":
        raise ValueError("`id` must name an open session")
    expire(desk, session)
    return session


def _account(desk: Desk, told: Json) -> Thing | Json:
    account = _object(desk, told, "account")
    if told["kind"] == "account_left":
        deauthorise(desk, account)
        return {"id": account.id, "object": "account", "deleted": True}
    if told["kind"] == "account_rejected":
        reject(desk, account)
    else:
        answered(desk, account, enabled=told["kind"] == "account_enabled")
    return account


KINDS = {
    "payment": Kind("a paid intent; amount, currency, metadata, customer, card", _payment),
    "authorisation": Kind("a held intent; amount, currency, metadata, customer, card", _payment),
    "lone_charge": Kind("a charge without an intent; amount, currency, metadata", _lone_charge),
    "double_charge": Kind("the payment `id` once more", _twin),
    "refund": Kind("a refund of the payment `id`; amount, metadata", _refund),
    "refund_failed": Kind("the refund `id` fails; reason", _failed_refund),
    "refund_pending": Kind("the refund `id` waits; status pending or requires_action", _pending_refund),
    "dispute": Kind("a dispute of the payment `id`; amount, reason", _dispute),
    "inquiry": Kind("an inquiry into the payment `id`; reason", _dispute),
    "dispute_won": Kind("the dispute `id` is won", _decided_dispute),
    "dispute_lost": Kind("the dispute `id` is lost", _decided_dispute),
    "early_fraud_warning": Kind("a warning about the payment `id`", _warning),
    "changed": Kind("the payment `id` with another amount, currency, status or metadata, told to nobody", _changed),
    "gone": Kind("takes the object `id` away, told to nobody", _gone),
    "authorisation_lapsed": Kind("the authorisation `id` lapses now", _lapse),
    "authorisation_ends_soon": Kind("the authorisation `id` ends within the hour", _closing),
    "session_expired": Kind("the session `id` ends now", _expired),
    "account_enabled": Kind("the account `id` takes payments", _account),
    "account_disabled": Kind("the account `id` takes none any more", _account),
    "account_rejected": Kind("the account `id` is rejected for good", _account),
    "account_left": Kind("the account `id` leaves the platform", _account),
}
