"""The outages of a sick world: how each is made, how it ends, and what has to be told meanwhile."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from cli.parts import APP_ROLE, OPS_ROLE
from tests.houses import plain
from tests.whole.sick_world import World

AWAY, LATE = "database_away", "not_answered_in_time"
# The API's own deadlines: of the line to the database (a turn at the pool, a new connection, its silence), and of one
# question to Temporal (api/front_desk.py). The rest is for a busy machine.
DATABASE_SECONDS, TEMPORAL_SECONDS = 10.5, 8.0
SLACK_SECONDS = 15.0
MOST_CONNECTIONS = 200
LOOKS = 5
# What `make test` has time for; HOLDFAST_PROOF_OUTAGES=all is all of them.
SHORT = "database_frozen,temporal_frozen"


@dataclass(frozen=True)
class Outage:
    """A neighbour in trouble.

    codes: what a 503 may say. reads: whether pages are answered all the same. part, told: what /readyz says of it.
    doctor: the line of `holdfast doctor` that is wrong. seconds: within which everybody has an answer.
    """

    name: str
    strike: Callable[[World], None]
    heal: Callable[[World], None]
    codes: frozenset[str]
    reads: bool
    part: str
    told: str
    doctor: str
    seconds: float
    restarted: str = ""


_held: list[psycopg.Connection] = []


def _only_reads(world: World) -> None:
    _set(world, "ALTER SYSTEM SET default_transaction_read_only = on")


def _writes_again(world: World) -> None:
    _set(world, "ALTER SYSTEM RESET default_transaction_read_only")


def _set(world: World, statement: LiteralString) -> None:
    with world.superuser() as db:
        db.execute(statement)
        db.execute("SELECT pg_reload_conf()")


def _take_connections(world: World) -> None:
    """Takes every connection that there is, the system's own too; only the superuser's few are left.

    Whoever is just being let in is in no list yet, so it is over when nobody has been found for some looks.
    """
    nobody = 0
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = ANY(%s)"
    while nobody < LOOKS:
        with suppress(psycopg.OperationalError):
            while len(_held) < MOST_CONNECTIONS:
                _held.append(psycopg.connect(plain(world.postgres.url), autocommit=True))
        # The superuser comes when all are taken, so that his is one of those that are kept for him.
        with world.superuser() as db:
            row = db.execute(ended, [[APP_ROLE, OPS_ROLE]]).fetchone()
        assert row is not None
        nobody = 0 if row[0] else nobody + 1
        time.sleep(0.1)


def _give_connections_back(world: World) -> None:
    assert world.postgres.is_ready()
    while _held:
        _held.pop().close()


def _kill_temporal(world: World) -> None:
    world.signal_temporal(signal.SIGKILL)


def _start_temporal(world: World) -> None:
    world.temporal.stop()
    world.temporal.start()


def _of_database(name: str, strike: Callable[[World], None], heal: Callable[[World], None]) -> Outage:
    codes = frozenset({AWAY})
    return Outage(
        name, strike, heal, codes, False, "database", "does not answer", "postgres", DATABASE_SECONDS + SLACK_SECONDS
    )


def _of_temporal(
    name: str, strike: Callable[[World], None], heal: Callable[[World], None], told: str = "does not answer"
) -> Outage:
    codes = frozenset({LATE})
    return Outage(name, strike, heal, codes, True, "temporal", told, "temporal", TEMPORAL_SECONDS + SLACK_SECONDS)


ALL = (
    _of_database(
        "database_frozen",
        lambda world: world.signal_postgres(signal.SIGSTOP),
        lambda world: world.signal_postgres(signal.SIGCONT),
    ),
    _of_database(
        "database_killed",
        lambda world: world.signal_postgres(signal.SIGKILL),
        lambda world: [world.postgres.start()].clear(),
    ),
    _of_database("database_out_of_connections", _take_connections, _give_connections_back),
    Outage(
        "database_read_only", _only_reads, _writes_again, frozenset({AWAY, LATE}), True, "database", "takes no writes",
        "database writing", TEMPORAL_SECONDS + SLACK_SECONDS,
    ),
    _of_temporal(
        "temporal_frozen",
        lambda world: world.signal_temporal(signal.SIGSTOP),
        lambda world: world.signal_temporal(signal.SIGCONT),
    ),
    _of_temporal("temporal_killed", _kill_temporal, _start_temporal),
    Outage(
        "no_worker",
        lambda world: world.end("worker", signal.SIGKILL),
        lambda world: world.start("worker", "worker.main"),
        frozenset({LATE}), True, "worker", "no worker polls for bookings", "worker", TEMPORAL_SECONDS + SLACK_SECONDS,
        restarted="worker",
    ),
)  # fmt: skip


def chosen() -> list[Outage]:
    """What this run is about."""
    wanted = os.environ.get("HOLDFAST_PROOF_OUTAGES", SHORT)
    return [outage for outage in ALL if wanted == "all" or outage.name in wanted.split(",")]


def is_thorough() -> bool:
    """Whether this run looks at everything, also at what takes its time."""
    return os.environ.get("HOLDFAST_PROOF_OUTAGES", SHORT) != SHORT
