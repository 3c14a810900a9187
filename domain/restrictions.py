"""Which restrictions of the rate grid a stay would break.

Rule: docs/rules/restrictions.md. Each restriction looks at its own date: the arrival date, the departure
date, or every night. Each broken one is told once, with its rule, date and value.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from domain.rates import NightRate
from domain.refusals import Fact, Refused, rule
from domain.stay import StayDates, counted, day_text

_NIGHTS_NAMED = 3


def broken_restrictions(
    dates: StayDates, rates: Mapping[date, NightRate], departure_rate: NightRate | None, booked_on: date
) -> list[Refused]:
    """Every restriction that the stay breaks, each with its own code; empty where it may be sold.

    rates: the plan's rows by night; departure_rate: its row of the departure date (None: no rule there);
    booked_on: the hotel's date at the moment of booking. Codes: no_rate, stop_sell, closed_to_arrival,
    min_stay_arrival, max_stay_arrival, min_advance, max_advance, min_stay_through, closed_to_departure.
    """
    nights = dates.nights
    broken = _about_nights(nights, rates)
    arrival_rate = rates.get(dates.arrival)
    if arrival_rate is not None:
        broken += _about_arrival(dates, arrival_rate)
        broken += advance_refusals(arrival_rate, dates.arrival, booked_on)
    broken += _about_nights_crossed(nights, rates)
    if departure_rate is not None and departure_rate.closed_to_departure:
        told = f"No departures on {day_text(dates.departure)}."
        broken.append(_on("closed_to_departure", told, "departure", dates.departure))
    return broken


def _about_nights(nights: Sequence[date], rates: Mapping[date, NightRate]) -> list[Refused]:
    broken = []
    unpriced = [night for night in nights if night not in rates]
    if unpriced:
        facts = _nights_fact(unpriced)
        broken.append(rule("no_rate", f"No rate is set for {_nights_text(unpriced)}.", None, **facts))
    stopped = [night for night in nights if (rate := rates.get(night)) is not None and rate.stop_sell]
    if stopped:
        broken.append(rule("stop_sell", f"Not sold on {_nights_text(stopped)}.", None, **_nights_fact(stopped)))
    return broken


def _about_arrival(dates: StayDates, rate: NightRate) -> list[Refused]:
    broken = []
    arriving = f"when arriving {day_text(dates.arrival)}"
    if rate.closed_to_arrival:
        told = f"No arrivals on {day_text(dates.arrival)}."
        broken.append(_on("closed_to_arrival", told, "arrival", dates.arrival))
    least, most = rate.min_stay_arrival, rate.max_stay_arrival
    if least is not None and dates.night_count < least:
        told = f"{counted(least, 'night')} at least {arriving}."
        broken.append(_on("min_stay_arrival", told, "departure", dates.arrival, least))
    if most is not None and dates.night_count > most:
        told = f"{counted(most, 'night')} at most {arriving}."
        broken.append(_on("max_stay_arrival", told, "departure", dates.arrival, most))
    return broken


def advance_refusals(rate: NightRate, arrival: date, booked_on: date) -> list[Refused]:
    """`min_advance` and `max_advance` of the arrival date's row, for a booking made on `booked_on`."""
    broken = []
    days = (arrival - booked_on).days
    least, most = rate.min_advance_days, rate.max_advance_days
    if least is not None and days < least:
        told = f"Booked {counted(least, 'day')} ahead at least when arriving {day_text(arrival)}."
        broken.append(_on("min_advance", told, "arrival", arrival, least))
    if most is not None and days > most:
        told = f"Booked {counted(most, 'day')} ahead at most when arriving {day_text(arrival)}."
        broken.append(_on("max_advance", told, "arrival", arrival, most))
    return broken


def _about_nights_crossed(nights: Sequence[date], rates: Mapping[date, NightRate]) -> list[Refused]:
    """The strictest min-stay-through of all nights, told at the first night that asks for it."""
    asked = [
        (rate.min_stay_through, night)
        for night in nights
        if (rate := rates.get(night)) is not None and rate.min_stay_through is not None
    ]
    if not asked:
        return []
    least = max(value for value, _ in asked)
    if len(nights) >= least:
        return []
    night = next(night for value, night in asked if value == least)
    told = f"{counted(least, 'night')} at least for a stay over the night of {day_text(night)}."
    return [_on("min_stay_through", told, "departure", night, least)]


def _on(code: str, told: str, field: str, day: date, value: int | None = None) -> Refused:
    facts: dict[str, Fact] = {"date": day.isoformat()}
    if value is not None:
        facts["value"] = value
    return rule(code, told, field, **facts)


def _nights_text(nights: Sequence[date]) -> str:
    """`24 Dec 2026`; `24 Dec 2026, 25 Dec 2026`; from four nights on the rest is counted."""
    named = ", ".join(day_text(night) for night in nights[:_NIGHTS_NAMED])
    rest = len(nights) - _NIGHTS_NAMED
    return f"{named} and {counted(rest, 'more night')}" if rest > 0 else named


def _nights_fact(nights: Sequence[date]) -> dict[str, Fact]:
    return {"nights": [night.isoformat() for night in nights]}
