"""Workflow tasks that failed, without those that only a stalled machine was too slow for."""

from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowHandle

# Temporal's name for a task whose thread was given no time for two seconds; the task is begun again.
STALLED = "TMPRL1101"


async def failed_tasks(client: Client, handle: WorkflowHandle[Any, Any]) -> list[tuple[str, str]]:
    """Cause and words of each failed task of a run."""
    found: list[tuple[str, str]] = []
    for event in (await handle.fetch_history()).events:
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            continue
        told = event.workflow_task_failed_event_attributes
        words = str(await client.data_converter.decode_failure(told.failure)) if told.HasField("failure") else ""
        if STALLED not in words:
            found.append((WorkflowTaskFailedCause.Name(told.cause), words))
    return found
