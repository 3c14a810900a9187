"""What guests read about a hotel, and the policies a booking is made under."""

from datetime import time

import pytest
from sqlalchemy import text

from domain.refusals import Refused
from domain.terms import Confirmation, Payment, Penalty
from store.demo import malabar
from store.hotels import (
    Photo,
    hotel_by_code,
    hotel_by_id,
    hotel_by_slug,
    hotel_terms,
    list_hotels,
    plan_policies,
    room_types,
    stay_policies,
)
from store.session import Database, app_url
from tests.houses import opened


async def test_the_hotels_are_listed_in_order_and_a_page_goes_on_where_the_last_one_ended(
    fresh_database: Database,
) -> None:
    async with fresh_database.public() as tx:
        everything = await list_hotels(tx)
        first = await list_hotels(tx, limit=2)
        rest = await list_hotels(tx, after=first[-1].slug)
    slugs = [hotel.slug for hotel in everything]
    assert slugs == ["hudson", "kamo", "lagoon", "malabar", "ribeira"]
    assert first + rest == everything


async def test_a_hotel_is_found_by_slug_code_or_number_and_is_the_same(database: Database) -> None:
    async with database.public() as tx:
        hotel = await hotel_by_slug(tx, "malabar")
        assert hotel is not None
        assert await hotel_by_code(tx, "MLB") == hotel == await hotel_by_id(tx, hotel.id)
    house = malabar.HOUSE
    assert (hotel.name, hotel.address, hotel.phone, hotel.email) == (
        house.name,
        house.address,
        house.phone,
        "stay@malabar.example",
    )
    assert hotel.photos == tuple(Photo(f"/photos/malabar-{photo.number}.svg", photo.alt) for photo in house.photos)
    assert (hotel.active, hotel.not_on_sale_reason) == (True, None)


async def test_an_unknown_hotel_is_nothing(database: Database) -> None:
    async with database.public() as tx:
        assert await hotel_by_slug(tx, "nowhere") is None
        assert await hotel_by_code(tx, "NOW") is None
        assert await hotel_by_id(tx, 2**31 - 1) is None


async def test_a_closed_hotel_is_not_listed_but_can_still_be_read(fresh_url: str) -> None:
    async with opened(fresh_url) as owner, owner.public() as tx:
        await tx.execute(text("UPDATE hotels SET active = false WHERE slug = 'kamo'"))
    async with opened(app_url(fresh_url)) as database, database.public() as tx:
        assert "kamo" not in [hotel.slug for hotel in await list_hotels(tx)]
        closed = await hotel_by_slug(tx, "kamo")
    assert closed is not None
    assert not closed.active


async def test_room_types_come_in_the_hotels_order_and_without_those_off_sale(fresh_url: str) -> None:
    async with opened(fresh_url) as owner, owner.hotel(3) as tx:
        await tx.execute(text("UPDATE room_types SET active = false WHERE code = 'FAMILY'"))
        await tx.execute(text("UPDATE room_types SET position = 0 WHERE code = 'CAPTAIN'"))
    async with opened(app_url(fresh_url)) as database, database.hotel(3) as tx:
        types = await room_types(tx, 3)
    assert [found.code for found in types] == ["CAPTAIN", "COURT", "HARBOUR"]
    suite = next(found for found in malabar.ROOM_TYPES if found.code == "CAPTAIN")
    assert (types[0].name, types[0].base_guests, types[0].max_guests) == (suite.name, 2, 3)
    assert types[0].photos == (Photo("/photos/malabar-6.svg", suite.photo.alt),)


async def test_the_terms_are_those_that_the_hotel_wrote(database: Database) -> None:
    async with database.hotel(3) as tx:
        terms = await hotel_terms(tx, 3)
    assert terms == malabar.HOUSE.terms
    assert (terms.payment, terms.confirmation) == (Payment.AT_HOTEL, Confirmation.MANUAL)
    assert (terms.check_in_time, terms.check_out_time) == (time(14), time(11))
    assert (terms.approval.window_minutes, terms.close_after_seconds) == (1440, 10)


async def test_new_terms_do_not_hide_the_ones_a_booking_was_made_under(fresh_url: str) -> None:
    async with opened(fresh_url) as owner, owner.hotel(3) as tx:
        await tx.execute(
            text(
                "INSERT INTO policy_versions SELECT hotel_id, 2, jsonb_set(jsonb_set(terms, '{version}', '2'), "
                "'{check_in_time}', '\"16:30:00\"'), created_at, created_by FROM policy_versions"
            )
        )
        await tx.execute(text("UPDATE hotels SET policy_version = 2 WHERE hotel_id = 3"))
    async with opened(app_url(fresh_url)) as database, database.hotel(3) as tx:
        assert (await hotel_terms(tx, 3)).check_in_time == time(16, 30)
        assert await hotel_terms(tx, 3, version=1) == malabar.HOUSE.terms
        with pytest.raises(Refused, match="not_found"):
            await hotel_terms(tx, 3, version=3)


async def test_each_plan_has_its_stay_policy(database: Database) -> None:
    async with database.hotel(3) as tx:
        policies = await stay_policies(tx, 3)
        plans = await plan_policies(tx, 3)
    assert {terms.code for terms in policies.values()} == {"flexible", "non_refundable"}
    assert {plan.rate_plan_code: plan.terms.code for plan in plans.values()} == {
        "FLEX": "flexible",
        "NREF": "non_refundable",
        "BB": "flexible",
    }
    for plan_id, plan in plans.items():
        assert (plan.rate_plan_id, plan.terms) == (plan_id, policies[plan.terms.stay_policy_id])
    strict = next(terms for terms in policies.values() if terms.code == "non_refundable")
    assert (strict.free_until_days, strict.late_cancellation, strict.no_show) == (None, Penalty.FULL, Penalty.FULL)


async def test_another_hotels_transaction_does_not_see_its_policies(database: Database) -> None:
    async with database.hotel(5) as tx:
        assert await room_types(tx, 3) == []
        assert await stay_policies(tx, 3) == {}
        with pytest.raises(Refused, match="not_found"):
            await hotel_terms(tx, 3)
