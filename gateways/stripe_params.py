"""What is told to Stripe for each order. No word about people: the guest gives them to Stripe, on its own page.

Metadata (booking, hotel, payment, refund, key) goes onto everything that is made, on a session and on what comes of it,
so that every object is found and every webhook is understood without asking first.
"""

from datetime import datetime, timedelta
from typing import Any

from domain.payments import How, Verb
from domain.provider_money import Account, Merchant, Paid, chargeable_minor, platform_fee, to_provider
from messages.payments import ProviderOrder

BOOKING, HOTEL, PAYMENT, REFUND, KEY = (
    "holdfast_booking",
    "holdfast_hotel",
    "holdfast_payment",
    "holdfast_refund",
    "holdfast_key",
)
# Stripe's bounds of a session are 30 minutes and 24 hours; a minute is left for the way there.
SHORTEST, LONGEST = timedelta(minutes=31), timedelta(hours=23, minutes=59)
MOST_OF_A_NAME = 150
CARD = ["card"]

Params = dict[str, Any]


def metadata(order: ProviderOrder, key: str) -> dict[str, str]:
    """By which an object is known to be ours."""
    told = {BOOKING: order.reference, HOTEL: str(order.hotel_id), KEY: key}
    told[PAYMENT] = str(order.payment.number)
    if order.refund is not None:
        told[REFUND] = str(order.refund.number)
    return told


def customer(order: ProviderOrder, key: str) -> Params:
    """The booking's customer: nothing but what booking it is."""
    return {"metadata": {BOOKING: order.reference, HOTEL: str(order.hotel_id), KEY: key}}


def session(order: ProviderOrder, merchant: Merchant, base_url: str, at: datetime) -> Params:
    """A hosted page for a payment, or for a card that is only saved."""
    told = metadata(order, order.key())
    back = f"{base_url}/pay/return/{order.reference}"
    params: Params = {
        "ui_mode": "hosted_page",
        "customer": order.customer_id,
        "client_reference_id": order.reference,
        "allowed_payment_method_types": CARD,
        "success_url": back,
        "cancel_url": back,
        "expires_at": int(ends_at(order, at).timestamp()),
        "metadata": told,
    }
    if saves_only(order):
        return {**params, "mode": "setup", "setup_intent_data": {"metadata": told, **_for_whom(merchant.account)}}
    amount, _ = to_provider(order.payment.amount_minor, order.currency)
    what = {"name": f"{merchant.name[:MOST_OF_A_NAME]} · {order.reference}"}
    price = {"currency": order.currency.lower(), "unit_amount": amount, "product_data": what}
    return {
        **params,
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        # The guest pays what the booking says, in the hotel's currency, once.
        "adaptive_pricing": {"enabled": False},
        "payment_intent_data": {"metadata": told, **_taking(order, merchant.account, amount)},
    }


def intent(order: ProviderOrder, merchant: Merchant) -> Params:
    """A payment that a guest will confirm on a page of ours."""
    return {
        "customer": order.customer_id,
        "allowed_payment_method_types": CARD,
        "metadata": metadata(order, order.key()),
        **_amount(order, merchant.account),
    }


def setup_intent(order: ProviderOrder, merchant: Merchant) -> Params:
    """A card that a guest will save on a page of ours."""
    return {
        "customer": order.customer_id,
        "allowed_payment_method_types": CARD,
        "usage": "off_session",
        "metadata": metadata(order, order.key()),
        **_for_whom(merchant.account),
    }


def charge(order: ProviderOrder, merchant: Merchant) -> Params:
    """A payment with the saved card, without the guest."""
    return {
        "customer": order.customer_id,
        "payment_method": order.method_id,
        "allowed_payment_method_types": CARD,
        "confirm": True,
        "off_session": True,
        "metadata": metadata(order, order.key()),
        "expand": ["latest_charge"],
        **_amount(order, merchant.account),
    }


def capture(order: ProviderOrder, account: Account | None) -> Params:
    """Taking an authorised amount, or a part of it; the platform's share is of what is taken."""
    amount, _ = to_provider(order.order.amount_minor, order.currency)
    params: Params = {"amount_to_capture": amount, "expand": ["latest_charge"]}
    if account is not None and (fee := platform_fee(amount, account.fee_percent)):
        params["application_fee_amount"] = fee
    return params


def refund(order: ProviderOrder, account: Account | None, paid: Paid) -> Params:
    """Money back, of one payment. What was passed on to the hotel's own account comes back from there."""
    amount, _ = to_provider(order.order.amount_minor, order.currency)
    params: Params = {
        "payment_intent": order.payment.intent_id,
        "amount": amount,
        "metadata": metadata(order, order.key()),
    }
    if paid.passed_on:
        params["reverse_transfer"] = True
        if paid.with_fee:
            params["refund_application_fee"] = account is None or account.refunds_fee
    return params


def saves_only(order: ProviderOrder) -> bool:
    """Whether nothing is taken now: a guarantee."""
    return order.payment.purpose == "guarantee" or order.payment.amount_minor == 0


def is_too_little(order: ProviderOrder) -> bool:
    """Whether the provider would charge nothing of the payment, and no card is to be saved either."""
    saves = saves_only(order) and order.order.verb is not Verb.CHARGE
    return not saves and chargeable_minor(order.payment.amount_minor, order.currency) == 0


def ends_at(order: ProviderOrder, at: datetime) -> datetime:
    """Until when a page can be used: as long as the hold lasts, within Stripe's bounds.

    at: the real clock; a story whose time is skipped is ahead of it, and so is the double that it talks to.
    """
    lasts = LONGEST if order.hold_until is None else order.hold_until - order.now
    return max(at, order.now) + min(max(lasts, SHORTEST), LONGEST)


def _amount(order: ProviderOrder, account: Account | None) -> Params:
    amount, _ = to_provider(order.payment.amount_minor, order.currency)
    return {"amount": amount, "currency": order.currency.lower(), **_taking(order, account, amount)}


def _taking(order: ProviderOrder, account: Account | None, amount: int) -> Params:
    """How the money is taken: at once or later, with or without keeping the card, and for whom."""
    params: Params = {"capture_method": "manual" if order.manual else "automatic"}
    if order.save_card and order.payment.how is not How.OFF_SESSION:
        params["setup_future_usage"] = "off_session"
    if account is not None:
        params["transfer_data"] = {"destination": account.account_id}
        if fee := platform_fee(amount, account.fee_percent):
            params["application_fee_amount"] = fee
    return {**params, **_for_whom(account)}


def _for_whom(account: Account | None) -> Params:
    return {} if account is None else {"on_behalf_of": account.account_id}
