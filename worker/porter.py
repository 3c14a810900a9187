"""The porter: brings what the payment provider told to the bookings that it is about.

A stored hint is announced; the porter waits a second, so that the several events of one payment are one hint, and
signals the booking, starting it from its row where its story has ended. Whose booking is not there yet is tried again
for three days. Bringing a hint twice is harmless: the booking looks for itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from temporalio.service import RPCError

from gateways.engine_room import EngineRoom
from messages.disputes import LookAtDispute
from messages.payments import HINTS_CHANNEL, MoneyHint
from store import hints
from store.hints import Waiting
from store.listening import again_and_again, listening
from store.repairs import find_booking
from store.session import Database, DatabaseAway
from store.stripe_accounts import owner_of_account

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

GATHER_SECONDS = 1.0
LOOK_SECONDS = 30.0
# What is told of a hotel's own account, and of no booking.
ABOUT_ACCOUNTS = "account."
ABOUT_DISPUTES = ("charge.dispute.", "radar.early_fraud_warning.")

log = structlog.get_logger("worker.porter")


class Porter:
    """One for a worker process; several take different hints.

    operations: a database in the role that reads every hotel; database: in the running role. listen_url: postgresql://…
    on which hints are announced. clock: the real one.
    """

    def __init__(
        self,
        operations: Database,
        database: Database,
        engine_room: EngineRoom,
        listen_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._operations = operations
        self._database = database
        self._engine_room = engine_room
        self._url = listen_url
        self._clock = clock
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Listens and brings until cancelled; troubles of the database or Temporal are waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(again_and_again(self._listen, "porter"), name="porter: listen")
            tasks.create_task(self._bring_always(), name="porter: bring")

    async def _listen(self) -> None:
        async with listening(self._url, HINTS_CHANNEL, "holdfast porter") as connection:
            while True:
                self._news.set()
                async for _ in connection.notifies(timeout=LOOK_SECONDS):
                    self._news.set()

    async def _bring_always(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            self._news.clear()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                while await self.bring() == hints.PAGE:
                    pass
            except (DatabaseAway, RPCError, TimeoutError) as trouble:
                log.warning("hints put off", trouble=type(trouble).__name__)

    async def bring(self) -> int:
        """Brings what is due now; answers how many hints that were. Errors: DatabaseAway, RPCError."""
        now = self._clock()
        async with self._database.public() as tx:
            due = await hints.due_hints(tx, now)
            for hint in due:
                if hint.event_type.startswith(ABOUT_ACCOUNTS):
                    told = await self._told_of_account(hint)
                    await hints.settle(tx, [hint.event_id], "told" if told else "ignored", now)
            for reference, about in (await self._sorted(due)).items():
                if reference and await self._told(reference, about):
                    await hints.settle(tx, [one.event_id for one in about], "told", now)
                    continue
                for one in about:
                    await self._put_off(tx, one, now)
        return len(due)

    async def _sorted(self, due: Sequence[Waiting]) -> dict[str, list[Waiting]]:
        """The hints by booking; those of nobody we know under an empty reference."""
        sorted_: dict[str, list[Waiting]] = defaultdict(list)
        for hint in due:
            if hint.event_type.startswith(ABOUT_ACCOUNTS):
                continue
            known = hint
            if not hint.reference or not (hint.payment or hint.refund):
                async with self._operations.public() as tx:
                    owner = await hints.owner_of(tx, hint)
                if owner is not None:
                    known = Waiting(
                        hint.event_id, hint.event_type, hint.object_id, hint.intent_id, owner.reference,
                        owner.payment, owner.refund, hint.received_at, hint.tries,
                    )  # fmt: skip
            sorted_[known.reference].append(known)
        return sorted_

    async def _told(self, reference: str, about: Sequence[Waiting]) -> bool:
        """Signals the booking; False where there is none of that reference."""
        async with self._operations.public() as tx:
            booking = await find_booking(tx, reference)
        if booking is None:
            return False
        for one in about:
            if one.event_type.startswith(ABOUT_DISPUTES) and one.payment:
                wish = LookAtDispute(booking.card.hotel_id, reference, one.payment, one.object_id)
                await self._engine_room.look_at_dispute(wish, one.event_id)
        payments = tuple(sorted({one.payment for one in about if one.payment}))
        refunds = tuple(sorted({one.refund for one in about if one.refund}))
        if payments or refunds:
            await self._engine_room.tell_of_money(reference, booking.card, MoneyHint(payments, refunds))
        return True

    async def _told_of_account(self, hint: Waiting) -> bool:
        """Lets the hotel's account be looked at; False where it is no hotel's."""
        async with self._operations.public() as tx:
            hotel = await owner_of_account(tx, hint.account or hint.object_id)
        if hotel is None:
            return False
        await self._engine_room.look_at_account(hotel.hotel_id, hotel.slug, hotel.country, hint.event_id)
        return True

    async def _put_off(self, tx: "AsyncConnection", hint: Waiting, now: datetime) -> None:
        if not hint.event_type.startswith(
            ("payment_intent.", "checkout.", "charge.", "refund.", "setup_intent.", "radar.")
        ):
            await hints.settle(tx, [hint.event_id], "ignored", now)
            return
        if not await hints.put_off(tx, hint, now):
            log.error("a payment of nobody", event_id=hint.event_id, object_id=hint.object_id)
