"""Database, Temporal and worker in trouble: who calls is told so in time, nothing is lost, and it ends by itself.

Every part is a process of its own, in a world that these tests make sick. `make test` has time for some outages;
HOLDFAST_PROOF_OUTAGES=all is every one, with a look at what operations see meanwhile.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx
import pytest
from temporalio.client import Client

from api.health import GOOD_FOR_SECONDS
from cli.processes import wait_until
from messages.names import workflow_id
from tests.api.world import API, PASSWORD, Body, Desk, Guests, bearer
from tests.whole.audit import counters
from tests.whole.outages import Outage, chosen, is_thorough
from tests.whole.sick_world import PATIENCE_SECONDS, World, sick_world

CALLERS = 5
QUIET_SECONDS = 3.0
# While nobody asks: how often the parts themselves may knock at a neighbour that is ill, each second.
# Temporal's own library redials for each of a worker's pollers, fifteen at the least, about once a second.
MOST_CONNECTIONS_A_SECOND, MOST_CALLS_A_SECOND = 15.0, 40.0
# In the first seconds after it: every pool of API (16 and 1) and worker (16), the postman, and each caller's own.
HERD_SECONDS = 5.0
MOST_CONNECTIONS_AFTERWARDS = 45
# A story's own tries at the database are a minute apart at most; one who asks meanwhile hears 503 until the next.
RECOVERY_SECONDS = 60.0 + PATIENCE_SECONDS
WORKER_IS_MISSED_SECONDS = 100.0


@dataclass
class Called:
    """One call: what was answered, after how many seconds."""

    answer: httpx.Response
    seconds: float

    def is_told(self, outage: Outage) -> None:
        """Must be a problem that says what to do, in time."""
        told = self.answer.json()
        assert self.answer.headers["content-type"] == "application/problem+json", self.answer.text
        assert self.answer.status_code == 503, self.answer.text
        assert told["code"] in outage.codes, told
        assert int(self.answer.headers["Retry-After"]) == told["retry_after"] > 0
        assert self.seconds <= outage.seconds, (outage.name, self.answer.request.url.path, self.seconds)

    def is_read(self, outage: Outage) -> None:
        """Must be the page, or the problem where its source is away."""
        if outage.reads:
            assert self.answer.status_code == 200, self.answer.text
            assert self.seconds <= outage.seconds
        else:
            self.is_told(outage)


@dataclass
class Town:
    """A world with its guests and a desk; `keys` are those of every booking that anybody has asked for."""

    world: World
    api: httpx.AsyncClient
    guests: Guests
    desk: Desk
    keys: list[str] = field(default_factory=list)

    async def booked(self) -> Body:
        """A booking that waits for the hotel's answer."""
        self.keys.append(secrets.token_hex(8))
        answer = await self.guests.book(key=self.keys[-1])
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def insist(self, ask: "Ask") -> httpx.Response:
        """Asks with the same key until it is answered, as every 503 says; the last answer after all patience."""
        last = time.monotonic() + RECOVERY_SECONDS
        while (answer := await ask()).status_code == 503 and time.monotonic() < last:
            await asyncio.sleep(int(answer.headers["Retry-After"]))
        return answer


class Ask:
    """A request that can be sent again, the same in every word."""

    def __init__(self, client: httpx.AsyncClient, method: str, path: str, **more: object) -> None:
        self._client, self._method, self._path, self._more = client, method, path, more

    def __call__(self) -> Coroutine[None, None, httpx.Response]:
        """Sends it."""
        return self._client.request(self._method, f"{API}{self._path}", **self._more)  # type: ignore[arg-type]


async def timed(ask: Ask) -> Called:
    """The call with its seconds."""
    began = time.monotonic()
    answer = await ask()
    return Called(answer, time.monotonic() - began)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One world for this file."""
    with sick_world() as made:
        yield made


@pytest.fixture
async def town(world: World) -> AsyncIterator[Town]:
    """Its people, while all is well."""
    async with httpx.AsyncClient(base_url=world.api, timeout=PATIENCE_SECONDS) as api:
        yield Town(world, api, Guests(api), await Desk.at(api, "malabar"))


@dataclass
class Asked:
    """What everybody wants while a neighbour is ill."""

    keys: list[str]
    creations: list[Ask]
    approval: Ask
    login: Ask
    pages: list[Ask]
    waiting: Body


async def prepare(town: Town) -> Asked:
    """Everything that is needed to ask, read while all is well."""
    waiting = await town.booked()
    keys = [secrets.token_hex(8) for _ in range(CALLERS)]
    bodies = [await town.guests.wish() for _ in keys]
    place, staff = f"/desk/bookings/{waiting['reference']}", bearer(town.desk.token)
    pages = [
        Ask(town.api, "GET", f"/bookings/{waiting['reference']}", headers=bearer(waiting["access_token"])),
        Ask(town.api, "GET", place, headers=staff),
        Ask(town.api, "GET", "/desk/day", headers=staff),
        Ask(town.api, "GET", "/hotels/malabar"),
    ]
    return Asked(
        keys,
        [
            Ask(town.api, "POST", "/bookings", json=body, headers={"Idempotency-Key": key})
            for key, body in zip(keys, bodies, strict=True)
        ],
        Ask(town.api, "POST", f"{place}/approve", json={"version": waiting["version"]}, headers=staff),
        Ask(town.api, "POST", "/auth/login", json={"email": "manager@malabar.example", "password": PASSWORD}),
        pages,
        waiting,
    )


@pytest.mark.parametrize("outage", chosen(), ids=lambda outage: outage.name)
async def test_an_ill_neighbour_is_told_in_time_loses_nothing_and_is_over_when_it_is_over(
    town: Town, outage: Outage
) -> None:
    """Guests and desk ask in the midst of it, then again with the same keys."""
    world, asked = town.world, await prepare(town)
    before = world.ids()
    with ExitStack() as healing:
        outage.strike(world)
        healing.callback(outage.heal, world)
        await in_the_midst(world, outage, asked)
        await asyncio.to_thread(look_as_operations, world, outage)
        connections, calls = knocks(world)
        await asyncio.sleep(QUIET_SECONDS)
        more_connections, more_calls = knocks(world)
        quiet = ((more_connections - connections) / QUIET_SECONDS, (more_calls - calls) / QUIET_SECONDS)
    healed = time.monotonic()
    answers = await asyncio.gather(*(town.insist(ask) for ask in (*asked.creations, asked.approval, asked.login)))
    herd = knocks(world)[0] - more_connections if time.monotonic() - healed <= HERD_SECONDS else 0
    await asyncio.to_thread(world.await_ready)
    recovered = time.monotonic() - healed
    words = f"{quiet[0]:.1f} connections/s, {quiet[1]:.1f} calls/s; herd {herd}; {recovered:.1f} s"
    print(f"\nproof: {outage.name}: quiet {words}")
    assert quiet[0] <= MOST_CONNECTIONS_A_SECOND
    assert quiet[1] <= MOST_CALLS_A_SECOND
    assert herd <= MOST_CONNECTIONS_AFTERWARDS
    assert [answer.status_code for answer in answers] == [201] * CALLERS + [200, 200], [a.text for a in answers]
    assert {name: pid for name, pid in world.ids().items() if name != outage.restarted}.items() <= before.items()
    town.keys.extend(asked.keys)
    await nothing_lost(town, asked, answers)


async def in_the_midst(world: World, outage: Outage, asked: Asked) -> None:
    """Everybody at once, and /readyz with them."""
    began = time.monotonic()
    look = asyncio.create_task(asyncio.to_thread(world.readiness))
    writes, reads = await asyncio.gather(
        asyncio.gather(*(timed(ask) for ask in (*asked.creations, asked.approval))),
        asyncio.gather(*(timed(ask) for ask in asked.pages)),
    )
    status, parts = await look
    if status == 200:
        # A look is good for a second, so the first may be one from before the outage.
        await asyncio.sleep(GOOD_FOR_SECONDS)
        status, parts = await asyncio.to_thread(world.readiness)
    for call in writes:
        call.is_told(outage)
    for call in reads:
        call.is_read(outage)
    login = await timed(asked.login)
    (login.is_read if outage.part != "database" else login.is_told)(outage)
    slowest = max(call.seconds for call in (*writes, *reads))
    print(f"\nproof: {outage.name}: slowest {slowest:.1f} s, all {time.monotonic() - began:.1f} s")
    if outage.part != "worker":
        assert (status, parts[outage.part]) == (503, outage.told)


def look_as_operations(world: World, outage: Outage) -> None:
    """What /readyz and the doctor say, where there is time to wait for it."""
    if not is_thorough():
        return

    def is_missed() -> bool:
        status, parts = world.readiness()
        return (status, parts[outage.part]) == (503, outage.told)

    assert wait_until(is_missed, WORKER_IS_MISSED_SECONDS, every=1.0), world.readiness()
    visit = world.command("doctor")
    assert visit.returncode == 1
    wrong = [line for line in visit.stdout.splitlines() if "WRONG" in line]
    assert any(outage.doctor in line for line in wrong), visit.stdout
    if outage.part == "database" and not outage.reads:
        seen = wait_until(lambda: "holdfast_database_up 0.0" in metrics(world), PATIENCE_SECONDS, every=1.0)
        assert seen


def metrics(world: World) -> str:
    """The API's page of metrics."""
    return httpx.get(f"{world.api}/metrics", timeout=PATIENCE_SECONDS).text


def knocks(world: World) -> tuple[int, int]:
    """Connections to both servers, and calls to Temporal, so far."""
    return world.database_line.connections + world.temporal_line.connections, world.temporal_line.calls


async def nothing_lost(town: Town, asked: Asked, answers: list[httpx.Response]) -> None:
    """One booking a key, each with its two letters; the approval once; counters as the rows; no story that failed."""
    world = town.world
    made = {answer.json()["reference"] for answer in answers[:CALLERS]}
    assert len(made) == CALLERS
    with world.superuser() as db:
        keys = db.execute("SELECT create_key, count(*) FROM bookings GROUP BY 1").fetchall()
        assert {key: count for key, count in keys if key in asked.keys} == dict.fromkeys(asked.keys, 1)
        letters = db.execute(
            "SELECT reference, array_agg(kind ORDER BY kind) FROM notices WHERE reference = ANY(%s) GROUP BY 1",
            [list(made)],
        ).fetchall()
        assert dict(letters) == {reference: ["new_request", "received"] for reference in made}
        approved = db.execute(
            "SELECT count(*) FROM booking_events WHERE reference = %s AND what = 'approved'",
            [asked.waiting["reference"]],
        ).fetchone()
        assert approved == (1,)
        assert counters(db) == []
    client = await Client.connect(world.temporal.address)
    assert (await client.count_workflows("ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')")).count == 0
    assert (await client.get_workflow_handle(workflow_id(asked.waiting["reference"])).describe()).status == 1


def test_every_letter_of_the_outages_arrives_once(world: World) -> None:
    """Letters waited with everything else; the postman comes back by himself."""

    def waiting() -> int:
        with world.superuser() as db:
            row = db.execute("SELECT count(*) FROM notices WHERE state IN ('waiting', 'sending')").fetchone()
        assert row is not None
        return int(row[0])

    assert wait_until(lambda: waiting() == 0, PATIENCE_SECONDS * 2, every=0.5), waiting()
    with world.superuser() as db:
        wanted = dict(db.execute("SELECT reference, count(*) FROM notices WHERE state = 'sent' GROUP BY 1").fetchall())
    for reference, letters in wanted.items():
        inbox = httpx.get(f"{world.double}/_double/inbox", params={"reference": reference}).json()["items"]
        assert len(inbox) == letters, reference
