"""Starting, holding and ending the whole local stack: `holdfast up` in a home of its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.houses import ROOT
from bench.memory import descendants, pss_bytes
from bench.sizes import Row
from cli.ports import free_ports
from cli.processes import living

READY_SECONDS = 120.0
SETTLE_SECONDS = 8.0
ROWS: tuple[Row, ...] = (
    ("second_start_ratio_to_bound", 1.0, "Second start ÷ 15 s"),
    ("pss_ratio_to_bound", 1.0, "Memory of all processes (sum of PSS) ÷ 900 MB"),
    ("processes_left", 0, "Processes left after Ctrl-C"),
)


@contextmanager
def own_place(kind: str, **settings: str) -> Iterator[tuple[dict[str, str], Path]]:
    """The environment of a stack with a home and ports of its own, and its log; the home goes when the block ends."""
    with tempfile.TemporaryDirectory(prefix=f"holdfast-bench-{kind}-") as folder:
        environment = {**os.environ, "HOLDFAST_HOME": str(Path(folder) / "home"), **free_ports(), **settings}
        yield environment, Path(folder) / "log"


@contextmanager
def up(environment: dict[str, str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Starts the stack and waits for its `ready`; yields the process and the seconds that took, then ends it."""
    began = time.perf_counter()
    with log.open("ab") as output:
        offset = log.stat().st_size
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            while b"\nready" not in b"\n" + log.read_bytes()[offset:]:
                if process.poll() is not None or time.perf_counter() - began > READY_SECONDS:
                    raise RuntimeError(log.read_text(errors="replace")[-4000:])
                time.sleep(0.05)
            yield process, time.perf_counter() - began
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def run() -> dict[str, Any]:
    """Seconds of the first and the second start and of the end; megabytes while idle; processes left behind."""
    with own_place("up") as (environment, log):
        with up(environment, log) as (process, first_seconds):
            pass
        with up(environment, log) as (process, second_seconds):
            time.sleep(SETTLE_SECONDS)
            family = descendants(process.pid)
            megabytes = pss_bytes(family) / 1_000_000
            began = time.perf_counter()
            process.send_signal(signal.SIGINT)
            code = process.wait(30)
            end_seconds = time.perf_counter() - began
        left = sum(living(pid) for pid in family)
    return {
        "first_start_seconds": round(first_seconds, 1),
        "second_start_seconds": round(second_seconds, 1),
        "second_start_ratio_to_bound": round(second_seconds / 15, 3),
        "pss_megabytes": round(megabytes),
        "pss_ratio_to_bound": round(megabytes / 900, 3),
        "end_seconds": round(end_seconds, 1),
        "exit_code": code,
        "processes_left": left,
    }
