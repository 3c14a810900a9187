"""The engine room: bookings' workflows as operations sees them, for the sweeper and for people at the command line.

Temporal behind words of ours. What is asked here is never on a guest's path; api/front_desk.py has that.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    ResetActivityRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from messages.bookings import BookingStart, Resume
from messages.cards import Card, search_attributes, static_details, summary
from messages.connect import CONNECT_WORKFLOW, LOOK, AccountWish, connect_id
from messages.disputes import DISPUTE_WORKFLOW, LookAtDispute, dispute_workflow_id
from messages.names import (
    BOOKING_STATUS,
    BOOKING_WORKFLOW,
    BOOKINGS_QUEUE,
    DEPLOYMENT,
    MONEY_SIGNAL,
    RENEW_SIGNAL,
    workflow_id,
)
from messages.payments import PAYMENTS_QUEUE, MoneyHint

RUNNING = f"WorkflowType = '{BOOKING_WORKFLOW}' AND ExecutionStatus = 'Running'"
PROBLEMS = SearchAttributeKey.for_keyword_list("TemporalReportedProblems")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that a workflow has been trying to write. trouble: the kind of its last failure, never its words."""

    activity_id: str
    name: str
    attempts: int
    trouble: str


@dataclass(frozen=True, slots=True)
class Run:
    """A workflow's latest run. status: Temporal's word in small letters; problems: what its tasks fail with."""

    run_id: str
    status: str
    build_id: str
    problems: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    events: int

    @property
    def is_running(self) -> bool:
        """Whether somebody is there to be asked."""
        return self.status == "running"


class EngineRoom:
    """Looks at and wakes bookings' workflows. base_url: where people reach the API, for links."""

    def __init__(self, client: Client, base_url: str) -> None:
        self._client = client
        self._base_url = base_url

    async def current_build(self) -> str | None:
        """The build that new bookings begin on; None where the server knows none."""
        try:
            answer = await self._client.workflow_service.describe_worker_deployment(
                DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=DEPLOYMENT)
            )
        except RPCError as trouble:
            if trouble.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return answer.worker_deployment_info.routing_config.current_deployment_version.build_id or None

    async def make_current(self, build_id: str) -> None:
        """Tells a server that has lost its data which build is current. Errors: RPCError while nobody polls for it."""
        await self._client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self._client.namespace, deployment_name=DEPLOYMENT, build_id=build_id, identity="holdfast"
            )
        )

    async def running(self) -> Mapping[str, str]:
        """Ids of the bookings' workflows that run, with the status each tells; the server's list may lag a moment."""
        return {
            found.id: found.typed_search_attributes.get(BOOKING_STATUS) or ""
            async for found in self._client.list_workflows(RUNNING, page_size=1_000)
        }

    async def parked(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of running workflows whose tasks fail, and with what."""
        query = f"{RUNNING} AND TemporalReportedProblems IS NOT NULL"
        return {
            found.id: tuple(found.typed_search_attributes.get(PROBLEMS) or ())
            async for found in self._client.list_workflows(query, page_size=1_000)
        }

    async def struggling(self) -> set[str]:
        """Ids of running workflows that say of themselves that they need attention."""
        query = f"{RUNNING} AND NeedsAttention = true"
        return {found.id async for found in self._client.list_workflows(query, page_size=1_000)}

    async def look(self, reference: str) -> Run | None:
        """The booking's latest run; None where the server knows none."""
        try:
            found = await self._client.get_workflow_handle(workflow_id(reference)).describe()
        except RPCError as trouble:
            if trouble.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        raw = found.raw_description
        info = raw.workflow_execution_info
        return Run(
            run_id=found.run_id or "",
            status=found.status.name.lower() if found.status else "unknown",
            build_id=info.versioning_info.deployment_version.build_id or "",
            problems=tuple(found.typed_search_attributes.get(PROBLEMS) or ()),
            waiting=tuple(
                Waiting(
                    one.activity_id,
                    one.activity_type.name,
                    one.attempt,
                    one.last_failure.application_failure_info.type or one.last_failure.WhichOneof("failure_info") or "",
                )
                for one in raw.pending_activities
            ),
            events=info.history_length,
        )

    async def resume(self, reference: str, card: Card, *, afresh: bool = False) -> bool:
        """Starts the booking's workflow from its row; False where one runs. afresh: a running one is ended first."""
        policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING if afresh else WorkflowIDConflictPolicy.FAIL
        try:
            await self._client.start_workflow(
                BOOKING_WORKFLOW,
                BookingStart(resume=Resume(card.hotel_id, reference)),
                id=workflow_id(reference),
                task_queue=BOOKINGS_QUEUE,
                id_conflict_policy=policy,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=search_attributes(card),
                static_summary=summary(card),
                static_details=static_details(self._base_url, reference),
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def tell_of_money(self, reference: str, card: Card, hint: MoneyHint) -> None:
        """Tells a booking that the payment provider has news; it is started from its row where it does not run."""
        await self._client.start_workflow(
            BOOKING_WORKFLOW,
            BookingStart(resume=Resume(card.hotel_id, reference)),
            id=workflow_id(reference),
            task_queue=BOOKINGS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=MONEY_SIGNAL,
            start_signal_args=[hint],
            search_attributes=search_attributes(card),
            static_summary=summary(card),
            static_details=static_details(self._base_url, reference),
        )

    async def look_at_account(self, hotel_id: int, slug: str, country: str, event_id: str) -> None:
        """Lets a hotel's account be looked at at the payment provider; the same event asks once."""
        with suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                CONNECT_WORKFLOW,
                AccountWish(hotel_id, slug, country, LOOK),
                id=connect_id(slug, event_id),
                task_queue=PAYMENTS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

    async def look_at_dispute(self, wish: LookAtDispute, event_id: str) -> None:
        """Lets a dispute be looked at at the payment provider; the same event asks once."""
        with suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                DISPUTE_WORKFLOW,
                wish,
                id=dispute_workflow_id(event_id),
                task_queue=PAYMENTS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

    async def renew(self, reference: str) -> bool:
        """Lets a running booking go on in a fresh run on the current build; False where none runs."""
        try:
            await self._client.get_workflow_handle(workflow_id(reference)).signal(RENEW_SIGNAL)
        except RPCError as trouble:
            if trouble.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def retry_now(self, reference: str, waiting: Waiting) -> None:
        """Tries a waiting step at once, and from the shortest pause on."""
        await self._client.workflow_service.reset_activity(
            ResetActivityRequest(
                namespace=self._client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id(reference)),
                id=waiting.activity_id,
                identity="holdfast",
            )
        )
