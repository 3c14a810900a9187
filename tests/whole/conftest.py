"""Two API processes over a database of their own, with a worker beside them or in the test's own process.

A worker in the test's own process is there to be tampered with.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from cli.ports import free_port
from cli.processes import guarded
from config.settings import DEMO_SECRET
from messages.converter import data_converter
from store.session import app_url
from tests import houses
from tests.story.conftest import at_work, own_namespace
from tests.whole.crowd import Crowd, Doors, gathered, ready

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = 2


@contextmanager
def opened(owner_url: str, target: str, *, hands: bool = False) -> Iterator[Doors]:
    """Two API processes on a database. hands: a worker process of its own behind them, so that nobody shares time."""
    namespace = asyncio.run(own_namespace(target))
    with ExitStack() as stack:
        environment = {
            **os.environ,
            "HOLDFAST_APP_DATABASE_URL": app_url(owner_url),
            "HOLDFAST_OPS_DATABASE_URL": app_url(owner_url, "holdfast_ops"),
            "TEMPORAL_ADDRESS": target,
            "TEMPORAL_NAMESPACE": namespace,
            "HOLDFAST_LOG_LEVEL": "WARNING",
        }

        def start(module: str, **more: str) -> None:
            command = guarded([sys.executable, "-m", module])
            stack.callback(_end, subprocess.Popen(command, cwd=ROOT, env={**environment, **more}))

        if hands:
            start("tests.whole.hands")
        addresses = []
        for _ in range(PROCESSES):
            port = free_port()
            start("api.main", HOLDFAST_PORT=str(port))
            addresses.append(f"http://127.0.0.1:{port}")
        yield Doors(tuple(addresses), owner_url, target, namespace)


@pytest.fixture
def doors(fresh_url: str, temporal_target: str) -> Iterator[Doors]:
    """Two API processes on a fresh, seeded database."""
    with opened(fresh_url, temporal_target) as two:
        yield two


@pytest.fixture(scope="package")
def busy_house(template_url: str, temporal_target: str) -> Iterator[Doors]:
    """The same for many tests, with a worker process; each test has days of its own."""
    url = houses.copy_database(template_url)
    try:
        with opened(url, temporal_target, hands=True) as two:
            yield two
    finally:
        houses.drop_database(url)


@pytest.fixture
async def crowd(busy_house: Doors) -> AsyncIterator[Crowd]:
    """People at the doors of the busy house, its front desk and its manager among them."""
    async with gathered(busy_house) as people:
        yield people


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@asynccontextmanager
async def working(doors: Doors) -> AsyncIterator[None]:
    """A worker in the test's own process, behind these doors."""
    client = await Client.connect(doors.target, namespace=doors.namespace, data_converter=data_converter(DEMO_SECRET))
    async with at_work(client, app_url(doors.owner_url), DEMO_SECRET):
        yield


@pytest.fixture
async def guests(doors: Doors) -> AsyncIterator[list[httpx.AsyncClient]]:
    """One client for each process, and a worker behind them."""
    limits = httpx.Limits(max_connections=100)
    async with working(doors), AsyncExitStack() as open_clients:
        clients = [httpx.AsyncClient(base_url=address, timeout=30, limits=limits) for address in doors.addresses]
        for one in clients:
            open_clients.push_async_callback(one.aclose)
        for one in clients:
            await ready(one)
        yield clients
