"""The floor for creating a booking: an update-with-start whose workflow runs one local activity that does nothing."""

from datetime import timedelta

from temporalio import activity, workflow

NOOP_QUEUE = "bench-noop"


@activity.defn
async def do_nothing() -> str:
    """Nothing."""
    return "nothing"


@workflow.defn
class NoopWorkflow:
    """Opens like a booking, with nothing behind it."""

    def __init__(self) -> None:
        self.done = ""

    @workflow.run
    async def run(self) -> str:
        """One local activity, then a long wait, as a booking has."""
        self.done = await workflow.execute_local_activity(do_nothing, start_to_close_timeout=timedelta(seconds=5))
        await workflow.sleep(timedelta(days=1))
        return self.done

    @workflow.update
    async def opened(self) -> str:
        """Waits for the local activity."""
        await workflow.wait_condition(lambda: bool(self.done))
        return self.done
