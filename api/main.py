"""`python -m api.main`: answers HTTP until it is told to stop, in one process or in several."""

import gc
import os
import shutil
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from config.logs import configure_logs
from config.settings import Settings, child_environment

# Open answers get this long to end after Ctrl-C; the whole system has fifteen seconds.
SHUTDOWN_SECONDS = 5
KEEP_ALIVE_SECONDS = 30
MOST_CONNECTIONS = 1_000
# How long a client may take; each process imports it by its name.
CONNECTION = "api.connections:BoundedConnection"
TOLD = "--counting-together"


def _counting_folder(settings: Settings) -> str:
    """The folder in which several processes count; '' for one."""
    return "" if settings.api_processes == 1 else str(Path(settings.home).resolve() / "api-metrics")


def build() -> FastAPI:
    """What each process serves."""
    settings = Settings()
    configure_logs("api", settings.log_level)
    app = create_app(settings, _counting_folder(settings))
    # What a process begins with it keeps. Each look of the collector through all of it holds every answer up.
    gc.collect()
    gc.freeze()
    return app


def _count_together(folder: str) -> None:
    """Begins this program again with the folder in its environment: the client library reads it at its import."""
    # Counts of processes that are no more would be added to those of today.
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    environment = child_environment({"PROMETHEUS_MULTIPROC_DIR": folder})
    os.execve(sys.executable, [sys.executable, "-m", "api.main", TOLD], environment)  # noqa: S606 - our own program.


def main() -> None:
    """Entry point."""
    settings = Settings()
    configure_logs("api", settings.log_level)
    folder = _counting_folder(settings)
    if folder and TOLD not in sys.argv:
        _count_together(folder)
    uvicorn.run(
        "api.main:build",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.api_processes,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=CONNECTION,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        limit_concurrency=MOST_CONNECTIONS,
    )


if __name__ == "__main__":
    main()
