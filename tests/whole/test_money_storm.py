"""Processes are killed at random while guests pay by card: the three ledgers agree to the cent.

The same storm as tests/whole/test_kill_storm.py, with the payment provider's stand-in among what is killed and guests
who pay deposits, prepay and cancel, have cards authorised, take requests back and leave pages open.

HOLDFAST_PROOF_MONEY_BOOKINGS, _KILLS, _MEAN and _SETTLE (seconds) say how hard it blows; _SEED which storm it is.
"""

import os
from collections.abc import Iterator

import pytest

from cli.ports import free_ports
from tests.whole.storm.payers import PAYERS
from tests.whole.storm.weather import Outcome, Size, blow
from tests.whole.test_kill_storm import START_SECONDS
from tests.whole.test_up import Running, start

SEED = os.environ.get("HOLDFAST_PROOF_MONEY_SEED", "21")
BOOKINGS = int(os.environ.get("HOLDFAST_PROOF_MONEY_BOOKINGS", "20"))
KILLS = int(os.environ.get("HOLDFAST_PROOF_MONEY_KILLS", "5"))
MEAN_SECONDS = float(os.environ.get("HOLDFAST_PROOF_MONEY_MEAN", "1.5"))
SETTLE_SECONDS = float(os.environ.get("HOLDFAST_PROOF_MONEY_SETTLE", "180"))
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """One storm."""
    folder = tmp_path_factory.mktemp("money-storm")
    environment = {**os.environ, "HOLDFAST_HOME": str(folder / "home")}
    environment.update(free_ports())

    def again() -> Running:
        return start(environment, folder / "log", START_SECONDS)

    running = again()
    size = Size(BOOKINGS, KILLS, MEAN_SECONDS, SETTLE_SECONDS, kills_up=False, paths=PAYERS)
    try:
        outcome = blow(running, again, SEED, size)
        print(outcome.told(SEED))
        yield outcome
    finally:
        running.end()


def test_the_three_ledgers_agree_to_the_cent(outcome: Outcome) -> None:
    """What the provider took and gave back, what our rows say, and what each story believes."""
    assert outcome.ledgers == []


def test_every_guest_who_paid_has_what_was_paid_for(outcome: Outcome) -> None:
    """Each yes is kept, each booking ends as its guest's answers say, and rows agree with states."""
    assert (outcome.careful, outcome.rows, outcome.tally.strange) == ([], [], [])


def test_no_letter_about_money_goes_out_twice(outcome: Outcome) -> None:
    """Held against what the mail stand-in has kept."""
    assert (outcome.letters, outcome.workflows) == ([], [])
