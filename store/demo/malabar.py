"""Kochi: the hotel says yes to each request and guests pay at the desk; GST by the night's price, on top."""

from datetime import date, time
from decimal import Decimal

from domain.folio import TaxCode
from domain.rates import ChildBand, TaxRule, TaxSlab
from domain.terms import ApprovalTerms, ChecklistPoint, Confirmation, FolioTerms, HotelTerms, Payment, StayTerms
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
)

CHILDREN = (ChildBand(2, 5, 0), ChildBand(6, 11, 800_00))
CHILDREN_WITH_BREAKFAST = (ChildBand(2, 5, 0), ChildBand(6, 11, 1_100_00))

CHECKLIST = (
    ChecklistPoint("The time of arrival and the boat or taxi are known"),
    ChecklistPoint("Passport and visa copies were asked for, for guests from abroad"),
)

ROOM_TYPES = (
    HouseRoomType(
        1,
        "COURT",
        "Courtyard double",
        "A cool room on the arcade around the rain-tree court, 20 m², double or twin beds, ceiling fan and air "
        "conditioning.",
        numbered(1, 1, 10),
        5_200_00,
        Photo(3, "A room with a carved wooden bed and shutters open to a green courtyard"),
        max_guests=3,
        max_adults=2,
        extra_adult_minor=1_200_00,
        single_discount_minor=600_00,
    ),
    HouseRoomType(
        2,
        "HARBOUR",
        "Harbour double",
        "Upstairs towards the fishing nets and the harbour mouth, 24 m², with a planter's chair on the veranda.",
        numbered(2, 1, 8),
        6_800_00,
        Photo(4, "A veranda with a long chair and fishing nets over the water"),
        max_guests=3,
        max_adults=3,
        extra_adult_minor=1_400_00,
        single_discount_minor=600_00,
    ),
    HouseRoomType(
        3,
        "FAMILY",
        "Family room",
        "Two connected rooms with four beds, 36 m², on the garden side.",
        numbered(1, 11, 15),
        8_400_00,
        Photo(5, "Two connected rooms with four beds and mosquito nets tied up"),
        base_guests=3,
        max_guests=5,
        max_adults=4,
        max_children=3,
        extra_adult_minor=1_200_00,
    ),
    HouseRoomType(
        4,
        "CAPTAIN",
        "Captain's suite",
        "The one suite of the house, 52 m²: teak floors, a four-poster, a study full of charts and a roof terrace.",
        ("301",),
        14_500_00,
        Photo(6, "A suite with a four-poster bed, a brass telescope and sea charts on the wall"),
        max_guests=3,
        max_adults=3,
        extra_adult_minor=2_000_00,
    ),
)

PLANS = (
    HousePlan(1, "FLEX", "Flexible", "room_only", FLEXIBLE, CHILDREN),
    HousePlan(
        2, "NREF", "Non-refundable", "room_only", NON_REFUNDABLE, CHILDREN, parent_id=1, percent=Decimal(-10)
    ),
    HousePlan(
        3, "BB", "Flexible with breakfast", "breakfast", FLEXIBLE, CHILDREN_WITH_BREAKFAST, parent_id=1,
        amount_minor=900_00,
    ),
)  # fmt: skip


def gst(rule_id: int, lower: str, valid_from: date, valid_to: date | None) -> TaxRule:
    """GST on a night up to INR 7,500.00 at the lower percent, above it at 18 %."""
    slabs = (TaxSlab(7_500_00, Decimal(lower)), TaxSlab(None, Decimal(18)))
    return TaxRule(rule_id, "GST", "GST", "slab", False, valid_from, valid_to, None, slabs, 0, 0, None)


TAXES = (
    gst(1, "12", date(2022, 7, 18), date(2025, 9, 21)),
    gst(2, "5", date(2025, 9, 22), None),
)

HOUSE = House(
    slug="malabar",
    code="MLB",
    name="Malabar Lantern House",
    city="Kochi",
    country="IN",
    address="7 Pepper Exchange Lane, Fort Kochi, Kochi 682 001, Kerala, India",
    phone="+91 484 000 0007",
    description=(
        "A spice trader's house around a rain-tree court in Fort Kochi, with verandas towards the fishing nets. "
        "The family who runs it reads every request in person and answers within a day."
    ),
    terms=HotelTerms(
        1, "Asia/Kolkata", "INR", Payment.AT_HOTEL, Confirmation.MANUAL, check_in_time=time(14),
        check_out_time=time(11), approval=ApprovalTerms(window_minutes=24 * 60, checklist=CHECKLIST),
        close_after_seconds=10, feedback_after_seconds=5,
        folio=FolioTerms(fee_tax="GST18"),
    ),
    stay_policies=(StayTerms(FLEXIBLE, "flexible", free_until_days=1, free_until_time=time(18)), non_refundable()),
    room_types=ROOM_TYPES,
    plans=PLANS,
    taxes=TAXES,
    tax_codes=(TaxCode("GST5", "GST 5 %", Decimal(5)), TaxCode("GST18", "GST 18 %", Decimal(18))),
    seasons=(Season((10, 15), (3, 15), 12), Season((6, 1), (8, 15), -18)),
    occasions=(
        Occasion((12, 24), (12, 24), 30, min_stay_arrival=2),
        Occasion((12, 25), (12, 25), 30, closed_to_arrival=True),
        Occasion((12, 31), (12, 31), 45, min_stay_arrival=2),
        Occasion((1, 1), (1, 1), 30, closed_to_arrival=True),
    ),
    weekend=frozenset({4, 5}),
    weekend_percent=8,
    price_step_minor=50_00,
    photos=(
        Photo(1, "A low house with a tiled roof, wooden verandas and lanterns under a rain tree"),
        Photo(2, "Fishing nets against the sunset at the harbour mouth"),
    ),
)  # fmt: skip
