"""Disputes in a booking's story: docs/rules/disputes.md."""

from dataclasses import replace
from typing import Any

import pytest

from domain.answers import Look
from domain.booking import Booking
from domain.disputes import outcome
from domain.payments import PayState, Seen
from domain.steps import Act
from domain.told import told
from tests.domain.made import ASKED
from tests.domain.payers import answer, asked_to_pay, hears, held, pays


def _disputed(**seen: Any) -> Booking:
    """A paid booking about which the provider has told more."""
    return hears(pays(asked_to_pay(held())), state=PayState.CAPTURED, captured_minor=10_000, disputed=True, **seen)


@pytest.mark.parametrize("how", ["won", "lost", "closed"])
def test_a_dispute_that_is_over_takes_its_words_off_the_booking(how: str) -> None:
    """With an event that says how it ended; the payment stays disputed. What is no news writes nothing."""
    opened = _disputed(dispute="open")
    assert opened.attention == "The guest disputes payment 1 with the card's bank."
    step = answer(opened, state=PayState.CAPTURED, captured_minor=10_000, disputed=True, dispute=how)
    assert (step.what, step.after.attention, step.after.purse.payments[0].disputed) == (f"dispute_{how}", "", True)
    same = Seen(state=PayState.CAPTURED, captured_minor=10_000, disputed=True, dispute=how)
    assert told(step.after, Look(1), same, Act(ASKED)) is None
    # A build that did not ask for disputes yet changes nothing of it either.
    assert told(step.after, Look(1), replace(same, dispute=""), Act(ASKED)) is None
    again = answer(step.after, state=PayState.CAPTURED, captured_minor=10_000, disputed=True, dispute="open")
    assert (again.what, again.after.attention) == ("payment_disputed", opened.attention)


def test_other_words_on_the_booking_stay_when_a_dispute_ends() -> None:
    """Somebody has to look at those still; a dispute that was over before it was seen asks for nobody."""
    other = replace(_disputed(dispute="open"), attention="The refund did not reach the guest.")
    ended = hears(other, state=PayState.CAPTURED, captured_minor=10_000, disputed=True, dispute="won")
    assert ended.attention == "The refund did not reach the guest."
    assert _disputed(dispute="lost").attention == ""


@pytest.mark.parametrize(
    ("statuses", "stands"),
    [
        ([], ""),
        (["needs_response"], "open"),
        (["won", "under_review"], "open"),
        (["won", "lost"], "won"),
        (["warning_closed"], "closed"),
        (["prevented", "won"], "closed"),
        (["a word to come"], "open"),
    ],
)
def test_how_disputes_of_one_payment_stand(statuses: list[str], stands: str) -> None:
    """Open while any is; then by the newest."""
    assert outcome(statuses) == stands
