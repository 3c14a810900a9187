"""Copies of the source tree, changed as a next release would change it: another story, one more column."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cli.processes import guarded
from messages.build import LOCK_FILE, ROOT
from store.session import app_url

FOLDERS = (
    "activities", "api", "cli", "config", "domain", "doubles", "gateways", "messages", "migrations", "store", "web",
    "worker", "workflows",
)  # fmt: skip
# What a changed story shows in Temporal, beside the agenda.
NEW_WORDS = "This is told by a changed story."
GROWN = "9001_grown"
GROW = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN added_by_the_next_release text', name);
    END LOOP;
    CREATE TABLE of_the_next_release (hotel_id bigint NOT NULL, words text);
END $$
"""
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


def grow_schema(tree: Path) -> None:
    """A migration as the next release may bring it: a column more in every table, which may be empty, and one table."""
    versions = tree / "migrations" / "versions"
    names = {path.stem: re.search(r'^revision.*= "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
             for path in versions.glob("[0-9]*.py")}  # fmt: skip
    found = names[max(names)]
    assert found
    (versions / "9001_grown.py").write_text(
        '"""What a next release adds."""\n\n'
        "from alembic import op\n\n"
        f'revision, down_revision = "{GROWN}", "{found.group(1)}"\n'
        "branch_labels = depends_on = None\n\n\n"
        "def upgrade() -> None:\n"
        f"    op.execute({GROW!r})\n",
        encoding="utf-8",
    )


def addresses(owner_url: str, target: str, namespace: str, secret: str) -> dict[str, str]:
    """Where a worker of a tree finds the run's servers."""
    return {
        "HOLDFAST_APP_DATABASE_URL": app_url(owner_url),
        "HOLDFAST_OPS_DATABASE_URL": app_url(owner_url, "holdfast_ops"),
        "TEMPORAL_ADDRESS": target,
        "TEMPORAL_NAMESPACE": namespace,
        "HOLDFAST_SECRET_KEY": secret,
    }


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
