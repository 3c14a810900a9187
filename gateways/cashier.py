"""Taking money, in words of ours: the payment provider is hidden behind `Cashier`.

The methods are plain functions that wait for the network, so they run in a thread. Whatever changes something at the
provider is a `Call` that was written down before; the answer is told in the words of messages.payments.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.payments import Seen
from domain.provider_calls import Call, Written
from domain.provider_money import Merchant, Paid
from messages.payments import ProviderOrder


@dataclass(frozen=True)
class Answer:
    """A definite answer to a call: what is there now, and the object that the call made or was about.

    code: why the provider refuses the call for good, empty where it does not; a declined card is no refusal of the
    call. stale: the refusal is of a moment that has passed, and the call may be worded anew. taken: the key was used
    for other words before, so what it made then has to be looked for.
    """

    seen: Seen
    object_id: str = ""
    code: str = ""
    stale: bool = False
    taken: bool = False


class Cashier(Protocol):
    """A payment provider. Nothing of its own, no exception either, gets past it.

    `at` is the real clock's instant, `now` the story's. Errors of every method that waits for the network:
    ProviderAway, where the same may be repeated after a moment.
    """

    def customer_call(self, order: ProviderOrder) -> Call:
        """The call that makes the booking's customer, which comes before all others."""
        ...

    def order_call(self, order: ProviderOrder, merchant: Merchant, at: datetime) -> Call | None:
        """The order's own call: begin, charge, capture, void, close. None where it is too little to charge."""
        ...

    def refund_call(self, order: ProviderOrder, merchant: Merchant, paid: Paid) -> Call | None:
        """The call of a refund, of a payment that was made in this way. None where it is too little to give back."""
        ...

    def paid_by(self, intent_id: str, now: datetime) -> Paid:
        """How a payment was made, whatever the hotel's account is by now."""
        ...

    def reworded(self, call: Call, at: datetime, now: datetime) -> Call:
        """The same call with its moments set anew, for a fresh key."""
        ...

    def send(self, written: Written, now: datetime) -> Answer:
        """Sends a written call under its key of this round."""
        ...

    def match(self, call: Call, now: datetime) -> str:
        """The object that carries the call's key, empty where there is none; lists, and never searches."""
        ...

    def look(self, object_id: str, now: datetime) -> Seen:
        """How a session, an intent or a refund is now. One that is not known there: trouble `refused`."""
        ...

    def find_refund(self, order: ProviderOrder) -> str:
        """The object of the order's refund by its number in the metadata, empty where there is none."""
        ...
