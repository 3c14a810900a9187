"""The desk where people write, and what they find of it afterwards."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from httpx import AsyncClient, Response

from tests.api.world import ADDRESS, API, Body, Desk, Guests, bearer
from tests.story.world import connect

PDF = b"%PDF-1.7\n" + b"1 0 obj << >> endobj\n" * 20
MOST_SECONDS = 60


class Office:
    """A desk with every method of HTTP, and the outbox as the database has it."""

    def __init__(self, desk: Desk, owner_url: str) -> None:
        self.desk, self.owner_url = desk, owner_url

    async def send(self, method: str, reference: str, path: str, body: Any = None, **more: Any) -> Response:
        """Asks for something of one booking."""
        headers = {**bearer(self.desk.token), **more.pop("headers", {})}
        address = f"{API}/desk/bookings/{reference}{path}"
        return await self.desk.api.request(method, address, json=body, headers=headers, **more)

    async def done(self, method: str, reference: str, path: str, body: Any = None, **more: Any) -> Body:
        """Does something that is allowed."""
        answer = await self.send(method, reference, path, body, **more)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def add(self, reference: str, content: bytes = PDF, name: str = "letter.pdf", **headers: str) -> Response:
        """Adds a file."""
        sent = {**bearer(self.desk.token), "X-File-Name": name, **headers}
        address = f"{API}/desk/bookings/{reference}/files"
        return await self.desk.api.post(address, content=content, headers=sent)

    def letters(self, reference: str, *kinds: str) -> list[tuple[str, str | None, str]]:
        """Kind, own address and state of a booking's letters of these kinds."""
        with connect(self.owner_url) as db:
            return db.execute(
                "SELECT kind, to_email, state FROM notices WHERE reference = %s AND kind = ANY(%s) ORDER BY notice_id",
                [reference, list(kinds)],
            ).fetchall()

    def token_of_letter(self, reference: str) -> str:
        """The token in the last letter to a new address."""
        with connect(self.owner_url) as db:
            row = db.execute(
                "SELECT data ->> 'link' FROM notices WHERE reference = %s AND kind = 'email_confirm'"
                " ORDER BY notice_id DESC LIMIT 1",
                [reference],
            ).fetchone()
        assert row
        assert row[0].startswith(f"{ADDRESS}/confirm-email?token=")
        return parse_qs(urlsplit(row[0]).query)["token"][0]


async def own(guests: Guests, booking: Body, method: str, path: str, body: Any, **headers: str) -> Response:
    """A guest writes by the link of the booking."""
    address = f"{API}/bookings/{booking['reference']}{path}"
    return await guests.api.request(method, address, json=body, headers={**bearer(booking["access_token"]), **headers})


async def confirm(api: AsyncClient, token: str) -> Response:
    """Uses the link of a letter."""
    return await api.post(f"{API}/guest-email-confirmations", json={"token": token})


async def booked_as(guests: Guests, **guest: str) -> Body:
    """A booking of a guest of one's own."""
    body = await guests.wish()
    phone = "+91 484 " + "".join(secrets.choice("0123456789") for _ in range(7))
    body["guest"] |= {"email": f"{secrets.token_hex(6)}@example.com", "phone": phone, **guest}
    return await guests.booked(body)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Looks again until it holds, for a bounded time."""
    async with asyncio.timeout(MOST_SECONDS):
        while not await holds():
            await asyncio.sleep(0.05)


async def story(seen: Response, *kinds: str) -> list[Body]:
    """The entries of some kinds."""
    assert seen.status_code == 200, seen.text
    return [entry for entry in seen.json()["items"] if entry["kind"] in kinds]
