"""Waking a booking that no worker has in its memory: the first command to it beside one to a booking just served.

Three ways of being cold: pushed out of the cache by others, a worker that was told to end and started again, and one
that was killed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx

from bench.houses import System, end_worker, enlarge, furnish, promises, running, start_worker
from bench.seeding import connected, resume, write_rows
from bench.sizes import Row, size, told
from bench.web import Web, log_in
from worker.build import CACHED_WORKFLOWS

DAYS, MEASURED = 400, 40
# One look a try, as a client that repeats its key; the desk's own deadline is eight seconds.
MOST_TRIES = 5
ROWS: tuple[Row, ...] = (
    ("evicted_ratio", None, "First command to a booking out of the cache ÷ to a warm one, p50"),
    ("restarted_ratio", None, "The same after the worker was restarted, p50"),
    ("killed_worst_ms", 8_000.0, "Slowest first command after the worker was killed, in ms"),
    ("unanswered", 0, "Commands that were not answered in time"),
)


@dataclass
class Known:
    """A confirmed booking and the version that was seen last."""

    reference: str
    version: int = 1


def run() -> dict[str, Any]:
    """On a system of its own."""
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        asyncio.run(enlarge(system.owner_url))
        with httpx.Client(base_url=system.api[0], timeout=20) as http:
            promised = promises(http, DAYS)
        return asyncio.run(measure(system, promised))


async def measure(system: System, promised: Sequence[str]) -> dict[str, Any]:
    """Milliseconds of warm commands and of first ones to cold bookings."""
    client, web = await connected(system), Web(system.api[0])
    web.token = await log_in(web)
    rows = await write_rows(system, promised, size("COLD", MEASURED) + CACHED_WORKFLOWS + 50)
    known = [Known(row.reference) for row in rows[: size("COLD", MEASURED)]]
    others = rows[len(known) :]
    await resume(client, rows[: len(known)])
    counted = {"unanswered": 0}
    await _served(web, known, counted)
    warm = await _served(web, known, counted)
    await resume(client, others)
    evicted = await _served(web, known, counted)
    end_worker(system)
    start_worker(system)
    restarted = await _served(web, known, counted)
    end_worker(system, kill=True)
    start_worker(system)
    killed = await _served_at_once(system, web.token, known, counted)
    await web.close()
    return {
        **told("warm", warm),
        **told("evicted", evicted),
        **told("restarted", restarted),
        **told("killed", killed),
        "evicted_ratio": round(median(evicted) / median(warm), 3),
        "restarted_ratio": round(median(restarted) / median(warm), 3),
        "killed_worst_ms": round(max(killed), 1),
        "bookings": len(known),
        **counted,
    }


async def _served(web: Web, known: Sequence[Known], counted: dict[str, int]) -> list[float]:
    return [await _pay(web, one, counted) for one in known]


async def _served_at_once(system: System, token: str, known: Sequence[Known], counted: dict[str, int]) -> list[float]:
    """A desk for each, so that nobody waits for another's worker to be missed."""
    desks = [Web(system.api[0], token) for _ in known]
    took = await asyncio.gather(*(_pay(desk, one, counted) for desk, one in zip(desks, known, strict=True)))
    for desk in desks:
        await desk.close()
    return took


async def _pay(web: Web, one: Known, counted: dict[str, int]) -> float:
    """Takes a little money; asks again with the same key where it was not answered in time. Milliseconds in all."""
    money = {"method": "cash", "amount": {"amount_minor": 100, "currency": "INR"}}
    path, key, took = f"/api/v1/desk/bookings/{one.reference}/payments", f"{one.reference}-{one.version}", 0.0
    for _ in range(MOST_TRIES):
        reply = await web.post(path, {"version": one.version, **money}, key=key)
        took += reply.milliseconds
        if reply.status != 503:
            one.version = reply.good().json["version"]
            return took
        counted["unanswered"] += 1
    raise RuntimeError(f"{one.reference} was not served in {MOST_TRIES} tries")
