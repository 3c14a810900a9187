"""`python -m worker.main`: carries out the work of bookings, notices, payments and nights until it is told to stop."""

import asyncio
import gc
import os
import signal
import sys

import structlog
import uvloop
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError

from config.logs import configure_logs
from config.settings import Settings
from gateways.engine_room import EngineRoom
from gateways.temporal_house import prepare_server
from messages.build import build_id
from messages.converter import data_converter
from store.session import Database
from worker.build import bookings_worker
from worker.night import NightWatch, nights_worker
from worker.notices import notices_worker
from worker.payments import payments_worker
from worker.porter import Porter
from worker.postman import Postman
from worker.sweeper import Sweeper, Tell

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


async def prepare(client: Client) -> None:
    """Namespace and search attributes; they are missing on a server that has lost its data.

    Whoever may not make them there is left to find them: `holdfast temporal` made them once.
    """
    try:
        for made in await prepare_server(client):
            structlog.get_logger("worker").warning("made anew", what=made)
    except (RPCError, TimeoutError) as trouble:
        structlog.get_logger("worker").warning("could not look at the server", trouble=type(trouble).__name__)


def counted_repairs(own_runtime: Runtime) -> Tell:
    """Counts what the sweeper does on the worker's metrics page: holdfast_repairs_total{kind}."""
    done = own_runtime.metric_meter.create_counter("holdfast_repairs_total", "Mended or marked by itself, by kind.")
    return lambda what, number: done.add(number, {"kind": what})


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
    await prepare(client)
    secret = settings.secret_key.get_secret_value()
    operations = Database(settings.ops_database_url, pool_size=1)
    workers = [
        bookings_worker(client, database, secret),
        notices_worker(client, database, settings),
        payments_worker(client, database, settings),
        nights_worker(client, database, operations, settings),
    ]
    sweeper = Sweeper(
        operations,
        database,
        EngineRoom(client, settings.base_url),
        build_id(),
        told=counted_repairs(client.service_client.config.runtime or Runtime.default()),
        every_seconds=settings.sweep_seconds,
    )
    postman = Postman(settings.ops_database_url, client)
    porter = Porter(operations, database, EngineRoom(client, settings.base_url), settings.app_database_url)
    watch = NightWatch(client, database)
    beside = [asyncio.create_task(one.run()) for one in (postman, sweeper, porter, watch)]
    log.info("worker started", build=build_id())
    running = [asyncio.create_task(worker.run()) for worker in workers]
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*running, *beside, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in beside:
        task.cancel()
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*running, *beside, return_exceptions=True)
    await operations.close()
    await database.close()
    stopped.cancel()
    for task in done - {stopped}:
        task.result()
    log.info("worker stopped")


def main() -> None:
    """Entry point."""
    # What a process begins with it keeps. Each look of the collector through all of it holds every booking up.
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(Settings()))
    # Everything is closed by now. Temporal's own threads may still call Python, which aborts when it ends meanwhile.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
