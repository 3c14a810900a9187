"""The shelf holds what slow, plain SQL says it must hold, and free rooms as they are at this moment."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from cli.postgres import SOCKET_NAME
from domain.quoting import calendar, quotes
from domain.rates import Derivation, NightRate
from domain.refusals import Refused
from domain.stay import Party, StayDates
from store.demo import HOUSES
from store.hotels import plan_policies_asked
from store.seed import seed
from store.session import Database, app_url
from store.shelf import load_shelf, night_stock, shelf_asked, shelf_of
from tests.houses import opened, quiet_day
from tests.toll import Toll, postgres_questions

TODAY = date(2031, 12, 1)
ARRIVAL = date(2031, 12, 28)
DEPARTURE = date(2032, 1, 4)
SLUGS = [house.slug for house in HOUSES]


@pytest.fixture
async def new_year_url(fresh_url: str) -> str:
    """The owner's address of a database of one's own, in which the nights around New Year 2032 are open too."""
    await seed(fresh_url, TODAY)
    return fresh_url


async def rows(tx: AsyncConnection, statement: str) -> Sequence[Row[Any]]:
    return (await tx.execute(text(statement))).all()


@pytest.mark.parametrize("hotel_id", range(1, 6), ids=SLUGS)
async def test_the_shelf_is_what_plain_sql_says(new_year_url: str, hotel_id: int) -> None:
    async with opened(new_year_url) as owner, owner.hotel(hotel_id) as tx:
        await tx.execute(
            text(
                "UPDATE room_type_nights SET out_of_order = CASE WHEN physical > 3 THEN 1 ELSE 0 END, held = 1, "
                "overbooking_limit = room_type_id WHERE night > '2031-12-29'"
            )
        )
        await tx.execute(
            text(
                "UPDATE nightly_rates SET stop_sell = true, max_stay_arrival = 5, min_advance_days = 2, "
                "max_advance_days = 90 WHERE night = '2031-12-30' AND room_type_id = 2"
            )
        )
    async with opened(app_url(new_year_url)) as database, database.hotel(hotel_id) as tx:
        shelf = await load_shelf(tx, hotel_id, ARRIVAL, DEPARTURE)
        stock = await night_stock(
            tx, hotel_id, [room_type.id for room_type in shelf.room_types], StayDates(ARRIVAL, DEPARTURE).nights
        )
        rates = await rows(
            tx,
            "SELECT rate_plan_id, room_type_id, night, price_minor, extra_adult_minor, single_discount_minor, "
            "stop_sell, closed_to_arrival, closed_to_departure, min_stay_arrival, min_stay_through, "
            "max_stay_arrival, min_advance_days, max_advance_days FROM nightly_rates",
        )
        nights = await rows(tx, "SELECT * FROM room_type_nights")
        types = await rows(tx, "SELECT * FROM room_types ORDER BY position")
        plans = await rows(tx, "SELECT * FROM rate_plans ORDER BY position")
        taxes = await rows(tx, "SELECT * FROM tax_rules ORDER BY tax_rule_id")
    expected_rates: dict[tuple[int, int], dict[date, NightRate]] = {}
    for row in rates:
        if ARRIVAL <= row.night <= DEPARTURE:
            key = (row.rate_plan_id, row.room_type_id)
            expected_rates.setdefault(key, {})[row.night] = NightRate(*row[2:])
    expected_stock: dict[int, dict[date, int]] = {}
    for row in nights:
        if ARRIVAL <= row.night < DEPARTURE:
            free = row.physical - row.out_of_order - row.blocked - row.held - row.sold + row.overbooking_limit
            expected_stock.setdefault(row.room_type_id, {})[row.night] = free
    assert shelf.rates == expected_rates
    assert shelf.stock == stock == expected_stock
    assert len({free for nights_of_type in expected_stock.values() for free in nights_of_type.values()}) > 1
    assert [(found.id, found.code, found.base_guests, found.infants_to_age) for found in shelf.room_types] == [
        (row.room_type_id, row.code, row.base_guests, row.infants_to_age) for row in types
    ]
    assert [(plan.id, plan.code, plan.meal_plan) for plan in shelf.plans] == [
        (row.rate_plan_id, row.code, row.meal_plan) for row in plans
    ]
    assert [(tax.id, tax.percent, tax.amount_minor) for tax in shelf.taxes] == [
        (row.tax_rule_id, row.percent, row.amount_minor) for row in taxes if row.valid_to is None
    ]


@pytest.mark.parametrize("number", range(5), ids=SLUGS)
async def test_what_the_demo_says_in_python_comes_back_the_same(database: Database, number: int) -> None:
    house = HOUSES[number]
    async with database.public() as tx:
        hotel_id = (
            await tx.execute(text("SELECT hotel_id FROM hotels WHERE slug = :s"), {"s": house.slug})
        ).scalar_one()
    async with database.hotel(hotel_id) as tx:
        shelf = await load_shelf(tx, hotel_id, ARRIVAL, DEPARTURE)
    assert shelf.currency == house.terms.currency
    assert tuple(shelf.taxes) == tuple(rule for rule in house.taxes if rule.valid_to is None)
    for found, told in zip(shelf.room_types, house.room_types, strict=True):
        for word in ("id", "code", "name", "max_guests", "max_adults", "max_children", "infants_to_age"):
            assert getattr(found, word) == getattr(told, word)
    for plan, told_plan in zip(shelf.plans, house.plans, strict=True):
        assert plan.child_bands == told_plan.child_bands
        assert set(plan.room_type_ids) == {room_type.id for room_type in house.room_types}
        if told_plan.parent_id is None:
            assert plan.derivation is None
        else:
            derivation = Derivation(told_plan.parent_id, told_plan.amount_minor, told_plan.percent, False)
            assert plan.derivation == derivation


async def test_tax_versions_are_those_of_the_nights_asked_for(database: Database) -> None:
    async with database.hotel(4) as tx:
        across = await load_shelf(tx, 4, date(2026, 2, 28), date(2026, 3, 2))
        before = await load_shelf(tx, 4, date(2026, 2, 27), date(2026, 3, 1))
        after = await load_shelf(tx, 4, date(2026, 3, 1), date(2026, 3, 2))
    assert [rule.amount_minor for rule in across.taxes if rule.code == "CITY"] == [200, 400]
    assert [rule.amount_minor for rule in before.taxes if rule.code == "CITY"] == [200]
    assert [rule.amount_minor for rule in after.taxes if rule.code == "CITY"] == [400]


async def test_a_plan_off_sale_still_gives_its_prices_to_those_that_follow_it(new_year_url: str) -> None:
    dates = StayDates(date(2032, 2, 2), date(2032, 2, 4))
    async with opened(new_year_url) as owner, owner.hotel(3) as tx:
        await tx.execute(text("UPDATE rate_plans SET active = false WHERE code = 'FLEX'"))
        await tx.execute(text("UPDATE room_types SET active = false WHERE code = 'COURT'"))
    async with opened(app_url(new_year_url)) as database, database.hotel(3) as tx:
        shelf = await load_shelf(tx, 3, dates.arrival, dates.departure)
    offers, closed = quotes(shelf, dates, Party(2), 1, TODAY)
    assert {(offer.room_type_code, offer.rate_plan_code) for offer in offers} == {
        (kind, plan) for kind in ("HARBOUR", "FAMILY", "CAPTAIN") for plan in ("NREF", "BB")
    }
    assert closed == []
    flexible = shelf.rates[1, 2][dates.arrival].price_minor
    saver = next(offer for offer in offers if (offer.room_type_code, offer.rate_plan_code) == ("HARBOUR", "NREF"))
    assert saver.nights[0].price_minor == flexible * Decimal("0.9")


async def test_a_plan_with_restrictions_of_its_own_brings_its_rows(new_year_url: str) -> None:
    async with opened(new_year_url) as owner, owner.hotel(3) as tx:
        await tx.execute(
            text("UPDATE rate_plans SET own_restrictions = true, derived_percent = -12.5 WHERE code = 'NREF'")
        )
        await tx.execute(
            text(
                "INSERT INTO nightly_rates (hotel_id, rate_plan_id, room_type_id, night, price_minor, "
                "closed_to_arrival) VALUES (3, 2, 4, '2032-02-02', 0, true)"
            )
        )
    async with opened(app_url(new_year_url)) as database, database.hotel(3) as tx:
        shelf = await load_shelf(tx, 3, date(2032, 2, 2), date(2032, 2, 4))
    assert shelf.rates[2, 4] == {date(2032, 2, 2): NightRate(date(2032, 2, 2), 0, 0, closed_to_arrival=True)}
    plan = next(plan for plan in shelf.plans if plan.code == "NREF")
    assert plan.derivation == Derivation(1, 0, Decimal("-12.5"), own_restrictions=True)


async def test_a_room_taken_a_moment_ago_is_gone_from_the_next_look(fresh_url: str) -> None:
    arrival = quiet_day()
    second, departure = arrival + timedelta(days=1), arrival + timedelta(days=2)
    async with opened(app_url(fresh_url)) as database:
        async with database.hotel(3) as tx:
            assert (await load_shelf(tx, 3, arrival, departure)).stock[4] == {arrival: 1, second: 1}
        async with database.hotel(3) as tx:
            await tx.execute(
                text("UPDATE room_type_nights SET held = 1 WHERE hotel_id = 3 AND room_type_id = 4 AND night = :night"),
                {"night": arrival},
            )
        async with database.hotel(3) as tx:
            assert (await load_shelf(tx, 3, arrival, departure)).stock[4] == {arrival: 0, second: 1}
            assert await night_stock(tx, 3, [4, 1], [arrival]) == {4: {arrival: 0}, 1: {arrival: 10}}


async def test_an_oversold_night_shows_as_less_than_nothing(fresh_url: str) -> None:
    night = quiet_day()
    async with opened(app_url(fresh_url)) as database, database.hotel(3) as tx:
        await tx.execute(
            text(
                "UPDATE room_type_nights SET sold = 2, oversold = 1 "
                "WHERE hotel_id = 3 AND room_type_id = 4 AND night = :night"
            ),
            {"night": night},
        )
        assert await night_stock(tx, 3, [4], [night]) == {4: {night: -1}}


async def test_nights_that_nobody_opened_are_not_in_stock(database: Database) -> None:
    async with database.hotel(3) as tx:
        shelf = await load_shelf(tx, 3, date(2090, 1, 1), date(2090, 1, 3))
        assert (shelf.rates, shelf.stock) == ({}, {})
        assert await night_stock(tx, 3, [1], [date(2090, 1, 1)]) == {1: {}}
    offers, closed = quotes(shelf, StayDates(date(2090, 1, 1), date(2090, 1, 3)), Party(2), 1, date(2026, 1, 1))
    assert offers == []
    assert {reason.code for found in closed for reason in found.reasons} == {"sold_out"}


async def test_an_unknown_hotel_has_no_shelf_and_another_hotels_is_empty(database: Database) -> None:
    async with database.hotel(3) as tx:
        with pytest.raises(Refused, match="not_found"):
            await load_shelf(tx, 2**31 - 1, ARRIVAL, DEPARTURE)
        foreign = await load_shelf(tx, 1, ARRIVAL, DEPARTURE)
    assert (foreign.room_types, foreign.plans, foreign.rates, foreign.stock, foreign.taxes) == ([], [], {}, {}, [])


async def test_a_year_of_the_calendar_comes_from_the_shelf(database: Database) -> None:
    today = date.today() + timedelta(days=1)  # noqa: DTZ011 - any day that the seed has opened will do.
    async with database.hotel(3) as tx:
        shelf = await load_shelf(tx, 3, today, today + timedelta(days=365))
    nights = calendar(shelf, today, today + timedelta(days=365), 2, today)
    assert len(nights) == 365
    assert sum(night.lowest_minor is not None for night in nights) > 350


async def test_looking_at_the_shelf_and_its_plans_is_one_round_trip(fresh_url: str, tmp_path: Path) -> None:
    """A transaction around the shelf alone is three."""
    server = Path(str(make_url(fresh_url).query["host"])) / SOCKET_NAME
    asked = (shelf_asked(3, ARRIVAL, DEPARTURE), plan_policies_asked(3))
    with Toll(str(server), str(tmp_path / SOCKET_NAME), postgres_questions) as line:
        by_line = make_url(app_url(fresh_url)).update_query_dict({"host": str(tmp_path)})
        async with opened(by_line.render_as_string(hide_password=False)) as database:
            # The first time the connection is made and its statements are made known to the server.
            await database.look(*asked, hotel_id=3)
            before = line.calls
            rows, plans = await database.look(*asked, hotel_id=3)
            assert line.calls == before + 1
            assert len(rows) == 1
            assert len(plans) == len(HOUSES[2].plans)
            async with database.hotel(3) as tx:
                assert await load_shelf(tx, 3, ARRIVAL, DEPARTURE) == shelf_of(rows)
            assert line.calls == before + 1 + 3
