"""A worker that keeps no workflow in memory: every task begins with a replay of the whole history."""

from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client

from domain.terms import check_in_from
from tests.story.conftest import at_work
from tests.story.failed_tasks import failed_tasks
from tests.story.test_life import stay_in
from tests.story.world import Life, build_house
from workflows.booking import BookingWorkflow

# The server's own word that news came while the task was ending; it begins the task again with the news.
NEWS_CAME = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


@pytest.fixture
def house_life(client: Client, owner_url: str) -> Life:
    """A booking to be lived."""
    house = build_house(owner_url)
    return Life(client, owner_url, house, stay_in(house, 3))


async def test_a_whole_life_is_told_again_from_its_beginning_at_every_task(
    client: Client, app_url: str, house_life: Life
) -> None:
    """Request, yes, a moved clock, room, renewal, arrival, money, departure, closed books: no task fails."""
    life = house_life
    async with at_work(client, app_url, strict=True, cached=0):
        await life.begin()
        first = (await life.handle.describe()).run_id
        await life.approve()
        await life.move_clock("no_show-1", life.agenda()["no_show-1"] + timedelta(hours=2))
        await life.assign("101")
        await life.handle.signal(BookingWorkflow.renew)
        await life.until(check_in_from(life.house.terms, life.dates.arrival))
        await life.check_in()
        await life.pay(20_000)
        await life.check_out()
        await life.until(await life.clock() + timedelta(seconds=life.house.terms.close_after_seconds))
        await life.reaches("completed", seconds=60)
        await life.handle.result()
    last = (await life.handle.describe()).run_id
    assert last != first
    for run in (first, last):
        failed = await failed_tasks(client, client.get_workflow_handle(life.handle.id, run_id=run))
        assert [one for one in failed if one[0] != WorkflowTaskFailedCause.Name(NEWS_CAME)] == [], run
    assert life.events() == [
        "requested", "approved", "clock_moved", "room_assigned", "reminded", "checked_in", "payment_received",
        "checked_out", "completed",
    ]  # fmt: skip
