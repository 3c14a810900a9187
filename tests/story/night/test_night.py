"""A hotel's night closes its days and compares its money."""

from collections.abc import Callable

from domain.stay import StayDates
from domain.terms import Payment
from tests.story.money.payer import Payer
from tests.story.money.test_paying import lisbon
from tests.story.night.closing import Closing, closing_soon
from tests.story.test_life import stay_in
from tests.story.world import House

Pays = Callable[[House, StayDates], Payer]
Nights = Callable[[House], Closing]


async def test_a_clean_day_has_no_difference(pays: Pays, nights: Nights, owner_url: str) -> None:
    """Two paid bookings: three ledgers with the same sums, and nothing for people to do."""
    house = lisbon(owner_url, Payment.DEPOSIT, audit_time=closing_soon())
    night = nights(house)
    for _ in range(2):
        life = pays(house, stay_in(house, 20))
        await life.begin()
        await life.paid()
        await life.comes_to("confirmed")
    run = await night.closes(night.today())
    assert (run["state"], run["bookings"], run["found"], run["waiting"], run["bookings_unread"]) == ("done", 2, 0, 0, 0)
    sums = [run[f"{ledger}_captured_minor"] for ledger in ("provider", "rows", "booking")]
    assert sums == [20_000, 20_000, 20_000]
    assert (night.open(), night.told()) == ([], [])


async def test_a_difference_is_opened_once_and_closed_when_it_is_gone(
    pays: Pays, nights: Nights, owner_url: str
) -> None:
    """A payment is taken twice at the provider: one item, still one the next time, none after it went back."""
    house = lisbon(owner_url, Payment.DEPOSIT, audit_time=closing_soon())
    night = nights(house)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    twin = life.provider.plant("double_charge", id=life.purse.payments[0].intent_id)
    day = night.today()
    run = await night.closes(day)
    assert (run["found"], run["opened"]) == (1, 1)
    assert night.open() == [("double_charge", life.reference)] == night.told()
    await night.again(day)
    run = night.run_of(day, 2)
    assert (run["state"], run["found"] + run["waiting"], run["opened"]) == ("done", 1, 0)
    assert night.open() == night.told() == [("double_charge", life.reference)]
    life.provider.plant("refund", id=twin["id"])
    run = await night.again(day)
    assert (run["found"], run["closed"]) == (0, 1)
    assert (night.open(), night.told()) == ([], [])
