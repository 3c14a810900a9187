"""European Portuguese, as letters are written in it."""

from datetime import date, datetime

from domain.clocks import local, local_text
from domain.money import minor_digits
from gateways.tongues import tongue

_WEEKDAYS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo")
_MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)  # fmt: skip
_SPACE = "\N{NO-BREAK SPACE}"
_LEAST_GROUPED = 5


def _day(day: date) -> str:
    """`sábado, 14 de março de 2026`."""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def _moment(instant: datetime, zone_name: str) -> str:
    """`sábado, 14 de março de 2026, às 18:00 (hora local, WET)`; `à 1:00` for the one hour that is singular."""
    shown = local(instant, zone_name)
    letters = local_text(instant, zone_name).rpartition("(")[2].rstrip(")")
    article = "à" if shown.hour == 1 else "às"
    return f"{_day(shown.date())}, {article} {shown:%H:%M} (hora local, {letters})"


def _brief_day(day: date) -> str:
    """`sáb., 14 mar. 2026`."""
    weekday = _WEEKDAYS[day.weekday()][:3]
    month = _MONTHS[day.month - 1]
    return f"{weekday}., {day.day} {month[:3]}. {day.year}"


def _brief_moment(instant: datetime, zone_name: str) -> str:
    """`sáb., 14 mar. 2026, 18:00`."""
    shown = local(instant, zone_name)
    return f"{_brief_day(shown.date())}, {shown:%H:%M}"


def _money(amount_minor: int, currency: str) -> str:
    """`22 400,00 INR`, `1234,50 €`: the sign of the euro, codes of the others; thousands apart from five digits on."""
    digits = minor_digits(currency)
    whole, part = divmod(abs(amount_minor), 10**digits)
    told = str(whole)
    if len(told) >= _LEAST_GROUPED:
        told = f"{whole:,}".replace(",", _SPACE)
    tail = f",{part:0{digits}d}" if digits else ""
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{told}{tail}{_SPACE}{'€' if currency == 'EUR' else currency}"


PORTUGUESE = tongue("pt", day=_day, moment=_moment, money=_money, brief_day=_brief_day, brief_moment=_brief_moment)
