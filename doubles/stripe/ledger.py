"""The ledger: every fact about money as the provider knows it, computed from its objects, for reconciliation."""

from collections import defaultdict

from doubles.stripe.errors import Json
from doubles.stripe.vault import Thing, Vault

MOST_FACTS = 20_000


def ledger(vault: Vault, reference: str = "") -> Json:
    """Intents with what they took and gave back, and totals by currency; amounts in Stripe's minor units.

    reference: only intents whose metadata, or their session's, holds this text. Bounded to the newest 20,000 intents.
    """
    intents = vault.things([("kind = ?", "payment_intent")], MOST_FACTS)
    charges = _by(vault, "charge", "payment_intent")
    refunds = _by(vault, "refund", "payment_intent")
    disputes = _by(vault, "dispute", "payment_intent")
    facts = [
        _fact(intent, charges[intent.id], refunds[intent.id], disputes[intent.id])
        for intent in reversed(intents)
        if _holds(intent, reference)
    ]
    known = {intent.id for intent in intents}
    loose = [] if reference else [charge.data for intent, found in charges.items() if intent not in known
                                  for charge in found]  # fmt: skip
    return {"intents": facts, "charges_without_intent": loose, "totals": _totals(facts, loose)}


def _by(vault: Vault, kind: str, name: str) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = defaultdict(list)
    for thing in vault.things([("kind = ?", kind)], MOST_FACTS):
        found[str(thing.data.get(name) or "")].append(thing)
    return found


def _holds(intent: Thing, reference: str) -> bool:
    return not reference or any(reference in str(value) for value in intent.data["metadata"].values())


def _sum(things: list[Thing], name: str, *statuses: str) -> int:
    return sum(thing.data[name] for thing in things if not statuses or thing.status in statuses)


def _fact(intent: Thing, charges: list[Thing], refunds: list[Thing], disputes: list[Thing]) -> Json:
    data = intent.data
    paid = [charge for charge in charges if charge.data["captured"]]
    return {
        "id": intent.id,
        "created": data["created"],
        "status": data["status"],
        "amount": data["amount"],
        "currency": data["currency"],
        "capturable": data["amount_capturable"],
        "received": data["amount_received"],
        "captured": _sum(paid, "amount_captured"),
        "refunded": _sum(refunds, "amount", "succeeded"),
        "refunds_pending": _sum(refunds, "amount", "pending", "requires_action"),
        "refunds_failed": _sum(refunds, "amount", "failed"),
        "disputed": sum(thing.data["amount"] for thing in disputes if not thing.status.startswith("warning")),
        "customer": data["customer"],
        "metadata": data["metadata"],
        "session": intent.hidden.get("session"),
        "latest_charge": data["latest_charge"],
        "charges": [charge.id for charge in charges],
        "refunds": [
            {"id": refund.id, "amount": refund.data["amount"], "status": refund.status,
             "metadata": refund.data["metadata"]}
            for refund in refunds
        ],
        "disputes": [{"id": one.id, "amount": one.data["amount"], "status": one.status} for one in disputes],
    }  # fmt: skip


def _totals(facts: list[Json], loose: list[Json]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    names = ("captured", "refunded", "refunds_pending", "capturable", "disputed")
    for fact in facts:
        for name in names:
            totals[fact["currency"]][name] += fact[name]
    for charge in loose:
        totals[charge["currency"]]["captured"] += charge["amount_captured"]
    for total in totals.values():
        total["net"] = total["captured"] - total["refunded"] - total["refunds_pending"]
    return {currency: dict(total) for currency, total in totals.items()}


def facts_of(vault: Vault, intent: Thing) -> Json:
    """One intent with what it took and gave back."""
    charges, refunds, disputes = (
        vault.things([("payment_intent = ?", intent.id), ("kind = ?", kind)], MOST_FACTS)
        for kind in ("charge", "refund", "dispute")
    )
    return _fact(intent, charges, refunds, disputes)


def newest(vault: Vault, most: int) -> list[Json]:
    """The newest intents with their facts, the newest first."""
    return [facts_of(vault, intent) for intent in vault.things([("kind = ?", "payment_intent")], most)]
