"""Planted secrets, and a search for them wherever something is kept: no card number, no client secret, no key.

The whole system is really started, at its most talkative and with STRIPE_LOG=debug, with an API key and webhook secrets
of its own. What is searched: every row of Postgres, its log and those of all processes, the metrics, Temporal's
database file and every event of the bookings' histories with each payload decoded. The same search then finds each
secret in each of these places once it is put there. HOLDFAST_PROOF_SECRETS says how many bookings pay.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from cli.ports import free_ports
from cli.postgres import EmbeddedPostgres
from cli.processes import wait_until
from config.settings import DEMO_SECRET
from messages.converter import data_converter
from messages.names import workflow_id
from tests.doubles.stripe_running import VISA, StripeDouble, client_of, running_stripe
from tests.story.test_nobody_in_plain_text import SEPARATORS, file_of, rows_of, shapes, told_by_temporal
from tests.story.world import connect
from tests.whole.test_up import Person, Running, start

BOOKINGS = int(os.environ.get("HOLDFAST_PROOF_SECRETS", "4"))
DECLINED, ASKS, DISPUTED = "4000000000000002", "4000002760003184", "4000000000000259"
CARDS = (VISA, DECLINED, ASKS, DISPUTED)


def found(text: bytes, planted: Mapping[str, str]) -> set[str]:
    """The names of the secrets that stand in a text: as they are, in any case, in groups of digits, in base64."""
    lowered, closed = text.lower(), SEPARATORS.sub(b"", text)
    return {
        name
        for name, word in planted.items()
        if word.lower().encode() in lowered
        or (word.isdigit() and word.encode() in closed)
        or any(shape in text for shape in shapes(word))
    }


def offered(guest: Person, hotel: str, first: date) -> str:
    """An offer for two nights, on the first day from then on which something is sold."""
    for days in range(30):
        arrival = first + timedelta(days=days)
        asked = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=2)), "adults": 2}
        offers = guest.get(f"/hotels/{hotel}/availability", **asked)["offers"]
        if offers:
            return str(offers[0]["offer_id"])
    raise AssertionError(f"{hotel} sells nothing from {first} on")


class Till:
    """The running stack, and Stripe's double with the key that was planted. silent: workflows that nobody works on."""

    def __init__(self, stack: Running, double: StripeDouble, planted: dict[str, str]) -> None:
        self.stack, self.double, self.planted = stack, double, planted
        self.references: list[str] = []
        self.silent: list[str] = []

    @property
    def home(self) -> Path:
        """Where the stack keeps everything."""
        return Path(self.stack.environment["HOLDFAST_HOME"])

    @property
    def temporal(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.stack.environment['HOLDFAST_TEMPORAL_PORT']}"

    @property
    def owner_url(self) -> str:
        """Past row security."""
        return EmbeddedPostgres(self.home / "postgres").url

    def booked(self, hotel: str) -> Person:
        """A guest with a booking that waits for a payment."""
        guest = Person(self.stack.address("HOLDFAST_PORT"))
        first = datetime.now(UTC).date() + timedelta(days=20 + len(self.references))
        offer = offered(guest, hotel, first)
        wish = {
            "hotel": hotel,
            "offers": [{"offer_id": offer}],
            "guest": {"name": "A Guest", "email": f"{secrets.token_hex(5)}@example.com", "phone": "+351210000000",
                      "country": "PT"},
        }  # fmt: skip
        made = guest.post("/bookings", wish, 201)
        guest.carry(made["access_token"])
        self.references.append(made["reference"])
        return guest

    def pays(self, guest: Person, card: str) -> None:
        """On a page of the hotel's own first, for the client secret; then on the provider's, where money is taken."""
        path = f"/bookings/{self.references[-1]}"
        started = guest.post(f"{path}/payment", {"how": "intent"})
        self.planted[f"client secret {len(self.references)}"] = started["client_secret"]
        page = guest.post(f"{path}/payment", {"how": "hosted_page"})["hosted_page"]
        assert self.double.pay(page, DECLINED, exp="12/39", cvc="987").status_code == 402
        answer = self.double.pay(page, card)
        assert answer.status_code == 303
        if "/3ds/" in answer.headers["location"]:
            assert self.double.prove(answer.headers["location"]).status_code == 303
        assert wait_until(lambda: guest.get(path)["status"] == "confirmed", 30, every=0.2)
        # The page's own secret is in no answer to us, but in every event.
        intent = self.double.ledger(reference=self.references[-1])["intents"]
        for one in intent:
            body = self.double.sdk.v1.payment_intents.retrieve(one["id"])
            self.planted[f"client secret of {one['id']}"] = str(body.client_secret)

    def places(self) -> dict[str, bytes]:
        """Everything that is kept."""
        host = self.stack.address
        logs = [path.read_bytes() for path in self.home.rglob("*.log")]
        return {
            "Postgres": rows_of(self.owner_url),
            "the logs": b"\n".join([self.stack.log.read_bytes(), *logs]),
            "the metrics": httpx.get(f"{host('HOLDFAST_PORT')}/metrics").content
            + httpx.get(f"{host('HOLDFAST_METRICS_PORT')}/metrics").content,
            "Temporal's database": file_of(self.home),
            "the histories": asyncio.run(self._histories()),
        }

    async def _histories(self) -> bytes:
        """As Temporal tells them, and as those who have the key read them."""
        client = await Client.connect(self.temporal)
        ids = [workflow_id(one) for one in self.references]
        told = [await told_by_temporal(client, ids)]
        codec = data_converter(DEMO_SECRET).payload_codec
        assert codec
        for one in [*ids, *self.silent]:
            async for event in client.get_workflow_handle(one).fetch_history_events():
                told += [payload.data for payload in await codec.decode(list(payloads_of(event)))]
        return b"\n".join(told)

    def plant(self) -> None:
        """Puts every secret where it must not be: into a row, a log, and the history of a workflow."""
        with self.stack.log.open("a") as log, connect(self.owner_url) as db:
            for n, secret in enumerate(self.planted.values()):
                log.write(f"answered with {secret}\n")
                db.execute(
                    "INSERT INTO provider_hints (event_id, event_type, object_id, created_at, received_at, next_at,"
                    " state) VALUES (%s, 'planted', %s, now(), now(), now(), 'ignored')",
                    [f"evt_planted_{n}", secret],
                )
        asyncio.run(self._tell_a_workflow())

    async def _tell_a_workflow(self) -> None:
        client = await Client.connect(self.temporal)
        name = f"planted-{secrets.token_hex(4)}"
        await client.start_workflow("Planted", list(self.planted.values()), id=name, task_queue="nobody")
        self.silent.append(name)


def payloads_of(message: Message) -> Iterator[Payload]:
    """Every payload within a message, as deep as it may be."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            yield from (one for part in value.values() if isinstance(part, Message) for one in payloads_of(part))
        elif isinstance(value, Message):
            yield from payloads_of(value)
        else:
            yield from (one for part in value for one in payloads_of(part))


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """The whole system with planted secrets, saying everything that it ever says."""
    planted = {
        "API key": f"sk_test_{secrets.token_hex(16)}",
        "webhook secret": f"whsec_{secrets.token_hex(16)}",
        "older webhook secret": f"whsec_{secrets.token_hex(16)}",
        **{f"card {number}": number for number in CARDS},
        "security code with its expiry": "12/39",
    }
    ports = free_ports()
    webhooks = (planted["webhook secret"], planted["older webhook secret"])
    url = f"http://127.0.0.1:{ports['HOLDFAST_PORT']}/api/v1/webhooks/stripe"
    with running_stripe(tmp_path / "double", url, webhooks, planted["API key"]) as double:
        double.sdk = client_of(double.address, planted["API key"])
        environment = {
            **os.environ,
            **ports,
            "HOLDFAST_HOME": str(tmp_path / "home"),
            "HOLDFAST_LOG_LEVEL": "DEBUG",
            "STRIPE_LOG": "debug",
            "STRIPE_API_KEY": planted["API key"],
            "STRIPE_API_BASE": double.address,
            "STRIPE_WEBHOOK_SECRETS": ",".join(webhooks),
        }
        running = start(environment, tmp_path / "log")
        yield Till(running, double, planted)
        running.end()


def test_no_secret_is_kept_anywhere(till: Till) -> None:
    """Guests pay on pages of the hotel's and of the provider's; nothing that opens anything is left behind."""
    for n in range(BOOKINGS):
        till.pays(till.booked(("hudson", "ribeira")[n % 2]), (VISA, ASKS, DISPUTED)[n % 3])
    places = till.places()
    for place in ("Postgres", "the logs", "Temporal's database", "the histories"):
        assert [one for one in till.references if one.encode() not in places[place]] == [], place
    assert b"pi_" in places["the histories"]
    assert {place: found(text, till.planted) for place, text in places.items() if found(text, till.planted)} == {}
    till.plant()
    after = till.places()
    for place in ("Postgres", "the logs", "the histories", "Temporal's database"):
        assert found(after[place], till.planted) == set(till.planted), place
    sizes = ", ".join(f"{place} {len(text):,} bytes" for place, text in places.items())
    print(f"proof: {BOOKINGS} payments, {len(till.planted)} secrets, none kept; searched: {sizes}")
