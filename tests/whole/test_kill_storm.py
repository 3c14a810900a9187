"""Processes are killed at random while people book, change and end bookings: nothing is lost, doubled or forgotten.

Real processes under `holdfast up`; `kill -9` for the API, the worker, Temporal, Postgres or one of its backends, the
mail stand-in, and once `holdfast up` itself. Clients send the same key again after every unclear outcome. In the same
storm others send none of their own: with them bookings and payments do double, so the looks of this file can fail.

HOLDFAST_PROOF_STORM_BOOKINGS, _KILLS, _MEAN and _SETTLE (seconds) say how hard it blows; HOLDFAST_PROOF_STORM_SEEDS
lists the seeds, separated by commas. The storm of HOLDFAST_PROOF_STORM_UP, or of the first seed, kills `holdfast up`.
"""

import os
from collections.abc import Iterator

import pytest

from cli.ports import free_ports
from tests.whole.storm.weather import Outcome, Size, blow
from tests.whole.test_up import Running, start

SEEDS = os.environ.get("HOLDFAST_PROOF_STORM_SEEDS", "1").split(",")
UP_SEED = os.environ.get("HOLDFAST_PROOF_STORM_UP", SEEDS[0])
BOOKINGS = int(os.environ.get("HOLDFAST_PROOF_STORM_BOOKINGS", "30"))
KILLS = int(os.environ.get("HOLDFAST_PROOF_STORM_KILLS", "6"))
MEAN_SECONDS = float(os.environ.get("HOLDFAST_PROOF_STORM_MEAN", "1.5"))
SETTLE_SECONDS = float(os.environ.get("HOLDFAST_PROOF_STORM_SETTLE", "180"))

# In the middle of a storm the machine has much else to do.
START_SECONDS = 300.0
# A full storm with its settling, on a machine that has other things to do as well.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", params=SEEDS)
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """One storm for each seed."""
    folder = tmp_path_factory.mktemp("storm")
    environment = {**os.environ, "HOLDFAST_HOME": str(folder / "home")}
    environment.update(free_ports())

    def again() -> Running:
        return start(environment, folder / "log", START_SECONDS)

    running = again()
    size = Size(BOOKINGS, KILLS, MEAN_SECONDS, SETTLE_SECONDS, kills_up=request.param == UP_SEED)
    try:
        outcome = blow(running, again, request.param, size)
        print(outcome.told(request.param))
        yield outcome
    finally:
        running.end()


def test_every_answer_that_was_given_is_kept(outcome: Outcome) -> None:
    """Each yes is written once, each no did nothing, and every booking ends as its client's answers say."""
    assert outcome.careful == []


def test_nobody_is_answered_with_a_fault_of_ours(outcome: Outcome) -> None:
    """No 5xx but 503, and that says when to come again."""
    assert outcome.tally.strange == []


def test_counters_rooms_money_and_stories_agree(outcome: Outcome) -> None:
    """For every night of every hotel; events without gaps; payments, rooms and clocks as the states say."""
    assert outcome.rows == []


def test_no_letter_goes_out_twice_or_after_the_end(outcome: Outcome) -> None:
    """Held against what the mail stand-in has kept on its disk."""
    assert outcome.letters == []


def test_every_open_booking_has_its_workflow_and_no_ended_one(outcome: Outcome) -> None:
    """Whatever was killed, no booking stands without the story that drives it."""
    assert outcome.workflows == []


def test_no_process_is_left_and_the_end_is_orderly(outcome: Outcome) -> None:
    """Ctrl-C after the storm ends everything."""
    assert (outcome.left, outcome.ended_with) == ([], 0)


def test_without_keys_of_their_own_the_same_storm_doubles(outcome: Outcome) -> None:
    """Clients that send a fresh key with each try get bookings or payments twice."""
    doubled = [what for what in outcome.careless if "are there" in what or "are written" in what]
    assert doubled, outcome.told("the control")
