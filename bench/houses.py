"""A system of the bench's own: durable Postgres and Temporal with a file, a worker process, API processes."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy.engine import make_url

from cli.database import migrate
from cli.ports import free_port
from cli.postgres import SUPERUSER, EmbeddedPostgres
from cli.processes import guarded
from cli.temporal_server import EmbeddedTemporal
from store.seed import seed
from store.session import app_url

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 150.0


@dataclass
class System:
    """Addresses of what runs; `api` has one base address a process. home: the folder of its databases."""

    owner_url: str
    temporal: str
    home: Path
    api: list[str] = field(default_factory=list)
    worker: subprocess.Popen[bytes] | None = None

    @property
    def app_url(self) -> str:
        """The database in the role of the running system."""
        return app_url(self.owner_url)


@contextmanager
def running(api_processes: int = 1, *, durable: bool = True) -> Iterator[System]:
    """Starts everything on free ports, seeded, and ends it afterwards. durable: commits reach the disk."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-bench-")))
        postgres = EmbeddedPostgres(home / "postgres", fsync=durable)
        owner = postgres.start()
        stack.callback(postgres.stop)
        migrate(owner)
        temporal = EmbeddedTemporal(home, port=free_port())
        target = temporal.start()
        stack.callback(temporal.stop)
        system = System(owner, target, home)
        stack.callback(end_worker, system)
        start_worker(system)
        for _ in range(api_processes):
            port = free_port()
            api = _start(system, ["-m", "api.main"], {"HOLDFAST_PORT": str(port)}, subprocess.DEVNULL)
            stack.callback(_end, api)
            system.api.append(f"http://127.0.0.1:{port}")
        for address in system.api:
            _await_ready(address)
        yield system


async def furnish(owner_url: str) -> None:
    """Seeds the demo hotels."""
    await seed(owner_url)


async def enlarge(owner_url: str, physical: int = 2_000) -> None:
    """Gives every room type so many rooms for sale, so that no night runs out while it is measured."""
    url = make_url(owner_url).set(drivername="postgresql", username=SUPERUSER)
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as db:
        db.execute("UPDATE room_type_nights SET physical = %s", [physical])
        db.execute("VACUUM ANALYZE room_type_nights")


def start_worker(system: System) -> None:
    """Starts the worker and waits until it works."""
    system.worker = worker = _start(system, ["-m", "bench.worker"], {}, subprocess.PIPE)
    if worker.stdout is None or worker.stdout.readline() != b"working\n":
        raise RuntimeError("the worker ended before it worked")


def end_worker(system: System, *, kill: bool = False) -> None:
    """Ends the worker: told to, or as a crash would."""
    if system.worker is not None:
        if kill:
            system.worker.kill()
        _end(system.worker)
        if system.worker.stdout is not None:
            system.worker.stdout.close()
        system.worker = None


def _start(system: System, arguments: list[str], more: dict[str, str], output: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "HOLDFAST_APP_DATABASE_URL": system.app_url,
        "HOLDFAST_OPS_DATABASE_URL": app_url(system.owner_url, "holdfast_ops"),
        "TEMPORAL_ADDRESS": system.temporal,
        "HOLDFAST_METRICS_PORT": "0",
        "HOLDFAST_LOG_LEVEL": "WARNING",
        **more,
    }
    return subprocess.Popen(guarded([sys.executable, *arguments]), cwd=ROOT, env=environment, stdout=output)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_ready(address: str) -> None:
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last:
        try:
            if httpx.get(f"{address}/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{address} did not become ready within {START_SECONDS:.0f} s")


def hotel_day(zone_hours: float = 5.5) -> date:
    """Today at a hotel so many hours ahead of UTC, by its business day."""
    return (datetime.now(UTC) + timedelta(hours=zone_hours - 3)).date()


def offer(client: httpx.Client, arrival: date, nights: int = 1, hotel: str = "malabar") -> dict[str, Any]:
    """The cheapest offer of a hotel for two adults; empty where that day can't be sold."""
    asked = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=nights)), "adults": "2"}
    answer = client.get(f"/api/v1/hotels/{hotel}/availability", params=asked)
    answer.raise_for_status()
    offers: list[dict[str, Any]] = answer.json()["offers"]
    return offers[0] if offers else {}


def promises(http: httpx.Client, days: int = 120) -> list[str]:
    """Offers of one night over many days, so that no night runs out; good for half an hour."""
    start = hotel_day() + timedelta(days=20)
    found = [offer(http, start + timedelta(days=day)) for day in range(days)]
    return [str(one["offer_id"]) for one in found if one]


def wish(offer_id: str) -> dict[str, Any]:
    """The body of a booking on the web, each by another guest."""
    whose, number = secrets.token_hex(4), secrets.randbelow(100_000_000)
    guest = {
        "name": f"Guest {whose.title()}",
        "email": f"{whose}@example.com",
        "phone": f"+9198{number:08}",
        "country": "IN",
    }
    return {"hotel": "malabar", "offers": [{"offer_id": offer_id}], "guest": guest}
