"""Cash drawers: docs/rules/folio.md, "Cash drawers"."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from api.idempotency import Once
from domain import acts
from domain.refusals import Refused
from store.cash import Drawer, Hand, close_drawer, move_cash, open_drawer, read_drawer
from store.session import Database
from tests.store.paper_world import Papers, build_papers, by, kochi

NOW = kochi(13, 9)


class Till:
    """One person's drawer."""

    def __init__(self, life: Papers, staff_id: int = 1) -> None:
        self.life, self.hand = life, Hand(life.booking.hotel_id, staff_id, "INR", NOW)

    async def do(self, deed: Callable[..., Any], *told: Any) -> Any:
        async with self.life.database.hotel(self.hand.hotel_id) as tx:
            return await deed(tx, self.hand, *told)

    async def no(self, deed: Callable[..., Any], *told: Any) -> str:
        with pytest.raises(Refused) as refused:
            await self.do(deed, *told)
        return refused.value.code

    async def look(self) -> Drawer:
        found = await self.do(read_drawer)
        assert isinstance(found, Drawer)
        return found


@pytest.fixture
def life(owner_url: str, database: Database) -> Papers:
    return build_papers(owner_url, database)


def once(key: str, body: str = "") -> Once:
    return Once(key, body)


async def test_the_first_cash_payment_opens_a_drawer_with_no_float(life: Papers) -> None:
    await life.arrive(kochi(13, 15))
    await life.take(acts.payment_taken(life.booking, by(kochi(13, 16)), "cash", 50_00, ""))
    await life.take(acts.payment_taken(life.booking, by(kochi(13, 17)), "cash", 30_00, ""))
    await life.take(acts.payment_taken(life.booking, by(kochi(13, 18)), "upi", 20_00, ""))
    drawer = await Till(life).look()
    assert (drawer.row.float_minor, drawer.expected_minor) == (0, 80_00)
    assert [(one.kind, one.amount_minor, one.payment) for one in drawer.movements] == [
        ("payment", 30_00, 2), ("payment", 50_00, 1),
    ]  # fmt: skip


async def test_closing_keeps_what_was_counted_and_what_is_missing(life: Papers) -> None:
    """Float 100.00, 80.00 in payments, 20.00 to the bank, 159.00 counted: 1.00 is missing."""
    till = Till(life)
    await till.do(open_drawer, 100_00)
    await life.arrive(kochi(13, 15))
    await life.take(acts.payment_taken(life.booking, by(kochi(13, 16)), "cash", 80_00, ""))
    for _ in range(2):
        await till.do(move_cash, "out", 20_00, "To the bank.", once("bank"))
    assert (await till.look()).expected_minor == 160_00
    await till.do(close_drawer, 159_00, "Counted twice.")
    drawer = await till.look()
    assert (drawer.row.counted_minor, drawer.row.difference_minor, drawer.row.note) == (159_00, -1_00, "Counted twice.")
    assert await till.no(close_drawer, 0, "") == "drawer_closed"
    assert await till.do(open_drawer, 0) == 2


async def test_what_can_not_be_is_refused_with_its_rule(life: Papers) -> None:
    till = Till(life)
    assert await till.do(read_drawer) is None
    assert await till.no(move_cash, "in", 1, "Change.", once("a")) == "drawer_closed"
    assert await till.no(open_drawer, -1) == "amount_not_positive"
    await till.do(open_drawer, 10_00)
    assert await till.no(open_drawer, 10_00) == "drawer_open"
    assert await till.no(move_cash, "in", 0, "Change.", once("a")) == "amount_not_positive"
    assert await till.no(move_cash, "in", 1, " ", once("a")) == "reason_needed"
    assert await till.no(move_cash, "out", 10_01, "Bank.", once("a")) == "more_than_there_is"
    await till.do(move_cash, "in", 1, "Change.", once("a"))
    assert await till.no(move_cash, "in", 2, "Change.", once("a", "other")) == "idempotency_key_reused"
    assert await till.no(close_drawer, -1, "") == "amount_not_positive"


async def test_many_people_who_open_at_once_have_a_drawer_each(life: Papers) -> None:
    drawers = await asyncio.gather(*(Till(life, staff_id).do(open_drawer, 0) for staff_id in range(1, 7)))
    assert sorted(drawers) == [1, 2, 3, 4, 5, 6]


async def test_one_person_who_opens_twice_at_once_has_one_drawer(life: Papers) -> None:
    ends = await asyncio.gather(*(Till(life).do(open_drawer, 0) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(end, int) for end in ends) == 1
    assert all(end.code == "drawer_open" for end in ends if isinstance(end, Refused))
