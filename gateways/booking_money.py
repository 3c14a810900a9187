"""What a booking itself says of its money: asked of its story, or read from what its story came to."""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.ledgers import MoneyTotals
from messages.bookings import BookingEnd
from messages.names import MONEY_QUERY, workflow_id
from messages.payments import MoneyTold

WAITS = timedelta(seconds=5)
# A story that is parked, or whose build is away, answers nobody; that must not hold up a hotel's night.
_SILENT = (RPCStatusCode.NOT_FOUND, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED,
           RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.INVALID_ARGUMENT)  # fmt: skip


class BookingMoney:
    """Asks bookings' workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def totals(self, reference: str) -> MoneyTotals | None:
        """The booking's sums; None where its story is forgotten, never opened, or does not answer.

        Errors: RPCError while the server itself can't be asked.
        """
        handle = self._client.get_workflow_handle(workflow_id(reference), result_type=BookingEnd)
        try:
            found = await handle.describe(rpc_timeout=WAITS)
            if found.status is WorkflowExecutionStatus.RUNNING:
                return (await handle.query(MONEY_QUERY, result_type=MoneyTold, rpc_timeout=WAITS)).totals
            if found.status is WorkflowExecutionStatus.COMPLETED:
                end: BookingEnd = await handle.result(rpc_timeout=WAITS)
                return end.money
        except (WorkflowQueryFailedError, WorkflowFailureError):
            return None
        except RPCError as trouble:
            if trouble.status not in _SILENT:
                raise
        return None
