"""Workflows that operations ended by mistake, and a Temporal server that lost its file: every booking lives again.

HOLDFAST_PROOF_LOST chooses how many bookings, HOLDFAST_PROOF_SWEEP the seconds between two sweeps.
"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from cli.home import MARK_VARIABLE
from cli.ports import free_ports
from cli.processes import carrying
from messages.names import booking_reference, workflow_id
from tests.whole.test_up import Person, Running, desk_of, request, start

BOOKINGS = int(os.environ.get("HOLDFAST_PROOF_LOST", "6"))
SWEEP_SECONDS = os.environ.get("HOLDFAST_PROOF_SWEEP", "3")
MOST_SECONDS = 120.0


@pytest.fixture
def sweeping(tmp_path: Path) -> Iterator[Running]:
    """A stack in a home of its own."""
    environment = {**os.environ, "HOLDFAST_HOME": str(tmp_path / "home"), "HOLDFAST_SWEEP_SECONDS": SWEEP_SECONDS}
    environment.update(free_ports())
    running = start(environment, tmp_path / "log")
    yield running
    running.end()


def requested(stack: Running) -> list[str]:
    """Requests of as many guests, every other one with the hotel's yes; each in its own night's rooms."""
    desk, made = desk_of(stack), []
    for number in range(BOOKINGS):
        guest = Person(stack.address("HOLDFAST_PORT"))
        booked = request(guest, days=number)
        made.append(booked["reference"])
        if number % 2:
            desk.post(f"/desk/bookings/{booked['reference']}/approve", {"version": booked["version"]})
    return made


async def all_run(stack: Running, references: list[str], runs_before: dict[str, str]) -> dict[str, str]:
    """Run ids by reference, once each runs in another run than before."""
    wanted = set(references)
    async with asyncio.timeout(MOST_SECONDS):
        while True:
            runs: dict[str, str] = {}
            with suppress(RPCError, RuntimeError):
                client = await Client.connect(f"127.0.0.1:{stack.environment['HOLDFAST_TEMPORAL_PORT']}")
                query = "WorkflowType = 'BookingWorkflow' AND ExecutionStatus = 'Running'"
                found = [one async for one in client.list_workflows(query)]
                runs = {booking_reference(one.id): one.run_id for one in found}
                assert len(found) == len(runs), "a booking runs twice"
            if runs.keys() >= wanted and all(runs[one] != runs_before.get(one) for one in wanted):
                return runs
            await asyncio.sleep(0.2)


def lose_the_file(stack: Running) -> None:
    """The server's file is gone and so is the server, which begins again with nothing."""
    home = stack.environment["HOLDFAST_HOME"]
    for path in Path(home).glob("temporal.db*"):
        path.unlink()
    for pid in carrying(f"{MARK_VARIABLE}={Path(home).absolute()}"):
        if b"start-dev" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


async def test_every_booking_lives_again_and_none_twice(sweeping: Running) -> None:
    """First all are terminated, then the server's whole file is lost; within two minutes each time all go on."""
    references = requested(sweeping)
    desk = desk_of(sweeping)
    before = {one: desk.get(f"/desk/bookings/{one}") for one in references}
    client = await Client.connect(f"127.0.0.1:{sweeping.environment['HOLDFAST_TEMPORAL_PORT']}")
    first = await all_run(sweeping, references, {})
    began = time.monotonic()
    for one in references:
        await client.get_workflow_handle(workflow_id(one)).terminate("by mistake")
    second = await all_run(sweeping, references, first)
    terminated = time.monotonic() - began
    began = time.monotonic()
    lose_the_file(sweeping)
    third = await all_run(sweeping, references, second)
    lost = time.monotonic() - began
    words = f"all back {terminated:.0f} s after terminating, {lost:.0f} s after the file was lost"
    print(f"\nproof: {BOOKINGS} bookings, a sweep every {SWEEP_SECONDS} s: {words}")
    assert len({*first.values(), *second.values(), *third.values()}) == 3 * len(references)
    for one in references:
        now = desk.get(f"/desk/bookings/{one}")
        assert (now["status"], now["version"], now["agenda"]) == tuple(
            before[one][key] for key in ("status", "version", "agenda")
        )
    pending = references[0]
    desk.post(f"/desk/bookings/{pending}/approve", {"version": before[pending]["version"]})
    timeline = desk.get(f"/desk/bookings/{pending}/timeline")["items"]
    assert [entry["what"] for entry in timeline if entry["what"] in ("requested", "approved")] == [
        "requested", "approved",
    ]  # fmt: skip
    later = request(Person(sweeping.address("HOLDFAST_PORT")), days=BOOKINGS + 1)
    assert later["status"] == "pending", "new bookings begin on the new server too"
