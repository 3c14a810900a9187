"""Authorisations that end before the hotel has answered, and payments that the provider takes its time for."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain import lapsing
from domain.payments import Purse
from domain.stay import StayDates
from domain.terms import Confirmation, Payment, PaymentTerms, WhenLapsing
from tests.doubles.stripe_running import VISA
from tests.story.money.payer import Payer
from tests.story.money.test_paying import lisbon
from tests.story.test_life import stay_in
from tests.story.world import House

Pays = Callable[[House, StayDates], Payer]
# Its bank asks for the guest each time.
ASKS = "4000002760003184"


async def put_off(pays: Pays, owner_url: str, card: str = VISA, **online: Any) -> Payer:
    """A request whose money is set aside for seven days; the manager takes nine to answer."""
    terms = PaymentTerms(**online)
    house = lisbon(owner_url, Payment.AUTHORISE, confirmation=Confirmation.MANUAL, online=terms)
    life = pays(house, stay_in(house, 30))
    await life.begin()
    await life.start()
    page = await life.on_page(card)
    if card == ASKS:
        await asyncio.to_thread(life.provider.prove, page.headers["location"])
    await life.hint(1)
    await life.put_off()
    return life


async def states(life: Payer, *wanted: str, seconds: float = 60) -> None:
    """Waits until the payments' rows are in these states."""
    try:
        async with asyncio.timeout(seconds):
            while [state for _, state, _, _ in life.payments()] != list(wanted):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError((life.payments(), life.events(), life.purse)) from None


def set_aside(life: Payer) -> list[str]:
    """How each intent stands at the provider."""
    return [one["status"] for one in life.ledger()["intents"]]


async def test_a_renewed_authorisation_is_taken_with_a_late_yes(pays: Pays, owner_url: str) -> None:
    """New first, then the old one is let go; eight days after the request the yes takes the money once."""
    life = await put_off(pays, owner_url)
    entry = next(one for one in life.row()["agenda"] if one["key"] == "authorisation_ends-1")
    assert (entry["set_by"]["kind"], entry["movable"]) == ("bank", False)
    await life.until(life.agenda()["authorisation_ends-1"])
    await states(life, "voided", "authorised")
    await life.settles()
    row = life.row()
    assert (row["status"], row["payment_status"], life.taken()) == ("pending", "authorised", (0, 0))
    assert sorted(set_aside(life)) == ["canceled", "requires_capture"]
    await life.until(await life.clock() + timedelta(days=1))
    assert (await life.approve()).status == "confirmed"
    assert (life.row()["paid_minor"], life.taken()) == (20_000, (20_000, 0))
    assert [what for what in life.events() if what != "deadline_near"][-5:] == [
        "authorisation_renewed", "payment_authorised", "authorisation_released", "approval_given",
        "confirmed_by_payment",
    ]  # fmt: skip


async def test_without_letting_go_two_authorisations_stand(
    pays_trustingly: Pays, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with that taken off the guest's card has the amount set aside twice."""
    from domain import told

    def kept(purse: Purse, _: Any) -> Purse:
        return purse

    monkeypatch.setattr(told, "one_set_aside", kept)
    monkeypatch.setattr(lapsing, "one_set_aside", kept)
    life = await put_off(pays_trustingly, owner_url)
    await life.until(life.agenda()["authorisation_ends-1"])
    await states(life, "authorised", "authorised")
    assert set_aside(life) == ["requires_capture", "requires_capture"]
    await life.decline()
    await life.settles()


async def test_a_card_that_is_not_renewed_leaves_the_guest_to_be_asked(pays: Pays, owner_url: str) -> None:
    """Nobody told the booking of the lapse: it looks, holds the room for the payment and writes to the guest."""
    life = await put_off(pays, owner_url, ASKS)
    await life.until(life.agenda()["authorisation_ends-1"])
    await states(life, "authorised", "voided")
    assert life.row()["status"] == "pending"
    await life.until(life.agenda()["authorisation_lapses-1"])
    row = await life.comes_to("held")
    assert [state for _, state, _, _ in life.payments()] == ["auth_expired", "voided"]
    assert row["waiting_for"].startswith("Held for the payment until")
    assert life.looked("SELECT kind FROM notices WHERE reference = %s AND kind = 'payment_failed'", life.reference) == [
        {"kind": "payment_failed"}
    ]
    await life.paid()
    await life.comes_to("pending")
    assert (await life.approve()).status == "confirmed"
    assert life.taken() == (20_000, 0)


async def test_what_is_taken_before_the_answer_goes_back_without_a_yes(pays: Pays, owner_url: str) -> None:
    """By the hotel's rule; a yes keeps it, silence gives it back."""
    life = await put_off(pays, owner_url, when_authorisation_ends=WhenLapsing.CAPTURE)
    await life.until(life.agenda()["authorisation_ends-1"])
    await states(life, "captured")
    row = life.row()
    assert (row["status"], row["payment_status"], life.taken()) == ("pending", "paid", (20_000, 0))
    await life.until(life.agenda()["approval_deadline"])
    await life.comes_to("expired")
    await life.settles()
    assert life.taken() == (20_000, 20_000)


async def processing(pays: Pays, owner_url: str, seconds: int) -> Payer:
    """The guest has paid in the last minute; the provider decides so many seconds later."""
    house = lisbon(owner_url, rooms=1)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid_for_later(seconds)
    await life.until(life.row()["hold_expires_at"])
    await life.reaches_clock("hold_over")
    return life


async def test_a_payment_that_is_being_processed_keeps_the_room(pays: Pays, owner_url: str) -> None:
    """Decided a quarter of an hour after the hold's end: it was in time."""
    life = await processing(pays, owner_url, 45 * 60)
    row = life.row()
    assert row["status"] == "held"
    assert "is being processed" in row["waiting_for"]
    await life.until(await life.clock() + timedelta(minutes=20))
    await life.hint(1)
    await life.comes_to("confirmed")
    assert life.taken() == (10_000, 0)


async def test_what_is_processed_is_looked_at_before_the_room_is_given_back(pays: Pays, owner_url: str) -> None:
    """Decided while it was waited for, and nobody told of it."""
    life = await processing(pays, owner_url, 45 * 60)
    last = life.agenda()["payment_check-1"]
    assert last == life.agenda()["hold_over"] - timedelta(minutes=1)
    await life.until(last)
    await life.comes_to("confirmed")
    assert (life.taken(), "payment_expired" in life.events()) == ((10_000, 0), False)


async def test_a_payment_that_is_processed_for_too_long_loses_the_room_and_is_not_kept(
    pays: Pays, owner_url: str
) -> None:
    """Half an hour after the hold's end the room is free; another guest takes it, and what comes goes back in full."""
    life = await processing(pays, owner_url, 3 * 3_600)
    await life.until(life.agenda()["hold_over"])
    await life.comes_to("expired")
    rival = pays(life.house, life.dates)
    assert (await rival.begin()).outcome == "opened"
    await life.until(await life.clock() + timedelta(hours=4))
    await life.hint(1)
    try:
        async with asyncio.timeout(60):
            while not life.refunds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError((life.row()["status"], life.events(), life.purse)) from None
    await life.settles()
    assert (life.row()["status"], life.taken()) == ("expired", (10_000, 10_000))
