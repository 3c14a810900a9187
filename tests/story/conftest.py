"""A namespace, a worker and a client for stories; the worker is the real one, on the process's own database.

HOLDFAST_TEST_CACHED=0 lets the stories' workers keep no workflow in memory, so that every task replays its history.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.stay import StayDates
from messages.converter import data_converter
from tests.houses import opened
from tests.story.world import SECRET, House, Life
from worker.build import CACHED_WORKFLOWS, bookings_worker

CACHED = int(os.environ.get("HOLDFAST_TEST_CACHED", str(CACHED_WORKFLOWS)))
KINDS = {
    "HotelId": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "BookingStatus": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Channel": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "ArrivalDate": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "DepartureDate": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "NeedsAttention": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}


async def own_namespace(target: str) -> str:
    """A namespace of one's own on the run's server, with the search attributes, so that no other worker answers."""
    name = f"test-{secrets.token_hex(4)}"
    client = await Client.connect(target)
    keep = Duration()
    keep.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=keep)
    )
    async with asyncio.timeout(60):
        while True:
            try:
                await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
                await client.operator_service.add_search_attributes(
                    AddSearchAttributesRequest(search_attributes=KINDS, namespace=name)
                )
                return name
            except RPCError:
                await asyncio.sleep(0.1)


async def end_all(client: Client) -> None:
    """Terminates every workflow of the namespace; the server's list lags behind, so some have ended already."""
    async for found in client.list_workflows("ExecutionStatus = 'Running'"):
        try:
            await client.get_workflow_handle(found.id).terminate()
        except RPCError as trouble:
            if trouble.status is not RPCStatusCode.NOT_FOUND:
                raise


@pytest.fixture(scope="session")
def temporal_namespace(temporal_target: str) -> str:
    """The test process's namespace."""
    return asyncio.run(own_namespace(temporal_target))


@pytest.fixture
async def client(temporal_target: str, temporal_namespace: str) -> Client:
    """A client that reads and writes as the system does."""
    return await Client.connect(temporal_target, namespace=temporal_namespace, data_converter=data_converter(SECRET))


@asynccontextmanager
async def at_work(client: Client, app_url: str, secret: str = SECRET, **how: Any) -> AsyncIterator[None]:
    """A worker of the bookings queue with a database of its own, which is closed whatever becomes of the test."""
    async with opened(app_url, pool_size=10) as database:
        await database.open()
        async with bookings_worker(client, database, secret, versioned=False, **how):
            yield


@pytest.fixture
async def worker(client: Client, app_url: str) -> AsyncIterator[None]:
    """The real worker of the bookings queue."""
    async with at_work(client, app_url, strict=True, cached=CACHED):
        yield


@pytest.fixture
async def trusting_worker(client: Client, app_url: str) -> AsyncIterator[None]:
    """The worker as the running system has it: its stories use this process's own modules, so rules can be removed."""
    async with at_work(client, app_url, cached=CACHED):
        yield


@pytest.fixture
def live(worker: None, client: Client, owner_url: str) -> Callable[[House, StayDates], Life]:
    """Begins a life at a hotel for a stay."""
    return lambda house, dates: Life(client, owner_url, house, dates)
