"""Processes, what they hold in memory and what they have used of the processors, as the kernel tells it."""

import os
from collections import Counter
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# How a part is known by its command line; the first that fits.
MARKS = {"api": "api.main", "worker": "worker.main", "temporal": "temporal", "postgres": "postgres"}


def descendants(pid: int | None = None) -> set[int]:
    """Every process below this one, and itself; without a number, those of this process."""
    pid = os.getpid() if pid is None else pid
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = {pid}, [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            if child not in found:
                found.add(child)
                todo.append(child)
    return found


def pss_bytes(pids: set[int]) -> int:
    """The sum of their proportional set sizes."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def named(pid: int) -> str:
    """The program's name; '' for a process that has gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def processor_milliseconds(pids: set[int]) -> Counter[str]:
    """Milliseconds of processor that the parts of a stack have used so far, with those of children that have ended."""
    used: Counter[str] = Counter()
    for pid in pids:
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        used[_part(line)] += sum(map(int, fields[11:15])) * 1000 // TICKS
    return used


def _part(line: str) -> str:
    return next((part for part, mark in MARKS.items() if mark in line), "others")
