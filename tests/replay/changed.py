"""A story that was changed as no older history can follow: a clock more, first of all."""

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from messages.bookings import BookingEnd, BookingStart
    from workflows.booking import BookingWorkflow


@workflow.defn(name="BookingWorkflow")
class ChangedStory(BookingWorkflow):
    """As the booking's, after one more clock."""

    @workflow.run
    async def run(self, start: BookingStart) -> BookingEnd:
        """The clock is set before anything else."""
        self.first_clock = asyncio.create_task(workflow.sleep(timedelta(days=400)))
        return await super().run(start)
