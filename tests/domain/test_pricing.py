"""Prices by occupancy and derived plans: docs/rules/pricing.md."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import derivation_order, derived_rate, misfits, night_price
from domain.rates import ChildBand, Derivation, NightRate, RatePlanFacts, RoomTypeFacts
from domain.refusals import Refused
from domain.stay import Party

NIGHT = date(2026, 12, 24)
DOUBLE = RoomTypeFacts(1, "DBL", "Double", 2, 4, 3, 2, 2)
RATE = NightRate(NIGHT, 100_00, 30_00, single_discount_minor=15_00)
PLAN = RatePlanFacts(1, "FLEX", "Flexible", "breakfast", (1,), (ChildBand(3, 6, 10_00), ChildBand(7, 12, 20_00)), None)


def following(plan_id: int, parent: int | None, percent: str = "0", amount_minor: int = 0) -> RatePlanFacts:
    derivation = None if parent is None else Derivation(parent, amount_minor, Decimal(percent), False)
    return RatePlanFacts(plan_id, f"P{plan_id}", f"Plan {plan_id}", "none", (1,), (), derivation)


@pytest.mark.parametrize(
    ("party", "price"),
    [
        (Party(1), 85_00),
        (Party(1, (1,)), 85_00),
        (Party(2), 100_00),
        (Party(2, (2,)), 100_00),
        (Party(1, (8,)), 100_00),
        (Party(1, (4, 8)), 110_00),
        (Party(1, (8, 4)), 110_00),
        (Party(2, (4, 8)), 130_00),
        (Party(2, (15,)), 130_00),
        (Party(3), 130_00),
        (Party(2, (3,)), 110_00),
        (Party(2, (12,)), 120_00),
    ],
)
def test_a_night_costs_by_who_sleeps_in_the_room(party: Party, price: int) -> None:
    assert night_price(RATE, DOUBLE, PLAN, party) == price


def test_a_cot_is_paid_where_a_band_has_the_infants_age() -> None:
    with_cots = replace(PLAN, child_bands=(ChildBand(0, 2, 5_00), *PLAN.child_bands))
    assert night_price(RATE, DOUBLE, with_cots, Party(2, (1,))) == 105_00
    assert night_price(RATE, DOUBLE, with_cots, Party(1, (1, 2))) == 95_00


def test_a_house_without_infants_gives_the_youngest_a_place_like_any_child() -> None:
    no_infants = replace(DOUBLE, infants_to_age=-1)
    assert night_price(RATE, no_infants, PLAN, Party(1, (0,))) == 100_00
    assert night_price(RATE, no_infants, PLAN, Party(2, (0,))) == 130_00


def test_the_single_discount_never_makes_a_room_cheaper_than_nothing() -> None:
    assert night_price(replace(RATE, single_discount_minor=200_00), DOUBLE, PLAN, Party(1)) == 0


@pytest.mark.parametrize(
    ("party", "told", "field", "maximum"),
    [
        (Party(4), "Double takes 3 adults at most.", "adults", 3),
        (Party(1, (5, 1, 0)), "Double takes 2 children at most.", "children_ages", 2),
        (Party(3, (5, 5)), "Double takes 4 guests at most.", "children_ages", 4),
    ],
)
def test_a_party_that_does_not_fit_is_told_the_maximum(party: Party, told: str, field: str, maximum: int) -> None:
    with pytest.raises(Refused) as refused:
        night_price(RATE, DOUBLE, PLAN, party)
    no = refused.value
    assert (no.code, no.detail, no.field, no.facts) == ("party_too_large", told, field, {"maximum": maximum})


def test_too_many_adults_and_too_many_children_are_both_told() -> None:
    assert [no.field for no in misfits(DOUBLE, Party(4, (5, 5, 5)))] == ["adults", "children_ages"]


def test_too_many_guests_are_adults_where_no_child_counts() -> None:
    small = replace(DOUBLE, max_guests=2)
    assert [no.field for no in misfits(small, Party(3, (1,)))] == ["adults"]


def test_infants_do_not_count_against_the_most_guests() -> None:
    assert misfits(replace(DOUBLE, max_guests=2), Party(2, (0, 2))) == []


@given(st.integers(1, 3), st.lists(st.integers(0, 17), max_size=2), st.randoms())
def test_the_order_in_which_children_are_named_changes_no_price(adults: int, ages: list[int], chance: Random) -> None:
    shuffled = list(ages)
    chance.shuffle(shuffled)
    roomy = replace(DOUBLE, max_guests=5)
    assert night_price(RATE, roomy, PLAN, Party(adults, tuple(ages))) == night_price(
        RATE, roomy, PLAN, Party(adults, tuple(shuffled))
    )


@given(st.integers(1, 2), st.lists(st.integers(0, 17), max_size=2))
def test_one_adult_more_never_makes_a_night_cheaper(adults: int, ages: list[int]) -> None:
    roomy = replace(DOUBLE, max_guests=5)
    fewer, more = (night_price(RATE, roomy, PLAN, Party(n, tuple(ages))) for n in (adults, adults + 1))
    assert fewer <= more


@pytest.mark.parametrize(
    ("parent", "percent", "amount", "derived"),
    [
        ((100_00, 30_00, 15_00), "-10", 0, (90_00, 27_00, 13_50)),
        ((100_00, 30_00, 0), "0", 12_00, (112_00, 30_00, 0)),
        ((99_99, 0, 0), "-10", 12_00, (101_99, 0, 0)),
        ((20_00, 10_00, 0), "0", -25_00, (0, 10_00, 0)),
        ((20_00, 10_00, 5_00), "-150", 0, (0, 0, 0)),
    ],
)
def test_a_derived_plan_follows_its_parents_prices(
    parent: tuple[int, int, int], percent: str, amount: int, derived: tuple[int, int, int]
) -> None:
    above = NightRate(NIGHT, *parent)
    own = NightRate(NIGHT, 1, 2, 3)
    rate = derived_rate(above, own, Derivation(1, amount, Decimal(percent), True))
    assert (rate.price_minor, rate.extra_adult_minor, rate.single_discount_minor) == derived
    assert rate.night == NIGHT


def test_restrictions_are_the_parents_or_the_plans_own() -> None:
    parent = replace(RATE, stop_sell=True, min_stay_arrival=3)
    own = replace(RATE, closed_to_arrival=True, max_advance_days=9)
    inherited = derived_rate(parent, own, Derivation(1, 0, Decimal(0), False))
    assert inherited == parent
    kept = derived_rate(parent, own, Derivation(1, 0, Decimal(0), True))
    assert kept == own
    free = derived_rate(parent, None, Derivation(1, 0, Decimal(0), True))
    assert free == RATE


def test_parents_come_before_the_plans_that_follow_them() -> None:
    plans = [following(4, 3), following(1, None), following(3, 2), following(2, 1), following(5, None)]
    assert [plan.id for plan in derivation_order(plans)] == [1, 5, 2, 3, 4]


def test_a_plan_three_steps_below_its_prices_is_the_deepest() -> None:
    four = [following(1, None), following(2, 1), following(3, 2), following(4, 3)]
    assert len(derivation_order(four)) == 4
    with pytest.raises(Refused, match="rate_plan_too_deep"):
        derivation_order([*four, following(5, 4)])


@pytest.mark.parametrize(
    "plans",
    [
        [following(1, 1)],
        [following(1, 2), following(2, 1)],
        [following(1, None), following(2, 3), following(3, 4), following(4, 2)],
        [following(9, 1), following(1, 2), following(2, 1)],
    ],
)
def test_a_plan_that_would_follow_itself_is_refused(plans: list[RatePlanFacts]) -> None:
    with pytest.raises(Refused) as told:
        derivation_order(plans)
    assert (told.value.code, told.value.field) == ("rate_plan_cycle", "parent_plan_id")


def test_a_parent_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="rate_plan_parent_unknown"):
        derivation_order([following(1, 7)])


@given(st.permutations(range(1, 9)), st.lists(st.integers(0, 7), min_size=8, max_size=8))
def test_an_order_is_found_unless_a_chain_is_too_deep(ids: list[int], above: list[int]) -> None:
    """Plan n follows a plan of a smaller number or none; whatever the order on file, parents come first."""
    parent = {n: above[n - 1] % n for n in ids}
    plans = [following(n, parent[n] or None) for n in ids]
    depth = {0: -1}
    for n in sorted(ids):
        depth[n] = depth[parent[n]] + 1
    if max(depth.values()) > 3:
        with pytest.raises(Refused, match="rate_plan_too_deep"):
            derivation_order(plans)
        return
    ordered = [plan.id for plan in derivation_order(plans)]
    assert sorted(ordered) == list(range(1, 9))
    assert all(ordered.index(parent[n]) < ordered.index(n) for n in ids if parent[n])
