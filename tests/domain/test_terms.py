"""The terms a booking lives under: worked deadlines, and the sentences that guests read."""

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from domain.obligations import payment_in_words
from domain.terms import (
    ApprovalTerms,
    CancellationTier,
    ChecklistPoint,
    Confirmation,
    EarlyDeparture,
    GuestTerms,
    HotelTerms,
    Opening,
    Payment,
    Penalty,
    StayTerms,
    cancel_free_until,
    cancellation_in_words,
    cancellation_rule,
    check_in_from,
    check_out_by,
    collects,
    confirmation_in_words,
    length_in_words,
    no_show_at,
    pre_arrival_at,
    tier_from,
)
from tests.domain.made import ARRIVAL, KOCHI, kochi

EVE = date(2027, 3, 9)
A_SECOND = timedelta(seconds=1)
PASSED = "the time for cancelling free of charge had passed when the booking was made"


def tiered(**terms: Any) -> StayTerms:
    """Half the stay from the evening before, the whole stay from noon of the arrival day; told in any order."""
    tiers = (CancellationTier(0, time(12), Penalty.FULL), CancellationTier(1, time(20), Penalty.PERCENT, 50))
    return replace(StayTerms(1, "tiered", tiers=tiers), **terms)


def test_the_words_on_file_never_change() -> None:
    """Terms are kept with bookings for years; what is written must still be read."""
    assert [str(word) for word in Payment] == [
        "none", "at_hotel", "stripe_guarantee", "stripe_deposit", "stripe_prepaid", "stripe_authorise",
    ]  # fmt: skip
    assert [str(word) for word in Confirmation] == ["auto", "manual"]
    assert [str(word) for word in Penalty] == ["none", "first_night", "percent", "fixed", "full"]
    assert [str(word) for word in EarlyDeparture] == ["none", "next_night", "percent", "full"]


def test_terms_that_say_nothing_have_the_documented_defaults() -> None:
    """The tables of the rule. They also read terms that were kept before a field existed."""
    approval = ApprovalTerms(24 * 60, 30, "elapsed", (), (), "decline", ())
    guest = GuestTerms(True, True, 1, time(18), 0, 24 * 60)
    hotel = HotelTerms(1, "UTC", "EUR", Payment.NONE, Confirmation.AUTO)
    assert hotel == HotelTerms(
        1, "UTC", "EUR", Payment.NONE, Confirmation.AUTO, guest_portal=True, check_in_time=time(15),
        check_out_time=time(11), audit_time=time(3), approval=approval, pre_arrival_days=2, pre_arrival_time=time(10),
        overstay_after_minutes=60, close_after_seconds=3600, feedback_after_seconds=None, option_hours=24, guest=guest,
    )  # fmt: skip
    assert StayTerms(1, "any") == StayTerms(
        1, "any", free_until_days=1, free_until_time=time(18), late_cancellation=Penalty.FIRST_NIGHT,
        no_show=Penalty.FIRST_NIGHT, late_percent=0, late_fixed_minor=0, tiers=(), think_minutes=0,
        early_departure=EarlyDeparture.FULL, early_percent=0, no_show_percent=0, no_show_fixed_minor=0,
    )  # fmt: skip
    assert CancellationTier(0, time(12), Penalty.FULL) == CancellationTier(0, time(12), Penalty.FULL, 0, 0)
    assert ChecklistPoint("Passport seen") == ChecklistPoint("Passport seen", needed=False)


@pytest.mark.parametrize(
    "terms",
    [
        StayTerms(1, "any"), KOCHI, KOCHI.guest, KOCHI.approval, ChecklistPoint("Passport seen"),
        Opening(0, time(9), time(18)), CancellationTier(0, time(12), Penalty.FULL),
    ],
)  # fmt: skip
def test_terms_once_read_are_never_edited(terms: Any) -> None:
    """A booking's snapshot can't be changed by accident."""
    name = fields(terms)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(terms, name, getattr(terms, name))


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
        (
            StayTerms(1, "free", free_until_days=None, late_cancellation=Penalty.NONE),
            "Cancelling is free of charge until check-in.",
        ),
        (
            StayTerms(1, "half", free_until_days=0, late_cancellation=Penalty.PERCENT, late_percent=50),
            "Cancelling is free of charge until 10 Mar 2027, 18:00 hotel time; after that it costs 50 % of the stay.",
        ),
        (
            StayTerms(1, "fixed", late_cancellation=Penalty.FIXED, late_fixed_minor=150_000),
            "Cancelling is free of charge until 9 Mar 2027, 18:00 hotel time; "
            "after that it costs INR 1,500.00, but never more than the stay.",
        ),
        (
            tiered(),
            "Cancelling is free of charge until 9 Mar 2027, 18:00 hotel time; after that it costs the first night; "
            "after 9 Mar 2027, 20:00 hotel time it costs 50 % of the stay; "
            "after 10 Mar 2027, 12:00 hotel time it costs the whole stay.",
        ),
        (
            tiered(free_until_days=None),
            "Not refundable: cancelling costs the first night; "
            "after 9 Mar 2027, 20:00 hotel time it costs 50 % of the stay; "
            "after 10 Mar 2027, 12:00 hotel time it costs the whole stay.",
        ),
        # Nothing by itself: the first tier ends the free time.
        (
            tiered(late_cancellation=Penalty.NONE),
            "Cancelling is free of charge until 9 Mar 2027, 20:00 hotel time; after that it costs 50 % of the stay; "
            "after 10 Mar 2027, 12:00 hotel time it costs the whole stay.",
        ),
        (
            tiered(late_cancellation=Penalty.NONE, free_until_days=None),
            "Cancelling is free of charge until 9 Mar 2027, 20:00 hotel time; after that it costs 50 % of the stay; "
            "after 10 Mar 2027, 12:00 hotel time it costs the whole stay.",
        ),
        # A tier that begins while cancelling is still free is the price from the end of the free time on.
        (
            tiered(free_until_days=1, free_until_time=time(20)),
            "Cancelling is free of charge until 9 Mar 2027, 20:00 hotel time; after that it costs 50 % of the stay; "
            "after 10 Mar 2027, 12:00 hotel time it costs the whole stay.",
        ),
        (
            tiered(free_until_days=0, free_until_time=time(13)),
            "Cancelling is free of charge until 10 Mar 2027, 13:00 hotel time; after that it costs the whole stay.",
        ),
        # A tier may ask nothing again.
        (
            StayTerms(1, "odd", tiers=(CancellationTier(0, time(12), Penalty.NONE),)),
            "Cancelling is free of charge until 9 Mar 2027, 18:00 hotel time; after that it costs the first night; "
            "after 10 Mar 2027, 12:00 hotel time it costs nothing.",
        ),
        (
            StayTerms(1, "thought over", free_until_days=None, think_minutes=24 * 60),
            "Not refundable: cancelling costs the first night. "
            "In the first 24 hours after booking it is free of charge in any case.",
        ),
    ],
)
def test_guests_read_the_cancellation_terms_with_their_date(terms: StayTerms, sentence: str) -> None:
    """One sentence, with the date where there is one."""
    assert cancellation_in_words(KOCHI, terms, ARRIVAL) == sentence


@pytest.mark.parametrize(
    ("booked", "terms", "begins"),
    [
        # A second before the deadline it can still be met; at its very instant it has passed.
        (kochi(EVE, 18) - A_SECOND, tiered(), "Cancelling is free of charge until 9 Mar 2027, 18:00 hotel time; "),
        (kochi(EVE, 18), tiered(), f"Cancelling costs the first night: {PASSED}; after 9 Mar 2027, 20:00 hotel time "),
        (kochi(EVE, 20), tiered(), f"Cancelling costs 50 % of the stay: {PASSED}; after 10 Mar 2027, 12:00 hotel "),
        (kochi(ARRIVAL, 12), tiered(), f"Cancelling costs the whole stay: {PASSED}."),
        (kochi(ARRIVAL, 12), tiered(think_minutes=60), f"Cancelling costs the whole stay: {PASSED}. In the first 60 "),
        # A deadline that only a tier sets.
        (kochi(EVE, 19), tiered(late_cancellation=Penalty.NONE), "Cancelling is free of charge until 9 Mar 2027, 20:"),
        (kochi(EVE, 20), tiered(late_cancellation=Penalty.NONE), f"Cancelling costs 50 % of the stay: {PASSED}; "),
        (kochi(EVE, 20), StayTerms(1, "free", late_cancellation=Penalty.NONE), "Cancelling is free of charge until ch"),
        # Never free: only the prices that can still come are told.
        (kochi(EVE, 20) - A_SECOND, tiered(free_until_days=None), "Not refundable: cancelling costs the first night; "),
        (kochi(EVE, 20), tiered(free_until_days=None), "Not refundable: cancelling costs 50 % of the stay; after 10 "),
        (kochi(ARRIVAL, 20), tiered(free_until_days=None), "Not refundable: cancelling costs the whole stay."),
    ],
)
def test_who_books_late_is_told_what_holds_from_then_on(booked: datetime, terms: StayTerms, begins: str) -> None:
    """Nobody is promised a free deadline that lies in the past."""
    told = cancellation_in_words(KOCHI, terms, ARRIVAL, booked)
    assert told.startswith(begins)
    assert told.count("passed") == begins.count("passed")


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (
            StayTerms(1, "flexible"),
            "Cancelling is free of charge until 18:00 hotel time, 1 day before arrival; "
            "after that it costs the first night.",
        ),
        (
            StayTerms(1, "strict", free_until_days=None, late_cancellation=Penalty.FULL),
            "Not refundable: cancelling costs the whole stay.",
        ),
        (StayTerms(1, "free", late_cancellation=Penalty.NONE), "Cancelling is free of charge until check-in."),
        (
            tiered(free_until_days=14, late_cancellation=Penalty.FIXED, late_fixed_minor=5_000, think_minutes=90),
            "Cancelling is free of charge until 18:00 hotel time, 14 days before arrival; "
            "after that it costs INR 50.00, but never more than the stay; "
            "after 20:00 hotel time, 1 day before arrival it costs 50 % of the stay; "
            "after 12:00 hotel time, on the day of arrival it costs the whole stay. "
            "In the first 90 minutes after booking it is free of charge in any case.",
        ),
    ],
)
def test_a_rate_is_told_before_dates_are_chosen(terms: StayTerms, sentence: str) -> None:
    """The same sentences with days before the arrival in place of dates."""
    assert cancellation_rule(terms, "INR") == sentence


def test_a_tier_begins_on_the_hotels_wall_clock_of_its_date() -> None:
    """In Lisbon 18:00 is 18:00Z until 27 March 2027 and 17:00Z from the 28th on."""
    lisbon = replace(KOCHI, zone="Europe/Lisbon")
    tier = CancellationTier(1, time(18), Penalty.FULL)
    assert tier_from(lisbon, tier, date(2027, 3, 28)) == datetime(2027, 3, 27, 18, tzinfo=UTC)
    assert tier_from(lisbon, tier, date(2027, 3, 29)) == datetime(2027, 3, 28, 17, tzinfo=UTC)


def test_the_hotel_s_clocks_of_a_stay_hang_on_its_dates() -> None:
    """The worked table: a stay in Kochi from 10 to 12 March 2027, check-in 14:00, check-out 11:00."""
    assert pre_arrival_at(KOCHI, ARRIVAL) == kochi(date(2027, 3, 8), 10)
    assert check_in_from(KOCHI, ARRIVAL) == kochi(ARRIVAL, 14)
    assert no_show_at(KOCHI, ARRIVAL) == kochi(date(2027, 3, 11), 3)
    assert check_out_by(KOCHI, date(2027, 3, 12)) == kochi(date(2027, 3, 12), 11)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(1, "1 minute"), (59, "59 minutes"), (60, "60 minutes"), (90, "90 minutes"), (120, "2 hours"), (1500, "25 hours")],
)
def test_a_length_is_told_in_hours_where_it_is_whole_hours(minutes: int, words: str) -> None:
    """From two hours on."""
    assert length_in_words(minutes) == words


def test_only_a_hotel_without_payment_collects_nothing() -> None:
    """A desk that takes money collects it too."""
    assert [payment for payment in Payment if not collects(replace(KOCHI, payment=payment))] == [Payment.NONE]


def test_guests_read_how_they_pay_and_when_they_have_an_answer() -> None:
    """Every payment mode has its sentence; the window is told in hours where it is whole hours."""
    assert [payment_in_words(replace(KOCHI, payment=payment)) for payment in Payment] == [
        "No payment is taken through this site.",
        "You pay at the hotel.",
        "Your card guarantees the booking; it is charged only if you cancel late or do not come.",
        "A deposit (the first night) is taken by card when you book; the rest is paid at the hotel.",
        "The whole stay is paid by card when you book.",
        "Your card is authorised when you ask and charged when the hotel says yes. An authorisation that would end"
        " before that is renewed.",
    ]
    assert [payment.online for payment in Payment] == [False, False, True, True, True, True]
    assert confirmation_in_words(KOCHI) == "The hotel answers each request in person, within 24 hours."
    quick = replace(KOCHI, approval=ApprovalTerms(window_minutes=90))
    assert confirmation_in_words(quick) == "The hotel answers each request in person, within 90 minutes."
    shop = ApprovalTerms(8 * 60, count="working", hours=(Opening(0, time(9), time(18)),))
    told = "The hotel answers each request in person, within 8 hours of its working time."
    assert confirmation_in_words(replace(KOCHI, approval=shop)) == told
    # Without hours every minute counts, and so it is told.
    always = replace(KOCHI, approval=replace(shop, hours=()))
    assert confirmation_in_words(always) == "The hotel answers each request in person, within 8 hours."
    elapsed = replace(KOCHI, approval=replace(shop, count="elapsed"))
    assert confirmation_in_words(elapsed) == "The hotel answers each request in person, within 8 hours."
    auto = replace(KOCHI, confirmation=Confirmation.AUTO)
    assert confirmation_in_words(auto) == "Your booking is confirmed at once."
    assert timedelta(minutes=KOCHI.approval.least_minutes) == timedelta(minutes=30)
