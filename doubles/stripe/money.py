"""Balance transactions: every movement of the platform's balance, with Stripe's fee on charges.

The fee is a flat rule of the double, 1.5 % and 25 minor units; Stripe's depends on card, country and contract.
"""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.desk import Desk
from doubles.stripe.forms import PAGE, SPAN, TEXT
from doubles.stripe.vault import Thing

FEE_PER_THOUSAND, FEE_FIXED = 15, 25
AVAILABLE_SECONDS = 2 * 24 * 3600


def processing_fee(amount: int) -> int:
    """What the provider keeps of a charge, in minor units; half a unit is rounded up, never more than the charge."""
    return min(amount, (amount * FEE_PER_THOUSAND + 500) // 1_000 + FEE_FIXED)


def note(desk: Desk, source: Thing, kind: str, amount: int, fee: int = 0) -> str:
    """Writes a movement and answers its id. kind: Stripe's word; amount: what came in, negative for what went out."""
    details = [{"amount": fee, "application": None, "currency": source.data["currency"],
                "description": "Stripe processing fees", "type": "stripe_fee"}] if fee else []  # fmt: skip
    movement = desk.make(
        "balance_transaction",
        "txn_",
        {
            "amount": amount,
            "available_on": int(desk.now) + AVAILABLE_SECONDS,
            "currency": source.data["currency"],
            "description": source.data.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details,
            "net": amount - fee,
            "reporting_category": kind,
            "source": source.id,
            "status": "pending",
            "type": kind,
        },
    )
    return movement.id


def note_charge(desk: Desk, charge: Thing) -> None:
    """A charge's money came in; the charge names the movement."""
    amount = charge.data["amount_captured"]
    charge.data["balance_transaction"] = note(desk, charge, "charge", amount, processing_fee(amount))


CALLS = (
    Call(
        "GET",
        "balance_transactions",
        listing(
            "balance_transaction",
            "balance_transactions",
            type="json_extract(data, '$.type') = ?",
            source="json_extract(data, '$.source') = ?",
            currency="json_extract(data, '$.currency') = ?",
        ),
        {**PAGE, "created": SPAN, "type": TEXT, "source": TEXT, "currency": TEXT, "payout": TEXT},
    ),
    Call("GET", "balance_transactions/*", showing("balance_transaction")),
)
