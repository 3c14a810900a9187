"""Tries are counted in windows, however many count at once."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from store.attempts import SWEPT_AT_ONCE, Attempts, count_attempt
from store.session import Database, app_url
from tests.houses import opened

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=15)


async def counted(database: Database, *who: str, now: datetime = NOW) -> list[Attempts]:
    async with database.public() as tx:
        return list(await count_attempt(tx, who, now, WINDOW))


async def test_a_window_begins_with_its_first_try_and_does_not_grow(fresh_url: str) -> None:
    async with opened(app_url(fresh_url)) as database:
        assert await counted(database, "a") == [Attempts(1, NOW + WINDOW)]
        assert await counted(database, "a", now=NOW + timedelta(minutes=14)) == [Attempts(2, NOW + WINDOW)]
        later = NOW + WINDOW
        assert await counted(database, "a", now=later) == [Attempts(1, later + WINDOW)]


_SOMEBODY_WAITS = text(
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def somebody_waits(database: Database) -> bool:
    async with database.public() as tx:
        return bool((await tx.execute(_SOMEBODY_WAITS)).scalar_one())


async def test_two_that_count_the_same_in_another_order_never_wait_for_each_other(
    fresh_url: str, long_waits: None
) -> None:
    """Both count the first name first, so who waits for it holds nothing that the other needs."""
    async with opened(app_url(fresh_url), pool_size=4) as database:
        await counted(database, "a", "b")
        async with database.public() as first:
            await first.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await count_attempt(first, ["a"], NOW, WINDOW)
            second = asyncio.create_task(counted(database, "b", "a"))
            async with asyncio.timeout(60):
                while not await somebody_waits(database):
                    await asyncio.sleep(0.01)
            await count_attempt(first, ["b"], NOW, WINDOW)
        assert {one.count for one in await second} == {3}


async def test_ended_windows_are_removed_a_bounded_number_at_a_time(fresh_url: str) -> None:
    async with opened(app_url(fresh_url)) as database:
        old = [f"old {n}" for n in range(SWEPT_AT_ONCE + 5)]
        await counted(database, *old)
        async with database.public() as tx:
            left = text("SELECT count(*) FROM login_attempts WHERE who LIKE 'old %'")
            await count_attempt(tx, ["new"], NOW + WINDOW, WINDOW)
            assert (await tx.execute(left)).scalar_one() == 5
            await count_attempt(tx, ["new"], NOW + WINDOW, WINDOW)
            assert (await tx.execute(left)).scalar_one() == 5
            await count_attempt(tx, ["newer"], NOW + WINDOW, WINDOW)
            assert (await tx.execute(left)).scalar_one() == 0
