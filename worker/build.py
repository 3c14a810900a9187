"""The composition root of the work side: stores and gateways are wired into activities here and nowhere else."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import (
    PollerBehaviorAutoscaling,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkerDeploymentConfig,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.bookings import BookingActivities
from messages.build import build_id
from messages.names import BOOKINGS_QUEUE, DEPLOYMENT
from store.bookings import BookingStore
from store.session import Database
from workflows.booking import BookingWorkflow

# About 51 KB each; a booking that fell out of the cache is replayed when it is needed again.
CACHED_WORKFLOWS = 200
# So long a task is kept for the worker that has the booking in memory. Where that one was killed, whoever asks next
# is answered by another within the front desk's deadline.
KEPT_FOR_THE_SAME = timedelta(seconds=3)


def runner(*, strict: bool = False) -> WorkflowRunner:
    """What workflows run in.

    strict: a sandbox in which the story's modules are imported anew, so that each use of a clock, of chance or of the
    outside world is refused. The stories' tests run strictly; the running system trusts what they have shown.
    """
    return SandboxedWorkflowRunner() if strict else UnsandboxedWorkflowRunner()


def deployment() -> WorkerDeploymentConfig:
    """Each booking stays with the build that it began on until it renews itself onto a newer one."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build_id()),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


def bookings_worker(
    client: Client,
    database: Database,
    secret: str,
    *,
    versioned: bool = True,
    strict: bool = False,
    cached: int = CACHED_WORKFLOWS,
) -> Worker:
    """The worker of the bookings queue. `versioned` False serves every build; `strict` see `runner`.

    cached: workflows kept in memory; with 0 every workflow task replays its booking's history from the beginning.
    """
    activities = BookingActivities(database, BookingStore(), secret)
    return Worker(
        client,
        task_queue=BOOKINGS_QUEUE,
        workflows=[BookingWorkflow],
        activities=[activities.open_booking, activities.take_step, activities.load_booking],
        workflow_runner=runner(strict=strict),
        deployment_config=deployment() if versioned else None,
        max_cached_workflows=cached,
        sticky_queue_schedule_to_start_timeout=KEPT_FOR_THE_SAME,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=5, maximum=20),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=2, maximum=10),
    )
