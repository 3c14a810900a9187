"""The system as a new user meets it: `holdfast up`, a booking lived over HTTP, its mails and its timeline, Ctrl-C."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from cli.ports import free_ports
from cli.postgres import owner_url
from cli.processes import living, wait_until
from messages.names import workflow_id
from tests.houses import sell_every_day
from tests.whole.crowd import kochi_day

ROOT = Path(__file__).resolve().parent.parent.parent
DESK = {"email": "frontdesk@malabar.example", "password": "holdfast-demo"}


@dataclass
class Running:
    """A local stack in a home of its own."""

    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def address(self, port: str) -> str:
        """The base address of a part."""
        return f"http://127.0.0.1:{self.environment[port]}"

    def end(self) -> int:
        """Ctrl-C; answers the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def start(environment: dict[str, str], log: Path, seconds: float = 120, tree: Path = ROOT) -> Running:
    """Starts the stack from a tree's sources and waits for the one line `ready`; seconds: how long at most.

    Every hotel sells every day, because a test may run on any.
    """
    offset = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"], cwd=tree, env=environment, stdout=output, stderr=output
        )

    def ready() -> bool:
        lines = log.read_bytes()[offset:].decode(errors="replace").splitlines()
        return "ready" in lines or process.poll() is not None

    assert wait_until(ready, seconds), log.read_text()[-3000:]
    assert process.poll() is None, log.read_text()[-3000:]
    sell_every_day(owner_url(Path(environment["HOLDFAST_HOME"]) / "postgres"))
    return Running(environment, log, process)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One stack for this file."""
    folder = tmp_path_factory.mktemp("up")
    environment = {**os.environ, "HOLDFAST_HOME": str(folder / "home")}
    environment.update(free_ports())
    running = start(environment, folder / "log")
    yield running
    running.end()


class Person:
    """Somebody with a web client and a key; each call has a connection of its own."""

    def __init__(self, base: str) -> None:
        self.base = f"{base}/api/v1"
        self.headers: dict[str, str] = {}

    def carry(self, token: str) -> None:
        """Shows this key from now on."""
        self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """A page, which has to be there."""
        answer = httpx.get(self.base + path, params=asked, headers=self.headers, timeout=20)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def post(self, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        """An act, which has to be answered so."""
        answer = httpx.post(self.base + path, json=body, headers=self.headers, timeout=20)
        assert answer.status_code == status, answer.text
        said: dict[str, Any] = answer.json()
        return said


def request(guest: Person, days: int = 0, **more: Any) -> dict[str, Any]:
    """Asks for one night, so many days from today, at the hotel in Kochi."""
    first = kochi_day(days)
    asked = {"arrival": str(first), "departure": str(first + timedelta(days=1)), "adults": 2}
    offer = guest.get("/hotels/malabar/availability", **asked)["offers"][0]
    wish = {
        "hotel": "malabar",
        "offers": [{"offer_id": offer["offer_id"]}],
        "guest": {"name": "A Guest", "email": "guest@example.com", "phone": "+919847000000", "country": "IN"},
        **more,
    }
    booked = guest.post("/bookings", wish, 201)
    guest.carry(booked["access_token"])
    return booked


def desk_of(stack: Running, role: str = "frontdesk") -> Person:
    """The front desk in Kochi, or its manager, logged in."""
    desk = Person(stack.address("HOLDFAST_PORT"))
    login = desk.post("/auth/login", {**DESK, "email": f"{role}@malabar.example"})
    desk.carry(login["access_token"])
    return desk


def mails(stack: Running, reference: str) -> list[str]:
    """The tags of what the mail double has got for a booking, oldest first."""
    found = httpx.get(f"{stack.address('HOLDFAST_MAIL_DOUBLE_PORT')}/_double/inbox", params={"reference": reference})
    return [mail["tag"] for mail in reversed(found.json()["items"])]


def test_one_house_of_the_demo_is_paid_on_an_account_of_its_own(stack: Running) -> None:
    """Opened by the path that every hotel takes, so that transfers and shares are seen."""
    office = Person(stack.address("HOLDFAST_PORT"))
    login = {"email": "admin@hudson.example", "password": DESK["password"]}
    office.carry(office.post("/auth/login", login)["access_token"])
    account = office.get("/admin/payments/account")
    assert (account["country"], account["charges_enabled"], account["fee_percent"]) == ("US", True, "3.00")


def test_a_booking_lives_from_the_request_to_the_closed_books(stack: Running) -> None:
    """What anybody can do with a web client alone, and what is left of it afterwards."""
    guest, desk = Person(stack.address("HOLDFAST_PORT")), desk_of(stack)
    booked = request(guest)
    reference = booked["reference"]
    assert booked["status"] == "pending"
    assert "approval_deadline" in [entry["key"] for entry in booked["agenda"]]
    assert "hotel's answer" in booked["waiting_for"]
    seen = guest.get(f"/bookings/{reference}")
    assert seen["agenda"] == booked["agenda"]

    place = f"/desk/bookings/{reference}"
    version = booked["version"]
    for action, more, status in (
        ("approve", {}, "confirmed"),
        ("assign-room", {}, "confirmed"),
        ("check-in", {}, "checked_in"),
        ("payments", {"method": "cash", "amount": booked["total"]}, "checked_in"),
        ("check-out", {}, "checked_out"),
    ):
        said = desk.post(f"{place}/{action}", {"version": version, **more})
        assert said["status"] == status, action
        version = said["version"]
    assert wait_until(lambda: desk.get(place)["status"] == "completed", 60, every=0.3)
    ended = guest.get(f"/bookings/{reference}")
    assert (ended["agenda"], ended["balance"]["amount_minor"], ended["payment_status"]) == ([], 0, "paid")

    events = [item for item in desk.get(f"{place}/timeline")["items"] if item.get("kind", "event") == "event"]
    told = {event["what"]: event for event in events if event.get("what")}
    assert told["approved"]["actor"]["role"] == "frontdesk"
    assert told["approved"]["awaited"]["key"] == "approval_deadline"
    assert told["approved"]["awaited"]["set_by"]["kind"] == "policy"
    assert told["completed"]["awaited"]["key"] == "close"
    assert wait_until(lambda: {"check_out", "feedback"} <= set(mails(stack, reference)), 30, every=0.3)
    # The welcome is only sent to who is still in the house by then.
    sent = [tag for tag in mails(stack, reference) if tag != "check_in"]
    assert sorted(sent) == ["check_out", "confirmed", "feedback", "invoice", "new_request", "received"]


def test_operations_read_the_agenda_in_temporal(stack: Running) -> None:
    """The booking is found by its search attributes, and says what it waits for; the log names its reference."""
    guest = Person(stack.address("HOLDFAST_PORT"))
    reference = request(guest)["reference"]

    async def look() -> tuple[str, str]:
        client = await Client.connect(f"127.0.0.1:{stack.environment['HOLDFAST_TEMPORAL_PORT']}")
        handle = client.get_workflow_handle(workflow_id(reference))
        details = await handle.query("__temporal_workflow_metadata")
        async with asyncio.timeout(20):
            while True:
                found = [w.id async for w in client.list_workflows("BookingStatus = 'pending' AND HotelId = 'malabar'")]
                if workflow_id(reference) in found:
                    break
                await asyncio.sleep(0.3)
        return str(details), found[0]

    details, _ = asyncio.run(look())
    assert "approval" in details or "answer is due" in details
    assert reference in stack.log.read_text()


def test_a_guest_pays_by_card_at_each_hotel_that_takes_cards(stack: Running) -> None:
    """All five hotels sell; where a card is asked for, the stand-in's page takes it and the booking goes on."""
    guest = Person(stack.address("HOLDFAST_PORT"))
    hotels = {hotel["slug"]: hotel for hotel in guest.get("/hotels")["items"]}
    assert {slug: hotel["on_sale"] for slug, hotel in hotels.items()} == {
        "ribeira": True, "hudson": True, "malabar": True, "kamo": True, "lagoon": True,
    }  # fmt: skip
    day = kochi_day(30)
    asked = {"arrival": str(day), "departure": str(day + timedelta(days=2)), "adults": 2}
    for slug, status in (("ribeira", "confirmed"), ("hudson", "confirmed"), ("kamo", "pending")):
        offer = guest.get(f"/hotels/{slug}/availability", **asked)["offers"][0]["offer_id"]
        who = {"name": "A Guest", "email": f"{slug}@guest.example"}
        booked = guest.post("/bookings", {"hotel": slug, "offers": [{"offer_id": offer}], "guest": who}, 201)
        assert booked["status"] == "held"
        paying, path = Person(stack.address("HOLDFAST_PORT")), f"/bookings/{booked['reference']}"
        paying.carry(booked["access_token"])
        page = paying.post(f"{path}/payment", {})["hosted_page"]
        assert httpx.post(page, data={"card": "4242424242424242"}).status_code == 303

        def has_come_to(wanted: str = status, payer: Person = paying, address: str = path) -> bool:
            return payer.get(address)["status"] == wanted

        assert wait_until(has_come_to, 30), slug


def test_the_next_start_has_the_same_bookings_and_leaves_nobody_behind(stack: Running) -> None:
    """Ctrl-C ends every process with exit code 0; the next start goes on with the open bookings and their clocks."""
    guest = Person(stack.address("HOLDFAST_PORT"))
    booked = request(guest)
    family = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _below(entry, stack)]
    assert len(family) > 5
    assert stack.end() == 0
    assert not [pid for pid in family if living(pid)]
    again = start(stack.environment, stack.log)
    stack.process = again.process
    assert guest.get(f"/bookings/{booked['reference']}")["agenda"] == booked["agenda"]
    desk = desk_of(stack)
    said = desk.post(f"/desk/bookings/{booked['reference']}/decline", {"version": booked["version"], "reason": "Full."})
    assert said["status"] == "rejected"


def _below(entry: Path, stack: Running) -> bool:
    try:
        return f"HOLDFAST_HOME={stack.environment['HOLDFAST_HOME']}".encode() in (entry / "environ").read_bytes()
    except OSError:
        return False
