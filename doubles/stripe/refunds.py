"""Refunds: at most what was captured and not refunded yet; pending, or failing later, where the card says so.

A refund that fails frees its amount again. `double_refund_seconds` in its metadata says when it is decided.
"""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.connect import refund_fee_part, reverse_transfer
from doubles.stripe.currencies import check_step, written
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, Refused, bad_state, missing, wrong
from doubles.stripe.forms import FLAG, METADATA, PAGE, SPAN, TEXT, WHOLE, OneOf, merged
from doubles.stripe.money import note
from doubles.stripe.people import card_of
from doubles.stripe.vault import Thing

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
DECIDED_SECONDS = 2
COUNTED = frozenset({"pending", "succeeded", "requires_action"})


def create(desk: Desk, given: Json, _: str) -> Thing:
    """Gives money back."""
    charge = _charge_of(desk, given)
    left = charge.data["amount_captured"] - charge.data["amount_refunded"]
    amount = given.get("amount", left)
    _check(desk, charge, amount, left)
    check_step(amount, charge.data["currency"], "amount")
    refund = _write(desk, charge, given, amount)
    total = charge.data["amount_refunded"]
    if given.get("reverse_transfer"):
        refund.data["transfer_reversal"] = reverse_transfer(desk, charge, total, refund)
    if given.get("refund_application_fee"):
        refund.hidden["fee_refund"] = refund_fee_part(desk, charge, total)
    desk.save(refund)
    desk.tell("refund.created", refund)
    desk.tell("charge.refunded", charge)
    return refund


def _charge_of(desk: Desk, given: Json) -> Thing:
    if given.get("charge"):
        return desk.find("charge", given["charge"], "charge")
    if not given.get("payment_intent"):
        raise missing("payment_intent")
    intent = desk.find("payment_intent", given["payment_intent"], "payment_intent")
    if intent.status != "succeeded":
        raise bad_state(
            "payment_intent_unexpected_state",
            f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return desk.of("charge", intent.data["latest_charge"])


def _check(desk: Desk, charge: Thing, amount: int, left: int) -> None:
    """Errors: Refused where the charge can't give that much."""
    if not charge.data["captured"] or charge.status != "succeeded":
        raise bad_state("charge_not_refundable", f"Charge {charge.id} was not captured; cancel its PaymentIntent.")
    if charge.data["disputed"]:
        dispute = desk.of("dispute", charge.data["dispute"])
        if not dispute.data["is_charge_refundable"] and dispute.status != "won":
            raise bad_state("charge_disputed", f"Charge {charge.id} has been charged back; cannot issue a refund.")
    currency = charge.data["currency"]
    if left == 0:
        raise bad_state("charge_already_refunded", f"Charge {charge.id} has already been refunded.")
    if amount > left:
        raise bad_state(
            "amount_too_large",
            f"Refund amount ({written(amount, currency)} {currency}) is greater than unrefunded amount on charge "
            f"({written(left, currency)} {currency})",
            param="amount",
        )
    if amount < 1:
        raise wrong("amount", "Invalid positive integer", "parameter_invalid_integer")


def _write(desk: Desk, charge: Thing, given: Json, amount: int) -> Thing:
    """The refund, and what it changes on its charge."""
    fate = card_of(desk.of("payment_method", charge.data["payment_method"])).refunds
    metadata = merged({}, given.get("metadata") or {})
    refund = desk.make(
        "refund",
        "re_",
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge.id,
            "currency": charge.data["currency"],
            "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
            "metadata": metadata,
            "payment_intent": charge.data["payment_intent"],
            "reason": given.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if fate == "pending" else "succeeded",
            "transfer_reversal": None,
        },
        {"session": charge.hidden.get("session")},
    )
    refund.data["balance_transaction"] = note(desk, refund, "refund", -amount)
    if fate != "at_once":
        told = metadata.get("double_refund_seconds", "")
        refund.hidden["becomes"] = "succeeded" if fate == "pending" else "failed"
        refund.due_at = desk.now + (int(told) if told.isdigit() else DECIDED_SECONDS)
    charge.data["amount_refunded"] += amount
    charge.data["refunded"] = charge.data["amount_refunded"] == charge.data["amount_captured"]
    desk.save(charge)
    return refund


def fall_due(desk: Desk, refund: Thing) -> None:
    """A refund is decided."""
    if refund.status not in COUNTED:
        desk.save(refund)
    elif refund.hidden.get("becomes") == "failed":
        fail(desk, refund, "unknown")
    else:
        refund.data["status"] = "succeeded"
        desk.save(refund)
        desk.tell("refund.updated", refund, {"status": "pending"})


def fail(desk: Desk, refund: Thing, reason: str) -> None:
    """The guest's bank sends a refund back: its amount is the platform's again, and can be refunded again."""
    _undo(desk, refund, "failed")
    refund.data["failure_reason"] = reason
    refund.data["failure_balance_transaction"] = note(desk, refund, "refund_failure", refund.data["amount"])
    desk.save(refund)
    desk.tell("refund.failed", refund)


def _undo(desk: Desk, refund: Thing, status: str) -> None:
    refund.data["status"] = status
    refund.due_at = None
    charge = desk.of("charge", refund.data["charge"])
    charge.data["amount_refunded"] -= refund.data["amount"]
    charge.data["refunded"] = False
    desk.save(charge)


def cancel(desk: Desk, _: Json, refund_id: str) -> Thing:
    """Takes back a refund that waits for the guest. Others can't be taken back."""
    refund = desk.find("refund", refund_id)
    if refund.status != "requires_action":
        raise bad_state(
            "refund_not_cancelable", f"This refund has a status of {refund.status}; only one that requires action may "
            "be canceled.",
        )  # fmt: skip
    _undo(desk, refund, "canceled")
    desk.save(refund)
    desk.tell("refund.updated", refund, {"status": "requires_action"})
    return refund


def update(desk: Desk, given: Json, refund_id: str) -> Thing:
    """Changes a refund's metadata."""
    refund = desk.find("refund", refund_id)
    before = dict(refund.data["metadata"])
    refund.data["metadata"] = merged(before, given.get("metadata") or {})
    desk.save(refund)
    desk.tell("refund.updated", refund, {"metadata": before})
    return refund


def one_reference(desk: Desk, given: Json, path: str) -> Thing:
    """Refuses a refund that names both an intent and a charge, or neither."""
    if given.get("charge") and given.get("payment_intent"):
        raise Refused(400, "You may only specify one of these parameters: charge, payment_intent.", param="charge")
    return create(desk, given, path)


CALLS = (
    Call(
        "POST",
        "refunds",
        one_reference,
        {
            "amount": WHOLE,
            "charge": TEXT,
            "payment_intent": TEXT,
            "metadata": METADATA,
            "reason": OneOf(REASONS),
            "refund_application_fee": FLAG,
            "reverse_transfer": FLAG,
        },
    ),
    Call(
        "GET",
        "refunds",
        listing("refund", "refunds", payment_intent="payment_intent = ?", charge="charge = ?"),
        {**PAGE, "payment_intent": TEXT, "charge": TEXT, "created": SPAN},
    ),
    Call("GET", "refunds/*", showing("refund")),
    Call("POST", "refunds/*", update, {"metadata": METADATA}),
    Call("POST", "refunds/*/cancel", cancel),
)
