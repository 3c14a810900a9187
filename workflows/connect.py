"""A hotel's own account at the payment provider: one question, one answer.

It is a story because only the work side changes anything at the provider, and because a lost answer is asked for again.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.connect import ConnectActivities
    from messages.connect import CONNECT_WORKFLOW, LINK, LOOK, AccountTold, AccountWish

_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5), maximum_attempts=60
)
# A person waits for the page, and asks again where it does not come.
_QUICK = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
CALLS: dict[str, dict[str, Any]] = {
    "account": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _PATIENT},
    "page": {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": _QUICK},
}


@workflow.defn(name=CONNECT_WORKFLOW)
class ConnectWorkflow:
    """Opens an account, looks at it, or asks for its page."""

    @workflow.run
    async def run(self, wish: AccountWish) -> AccountTold:
        """What came of the wish."""
        if wish.want == LINK:
            return await workflow.execute_activity_method(ConnectActivities.make_account_page, wish, **CALLS["page"])
        if wish.want == LOOK:
            return await workflow.execute_activity_method(ConnectActivities.look_at_account, wish, **CALLS["account"])
        return await workflow.execute_activity_method(ConnectActivities.open_account, wish, **CALLS["account"])
