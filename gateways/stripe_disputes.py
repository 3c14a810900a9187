"""Disputes and early fraud warnings as Stripe tells them; reads only."""

from datetime import UTC, datetime

from domain.disputes import DISPUTE, WARNING, DisputeSeen
from domain.provider_money import from_provider
from gateways.stripe_line import StripeLine
from gateways.stripe_words import NotTaken, code_of

MISSING = "resource_missing"
OF_A_WARNING = "issfr_"


class StripeDisputes:
    """What a card's bank says, on Stripe's API. Errors: ProviderAway."""

    def __init__(self, line: StripeLine) -> None:
        self._line = line

    def look(self, object_id: str) -> DisputeSeen | None:
        """How a dispute or a warning stands; None where Stripe has nothing of that name."""
        try:
            return self._warning(object_id) if object_id.startswith(OF_A_WARNING) else self._dispute(object_id)
        except NotTaken:
            return None

    def _dispute(self, object_id: str) -> DisputeSeen:
        body = self._line.get("disputes", object_id, None)
        currency = str(body["currency"]).upper()
        due = (body.get("evidence_details") or {}).get("due_by")
        return DisputeSeen(
            dispute_id=str(body["id"]),
            kind=DISPUTE,
            amount_minor=from_provider(int(body["amount"]), currency),
            currency=currency,
            reason=code_of(body.get("reason") or "general"),
            status=code_of(body["status"]),
            due_by=datetime.fromtimestamp(int(due), UTC) if due else None,
        )

    def _warning(self, object_id: str) -> DisputeSeen:
        body = self._line.get("radar.early_fraud_warnings", object_id, None, ("charge",))
        charge = body["charge"]
        currency = str(charge["currency"]).upper()
        return DisputeSeen(
            dispute_id=str(body["id"]),
            kind=WARNING,
            amount_minor=from_provider(int(charge["amount_captured"]), currency),
            currency=currency,
            reason=code_of(body.get("fraud_type") or "general"),
            status="needs_response" if body.get("actionable") else "warning_closed",
        )
