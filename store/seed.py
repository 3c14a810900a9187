"""Puts the demo hotels into a database, and keeps 540 nights of rates and rooms ahead of today.

Running it again changes nothing that exists, whatever has been edited since: it adds a hotel that is missing
as a whole, and nights beyond the last ones on file.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import UTC, date, datetime, timedelta

from pwdlib import PasswordHash
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from config.settings import Settings
from domain.clocks import local
from domain.rates import ChildBand, NightRate, TaxSlab
from domain.terms import HotelTerms, StayTerms
from store.demo import HOUSES
from store.demo.house import House, Photo
from store.session import Database, adapter

NIGHTS = 540
PASSWORD = "holdfast-demo"  # noqa: S105 - the published password of the demo, refused outside demo mode.
ROLES = {"frontdesk": "Front desk", "manager": "Manager", "admin": "Administrator"}

_JSON_COLUMNS = {"photos", "terms", "child_bands", "slabs"}
_TERMS = adapter(HotelTerms)
_STAY_TERMS = adapter(StayTerms)
_CHILD_BANDS = adapter(tuple[ChildBand, ...])
_SLABS = adapter(tuple[TaxSlab, ...])
_PHOTOS = adapter(list[dict[str, str]])


Rows = list[dict[str, object]]


class NotTheDemo(RuntimeError):
    """Demo hotels have a published password, so they never enter a database that is in earnest."""


@dataclass(frozen=True)
class SeedReport:
    """How many rows this run added, by kind; all 0 when everything was there."""

    hotels: int = 0
    staff: int = 0
    room_nights: int = 0
    rates: int = 0


async def seed(
    owner_url: str, today: date | None = None, houses: Sequence[House] = HOUSES, nights: int = NIGHTS
) -> SeedReport:
    """Adds what is missing of the five demo hotels, for 540 nights from `today` on (default: each hotel's own date).

    The night before is there too, because a hotel's business day outlasts midnight. houses, nights: other hotels
    instead, for as long as somebody needs them.
    owner_url: the address of the tables' owner, who need not be a superuser. Raises NotTheDemo outside demo mode.
    """
    if not Settings().demo:
        raise NotTheDemo("Demo hotels are seeded in demo mode only (HOLDFAST_DEMO).")
    now = datetime.now(UTC)
    database = Database(owner_url, pool_size=1)
    try:
        known = await _known_hotels(database)
        is_new = {house.slug: house.slug not in known for house in houses}
        password_hash = PasswordHash.recommended().hash(PASSWORD) if any(is_new.values()) else ""
        room_nights = rates = 0
        for house in houses:
            hotel_id = known.get(house.slug) or await _next_hotel_id(database)
            async with database.hotel(hotel_id) as tx:
                if is_new[house.slug]:
                    await _furnish(tx, hotel_id, house, now)
                    await _employ(tx, hotel_id, house, now, password_hash)
                first = (today or local(now, house.terms.zone).date()) - timedelta(days=1)
                last = first + timedelta(days=nights)
                room_nights += await _open_room_nights(tx, hotel_id, first, last)
                rates += await _open_rates(tx, hotel_id, house, first, last)
        if room_nights or rates:
            # A planner that knows nothing of the new nights reads a hotel's whole calendar for one week.
            async with database.public() as tx:
                await tx.execute(text("ANALYZE nightly_rates, room_type_nights"))
        return SeedReport(sum(is_new.values()), sum(is_new.values()) * len(ROLES), room_nights, rates)
    finally:
        await database.close()


async def _known_hotels(database: Database) -> dict[str, int]:
    async with database.public() as tx:
        rows = await tx.execute(text("SELECT slug, hotel_id FROM hotels"))
        return {row.slug: row.hotel_id for row in rows}


async def _next_hotel_id(database: Database) -> int:
    """The number has to be known before the transaction that writes the hotel, because row security asks for it."""
    async with database.public() as tx:
        return (await tx.execute(text("SELECT nextval(pg_get_serial_sequence('hotels', 'hotel_id'))"))).scalar_one()


async def _furnish(tx: AsyncConnection, hotel_id: int, house: House, now: datetime) -> None:
    """Writes a new hotel with its policies, rooms, rate plans and taxes."""
    hotel: dict[str, object] = {
        "slug": house.slug, "code": house.code, "name": house.name, "city": house.city, "country": house.country,
        "address": house.address, "phone": house.phone, "email": house.email, "description": house.description,
        "zone": house.terms.zone, "currency": house.terms.currency, "photos": _photos(house, *house.photos),
        "not_on_sale_reason": house.not_on_sale_reason, "policy_version": house.terms.version,
    }  # fmt: skip
    policy: dict[str, object] = {
        "version": house.terms.version, "terms": _TERMS.dump_json(house.terms).decode(), "created_at": now,
        "created_by": "seed",
    }  # fmt: skip
    stay_policies: Rows = [
        {
            "stay_policy_id": terms.stay_policy_id, "code": terms.code, "created_at": now,
            "terms": _STAY_TERMS.dump_json(terms).decode(),
        }
        for terms in house.stay_policies
    ]  # fmt: skip
    tables: list[tuple[str, Rows]] = [
        ("hotels", [hotel]),
        ("policy_versions", [policy]),
        ("stay_policies", stay_policies),
        *_rooms(house),
        *_plans(house),
        ("tax_rules", _taxes(house)),
        ("sources", _sources(house)),
        ("tax_codes", [{**asdict(code), "valid_from": date(2020, 1, 1)} for code in house.tax_codes]),
    ]
    for table, rows in tables:
        if not rows:
            continue
        await _insert(tx, table, [{"hotel_id": hotel_id, **row} for row in rows])


def _rooms(house: House) -> list[tuple[str, Rows]]:
    types: Rows = [
        {
            "room_type_id": found.id, "code": found.code, "name": found.name, "description": found.description,
            "base_guests": found.base_guests, "max_guests": found.max_guests, "max_adults": found.max_adults,
            "max_children": found.max_children, "infants_to_age": found.infants_to_age,
            "photos": _photos(house, found.photo), "position": place,
        }
        for place, found in enumerate(house.room_types, 1)
    ]  # fmt: skip
    numbers = [(found.id, number) for found in house.room_types for number in found.rooms]
    rooms: Rows = [
        {"room_id": room_id, "room_type_id": type_id, "number": number, "floor": number[0]}
        for room_id, (type_id, number) in enumerate(numbers, 1)
    ]
    return [("room_types", types), ("rooms", rooms)]


def _plans(house: House) -> list[tuple[str, Rows]]:
    plans: Rows = [
        {
            "rate_plan_id": plan.id, "code": plan.code, "name": plan.name, "meal_plan": plan.meal_plan,
            "child_bands": _CHILD_BANDS.dump_json(plan.child_bands).decode(), "parent_plan_id": plan.parent_id,
            "derived_amount_minor": plan.amount_minor, "derived_percent": plan.percent,
            "stay_policy_id": plan.stay_policy_id, "position": place,
        }
        for place, plan in enumerate(house.plans, 1)
    ]  # fmt: skip
    sold: Rows = [
        {"rate_plan_id": plan.id, "room_type_id": room_type.id}
        for plan in house.plans
        for room_type in house.room_types
    ]
    return [("rate_plans", plans), ("rate_plan_room_types", sold)]


def _taxes(house: House) -> Rows:
    return [
        {
            "tax_rule_id": rule.id, "code": rule.code, "name": rule.name, "kind": rule.kind,
            "included": rule.included, "valid_from": rule.valid_from, "valid_to": rule.valid_to,
            "percent": rule.percent, "slabs": _SLABS.dump_json(rule.slabs).decode(),
            "amount_minor": rule.amount_minor, "min_age": rule.min_age, "max_nights": rule.max_nights,
            "collected_by": rule.collected_by,
        }
        for rule in house.taxes
    ]  # fmt: skip


def _sources(house: House) -> Rows:
    rows: Rows = [{**asdict(source)} for source in house.sources]
    return rows


async def _employ(tx: AsyncConnection, hotel_id: int, house: House, now: datetime, password_hash: str) -> None:
    """One login a role. A person already known by that address keeps name and password."""
    for role, title in ROLES.items():
        person = {
            "email": f"{role}@{house.slug}.example", "name": f"{title}, {house.name}",
            "password_hash": password_hash, "created_at": now,
        }  # fmt: skip
        await tx.execute(
            text(
                "INSERT INTO staff (email, name, password_hash, created_at) "
                "VALUES (:email, :name, :password_hash, :created_at) ON CONFLICT (email) DO NOTHING"
            ),
            person,
        )
        await tx.execute(
            text(
                "INSERT INTO staff_roles (hotel_id, staff_id, role) "
                "SELECT :hotel_id, staff_id, :role FROM staff WHERE email = :email"
            ),
            {"hotel_id": hotel_id, "role": role, "email": person["email"]},
        )


async def _open_room_nights(tx: AsyncConnection, hotel_id: int, first: date, last: date) -> int:
    """Counts the rooms of each type into every night that has no row yet; answers how many nights that were."""
    added = await tx.execute(
        text(
            """
            INSERT INTO room_type_nights (hotel_id, room_type_id, night, physical)
            SELECT counted.hotel_id, counted.room_type_id, CAST(calendar.night AS date), counted.physical
            FROM (
                SELECT t.hotel_id, t.room_type_id, count(r.room_id) AS physical
                FROM room_types t
                LEFT JOIN rooms r ON r.hotel_id = t.hotel_id AND r.room_type_id = t.room_type_id AND r.active
                WHERE t.hotel_id = :hotel_id
                GROUP BY t.hotel_id, t.room_type_id
            ) counted
            CROSS JOIN generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') calendar (night)
            ORDER BY counted.room_type_id, calendar.night
            ON CONFLICT DO NOTHING
            """
        ),
        {"hotel_id": hotel_id, "first": first, "last": last},
    )
    return added.rowcount


async def _open_rates(tx: AsyncConnection, hotel_id: int, house: House, first: date, last: date) -> int:
    """Prices the nights after the last one on file, so that a night somebody took off sale stays off.

    Only plans and room types that the hotel still sells together are priced; derived plans have no rows.
    """
    on_file = await tx.execute(
        text(
            "SELECT p.rate_plan_id, p.room_type_id, "
            "(SELECT max(r.night) FROM nightly_rates r WHERE r.hotel_id = p.hotel_id "
            "AND r.rate_plan_id = p.rate_plan_id AND r.room_type_id = p.room_type_id) "
            "FROM rate_plan_room_types p JOIN rate_plans USING (hotel_id, rate_plan_id) "
            "WHERE p.hotel_id = :hotel_id AND parent_plan_id IS NULL"
        ),
        {"hotel_id": hotel_id},
    )
    own_plans = {plan.id for plan in house.plans if plan.parent_id is None}
    room_types = {room_type.id: room_type for room_type in house.room_types}
    added = 0
    for plan_id, type_id, latest in on_file.all():
        if plan_id in own_plans and type_id in room_types:
            start = max(first, latest + timedelta(days=1)) if latest else first
            rates = list(house.rates(room_types[type_id], start, last))
            added += await _insert_rates(tx, hotel_id, plan_id, type_id, rates)
    return added


_RATE_TYPES = {
    "night": "date", "price_minor": "bigint", "extra_adult_minor": "bigint", "single_discount_minor": "bigint",
    "stop_sell": "boolean", "closed_to_arrival": "boolean", "closed_to_departure": "boolean",
    "min_stay_arrival": "int", "min_stay_through": "int", "max_stay_arrival": "int", "min_advance_days": "int",
    "max_advance_days": "int",
}  # fmt: skip
_INSERT_RATES = text(
    f"INSERT INTO nightly_rates (hotel_id, rate_plan_id, room_type_id, {', '.join(_RATE_TYPES)}) "
    f"SELECT :hotel_id, :plan_id, :type_id, rate.* FROM unnest("
    f"{', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _RATE_TYPES.items())}) rate"
)


async def _insert_rates(tx: AsyncConnection, hotel_id: int, plan_id: int, type_id: int, rates: list[NightRate]) -> int:
    if not rates:
        return 0
    names = [field.name for field in fields(NightRate)]
    columns = dict(zip(names, (list(column) for column in zip(*map(astuple, rates), strict=True)), strict=True))
    await tx.execute(_INSERT_RATES, {"hotel_id": hotel_id, "plan_id": plan_id, "type_id": type_id, **columns})
    return len(rates)


async def _insert(tx: AsyncConnection, table: str, rows: Rows) -> None:
    """Inserts rows of the same columns; `hotels` takes the number that was drawn for it."""
    names = list(rows[0])
    overriding = "OVERRIDING SYSTEM VALUE" if table == "hotels" else ""
    values = ", ".join(f"CAST(:{name} AS jsonb)" if name in _JSON_COLUMNS else f":{name}" for name in names)
    await tx.execute(text(f"INSERT INTO {table} ({', '.join(names)}) {overriding} VALUES ({values})"), rows)


def _photos(house: House, *photos: Photo) -> str:
    return _PHOTOS.dump_json([house.photo_json(photo) for photo in photos]).decode()
