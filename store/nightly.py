"""What a hotel's night needs of the database: which day is due, and the pages of a comparing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from domain.clocks import business_date, local_text
from domain.ledgers import Books, Compared, Listed, ProviderPayment, sums_of_provider, sums_of_rows
from domain.reconciliation import LINES_KEPT, MARGIN, closes_at, compare_stranger, window_of
from domain.refusals import absent
from messages.night import BeginRun, FinishRun, LinesSwept, NightPlan, Run, RunDone, SweepLines
from store import ledgers, reconciliation
from store.hotels import hotel_by_id, hotel_terms
from store.reconciliation import Sums
from store.session import Database
from store.stripe_accounts import past_accounts

# A system that was down for longer closes its last week; what is older was closed by nobody and is not made up.
MOST_DAYS_BEHIND = 7
A_DAY = timedelta(days=1)
PLATFORM_LISTS = ("payment_intents", "charges", "refunds", "disputes", "events")
OWN_LISTS = (*PLATFORM_LISTS, "application_fees")
# Where an event could not be read in time it is read with the next run, for as long as Stripe keeps it.
MOST_EVENT_DAYS = timedelta(days=29)
_ACCOUNT = text("SELECT account_id FROM stripe_accounts WHERE hotel_id = :hotel_id")
# What is nobody's on the platform's account is told to the first of the hotels that are paid through it.
_STEWARD = text("""
SELECT min(h.hotel_id) FROM hotels h
JOIN policy_versions p ON p.hotel_id = h.hotel_id AND p.version = h.policy_version
WHERE h.active AND p.terms ->> 'payment' LIKE 'stripe%'
    AND NOT EXISTS (SELECT 1 FROM stripe_accounts a WHERE a.hotel_id = h.hotel_id)
""")


class NightStore:
    """database: in the running role; operations: in the role that reads every hotel."""

    def __init__(self, database: Database, operations: Database) -> None:
        self._database = database
        self._operations = operations

    async def plan(self, hotel_id: int, now: datetime) -> NightPlan:
        """The business day that is closed next: the one after the last; before the first night, yesterday's."""
        async with self._database.hotel(hotel_id) as tx:
            hotel = await hotel_by_id(tx, hotel_id)
            if hotel is None:
                raise absent()
            terms = await hotel_terms(tx, hotel_id)
            last = await reconciliation.last_night(tx, hotel_id)
            asked = await reconciliation.is_asked(tx, hotel_id)
        today = business_date(now, hotel.zone, terms.audit_time)
        day = max((last or today - 2 * A_DAY) + A_DAY, today - MOST_DAYS_BEHIND * A_DAY)
        closes = closes_at(day, hotel.zone, terms.audit_time)
        return NightPlan(hotel.active, day, closes, local_text(closes, hotel.zone), asked)

    async def begin(self, order: BeginRun) -> Run | None:
        """The run that is under way or waits, begun; the night's own is made where it is not there yet."""
        hotel_id = order.hotel_id
        steward = await self._is_steward(hotel_id)
        async with self._database.hotel(hotel_id) as tx:
            row = await reconciliation.next_run(tx, hotel_id, order.business_date)
            day = row.business_date if row else order.business_date
            if day is None:
                return None
            number = row.number if row else await reconciliation.ask_for_run(tx, hotel_id, day, "night", order.now)
            hotel, terms = await hotel_by_id(tx, hotel_id), await hotel_terms(tx, hotel_id)
            if hotel is None:
                raise absent()
            window = window_of(day, hotel.zone, terms.audit_time)
            account = (await tx.execute(_ACCOUNT, {"hotel_id": hotel_id})).scalar() or ""
            past = await past_accounts(tx, hotel_id)
            last = await reconciliation.watermark(tx, hotel_id)
            since = min(window.since, (last or window.since) - MARGIN)
            run = Run(
                hotel_id, day, number, window.since, window.until,
                max(since, order.now - MOST_EVENT_DAYS), OWN_LISTS if account else PLATFORM_LISTS, account, steward,
                past,
            )  # fmt: skip
            await reconciliation.begin_run(tx, run, order.now, order.nights_posted)
        return run

    async def _is_steward(self, hotel_id: int) -> bool:
        async with self._operations.public() as tx:
            return (await tx.execute(_STEWARD)).scalar() == hotel_id

    async def keep(self, run: Run, listed: Sequence[Listed]) -> int:
        """Keeps a page of objects; answers how many."""
        async with self._database.hotel(run.hotel_id) as tx:
            await ledgers.keep_objects(tx, run, listed)
        return len(listed)

    async def candidates(self, run: Run, after: str) -> list[str]:
        """The next references to compare."""
        async with self._database.hotel(run.hotel_id) as tx:
            return await ledgers.candidates(tx, run, after)

    async def books(self, run: Run, references: Sequence[str]) -> list[Books]:
        """Rows and listed objects of these bookings."""
        async with self._database.hotel(run.hotel_id) as tx:
            return await ledgers.read_books(tx, run, references)

    async def write(self, run: Run, now: datetime, compared: Sequence[tuple[Books, Compared]]) -> None:
        """Keeps what a page of bookings came to."""
        if not compared:
            return
        found = [one for _, came in compared for one in came.differences]
        lines = [one for _, came in compared for one in came.lines]
        objects = [one.object_id for books, _ in compared for one in (*books.payments, *books.refunds)]
        async with self._database.hotel(run.hotel_id) as tx:
            place = f"1|{compared[-1][0].reference}"
            await reconciliation.write_page(tx, run, now, place, _sums([books for books, _ in compared]), found, lines)
            await ledgers.mark_compared(tx, run, objects)

    async def old_strangers(self, run: Run) -> list[str]:
        """Payments of nobody that were found before."""
        async with self._database.hotel(run.hotel_id) as tx:
            return await ledgers.old_strangers(tx, run)

    async def strangers(self, run: Run, after: str) -> list[ProviderPayment]:
        """The next payments that are in no booking."""
        async with self._database.hotel(run.hotel_id) as tx:
            return await ledgers.strangers(tx, run, after)

    async def write_strangers(self, run: Run, now: datetime, page: Sequence[ProviderPayment]) -> None:
        """Keeps what a page of payments of nobody came to."""
        if not page:
            return
        compared = [compare_stranger(one) for one in page]
        found = [one for came in compared for one in came.differences]
        lines = [one for came in compared for one in came.lines]
        async with self._database.hotel(run.hotel_id) as tx:
            await reconciliation.write_page(tx, run, now, f"2|{page[-1].object_id}", Sums(), found, lines)

    async def end(self, order: FinishRun) -> RunDone:
        """Ends a run and forgets what was listed for it."""
        async with self._database.hotel(order.run.hotel_id) as tx:
            done = await reconciliation.end_run(tx, order.run, order.now, order.state, order.detail)
            await ledgers.forget_objects(tx, order.run)
        return done

    async def sweep(self, order: SweepLines) -> LinesSwept:
        """Takes some of the lines away that are not kept any more."""
        async with self._database.hotel(order.hotel_id) as tx:
            lines = await reconciliation.sweep_lines(tx, order.hotel_id, order.now - LINES_KEPT)
        return LinesSwept(lines, more=lines == reconciliation.LINES_AT_ONCE)

    def is_full(self, page: Sequence[object]) -> bool:
        """Whether there may be another page."""
        return len(page) >= ledgers.PAGE


def _sums(compared: Sequence[Books]) -> Sums:
    """What these bookings come to in each ledger; where a story can't be asked, its rows stand in for it."""
    provider = [sums_of_provider(books) for books in compared]
    rows = [sums_of_rows(books) for books in compared]
    own = [
        (books.told.captured_minor, books.told.refunded_minor) if books.told else sums_of_rows(books)
        for books in compared
    ]
    return Sums(
        len(compared), sum(books.told is None for books in compared),
        *_added(provider), *_added(rows), *_added(own),
    )  # fmt: skip


def _added(sums: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(one for one, _ in sums), sum(one for _, one in sums)
