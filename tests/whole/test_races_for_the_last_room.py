"""Crowds of every size want the last room, stays that cross each other, and nights that others want to add to theirs.

With the guards off the races are lost: tests/whole/test_last_room.py and tests/whole/test_races_with_guards_off.py.
"""

import asyncio
from collections import Counter
from itertools import product

import httpx

from tests.whole.crowd import (
    FULL_SIZE,
    SEED,
    TIMES,
    Crowd,
    Sale,
    at_once,
    crossing_sales,
    deadlocks,
    drawn,
    kochi_day,
    miscounted,
    only_left,
    said,
)

# What somebody who waits for an answer bears; looked at in the proof only, because tests share their machine.
WORST_SECONDS = 3.0
CROWDS = (2, 10, 50, 200)
CROSSING_GUESTS = 24
NIGHTS = 6
NEIGHBOURS = 12


async def test_of_every_crowd_exactly_one_gets_the_last_room(crowd: Crowd) -> None:
    """Two, ten, fifty and two hundred: one 201 each time, 409 sold_out for all others, nobody waits for long."""
    rounds = list(product(range(TIMES), CROWDS))
    for n, (_, size) in enumerate(rounds):
        only_left(crowd.doors, kochi_day(220 + n), 1)
        sale = await crowd.sale(kochi_day(220 + n))
        answers = await at_once(*(crowd.book(sale) for _ in range(size)))
        assert said(answers) == Counter({"201": 1, "409 sold_out": size - 1}), size
    assert miscounted(crowd.doors, kochi_day(220), len(rounds)) == []
    worst = crowd.worst_wait()
    print(f"\nproof: {sum(size for _, size in rounds)} guests, {len(rounds)} winners, worst wait {worst:.2f} s")
    assert not FULL_SIZE or worst < WORST_SECONDS


async def test_stays_that_cross_each_other_never_wait_for_each_other_in_a_circle(crowd: Crowd) -> None:
    """Several nights, rooms of two types in both orders, others who withdraw: no deadlock, nothing oversold."""
    chance, heard = drawn("crossing"), Counter[str]()
    for n in range(TIMES):
        first = kochi_day(270 + 8 * n)
        only_left(crowd.doors, first, NIGHTS, 2)
        sales = await crossing_sales(crowd, first, range(NIGHTS - 2), (1, 2, 3))
        leaving = [await crowd.booked(*chance.choice(sales)) for _ in range(2)]
        asked = [crowd.book(*chance.choice(sales)) for _ in range(CROSSING_GUESTS)]
        asked += [crowd.withdraw(booking) for booking in leaving]
        chance.shuffle(asked)
        heard += said(await at_once(*asked))
        assert miscounted(crowd.doors, first, NIGHTS) == []
    print(f"\nproof: seed {SEED}, crossing stays: {dict(heard)}, worst wait {crowd.worst_wait():.2f} s")
    assert set(heard) == {"201", "409 sold_out", "200"}
    assert deadlocks(crowd.doors) == 0


async def test_the_last_night_is_added_to_a_stay_or_sold_to_one_new_guest(crowd: Crowd) -> None:
    """A guest in the room wants to stay on, and a crowd wants that night: one of them gets it."""
    chance, first = drawn("staying on"), Counter[str]()

    async def comes(sale: Sale, after: float) -> httpx.Response:
        await asyncio.sleep(after)
        return await crowd.book(sale)

    for n in range(3 * TIMES):
        day = kochi_day(340 + 2 * n)
        only_left(crowd.doors, day, 1, 3)
        booking = await crowd.confirmed(await crowd.sale(day))
        only_left(crowd.doors, kochi_day(341 + 2 * n), 1)
        sale = await crowd.sale(kochi_day(341 + 2 * n))
        # A change is looked at more closely before it is asked for, so the crowd sets out a little later.
        new = [comes(sale, 0.1 * (n % 3) + chance.uniform(0, 0.02)) for _ in range(NEIGHBOURS)]
        longer = crowd.act(booking, "extend", departure=str(kochi_day(342 + 2 * n)))
        answers = await at_once(longer, *new)
        stayed = answers[0].status_code == 200
        assert said(answers) == Counter({"200" if stayed else "201": 1, "409 sold_out": NEIGHBOURS})
        first["stays on" if stayed else "new guest"] += 1
        assert miscounted(crowd.doors, day, 2) == []
    print(f"\nproof: seed {SEED}, the last night: {dict(first)}, worst wait {crowd.worst_wait():.2f} s")
