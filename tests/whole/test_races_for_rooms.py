"""Desks give the same rooms to different guests at the same moment. No room is given twice, and nobody waits for ever.

There is no exchange of two rooms in one go: guests change rooms one after another, through a room that is free.
"""

from collections import Counter

from tests.whole.crowd import (
    SEED,
    TIMES,
    Body,
    Crowd,
    at_once,
    deadlocks,
    drawn,
    kochi_day,
    miscounted,
    only_left,
    said,
)

GUESTS = 4
ROOMS = [str(101 + n) for n in range(GUESTS + 1)]
MOVES = 8


def rooms_of(crowd: Crowd, bookings: list[Body]) -> list[str | None]:
    """The room of each booking: by its stay, which is what its segment says, and nobody else's."""
    found = crowd.looked(
        "SELECT t.reference, r.number, g.number AS kept FROM stays t"
        " LEFT JOIN rooms r ON r.hotel_id = t.hotel_id AND r.room_id = t.room_id"
        " LEFT JOIN room_segments s ON s.hotel_id = t.hotel_id AND s.reference = t.reference AND s.stay = t.stay"
        " LEFT JOIN rooms g ON g.hotel_id = s.hotel_id AND g.room_id = s.room_id WHERE t.reference = ANY(%s)",
        [booking["reference"] for booking in bookings],
    )
    assert [row["number"] for row in found] == [row["kept"] for row in found]
    given = {row["reference"]: row["number"] for row in found}
    rooms = [room for room in given.values() if room]
    assert len(rooms) == len(set(rooms)), "a room was given twice"
    return [given[booking["reference"]] for booking in bookings]


async def guests_in(crowd: Crowd, day: int, rooms: list[str]) -> list[Body]:
    """A confirmed booking of one night in each of these rooms."""
    only_left(crowd.doors, kochi_day(day), 1, len(rooms) + 1)
    sale = await crowd.sale(kochi_day(day))
    return [await crowd.done(await crowd.confirmed(sale), "assign-room", room=room) for room in rooms]


async def test_one_room_given_to_two_guests_at_once_has_one_of_them(crowd: Crowd) -> None:
    """The other desk is told which rooms are free; either may be first."""
    first: Counter[int] = Counter()
    for n in range(2 * TIMES):
        only_left(crowd.doors, kochi_day(400 + n), 1, 2)
        sale = await crowd.sale(kochi_day(400 + n))
        two = [await crowd.confirmed(sale) for _ in range(2)]
        answers = await at_once(
            *(crowd.act(booking, "assign-room", room="101") for booking in two[:: -1 if n % 2 else 1])
        )
        assert said(answers) == {"200": 1, "409 room_not_free": 1}
        refused = next(answer.json() for answer in answers if answer.status_code == 409)
        assert refused["free_rooms"] == ROOMS[1:] + [str(n) for n in range(106, 111)]
        given = rooms_of(crowd, two)
        assert sorted(given, key=str) == ["101", None]
        first[given.index("101")] += 1
    print(f"\nproof: one room for two: {dict(first)}, worst wait {crowd.worst_wait():.2f} s")


async def test_guests_who_want_each_others_rooms_at_once_keep_their_own(crowd: Crowd) -> None:
    """Two who swap, and cycles of three both ways: refused at once, no deadlock, and nobody is moved."""
    bookings = await guests_in(crowd, 440, ROOMS[:3])
    for _ in range(2 * TIMES):
        for wanted in (["102", "101"], ["102", "103", "101"], ["103", "101", "102"]):
            moves = [
                crowd.act(booking, "assign-room", room=room) for booking, room in zip(bookings, wanted, strict=False)
            ]
            assert said(await at_once(*moves)) == {"409 room_not_free": len(wanted)}
            assert rooms_of(crowd, bookings) == ROOMS[:3]
    print(f"\nproof: swaps and cycles: worst wait {crowd.worst_wait():.2f} s")
    assert deadlocks(crowd.doors) == 0


async def test_many_desks_who_move_guests_about_give_no_room_twice(crowd: Crowd) -> None:
    """Four guests in five rooms, and moves drawn by chance, all at once: each is made or refused, none is half made."""
    chance = drawn("rooms")
    bookings = await guests_in(crowd, 450, ROOMS[:GUESTS])
    heard: Counter[str] = Counter()
    for _ in range(2 * TIMES):
        seen = [
            await crowd.get(f"/desk/bookings/{one['reference']}", token=crowd.tokens["frontdesk"]) for one in bookings
        ]
        moves = [(chance.choice(seen), chance.choice(ROOMS)) for _ in range(MOVES)]
        heard += said(await at_once(*(crowd.act(booking, "assign-room", room=room) for booking, room in moves)))
        assert None not in rooms_of(crowd, bookings)
    print(f"\nproof: seed {SEED}, moves: {dict(heard)}, worst wait {crowd.worst_wait():.2f} s")
    assert set(heard) <= {"200", "409 room_not_free", "409 version_conflict"}
    assert miscounted(crowd.doors, kochi_day(400), 60) == []
    assert deadlocks(crowd.doors) == 0
