"""Amending a booking, its price: docs/rules/amending.md."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.amending import Change, plan_change, why_to_ask
from domain.booking import Status
from domain.changes import PricedLine, StayPlan
from domain.quoting import Quote
from domain.rates import TaxRule, TaxSlab
from domain.refusals import Kind
from domain.repricing import lines_of_quote, room_prices
from domain.stay import Party, StayDates
from domain.taxes import TaxLine
from domain.terms import Confirmation, GuestTerms
from domain.wishes import Pricing, Wanted, WantedStay
from tests.domain.change_world import (
    CITY,
    FLEXIBLE,
    LISBON,
    NON_REFUNDABLE,
    TERMS,
    Made,
    june,
    made,
    plan_of,
    rows,
    shelf_of,
)

GST = TaxRule(
    2, "GST", "GST", "slab", False, date(2020, 1, 1), None, None,
    (TaxSlab(1_000_00, Decimal(0)), TaxSlab(7_500_00, Decimal(12)), TaxSlab(None, Decimal(18))), 0, 0, None,
)  # fmt: skip
PLAIN = shelf_of(taxes=())


def city_nights(plan: StayPlan) -> list[int]:
    """The days of June that carry the city tax."""
    return [line.night.day for line in plan.lines if line.kind == "tax"]


def days(nights: tuple[date, ...]) -> list[int]:
    return [night.day for night in nights]


def only(change: Change) -> StayPlan:
    (plan,) = change.plans
    return plan


def prices(change: Change) -> list[int]:
    return [minor // 100 for minor in room_prices(only(change).lines).values()]


def leave(day: int, number: int = 1) -> WantedStay:
    return WantedStay(number, departure=june(day))


def test_a_shorter_stay_in_lisbon_keeps_the_tax_of_the_nights_that_are_left() -> None:
    change = made((1, 10)).wish(leave(6))
    assert (change.before_minor, change.after_minor, change.difference_minor) == (956_00, 540_00, -416_00)
    (stay,) = change.stays
    assert (days(stay.kept), days(stay.added), days(stay.dropped)) == ([1, 2, 3, 4, 5], [], [6, 7, 8, 9])
    assert (stay.before_minor, stay.after_minor, stay.plan.total_minor) == (956_00, 540_00, 540_00)
    assert (stay.plan.arrival, stay.plan.departure) == (june(1), june(6))


def test_kept_nights_count_first_towards_the_seven_that_are_taxed() -> None:
    short = made((1, 10)).after(made((1, 10)).wish(leave(6)))
    change = short.wish(leave(10))
    assert city_nights(only(change)) == [1, 2, 3, 4, 5, 6, 7]
    assert change.after_minor == 956_00


def test_added_nights_are_taxed_as_far_as_the_maximum_leaves_room() -> None:
    later = made((1, 10)).wish(WantedStay(1, june(3), june(12)))
    assert city_nights(only(later)) == [3, 4, 5, 6, 7, 10, 11]
    assert later.after_minor == 956_00
    earlier = made((3, 12)).wish(WantedStay(1, june(1), june(10)))
    # The kept nights 3 to 9 have the whole maximum, so the two that come first by date are free of it.
    assert city_nights(only(earlier)) == [3, 4, 5, 6, 7, 8, 9]


def test_a_kept_night_is_never_taxed_anew() -> None:
    change = made((1, 10)).wish(WantedStay(1, arrival=june(3)))
    assert city_nights(only(change)) == [3, 4, 5, 6, 7]
    assert change.after_minor == 740_00


def kochi() -> Made:
    dear = shelf_of(double=7_000_00, suite=8_000_00, taxes=(GST,), currency="INR")
    return made((10, 12), shelf=dear, terms=replace(LISBON, currency="INR"))


def test_a_dearer_type_in_kochi_crosses_a_slab() -> None:
    change = kochi().wish(WantedStay(1, room_type="STE"))
    assert (change.before_minor, change.after_minor) == (15_680_00, 18_880_00)
    (stay,) = change.stays
    assert (days(stay.kept), days(stay.added), days(stay.dropped)) == ([], [10, 11], [10, 11])
    assert (stay.plan.room_type_id, stay.plan.rate_plan_id, stay.plan.terms) == (2, 1, FLEXIBLE)
    assert [(line.code, line.name) for line in stay.plan.lines] == [("STE", "Suite")] * 2 + [("GST", "GST")] * 2


def test_in_the_house_only_the_nights_from_the_hotels_day_on_change() -> None:
    change = kochi().in_house().wish(WantedStay(1, room_type="STE"), today=june(11))
    assert change.after_minor == 17_280_00
    assert [(line.night.day, line.code) for line in only(change).lines if line.kind == "room"] == [
        (10, "DBL"),
        (11, "STE"),
    ]


def test_keeping_the_price_keeps_its_slab() -> None:
    change = kochi().wish(WantedStay(1, room_type="STE"), pricing=Pricing.KEEP)
    assert change.after_minor == 15_680_00
    assert {line.code for line in only(change).lines if line.kind == "room"} == {"STE"}


def rising() -> Made:
    """100, 110 and 120 on 10, 11 and 12 June; whoever books today pays 150."""
    old = shelf_of({10: {"price_minor": 100_00}, 11: {"price_minor": 110_00}, 12: {"price_minor": 120_00}}, taxes=())
    return replace(made((10, 13), shelf=old), shelf=shelf_of(double=150_00, taxes=()))


@pytest.mark.parametrize(
    ("arrival", "departure", "today", "kept"),
    [
        (11, 14, [110, 120, 150], [110, 120, 100]),
        (10, 14, [100, 110, 120, 150], [100, 110, 120, 150]),
        (20, 24, [150, 150, 150, 150], [100, 110, 120, 150]),
        (10, 12, [100, 110], [100, 110]),
        (9, 12, [150, 100, 110], [120, 100, 110]),
    ],
)
def test_dropped_nights_hand_their_price_on_in_order(
    arrival: int, departure: int, today: list[int], kept: list[int]
) -> None:
    wish = WantedStay(1, june(arrival), june(departure))
    assert prices(rising().wish(wish)) == today
    assert prices(rising().wish(wish, pricing=Pricing.KEEP)) == kept


def test_the_desk_gives_its_own_price_for_nights_that_are_added() -> None:
    own = {"pricing": Pricing.OVERRIDE, "reason": "A regular"}
    change = made((1, 10)).wish(leave(12), override={(1, june(10)): 50_00, (1, june(11)): 60_00}, **own)
    assert prices(change) == [*[100] * 9, 50, 60]
    slabs = {(1, june(10)): 1_000_00, (1, june(11)): 8_000_00}
    in_kochi = kochi().wish(WantedStay(1, room_type="STE"), override=slabs, **own)
    assert in_kochi.after_minor == 1_000_00 + 8_000_00 + 1_440_00
    free = made((1, 3), shelf=PLAIN).wish(leave(4), override={(1, june(3)): 0}, **own)
    assert free.difference_minor == 0
    assert made((1, 10)).wish(leave(9), **own).difference_minor == -100_00


def test_each_stay_gets_its_own_override() -> None:
    two = made((1, 3), (1, 3), shelf=PLAIN)
    own = {(1, june(3)): 10_00, (2, june(3)): 20_00}
    change = two.wish(leave(4, 1), leave(4, 2), pricing=Pricing.OVERRIDE, override=own, reason="Both")
    assert [stay.after_minor - stay.before_minor for stay in change.stays] == [10_00, 20_00]


def test_an_override_needs_a_reason_and_new_nights() -> None:
    booked = made((1, 10))

    def no(override: dict[tuple[int, date], int], reason: str = "Why not") -> tuple[str, str | None]:
        refused = booked.refused(leave(12), pricing=Pricing.OVERRIDE, override=override, reason=reason)
        return refused.code, refused.field

    assert no({}, "") == ("reason_needed", "reason")
    assert no({(1, june(9)): 1}) == ("override_not_new", "override")
    assert no({(2, june(10)): 1}) == ("override_not_new", "override")
    assert no({(1, june(12)): 1}) == ("override_not_new", "override")
    assert no({(1, june(10)): -1}) == ("amount_negative", "override")
    assert no({(1, june(10)): 1}) == ("override_incomplete", "override")
    missing = booked.refused(leave(12), pricing=Pricing.OVERRIDE, override={(1, june(10)): 0}, reason="x")
    assert missing.facts == {"stay": 1, "night": "2027-06-11"}
    assert missing.detail.endswith("the night of 11 Jun 2027 in stay 1 has none.")
    told = booked.refused(leave(12), pricing=Pricing.OVERRIDE, override={(2, june(9)): 1}, reason="x")
    assert told.facts == {"stay": 2, "night": "2027-06-09"}
    assert told.detail == "The night of 9 Jun 2027 in stay 2 is not priced by this change."
    assert booked.wish(leave(12), override={(1, june(9)): 1}).difference_minor == 200_00


def test_a_night_without_a_rate_is_not_sold_but_may_be_kept_in_price() -> None:
    bare = shelf_of(taxes=())
    del bare.rates[1, 1][june(10)]  # type: ignore[attr-defined]
    del bare.rates[1, 1][june(11)]  # type: ignore[attr-defined]
    booked = replace(made((8, 10), shelf=PLAIN), shelf=bare)
    no = booked.refused(leave(12))
    assert (no.code, no.kind, no.field) == ("no_rate", Kind.RULE, None)
    assert no.detail == "No rate is set for 10 Jun 2027, 11 Jun 2027."
    assert no.facts == {"nights": ["2027-06-10", "2027-06-11"]}
    moved = booked.wish(WantedStay(1, june(10), june(12)), pricing=Pricing.KEEP)
    assert prices(moved) == [100, 100]
    given = {(1, june(10)): 1_00, (1, june(11)): 2_00}
    assert prices(booked.wish(leave(12), pricing=Pricing.OVERRIDE, override=given, reason="x")) == [100, 100, 1, 2]


def test_a_long_list_of_nights_without_a_rate_is_cut_in_words_only() -> None:
    bare = replace(shelf_of(), rates={})
    no = replace(made((1, 3)), shelf=bare).refused(leave(15))
    assert no.detail.count("2027") == 10
    assert no.detail.startswith("No rate is set for 3 Jun 2027, ")
    assert len(no.facts["nights"]) == 12  # type: ignore[arg-type]


def test_another_party_is_priced_anew_for_every_night() -> None:
    change = made((1, 3)).wish(WantedStay(1, adults=3))
    (stay,) = change.stays
    assert (stay.plan.adults, stay.plan.children_ages) == (3, ())
    assert (days(stay.kept), days(stay.added)) == ([], [1, 2])
    assert change.after_minor == 2 * (125_00 + 12_00)
    child = made((1, 3)).wish(WantedStay(1, children_ages=(9,)))
    assert (only(child).adults, only(child).children_ages) == (2, (9,))
    assert child.after_minor == 2 * (125_00 + 8_00)


def test_another_plan_brings_its_price_and_its_terms() -> None:
    change = made((1, 3), shelf=PLAIN).wish(WantedStay(1, rate_plan="SAVER"))
    assert prices(change) == [90, 90]
    assert (only(change).rate_plan_id, only(change).terms) == (2, NON_REFUNDABLE)


def test_children_pay_what_the_new_plan_asks_of_them() -> None:
    booked = made((1, 3), shelf=PLAIN)
    assert prices(booked.wish(WantedStay(1, children_ages=(9,)))) == [125, 125]
    assert prices(booked.wish(WantedStay(1, rate_plan="SAVER", children_ages=(9,)))) == [100, 100]


def test_a_plan_that_stays_keeps_the_terms_it_was_booked_under() -> None:
    old_terms = replace(FLEXIBLE, free_until_days=9)
    change = made((1, 3)).with_stay(terms=old_terms).wish(leave(4))
    assert only(change).terms == old_terms


def test_rates_of_today_change_nothing_of_a_kept_night() -> None:
    booked = made((1, 3))
    dearer = shelf_of(double=999_00, taxes=(replace(CITY, amount_minor=9_00),))
    change = booked.wish(leave(4), shelf=dearer)
    was, became = booked.present[1].lines, only(change).lines
    assert [line for line in became if line.night < june(3)] == list(was)
    assert [line.amount_minor for line in became if line.night == june(3)] == [999_00, 18_00]


def test_taxes_that_a_price_holds_are_not_added() -> None:
    held = replace(CITY, id=9, code="VAT", kind="percent", percent=Decimal(10), included=True, max_nights=None)
    booked = made((1, 3), shelf=shelf_of(taxes=(held,)))
    change = booked.wish(leave(4))
    assert (change.before_minor, change.after_minor) == (200_00, 300_00)
    assert only(change).lines[-1] == PricedLine("tax", june(3), "VAT", "City tax", 9_09, True, 9)


def test_what_is_kept_or_added_is_told_apart_from_what_other_stays_owe() -> None:
    two = made((1, 3), (1, 4))
    change = two.wish(leave(5, 2))
    assert [plan.number for plan in change.plans] == [2]
    assert (change.before_minor, change.after_minor) == (540_00, 648_00)


def test_fees_of_ended_rooms_stay_in_what_is_owed() -> None:
    two = made((1, 3), (1, 3)).with_stay(2, status=Status.CANCELLED, fee_minor=30_00)
    change = two.wish(leave(4))
    assert (change.before_minor, change.after_minor) == (246_00, 354_00)


def test_nights_that_were_skipped_are_not_owed() -> None:
    late = made((1, 5)).with_stay(skipped=(june(2),))
    change = late.wish(leave(6), today=june(3))
    (stay,) = change.stays
    assert (stay.before_minor, stay.after_minor) == (324_00, 432_00)
    assert stay.plan.total_minor == 540_00
    assert (change.before_minor, change.after_minor) == (324_00, 432_00)


def test_a_charge_on_the_stay_as_a_whole_belongs_to_its_first_night() -> None:
    quote = Quote(
        1, "DBL", "Double", 1, "FLEX", "Flexible", "breakfast", (), (TaxLine(7, "FEE", "Fee", None, 5_00, False),),
        5_00, "EUR", 1,
    )  # fmt: skip
    assert lines_of_quote(quote, june(4)) == (PricedLine("tax", june(4), "FEE", "Fee", 5_00, False, 7),)


def six_in_the_evening(day: int) -> datetime:
    return datetime(2027, 6, day, 17, tzinfo=UTC)


def test_guests_change_a_booking_themselves_until_the_evening_before() -> None:
    booking = made((10, 12), (12, 14)).booking
    # 18:00 in Lisbon in summer is 17:00Z.
    assert why_to_ask(booking, [1], six_in_the_evening(9) - timedelta(microseconds=1)) == ""
    assert why_to_ask(booking, [], six_in_the_evening(9) - timedelta(microseconds=1)) == ""
    told = "Guests could change this themselves until Wed 9 Jun 2027, 18:00 (WEST)."
    assert why_to_ask(booking, [1], six_in_the_evening(9)) == told
    assert why_to_ask(booking, [1, 2], six_in_the_evening(9)) == told
    assert why_to_ask(booking, [], six_in_the_evening(9)) == told
    assert why_to_ask(booking, [2], six_in_the_evening(9)) == ""
    gone = replace(booking, stays=(replace(booking.stays[0], status=Status.CANCELLED), booking.stays[1]))
    assert why_to_ask(gone, [], six_in_the_evening(9)) == ""


def test_the_hotel_says_whether_and_until_when_guests_change_alone() -> None:
    booking = made((10, 12)).booking
    early = datetime(2027, 5, 2, tzinfo=UTC)

    def why(guest: GuestTerms = LISBON.guest, **terms: Any) -> str:
        return why_to_ask(replace(booking, terms=replace(LISBON, guest=guest, **terms)), [1], early)

    assert why() == ""
    assert why(confirmation=Confirmation.MANUAL) == "This hotel answers each change itself."
    assert why(GuestTerms(amend=False)) == "This hotel answers each change itself."
    assert why(GuestTerms(amend_until_days=40)).endswith("until Sat 1 May 2027, 18:00 (WEST).")
    assert why(GuestTerms(amend_until_days=39, amend_until_time=time(1))) != ""
    assert why(GuestTerms(amend_until_days=38)) == ""
    there = replace(booking, status=Status.CHECKED_IN)
    assert why_to_ask(there, [1], early).startswith("Guests change a booking themselves once it is confirmed")


@st.composite
def wishes(draw: st.DrawFn) -> WantedStay:
    arrival = draw(st.integers(1, 20))
    return WantedStay(
        1,
        june(arrival),
        june(arrival + draw(st.integers(1, 12))),
        draw(st.sampled_from([None, "DBL", "STE"])),
        None,
        draw(st.sampled_from([None, 1, 2, 3])),
        draw(st.sampled_from([None, (), (5,), (14,)])),
    )


def fits(wish: WantedStay) -> bool:
    heads = (wish.adults or 2) + len(wish.children_ages or ())
    return heads <= (4 if wish.room_type == "STE" else 3)


SEASON = {n: {"price_minor": 80_00 + 7_31 * n} for n in range(1, 33)}


@given(wishes(), st.sampled_from([Pricing.REPRICE, Pricing.KEEP]))
def test_lines_sum_to_totals_and_kept_nights_are_identical(wish: WantedStay, pricing: Pricing) -> None:
    booked = made((5, 14), shelf=shelf_of(SEASON, taxes=(CITY, GST)), guests=())
    wanted = Wanted((wish,), pricing=pricing, reason="x")
    assume(fits(wish) and wish.departure != june(14))
    change = plan_change(booked.shelf, booked.booking, booked.present, TERMS, wanted, booked.today)
    (stay,) = change.stays
    plan = stay.plan
    assert sum(line.amount_minor for line in plan.lines if not line.included) == plan.total_minor == change.after_minor
    assert {*stay.kept, *stay.added} == set(StayDates(plan.arrival, plan.departure).nights)
    assert {*stay.kept, *stay.dropped} == set(booked.booking.stays[0].nights())
    for night in stay.kept:
        assert [line for line in plan.lines if line.night == night] == [
            line for line in booked.present[1].lines if line.night == night
        ]
    assert sum(1 for line in plan.lines if line.code == "CITY") <= 7
    assert [line.night for line in plan.lines if line.kind == "room"] == sorted(room_prices(plan.lines))


@given(wishes())
def test_there_and_back_at_unchanged_rates_costs_what_it_did(wish: WantedStay) -> None:
    booked = made((5, 14), shelf=shelf_of(SEASON, taxes=(CITY, GST)), guests=())
    assume(fits(wish) and wish.departure != june(14))
    moved = booked.after(booked.wish(wish))
    back = moved.wish(WantedStay(1, june(5), june(14), "DBL", None, 2, ()))
    assert back.after_minor == booked.booking.total_minor
    assert sorted(only(back).lines, key=str) == sorted(booked.present[1].lines, key=str)


def test_the_rows_of_the_world_are_what_they_say() -> None:
    assert rows(1_00)[june(1)].price_minor == 1_00
    assert plan_of(shelf_of(), StayDates(june(1), june(3)), Party(2)).total_minor == 216_00
