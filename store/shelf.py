"""What a hotel has on sale around some dates, as the rules of quoting want it.

Every statement is constant text, so that it stays prepared. Nothing is cached: free rooms are always those that the
database has at this moment.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.quoting import Shelf
from domain.rates import ChildBand, Derivation, NightRate, RatePlanFacts, RoomTypeFacts, TaxRule, TaxSlab
from domain.refusals import absent
from store.hot import Hot

# One row of JSON arrays: a statement costs more by being sent than by what it reads here. Plans off sale are read too,
# because a plan on sale may follow their prices; they sell no room types then. The nights start from the few pairs on
# sale, so that each is a short range of the primary key and never the hotel's whole calendar.
_SHELF = Hot(
    """
    SELECT h.currency,
        (SELECT json_agg(json_build_array(t.room_type_id, t.code, t.name, t.base_guests, t.max_guests, t.max_adults,
                t.max_children, t.infants_to_age) ORDER BY t.position, t.room_type_id)
            FROM room_types t WHERE t.hotel_id = h.hotel_id AND t.active) AS room_types,
        (SELECT json_agg(json_build_array(p.rate_plan_id, p.code, p.name, p.meal_plan, p.child_bands,
                CASE WHEN p.active THEN (SELECT json_agg(s.room_type_id ORDER BY s.room_type_id)
                    FROM rate_plan_room_types s
                    WHERE s.hotel_id = p.hotel_id AND s.rate_plan_id = p.rate_plan_id) END,
                p.parent_plan_id, p.derived_amount_minor, CAST(p.derived_percent AS text), p.own_restrictions)
                ORDER BY p.position, p.rate_plan_id)
            FROM rate_plans p WHERE p.hotel_id = h.hotel_id) AS plans,
        (SELECT json_agg(json_build_array(x.tax_rule_id, x.code, x.name, x.kind, x.included, x.valid_from, x.valid_to,
                CAST(x.percent AS text), x.slabs, x.amount_minor, x.min_age, x.max_nights, x.collected_by)
                ORDER BY x.tax_rule_id)
            FROM tax_rules x
            WHERE x.hotel_id = h.hotel_id AND x.valid_from < :departure
                AND (x.valid_to IS NULL OR x.valid_to >= :arrival)) AS taxes,
        (SELECT json_agg(json_build_array(r.rate_plan_id, r.room_type_id, r.night, r.price_minor, r.extra_adult_minor,
                r.single_discount_minor, r.stop_sell, r.closed_to_arrival, r.closed_to_departure, r.min_stay_arrival,
                r.min_stay_through, r.max_stay_arrival, r.min_advance_days, r.max_advance_days))
            FROM rate_plan_room_types s
            JOIN nightly_rates r
                ON r.hotel_id = s.hotel_id AND r.rate_plan_id = s.rate_plan_id AND r.room_type_id = s.room_type_id
            WHERE s.hotel_id = h.hotel_id AND r.night >= :arrival AND r.night <= :departure) AS rates,
        (SELECT json_agg(json_build_array(n.room_type_id, n.night,
                n.physical - n.out_of_order - n.blocked - n.held - n.sold + n.overbooking_limit))
            FROM room_types t
            JOIN room_type_nights n ON n.hotel_id = t.hotel_id AND n.room_type_id = t.room_type_id
            WHERE t.hotel_id = h.hotel_id AND n.night >= :arrival AND n.night < :departure) AS stock
    FROM hotels h
    WHERE h.hotel_id = :hotel_id
    """
)

_STOCK = text(
    """
    SELECT room_type_id, night, physical - out_of_order - blocked - held - sold + overbooking_limit
    FROM room_type_nights
    WHERE hotel_id = :hotel_id AND room_type_id = ANY(:room_type_ids) AND night = ANY(:nights)
    """
)


async def load_shelf(tx: AsyncConnection, hotel_id: int, arrival: date, departure: date) -> Shelf:
    """Everything on sale for the nights [arrival, departure), with the rate rows of the departure date.

    tx: a transaction of that hotel. Refuses `not_found` for a hotel that does not exist.
    """
    statement, values = shelf_asked(hotel_id, arrival, departure)
    return shelf_of(await statement.rows(tx, values))


def shelf_asked(hotel_id: int, arrival: date, departure: date) -> tuple[Hot, dict[str, Any]]:
    """The read of `load_shelf`, to be made together with others; `shelf_of` reads its rows."""
    return _SHELF, {"hotel_id": hotel_id, "arrival": arrival, "departure": departure}


def shelf_of(rows: Sequence[Any]) -> Shelf:
    """What the rows of the shelf's statement say. Refuses `not_found` where there are none."""
    if not rows:
        raise absent()
    currency, room_types, plans, taxes, grid, free = rows[0]
    rates: dict[tuple[int, int], dict[date, NightRate]] = {}
    for plan_id, room_type_id, day, *values in grid or ():
        night = date.fromisoformat(day)
        rates.setdefault((plan_id, room_type_id), {})[night] = NightRate(night, *values)
    stock: dict[int, dict[date, int]] = {}
    for room_type_id, day, rooms in free or ():
        stock.setdefault(room_type_id, {})[date.fromisoformat(day)] = rooms
    return Shelf(
        [RoomTypeFacts(*row) for row in room_types or ()],
        [_plan(row) for row in plans or ()],
        rates,
        stock,
        [_tax(row) for row in taxes or ()],
        currency,
    )


def _plan(row: list[Any]) -> RatePlanFacts:
    plan_id, code, name, meal_plan, bands, sells, parent_id, amount_minor, percent, own_restrictions = row
    derivation = None
    if parent_id is not None:
        derivation = Derivation(parent_id, amount_minor, Decimal(percent), own_restrictions)
    child_bands = tuple(ChildBand(**band) for band in bands)
    return RatePlanFacts(plan_id, code, name, meal_plan, tuple(sells or ()), child_bands, derivation)


def _tax(row: list[Any]) -> TaxRule:
    rule_id, code, name, kind, included, valid_from, valid_to, percent, slabs, *rest = row
    return TaxRule(
        rule_id,
        code,
        name,
        kind,
        included,
        date.fromisoformat(valid_from),
        date.fromisoformat(valid_to) if valid_to else None,
        Decimal(percent) if percent else None,
        tuple(TaxSlab(slab["up_to_minor"], Decimal(slab["percent"])) for slab in slabs),
        *rest,
    )


async def night_stock(
    tx: AsyncConnection, hotel_id: int, room_type_ids: Sequence[int], nights: Sequence[date]
) -> dict[int, dict[date, int]]:
    """How many rooms of each type are free on each night, negative after an oversell; no entry where no row is.

    It is a look on the primary and promises nothing: taking the nights decides.
    """
    asked = {"hotel_id": hotel_id, "room_type_ids": list(room_type_ids), "nights": list(nights)}
    stock: dict[int, dict[date, int]] = {room_type_id: {} for room_type_id in room_type_ids}
    for room_type_id, night, free in (await tx.execute(_STOCK, asked)).all():
        stock[room_type_id][night] = free
    return stock
