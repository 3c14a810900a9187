"""Random lives through the real workflow and the real Postgres, each told a second time by a small model.

HOLDFAST_PROOF_SEQUENCES and HOLDFAST_PROOF_SEED choose how many and which. What differs is printed act by act.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from temporalio.client import Client

from domain import acts, steps
from domain.booking import Status, Stay
from domain.checks import clock_of
from domain.fees import Fee
from tests.story.sequences import live_all
from workflows import judging

SEQUENCES = int(os.environ.get("HOLDFAST_PROOF_SEQUENCES", "200"))
SEED = os.environ.get("HOLDFAST_PROOF_SEED", "1")
MOST_FOR_A_REMOVED_RULE = 300
# The platform's word for a local activity that ended while it was being called off, as on a machine that is very busy.
# Elsewhere it is a line in the log; as an error it would end the worker, and with it every life that is being lived.
pytestmark = pytest.mark.filterwarnings("ignore:Cannot find activity to cancel:UserWarning")


@pytest.mark.timeout(3_000)
async def test_random_lives_are_what_the_model_says(trusting_worker: None, client: Client, owner_url: str) -> None:
    """Answers, statuses, prices, clocks, counters, events and letters: no difference after any act."""
    began = time.monotonic()
    tally = await live_all(client, owner_url, [f"{SEED}-{n}" for n in range(SEQUENCES)])
    seconds = time.monotonic() - began
    words = f"{tally.lived} sequences in {seconds:.0f} s; a clock rang {tally.worst_lag} late at most"
    print(f"\nproof: seed {SEED}: {words}")
    for name, counted in (("acts", tally.acts), ("answers", tally.answers), ("events", tally.events)):
        print(f"proof: {name}: {', '.join(f'{word} {number}' for word, number in counted.most_common())}")
    assert not tally.differing, "\n\n".join(tally.differing)
    assert tally.lived == SEQUENCES


def nights_of_cancelled_rooms_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled room goes on taking its nights."""
    whole = steps.night_moves

    def moves(before: Sequence[Stay], after: Sequence[Stay]) -> Any:
        was = {stay.number: stay.status for stay in before}
        still = [replace(stay, status=was[stay.number]) if stay.status is Status.CANCELLED else stay for stay in after]
        return whole(before, still)

    monkeypatch.setattr(steps, "night_moves", moves)


def stale_pages_may_act(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version that was seen is not looked at."""
    monkeypatch.setattr(judging, "check_version", lambda _booking, _seen: None)


def who_never_came_keeps_all_nights(monkeypatch: pytest.MonkeyPatch) -> None:
    """A no-show gives nothing back."""
    whole = acts.ended
    monkeypatch.setattr(
        acts, "ended", lambda stay, status, **more: whole(stay, status, **{**more, "released_from": None})
    )


def cancelling_is_always_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fee, whatever the terms say."""
    monkeypatch.setattr(acts, "cancellation_fee", lambda *_: Fee(0, ""))


def clocks_have_no_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any running clock may be moved anywhere."""
    monkeypatch.setattr(judging, "check_clock", lambda booking, key, *_: clock_of(booking, key))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "without",
    [
        nights_of_cancelled_rooms_are_kept,
        stale_pages_may_act,
        who_never_came_keeps_all_nights,
        cancelling_is_always_free,
        clocks_have_no_bounds,
    ],
)
async def test_a_rule_that_is_removed_is_missed(
    trusting_worker: None,
    client: Client,
    owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
    without: Callable[[pytest.MonkeyPatch], None],
) -> None:
    """The same lives in a system that lacks one rule: sooner or later the model says otherwise."""
    without(monkeypatch)
    tally = await live_all(client, owner_url, [f"{SEED}-{n}" for n in range(MOST_FOR_A_REMOVED_RULE)], stop_after=1)
    assert tally.parted, f"{tally.lived} lives without the rule and no difference; {tally.differing}"
