"""A whole storm over a running stack: lives begin, processes are killed, everything comes to rest and is looked at."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import psycopg
from temporalio.client import Client

from cli.postgres import SUPERUSER, owner_url
from cli.processes import wait_until
from config.settings import DEMO_SECRET
from messages.converter import data_converter
from tests.houses import plain
from tests.whole import audit
from tests.whole.storm import lives, payers, promises
from tests.whole.storm.clients import GivesUp, Wire
from tests.whole.storm.killer import Killer, Prey
from tests.whole.storm.ledger import Life, Tally
from tests.whole.test_up import DESK, Running

# Of so many bookings one is under way at a time; more would only wait for each other on a small machine.
BOOKINGS_A_TURN, LEAST_AT_ONCE = 12, 8
CARELESS_AT_ONCE = 2
# A desk that holds options wants to see some run out, where there is time for it.
LEAST_FOR_OPTIONS = 100
# Who leaves today leaves the night behind taken, and the house has rooms for so many.
MOST_LIVED = 12
ENDING_SECONDS = 60.0
LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class Size:
    """How hard it blows. settle_seconds: how long everything may take to come to rest once all serve."""

    bookings: int
    kills: int
    mean_seconds: float
    settle_seconds: float
    kills_up: bool
    paths: tuple[Callable[[lives.Person], Awaitable[None]], ...] = lives.PATHS


@dataclass
class Outcome:
    """What was seen in a storm and after it. Each list holds sentences, one for each fault."""

    tally: Tally
    killed: dict[str, int] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    workflows: list[str] = field(default_factory=list)
    ledgers: list[str] = field(default_factory=list)
    careful: list[str] = field(default_factory=list)
    careless: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    ended_with: int | None = None
    storm_seconds: float = 0.0
    rest_seconds: float = 0.0

    def told(self, seed: str) -> str:
        """The figures, for the one who reads the proof."""
        kills = ", ".join(f"{name} {many}" for name, many in sorted(self.killed.items()))
        answers = ", ".join(f"{name}: {many}" for name, many in sorted(self.tally.statuses.items()))
        return (
            f"\nproof: seed {seed}: {sum(self.killed.values())} kills ({kills}) in {self.storm_seconds:.0f} s, then"
            f" {self.rest_seconds:.0f} s to rest; careful: {self.tally.told(careful=True)};"
            f" careless: {self.tally.told(careful=False)}; {len(self.careless)} broken;"
            f" answers: {answers}; longest time without any yes: {self.tally.longest_silence:.1f} s"
        )


def blow(stack: Running, restart: Callable[[], Running], seed: str, size: Size) -> Outcome:
    """One storm over a stack that runs; at its end the stack is ended too."""
    prey = Prey(stack)
    outcome = asyncio.run(_Storm(prey, seed, size).run(restart))
    family = prey.family()
    outcome.ended_with = stack.end()
    wait_until(lambda: not prey.family(), 10)
    outcome.left = [pid for pid in prey.family() if pid in family]
    return outcome


class _Storm:
    def __init__(self, prey: Prey, seed: str, size: Size) -> None:
        self._prey, self._seed, self._size = prey, seed, size
        self._tally = Tally()
        self._base = prey.stack.address("HOLDFAST_PORT")
        self._ends = asyncio.Event()

    async def run(self, restart: Callable[[], Running]) -> Outcome:
        size, outcome = self._size, Outcome(self._tally)
        chance = random.Random(f"{self._seed} kills")  # noqa: S311 - The same storm for the same seed.
        killer = Killer(self._prey, chance, size.mean_seconds, restart)
        keys = random.Random(f"{self._seed} lives")  # noqa: S311
        wire = Wire(self._base, self._tally, keys, time.monotonic() + LONGEST_SECONDS)
        desk = await self._log_in()
        watch = asyncio.create_task(self._prey.watch())
        began = time.monotonic()
        people = asyncio.create_task(self._careful(wire, desk))
        others = asyncio.create_task(self._careless(wire, desk))
        try:
            await self._prey.all_healthy()
            await killer.storm(size.kills, end_up_at=size.kills // 2 if size.kills_up else None)
            outcome.storm_seconds = time.monotonic() - began
            outcome.killed = dict(killer.killed)
            self._ends.set()
            await self._prey.all_healthy()
            wire.give_up_at = time.monotonic() + size.settle_seconds
            await asyncio.gather(people, others)
            await self._come_to_rest(outcome)
        finally:
            for task in (people, others, watch):
                task.cancel()
            await asyncio.gather(people, others, watch, return_exceptions=True)
            await wire.client.aclose()
        outcome.rest_seconds = time.monotonic() - began - outcome.storm_seconds
        return outcome

    async def _log_in(self) -> str:
        async with httpx.AsyncClient(base_url=self._base, timeout=20) as client:
            return str((await client.post("/api/v1/auth/login", json=DESK)).json()["access_token"])

    async def _careful(self, wire: Wire, desk: str) -> None:
        """So many lives, some of them at a time, spread over the whole storm."""
        turn = asyncio.Semaphore(max(LEAST_AT_ONCE, self._size.bookings // BOOKINGS_A_TURN))
        paths = list(self._size.paths)
        if self._size.bookings >= LEAST_FOR_OPTIONS and self._size.paths == lives.PATHS:
            paths.append(lives.runs_out)
        pace = 0.8 * self._size.kills * self._size.mean_seconds / self._size.bookings
        begun: list[asyncio.Task[None]] = []
        for number in range(self._size.bookings):
            path = paths[number % len(paths)]
            if path is lives.is_lived and number // len(paths) >= MOST_LIVED:
                path = lives.waits
            await turn.acquire()
            life = Life(f"guest-{number}@storm.example", path.__name__)
            begun.append(asyncio.create_task(self._live(path, lives.Person(wire, life, desk))))
            begun[-1].add_done_callback(lambda _: turn.release())
            await asyncio.sleep(wire.chance.uniform(0.5, 1.5) * pace)
        await asyncio.gather(*begun)

    async def _careless(self, wire: Wire, desk: str) -> None:
        """Clients without keys of their own go on for as long as the storm does."""

        async def always(who: int) -> None:
            number = 0
            while not self._ends.is_set():
                number += 1
                life = Life(f"careless-{who}-{number}@storm.example", "careless", careful=False)
                await self._live(lives.careless, lives.Person(wire, life, desk))
                await asyncio.sleep(0.3)

        await asyncio.gather(*(always(who) for who in range(CARELESS_AT_ONCE)))

    async def _live(self, path: Callable[[lives.Person], Awaitable[None]], one: lives.Person) -> None:
        self._tally.lives.append(one.life)
        try:
            await path(one)
        except (GivesUp, lives.Surprise) as trouble:
            one.life.trouble = str(trouble)
        except (KeyError, ValueError) as strange:
            one.life.trouble = f"an answer had another shape: {strange!r}"

    async def _come_to_rest(self, outcome: Outcome) -> None:
        """Waits until every careful life is where it should end, then looks at everything."""
        with psycopg.connect(plain(owner_url(self._prey.home / "postgres", SUPERUSER)), autocommit=True) as db:
            give_up_at = time.monotonic() + self._size.settle_seconds
            while (self._unsettled(db) or payers.unsettled(db)) and time.monotonic() < give_up_at:
                await asyncio.sleep(1)
            port = self._prey.stack.environment["HOLDFAST_TEMPORAL_PORT"]
            client = await Client.connect(f"127.0.0.1:{port}", data_converter=data_converter(DEMO_SECRET))
            outcome.workflows = await audit.workflows(client, db, seconds=ENDING_SECONDS)
            outcome.rows = audit.rows(db)
            outcome.ledgers = payers.ledgers(db, self._prey.stack.address("HOLDFAST_STRIPE_DOUBLE_PORT"))
            written = promises.Written.read(db)
            outcome.letters = audit.letters(db, self._prey.home / "mail.db")
        for life in self._tally.lives:
            faults = outcome.careful if life.careful else outcome.careless
            faults += promises.broken(life, written)

    def _unsettled(self, db: audit.Connection) -> bool:
        statuses = dict(db.execute("SELECT reference, status FROM bookings").fetchall())
        return any(
            statuses.get(life.reference) not in life.ends
            for life in self._tally.lives
            if life.careful and life.reference and not life.trouble
        )
