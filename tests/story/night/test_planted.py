"""Differences of many kinds are planted among clean bookings: a hotel's night finds each of them and nothing else.

HOLDFAST_PROOF_NIGHT_BOOKINGS: how many clean bookings stand beside them.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Any, LiteralString

from domain.stay import StayDates
from domain.terms import Payment
from tests.story.money.payer import Payer
from tests.story.money.test_paying import lisbon
from tests.story.night.closing import Closing, closing_soon
from tests.story.test_life import stay_in
from tests.story.world import GUEST, MANAGER, House, connect

Pays = Callable[[House, StayDates], Payer]
Nights = Callable[[House], Closing]
CLEAN = int(os.environ.get("HOLDFAST_PROOF_NIGHT_BOOKINGS", "8"))
AT_ONCE = 4
DECLINED = "4000000000000002"


class Planter:
    """What somebody does behind the system's back at one hotel, and how it is mended. expected: what a night finds."""

    def __init__(self, owner_url: str, house: House) -> None:
        self._owner_url = owner_url
        self._house = house
        self._mending: list[Callable[[], Any]] = []
        self.expected: list[tuple[str, str]] = []

    def change(self, life: Payer, sql: LiteralString) -> None:
        """Changes rows of a booking as the database's owner."""
        with connect(self._owner_url) as db:
            changed = db.execute(sql, {"hotel": self._house.hotel_id, "reference": life.reference})
            assert changed.rowcount == 1

    def expect(self, code: str, life: Payer | None, mend: Callable[[], Any]) -> None:
        """Something differs now, and this makes it good."""
        self.expected.append((code, life.reference if life else ""))
        self._mending.append(mend)

    async def mend(self) -> None:
        """Makes all of it good."""
        for mend in self._mending:
            done = mend()
            if asyncio.iscoroutine(done):
                await done

    def metadata(self, life: Payer, **more: str) -> dict[str, str]:
        """What our own calls write onto what they make."""
        told = {"holdfast_hotel": str(self._house.hotel_id), "holdfast_booking": life.reference}
        return {**told, "holdfast_payment": "1", **more}


async def comes_true(condition: Callable[[], bool]) -> None:
    """Waits until a story has written down what it was told."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.05)


async def hears_of_dispute(life: Payer) -> None:
    """The provider tells of what somebody disputes."""
    await life.hint(1)
    await comes_true(lambda: life.purse.payments[0].disputed)


async def hears_of_failure(life: Payer) -> None:
    """The provider tells that its first refund failed."""
    await life.hint(refunds=(1,))
    await comes_true(lambda: life.refunds()[0][2] == "failed")


async def gets_all_back(life: Payer) -> None:
    """The hotel gives the deposit back once more, and the provider carries it out."""
    await life.give_back(10_000, actor=MANAGER)
    await life.settles()
    await comes_true(lambda: life.refunds()[-1][2] == "succeeded")


async def paid(life: Payer) -> Payer:
    """A deposit was taken."""
    await life.begin()
    await life.paid()
    await life.comes_to("confirmed")
    return life


async def returned(life: Payer) -> Payer:
    """30.00 of it were given back."""
    await paid(life)
    await life.give_back(3_000)
    await life.settles()
    assert life.refunds()[0][1:3] == (3_000, "succeeded")
    return life


async def clean(life: Payer, kind: int) -> None:
    """One of several lives that leave nothing to find."""
    match kind % 6:
        case 0:
            await paid(life)
        case 1:
            await returned(life)
        case 2:
            await paid(life)
            await life.cancel()
            await life.settles()
        case 3:
            await life.begin()
            await life.start()
            assert (await life.on_page(DECLINED)).status_code == 402
            await life.hint(1)
            assert (await life.on_page()).status_code == 303
            await life.hint(1)
            await life.comes_to("confirmed")
        case 4:
            await life.begin()
            await life.start()
            await life.cancel(GUEST)
            await life.comes_to("cancelled")
            await life.settles()
        case _:
            await paid(life)
            await life.pay(5_000)


async def all_of(lives: Iterable[Any]) -> list[Any]:
    """A few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(life: Any) -> Any:
        async with gate:
            return await life

    return await asyncio.gather(*(one(life) for life in lives))


def plant_payments(planter: Planter, lives: list[Payer]) -> None:
    """Six payments that are another thing at the provider, in the rows, or in both."""
    unknown_to_stripe, amount, currency, status, double, dispute = lives
    stripe = amount.provider

    def intent(life: Payer) -> str:
        return str(life.purse.payments[0].intent_id)

    stripe.plant("gone", id=intent(unknown_to_stripe))
    planter.expect("payment_unknown_to_stripe", unknown_to_stripe, lambda: stripe.plant(
        "payment", amount=10_000, currency="eur", metadata=planter.metadata(unknown_to_stripe)))  # fmt: skip
    where = " WHERE hotel_id = %(hotel)s AND reference = %(reference)s AND number = 1"
    planter.change(amount, "UPDATE payments SET captured_minor = 9000" + where)
    planter.expect(
        "amount_differs", amount,
        lambda: planter.change(amount, "UPDATE payments SET captured_minor = 10000" + where),
    )  # fmt: skip
    stripe.plant("changed", id=intent(currency), currency="usd")
    planter.expect("currency_differs", currency, lambda: stripe.plant("changed", id=intent(currency), currency="eur"))
    planter.change(status, "UPDATE payments SET state = 'needs_guest'" + where)
    planter.expect(
        "status_differs", status, lambda: planter.change(status, "UPDATE payments SET state = 'captured'" + where)
    )
    twin = stripe.plant("double_charge", id=intent(double))
    planter.expect("double_charge", double, lambda: stripe.plant("refund", id=twin["id"]))
    stripe.plant("dispute", id=intent(dispute))
    planter.expect("dispute_unseen", dispute, lambda: hears_of_dispute(dispute))
    nobodys = stripe.plant("payment", amount=700, metadata={"holdfast_hotel": str(amount.house.hotel_id)})
    planter.expect("charge_unknown_to_us", None, lambda: stripe.plant("refund", id=nobodys["id"]))


async def plant_refunds(planter: Planter, lives: list[Payer], ended: Payer, share: Payer) -> None:
    """Refunds of one side only, one that failed unseen, money that nobody gives back, and the platform's share."""
    unknown, missing, failed = lives
    stripe = unknown.provider
    by_hand = stripe.plant("refund", id=unknown.purse.payments[0].intent_id, amount=1_000)
    planter.expect("refund_unknown_to_us", unknown, lambda: stripe.plant("refund_failed", id=by_hand["id"]))
    stripe.plant("gone", id=missing.purse.refunds[0].provider_id)
    planter.expect("refund_missing_at_stripe", missing, lambda: stripe.plant(
        "refund", id=missing.purse.payments[0].intent_id, amount=3_000,
        metadata=planter.metadata(missing, holdfast_refund="1")))  # fmt: skip
    stripe.plant("refund_failed", id=failed.purse.refunds[0].provider_id)
    planter.expect("refund_failed_unseen", failed, lambda: hears_of_failure(failed))
    stripe.plant("refund_failed", id=ended.purse.refunds[0].provider_id)
    await hears_of_failure(ended)
    planter.expect("money_kept_on_dead_booking", ended, lambda: gets_all_back(ended))
    fee = "UPDATE provider_calls SET params = jsonb_set(params, '{payment_intent_data, application_fee_amount}', "
    where = ") WHERE hotel_id = %(hotel)s AND reference = %(reference)s AND call = 'checkout.sessions.create'"
    planter.change(share, fee + "'300'" + where)
    planter.expect("fee_or_transfer_differs", share, lambda: planter.change(share, fee + "'0'" + where))


async def test_every_planted_difference_is_found_and_nothing_else(pays: Pays, nights: Nights, owner_url: str) -> None:
    """None among clean bookings; then each of twelve, once; nothing new the second time; none when all is mended."""
    house = lisbon(owner_url, Payment.DEPOSIT, rooms=CLEAN + 12, audit_time=closing_soon())
    night = nights(house)

    def life() -> Payer:
        return pays(house, stay_in(house, 20))

    day = night.today()
    await all_of(clean(life(), kind) for kind in range(CLEAN))
    run = await night.again(day)
    assert (run["state"], run["bookings"], run["found"], run["waiting"]) == ("done", CLEAN, 0, 0), night.open()
    payments = await all_of(paid(life()) for _ in range(8))
    refunds = await all_of(returned(life()) for _ in range(3))
    await payments[7].cancel()
    await payments[7].settles()
    planter = Planter(owner_url, house)
    plant_payments(planter, payments[:6])
    await plant_refunds(planter, refunds, payments[7], payments[6])
    expected = sorted(planter.expected)
    number = len(night.runs(day)) + 1
    await night.begin()
    run = await night.closes(day, number)
    assert night.open() == expected
    assert [(code, reference or "") for code, reference in night.told()] == expected
    assert (run["found"], run["opened"], run["closed"], run["bookings_unread"]) == (12, 12, 0, 0)
    run = await night.again(day)
    assert (run["found"] + run["waiting"], run["opened"]) == (12, 0)
    assert night.open() == expected
    await planter.mend()
    run = await night.again(day)
    assert (night.open(), night.told()) == ([], [])
    assert (run["found"], run["closed"]) == (0, 12)
