"""What each difference between the ledgers tells, and the line that was compared: docs/rules/reconciliation.md."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.ledgers import Books, Difference, Line
from domain.payments import PayState, RefundState
from domain.reconciliation import BEGINNING, compare, compare_stranger
from tests.domain.books import MLB, NIGHT, PAID, RETURNED, THEN, back, back_row, row, seen, sums

LATER = THEN + timedelta(hours=1)
HELD = {"state": PayState.AUTHORISED, "captured_minor": 0}
PENDING, FAILED, CANCELED = RefundState.PENDING, RefundState.FAILED, RefundState.CANCELED


def differs(code: str, detail: str, **more: Any) -> Difference:
    """One difference about payment 1 of the booking."""
    told: dict[str, Any] = {"at": THEN, "currency": "EUR", "payment": 1, "object_id": "pi_1"}
    return Difference(code, MLB, detail, **{**told, **more})


def about_refund(code: str, detail: str, **more: Any) -> Difference:
    """One difference about refund 1."""
    return differs(code, detail, **{"refund": 1, "object_id": "re_1", **more})


def whole(code: str, detail: str, **more: Any) -> Difference:
    """One difference about the booking as a whole."""
    return differs(code, detail, **{"payment": 0, "object_id": "", **more})


STRANGE = "The payment provider has a payment of EUR {} that is in no booking ({})."
BOTH = {"provider_minor": 10_000, "rows_minor": 10_000}


@pytest.mark.parametrize(
    ("books", "difference"),
    [
        (replace(PAID, payments=()),
         differs("payment_unknown_to_stripe", "Payment 1 of EUR 100.00 is not at the payment provider.",
                 rows_minor=10_000)),
        (Books(MLB, (), (), (row(**HELD),)),
         differs("payment_unknown_to_stripe", "Payment 1 of EUR 100.00 is not at the payment provider.",
                 rows_minor=10_000)),
        (replace(PAID, payments=(seen(**HELD, moved_at=LATER),)),
         differs("status_differs", "Payment 1 is set aside at the payment provider and taken here:"
                 " EUR 100.00 at the payment provider, EUR 100.00 here.", at=LATER, **BOTH)),
        (replace(PAID, payments=(seen(state=PayState.PROCESSING, captured_minor=0),)),
         differs("status_differs", "Payment 1 is being decided at the payment provider and taken here:"
                 " EUR 100.00 at the payment provider, EUR 100.00 here.", **BOTH)),
        (Books(MLB, (seen(),), (), (row(state=PayState.DECLINED, captured_minor=0),)),
         differs("status_differs", "Payment 1 is taken at the payment provider and not paid here:"
                 " EUR 100.00 at the payment provider, EUR 100.00 here.", **BOTH)),
        (replace(PAID, payments=(seen(currency="USD"),)),
         differs("currency_differs", "Payment 1: USD 100.00 at the payment provider, EUR 100.00 here.", **BOTH)),
        (replace(PAID, payments=(seen(captured_minor=9_000),), payment_rows=(row(moved_at=LATER),)),
         differs("amount_differs", "Payment 1: EUR 90.00 at the payment provider, EUR 100.00 here.", at=LATER,
                 provider_minor=9_000, rows_minor=10_000)),
        (replace(PAID, payments=(seen(disputed=True),)),
         differs("dispute_unseen", "The guest's bank disputes payment 1, EUR 100.00.", **BOTH)),
        (replace(PAID, payments=(seen(fee_minor=500),), payment_rows=(row(fee_minor=300),)),
         differs("fee_or_transfer_differs",
                 "The platform's share of payment 1 is EUR 5.00, and EUR 3.00 were asked for.",
                 provider_minor=500, rows_minor=300)),
        (replace(PAID, payments=(seen(destination="acct_2"),), payment_rows=(row(fee_minor=0, destination="acct_1"),)),
         differs("fee_or_transfer_differs",
                 "Payment 1 went to another account at the payment provider than was asked for.", **BOTH)),
        (Books(MLB, (seen(**HELD, capture_before=NIGHT + timedelta(hours=48)),), (), (row(**HELD),)),
         differs("authorisation_ends_48h", "EUR 100.00 are set aside until 2027-03-13 03:00 UTC only.", at=BEGINNING,
                 **BOTH)),
        (replace(PAID, payments=(seen(), seen(object_id="pi_2", moved_at=LATER, returned_minor=4_000))),
         differs("double_charge", "Payment 1 was taken once more: EUR 60.00.", at=LATER, object_id="pi_2",
                 provider_minor=6_000)),
        (replace(PAID, payments=(seen(), seen(object_id="pi_9", payment=7))),
         differs("charge_unknown_to_us", STRANGE.format("100.00", "pi_9"),
                 payment=0, object_id="pi_9", provider_minor=10_000)),
        (replace(PAID, payments=(seen(), seen(object_id="pi_9", reference="MLB-other"))),
         differs("charge_unknown_to_us", STRANGE.format("100.00", "pi_9"),
                 payment=0, object_id="pi_9", provider_minor=10_000)),
        (replace(RETURNED, refunds=()),
         about_refund("refund_missing_at_stripe", "Refund 1 of EUR 30.00 is not at the payment provider.",
                      rows_minor=3_000)),
        (replace(RETURNED, refunds=(back(state=FAILED, moved_at=LATER),)),
         about_refund("refund_failed_unseen", "Refund 1 of EUR 30.00 has failed at the payment provider.", at=LATER,
                      provider_minor=3_000, rows_minor=3_000)),
        (replace(RETURNED, refunds=(back(state=PENDING),)),
         about_refund("status_differs", "Refund 1 is pending at the payment provider and succeeded here.",
                      provider_minor=3_000, rows_minor=3_000)),
        (replace(RETURNED, refunds=(back(amount_minor=2_000),), refund_rows=(back_row(moved_at=LATER),)),
         about_refund("amount_differs", "Refund 1: EUR 20.00 at the payment provider, EUR 30.00 here.", at=LATER,
                      provider_minor=2_000, rows_minor=3_000)),
        (replace(RETURNED, refunds=(back(state=PENDING, moved_at=NIGHT - timedelta(days=11)),),
                 refund_rows=(back_row(state=PENDING),)),
         about_refund("refund_pending_over_10_days", "Refund 1 of EUR 30.00 has been on its way for 11 days.",
                      provider_minor=3_000, rows_minor=3_000)),
        (replace(PAID, refunds=(back(reference="", refund=0, moved_at=LATER),)),
         about_refund("refund_unknown_to_us", "EUR 30.00 went back to the guest without this system (re_1).",
                      payment=0, refund=0, at=LATER, provider_minor=3_000)),
        (replace(PAID, told=sums(9_000, 500)),
         whole("amount_differs", "The booking's own sums are EUR 90.00 taken and EUR 5.00 given back;"
               " its rows come to EUR 100.00 and EUR 0.00.", rows_minor=10_000, booking_minor=8_500)),
        (replace(RETURNED, told=sums(10_000)),
         whole("amount_differs", "The booking's own sums are EUR 100.00 taken and EUR 0.00 given back;"
               " its rows come to EUR 100.00 and EUR 30.00.", rows_minor=7_000, booking_minor=10_000)),
        (replace(RETURNED, told=sums(10_000, 3_000, ended=True, owed_minor=4_000, at=LATER)),
         whole("money_kept_on_dead_booking",
               "The booking has ended and EUR 30.00 more than its fee are still with the hotel.", at=LATER,
               provider_minor=3_000, booking_minor=7_000)),
    ],
)  # fmt: skip
def test_a_difference_says_what_differs_by_how_much_and_since_when(books: Books, difference: Difference) -> None:
    """The newest move on either side counts; the code stands on the line that it is about."""
    compared = compare(books, NIGHT)
    assert compared.differences == (difference,)
    marked = [line.code for line in compared.lines if line.code]
    assert marked == ([difference.code] if difference.object_id else [])


def test_a_payment_of_nobody_is_named_as_it_is_at_the_provider() -> None:
    """Its own reference, and what is left of it."""
    stranger = seen(reference="XYZ", payment=3, returned_minor=4_000)
    compared = compare_stranger(stranger)
    assert compared.differences == (
        Difference(
            "charge_unknown_to_us", "XYZ", STRANGE.format("60.00", "pi_1"),
            THEN, "EUR", object_id="pi_1", provider_minor=6_000,
        ),
    )  # fmt: skip
    assert compared.lines == (
        Line("payment", "XYZ", 3, "pi_1", "EUR", "captured", 10_000, "", None, "charge_unknown_to_us"),
    )


def test_every_line_says_how_both_sides_stand() -> None:
    """Payments and refunds that are on both sides, or on one."""
    assert compare(RETURNED, NIGHT).lines == (
        Line("payment", MLB, 1, "pi_1", "EUR", "captured", 10_000, "captured", 10_000),
        Line("refund", MLB, 1, "re_1", "EUR", "succeeded", 3_000, "succeeded", 3_000),
    )
    ours = Books(MLB, (), (), (row(**HELD),), (back_row(),), None)
    assert compare(ours, NIGHT).lines == (
        Line("payment", MLB, 1, "pi_1", "EUR", "", None, "authorised", 10_000, "payment_unknown_to_stripe"),
        Line("refund", MLB, 1, "re_1", "EUR", "", None, "succeeded", 3_000, "refund_missing_at_stripe"),
    )
    theirs = replace(PAID, payments=(seen(), seen(object_id="pi_2", payment=2)), refunds=(back(refund=0),))
    assert compare(theirs, NIGHT).lines == (
        Line("payment", MLB, 1, "pi_1", "EUR", "captured", 10_000, "captured", 10_000),
        Line("payment", MLB, 2, "pi_2", "EUR", "captured", 10_000, "", None, "charge_unknown_to_us"),
        Line("refund", MLB, 0, "re_1", "EUR", "succeeded", 3_000, "", None, "refund_unknown_to_us"),
    )


def test_a_payment_is_paired_by_its_metadata_and_then_by_its_name() -> None:
    """Of two with the same metadata the one that the row names; a name that belongs to another payment is not taken."""
    second = seen(object_id="pi_2", payment=2, asked_minor=5_000, captured_minor=5_000)
    rows = (row(), row(number=2, object_id="pi_2", asked_minor=5_000, captured_minor=5_000))
    both = Books(MLB, (second, seen()), (), rows, (), sums(15_000))
    assert compare(both, NIGHT).differences == ()
    swapped = replace(both, payment_rows=(replace(rows[0], object_id="pi_2"), replace(rows[1], object_id="pi_1")))
    assert compare(swapped, NIGHT).differences == ()
    unnamed = replace(both, payment_rows=(replace(rows[0], object_id=""), replace(rows[1], object_id="")))
    assert compare(unnamed, NIGHT).differences == ()


def test_a_refund_is_paired_by_its_name_and_then_by_its_metadata() -> None:
    """Also where its row has no name yet; a second one beside it is nobody's."""
    unnamed = replace(RETURNED, refund_rows=(back_row(object_id=""),))
    assert compare(unnamed, NIGHT).differences == ()
    emptied = replace(RETURNED, refunds=(back(reference="", refund=0),))
    assert compare(emptied, NIGHT).differences == ()
    other = replace(RETURNED, refunds=(back(), back(object_id="re_2", paid_by="pi_other", refund=0)))
    assert compare(other, NIGHT).differences == ()


@pytest.mark.parametrize("state", [FAILED, CANCELED])
def test_a_refund_that_came_to_nothing_on_our_side_is_not_missed(state: RefundState) -> None:
    """Its money is still the hotel's."""
    books = Books(MLB, (seen(),), (), (row(),), (back_row(state=state),), sums(10_000))
    assert compare(books, NIGHT).differences == ()


@pytest.mark.parametrize(
    ("books", "codes"),
    [
        (replace(PAID, payments=(seen(captured_minor=9_000),)), ["amount_differs"]),
        (replace(PAID, payments=(seen(currency="USD"),)), ["currency_differs"]),
        (replace(RETURNED, refunds=()), ["refund_missing_at_stripe"]),
        (replace(RETURNED, refunds=(back(state=FAILED),)), ["refund_failed_unseen"]),
        (replace(PAID, payments=(seen(disputed=True),)), ["dispute_unseen", "money_kept_on_dead_booking"]),
    ],
)
def test_money_of_a_dead_booking_is_told_where_nothing_else_explains_it(books: Books, codes: list[str]) -> None:
    """A fee of 40.00 of what was taken; a dispute is no explanation."""
    told = sums(10_000, 3_000 if books.refund_rows else 0, ended=True, owed_minor=4_000)
    assert [one.code for one in compare(replace(books, told=told), NIGHT).differences] == codes


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ({"owed_minor": 9_999}, 1),
        ({"owed_minor": 10_000}, None),
        ({"owed_minor": 14_000, "desk_minor": 5_000}, 1_000),
        ({"owed_minor": 4_000, "desk_minor": 6_000}, 10_000),
        ({"owed_minor": 4_000, "kept_minor": 5_000}, 1_000),
        ({"owed_minor": 4_000, "moving": True}, None),
        ({"owed_minor": 4_000, "ended": False}, None),
    ],
)
def test_what_is_left_on_a_dead_booking_is_told_less_its_fee(more: dict[str, Any], left: int | None) -> None:
    """What the desk took pays the fee first."""
    found = compare(replace(PAID, told=sums(10_000, **{"ended": True, **more})), NIGHT).differences
    assert [one.provider_minor for one in found] == ([] if left is None else [left])
