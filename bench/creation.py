"""Creating a booking against the floor: the same server, the same run, in alternating rounds."""

import asyncio
import json
import secrets
import time
from contextlib import closing
from http.client import HTTPConnection
from statistics import median
from typing import Any

import httpx
import psycopg
from sqlalchemy.engine import make_url
from temporalio.client import Client

from bench.houses import System, furnish, promises, running, wish
from bench.noop import bare_start
from bench.sizes import Row, p95
from cli.postgres import SUPERUSER

ROUNDS = 10
EACH = 50
TURNS = 100
COUNTED_COMMITS = 50
HOUSEKEEPING_ENDS_SECONDS = 3
ROWS: tuple[Row, ...] = (
    ("p50_ratio", 1.25, "POST /bookings ÷ bare update-with-start, p50"),
    ("p95_ratio", 1.5, "POST /bookings ÷ bare update-with-start, p95"),
    ("one_by_one_p50_ratio", None, "The same, one by one in turn, p50"),
    ("one_by_one_p95_ratio", None, "The same, one by one in turn, p95"),
    ("commits_per_creation", 1.0, "Commits that write, per creation"),
)


def run() -> dict[str, Any]:
    """On a system of its own."""
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        return asyncio.run(measure(system))


async def measure(system: System) -> dict[str, Any]:
    """p50 and p95 in milliseconds of both, their ratios, and the application's commits per creation.

    The bounds are for rounds of one kind. One by one, in turn, is told as well: there each kind also carries what the
    other left the server to do, which favours the lighter one.
    """
    client = await Client.connect(system.temporal)
    ours: list[float] = []
    floor: list[float] = []
    with httpx.Client(base_url=system.api[0], timeout=20) as http:
        offers = promises(http)
    # A lean client on one connection, so that the guest's own side weighs as little as the floor's compiled client.
    with closing(HTTPConnection(system.api[0].removeprefix("http://"), timeout=20)) as web:
        for n in range(ROUNDS + 1):
            # What a creation leaves the server to do afterwards weighs on the next of its own kind, as it would in a
            # busy hour; the order of the two kinds changes with each round, and the first round only warms up.
            for one in (create_one, _bare) if n % 2 else (_bare, create_one):
                took = [await timed(one, client, web, offers[(n * EACH + k) % len(offers)]) for k in range(EACH)]
                if n > 0:
                    (ours if one is create_one else floor).extend(took)
            if n == 0:
                _take_stock(system)
        turns = [
            (
                await timed(create_one, client, web, offers[n % len(offers)]),
                await timed(_bare, client, web, ""),
            )
            for n in range(TURNS)
        ]
        commits = await _commits(system, client, web, offers)
    halves, tails = (median(ours), median(floor)), (p95(ours), p95(floor))
    return {
        "creation_p50_ms": round(halves[0], 2),
        "floor_p50_ms": round(halves[1], 2),
        "p50_ratio": round(halves[0] / halves[1], 3),
        "creation_p95_ms": round(tails[0], 2),
        "floor_p95_ms": round(tails[1], 2),
        "p95_ratio": round(tails[0] / tails[1], 3),
        "commits_per_creation": commits,
        "one_by_one_p50_ratio": round(median(t[0] for t in turns) / median(t[1] for t in turns), 3),
        "one_by_one_p95_ratio": round(p95([t[0] for t in turns]) / p95([t[1] for t in turns]), 3),
        "creation_rounds": ROUNDS,
        "creations_each_round": EACH,
    }


async def timed(one: Any, client: Client, web: HTTPConnection, offer_id: str) -> float:
    """Milliseconds of one of either kind."""
    began = time.perf_counter()
    await one(client, web, offer_id)
    return (time.perf_counter() - began) * 1000


async def create_one(_: Client, http: HTTPConnection, offer_id: str) -> None:
    """A booking of one night, over HTTP."""
    headers = {"Idempotency-Key": secrets.token_hex(8), "Content-Type": "application/json"}
    http.request("POST", "/api/v1/bookings", json.dumps(wish(offer_id)), headers)
    answer = http.getresponse()
    body = answer.read()
    if answer.status != 201:
        raise RuntimeError(body.decode())


async def _bare(client: Client, _: HTTPConnection, __: str) -> None:
    await bare_start(client)


def _take_stock(system: System) -> None:
    """Tells the planner how large the tables are, as the database's own housekeeping does within its first minute."""
    url = make_url(system.owner_url).set(drivername="postgresql", username=SUPERUSER)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as db:
        db.execute("ANALYZE")


async def _commits(system: System, client: Client, http: HTTPConnection, offers: list[str]) -> float:
    """Transactions that wrote something, per creation: each of them takes a transaction id, readers take none."""
    url = make_url(system.owner_url).set(drivername="postgresql", username=SUPERUSER)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as db:
        # The database's own housekeeping takes ids too; it rests while the application's are counted.
        db.execute("ALTER SYSTEM SET autovacuum = off")
        db.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(HOUSEKEEPING_ENDS_SECONDS)
        before = _next_id(db)
        for n in range(COUNTED_COMMITS):
            await create_one(client, http, offers[n])
        return (_next_id(db) - before) / COUNTED_COMMITS


def _next_id(db: psycopg.Connection[Any]) -> int:
    row = db.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    return int(row[0]) if row else 0
