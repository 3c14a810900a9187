"""The parts of a letter's words that are rules in every language: docs/rules/notices.md, "Words"."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acts import cancelled
from domain.letters import (
    NightGroup,
    NightPrice,
    fee_minor,
    greeted_name,
    is_withdrawn,
    night_groups,
    shortened,
    subject_line,
)
from domain.notices import NoticeKind
from tests.gateways.facts import letter_facts, request, stay
from tests.gateways.lives import FIRM, PLEASE


@pytest.mark.parametrize("name", ["A Guest", "Éloïse d'Été", "J. R. Guest", "ゲスト", "  A \n Guest "])
def test_a_guest_is_greeted_by_name(name: str) -> None:
    assert greeted_name(name) == " ".join(name.split())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Win now at evil.example",
        "http://evil.example",
        "www.evil.example",
        "a@example.com",
        "<b>A Guest</b>",
        "A\u202eGuest",
        "A Guest" * 20,
    ],
)
def test_a_name_that_does_not_look_like_one_does_not_greet(name: str) -> None:
    assert greeted_name(name) == ""


def test_nights_of_one_price_in_a_row_are_one_line() -> None:
    prices = [NightPrice(date(2026, 3, 14 + n), amount) for n, amount in enumerate((650_000, 650_000, 700_000))]
    assert night_groups(prices) == (
        NightGroup(date(2026, 3, 14), 2, 650_000),
        NightGroup(date(2026, 3, 16), 1, 700_000),
    )


def test_a_missing_night_begins_a_new_line() -> None:
    prices = [NightPrice(date(2026, 3, 14), 100), NightPrice(date(2026, 3, 16), 100)]
    assert [group.count for group in night_groups(prices)] == [1, 1]


@given(st.lists(st.tuples(st.dates(date(2026, 1, 1), date(2026, 3, 1)), st.integers(0, 3)), unique_by=lambda p: p[0]))
def test_night_lines_keep_every_night_and_its_price(nights: list[tuple[date, int]]) -> None:
    prices = [NightPrice(night, amount) for night, amount in nights]
    told = {
        group.first + timedelta(days=n): group.amount_minor
        for group in night_groups(prices)
        for n in range(group.count)
    }
    assert told == dict(nights)


def test_a_subject_is_one_bounded_line_with_the_whole_reference() -> None:
    told = subject_line("Your request at " + "a house " * 40, "MLB-20260314-7Q4K2M", "guest")
    assert len(told) <= 150
    assert told.endswith("… (MLB-20260314-7Q4K2M)")
    assert subject_line("Request MLB-20260314-7Q4K2M: " + "x" * 200, "MLB-20260314-7Q4K2M", "staff").endswith("x…")


def test_a_text_is_shortened_to_one_line() -> None:
    assert shortened("a \n b", 10) == "a b"
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abc defg", 5) == "abc…"


def test_a_request_that_is_taken_back_is_withdrawn_and_a_booking_is_not() -> None:
    assert is_withdrawn(cancelled(request(), PLEASE, (1,)).after)
    assert not is_withdrawn(cancelled(FIRM, PLEASE, (1,)).after)
    assert not is_withdrawn(request())


def test_fees_of_several_rooms_are_one_sum() -> None:
    assert (
        fee_minor([replace(stay(1), fee_minor=700), replace(stay(2), fee_minor=0), replace(stay(3), fee_minor=5)])
        == 705
    )


def test_a_letter_lists_the_rooms_that_were_chosen_as_far_as_it_is_still_true_of_them() -> None:
    two = cancelled(request(stay(1), stay(2)), PLEASE, (2,)).after
    facts = letter_facts(NoticeKind.RECEIVED, two)
    assert [room.stay.number for room in facts.told] == [1]
    assert [room.stay.number for room in replace(facts, numbers=(1, 2)).told] == [1]
    assert replace(facts, numbers=(2,)).told == ()
