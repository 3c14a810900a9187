"""A hundred users who think for a second between two requests, on the whole stack as `holdfast up` runs it."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from bench.houses import hotel_day, promises, wish
from bench.memory import descendants, processor_milliseconds
from bench.sizes import Row, p95, size, told
from bench.startup import own_place, up
from bench.web import Reply, Web, log_in

THINK_SECONDS = 1.0
WARM_UP_SECONDS = 10
# What of a hundred requests; each kind is a method of User.
MIX = {
    "availability": 45, "booking": 20, "desk_list": 10, "desk_day": 10, "command": 8, "creation": 4, "timeline": 3,
}  # fmt: skip
LOGINS = 4
DAYS = 300
MOST_OF_ONE_BOOKING = 8
ROWS: tuple[Row, ...] = (
    ("api_p95_ms", 200.0, "Users who think for 1 s: all answers of the API, p95 in ms"),
    ("creation_p95_ms", 1_000.0, "The same: POST /bookings, p95 in ms"),
    ("refused", 0, "The same: answers that were not 2xx"),
)


@dataclass
class Booked:
    """A booking of this user's, with the link's token."""

    reference: str
    version: int
    token: str
    commands: int = 0


@dataclass
class User:
    """Looks for rooms, books, looks at the booking, and works at the desk."""

    web: Web
    desk: str
    chance: random.Random
    promised: Sequence[str]
    mine: list[Booked] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)

    async def live(self, seconds: float) -> None:
        """Asks, thinks, asks again; users are out of step with each other."""
        last = asyncio.get_running_loop().time() + seconds
        await asyncio.sleep(self.chance.uniform(0, THINK_SECONDS))
        while asyncio.get_running_loop().time() < last:
            (kind,) = self.chance.choices(list(MIX), list(MIX.values()))
            reply: Reply = await getattr(self, kind)()
            self.took[kind].append(reply.milliseconds)
            if reply.status >= 300:
                self.refused.append(f"{kind} {reply.status} {reply.body.decode(errors='replace')[:300]}")
            await asyncio.sleep(THINK_SECONDS)

    async def availability(self) -> Reply:
        """Two nights or a week, some day of the year."""
        arrival = hotel_day() + timedelta(days=self.chance.randrange(1, DAYS))
        departure = arrival + timedelta(days=self.chance.choice((2, 3, 7)))
        path = f"/api/v1/hotels/malabar/availability?arrival={arrival}&departure={departure}&adults=2"
        return await self.web.get(path)

    async def creation(self) -> Reply:
        """A room, for one night."""
        reply = await self.web.post("/api/v1/bookings", wish(self.chance.choice(self.promised)))
        if reply.status == 201:
            made = reply.json
            self.mine.append(Booked(made["reference"], made["version"], made["access_token"]))
        return reply

    async def booking(self) -> Reply:
        """The guest's own page."""
        one = self.chance.choice(self.mine)
        return await self.web.get(f"/api/v1/bookings/{one.reference}", one.token)

    async def timeline(self) -> Reply:
        """The guest's story so far."""
        one = self.chance.choice(self.mine)
        return await self.web.get(f"/api/v1/bookings/{one.reference}/timeline", one.token)

    async def desk_list(self) -> Reply:
        """The first page of the desk's bookings."""
        return await self.web.get("/api/v1/desk/bookings", self.desk)

    async def desk_day(self) -> Reply:
        """The day that is open, or one that is near."""
        day = hotel_day() + timedelta(days=self.chance.randrange(30))
        return await self.web.get(f"/api/v1/desk/day?date={day}", self.desk)

    async def command(self) -> Reply:
        """Approves a booking, gives it a room, then takes money in small parts."""
        one = next((b for b in reversed(self.mine) if b.commands < MOST_OF_ONE_BOOKING), self.mine[-1])
        action = ("approve", "assign-room", "payments")[min(one.commands, 2)]
        money = {"method": "cash", "amount": {"amount_minor": 100, "currency": "INR"}}
        body = {"version": one.version, **(money if action == "payments" else {})}
        reply = await self.web.post(f"/api/v1/desk/bookings/{one.reference}/{action}", body, self.desk)
        if reply.status == 200:
            one.version, one.commands = reply.json["version"], one.commands + 1
        return reply


def run() -> dict[str, Any]:
    """On the whole stack, with its notices and its doubles."""
    with own_place("mix", HOLDFAST_LOG_LEVEL="WARNING") as (environment, log):
        address = f"http://127.0.0.1:{environment['HOLDFAST_PORT']}"
        with up(environment, log) as (stack, _):
            with httpx.Client(base_url=address, timeout=20) as http:
                promised = promises(http, DAYS)
            return asyncio.run(measure(address, promised, stack.pid))


async def measure(address: str, promised: Sequence[str], stack: int) -> dict[str, Any]:
    """p50 and p95 of each kind and of all, answers that were not 2xx, and what a request costs each part."""
    seconds, seed = size("SECONDS", 60), size("SEED", 20_270_310)
    first = Web(address)
    desks = [await log_in(first) for _ in range(LOGINS)]
    await first.close()
    users = [
        User(Web(address), desks[n % LOGINS], random.Random(seed + n), promised)  # noqa: S311 - not for secrets.
        for n in range(size("USERS", 100))
    ]
    for user in users:
        (await user.creation()).good()
    for each in (WARM_UP_SECONDS, seconds):
        for user in users:
            user.took.clear()
        before = processor_milliseconds(descendants(stack))
        await asyncio.gather(*(user.live(each) for user in users))
    used = processor_milliseconds(descendants(stack)) - before
    for user in users:
        await user.web.close()
    took = {kind: [one for user in users for one in user.took.get(kind, [])] for kind in MIX}
    everything = [one for each in took.values() for one in each]
    refused = [words for user in users for words in user.refused]
    kinds = {name: value for kind, each in took.items() if each for name, value in told(kind, each).items()}
    return {
        **kinds,
        **told("api", everything),
        "slowest_ms": round(max(everything), 1),
        "requests": len(everything),
        "requests_a_second": round(len(everything) / seconds, 1),
        **{f"{part}_processor_ms_a_request": round(each / len(everything), 2) for part, each in used.items()},
        "users": len(users),
        "seed": seed,
        "refused": len(refused),
        "first_refusals": refused[:3],
        "api_p95_ratio_to_bound": round(p95(everything) / 200, 3),
    }
