"""Everything between one hotel's outbox and the inbox: real store, workflow, HTTP and mail double."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from activities.notices import NoticeActivities
from domain.notices import NoticeEnd
from gateways.letters import Letters
from gateways.mailer import Mailer
from messages.notices import NOTICES_QUEUE, NoticesEnd, NoticesStart, Ring, notices_workflow_id
from store.notices import NoticeStore
from tests.doubles.running import Double
from tests.store.outbox import Outbox
from tests.story.world import SECRET
from worker.build import runner
from workflows.notices import NoticesWorkflow

MINUTE = timedelta(seconds=61)
# Longer than the system's own quarter of a minute, so that a rest is still going on when a slow machine looks at it.
FIRST_REST = timedelta(minutes=2)
# Less than the postman sweeps by himself, so that a ring nobody heard is seen.
PATIENCE = 45


class ForgetfulStore(NoticeStore):
    """A store that loses its process `deaths` times, just before it would write down what was sent."""

    deaths = 0

    async def end(self, hotel_id: int, ends: Sequence[NoticeEnd], at: datetime) -> None:
        """Dies while there are deaths left."""
        if self.deaths and any(end.state == "sent" for end in ends):
            self.deaths -= 1
            raise ConnectionError("the process died between sending and writing it down")
        await super().end(hotel_id, ends, at)


@dataclass
class Post:
    """Everything between one hotel's outbox and the inbox."""

    client: Client
    outbox: Outbox
    double: Double
    store: ForgetfulStore

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The hotel's notices workflow, whichever run."""
        name = notices_workflow_id(self.outbox.hotel_id)
        return self.client.get_workflow_handle(name, result_type=NoticesEnd)

    async def ring(self) -> None:
        """What the postman does."""
        await self.client.start_workflow(
            NoticesWorkflow.run,
            NoticesStart(self.outbox.hotel_id),
            id=notices_workflow_id(self.outbox.hotel_id),
            task_queue=NOTICES_QUEUE,
            start_signal="ring",
            start_signal_args=[Ring()],
        )

    async def pass_time(self, long: timedelta) -> None:
        """The workflow's clock goes on by so much."""
        await TimeSkipper(self.client).fast_forward(self.handle, long)

    async def until(self, *states: str) -> None:
        """Returns once the outbox's notices have these states, in order."""
        await eventually(lambda: self.outbox.states() == list(states), lambda: f"{self.outbox.states()} ≠ {states}")

    async def close(self) -> None:
        """Ends what still rests or waits, which would send into the next test's inbox."""
        with suppress(RPCError):
            await self.handle.terminate("the test is over")

    async def rests(self) -> list[float]:
        """The seconds of each rest that was begun after a provider failure, over all runs."""
        found: list[float] = []
        for description in await self.runs():
            handle = self.client.get_workflow_handle(description.id, run_id=description.run_id)
            async for event in handle.fetch_history_events():
                summary = event.user_metadata.summary.data.decode() if event.HasField("user_metadata") else ""
                if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED and "Rest" in summary:
                    found.append(
                        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta().total_seconds()
                    )
        return found

    async def runs(self) -> list[Any]:
        """The workflow's runs, the first first."""
        query = f"WorkflowId = '{notices_workflow_id(self.outbox.hotel_id)}'"
        return sorted([one async for one in self.client.list_workflows(query)], key=lambda one: one.start_time)

    async def details(self) -> str:
        """What Temporal's UI shows as the current details."""
        metadata = await self.handle.query("__temporal_workflow_metadata")
        return str(metadata.current_details)


async def eventually(
    true: Callable[[], bool | Awaitable[bool]], told: Callable[[], str], *, patience: float = PATIENCE
) -> None:
    """Waits until something is true; fails with what is the case instead."""
    try:
        async with asyncio.timeout(patience):
            while True:
                answer = true()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(told())


@asynccontextmanager
async def working(client: Client, store: NoticeStore, mailer: Mailer) -> AsyncIterator[None]:
    """A worker of the notices queue, as worker/notices.py wires it, with the double in Postmark's place."""
    letters = Letters("http://stay.example", SECRET, "bookings@holdfast.example")
    activities = NoticeActivities(store, mailer, letters)
    async with Worker(
        client,
        task_queue=NOTICES_QUEUE,
        workflows=[NoticesWorkflow],
        activities=[activities.claim, activities.send, activities.hold, activities.look_up],
        workflow_runner=runner(),
    ):
        yield


async def waits_for_news(post: Post) -> bool:
    """Whether the workflow says that it waits."""
    return (await post.details()).startswith("Waiting for news")


async def resting(post: Post) -> bool:
    """Whether the workflow says that it rests."""
    return (await post.details()).startswith("Rest after")


async def has_rests(post: Post, count: int) -> bool:
    """Whether so many rests were begun."""
    return len(await post.rests()) == count


async def is_renewed(post: Post, first: str) -> bool:
    """Whether another run than the first has taken over."""
    return (await post.handle.describe()).run_id != first
