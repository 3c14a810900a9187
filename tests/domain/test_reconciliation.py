"""Three ledgers of one booking: each kind of difference with the numbers of docs/rules/reconciliation.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from domain.ledgers import CODES, Books, Difference
from domain.payments import PayState, RefundState
from domain.reconciliation import Window, closes_at, compare, compare_stranger, window_of
from tests.domain.books import MLB, NIGHT, PAID, RETURNED, back, back_row, row, seen, sums


def codes(books: Books, now: datetime = NIGHT) -> list[str]:
    """The codes of what differs."""
    return [one.code for one in compare(books, now).differences]


def only(books: Books, now: datetime = NIGHT) -> Difference:
    """The one thing that differs."""
    (found,) = compare(books, now).differences
    return found


@pytest.mark.parametrize("books", [PAID, RETURNED, replace(PAID, told=None), Books(MLB)])
def test_ledgers_that_agree_have_no_difference(books: Books) -> None:
    """Every line is told, and none has a code."""
    compared = compare(books, NIGHT)
    assert compared.differences == ()
    assert len(compared.lines) == len(books.payment_rows) + len(books.refund_rows)
    assert {line.code for line in compared.lines} <= {""}


@pytest.mark.parametrize(
    ("state", "theirs"),
    [
        (PayState.NEEDS_GUEST, PayState.CREATED),
        (PayState.VOIDED, PayState.CREATED),
        (PayState.DECLINED, PayState.VOIDED),
        (PayState.AUTH_EXPIRED, PayState.VOIDED),
    ],
)
def test_states_without_money_are_one(state: PayState, theirs: PayState) -> None:
    """Whether a page is open, declined or closed: nothing was taken on either side."""
    books = Books(MLB, (seen(state=theirs, captured_minor=0),), (), (row(state=state, captured_minor=0),))
    assert codes(books) == []


def test_a_payment_of_nobody_is_told_with_what_is_left_of_it() -> None:
    """Half of it went back by hand: what is left is the difference; none is left, none is one."""
    (found,) = compare_stranger(seen(reference="", payment=0, returned_minor=4_000)).differences
    assert (found.code, found.provider_minor, found.reference) == ("charge_unknown_to_us", 6_000, "")
    assert "EUR 60.00" in found.detail
    assert compare_stranger(seen(returned_minor=10_000)).differences == ()
    assert compare_stranger(seen(state=PayState.CREATED, captured_minor=0)).differences == ()
    extra = seen(object_id="pi_9", payment=0)
    assert only(replace(PAID, payments=(seen(), extra))).code == "charge_unknown_to_us"


def test_a_payment_that_the_provider_does_not_have() -> None:
    """One that was never paid needs nothing there."""
    found = only(replace(PAID, payments=()))
    assert (found.code, found.rows_minor, found.provider_minor) == ("payment_unknown_to_stripe", 10_000, None)
    assert codes(Books(MLB, (), (), (row(state=PayState.VOIDED, captured_minor=0),))) == []


def test_another_amount_currency_or_state() -> None:
    """Of several reasons the first is told: state, currency, amount."""
    amount = only(replace(PAID, payments=(seen(captured_minor=9_000),)))
    assert (amount.code, amount.provider_minor, amount.rows_minor) == ("amount_differs", 9_000, 10_000)
    assert amount.detail == "Payment 1: EUR 90.00 at the payment provider, EUR 100.00 here."
    assert codes(replace(PAID, payments=(seen(currency="JPY", captured_minor=9_000),))) == ["currency_differs"]
    held = seen(state=PayState.AUTHORISED, captured_minor=0)
    assert codes(replace(PAID, payments=(held,))) == ["status_differs"]
    assert codes(replace(PAID, payments=(seen(state=PayState.PROCESSING, captured_minor=0),))) == ["status_differs"]


@pytest.mark.parametrize(("currency", "told"), [("JPY", "JPY 10,000"), ("EUR", "EUR 100.00"), ("KWD", "KWD 10.000")])
def test_amounts_have_the_digits_of_their_currency(currency: str, told: str) -> None:
    """Yen have no minor unit, dinars a thousand."""
    books = Books(MLB, (), (), (row(currency=currency),))
    assert told in only(books).detail


def test_what_is_set_aside_is_compared_by_what_was_asked() -> None:
    """A capture may be less; before it, both sides name the whole."""
    held = {"state": PayState.AUTHORISED, "captured_minor": 0}
    books = Books(MLB, (seen(**held, capture_before=NIGHT + timedelta(days=5)),), (), (row(**held),), (), sums(0))
    assert codes(books) == []
    assert codes(replace(books, payment_rows=(row(**held, asked_minor=20_000),))) == ["amount_differs"]
    part = {"captured_minor": 4_000}
    assert codes(Books(MLB, (seen(**part),), (), (row(**part),), (), sums(4_000))) == []


def test_an_authorisation_that_ends_within_two_days() -> None:
    """48 hours and a minute are none; 48 hours are one, also where it has just been made."""
    held = {"state": PayState.AUTHORISED, "captured_minor": 0}
    books = Books(MLB, (seen(**held, capture_before=NIGHT + timedelta(hours=48, minutes=1)),), (), (row(**held),))
    assert codes(books) == []
    near = replace(books, payments=(seen(**held, capture_before=NIGHT + timedelta(hours=48), moved_at=NIGHT),))
    found = only(near)
    assert (found.code, found.waits(NIGHT)) == ("authorisation_ends_48h", False)
    assert "2027-03-13 03:00 UTC" in found.detail


def test_a_payment_that_was_taken_twice() -> None:
    """The second has the same metadata; once it went back in full nothing is left to say."""
    twin = seen(object_id="pi_2")
    found = only(replace(PAID, payments=(twin, seen())))
    assert (found.code, found.payment, found.object_id) == ("double_charge", 1, "pi_2")
    returned = replace(PAID, payments=(seen(), replace(twin, returned_minor=10_000)),
                       refunds=(back(paid_by="pi_2", amount_minor=10_000, refund=0, reference=""),))  # fmt: skip
    assert codes(returned) == []


def test_a_payment_without_its_metadata_is_known_by_its_name() -> None:
    """Somebody has emptied the metadata by hand."""
    assert codes(replace(PAID, payments=(seen(reference="", payment=0),))) == []


def test_refunds_that_only_one_side_has() -> None:
    """By the provider's hand, or never there."""
    unknown = only(replace(PAID, payments=(seen(returned_minor=3_000),), refunds=(back(refund=0, reference=""),)))
    assert (unknown.code, unknown.provider_minor, unknown.object_id) == ("refund_unknown_to_us", 3_000, "re_1")
    missing = only(replace(RETURNED, refunds=()))
    assert (missing.code, missing.refund, missing.rows_minor) == ("refund_missing_at_stripe", 1, 3_000)
    failed = replace(PAID, refunds=(back(refund=0, state=RefundState.FAILED),))
    assert codes(failed) == []


def test_a_refund_that_failed_and_nobody_saw() -> None:
    """The guest's bank sent it back after it had succeeded."""
    assert codes(replace(RETURNED, refunds=(back(state=RefundState.FAILED),))) == ["refund_failed_unseen"]
    assert codes(replace(RETURNED, refund_rows=(back_row(state=RefundState.PENDING),))) == ["status_differs"]
    assert codes(replace(RETURNED, refunds=(back(amount_minor=2_000),))) == ["amount_differs"]


def test_a_refund_that_is_on_its_way_for_too_long() -> None:
    """Ten days are not too long, a second more is."""
    slow = {"state": RefundState.PENDING}
    books = replace(RETURNED, refunds=(back(**slow, moved_at=NIGHT - timedelta(days=10)),),
                    refund_rows=(back_row(**slow),))  # fmt: skip
    assert codes(books) == []
    assert codes(books, NIGHT + timedelta(seconds=1)) == ["refund_pending_over_10_days"]


def test_a_dispute_that_nobody_saw() -> None:
    """One that the row knows is no news."""
    assert codes(replace(PAID, payments=(seen(disputed=True),))) == ["dispute_unseen"]
    assert codes(replace(PAID, payments=(seen(disputed=True),), payment_rows=(row(disputed=True),))) == []


def test_the_platforms_share_and_where_the_money_went() -> None:
    """Compared with what was asked; where that was not noted, there is nothing to compare."""
    asked = row(fee_minor=300, destination="acct_1")
    good = seen(fee_minor=300, destination="acct_1")
    assert codes(replace(PAID, payments=(good,), payment_rows=(asked,))) == []
    fee = only(replace(PAID, payments=(replace(good, fee_minor=500),), payment_rows=(asked,)))
    assert (fee.code, fee.provider_minor, fee.rows_minor) == ("fee_or_transfer_differs", 500, 300)
    assert codes(replace(PAID, payments=(replace(good, destination="acct_2"),), payment_rows=(asked,))) == [
        "fee_or_transfer_differs"
    ]
    assert codes(replace(PAID, payments=(replace(good, fee_minor=500),))) == []


def test_the_bookings_own_sums_are_the_third_ledger() -> None:
    """Told where nothing else explains it: rows that were changed by hand differ from both, and are one difference."""
    own = only(replace(PAID, told=sums(9_000)))
    assert (own.code, own.payment, own.booking_minor, own.rows_minor) == ("amount_differs", 0, 9_000, 10_000)
    changed = replace(PAID, payment_rows=(row(captured_minor=9_000),))
    assert codes(changed) == ["amount_differs"]
    assert only(changed).payment == 1


def test_money_that_is_left_on_a_booking_that_has_ended() -> None:
    """100.00 taken, a fee of 40.00: 60.00 are too much. While a refund is under way nothing is said."""
    ended = replace(PAID, told=sums(10_000, ended=True, owed_minor=4_000))
    found = only(ended)
    assert (found.code, found.provider_minor) == ("money_kept_on_dead_booking", 6_000)
    assert codes(replace(PAID, told=sums(10_000, ended=True, owed_minor=4_000, moving=True))) == []
    assert codes(replace(PAID, told=sums(10_000, ended=True, owed_minor=10_000))) == []
    assert codes(replace(PAID, told=sums(10_000, ended=True, owed_minor=4_000, kept_minor=6_000))) == []
    desk_too = sums(10_000, ended=True, owed_minor=14_000, desk_minor=4_000)
    assert codes(replace(PAID, told=desk_too)) == []
    failed = replace(
        RETURNED, refunds=(back(state=RefundState.FAILED),), refund_rows=(back_row(state=RefundState.FAILED),),
        told=sums(10_000, 0, ended=True, owed_minor=7_000),
    )  # fmt: skip
    assert codes(failed) == ["money_kept_on_dead_booking"]


def test_what_is_younger_than_a_quarter_of_an_hour_waits() -> None:
    """The newest move on either side counts."""
    found = only(replace(PAID, payments=(seen(captured_minor=9_000, moved_at=NIGHT - timedelta(minutes=14)),)))
    assert found.waits(NIGHT)
    assert not found.waits(NIGHT + timedelta(minutes=1))


def test_a_difference_is_known_again_on_another_night() -> None:
    """By what it is about, and not by its amounts; two payments of a booking are two."""
    first = only(replace(PAID, payments=(seen(captured_minor=9_000),)))
    later = only(replace(PAID, payments=(seen(captured_minor=8_000),)), NIGHT + timedelta(days=1))
    assert first.key == later.key
    other = only(Books(MLB, (seen(payment=2, captured_minor=9_000),), (), (row(number=2),)))
    assert first.key != other.key
    twins = replace(PAID, payments=(seen(), seen(object_id="pi_2"), seen(object_id="pi_3")))
    assert len({one.key for one in compare(twins, NIGHT).differences}) == 2


def test_the_window_is_the_hotels_day_and_an_hour_on_both_sides() -> None:
    """Lisbon, audit at 03:00: 23 hours in the night when clocks go forward, 25 when they go back."""
    assert window_of(date(2027, 3, 10), "Europe/Lisbon", time(3)) == Window(
        datetime(2027, 3, 10, 2, tzinfo=UTC), datetime(2027, 3, 11, 4, tzinfo=UTC)
    )
    assert closes_at(date(2027, 3, 27), "Europe/Lisbon", time(3)) == datetime(2027, 3, 28, 2, tzinfo=UTC)
    spring, autumn = (window_of(day, "Europe/Lisbon", time(3)) for day in (date(2027, 3, 27), date(2027, 10, 30)))
    assert (spring.until - spring.since, autumn.until - autumn.since) == (timedelta(hours=25), timedelta(hours=27))


def test_every_code_has_its_words() -> None:
    """Fourteen, each with what to do."""
    assert len(CODES) == 14
