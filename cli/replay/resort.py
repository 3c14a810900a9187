"""The hotel that a replay is driven through: room types by the file's letters, as many rooms as the file needs."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from statistics import mean

from cli.replay.demand import BABY_AGE, Row, capacity
from domain.rates import ChildBand
from domain.stay import MAX_ADULTS, MAX_CHILD_AGE
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms
from store.demo.house import (
    FLEXIBLE,
    NON_REFUNDABLE,
    House,
    HousePlan,
    HouseRoomType,
    Photo,
    non_refundable,
    percent_tax,
    person_night_tax,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FLEX, NREF = "FLEX", "NREF"
CHILDREN = (ChildBand(BABY_AGE + 1, MAX_CHILD_AGE, 15_00),)
# A month of weekdays out of season, where the file knows no price.
PLAIN_MINOR = 80_00
LEAST_MINOR = 20_00
TERMS = HotelTerms(
    1,
    "Europe/Lisbon",
    "EUR",
    Payment.AT_HOTEL,
    Confirmation.AUTO,
    check_in_time=time(15),
    check_out_time=time(12),
)
PLANS = (
    HousePlan(1, FLEX, "Flexible", "breakfast", FLEXIBLE, CHILDREN),
    HousePlan(2, NREF, "Non-refundable", "breakfast", NON_REFUNDABLE, CHILDREN, parent_id=1, percent=Decimal(-10)),
)
TAXES = (
    percent_tax(1, "VAT", "VAT (IVA) 6 %", "6", included=True, valid_from=date(2024, 1, 1)),
    person_night_tax(2, "CITY", "City tax", 2_00, valid_from=date(2024, 1, 1), min_age=13, max_nights=7),
)


class Resort(House):
    """A hotel without pictures of its own; it shows those of the demo hotel on the same coast."""

    def photo_json(self, photo: Photo) -> dict[str, str]:
        """The address and the words of a picture."""
        return {"url": f"/photos/ribeira-{photo.number}.svg", "alt": photo.alt}


def resort(rows: Sequence[Row], known: set[str]) -> Resort:
    """A hotel that has room for these rows. known: the slugs that are taken; each replay has a hotel of its own."""
    letter = next(letter for letter in LETTERS if slug_of(letter) not in known)
    rooms = capacity(rows)
    return Resort(
        slug=slug_of(letter),
        code=f"DM{letter}",
        name=f"Real Demand Resort {letter}",
        city="Faro",
        country="PT",
        address="Estrada da Praia 1, 8000-000 Faro, Portugal",
        phone="+351 289 000 001",
        description="A hotel for replaying real demand: every booking of it was once one of a resort in Portugal.",
        terms=TERMS,
        stay_policies=(StayTerms(FLEXIBLE, "flexible"), non_refundable()),
        room_types=tuple(_room_type(n, code, rooms[code], rows) for n, code in enumerate(rooms, 1)),
        plans=PLANS,
        taxes=TAXES,
        seasons=(),
        occasions=(),
        weekend=frozenset({4, 5}),
        weekend_percent=10,
        price_step_minor=1_00,
        photos=(Photo(2, "The river at dusk with a ferry and the roofs of the old town"),),
    )


def slug_of(letter: str) -> str:
    """The hotel's address part."""
    return f"demand-{letter.lower()}"


def _room_type(number: int, code: str, rooms: int, rows: Sequence[Row]) -> HouseRoomType:
    """Takes the largest party that the file put there, and one adult more for a while."""
    own = [row for row in rows if row.room_type == code]
    prices = [row.rate_minor for row in own if row.rate_minor]
    adults = min(MAX_ADULTS, max(row.adults for row in own) + 1)
    children = max(len(row.children_ages) for row in own)
    return HouseRoomType(
        number,
        code,
        f"Room type {code}",
        f"The rooms that the file calls {code}.",
        tuple(f"{code}{n:03d}" for n in range(1, rooms + 1)),
        max(LEAST_MINOR, round(mean(prices)) if prices else PLAIN_MINOR),
        Photo(3, "A double room with blue and white wall tiles and one window"),
        max_guests=adults + children,
        max_adults=adults,
        max_children=children,
        infants_to_age=BABY_AGE,
        extra_adult_minor=20_00,
        single_discount_minor=5_00,
    )
