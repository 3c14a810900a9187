"""Apia: no payment through the site, the hotel says yes to each request, no guest portal; VAGST in the price."""

from datetime import date, time
from decimal import Decimal

from domain.folio import TaxCode
from domain.rates import ChildBand
from domain.terms import ApprovalTerms, Confirmation, FolioTerms, HotelTerms, Opening, Payment, StayTerms
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
    percent_tax,
)

CHILDREN = (ChildBand(2, 11, 25_00), ChildBand(12, 17, 45_00))

# On Sundays nobody is in the office.
OFFICE_HOURS = tuple(Opening(weekday, time(8), time(17)) for weekday in range(6))

ROOM_TYPES = (
    HouseRoomType(
        1,
        "GARDEN",
        "Garden fale",
        "A round house among hibiscus and breadfruit, 24 m², with a fan, a queen bed and an outdoor shower.",
        tuple(f"G{number}" for number in range(1, 9)),
        230_00,
        Photo(3, "A round thatched house among hibiscus and breadfruit trees"),
        max_guests=3,
        max_adults=2,
        extra_adult_minor=60_00,
        single_discount_minor=30_00,
    ),
    HouseRoomType(
        2,
        "BEACH",
        "Beach fale",
        "Right on the sand with steps to the lagoon, 28 m², king bed, air conditioning and a hammock.",
        tuple(f"B{number}" for number in range(1, 7)),
        340_00,
        Photo(4, "A thatched house on stilts at the edge of a turquoise lagoon"),
        max_guests=3,
        max_adults=3,
        extra_adult_minor=75_00,
    ),
    HouseRoomType(
        3,
        "FAMILY",
        "Family fale",
        "Two bedrooms and a wide porch, 46 m², for up to six.",
        tuple(f"F{number}" for number in range(1, 5)),
        420_00,
        Photo(5, "A wide thatched house with a porch, two hammocks and a canoe"),
        base_guests=4,
        max_guests=6,
        max_adults=5,
        max_children=4,
        extra_adult_minor=60_00,
    ),
)

PLANS = (
    HousePlan(1, "FLEX", "Flexible with breakfast", "breakfast", FLEXIBLE, CHILDREN),
    HousePlan(
        2, "NREF", "Non-refundable with breakfast", "breakfast", NON_REFUNDABLE, CHILDREN, parent_id=1,
        percent=Decimal(-10),
    ),
    HousePlan(
        3, "HB", "Flexible with breakfast and dinner", "half_board", FLEXIBLE, CHILDREN, parent_id=1,
        amount_minor=140_00,
    ),
)  # fmt: skip

TAXES = (percent_tax(1, "VAGST", "VAGST 15 %", "15", included=True, valid_from=date(2016, 1, 1)),)

HOUSE = House(
    slug="lagoon",
    code="LGN",
    name="Lagoon Breadfruit Lodge",
    city="Apia",
    country="WS",
    address="5 Vai Breadfruit Road, Apia, Samoa",
    phone="+685 00 005",
    description=(
        "Eighteen thatched houses in a breadfruit grove on a quiet lagoon east of Apia. The lodge is small and "
        "answers each request by mail; canoes and snorkels are free to use."
    ),
    terms=HotelTerms(
        1, "Pacific/Apia", "WST", Payment.NONE, Confirmation.MANUAL, guest_portal=False, check_in_time=time(14),
        check_out_time=time(10), approval=ApprovalTerms(window_minutes=16 * 60, count="working", hours=OFFICE_HOURS),
        close_after_seconds=10, feedback_after_seconds=5,
        folio=FolioTerms(fee_tax="VAGST15"),
    ),
    stay_policies=(StayTerms(FLEXIBLE, "flexible", free_until_days=7, free_until_time=time(12)), non_refundable()),
    room_types=ROOM_TYPES,
    plans=PLANS,
    taxes=TAXES,
    tax_codes=(TaxCode("VAGST15", "VAGST 15 %", Decimal(15)),),
    seasons=(Season((6, 1), (9, 15), 18), Season((1, 10), (3, 31), -12)),
    occasions=(
        Occasion((6, 1), (6, 2), 10, min_stay_arrival=2),
        Occasion((12, 24), (12, 26), 25, min_stay_arrival=3),
        Occasion((12, 31), (12, 31), 35, min_stay_arrival=3),
        Occasion((1, 1), (1, 1), 25, closed_to_arrival=True),
    ),
    weekend=frozenset({4, 5}),
    weekend_percent=0,
    price_step_minor=5_00,
    photos=(
        Photo(1, "Thatched round houses under palms at the edge of a lagoon"),
        Photo(2, "A canoe on turquoise water with the reef and green hills"),
    ),
)  # fmt: skip
