"""What a demo hotel is made of, and how its nightly prices come about.

All amounts are minor units of the hotel's currency. A night's price is a function of the date alone, so
that a calendar that is extended tomorrow goes on exactly as it would have been written today.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain.folio import TaxCode
from domain.rates import ChildBand, NightRate, TaxRule
from domain.sources import Source
from domain.terms import HotelTerms, Penalty, StayTerms

MonthDay = tuple[int, int]
FLEXIBLE, NON_REFUNDABLE = 1, 2
SOURCES = (
    Source("channel:example-ota", "Example OTA", Decimal(15)),
    Source("channel:example-wholesale", "Example Wholesale", Decimal("12.5")),
)


@dataclass(frozen=True)
class Photo:
    """One illustration: its number in web/photos and what it shows, for those who can't see it."""

    number: int
    alt: str


@dataclass(frozen=True)
class HouseRoomType:
    """A room type with its rooms. price_minor: a plain weekday out of season, for base_guests."""

    id: int
    code: str
    name: str
    description: str
    rooms: tuple[str, ...]
    price_minor: int
    photo: Photo
    base_guests: int = 2
    max_guests: int = 2
    max_adults: int = 2
    max_children: int = 1
    infants_to_age: int = 1
    extra_adult_minor: int = 0
    single_discount_minor: int = 0


@dataclass(frozen=True)
class HousePlan:
    """A rate plan for every room type; with a parent it follows the parent's prices and has none of its own."""

    id: int
    code: str
    name: str
    meal_plan: str
    stay_policy_id: int
    child_bands: tuple[ChildBand, ...]
    parent_id: int | None = None
    amount_minor: int = 0
    percent: Decimal = Decimal(0)


@dataclass(frozen=True)
class Season:
    """Days of every year, both ends included, that cost so many percent more (or less); it may cross New Year."""

    first: MonthDay
    last: MonthDay
    percent: int

    def holds(self, night: date) -> bool:
        """Whether the night is one of these days."""
        day = (night.month, night.day)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


@dataclass(frozen=True)
class Occasion(Season):
    """A few special nights of every year, which may also carry restrictions."""

    min_stay_arrival: int | None = None
    min_stay_through: int | None = None
    closed_to_arrival: bool = False
    closed_to_departure: bool = False


@dataclass(frozen=True)
class House:
    """A demo hotel as the seed writes it.

    weekend: weekdays (Monday is 0) whose nights cost weekend_percent more. price_step_minor: prices are whole
    multiples of it. not_on_sale_reason: a sentence for guests, None where the hotel sells. tax_codes: of extras, fees.
    """

    slug: str
    code: str
    name: str
    city: str
    country: str
    address: str
    phone: str
    description: str
    terms: HotelTerms
    stay_policies: tuple[StayTerms, ...]
    room_types: tuple[HouseRoomType, ...]
    plans: tuple[HousePlan, ...]
    taxes: tuple[TaxRule, ...]
    seasons: tuple[Season, ...]
    occasions: tuple[Occasion, ...]
    weekend: frozenset[int]
    weekend_percent: int
    price_step_minor: int
    photos: tuple[Photo, ...]
    not_on_sale_reason: str | None = None
    sources: tuple[Source, ...] = SOURCES
    tax_codes: tuple[TaxCode, ...] = ()

    @property
    def email(self) -> str:
        """Where guests write to; of a domain that is reserved for examples."""
        return f"stay@{self.slug}.example"

    def photo_json(self, photo: Photo) -> dict[str, str]:
        """A photo as it is stored and shown: its address below the web's root and its words."""
        return {"url": f"/photos/{self.slug}-{photo.number}.svg", "alt": photo.alt}

    def rates(self, room_type: HouseRoomType, first: date, last: date) -> Iterator[NightRate]:
        """The rate rows of a plan with prices of its own, from the first to the last night, both included."""
        for step in range((last - first).days + 1):
            yield self.rate(room_type, first + timedelta(days=step))

    def rate(self, room_type: HouseRoomType, night: date) -> NightRate:
        """Season, weekend and occasion add their percents to the plain price; the sum is rounded to the step."""
        occasion = next((found for found in self.occasions if found.holds(night)), None)
        percent = sum(season.percent for season in self.seasons if season.holds(night))
        percent += self.weekend_percent if night.weekday() in self.weekend else 0
        percent += occasion.percent if occasion else 0
        steps = (room_type.price_minor * (100 + percent) * 2 + 100 * self.price_step_minor) // (
            200 * self.price_step_minor
        )
        return NightRate(
            night,
            steps * self.price_step_minor,
            room_type.extra_adult_minor,
            room_type.single_discount_minor,
            closed_to_arrival=occasion is not None and occasion.closed_to_arrival,
            closed_to_departure=occasion is not None and occasion.closed_to_departure,
            min_stay_arrival=occasion.min_stay_arrival if occasion else None,
            min_stay_through=occasion.min_stay_through if occasion else None,
        )


def non_refundable(first_id: int = NON_REFUNDABLE) -> StayTerms:
    """The terms of a plan that costs less and gives nothing back."""
    return StayTerms(
        first_id,
        "non_refundable",
        free_until_days=None,
        late_cancellation=Penalty.FULL,
        no_show=Penalty.FULL,
        deposit=Penalty.FULL,
    )


def numbered(floor: int, first: int, last: int) -> tuple[str, ...]:
    """Room numbers of one floor: numbered(2, 1, 3) is 201, 202, 203."""
    return tuple(f"{floor}{number:02d}" for number in range(first, last + 1))


def percent_tax(
    rule_id: int, code: str, name: str, percent: str, *, included: bool, valid_from: date, valid_to: date | None = None
) -> TaxRule:
    """A tax of so many percent of each night's net price."""
    return TaxRule(rule_id, code, name, "percent", included, valid_from, valid_to, Decimal(percent), (), 0, 0, None)


def person_night_tax(
    rule_id: int, code: str, name: str, amount_minor: int, *, valid_from: date, valid_to: date | None = None,
    min_age: int = 0, max_nights: int | None = None,
) -> TaxRule:  # fmt: skip
    """A fixed amount a person and night, on top of the price."""
    return TaxRule(
        rule_id, code, name, "person_night", False, valid_from, valid_to, None, (), amount_minor, min_age, max_nights
    )
