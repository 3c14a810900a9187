"""How much a life with money weighs in Temporal."""

from collections.abc import Callable
from datetime import timedelta

from domain.stay import StayDates
from domain.terms import Payment
from tests.story.money.payer import Payer
from tests.story.money.test_paying import lisbon
from tests.story.test_life import stay_in
from tests.story.world import MANAGER, House, plan

Pays = Callable[[House, StayDates], Payer]
MOST_EVENTS = 120


async def test_a_life_with_deposit_change_and_refund_fits_the_budget(pays: Pays, owner_url: str) -> None:
    """Booked, paid, changed, told by the provider three times, cancelled and given back."""
    house = lisbon(owner_url, Payment.PREPAID)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    first = life.dates.arrival
    await life.amend(plan(house, 1, StayDates(first, first + timedelta(days=1))), actor=MANAGER)
    await life.settles()
    await life.hint(1)
    await life.hint(refunds=(1,))
    await life.cancel()
    await life.settles()
    await life.hint(refunds=(2,))
    await life.settles()
    told = [event async for event in life.handle.fetch_history_events()]
    print(f"\nproof: a life with deposit, change and refund: {len(told)} events")
    assert life.taken() == (20_000, 20_000)
    assert len(told) <= MOST_EVENTS
