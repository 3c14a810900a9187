"""Amending a booking, restrictions and free rooms: docs/rules/amending.md."""

from dataclasses import replace
from typing import Any

import pytest

from domain.booking import Status
from domain.changes import StayPlan
from domain.refusals import Kind
from domain.stay import StayDates
from domain.wishes import WantedStay
from tests.domain.change_world import Made, june, made, plan_of, shelf_of


def leave(day: int, number: int = 1) -> WantedStay:
    return WantedStay(number, departure=june(day))


def come(day: int, number: int = 1) -> WantedStay:
    return WantedStay(number, arrival=june(day))


MOVES = {
    "earlier arrival": (come(9), {}),
    "later arrival": (come(11), {}),
    "later departure": (leave(14), {}),
    "earlier departure": (leave(12), {}),
    "whole stay": (WantedStay(1, june(20), june(23)), {}),
    "other plan": (WantedStay(1, rate_plan="SAVER"), {}),
    "other guests": (WantedStay(1, adults=1), {}),
}


def broken(move: str, *, in_house: bool = False, **restrictions: Any) -> list[str]:
    """Which restrictions a stay from 10 to 13 June runs into, when every row has these."""
    everywhere = dict.fromkeys(range(5, 30), restrictions)
    booked = made((10, 13))
    booked = booked.in_house() if in_house else booked
    want, asked = MOVES[move]
    changed = shelf_of(everywhere)
    change = booked.wish(
        want, shelf=changed, past_restrictions=True, reason="x", today=june(11) if in_house else None, **asked
    )
    return [refused.code for refused in change.overridden]


@pytest.mark.parametrize(
    ("restriction", "value", "touches"),
    [
        ("stop_sell", True, {"earlier arrival", "later departure", "whole stay", "other plan"}),
        ("closed_to_arrival", True, {"earlier arrival", "later arrival", "whole stay", "other plan"}),
        ("closed_to_departure", True, {"later departure", "earlier departure", "whole stay", "other plan"}),
        ("min_stay_arrival", 9, set(MOVES) - {"other guests"}),
        ("max_stay_arrival", 1, set(MOVES) - {"other guests"}),
        ("min_stay_through", 9, {"earlier arrival", "later departure", "whole stay", "other plan"}),
        ("min_advance_days", 300, {"earlier arrival", "later arrival", "whole stay", "other plan"}),
        ("max_advance_days", 1, {"earlier arrival", "later arrival", "whole stay", "other plan"}),
    ],
)
def test_a_restriction_is_looked_at_where_the_change_touches_it(
    restriction: str, value: Any, touches: set[str]
) -> None:
    code = restriction.removesuffix("_days")
    assert {move for move in MOVES if broken(move, **{restriction: value}) == [code]} == touches
    assert {move for move in MOVES if broken(move, **{restriction: value}) == []} == set(MOVES) - touches


def test_in_the_house_only_what_is_to_come_is_looked_at() -> None:
    assert broken("other plan", in_house=True, closed_to_arrival=True) == []
    assert broken("other plan", in_house=True, min_advance_days=300) == []
    assert broken("other plan", in_house=True, closed_to_departure=True) == ["closed_to_departure"]
    there = made((10, 13)).in_house()

    def stopped(day: int) -> int:
        changed = shelf_of({day: {"stop_sell": True}})
        wish = WantedStay(1, rate_plan="SAVER")
        done = there.wish(wish, shelf=changed, past_restrictions=True, reason="x", today=june(11))
        return len(done.overridden)

    assert (stopped(10), stopped(11), stopped(12)) == (0, 1, 1)


def test_a_stay_that_is_late_is_not_sold_an_arrival_that_was() -> None:
    late = made((10, 13))
    closed = shelf_of({10: {"closed_to_arrival": True}})
    change = late.wish(WantedStay(1, rate_plan="SAVER"), shelf=closed, today=june(11))
    assert change.overridden == ()
    refused = late.refused(WantedStay(1, rate_plan="SAVER"), shelf=closed, today=june(10))
    assert refused.facts["rule"] == "closed_to_arrival"


def test_a_broken_restriction_names_its_rule_its_date_and_its_value() -> None:
    asks = shelf_of({10: {"min_stay_arrival": 5, "closed_to_arrival": True}})
    booked = made((11, 13))
    refused = booked.refused(come(10), shelf=asks)
    assert (refused.code, refused.kind, refused.field) == ("restriction_broken", Kind.RULE, None)
    assert refused.detail == "No arrivals on 10 Jun 2027. 5 nights at least when arriving 10 Jun 2027."
    assert refused.facts == {
        "stay": 1,
        "rule": "closed_to_arrival",
        "date": "2027-06-10",
        "rules": ["closed_to_arrival", "min_stay_arrival"],
    }
    value = booked.refused(leave(14), shelf=shelf_of({11: {"min_stay_arrival": 5}})).facts
    assert (value["rule"], value["value"]) == ("min_stay_arrival", 5)
    nights = booked.refused(leave(15), shelf=shelf_of({14: {"stop_sell": True}})).facts
    assert (nights["rule"], nights["nights"]) == ("stop_sell", ["2027-06-14"])


def test_the_desk_goes_past_a_restriction_with_a_reason_only() -> None:
    stopped = shelf_of({13: {"stop_sell": True}})
    booked = made((11, 13))
    assert booked.refused(leave(14), shelf=stopped, past_restrictions=True).code == "reason_needed"
    change = booked.wish(leave(14), shelf=stopped, past_restrictions=True, reason="A regular")
    assert [refused.code for refused in change.overridden] == ["stop_sell"]
    assert booked.wish(leave(14), past_restrictions=True).overridden == ()


def full(booked: Made, *free: int, **types: dict[int, int]) -> Made:
    """No double is free from 9 to 15 June but one on these days."""
    stock = {day: int(day in free) for day in range(9, 16)}
    return replace(booked, shelf=shelf_of(free={1: stock, 2: types.get("suite", {})}))


def test_in_a_full_house_only_the_nights_that_differ_have_to_be_free() -> None:
    booked = made((10, 12))
    wish = WantedStay(1, june(11), june(13))
    refused = full(booked).refused(wish)
    assert (refused.code, refused.kind) == ("sold_out", Kind.CONFLICT)
    assert refused.detail == "Not free: Double on 12 Jun 2027."
    assert refused.facts == {"nights": ["Double: 2027-06-12"]}
    assert full(booked, 12).wish(wish).difference_minor == 0
    assert full(booked).wish(leave(11)).oversold == ()
    assert full(booked).wish(WantedStay(1, rate_plan="SAVER")).oversold == ()
    assert full(booked).wish(WantedStay(1, adults=1)).oversold == ()


def test_rooms_of_one_booking_change_places_in_a_full_house() -> None:
    two = full(made((10, 11), (11, 12)))
    change = two.wish(WantedStay(1, june(11), june(12)), WantedStay(2, june(10), june(11)))
    assert change.oversold == ()
    both = full(made((10, 12), (10, 12)), 12)
    assert both.refused(leave(13, 1), leave(13, 2)).facts == {"nights": ["Double: 2027-06-12"]}
    assert both.wish(leave(13, 2)).oversold == ()


def test_another_type_needs_all_its_nights_and_gives_up_those_it_had() -> None:
    booked = made((10, 12))
    assert full(booked, suite={10: 0}).refused(WantedStay(1, room_type="STE")).facts == {
        "nights": ["Suite: 2027-06-10"]
    }
    two = full(made((10, 12), (10, 11)))
    change = two.wish(WantedStay(1, room_type="STE"), WantedStay(2, june(11), june(12)))
    assert [plan.room_type_id for plan in change.plans] == [2, 1]


def test_nights_that_are_over_are_not_taken_again() -> None:
    there = full(made((10, 13)).in_house(), suite={10: 0})
    change = there.wish(WantedStay(1, room_type="STE"), today=june(11))
    assert change.oversold == ()
    assert there.refused(WantedStay(1, room_type="STE"), today=june(10)).code == "sold_out"


def test_a_stay_in_a_room_of_another_type_goes_on_taking_that_type() -> None:
    upgraded = full(made((10, 12)).with_stay(inventory_type_id=2), suite={12: 0})
    assert upgraded.refused(leave(13)).facts == {"nights": ["Suite: 2027-06-12"]}
    assert full(upgraded).wish(leave(13)).oversold == ()
    # Back to the type it was sold: no change of type, so nothing is taken.
    assert upgraded.refused(WantedStay(1, room_type="DBL")).code == "nothing_changes"


def test_skipped_nights_are_neither_held_nor_taken() -> None:
    late = full(made((10, 14)).with_stay(skipped=(june(10),)))
    assert late.wish(leave(13), today=june(11)).oversold == ()


def test_an_oversold_house_is_short_of_every_night_that_is_added() -> None:
    booked = made((10, 12))
    minus = replace(booked, shelf=shelf_of(free={1: {10: -2, 11: -2, 12: -2}}))
    assert minus.refused(leave(13)).facts == {"nights": ["Double: 2027-06-12"]}
    assert minus.wish(leave(11)).oversold == ()
    gone = replace(booked, shelf=replace(shelf_of(), stock={}))
    assert gone.refused(leave(13)).code == "sold_out"


def test_with_permission_a_full_house_is_gone_past_and_told() -> None:
    change = full(made((10, 12))).wish(leave(14), past_full=True)
    assert change.oversold == ((1, june(12)), (1, june(13)))


def test_a_long_list_of_nights_is_cut_in_words() -> None:
    booked = made((1, 2))
    none = replace(booked, shelf=replace(shelf_of(), stock={}))
    refused = none.refused(leave(15))
    assert refused.detail.endswith("Double on 11 Jun 2027 and 3 more nights.")
    assert len(refused.facts["nights"]) == 13  # type: ignore[arg-type]
    ten = none.refused(leave(12))
    assert ten.detail.endswith("Double on 11 Jun 2027.")


def added(*nights: tuple[int, int], **changes: Any) -> tuple[StayPlan, ...]:
    plans = [plan_of(shelf_of(), StayDates(june(first), june(last))) for first, last in nights]
    return tuple(replace(plan, **changes) for plan in plans)


def test_added_rooms_get_numbers_that_no_stay_ever_had() -> None:
    booked = made((10, 12), (10, 12)).with_stay(2, status=Status.CANCELLED)
    change = booked.wish(leave(13), added=added((10, 12), (11, 12), guests=(("A Guest", None),)))
    assert [plan.number for plan in change.plans] == [1, 3, 4]
    assert change.difference_minor == (1 + 2 + 1) * 108_00
    room = change.stays[1]
    assert (room.before_minor, room.after_minor, room.kept, room.dropped) == (0, 216_00, (), ())
    assert [night.day for night in room.added] == [10, 11]


def test_a_booking_has_ten_rooms_at_most() -> None:
    nine = made(*[(10, 12)] * 9)
    assert len(nine.wish(added=added((10, 12))).plans) == 1
    refused = nine.refused(added=added((10, 12), (10, 12)))
    assert (refused.code, refused.field, refused.facts) == ("rooms_out_of_range", "add", {"maximum": 10})
    assert len(nine.with_stay(1, status=Status.NO_SHOW).wish(added=added((10, 12), (10, 12))).plans) == 2
    eleven = made(*[(10, 12)] * 11)
    assert eleven.wish(leave(13)).difference_minor == 108_00


def test_added_rooms_come_today_or_later_and_fit_who_is_named() -> None:
    booked = made((10, 12))
    past = booked.refused(added=added((10, 12), (4, 6)), today=june(5))
    assert (past.code, past.field) == ("arrival_past", "add.1")
    assert len(booked.wish(added=added((5, 6)), today=june(5)).plans) == 1
    many = booked.refused(added=added((10, 12), guests=(("A", None), ("B", None), ("C", None))))
    assert (many.code, many.field) == ("occupancy_differs", "add.0.guests")


def test_added_rooms_are_not_sold_on_nights_that_were_stopped_since() -> None:
    booked = made((10, 12))
    stopped = shelf_of({12: {"stop_sell": True}})
    refused = booked.refused(added=added((11, 13)), shelf=stopped)
    assert (refused.code, refused.kind, refused.facts) == ("stop_sell", Kind.CONFLICT, {"night": "2027-06-12"})
    assert refused.detail == "The night of 12 Jun 2027 is not for sale any more."
    assert len(booked.wish(added=added((10, 12)), shelf=stopped).plans) == 1
    assert len(booked.wish(added=added((10, 12)), shelf=replace(stopped, rates={})).plans) == 1


def test_added_rooms_need_free_rooms_too() -> None:
    booked = full(made((10, 12)), 12)
    assert booked.refused(leave(13), added=added((12, 13))).facts == {"nights": ["Double: 2027-06-12"]}
    assert len(booked.wish(added=added((12, 13))).plans) == 1
    # What one room gives up the added one takes.
    assert len(booked.wish(leave(11), added=added((11, 13))).plans) == 2
