"""Recorded histories of every path, replayed with the present story. `python -m tests.replay.record` records anew."""

import re
from functools import cache
from itertools import pairwise

import pytest
from temporalio import workflow

from api.timeline import _EVENTS as EVENTS
from domain.booking import Status
from domain.lifecycle import Action
from messages.build import ROOT
from tests.replay.changed import ChangedStory
from tests.replay.paths import PATHS
from tests.replay.shelf import MOST_BYTES, SHELF, Kept, kept_of, release, releases
from tests.story.world import SECRET
from worker.replay import refusals
from workflows.booking import BookingWorkflow

AGAIN = "record them again with `python -m tests.replay.record`"
# What each action is called at the booking's doors; extending is an amendment.
DOORS = {
    Action.EXTEND: "amend",
    Action.NO_SHOW: "mark_no_show",
    Action.PAYMENTS: "take_payment",
    Action.PAYMENT: "start_payment",
    Action.REFUNDS: "give_refund",
    Action.CHARGES: "post_charge",
    Action.CLOCKS: "move_clock",
    Action.ASK_CHANGE: "ask_change",
    Action.FAIL: "give_up",
}
# What only a fault of the provider's, or days of its own, bring about; the rules' tests have them.
RARE = {"deposit_met", "payment_differs", "provider_refused", "refund_checked"}
ARROW = re.compile(r"^    (\[\*\]|\w+) --> (\[\*\]|\w+)", re.MULTILINE)


@cache
def present() -> tuple[Kept, ...]:
    """The present release's recordings."""
    return tuple(kept_of(release()))


def walked(kept: Kept) -> set[tuple[str, str]]:
    """The arrows of the story's picture that a recording walks along."""
    return set(pairwise(kept.statuses)) | {(status, "") for status in kept.ended_as}


def drawn() -> set[tuple[str, str]]:
    """The arrows of docs/story.md."""
    text = (ROOT / "docs" / "story.md").read_text(encoding="utf-8")
    return {(start.replace("[*]", ""), end.replace("[*]", "")) for start, end in ARROW.findall(text)}


async def test_the_present_story_tells_every_recorded_history_to_the_same_end() -> None:
    """All runs of all paths; a refusal names the path and what differs."""
    runs = [(kept.name, run) for kept in present() for run in kept.runs]
    assert len(runs) > len(PATHS)
    refused = await refusals([run for _, run in runs], SECRET)
    assert {name: why for (name, _), why in zip(runs, refused, strict=True) if why} == {}, AGAIN


async def test_a_story_with_one_more_clock_is_refused_by_every_history() -> None:
    """The replay above is able to fail."""
    runs = [run for kept in present() for run in kept.runs]
    refused = await refusals(runs, SECRET, ChangedStory)
    assert all(refused)
    assert sum(why.startswith("NondeterminismError") for why in refused) >= len(PATHS)


def test_every_path_is_recorded_and_nothing_else() -> None:
    """A path that is told anew has its history."""
    assert {kept.name for kept in present()} == set(PATHS), AGAIN


def test_every_arrow_of_the_story_has_been_walked() -> None:
    """Every status, every beginning, every way on and every end that docs/story.md draws."""
    arrows = drawn()
    assert {status.value for status in Status} == {end for _, end in arrows if end}
    assert arrows - {arrow for kept in present() for arrow in walked(kept)} == set(), AGAIN


def test_every_door_has_been_gone_through() -> None:
    """Every action of the lifecycle, every update and every signal of the story."""
    gone = {door for kept in present() for door in kept.doors}
    actions = {DOORS.get(action, action.value.replace("-", "_")) for action in Action}
    definition = workflow._Definition.must_from_class(BookingWorkflow)
    doors = {str(name) for name in (*definition.updates, *definition.signals)}
    assert actions < doors
    assert doors - gone == set(), AGAIN


def test_everything_that_can_happen_has_happened() -> None:
    """Every event that the timeline has words for, so every clock that rings and every way to answer a wish."""
    happened = {event for kept in present() for event in kept.events}
    assert set(EVENTS) - happened == RARE, AGAIN


def test_runs_end_in_every_way() -> None:
    """Renewed, lost and resumed, over, and still open."""
    closings = {closing for kept in present() for closing in kept.closings}
    assert {"CONTINUED_AS_NEW", "TERMINATED", "COMPLETED"} < closings


def test_the_recordings_are_small_and_name_nobody() -> None:
    """Words about people are sealed in them, as they are on the server."""
    files = list(SHELF.rglob("*.json.gz"))
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    for kept in present():
        for run in kept.runs:
            text = run.to_json()
            assert not [word for word in ("A Guest", "guest@example.com", "98470", "Said at the desk") if word in text]


def test_every_release_on_the_shelf_says_what_is_done_with_it() -> None:
    """The present one is replayed; an earlier one too, or a reason is given."""
    told = releases()
    assert {folder.name for folder in SHELF.iterdir() if folder.is_dir()} == set(told)
    assert told[release()]["replay"] == "replayed"
    assert all(one["replay"] in ("replayed", "renewed") for one in told.values())
    assert all(bool(one["reason"]) is (one["replay"] == "renewed") for one in told.values())


@pytest.mark.parametrize("version", sorted(set(releases()) - {release()}) or [release()])
async def test_an_earlier_release_replays_as_far_as_the_manifest_says(version: str) -> None:
    """`replayed`: every run. `renewed`: its bookings go on from their rows, and replay is really not possible."""
    runs = [run for kept in kept_of(version) for run in kept.runs]
    refused = [why for why in await refusals(runs, SECRET) if why]
    assert bool(refused) is (releases()[version]["replay"] == "renewed"), refused
