"""`python -m tests.whole.hands`: the worker of bookings as a process of its own; it serves every build."""

import asyncio

from config.settings import Settings
from store.session import Database
from worker.build import bookings_worker
from worker.main import connect


async def work(settings: Settings) -> None:
    """Works until the process is ended."""
    database = Database(settings.app_database_url)
    await database.open()
    client = await connect(settings.model_copy(update={"metrics_port": 0}))
    async with bookings_worker(client, database, settings.secret_key.get_secret_value(), versioned=False):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(Settings()))
