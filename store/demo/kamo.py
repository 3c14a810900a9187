"""Kyoto: the card is authorised with the request and charged with the hotel's yes; consumption tax in the price.

The city's accommodation tax goes by steps of the price a person: since 1 March 2026 it is JPY 200 below
6,000, JPY 400 from 6,000 to 19,999 and JPY 1,000 from 20,000 on. A tax rule here is one amount a person and
night, so the step of 6,000 to 19,999 is what is charged. It is the right one for two adults in any room on any
night; the law asks for more of somebody alone on a dear night, and for less where children share.
"""

from datetime import date, time
from decimal import Decimal

from domain.folio import TaxCode
from domain.rates import ChildBand
from domain.terms import ApprovalTerms, Confirmation, FolioTerms, HotelTerms, Payment, StayTerms
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

CHILDREN = (ChildBand(3, 5, 2_000), ChildBand(6, 11, 4_000))
CHILDREN_WITH_BREAKFAST = (ChildBand(3, 5, 3_000), ChildBand(6, 11, 5_500))

ROOM_TYPES = (
    HouseRoomType(
        1,
        "GARDEN",
        "Garden twin",
        "Two low beds on a wooden floor, 22 m², sliding doors to the moss garden, shower room.",
        numbered(1, 1, 4) + numbered(2, 1, 4),
        18_000,
        Photo(3, "Two low beds and a sliding door open to a moss garden"),
        infants_to_age=2,
        single_discount_minor=3_000,
    ),
    HouseRoomType(
        2,
        "TATAMI",
        "River tatami room",
        "Ten mats towards the river, 26 m², futons laid out in the evening, cypress washbasin.",
        numbered(2, 5, 7) + numbered(3, 1, 3),
        23_000,
        Photo(4, "A tatami room with futons, a low table and willows by the river outside"),
        max_guests=3,
        max_adults=3,
        infants_to_age=2,
        extra_adult_minor=7_500,
        single_discount_minor=3_000,
    ),
    HouseRoomType(
        3,
        "FAMILY",
        "Tatami family room",
        "Two tatami rooms divided by paper doors, 38 m², futons for up to five.",
        numbered(3, 4, 7),
        29_000,
        Photo(5, "Two tatami rooms with paper doors half open and five folded futons"),
        base_guests=3,
        max_guests=5,
        max_adults=5,
        max_children=3,
        infants_to_age=2,
        extra_adult_minor=7_500,
    ),
    HouseRoomType(
        4,
        "CYPRESS",
        "Cypress-bath suite",
        "Bedroom, tea room and an open-air cypress bath behind bamboo, 45 m².",
        numbered(4, 1, 2),
        28_500,
        Photo(6, "A round cypress bath behind bamboo with steam and a paper lantern"),
        max_guests=2,
        max_children=0,
        infants_to_age=2,
    ),
)

PLANS = (
    HousePlan(1, "FLEX", "Flexible", "room_only", FLEXIBLE, CHILDREN),
    HousePlan(
        2, "NREF", "Non-refundable", "room_only", NON_REFUNDABLE, CHILDREN, parent_id=1, percent=Decimal(-10)
    ),
    HousePlan(
        3, "BB", "Flexible with Japanese breakfast", "breakfast", FLEXIBLE, CHILDREN_WITH_BREAKFAST, parent_id=1,
        amount_minor=5_600,
    ),
)  # fmt: skip

TAXES = (
    percent_tax(1, "CONSUMPTION", "Consumption tax 10 %", "10", included=True, valid_from=date(2019, 10, 1)),
    person_night_tax(
        2, "CITY", "Kyoto accommodation tax", 200, valid_from=date(2018, 10, 1), valid_to=date(2026, 2, 28)
    ),
    person_night_tax(3, "CITY", "Kyoto accommodation tax", 400, valid_from=date(2026, 3, 1)),
)  # fmt: skip

HOUSE = House(
    slug="kamo",
    code="KAM",
    name="Kamo Reed Inn",
    city="Kyoto",
    country="JP",
    address="31 Ashiwara Lane, Nakagyo-ku, Kyoto 604-0000, Japan",
    phone="+81 75 000 0031",
    description=(
        "A wooden inn of twenty rooms near the Kamo river, with a moss garden, a tea room and a bath house. "
        "The innkeeper answers each request; shoes stay at the door."
    ),
    terms=HotelTerms(
        1, "Asia/Tokyo", "JPY", Payment.AUTHORISE, Confirmation.MANUAL, check_in_time=time(15),
        check_out_time=time(10), approval=ApprovalTerms(window_minutes=24 * 60), feedback_after_seconds=86_400,
        folio=FolioTerms(fee_tax="CT10", tax_rounding="document_rate"),
    ),
    stay_policies=(StayTerms(FLEXIBLE, "flexible", free_until_days=3, free_until_time=time(18)), non_refundable()),
    room_types=ROOM_TYPES,
    plans=PLANS,
    taxes=TAXES,
    tax_codes=(TaxCode("CT8", "Consumption tax 8 %", Decimal(8)), TaxCode("CT10", "Consumption tax 10 %", Decimal(10))),
    seasons=(Season((3, 25), (4, 10), 35), Season((11, 10), (11, 30), 35), Season((1, 10), (2, 28), -10)),
    occasions=(
        Occasion((4, 29), (5, 5), 30, min_stay_arrival=2),
        Occasion((8, 16), (8, 16), 20, min_stay_through=2),
        Occasion((12, 30), (12, 31), 40, min_stay_arrival=2, min_stay_through=2),
        Occasion((1, 1), (1, 1), 40, closed_to_arrival=True, closed_to_departure=True),
    ),
    weekend=frozenset({4, 5}),
    weekend_percent=10,
    price_step_minor=500,
    photos=(
        Photo(1, "A two-storey wooden inn with paper windows, a lantern and a maple tree"),
        Photo(2, "The river with stepping stones, willows and mountains behind"),
    ),
)  # fmt: skip
