"""The same races are lost where a guard is taken away: the tests of the races are able to fail."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

import store.openings
import store.rooms
from store.hot import Hot
from tests.houses import copy_database, drop_database
from tests.whole.conftest import opened, working
from tests.whole.crowd import (
    Crowd,
    Doors,
    at_once,
    crossing_sales,
    deadlocks,
    drawn,
    gathered,
    kochi_day,
    miscounted,
    only_left,
)
from tests.whole.test_races_for_rooms import guests_in

IN_ORDER, IN_NO_ORDER = "ORDER BY n.room_type_id, n.night", "ORDER BY md5(:reference || n.room_type_id || n.night)"
# Each night is locked a moment after the one before, so that two guests' nights cross for certain.
AT_ONCE, ONE_BY_ONE = " AS free\n    FROM room_type_nights n", " AS free, pg_sleep(0.002)\n    FROM room_type_nights n"
ROOMS_LEFT = "AND (room_id = ANY(CAST(:room_ids AS int[])) OR room_id IN ("
ROOMS_NOT_LEFT = "AND (room_id = ANY(CAST(:room_ids AS int[])) OR false AND room_id IN ("
# Who has left a room waits a moment before going on, so that two who swap have both left for certain.
AND_WAIT = "WITH gone AS ({} RETURNING 1) SELECT pg_sleep(0.1) FROM (SELECT count(*) FROM gone) counted"
TRIES = 6


@pytest.fixture(scope="module")
def open_house(template_url: str, temporal_target: str) -> Iterator[Doors]:
    """Two API processes; whoever works behind them is the test's own."""
    url = copy_database(template_url)
    with opened(url, temporal_target) as two:
        yield two
    drop_database(url)


@pytest.fixture
async def crowd(open_house: Doors) -> AsyncIterator[Crowd]:
    """People at its doors, and a worker in this process, whose statements a test can change."""
    async with working(open_house), gathered(open_house) as people:
        yield people


async def test_nights_locked_in_any_order_make_guests_wait_in_a_circle(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the one order of nights the server has to break deadlocks; nothing is sold twice even then."""
    guarded = store.openings.OPEN.statement
    assert guarded.count(IN_ORDER) == guarded.count(AT_ONCE) == 1
    slow = guarded.replace(AT_ONCE, ONE_BY_ONE)
    # A story that met a deadlock may rest for a minute before it tries again, and nobody need hear how it went on.
    crowd.patience_seconds = 0
    chance, windows = drawn("no order"), [kochi_day(40 + 40 * n) for n in range(TRIES)]
    only_left(crowd.doors, windows[0], 40 * TRIES, 8)
    # All offers are asked for first, because they stand whatever is sold meanwhile.
    sales = {first: await crossing_sales(crowd, first, (0, 10), (20, 30)) for first in windows}
    for order, some in ((IN_ORDER, windows[:2]), (IN_NO_ORDER, windows[2:])):
        monkeypatch.setattr(store.openings, "OPEN", Hot(slow.replace(IN_ORDER, order)))
        for first in some:
            await asyncio.gather(*(crowd.book(*chance.choice(sales[first])) for _ in range(12)))
            assert miscounted(crowd.doors, first, 40) == []
            if circles := deadlocks(crowd.doors):
                break
        assert (circles > 0) == (order == IN_NO_ORDER)


async def test_a_room_that_is_left_without_its_lock_makes_guests_wait_in_a_circle(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock of the room that a guest leaves, two who swap wait for each other until the server steps in."""
    guarded, leave = store.rooms._LOCK.statement, store.rooms._LEAVE.statement
    assert guarded.count(ROOMS_LEFT) == 1
    monkeypatch.setattr(store.rooms, "_LEAVE", Hot(AND_WAIT.format(leave)))
    before = deadlocks(crowd.doors)
    two = await guests_in(crowd, 20, ["101", "102"])
    for lock, tries in ((guarded, 3), (guarded.replace(ROOMS_LEFT, ROOMS_NOT_LEFT), 5 * TRIES)):
        monkeypatch.setattr(store.rooms, "_LOCK", Hot(lock))
        for _ in range(tries):
            swap = zip(two, ("102", "101"), strict=True)
            await at_once(*(crowd.act(one, "assign-room", room=room) for one, room in swap))
            if circles := deadlocks(crowd.doors) - before:
                break
        assert (circles > 0) == (lock != guarded)
