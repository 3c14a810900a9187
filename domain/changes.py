"""What a change makes of a booking's rooms: dates, type, plan, guests, and every line of the price.

Made by the rules of amending (docs/rules/amending.md) where people look, judged again by the booking's workflow.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.terms import StayTerms


@dataclass(frozen=True)
class PricedLine:
    """One line of a room's price. kind: room or tax; included: already inside the room's price, never added.

    per_person: a tax a head and night, which is owed only for nights that were slept.
    """

    kind: str
    night: date
    code: str
    name: str
    amount_minor: int
    included: bool = False
    tax_rule_id: int | None = None
    per_person: bool = False


@dataclass(frozen=True)
class StayPlan:
    """What one stay becomes, whole. A number that the booking does not have yet is a room that is added.

    guests: (name, age) of who sleeps there, the first is the primary guest; None leaves the names as they are.
    """

    number: int
    arrival: date
    departure: date
    room_type_id: int
    rate_plan_id: int
    terms: StayTerms
    adults: int
    children_ages: tuple[int, ...]
    lines: tuple[PricedLine, ...]
    guests: tuple[tuple[str, int | None], ...] | None = None

    @property
    def night_minor(self) -> tuple[int, ...]:
        """What each night costs with everything that is added to it, in order of the nights."""
        return self._by_night(lambda line: not line.included)

    @property
    def person_tax_minor(self) -> tuple[int, ...]:
        """What of each night is tax a head, added or included, in order of the nights; nothing where none has any."""
        by_night = self._by_night(lambda line: line.per_person)
        return by_night if any(by_night) else ()

    def _by_night(self, counts: Callable[[PricedLine], bool]) -> tuple[int, ...]:
        by_night: dict[date, int] = defaultdict(int)
        for line in self.lines:
            if counts(line):
                by_night[line.night] += line.amount_minor
        nights = [self.arrival + timedelta(days=n) for n in range((self.departure - self.arrival).days)]
        return tuple(by_night[night] for night in nights)

    @property
    def total_minor(self) -> int:
        """The price of all its nights."""
        return sum(self.night_minor)
