"""`holdfast replay-demand`: reads the file, replays what was chosen, and tells the outcome as a table or as JSON."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from cli.configuration import read_settings
from cli.console import Console
from cli.processes import StackTrouble
from cli.replay.demand import Demand, chosen, read_demand
from cli.replay.drive import Outcomes, replay
from cli.replay.system import own_system, running_system
from cli.replay.web import NotDone

CREDIT = (
    'Data: N. Antonio, A. de Almeida, L. Nunes, "Hotel booking demand datasets", Data in Brief 22 (2019) 41–49, '
    "doi 10.1016/j.dib.2018.11.126, CC BY 4.0"
)


def replay_demand(say: Callable[[str], None], file: Path, rows: int, *, as_json: bool, running: bool) -> int:
    """Answers the exit status: 0 where what came of the bookings is what the file says. Errors: StackTrouble."""
    demand = read_demand(file)
    picked = chosen(demand.rows, rows)
    if not picked:
        raise StackTrouble(f"{file} has no booking that can be replayed, or --rows is 0")
    where = nullcontext(running_system(read_settings())) if running else own_system()
    try:
        with where as system:
            result = asyncio.run(replay(system, picked, _progress))
    except NotDone as trouble:
        raise StackTrouble(f"the replay could not begin or be compared: {trouble}") from trouble
    if as_json:
        say(json.dumps(told(demand, result)))
    else:
        _tell(demand, result)
    return 0 if result.equal else 1


def told(demand: Demand, result: Outcomes) -> dict[str, object]:
    """The outcome for programs."""
    file = {"lines": demand.lines, "usable": len(demand.rows), "skipped": demand.skipped, "odd_dates": demand.odd_dates}
    return {"equal": result.equal, "file": file, **asdict(result), "credit": CREDIT}


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _tell(demand: Demand, result: Outcomes) -> None:
    console = Console()
    usable = len(demand.rows)
    skipped = [(f"  skipped: {reason}", str(count)) for reason, count in sorted(demand.skipped.items())]
    console.table(
        "The file",
        [
            ("lines", str(demand.lines)),
            *skipped,
            ("  lines skipped in all", str(demand.lines - usable)),
            ("  not asked for", str(usable - result.rows)),
            ("replayed", str(result.rows)),
            ("stays whose last date is not that of their nights", f"{demand.odd_dates} (the nights count)"),
        ],
    )
    statuses = sorted(result.file_statuses.keys() | result.engine_statuses.keys())
    counts = [(one, str(result.file_statuses.get(one, 0)), str(result.engine_statuses.get(one, 0))) for one in statuses]
    console.table("Final statuses", [("", "file", "engine"), *counts])
    console.table("What came of it", _figures(result))
    if result.named:
        console.table("Differences", [(line,) for line in result.named])
    console.table("Equal to the file" if result.equal else "NOT equal to the file", [(CREDIT,)])


def _figures(result: Outcomes) -> list[tuple[str, str]]:
    rooms = ", ".join(f"{count} {code}" for code, count in result.capacity.items())
    return [
        ("real days; shifted by", f"{result.days}; {result.shifted_days} days"),
        ("rooms of the hotel", rooms),
        ("bookings with another status", str(result.other_statuses)),
        ("nights; nights of a type; room nights", f"{result.nights}; {result.cells}; {result.room_nights}"),
        ("nights of a type that differ, by the bookings", str(result.nights_that_differ)),
        ("nights of a type that differ, by the counters", str(result.counters_that_differ)),
        ("rooms still held", str(result.held_left)),
        ("changes made", str(result.changes)),
        ("calls; answers", f"{result.calls}; {', '.join(f'{n} × {code}' for code, n in result.answers.items())}"),
        ("answers of 5xx; connections lost", f"{result.server_errors}; {result.lost_connections}"),
        ("seconds", f"{result.seconds:.0f}"),
    ]
