"""Tongues: how dates, clocks, sums, counts and fixed phrases are said in the languages that letters are written in.

Rule: docs/rules/notices.md, "Words". Everything is the same on every machine; no locale of the system is asked.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from domain.booking import Booking, Stay
from domain.clocks import resolve
from domain.notices import clock
from domain.terms import Penalty, cancel_free_until

WORDS = Path(__file__).parent / "templates" / "words"


@dataclass(frozen=True)
class Tongue:
    """A language.

    day, moment, money: a date, an instant on the hotel's wall clock, minor units of a currency, in words.
    brief_day, brief_moment: the same where there is little room, as in subjects and tables.
    nouns: singular and plural of what is counted; phrases: sentences with places to fill; meals: of meal plans.
    """

    code: str
    day: Callable[[date], str]
    moment: Callable[[datetime, str], str]
    money: Callable[[int, str], str]
    brief_day: Callable[[date], str]
    brief_moment: Callable[[datetime, str], str]
    nouns: Mapping[str, tuple[str, str]]
    phrases: Mapping[str, str]
    meals: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """A phrase with its places filled."""
        return self.phrases[key].format(**values)

    def count(self, number: int, noun: str) -> str:
        """A number with its word: `1 night`, `2 nights`."""
        one, many = self.nouns[noun]
        return f"{number} {one if number == 1 else many}"

    def rooms(self, stays: Sequence[Stay]) -> str:
        """How much is asked for: `2 rooms for 3 nights`; rooms of different length: `2 rooms for 2 to 4 nights`."""
        lengths = sorted({(stay.departure - stay.arrival).days for stay in stays})
        nights = self.count(lengths[0], "night")
        if len(lengths) > 1:
            nights = self.say("least_to_most", least=lengths[0], most=self.count(lengths[-1], "night"))
        return self.say("rooms_for", rooms=self.count(len(stays), "room"), nights=nights)

    def rooms_are(self, key: str, rooms: int) -> str:
        """A phrase in its singular or plural form."""
        return self.phrases[f"{key}_one" if rooms == 1 else f"{key}_many"]

    def at(self, booking: Booking, instant: datetime | None) -> str:
        """The instant on the booking's hotel's clock; an empty text for None."""
        return self.moment(instant, booking.terms.zone) if instant else ""

    def briefly(self, booking: Booking, instant: datetime | None) -> str:
        """The same as `at`, where there is little room."""
        return self.brief_moment(instant, booking.terms.zone) if instant else ""

    def policy(self, booking: Booking, stay: Stay) -> str:
        """The room's cancellation terms, true from the moment it was booked."""
        terms, hotel = stay.terms, booking.terms
        until = clock(booking, f"cancel_free_until-{stay.number}") or cancel_free_until(hotel, terms, stay.arrival)
        tiers = [
            (
                resolve(stay.arrival - timedelta(days=tier.days), tier.time, hotel.zone),
                self._price(tier.penalty, tier.percent, tier.fixed_minor, hotel.currency),
            )
            for tier in terms.tiers
        ]
        tiers.sort()
        price = self._price(terms.late_cancellation, terms.late_percent, terms.late_fixed_minor, hotel.currency)
        if terms.late_cancellation is Penalty.NONE:
            if not tiers:
                return self.say("policy_free")
            # The first price of a rate that begins without one is that of its first tier.
            (until, price), *tiers = tiers
        if until is None:
            sentences = [self.say("policy_never_free", price=price)]
        elif until <= booking.created_at:
            sentences = [self.say("policy_passed", price=price)]
        else:
            sentences = [self.say("policy_until", until=self.at(booking, until), price=price)]
        sentences += [self.say("policy_tier", since=self.at(booking, since), price=dearer) for since, dearer in tiers]
        return " ".join(sentences)

    def _price(self, penalty: Penalty, percent: int, fixed_minor: int, currency: str) -> str:
        return self.say(f"price_{penalty.value}", percent=percent, amount=self.money(fixed_minor, currency))


def tongue(
    code: str,
    *,
    day: Callable[[date], str],
    moment: Callable[[datetime, str], str],
    money: Callable[[int, str], str],
    brief_day: Callable[[date], str],
    brief_moment: Callable[[datetime, str], str],
) -> Tongue:
    """The language of that code with the words of its file: templates/words/{code}/phrases.toml."""
    words = tomllib.loads((WORDS / code / "phrases.toml").read_text(encoding="utf-8"))
    nouns = {noun: (one, many) for noun, (one, many) in words["nouns"].items()}
    return Tongue(code, day, moment, money, brief_day, brief_moment, nouns, words["phrases"], words["meals"])
