"""Where recorded histories are kept: histories/{release}/{path}.json.gz, the runs of one booking in order."""

import gzip
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter

from messages.build import ROOT
from messages.names import BOOKING_STATUS

SHELF = Path(__file__).with_name("histories")
# What is done with each release's histories, and why where they are not replayed.
RELEASES = SHELF / "releases.json"
MOST_BYTES = 2_000_000


def release() -> str:
    """The present release."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


@dataclass(frozen=True)
class Kept:
    """One path as it was lived. events: what the booking's own story says happened."""

    name: str
    events: tuple[str, ...]
    runs: tuple[WorkflowHistory, ...]

    @property
    def statuses(self) -> list[str]:
        """Every status in turn, as each run told it to Temporal; '' before the first one."""
        told = [""]
        for run in self.runs:
            told += [status for status in _told(run) if status != told[-1]]
        return told

    @property
    def ended_as(self) -> set[str]:
        """The statuses with which a run came to its end."""
        over = [run for run in self.runs if closing(run) == "COMPLETED"]
        return {status for run in over for status in _told(run)[-1:]}

    @property
    def doors(self) -> set[str]:
        """The updates that were let in, and the signals."""
        found = set()
        for run in self.runs:
            for event in run.events:
                accepted = event.workflow_execution_update_accepted_event_attributes
                found |= {
                    accepted.accepted_request.input.name,
                    event.workflow_execution_signaled_event_attributes.signal_name,
                }
        return found - {""}

    @property
    def closings(self) -> set[str]:
        """How its runs ended, in Temporal's words."""
        return {closing(run) for run in self.runs}


def closing(run: WorkflowHistory) -> str:
    """The last thing that happened to a run."""
    return EventType.Name(run.events[-1].event_type).removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_")


def _told(run: WorkflowHistory) -> list[str]:
    told = []
    for event in run.events:
        if event.event_type == EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            fields = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
            if BOOKING_STATUS.name in fields:
                status = DataConverter.default.payload_converter.from_payload(fields[BOOKING_STATUS.name])
                told += [str(status)] if not told or status != told[-1] else []
    return told


def put(kept: Kept, folder: Path) -> None:
    """Writes one path; the same histories make the same bytes."""
    runs = [json.loads(run.to_json()) for run in kept.runs]
    text = json.dumps(
        {"events": kept.events, "workflow_id": kept.runs[0].workflow_id, "runs": runs}, separators=(",", ":")
    )
    (folder / f"{kept.name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def kept_of(version: str) -> list[Kept]:
    """Every recorded path of a release, by name."""
    found = []
    for file in sorted((SHELF / version).glob("*.json.gz")):
        told = json.loads(gzip.decompress(file.read_bytes()))
        runs = tuple(WorkflowHistory.from_json(told["workflow_id"], run) for run in told["runs"])
        found.append(Kept(file.name.removesuffix(".json.gz"), tuple(told["events"]), runs))
    return found


def releases() -> dict[str, dict[str, str]]:
    """By release: `replayed` true or a reason."""
    told: dict[str, dict[str, str]] = json.loads(RELEASES.read_text(encoding="utf-8"))
    return told
