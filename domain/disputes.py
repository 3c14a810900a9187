"""What a guest's bank says after the money was taken: disputes, inquiries and early warnings of fraud.

Rule: docs/rules/disputes.md. Source of the words: Stripe's page on the dispute object.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.clocks import local_text
from domain.money import Money, format_money

DISPUTE, WARNING = "dispute", "early_fraud_warning"
# Statuses after which nobody at the hotel can do anything any more.
ENDED = {
    "won": "The bank decided for the hotel.",
    "lost": "The bank decided for the guest.",
    "warning_closed": "The inquiry is closed.",
    "prevented": "The dispute was prevented.",
}

_OUTCOME = {"won": "won", "lost": "lost", "warning_closed": "closed", "prevented": "closed"}
OUTCOMES = frozenset(_OUTCOME.values())


@dataclass(frozen=True)
class DisputeSeen:
    """How a dispute, an inquiry or a warning stands at the provider.

    amount_minor: minor units of ISO 4217. due_by: until when evidence can be sent, None where none is asked for.
    """

    dispute_id: str
    kind: str
    amount_minor: int
    currency: str
    reason: str
    status: str
    due_by: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it is decided."""
        return self.status in ENDED


def outcome(statuses: Sequence[str]) -> str:
    """How the disputes of one payment stand: open while one is, else won, lost or closed by the newest; '' for none.

    statuses: the provider's words, the newest dispute first.
    """
    if any(status not in ENDED for status in statuses):
        return "open"
    return _OUTCOME[statuses[0]] if statuses else ""


def in_words(payment: int, seen: DisputeSeen, zone: str) -> str:
    """One sentence for the hotel's people. zone: the hotel's IANA name."""
    amount = format_money(Money(seen.amount_minor, seen.currency))
    reason = seen.reason.replace("_", " ") or "no reason given"
    if seen.kind == WARNING:
        return f"The card's bank fears fraud about payment {payment}, {amount} ({reason})."
    what = "asks about" if seen.status.startswith("warning") else "disputes"
    told = f"The guest's bank {what} {amount} of payment {payment}: {reason}."
    return told if seen.due_by is None else f"{told} Evidence is due by {local_text(seen.due_by, zone)}."


def all_in_words(found: Sequence[tuple[int, DisputeSeen]], zone: str) -> str:
    """Those of a booking that are still open, each with its payment's number; empty where none is."""
    return " ".join(in_words(payment, seen, zone) for payment, seen in found if not seen.ended)


def ending(found: Sequence[tuple[int, DisputeSeen]]) -> str:
    """How they ended, for the item that is closed with the last of them."""
    return " ".join(ENDED[seen.status] for _, seen in found if seen.ended)
