"""What guests and the desk in Kochi do with a booking, each path as a person would who knows nothing of the storm."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.stay import StayDates
from tests.whole.crowd import kochi_day
from tests.whole.storm.clients import Wire
from tests.whole.storm.ledger import Asking, Life

TRIES = 8
NIGHTS_AHEAD = (2, 90)
# Another did something in between, or took what was wanted: a person looks again and decides again.
LOOK_AGAIN = ("version_conflict", "room_not_free", "room_not_clean", "quote_stale")


class Surprise(Exception):
    """A refusal that this path knows no reason for."""


@dataclass
class Person:
    """Whoever acts for one booking. desk: the front desk's token."""

    wire: Wire
    life: Life
    desk: str

    async def request(self, *, today: bool = False, rooms: int = 1) -> None:
        """The guest asks for rooms, on other dates where these are taken."""
        for _ in range(TRIES):
            dates = self._dates(today=today)
            asked = {"arrival": str(dates.arrival), "departure": str(dates.departure), "adults": 2}
            offers = (await self.wire.look("/hotels/malabar/availability", **asked)).get("offers", [])
            if not offers:
                continue
            offer = self.wire.chance.choice(offers)["offer_id"]
            guest = {"name": "A Guest", "email": self.life.email, "phone": "+919847000000", "country": "IN"}
            wish = {"hotel": "malabar", "offers": [{"offer_id": offer}] * rooms, "guest": guest}
            if self.became(await self.wire.ask(self.life, "create", "/bookings", wish)):
                self.life.ends = ("pending",)
                return
        raise Surprise("no room was to be had")

    async def phone(self, hold_seconds: int = 0) -> None:
        """The desk books for somebody on the phone; an option where it is only held."""
        for _ in range(TRIES):
            dates = self._dates()
            kind = self.wire.chance.choice(("COURT", "HARBOUR"))
            room = {"room_type": kind, "rate_plan": "FLEX", "arrival": str(dates.arrival),
                    "departure": str(dates.departure), "adults": 2}  # fmt: skip
            wish: dict[str, Any] = {"offers": [room], "guest": {"name": "A Guest", "email": self.life.email}}
            wish["source"] = "phone"
            if hold_seconds:
                wish["hold_until"] = (datetime.now(UTC) + timedelta(seconds=hold_seconds)).isoformat()
            if self.became(await self.wire.ask(self.life, "create", "/desk/bookings", wish, self.desk)):
                self.life.ends = ("held",) if hold_seconds else ("confirmed",)
                return
        raise Surprise("no room was to be had")

    def _dates(self, *, today: bool = False) -> StayDates:
        first = kochi_day(0 if today else self.wire.chance.randint(*NIGHTS_AHEAD))
        return StayDates(first, first + timedelta(days=1 if today else self.wire.chance.randint(1, 3)))

    def became(self, asking: Asking) -> bool:
        """Whether the booking was made; it is known from now on."""
        if not asking.granted:
            return False
        self.life.reference = asking.body["reference"]
        self.life.token = asking.body.get("access_token") or ""
        self._saw(asking.body)
        return True

    def _saw(self, body: dict[str, Any]) -> None:
        if body.get("version", 0) >= self.life.version:
            self.life.version, self.life.status = body["version"], body["status"]
            self.life.balance_minor = body["balance"]["amount_minor"]
            self.life.currency = body["balance"]["currency"]

    async def act(self, word: str, *ends: str, amount_minor: int = 0, **more: Any) -> bool:
        """The desk does something; looks and decides again where another was faster. False: it was too late for it."""
        for _ in range(TRIES):
            body = {"version": self.life.version, **more}
            path = f"/desk/bookings/{self.life.reference}/{word}"
            asking = await self.wire.ask(self.life, word, path, body, self.desk, amount_minor)
            if asking.granted:
                self._saw(asking.body)
                self.life.ends = ends or self.life.ends
                return True
            if asking.body.get("code") not in LOOK_AGAIN:
                return self._too_late(asking)
            self._saw(await self.wire.look(f"/desk/bookings/{self.life.reference}", self.desk))
        raise Surprise(f"{word} was refused again and again: {asking.body}")

    def _too_late(self, asking: Asking) -> bool:
        code = asking.body.get("code")
        # Only a stay that is to grow needs a night more, which may be gone; nothing else can be sold out.
        if code != "action_not_allowed" and (asking.word, code) != ("extend", "sold_out"):
            raise Surprise(f"{asking.word} was refused: {asking.status} {asking.body}")
        return False

    async def pay(self, amount_minor: int) -> None:
        """The desk takes money."""
        amount = {"amount_minor": amount_minor, "currency": self.life.currency}
        await self.act("payments", amount_minor=amount_minor, method="cash", amount=amount)

    async def guest_cancels(self) -> None:
        """The guest gives the booking up."""
        path = f"/bookings/{self.life.reference}/cancel"
        asking = await self.wire.ask(self.life, "cancel", path, {"reason": "A change of plans."}, self.life.token)
        if not asking.granted:
            raise Surprise(f"cancel was refused: {asking.status} {asking.body}")
        self._saw(asking.body)
        self.life.ends = ("cancelled",)


async def waits(one: Person) -> None:
    """A request that nobody answers."""
    await one.request(rooms=one.wire.chance.randint(1, 2))


async def withdraws(one: Person) -> None:
    """A request that is taken back."""
    await one.request()
    await one.guest_cancels()


async def is_declined(one: Person) -> None:
    """A request that the hotel says no to."""
    await one.request()
    await one.act("decline", "rejected", reason="The house is being painted.")


async def pays_and_cancels(one: Person) -> None:
    """A booking that is paid for in two parts, and given up."""
    await one.request()
    await one.act("approve", "confirmed")
    await one.pay(1_000_00)
    await one.pay(500_00)
    await one.guest_cancels()


async def grows(one: Person) -> None:
    """A booking that gets a room and a night more, is paid for in parts, and stays."""
    await one.phone()
    await one.act("assign-room")
    later = datetime.fromisoformat((await one.wire.look(one_page(one), one.desk))["stays"][0]["departure"])
    await one.act("extend", departure=str(later.date() + timedelta(days=1)))
    await one.pay(700_00)
    await one.pay(700_00)


def one_page(one: Person) -> str:
    """The booking at the desk."""
    return f"/desk/bookings/{one.life.reference}"


async def is_lived(one: Person) -> None:
    """A stay from the request to the closed books."""
    await one.request(today=True)
    await one.act("approve", "confirmed")
    if not await one.act("assign-room", reason="The guest waits."):
        raise Surprise("no room could be given")
    await one.act("check-in", "checked_in", reason="The guest waits.")
    await one.pay(one.life.balance_minor)
    await one.act("check-out", "completed")


async def is_made_firm(one: Person) -> None:
    """An option that the guest takes."""
    await one.phone(hold_seconds=3_600)
    await one.act("confirm", "confirmed")


async def runs_out(one: Person) -> None:
    """An option that nobody takes; its clock rings in the storm or soon after."""
    await one.phone(hold_seconds=80)
    one.life.ends = ("expired",)


async def two_at_once(one: Person) -> None:
    """The hotel says yes while the guest takes the request back; the guest's word ends it either way."""
    await one.request()
    desk = asyncio.create_task(one.act("approve"))
    await one.guest_cancels()
    await desk
    one.life.ends = ("cancelled",)


async def two_desks(one: Person) -> None:
    """Two members of the desk take money and give a room at the same moment."""
    await one.phone()
    await asyncio.gather(one.pay(300_00), one.act("assign-room"), one.pay(300_00))


async def is_written_about(one: Person) -> None:
    """A booking with two notes."""
    await one.phone()
    for text in ("Likes a room towards the harbour.", "Comes by boat."):
        await one.wire.ask(one.life, "notes", f"{one_page(one)}/notes", {"kind": "internal", "text": text}, one.desk)


async def careless(one: Person) -> None:
    """What a client does that sends no key of its own: a booking and a payment."""
    await one.phone()
    await one.pay(400_00)


PATHS: tuple[Callable[[Person], Awaitable[None]], ...] = (
    waits, withdraws, is_declined, pays_and_cancels, grows, is_lived, is_made_firm, two_at_once, two_desks,
    is_written_about,
)  # fmt: skip
