"""A look at a dispute: one question at the provider, whose answer is put before the hotel's people."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.disputes import DisputeActivities
    from messages.disputes import DISPUTE_WORKFLOW, DisputeTold, LookAtDispute

# About a day, while the provider does not answer; evidence is due after several.
_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10), maximum_attempts=150
)
CALLS: dict[str, dict[str, Any]] = {
    "look": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _PATIENT},
}


@workflow.defn(name=DISPUTE_WORKFLOW)
class DisputeWorkflow:
    """Looks at one dispute, once."""

    @workflow.run
    async def run(self, wish: LookAtDispute) -> DisputeTold:
        """How it stands."""
        return await workflow.execute_activity_method(DisputeActivities.look_at_dispute, wish, **CALLS["look"])
