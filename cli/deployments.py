"""Worker deployment versions: which build is current, which older ones still have open bookings, and waking those.

A booking is pinned to the build it began on. Making a new build current changes nothing for it, until the signal
`renew` lets it continue as new, which puts it onto the current build.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from temporalio.api.enums.v1 import VersionDrainageStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cli.builds import has_copy
from cli.processes import StackTrouble
from config.settings import Settings
from messages.names import DEPLOYMENT, RENEW_SIGNAL

OPEN_OF_BUILD = "TemporalWorkerDeploymentVersion = '{deployment}:{build_id}' AND ExecutionStatus = 'Running'"
NOT_ON_BUILD = (
    "WorkflowType = 'BookingWorkflow' AND ExecutionStatus = 'Running'"
    " AND TemporalWorkerDeploymentVersion != '{deployment}:{build_id}'"
)
RENEWALS_PER_SECOND = 20
# So long a new worker may take until it polls every queue that the current one polls.
STRICT_SECONDS = 15.0
ASK_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Older:
    """An older build that open workflows still wait for."""

    build_id: str
    open: int
    has_copy: bool


@dataclass(frozen=True)
class Versions:
    """The deployment as the server knows it. `current` is empty before the first one."""

    current: str
    older: tuple[Older, ...]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


async def connect(settings: Settings) -> Client:
    """A client of the settings' server and namespace, or StackTrouble that says how to mend it."""
    try:
        return await asyncio.wait_for(
            Client.connect(settings.temporal_target, namespace=settings.temporal_namespace), timeout=10
        )
    except (RuntimeError, TimeoutError) as trouble:
        raise StackTrouble(
            f"Temporal does not answer on {settings.temporal_target}: start it with `make run`, or set TEMPORAL_ADDRESS"
        ) from trouble


async def versions(client: Client, home: Path) -> Versions:
    """The current build and those older ones, newest first, that have open workflows."""
    try:
        answer = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
        )
    except RPCError as trouble:
        if trouble.status != RPCStatusCode.NOT_FOUND:
            raise
        return Versions("", ())
    info = answer.worker_deployment_info
    current = info.routing_config.current_deployment_version.build_id
    summaries = sorted(info.version_summaries, key=lambda one: one.create_time.ToNanoseconds(), reverse=True)
    older = []
    for summary in summaries:
        build_id = summary.deployment_version.build_id
        if build_id == current or summary.drainage_status == VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED:
            continue
        query = OPEN_OF_BUILD.format(deployment=DEPLOYMENT, build_id=build_id)
        count = (await client.count_workflows(query)).count
        if count:
            older.append(Older(build_id, count, has_copy(home, build_id)))
    return Versions(current, tuple(older))


async def make_current(client: Client, build_id: str, *, seconds: float = 60.0) -> None:
    """Sends new bookings to this build, as soon as its worker polls.

    The server refuses while the new worker does not poll every queue of the current one, which a starting worker does
    within moments; a queue that the new build really gave up must not block it for ever, so later that is allowed.
    Raises StackTrouble after `seconds`.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    last = "it never polled"
    while loop.time() - begun < seconds:
        try:
            await client.workflow_service.set_worker_deployment_current_version(
                SetWorkerDeploymentCurrentVersionRequest(
                    namespace=client.namespace,
                    deployment_name=DEPLOYMENT,
                    build_id=build_id,
                    identity="holdfast",
                    ignore_missing_task_queues=loop.time() - begun > STRICT_SECONDS,
                )
            )
        except RPCError as trouble:
            if trouble.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}:
                raise
            last = trouble.message
        else:
            return
        await asyncio.sleep(ASK_EVERY_SECONDS)
    raise StackTrouble(
        f"no worker of build {build_id} took up its work within {seconds:g} s ({last}); see its log lines"
    )


async def renew(client: Client, build_id: str, say: Callable[[str], None]) -> int:
    """Wakes every open booking that is not on this build, at most 20 a second; answers how many were told.

    One that ended in the meantime needs nothing; any other refusal is told and the next one follows.
    """
    told = 0
    async for booking in client.list_workflows(NOT_ON_BUILD.format(deployment=DEPLOYMENT, build_id=build_id)):
        try:
            await client.get_workflow_handle(booking.id, run_id=booking.run_id).signal(RENEW_SIGNAL)
            told += 1
        except RPCError as trouble:
            if trouble.status != RPCStatusCode.NOT_FOUND:
                say(f"{booking.id} could not be told to renew itself: {trouble.message}")
        await asyncio.sleep(1 / RENEWALS_PER_SECOND)
    return told
