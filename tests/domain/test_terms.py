"""The terms a booking lives under: worked deadlines, and the sentences that guests read."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.terms import (
    ApprovalTerms,
    Confirmation,
    Payment,
    Penalty,
    StayTerms,
    approval_deadline,
    cancel_free_until,
    cancellation_in_words,
    confirmation_in_words,
    payment_in_words,
)
from tests.domain.made import ARRIVAL, KOCHI, kochi


@pytest.mark.parametrize(
    ("asked", "deadline"),
    [
        # Nine days ahead: the whole window of 24 hours.
        (kochi(date(2027, 3, 1), 11, 30), kochi(date(2027, 3, 2), 11, 30)),
        # The evening before: not past the check-in time.
        (kochi(date(2027, 3, 9), 20), kochi(ARRIVAL, 14)),
        # Ten minutes before the check-in time: half an hour all the same.
        (kochi(ARRIVAL, 13, 50), kochi(ARRIVAL, 14, 20)),
        (kochi(ARRIVAL, 18), kochi(ARRIVAL, 18, 30)),
        # At 02:50 the business day of the arrival is still open, until 03:00.
        (kochi(date(2027, 3, 11), 2, 50), kochi(date(2027, 3, 11), 3)),
    ],
)
def test_the_hotel_has_its_window_but_never_past_check_in(asked: datetime, deadline: datetime) -> None:
    """Window 24 h, check-in 14:00, at least 30 minutes."""
    assert approval_deadline(KOCHI, asked, ARRIVAL) == deadline


def test_free_cancellation_ends_on_the_hotels_wall_clock() -> None:
    """One day before at 18:00 in Kochi; never for a rate that is not refundable."""
    assert cancel_free_until(KOCHI, StayTerms(1, "flexible"), ARRIVAL) == kochi(date(2027, 3, 9), 18)
    assert cancel_free_until(KOCHI, StayTerms(1, "strict", free_until_days=None), ARRIVAL) is None


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (
            StayTerms(1, "flexible"),
            "Cancelling is free of charge until 9 Mar 2027, 18:00 hotel time; after that it costs the first night.",
        ),
        (
            StayTerms(1, "strict", free_until_days=None, late_cancellation=Penalty.FULL),
            "Not refundable: cancelling costs the whole stay.",
        ),
        (StayTerms(1, "free", late_cancellation=Penalty.NONE), "Cancelling is free of charge until check-in."),
    ],
)
def test_guests_read_the_cancellation_terms_with_their_date(terms: StayTerms, sentence: str) -> None:
    """One sentence, with the date where there is one."""
    assert cancellation_in_words(KOCHI, terms, ARRIVAL) == sentence


def test_guests_read_how_they_pay_and_when_they_have_an_answer() -> None:
    """Every payment mode has its sentence; the window is told in hours where it is whole hours."""
    assert len({payment_in_words(payment) for payment in Payment}) == len(Payment)
    assert [payment.online for payment in Payment] == [False, False, True, True, True]
    assert confirmation_in_words(KOCHI) == "The hotel answers each request in person, within 24 hours."
    quick = replace(KOCHI, approval=ApprovalTerms(window_minutes=90))
    assert confirmation_in_words(quick) == "The hotel answers each request in person, within 90 minutes."
    auto = replace(KOCHI, confirmation=Confirmation.AUTO)
    assert confirmation_in_words(auto) == "Your booking is confirmed at once."
    assert timedelta(minutes=KOCHI.approval.least_minutes) == timedelta(minutes=30)
