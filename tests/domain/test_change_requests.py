"""What a guest asks of the hotel: a wish with a clock of its own that takes no room until it is granted."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from domain import acts, changing
from domain.booking import Booking, ChangeAsked, Status
from domain.checks import check_change_number
from domain.steps import ChangeNews, NoticeWish
from domain.terms import GuestTerms
from domain.waiting import waiting_for
from tests.domain.made import (
    AUTO,
    GUEST,
    KOCHI,
    act,
    confirmed,
    entry,
    in_house,
    keys,
    march,
    pending,
    plan,
    refusal,
    with_rooms,
)

LONGER = plan(confirmed().stays[0], departure=date(2027, 3, 13))
WISH = ChangeNews(0, "open", '{"stays": []}', "A day more, please.", (LONGER,), 20_000, 30_000)


def asked(made: Booking, at: datetime | None = None) -> Booking:
    """The same with a wish from then on, or from 1 March 13:00."""
    return changing.change_asked(made, act(at or march(1, 13), GUEST), WISH).after


def test_a_wish_waits_for_the_hotel_and_changes_nothing() -> None:
    made = confirmed()
    step = changing.change_asked(made, act(march(1, 13), GUEST), WISH)
    assert step.what == "change_asked"
    assert step.after.change_request == ChangeAsked(1, march(1, 13), march(2, 13))
    assert (step.after.change_requests, step.after.version) == (1, made.version + 1)
    assert (step.after.stays, step.nights, step.rooms) == (made.stays, (), ())
    assert step.change == replace(WISH, number=1)
    assert step.difference == {"number": 1, "total_before_minor": 20_000, "total_minor": 30_000}
    assert step.notices == (NoticeWish("change_request", "staff", useful_until=march(2, 13), data={"change": 1}),)
    assert waiting_for(step.after) == (
        "Waiting for the guest to arrive; who has not checked in by Thu 11 Mar 2027, 03:00 (IST) is a no-show."
        " The guest has asked for a change; the hotel's answer is awaited until Tue 2 Mar 2027, 13:00 (IST)."
    )


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (march(1, 13), march(2, 13)),
        # Never past the check-in time of the first room to come, but half an hour at least.
        (march(9, 20), march(10, 14)),
        (march(10, 13, 45), march(10, 14, 15)),
        (march(10, 23), march(10, 23, 30)),
        # Nor past the audit after the last night.
        (march(13, 2, 45), march(13, 3)),
    ],
)
def test_the_hotel_has_its_time_for_an_answer_within_bounds(at: datetime, until: datetime) -> None:
    """A day by the terms; check-in from 14:00 on 10 March, departure on 12 March."""
    change = asked(confirmed(), at).change_request
    assert change
    assert change.until == until


def test_the_hotels_own_terms_say_how_long_it_has() -> None:
    change = asked(confirmed(terms=replace(KOCHI, guest=GuestTerms(request_minutes=90)))).change_request
    assert change
    assert change.until == march(1, 14, 30)


@pytest.mark.parametrize(("verdict", "told"), [("declined", True), ("withdrawn", False)])
def test_a_no_or_a_change_of_mind_leaves_the_booking_as_it_is(verdict: str, told: bool) -> None:
    """Who takes the wish back need not be told of it."""
    made = asked(confirmed())
    step = changing.change_answered(made, act(march(1, 14)), verdict)
    assert (step.what, step.after.change_request, step.after.version) == (
        f"change_{verdict}", None, made.version + 1,
    )  # fmt: skip
    assert (step.change, step.difference) == (ChangeNews(1, verdict), {"number": 1})
    letters = (NoticeWish("change_answered", "guest", data={"verdict": verdict, "change": 1}),)
    assert step.notices == (letters if told else ())
    assert (step.after.stays, step.after.change_requests) == (made.stays, 1)
    assert not [key for key in keys(step.after) if key.startswith("change_request")]


def test_a_granted_wish_is_an_amendment_at_the_price_that_was_told() -> None:
    made = asked(with_rooms(confirmed()))
    step = changing.change_accepted(made, act(march(1, 14)), (LONGER,))
    assert (step.what, step.after.change_request, step.change) == ("change_accepted", None, ChangeNews(1, "accepted"))
    assert (step.after.stays[0].departure, step.after.total_minor) == (date(2027, 3, 13), 30_000)
    assert (step.difference["number"], step.difference["total_minor"]) == (1, 30_000)
    assert [(move.night.day, move.sold) for move in step.nights] == [(12, 1)]
    assert step.notices == (NoticeWish("changed", "guest"),)
    assert (step.after.seq, step.after.version) == (made.seq + 1, made.version + 1)
    lost = changing.change_accepted(made, act(march(1, 14)), (LONGER,), (1,))
    assert (lost.after.stays[0].room_number, lost.difference["rooms_lost"]) == ("", "1")


def test_another_change_makes_the_wish_a_thing_of_the_past() -> None:
    made = asked(confirmed())
    step = changing.amended(made, act(march(1, 14)), [LONGER])
    assert (step.what, step.after.change_request, step.change) == ("amended", None, ChangeNews(1, "lapsed"))


@pytest.mark.parametrize("end", [acts.declined, acts.failed])
def test_the_wish_ends_with_the_booking(end: object) -> None:
    made = asked(pending())
    step = end(made, act(march(1, 14), reason="No."))  # type: ignore[operator]
    assert (step.after.change_request, step.change) == (None, ChangeNews(1, "lapsed"))
    cancelled = acts.cancelled(made, act(march(1, 14), GUEST), [1])
    assert (cancelled.after.change_request, cancelled.change) == (None, ChangeNews(1, "lapsed"))


def test_the_wish_lives_on_through_a_yes_and_a_check_in() -> None:
    """Approved and checked in meanwhile: it is still to be answered."""
    made = acts.approved(asked(pending()), act(march(1, 14))).after
    assert made.change_request
    late = asked(with_rooms(confirmed()), march(10, 13, 45))
    inside = acts.checked_in(late, act(march(10, 14)), late.stays).after
    assert entry(inside, "change_request-1").at == march(10, 14, 15)
    assert waiting_for(inside).startswith("The guest is in the house; the desk is alerted")


def test_a_second_wish_has_a_number_of_its_own() -> None:
    first = changing.change_answered(asked(confirmed()), act(march(1, 14)), "declined").after
    second = changing.change_asked(first, act(march(1, 15), GUEST), WISH)
    assert second.after.change_request == ChangeAsked(2, march(1, 15), march(2, 15))
    assert second.change == replace(WISH, number=2)
    assert "change_request-2" in keys(second.after)


def test_only_the_open_wish_is_answered() -> None:
    made = asked(confirmed())
    check_change_number(made, 1)
    for booking, number in ((made, 2), (confirmed(), 1)):
        no = refusal(lambda booking=booking, number=number: check_change_number(booking, number))
        assert (no.code, no.kind.value, no.field) == ("change_not_open", "conflict", "number")
        assert no.detail == f"Change request {number} is not open."


def test_an_answer_where_nothing_was_asked_names_no_number() -> None:
    """The checks come first; the steps themselves stay whole."""
    made = confirmed()
    assert changing.change_answered(made, act(march(1, 14)), "declined").difference == {"number": 0}
    assert changing.change_accepted(made, act(march(1, 14)), ()).change == ChangeNews(0, "accepted")


def test_a_wish_in_the_house_does_not_keep_the_books_open() -> None:
    """The guest leaves with the wish open; when the books close it lapses."""
    made = asked(in_house(terms=AUTO), march(10, 16))
    left = acts.checked_out(
        made,
        act(march(12, 10)),
        made.stays,
    ).after
    assert (left.status, left.change_request is None) == (Status.CHECKED_OUT, False)
