"""The floors of creating and commanding: update-with-start whose workflow runs one local activity that does nothing."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import activity, workflow
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

NOOP_QUEUE = "bench-noop"


@activity.defn
async def do_nothing() -> str:
    """Nothing."""
    return "nothing"


@workflow.defn
class NoopWorkflow:
    """Opens, is asked and wakes like a booking, with nothing behind it."""

    def __init__(self) -> None:
        self.done = ""
        self.asked = 0
        self.served = 0

    @workflow.run
    async def run(self, wakes: Sequence[datetime] = ()) -> str:
        """One local activity, then a long wait, as a booking has; each update and each waking is one more activity."""
        await self._work()
        bell = asyncio.create_task(workflow.sleep(wakes[0] - workflow.now() if wakes else timedelta(days=1)))
        while True:
            await workflow.wait_condition(lambda: self.asked > self.served or bell.done())
            await self._work()
            if bell.done():
                return self.done
            self.served += 1

    async def _work(self) -> None:
        self.done = await workflow.execute_local_activity(do_nothing, start_to_close_timeout=timedelta(seconds=5))

    @workflow.update
    async def opened(self) -> str:
        """Waits for the local activity."""
        await workflow.wait_condition(lambda: bool(self.done))
        return self.done

    @workflow.update
    async def command(self) -> str:
        """Asks the main story to do nothing once more, and waits for it."""
        self.asked += 1
        mine = self.asked
        await workflow.wait_condition(lambda: self.served >= mine)
        return self.done


def noop_start(name: str, wakes: Sequence[datetime] = ()) -> WithStartWorkflowOperation[NoopWorkflow, str]:
    """How the floor starts or finds its workflow, as the API does with a booking's."""
    return WithStartWorkflowOperation(
        NoopWorkflow.run,
        list(wakes),
        id=f"noop-{name}",
        task_queue=NOOP_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


async def bare_start(client: Client, name: str = "", wakes: Sequence[datetime] = ()) -> str:
    """Opens one; answers its name."""
    name = name or secrets.token_hex(8)
    await client.execute_update_with_start_workflow("opened", start_workflow_operation=noop_start(name, wakes))
    return name


async def bare_command(client: Client, name: str) -> None:
    """Asks one that is open."""
    await client.execute_update_with_start_workflow("command", start_workflow_operation=noop_start(name))
