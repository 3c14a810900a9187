"""Tongues: how dates, clocks, sums, counts and fixed phrases are said in the languages that letters are written in.

Rule: docs/rules/notices.md, "Words". Everything is the same on every machine; no locale of the system is asked.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from domain.booking import Booking, Stay
from domain.fees import free_until
from domain.terms import CancellationTier, Penalty, price_steps, tier_from

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
        """The room's cancellation terms, true from the moment it was booked, with the clock where people moved it."""
        never_free = free_until(booking, stay) is None
        prices = _prices(booking, stay)
        if prices[0][1].penalty is Penalty.NONE:
            # A rate that begins without a price is free until its next step.
            prices, never_free = prices[1:], False
        if not prices:
            return self.say("policy_free")
        (since, step), *later = prices
        price = self._price(step, booking.terms.currency)
        if never_free:
            sentences = [self.say("policy_never_free", price=price)]
        elif since is not None and since > booking.created_at:
            sentences = [self.say("policy_until", until=self.at(booking, since), price=price)]
        else:
            sentences = [self.say("policy_passed", price=price)]
        for since, step in later:
            price = self._price(step, booking.terms.currency)
            sentences.append(self.say("policy_tier", since=self.at(booking, since), price=price))
        if think := stay.terms.think_minutes:
            sentences.append(self.say("policy_think", length=self._length(think)))
        return " ".join(sentences)

    def _length(self, minutes: int) -> str:
        """Whole hours from two hours on, else minutes."""
        in_hours = minutes % 60 == 0 and minutes > 60
        return self.count(minutes // 60, "hour") if in_hours else self.count(minutes, "minute")

    def _price(self, step: CancellationTier, currency: str) -> str:
        amount = self.money(step.fixed_minor, currency)
        return self.say(f"price_{step.penalty.value}", percent=step.percent, amount=amount)


def _prices(booking: Booking, stay: Stay) -> list[tuple[datetime | None, CancellationTier]]:
    """What cancelling costs and from when on, from the price on that held at booking; None where it never was free."""
    until = free_until(booking, stay)
    first, *tiers = price_steps(stay.terms)
    prices: list[tuple[datetime | None, CancellationTier]] = [(until, first)]
    for tier in tiers:
        since = tier_from(booking.terms, tier, stay.arrival)
        if since <= (until or booking.created_at):
            # It begins before the free time ends, or held already: it takes the place of the price before it.
            prices = [(until, tier)]
        elif since <= booking.created_at:
            prices = [(since, tier)]
        else:
            prices.append((since, tier))
    return prices


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
