"""A changed story is deployed over open bookings of every state, and rolled back, while somebody goes on acting.

Short: one booking of each state. With more, by HOLDFAST_PROOF_DEPLOY_BOOKINGS, the old workers' end is waited for too.
"""

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client

from cli.ports import free_ports
from cli.postgres import owner_url as address_of
from cli.processes import wait_until
from messages.build import build_id_of
from messages.converter import data_converter
from messages.names import workflow_id
from store.session import Database, app_url
from tests.story.conftest import own_namespace
from tests.story.test_life import stay_in
from tests.story.world import SECRET, Life, build_house, connect
from tests.trees import GROWN, NEW_WORDS, addresses, alter, change_story, copy_tree, grow_schema, worker_process
from tests.whole.deploying import ACTED_ON, KINDS, STATUSES, Cashier, Made, builds, faults, make, rows, same
from tests.whole.test_up import Running, desk_of, start
from worker.build import bookings_worker
from workflows.booking import BookingWorkflow

BOOKINGS = int(os.environ.get("HOLDFAST_PROOF_DEPLOY_BOOKINGS", str(len(KINDS))))
FULL = len(KINDS) < BOOKINGS
RENEWED_SECONDS, DRAINED_SECONDS = 120, 240


def tree_of(folder: Path) -> Path:
    """The sources, which only look for drained builds more often than every minute."""
    tree = copy_tree(folder)
    alter(tree, "cli/up.py", "LOOK_AT_OLDER_SECONDS = 60.0", "LOOK_AT_OLDER_SECONDS = 2.0")
    return tree


class Deploys:
    """One home, one set of ports, and trees that take turns on it."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "HOLDFAST_HOME": str(folder / "home")}
        self.environment.update(free_ports())
        self.log = folder / "log"
        self.owner_url = address_of((folder / "home").absolute() / "postgres")
        self.stack: Running | None = None

    def run(self, tree: Path) -> Running:
        """Ends what runs, as Ctrl-C does, and starts a tree."""
        if self.stack is not None:
            assert self.stack.end() == 0
        self.stack = start({**self.environment, "PYTHONPATH": str(tree)}, self.log, tree=tree)
        return self.stack

    def said(self, words: str, seconds: float) -> bool:
        """Whether the stack says it in time."""
        return wait_until(lambda: words in self.log.read_text(errors="replace"), seconds, every=0.3)

    async def client(self) -> Client:
        """A client of the stack's Temporal server."""
        return await Client.connect(f"127.0.0.1:{self.environment['HOLDFAST_TEMPORAL_PORT']}")

    async def renewed(self, bookings: list[Made], build: str) -> None:
        """Waits until every booking is on a build."""
        client = await self.client()
        async with asyncio.timeout(RENEWED_SECONDS):
            while set((await builds(client, bookings)).values()) != {build}:
                await asyncio.sleep(0.5)

    async def words(self, bookings: list[Made]) -> Counter[bool]:
        """For how many bookings the changed story speaks."""
        client = await self.client()
        told: Counter[bool] = Counter()
        for made in bookings:
            said = await client.get_workflow_handle(workflow_id(made.reference)).query("__temporal_workflow_metadata")
            told[NEW_WORDS in str(said)] += 1
        return told


def test_open_bookings_of_every_state_move_to_a_changed_story_and_back(tmp_path: Path) -> None:
    """Nothing is lost, no task fails, commands are answered, the old worker ends; twice: forth and back."""
    first, second = tree_of(tmp_path / "first"), tree_of(tmp_path / "second")
    change_story(second)
    grow_schema(second)
    ids = {tree: build_id_of(tree) for tree in (first, second)}
    deploys = Deploys(tmp_path)
    cashier = None
    try:
        desk = desk_of(deploys.run(first), "manager")
        with ThreadPoolExecutor(max_workers=4) as hands:
            bookings = list(hands.map(lambda n: make(desk, KINDS[n % len(KINDS)], n), range(BOOKINGS)))
        before = rows(deploys.owner_url)
        assert Counter(row["status"] for row in before.values()) == Counter(STATUSES[one.kind] for one in bookings)
        acted_on = [one for one in bookings if one.kind in ACTED_ON]
        cashier = Cashier(desk, acted_on)
        cashier.serving.set()
        cashier.start()
        for tree, speaks in ((second, True), (first, False)):
            cashier.serving.clear()
            began = time.monotonic()
            deploys.run(tree)
            cashier.serving.set()
            asyncio.run(deploys.renewed(bookings, ids[tree]))
            print(f"proof: {BOOKINGS} bookings renewed onto {ids[tree]} {time.monotonic() - began:.1f} s after Ctrl-C")
            assert asyncio.run(deploys.words(bookings)) == {speaks: BOOKINGS}
            other = ids[second if tree is first else first]
            assert f"began on build {other}: worker-{other[:6]} runs" in deploys.log.read_text()
            if FULL:
                assert deploys.said(f"build {other} has no open bookings any more", DRAINED_SECONDS)
            _nothing_is_lost(deploys, bookings, before)
            assert cashier.wrong == []
        cashier.done.set()
        cashier.join(60)
        assert not cashier.is_alive()
        _nothing_is_lost(deploys, bookings, before, paid=True)
        assert cashier.wrong == []
        assert set(cashier.answers) <= {200, 503}
        print(f"proof: payments answered {cashier.answers}; nobody there while it was restarted: {cashier.away} times")
        assert asyncio.run(_faults(deploys)) == []
        with connect(deploys.owner_url) as db:
            assert db.execute("SELECT version_num FROM alembic_version").fetchone() == (GROWN,)
        _all_go_on(deploys, bookings)
    finally:
        if cashier is not None:
            cashier.done.set()
        if deploys.stack is not None:
            deploys.stack.end()


async def _faults(deploys: Deploys) -> list[str]:
    return await faults(await deploys.client())


def _nothing_is_lost(
    deploys: Deploys, bookings: list[Made], before: dict[str, dict[str, Any]], *, paid: bool = False
) -> None:
    """Rows are as they were; of those that are acted on, all but what was paid."""
    now = rows(deploys.owner_url)
    assert set(now) == set(before)
    for made in bookings:
        row = now[made.reference]
        if made.kind not in ACTED_ON:
            assert same(before[made.reference], row) == {}, made.kind
            continue
        for name in ("status", "agenda", "total_minor", "departure", "needs_attention", "stay 1"):
            assert row[name] == before[made.reference][name] or name == "stay 1", (made.kind, name)
        if paid:
            assert row["paid_minor"] == made.paid, made.kind


def in_days(days: int) -> str:
    """An instant so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def _all_go_on(deploys: Deploys, bookings: list[Made]) -> None:
    """After forth and back each booking still does what its state allows."""
    assert deploys.stack is not None
    desk = desk_of(deploys.stack, "manager")
    acts: dict[str, tuple[str, dict[str, Any], str]] = {
        "held": ("confirm", {}, "confirmed"),
        "pending": ("approve", {}, "confirmed"),
        "confirmed": ("cancel", {"reason": "The guest called.", "waive_fee": False}, "cancelled"),
        "checked_in": ("check-out", {"reason": "Paid by transfer."}, "checked_out"),
        "checked_out": ("clocks/close", {"at": in_days(5), "reason": "They left a coat."}, "checked_out"),
    }
    for made in bookings:
        path, more, status = acts[STATUSES[made.kind]]
        told = desk.post(f"/desk/bookings/{made.reference}/{path}", {"version": made.version, **more})
        wanted = {status, "confirmed", "checked_in"} if made.kind == KINDS[-1] else {status, "completed"}
        assert told["status"] in wanted, made.kind


async def test_without_pinning_the_same_change_makes_tasks_fail(
    temporal_target: str, owner_url: str, tmp_path: Path
) -> None:
    """The proof above is able to fail: a worker that serves every build meets histories that its story can't tell."""
    namespace = await own_namespace(temporal_target)
    client = await Client.connect(temporal_target, namespace=namespace, data_converter=data_converter(SECRET))
    house = build_house(owner_url, rooms=3)
    lives = [Life(client, owner_url, house, stay_in(house, 30)) for _ in range(3)]
    database = Database(app_url(owner_url), pool_size=4)
    await database.open()
    async with bookings_worker(client, database, SECRET, versioned=False):
        for life in lives:
            await life.begin()
    await database.close()
    tree = tree_of(tmp_path / "tree")
    change_story(tree)
    alter(tree, "worker/build.py", "versioned: bool = True", "versioned: bool = False")
    where = addresses(owner_url, temporal_target, namespace, SECRET)
    with worker_process(tree, tmp_path / "log", where):
        for life in lives:
            await life.handle.signal(BookingWorkflow.renew)
        async with asyncio.timeout(90):
            while len({fault.partition(":")[0] for fault in await faults(client)}) < len(lives):
                await asyncio.sleep(0.5)
    for life in lives:
        await life.handle.terminate()
