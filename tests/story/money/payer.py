"""A guest with a card, and what the provider and the books say afterwards."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from temporalio.common import WorkflowIDConflictPolicy

from messages.bookings import Answer, BookingStart, Resume
from messages.names import BOOKINGS_QUEUE, workflow_id
from messages.payments import GiveRefund, MoneyHint, StartPayment
from store.states import read_state
from tests.doubles.stripe_running import VISA, StripeDouble
from tests.story.world import GUEST, MANAGER, Life
from workflows.booking import BookingWorkflow


class PageClosed(Exception):
    """The page of a payment is no longer open."""


@dataclass
class Payer(Life):
    """A life whose guest pays by card. stripe: the provider's double."""

    stripe: StripeDouble | None = None

    @property
    def provider(self) -> StripeDouble:
        """The double."""
        assert self.stripe is not None
        return self.stripe

    @property
    def purse(self) -> Any:
        """The money in the booking's state."""
        return read_state(self.row()["state"]).purse

    async def start(self, how: str = "hosted_page", **more: Any) -> Answer:
        """The guest asks to pay."""
        return await self.ask(BookingWorkflow.start_payment, StartPayment(self.asked(GUEST, **more), how))

    async def give_back(self, amount_minor: int, payment: int | None = None, **more: Any) -> Answer:
        """The desk gives money back."""
        more.setdefault("reason", "A cold shower.")
        asked = self.asked(more.pop("actor", MANAGER), **more)
        command = GiveRefund(asked, amount_minor, self.house.terms.currency, payment)
        return await self.ask(BookingWorkflow.give_refund, command)

    def page(self) -> str:
        """Where the open payment's page is. Errors: PageClosed."""
        session = self.provider.sdk.v1.checkout.sessions.retrieve(self.purse.open_payment.session_id)
        if not session.url:
            raise PageClosed(session.status)
        return session.url

    async def on_page(self, card: str = VISA, **fields: str) -> httpx.Response:
        """The guest fills the page in."""
        return await asyncio.to_thread(self.provider.pay, await asyncio.to_thread(self.page), card, **fields)

    async def hint(self, *payments: int, refunds: tuple[int, ...] = ()) -> None:
        """The provider tells of something; a story that has ended begins again from its row for it."""
        await self.client.start_workflow(
            BookingWorkflow.run,
            BookingStart(resume=Resume(self.house.hotel_id, self.reference)),
            id=workflow_id(self.reference),
            task_queue=BOOKINGS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="money_news",
            start_signal_args=[MoneyHint(payments, refunds)],
        )

    async def paid(self, card: str = VISA) -> None:
        """The guest pays, and the provider tells of it."""
        await self.start()
        number = self.purse.open_payment.number
        answer = await self.on_page(card)
        assert answer.status_code == 303, answer.text
        await self.hint(number)

    async def put_off(self) -> None:
        """The manager takes nine days to answer a request, and a bank sets money aside for seven."""
        await self.comes_to("pending")
        await self.move_clock("approval_deadline", await self.clock() + timedelta(days=9), actor=MANAGER)

    async def paid_for_later(self, seconds: int) -> None:
        """The guest pays on the open page, and the provider decides that many seconds later."""
        await self.start()
        told = {"metadata": {"double_processing_seconds": str(seconds)}}
        sessions = self.provider.sdk.v1.checkout.sessions
        await asyncio.to_thread(sessions.update, self.purse.open_payment.session_id, told)
        answer = await self.on_page()
        assert answer.status_code == 303, answer.text

    async def comes_to(self, status: str, seconds: float = 60) -> dict[str, Any]:
        """The row once it has this status."""
        try:
            return await self.reaches(status, seconds=seconds)
        except TimeoutError:
            row = self.row()
            told = (
                f"{row['status']}, not {status}: {row['waiting_for']} {self.events()} {row['attention']} {self.purse}"
            )
            raise AssertionError(told) from None

    async def reaches_clock(self, key: str, seconds: float = 60) -> dict[str, Any]:
        """The row once this clock runs."""
        async with asyncio.timeout(seconds):
            while key not in self.agenda():
                await asyncio.sleep(0.02)
        return self.row()

    async def settles(self, seconds: float = 60) -> None:
        """The provider has nothing to do for the booking any more."""
        async with asyncio.timeout(seconds):
            while self.purse.orders:
                await asyncio.sleep(0.02)

    def payments(self) -> list[tuple[str, str, int, int]]:
        """Purpose, state, taken and given back of each payment's row."""
        rows = self.looked(
            "SELECT purpose, state, coalesce(captured_minor, amount_minor) AS taken, refunded_minor FROM payments"
            " WHERE hotel_id = %s AND reference = %s ORDER BY number",
            self.house.hotel_id, self.reference,
        )  # fmt: skip
        return [tuple(row.values()) for row in rows]

    def refunds(self) -> list[tuple[int, int, str, str]]:
        """Payment, amount, state and cause of each refund's row."""
        rows = self.looked(
            "SELECT payment, amount_minor, state, cause FROM refunds WHERE hotel_id = %s AND reference = %s"
            " ORDER BY number",
            self.house.hotel_id, self.reference,
        )  # fmt: skip
        return [tuple(row.values()) for row in rows]

    def ledger(self) -> dict[str, Any]:
        """What the provider has of this booking."""
        return self.provider.ledger(reference=self.reference)

    def taken(self) -> tuple[int, int]:
        """What the provider took for this booking, and what it gave back."""
        totals = self.ledger()["intents"]
        return sum(one["captured"] for one in totals), sum(one["refunded"] for one in totals)
