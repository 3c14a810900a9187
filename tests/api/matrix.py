"""Everybody who may ask and everything they may ask about, for one question: who may do what?

Two hotels have bookings, malabar and lagoon; a third, kamo, has staff who belong to neither. What is asked about is
malabar's: its booking, the notes of it, and so on. An id is either `this` one, or a foreign one: another guest's,
another hotel's, or one that never was.
"""

import hashlib
import re
import secrets
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from httpx import Response
from temporalio.client import Client

from config.settings import Settings
from domain.folio import FolioLine, LineKind, Post
from messages.converter import data_converter
from messages.tokens import guest_token
from store.folio import Posting, write_lines
from store.folios import hold_booking
from store.invoices import Cause, issue_invoice
from store.sessions import create_session, revoke_session
from tests.api.doors import Doors
from tests.api.matrix_requests import REQUESTS
from tests.api.office import PDF, Office, eventually
from tests.api.world import SECRET, Body, Desk, Guests, bearer
from tests.story.conftest import at_work
from tests.story.world import connect

METHODS = ("get", "post", "put", "patch", "delete")
ROLES = ("frontdesk", "manager", "admin")
CALLERS = (
    "anonymous", "guest", "other guest", "revoked guest", "expired guest",
    *ROLES, *(f"{role} elsewhere" for role in ROLES), "revoked login", "expired login",
)  # fmt: skip
# What stands in an address and is nobody's: words, and numbers that each booking counts for itself.
WORDS = {
    "business_date": "2026-03-14",
    "folio": "1",
    "line": "1",
    "payment": "1",
    "number": "1",
    "stay": "1",
    "kind": "pre_arrival",
    "key": "approval_deadline",
    "verdict": "decline",
}
IDS = (
    "X-Hotel",
    "slug",
    "reference",
    "note_id",
    "file_id",
    "notice_id",
    "profile_id",
    "item_id",
    "session_id",
    "paper",
)
# Which part of a booking is meant is looked up with what is to be done to it, after the body was read.
READ_WITH_BODY = ("note_id", "notice_id", "item_id", "paper")
NEVER_A_REFERENCE = "MLB-20991231-ZZZZZZ"
NEVER_A_NUMBER = str(2**40)
_PLACE = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    takes_json: bool
    at_desk: bool

    @property
    def places(self) -> list[str]:
        """What its address names."""
        return _PLACE.findall(self.path)

    @property
    def rows(self) -> list[str]:
        """About what it can be asked."""
        ids = [place for place in self.places if place in IDS]
        if not self.at_desk:
            return ["this", *(f"foreign {each}" for each in ids)]
        # Where no booking is named, the hotel that is named is all that says whose it is.
        own = [] if "reference" in ids else ["this X-Hotel"]
        return ["this", *(f"foreign {each}" for each in ids), *own, "foreign X-Hotel"]


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Each operation of the document, in its order."""
    for path, methods in document["paths"].items():
        for method in (word for word in METHODS if word in methods):
            told = methods[method]
            name = told["operationId"].removesuffix(re.sub(r"\W", "_", path) + f"_{method}")
            takes_json = "application/json" in told.get("requestBody", {}).get("content", {})
            at_desk = "X-Hotel" in {parameter["name"] for parameter in told.get("parameters", ())}
            yield Operation(name, method.upper(), path, takes_json, at_desk)


@dataclass
class World:
    """The API with everything that is asked about. this: its ids; foreign: ids that are nobody's business here.

    The last of the foreign ones never was: what it is answered is what all the others must be. other_guests: the
    reference of another booking at the same hotel.
    """

    doors: Doors
    this: dict[str, str]
    other_guests: str
    foreign: dict[str, tuple[str, ...]]
    guests: dict[str, str]
    staff: dict[str, int]

    def __post_init__(self) -> None:
        self._browser = self.doors.caller()
        self._logins: dict[str, str] = {}

    async def ask(
        self, operation: Operation, row: str, caller: str, *, foreign: int = -1, content: bytes | None = None
    ) -> Response:
        """One call. foreign: which of the row's foreign ids; content: in place of the operation's own body."""
        named = {place: WORDS.get(place) or self._this(operation, place) for place in operation.places}
        named["session_id"] = await self._own_session(operation, caller)
        headers = await self._headers(operation, caller)
        kind, _, place = row.partition(" ")
        if kind == "foreign":
            named[place] = self.strangers(operation, place, caller)[foreign]
        if place == "X-Hotel":
            headers[place] = named.get(place, "malabar")
        asks = REQUESTS[operation.name]
        sent: dict[str, Any] = {"params": asks.params, "headers": headers}
        if content is not None:
            sent |= {"content": content, "headers": {**headers, "Content-Type": "application/json"}}
        elif asks.body is not None:
            sent["json"] = asks.body()
        elif asks.content is not None:
            sent["content"] = asks.content
        return await self._send(caller, operation, operation.path.format(**named), sent)

    async def _send(self, caller: str, operation: Operation, path: str, sent: dict[str, Any]) -> Response:
        """Everybody asks today; who comes with a link of long ago asks for the booking when the link has ended."""
        now = self.doors.now
        if caller == "expired guest" and "reference" in operation.places:
            self.doors.later(days=800)
        self._browser.cookies.clear()
        try:
            return await self._browser.request(operation.method, path, **sent)
        finally:
            self.doors.now = now

    def strangers(self, operation: Operation, place: str, caller: str) -> tuple[str, ...]:
        """The foreign ids of a place. To a guest, another guest's booking at the same hotel is one more."""
        at_the_same_hotel = place == "reference" and not operation.at_desk and caller != "other guest"
        return (self.other_guests, *self.foreign[place]) if at_the_same_hotel else self.foreign[place]

    def _this(self, operation: Operation, place: str) -> str:
        return self.this.get(f"{operation.name} {place}") or self.this.get(place, "")

    async def _own_session(self, operation: Operation, caller: str) -> str:
        """The id of one more login of the same person, where the address names one and they have one."""
        if "session_id" not in operation.places or caller not in self.staff or "login" in caller:
            return str(uuid.uuid4())
        hashed = hashlib.sha256((await self.token(caller)).encode()).hexdigest()
        return str(self.doors.rows("SELECT session_id FROM sessions WHERE token_hash = %s", hashed)[0][0])

    async def _headers(self, operation: Operation, caller: str) -> dict[str, str]:
        """What the caller shows: nothing, the link of a booking, or a login; one of their own for what ends logins."""
        if caller == "anonymous":
            return {}
        if caller in self.guests:
            return bearer(self.guests[caller])
        if "/auth/" in operation.path:
            self._logins.clear()
        if caller not in self._logins:
            self._logins[caller] = await self.token(caller)
        return bearer(self._logins[caller])

    async def token(self, caller: str) -> str:
        """A login of the caller, as a password would have opened it; revoked or at its end where that is asked."""
        house = self.doors.app.state.house
        began = self.doors.now - timedelta(days=2) if caller == "expired login" else self.doors.now
        async with house.database.public() as tx:
            made = await create_session(tx, self.staff[caller], began, timedelta(days=1))
        if caller == "revoked login":
            async with house.database.public() as tx:
                await revoke_session(tx, made.token)
        return made.token


@asynccontextmanager
async def built(settings: Settings, owner_url: str) -> AsyncIterator[World]:
    """The API, a worker behind it, and what is asked about."""
    client = await Client.connect(
        settings.temporal_target, namespace=settings.temporal_namespace, data_converter=data_converter(SECRET)
    )
    async with at_work(client, settings.app_database_url, SECRET), Doors(settings, owner_url) as doors:
        yield await _arranged(doors)


async def _arranged(doors: Doors) -> World:
    api = doors.caller()

    async def ready() -> bool:
        return (await api.get("/readyz")).status_code == 200

    await eventually(ready)
    guests = Guests(api)
    mine, others, theirs = [await guests.booked(hotel=hotel) for hotel in ("malabar", "malabar", "lagoon")]
    desk, their_desk = [Office(await Desk.at(api, hotel), doors.owner_url) for hotel in ("malabar", "lagoon")]
    parts, other_parts, their_parts = [
        await _parts(at, booking) for at, booking in ((desk, mine), (desk, others), (their_desk, theirs))
    ]
    hotel_id, generation = doors.rows(
        "SELECT hotel_id, token_generation FROM bookings WHERE reference = %s", mine["reference"]
    )[0]
    revoked = mine["access_token"]
    await desk.done("POST", mine["reference"], "/guest-link", {"revoke": True, "reason": "The letter was lost."})
    good = guest_token(SECRET, hotel_id, mine["reference"], generation + 1)
    _close_a_hotel(doors.owner_url)
    numbers = ("note_id", "file_id", "notice_id")
    return World(
        doors,
        this={**parts, "reference": mine["reference"], "slug": "malabar", "paper": await _invoiced(doors, mine)},
        other_guests=others["reference"],
        foreign={
            "X-Hotel": ("lagoon", "nowhere"),
            "slug": ("ribeira", "nowhere"),
            "reference": (theirs["reference"], NEVER_A_REFERENCE),
            **{each: (other_parts[each], their_parts[each], NEVER_A_NUMBER) for each in numbers},
            **{each: (their_parts[each], NEVER_A_NUMBER) for each in ("profile_id", "item_id")},
            "paper": ("INV-2098-000001", "INV-2099-000001"),
            "session_id": (_a_strangers_session(doors), str(uuid.uuid4())),
        },
        guests={
            "guest": good,
            "other guest": others["access_token"],
            "revoked guest": revoked,
            "expired guest": good,
        },
        staff=_staff(doors),
    )


async def _parts(at: Office, booking: Body) -> dict[str, str]:
    """What belongs to a booking: a note and a file for each operation that needs one of its own, and the rest."""
    reference = booking["reference"]
    parts: dict[str, str] = {}
    for of in ("", "delete_booking_note "):
        note = await at.done("POST", reference, "/notes", {"kind": "internal", "text": f"A note. {of}"})
        parts[f"{of}note_id"] = str(note["note_id"])
    for of in ("", "delete_booking_file "):
        parts[f"{of}file_id"] = str((await at.add(reference, PDF + of.encode())).json()["file_id"])
    listed = await at.desk.see("guests")
    parts["profile_id"] = str(listed["items"][0]["profile_id"])
    with connect(at.owner_url) as db:
        item = db.execute(
            "INSERT INTO attention_items (hotel_id, reference, kind, notice_id, detail, opened_at)"
            " SELECT hotel_id, reference, 'bounced', notice_id, 'Hard bounce', now() FROM notices"
            " WHERE reference = %s AND state = 'waiting' ORDER BY notice_id LIMIT 1 RETURNING item_id, notice_id",
            [reference],
        ).fetchone()
    assert item
    return {**parts, "item_id": str(item[0]), "notice_id": str(item[1])}


async def _invoiced(doors: Doors, booking: Body) -> str:
    """A payment and an extra of the booking, the latter on an invoice; answers its number."""
    house, reference = doors.app.state.house, booking["reference"]
    (hotel_id,) = doors.rows("SELECT hotel_id FROM bookings WHERE reference = %s", reference)[0]
    day = doors.now.date()
    doors.rows(
        "INSERT INTO payments (hotel_id, reference, number, method, amount_minor, currency, received_at, business_date)"
        " VALUES (%s, %s, 1, 'cash', 100, 'INR', %s, %s) RETURNING number", hotel_id, reference, doors.now, day,
    )  # fmt: skip
    tea = FolioLine(1, 1, Post(LineKind.EXTRA, "TEA", "Tea", 100, 100), None, None, 1, 1)
    async with house.database.hotel(hotel_id) as tx:
        held = await hold_booking(tx, hotel_id, reference)
        await write_lines(tx, hotel_id, reference, [tea], Posting(doors.now, day))
        return (await issue_invoice(tx, held, 1, Cause("arranged", doors.now, day))).number


def _close_a_hotel(owner_url: str) -> None:
    with connect(owner_url) as db:
        db.execute("UPDATE hotels SET active = false WHERE slug = 'ribeira'")


def _a_strangers_session(doors: Doors) -> str:
    made = doors.rows(
        "INSERT INTO sessions (token_hash, staff_id, created_at, expires_at, logged_in_at)"
        " SELECT %s, staff_id, %s, %s, %s FROM staff WHERE email = 'frontdesk@hudson.example' RETURNING session_id",
        secrets.token_hex(32), doors.now, doors.now + timedelta(days=30), doors.now,
    )  # fmt: skip
    return str(made[0][0])


def _staff(doors: Doors) -> dict[str, int]:
    """The staff_id of each caller who works somewhere. Logins that have ended were the most powerful ones."""
    known = dict(doors.rows("SELECT email, staff_id FROM staff"))
    emails = {role: f"{role}@malabar.example" for role in ROLES}
    emails |= {f"{role} elsewhere": f"{role}@kamo.example" for role in ROLES}
    emails |= {f"{word} login": "admin@malabar.example" for word in ("revoked", "expired")}
    return {caller: int(known[email]) for caller, email in emails.items()}
