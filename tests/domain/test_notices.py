"""Who is told what, when it is no longer true, and until when it is of use: docs/rules/notices.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.acts import approved, cancelled, checked_out
from domain.booking import Booking, ChangeAsked, ClockMove, Status
from domain.notices import (
    ASKING,
    ESSENTIAL,
    LINKS,
    MOVED,
    NO_ADDRESS,
    Notice,
    NoticeEnd,
    NoticeKind,
    address_trouble,
    chosen_rooms,
    is_too_late,
    judge,
    room_name,
    still_true,
    told_rooms,
    useful_until,
)
from domain.payments import HeldOver
from tests.gateways.facts import ASKED_AT, TERMS, request, stay
from tests.gateways.lives import BOOKINGS, DESK, IN_HOUSE, LATER, PLEASE, option
from tests.gateways.payers import CANCELLED, DEPOSIT_REFUSED, PAID, REFUND_LOST, REFUNDED, SOON, TO_PAY

ADDRESS = "guest@example.com"
AFTER_CHECK_OUT = datetime(2026, 3, 17, 5, 30, tzinfo=UTC)


def notice(kind: NoticeKind, **more: object) -> Notice:
    """A notice of a kind, with what its letter needs."""
    link = "/confirm?token=x" if kind is NoticeKind.EMAIL_CONFIRM else ""
    payment = 1 if kind is NoticeKind.PAYMENT_RECEIVED else None
    refund = 1 if kind in (NoticeKind.REFUND_ISSUED, NoticeKind.REFUND_FAILED) else None
    return replace(Notice(1, kind, link=link, payment=payment, refund=refund), **more)  # type: ignore[arg-type]


def in_status(booking: str, rooms: list[str], **more: object) -> Booking:
    """A booking whose statuses are these."""
    stays = tuple(replace(stay(n), status=Status(word)) for n, word in enumerate(rooms, 1))
    return replace(request(), status=Status(booking), stays=stays, **more)  # type: ignore[arg-type]


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
        ("held", "held", ["held"], True),
        ("held", "confirmed", ["confirmed"], False),
        ("held", "expired", ["expired"], False),
        ("pending", "pending", ["pending"], True),
        ("pending", "confirmed", ["confirmed"], False),
        ("changed", "confirmed", ["confirmed"], True),
        ("changed", "pending", ["pending"], True),
        ("changed", "checked_in", ["checked_in"], True),
        ("changed", "checked_out", ["checked_out"], False),
        ("changed", "cancelled", ["cancelled"], False),
        ("cancelled", "failed", ["failed"], True),
        ("no_show", "no_show", ["no_show"], True),
        ("no_show", "checked_in", ["checked_in", "no_show"], True),
        ("no_show", "confirmed", ["confirmed"], False),
        ("check_in", "checked_in", ["checked_in"], True),
        ("check_in", "confirmed", ["confirmed"], False),
        ("check_in", "checked_out", ["checked_out"], False),
        ("feedback", "completed", ["checked_out"], True),
        ("feedback", "checked_in", ["checked_out", "confirmed"], False),
        ("feedback", "cancelled", ["cancelled"], False),
        ("change_answered", "confirmed", ["confirmed"], True),
        ("change_answered", "cancelled", ["cancelled"], False),
        ("guest_link", "cancelled", ["cancelled"], True),
        ("email_confirm", "cancelled", ["cancelled"], True),
        ("email_changed", "expired", ["expired"], True),
        ("deadline_near", "pending", ["pending"], True),
        ("deadline_near", "confirmed", ["confirmed"], False),
        ("deadline_near", "expired", ["expired"], False),
        ("overstay", "checked_out", ["checked_out"], False),
    ],
)
def test_a_notice_goes_out_only_while_it_is_true(kind: str, booking: str, rooms: list[str], true: bool) -> None:
    assert still_true(notice(NoticeKind(kind)), in_status(booking, rooms), LATER) is true


AFTER_A_CANCELLATION = {NoticeKind.CANCELLED, NoticeKind.NO_SHOW, *ASKING, *MOVED, *LINKS}


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_guest_whose_booking_is_cancelled_hears_of_that_of_its_money_and_of_links_only(kind: NoticeKind) -> None:
    gone = cancelled(BOOKINGS[NoticeKind.CHANGE_REQUEST], PLEASE, (1,)).after
    if kind not in AFTER_A_CANCELLATION:
        assert not still_true(notice(kind), gone, LATER)
        assert not still_true(notice(kind, stay=1), gone, LATER)


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind not in AFTER_A_CANCELLATION])
def test_a_letter_never_lists_a_cancelled_room(kind: NoticeKind) -> None:
    for status in Status:
        booking = in_status(status, ["cancelled", "confirmed", "pending", "checked_in", "checked_out"])
        assert 1 not in [one.number for one in chosen_rooms(notice(kind), booking, frozenset())]
        assert chosen_rooms(notice(kind, stay=1), booking, frozenset()) == ()


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_there_is_a_booking_of_which_each_kind_is_true(kind: NoticeKind) -> None:
    at = AFTER_CHECK_OUT if kind is NoticeKind.OVERSTAY else LATER
    assert judge(notice(kind), BOOKINGS[kind], at, ADDRESS) == (1,)


def test_a_notice_about_a_room_that_is_not_there_is_never_true() -> None:
    for kind, booking in BOOKINGS.items():
        assert not still_true(notice(kind, stay=9), booking, AFTER_CHECK_OUT)


def test_four_kinds_are_told_to_the_staff() -> None:
    assert [kind.value for kind in NoticeKind if kind.audience == "staff"] == [
        "new_request",
        "deadline_near",
        "change_request",
        "overstay",
    ]


def test_a_promise_until_18_00_is_too_late_at_18_00() -> None:
    until = datetime(2026, 3, 13, 12, 30, tzinfo=UTC)
    assert not is_too_late(until, until - timedelta(microseconds=1))
    assert is_too_late(until, until)
    assert not is_too_late(None, until)


CHECK_OUT_TIME = datetime(2026, 3, 17, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "until"),
    [
        (NoticeKind.HELD, ASKED_AT + timedelta(days=1)),
        (NoticeKind.PENDING, datetime(2026, 3, 13, 12, 30, tzinfo=UTC)),
        (NoticeKind.DEADLINE_NEAR, datetime(2026, 3, 13, 12, 30, tzinfo=UTC)),
        (NoticeKind.CONFIRMED, CHECK_OUT_TIME),
        (NoticeKind.CHANGED, CHECK_OUT_TIME),
        (NoticeKind.CHANGE_ANSWERED, CHECK_OUT_TIME),
        (NoticeKind.CHECK_IN, CHECK_OUT_TIME),
        (NoticeKind.PRE_ARRIVAL, datetime(2026, 3, 14, 8, 30, tzinfo=UTC)),
        (NoticeKind.CHECK_OUT, CHECK_OUT_TIME + timedelta(days=30)),
        (NoticeKind.FEEDBACK, CHECK_OUT_TIME + timedelta(days=30)),
        (NoticeKind.GUEST_LINK, datetime(2026, 4, 16, tzinfo=UTC)),
        (NoticeKind.CHANGE_REQUEST, LATER + timedelta(hours=12)),
        (NoticeKind.PAYMENT_DUE, ASKED_AT + timedelta(hours=2)),
        (NoticeKind.PAYMENT_LINK, ASKED_AT + timedelta(hours=2)),
        (NoticeKind.PAYMENT_REMINDER, datetime(2026, 3, 13, 6, 30, tzinfo=UTC)),
        (NoticeKind.PAYMENT_FAILED, SOON + timedelta(hours=48)),
        (NoticeKind.CONFIRMED_AFTER_ALL, CHECK_OUT_TIME),
        (NoticeKind.PAYMENT_RECEIVED, None),
        (NoticeKind.REFUND_ISSUED, None),
        (NoticeKind.CANCELLED, None),
        (NoticeKind.RECEIVED, None),
        (NoticeKind.EMAIL_CONFIRM, None),
    ],
)
def test_a_notice_is_of_use_until_its_moment(kind: NoticeKind, until: datetime | None) -> None:
    assert useful_until(notice(kind), BOOKINGS[kind]) == until
    if until is not None:
        just_before = judge(notice(kind), BOOKINGS[kind], until - timedelta(microseconds=1), ADDRESS)
        assert just_before == (1,)
        late = judge(notice(kind), BOOKINGS[kind], until, ADDRESS)
        assert isinstance(late, NoticeEnd)
        assert (late.state, late.reason) == ("dropped", f"Too late: it was useful until {until:%Y-%m-%dT%H:%MZ}.")


def test_the_earlier_end_counts() -> None:
    early = ASKED_AT + timedelta(hours=2)
    assert useful_until(notice(NoticeKind.HELD, useful_until=early), option()) == early
    late = ASKED_AT + timedelta(days=9)
    assert useful_until(notice(NoticeKind.HELD, useful_until=late), option()) == ASKED_AT + timedelta(days=1)


def test_a_deadline_that_was_moved_is_the_one_that_counts() -> None:
    later = datetime(2026, 3, 14, 6, 0, tzinfo=UTC)
    moved = replace(request(), moves=(ClockMove("approval_deadline", later, "staff", "manager", 2, LATER),))
    assert useful_until(notice(NoticeKind.DEADLINE_NEAR), moved) == later


def test_the_first_of_several_arrivals_is_the_moment_of_a_letter_before_it() -> None:
    apart = approved(request(stay(1), stay(2, arrival=date(2026, 3, 16))), DESK).after
    assert useful_until(notice(NoticeKind.PRE_ARRIVAL), apart) == datetime(2026, 3, 14, 8, 30, tzinfo=UTC)
    assert useful_until(notice(NoticeKind.PRE_ARRIVAL, stay=2), apart) == datetime(2026, 3, 16, 8, 30, tzinfo=UTC)


def test_who_is_in_the_house_overstays_from_the_check_out_time_on() -> None:
    late = notice(NoticeKind.OVERSTAY, stay=1)
    assert not still_true(late, IN_HOUSE, CHECK_OUT_TIME - timedelta(seconds=1))
    assert still_true(late, IN_HOUSE, CHECK_OUT_TIME)


def test_an_extended_stay_is_no_overstay_and_one_with_an_added_night_still_is() -> None:
    longer = replace(IN_HOUSE.stays[0], departure=date(2026, 3, 18))
    assert not still_true(notice(NoticeKind.OVERSTAY), replace(IN_HOUSE, stays=(longer,)), CHECK_OUT_TIME)
    added = replace(longer, overstayed=1)
    assert still_true(notice(NoticeKind.OVERSTAY), replace(IN_HOUSE, stays=(added,)), CHECK_OUT_TIME)


def test_a_change_that_was_answered_is_not_announced_and_the_next_one_is() -> None:
    firm = BOOKINGS[NoticeKind.CONFIRMED]
    asking = replace(firm, change_request=ChangeAsked(2, LATER, LATER + timedelta(hours=12)))
    assert not still_true(notice(NoticeKind.CHANGE_REQUEST), firm, LATER)
    assert not still_true(notice(NoticeKind.CHANGE_REQUEST, change=1), asking, LATER)
    assert still_true(notice(NoticeKind.CHANGE_REQUEST, change=2), asking, LATER)


def test_a_link_is_sent_only_where_guests_have_a_page_and_an_address_is_confirmed_only_by_a_link() -> None:
    closed = request(terms=replace(TERMS, guest_portal=False))
    assert not still_true(notice(NoticeKind.GUEST_LINK), closed, LATER)
    assert not still_true(notice(NoticeKind.EMAIL_CONFIRM, link=""), request(), LATER)


def test_rooms_that_arrive_together_are_told_in_one_letter() -> None:
    booking = approved(request(stay(1), stay(2), stay(3, arrival=date(2026, 3, 16))), DESK).after
    told = told_rooms(NoticeKind.PRE_ARRIVAL, booking.stays, 1)
    assert [one.number for one in told] == [1, 2]
    assert [one.number for one in told_rooms(NoticeKind.PRE_ARRIVAL, booking.stays, 3)] == [3]


def test_a_letter_lists_only_the_rooms_it_is_true_of() -> None:
    booking = cancelled(approved(request(stay(1), stay(2)), DESK).after, PLEASE, (2,)).after
    assert [one.number for one in told_rooms(NoticeKind.CANCELLED, booking.stays, None)] == [2]
    assert [one.number for one in told_rooms(NoticeKind.CONFIRMED, booking.stays, None)] == [1]


TWO = approved(request(stay(1), stay(2)), DESK).after


@pytest.mark.parametrize("kind", [NoticeKind.PRE_ARRIVAL, NoticeKind.CHECK_IN])
def test_a_room_is_told_of_once_for_its_arrival(kind: NoticeKind) -> None:
    inside = replace(TWO, status=Status.CHECKED_IN, stays=tuple(
        replace(one, status=Status.CHECKED_IN) for one in TWO.stays))  # fmt: skip
    booking = inside if kind is NoticeKind.CHECK_IN else TWO
    first, second = (room_name(one) for one in booking.stays)
    assert (first, second) == ("1@2026-03-14", "2@2026-03-14")
    assert judge(notice(kind), booking, LATER, ADDRESS, told_before={first}) == (2,)
    both = judge(notice(kind), booking, LATER, ADDRESS, told_before={first, second})
    assert both == NoticeEnd(1, "dropped", "Told before, in an earlier letter.")
    assert judge(notice(kind, resend_of=7), booking, LATER, ADDRESS, told_before={first, second}) == (1, 2)


def test_another_arrival_makes_a_letter_before_it_news_again() -> None:
    assert judge(notice(NoticeKind.PRE_ARRIVAL, stay=1), TWO, LATER, ADDRESS, told_before={"1@2026-03-10"}) == (1, 2)


def test_rooms_cancelled_one_by_one_are_told_one_by_one_until_all_are_gone() -> None:
    three = approved(request(stay(1), stay(2), stay(3)), DESK).after
    left = cancelled(three, PLEASE, (2, 3)).after
    assert judge(notice(NoticeKind.CANCELLED), left, LATER, ADDRESS, told_before={"2@2026-03-14"}) == (3,)
    again = judge(notice(NoticeKind.CANCELLED), left, LATER, ADDRESS, told_before={"2@2026-03-14", "3@2026-03-14"})
    assert again == (2, 3), "cancelled, taken up again and cancelled once more"
    gone = cancelled(left, PLEASE, (1,)).after
    assert judge(notice(NoticeKind.CANCELLED), gone, LATER, ADDRESS, told_before={"2@2026-03-14"}) == (1, 2, 3)


def test_a_kind_that_is_switched_off_is_dropped_unless_a_person_sends_it_again() -> None:
    off = judge(notice(NoticeKind.CONFIRMED), TWO, LATER, ADDRESS, enabled=False)
    assert off == NoticeEnd(1, "dropped", "Switched off by the hotel.")
    assert judge(notice(NoticeKind.CONFIRMED, resend_of=7), TWO, LATER, ADDRESS, enabled=False) == (1, 2)


def test_switching_off_what_a_guest_must_know_is_warned_of() -> None:
    assert [kind.value for kind in ESSENTIAL] == [
        "received", "confirmed", "cancelled", "expired", "declined", "confirmed_after_all", "payment_due",
        "payment_link", "payment_failed", "payment_authenticate", "refund_issued", "refund_failed", "guest_link",
        "email_confirm", "email_changed",
    ]  # fmt: skip


def test_a_guest_without_an_address_needs_no_person_and_any_other_trouble_does() -> None:
    nowhere = judge(notice(NoticeKind.CONFIRMED), TWO, LATER, None)
    assert nowhere == NoticeEnd(1, "undeliverable", NO_ADDRESS)
    assert isinstance(nowhere, NoticeEnd)
    assert not nowhere.needs_a_person
    assert NoticeEnd(1, "undeliverable", "Refused (406): inactive.").needs_a_person
    assert not NoticeEnd(1, "dropped", "No longer true.").needs_a_person
    two = judge(notice(NoticeKind.CONFIRMED), TWO, LATER, "a@example.com, b@example.com")
    assert isinstance(two, NoticeEnd)
    assert two.needs_a_person


def test_twenty_unclear_attempts_are_enough() -> None:
    assert judge(notice(NoticeKind.CONFIRMED, attempts=19), TWO, LATER, ADDRESS) == (1, 2)
    given_up = judge(notice(NoticeKind.CONFIRMED, attempts=20), TWO, LATER, ADDRESS)
    assert given_up == NoticeEnd(1, "undeliverable", "20 attempts ended without a clear answer.")


def test_a_guest_who_left_early_is_still_thanked() -> None:
    left = checked_out(IN_HOUSE, replace(DESK, reason="left open"), IN_HOUSE.stays).after
    assert still_true(notice(NoticeKind.CHECK_OUT), left, LATER)


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


def test_money_is_asked_for_only_while_it_is_owed() -> None:
    for kind in ASKING:
        assert not still_true(notice(kind), PAID, LATER)
    assert still_true(notice(NoticeKind.PAYMENT_DUE), TO_PAY, LATER)
    closing = replace(TO_PAY, purse=replace(TO_PAY.purse, held_over=HeldOver("closing", LATER)))
    assert not still_true(notice(NoticeKind.PAYMENT_DUE), closing, LATER)


def test_a_room_that_is_held_for_its_payment_is_not_announced_as_an_option() -> None:
    assert not still_true(notice(NoticeKind.HELD), TO_PAY, LATER)
    assert still_true(notice(NoticeKind.HELD), option(), LATER)


def test_a_fee_that_could_not_be_charged_is_told_of_after_the_cancellation() -> None:
    owing = cancelled(DEPOSIT_REFUSED, PLEASE, (1,)).after
    owing = replace(owing, stays=tuple(replace(one, fee_minor=500_000) for one in owing.stays))
    assert still_true(notice(NoticeKind.PAYMENT_FAILED), owing, LATER)
    spared = replace(owing, stays=tuple(replace(one, fee_minor=0) for one in owing.stays))
    assert not still_true(notice(NoticeKind.PAYMENT_FAILED), spared, LATER)


def test_money_that_moved_is_told_of_whatever_becomes_of_the_booking() -> None:
    assert still_true(notice(NoticeKind.PAYMENT_RECEIVED), CANCELLED, LATER)
    assert not still_true(notice(NoticeKind.PAYMENT_RECEIVED, payment=2), PAID, LATER)
    assert not still_true(notice(NoticeKind.PAYMENT_RECEIVED), TO_PAY, LATER)


def test_a_refund_that_came_back_is_not_told_of_as_on_its_way() -> None:
    assert still_true(notice(NoticeKind.REFUND_ISSUED), REFUNDED, LATER)
    assert not still_true(notice(NoticeKind.REFUND_FAILED), REFUNDED, LATER)
    assert still_true(notice(NoticeKind.REFUND_FAILED), REFUND_LOST, LATER)
    assert not still_true(notice(NoticeKind.REFUND_ISSUED), REFUND_LOST, LATER)
    assert not still_true(notice(NoticeKind.REFUND_ISSUED, refund=9), REFUNDED, LATER)


def test_no_deposit_is_announced_once_it_was_asked_of_the_card() -> None:
    assert not still_true(notice(NoticeKind.PAYMENT_REMINDER), DEPOSIT_REFUSED, LATER)


def test_a_letter_about_money_names_the_rooms_that_are_still_had_and_all_once_none_is() -> None:
    part = in_status("confirmed", ["cancelled", "confirmed"])
    for kind in {*ASKING, *MOVED} - {NoticeKind.PAYMENT_DUE}:
        assert [one.number for one in told_rooms(kind, part.stays, None)] == [2]
        assert [one.number for one in told_rooms(kind, part.stays[:1], None)] == [1]
