"""Payments in words for the pages that guests see."""

from collections.abc import Mapping

from api.page_parts import amount_in_words
from api.shapes.payments import ToPay
from domain.booking import Booking
from domain.letters import told_purpose

# What is paid, as a guest reads it.
_PURPOSES: Mapping[str, str] = {
    "authorisation": "The whole stay; it is set aside on your card and charged when the hotel says yes",
    "prepaid": "The whole stay",
    "deposit": "The deposit",
    "guarantee": "A card as a guarantee; nothing is charged now",
    "fee": "The fee by the terms of your rate",
    "balance": "What is still open of your account",
}
# Attempts that came to nothing are not listed.
PAYMENT_STATES: Mapping[str, str] = {
    "processing": "Payment, being processed",
    "authorised": "Set aside on your card",
    "captured": "Paid",
    "saved": "Card kept as a guarantee",
}
REFUND_STATES: Mapping[str, str] = {
    "wanted": "Given back, on its way",
    "pending": "Given back, on its way",
    "needs_guest": "Given back, on its way",
    "succeeded": "Given back",
    "failed": "Could not be given back; please ask the hotel",
    "canceled": "Could not be given back; please ask the hotel",
}


def purpose_in_words(booking: Booking, asked: ToPay) -> str:
    """What is paid for. A deposit of all that is owed, and what follows the hotel's yes, are the whole stay."""
    return _PURPOSES[told_purpose(booking, asked.purpose, asked.amount.amount_minor)]


def pay_button(booking: Booking, asked: ToPay) -> str:
    """What the button to pay says."""
    if asked.amount.amount_minor == 0:
        return "Leave a card"
    amount = amount_in_words(asked.amount)
    sets_aside = told_purpose(booking, asked.purpose, asked.amount.amount_minor) == "authorisation"
    return f"Set {amount} aside" if sets_aside else f"Pay {amount}"
