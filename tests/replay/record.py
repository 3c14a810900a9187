"""`python -m tests.replay.record [PATH...]`: lives every path, or those named, and keeps the histories.

It starts servers of its own. The present release's histories are written anew; those of earlier releases stay.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr
from temporalio.client import Client, WorkflowHistory

from config.settings import Settings
from messages.converter import data_converter
from store.session import Database, app_url
from tests import houses
from tests.doubles.stripe_running import KEY, running_stripe
from tests.keeper import Keeper, ask
from tests.replay.paths import PATHS, Stage
from tests.replay.shelf import RELEASES, SHELF, Kept, put, release, releases
from tests.story.conftest import own_namespace
from tests.story.world import SECRET, Life
from worker.build import bookings_worker
from worker.payments import payments_worker

AT_ONCE = 3
LISTED_SECONDS = 30


async def record(target: str, owner_url: str, names: list[str], folder: Path) -> None:
    """Lives the paths, a few at once, and keeps each one's histories."""
    client = await Client.connect(target, namespace=await own_namespace(target), data_converter=data_converter(SECRET))
    database = Database(app_url(owner_url), pool_size=8)
    await database.open()
    gate = asyncio.Semaphore(AT_ONCE)

    async def lived(name: str) -> None:
        async with gate:
            life = await PATHS[name](Stage(client, owner_url, double))
            kept = Kept(name, tuple(life.events()), await runs_of(client, life))
            put(kept, folder)
            print(f"{name}: {len(kept.runs)} runs, {' '.join(kept.events)}", flush=True)

    with tempfile.TemporaryDirectory() as place, running_stripe(Path(place)) as double:
        settings = Settings(stripe_api_key=SecretStr(KEY), stripe_api_base=double.address)
        async with (
            bookings_worker(client, database, SECRET, versioned=False, strict=True),
            payments_worker(client, database, settings, versioned=False),
        ):
            await asyncio.gather(*(lived(name) for name in names))
    await database.close()


async def runs_of(client: Client, life: Life) -> tuple[WorkflowHistory, ...]:
    """All runs of a booking in order; the server's list follows the last one within moments."""
    last = (await life.handle.describe()).run_id
    async with asyncio.timeout(LISTED_SECONDS):
        while True:
            query = f"WorkflowId = '{life.handle.id}'"
            found = [(run.start_time, run.run_id) async for run in client.list_workflows(query)]
            if last in {run_id for _, run_id in found}:
                break
            await asyncio.sleep(0.2)
    ordered = [client.get_workflow_handle(life.handle.id, run_id=run_id) for _, run_id in sorted(found)]
    return tuple([await run.fetch_history() for run in ordered])


def main() -> None:
    """Entry point."""
    names = sys.argv[1:] or list(PATHS)
    folder = SHELF / release()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json.gz"):
        if old.name.removesuffix(".json.gz") not in PATHS:
            old.unlink()
    keeper = Keeper()
    try:
        owner_url = houses.copy_database(ask(keeper.folder, "postgres"))
        asyncio.run(record(ask(keeper.folder, "temporal"), owner_url, names, folder))
    finally:
        keeper.end()
    told = releases() if RELEASES.is_file() else {}
    told.setdefault(release(), {"replay": "replayed", "reason": ""})
    RELEASES.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
