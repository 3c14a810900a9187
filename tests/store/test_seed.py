"""The five demo hotels are there, whole, once, and with 540 nights ahead."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pwdlib import PasswordHash
from sqlalchemy import text

from domain.clocks import local
from domain.quoting import quotes
from domain.rates import TaxRule
from domain.stay import Party, StayDates
from domain.taxes import tax_lines
from domain.terms import Confirmation, Payment
from store.demo import HOUSES
from store.hotels import Hotel, hotel_by_slug, hotel_terms, list_hotels, room_types
from store.seed import NIGHTS, PASSWORD, NotTheDemo, SeedReport, seed
from store.session import Database, app_url
from store.shelf import load_shelf
from store.staff import find_staff_by_email, roles_of
from tests.houses import opened, superuser_url

WEB = Path(__file__).resolve().parents[2] / "web"
SLUGS = [house.slug for house in HOUSES]
TABLES = (
    "hotels", "policy_versions", "stay_policies", "room_types", "rooms", "rate_plans", "rate_plan_room_types",
    "nightly_rates", "tax_rules", "room_type_nights", "sources", "staff", "staff_roles",
)  # fmt: skip


async def answer(url: str, statement: str, **values: Any) -> Any:
    """The first column of the only row."""
    async with opened(url) as database, database.public() as tx:
        return (await tx.execute(text(statement), values)).scalar_one()


async def contents(url: str) -> dict[str, str]:
    """A fingerprint of each table's rows, read by somebody who sees all of them."""
    whole = "SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    async with opened(superuser_url(url)) as database, database.public() as tx:
        return {table: (await tx.execute(text(whole.format(table)))).scalar_one() for table in TABLES}


async def the_hotel(database: Database, slug: str) -> Hotel:
    async with database.public() as tx:
        hotel = await hotel_by_slug(tx, slug)
    assert hotel is not None
    return hotel


async def test_the_five_hotels_of_the_contract_are_there(fresh_database: Database) -> None:
    database = fresh_database
    async with database.public() as tx:
        hotels = await list_hotels(tx)
    found = {}
    for hotel in hotels:
        async with database.hotel(hotel.id) as tx:
            terms = await hotel_terms(tx, hotel.id)
        assert (terms.zone, terms.currency, terms.version) == (hotel.zone, hotel.currency, hotel.policy_version)
        policy = (terms.payment, terms.confirmation, terms.guest_portal)
        found[hotel.slug] = (hotel.code, hotel.city, hotel.zone, hotel.currency, *policy)
    auto, manual = Confirmation.AUTO, Confirmation.MANUAL
    assert found == {
        "ribeira": ("RIB", "Lisbon", "Europe/Lisbon", "EUR", Payment.DEPOSIT, auto, True),
        "hudson": ("HUD", "New York", "America/New_York", "USD", Payment.PREPAID, auto, True),
        "malabar": ("MLB", "Kochi", "Asia/Kolkata", "INR", Payment.AT_HOTEL, manual, True),
        "kamo": ("KAM", "Kyoto", "Asia/Tokyo", "JPY", Payment.AUTHORISE, manual, True),
        "lagoon": ("LGN", "Apia", "Pacific/Apia", "WST", Payment.NONE, manual, False),
    }


async def test_every_demo_hotel_sells(database: Database) -> None:
    for house in HOUSES:
        assert (await the_hotel(database, house.slug)).not_on_sale_reason is None


async def test_a_demo_password_is_kept_as_dearly_as_any_other(fresh_url: str) -> None:
    """The other tests log in with copies that were made cheap."""
    await seed(fresh_url, houses=[replace(HOUSES[0], slug="another", code="ANO")], nights=1)
    async with opened(fresh_url) as database, database.public() as tx:
        person = await find_staff_by_email(tx, "admin@another.example")
    assert person is not None
    dear = PasswordHash.recommended().hash(PASSWORD)
    assert person.password_hash.split("$")[:4] == dear.split("$")[:4]


@pytest.mark.parametrize("slug", SLUGS)
async def test_each_hotel_has_540_nights_of_rooms_and_rates_ahead(
    fresh_url: str, fresh_database: Database, slug: str
) -> None:
    database = fresh_database
    hotel = await the_hotel(database, slug)
    today = local(datetime.now(UTC), hotel.zone).date()
    # The hotel's midnight may have come since the copied database was seeded.
    await seed(fresh_url, today, [house for house in HOUSES if house.slug == slug])
    ahead = {"hotel_id": hotel.id, "first": today, "after": today + timedelta(days=NIGHTS)}
    counted = "count(*) FILTER (WHERE night >= :first AND night < :after)"
    async with database.hotel(hotel.id) as tx:
        rooms = await tx.execute(
            text(
                f"SELECT room_type_id, {counted} FROM room_types LEFT JOIN room_type_nights USING (hotel_id, "
                "room_type_id) WHERE hotel_id = :hotel_id GROUP BY room_type_id"
            ),
            ahead,
        )
        nights_of_type = {row[0]: row[1] for row in rooms}
        rates = await tx.execute(
            text(
                f"SELECT rate_plan_id, room_type_id, parent_plan_id IS NOT NULL, {counted} FROM rate_plan_room_types "
                "JOIN rate_plans USING (hotel_id, rate_plan_id) LEFT JOIN nightly_rates USING (hotel_id, "
                "rate_plan_id, room_type_id) WHERE hotel_id = :hotel_id GROUP BY 1, 2, 3"
            ),
            ahead,
        )
        nights_of_plan = {(plan, kind, derived): nights for plan, kind, derived, nights in rates}
    assert len(nights_of_type) in {3, 4}
    assert set(nights_of_type.values()) == {NIGHTS}
    assert {nights for (_, _, derived), nights in nights_of_plan.items() if not derived} == {NIGHTS}
    assert {nights for (_, _, derived), nights in nights_of_plan.items() if derived} == {0}
    assert {derived for _, _, derived in nights_of_plan} == {True, False}


@pytest.mark.parametrize("slug", SLUGS)
async def test_every_night_counts_exactly_the_rooms_that_exist(fresh_url: str, slug: str) -> None:
    async with opened(app_url(fresh_url)) as database:
        hotel = await the_hotel(database, slug)
        async with database.hotel(hotel.id) as tx:
            counts = await tx.execute(text("SELECT room_type_id, count(*) FROM rooms GROUP BY room_type_id"))
            rooms = {row[0]: row[1] for row in counts}
            nights = (
                await tx.execute(
                    text(
                        "SELECT DISTINCT room_type_id, physical, out_of_order + blocked + held + sold + oversold "
                        "+ abs(overbooking_limit) FROM room_type_nights"
                    )
                )
            ).all()
    assert 18 <= sum(rooms.values()) <= 40
    assert sorted(tuple(row) for row in nights) == sorted((kind, count, 0) for kind, count in rooms.items())


async def test_malabar_has_a_last_room_to_fight_for(database: Database) -> None:
    hotel = await the_hotel(database, "malabar")
    async with database.hotel(hotel.id) as tx:
        fewest = await tx.execute(text("SELECT count(*) FROM rooms GROUP BY room_type_id ORDER BY 1 LIMIT 1"))
        assert fewest.scalar_one() == 1


async def test_seeding_again_changes_nothing(fresh_url: str) -> None:
    today = date(2031, 5, 1)
    await seed(fresh_url, today)
    before = await contents(fresh_url)
    assert await seed(fresh_url, today) == SeedReport()
    assert await contents(fresh_url) == before


async def test_a_day_later_one_more_night_is_open_and_nothing_else_has_changed(fresh_url: str) -> None:
    today = date(2031, 5, 1)
    await seed(fresh_url, today)
    before = await contents(fresh_url)
    kinds = sum(len(house.room_types) for house in HOUSES)
    assert await seed(fresh_url, today + timedelta(days=1)) == SeedReport(room_nights=kinds, rates=kinds)
    after = await contents(fresh_url)
    assert {table for table in TABLES if after[table] != before[table]} == {"nightly_rates", "room_type_nights"}


async def test_what_a_hotel_has_edited_stays_as_it_is(fresh_url: str) -> None:
    edits = (
        "UPDATE nightly_rates SET price_minor = 1 WHERE hotel_id = 3 AND night = '2031-06-01'",
        "DELETE FROM nightly_rates WHERE hotel_id = 3 AND night = '2031-06-02'",
        "UPDATE room_types SET name = 'Renamed', active = false WHERE hotel_id = 3 AND room_type_id = 1",
        "DELETE FROM staff_roles WHERE hotel_id = 3",
        "UPDATE staff SET password_hash = 'changed' WHERE email = 'admin@malabar.example'",
        "UPDATE hotels SET name = 'Renamed', not_on_sale_reason = 'Closed for works.' WHERE hotel_id = 3",
    )
    await seed(fresh_url, date(2031, 5, 1))
    async with opened(superuser_url(fresh_url)) as database, database.public() as tx:
        for edit in edits:
            assert (await tx.execute(text(edit))).rowcount > 0
    before = await contents(fresh_url)
    assert await seed(fresh_url, date(2031, 5, 1)) == SeedReport()
    assert await contents(fresh_url) == before


async def test_a_room_that_was_added_since_counts_into_new_nights(fresh_url: str) -> None:
    await seed(fresh_url, date(2031, 5, 1))
    async with opened(fresh_url) as database, database.hotel(3) as tx:
        await tx.execute(text("INSERT INTO rooms (hotel_id, room_id, room_type_id, number) VALUES (3, 99, 4, '302')"))
    await seed(fresh_url, date(2031, 5, 2))
    async with opened(fresh_url) as database, database.hotel(3) as tx:
        nights = await tx.execute(
            text("SELECT physical FROM room_type_nights WHERE room_type_id = 4 ORDER BY night DESC LIMIT 2")
        )
        assert nights.scalars().all() == [2, 1]


async def test_an_empty_database_gets_everything_and_its_owner_is_no_superuser(fresh_url: str) -> None:
    assert await answer(fresh_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    async with opened(superuser_url(fresh_url)) as database, database.public() as tx:
        await tx.execute(text(f"TRUNCATE {', '.join(TABLES)} CASCADE"))
    report = await seed(fresh_url, date(2031, 5, 1))
    kinds = sum(len(house.room_types) for house in HOUSES)
    rows = kinds * (NIGHTS + 1)
    assert report == SeedReport(hotels=5, staff=15, room_nights=rows, rates=rows)


async def test_seeding_is_refused_outside_demo_mode(fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await contents(fresh_url)
    monkeypatch.setenv("HOLDFAST_DEMO", "false")
    with pytest.raises(NotTheDemo, match="HOLDFAST_DEMO"):
        await seed(fresh_url, date(2031, 5, 1))
    assert await contents(fresh_url) == before


async def test_every_demo_login_opens_its_own_hotel_only(database: Database) -> None:
    hashes = set()
    for house in HOUSES:
        for role in ("frontdesk", "manager", "admin"):
            async with database.public() as tx:
                person = await find_staff_by_email(tx, f"{role}@{house.slug}.example")
            assert person is not None
            async with database.public(person.id) as tx:
                roles = await roles_of(tx, person.id)
            assert [(found.hotel_slug, found.role) for found in roles] == [(house.slug, role)]
            assert person.active
            assert house.name in person.name
            hashes.add(person.password_hash)
    hasher = PasswordHash.recommended()
    assert all(stored.startswith("$argon2id$") and hasher.verify(PASSWORD, stored) for stored in hashes)
    assert not any(hasher.verify("another password", stored) for stored in hashes)


@pytest.mark.parametrize("slug", SLUGS)
async def test_every_picture_exists_and_has_words(database: Database, slug: str) -> None:
    hotel = await the_hotel(database, slug)
    async with database.hotel(hotel.id) as tx:
        types = await room_types(tx, hotel.id)
    photos = [*hotel.photos, *(photo for room_type in types for photo in room_type.photos)]
    assert len(hotel.photos) >= 2
    assert len({photo.url for photo in photos}) == len(photos) == len(hotel.photos) + len(types)
    for photo in photos:
        drawing = (WEB / photo.url.removeprefix("/")).read_text(encoding="utf-8")
        title = ElementTree.fromstring(drawing).find("{http://www.w3.org/2000/svg}title")  # noqa: S314 - our own file.
        assert title is not None
        assert title.text == photo.alt


@pytest.mark.parametrize("slug", SLUGS)
async def test_a_week_from_any_month_finds_an_offer(database: Database, slug: str) -> None:
    hotel = await the_hotel(database, slug)
    today = local(datetime.now(UTC), hotel.zone).date()
    for months in range(17):
        arrival = today + timedelta(days=2 + 31 * months)
        dates = StayDates(arrival, arrival + timedelta(days=3))
        async with database.hotel(hotel.id) as tx:
            shelf = await load_shelf(tx, hotel.id, dates.arrival, dates.departure)
        offers, closed = quotes(shelf, dates, Party(2), 1, today)
        # Who stays over the turn of the year comes or leaves on a day that is closed for it.
        reasons = {reason.code for found in closed for reason in found.reasons}
        assert offers or reasons - {"closed_to_arrival", "closed_to_departure"} == set() != reasons
        for offer in offers:
            added = sum(line.amount_minor for line in offer.taxes if not line.included)
            assert offer.total_minor == sum(night.price_minor for night in offer.nights) + added


def rules(slug: str) -> list[TaxRule]:
    return list(next(house.taxes for house in HOUSES if house.slug == slug))


def owed(slug: str, first: date, prices: list[int], party: Party) -> dict[str, int]:
    """What each tax takes of a stay with those nightly prices, by its code."""
    house = next(house for house in HOUSES if house.slug == slug)
    nights = [(first + timedelta(days=step), price) for step, price in enumerate(prices)]
    sums: dict[str, int] = {}
    for line in tax_lines(nights, party, rules(slug), house.terms.currency):
        sums[line.code] = sums.get(line.code, 0) + line.amount_minor
    return sums


@pytest.mark.parametrize(
    ("slug", "first", "prices", "party", "expected"),
    [
        ("ribeira", date(2027, 3, 1), [106_00] * 9, Party(2, (12,)), {"VAT": 54_00, "CITY": 56_00}),
        ("hudson", date(2027, 3, 1), [200_00] * 2, Party(2), {"ROOM": 59_00, "UNIT": 7_00}),
        ("malabar", date(2027, 3, 1), [7_500_00], Party(2), {"GST": 375_00}),
        ("malabar", date(2027, 3, 1), [7_500_01], Party(2), {"GST": 1_350_00}),
        ("malabar", date(2025, 9, 21), [5_000_00] * 2, Party(2), {"GST": 600_00 + 250_00}),
        ("kamo", date(2027, 3, 1), [22_000], Party(2, (4,)), {"CONSUMPTION": 2_000, "CITY": 1_200}),
        ("kamo", date(2026, 2, 28), [22_000] * 2, Party(2), {"CONSUMPTION": 4_000, "CITY": 400 + 800}),
        ("lagoon", date(2027, 3, 1), [230_00], Party(2), {"VAGST": 30_00}),
    ],
)
def test_each_city_takes_its_own_taxes(
    slug: str, first: date, prices: list[int], party: Party, expected: dict[str, int]
) -> None:
    assert owed(slug, first, prices, party) == expected


def test_taxes_that_are_in_the_price_and_taxes_on_top_are_told_apart() -> None:
    included = {(house.slug, rule.code) for house in HOUSES for rule in house.taxes if rule.included}
    assert included == {("ribeira", "VAT"), ("kamo", "CONSUMPTION"), ("lagoon", "VAGST")}


def test_two_adults_in_kyoto_always_sleep_in_the_tax_step_that_is_charged() -> None:
    kamo = next(house for house in HOUSES if house.slug == "kamo")
    derived = {plan.percent for plan in kamo.plans}
    for room_type in kamo.room_types:
        for rate in kamo.rates(room_type, date(2027, 1, 1), date(2029, 12, 31)):
            for percent in derived:
                each = rate.price_minor * (100 + percent) / Decimal(100) / Decimal("1.1") / 2
                assert 6_000 <= each < 20_000, (room_type.code, rate.night)


@pytest.mark.parametrize("slug", SLUGS)
def test_prices_move_with_season_weekend_and_holiday(slug: str) -> None:
    house = next(house for house in HOUSES if house.slug == slug)
    year = list(house.rates(house.room_types[0], date(2027, 1, 1), date(2027, 12, 31)))
    prices = {rate.price_minor for rate in year}
    assert len(prices) >= 4
    assert all(price % house.price_step_minor == 0 and price > 0 for price in prices)
    assert any(rate.min_stay_arrival for rate in year)
    assert any(rate.closed_to_arrival for rate in year)
    closed_or_bound = [rate for rate in year if rate.closed_to_arrival or rate.min_stay_arrival]
    assert len(closed_or_bound) <= 20
