"""People at two API processes at the same moment, and a look at what they leave behind.

How large the crowds are: HOLDFAST_PROOF_RACES is how often each race is run; 1 is the short version. Which guest wants
what is drawn from HOLDFAST_PROOF_SEED, which is printed.
"""

import asyncio
import itertools
import os
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, LiteralString

import httpx
from psycopg.rows import dict_row
from temporalio.client import Client

from config.settings import DEMO_SECRET
from domain.clocks import business_date
from messages.converter import data_converter
from tests.houses import sell_every_day
from tests.story.world import connect

API = "/api/v1"
HOTEL = "malabar"
TIMES = int(os.environ.get("HOLDFAST_PROOF_RACES", "1"))
SEED = os.environ.get("HOLDFAST_PROOF_SEED", "20270310")
FULL_SIZE = TIMES > 1
# For how long somebody asks again who was told that the house is too busy.
PATIENCE_SECONDS = 120
PARTY = {"name": "A Guest", "email": "guest@example.com", "phone": "+919847000000", "country": "IN"}
Body = dict[str, Any]


@dataclass(frozen=True)
class Doors:
    """Where guests knock: one base address a process."""

    addresses: tuple[str, ...]
    owner_url: str
    target: str
    namespace: str


def kochi_day(days: int) -> date:
    """A day at the hotel in Kochi, so many days from its business day."""
    return business_date(datetime.now(UTC), "Asia/Kolkata", datetime.min.time().replace(hour=3)) + timedelta(days=days)


def wish(*offer_ids: str) -> Body:
    """A guest's booking, of one room for each offer."""
    return {"hotel": HOTEL, "offers": [{"offer_id": offer_id} for offer_id in offer_ids], "guest": PARTY}


async def ready(client: httpx.AsyncClient) -> None:
    """Waits until a process has everything it needs, a worker included."""
    async with asyncio.timeout(60):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def answered(ask: Callable[[], Awaitable[httpx.Response]], seconds: float = PATIENCE_SECONDS) -> httpx.Response:
    """Asks with the same key until it is answered, as every 503 says; the last answer after all patience."""
    last = time.monotonic() + seconds
    while (answer := await ask()).status_code == 503 and time.monotonic() < last:
        await asyncio.sleep(min(5, int(answer.headers["Retry-After"])))
    return answer


@dataclass(frozen=True)
class Sale:
    """An offer for some nights in a room of a type."""

    offer_id: str
    room_type: str
    arrival: date
    departure: date


@dataclass
class Crowd:
    """Everybody at the doors; each request goes to the next process, unless it names one."""

    doors: Doors
    clients: list[httpx.AsyncClient]
    tokens: dict[str, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    patience_seconds: float = PATIENCE_SECONDS
    turns: "itertools.count[int]" = field(default_factory=itertools.count)

    async def post(
        self, path: str, body: Body, *, token: str = "", key: str = "", door: int | None = None
    ) -> httpx.Response:
        """One wish, asked again while the house is too busy for it; how long each answer took is noted."""
        client = self.clients[(next(self.turns) if door is None else door) % len(self.clients)]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key

        async def ask() -> httpx.Response:
            began = time.perf_counter()
            answer = await client.post(API + path, json=body, headers=headers)
            self.waits.append(time.perf_counter() - began)
            return answer

        return await answered(ask, self.patience_seconds)

    async def get(self, path: str, *, token: str = "", **asked: Any) -> Body:
        """What is shown, which has to be there."""
        client = self.clients[next(self.turns) % len(self.clients)]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await client.get(API + path, params=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        told: Body = answer.json()
        return told

    async def sale(self, arrival: date, nights: int = 1, room_type: str = "COURT") -> Sale:
        """An offer at the flexible rate. It stands as long as it is good, whatever is sold meanwhile."""
        departure = arrival + timedelta(days=nights)
        found = await self.get(
            f"/hotels/{HOTEL}/availability", arrival=str(arrival), departure=str(departure), adults=2
        )
        for offer in found["offers"]:
            if (offer["room_type"], offer["rate_plan"]) == (room_type, "FLEX"):
                return Sale(offer["offer_id"], room_type, arrival, departure)
        raise AssertionError(f"no {room_type} on {arrival}: {found['closed']}")

    async def book(self, *sales: Sale, key: str = "") -> httpx.Response:
        """A guest asks for rooms."""
        return await self.post("/bookings", wish(*(sale.offer_id for sale in sales)), key=key or secrets.token_hex(8))

    async def booked(self, *sales: Sale) -> Body:
        """A booking that was made."""
        answer = await self.book(*sales)
        assert answer.status_code == 201, answer.text
        made: Body = answer.json()
        return made

    async def act(self, booking: Body, action: str, *, key: str = "", role: str = "frontdesk", **more: Any) -> Any:
        """The desk does something to a booking, at the version that it has seen unless another is named."""
        body = {"version": booking["version"], **more}
        return await self.post(
            f"/desk/bookings/{booking['reference']}/{action}", body, token=self.tokens[role], key=key
        )

    async def done(self, booking: Body, action: str, **more: Any) -> Body:
        """The desk does what has to work; the booking after it."""
        answer = await self.act(booking, action, **more)
        assert answer.status_code == 200, answer.text
        after: Body = answer.json()
        return after

    async def withdraw(self, booking: Body, *, key: str = "") -> httpx.Response:
        """The guest takes the wish back, at the version that was seen."""
        path = f"/bookings/{booking['reference']}/cancel"
        return await self.post(path, {"version": booking["version"]}, token=booking["access_token"], key=key)

    async def confirmed(self, *sales: Sale) -> Body:
        """A booking that the hotel has said yes to."""
        return await self.done(await self.booked(*sales), "approve")

    async def option(self, arrival: date, lasts: timedelta) -> Body:
        """Rooms that the desk holds for somebody, for so long."""
        room = {
            "room_type": "COURT", "rate_plan": "FLEX", "arrival": str(arrival), "adults": 2,
            "departure": str(arrival + timedelta(days=1)),
        }  # fmt: skip
        until = (datetime.now(UTC) + lasts).isoformat(timespec="seconds")
        body = {"offers": [room], "guest": PARTY, "source": "phone", "hold_until": until}
        answer = await self.post("/desk/bookings", body, token=self.tokens["frontdesk"], key=secrets.token_hex(8))
        assert answer.status_code == 201, answer.text
        made: Body = answer.json()
        return made

    def looked(self, sql: LiteralString, *values: Any) -> list[dict[str, Any]]:
        """Rows behind the doors."""
        with connect(self.doors.owner_url) as db:
            return db.cursor(row_factory=dict_row).execute(sql, values).fetchall()

    def events(self, booking: Body) -> list[str]:
        """What happened to a booking, in order."""
        found = self.looked("SELECT what FROM booking_events WHERE reference = %s ORDER BY seq", booking["reference"])
        return [row["what"] for row in found]

    def letters(self, booking: Body) -> list[str]:
        """What was wished to be sent, in order."""
        found = self.looked("SELECT kind FROM notices WHERE reference = %s ORDER BY notice_id", booking["reference"])
        return [row["kind"] for row in found]

    def status(self, booking: Body) -> str:
        """The booking's status by its row."""
        return str(self.looked("SELECT status FROM bookings WHERE reference = %s", booking["reference"])[0]["status"])

    async def becomes(self, booking: Body, *wanted: str, seconds: float = 30) -> str:
        """The status, once it is one of those wanted."""
        async with asyncio.timeout(seconds):
            while (status := self.status(booking)) not in wanted:
                await asyncio.sleep(0.05)
        return status

    async def temporal(self) -> Client:
        """Temporal's own side of the house, for letting a booking's clock run ahead."""
        secret = data_converter(DEMO_SECRET)
        return await Client.connect(self.doors.target, namespace=self.doors.namespace, data_converter=secret)

    def worst_wait(self) -> float:
        """The longest wait for an answer so far, in seconds."""
        return max(self.waits)


@asynccontextmanager
async def gathered(doors: Doors) -> AsyncIterator[Crowd]:
    """People at these doors, the front desk and the manager among them, who have logged in."""
    # A connection that the server may be closing just now is not used again.
    limits = httpx.Limits(max_connections=250, max_keepalive_connections=250, keepalive_expiry=2)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=30, limits=limits))
            for address in doors.addresses
        ]
        for client in clients:
            await ready(client)
        crowd = Crowd(doors, clients)
        for role in ("frontdesk", "manager"):
            login = {"email": f"{role}@{HOTEL}.example", "password": "holdfast-demo"}
            answer = await clients[0].post(f"{API}/auth/login", json=login)
            crowd.tokens[role] = answer.json()["access_token"]
            clients[0].cookies.clear()
        yield crowd


def only_left(doors: Doors, arrival: date, nights: int, left: int = 1) -> None:
    """So many rooms of every type are in order on these nights, on which anybody may arrive and leave."""
    departure = arrival + timedelta(days=nights)
    sell_every_day(doors.owner_url)
    with connect(doors.owner_url) as db:
        db.execute(
            "UPDATE room_type_nights SET out_of_order = greatest(0, physical - %s) FROM hotels"
            " WHERE hotels.hotel_id = room_type_nights.hotel_id AND slug = %s AND night >= %s AND night < %s",
            [left, HOTEL, arrival, departure],
        )


def drawn(race: str) -> Random:
    """Chance for one race: the same again for the same seed."""
    return Random(f"{SEED} {race}")  # noqa: S311 - nothing secret is drawn.


async def crossing_sales(
    crowd: Crowd, first: date, starts: Sequence[int], lengths: Sequence[int]
) -> list[tuple[Sale, ...]]:
    """What guests may want: some of the nights, in a room of either type, or two rooms in any order."""
    sales: list[tuple[Sale, ...]] = []
    for start, length in itertools.product(starts, lengths):
        arrival = first + timedelta(days=start)
        court, harbour = [await crowd.sale(arrival, length, one) for one in ("COURT", "HARBOUR")]
        sales += [(court,), (harbour,), (court, harbour), (harbour, court), (court, court)]
    return sales


def miscounted(doors: Doors, first: date, nights: int) -> list[tuple[Any, ...]]:
    """Nights on which more is taken than there is, or on which the counters are not those of the stays.

    For stays that are still to come or in the house; who has left early or never came keeps some nights only.
    """
    days = {"first": first, "last": first + timedelta(days=nights)}
    with connect(doors.owner_url) as db:
        return db.execute(
            """
            SELECT n.room_type_id, n.night, n.held, n.sold, n.oversold, c.held, c.sold
            FROM room_type_nights n
            LEFT JOIN LATERAL (
                SELECT count(*) FILTER (WHERE s.status IN ('held', 'pending')) AS held,
                    count(*) FILTER (WHERE s.status IN ('confirmed', 'checked_in')) AS sold
                FROM stays s
                WHERE s.hotel_id = n.hotel_id AND s.inventory_type_id = n.room_type_id
                    AND s.arrival <= n.night AND s.departure > n.night
            ) c ON true
            WHERE n.night >= %(first)s AND n.night < %(last)s AND (
                n.oversold > 0 OR n.held <> c.held OR n.sold <> c.sold
                OR n.held + n.sold > n.physical - n.out_of_order - n.blocked + n.overbooking_limit)
            """,
            days,
        ).fetchall()


def deadlocks(doors: Doors) -> int:
    """How many the server has seen in this database.

    Its processes tell what they counted when they end, so the application's are ended; the next ones take over.
    """
    with connect(doors.owner_url) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE usename = 'holdfast_app' AND datname = current_database()"
        )
        row = db.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


async def at_once(*asked: Awaitable[httpx.Response]) -> list[httpx.Response]:
    """Everybody at the same moment; nobody may hear that the house is in trouble."""
    answers = await asyncio.gather(*asked)
    troubled = [answer.text for answer in answers if answer.status_code >= 500]
    assert not troubled, troubled[:3]
    return answers


def said(answers: Sequence[httpx.Response]) -> Counter[str]:
    """How often each answer was given: `201`, or `409 sold_out`."""
    return Counter(
        str(answer.status_code) if answer.is_success else f"{answer.status_code} {answer.json()['code']}"
        for answer in answers
    )
