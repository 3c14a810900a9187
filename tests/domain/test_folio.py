"""The folio: docs/rules/folio.md."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import acts
from domain.booking import Booking, Status
from domain.changing import amended
from domain.fees import no_show_fee
from domain.folio import (
    FolioLine,
    LineKind,
    Post,
    PricePart,
    Routes,
    TaxCode,
    balance_of,
    included_tax,
    moved,
    night_posts,
    open_lines,
    part_of,
    post_nights,
    with_tax,
)
from domain.rates import TaxSlab
from tests.domain.made import ARRIVAL, MANAGER, act, confirmed, gone, in_house, march, plan

A_DAY = timedelta(days=1)
NOWHERE = Routes({})
FEE_TAX = TaxCode("VAT23", "VAT 23 %", Decimal(23))
ROOM = PricePart(1, ARRIVAL, "room", "DBL", "Double room", 120_00)
LISBON = (
    ROOM,
    PricePart(1, ARRIVAL, "tax", "VAT", "VAT (IVA) 6 %", 6_79, included=True, percent=Decimal(6)),
    PricePart(1, ARRIVAL, "tax", "CITY", "Lisbon city tax", 8_00),
)
NEW_YORK = (
    replace(ROOM, amount_minor=200_00),
    PricePart(1, ARRIVAL, "tax", "SALES", "Sales tax", 29_50, percent=Decimal("14.75")),
    PricePart(1, ARRIVAL, "tax", "UNIT", "Fee per room and night", 3_50),
)
SLABS = (TaxSlab(1_000_00, Decimal(0)), TaxSlab(7_500_00, Decimal(5)), TaxSlab(None, Decimal(18)))
KOCHI = (
    replace(ROOM, amount_minor=7_000_00),
    PricePart(1, ARRIVAL, "tax", "GST", "GST", 350_00, slabs=SLABS),
)
KYOTO = (
    replace(ROOM, amount_minor=30_000),
    PricePart(1, ARRIVAL, "tax", "CONSUMPTION", "Consumption tax 10 %", 2_727, included=True, percent=Decimal(10)),
    PricePart(1, ARRIVAL, "tax", "CITY", "Kyoto accommodation tax", 800),
)


def rows(posts: tuple[Post, ...]) -> list[tuple[str, int, int, int, str, Decimal | None, int]]:
    return [
        (p.kind.value, p.amount_minor, p.net_minor, p.tax_minor, p.tax_code, p.tax_percent, p.base_minor) for p in posts
    ]


def test_a_night_in_lisbon_holds_its_vat_and_the_city_tax_comes_on_top() -> None:
    assert rows(night_posts(LISBON, 128_00)) == [
        ("room", 120_00, 113_21, 6_79, "VAT", Decimal(6), 113_21),
        ("tax", 8_00, 0, 8_00, "CITY", None, 0),
    ]


def test_a_night_in_new_york_has_its_taxes_beside_it() -> None:
    assert rows(night_posts(NEW_YORK, 233_00)) == [
        ("room", 200_00, 200_00, 0, "", None, 0),
        ("tax", 29_50, 0, 29_50, "SALES", Decimal("14.75"), 200_00),
        ("tax", 3_50, 0, 3_50, "UNIT", None, 0),
    ]


@pytest.mark.parametrize(("net", "percent"), [(1_000_00, 0), (1_000_01, 5), (7_500_00, 5), (7_500_01, 18)])
def test_a_night_in_kochi_is_taxed_by_the_slab_of_its_price(net: int, percent: int) -> None:
    parts = (replace(KOCHI[0], amount_minor=net), replace(KOCHI[1], amount_minor=1))
    assert night_posts(parts, net + 1)[1].tax_percent == Decimal(percent)


def test_a_night_in_kyoto_has_no_minor_unit() -> None:
    assert rows(night_posts(KYOTO, 30_800)) == [
        ("room", 30_000, 27_273, 2_727, "CONSUMPTION", Decimal(10), 27_273),
        ("tax", 800, 0, 800, "CITY", None, 0),
    ]


def test_two_taxes_inside_one_price_leave_one_to_the_room() -> None:
    parts = (*LISBON[:2], replace(LISBON[2], included=True))
    assert rows(night_posts(parts, 120_00)) == [
        ("room", 112_00, 105_21, 6_79, "VAT", Decimal(6), 105_21),
        ("tax", 8_00, 0, 8_00, "CITY", None, 0),
    ]


def test_lines_that_do_not_come_to_what_is_owed_give_way_to_it() -> None:
    assert rows(night_posts(LISBON, 100_00)) == [("room", 100_00, 100_00, 0, "", None, 0)]
    assert rows(night_posts((), 100_00)) == [("room", 100_00, 100_00, 0, "", None, 0)]
    assert night_posts((), 0) == ()


def test_the_tax_inside_a_price_is_rounded_half_up_also_below_zero() -> None:
    assert [included_tax(amount, Decimal(6)) for amount in (120_00, -120_00)] == [6_79, -6_79]
    assert included_tax(30_000, Decimal(10)) == 2_727
    assert with_tax(LineKind.FEE, "FEE", "Fee", 123_00, FEE_TAX).tax_minor == 23_00
    assert with_tax(LineKind.EXTRA, "BAR", "Bar", 5_00, None).net_minor == 5_00


def price_of(made: Booking) -> list[PricePart]:
    """A line for each night of each stay, as the booking has them on file."""
    return [
        PricePart(stay.number, night, "room", "DBL", "Double room", amount)
        for stay in made.stays
        for night, amount in zip(stay.nights(), stay.night_minor, strict=True)
    ]


def posted_after(
    made: Booking, posted: tuple[FolioLine, ...] = (), up_to: date | None = date.min
) -> tuple[FolioLine, ...]:
    return (*posted, *post_nights(made, price_of(made), posted, up_to, NOWHERE, FEE_TAX))


def total(lines: tuple[FolioLine, ...]) -> int:
    return sum(line.post.amount_minor for line in lines)


def test_a_night_is_posted_once_it_was_slept_and_never_twice() -> None:
    made = in_house(nights=3)
    assert posted_after(made) == ()
    one = posted_after(made, up_to=ARRIVAL)
    assert [(line.stay, line.night, line.line, line.revision) for line in one] == [(1, ARRIVAL, 1, 1)]
    assert posted_after(made, one, ARRIVAL) == one
    two = posted_after(made, one, ARRIVAL + A_DAY)
    assert total(two) == 200_00


def test_a_hotel_that_charges_at_check_in_posts_all_nights_then() -> None:
    assert total(posted_after(in_house(nights=3), up_to=None)) == 300_00


def test_who_leaves_as_booked_has_everything_posted_at_the_check_out() -> None:
    made = gone(in_house(nights=2), march(12, 10))
    assert total(posted_after(made)) == made.owed_minor == 200_00


def test_who_leaves_early_pays_the_nights_slept_and_the_fee_and_the_rest_is_taken_back() -> None:
    early = in_house(nights=3)
    all_posted = posted_after(early, up_to=None)
    made = gone(early, march(11, 10))
    lines = posted_after(made, all_posted)
    assert total(lines) == made.owed_minor
    reversed_nights = [line.night for line in lines if line.reverses]
    assert reversed_nights == [ARRIVAL + A_DAY, ARRIVAL + 2 * A_DAY]
    (fee,) = [line for line in open_lines(lines) if line.post.kind is LineKind.FEE]
    assert (fee.post.code, fee.post.amount_minor, fee.post.tax_code) == ("EARLY_DEPARTURE_FEE", 200_00, "VAT23")


def test_a_no_show_pays_the_fee_and_one_who_comes_after_all_gets_it_back() -> None:
    made = acts.no_show(confirmed(nights=2), act(march(11, 4)), [1]).after
    lines = posted_after(made)
    assert total(lines) == made.owed_minor == 100_00
    again = replace(made, stays=tuple(replace(s, status=Status.CONFIRMED, fee_minor=0) for s in made.stays))
    back = posted_after(again, lines)
    assert total(back) == 0
    assert [line.revision for line in back] == [1, 2]


def test_a_repriced_night_is_taken_back_and_charged_anew() -> None:
    made = in_house(nights=2)
    lines = posted_after(made, up_to=ARRIVAL)
    dearer = amended(made, act(march(11, 9), MANAGER), [plan(made.stays[0], price=12_000)]).after
    again = posted_after(dearer, lines, ARRIVAL)
    assert [(line.revision, line.post.amount_minor, line.reverses) for line in again] == [
        (1, 100_00, None), (2, -100_00, 1), (3, 120_00, None),
    ]  # fmt: skip


def test_a_night_that_was_moved_to_the_company_is_taken_back_there() -> None:
    made = in_house(nights=2)
    lines = posted_after(made, up_to=ARRIVAL)
    lines = (*lines, *moved(lines[0], 2, 2))
    assert (balance_of(lines, 1), balance_of(lines, 2)) == (0, 100_00)
    assert posted_after(made, lines, ARRIVAL) == lines
    dearer = amended(made, act(march(11, 9), MANAGER), [plan(made.stays[0], price=12_000)]).after
    again = posted_after(dearer, lines, ARRIVAL)
    assert (balance_of(again, 1), balance_of(again, 2)) == (0, 120_00)
    assert [line.revision for line in again] == [1, 2, 3, 4, 5]


def test_charges_go_where_the_folios_ask_for_them() -> None:
    made = in_house(nights=1)
    lines = post_nights(made, price_of(made), (), ARRIVAL, Routes({"room": 2}), FEE_TAX)
    assert [line.folio for line in lines] == [2]


def test_city_tax_is_no_part_of_a_fee() -> None:
    stay = replace(in_house(nights=2).stays[0], night_minor=(128_00, 128_00), total_minor=256_00)
    assert no_show_fee(stay).amount_minor == 128_00
    assert no_show_fee(replace(stay, person_tax_minor=(8_00, 8_00))).amount_minor == 120_00


POSTS = (
    Post(LineKind.ROOM, "R", "R", 120_00, 113_21, 6_79, "VAT", Decimal(6), 113_21),
    Post(LineKind.EXTRA, "B", "B", 1, 1),
)


def test_a_part_of_charges_takes_each_ones_tax_in_the_same_ratio() -> None:
    assert rows(part_of(POSTS, 60_00)) == [("room", 60_00, 56_60, 3_40, "VAT", Decimal(6), 56_60)]
    assert part_of(POSTS, 0) == ()
    assert part_of(POSTS, 120_01) == POSTS
    with pytest.raises(ValueError, match="between nothing and the whole"):
        part_of(POSTS, 120_02)


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 100)), min_size=1, max_size=8), st.data())
def test_parts_always_sum_to_the_amount_and_never_exceed_a_line(
    amounts: list[tuple[int, int]], data: st.DataObject
) -> None:
    posts = [Post(LineKind.EXTRA, "X", "X", a, a - a * t // 200, a * t // 200) for a, t in amounts]
    amount = data.draw(st.integers(0, sum(post.amount_minor for post in posts)))
    parts = part_of(posts, amount)
    assert sum(part.amount_minor for part in parts) == amount
    assert all(part.net_minor + part.tax_minor == part.amount_minor and part.net_minor >= 0 for part in parts)
