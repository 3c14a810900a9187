"""Real demand as the replay reads it: which lines count, when they happen, how many rooms they need."""

import gzip
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.processes import StackTrouble
from cli.replay.demand import (
    OTHERS,
    ROWS,
    Outcome,
    Row,
    Wave,
    calendar,
    capacity,
    chosen,
    occupancy,
    read_demand,
    shift,
)
from cli.replay.resort import resort

SAMPLE = Path(__file__).resolve().parent.parent / "whole" / "data" / "resort_bookings_40.csv"
MONDAY = date(2015, 7, 6)


def row(line: int, nights: int = 2, outcome: Outcome = Outcome.STAYED, **changes: Any) -> Row:
    """A booking of a double from a Monday in July, made ten days before."""
    made = Row(line, MONDAY, nights, MONDAY - timedelta(10), MONDAY, outcome, "A", 2, (), 0, False, True, 80_00)
    return replace(made, **changes)


def test_lines_that_no_room_could_be_booked_for_are_counted_and_left_out() -> None:
    """A line without a night, one without an adult, and a no-show before its day are not replayed."""
    demand = read_demand(SAMPLE)
    assert demand.skipped == {"no night": 1, "no adult": 1, "no-show before the day of arrival": 1}
    assert (len(demand.rows), demand.lines) == (40, 43)
    assert Counter(one.outcome for one in demand.rows) == {
        Outcome.STAYED: 23, Outcome.CANCELLED: 12, Outcome.MISSED: 5,
    }  # fmt: skip


def test_a_gzipped_file_is_read_as_well(tmp_path: Path) -> None:
    """The same lines, packed."""
    packed = tmp_path / "bookings.csv.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    assert read_demand(packed) == read_demand(SAMPLE)


def test_a_file_that_is_missing_or_of_another_kind_is_told_in_one_line(tmp_path: Path) -> None:
    """The person who named it reads what is wrong with it."""
    with pytest.raises(StackTrouble, match="cannot read"):
        read_demand(tmp_path / "nowhere.csv")
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(StackTrouble, match="not a file of bookings"):
        read_demand(other)


def test_the_nights_decide_over_an_odd_date_of_the_last_status(tmp_path: Path) -> None:
    """Seven nights that were checked out on the day of arrival are seven nights, and the line is counted as odd."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    stay = next(line for line in lines if ",0,0,0,C,C," not in line and line.endswith("Check-Out,7/3/2015"))
    odd = tmp_path / "odd.csv"
    odd.write_text("\n".join([lines[0], stay, stay.replace("Check-Out,7/3/2015", "Check-Out,7/1/2015")]), "utf-8")
    demand = read_demand(odd)
    first, second = demand.rows
    assert (second.dates, demand.odd_dates) == (first.dates, 1)


def test_the_first_bookings_and_no_shows_are_taken_in_proportion() -> None:
    """Of 659 rows 159 are no-shows; fewer rows keep the proportion, and what is missing of one kind the other fills."""
    many = [row(n) for n in range(600)] + [row(1000 + n, outcome=Outcome.MISSED) for n in range(200)]
    for wanted, missed in ((ROWS, ROWS - OTHERS), (40, 10), (700, 159)):
        some = chosen(many, wanted)
        assert len(some) == wanted
        assert sum(one.outcome is Outcome.MISSED for one in some) == missed
    assert len(chosen(many[:10], 40)) == 10
    assert len(chosen(many[590:], 100)) == 100


def test_dates_move_by_whole_weeks_to_a_month_ahead() -> None:
    """A Monday stays a Monday, 30 to 36 days from today."""
    for day in range(14):
        today = date(2026, 11, 27) + timedelta(day)
        moved = MONDAY + shift([row(1), row(2, arrival=MONDAY + timedelta(3))], today)
        assert moved.weekday() == 0
        assert 30 <= (moved - today).days <= 36


def test_on_a_day_who_leaves_goes_before_who_books_and_who_arrives() -> None:
    """A guest who books and arrives on one day is booked first; one who cancels that day was booked before it."""
    leaving = row(1, nights=1, arrival=MONDAY - timedelta(1))
    walks_in = row(2, booked_on=MONDAY)
    gives_up = row(3, booked_on=MONDAY, outcome=Outcome.CANCELLED)
    today = calendar([walks_in, gives_up, leaving])[MONDAY]
    assert [(wave, [one.line for one in some]) for wave, some in today.items()] == [
        (Wave.ENDING, [1]), (Wave.BOOKING, [2, 3]), (Wave.CANCELLING, [3]), (Wave.ARRIVING, [2]),
    ]  # fmt: skip


def test_there_are_as_many_rooms_as_bookings_live_at_once() -> None:
    """A booking that is cancelled later fills a room until then; what it gives back is taken again without a second."""
    stays = row(1)
    cancelled = row(2, outcome=Outcome.CANCELLED, ended_on=MONDAY - timedelta(5))
    before, after = (row(n, booked_on=MONDAY - timedelta(days)) for n, days in ((3, 6), (4, 4)))
    assert capacity([stays, cancelled]) == {"A": 2}
    assert capacity([stays, cancelled, after]) == {"A": 2}
    assert capacity([stays, cancelled, before]) == {"A": 3}
    assert capacity([stays, replace(before, room_type="B")]) == {"A": 1, "B": 1}


def test_a_no_show_gives_back_all_but_its_first_night_in_the_night() -> None:
    """Who books for the second night on the day after gets that very room; the first night stays taken."""
    missed = row(1, outcome=Outcome.MISSED)
    tuesday = MONDAY + timedelta(1)
    late = row(2, nights=1, arrival=tuesday, booked_on=tuesday)
    assert capacity([missed, late]) == {"A": 1}
    assert capacity([missed, replace(late, booked_on=MONDAY)]) == {"A": 2}
    assert occupancy([missed, late, row(3, outcome=Outcome.CANCELLED)]) == {("A", MONDAY): 1, ("A", tuesday): 1}


def test_the_hotel_has_the_file_s_rooms_and_takes_its_parties() -> None:
    """Each replay gets a hotel whose name is free, with room for the largest party and for one adult more."""
    rows = [row(1, adults=4, children_ages=(8, 1)), row(2, room_type="C", booked_on=MONDAY)]
    house = resort(rows, {"demand-a", "malabar"})
    assert (house.slug, house.code) == ("demand-b", "DMB")
    assert [(one.code, one.rooms, one.max_adults, one.max_children) for one in house.room_types] == [
        ("A", ("A001",), 5, 2), ("C", ("C001",), 3, 0),
    ]  # fmt: skip
