"""Six webhooks of one payment come in every order, twice, before their booking and three days late: one same end.

HOLDFAST_PROOF_ORDERS says how many of the 720 orders; which ones is drawn from HOLDFAST_PROOF_SEED. With all of them,
each order comes in each way: once, twice, early and late; with fewer, each way has its share. They are signed, come in
at the API's door, and are brought by the real porter to bookings of the real workers.
"""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from temporalio.client import Client

from activities.payments import PaymentActivities
from domain import told
from domain.payments import PayState, Seen
from domain.terms import Confirmation, Payment
from messages.payments import ProviderOrder
from store import hints
from tests.doubles.stripe_running import StripeDouble
from tests.story.money.payer import Payer
from tests.story.money.postroom import Event, PostRoom, again
from tests.story.test_life import stay_in
from tests.story.world import SECRET, House, build_house

ORDERS = int(os.environ.get("HOLDFAST_PROOF_ORDERS", "60"))
SEED = os.environ.get("HOLDFAST_PROOF_SEED", "20270310")
ASKS = "4000002760003184"
TYPES = (
    "checkout.session.completed",
    "payment_intent.created",
    "payment_intent.requires_action",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "charge.succeeded",
)
ALL = tuple(itertools.permutations(range(len(TYPES))))
AT_ONCE = 20
# Within the three days that a hint is kept for a booking that is not there yet.
LATE = timedelta(hours=71, minutes=50)
Order = tuple[int, ...]
# Status, paid, balance, payments, refunds, rooms taken, and what the provider took and gave back.
End = tuple[Any, ...]


def orders() -> list[Order]:
    """The orders of this run: all of them, or as many of them as are asked for."""
    all_ = list(ALL)
    Random(SEED).shuffle(all_)  # noqa: S311 - which orders a test tries is no secret.
    return all_[:ORDERS]


def share(of_so_many: int, least: int = 1) -> list[Order]:
    """The orders that come in one of the ways: all of them in a whole run, else a part of those that are asked for."""
    found = orders()
    return found if len(found) == len(ALL) else found[: max(least, len(found) // of_so_many)]


def lisbon(owner_url: str) -> House:
    """A hotel with a room for each of them, paid in full when booking."""
    return build_house(
        owner_url, zone="Europe/Lisbon", currency="EUR", payment=Payment.PREPAID, confirmation=Confirmation.AUTO,
        rooms=AT_ONCE,
    )  # fmt: skip


@dataclass
class Paid:
    """A booking whose payment waits to be told, and its six events."""

    life: Payer
    events: tuple[Event, ...] = ()

    async def pay(self) -> None:
        """The guest pays and proves who they are; nobody tells of it."""
        life = self.life
        await life.start()
        asked = await life.on_page(ASKS)
        assert asked.status_code == 303, asked.text
        proved = await asyncio.to_thread(life.provider.prove, asked.headers["location"])
        assert proved.status_code == 303, proved.text
        intent = life.ledger()["intents"][0]
        assert intent["captured"] == 20_000
        self.events = six(life.provider, life.reference, intent["session"], intent["id"])

    async def end(self) -> End:
        """How it stands, once the booking has come to rest."""
        row = await self.life.comes_to("confirmed")
        await self.life.settles()
        taken = await asyncio.to_thread(self.life.taken)
        return (
            row["status"], row["paid_minor"], row["balance_minor"], row["payment_status"], row["attention"],
            self.life.payments(), self.life.refunds(), taken,
            [what for what in self.life.events() if what not in ("payment_checked", "payment_offered")],
        )  # fmt: skip


SAME_END: End = (
    "confirmed", 20_000, 0, "paid", "", [("prepaid", "captured", 20_000, 0)], [], (20_000, 0),
    ["held_for_payment", "payment_started", "confirmed_by_payment"],
)  # fmt: skip


def six(double: StripeDouble, reference: str, session: str, intent: str) -> tuple[Event, ...]:
    """The six, as the double tells them; what is only told of an authorisation is made of the payment's own."""
    told_ = {event["type"]: event for event in [*double.events(intent), *double.events(session)]}
    authorised = again(told_["payment_intent.requires_action"], reference, type=TYPES[3])
    authorised["data"]["object"] |= {"id": intent, "status": "requires_capture"}
    told_[TYPES[3]] = authorised
    return tuple(told_[kind] for kind in TYPES)


async def many(doing: Sequence[Awaitable[Any]]) -> list[Any]:
    """All of them at once."""
    return list(await asyncio.gather(*doing))


def batches(found: Sequence[Order], size: int = AT_ONCE) -> list[Sequence[Order]]:
    """The orders in crowds of bookings that live at once."""
    return [found[n : n + size] for n in range(0, len(found), size)]


async def tell(room: PostRoom, paid: Sequence[Paid], chosen: Sequence[Order], *, twice: bool) -> None:
    """Each booking's events come in, in its order, and each is brought before the next."""
    for step in range(len(TYPES)):
        for one, order in zip(paid, chosen, strict=True):
            assert await room.post(one.events[order[step]]) == "noted"
        await room.bring()
        if twice:
            for one, order in zip(paid, chosen, strict=True):
                assert await room.post(one.events[order[step]]) == "ignored"
            await room.bring()


async def begun(lives: Callable[[], Payer], number: int) -> list[Paid]:
    """Bookings that wait for a payment."""
    paid = [Paid(lives()) for _ in range(number)]
    await many([one.life.begin() for one in paid])
    await many([one.pay() for one in paid])
    return paid


@pytest.fixture
def lives(client: Client, owner_url: str, stripe_double: StripeDouble) -> Callable[[], Payer]:
    """Guests of one hotel after another; each hotel has a room for a crowd."""
    houses: list[House] = []
    count = itertools.count()

    def next_() -> Payer:
        if next(count) % AT_ONCE == 0:
            houses.append(lisbon(owner_url))
        return Payer(client, owner_url, houses[-1], stay_in(houses[-1], 20), stripe=stripe_double)

    return next_


@pytest.mark.parametrize("times", ["once", "twice"])
async def test_six_webhooks_in_any_order_come_to_the_same_end(
    till: None, lives: Callable[[], Payer], post_room: PostRoom, times: str
) -> None:
    """In order drawn, each brought before the next comes."""
    drawn = share(2)
    for chosen in batches(drawn):
        paid = await begun(lives, len(chosen))
        await tell(post_room, paid, chosen, twice=times == "twice")
        ends = await many([one.end() for one in paid])
        assert [(order, end) for order, end in zip(chosen, ends, strict=True) if end != SAME_END][:1] == []
    print(f"proof: {len(drawn)} orders of {len(TYPES)} webhooks, one by one, each {times}: one end")


async def early(
    room: PostRoom, lives: Callable[[], Payer], chosen: Sequence[Order], pattern: Sequence[Event]
) -> list[Paid]:
    """Webhooks come before there is a booking, under the reference that it will have; then it is made and paid."""
    paid = [Paid(lives()) for _ in chosen]
    for one, order in zip(paid, chosen, strict=True):
        one.life.reference = reference_of(one.life)
        for number in order:
            assert await room.post(again(pattern[number], one.life.reference)) == "noted"
    await room.bring()
    for one in paid:
        assert {state for _, state in room.hints(one.life.reference)} == {"waiting"}
    await many([one.life.begin(key=key_of(one.life)) for one in paid])
    await many([one.pay() for one in paid])
    return paid


def key_of(life: Payer) -> str:
    """A key of the guest's own."""
    return f"key-of-{life.house.code}-{id(life):x}"


def reference_of(life: Payer) -> str:
    """The reference that a booking of this key gets."""
    from messages.names import reference

    return reference(SECRET, life.house.code, life.dates.arrival, key_of(life), 0)


async def pattern_of(lives: Callable[[], Payer]) -> tuple[Event, ...]:
    """The six of a payment that is nobody's business any more."""
    return (await begun(lives, 1))[0].events


async def test_webhooks_that_come_before_their_booking_wait_for_it(
    till: None, lives: Callable[[], Payer], post_room: PostRoom
) -> None:
    """They are kept, tried again, and told once the booking is there: after a minute, or after almost three days."""
    pattern = await pattern_of(lives)
    drawn = share(6, least=6)
    for number, chosen in enumerate(batches(drawn, AT_ONCE if len(drawn) > AT_ONCE else 5)):
        post_room.later = timedelta(0)
        paid = await early(post_room, lives, chosen, pattern)
        post_room.later = LATE if number % 2 else timedelta(minutes=2)
        while await post_room.bring():
            pass
        ends = await many([one.end() for one in paid])
        assert [(order, end) for order, end in zip(chosen, ends, strict=True) if end != SAME_END][:1] == []
        for one in paid:
            assert {state for _, state in post_room.hints(one.life.reference)} == {"told"}
    print(f"proof: {len(drawn)} orders of {len(TYPES)} webhooks before their booking: one end")


async def looked_by_itself(one: Paid) -> None:
    """Nobody told the booking for a minute, so it looked; then 72 hours pass."""
    for key, at in one.life.agenda().items():
        if key.startswith("payment_check-"):
            await one.life.until(at)
    await one.life.comes_to("confirmed")
    await one.life.until(await one.life.clock() + timedelta(hours=72))


async def test_webhooks_that_come_three_days_late_change_nothing(
    till: None, lives: Callable[[], Payer], post_room: PostRoom
) -> None:
    """The booking has looked by itself after a minute; what is told 72 hours later, and again, is no news."""
    drawn = share(20, least=4)
    for chosen in batches(drawn):
        paid = await begun(lives, len(chosen))
        await many([looked_by_itself(one) for one in paid])
        await tell(post_room, paid, chosen, twice=True)
        await asyncio.sleep(1)
        ends = await many([one.end() for one in paid])
        assert [(order, end) for order, end in zip(chosen, ends, strict=True) if end != SAME_END][:1] == []
    print(f"proof: {len(drawn)} orders of {len(TYPES)} webhooks 72 hours late, each twice: one end")


async def test_a_porter_without_patience_loses_what_came_too_early(
    till: None, lives: Callable[[], Payer], post_room: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of patience: hints of bookings that are not there yet are dropped, so the payment goes unheard."""
    pattern = await pattern_of(lives)
    monkeypatch.setattr(hints, "GIVEN_UP_AFTER", timedelta(0))
    one = Paid(lives())
    one.life.reference = reference_of(one.life)
    for event in pattern:
        assert await post_room.post(again(event, one.life.reference)) == "noted"
    await post_room.bring()
    await one.life.begin(key=key_of(one.life))
    await one.pay()
    post_room.later = timedelta(minutes=2)
    await post_room.bring()
    await asyncio.sleep(1)
    assert {state for _, state in post_room.hints(one.life.reference)} == {"given_up"}
    assert one.life.row()["status"] == "held"


class AnyWay:
    """Ranks of payments by which each state that is looked up is further on than the one that is looked up next."""

    def __init__(self) -> None:
        self._last = itertools.count()

    def __getitem__(self, _: PayState) -> int:
        """A rank below all before it."""
        return -next(self._last)


async def test_a_booking_that_believes_what_it_is_told_ends_otherwise(
    trusting_till: None, lives: Callable[[], Payer], post_room: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of looking: the last webhook is believed, and payments may go back; then the order decides."""
    says = {
        TYPES[1]: Seen(state=PayState.NEEDS_GUEST, amount_minor=20_000, currency="EUR"),
        TYPES[2]: Seen(state=PayState.NEEDS_GUEST, acting=True, amount_minor=20_000, currency="EUR"),
        TYPES[3]: Seen(state=PayState.AUTHORISED, amount_minor=20_000, currency="EUR"),
    }
    last: dict[str, str] = {}

    async def believed(self: PaymentActivities, order: ProviderOrder) -> Seen:
        paid = Seen(state=PayState.CAPTURED, amount_minor=20_000, captured_minor=20_000, currency="EUR")
        return replace(says.get(last.get("type", ""), paid), intent_id="", session_id="")

    paid = await begun(lives, 2)
    monkeypatch.setattr(PaymentActivities, "_look", believed)
    monkeypatch.setattr(told, "_RANK", AnyWay())
    ends = []
    for one, order in zip(paid, ((0, 1, 2, 3, 4, 5), (4, 5, 0, 3, 2, 1)), strict=True):
        for number in order:
            last["type"] = TYPES[number]
            assert await post_room.post(one.events[number]) == "noted"
            await post_room.bring()
            await asyncio.sleep(0.5)
        ends.append((one.life.row()["status"], one.life.payments()))
    assert ends[0] != ends[1]
