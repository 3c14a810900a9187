"""Charges: what a card was asked for. A charge is taken at once, or only authorised until it is captured or lapses.

An authorisation lapses after seven days, or after what `double_authorisation_lapses_seconds` says.
"""

from doubles.stripe.cards import MESSAGES, Card
from doubles.stripe.connect import pay_out
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json
from doubles.stripe.money import note_charge
from doubles.stripe.people import card_of
from doubles.stripe.trouble import begin_dispute, warn_of_fraud
from doubles.stripe.vault import Thing

AUTHORISED_SECONDS = 7 * 24 * 3600


def _outcome(card: Card, *, declined: bool) -> Json:
    if card.blocked:
        return {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "risk_level": "highest",
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    if declined:
        return {
            "network_status": "declined_by_network",
            "reason": card.decline_code or card.code or "authentication_required",
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
    return {
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def new_charge(desk: Desk, intent: Thing, method: Thing, *, code: str = "") -> Thing:
    """A charge for an intent, written. code: why its bank said no; empty where it said yes."""
    card, asked = card_of(method), intent.data
    manual = asked["capture_method"] == "manual"
    taken = not code and not manual
    held: Json = {"capture_before": int(desk.now) + held_seconds(intent)} if manual and not code else {}
    data: Json = {
        "amount": asked["amount"],
        "amount_captured": asked["amount"] if taken else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": asked["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": method.data["billing_details"],
        "calculated_statement_descriptor": asked["statement_descriptor"] or "HOLDFAST",
        "captured": taken,
        "currency": asked["currency"],
        "customer": asked["customer"],
        "description": asked["description"],
        "destination": (asked["transfer_data"] or {}).get("destination"),
        "dispute": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": code or None,
        "failure_message": MESSAGES.get(code),
        "fraud_details": {},
        "metadata": dict(asked["metadata"]),
        "on_behalf_of": asked["on_behalf_of"],
        "outcome": _outcome(card, declined=bool(code)),
        "paid": not code,
        "payment_intent": intent.id,
        "payment_method": method.id,
        "payment_method_details": {
            "card": {
                **method.data["card"],
                **held,
                "amount_authorized": None if code else asked["amount"],
                "authorization_code": None if code else "123456",
                "three_d_secure": {"result": "authenticated"} if intent.hidden.get("proved") else None,
            },
            "type": "card",
        },
        "receipt_email": asked["receipt_email"],
        "receipt_url": None if code else f"{desk.base}/receipts/{intent.id}",
        "refunded": False,
        "review": None,
        "shipping": asked["shipping"],
        "source_transfer": None,
        "statement_descriptor": asked["statement_descriptor"],
        "statement_descriptor_suffix": asked["statement_descriptor_suffix"],
        "status": "failed" if code else "succeeded",
        "transfer": None,
        "transfer_data": asked["transfer_data"],
        "transfer_group": asked["transfer_group"],
    }
    return desk.make("charge", "ch_", data, {"session": intent.hidden.get("session")})


def held_seconds(intent: Thing) -> int:
    """How long its authorisation lasts."""
    seconds = told(intent, "double_authorisation_lapses_seconds")
    return int(seconds) if seconds.isdigit() else AUTHORISED_SECONDS


def told(intent: Thing, name: str) -> str:
    """What the intent's metadata, or that of its session, tells the double to do; empty where it tells nothing."""
    return str(intent.data["metadata"].get(name) or intent.hidden.get("double", {}).get(name, ""))


def settle(desk: Desk, charge: Thing, method: Thing) -> None:
    """What follows once a charge's money was taken: balance, pay-out to a connected account, and what its card does."""
    note_charge(desk, charge)
    pay_out(desk, charge)
    desk.save(charge)
    match card_of(method).after:
        case "dispute":
            begin_dispute(desk, charge, "fraudulent")
        case "dispute_not_received":
            begin_dispute(desk, charge, "product_not_received")
        case "inquiry":
            begin_dispute(desk, charge, "fraudulent", inquiry=True)
        case "early_fraud":
            warn_of_fraud(desk, charge)
