"""Guests and desks at the other end of HTTP."""

import itertools
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from httpx import AsyncClient, Response

from messages.offers import Offer, read_offer, sign_offer

SECRET = "a secret for tests only, as long as it should be"
ADDRESS = "https://stay.localhost"
API = "/api/v1"
PASSWORD = "holdfast-demo"
Body = dict[str, Any]
# Each wish that names no date gets one of its own, so that tests do not fill one another's nights.
_DAYS = itertools.cycle(range(20, 300, 3))
# Kochi is five and a half hours ahead, and its day is closed at three in the morning.
KOCHI_AFTER_AUDIT = timedelta(hours=5.5 - 3)
CHEAPEST = {"malabar": "COURT", "lagoon": "GARDEN"}
MOST_DAYS_TRIED = 20


def in_days(days: int) -> date:
    """A date some days from the day that is open in Kochi."""
    return (datetime.now(UTC) + KOCHI_AFTER_AUDIT).date() + timedelta(days=days)


def moved(offer_id: str, arrival: date) -> str:
    """The same promise for other nights: what a house asks of a season does not stop a test that runs in it."""
    offer: Offer = read_offer(SECRET, offer_id)
    by = arrival - date.fromisoformat(offer.arrival)
    quote = replace(
        offer.quote,
        nights=tuple(replace(line, night=line.night + by) for line in offer.quote.nights),
        taxes=tuple(replace(tax, night=tax.night and tax.night + by) for tax in offer.quote.taxes),
    )
    departure = date.fromisoformat(offer.departure) + by
    return resigned(offer_id, arrival=arrival.isoformat(), departure=departure.isoformat(), quote=quote)


def arrival_of(body: Body) -> date:
    """The day on which a wish arrives."""
    return date.fromisoformat(read_offer(SECRET, body["offers"][0]["offer_id"]).arrival)


def bearer(token: str) -> dict[str, str]:
    """A key, as it is sent."""
    return {"Authorization": f"Bearer {token}"}


def resigned(offer_id: str, **changes: Any) -> str:
    """The same offer with other words in it, signed as the house signs."""
    offer: Offer = read_offer(SECRET, offer_id)
    return sign_offer(SECRET, replace(offer, **changes))


def problem(answer: Response, status: int, code: str) -> Body:
    """The problem that an answer has to be."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told = answer.json()
    assert told["code"] == code, told
    assert {"type", "title", "detail"} <= told.keys()
    assert told["status"] == status
    return told


@dataclass
class Guests:
    """People who look for a room and book it."""

    api: AsyncClient

    async def offers(
        self, hotel: str = "malabar", ahead: int | None = None, nights: int = 2, **asked: Any
    ) -> list[Body]:
        """What is on sale, so many days ahead or on the first day after it on which something is."""
        first = next(_DAYS) if ahead is None else ahead
        for days in range(first, first + MOST_DAYS_TRIED):
            dates = {"arrival": in_days(days).isoformat(), "departure": in_days(days + nights).isoformat()}
            answer = await self.api.get(f"{API}/hotels/{hotel}/availability", params={**dates, "adults": 2, **asked})
            assert answer.status_code == 200, answer.text
            if offers := [one for one in answer.json()["offers"] if one["room_type"] == CHEAPEST.get(hotel)]:
                return offers
        raise AssertionError(f"{hotel} sells nothing of what is asked around day {first}")

    async def wish(self, hotel: str = "malabar", *, rooms: int = 1, **asked: Any) -> Body:
        """A body that books rooms of the hotel's cheapest type."""
        offer = (await self.offers(hotel, rooms=rooms, **asked))[0]
        return {
            "hotel": hotel,
            "offers": [{"offer_id": offer["offer_id"], "guests": [{"name": "A Guest"}]} for _ in range(rooms)],
            "guest": {"name": "A Guest", "email": "guest@example.com", "phone": "+91 484 000 0000", "country": "IN"},
        }

    async def wish_for(self, arrival: date, **asked: Any) -> Body:
        """A body that arrives on that very day."""
        body = await self.wish(**asked)
        for room in body["offers"]:
            room["offer_id"] = moved(body["offers"][0]["offer_id"], arrival)
        return body

    async def book(self, body: Body | None = None, key: str = "", **asked: Any) -> Response:
        """Asks for the rooms."""
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        return await self.api.post(f"{API}/bookings", json=body or await self.wish(**asked), headers=headers)

    async def booked(self, body: Body | None = None, **asked: Any) -> Body:
        """A booking that was made."""
        answer = await self.book(body, **asked)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def see(self, booking: Body, path: str = "", **params: Any) -> Response:
        """Looks at the booking by its link."""
        address = f"{API}/bookings/{booking['reference']}{path}"
        return await self.api.get(address, params=params, headers=bearer(booking["access_token"]))

    async def cancel(self, booking: Body, body: Body | None = None, key: str = "", **params: Any) -> Response:
        """Gives rooms up."""
        headers = {**bearer(booking["access_token"]), **({"Idempotency-Key": key} if key else {})}
        address = f"{API}/bookings/{booking['reference']}/cancel"
        return await self.api.post(address, json=body, params=params, headers=headers)


@dataclass
class Desk:
    """Staff with a bearer token."""

    api: AsyncClient
    token: str

    @classmethod
    async def at(cls, api: AsyncClient, hotel: str, role: str = "frontdesk") -> "Desk":
        """Logs in."""
        body = {"email": f"{role}@{hotel}.example", "password": PASSWORD}
        answer = await api.post(f"{API}/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        api.cookies.clear()
        return cls(api, answer.json()["access_token"])

    async def get(self, path: str, **params: Any) -> Response:
        """Looks at something of the desk."""
        return await self.api.get(f"{API}/desk/{path}", params=params, headers=bearer(self.token))

    async def see(self, path: str, **params: Any) -> Body:
        """What the desk is shown."""
        answer = await self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(self, reference: str, action: str, body: Body, key: str = "") -> Response:
        """Does something to a booking."""
        headers = {**bearer(self.token), **({"Idempotency-Key": key} if key else {})}
        return await self.api.post(f"{API}/desk/bookings/{reference}/{action}", json=body, headers=headers)

    async def done(self, booking: Body, action: str, **body: Any) -> Body:
        """Does something that is allowed, at the version that was seen."""
        answer = await self.act(booking["reference"], action, {"version": booking["version"], **body})
        assert answer.status_code == 200, answer.text
        return answer.json()
