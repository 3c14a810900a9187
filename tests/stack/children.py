"""Child programs and waiting, for the tests of the local stack. Every wait is bounded."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.console import Console
from config.settings import child_environment
from messages.build import ROOT


class Heard(Console):
    """A console that remembers instead of printing."""

    def __init__(self) -> None:
        super().__init__(coloured=False)
        self.lines: list[str] = []

    def _write(self, line: str) -> None:
        self.lines.append(line)

    def count(self, words: str) -> int:
        """How many lines hold the words."""
        return sum(words in line for line in self.lines)


def python(program: str) -> list[str]:
    """The command line of a small Python program."""
    return [sys.executable, "-u", "-S", "-c", program]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment with changes, without coverage and pytest reaching into children."""
    return child_environment(changes)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits until the condition holds, or fails."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "what was waited for did not happen"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """True while the process runs (one that waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


@contextmanager
def running(command: list[str], *, log: Path, **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program of the tree with its output in a file; it never outlives the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(**changes), stdout=output, stderr=output, process_group=0
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
