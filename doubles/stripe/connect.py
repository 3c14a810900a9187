"""Connected accounts: hotels that are paid out by transfers, the platform's fee, and what a refund takes back of both.

A refund of a part takes back the same part of transfer and fee; the last part takes what is left, so that sums fit.
"""

from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, bad_state, wrong
from doubles.stripe.money import note
from doubles.stripe.vault import Thing


def check_destination(desk: Desk, given: Json) -> None:
    """Whether the connected accounts that a payment names exist, and its fee fits.

    Errors: Refused, blaming `on_behalf_of`, `transfer_data[destination]` or `application_fee_amount`.
    """
    for name, account in (
        ("on_behalf_of", given.get("on_behalf_of")),
        ("transfer_data[destination]", (given.get("transfer_data") or {}).get("destination")),
    ):
        if account and desk.look("account", account) is None:
            raise wrong(name, f"No such destination: '{account}'", "resource_missing")
    check_fee(given.get("application_fee_amount"), given)


def check_fee(fee: int | None, given: Json) -> None:
    """Errors: Refused where a fee has no destination or isn't below the amount."""
    if fee is None:
        return
    if not given.get("transfer_data") and not given.get("on_behalf_of"):
        raise wrong(
            "application_fee_amount",
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using a "
            "Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
        )
    if fee > given["amount"]:
        raise wrong("application_fee_amount", "The application_fee_amount must not be greater than the amount.")


def pay_out(desk: Desk, charge: Thing) -> None:
    """Moves a captured charge's money to the account it is for, and keeps the platform's fee."""
    route = charge.data["transfer_data"] or {}
    if not route.get("destination"):
        return
    amount = min(route.get("amount") or charge.data["amount_captured"], charge.data["amount_captured"])
    transfer = desk.make(
        "transfer",
        "tr_",
        {
            "amount": amount,
            "amount_reversed": 0,
            "currency": charge.data["currency"],
            "description": None,
            "destination": route["destination"],
            "destination_payment": None,
            "metadata": {},
            "reversals": {"object": "list", "data": [], "has_more": False, "url": ""},
            "reversed": False,
            "source_transaction": charge.id,
            "source_type": "card",
            "transfer_group": charge.data["transfer_group"] or f"group_{charge.data['payment_intent']}",
        },
    )
    transfer.data["reversals"]["url"] = f"/v1/transfers/{transfer.id}/reversals"
    transfer.data["balance_transaction"] = note(desk, transfer, "transfer", -amount)
    desk.save(transfer)
    charge.data |= {"transfer": transfer.id, "transfer_group": transfer.data["transfer_group"]}
    desk.tell("transfer.created", transfer)
    fee = charge.data["application_fee_amount"]
    if fee:
        _keep_fee(desk, charge, min(fee, amount))


def _keep_fee(desk: Desk, charge: Thing, amount: int) -> None:
    fee = desk.make(
        "application_fee",
        "fee_",
        {
            "account": charge.data["destination"],
            "amount": amount,
            "amount_refunded": 0,
            "application": "ca_holdfast",
            "charge": charge.id,
            "currency": charge.data["currency"],
            "fee_source": {"charge": charge.id, "type": "charge"},
            "originating_transaction": charge.id,
            "refunded": False,
            "refunds": {"object": "list", "data": [], "has_more": False, "url": ""},
        },
    )
    fee.data["refunds"]["url"] = f"/v1/application_fees/{fee.id}/refunds"
    fee.data["balance_transaction"] = note(desk, fee, "application_fee", amount)
    desk.save(fee)
    charge.data["application_fee"] = fee.id
    desk.tell("application_fee.created", fee)


def share(whole: int, part: int, of: int) -> int:
    """`whole` × `part` ÷ `of`, rounded half up: what a part of a payment is of its transfer or fee."""
    return (2 * whole * part + of) // (2 * of)


def reverse_transfer(desk: Desk, charge: Thing, refunded_total: int, refund: Thing | None = None) -> str | None:
    """Takes back the transfer's part of what was refunded so far; answers the reversal's id."""
    if not charge.data["transfer"]:
        raise wrong("reverse_transfer", "Cannot reverse transfer: the charge has no associated transfer.")
    transfer = desk.of("transfer", charge.data["transfer"])
    due = share(transfer.data["amount"], refunded_total, charge.data["amount_captured"])
    amount = due - transfer.data["amount_reversed"]
    if amount <= 0:
        return None
    return reverse(desk, transfer, amount, {}, refund).id


def reverse(desk: Desk, transfer: Thing, amount: int, metadata: Json, refund: Thing | None = None) -> Thing:
    """Takes an amount back from a connected account. Errors: Refused where more is asked for than is left."""
    left = transfer.data["amount"] - transfer.data["amount_reversed"]
    if amount > left:
        raise bad_state("amount_too_large", f"Reversal amount ({amount}) is greater than unreversed amount ({left}).")
    reversal = desk.make(
        "transfer_reversal",
        "trr_",
        {
            "amount": amount,
            "currency": transfer.data["currency"],
            "destination_payment_refund": None,
            "metadata": metadata,
            "source_refund": refund.id if refund else None,
            "transfer": transfer.id,
        },
    )
    reversal.data["balance_transaction"] = note(desk, reversal, "transfer_refund", amount)
    desk.save(reversal)
    data = transfer.data
    data["amount_reversed"] += amount
    data["reversed"] = data["amount_reversed"] == data["amount"]
    data["reversals"]["data"].insert(0, reversal.data)
    desk.save(transfer)
    desk.tell("transfer.reversed", transfer)
    return reversal


def refund_fee_part(desk: Desk, charge: Thing, refunded_total: int) -> str | None:
    """Gives back the fee's part of what was refunded so far; answers the fee refund's id."""
    if not charge.data["application_fee"]:
        raise wrong("refund_application_fee", "The charge has no application fee to refund.")
    fee = desk.of("application_fee", charge.data["application_fee"])
    due = share(fee.data["amount"], refunded_total, charge.data["amount_captured"])
    amount = due - fee.data["amount_refunded"]
    return refund_fee(desk, fee, amount, {}).id if amount > 0 else None


def refund_fee(desk: Desk, fee: Thing, amount: int, metadata: Json) -> Thing:
    """Gives back an amount of a fee. Errors: Refused where more is asked for than is left."""
    left = fee.data["amount"] - fee.data["amount_refunded"]
    if amount > left:
        raise bad_state("amount_too_large", f"Refund amount ({amount}) is greater than unrefunded amount ({left}).")
    back = desk.make(
        "fee_refund",
        "fr_",
        {"amount": amount, "currency": fee.data["currency"], "fee": fee.id, "metadata": metadata},
    )
    back.data["balance_transaction"] = note(desk, back, "application_fee_refund", -amount)
    desk.save(back)
    data = fee.data
    data["amount_refunded"] += amount
    data["refunded"] = data["amount_refunded"] == data["amount"]
    data["refunds"]["data"].insert(0, back.data)
    desk.save(fee)
    desk.tell("application_fee.refunded", fee)
    return back
