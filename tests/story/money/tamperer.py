"""Somebody at the doors of the API and of the provider's page: a guest with a price in mind, and managers' tokens."""

import asyncio
import itertools
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
from httpx import AsyncClient, Response

from tests.doubles.stripe_running import StripeDouble
from tests.story.money.postroom import PostRoom

API = "/api/v1"
PASSWORD = "holdfast-demo"
HOTEL, ELSEWHERE = "hudson", "ribeira"
Body = dict[str, Any]


@dataclass
class Case:
    """One booking at HOTEL: what was promised when it was looked for, and what is known of it.

    quoted_minor: all rooms together, as the guest read it; other: a cheaper booking of somebody else's, elsewhere.
    """

    body: Body
    quoted_minor: int
    currency: str
    number: int
    booked: Body = field(default_factory=dict)
    page: str = ""
    session: str = ""
    other: "Case | None" = None

    @property
    def reference(self) -> str:
        """Its reference."""
        return str(self.booked["reference"])

    @property
    def token(self) -> str:
        """The guest's own."""
        return str(self.booked["access_token"])


def bearer(token: str) -> dict[str, str]:
    """A key, as it is sent."""
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Tamperer:
    """Tries ways at the real API and the double. chance: which words are sent."""

    room: PostRoom
    double: StripeDouble
    chance: Random
    managers: dict[str, str] = field(default_factory=dict)
    count: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def api(self) -> AsyncClient:
        """The API."""
        return self.room.api

    async def log_in(self) -> None:
        """The managers of three hotels."""
        for hotel in (HOTEL, ELSEWHERE, "malabar"):
            answer = await self.api.post(
                f"{API}/auth/login", json={"email": f"manager@{hotel}.example", "password": PASSWORD}
            )
            assert answer.status_code == 200, answer.text
            self.managers[hotel] = answer.json()["access_token"]
        self.api.cookies.clear()

    async def found(self, hotel: str = HOTEL, rooms: int = 1) -> Case:
        """A guest looks for rooms and reads a price."""
        number = next(self.count)
        for days in range(number % 200 + 15, number % 200 + 45):
            arrival = datetime.now(UTC).date() + timedelta(days=days)
            asked = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=2)), "adults": 2,
                     "rooms": rooms}  # fmt: skip
            answer = await self.api.get(f"{API}/hotels/{hotel}/availability", params=asked)
            assert answer.status_code == 200, answer.text
            fits = [one for one in answer.json()["offers"] if one["left"] >= rooms]
            if fits:
                cheapest = min(fits, key=lambda one: one["total"]["amount_minor"])
                body = {
                    "hotel": hotel,
                    "offers": [{"offer_id": cheapest["offer_id"], "guests": [{"name": "A Guest"}]}] * rooms,
                    "guest": {"name": "A Guest", "email": f"{secrets.token_hex(6)}@example.com",
                              "phone": "+12125550100", "country": "US"},
                }  # fmt: skip
                total = cheapest["total"]
                return Case(body, total["amount_minor"] * rooms, total["currency"], number)
        raise AssertionError(f"{hotel} sells nothing around day {number % 200}")

    async def open(self, body: Body) -> Response:
        """Asks for the rooms, from a browser that was never seen before."""
        self.api.cookies.clear()
        return await self.api.post(f"{API}/bookings", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})

    async def book(self, case: Case) -> None:
        """The honest way to a page of the provider's."""
        answer = await self.open(case.body)
        assert answer.status_code == 201, answer.text
        case.booked = answer.json()
        await self.begin(case)

    async def begin(self, case: Case) -> None:
        """The honest way to the provider's page, waited for while the window is closed."""
        for _ in range(20):
            told = await self.pay(case, {"how": "hosted_page"})
            if told.status_code == 200:
                case.page = told.json()["hosted_page"]
                case.session = case.page.rsplit("/", 1)[-1].partition("#")[0]
                return
            assert told.status_code == 503, told.text
            await asyncio.sleep(0.5)
        raise AssertionError(told.text)

    async def pay(self, case: Case, body: Any, token: str = "", **params: Any) -> Response:
        """Asks to pay."""
        address = f"{API}/bookings/{case.reference}/payment"
        return await self.api.post(address, json=body, params=params, headers=bearer(token or case.token))

    async def seen(self, case: Case) -> Body:
        """The booking as its guest sees it."""
        answer = await self.api.get(f"{API}/bookings/{case.reference}", headers=bearer(case.token))
        assert answer.status_code == 200, answer.text
        told: Body = answer.json()
        return told

    async def on_page(self, page: str, card: str, **fields: str) -> httpx.Response:
        """Posts something to a page of the provider's."""
        return await asyncio.to_thread(self.double.pay, page, card, **fields)

    async def told(self, case: Case) -> None:
        """The provider tells what has happened to a booking, and the booking hears it."""
        for event in self.double.events(case.session):
            await self.room.post(event)
        await self.room.bring()

    async def charged(self, case: Case) -> tuple[int, str, int]:
        """What the provider has taken for the booking, in which currency, and what it gave back."""
        found = (await asyncio.to_thread(self.double.ledger, reference=case.reference))["intents"]
        paid = [one for one in found if one["captured"]]
        return (
            sum(one["captured"] for one in paid),
            ",".join(sorted({one["currency"].upper() for one in paid})),
            sum(one["refunded"] + one["refunds_pending"] for one in found),
        )

    async def desk(self, case: Case, action: str, body: Body, token: str) -> Response:
        """Does something at the desk of HOTEL."""
        address = f"{API}/desk/bookings/{case.reference}/{action}"
        return await self.api.post(address, json=body, headers=bearer(token))

    async def refund(self, case: Case, amount: Body, token: str, **more: Any) -> Response:
        """Gives money back."""
        version = (await self.seen(case))["version"]
        return await self.desk(
            case, "refunds", {"version": version, "amount": amount, "reason": "A try.", **more}, token
        )
