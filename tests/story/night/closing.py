"""A hotel's night and what it leaves behind."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

from psycopg.rows import dict_row
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import TimeSkipper

from domain.clocks import business_date, zone
from domain.reconciliation import closes_at
from messages.night import NIGHTS_QUEUE, NightPlan, NightStart, RunNow, night_workflow_id
from store.nightly import NightStore
from store.reconciliation import ask_for_run
from store.session import Database
from tests.story.world import House, connect
from workflows.night import HotelNight

A_SECOND = timedelta(seconds=1)


# So much later than now the hotel's audit is, that nothing of a test is young any more when it comes.
LATER = timedelta(minutes=40)


def closing_soon(zone_name: str = "Europe/Lisbon") -> time:
    """An audit time that comes soon in that zone."""
    return (datetime.now(UTC) + LATER).astimezone(zone(zone_name)).time().replace(microsecond=0)


@dataclass
class Closing:
    """The nights of one hotel."""

    client: Client
    owner_url: str
    house: House
    database: Database

    @property
    def slug(self) -> str:
        """The hotel's short name."""
        return f"house-{self.house.code.lower()}"

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The night's workflow, whichever run."""
        return self.client.get_workflow_handle(night_workflow_id(self.slug))

    async def begin(self) -> None:
        """The story begins, or is there."""
        await self.client.start_workflow(
            HotelNight.run, NightStart(self.house.hotel_id, self.slug), id=night_workflow_id(self.slug),
            task_queue=NIGHTS_QUEUE, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )  # fmt: skip

    async def plan(self) -> NightPlan:
        """What is due by the hotel's rows."""
        return await NightStore(self.database, self.database).plan(self.house.hotel_id, datetime.now(UTC))

    async def clock(self) -> datetime:
        """The night's own clock, skipped time included."""
        return await TimeSkipper(self.client).get_current_time(self.handle)

    async def until(self, instant: datetime) -> None:
        """Lets the night's clock run on to just past this instant."""
        behind = instant - await self.clock()
        if behind > timedelta(0):
            await TimeSkipper(self.client).fast_forward(self.handle, behind + A_SECOND)

    def today(self, instant: datetime | None = None) -> date:
        """The business date that is open."""
        terms = self.house.terms
        return business_date(instant or datetime.now(UTC), terms.zone, terms.audit_time)

    async def closes(self, day: date, number: int = 1) -> dict[str, Any]:
        """The audit of a business day comes, and the day is closed."""
        await self.begin()
        terms = self.house.terms
        moment = closes_at(day, terms.zone, terms.audit_time)
        while await self.clock() < moment:
            # The story goes on in a fresh run now and then, which begins at the real time.
            await self.until(moment)
            await asyncio.sleep(0.1)
            if self.run_of(day, number):
                break
        return await self.ended(day, number)

    async def again(self, day: date) -> dict[str, Any]:
        """Somebody asks for a comparing of this date, late enough that nothing is young any more."""
        async with self.database.hotel(self.house.hotel_id) as tx:
            number = await ask_for_run(tx, self.house.hotel_id, day, "operator", datetime.now(UTC))
        await self.begin()
        await self.handle.signal(HotelNight.run_now, RunNow())
        return await self.ended(day, number)

    def looked(self, sql: LiteralString, *values: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        with connect(self.owner_url) as db:
            return db.cursor(row_factory=dict_row).execute(sql, values).fetchall()

    def runs(self, day: date) -> list[dict[str, Any]]:
        """Every run of a date so far."""
        sql: LiteralString = "SELECT * FROM reconciliation_runs WHERE hotel_id = %s AND business_date = %s"
        return self.looked(sql, self.house.hotel_id, day)

    def run_of(self, day: date, number: int = 1) -> dict[str, Any]:
        """A run's row, empty before it was asked for."""
        found = self.looked(
            "SELECT * FROM reconciliation_runs WHERE hotel_id = %s AND business_date = %s AND number = %s",
            self.house.hotel_id, day, number,
        )  # fmt: skip
        return found[0] if found else {}

    async def ended(self, day: date, number: int = 1, seconds: float = 60) -> dict[str, Any]:
        """A run's row once it has ended."""
        try:
            async with asyncio.timeout(seconds):
                while not self.run_of(day, number).get("ended_at"):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{self.run_of(day, number)} {await self.stands()}") from None
        return self.run_of(day, number)

    async def stands(self) -> str:
        """Where the story stands: its clock, what it waits for, and why that fails."""
        found = await self.handle.describe()
        waits = [
            f"{one.activity_type.name} tried {one.attempt} times: {one.last_failure.message}"
            for one in found.raw_description.pending_activities
        ]
        return f"{found.status} at {await self.clock()}, {found.history_length} events, {waits}"

    def open(self) -> list[tuple[str, str]]:
        """Code and reference of every open difference, in order."""
        rows = self.looked(
            "SELECT code, reference FROM reconciliation_items WHERE hotel_id = %s AND closed_at IS NULL"
            " ORDER BY code, reference", self.house.hotel_id,
        )  # fmt: skip
        return [tuple(row.values()) for row in rows]

    def told(self) -> list[tuple[str, str | None]]:
        """Kind and reference of what the desk is shown of it, in order."""
        rows = self.looked(
            "SELECT kind, reference FROM attention_items WHERE hotel_id = %s AND closed_at IS NULL AND about <> ''"
            " ORDER BY kind, reference", self.house.hotel_id,
        )  # fmt: skip
        return [tuple(row.values()) for row in rows]
