"""What 1, 20 and 100 users wait for who all ask at once, each again as soon as they are answered, beside the floors.

Nobody thinks between two requests here, so with many users each figure is one of a full house: the ratio to the floor,
measured with as many users in alternating rounds, is what says something about Holdfast. What users see who think is
bench/mix.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any

import httpx
from temporalio.client import Client

from bench.houses import System, enlarge, furnish, hotel_day, promises, running, wish
from bench.noop import bare_command, bare_start
from bench.seeding import connected, write_rows
from bench.sizes import Row, p95, size, told
from bench.web import Reply, Web, log_in

USERS = (1, 20, 100)
# How many requests a user makes in a round, and how many bookings a user commands.
EACH = {1: 50, 20: 10, 100: 3}
LIVES = {1: 12, 20: 3, 100: 1}
COMMANDS = ("approve", "assign-room", "payments", "payments")
DAYS = 400
BUSY_DAY_BOOKINGS = 24
KINDS = ("creation", "availability", "day", "command")
ROWS: tuple[Row, ...] = (
    *((f"{kind}_{n}_p50_ratio", None, f"{kind}, {n} at once ÷ its floor, p50") for kind in KINDS for n in USERS),
    ("unanswered", 0, "At once: answers that the house was too full to give"),
)


@dataclass
class User:
    """Somebody with a connection, and the days they book. bookings: reference and version of what they command."""

    web: Web
    client: Client
    number: int
    promised: Sequence[str]
    bookings: list[tuple[str, int]] = field(default_factory=list)
    asked: int = 0
    unanswered: int = 0

    def timed(self, reply: Reply) -> list[float]:
        """Its milliseconds; an answer that the house was too full to give is counted instead."""
        if reply.status == 503:
            self.unanswered += 1
            return []
        return [reply.good().milliseconds]

    def offer(self) -> str:
        """The next day's offer; users begin on days of their own."""
        self.asked += 1
        return self.promised[(self.number + self.asked * len(USERS) * 37) % len(self.promised)]


Turn = Callable[[User, int], Awaitable[list[float]]]


def run() -> dict[str, Any]:
    """On a system of its own, with rooms for everybody."""
    with running() as system:
        asyncio.run(furnish(system.owner_url))
        asyncio.run(enlarge(system.owner_url))
        with httpx.Client(base_url=system.api[0], timeout=20) as http:
            promised = promises(http, DAYS)
        return asyncio.run(measure(system, promised))


async def measure(system: System, promised: Sequence[str]) -> dict[str, Any]:
    """p50 and p95 of each kind, its floor and their ratio, for each number of users."""
    client, desk = await connected(system), Web(system.api[0])
    token = await log_in(desk)
    await write_rows(system, promised[:1], BUSY_DAY_BOOKINGS)
    users = [User(Web(system.api[0], token), client, n, promised) for n in range(max(USERS))]
    figures: dict[str, Any] = {}
    for kind, before, ours, floor in (
        ("availability", _nothing, _availability, _noop_route),
        ("day", _nothing, _day, _noop_route),
        ("command", _bookings, _commands, _bare_commands),
        ("creation", _nothing, _creations, _bare_starts),
    ):
        for some in USERS:
            figures |= await _compared(f"{kind}_{some}", users[:some], before, ours, floor)
    figures["unanswered"] = sum(user.unanswered for user in users)
    for user in users:
        await user.web.close()
    await desk.close()
    return figures


async def _compared(name: str, users: Sequence[User], before: Turn, ours: Turn, floor: Turn) -> dict[str, float]:
    """Rounds of both in alternating order; the first only warms up."""
    took: dict[Turn, list[float]] = {ours: [], floor: []}
    most = size("EACH", max(EACH.values()))
    for n in range(size("ROUNDS", 3) + 1):
        await asyncio.gather(*(before(user, min(LIVES[len(users)], most)) for user in users))
        for one in (ours, floor) if n % 2 else (floor, ours):
            times = await asyncio.gather(*(one(user, min(EACH[len(users)], most)) for user in users))
            if n > 0:
                took[one].extend(each for mine in times for each in mine)
    return {
        **told(name, took[ours]),
        **told(f"{name}_floor", took[floor]),
        f"{name}_p50_ratio": round(median(took[ours]) / median(took[floor]), 3),
        f"{name}_p95_ratio": round(p95(took[ours]) / p95(took[floor]), 3),
    }


async def _nothing(user: User, each: int) -> list[float]:
    return []


async def _creations(user: User, each: int) -> list[float]:
    replies = [await user.web.post("/api/v1/bookings", wish(user.offer())) for _ in range(each)]
    return [took for reply in replies for took in user.timed(reply)]


async def _bare_starts(user: User, each: int) -> list[float]:
    return [await _timed(bare_start(user.client)) for _ in range(each)]


async def _availability(user: User, each: int) -> list[float]:
    arrival = hotel_day() + timedelta(days=30 + user.number)
    path = f"/api/v1/hotels/malabar/availability?arrival={arrival}&departure={arrival + timedelta(days=7)}&adults=2"
    return await _read(user, path, each)


async def _day(user: User, each: int) -> list[float]:
    path = f"/api/v1/desk/day?date={hotel_day() + timedelta(days=20)}"
    return await _read(user, path, each)


async def _noop_route(user: User, each: int) -> list[float]:
    return await _read(user, "/healthz", each)


async def _read(user: User, path: str, each: int) -> list[float]:
    replies = [await user.web.get(path) for _ in range(each)]
    return [took for reply in replies for took in user.timed(reply)]


async def _bookings(user: User, lives: int) -> list[float]:
    """New requests to command, and as many workflows for the floor; nobody times this."""
    for _ in range(lives):
        reply = await user.web.post("/api/v1/bookings", wish(user.offer()))
        if user.timed(reply):
            user.bookings.append((reply.json["reference"], reply.json["version"]))
    await bare_start(user.client, _name(user))
    return []


async def _commands(user: User, _: int) -> list[float]:
    """Every booking is approved, given a room, and pays in two parts."""
    times: list[float] = []
    while user.bookings:
        reference, version = user.bookings.pop()
        for action in COMMANDS:
            reply = await user.web.post(f"/api/v1/desk/bookings/{reference}/{action}", _body(action, version))
            if reply.status == 409:
                break  # Somebody of that day was quicker with the room; the booking is left as it is.
            times += user.timed(reply)
            if reply.status == 503:
                break
            version = reply.json["version"]
    return times


def _body(action: str, version: int) -> dict[str, Any]:
    money = {"method": "cash", "amount": {"amount_minor": 100, "currency": "INR"}}
    return {"version": version, **(money if action == "payments" else {})}


async def _bare_commands(user: User, _: int) -> list[float]:
    return [await _timed(bare_command(user.client, _name(user))) for _ in range(len(COMMANDS))]


def _name(user: User) -> str:
    return f"crowd-{user.number}"


async def _timed(work: Awaitable[object]) -> float:
    began = asyncio.get_running_loop().time()
    await work
    return (asyncio.get_running_loop().time() - began) * 1000
