"""Drives chosen rows through a system, real day after real day, and compares what came of them with the file."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper

from cli.replay.demand import Cell, Outcome, Row, Wave, calendar, occupancy, shift
from cli.replay.life import Desk, Life
from cli.replay.resort import TERMS, Resort, resort
from cli.replay.system import System
from cli.replay.web import NotDone, Web
from domain.clocks import local
from store.hotels import hotel_by_slug
from store.nights import taken_nights
from store.seed import PASSWORD, seed
from store.session import Database

AT_ONCE = 25
SPARE_NIGHTS = 10
SHOWN = 20
KEEPS_NOTHING = {"cancelled", "rejected", "expired", "failed"}
Say = Callable[[str], None]
Hand = Callable[[Life], Awaitable[None]]
LIVED: dict[tuple[Wave, Outcome], Hand] = {
    (Wave.CANCELLING, Outcome.CANCELLED): Life.cancel,
    (Wave.ARRIVING, Outcome.STAYED): Life.arrive,
    (Wave.ENDING, Outcome.STAYED): Life.leave,
    (Wave.ENDING, Outcome.MISSED): Life.miss,
}


@dataclass
class Outcomes:
    """What came of a replay beside what the file says. The differences are counted in full and named in part."""

    rows: int = 0
    shifted_days: int = 0
    days: int = 0
    file_statuses: dict[str, int] = field(default_factory=dict)
    engine_statuses: dict[str, int] = field(default_factory=dict)
    other_statuses: int = 0
    cells: int = 0
    nights: int = 0
    room_nights: int = 0
    nights_that_differ: int = 0
    counters_that_differ: int = 0
    held_left: int = 0
    changes: int = 0
    capacity: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    server_errors: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    lost_connections: int = 0
    seconds: float = 0.0
    named: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether every final status and every night's occupancy is the file's, and no answer was a 5xx."""
        wrong = self.other_statuses + self.nights_that_differ + self.counters_that_differ + self.held_left
        return wrong + self.server_errors == 0 and self.rows > 0


async def replay(
    system: System, rows: Sequence[Row], say: Say = lambda _: None, lived: dict[tuple[Wave, Outcome], Hand] = LIVED
) -> Outcomes:
    """Seeds a hotel for the rows, drives each of them to its end, and compares.

    lived: what is done with a row in a wave of its day; a control leaves something out.
    """
    began = time.monotonic()
    web = Web(system.base_url, AT_ONCE)
    try:
        hotel, by = await _furnish(system, web, rows)
        client = await Client.connect(system.temporal, namespace=system.namespace)
        login = {"email": f"frontdesk@{hotel.slug}.example", "password": PASSWORD}
        token = str((await web.post("/auth/login", login)).body["access_token"])
        desk = Desk(hotel.slug, token, by, web, TimeSkipper(client), client)
        run = _Run(rows, desk, say, lived)
        await run.drive()
        result = await run.compare(system)
    finally:
        web.close()
    result.shifted_days = by.days
    result.capacity = {room_type.code: len(room_type.rooms) for room_type in hotel.room_types}
    result.calls, result.server_errors, result.lost_connections = web.calls, web.server_errors, web.lost
    result.answers = {str(status): count for status, count in sorted(web.statuses.items())}
    result.seconds = round(time.monotonic() - began, 1)
    return result


async def _furnish(system: System, web: Web, rows: Sequence[Row]) -> tuple[Resort, timedelta]:
    """The rows' own hotel, with nights to sell until the last departure; and how far their dates are shifted."""
    known = {hotel["slug"] for hotel in (await web.get("/hotels", asked={"limit": 200}))["items"]}
    today = local(datetime.now(UTC), TERMS.zone).date()
    by, hotel = shift(rows, today), resort(rows, known)
    last = max(row.departure for row in rows) + by
    await seed(system.owner_address, houses=(hotel,), nights=(last - today).days + SPARE_NIGHTS)
    return hotel, by


class _Run:
    """The rows with their lives, while they are lived."""

    def __init__(self, rows: Sequence[Row], desk: Desk, say: Say, lived: dict[tuple[Wave, Outcome], Hand]) -> None:
        self._desk = desk
        self._say = say
        self._lived = lived
        self._lives = {row.line: Life(row, desk) for row in rows}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._settling: set[asyncio.Task[None]] = set()
        self._troubles: dict[int, str] = {}
        self._days = 0

    async def drive(self) -> None:
        """One real day after another; inside a day one wave after another, 25 bookings of it at once."""
        days = calendar(life.row for life in self._lives.values())
        self._days = len(days)
        begun = time.monotonic()
        for n, (day, waves) in enumerate(days.items(), 1):
            await self._wake(waves)
            for wave, rows in waves.items():
                await asyncio.gather(*(self._one(row, wave) for row in rows))
            if n % 25 == 0 or n == len(days):
                told = f"{n} of {len(days)} days, to {day}; {len(self._troubles)} in trouble"
                self._say(f"{time.monotonic() - begun:6.0f} s: {told}")
        await asyncio.gather(*self._settling)

    async def _wake(self, waves: dict[Wave, list[Row]]) -> None:
        """Moves the clocks of everybody who has something to do today at once, since a jump takes its time."""
        await asyncio.gather(
            *(
                self._tried(life, partial(Life.reach, instant=life.moment(wave)))
                for wave, rows in waves.items()
                for life in (self._lives[row.line] for row in rows)
                if wave is not Wave.BOOKING and life.reference and life.row.line not in self._troubles
            )
        )

    async def _one(self, row: Row, wave: Wave) -> None:
        """One booking's part of a wave. Whoever could not go on before is left as it is: the comparison tells it."""
        life = self._lives[row.line]
        hand = Life.book if wave is Wave.BOOKING else self._lived.get((wave, row.outcome))
        if hand is None or row.line in self._troubles:
            return
        await self._tried(life, hand)
        if wave is Wave.ENDING and row.outcome is Outcome.STAYED:
            # The books of one booking close while the next day goes on; nobody else waits for that.
            task = asyncio.create_task(self._tried(life, Life.settle))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _tried(self, life: Life, hand: Hand) -> None:
        async with self._gate:
            try:
                await hand(life)
            except (NotDone, TimeoutError, RuntimeError, RPCError) as trouble:
                self._troubles[life.row.line] = f"could not go on: {trouble!r}"

    async def compare(self, system: System) -> Outcomes:
        """Final statuses row by row, nights as the bookings tell them, and nights as the engine counts them."""
        result = Outcomes(rows=len(self._lives), days=self._days)
        result.changes = sum(life.amends for life in self._lives.values())
        named = [f"line {line}: {words}" for line, words in self._troubles.items()]
        seen = await asyncio.gather(*(self._look(life) for life in self._lives.values()))
        told: Counter[Cell] = Counter()
        for life, booking in zip(self._lives.values(), seen, strict=True):
            told.update(_kept(booking, self._desk.shift))
            status, expected = booking.get("status", "never made"), life.row.outcome.status
            if status != expected:
                result.other_statuses += 1
                named.append(f"line {life.row.line} {life.reference}: {status} instead of {expected}")
        result.file_statuses = dict(Counter(life.row.outcome.status for life in self._lives.values()))
        result.engine_statuses = dict(Counter(str(booking.get("status", "never made")) for booking in seen))
        wanted = occupancy(life.row for life in self._lives.values())
        counted, result.held_left = await self._counted(system)
        result.cells, result.nights = len(wanted), len({night for _, night in wanted})
        result.room_nights = wanted.total()
        differing = _differences(wanted, told, "the bookings say"), _differences(wanted, counted, "the counters say")
        result.nights_that_differ, result.counters_that_differ = len(differing[0]), len(differing[1])
        result.named = [*named, *differing[0], *differing[1]][:SHOWN]
        return result

    async def _look(self, life: Life) -> dict[str, Any]:
        if not life.reference:
            return {}
        async with self._gate:
            return await life.look()

    async def _counted(self, system: System) -> tuple[Counter[Cell], int]:
        """Rooms sold for each type and night by the hotel's counters, in the file's dates; and how many are held."""
        database = Database(system.owner_address, pool_size=1)
        try:
            async with database.public() as tx:
                hotel = await hotel_by_slug(tx, self._desk.slug)
            if hotel is None:
                raise NotDone(f"hotel {self._desk.slug} is gone")
            async with database.hotel(hotel.id) as tx:
                rows = await taken_nights(tx, hotel.id)
        finally:
            await database.close()
        sold = Counter({(row.room_type, row.night - self._desk.shift): row.sold for row in rows if row.sold})
        return sold, sum(row.held for row in rows)


def _kept(booking: dict[str, Any], by: timedelta) -> Iterable[Cell]:
    """The nights that a booking has taken: those that were not given back, unless it ended without any."""
    nights = [] if booking.get("status") in KEEPS_NOTHING else booking.get("nights", [])
    return [_cell(night, by) for night in nights if not night["released"]]


def _cell(night: dict[str, Any], by: timedelta) -> Cell:
    return night["room_type"], date.fromisoformat(night["night"]) - by


def _differences(wanted: Counter[Cell], found: Counter[Cell], who: str) -> list[str]:
    return [
        f"{cell[1]} {cell[0]}: {who} {found[cell]}, the file {wanted[cell]}"
        for cell in sorted(wanted.keys() | found.keys())
        if wanted[cell] != found[cell]
    ]
