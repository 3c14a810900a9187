"""English, as letters are written in it."""

from datetime import date

from domain.clocks import local_text
from domain.money import Money, format_money
from domain.stay import day_text
from gateways.tongues import tongue

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _day(day: date) -> str:
    """`Sat 14 Mar 2026`."""
    return f"{_WEEKDAYS[day.weekday()]} {day_text(day)}"


def _money(amount_minor: int, currency: str) -> str:
    """`INR 22,400.00`."""
    return format_money(Money(amount_minor, currency))


ENGLISH = tongue("en", day=_day, moment=local_text, money=_money, brief_day=_day, brief_moment=local_text)
