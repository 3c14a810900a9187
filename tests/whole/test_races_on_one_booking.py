"""Guest, desk and clock want different things of one booking at the same moment. The first that is accepted wins.

Whoever comes later is refused with the state that it has met; the row, the counters, the events and the letters tell
one story, that of the winner.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, timedelta

import httpx
import pytest
from temporalio.testing import TimeSkipper

from messages.names import workflow_id
from tests.whole.crowd import SEED, TIMES, Body, Crowd, at_once, drawn, kochi_day, miscounted, only_left, said

BOOKINGS = 6
# How long before its end a clock is left to run by itself, and when people press their buttons, seen from that end: a
# request is on its way for a while.
LAST = timedelta(seconds=4)
EARLIEST_SECONDS, LATEST_SECONDS = -0.5, 0.1
# What each end is told by: the event that decided, and the letter to the guest.
ENDS = {
    "confirmed": ({"approved", "confirmed"}, "confirmed"),
    "cancelled": ({"withdrawn", "cancelled"}, "cancelled"),
    "expired": ({"expired", "option_ended"}, "expired"),
    "rejected": ({"declined"}, "rejected"),
}
FIRST_LETTERS = {"received", "new_request", "deadline_near", "held"}
Press = Callable[[Body], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
def days() -> Iterator[date]:
    """Four nights for each race."""
    return (kochi_day(80 + 4 * n) for n in range(100))


def one_story(crowd: Crowd, booking: Body, answers: list[httpx.Response], allowed: set[str]) -> str:
    """The status that won, once everything that is written down agrees that it alone did."""
    status = crowd.status(booking)
    assert status in allowed
    decided = [what for what in crowd.events(booking) if any(what in events for events, _ in ENDS.values())]
    assert len(decided) == 1, decided
    assert decided[0] in ENDS[status][0]
    assert [kind for kind in crowd.letters(booking) if kind not in FIRST_LETTERS] == [ENDS[status][1]]
    for answer in answers:
        told = answer.json()
        if answer.status_code == 200:
            assert told["status"] == status
        else:
            assert (answer.status_code, told["code"]) == (409, "version_conflict"), told
            assert told["booking_status"] == status, "whoever is late is told what the booking has become"
    assert sum(answer.status_code == 200 for answer in answers) == (0 if status == "expired" else 1)
    return status


async def pressed_at_the_end(
    crowd: Crowd, booking: Body, clock: str, press: list[Press], turn: int
) -> list[httpx.Response]:
    """Lets the booking's clock run to its last seconds; then everybody presses as it rings."""
    ends = next(datetime.fromisoformat(entry["at"]) for entry in booking["agenda"] if entry["key"] == clock)
    client = await crowd.temporal()
    handle, skipper = client.get_workflow_handle(workflow_id(booking["reference"])), TimeSkipper(client)
    await skipper.fast_forward(handle, ends - LAST - await skipper.get_current_time(handle))
    left = (ends - await skipper.get_current_time(handle)).total_seconds()
    chance = drawn(f"around {clock} {turn}")

    async def one(button: Press) -> httpx.Response:
        await asyncio.sleep(max(0.0, left + chance.uniform(EARLIEST_SECONDS, LATEST_SECONDS)))
        return await button(booking)

    answers = asyncio.create_task(at_once(*(one(button) for button in press)))
    while not (await asyncio.wait([answers], timeout=0.5))[0]:
        # A command that meets the end begins a run at the real time; it waits for the clock of the run before, which
        # ran ahead only here. Who is not answered meanwhile asks again, with the key that follows from the version.
        (row,) = crowd.looked("SELECT status, last_instant FROM bookings WHERE reference = %s", booking["reference"])
        if row["status"] == "expired":
            ahead = row["last_instant"] - await skipper.get_current_time(handle)
            if ahead > timedelta(0):
                await skipper.fast_forward(handle, ahead + timedelta(seconds=1))
    return await answers


async def test_of_the_yes_the_withdrawal_and_the_end_of_time_one_wins(crowd: Crowd, days: Iterator[date]) -> None:
    """The hotel approves and the guest withdraws at the instant at which the request expires."""
    ends: Counter[str] = Counter()
    for _ in range(TIMES):
        day = next(days)
        only_left(crowd.doors, day, 1, BOOKINGS)
        sale = await crowd.sale(day)
        bookings = [await crowd.booked(sale) for _ in range(BOOKINGS)]
        buttons: list[Press] = [lambda booking: crowd.act(booking, "approve"), crowd.withdraw]
        answered = await asyncio.gather(
            *(
                pressed_at_the_end(crowd, booking, "approval_deadline", buttons[:: 1 if n % 2 else -1], n)
                for n, booking in enumerate(bookings)
            )
        )
        for booking, answers in zip(bookings, answered, strict=True):
            await crowd.becomes(booking, "confirmed", "cancelled", "expired")
            ends[one_story(crowd, booking, answers, {"confirmed", "cancelled", "expired"})] += 1
        assert miscounted(crowd.doors, day, 1) == []
    print(f"\nproof: seed {SEED}, approve, withdraw or expire: {dict(ends)}, worst wait {crowd.worst_wait():.2f} s")


async def test_an_option_that_ends_as_it_is_made_firm_is_one_or_the_other(crowd: Crowd, days: Iterator[date]) -> None:
    """Confirmed or expired, never both, and the room is sold or free."""
    ends: Counter[str] = Counter()
    for _ in range(TIMES):
        day = next(days)
        only_left(crowd.doors, day, 1, BOOKINGS)
        options = [await crowd.option(day, timedelta(hours=2)) for _ in range(BOOKINGS)]
        confirm: list[Press] = [lambda booking: crowd.act(booking, "confirm")]
        answered = await asyncio.gather(
            *(pressed_at_the_end(crowd, option, "hold_expires", confirm, n) for n, option in enumerate(options))
        )
        for option, answers in zip(options, answered, strict=True):
            await crowd.becomes(option, "confirmed", "expired")
            ends[one_story(crowd, option, answers, {"confirmed", "expired"})] += 1
        assert miscounted(crowd.doors, day, 1) == []
    print(f"\nproof: seed {SEED}, made firm or ended: {dict(ends)}, worst wait {crowd.worst_wait():.2f} s")


def one_page_won(answers: list[httpx.Response]) -> Body:
    """One of two pages acted; the other was stale by then and is told what the booking is now. The booking."""
    assert said(answers) == {"200": 1, "409 version_conflict": 1}
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    after: Body = won.json()
    told = lost.json()
    assert (told["version"], told["booking_status"]) == (after["version"], after["status"])
    return after


async def test_of_two_desks_with_the_same_page_one_acts(crowd: Crowd, days: Iterator[date]) -> None:
    """Yes against no, a longer stay against a still longer one, one payment against another; either may be first."""
    first: Counter[str] = Counter()
    for n in range(2 * TIMES):
        day = next(days)
        only_left(crowd.doors, day, 4, 2)
        booking = await crowd.booked(await crowd.sale(day))
        both = [crowd.act(booking, "approve"), crowd.act(booking, "decline", reason="Full.")]
        after = one_page_won(await at_once(*both[:: -1 if n % 2 else 1]))
        first[after["status"]] += 1
        if after["status"] == "rejected":
            after = await crowd.done(await crowd.done(after, "reinstate", reason="Room after all."), "approve")
        longer = (str(day + timedelta(days=nights)) for nights in (2, 3))
        after = one_page_won(await at_once(*(crowd.act(after, "extend", departure=until) for until in longer)))
        amounts = ({"amount_minor": minor, "currency": "INR"} for minor in (100_00, 200_00))
        money = [crowd.act(after, "payments", method="cash", amount=amount) for amount in amounts]
        after = one_page_won(await at_once(*money))
        paid = crowd.looked("SELECT amount_minor FROM payments WHERE reference = %s", booking["reference"])
        assert [row["amount_minor"] for row in paid] == [after["paid"]["amount_minor"]]
        assert miscounted(crowd.doors, day, 4) == []
    print(f"\nproof: yes against no: {dict(first)}, worst wait {crowd.worst_wait():.2f} s")


async def test_a_guest_is_checked_in_or_cancelled_never_both(crowd: Crowd) -> None:
    """The desk hands out the key while the booking is being given up."""
    first: Counter[str] = Counter()
    only_left(crowd.doors, kochi_day(0), 1, 8)
    sale = await crowd.sale(kochi_day(0))
    for n in range(2 if TIMES == 1 else 6):
        booking = await crowd.done(await crowd.confirmed(sale), "assign-room")
        both = [crowd.act(booking, "check-in"), crowd.act(booking, "cancel", reason="They called.")]
        after = one_page_won(await at_once(*both[:: -1 if n % 2 else 1]))
        first[after["status"]] += 1
        kept = crowd.looked("SELECT 1 FROM room_segments WHERE reference = %s", booking["reference"])
        assert len(kept) == (after["status"] == "checked_in")
        assert crowd.events(booking)[-1] == after["status"]
        if after["status"] == "checked_in":
            await crowd.done(after, "check-out", reason="Pays later.")
    print(f"\nproof: check-in against cancelling: {dict(first)}, worst wait {crowd.worst_wait():.2f} s")
