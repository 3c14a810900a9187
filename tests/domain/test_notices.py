"""Who is told what, when it is no longer true, and words that are rules: docs/rules/notices.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking import Actor, Booking, Status
from domain.notices import (
    NightGroup,
    NightPrice,
    NoticeKind,
    address_trouble,
    greeted_name,
    is_too_late,
    night_groups,
    policy_text,
    rooms_text,
    still_true,
    subject,
    told_rooms,
)
from domain.steps import Act, approved, cancelled, checked_in, checked_out
from domain.terms import Penalty
from tests.gateways.facts import ASKED_AT, GUEST, KOCHI, letter_facts, request, stay

DESK = Act(ASKED_AT + timedelta(hours=1), Actor("staff", "frontdesk", 1), "desk")
PLEASE = Act(ASKED_AT + timedelta(hours=2), GUEST, "web")


@pytest.mark.parametrize(
    ("kind", "booking", "rooms", "true"),
    [
        ("received", "pending", ["pending"], True),
        ("received", "held", ["held"], True),
        ("received", "confirmed", ["confirmed"], True),
        ("received", "rejected", ["rejected"], False),
        ("received", "expired", ["expired"], False),
        ("confirmed", "confirmed", ["confirmed"], True),
        ("confirmed", "checked_in", ["checked_in"], True),
        ("confirmed", "cancelled", ["cancelled"], False),
        ("declined", "rejected", ["rejected"], True),
        ("declined", "confirmed", ["confirmed"], False),
        ("expired", "expired", ["expired"], True),
        ("expired", "pending", ["pending"], False),
        ("cancelled", "cancelled", ["cancelled"], True),
        ("cancelled", "confirmed", ["confirmed", "cancelled"], True),
        ("cancelled", "confirmed", ["confirmed"], False),
        ("pre_arrival", "confirmed", ["confirmed"], True),
        ("pre_arrival", "cancelled", ["cancelled"], False),
        ("pre_arrival", "confirmed", ["cancelled"], False),
        ("pre_arrival", "checked_in", ["checked_in"], False),
        ("pre_arrival", "no_show", ["no_show"], False),
        ("check_out", "checked_out", ["checked_out"], True),
        ("check_out", "completed", ["checked_out"], True),
        ("check_out", "checked_in", ["checked_in"], False),
        ("new_request", "pending", ["pending"], True),
        ("new_request", "confirmed", ["confirmed"], True),
        ("new_request", "cancelled", ["cancelled"], False),
    ],
)
def test_a_notice_goes_out_only_while_it_is_true(kind: str, booking: str, rooms: list[str], true: bool) -> None:
    assert still_true(NoticeKind(kind), Status(booking), [Status(word) for word in rooms]) is true


def test_a_notice_about_no_room_at_all_is_never_true() -> None:
    assert not any(still_true(kind, status, []) for kind in NoticeKind for status in Status)


def test_only_a_new_request_is_told_to_the_staff() -> None:
    assert [kind for kind in NoticeKind if kind.audience == "staff"] == [NoticeKind.NEW_REQUEST]


def test_a_promise_until_18_00_is_too_late_at_18_00() -> None:
    until = datetime(2026, 3, 13, 12, 30, tzinfo=UTC)
    assert not is_too_late(until, until - timedelta(microseconds=1))
    assert is_too_late(until, until)
    assert not is_too_late(None, until)


def test_rooms_that_arrive_together_are_told_in_one_letter() -> None:
    booking = approved(request(stay(1), stay(2), stay(3, arrival=date(2026, 3, 16))), DESK).after
    told = told_rooms(NoticeKind.PRE_ARRIVAL, booking.stays, 1)
    assert [one.number for one in told] == [1, 2]
    assert [one.number for one in told_rooms(NoticeKind.PRE_ARRIVAL, booking.stays, 3)] == [3]


def test_a_letter_lists_only_the_rooms_it_is_true_of() -> None:
    booking = cancelled(approved(request(stay(1), stay(2)), DESK).after, PLEASE, (2,)).after
    assert [one.number for one in told_rooms(NoticeKind.CANCELLED, booking.stays, None)] == [2]
    assert [one.number for one in told_rooms(NoticeKind.CONFIRMED, booking.stays, None)] == [1]


@pytest.mark.parametrize(
    "address", ["guest@example.com", "a.guest+stay@mail.example.co.uk", "o'guest@example.com", "gäst@exämple.de"]
)
def test_a_single_address_can_be_written_to(address: str) -> None:
    assert address_trouble(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com, b@example.com",
        "a@example.com;b@example.com",
        "A Guest <a@example.com>",
        "a@example.com\nBcc: b@example.com",
        "a@b@example.com",
        "guest@example",
        "@example.com",
        "guest example.com",
        f"{'a' * 250}@example.com",
    ],
)
def test_an_address_that_is_not_one_address_is_refused(address: str) -> None:
    assert address_trouble(address) == "This is not one e-mail address."


@pytest.mark.parametrize("address", ["", None])
def test_without_an_address_nothing_can_be_sent(address: str | None) -> None:
    assert address_trouble(address) == "There is no e-mail address."


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
    assert greeted_name(name) == "guest"


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


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ([1], "1 room for 1 night"),
        ([3], "1 room for 3 nights"),
        ([3, 3], "2 rooms for 3 nights"),
        ([2, 4], "2 rooms for 2 to 4 nights"),
    ],
)
def test_rooms_and_nights_carry_the_right_word(lengths: list[int], words: str) -> None:
    assert rooms_text([stay(number, nights=nights) for number, nights in enumerate(lengths, 1)]) == words


def test_the_staff_see_what_is_asked_and_until_when_in_the_hotels_time() -> None:
    facts = letter_facts(NoticeKind.NEW_REQUEST, request(stay(1), stay(2)))
    assert subject(facts) == (
        "Request MLB-20260314-7Q4K2M: 2 rooms for 3 nights from Sat 14 Mar 2026, answer by Fri 13 Mar 2026, 18:00 (IST)"
    )


def test_a_request_without_a_deadline_names_none() -> None:
    booking = replace(request(), approval_deadline=None)
    assert subject(letter_facts(NoticeKind.NEW_REQUEST, booking)) == (
        "Request MLB-20260314-7Q4K2M: 1 room for 3 nights from Sat 14 Mar 2026"
    )


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind.audience == "guest"])
def test_every_subject_is_one_bounded_line_with_the_whole_reference(kind: NoticeKind) -> None:
    hotel = replace(KOCHI, name="The Long Named House\nof " + "Kochi " * 40)
    subject_line = subject(letter_facts(kind, booking_of(kind), hotel=hotel))
    assert len(subject_line) <= 150
    assert "\n" not in subject_line
    assert subject_line.endswith("(MLB-20260314-7Q4K2M)")


def booking_of(kind: NoticeKind) -> Booking:
    """A booking of which the kind is true."""
    firm = approved(request(), DESK).after
    inside = checked_in(firm, DESK, firm.stays).after
    ended = {NoticeKind.DECLINED: Status.REJECTED, NoticeKind.EXPIRED: Status.EXPIRED}
    match kind:
        case NoticeKind.CONFIRMED | NoticeKind.PRE_ARRIVAL:
            return firm
        case NoticeKind.CHECK_OUT:
            return checked_out(inside, DESK, inside.stays).after
        case NoticeKind.CANCELLED:
            return cancelled(firm, PLEASE, (1,)).after
        case NoticeKind.DECLINED | NoticeKind.EXPIRED:
            gone = replace(stay(), status=ended[kind])
            return replace(request(), status=ended[kind], stays=(gone,))
        case _:
            return request()


def test_a_withdrawn_request_is_not_called_a_cancelled_booking() -> None:
    withdrawn = cancelled(request(), PLEASE, (1,)).after
    assert subject(letter_facts(NoticeKind.CANCELLED, withdrawn)).startswith("Withdrawn: ")


def test_a_last_minute_guest_is_not_told_of_a_free_deadline_in_the_past() -> None:
    late = request(now=datetime(2026, 3, 14, 4, 0, tzinfo=UTC))
    assert policy_text(late, late.stays[0]) == (
        "Cancelling costs the first night: the time for cancelling free of charge had passed when the booking was made."
    )


def test_a_timely_guest_is_told_until_when_cancelling_is_free() -> None:
    assert "13 Mar 2026, 18:00" in policy_text(request(), stay())


def test_where_cancelling_is_always_free_no_deadline_is_named() -> None:
    free = replace(stay(), terms=replace(stay().terms, late_cancellation=Penalty.NONE))
    late = request(free, now=datetime(2026, 3, 14, 4, 0, tzinfo=UTC))
    assert policy_text(late, free) == "Cancelling is free of charge until check-in."
