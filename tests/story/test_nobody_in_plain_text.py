"""A planted guest: unique words in every field about people, and a search for them wherever operations look.

The whole system is really started. What is searched: Temporal's database file, every event of the bookings' and the
letters' histories with each payload decoded, search attributes, memo, summaries and details, the logs of all
processes at their most talkative, and the metrics of both. The same search finds everything when nothing is encrypted.
"""

import asyncio
import json
import os
import re
import secrets
import threading
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToJson
from psycopg import sql
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle

from cli.ports import free_ports
from cli.postgres import EmbeddedPostgres
from cli.processes import wait_until
from domain.stay import StayDates
from messages.bookings import BookingStart, GuestDetails, GuestNamed, OpenBooking, Opened, RoomAsked
from messages.converter import data_converter
from messages.names import reference, workflow_id
from messages.notices import notices_workflow_id
from messages.offers import sign_offer
from tests.story.conftest import at_work, own_namespace
from tests.story.world import GUEST, PATIENCE_SECONDS, SECRET, House, Life, build_house, connect, offer
from tests.whole.crowd import kochi_day
from tests.whole.test_up import Person, Running, mails, start

# As far as the database is concerned, a guest of that name can't be: whatever writes it fails and says so.
REFUSING = "nobody_of_that_name"
SEPARATORS = re.compile(rb"[\s().-]+")


def words(*fields: str) -> dict[str, str]:
    """A word for each field that nothing else in the world says; telephone numbers are digits."""
    number = f"98{secrets.randbelow(10**8):08d}"
    return {field: number if field == "phone" else f"qx{field}{secrets.token_hex(5)}" for field in fields}


def shapes(word: str) -> list[bytes]:
    """How a word looks in base64, wherever in a text it begins."""
    found = []
    for before in range(3):
        whole = b64encode(b"\0" * before + word.encode())
        first, last = -(-before * 8 // 6), (before + len(word)) * 8 // 6
        found.append(whole[first:last])
    return found


def read(text: bytes, planted: Mapping[str, str]) -> set[str]:
    """The fields whose words stand in a text: as they are, in any case, spaced like a telephone number, in base64."""
    lowered = text.lower()
    closed = SEPARATORS.sub(b"", text)
    return {
        field
        for field, word in planted.items()
        if word.encode() in lowered
        or (field == "phone" and word.encode() in closed)
        or any(shape in text for shape in shapes(word))
    }


def decoded(part: Any) -> Iterator[bytes]:
    """Every text inside a JSON document, and what it says where it is base64; each payload's data is one."""
    if isinstance(part, Mapping):
        part = [*part.keys(), *part.values()]
    if isinstance(part, list):
        for one in part:
            yield from decoded(one)
    if isinstance(part, str):
        yield part.encode()
        try:
            yield b64decode(part, validate=True)
        except (NotBase64, ValueError):
            return


async def told_by_temporal(client: Client, ids: list[str]) -> bytes:
    """All that Temporal says of some workflows: events, memo, search attributes, summaries, details, last failures."""
    documents: list[str] = []
    for one in ids:
        handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(one)
        documents.append((await handle.fetch_history()).to_json())
        described = await handle.describe()
        documents.append(MessageToJson(described.raw_description))
        documents += [await described.static_summary() or "", await described.static_details() or ""]
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        documents.append(MessageToJson(metadata))
    texts = [text for document in documents for text in (document.encode(), *decoded(_json(document)))]
    return b"\n".join(texts)


def _json(document: str) -> Any:
    try:
        return json.loads(document)
    except ValueError:
        return document


def file_of(folder: Path) -> bytes:
    """Temporal's database as it lies on the disk, with what is not yet folded into it."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("temporal.db*")))


def rows_of(owner_url: str) -> bytes:
    """Everything that Postgres holds."""
    with connect(owner_url) as db:
        names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [
            row
            for (name,) in names
            for row in db.execute(sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(sql.Identifier(name))).fetchall()
        ]
    return "\n".join(str(row[0]) for row in rows).encode()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole system, saying everything that it ever says."""
    folder = tmp_path_factory.mktemp("planted")
    environment = {**os.environ, "HOLDFAST_HOME": str(folder / "home"), "HOLDFAST_LOG_LEVEL": "DEBUG"}
    environment.update(free_ports())
    running = start(environment, folder / "log")
    yield running
    running.end()


def home_of(stack: Running) -> Path:
    return Path(stack.environment["HOLDFAST_HOME"])


def temporal_of(stack: Running) -> str:
    return f"127.0.0.1:{stack.environment['HOLDFAST_TEMPORAL_PORT']}"


class Hotel:
    """The hotel in Kochi, where somebody asks for a room and the desk does what desks do."""

    def __init__(self, stack: Running) -> None:
        self.stack = stack
        self.desk = Person(stack.address("HOLDFAST_PORT"))
        login = {"email": "manager@malabar.example", "password": "holdfast-demo"}
        self.desk.carry(self.desk.post("/auth/login", login)["access_token"])

    def wish(self, planted: Mapping[str, str]) -> dict[str, Any]:
        """A request for one night from today that says all the words."""
        today = kochi_day(0)
        asked = {"arrival": str(today), "departure": str(today + timedelta(days=1)), "adults": 2}
        promised = Person(self.stack.address("HOLDFAST_PORT")).get("/hotels/malabar/availability", **asked)
        sleepers = [{"name": planted["first"]}, {"name": planted["second"]}]
        return {
            "hotel": "malabar",
            "offers": [{"offer_id": promised["offers"][0]["offer_id"], "guests": sleepers}],
            "guest": {
                "name": planted["name"],
                "email": f"{planted['email']}@example.com",
                "phone": f"+91{planted['phone']}",
                "country": "IN",
            },
            "special_requests": planted["wish"],
        }

    def request(self, planted: Mapping[str, str]) -> tuple[Person, dict[str, Any]]:
        """The guest with the booking that was made."""
        guest = Person(self.stack.address("HOLDFAST_PORT"))
        booked = guest.post("/bookings", self.wish(planted), 201)
        guest.carry(booked["access_token"])
        return guest, booked

    def live(self, booked: dict[str, Any], planted: Mapping[str, str]) -> None:
        """From the hotel's yes to the closed books."""
        place, version = f"/desk/bookings/{booked['reference']}", booked["version"]
        money = {"method": "upi", "amount": booked["total"], "external_reference": planted["receipt"]}
        for action, more in (
            ("approve", {"note": planted["note"]}),
            ("assign-room", {"reason": planted["room"]}),
            ("check-in", {"reason": planted["welcome"]}),
            ("payments", {**money, "reason": planted["paid"]}),
            ("check-out", {"reason": planted["farewell"]}),
        ):
            version = self.desk.post(f"{place}/{action}", {"version": version, **more})["version"]
        assert wait_until(lambda: self.desk.get(place)["status"] == "completed", 60, every=0.3)


FIELDS = ("name", "email", "phone", "first", "second", "wish")
AT_THE_DESK = ("note", "room", "welcome", "receipt", "paid", "farewell")


def test_a_planted_guest_is_nowhere_in_plain_text(stack: Running) -> None:
    """A whole life, one given up by the guest, one declined, and one that the database refuses for a while."""
    hotel = Hotel(stack)
    living, leaving, refused, late = (
        words(*FIELDS, *AT_THE_DESK), words(*FIELDS, "reason"), words(*FIELDS, "answer"), words(*FIELDS),
    )  # fmt: skip
    _, lived = hotel.request(living)
    hotel.live(lived, living)
    guest, left = hotel.request(leaving)
    guest.post(f"/bookings/{left['reference']}/cancel", {"version": left["version"], "reason": leaving["reason"]})
    _, asked = hotel.request(refused)
    hotel.desk.post(
        f"/desk/bookings/{asked['reference']}/decline", {"version": asked["version"], "reason": refused["answer"]}
    )
    stuck = request_in_trouble(hotel, late)
    assert wait_until(lambda: "check_out" in mails(stack, lived["reference"]), 30, every=0.3)
    assert wait_until(lambda: "received" in mails(stack, stuck), 60, every=0.3)

    references = [lived["reference"], left["reference"], asked["reference"], stuck]
    planted = {
        f"{whose} {field}": word
        for whose, told in (("living", living), ("leaving", leaving), ("refused", refused), ("late", late))
        for field, word in told.items()
    }
    # They were all really there, and the places that are searched do speak of these bookings.
    owner_url = EmbeddedPostgres(home_of(stack) / "postgres").url
    assert planted.keys() - read(rows_of(owner_url), planted) == set()
    with connect(owner_url) as db:
        row = db.execute("SELECT hotel_id FROM hotels WHERE slug = 'malabar'").fetchone()
    assert row
    ids = [*map(workflow_id, references), notices_workflow_id(int(row[0]))]
    places = {
        "Temporal's answers": asyncio.run(_asked(temporal_of(stack), ids)),
        "Temporal's database": file_of(home_of(stack)),
        "the logs": stack.log.read_bytes(),
        "the metrics": httpx.get(f"{stack.address('HOLDFAST_PORT')}/metrics").content
        + httpx.get(f"{stack.address('HOLDFAST_METRICS_PORT')}/metrics").content,
    }
    for place in ("Temporal's answers", "Temporal's database", "the logs"):
        assert [one for one in references if one.encode() not in places[place]] == [], place
    assert b"holdfast_bookings_open" in places["the metrics"]
    assert b"temporal_workflow_completed" in places["the metrics"]
    assert {place: read(text, planted) for place, text in places.items() if read(text, planted)} == {}


def request_in_trouble(hotel: Hotel, planted: Mapping[str, str]) -> str:
    """A booking whose guest the database refuses at first, with an error that quotes the row; answers its reference."""
    owner_url = EmbeddedPostgres(home_of(hotel.stack) / "postgres").url
    wish, key = hotel.wish(planted), {"Idempotency-Key": secrets.token_hex(8)}
    address = f"{hotel.desk.base}/bookings"
    refusing = sql.SQL("ALTER TABLE guests ADD CONSTRAINT {} CHECK (name <> {}) NOT VALID")
    accepting = sql.SQL("ALTER TABLE guests DROP CONSTRAINT {}").format(sql.Identifier(REFUSING))
    with connect(owner_url) as db:
        db.execute(refusing.format(sql.Identifier(REFUSING), sql.Literal(planted["name"])))
        asking = threading.Thread(target=lambda: httpx.post(address, json=wish, headers=key, timeout=20))
        asking.start()
        # Three quick tries and the first of the patient ones.
        assert wait_until(lambda: hotel.stack.log.read_bytes().count(REFUSING.encode()) >= 4, 60, every=0.1)
        db.execute(accepting)
        asking.join()
    answer = httpx.post(address, json=wish, headers=key, timeout=20)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def _asked(target: str, ids: list[str]) -> bytes:
    return await told_by_temporal(await Client.connect(target), ids)


async def test_the_same_search_finds_the_guest_where_nothing_is_encrypted(
    stack: Running, owner_url: str, app_url: str
) -> None:
    """The control: one life with the codec taken away, in the same server, seen by the same eyes."""
    planted = words(*FIELDS, "answer")
    target = temporal_of(stack)
    open_converter = replace(data_converter(SECRET), payload_codec=None)
    client = await Client.connect(target, namespace=await own_namespace(target), data_converter=open_converter)
    house = build_house(owner_url)
    arrival = datetime.now(UTC).date() + timedelta(days=30)
    life = Life(client, owner_url, house, StayDates(arrival, arrival + timedelta(days=2)))
    async with at_work(client, app_url, strict=True):
        await begin(life, house, planted)
        await life.decline(reason=planted["answer"])
        await life.reaches("rejected")
        await life.handle.result()
        answers = await told_by_temporal(client, [workflow_id(life.reference)])
    assert read(answers, planted) == set(planted)
    assert read(file_of(home_of(stack)), planted) == set(planted)


async def begin(life: Life, house: House, planted: Mapping[str, str]) -> None:
    """A request of the planted guest, straight to its workflow."""
    key = secrets.token_hex(8)
    life.reference = reference(SECRET, house.code, life.dates.arrival, key, 0)
    sleepers = (GuestNamed(planted["first"]), GuestNamed(planted["second"]))
    opening = OpenBooking(
        hotel_id=house.hotel_id,
        reference=life.reference,
        key=key,
        body_hash="hash",
        rooms=(RoomAsked(sign_offer(SECRET, offer(house, life.dates)), sleepers),),
        guest=GuestDetails(planted["name"], f"{planted['email']}@example.com", f"+91{planted['phone']}", "IN"),
        open_before=datetime.now(UTC) + timedelta(seconds=PATIENCE_SECONDS),
        actor=GUEST,
        channel="web",
        special_requests=planted["wish"],
    )
    handle = await life.client.start_workflow(
        "BookingWorkflow", BookingStart(opening=opening), id=workflow_id(life.reference), task_queue="bookings"
    )
    opened: Opened = await handle.execute_update("opened", result_type=Opened)
    assert opened.outcome == "opened"


def test_the_search_sees_through_case_spacing_and_base64() -> None:
    """A word in capitals, a spaced telephone number, and base64 at each of its three places."""
    planted = {"name": "qxname0123456789", "phone": "9847012345"}
    assert read(b"Dear QXNAME0123456789,", planted) == {"name"}
    assert read(b"call +91 98470-12 345", planted) == {"phone"}
    for before in range(6):
        assert read(b64encode(b"." * before + b'"qxname0123456789"'), planted) == {"name"}
    nested = {"payloads": [{"data": b64encode(b'{"a": "qxname0123456789"}').decode()}]}
    assert read(b"\n".join(decoded(nested)), planted) == {"name"}
    assert read(b"a guest of another name, 98470", planted) == set()
