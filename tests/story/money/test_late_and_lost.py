"""Money that comes late, twice or not at all, and a provider that does not answer."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from domain import settling
from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from tests.story.asking import refused
from tests.story.money.payer import Payer
from tests.story.money.test_paying import lisbon
from tests.story.test_life import stay_in
from tests.story.world import House

Pays = Callable[[House, StayDates], Payer]
ALWAYS_3DS = "4000002760003184"


async def test_a_guest_at_the_banks_page_is_given_a_moment(pays: Pays, owner_url: str) -> None:
    """The hold ends while the guest proves who they are: five minutes more, and the proof still pays."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    bank = await life.on_page(ALWAYS_3DS)
    assert bank.status_code == 303
    await life.until(life.row()["hold_expires_at"])
    row = await life.reaches_clock("hold_over")
    assert row["status"] == "held"
    assert "proving who they are" in row["waiting_for"]
    assert await refused(life.start()) == "hold_ended"
    await asyncio.to_thread(life.provider.prove, bank.headers["location"])
    await life.hint(1)
    await life.comes_to("confirmed")
    assert life.taken() == (10_000, 0)


async def test_a_guest_who_stays_at_the_banks_page_loses_the_room(pays: Pays, owner_url: str) -> None:
    """After the moment the page is closed; a proof that comes then pays nothing."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    bank = await life.on_page(ALWAYS_3DS)
    await life.until(life.row()["hold_expires_at"])
    row = await life.reaches_clock("hold_over")
    await life.until(life.agenda()["hold_over"])
    row = await life.comes_to("expired")
    assert row["money_open"] is False
    await asyncio.to_thread(life.provider.prove, bank.headers["location"])
    assert life.taken() == (0, 0)


async def test_money_in_the_last_second_is_in_time(pays: Pays, owner_url: str) -> None:
    """Paid and never told: when the hold ends, the provider is looked at before the room is given back."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    assert (await life.on_page()).status_code == 303
    await life.until(life.row()["hold_expires_at"])
    await life.comes_to("confirmed")
    assert life.taken() == (10_000, 0)


async def test_a_provider_that_is_down_is_told_to_the_guest(
    pays_trustingly: Pays, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost: the booking says so, the page is made later, and the time lost is added to the hold."""
    monkeypatch.setattr(settling, "BACK_OFF", (timedelta(minutes=10),))
    house = lisbon(owner_url)
    life = pays_trustingly(house, stay_in(house, 20))
    await life.begin()
    ends = life.row()["hold_expires_at"]
    life.provider.fault("outage", seconds=600)
    assert await refused(life.start()) == "payment_provider_away"
    row = life.row()
    assert "has not answered since" in row["waiting_for"]
    assert "provider-1" in life.agenda()
    life.provider.http.delete("/_double/faults")
    await life.until(life.agenda()["provider-1"])
    await life.settles()
    row = life.row()
    assert row["hold_expires_at"] >= ends + timedelta(minutes=10)
    assert (await life.on_page()).status_code == 303
    await life.hint(1)
    await life.comes_to("confirmed")


async def away_at_the_end(life: Payer) -> None:
    """The provider falls silent with the page open, the hold ends, and six hours later the room is given up."""
    await life.begin()
    await life.start()
    page = life.page()
    life.provider.fault("outage", seconds=600)
    await life.until(life.row()["hold_expires_at"])
    row = await life.reaches_clock("hold_over")
    assert "does not answer; the room is kept until" in row["waiting_for"]
    assert row["agenda"][0]["set_by"]["kind"] == "outage" or any(
        entry["set_by"]["kind"] == "outage" for entry in row["agenda"] if entry["key"] == "hold_over"
    )
    await life.until(life.agenda()["hold_over"])
    row = await life.comes_to("expired")
    assert row["money_open"] is True
    assert "payment_watch" in life.agenda()
    life.provider.http.delete("/_double/faults")
    answer = await asyncio.to_thread(life.provider.pay, page)
    assert answer.status_code == 303


async def test_late_money_takes_the_room_again(
    pays_trustingly: Pays, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paid after the end, the room still free: confirmed after all, and told in one letter."""
    monkeypatch.setattr(settling, "BACK_OFF", (timedelta(hours=5),))
    house = lisbon(owner_url)
    life = pays_trustingly(house, stay_in(house, 20))
    await away_at_the_end(life)
    await life.hint(1)
    row = await life.comes_to("confirmed")
    assert (row["paid_minor"], life.taken()) == (10_000, (10_000, 0))
    assert life.counted() == [(night, 0, 1) for night in life.dates.nights]
    assert life.notices()[-1] == "confirmed_after_all"
    assert life.events()[-1] == "late_payment_confirmed"


async def test_late_money_for_a_room_that_is_gone_goes_back(
    pays_trustingly: Pays, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else has the room by then: refunded in full, once, and the booking stays expired."""
    monkeypatch.setattr(settling, "BACK_OFF", (timedelta(hours=5),))
    house = lisbon(owner_url, rooms=1)
    life, rival = (pays_trustingly(house, stay_in(house, 20)) for _ in range(2))
    await away_at_the_end(life)
    await rival.begin()
    assert rival.row()["status"] == "held"
    await life.hint(1)
    await life.settles()
    await life.hint(1)
    await life.hint(1)
    assert life.row()["status"] == "expired"
    assert life.refunds() == [(1, 10_000, "succeeded", "late")]
    assert life.taken() == (10_000, 10_000)
    assert life.events().count("late_payment_refunded") == 1


async def test_paying_twice_is_given_back_once(pays: Pays, owner_url: str) -> None:
    """Two attempts of one deposit that both took money: the later goes back in full."""
    house = lisbon(owner_url)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    assert (await life.on_page()).status_code == 303
    await life.pay(10_000)
    assert life.row()["status"] == "confirmed"
    async with asyncio.timeout(60):
        while not life.refunds():
            await asyncio.sleep(0.05)
    await life.settles()
    assert life.refunds() == [(1, 10_000, "succeeded", "second")]
    assert (life.taken(), life.row()["paid_minor"]) == ((10_000, 10_000), 10_000)


async def test_money_after_a_cancellation_goes_back(pays: Pays, owner_url: str) -> None:
    """Cancelled while the page is open: it is closed, and what came before that is refunded in full."""
    house = lisbon(owner_url, Payment.PREPAID)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.start()
    assert (await life.on_page()).status_code == 303
    await life.cancel()
    await life.settles()
    await life.comes_to("cancelled")
    assert (life.refunds(), life.taken()) == ([(1, 20_000, "succeeded", "ended")], (20_000, 20_000))


async def test_a_yes_that_finds_the_authorisation_gone_asks_again(pays: Pays, owner_url: str) -> None:
    """The card's bank has let it go: held for a day, the guest is asked for another way, and that confirms."""
    house = lisbon(owner_url, Payment.AUTHORISE, confirmation=Confirmation.MANUAL)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("pending")
    intent = life.purse.payment(1).intent_id
    await asyncio.to_thread(life.provider.sdk.v1.payment_intents.cancel, intent)
    answer = await life.approve()
    assert answer.status == "held"
    row = life.row()
    assert row["hold_expires_at"] == row["last_instant"] + timedelta(hours=24)
    assert life.notices()[-1] == "payment_failed"
    await life.paid()
    row = await life.comes_to("confirmed")
    assert (row["paid_minor"], life.taken()) == (20_000, (20_000, 0))


async def test_a_refund_that_fails_is_seen_by_people(pays: Pays, owner_url: str) -> None:
    """The guest's bank sends it back: the money is the hotel's again, somebody is told, and nothing is tried twice."""
    house = lisbon(owner_url, Payment.PREPAID)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid("4000000000005126")
    await life.comes_to("confirmed")
    await life.cancel()
    await life.settles()
    life.provider.advance(10 * 86_400)
    await life.hint(refunds=(1,))
    await life.reaches(True, "needs_attention")
    assert [refund[2] for refund in life.refunds()] == ["failed"]
    assert life.notices()[-1] == "refund_failed"
    assert life.row()["balance_minor"] == -20_000
