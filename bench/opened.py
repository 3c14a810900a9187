"""Open bookings, few against many: what a creation waits for, and what each thousand more of them takes in memory.

Two stacks run side by side, and rounds of creations alternate between them. HOLDFAST_BENCH_OPEN chooses how many are
open in the large one; the bounds are for 10,000.
"""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection
from statistics import median
from typing import Any

import httpx

from bench.creation import create_one, timed
from bench.houses import System, enlarge, furnish, promises, running
from bench.memory import descendants, named, pss_bytes
from bench.seeding import connected, resume, write_rows
from bench.sizes import Row, p95, size, told

FEW, MEASURED_FROM = 100, 2_000
DAYS = 400
SETTLE_SECONDS = 10.0
ROWS: tuple[Row, ...] = (
    ("creation_p95_ratio", 1.15, "POST /bookings with many open ÷ with 100 open, median of p95 by round"),
    ("worker_megabytes_per_1000", 1.0, "The worker's memory (PSS) for each 1,000 more open, in MB"),
    ("temporal_megabytes_per_1000", None, "Temporal's memory (PSS) for each 1,000 more open, in MB"),
)


def run() -> dict[str, Any]:
    """The large stack is filled and measured alone; then the small one starts beside it."""
    many = size("OPEN", 10_000)
    with running() as large:
        promised = _prepared(large)
        figures = asyncio.run(_filled(large, promised, many))
        with running() as small:
            few = _prepared(small)
            asyncio.run(_filled_with_few(small, few))
            return {**figures, **asyncio.run(_compared(small, few, large, promised))}


def _prepared(system: System) -> list[str]:
    asyncio.run(furnish(system.owner_url))
    asyncio.run(enlarge(system.owner_url))
    with httpx.Client(base_url=system.api[0], timeout=20) as http:
        return promises(http, DAYS)


async def _filled_with_few(system: System, promised: Sequence[str]) -> None:
    await resume(await connected(system), await write_rows(system, promised, FEW))


async def _filled(system: System, promised: Sequence[str], many: int) -> dict[str, Any]:
    """Opens all, and weighs worker and server at the start of the count and at its end."""
    rows = await write_rows(system, promised, many)
    client = await connected(system)
    base = min(MEASURED_FROM, len(rows) // 2)
    await resume(client, rows[:base])
    before = await _weighed(system)
    rate = await resume(client, rows[base:])
    after = await _weighed(system)
    thousands = (len(rows) - base) / 1_000
    return {
        "open": len(rows),
        "measured_from": base,
        "resumed_a_second": round(rate, 1),
        **{f"{name}_megabytes_at_start": round(value, 1) for name, value in before.items()},
        **{f"{name}_megabytes_at_end": round(value, 1) for name, value in after.items()},
        **{f"{name}_megabytes_per_1000": round((after[name] - before[name]) / thousands, 2) for name in after},
    }


async def _weighed(system: System) -> dict[str, float]:
    """Megabytes of the worker, of Temporal, and of Temporal's file, once all is quiet."""
    await asyncio.sleep(SETTLE_SECONDS)
    if system.worker is None:
        raise RuntimeError("there is no worker to weigh")
    temporal = {pid for pid in descendants() if named(pid) == "temporal"}
    return {
        "worker": pss_bytes({system.worker.pid}) / 1e6,
        "temporal": pss_bytes(temporal) / 1e6,
        "temporal_file": _bytes_of_files(system) / 1e6,
    }


def _bytes_of_files(system: System) -> int:
    return sum(file.stat().st_size for file in system.home.glob("temporal.db*"))


async def _compared(small: System, few: Sequence[str], large: System, many: Sequence[str]) -> dict[str, Any]:
    """Rounds of creations on each in alternating order; the first only warms up."""
    client, rounds, each = await connected(small), size("ROUNDS", 10), size("EACH", 50)
    took: dict[str, list[list[float]]] = {small.api[0]: [], large.api[0]: []}
    stacks = ((small, few), (large, many))
    for n in range(rounds + 1):
        for system, promised in stacks if n % 2 else reversed(stacks):
            with closing(HTTPConnection(system.api[0].removeprefix("http://"), timeout=20)) as web:
                times = [
                    await timed(create_one, client, web, promised[(n * each + k) % len(promised)]) for k in range(each)
                ]
            if n > 0:
                took[system.api[0]].append(times)
    pairs = list(zip(took[large.api[0]], took[small.api[0]], strict=True))
    return {
        **told("creation_many_open", [one for times in took[large.api[0]] for one in times]),
        **told("creation_few_open", [one for times in took[small.api[0]] for one in times]),
        "creation_p95_ratio": round(median(p95(large) / p95(small) for large, small in pairs), 3),
        "creation_p50_ratio": round(median(median(large) / median(small) for large, small in pairs), 3),
        "few_open": FEW,
        "rounds": rounds,
        "creations_each_round": each,
    }
