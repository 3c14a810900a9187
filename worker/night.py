"""Wires the nights of hotels into their worker, and starts the night of every hotel that has none."""

import asyncio
from datetime import date, datetime

import structlog
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.night import NightActivities
from config.settings import Settings
from gateways.booking_money import BookingMoney
from gateways.stripe_ledger import StripeLedger
from messages.night import NIGHT_WORKFLOW, NIGHTS_QUEUE, NightsPosted, NightStart, night_summary, night_workflow_id
from store.folio import post_hotel_nights
from store.hotels import MAX_HOTELS, Hotel, list_hotels
from store.nightly import NightStore
from store.session import Database, DatabaseAway
from worker.build import deployment, runner
from worker.payments import line
from workflows.night import HotelNight

LOOK_SECONDS = 60.0
MOST_HOTELS = 10_000
# Of all workers together; each page of a list and each page of bookings is one.
PAGES_A_SECOND = 5

log = structlog.get_logger("worker.night")


class HotelFolios:
    """Posts nights to the folios of who is in the house. database: in the running role."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post(self, hotel_id: int, day: date, now: datetime, after: str) -> NightsPosted:
        """A page of bookings, in one transaction."""
        async with self._database.hotel(hotel_id) as tx:
            done = await post_hotel_nights(tx, hotel_id, day, now, after)
        return NightsPosted(done.lines, done.last)


def nights_worker(
    client: Client,
    database: Database,
    operations: Database,
    settings: Settings,
    *,
    versioned: bool = True,
    strict: bool = False,
) -> Worker:
    """The worker of the nights queue. `versioned` False serves every build; `strict` see worker.build.runner."""
    ledger = StripeLedger(line(settings))
    activities = NightActivities(NightStore(database, operations), ledger, BookingMoney(client), HotelFolios(database))
    return Worker(
        client,
        task_queue=NIGHTS_QUEUE,
        workflows=[HotelNight],
        activities=[
            activities.plan, activities.post, activities.begin, activities.read, activities.compare, activities.end,
            activities.sweep,
        ],
        workflow_runner=runner(strict=strict),
        deployment_config=deployment() if versioned else None,
        max_cached_workflows=50,
        max_concurrent_activities=4,
        max_task_queue_activities_per_second=PAGES_A_SECOND,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=1, maximum=4),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=1, maximum=4),
    )  # fmt: skip


class NightWatch:
    """Sees to it that every hotel in service has its night. One for a worker process; several do no harm.

    database: in the running role. every_seconds: between two looks.
    """

    def __init__(self, client: Client, database: Database, *, every_seconds: float = LOOK_SECONDS) -> None:
        self._client = client
        self._database = database
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Looks until cancelled; troubles of the database or Temporal are waited out."""
        while True:
            try:
                await self.look()
            except (DatabaseAway, RPCError, TimeoutError) as trouble:
                log.warning("nights put off", trouble=type(trouble).__name__)
            await asyncio.sleep(self._every_seconds)

    async def look(self) -> list[str]:
        """Starts what is missing; answers the slugs. Errors: DatabaseAway, RPCError."""
        query = f"WorkflowType = '{NIGHT_WORKFLOW}' AND ExecutionStatus = 'Running'"
        running = {found.id async for found in self._client.list_workflows(query, page_size=1_000)}
        return [
            hotel.slug
            for hotel in await self._hotels()
            if night_workflow_id(hotel.slug) not in running and await self._start(hotel)
        ]

    async def _hotels(self) -> list[Hotel]:
        hotels: list[Hotel] = []
        while len(hotels) < MOST_HOTELS:
            async with self._database.public() as tx:
                page = await list_hotels(tx, after=hotels[-1].slug if hotels else "")
            hotels += page
            if len(page) < MAX_HOTELS:
                break
        return hotels

    async def _start(self, hotel: Hotel) -> bool:
        """False where it runs already: the server's list may lag a moment."""
        try:
            await self._client.start_workflow(
                HotelNight.run,
                NightStart(hotel.id, hotel.slug),
                id=night_workflow_id(hotel.slug),
                task_queue=NIGHTS_QUEUE,
                static_summary=night_summary(hotel.slug),
            )
        except WorkflowAlreadyStartedError:
            return False
        return True
