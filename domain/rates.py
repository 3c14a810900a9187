"""The facts that prices are made of, in the shapes the store hands them over.

Amounts are minor units of the hotel's currency. Dates are hotel dates. Nothing here decides anything: the
rules are in pricing, restrictions, taxes and quoting.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

TaxKind = Literal["percent", "slab", "room_night", "person_night"]
Collector = Literal["hotel", "channel"]


@dataclass(frozen=True, slots=True)
class ChildBand:
    """What a child of `from_age` to `to_age` (both included, on arrival day) pays per night on a rate plan."""

    from_age: int
    to_age: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RoomTypeFacts:
    """A room type and whom it takes.

    base_guests: how many the night's price covers; infants_to_age: children up to this age (included) are
    infants, −1 where the house knows none.
    """

    id: int
    code: str
    name: str
    base_guests: int
    max_guests: int
    max_adults: int
    max_children: int
    infants_to_age: int


@dataclass(frozen=True, slots=True)
class NightRate:
    """One row of the rate grid: price and restrictions of one plan, room type and date.

    The restrictions that speak of arrival, departure or booking days belong to the stay that arrives or
    departs on `night`; `None` and `False` mean that there is no such restriction.
    """

    night: date
    price_minor: int
    extra_adult_minor: int
    single_discount_minor: int = 0
    stop_sell: bool = False
    closed_to_arrival: bool = False
    closed_to_departure: bool = False
    min_stay_arrival: int | None = None
    min_stay_through: int | None = None
    max_stay_arrival: int | None = None
    min_advance_days: int | None = None
    max_advance_days: int | None = None


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a rate plan follows its parent: first `percent` (−10 is ten per cent less), then `amount_minor` on top.

    own_restrictions: the plan's own rows restrict it; otherwise the parent's do.
    """

    parent_plan_id: int
    amount_minor: int
    percent: Decimal
    own_restrictions: bool


@dataclass(frozen=True, slots=True)
class RatePlanFacts:
    """A rate plan: its meals, the room types it sells, and what children pay on it.

    A plan that only serves as a parent sells no room types.
    """

    id: int
    code: str
    name: str
    meal_plan: str
    room_type_ids: tuple[int, ...]
    child_bands: tuple[ChildBand, ...]
    derivation: Derivation | None


@dataclass(frozen=True, slots=True)
class NightStock:
    """How many rooms of a type are free on one night (may be negative after an accidental oversell)."""

    night: date
    free: int


@dataclass(frozen=True, slots=True)
class TaxSlab:
    """One step of a slab tax: nights up to and including `up_to_minor` net pay `percent`; None is the open end."""

    up_to_minor: int | None
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TaxRule:
    """One version of a tax or fee.

    kind: `percent` of the night's net; `slab` by the night's net; fixed `room_night`; fixed `person_night`
    for guests of `min_age` and older. included: the night's price already holds it. valid_from, valid_to:
    first and last night it applies to, both included. max_nights: at most so many nights of a stay.
    """

    id: int
    code: str
    name: str
    kind: TaxKind
    included: bool
    valid_from: date
    valid_to: date | None
    percent: Decimal | None
    slabs: tuple[TaxSlab, ...]
    amount_minor: int
    min_age: int
    max_nights: int | None
    collected_by: Collector = "hotel"
