"""The hands of a hotel's night: what is due, posting nights, and comparing three ledgers page by page.

Rule: docs/rules/reconciliation.md. Every activity may be repeated: what was kept is kept once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from temporalio import activity

from domain.ledgers import Books, Compared, Listed, MoneyTotals
from domain.reconciliation import compare
from messages.night import (
    BeginRun,
    ComparePage,
    FinishRun,
    LinesSwept,
    NightAsk,
    NightPlan,
    NightsPosted,
    PageCompared,
    PageRead,
    PostNights,
    ReadPage,
    Run,
    RunDone,
    SweepLines,
)

if TYPE_CHECKING:
    from gateways.stripe_ledger import Found, StripeLedger
    from store.nightly import NightStore

P = ParamSpec("P")
R = TypeVar("R")
CALLS_AT_ONCE = 2


class Folios(Protocol):
    """Who posts a hotel's nights to its guests' folios."""

    async def post(self, hotel_id: int, day: date, now: datetime, after: str) -> NightsPosted:
        """Posts some bookings' nights of a business date; tells how many lines, and where to go on."""
        ...


class OwnMoney(Protocol):
    """Who knows what a booking itself says of its money."""

    async def totals(self, reference: str) -> MoneyTotals | None:
        """The booking's own sums; None where nobody answers."""
        ...


class NightActivities:
    """Nights of hotels. ledger: the provider's; money: the bookings' own."""

    def __init__(self, store: "NightStore", ledger: "StripeLedger", money: OwnMoney, folios: Folios) -> None:
        self._store = store
        self._ledger = ledger
        self._money = money
        self._folios = folios
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, "ledger")

    @activity.defn(name="plan_night")
    async def plan(self, ask: NightAsk) -> NightPlan:
        """Which business day is closed next and when, by the hotel's terms as they are now."""
        return await self._store.plan(ask.hotel_id, ask.now)

    @activity.defn(name="post_nights")
    async def post(self, order: PostNights) -> NightsPosted:
        """Posts a page of a business day's nights."""
        return await self._folios.post(order.hotel_id, order.business_date, order.now, order.after)

    @activity.defn(name="begin_reconciliation")
    async def begin(self, order: BeginRun) -> Run | None:
        """Begins a comparing, or goes on with the one under way; None where nobody asked for one."""
        return await self._store.begin(order)

    @activity.defn(name="read_ledger_page")
    async def read(self, order: ReadPage) -> PageRead:
        """Keeps a page of one of the provider's lists."""
        run = order.run
        since = run.events_since if order.what == "events" else run.since
        found, following = await self._ask(
            self._ledger.page, order.what, since, run.until, order.after, order.now
        )  # fmt: skip
        kept = await self._store.keep(run, [_listed(one, run) for one in found if _may_be_ours(one, run)])
        return PageRead(kept, following)

    @activity.defn(name="compare_ledgers")
    async def compare(self, order: ComparePage) -> PageCompared:
        """Compares some bookings, or some payments of nobody."""
        if order.strangers:
            return await self._compare_strangers(order)
        run = order.run
        references = await self._store.candidates(run, order.after)
        compared = []
        for books in await self._store.books(run, references):
            activity.heartbeat(books.reference)
            compared.append(await self._compare_one(run, books, order.now))
        await self._store.write(run, order.now, compared)
        return PageCompared(len(references), references[-1] if self._store.is_full(references) else "")

    @activity.defn(name="end_reconciliation")
    async def end(self, order: FinishRun) -> RunDone:
        """Ends a comparing; differences that are gone are closed."""
        return await self._store.end(order)

    @activity.defn(name="sweep_reconciliation_lines")
    async def sweep(self, order: SweepLines) -> LinesSwept:
        """Takes some of the lines away that are not kept any more."""
        return await self._store.sweep(order)

    async def _compare_one(self, run: Run, books: Books, now: datetime) -> tuple[Books, Compared]:
        """What the lists did not have, then the booking's own word; one that moved meanwhile is read once more."""
        whole = await self._completed(books, now)
        told = await self._money.totals(books.reference)
        compared = compare(replace(whole, told=told), now)
        if compared.differences:
            # Between two readings a booking may take a step, which is no difference.
            (fresh,) = await self._store.books(run, [books.reference])
            whole = await self._completed(fresh, now)
            told = await self._money.totals(books.reference)
            compared = compare(replace(whole, told=told), now)
        return replace(whole, told=told), compared

    async def _completed(self, books: Books, now: datetime) -> Books:
        """The booking's books with what is older than the lists: payments and refunds that a row names."""
        payments = {one.object_id: one for one in books.payments}
        for row in books.payment_rows:
            if row.object_id and row.object_id not in payments:
                found = await self._ask(self._ledger.payment, row.object_id, now)
                if found is not None and found.payment is not None:
                    payments[row.object_id] = found.payment
        refunds = {one.object_id: one for one in books.refunds}
        wanted = {row.object_id for row in books.refund_rows if row.object_id}
        for object_id in wanted - refunds.keys():
            found = await self._ask(self._ledger.refund, object_id, now)
            if found is not None and found.refund is not None:
                refunds[object_id] = found.refund
        numbers = {row.number for row in books.refund_rows if not row.object_id}
        for seen in payments.values():
            known = sum(one.amount_minor for one in refunds.values() if one.paid_by == seen.object_id)
            unnamed = numbers - {one.refund for one in refunds.values()}
            if seen.is_money and (known < seen.returned_minor or unnamed):
                for found in await self._ask(self._ledger.refunds_of, seen.object_id, now):
                    if found.refund is not None:
                        refunds[found.object_id] = found.refund
        return replace(books, payments=tuple(payments.values()), refunds=tuple(refunds.values()))

    async def _compare_strangers(self, order: ComparePage) -> PageCompared:
        """Payments that are in no booking; before the first page, those that were found before and are older now."""
        run = order.run
        if not order.after:
            again = []
            for object_id in await self._store.old_strangers(run):
                activity.heartbeat(object_id)
                found = await self._ask(self._ledger.payment, object_id, order.now)
                if found is not None:
                    again.append(_listed(found, run, ours=True))
            await self._store.keep(run, again)
        page = await self._store.strangers(run, order.after)
        await self._store.write_strangers(run, order.now, page)
        return PageCompared(len(page), page[-1].object_id if self._store.is_full(page) else "")

    async def _ask(self, question: Callable[P, R], *asked: P.args, **named: P.kwargs) -> R:
        """Waits for the provider in a thread of the activity's own."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: question(*asked, **named))


def _may_be_ours(found: "Found", run: Run) -> bool:
    """Whether an object may be about this hotel: it says so, or it says nothing of any hotel."""
    if found.hotel_id:
        return found.hotel_id == run.hotel_id
    return not found.account or _is_own(found, run)


def _listed(found: "Found", run: Run, *, ours: bool = False) -> Listed:
    """An object as it is kept until the run has ended."""
    ours = ours or _is_ours(found, run)
    return Listed(found.object_id, found.kind, found.paid_by, found.reference, ours, found.payment, found.refund)


def _is_ours(found: "Found", run: Run) -> bool:
    """Whether an object counts here even where no booking has it: money of nobody is told to one hotel only."""
    if found.hotel_id == run.hotel_id or _is_own(found, run):
        return True
    return not found.hotel_id and not found.account and run.is_steward


def _is_own(found: "Found", run: Run) -> bool:
    """Whether it went to an account that is the hotel's own, or was."""
    return bool(found.account) and found.account in (run.account, *run.past_accounts)
