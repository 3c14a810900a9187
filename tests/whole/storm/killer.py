"""Kills the processes of a running stack, one after another, as `kill -9` does: by chance, with a seed."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cli.home import MARK_VARIABLE
from cli.ports import answers, serves
from cli.processes import carrying, living, working_in
from tests.whole.test_up import Running

HEALTHY_SECONDS = 1.0
LOOK_SECONDS = 0.15
WAIT_SECONDS = 90.0
HOST = "127.0.0.1"
TARGETS = ("api", "worker", "temporal", "postgres", "backend", "doubles")
_COMMANDS = {"api": "api.main", "worker": "worker.main", "temporal": "start-dev", "doubles": "doubles.main"}


def command_of(pid: int) -> list[str]:
    """The words of a process's command line; none for one that has gone."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


@dataclass
class Prey:
    """The parts of one stack: how they are found, and since when each of them serves."""

    stack: Running
    since: dict[str, float] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The stack's data folder."""
        return Path(self.stack.environment["HOLDFAST_HOME"])

    def family(self) -> list[int]:
        """Every process of the stack."""
        return sorted({*carrying(f"{MARK_VARIABLE}={self.home}"), *working_in(self.home / "postgres")})

    def pids(self, target: str) -> list[int]:
        """The processes that a target means: the part itself, or for `backend` those that serve one connection."""
        if target in _COMMANDS:
            return [pid for pid in self.family() if _COMMANDS[target] in command_of(pid)]
        works = [pid for pid in working_in(self.home / "postgres") if living(pid)]
        words = {pid: command_of(pid) for pid in works}
        if target == "postgres":
            return [pid for pid in works if words[pid][0].endswith("bin/postgres")]
        return [pid for pid in works if words[pid][0].startswith("postgres: holdfast_app")]

    async def watch(self) -> None:
        """Notes since when each part serves, for as long as it is let."""
        while True:
            now = time.monotonic()
            names = ("api", "worker", "temporal", "doubles", "postgres")
            for name, well in zip(names, await asyncio.gather(*(self._serves(name) for name in names)), strict=True):
                if not well:
                    self.since.pop(name, None)
                elif name not in self.since:
                    self.since[name] = now
            await asyncio.sleep(LOOK_SECONDS)

    async def _serves(self, name: str) -> bool:
        ports = self.stack.environment
        match name:
            case "api":
                return await serves(HOST, int(ports["HOLDFAST_PORT"]), "/healthz")
            case "worker":
                return await serves(HOST, int(ports["HOLDFAST_METRICS_PORT"]), "/metrics")
            case "doubles":
                return await serves(HOST, int(ports["HOLDFAST_MAIL_DOUBLE_PORT"]), "/healthz")
            case "temporal":
                return await asyncio.to_thread(answers, HOST, int(ports["HOLDFAST_TEMPORAL_PORT"]))
            case _:
                return await asyncio.to_thread(self._postgres_is_ready)

    def _postgres_is_ready(self) -> bool:
        """As its own pid file tells it."""
        try:
            lines = (self.home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and living(int(lines[0]))

    def healthy(self, target: str) -> bool:
        """Whether the target has served for long enough to be killed again."""
        since = self.since.get("postgres" if target == "backend" else target)
        return since is not None and time.monotonic() - since >= HEALTHY_SECONDS

    async def all_healthy(self) -> None:
        """Waits until everything serves again. Errors: AssertionError that names what does not."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while not all(self.healthy(target) for target in TARGETS):
            assert time.monotonic() < give_up_at, f"only {sorted(self.since)} came back"
            await asyncio.sleep(LOOK_SECONDS)


@dataclass
class Killer:
    """Draws the next victim like a card: every part comes once in each round, the order is chance's."""

    prey: Prey
    chance: random.Random
    mean_seconds: float
    restart: Callable[[], Running]
    killed: Counter[str] = field(default_factory=Counter)
    back_seconds: dict[str, float] = field(default_factory=dict)

    async def storm(self, kills: int, *, end_up_at: int | None = None) -> None:
        """Kills so many times; the one with the number `end_up_at` is `holdfast up` itself, which is started again."""
        deck: list[str] = []
        for number in range(kills):
            await asyncio.sleep(self.chance.expovariate(1 / self.mean_seconds))
            if number == end_up_at:
                await self._kill_up()
                continue
            if not deck:
                deck = self.chance.sample(TARGETS, len(TARGETS))
            await self._kill(deck)

    async def _kill(self, deck: list[str]) -> None:
        """Kills the first of the deck that has been well for a second."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while True:
            for target in deck:
                victims = self.prey.pids(target) if self.prey.healthy(target) else []
                if victims:
                    deck.remove(target)
                    self._strike(target, self.chance.choice(sorted(victims)))
                    return
            assert time.monotonic() < give_up_at, f"none of {deck} was well again; {sorted(self.prey.since)} are"
            await asyncio.sleep(LOOK_SECONDS)

    def _strike(self, target: str, victim: int) -> None:
        os.kill(victim, signal.SIGKILL)
        self.killed[target] += 1
        self.prey.since.pop("postgres" if target == "backend" else target, None)

    async def _kill_up(self) -> None:
        """The supervisor itself: its parts follow it, and the next start goes on."""
        os.kill(self.prey.stack.process.pid, signal.SIGKILL)
        self.killed["up"] += 1
        self.prey.since.clear()
        await asyncio.to_thread(self.prey.stack.process.wait)
        began = time.monotonic()
        self.prey.stack.process = (await asyncio.to_thread(self.restart)).process
        self.back_seconds["up"] = time.monotonic() - began
