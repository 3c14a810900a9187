"""Builds and their bookings on the real Temporal server, in a namespace of their own."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from cli import deployments
from cli.deployments import Older, make_current, renew, versions
from cli.processes import StackTrouble
from config.settings import Settings
from gateways.temporal_house import missing_search_attributes, prepare_server
from messages import names
from tests.story.conftest import end_all

KINDS = {"KEYWORD": "Keyword", "DATETIME": "Datetime", "BOOL": "Bool"}


@workflow.defn(name="BookingWorkflow")
class OpenBooking:
    """Waits, and moves to the current build when it is told to renew itself."""

    def __init__(self) -> None:
        self.told = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self.told)
        workflow.continue_as_new(initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE)

    @workflow.signal
    def renew(self) -> None:
        self.told = True


@pytest.fixture
async def client(temporal_target: str) -> AsyncIterator[Client]:
    settings = Settings(temporal_address=temporal_target, temporal_namespace=f"builds-{uuid.uuid4().hex[:8]}")
    client = await deployments.connect(settings)
    created = await prepare_server(client)
    assert created[0] == f"namespace {client.namespace}"
    yield client
    await end_all(client)


def worker(client: Client, build: str) -> Worker:
    return Worker(
        client,
        task_queue=names.BOOKINGS_QUEUE,
        workflows=[OpenBooking],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(names.DEPLOYMENT, build),
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.PINNED,
        ),
    )


async def seen(client: Client, home: Path, older: tuple[Older, ...]) -> None:
    """Waits until the server's list says so; it follows the workflows within moments."""
    async with asyncio.timeout(60):
        while (await versions(client, home)).older != older:
            await asyncio.sleep(0.1)


async def test_open_bookings_move_from_an_older_build_to_the_current_one(client: Client, tmp_path: Path) -> None:
    assert await prepare_server(client) == [], "a second time creates nothing"
    assert (await versions(client, tmp_path)).current == ""
    async with AsyncExitStack() as running:
        await running.enter_async_context(worker(client, "old"))
        await make_current(client, "old")
        for number in range(3):
            await client.start_workflow("BookingWorkflow", id=f"booking-{number}", task_queue=names.BOOKINGS_QUEUE)
        await asyncio.gather(*(_has_begun(client, f"booking-{number}") for number in range(3)))
        await running.enter_async_context(worker(client, "new"))
        await make_current(client, "new")
        assert (await versions(client, tmp_path)).current == "new"
        await seen(client, tmp_path, (Older("old", 3, has_copy=False),))
        told: list[str] = []
        assert await renew(client, "new", told.append) == 3
        assert told == []
        await seen(client, tmp_path, ())
        assert await renew(client, "new", told.append) == 0


async def _has_begun(client: Client, workflow_id: str) -> None:
    """A booking belongs to a build from its first task on."""
    async with asyncio.timeout(60):
        while True:
            described = await client.get_workflow_handle(workflow_id).describe()
            if described.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id:
                return
            await asyncio.sleep(0.05)


async def test_a_build_without_a_worker_does_not_become_current(client: Client) -> None:
    with pytest.raises(StackTrouble, match=r"no worker of build nobody took up its work within 0\.5 s"):
        await make_current(client, "nobody", seconds=0.5)


async def test_a_server_that_does_not_answer_is_told_with_the_remedy() -> None:
    with pytest.raises(StackTrouble, match=r"does not answer on 127\.0\.0\.1:1: start it with `make run`"):
        await deployments.connect(Settings(temporal_address="127.0.0.1:1"))


async def test_every_search_attribute_of_the_bookings_is_registered(client: Client) -> None:
    keys = [value for name, value in vars(names).items() if name.isupper() and hasattr(value, "indexed_value_type")]
    wanted = {key.name: KINDS[key.indexed_value_type.name.replace("_", "")] for key in keys}
    assert wanted == names.SEARCH_ATTRIBUTES
    assert await missing_search_attributes(client) == []
