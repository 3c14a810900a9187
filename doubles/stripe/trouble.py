"""Disputes and early fraud warnings: what a card's bank says after the money was taken."""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, bad_state
from doubles.stripe.forms import FLAG, METADATA, PAGE, SPAN, TEXT, WHATEVER, merged
from doubles.stripe.money import note
from doubles.stripe.vault import Thing

ANSWER_SECONDS = 7 * 24 * 3600
DISPUTE_FEE = 1500
OPEN = frozenset({"needs_response", "under_review", "warning_needs_response", "warning_under_review"})


def begin_dispute(desk: Desk, charge: Thing, reason: str, *, inquiry: bool = False, amount: int | None = None) -> Thing:
    """A guest's bank takes a charge back, or only asks (an inquiry moves no money)."""
    disputed = charge.data["amount_captured"] if amount is None else amount
    dispute = desk.make(
        "dispute",
        "du_",
        {
            "amount": disputed,
            "balance_transactions": [],
            "charge": charge.id,
            "currency": charge.data["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": int(desk.now) + ANSWER_SECONDS,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "metadata": {},
            "network_reason_code": "10.4",
            "payment_intent": charge.data["payment_intent"],
            "payment_method_details": {"card": {"brand": "visa", "case_type": "inquiry" if inquiry else "chargeback"},
                                       "type": "card"},
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        },
        {"session": charge.hidden.get("session")},
    )  # fmt: skip
    charge.data |= {"disputed": True, "dispute": dispute.id}
    desk.save(charge)
    desk.tell("charge.dispute.created", dispute)
    if not inquiry:
        _move(desk, dispute, -disputed, DISPUTE_FEE)
        desk.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move(desk: Desk, dispute: Thing, amount: int, fee: int = 0) -> None:
    movement = desk.of("balance_transaction", note(desk, dispute, "adjustment", amount, fee))
    dispute.data["balance_transactions"].append(movement.data)
    desk.save(dispute)


def end_dispute(desk: Desk, dispute: Thing, *, won: bool) -> None:
    """The bank decides. What was won comes back; an inquiry only closes."""
    inquiry = dispute.status.startswith("warning")
    dispute.data["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    desk.save(dispute)
    desk.tell("charge.dispute.closed", dispute)
    if won and not inquiry:
        _move(desk, dispute, dispute.data["amount"])
        desk.tell("charge.dispute.funds_reinstated", dispute)


def warn_of_fraud(desk: Desk, charge: Thing) -> Thing:
    """A card's bank fears fraud before anybody disputes."""
    warning = desk.make(
        "radar.early_fraud_warning",
        "issfr_",
        {
            "actionable": True,
            "charge": charge.id,
            "fraud_type": "unauthorized_use_of_card",
            "payment_intent": charge.data["payment_intent"],
        },
        {"session": charge.hidden.get("session")},
    )
    desk.tell("radar.early_fraud_warning.created", warning)
    return warning


def _open_dispute(desk: Desk, dispute_id: str) -> Thing:
    dispute = desk.find("dispute", dispute_id)
    if dispute.status not in OPEN:
        raise bad_state("dispute_unexpected_state", f"This dispute is already closed ({dispute.status}).")
    return dispute


def update(desk: Desk, given: Json, dispute_id: str) -> Thing:
    """Answers a dispute. As in Stripe's test mode, the evidence `winning_evidence` wins, `losing_evidence` loses."""
    dispute = _open_dispute(desk, dispute_id)
    dispute.data["metadata"] = merged(dispute.data["metadata"], given.get("metadata") or {})
    evidence = given.get("evidence") or {}
    dispute.data["evidence"] = {**dispute.data["evidence"], **evidence}
    details = dispute.data["evidence_details"]
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    submitted = given.get("submit", True) and bool(evidence)
    if submitted:
        details["submission_count"] += 1
        dispute.data["status"] = dispute.status.replace("needs_response", "under_review")
    desk.save(dispute)
    desk.tell("charge.dispute.updated", dispute)
    text = evidence.get("uncategorized_text", "")
    if submitted and text in {"winning_evidence", "losing_evidence"}:
        end_dispute(desk, dispute, won=text == "winning_evidence")
    return dispute


def close(desk: Desk, _: Json, dispute_id: str) -> Thing:
    """Gives in."""
    dispute = _open_dispute(desk, dispute_id)
    end_dispute(desk, dispute, won=False)
    return dispute


_LIST: Json = {**PAGE, "created": SPAN, "charge": TEXT, "payment_intent": TEXT}
CALLS = (
    Call("GET", "disputes", listing("dispute", "disputes", charge="charge = ?", payment_intent="payment_intent = ?"),
         _LIST),
    Call("GET", "disputes/*", showing("dispute")),
    Call("POST", "disputes/*", update, {"evidence": WHATEVER, "metadata": METADATA, "submit": FLAG}),
    Call("POST", "disputes/*/close", close),
    Call(
        "GET",
        "radar/early_fraud_warnings",
        listing("radar.early_fraud_warning", "radar/early_fraud_warnings", charge="charge = ?",
                payment_intent="payment_intent = ?"),
        _LIST,
    ),
    Call("GET", "radar/early_fraud_warnings/*", showing("radar.early_fraud_warning")),
)  # fmt: skip
