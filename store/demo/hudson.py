"""New York: paid in full by card, confirmed at once; percent and a fee a room and night, both on top."""

from datetime import date, time
from decimal import Decimal

from domain.rates import ChildBand, TaxRule
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms
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
)

CHILDREN = (ChildBand(2, 12, 0), ChildBand(13, 17, 30_00))
CHILDREN_WITH_BREAKFAST = (ChildBand(2, 12, 14_00), ChildBand(13, 17, 52_00))

ROOM_TYPES = (
    HouseRoomType(
        1,
        "QUEEN",
        "Queen room",
        "210 square feet with a queen bed, a desk by the window and a rain shower.",
        numbered(2, 1, 8) + numbered(3, 1, 8),
        219_00,
        Photo(3, "A compact room with a queen bed, a desk and brick walls outside the window"),
        max_children=1,
    ),
    HouseRoomType(
        2,
        "KING",
        "King room, river side",
        "260 square feet with a king bed and a window seat towards the Hudson.",
        numbered(4, 1, 6) + numbered(5, 1, 6),
        279_00,
        Photo(4, "A king bed and a window seat with piers and water beyond"),
        max_guests=3,
        max_adults=3,
        max_children=2,
        extra_adult_minor=40_00,
    ),
    HouseRoomType(
        3,
        "TWOQ",
        "Double queen room",
        "300 square feet with two queen beds, for friends and families of up to four.",
        numbered(6, 1, 8),
        319_00,
        Photo(5, "Two queen beds side by side under a row of framed prints"),
        base_guests=2,
        max_guests=4,
        max_adults=4,
        max_children=3,
        extra_adult_minor=35_00,
    ),
    HouseRoomType(
        4,
        "LOFT",
        "Loft suite",
        "480 square feet under the water tower: living room, bedroom, soaking tub, skyline.",
        numbered(7, 1, 4),
        489_00,
        Photo(6, "A loft with tall windows, a long sofa and the skyline at night"),
        max_guests=4,
        max_adults=4,
        max_children=2,
        extra_adult_minor=50_00,
    ),
)

PLANS = (
    HousePlan(1, "FLEX", "Flexible", "room_only", FLEXIBLE, CHILDREN),
    HousePlan(
        2, "NREF", "Non-refundable", "room_only", NON_REFUNDABLE, CHILDREN, parent_id=1, percent=Decimal(-10)
    ),
    HousePlan(
        3, "BB", "Flexible with breakfast", "breakfast", FLEXIBLE, CHILDREN_WITH_BREAKFAST, parent_id=1,
        amount_minor=44_00,
    ),
)  # fmt: skip

# State and city sales tax 8.875 % and the room occupancy tax 5.875 %; the state's USD 1.50 and the city's 2.00.
TAXES = (
    percent_tax(
        1, "ROOM", "Sales and hotel room occupancy tax 14.75 %", "14.75", included=False, valid_from=date(2024, 1, 1)
    ),
    TaxRule(
        2, "UNIT", "State and city fee per room and night", "room_night", False, date(2024, 1, 1), None, None, (),
        3_50, 0, None,
    ),
)  # fmt: skip

HOUSE = House(
    slug="hudson",
    code="HUD",
    name="The Hudson Slip",
    city="New York",
    country="US",
    address="240 Old Slip Terrace, New York, NY 10014, USA",
    phone="+1 212 555 0140",
    description=(
        "A brick warehouse turned hotel near the piers, seven floors, a roof deck below the water tower and a "
        "coffee bar that opens at six. Subway and ferry are within a ten-minute walk."
    ),
    terms=HotelTerms(
        1, "America/New_York", "USD", Payment.PREPAID, Confirmation.AUTO, check_in_time=time(16),
        check_out_time=time(11), feedback_after_seconds=86_400,
    ),
    stay_policies=(StayTerms(FLEXIBLE, "flexible", free_until_days=2, free_until_time=time(16)), non_refundable()),
    room_types=ROOM_TYPES,
    plans=PLANS,
    taxes=TAXES,
    seasons=(Season((4, 1), (6, 30), 15), Season((9, 1), (11, 15), 25), Season((1, 5), (3, 10), -25)),
    occasions=(
        Occasion((7, 4), (7, 4), 20, min_stay_arrival=2),
        Occasion((11, 22), (11, 28), 15),
        Occasion((12, 24), (12, 25), 30, min_stay_arrival=2),
        Occasion((12, 30), (12, 31), 75, min_stay_arrival=3, min_stay_through=3),
        Occasion((1, 1), (1, 1), 30, closed_to_arrival=True),
    ),
    weekend=frozenset({4, 5}),
    weekend_percent=10,
    price_step_minor=1_00,
    photos=(
        Photo(1, "A seven-storey brick front with tall windows and a water tower on the roof"),
        Photo(2, "The roof deck with string lights, chairs and the skyline across the water"),
    ),
)  # fmt: skip
