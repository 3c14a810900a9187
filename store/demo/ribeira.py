"""Lisbon: a deposit by card, confirmed at once; VAT in the price, the city's tax a person and night on top."""

from datetime import date, time
from decimal import Decimal

from domain.folio import TaxCode
from domain.rates import ChildBand
from domain.terms import Confirmation, FolioTerms, HotelTerms, Payment, StayTerms
from store.demo.house import (
    FLEXIBLE,
    NON_REFUNDABLE,
    House,
    HousePlan,
    HouseRoomType,
    Occasion,
    Photo,
    Season,
    non_refundable,
    numbered,
    percent_tax,
    person_night_tax,
)

CHILDREN = (ChildBand(2, 11, 15_00), ChildBand(12, 17, 25_00))
CHILDREN_WITH_BREAKFAST = (ChildBand(2, 11, 22_00), ChildBand(12, 17, 37_00))

ROOM_TYPES = (
    HouseRoomType(
        1,
        "CITY",
        "City double",
        "A quiet double over the tiled stairwell, 18 m², with a queen-size bed and a walk-in shower.",
        numbered(1, 1, 6) + numbered(2, 1, 6),
        118_00,
        Photo(3, "A double room with blue and white wall tiles and one window"),
        single_discount_minor=12_00,
        max_guests=2,
    ),
    HouseRoomType(
        2,
        "RIVER",
        "River double",
        "A double with a balcony towards the river, 22 m², king-size bed or two singles.",
        numbered(2, 7, 9) + numbered(3, 1, 7),
        149_00,
        Photo(4, "A double room with an open balcony door and the river behind it"),
        single_discount_minor=12_00,
        max_guests=3,
        max_adults=3,
        extra_adult_minor=38_00,
    ),
    HouseRoomType(
        3,
        "FAMILY",
        "Family apartment",
        "Two rooms and a kitchenette, 41 m², for up to four, with a cot on request.",
        numbered(4, 1, 6),
        205_00,
        Photo(5, "A living room with a sofa bed, a kitchenette and a door to the bedroom"),
        base_guests=3,
        max_guests=4,
        max_adults=4,
        max_children=3,
        extra_adult_minor=38_00,
    ),
    HouseRoomType(
        4,
        "TERRACE",
        "Terrace suite",
        "The rooms under the roof, 38 m², with a terrace, a bathtub and the whole river in view.",
        numbered(5, 1, 4),
        268_00,
        Photo(6, "A roof terrace with two chairs, an olive tree and the evening sun over the river"),
        max_guests=3,
        max_adults=3,
        extra_adult_minor=45_00,
    ),
)

PLANS = (
    HousePlan(1, "FLEX", "Flexible", "room_only", FLEXIBLE, CHILDREN),
    HousePlan(
        2, "NREF", "Non-refundable", "room_only", NON_REFUNDABLE, CHILDREN, parent_id=1, percent=Decimal(-10)
    ),
    HousePlan(
        3, "BB", "Flexible with breakfast", "breakfast", FLEXIBLE, CHILDREN_WITH_BREAKFAST, parent_id=1,
        amount_minor=26_00,
    ),
)  # fmt: skip

TAXES = (
    percent_tax(1, "VAT", "VAT (IVA) 6 %", "6", included=True, valid_from=date(2024, 1, 1)),
    person_night_tax(
        2, "CITY", "Lisbon city tax", 4_00, valid_from=date(2024, 9, 1), min_age=13, max_nights=7
    ),
)  # fmt: skip

HOUSE = House(
    slug="ribeira",
    code="RIB",
    name="Ribeira Tide House",
    city="Lisbon",
    country="PT",
    address="Rua do Cais Antigo 18, 1100-000 Lisboa, Portugal",
    phone="+351 210 000 018",
    description=(
        "A tiled merchant's house a few steps from the river, five floors around a bright stairwell. "
        "Breakfast is served on the ground floor until eleven; trams and ferries leave around the corner."
    ),
    terms=HotelTerms(
        1,
        "Europe/Lisbon",
        "EUR",
        Payment.DEPOSIT,
        Confirmation.AUTO,
        check_in_time=time(15),
        check_out_time=time(12),
        feedback_after_seconds=86_400,
        folio=FolioTerms(fee_tax="VAT23", deposit_document="invoice"),
    ),
    stay_policies=(StayTerms(FLEXIBLE, "flexible", free_until_days=2, free_until_time=time(18)), non_refundable()),
    room_types=ROOM_TYPES,
    plans=PLANS,
    taxes=TAXES,
    tax_codes=(TaxCode("VAT13", "VAT (IVA) 13 %", Decimal(13)), TaxCode("VAT23", "VAT (IVA) 23 %", Decimal(23))),
    seasons=(Season((5, 1), (9, 30), 28), Season((11, 5), (2, 28), -14)),
    occasions=(
        Occasion((6, 12), (6, 13), 35, min_stay_arrival=2),
        Occasion((12, 24), (12, 24), 15, min_stay_arrival=2),
        Occasion((12, 25), (12, 25), 15, closed_to_arrival=True),
        Occasion((12, 30), (12, 31), 60, min_stay_arrival=3, min_stay_through=2),
        Occasion((1, 1), (1, 1), 20, closed_to_arrival=True),
    ),
    weekend=frozenset({4, 5}),
    weekend_percent=12,
    price_step_minor=1_00,
    photos=(
        Photo(1, "A narrow house front with blue tiles, iron balconies and a yellow tram in front"),
        Photo(2, "The river at dusk with a ferry and the roofs of the old town"),
    ),
)
