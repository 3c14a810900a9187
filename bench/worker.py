"""`python -m bench.worker`: the worker of bookings and the worker of the floor, in one process; no notices are sent."""

import asyncio
import signal

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from bench.noop import NOOP_QUEUE, NoopWorkflow, do_nothing
from config.settings import Settings
from messages.converter import data_converter
from store.session import Database
from worker.build import CACHED_WORKFLOWS, bookings_worker


async def work() -> None:
    """Runs both until the process is told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings()
    secret = settings.secret_key.get_secret_value()
    client = await Client.connect(settings.temporal_target, data_converter=data_converter(secret))
    database = Database(settings.app_database_url)
    await database.open()
    floor = Worker(
        client,
        task_queue=NOOP_QUEUE,
        workflows=[NoopWorkflow],
        activities=[do_nothing],
        max_cached_workflows=CACHED_WORKFLOWS,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(initial=5, maximum=20),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(initial=2, maximum=10),
    )
    async with floor, bookings_worker(client, database, secret, versioned=False):
        print("working", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(work())
