"""Payment intents as a strict state machine.

requires_payment_method → requires_confirmation → requires_action → processing → requires_capture → succeeded, or
canceled. A decline leads back to requires_payment_method; one capture ends an authorisation and releases the rest.
"""

from doubles.stripe.cards import MESSAGES, Card
from doubles.stripe.charges import held_seconds, new_charge, settle, told
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, Refused, bad_state, card_refused
from doubles.stripe.people import attach, card_of
from doubles.stripe.vault import Thing

CANCELABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"})
CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def unexpected(intent: Thing, doing: str, allowed: str) -> Refused:
    """The intent isn't in a state in which this can be done."""
    code = "setup_intent_unexpected_state" if intent.kind == "setup_intent" else "payment_intent_unexpected_state"
    name = "SetupIntent" if intent.kind == "setup_intent" else "PaymentIntent"
    return bad_state(
        code,
        f"This {name} could not be {doing} because it has a status of {intent.status}. Only {allowed} may be {doing}.",
        **{intent.kind: intent.data},
    )


def attempt(desk: Desk, intent: Thing, method: Thing, *, off_session: bool = False) -> None:
    """Asks the card's bank for the intent's money.

    Errors: Refused 402 where it says no; the failed charge and the intent's new state stay.
    """
    card = card_of(method)
    intent.data |= {"payment_method": method.id, "last_payment_error": None, "next_action": None}
    intent.hidden |= {"off_session": off_session, "method": method.id}
    needed = _must_prove(card, method, off_session=off_session)
    if needed and off_session:
        raise decline(desk, intent, method, "authentication_required", "authentication_required")
    if needed:
        ask_guest(desk, intent)
        return
    conclude(desk, intent, method)


def _must_prove(card: Card, method: Thing, *, off_session: bool) -> bool:
    """Whether the card's bank wants the guest to authenticate."""
    match card.asks:
        case "always":
            return True
        case "unless_set_up":
            # On-session payments with it always ask; off-session ones only where it was never set up.
            return not (off_session and method.hidden.get("set_up"))
        case "on_session":
            return not off_session
    return False


def ask_guest(desk: Desk, intent: Thing) -> None:
    """Waits for the guest on his bank's page."""
    url = f"{desk.base}/3ds/{intent.id}/{intent.data['client_secret'].rpartition('_')[2]}"
    if told(intent, "double_3ds") == "abandon":
        intent.hidden["abandoned"] = True
    redirect = {"return_url": intent.hidden.get("return_url"), "url": url}
    intent.data |= {
        "status": "requires_action",
        "next_action": {"redirect_to_url": redirect, "type": "redirect_to_url"},
    }
    desk.save(intent)
    desk.tell("payment_intent.requires_action", intent)


def conclude(desk: Desk, intent: Thing, method: Thing) -> None:
    """The bank's word after authentication, or without it. Errors: Refused 402."""
    card = card_of(method)
    intent.data["next_action"] = None
    if card.code:
        raise decline(desk, intent, method, card.code, card.decline_code)
    wait = told(intent, "double_processing_seconds")
    if wait.isdigit() and int(wait):
        intent.data["status"] = "processing"
        intent.data["processing"] = {"card": {"customer_notification": None}, "type": "card"}
        intent.due_at = desk.now + int(wait)
        desk.save(intent)
        desk.tell("payment_intent.processing", intent)
        return
    take(desk, intent, method)


def decline(desk: Desk, intent: Thing, method: Thing, code: str, decline_code: str | None) -> Refused:
    """Writes a failed charge, and answers the refusal to raise. The card doesn't stay on the intent.

    Where the guest did not prove himself the bank was never asked, so there is no charge.
    """
    asked = not code.endswith("_authentication_failure")
    charge = new_charge(desk, intent, method, code=code) if asked else None
    error: Json = {
        "charge": charge.id if charge else None,
        "code": code,
        "decline_code": decline_code,
        "message": MESSAGES.get(decline_code or "", MESSAGES.get(code, MESSAGES["card_declined"])),
        "param": "cvc" if code == "incorrect_cvc" else None,
        "payment_method": method.data,
        "type": "card_error" if asked else "invalid_request_error",
    }
    error = {key: value for key, value in error.items() if value is not None}
    intent.data |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": error,
        "next_action": None,
        "processing": None,
    }
    if charge is not None:
        intent.data["latest_charge"] = charge.id
        desk.tell("charge.failed", charge)
    desk.save(intent)
    desk.tell("payment_intent.payment_failed", intent)
    return card_refused(
        code,
        error["message"],
        decline_code,
        param=error.get("param"),
        charge=error.get("charge"),
        payment_intent=dict(intent.data),
        payment_method=method.data,
    )


def take(desk: Desk, intent: Thing, method: Thing) -> None:
    """The bank said yes: takes the money, or holds it until it is captured."""
    charge = new_charge(desk, intent, method)
    amount = intent.data["amount"]
    intent.data |= {"latest_charge": charge.id, "processing": None, "last_payment_error": None}
    if intent.data["setup_future_usage"] and intent.data["customer"]:
        method.hidden["set_up"] = method.hidden.get("set_up") or bool(intent.hidden.get("proved"))
        attach(desk, method, intent.data["customer"])
        desk.save(method)
    if charge.data["captured"]:
        settle(desk, charge, method)
        intent.data |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        desk.save(intent)
        desk.tell("charge.succeeded", charge)
        desk.tell("payment_intent.succeeded", intent)
        return
    intent.data |= {"status": "requires_capture", "amount_capturable": amount}
    intent.due_at = desk.now + held_seconds(intent)
    desk.save(intent)
    desk.tell("charge.succeeded", charge)
    desk.tell("payment_intent.amount_capturable_updated", intent)


def capture(desk: Desk, intent: Thing, amount: int) -> None:
    """Takes an authorised amount, once; the bank releases the rest."""
    charge = desk.of("charge", intent.data["latest_charge"])
    charge.data |= {"captured": True, "amount_captured": amount}
    charge.data["application_fee_amount"] = intent.data["application_fee_amount"]
    charge.data["transfer_data"] = intent.data["transfer_data"]
    intent.due_at = None
    intent.data |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    settle(desk, charge, desk.of("payment_method", intent.data["payment_method"]))
    desk.save(intent)
    desk.tell("charge.captured", charge)
    desk.tell("payment_intent.succeeded", intent)
    _session_paid(desk, intent)


def _session_paid(desk: Desk, intent: Thing) -> None:
    session = desk.vault.thing(str(intent.hidden.get("session") or ""))
    if session is not None and session.status == "complete":
        session.data["payment_status"] = "paid"
        desk.save(session)


def cancel(desk: Desk, intent: Thing, reason: str | None) -> None:
    """Ends an intent; what its bank held is released."""
    held = intent.status == "requires_capture"
    intent.due_at = None
    intent.data |= {
        "status": "canceled",
        "canceled_at": int(desk.now),
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    desk.save(intent)
    if held:
        charge = desk.of("charge", intent.data["latest_charge"])
        # A released authorisation shows as wholly refunded, though no money ever moved.
        charge.data |= {"refunded": True, "amount_refunded": charge.data["amount"]}
        desk.save(charge)
        if reason == "automatic":
            desk.tell("charge.expired", charge)
    desk.tell("payment_intent.canceled", intent)


def fall_due(desk: Desk, intent: Thing) -> None:
    """What happens to an intent by itself: an authorisation lapses, or a processing one is decided."""
    if intent.status == "requires_capture":
        cancel(desk, intent, "automatic")
    elif intent.status == "processing":
        _decide(desk, intent)
    else:
        desk.save(intent)


def _decide(desk: Desk, intent: Thing) -> None:
    method = desk.of("payment_method", intent.hidden["method"])
    if told(intent, "double_processing_ends") == "failed":
        decline(desk, intent, method, "card_declined", "generic_decline")
        _late(desk, intent, "failed")
        return
    take(desk, intent, method)
    _late(desk, intent, "succeeded")


def _late(desk: Desk, intent: Thing, word: str) -> None:
    """A session that was completed while its payment was processing hears how it ended."""
    session = desk.vault.thing(str(intent.hidden.get("session") or ""))
    if session is None or session.status != "complete":
        return
    if intent.status == "succeeded":
        session.data["payment_status"] = "paid"
    desk.save(session)
    desk.tell(f"checkout.session.async_payment_{word}", session)
