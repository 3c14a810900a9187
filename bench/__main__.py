"""`python -m bench`: measures against floors in the same run and prints one table of ratios."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import availability, creation, path, startup
from bench.houses import furnish, running

RESULTS = Path(__file__).parent / "results"
# What is measured, the bound it has to keep (None where it is only told), and the words for it.
ROWS = (
    ("p50_ratio", 1.25, "POST /bookings ÷ bare update-with-start, p50"),
    ("p95_ratio", 1.5, "POST /bookings ÷ bare update-with-start, p95"),
    ("one_by_one_p50_ratio", None, "The same, one by one in turn, p50"),
    ("one_by_one_p95_ratio", None, "The same, one by one in turn, p95"),
    ("commits_per_creation", 1.0, "Commits that write, per creation"),
    ("events_ratio_to_bound", 1.0, "Events of the malabar path ÷ 90"),
    ("second_start_ratio_to_bound", 1.0, "Second start ÷ 15 s"),
    ("pss_ratio_to_bound", 1.0, "Memory of all processes (sum of PSS) ÷ 900 MB"),
    ("processes_left", 0, "Processes left after Ctrl-C"),
    ("availability_ratio", None, "Availability over HTTP ÷ the same SQL in psql, p50"),
)


def main() -> None:
    """Measures, prints, writes bench/results/latest.json; ends with 1 when a bound is broken."""
    figures: dict[str, Any] = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        for part in (creation, availability, path):
            figures.update(asyncio.run(part.measure(system)))
    figures.update(asyncio.run(startup.measure(None)))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    table = Table(title="Holdfast against its floors")
    for column in ("What", "Figure", "Bound", "Kept"):
        table.add_column(column)
    broken = False
    for name, bound, words in ROWS:
        kept = bound is None or figures[name] <= bound
        broken = broken or not kept
        table.add_row(words, str(figures[name]), "" if bound is None else f"≤ {bound}", "yes" if kept else "NO")
    console = Console(width=110)
    console.print(table)
    console.print_json(data=figures)
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
