"""Copies of the source tree, changed as a next release would change it: another story, one more column."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cli.processes import guarded
from messages.build import LOCK_FILE, ROOT

FOLDERS = (
    "activities", "api", "cli", "config", "domain", "doubles", "gateways", "messages", "migrations", "store", "web",
    "worker", "workflows",
)  # fmt: skip
# What a changed story shows in Temporal, beside the agenda.
NEW_WORDS = "This is told by a changed story."
END_SECONDS = 15


def copy_tree(target: Path) -> Path:
    """The sources that the system runs from, in a folder of their own."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    shutil.copy2(ROOT / LOCK_FILE, target / LOCK_FILE)
    return target


def alter(tree: Path, name: str, old: str, new: str) -> None:
    """One place of one file reads differently; a text that is not there exactly once is a mistake of the test."""
    path = tree / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (name, old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")


def change_story(tree: Path) -> None:
    """A clock that no history knows is started first, and the story says so: no older history replays with it."""
    table = '        """The table of contents."""\n'
    alter(tree, "workflows/booking.py", table, table + "        self.first_clock()\n")
    alter(
        tree,
        "workflows/engine.py",
        "    def _alarm_rang(self) -> bool:\n",
        "    def first_clock(self) -> None:\n"
        '        """A clock that the story did not have before."""\n'
        '        again = workflow.sleep(timedelta(days=400), summary="A clock of the changed story")\n'
        "        self._first_clock = asyncio.create_task(again)\n\n"
        "    def _alarm_rang(self) -> bool:\n",
    )
    alter(tree, "workflows/engine.py", '    return "\\n".join(lines)\n',
          f'    lines.append("{NEW_WORDS}")\n    return "\\n".join(lines)\n')  # fmt: skip


@contextmanager
def worker_process(tree: Path, log: Path, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The worker of a tree as a process of its own, from the tree's own sources."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "HOLDFAST_METRICS_PORT": "0", **settings}
    with log.open("ab") as output:
        process = subprocess.Popen(
            guarded([sys.executable, "-m", "worker.main"]), cwd=tree, env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
