"""`python -m bench [part …]`: measures against floors in the same run and prints one table of ratios.

Without a name all parts are measured, one after another, each on a system of its own. The figures of each are kept in
bench/results/{part}.json with the machine they were measured on. Sizes: HOLDFAST_BENCH_OPEN (10,000), _HOLDS (2,000),
_USERS (100), _SECONDS (60), _ROUNDS (3; of open 10), _EACH (requests of a user in a round), _COLD (40).
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import availability, cold, creation, crowd, holds, life, mix, opened, startup, vendors
from bench.machine import described
from bench.sizes import Row

RESULTS = Path(__file__).parent / "results"
PARTS: dict[str, ModuleType] = {
    "creation": creation,
    "vendors": vendors,
    "availability": availability,
    "life": life,
    "startup": startup,
    "crowd": crowd,
    "mix": mix,
    "cold": cold,
    "holds": holds,
    "open": opened,
}


@dataclass(frozen=True)
class Line:
    """One row of the table: its words, the figure, its bound where it has one, and whether that is kept."""

    words: str
    figure: float
    bound: float | None

    @property
    def kept(self) -> bool:
        """True where nothing bounds it."""
        return self.bound is None or self.figure <= self.bound


def lines_of(rows: Sequence[Row], figures: dict[str, Any]) -> list[Line]:
    """The table's rows of a part."""
    return [Line(words, figures[name], bound) for name, bound, words in rows]


def measured(name: str, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Runs a part and keeps its figures; answers them."""
    machine, began = described(), time.monotonic()
    figures = run()
    kept = {
        "part": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "took_seconds": round(time.monotonic() - began),
        "machine": machine,
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return figures


def main() -> None:
    """Measures, prints, writes; ends with 1 when a bound is broken, with 2 for a part that is not there."""
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.stderr.write(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}\n")
        raise SystemExit(2)
    console = Console(width=110)
    table = Table(title="Holdfast against its floors")
    for column in ("What", "Figure", "Bound", "Kept"):
        table.add_column(column)
    lines: list[Line] = []
    for name in wanted:
        console.print(f"measuring {name} …")
        figures = measured(name, PARTS[name].run)
        console.print_json(data=figures)
        lines += lines_of(PARTS[name].ROWS, figures)
    for line in lines:
        bound = "" if line.bound is None else f"≤ {line.bound:g}"
        table.add_row(line.words, str(line.figure), bound, "yes" if line.kept else "NO")
    console.print(table)
    raise SystemExit(0 if all(line.kept for line in lines) else 1)


if __name__ == "__main__":
    main()
