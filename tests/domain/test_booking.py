"""The booking's own figures: nights that stay taken, what is owed, the money in one word, the status of its rooms."""

from dataclasses import replace
from datetime import date

import pytest

from domain import acts, alarms
from domain.booking import (
    ENDED,
    GONE,
    SYSTEM,
    Booking,
    ClockMove,
    PaymentStatus,
    Status,
    payment_status,
    status_of_stays,
)
from domain.terms import EarlyDeparture, Payment, Penalty, StayTerms
from tests.domain.made import (
    A_DAY,
    ARRIVAL,
    KOCHI,
    MANAGER,
    act,
    confirmed,
    gone,
    in_house,
    march,
    option,
    pending,
)

STRICT = StayTerms(2, "strict", free_until_days=None, late_cancellation=Penalty.FULL)
LEAVES = StayTerms(3, "leaves", early_departure=EarlyDeparture.NEXT_NIGHT)
TENTH, ELEVENTH, TWELFTH = (ARRIVAL + n * A_DAY for n in range(3))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["checked_in", "no_show"], "checked_in"),
        (["checked_in", "confirmed"], "checked_in"),
        (["checked_out", "confirmed"], "checked_in"),
        (["checked_out", "confirmed", "cancelled"], "checked_in"),
        (["confirmed", "cancelled"], "confirmed"),
        (["confirmed", "no_show"], "confirmed"),
        (["checked_out", "no_show", "cancelled"], "checked_out"),
        (["no_show", "cancelled"], "no_show"),
        (["cancelled", "cancelled"], "cancelled"),
    ],
)
def test_a_bookings_status_follows_from_its_rooms(statuses: list[str], expected: str) -> None:
    """The first rule that fits wins."""
    assert status_of_stays(Status(word) for word in statuses) is Status(expected)


def test_each_status_holds_sells_or_ends() -> None:
    assert [status.value for status in Status if status.holds] == ["held", "pending"]
    assert [status.value for status in Status if status.sold] == ["confirmed", "checked_in"]
    assert {status for status in Status if status.ended} == set(ENDED) == {Status.COMPLETED, *GONE}


def test_the_nights_that_stay_taken_leave_out_what_was_given_back_or_skipped() -> None:
    stay = confirmed(nights=3).stays[0]
    assert stay.nights() == stay.kept == (TENTH, ELEVENTH, TWELFTH)
    assert stay.nights(ELEVENTH) == (ELEVENTH, TWELFTH)
    assert stay.nights(date(2027, 1, 1)) == (TENTH, ELEVENTH, TWELFTH)
    assert stay.nights(date(2027, 4, 1)) == ()
    assert replace(stay, released_from=ELEVENTH).kept == (TENTH,)
    assert replace(stay, skipped=(ELEVENTH,)).kept == (TENTH, TWELFTH)
    assert replace(stay, skipped=(TENTH,), released_from=TWELFTH).kept == (ELEVENTH,)


def test_a_guest_is_awaited_on_the_arrival_or_later() -> None:
    stay = confirmed().stays[0]
    assert stay.awaited_on == TENTH
    assert replace(stay, expected_on=ELEVENTH).awaited_on == ELEVENTH
    # The arrival was moved behind the day on which the stay was taken up again.
    assert replace(stay, expected_on=date(2027, 3, 9)).awaited_on == TENTH


def test_what_is_owed_goes_night_by_night() -> None:
    """100.00, 80.00 and 120.00: what was given back or skipped is not owed, a fee comes on top."""
    stay = replace(confirmed(nights=3).stays[0], night_minor=(10_000, 8_000, 12_000), total_minor=30_000)
    assert stay.owed_minor == 30_000
    assert replace(stay, skipped=(ELEVENTH,)).owed_minor == 22_000
    assert replace(stay, released_from=ELEVENTH, fee_minor=500, status=Status.CHECKED_OUT).owed_minor == 10_500
    for status in GONE:
        assert replace(stay, status=status, fee_minor=700).owed_minor == 700


def test_without_prices_by_night_the_whole_price_stays_owed() -> None:
    stay = replace(confirmed(nights=3).stays[0], night_minor=())
    assert stay.owed_minor == 30_000
    assert replace(stay, released_from=ELEVENTH, fee_minor=500).owed_minor == 30_500
    # A night that has no price on file costs nothing.
    assert replace(stay, night_minor=(9_000,)).owed_minor == 9_000


@pytest.mark.parametrize(
    ("made", "owed", "word"),
    [
        (option(march(3, 12)), 20_000, "due"),
        (pending(), 20_000, "due"),
        (confirmed(rooms=2), 40_000, "due"),
        (in_house(), 20_000, "due"),
        (gone(in_house(nights=3, stay_terms=LEAVES), march(11, 9)), 20_000, "due"),
        (alarms.completed(gone(in_house(), march(12, 10)), act(march(12, 11))).after, 20_000, "due"),
        (acts.cancelled(confirmed(), act(march(2, 9)), [1]).after, 0, "none"),
        (acts.cancelled(confirmed(stay_terms=STRICT), act(march(2, 9)), [1]).after, 20_000, "due"),
        (acts.cancelled(confirmed(stay_terms=STRICT), act(march(2, 9), MANAGER), [1], waive=True).after, 0, "none"),
        (acts.no_show(confirmed(), act(march(11, 3), SYSTEM), [1]).after, 10_000, "due"),
        (acts.declined(pending(), act()).after, 0, "none"),
        (alarms.expired(pending(), act(march(2, 12), SYSTEM)).after, 0, "none"),
        (acts.failed(confirmed(), act(march(2, 9))).after, 0, "none"),
    ],
)
def test_each_end_leaves_its_own_debt(made: Booking, owed: int, word: str) -> None:
    """Nothing was paid yet; two nights at 100.00, or what the rate's terms name."""
    assert (made.owed_minor, made.balance_minor) == (owed, owed)
    assert payment_status(made) is PaymentStatus(word)


def test_the_money_in_one_word() -> None:
    """none where nothing is owed or asked for, due, part paid, paid; more than enough is paid too."""
    made = confirmed()
    words = {0: "due", 1: "part_paid", 19_999: "part_paid", 20_000: "paid", 20_001: "paid"}
    for paid, word in words.items():
        assert payment_status(replace(made, paid_minor=paid)) is PaymentStatus(word)
    cheap = replace(made, stays=(replace(made.stays[0], night_minor=(1, 0), total_minor=1),))
    assert payment_status(cheap) is PaymentStatus.DUE
    free = replace(made, terms=replace(KOCHI, payment=Payment.NONE))
    assert payment_status(free) is PaymentStatus.NONE
    over = replace(acts.cancelled(made, act(march(2, 9)), [1]).after, paid_minor=5_000)
    assert (payment_status(over), over.balance_minor) == (PaymentStatus.PAID, -5_000)


def test_a_change_that_costs_is_owed_beside_the_nights() -> None:
    made = replace(confirmed(rooms=2), fee_minor=1_500, paid_minor=1_000)
    assert (made.total_minor, made.owed_minor, made.balance_minor) == (40_000, 41_500, 40_500)


def test_a_booking_spans_all_its_rooms() -> None:
    made = confirmed(rooms=2)
    early = replace(made.stays[0], arrival=date(2027, 3, 5))
    late = replace(made.stays[1], departure=date(2027, 3, 20))
    both = replace(made, stays=(early, late))
    assert (both.arrival, both.departure) == (date(2027, 3, 5), date(2027, 3, 20))
    assert (both.stay(2), both.stay(9)) == (late, None)
    assert both.live(Status.CONFIRMED, Status.HELD) == both.stays
    assert both.live(Status.HELD) == ()


def test_clocks_that_people_moved_are_found_by_their_key() -> None:
    move = ClockMove("no_show-1", march(11, 9), "staff", "frontdesk", 3, march(2, 9))
    made = replace(confirmed(), moves=(replace(move, key="no_show-11"), move))
    assert made.moved("no_show-1") == move
    assert made.moved("no_show-2") is None
    assert move.moves == 1
