"""The bell of a hotel's night: it is told that somebody asked for a comparing, and begun where it does not run."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from messages.night import (
    NIGHT_WORKFLOW,
    NIGHTS_QUEUE,
    RUN_NOW_SIGNAL,
    NightStart,
    RunNow,
    night_summary,
    night_workflow_id,
)


async def ring_night(client: Client, hotel_id: int, slug: str) -> None:
    """Rings. What was asked stands in its row, so ringing twice is harmless. Errors: RPCError."""
    await client.start_workflow(
        NIGHT_WORKFLOW,
        NightStart(hotel_id, slug),
        id=night_workflow_id(slug),
        task_queue=NIGHTS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=RUN_NOW_SIGNAL,
        start_signal_args=[RunNow()],
        static_summary=night_summary(slug),
    )
