"""Real demand: a file of bookings as a hotel had them, which of them are replayed, and what must come of them.

The file's columns are those of the hotel booking demand data sets: N. Antonio, A. de Almeida, L. Nunes, "Hotel booking
demand datasets", Data in Brief 22 (2019) 41–49, doi 10.1016/j.dib.2018.11.126, licence CC BY 4.0.
"""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TextIO

from cli.processes import StackTrouble
from domain.stay import MAX_ADULTS, MAX_NIGHTS

ROWS, OTHERS = 659, 500
CHILD_AGE, BABY_AGE = 8, 1
LEAST_DAYS_AHEAD = 30
A_WEEK = 7
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
Cell = tuple[str, date]


class Outcome(StrEnum):
    """How a booking ended, in the file's word."""

    STAYED = "Check-Out"
    CANCELLED = "Canceled"
    MISSED = "No-Show"

    @property
    def status(self) -> str:
        """What the engine calls it once nothing more is to come."""
        return {"Check-Out": "completed", "Canceled": "cancelled", "No-Show": "no_show"}[self]


class Wave(IntEnum):
    """The order inside a day. Who leaves makes room first; a guest of that same day is booked before arriving."""

    ENDING = 1
    BOOKING = 2
    CANCELLING = 3
    ARRIVING = 4


@dataclass(frozen=True)
class Row:
    """One booking of the file. line: its line there; ended_on: the date of its last status."""

    line: int
    arrival: date
    nights: int
    booked_on: date
    ended_on: date
    outcome: Outcome
    room_type: str
    adults: int
    children_ages: tuple[int, ...]
    changes: int
    non_refundable: bool
    by_guest: bool
    rate_minor: int

    @property
    def departure(self) -> date:
        """The day after the last night. The number of nights decides, whatever the date of the last status says."""
        return self.arrival + timedelta(days=self.nights)

    @property
    def dates(self) -> tuple[date, ...]:
        """Its nights."""
        return tuple(self.arrival + timedelta(days=n) for n in range(self.nights))

    @property
    def kept(self) -> tuple[date, ...]:
        """The nights that stay taken in the end: all of a stay, the first of a guest who did not come."""
        return {Outcome.STAYED: self.dates, Outcome.MISSED: self.dates[:1], Outcome.CANCELLED: ()}[self.outcome]

    @property
    def acts(self) -> tuple[tuple[date, Wave], ...]:
        """When something happens to it, in order."""
        booked = (self.booked_on, Wave.BOOKING)
        if self.outcome is Outcome.CANCELLED:
            return booked, (max(self.booked_on, min(self.ended_on, self.arrival)), Wave.CANCELLING)
        if self.outcome is Outcome.MISSED:
            # The night audit that closes the day of arrival is in the small hours of the next day.
            return booked, (self.arrival + timedelta(days=1), Wave.ENDING)
        return booked, (self.arrival, Wave.ARRIVING), (self.departure, Wave.ENDING)


@dataclass(frozen=True)
class Demand:
    """What a file holds. skipped: lines left out for each reason; a line may have two."""

    rows: tuple[Row, ...]
    lines: int
    skipped: dict[str, int]
    odd_dates: int


def read_demand(path: Path) -> Demand:
    """Every row that can be replayed. Errors: StackTrouble where the file is missing or of another kind."""
    rows: list[Row] = []
    skipped: Counter[str] = Counter()
    lines = odd = 0
    try:
        with _opened(path) as text:
            for lines, told in enumerate(csv.DictReader(text), 1):
                reasons = list(_unfit(told))
                skipped.update(reasons)
                if not reasons:
                    row = _row(lines + 1, told)
                    rows.append(row)
                    odd += row.outcome is Outcome.STAYED and row.ended_on != row.departure
    except OSError as trouble:
        raise StackTrouble(f"cannot read {path}: {trouble.strerror or trouble}") from trouble
    except (KeyError, ValueError, UnicodeDecodeError) as trouble:
        raise StackTrouble(f"{path} is not a file of bookings: {trouble!r} after line {lines + 1}") from trouble
    return Demand(tuple(rows), lines, dict(skipped), odd)


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _unfit(told: dict[str, str]) -> Iterator[str]:
    """Why the line can't be a booking of one room here."""
    nights = _nights(told)
    if nights == 0:
        yield "no night"
    if nights > MAX_NIGHTS:
        yield f"more than {MAX_NIGHTS} nights"
    if int(told["adults"]) == 0:
        yield "no adult"
    if int(told["adults"]) > MAX_ADULTS:
        yield f"more than {MAX_ADULTS} adults"
    if told["reservation_status"] == Outcome.MISSED and _date(told["reservation_status_date"]) < _arrival(told):
        yield "no-show before the day of arrival"


def _nights(told: dict[str, str]) -> int:
    return int(told["stays_in_weekend_nights"]) + int(told["stays_in_week_nights"])


def _arrival(told: dict[str, str]) -> date:
    month = MONTHS.index(told["arrival_date_month"]) + 1
    return date(int(told["arrival_date_year"]), month, int(told["arrival_date_day_of_month"]))


def _date(text: str) -> date:
    month, day, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def _row(line: int, told: dict[str, str]) -> Row:
    children = (CHILD_AGE,) * int(told["children"]) + (BABY_AGE,) * int(told["babies"])
    arrival = _arrival(told)
    return Row(
        line=line,
        arrival=arrival,
        nights=_nights(told),
        booked_on=arrival - timedelta(days=int(told["lead_time"])),
        ended_on=_date(told["reservation_status_date"]),
        outcome=Outcome(told["reservation_status"]),
        room_type=told["reserved_room_type"],
        adults=int(told["adults"]),
        children_ages=children,
        changes=int(told["booking_changes"]),
        non_refundable=told["deposit_type"] == "Non Refund",
        by_guest=told["distribution_channel"] == "Direct",
        rate_minor=max(0, round(float(told["adr"]) * 100)),
    )


def chosen(rows: Sequence[Row], wanted: int) -> tuple[Row, ...]:
    """The first rows that came or were cancelled and the first no-shows, in the proportion of 500 to 159."""
    missed = [row for row in rows if row.outcome is Outcome.MISSED]
    others = [row for row in rows if row.outcome is not Outcome.MISSED]
    share = wanted - ROWS + OTHERS if wanted > ROWS else wanted * OTHERS // ROWS
    others = others[: max(share, wanted - len(missed))]
    return (*others, *missed[: wanted - len(others)])


def shift(rows: Iterable[Row], today: date) -> timedelta:
    """By whole weeks, so that weekends stay weekends: the first arrival is 30 to 36 days from today."""
    behind = (today + timedelta(days=LEAST_DAYS_AHEAD) - min(row.arrival for row in rows)).days
    return timedelta(days=-(-behind // A_WEEK) * A_WEEK)


def calendar(rows: Iterable[Row]) -> dict[date, dict[Wave, list[Row]]]:
    """What happens on each real day, in order of days and of what comes first in a day."""
    days: dict[date, dict[Wave, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for day, wave in row.acts:
            days[day][wave].append(row)
    return {day: dict(sorted(days[day].items())) for day in sorted(days)}


def capacity(rows: Iterable[Row]) -> dict[str, int]:
    """Rooms of each type: the most bookings that live at once on any night, those that are cancelled later too."""
    live: Counter[Cell] = Counter()
    most: Counter[str] = Counter()
    for waves in calendar(rows).values():
        for wave, some in waves.items():
            for row in some:
                cells = [(row.room_type, night) for night in row.dates]
                if wave is Wave.BOOKING:
                    live.update(cells)
                    most[row.room_type] = max(most[row.room_type], *(live[cell] for cell in cells))
                elif wave is not Wave.ARRIVING:
                    live.subtract(cell for cell in cells if cell[1] not in row.kept)
    return dict(sorted(most.items()))


def occupancy(rows: Iterable[Row]) -> Counter[Cell]:
    """Rooms that stay taken for each type and night: those of guests who came, and night one of who did not."""
    return Counter((row.room_type, night) for row in rows for night in row.kept)
