"""`holdfast bookings` and `holdfast counters` as an operator types them, against a booking in trouble."""

import asyncio
import json
import os
import sys
from typing import Any

from store.session import app_url
from tests.story.test_repair import DATES, World, running, served, terminate, world
from tests.story.world import connect

__all__ = ["served", "world"]


async def typed(world: World, *words: str) -> tuple[int, str]:
    """Exit status and what was said."""
    environment = {
        **os.environ,
        "HOLDFAST_OPS_DATABASE_URL": app_url(world.url, "holdfast_ops"),
        "HOLDFAST_APP_DATABASE_URL": app_url(world.url),
        "TEMPORAL_ADDRESS": world.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": world.client.namespace,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", *words,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def as_json(world: World, *words: str) -> Any:
    """The same for machines; it has to go well."""
    status, said = await typed(world, *words, "--json")
    assert status == 0, said
    return json.loads(said.splitlines()[-1])


async def test_an_operator_finds_a_lost_booking_and_wakes_it(served: World) -> None:
    """The list names it, the sheet tells all but people, waking begins it again from its row or in a fresh run."""
    life = await served.booked()
    await terminate(life)
    (row,) = await as_json(served, "bookings", "list", "--status", "pending")
    assert (row["reference"], row["workflow"]) == (life.reference, "missing")
    assert await as_json(served, "bookings", "list", "--hotel", "nowhere") == []
    assert await as_json(served, "bookings", "list", "--trouble") == []
    assert await typed(served, "bookings", "wake", life.reference) == (
        0, f"{life.reference}: begun again from its row\n",
    )  # fmt: skip
    assert await running(life)
    status, said = await typed(served, "bookings", "wake", life.reference)
    assert (status, said) == (0, f"{life.reference}: goes on in a fresh run\n")
    status, said = await typed(served, "bookings", "wake", life.reference, "--afresh")
    assert (status, said) == (0, f"{life.reference}: begun again from its row\n")
    status, sheet = await typed(served, "bookings", "show", life.reference)
    assert status == 0, sheet
    assert "approval_deadline" in sheet
    assert "woken by operator: goes on in a fresh run" in sheet
    assert "A Guest" not in sheet
    shown = await as_json(served, "bookings", "show", life.reference)
    assert (shown["run"]["status"], len(shown["repairs"])) == ("running", 3)
    status, table = await typed(served, "bookings", "list")
    assert (status, table.splitlines()[-1]) == (0, "1 open booking")


async def test_what_cannot_be_done_is_said_and_is_no_success(served: World) -> None:
    """A booking that is not there, one that has ended, one without a waiting step."""
    life = await served.booked()
    assert await typed(served, "bookings", "show", "MLB-20270310-NOBODY") == (
        1, "there is no booking MLB-20270310-NOBODY\n",
    )  # fmt: skip
    assert await typed(served, "bookings", "retry-step", life.reference) == (1, f"{life.reference}: no step waits\n")
    await life.decline()
    await life.handle.result()
    status, said = await typed(served, "bookings", "wake", life.reference)
    assert (status, "is rejected; it has ended" in said) == (1, True)


async def test_counters_are_shown_before_they_are_put_right(served: World) -> None:
    """Without --repair nothing changes and the exit status says that something differs."""
    life = await served.booked()
    assert await typed(served, "counters") == (0, "every counter is what its bookings come to\n")
    second = DATES.nights[1]
    with connect(served.url) as db:
        db.execute("UPDATE room_type_nights SET sold = 1 WHERE hotel_id = %s AND night = %s"
                   " AND room_type_id = 1", [served.house.hotel_id, second])  # fmt: skip
    status, said = await typed(served, "counters")
    assert (status, said.splitlines()[0]) == (
        1, f"hotel {served.house.hotel_id}: type 1, {second}: held 1, sold 1; booked 1 and 0",
    )  # fmt: skip
    status, said = await typed(served, "counters", "--repair")
    assert (status, said.splitlines()[-1]) == (0, "1 put right")
    assert [row[1:] for row in life.counted()] == [(1, 0), (1, 0)]
