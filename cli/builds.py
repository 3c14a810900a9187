"""Source copies of builds, so that bookings which began on an older build find a worker that knows their story.

A copy is HOLDFAST_HOME/builds/{build id}: the folders that a worker needs, the lock file and a BUILD_ID mark. Where
that lock file differs from the present one, its packages live in HOLDFAST_HOME/venvs/{hash of the lock file}.
"""

import hashlib
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from messages.build import LOCK_FILE, MARK_FILE, ROOT

KEPT_FOLDERS = ("workflows", "activities", "messages", "domain", "store", "gateways", "config", "worker")
# A drained build stays for a while, in case a database is restored from before its end.
KEPT_SECONDS = 7 * 86_400
KEPT_COPIES = 3
COMPLETE = ".installed"


def folder_of(home: Path, build_id: str) -> Path:
    """Where the copy of a build is, or would be."""
    return home.absolute() / "builds" / build_id


def has_copy(home: Path, build_id: str) -> bool:
    """True when the whole copy is there."""
    return (folder_of(home, build_id) / MARK_FILE).is_file()


def keep(home: Path, build_id: str, *, root: Path = ROOT) -> Path:
    """Copies the sources of the running build once; a copy is complete or absent, never half made."""
    target = folder_of(home, build_id)
    if not has_copy(home, build_id):
        unfinished = target.with_name(f".{build_id}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name in KEPT_FOLDERS:
            shutil.copytree(root / name, unfinished / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        if (root / LOCK_FILE).is_file():
            shutil.copy2(root / LOCK_FILE, unfinished / LOCK_FILE)
        (unfinished / MARK_FILE).write_text(f"{build_id}\n", encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    (target / MARK_FILE).touch()
    return target


def environment_folder(home: Path, build_id: str, *, root: Path = ROOT) -> Path | None:
    """Where the packages of an older build belong; nothing when its lock file is the running build's."""
    theirs, ours = (folder / LOCK_FILE for folder in (folder_of(home, build_id), root))
    if not theirs.is_file() or theirs.read_bytes() == ours.read_bytes():
        return None
    return home.absolute() / "venvs" / hashlib.sha256(theirs.read_bytes()).hexdigest()[:12]


def is_complete(environment: Path) -> bool:
    """True when the packages were all installed there."""
    return (environment / COMPLETE).is_file()


def prune(home: Path, in_use: Iterable[str], *, now: float | None = None) -> list[str]:
    """Deletes copies that nobody has needed for 7 days, never the last three nor one in use; names what went."""
    in_use = set(in_use)
    for build_id in in_use:
        if has_copy(home, build_id):
            (folder_of(home, build_id) / MARK_FILE).touch()
    marks = sorted(home.absolute().glob(f"builds/*/{MARK_FILE}"), key=lambda mark: -mark.stat().st_mtime)
    oldest = (time.time() if now is None else now) - KEPT_SECONDS
    gone = []
    for mark in marks[KEPT_COPIES:]:
        if mark.parent.name not in in_use and mark.stat().st_mtime < oldest:
            shutil.rmtree(mark.parent, ignore_errors=True)
            gone.append(mark.parent.name)
    wanted = {environment_folder(home, mark.parent.name) for mark in home.absolute().glob(f"builds/*/{MARK_FILE}")}
    for environment in home.absolute().glob("venvs/*"):
        if environment not in wanted:
            shutil.rmtree(environment, ignore_errors=True)
    return gone
