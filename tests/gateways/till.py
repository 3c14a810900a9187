"""A booking at the till: orders carried out against the Stripe double over HTTP, as the stories give them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from activities.payments import PaymentActivities
from domain.booking import Booking
from domain.payments import How, Order, Payment, PayState, Refund, RefundState, Seen, Verb
from gateways.stripe_cashier import StripeCashier
from gateways.stripe_line import StripeLine
from messages.payments import ProviderOrder
from store.provider_calls import ProviderCalls
from store.session import Database
from store.stripe_accounts import StripeAccounts
from tests.doubles.stripe_running import KEY, StripeDouble
from tests.store.outbox import Outbox
from tests.story.world import connect

BASE_URL = "https://holdfast.example"
AMOUNT_MINOR = 24_000


@dataclass
class Clock:
    """The real clock of a test, which can be set on."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Lets time pass for keys."""
        self.now += timedelta(**span)


class Till:
    """One booking with its payments. clock: the real one; now: the story's, which is the same unless told."""

    def __init__(self, outbox: Outbox, double: StripeDouble, database: Database) -> None:
        self.booking: Booking = outbox.book()
        self.double = double
        self.clock = Clock(datetime.now(UTC))
        self.now = self.clock.now
        self.currency = "EUR"
        self.customer_id = ""
        self.method_id = ""
        self._owner_url = outbox.owner_url
        cashier = StripeCashier(StripeLine(KEY, double.address), BASE_URL)
        self.accounts = StripeAccounts(database)
        self.activities = PaymentActivities(ProviderCalls(database), self.accounts, cashier, self.clock)

    def payment(self, number: int = 1, how: How = How.HOSTED_PAGE, amount: int = AMOUNT_MINOR, **more: Any) -> Payment:
        """A payment of the booking, nothing done about it yet."""
        purpose = "guarantee" if amount == 0 else "fee" if how is How.OFF_SESSION else "deposit"
        whole: dict[str, Any] = {
            "purpose": purpose,
            "method": "stripe",
            "state": PayState.CREATED,
            "started_at": self.now,
            **more,
        }
        return Payment(number, how=how, amount_minor=amount, **whole)

    def order(self, verb: Verb, payment: Payment, **more: Any) -> ProviderOrder:
        """What the story asks for. more: fields of the order (amount_minor, attempt, gracious) or of its message."""
        own = {name: more.pop(name) for name in ("amount_minor", "attempt", "gracious") if name in more}
        order = Order(1, verb, payment.number, **own)
        booking = self.booking
        whole: dict[str, Any] = {
            "customer_id": self.customer_id,
            "method_id": self.method_id,
            "currency": self.currency,
            **more,
        }
        whole.setdefault("now", self.now)
        return ProviderOrder(booking.hotel_id, "house", booking.reference, order=order, payment=payment, **whole)

    async def do(self, verb: Verb, payment: Payment, **more: Any) -> Seen:
        """Carries an order out once."""
        return await self.activities.carry_out(self.order(verb, payment, **more))

    async def begun(self, payment: Payment, **more: Any) -> Payment:
        """The payment with its page or its intent."""
        seen = await self.do(Verb.BEGIN, payment, **more)
        assert not seen.trouble, seen
        self.customer_id = seen.customer_id
        return replace(payment, session_id=seen.session_id, intent_id=seen.intent_id)

    async def paid(self, payment: Payment, card: str = "4242424242424242", **more: Any) -> tuple[Payment, Seen]:
        """The payment after the guest has used a card on its page."""
        payment = await self.begun(payment, **more)
        self.pay(payment, card)
        seen = await self.do(Verb.READ, payment)
        self.method_id = seen.method_id
        return replace(payment, intent_id=seen.intent_id, captured_minor=seen.captured_minor), seen

    def pay(self, payment: Payment, card: str = "4242424242424242") -> Any:
        """The guest pays on the hosted page; the answer of the page."""
        return self.double.pay(f"{self.double.address}/c/pay/{payment.session_id}", card)

    def refund(self, amount: int, payment: int = 1, number: int = 1) -> Refund:
        """A refund that is wanted."""
        return Refund(number, payment, amount, RefundState.WANTED, self.now, "cancelled")

    async def give_back(self, payment: Payment, refund: Refund, **more: Any) -> Seen:
        """Carries the refund's order out once."""
        return await self.do(Verb.REFUND, payment, refund=refund, amount_minor=refund.amount_minor, **more)

    def intents(self) -> list[Any]:
        """The booking's payment intents at the provider."""
        found = self.double.sdk.v1.payment_intents.list({"customer": self.customer_id, "limit": 100})
        return list(found.data)

    def taken(self) -> list[int]:
        """What was charged to the guest, charge by charge."""
        return sorted(intent.amount_received for intent in self.intents() if intent.amount_received)

    def given_back(self, intent_id: str) -> list[int]:
        """The refunds of a payment."""
        found = self.double.sdk.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        return [one.amount for one in found.data]

    def rows(self) -> list[dict[str, Any]]:
        """The booking's written calls, in order."""
        with connect(self._owner_url) as db, db.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(
                "SELECT * FROM provider_calls WHERE reference = %s ORDER BY recorded_at, key", [self.booking.reference]
            )
            return cursor.fetchall()

    def row(self, verb: str) -> dict[str, Any]:
        """The written call of one verb."""
        [row] = [row for row in self.rows() if f".{verb}." in row["key"]]
        return row

    def forget_rows(self, part: str) -> None:
        """The booking's written calls with this in their keys were never written."""
        with connect(self._owner_url) as db:
            db.execute(
                "DELETE FROM provider_calls WHERE reference = %s AND position(%s IN key) > 0",
                [self.booking.reference, part],
            )
