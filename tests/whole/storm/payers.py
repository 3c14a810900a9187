"""What guests who pay by card do with a booking, and what the three ledgers say afterwards.

The provider's stand-in is killed like every other part; its page is asked until it has answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from store.states import read_state
from tests.whole.audit import Connection, looked
from tests.whole.storm.clients import GivesUp
from tests.whole.storm.ledger import NO_ANSWER, Asking
from tests.whole.storm.lives import TRIES, Person, Surprise

VISA = "4242424242424242"
DAYS_AHEAD = (20, 90)
PAUSE_SECONDS = 0.5
LEDGER_SECONDS = 20


async def books(one: Person, hotel: str) -> None:
    """A guest books at a hotel that is paid by card; the room is held for the payment."""
    for _ in range(TRIES):
        first = datetime.now(UTC).date() + timedelta(days=one.wire.chance.randint(*DAYS_AHEAD))
        asked = {"arrival": str(first), "departure": str(first + timedelta(days=2)), "adults": 2}
        offers = (await one.wire.look(f"/hotels/{hotel}/availability", **asked)).get("offers", [])
        free = [offer for offer in offers if "free of charge" in offer["policy"]["cancellation"]]
        if not free:
            continue
        offer = one.wire.chance.choice(free)["offer_id"]
        guest = {"name": "A Guest", "email": one.life.email}
        wish = {"hotel": hotel, "offers": [{"offer_id": offer}], "guest": guest}
        # Each guest has a browser of their own; one browser may hold three unpaid rooms at most.
        one.wire.client.cookies.clear()
        if one.became(await one.wire.ask(one.life, "create", "/bookings", wish)):
            one.life.ends = ("held",)
            return
    raise Surprise("no room was to be had")


async def starts(one: Person) -> str:
    """The guest asks to pay, until a page is there."""
    asking = await one.wire.ask(one.life, "payment", f"/bookings/{one.life.reference}/payment", {}, one.life.token)
    if not asking.granted:
        raise Surprise(f"payment was refused: {asking.status} {asking.body}")
    return str(asking.body["hosted_page"] or "")


async def pays(one: Person, *ends: str) -> None:
    """The guest fills in the page, until it says that it is done."""
    page, asking = await starts(one), Asking("page")
    while True:
        if time.monotonic() > one.wire.give_up_at:
            raise GivesUp(f"the page did not answer; its tries came to {asking.tries[-5:]}")
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as guest:
                answer = await guest.post(page, data={"card": VISA})
            asking.tries.append(answer.status_code)
            # A page that was paid before its answer got lost says so, with another status than a fresh payment.
            if answer.status_code == 303 or "already" in answer.text or "paid" in answer.text.lower():
                break
        except httpx.TransportError:
            asking.tries.append(NO_ANSWER)
        await asyncio.sleep(PAUSE_SECONDS)
    one.life.ends = ends


async def pays_a_deposit(one: Person) -> None:
    """Lisbon: the first night, then confirmed."""
    await books(one, "ribeira")
    await pays(one, "confirmed")


async def prepays_and_cancels(one: Person) -> None:
    """New York: everything, then everything back."""
    await books(one, "hudson")
    await pays(one, "confirmed")
    await one.guest_cancels()


async def has_the_card_authorised(one: Person) -> None:
    """Kyoto: set aside; the innkeeper does not answer in the storm."""
    await books(one, "kamo")
    await pays(one, "pending")


async def takes_the_request_back(one: Person) -> None:
    """Kyoto: set aside, then let go."""
    await books(one, "kamo")
    await pays(one, "pending")
    await one.guest_cancels()


async def leaves_the_page_open(one: Person) -> None:
    """Lisbon: never pays."""
    await books(one, "ribeira")
    await starts(one)


PAYERS: tuple[Callable[[Person], Awaitable[None]], ...] = (
    pays_a_deposit, prepays_and_cancels, has_the_card_authorised, takes_the_request_back, leaves_the_page_open,
)  # fmt: skip


def unsettled(db: Connection) -> int:
    """How many bookings still wait for the provider."""
    (row,) = looked(
        db,
        "SELECT count(*) AS n FROM bookings WHERE jsonb_array_length(coalesce(state #> '{purse,orders}', '[]')) > 0"
        " OR EXISTS (SELECT 1 FROM refunds r WHERE r.hotel_id = bookings.hotel_id"
        " AND r.reference = bookings.reference AND r.state IN ('wanted', 'pending'))",
    )
    return int(row.n)


def ledgers(db: Connection, stripe_base: str) -> list[str]:
    """Where the provider, our rows and the stories differ, to the cent; each sentence is one fault."""
    told = httpx.get(f"{stripe_base}/_double/ledger", timeout=LEDGER_SECONDS, trust_env=False).raise_for_status()
    return list(_differences(db, told.json()["intents"]))


def _differences(db: Connection, intents: list[dict[str, Any]]) -> Iterator[str]:
    there: dict[str, tuple[int, int]] = {}
    for intent in intents:
        reference = intent["metadata"].get("holdfast_booking", "")
        captured, refunded = there.get(reference, (0, 0))
        there[reference] = (captured + intent["captured"], refunded + intent["refunded"])
    ours = {
        row.reference: (int(row.captured), int(row.refunded))
        for row in looked(
            db,
            "SELECT reference, sum(coalesce(captured_minor, 0)) AS captured, sum(refunded_minor) AS refunded"
            " FROM payments WHERE how <> 'desk' GROUP BY reference",
        )
    }
    for reference in sorted(there.keys() | ours.keys()):
        if there.get(reference, (0, 0)) != ours.get(reference, (0, 0)):
            yield f"{reference}: the provider has {there.get(reference)}, our rows {ours.get(reference)}"
    for row in looked(db, "SELECT reference, paid_minor, state FROM bookings"):
        purse = read_state(row.state).purse
        through = [one for one in purse.payments if one.how.value != "desk"]
        story = (sum(one.captured_minor for one in through), sum(one.refunded_minor for one in through))
        if story != ours.get(row.reference, (0, 0)):
            yield f"{row.reference}: the story has {story}, our rows {ours.get(row.reference)}"
