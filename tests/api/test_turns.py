"""One command at a time for each booking in a process, and repeats of what has moved on meanwhile."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

import api.changing
import api.turns
from api.amending import Priced
from api.problems import Problem
from api.turns import Turns
from tests.api.conftest import Opener
from tests.api.world import Body, Desk, Guests


async def test_who_comes_while_a_booking_is_asked_waits_and_looks_again() -> None:
    """In the order in which they came; other bookings are not waited for."""
    turns, order = Turns(), list[str]()

    async def ask(name: str, reference: str, seconds: float) -> bool:
        async with turns.at(reference) as waited:
            await asyncio.sleep(seconds)
            order.append(name)
            return waited

    asked = [ask("first", "A", 0.05), ask("second", "A", 0), ask("third", "A", 0), ask("other", "B", 0)]
    assert await asyncio.gather(*asked) == [False, True, True, False]
    assert order == ["other", "first", "second", "third"]
    assert turns._queues == {}, "nobody waits, so nothing is kept"


async def test_a_turn_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """503 for who waits too long; who has gone meanwhile holds nobody up."""
    monkeypatch.setattr(api.turns, "WAIT_SECONDS", 0.05)
    turns = Turns()

    async def waits() -> None:
        async with turns.at("A"):
            raise AssertionError("The turn never came.")

    async with turns.at("A"):
        gone = asyncio.create_task(waits())
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(Problem) as late:
            await waits()
        with pytest.raises(asyncio.CancelledError):
            await gone
    assert (late.value.status, late.value.code) == (503, "not_answered_in_time")
    async with turns.at("A") as waited:
        assert not waited


async def test_thirty_wishes_at_once_are_each_answered_at_once(guests: Guests, desk: Desk, worker: None) -> None:
    """More than a workflow takes at a time: one acts, all others hear that the booking has moved on."""
    booking = await guests.booked()
    answers = await asyncio.gather(
        *(
            desk.act(booking["reference"], "approve", {"version": 1, "note": f"By desk {n}."}, f"key-{n}")
            for n in range(30)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 30}, "the fact is true by then"
    amount = {"amount_minor": 100, "currency": "INR"}
    body = {"version": 2, "method": "cash", "amount": amount}
    answers = await asyncio.gather(*(desk.act(booking["reference"], "payments", body, f"pay-{n}") for n in range(30)))
    codes = Counter("" if answer.status_code == 200 else answer.json()["code"] for answer in answers)
    assert codes == {"": 1, "version_conflict": 29}


async def test_a_longer_stay_asked_for_again_is_the_same_answer(guests: Guests, desk: Desk, worker: None) -> None:
    """Once it is done it would be no longer stay any more; the key tells that it is the same wish."""
    booking = await desk.done(await guests.booked(), "approve")
    departure = (date.fromisoformat(booking["departure"]) + timedelta(days=1)).isoformat()
    body: Body = {"version": 2, "departure": departure, "restrictions_overridden": True, "reason": "They stay on."}
    for key in ("one-key", ""):
        answers = [await desk.act(booking["reference"], "extend", body, key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
        assert [answer.json()["version"] for answer in answers] == [body["version"] + 1] * 2
        body = {**body, "version": 3, "departure": (date.fromisoformat(departure) + timedelta(days=1)).isoformat()}
    stale = await desk.act(booking["reference"], "extend", {**body, "version": 2}, "another-key")
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")


async def test_a_longer_stay_that_is_carried_out_while_its_repeat_is_made_is_the_same_answer(
    guests: Guests, desk: Desk, worker: None, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try, in a process that has died since, is done between two reads of the second; another key is not."""
    booking = await desk.done(await guests.booked(), "approve")
    departure = (date.fromisoformat(booking["departure"]) + timedelta(days=1)).isoformat()
    body: Body = {"version": 2, "departure": departure, "restrictions_overridden": True, "reason": "They stay on."}
    priced, before = api.changing.change_of, asyncio.Event()

    async def late(*args: Any, **named: Any) -> Priced:
        if not before.is_set():
            before.set()
            first = await other.act(booking["reference"], "extend", body, "one-key")
            assert first.status_code == 200, first.text
        return await priced(*args, **named)

    monkeypatch.setattr(api.changing, "change_of", late)
    async with opened() as another_process:
        other = await Desk.at(another_process, "malabar")
        for key, status in (("one-key", 200), ("another-key", 409)):
            answer = await desk.act(booking["reference"], "extend", body, key)
            assert answer.status_code == status, answer.text
    seen = await desk.see(f"bookings/{booking['reference']}")
    assert (seen["version"], seen["departure"]) == (3, departure)


async def test_a_room_asked_for_again_without_a_name_is_the_same_answer(
    guests: Guests, desk: Desk, worker: None
) -> None:
    """The last stay without a room gets one; the repeat finds none that waits and is no new wish."""
    booking = await desk.done(await guests.booked(rooms=2), "approve")
    booking = await desk.done(booking, "assign-room", stay=1)
    body = {"version": booking["version"]}
    answers = [await desk.act(booking["reference"], "assign-room", body, "one-key") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
    assert answers[0].json()["version"] == answers[1].json()["version"]
    new = await desk.act(booking["reference"], "assign-room", {"version": booking["version"] + 1}, "new-key")
    assert (new.status_code, new.json()["code"]) == (422, "stay_needed")
