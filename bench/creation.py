"""Creating a booking against the floor: the same server, the same run, in alternating rounds."""

import asyncio
import json
import secrets
import time
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Any

import httpx
import psycopg
from sqlalchemy.engine import make_url
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from bench.houses import System, hotel_day, offer, wish
from bench.noop import NOOP_QUEUE, NoopWorkflow
from cli.postgres import SUPERUSER

ROUNDS = 10
EACH = 50
TURNS = 100
COUNTED_COMMITS = 50
DAYS = 120
HOUSEKEEPING_ENDS_SECONDS = 3


async def measure(system: System) -> dict[str, Any]:
    """p50 and p95 in milliseconds of both, their ratios, and the application's commits per creation.

    The bounds are for rounds of one kind. One by one, in turn, is told as well: there each kind also carries what the
    other left the server to do, which favours the lighter one.
    """
    client = await Client.connect(system.temporal)
    ours: list[float] = []
    floor: list[float] = []
    with httpx.Client(base_url=system.api[0], timeout=20) as http:
        offers = _offers(http)
    # A lean client on one connection, so that the guest's own side weighs as little as the floor's compiled client.
    with closing(HTTPConnection(system.api[0].removeprefix("http://"), timeout=20)) as web:
        for n in range(ROUNDS + 1):
            # What a creation leaves the server to do afterwards weighs on the next of its own kind, as it would in a
            # busy hour; the order of the two kinds changes with each round, and the first round only warms up.
            for one in (_create, _bare) if n % 2 else (_bare, _create):
                took = [
                    await _milliseconds(one, client, web, offers[(n * EACH + k) % len(offers)]) for k in range(EACH)
                ]
                if n > 0:
                    (ours if one is _create else floor).extend(took)
        turns = [
            (
                await _milliseconds(_create, client, web, offers[n % len(offers)]),
                await _milliseconds(_bare, client, web, ""),
            )
            for n in range(TURNS)
        ]
        commits = await _commits(system, client, web, offers)
    p50, p95 = (median(ours), median(floor)), (_p95(ours), _p95(floor))
    return {
        "creation_p50_ms": round(p50[0], 2),
        "floor_p50_ms": round(p50[1], 2),
        "p50_ratio": round(p50[0] / p50[1], 3),
        "creation_p95_ms": round(p95[0], 2),
        "floor_p95_ms": round(p95[1], 2),
        "p95_ratio": round(p95[0] / p95[1], 3),
        "commits_per_creation": commits,
        "one_by_one_p50_ratio": round(median(t[0] for t in turns) / median(t[1] for t in turns), 3),
        "one_by_one_p95_ratio": round(_p95([t[0] for t in turns]) / _p95([t[1] for t in turns]), 3),
        "creation_rounds": ROUNDS,
        "creations_each_round": EACH,
    }


def _offers(http: httpx.Client) -> list[str]:
    """Offers over many days, so that no night runs out."""
    start = hotel_day() + timedelta(days=20)
    found = [offer(http, start + timedelta(days=day)) for day in range(DAYS)]
    return [str(one["offer_id"]) for one in found if one]


def _p95(took: list[float]) -> float:
    return quantiles(took, n=20)[-1]


async def _milliseconds(one: Any, client: Client, web: HTTPConnection, offer_id: str) -> float:
    began = time.perf_counter()
    await one(client, web, offer_id)
    return (time.perf_counter() - began) * 1000


async def _create(_: Client, http: HTTPConnection, offer_id: str) -> None:
    headers = {"Idempotency-Key": secrets.token_hex(8), "Content-Type": "application/json"}
    http.request("POST", "/api/v1/bookings", json.dumps(wish(offer_id)), headers)
    answer = http.getresponse()
    body = answer.read()
    if answer.status != 201:
        raise RuntimeError(body.decode())


async def _bare(client: Client, _: HTTPConnection, __: str) -> None:
    start = WithStartWorkflowOperation(
        NoopWorkflow.run,
        id=f"noop-{secrets.token_hex(8)}",
        task_queue=NOOP_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    await client.execute_update_with_start_workflow("opened", start_workflow_operation=start)


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
            await _create(client, http, offers[n])
        return (_next_id(db) - before) / COUNTED_COMMITS


def _next_id(db: psycopg.Connection[Any]) -> int:
    row = db.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    return int(row[0]) if row else 0
