"""`python -m worker.replay ANSWERS`: does this tree's story tell the histories that it is given, to the same end?

Standard input: a line of JSON a history, `{"id": ..., "history": ...}`. The file ANSWERS gets a line each, in the same
order, `{"id": ..., "refused": ...}`, where an empty word means that it replays; standard output is Temporal's own log.
It is a program because a build is asked in its own environment and from its own sources.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from config.settings import Settings
from messages.converter import data_converter
from worker.build import runner
from workflows.booking import BookingWorkflow

LONGEST_REASON = 300


def replayer(secret: str, story: type = BookingWorkflow) -> Replayer:
    """What replays a booking's histories as its worker would, messages unsealed with the same key."""
    return Replayer(workflows=[story], workflow_runner=runner(), data_converter=data_converter(secret))


async def refusals(histories: Sequence[WorkflowHistory], secret: str, story: type = BookingWorkflow) -> list[str]:
    """Why each history does not replay; '' for one that does."""
    return [await _refusal(replayer(secret, story), history) for history in histories]


async def _refusal(own: Replayer, history: WorkflowHistory) -> str:
    result = await own.replay_workflow(history, raise_on_replay_failure=False)
    failure = result.replay_failure
    if failure is None:
        return ""
    # What a story's own error says may quote people; what the machinery says of two histories never does.
    words = " ".join(str(failure).split()) if isinstance(failure, NondeterminismError) else "the story fails"
    return f"{type(failure).__name__}: {words}"[:LONGEST_REASON]


async def answer(lines: Sequence[str], secret: str) -> list[str]:
    """A line of output for each line of input."""
    asked: list[dict[str, Any]] = [json.loads(line) for line in lines]
    told = await refusals([WorkflowHistory.from_json(one["id"], one["history"]) for one in asked], secret)
    return [json.dumps({"id": one["id"], "refused": refused}) for one, refused in zip(asked, told, strict=True)]


def main() -> None:
    """Entry point."""
    secret = Settings().secret_key.get_secret_value()
    lines = asyncio.run(answer([line for line in sys.stdin if line.strip()], secret))
    Path(sys.argv[1]).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
