"""Wall clocks of a hotel, resolved to instants, and instants told in its local time.

Rule: docs/rules/clocks.md. A wall-clock time is resolved per date with that date's rules in the hotel's
IANA zone. A time that the clocks skip means the first instant after the gap; a time that happens twice
means the first. Instants are aware UTC datetimes; anything else is a bug of the caller and raises
ValueError.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from domain.refusals import rule
from domain.stay import day_text

# Zone rules come from the locked tzdata package and never from the machine, so that two machines, and a
# replay years later, resolve the same clock to the same instant.
_TZDATA = files("tzdata")
_ZONE_NAMES = frozenset(_TZDATA.joinpath("zones").read_text(encoding="utf-8").split())

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_A_DAY = timedelta(days=1)
_A_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that exact name, such as `Europe/Lisbon`; refuses `zone_unknown` (field `zone`)."""
    if name not in _ZONE_NAMES:
        raise rule("zone_unknown", f"{name[:60]!r} is not an IANA time zone such as Europe/Lisbon.", field="zone")
    with _TZDATA.joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


# The same few wall clocks of the same few days are asked for over and over, and their answer never changes.
@lru_cache(maxsize=8192)
def resolve(day: date, wall: time, zone_name: str) -> datetime:
    """The UTC instant at which the hotel's wall clock shows `wall` on `day`; gaps and repeats as told above.

    New York 2027-03-14 02:30 → 07:00Z; 2027-11-07 01:30 → 05:30Z. A wall time with a zone of its own is a bug
    (ValueError).
    """
    if wall.tzinfo is not None:
        raise ValueError("a wall-clock time carries no zone of its own")
    place = zone(zone_name)
    shown = datetime.combine(day, wall.replace(fold=0))
    before = shown.replace(tzinfo=place).astimezone(UTC)
    if before.astimezone(place).replace(tzinfo=None, fold=0) == shown:
        return before
    # The clock skips this time. Read with the offset from before the gap it lies after the jump, and with the
    # offset from after the gap before the jump; the jump itself is searched between the two.
    after = shown.replace(tzinfo=place, fold=1).astimezone(UTC)
    return _jump_between(after, before, place)


def _jump_between(early: datetime, late: datetime, place: ZoneInfo) -> datetime:
    """The first whole second after `early` that already has the offset of `late`: the end of the gap."""
    new_offset = late.astimezone(place).utcoffset()
    start = early.replace(microsecond=0)
    old, new = 0, int((late - start) / _A_SECOND) + 1
    while new - old > 1:
        middle = (old + new) // 2
        if (start + _A_SECOND * middle).astimezone(place).utcoffset() == new_offset:
            new = middle
        else:
            old = middle
    return start + _A_SECOND * new


def local(instant: datetime, zone_name: str) -> datetime:
    """The same instant as the hotel's wall clock shows it (aware, in the hotel's zone)."""
    _must_be_utc(instant)
    return instant.astimezone(zone(zone_name))


def local_text(instant: datetime, zone_name: str) -> str:
    """The instant in the hotel's local time for people: `Sat 14 Mar 2026, 18:00 (WET)`.

    English and the same on every machine. Zones without letters show their offset: `(UTC+05:45)`.
    """
    _must_be_utc(instant)
    return _text(instant, zone_name)


# An instant of another zone may equal one that is remembered, so it is refused before it is looked for.
@lru_cache(maxsize=8192)
def _text(instant: datetime, zone_name: str) -> str:
    shown = local(instant, zone_name)
    return f"{_WEEKDAYS[shown.weekday()]} {day_text(shown)}, {shown:%H:%M} ({_zone_letters(shown)})"


def _zone_letters(shown: datetime) -> str:
    letters = shown.tzname() or ""
    if letters[:1] in {"+", "-"}:
        hours, minutes = letters[:3], letters[3:5] or "00"
        return f"UTC{hours}:{minutes}"
    return letters


def business_date(instant: datetime, zone_name: str, audit_time: time) -> date:
    """The hotel day that is open at this instant.

    A hotel day is closed by the night audit at `audit_time` on the following calendar date; before that the
    day before is still open. With an audit at 03:00 an arrival on 15 March at 01:30 belongs to 14 March.
    The audit is resolved like every clock, so no hotel day opens twice when clocks go back.
    """
    today = local(instant, zone_name).date()
    return today if instant >= resolve(today, audit_time, zone_name) else today - _A_DAY


def _must_be_utc(instant: datetime) -> None:
    if instant.tzinfo is None or instant.utcoffset() != timedelta(0):
        raise ValueError(f"an instant must be an aware UTC datetime, not {instant!r}")
