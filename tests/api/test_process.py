"""The API as processes: two of them count together, and all of them go when told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from cli.processes import guarded
from config.settings import Settings, child_environment

ROOT = Path(__file__).resolve().parents[2]

START_SECONDS = 40.0
STOP_SECONDS = 10.0


def test_two_processes_count_together_and_end_in_time(
    settings: Settings, free_port: Callable[[], int], tmp_path: Path
) -> None:
    """Twenty requests over both are twenty on whichever page is asked; SIGTERM ends both with status 0."""
    port = free_port()
    environment = child_environment(
        {
            "HOLDFAST_HOME": str(tmp_path),
            "HOLDFAST_PORT": str(port),
            "HOLDFAST_API_PROCESSES": "2",
            "HOLDFAST_APP_DATABASE_URL": settings.app_database_url,
            "TEMPORAL_ADDRESS": settings.temporal_target,
            "TEMPORAL_NAMESPACE": settings.temporal_namespace,
        }
    )
    process = subprocess.Popen(
        guarded([sys.executable, "-m", "api.main"]), cwd=ROOT, env=environment, process_group=0,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _await(lambda: httpx.get(f"{address}/healthz").status_code == 200, START_SECONDS)
        for _ in range(20):
            assert httpx.get(f"{address}/api/v1/hotels/nowhere").status_code == 404
        wanted = 'route="/api/v1/hotels/{slug}",status="404"} 20.0'
        pages = [httpx.get(f"{address}/metrics").text for _ in range(4)]
        assert all(wanted in page for page in pages), pages[0]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0
        _await(lambda: _gone(process.pid), began + STOP_SECONDS - time.monotonic())
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(condition: Callable[[], bool], seconds: float) -> None:
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        with suppress(httpx.TransportError):
            if condition():
                return
        time.sleep(0.05)
    raise AssertionError("It did not come true in time.")


def _gone(group: int) -> bool:
    """Whether no process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
