"""The build id: which code tells the story of a booking.

A booking stays with the build that it began on until it renews itself onto a newer one, so the id covers all that a
replay depends on: workflows, messages, domain and the locked packages (the zone rules among them).
"""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORY_FOLDERS = ("domain", "messages", "workflows")
LOCK_FILE = "requirements.lock"
# Present only at the root of a kept source copy, whose files alone no longer tell the id it was made under.
MARK_FILE = "BUILD_ID"
ID_LENGTH = 12


@cache
def build_id() -> str:
    """12 hexadecimal characters that name this build."""
    return build_id_of(ROOT)


def build_id_of(root: Path) -> str:
    """The build id of the tree at `root`; a kept copy's own mark comes first."""
    mark = root / MARK_FILE
    if mark.is_file():
        return mark.read_text(encoding="utf-8").strip()
    digest = hashlib.sha256()
    for path in sources(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:ID_LENGTH]


def sources(root: Path) -> list[Path]:
    """Every file that decides how a booking replays, in one order on every machine."""
    found = [
        path
        for folder in STORY_FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    ]
    lock = root / LOCK_FILE
    if lock.is_file():
        found.append(lock)
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())
