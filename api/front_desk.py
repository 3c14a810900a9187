"""The front desk: the only file that talks to Temporal.

It starts a booking's workflow, or resumes it from its row, and asks it one thing; one deadline is around each call.
What the workflow refuses comes out as the same Refused that the rules raise; what is not answered in time is a 503 that
the same key may repeat.
"""

import asyncio
import secrets
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, busy
from api.telemetry import STARTS_WAITING
from domain.lifecycle import Action
from domain.refusals import Kind, Refused
from messages.bookings import (
    Answer,
    BookingEnd,
    BookingStart,
    Command,
    OpenBooking,
    Opened,
    Refusal,
    Resume,
    Rezone,
)
from messages.cards import Card, search_attributes, static_details, summary
from messages.connect import CONNECT_WORKFLOW, AccountTold, AccountWish, connect_id
from messages.converter import data_converter
from messages.names import BOOKING_WORKFLOW, BOOKINGS_QUEUE, workflow_id
from messages.night import (
    NIGHT_WORKFLOW,
    NIGHTS_QUEUE,
    RUN_NOW_SIGNAL,
    NightStart,
    RunNow,
    night_summary,
    night_workflow_id,
)
from messages.payments import PAYMENTS_QUEUE
from store.to_the_end import ToTheEnd

Asked = TypeVar("Asked")

DEADLINE_SECONDS = 8.0
STARTS_IN_FLIGHT = 16
READY_SECONDS = 2.0
# An idle worker asks for work about once a minute; the server remembers one that is dead for five.
POLLED_WITHIN = timedelta(seconds=90)
_UPDATES: dict[Action, str] = {
    Action.APPROVE: "approve",
    Action.DECLINE: "decline",
    Action.CONFIRM: "confirm",
    Action.CANCEL: "cancel",
    Action.AMEND: "amend",
    Action.EXTEND: "amend",
    Action.ASSIGN_ROOM: "assign_room",
    Action.CHECK_IN: "check_in",
    Action.CHECK_OUT: "check_out",
    Action.NO_SHOW: "mark_no_show",
    Action.REINSTATE: "reinstate",
    Action.PAYMENTS: "take_payment",
    Action.PAYMENT: "start_payment",
    Action.REFUNDS: "give_refund",
    Action.CHARGES: "post_charge",
    Action.WAIVE_FEE: "waive_fee",
    Action.CLOCKS: "move_clock",
    Action.ASK_CHANGE: "ask_change",
    Action.ANSWER_CHANGE: "answer_change",
    Action.FAIL: "give_up",
}
# The library's words for a server that has never been reached so far.
_UNREACHED = "Failed client connect"
_PARKED = ("workflow task in failed state", "unhandled command", "not ready")
# How the server says that an update found its workflow at its end, or came in just as it was closing; the row tells the
# rest.
_ENDED = (
    "AcceptedUpdateCompletedWorkflow",
    "workflow execution already completed",
    "unexpected workflow task failure",
)


class JustEnded(Exception):
    """The workflow ended while the command was on its way; look at the row again."""


class FrontDesk:
    """Asks bookings through Temporal, with a bound on starts in flight and on every wait."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._client: Client | None = None
        self._gate = asyncio.Semaphore(STARTS_IN_FLIGHT)
        self._asking = ToTheEnd()

    async def open(self, target: str, namespace: str, secret: str) -> None:
        """Connects; `lazy`, so that the API answers reads while Temporal is still starting."""
        self._client = await Client.connect(
            target, namespace=namespace, data_converter=data_converter(secret), lazy=True
        )

    @property
    def crowded(self) -> bool:
        """Whether the next start has to wait for its turn."""
        return self._gate.locked()

    def in_its_own_time(self, asking: Coroutine[Any, Any, Asked]) -> asyncio.Task[Asked]:
        """Asks to the end, also when whoever began it has their answer from elsewhere; it has its own deadline."""
        return self._asking.begin(asking)

    def gate(self) -> asyncio.Semaphore:
        """The turnstile in front of starts: so many in flight in this process."""
        return self._gate

    async def open_booking(self, opening: OpenBooking, card: Card) -> Opened:
        """Starts the booking's workflow, or finds it, and waits for the answer of its opening. Errors: JustEnded; 503.

        The server repeats a run's answer to the same question also when the run has ended. So where that run came too
        late to open anything, or was refused for an earlier try, the question is asked once more under a name that
        follows from it, and all copies of a request that ask it again at once share one new run.
        """
        with STARTS_WAITING.track_inprogress():
            answer = await self._opened(opening, card, opening.key)
            if answer.run_id and _is_of_an_earlier_try(answer, opening):
                answer = await self._opened(opening, card, f"{opening.key}~{answer.run_id}")
        return answer

    async def _opened(self, opening: OpenBooking, card: Card, question: str) -> Opened:
        start = self._start(opening.reference, BookingStart(opening=opening), card)
        return await self._ask("opened", None, question, start, Opened)

    async def command(self, action: Action, command: Command, reference: str, card: Card) -> Answer:
        """Asks a booking for one thing; its workflow is resumed from the row where none runs.

        Errors: Refused as the workflow judged; JustEnded; 503 not_answered_in_time, booking_needs_attention.
        """
        start = self._start(reference, BookingStart(resume=Resume(card.hotel_id, reference)), card)
        # The booking knows the keys it has carried out. An id of its own for each try lets a key that was refused (a
        # room not yet clean) ask again, where the server would repeat the old refusal.
        update_id = f"{command.asked.key}~{secrets.token_hex(4)}"
        return await self._ask(_UPDATES[action], command, update_id, start, Answer)

    async def correct_zone(self, correction: Rezone, reference: str, card: Card) -> None:
        """Tells a booking that its hotel's zone was wrong; it is resumed from its row where it does not run.

        Errors: 503 not_answered_in_time.
        """
        client = self._connected()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await client.start_workflow(
                    BOOKING_WORKFLOW,
                    BookingStart(resume=Resume(card.hotel_id, reference)),
                    id=workflow_id(reference),
                    task_queue=BOOKINGS_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    start_signal="correct_zone",
                    start_signal_args=[correction],
                    search_attributes=search_attributes(card),
                    static_summary=summary(card),
                    static_details=static_details(self._base_url, reference),
                )
        except (TimeoutError, RPCError) as late:
            raise _late() from late
        except RuntimeError as trouble:
            if _UNREACHED not in str(trouble):
                raise
            raise _late() from trouble

    async def ask_of_account(self, wish: AccountWish) -> AccountTold:
        """What comes of a wish about a hotel's account at the payment provider. Errors: 503 not_answered_in_time."""
        client = self._connected()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await client.execute_workflow(
                    CONNECT_WORKFLOW,
                    wish,
                    id=connect_id(wish.hotel_slug, wish.once),
                    task_queue=PAYMENTS_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    result_type=AccountTold,
                )
        except (TimeoutError, RPCError, WorkflowFailureError) as late:
            raise _late() from late
        except RuntimeError as trouble:
            if _UNREACHED not in str(trouble):
                raise
            raise _late() from trouble

    async def wake_night(self, hotel_id: int, slug: str) -> None:
        """Tells a hotel's night that somebody asked for a comparing; it is begun where it does not run.

        Errors: 503 not_answered_in_time.
        """
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._connected().start_workflow(
                    NIGHT_WORKFLOW,
                    NightStart(hotel_id, slug),
                    id=night_workflow_id(slug),
                    task_queue=NIGHTS_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    start_signal=RUN_NOW_SIGNAL,
                    start_signal_args=[RunNow()],
                    static_summary=night_summary(slug),
                )
        except (TimeoutError, RPCError) as late:
            raise _late() from late
        except RuntimeError as trouble:
            if _UNREACHED not in str(trouble):
                raise
            raise _late() from trouble

    def _start(self, reference: str, start: BookingStart, card: Card) -> WithStartWorkflowOperation[Any, BookingEnd]:
        return WithStartWorkflowOperation(
            BOOKING_WORKFLOW,
            start,
            id=workflow_id(reference),
            task_queue=BOOKINGS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=search_attributes(card),
            static_summary=summary(card),
            static_details=static_details(self._base_url, reference),
            result_type=BookingEnd,
        )

    async def _ask(
        self, update: str, command: Command | None, update_id: str, start: WithStartWorkflowOperation, kind: type[Any]
    ) -> Any:
        client = self._connected()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await client.execute_update_with_start_workflow(
                    update,
                    *(() if command is None else (command,)),
                    start_workflow_operation=start,
                    id=update_id,
                    result_type=kind,
                )
        except WorkflowUpdateFailedError as failed:
            raise _from_workflow(failed) from failed
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as late:
            raise _late() from late
        except RPCError as trouble:
            raise _from_server(trouble) from trouble
        except RuntimeError as trouble:
            if _UNREACHED not in str(trouble):
                raise
            raise _late() from trouble
        finally:
            _look_away(start)

    def _connected(self) -> Client:
        if self._client is None:
            raise busy("not_ready", "The booking engine is starting.")
        return self._client

    async def readiness(self) -> dict[str, str]:
        """`temporal` and `worker`: ok, or what is wrong. A worker is there when one has polled lately."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                client = self._connected()
                described = await client.workflow_service.describe_task_queue(
                    DescribeTaskQueueRequest(
                        namespace=client.namespace,
                        task_queue=TaskQueue(name=BOOKINGS_QUEUE),
                        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
                    )
                )
        except (TimeoutError, RPCError, RuntimeError, Problem):
            return {"temporal": "does not answer", "worker": "unknown"}
        polled = polled_lately(described, datetime.now(UTC))
        return {"temporal": "ok", "worker": "ok" if polled else "no worker polls for bookings"}


def _is_of_an_earlier_try(answer: Opened, opening: OpenBooking) -> bool:
    """Whether asking again may come to something else: a refusal stands for the moment at which it was given."""
    refused_before = answer.outcome == "refused" and answer.asked_until != opening.open_before
    return answer.outcome == "not_opened" or refused_before


def polled_lately(described: DescribeTaskQueueResponse, now: datetime) -> bool:
    """Whether a worker has asked for work since it would have to have asked again."""
    return any(now - one.last_access_time.ToDatetime(UTC) <= POLLED_WITHIN for one in described.pollers)


def _look_away(start: WithStartWorkflowOperation) -> None:
    """A start that failed leaves its failure in a future too; nobody awaits that one, so it is taken note of here."""
    handle: asyncio.Future[Any] | None = getattr(start, "_workflow_handle", None)
    if handle is not None and handle.done() and not handle.cancelled():
        handle.exception()


def _from_workflow(failed: WorkflowUpdateFailedError) -> Exception:
    """The workflow's refusal, or trouble in it."""
    cause = failed.cause
    if isinstance(cause, ApplicationError):
        if cause.type in _ENDED:
            return JustEnded()
        if cause.details and isinstance(cause.details[0], Mapping):
            return refused_of(Refusal(**cause.details[0]))
    return _parked()


def refused_of(refusal: Refusal) -> Refused:
    """The refusal that a message carries, as the rules raise it."""
    return Refused(refusal.code, refusal.detail, Kind(refusal.kind), refusal.field, dict(refusal.facts))


def _from_server(trouble: RPCError) -> Exception:
    words = trouble.message.lower()
    if any(word in words for word in _PARKED):
        return _parked()
    if trouble.status is RPCStatusCode.NOT_FOUND or any(word.lower() in words for word in _ENDED):
        return JustEnded()
    if trouble.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.ABORTED):
        return _late()
    return _parked() if trouble.status is RPCStatusCode.FAILED_PRECONDITION else _late()


def _late() -> Problem:
    return busy("not_answered_in_time", "The booking was not answered in time; send the same key again.")


def _parked() -> Problem:
    return busy("booking_needs_attention", "This booking waits for an operator; try again later.", retry_after=60)
