"""Stay dates and the party that sleeps there.

Rule: docs/rules/stay.md. A stay is its nights, half-open: [arrival, departure). The departure day is free for
the next guest; the number of nights is a difference of dates, never hours divided by 24.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from domain.refusals import rule

MAX_NIGHTS = 90
MAX_ADULTS = 20
MAX_CHILDREN = 10
MAX_CHILD_AGE = 17

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_A_DAY = timedelta(days=1)


def day_text(day: date) -> str:
    """A date as people read it, in English and the same on every machine: `24 Dec 2026`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its word: `1 night`, `2 nights`, `2 children` (where the plural is given)."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class StayDates:
    """The half-open nights [arrival, departure).

    Built by `stay_dates` where dates come from outside. The class itself does not check, so that what is
    already on file can be read back as it is.
    """

    arrival: date
    departure: date

    @property
    def nights(self) -> tuple[date, ...]:
        """Each night by the date on which it begins; the departure date is not among them."""
        return tuple(self.arrival + _A_DAY * step for step in range(self.night_count))

    @property
    def night_count(self) -> int:
        """How many nights: the difference of the dates, never hours divided by 24."""
        return (self.departure - self.arrival).days

    def overlaps(self, other: "StayDates") -> bool:
        """Whether both need the same night. A departure on the other's arrival day does not overlap."""
        return self.arrival < other.departure and other.arrival < self.departure


def stay_dates(arrival: date, departure: date) -> StayDates:
    """The stay between two dates; refuses `departure_before_arrival` and `stay_too_long` (field `departure`)."""
    if departure <= arrival:
        raise rule(
            "departure_before_arrival",
            f"Departure must be at least one night after arrival on {day_text(arrival)}.",
            field="departure",
        )
    dates = StayDates(arrival, departure)
    if dates.night_count > MAX_NIGHTS:
        raise rule(
            "stay_too_long",
            f"A stay has {MAX_NIGHTS} nights at most; these dates have {dates.night_count}.",
            field="departure",
            maximum=MAX_NIGHTS,
        )
    return dates


@dataclass(frozen=True, slots=True)
class Party:
    """Who sleeps in one room: adults, and each child's age in whole years on the day of arrival."""

    adults: int
    children_ages: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Every head, infants too."""
        return self.adults + len(self.children_ages)


def party(adults: int, children_ages: tuple[int, ...] = ()) -> Party:
    """The party of one room, within what any room could take.

    Refuses `adults_out_of_range` (field `adults`), `too_many_children` and `child_age_out_of_range`
    (field `children_ages`). Whether a given room takes the party is another rule (pricing).
    """
    if not 1 <= adults <= MAX_ADULTS:
        raise rule(
            "adults_out_of_range",
            f"A room is booked for 1 to {MAX_ADULTS} adults.",
            field="adults",
            maximum=MAX_ADULTS,
        )
    if len(children_ages) > MAX_CHILDREN:
        raise rule(
            "too_many_children",
            f"A room is booked for {MAX_CHILDREN} children at most.",
            field="children_ages",
            maximum=MAX_CHILDREN,
        )
    if any(not 0 <= age <= MAX_CHILD_AGE for age in children_ages):
        raise rule(
            "child_age_out_of_range",
            f"A child's age on the day of arrival is 0 to {MAX_CHILD_AGE}; who is older is an adult.",
            field="children_ages",
            maximum=MAX_CHILD_AGE,
        )
    return Party(adults, tuple(children_ages))
