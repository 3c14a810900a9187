"""Folio lines one by one: where each stands, what it takes back, and what a night is made of: docs/rules/folio.md."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import acts
from domain.booking import Booking, Status
from domain.folio import (
    Charge,
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
    night_prices,
    open_lines,
    part_of,
    post_nights,
    taken_back,
    with_tax,
)
from domain.rates import TaxSlab
from tests.domain.made import ARRIVAL, act, confirmed, gone, in_house, march

A_DAY = timedelta(days=1)
SECOND_NIGHT = ARRIVAL + A_DAY
VAT23 = TaxCode("VAT23", "VAT 23 %", Decimal(23))
GUESTS = Routes({})
BY_KIND = Routes({"room": 2, "fee": 3, "tax": 4})
ROOM = PricePart(1, ARRIVAL, "room", "DBL", "Double room", 10_000)
CITY = PricePart(1, ARRIVAL, "tax", "CITY", "City tax", 800)


def price_of(made: Booking) -> list[PricePart]:
    """A line of the room for each night of each stay."""
    return [
        PricePart(stay.number, night, "room", "DBL", "Double room", amount)
        for stay in made.stays
        for night, amount in zip(stay.nights(), stay.night_minor, strict=True)
    ]


def room(amount: int = 10_000) -> Post:
    """What a night is charged as."""
    return Post(LineKind.ROOM, "DBL", "Double room", amount, amount)


def test_all_nights_of_two_rooms_are_posted_in_order() -> None:
    """Numbered from 1, stay by stay and night by night, each on the guest's folio."""
    made = in_house(rooms=2)
    lines = post_nights(made, price_of(made), (), None, GUESTS)
    assert lines == (
        FolioLine(1, 1, room(), 1, ARRIVAL, 1, 1),
        FolioLine(2, 1, room(), 1, SECOND_NIGHT, 1, 1),
        FolioLine(3, 1, room(), 2, ARRIVAL, 1, 1),
        FolioLine(4, 1, room(), 2, SECOND_NIGHT, 1, 1),
    )
    assert post_nights(made, price_of(made), lines, None, GUESTS) == ()


def test_a_fee_and_a_change_fee_come_after_the_nights() -> None:
    """Left a day early: the night that was slept, the fee of 100.00, and 15.00 for a change that the guest made."""
    left = replace(gone(in_house(), march(11, 9)), fee_minor=1_500)
    lines = post_nights(left, price_of(left), (), None, BY_KIND, VAT23)
    early = Post(
        LineKind.FEE, "EARLY_DEPARTURE_FEE", "Early departure fee", 10_000, 8_130, 1_870, "VAT23", Decimal(23), 8_130
    )
    change = Post(LineKind.FEE, "CHANGE_FEE", "Fee for a change", 1_500, 1_220, 280, "VAT23", Decimal(23), 1_220)
    assert lines == (
        FolioLine(1, 2, room(), 1, ARRIVAL, 1, 1),
        FolioLine(2, 3, early, 1, None, 0, 1),
        FolioLine(3, 3, change, None, None, 0, 1),
    )
    assert sum(line.post.amount_minor for line in lines) == left.owed_minor == 21_500


@pytest.mark.parametrize(
    ("ended", "code", "name"),
    [
        (lambda: acts.no_show(confirmed(), act(march(11, 3)), (1,)).after, "NO_SHOW_FEE", "No-show fee"),
        (lambda: acts.cancelled(confirmed(), act(march(9, 18)), (1,)).after, "CANCELLATION_FEE", "Cancellation fee"),
    ],
    ids=["a no-show", "a late cancellation"],
)
def test_who_did_not_sleep_is_charged_the_fee_alone(ended: Any, code: str, name: str) -> None:
    """100.00 without a tax of its own, and no night."""
    made = ended()
    assert post_nights(made, price_of(made), (), None, GUESTS) == (
        FolioLine(1, 1, Post(LineKind.FEE, code, name, 10_000, 10_000), 1, None, 0, 1),
    )


def test_before_guests_come_nothing_is_posted() -> None:
    """Whatever the hotel's rule says of the nights."""
    made = confirmed()
    assert post_nights(made, price_of(made), (), None, GUESTS) == ()
    assert post_nights(made, price_of(made), (), SECOND_NIGHT, GUESTS) == ()


def test_a_night_that_stands_stays_although_a_later_audit_names_an_earlier_day() -> None:
    """Posted at check-in; the night's audit takes nothing back."""
    made = in_house()
    lines = post_nights(made, price_of(made), (), None, GUESTS)
    assert post_nights(made, price_of(made), lines, ARRIVAL, GUESTS) == ()
    assert [line.night for line in post_nights(made, price_of(made), (), ARRIVAL, GUESTS)] == [ARRIVAL]


def test_nights_given_back_are_taken_back_where_they_stand() -> None:
    """On the folio, with the number and revision that follow; what was taken back once is not taken back again."""
    made = in_house()
    lines = post_nights(made, price_of(made), (), None, Routes({"room": 2}))
    left = gone(made, march(11, 9))
    back = post_nights(left, price_of(left), lines, None, GUESTS)
    assert back[0] == FolioLine(3, 2, room(-10_000), 1, SECOND_NIGHT, 1, 2, reverses=2)
    assert [line.post.code for line in back] == ["DBL", "EARLY_DEPARTURE_FEE"]
    assert post_nights(left, price_of(left), (*lines, *back), None, GUESTS) == ()


def test_an_extra_is_never_reckoned_anew() -> None:
    """It is posted by people; the nights beside it follow the booking, and numbers go on from the last."""
    made = in_house()
    tea = FolioLine(5, 1, Charge("TEA", "Tea", 400, 2).post, None, None, 1, 1)
    lines = post_nights(made, price_of(made), (tea,), ARRIVAL, GUESTS)
    assert [(line.number, line.night) for line in lines] == [(6, ARRIVAL)]


def test_a_charge_above_zero_is_an_extra_and_below_zero_an_adjustment() -> None:
    """Two teas at 4.00 with 13 % inside are 8.00, of which 0.92 is tax."""
    vat = TaxCode("VAT13", "VAT 13 %", Decimal(13))
    assert Charge("TEA", "Tea", 400, 2, tax=vat).post == Post(
        LineKind.EXTRA, "TEA", "Tea", 800, 708, 92, "VAT13", Decimal(13), 708, 2
    )
    assert Charge("GOODWILL", "Goodwill", -3_000).post == Post(
        LineKind.ADJUSTMENT, "GOODWILL", "Goodwill", -3_000, -3_000
    )
    assert with_tax(LineKind.FEE, "F", "F", 12_000, VAT23).tax_minor == 2_244
    assert [included_tax(amount, Decimal("6.5")) for amount in (10_650, 100, -100, 0)] == [650, 6, -6, 0]


TEAS = FolioLine(4, 1, Charge("TEA", "Tea", 400, 2, tax=VAT23).post, None, None, 1, 1)


def test_a_line_is_taken_back_by_the_same_below_zero() -> None:
    """On its folio, with the revision that follows; a transfer's number does not go with it."""
    line = replace(TEAS, folio=3, transfer=2)
    back = taken_back(line, 9)
    assert back == FolioLine(
        9, 3, replace(TEAS.post, amount_minor=-800, net_minor=-650, tax_minor=-150, base_minor=-650), None, None, 1, 2,
        reverses=4,
    )  # fmt: skip
    assert (open_lines((line, back)), open_lines((line,)), open_lines(())) == ((), (line,), ())


def test_a_transfer_is_two_lines_whose_sum_is_nothing() -> None:
    """Out of the guest's folio and into the company's, with one number; the charge keeps its words and its tax."""
    out, into = moved(TEAS, 2, 7)
    assert (out.number, out.folio, out.revision, out.reverses, out.transfer) == (7, 1, 2, 4, 7)
    assert (into.number, into.folio, into.revision, into.reverses, into.transfer) == (8, 2, 3, None, 7)
    assert (out.post.kind, out.post.amount_minor, out.post.tax_minor) == (LineKind.TRANSFER, -800, -150)
    assert into.post == replace(TEAS.post, kind=LineKind.TRANSFER)
    lines = (TEAS, out, into)
    assert (balance_of(lines, 1), balance_of(lines, 2), open_lines(lines)) == (0, 800, (into,))


def test_charges_go_to_the_folio_that_asks_for_their_kind() -> None:
    """Else to the guest's."""
    assert [BY_KIND.folio_of(kind) for kind in LineKind] == [2, 4, 1, 3, 1, 1]


def test_the_city_tax_of_a_night_is_a_line_of_its_own() -> None:
    """Beside the room it has its own folio and place; it is the tax, and no net."""
    made = in_house(nights=1)
    stay = replace(made.stays[0], night_minor=(10_800,), total_minor=10_800)
    lines = post_nights(replace(made, stays=(stay,)), [ROOM, CITY], (), None, BY_KIND)
    city = Post(LineKind.TAX, "CITY", "City tax", 800, 0, 800, "CITY")
    assert lines == (FolioLine(1, 2, room(), 1, ARRIVAL, 1, 1), FolioLine(2, 4, city, 1, ARRIVAL, 2, 1))


@pytest.mark.parametrize(
    ("parts", "owed", "posts"),
    [
        ((ROOM,), 10_000, [("DBL", "Double room", 10_000)]),
        ((ROOM, CITY), 10_800, [("DBL", "Double room", 10_000), ("CITY", "City tax", 800)]),
        ((ROOM, replace(CITY, amount_minor=0)), 10_000, [("DBL", "Double room", 10_000)]),
        ((replace(ROOM, amount_minor=0), CITY), 800, [("CITY", "City tax", 800)]),
        ((ROOM, CITY), 9_000, [("DBL", "Double room", 9_000)]),
        ((CITY,), 800, [("ROOM", "Room", 800)]),
        ((), 5_000, [("ROOM", "Room", 5_000)]),
        ((ROOM,), 0, []),
        ((ROOM, replace(ROOM, code="BED", amount_minor=2_000)), 12_000, [("DBL", "Double room", 12_000)]),
        ((ROOM, replace(CITY, included=True)), 10_000, [("DBL", "Double room", 9_200), ("CITY", "City tax", 800)]),
    ],
)  # fmt: skip
def test_the_lines_of_a_night_come_to_what_is_owed(
    parts: tuple[PricePart, ...], owed: int, posts: list[tuple[str, str, int]]
) -> None:
    """Lines of nothing are left out; lines on file that come to another sum give way to one without a tax."""
    made = night_posts(parts, owed)
    assert [(one.code, one.name, one.amount_minor) for one in made] == posts
    assert sum(one.amount_minor for one in made) == owed


SLABS = (TaxSlab(None, Decimal(18)), TaxSlab(750_000, Decimal(5)), TaxSlab(100_000, Decimal(0)))


@pytest.mark.parametrize(
    ("net", "percent"), [(1, 0), (100_000, 0), (100_001, 5), (750_000, 5), (750_001, 18), (9_000_000, 18)]
)
def test_a_slab_is_found_by_the_nights_net_in_whatever_order_they_are_kept(net: int, percent: int) -> None:
    """The percent is told on the tax's line with the net that it was reckoned on."""
    gst = replace(CITY, code="GST", amount_minor=1, slabs=SLABS)
    tax = night_posts((replace(ROOM, amount_minor=net), gst), net + 1)[1]
    assert (tax.tax_percent, tax.base_minor, tax.net_minor, tax.tax_minor) == (Decimal(percent), net, 0, 1)


def test_prices_by_night_are_those_on_file_or_else_equal_shares() -> None:
    """The stay's own prices first, then the lines where they come to the total, then thirds of it."""
    stay = in_house(nights=3).stays[0]
    nights = stay.nights()
    own = replace(stay, night_minor=(9_000, 10_000, 11_000))
    assert night_prices(own, []) == dict(zip(nights, (9_000, 10_000, 11_000), strict=True))
    bare = replace(stay, night_minor=(), total_minor=10_000)
    parts = [replace(ROOM, night=night, amount_minor=n) for night, n in zip(nights, (2_000, 3_000, 5_000), strict=True)]
    inside = [replace(CITY, night=night, included=True) for night in nights]
    assert night_prices(bare, [*parts, *inside]) == dict(zip(nights, (2_000, 3_000, 5_000), strict=True))
    assert night_prices(bare, parts[:2]) == dict(zip(nights, (3_334, 3_333, 3_333), strict=True))


def test_a_stay_without_prices_by_night_is_charged_whole() -> None:
    """Left a day early, all of it stays owed."""
    made = in_house()
    old = replace(made, stays=tuple(replace(stay, night_minor=()) for stay in made.stays))
    left = gone(old, march(11, 9))
    lines = post_nights(left, [], (), None, GUESTS)
    assert [(line.night, line.post.code, line.post.amount_minor) for line in lines] == [
        (ARRIVAL, "ROOM", 10_000), (SECOND_NIGHT, "ROOM", 10_000),
    ]  # fmt: skip
    assert left.stays[0].status is Status.CHECKED_OUT


def test_a_part_of_charges_is_spread_by_their_gross() -> None:
    """A third of 300.00: each line with its tax in the same ratio; what is below zero can't be parted."""
    whole = (
        Post(LineKind.ROOM, "R", "R", 20_000, 18_868, 1_132, "VAT", Decimal(6), 18_868),
        Post(LineKind.TAX, "T", "T", 10_000, 0, 10_000, "CITY", Decimal(5), 20_000),
    )
    first, second = part_of(whole, 10_000)
    assert (first.amount_minor, first.net_minor, first.tax_minor, first.base_minor) == (6_667, 6_290, 377, 6_290)
    assert (second.amount_minor, second.net_minor, second.tax_minor, second.base_minor) == (3_333, 0, 3_333, 6_666)
    for amount, posts in ((-1, whole), (30_001, whole), (0, (replace(whole[0], amount_minor=-1),))):
        with pytest.raises(ValueError, match="between nothing and the whole"):
            part_of(posts, amount)
