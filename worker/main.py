"""`python -m worker.main`: carries out the work of bookings and notices until it is told to stop."""

import asyncio
import signal

from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from config.logs import configure_logs
from config.settings import Settings
from messages.build import build_id
from messages.converter import data_converter
from store.session import Database
from worker.build import bookings_worker
from worker.notices import notices_worker
from worker.postman import Postman

CONNECT_SECONDS = 30


def runtime(settings: Settings) -> Runtime:
    """Temporal's own metrics on the worker's metrics port; port 0 leaves them out."""
    metrics = PrometheusConfig(bind_address=f"{settings.host}:{settings.metrics_port}")
    return Runtime(telemetry=TelemetryConfig(metrics=metrics if settings.metrics_port else None))


async def connect(settings: Settings) -> Client:
    """A client of the Temporal server, which may still be starting."""
    # One for the process: it binds the metrics port, so a second try must not build it again.
    own_runtime = runtime(settings)
    async with asyncio.timeout(CONNECT_SECONDS):
        while True:
            try:
                return await Client.connect(
                    settings.temporal_target,
                    namespace=settings.temporal_namespace,
                    data_converter=data_converter(settings.secret_key.get_secret_value()),
                    runtime=own_runtime,
                )
            except RuntimeError:
                await asyncio.sleep(0.2)


async def work(settings: Settings) -> None:
    """Runs the workers and the postman until SIGINT or SIGTERM, then lets running tasks end."""
    log = configure_logs("worker", settings.log_level)
    settings.check_safe()
    stop = asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    database = Database(settings.app_database_url)
    await database.open()
    client = await connect(settings)
    secret = settings.secret_key.get_secret_value()
    workers = [bookings_worker(client, database, secret), notices_worker(client, database, settings)]
    postman = asyncio.create_task(Postman(settings.ops_database_url, client).run())
    log.info("worker started", build=build_id())
    running = [asyncio.create_task(worker.run()) for worker in workers]
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*running, postman, stopped], return_when=asyncio.FIRST_COMPLETED)
    postman.cancel()
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*running, postman, return_exceptions=True)
    await database.close()
    stopped.cancel()
    for task in done - {stopped}:
        task.result()
    log.info("worker stopped")


def main() -> None:
    """Entry point."""
    asyncio.run(work(Settings()))


if __name__ == "__main__":
    main()
