"""Thousands of options that end in one second: how late the last of them is carried out, beside as many bare timers."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import httpx
from temporalio.client import Client

from bench.houses import System, enlarge, furnish, promises, running
from bench.noop import bare_start
from bench.seeding import STARTERS, connected, resume, superuser, write_rows
from bench.sizes import Row, p95, size

DAYS = 400
# A slow machine still has them all open before their end.
ROWS_A_SECOND, STARTS_A_SECOND, SPARE_SECONDS = 40, 20, 30
MOST_LATE_SECONDS = 300
ROWS: tuple[Row, ...] = (
    ("worst_lag_seconds", 60.0, "Options that end in one second: how late the last one is, in s"),
    ("ratio_to_bare_timers", None, "The same ÷ as many bare timers with one activity"),
)


def run() -> dict[str, Any]:
    """On a system of its own."""
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        asyncio.run(enlarge(system.owner_url))
        with httpx.Client(base_url=system.api[0], timeout=20) as http:
            promised = promises(http, DAYS)
        return asyncio.run(measure(system, promised))


async def measure(system: System, promised: Sequence[str]) -> dict[str, Any]:
    """Seconds from the common end to each option's written end, and to the end of each bare workflow."""
    count = size("HOLDS", 2_000)
    client = await connected(system)
    ours, late_starts = await _options(system, client, promised, count)
    bare = await _timers(client, count)
    return {
        "options": count,
        "median_lag_seconds": round(median(ours), 2),
        "p95_lag_seconds": round(p95(ours), 2),
        "worst_lag_seconds": round(max(ours), 2),
        "ended_a_second": round(count / max(ours), 1),
        "opened_after_their_end": late_starts,
        "bare_worst_lag_seconds": round(bare, 2),
        "ratio_to_bare_timers": round(max(ours) / bare, 3),
    }


async def _options(system: System, client: Client, promised: Sequence[str], count: int) -> tuple[list[float], int]:
    ahead = count / ROWS_A_SECOND + count / STARTS_A_SECOND + SPARE_SECONDS
    end = (datetime.now(UTC) + timedelta(seconds=max(ahead, 90))).replace(microsecond=0)
    rows = await write_rows(system, promised, count, option_until=end)
    await resume(client, rows)
    late_starts = 0 if datetime.now(UTC) < end else len(rows)
    await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    last = time.monotonic() + MOST_LATE_SECONDS
    with superuser(system) as db:
        while db.execute("SELECT 1 FROM bookings WHERE status = 'held' LIMIT 1").fetchone():
            if time.monotonic() > last:
                raise RuntimeError(f"options are still held {MOST_LATE_SECONDS} s after their end")
            await asyncio.sleep(0.5)
        found = db.execute(
            "SELECT extract(epoch FROM recorded_at - %s) FROM booking_events WHERE status_after = 'expired'", [end]
        ).fetchall()
    return [float(str(row[0])) for row in found], late_starts


async def _timers(client: Client, count: int) -> float:
    """The same of workflows with nothing behind them; answers the worst lag."""
    end = datetime.now(UTC) + timedelta(seconds=count / STARTS_A_SECOND + SPARE_SECONDS)
    gate = asyncio.Semaphore(STARTERS)

    async def begin() -> str:
        async with gate:
            return await bare_start(client, wakes=(end,))

    await asyncio.gather(*(begin() for _ in range(count)))
    await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    last = time.monotonic() + MOST_LATE_SECONDS
    while (await client.count_workflows("WorkflowType = 'NoopWorkflow' AND ExecutionStatus = 'Running'")).count:
        if time.monotonic() > last:
            raise RuntimeError(f"bare timers still wait {MOST_LATE_SECONDS} s after their end")
        await asyncio.sleep(1)
    closed = [one.close_time async for one in client.list_workflows("WorkflowType = 'NoopWorkflow'")]
    return max((at - end).total_seconds() for at in closed if at is not None)
