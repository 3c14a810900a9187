"""Two API processes over a database of their own, and a worker in the test's own process, to be tampered with."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from cli.ports import free_port
from cli.processes import guarded
from config.settings import DEMO_SECRET
from messages.converter import data_converter
from store.session import Database, app_url
from tests.story.conftest import own_namespace
from worker.build import bookings_worker

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = 2


@dataclass(frozen=True)
class Doors:
    """Where guests knock: one base address a process."""

    addresses: tuple[str, ...]
    owner_url: str
    target: str
    namespace: str


@pytest.fixture
def doors(fresh_url: str, temporal_target: str) -> Iterator[Doors]:
    """Two API processes on a fresh, seeded database."""
    namespace = asyncio.run(own_namespace(temporal_target))
    with ExitStack() as stack:
        addresses = []
        for _ in range(PROCESSES):
            port = free_port()
            environment = {
                **os.environ,
                "HOLDFAST_APP_DATABASE_URL": app_url(fresh_url),
                "HOLDFAST_OPS_DATABASE_URL": app_url(fresh_url, "holdfast_ops"),
                "TEMPORAL_ADDRESS": temporal_target,
                "TEMPORAL_NAMESPACE": namespace,
                "HOLDFAST_PORT": str(port),
                "HOLDFAST_LOG_LEVEL": "WARNING",
            }
            process = subprocess.Popen(guarded([sys.executable, "-m", "api.main"]), cwd=ROOT, env=environment)
            stack.callback(_end, process)
            addresses.append(f"http://127.0.0.1:{port}")
        yield Doors(tuple(addresses), fresh_url, temporal_target, namespace)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
async def guests(doors: Doors) -> AsyncIterator[list[httpx.AsyncClient]]:
    """One client for each process, and a worker behind them."""
    client = await Client.connect(doors.target, namespace=doors.namespace, data_converter=data_converter(DEMO_SECRET))
    database = Database(app_url(doors.owner_url))
    await database.open()
    limits = httpx.Limits(max_connections=100)
    async with bookings_worker(client, database, DEMO_SECRET, versioned=False):
        clients = [httpx.AsyncClient(base_url=address, timeout=30, limits=limits) for address in doors.addresses]
        for one in clients:
            await _ready(one)
        yield clients
        for one in clients:
            await one.aclose()
    await database.close()


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
