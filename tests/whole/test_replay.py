"""Real bookings, driven over HTTP to their real ends: final statuses and taken nights are what the file says.

The bookings of tests/whole/data are a part of a published data set, credited there. At full size the whole file is
looked for beside the repository, in shared/data.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli.replay.demand import Outcome, Row, Wave, chosen, read_demand
from cli.replay.drive import LIVED, Hand, replay
from cli.replay.life import Life
from cli.replay.system import System, running_system
from config.settings import Settings
from tests.whole.conftest import Doors

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = Path(__file__).with_name("data") / "resort_bookings_40.csv"
WHOLE = ROOT.parent / "shared" / "data" / "resort_bookings.csv.gz"
SHORT = 40
ROWS = int(os.environ.get("HOLDFAST_PROOF_ROWS", SHORT))
FILE = WHOLE if ROWS > SHORT and WHOLE.exists() else SAMPLE
MOST_SECONDS = 280 if FILE is SAMPLE else 2_900


@pytest.mark.timeout(MOST_SECONDS + 20)
def test_what_comes_of_real_bookings_is_what_the_file_says() -> None:
    """Each row ends as it did, each night has the guests it had, and no answer is a 5xx; in a system of its own."""
    command = [sys.executable, "-m", "cli.main", "replay-demand", str(FILE), "--rows", str(ROWS), "--report", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=MOST_SECONDS, check=False)
    assert done.stdout, done.stderr[-3000:]
    told = json.loads(done.stdout)
    figures = ("rows", "file_statuses", "engine_statuses", "nights", "room_nights", "changes", "calls", "answers")
    print(f"\nproof: {', '.join(f'{name} {told[name]}' for name in figures if name in told)}")
    assert (done.returncode, told["equal"], told["named"]) == (0, True, [])
    rows = chosen(read_demand(FILE).rows, ROWS)
    assert told["rows"] == len(rows) == min(ROWS, len(read_demand(FILE).rows))
    assert told["engine_statuses"] == told["file_statuses"]
    assert set(told["file_statuses"]) == {"completed", "cancelled", "no_show"}
    assert told["room_nights"] == sum(len(row.kept) for row in rows) > 0
    assert told["changes"] == sum(row.changes for row in rows) > 0
    assert not [status for status in told["answers"] if int(status) >= 500]
    # Searching, booking and two or more acts for most of them.
    assert told["calls"] > 4 * len(rows)


def few() -> list[Row]:
    """A stay, a cancellation and a no-show, each of a room type of its own, so that none is in another's way."""
    picked: dict[Outcome, Row] = {}
    for row in read_demand(SAMPLE).rows:
        if row.outcome not in picked and row.room_type not in {one.room_type for one in picked.values()}:
            picked[row.outcome] = row
    return list(picked.values())


def without(left_out: Row, wave: Wave) -> dict[tuple[Wave, Outcome], Hand]:
    """What is done with rows, but that nobody does it with this one."""
    hand = LIVED[wave, left_out.outcome]

    async def done(life: Life) -> None:
        if life.row != left_out:
            await hand(life)

    return {**LIVED, (wave, left_out.outcome): done}


def at(doors: Doors) -> System:
    """The system that runs for this test, found as `--running` finds one."""
    port = int(doors.addresses[0].rpartition(":")[2])
    return running_system(
        Settings(
            port=port,
            database_url=doors.owner_url,
            temporal_address=doors.target,
            temporal_namespace=doors.namespace,
        )
    )


async def test_one_outcome_that_is_not_lived_is_found(doors: Doors, guests: list[httpx.AsyncClient]) -> None:
    """Control: a cancellation that nobody makes leaves another status and nights that nobody should have."""
    rows = few()
    kept = await replay(at(doors), rows)
    assert (kept.equal, kept.named) == (True, [])
    forgotten = next(row for row in rows if row.outcome is Outcome.CANCELLED)
    lost = await replay(at(doors), rows, lived=without(forgotten, Wave.CANCELLING))
    assert not lost.equal
    assert lost.engine_statuses == {"completed": 1, "no_show": 1, "confirmed": 1}
    assert lost.other_statuses == 1
    assert lost.nights_that_differ == lost.counters_that_differ == len(set(forgotten.dates))
    assert lost.server_errors == kept.server_errors == 0
    assert f"line {forgotten.line} " in " ".join(lost.named)
