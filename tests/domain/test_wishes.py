"""Amending a booking, what may be asked: docs/rules/amending.md."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from domain.amending import Change, plan_change
from domain.booking import Booking, Status
from domain.change_words import in_words
from domain.refusals import Kind, Refused
from domain.stay import Party, StayDates
from domain.wishes import Pricing, Wanted, WantedStay, check_named, span
from tests.domain.change_world import DOUBLE, SUITE, TERMS, Made, june, made, plan_of, shelf_of

NAMED = (("A Guest", None), ("B Guest", 40))


def leave(day: int, number: int = 1) -> WantedStay:
    return WantedStay(number, departure=june(day))


def no(made_: Made, want: WantedStay, **asked: Any) -> tuple[str, str | None]:
    refused = made_.refused(want, **asked)
    assert refused.kind is Kind.RULE
    return refused.code, refused.field


@pytest.mark.parametrize(
    "same",
    [
        (),
        (WantedStay(1),),
        (WantedStay(1, june(1), june(3), "DBL", "FLEX", 2, (), (("A Guest", None),)),),
        (WantedStay(1), WantedStay(2)),
    ],
)
def test_a_wish_for_what_is_already_so_is_refused(same: tuple[WantedStay, ...]) -> None:
    refused = made((1, 3), (1, 3)).refused(*same)
    assert (refused.code, refused.kind) == ("nothing_changes", Kind.RULE)


def test_stays_that_stay_as_they_are_are_not_touched() -> None:
    change = made((1, 3), (1, 3)).wish(WantedStay(1), leave(4, 2))
    assert [plan.number for plan in change.plans] == [2]


def test_in_which_order_children_are_named_makes_no_other_party() -> None:
    booked = made((1, 3), party=Party(1, (4, 9)))
    assert booked.refused(WantedStay(1, children_ages=(9, 4))).code == "nothing_changes"
    assert booked.wish(WantedStay(1, children_ages=(9, 5))).stays[0].kept == ()


def test_other_names_change_no_price() -> None:
    change = made((1, 3)).wish(WantedStay(1, guests=NAMED))
    (stay,) = change.stays
    assert (change.difference_minor, stay.plan.guests) == (0, NAMED)
    assert stay.kept == (june(1), june(2))
    assert made((1, 3)).wish(leave(4)).plans[0].guests is None


def test_who_is_named_fits_the_party() -> None:
    three = (*NAMED, ("C Guest", 18))
    assert no(made((1, 3)), WantedStay(1, guests=three)) == ("occupancy_differs", "stays.0.guests")
    assert no(made((1, 3), guests=NAMED), WantedStay(1, adults=1)) == ("occupancy_differs", "stays.0.guests")
    smaller = made((1, 3), guests=NAMED).wish(WantedStay(1, adults=1, guests=NAMED[:1]))
    assert (smaller.plans[0].adults, smaller.plans[0].guests) == (1, NAMED[:1])
    assert made((1, 3), guests=three).wish(leave(4)).difference_minor == 108_00


@pytest.mark.parametrize(
    ("guests", "party", "fits"),
    [
        ((), Party(1), True),
        ((("A", None), ("B", 17)), Party(1, (17,)), True),
        ((("A", None), ("B", 17)), Party(2), False),
        ((("A", None), ("B", 18)), Party(1, (17,)), False),
        ((("A", 4),), Party(2, (5, 9)), False),
        ((("A", 4), ("B", 4)), Party(2, (4, 9)), False),
        ((("A", 30), ("B", 4)), Party(2, (4, 9)), True),
    ],
)
def test_names_need_not_be_all_but_none_too_many(
    guests: tuple[tuple[str, int | None], ...], party: Party, fits: bool
) -> None:
    if fits:
        check_named(guests, party, "guests")
        return
    with pytest.raises(Refused) as refused:
        check_named(guests, party, "guests")
    assert (refused.value.code, refused.value.field) == ("occupancy_differs", "guests")


@pytest.mark.parametrize(
    ("guests", "fits", "told"),
    [
        (NAMED, Party(1), "The room is for 1 adult and no children; name those who sleep in it."),
        ((("A", 5),), Party(2, (4, 9)), "The room is for 2 adults and children of 4, 9; name those who sleep in it."),
    ],
)
def test_the_party_is_told_where_names_do_not_fit(
    guests: tuple[tuple[str, int | None], ...], fits: Party, told: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_named(guests, fits, "guests")
    assert refused.value.detail == told


def test_dates_are_dates_of_a_stay() -> None:
    booked = made((10, 12))
    assert no(booked, WantedStay(1, arrival=june(12))) == ("departure_before_arrival", "stays.0.departure")
    two = made((10, 12), (10, 12)).refused(leave(13), WantedStay(2, departure=june(10)))
    assert (two.code, two.field) == ("departure_before_arrival", "stays.1.departure")
    long = booked.refused(leave(101))
    assert (long.code, long.facts) == ("stay_too_long", {"maximum": 90})


def test_nobody_arrives_before_the_hotels_day() -> None:
    booked = made((10, 12))
    assert no(booked, WantedStay(1, arrival=june(5)), today=june(6)) == ("arrival_past", "stays.0.arrival")
    assert booked.wish(WantedStay(1, arrival=june(6)), today=june(6)).difference_minor == 4 * 108_00


def test_who_is_still_awaited_needs_a_night_to_come_for() -> None:
    late = made((10, 14))
    assert no(late, leave(11), today=june(11)) == ("departure_past", "stays.0.departure")
    told = late.refused(leave(11), today=june(11)).detail
    assert told == "The hotel's day is 11 Jun 2027; leave on 12 Jun 2027 or later."
    assert late.wish(leave(12), today=june(11)).difference_minor == -2 * 108_00
    assert late.wish(WantedStay(1, arrival=june(12)), today=june(11)).difference_minor == -2 * 108_00


def test_in_the_house_the_arrival_stays_and_the_departure_is_today_or_later() -> None:
    there = made((10, 14)).in_house()
    refused = there.refused(WantedStay(1, arrival=june(12)), today=june(11))
    assert (refused.code, refused.field, refused.facts) == ("stay_has_begun", "stays.0.arrival", {"stay": 1})
    assert refused.detail == "Stay 1 is in the house since 10 Jun 2027; only its departure can move."
    assert no(there, leave(11), today=june(12)) == ("departure_past", "stays.0.departure")
    assert there.wish(leave(12), today=june(12)).difference_minor == -2 * 108_00
    assert there.wish(WantedStay(1, june(10), june(15)), today=june(12)).difference_minor == 108_00


def test_who_overstays_can_still_be_given_the_nights_since() -> None:
    there = made((10, 12)).in_house()
    change = there.wish(leave(15), today=june(14))
    assert [night.day for night in change.stays[0].added] == [12, 13, 14]
    assert there.wish(WantedStay(1, guests=NAMED), today=june(14)).difference_minor == 0


def test_nights_that_are_over_are_kept_whatever_changes() -> None:
    there = made((10, 14)).in_house()
    change = there.wish(WantedStay(1, adults=3), today=june(12))
    (stay,) = change.stays
    assert [night.day for night in stay.kept] == [10, 11]
    assert [night.day for night in stay.added] == [12, 13]
    assert change.difference_minor == 2 * (25_00 + 4_00)


def test_types_and_plans_are_named_by_their_codes_and_sold_together() -> None:
    booked = made((1, 3))
    assert no(booked, WantedStay(1, room_type="XXL")) == ("room_type_unknown", "stays.0.room_type")
    assert no(booked, WantedStay(1, rate_plan="XXL")) == ("rate_plan_unknown", "stays.0.rate_plan")
    assert no(booked, WantedStay(1, rate_plan="OLD")) == ("no_rate_plan", "stays.0.rate_plan")
    both = WantedStay(1, room_type="STE", rate_plan="SAVER")
    assert no(booked, both) == ("no_rate_plan", "stays.0.rate_plan")
    saver = made((1, 3), plan_id=2)
    assert no(saver, WantedStay(1, room_type="STE")) == ("no_rate_plan", "stays.0.rate_plan")
    assert saver.wish(WantedStay(1, room_type="STE", rate_plan="FLEX")).plans[0].rate_plan_id == 1


def test_a_plan_that_is_not_sold_any_more_may_still_be_stayed_on() -> None:
    booked = made((1, 3)).with_stay(rate_plan_id=3)
    assert booked.wish(leave(4)).difference_minor == 98_00


def test_a_type_that_is_not_sold_any_more_can_be_shortened_and_not_extended() -> None:
    booked = made((1, 4))
    without = replace(booked.shelf, room_types=(SUITE,))
    assert booked.wish(leave(3), shelf=without).difference_minor == -108_00
    # Its rows are not looked at any more, so a price must be given, and even then nothing names the night.
    refused = booked.refused(leave(5), shelf=without, pricing=Pricing.OVERRIDE, override={(1, june(4)): 1}, reason="x")
    assert (refused.code, refused.field) == ("room_type_unknown", "stays")


def test_the_party_fits_the_type_where_either_changes() -> None:
    booked = made((1, 3))
    assert no(booked, WantedStay(1, adults=4)) == ("party_too_large", "stays.0.adults")
    assert no(booked, WantedStay(1, children_ages=(5, 6, 7))) == ("party_too_large", "stays.0.children_ages")
    assert booked.wish(WantedStay(1, room_type="STE", adults=4)).plans[0].adults == 4
    four = made((1, 3), party=Party(4), type_id=2)
    assert no(four, WantedStay(1, room_type="DBL")) == ("party_too_large", "stays.0.adults")
    small = replace(booked.shelf, room_types=(replace(DOUBLE, max_adults=1, max_guests=1), SUITE))
    assert booked.wish(leave(4), shelf=small).difference_minor == 108_00


def test_a_party_is_one_that_any_room_could_take() -> None:
    booked = made((1, 3))
    assert no(booked, WantedStay(1, adults=0)) == ("adults_out_of_range", "stays.0.adults")
    assert no(booked, WantedStay(1, children_ages=(18,))) == ("child_age_out_of_range", "stays.0.children_ages")


def test_what_is_over_or_unknown_is_not_changed() -> None:
    booked = made((1, 3), (1, 3))
    unknown = booked.refused(leave(4, 7))
    assert (unknown.code, unknown.field, unknown.facts) == ("stay_unknown", "stays", {"stay": 7})
    for status in (Status.CANCELLED, Status.CHECKED_OUT, Status.NO_SHOW):
        over = booked.with_stay(2, status=status).refused(leave(4, 2))
        assert (over.code, over.kind) == ("action_not_allowed", Kind.CONFLICT)
    ended = replace(booked.booking, status=Status.COMPLETED)
    assert replace(booked, booking=ended).refused(leave(4)).code == "action_not_allowed"


def test_a_refusal_tells_guests_what_guests_may_do() -> None:
    over = made((1, 3), (1, 3)).with_stay(2, status=Status.CANCELLED)

    def allowed(asker: str) -> object:
        with pytest.raises(Refused) as refused:
            plan_change(over.shelf, over.booking, over.present, TERMS, Wanted((leave(4, 2),)), over.today, asker=asker)
        return refused.value.facts["allowed_actions"]

    assert "assign-room" not in str(allowed("guest"))
    assert "assign-room" in str(allowed("staff"))


OWN = {"pricing": Pricing.OVERRIDE, "reason": "A regular"}


@pytest.mark.parametrize(
    ("want", "asked", "told"),
    [
        (WantedStay(1), {}, "The booking is like this already."),
        (leave(15), {"pricing": Pricing.OVERRIDE}, "A price of the desk's own needs a reason."),
        (
            leave(13), {**OWN, "override": {(1, june(12)): -1}},
            "A night costs nothing or more.",
        ),
        (leave(13), OWN, "Give a price for each added night; the night of 12 Jun 2027 in stay 1 has none."),
        (
            WantedStay(1, arrival=june(5)), {"today": june(6)},
            "The hotel's day is 6 Jun 2027; arrive then or later.",
        ),
        (WantedStay(1, room_type="XXL"), {}, "This hotel sells no room type XXL."),
        (WantedStay(1, rate_plan="XXL"), {}, "This hotel has no rate plan XXL."),
        (WantedStay(1, rate_plan="OLD"), {}, "This rate plan does not sell this room type."),
        (leave(13, 3), {}, "This booking has no stay 3."),
        (leave(13), {"shelf": replace(shelf_of(), stock={}, room_types=(DOUBLE,))}, "Not free: Double on 12 Jun 2027."),
        (
            leave(14), {"shelf": replace(shelf_of(), stock={})},
            "Not free: Double on 12 Jun 2027, Double on 13 Jun 2027.",
        ),
        (
            leave(13), {"shelf": replace(shelf_of(), room_types=(SUITE,)), **OWN, "override": {(1, june(12)): 1}},
            "This room type is not sold any more; choose another.",
        ),
        (
            leave(13),
            {"shelf": shelf_of({12: {"stop_sell": True}}), "past_restrictions": True},
            "Going past a restriction needs a reason.",
        ),
        (
            leave(13), {"added": (plan_of(shelf_of(), StayDates(june(10), june(12))),) * 10},
            "A booking has 1 to 10 rooms.",
        ),
        (
            leave(13), {"added": (plan_of(shelf_of(), StayDates(june(4), june(6))),), "today": june(5)},
            "The hotel's day is 5 Jun 2027; arrive then or later.",
        ),
    ],
)  # fmt: skip
def test_each_no_is_a_sentence(want: WantedStay, asked: dict[str, Any], told: str) -> None:
    assert made((10, 12)).refused(want, **asked).detail == told


def span_of(booking: Booking, *stays: WantedStay, **asked: Any) -> tuple[int, int]:
    nights = span(booking, Wanted(stays, **asked))
    return nights.arrival.day, nights.departure.day


def test_the_span_of_a_wish_holds_all_its_nights() -> None:
    booking = made((5, 8), (6, 10)).booking
    assert span_of(booking) == (5, 10)
    assert span_of(booking, leave(9)) == (5, 9)
    assert span_of(booking, leave(9), WantedStay(2, june(7), june(12))) == (5, 12)
    assert span_of(booking, WantedStay(2, june(7))) == (7, 10)
    plan = plan_of(shelf_of(), StayDates(june(2), june(4)))
    assert span_of(booking, added=(plan,)) == (2, 4)
    assert span_of(booking, leave(9), added=(plan,)) == (2, 9)
    with pytest.raises(Refused) as unknown:
        span(booking, Wanted((leave(9, 3),)))
    assert (unknown.value.code, unknown.value.field, unknown.value.facts) == ("stay_unknown", "stays", {"stay": 3})
    assert unknown.value.detail == "This booking has no stay 3."
    with pytest.raises(Refused, match="departure_before_arrival"):
        span(booking, Wanted((leave(5),)))


def words(made_: Made, *stays: WantedStay, **asked: Any) -> list[str]:
    change = made_.wish(*stays, **asked)
    return in_words(change, made_.booking, made_.present, made_.shelf)


def test_prices_are_asked_for_in_the_words_of_the_contract() -> None:
    assert [pricing.value for pricing in Pricing] == ["reprice", "keep", "override"]


def test_a_change_is_told_in_sentences() -> None:
    booked = made((10, 12), (10, 12), guests=())
    assert words(booked, leave(14)) == [
        "Room 1: 10 Jun 2027 to 12 Jun 2027 becomes 10 Jun 2027 to 14 Jun 2027.",
        "The price rises by EUR 216.00 to EUR 648.00.",
    ]
    assert words(booked, leave(11, 2))[-1] == "The price falls by EUR 108.00 to EUR 324.00."
    assert words(booked, WantedStay(1, room_type="STE", children_ages=(4,)))[0] == (
        "Room 1: Double becomes Suite; 2 adults becomes 2 adults and 1 child (4)."
    )
    assert words(booked, WantedStay(1, adults=1, children_ages=(9, 4)))[0] == (
        "Room 1: 2 adults becomes 1 adult and 2 children (4, 9)."
    )
    assert words(booked, WantedStay(1, guests=NAMED)) == [
        "Room 1: other guests are named.",
        "The price stays EUR 432.00.",
    ]
    assert words(booked, WantedStay(1, rate_plan="SAVER"))[0] == "Room 1: Flexible becomes Saver."
    plan = plan_of(shelf_of(), StayDates(june(10), june(12)))
    assert words(booked, added=(plan,))[0] == "Room 3 is added: Double, 10 Jun 2027 to 12 Jun 2027, for 2 adults."


def test_what_is_not_sold_any_more_is_told_by_its_number() -> None:
    booked = made((10, 12), guests=())
    bare: Mapping[str, Any] = {"room_types": (), "plans": ()}

    def told(change: Change) -> str:
        return in_words(change, booked.booking, booked.present, replace(booked.shelf, **bare))[0]

    assert told(booked.wish(WantedStay(1, room_type="STE"))) == "Room 1: room type 1 becomes room type 2."
    assert told(booked.wish(WantedStay(1, rate_plan="SAVER"))) == "Room 1: rate plan 1 becomes rate plan 2."
    assert told(booked.wish(leave(11))) == "Room 1: 10 Jun 2027 to 12 Jun 2027 becomes 10 Jun 2027 to 11 Jun 2027."
    added = booked.wish(added=(plan_of(shelf_of(), StayDates(june(10), june(12))),))
    assert told(added).startswith("Room 2 is added: another room, 10 Jun")
