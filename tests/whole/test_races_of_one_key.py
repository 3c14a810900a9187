"""Fifty copies of one request at once, for each command: one effect, and everybody gets the same answer.

A button that is pressed again, a connection that broke, a proxy that sends twice: the key says that it is one wish.
"""

from datetime import timedelta
from typing import Any

import httpx

from tests.whole.crowd import FULL_SIZE, PARTY, Body, Crowd, at_once, kochi_day, only_left, said

COPIES = 50
# Of the commands that are like the others; of those that are looked at most closely there are always fifty.
SOME_COPIES = COPIES if FULL_SIZE else 12


async def pressed(crowd: Crowd, booking: Body, action: str, times: int = SOME_COPIES, **body: Any) -> Body:
    """A button pressed so often at once: one step of the booking, one answer for everybody. The booking after it."""
    before = crowd.events(booking)
    answers = await at_once(*(crowd.act(booking, action, key=f"key-of-{action}", **body) for _ in range(times)))
    assert said(answers) == {"200": times}, action
    told = {(one["reference"], one["status"], one["version"]) for one in (answer.json() for answer in answers)}
    assert told == {(booking["reference"], answers[0].json()["status"], booking["version"] + 1)}, action
    assert len(crowd.events(booking)) == len(before) + 1, action
    after: Body = answers[0].json()
    return after


async def test_every_button_of_a_stay_pressed_fifty_times_acts_once(crowd: Crowd) -> None:
    """From the yes to the check-out, through both processes: six wishes, six steps, one payment, no letter twice."""
    only_left(crowd.doors, kochi_day(0), 3, 6)
    booking = await crowd.booked(await crowd.sale(kochi_day(0)))
    booking = await pressed(crowd, booking, "approve", COPIES)
    booking = await pressed(crowd, booking, "extend", departure=str(kochi_day(2)))
    booking = await pressed(crowd, booking, "assign-room")
    booking = await pressed(crowd, booking, "check-in")
    booking = await pressed(crowd, booking, "payments", COPIES, method="cash", amount=booking["total"])
    leaves = await at_once(*(crowd.act(booking, "check-out", key="key-of-leaving") for _ in range(SOME_COPIES)))
    assert said(leaves) == {"200": SOME_COPIES}
    assert [what for what in crowd.events(booking) if what not in ("feedback_asked", "completed")] == [
        "requested", "approved", "extended", "room_assigned", "checked_in", "payment_received", "checked_out",
    ]  # fmt: skip
    paid = crowd.looked("SELECT amount_minor FROM payments WHERE reference = %s", booking["reference"])
    assert paid == [{"amount_minor": booking["total"]["amount_minor"]}]
    letters = crowd.letters(booking)
    assert len(letters) == len(set(letters)), letters
    print(f"\nproof: copies of one key: worst wait {crowd.worst_wait():.2f} s")


async def test_every_button_of_a_change_of_mind_pressed_fifty_times_acts_once(crowd: Crowd) -> None:
    """A clock moved, the no, taken up again, cancelled; and an option made firm."""
    only_left(crowd.doors, kochi_day(60), 3, 6)
    booking = await crowd.booked(await crowd.sale(kochi_day(60)))
    deadline = next(entry for entry in booking["agenda"] if entry["key"] == "approval_deadline")
    booking = await pressed(crowd, booking, "clocks/approval_deadline", at=deadline["latest"], reason="Away.")
    booking = await pressed(crowd, booking, "decline", reason="Closed.")
    booking = await pressed(crowd, booking, "reinstate", reason="Open after all.")
    booking = await pressed(crowd, booking, "cancel", reason="They called.")
    assert crowd.events(booking) == ["requested", "clock_moved", "declined", "reinstated", "cancelled"]
    option = await crowd.option(kochi_day(60), timedelta(days=2))
    option = await pressed(crowd, option, "confirm")
    assert (option["status"], crowd.events(option)) == ("confirmed", ["option_held", "confirmed"])


async def test_a_guest_who_presses_fifty_times_takes_back_once(crowd: Crowd) -> None:
    """The guests' own door, and the creation before it."""
    only_left(crowd.doors, kochi_day(64), 3, 6)
    sale = await crowd.sale(kochi_day(64))
    made = await at_once(*(crowd.book(sale, key="the-same-key") for _ in range(COPIES)))
    assert said(made) == {"201": COPIES}
    assert len({answer.json()["reference"] for answer in made}) == 1
    booking = made[0].json()
    answers = await at_once(*(crowd.withdraw(booking, key="not-after-all") for _ in range(COPIES)))
    assert (said(answers), {answer.json()["status"] for answer in answers}) == ({"200": COPIES}, {"cancelled"})
    assert crowd.events(booking) == ["requested", "withdrawn"]


def cash(minor: int) -> Body:
    """Notes and coins."""
    return {"method": "cash", "amount": {"amount_minor": minor, "currency": "INR"}}


def one_body_won(mine: list[httpx.Response], theirs: list[httpx.Response], good: int) -> list[httpx.Response]:
    """Of two bodies under one key one was carried out, and every copy of the other is refused; the good answers."""
    won, lost = (mine, theirs) if mine[0].status_code == good else (theirs, mine)
    assert said(won) == {str(good): len(won)}
    assert said(lost) == {"409 idempotency_key_reused": len(lost)}
    return won


async def test_one_key_with_two_bodies_in_flight_acts_for_one_of_them(crowd: Crowd) -> None:
    """Creations, approvals and payments: copies of both bodies on their way at once."""
    only_left(crowd.doors, kochi_day(68), 3, 6)
    sale = await crowd.sale(kochi_day(68))
    half = COPIES // 2
    another = {"hotel": "malabar", "offers": [{"offer_id": sale.offer_id}], "guest": {**PARTY, "name": "Another Guest"}}
    answers = await at_once(
        *(crowd.book(sale, key="two-bodies") for _ in range(half)),
        *(crowd.post("/bookings", another, key="two-bodies") for _ in range(half)),
    )
    won = one_body_won(answers[:half], answers[half:], 201)
    assert len({answer.json()["reference"] for answer in won}) == 1
    booking = won[0].json()
    bodies: dict[str, tuple[Body, Body]] = {
        "approve": ({"note": "By phone."}, {"note": "By letter."}),
        "payments": (cash(100_00), cash(200_00)),
    }
    for action, two in bodies.items():
        answers = await at_once(
            *(crowd.act(booking, action, key=f"two-ways-to-{action}", **two[n % 2]) for n in range(COPIES))
        )
        booking = one_body_won(answers[::2], answers[1::2], 200)[0].json()
    assert crowd.events(booking) == ["requested", "approved", "payment_received"]
