"""A hotel's night closes its days and compares its money."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

from temporalio.client import WorkflowExecutionStatus

from domain.stay import StayDates
from domain.terms import Confirmation, Payment
from messages.night import RunNow
from store.zones import correct_zone
from tests.doubles.stripe_running import StripeDouble
from tests.story.money.payer import Payer
from tests.story.money.test_paying import lisbon
from tests.story.night.closing import Closing, closing_soon
from tests.story.test_life import stay_in
from tests.story.world import House, connect
from worker.night import NightWatch
from workflows.night import HotelNight

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


async def test_money_of_nobody_on_a_replaced_account_is_still_the_hotels(
    nights: Nights, owner_url: str, stripe_double: StripeDouble
) -> None:
    """It was passed on to the account that the hotel had before; no other hotel would look for it."""
    house = lisbon(owner_url, Payment.DEPOSIT, audit_time=closing_soon())
    v1 = stripe_double.sdk.v1
    old, present = (v1.accounts.create({"country": "PT"}).id for _ in range(2))
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO stripe_accounts (hotel_id, account_id, country, checked_at) VALUES (%s, %s, 'PT', now())",
            [house.hotel_id, present],
        )
        db.execute(
            "INSERT INTO past_stripe_accounts (hotel_id, account_id, country, replaced_at)"
            " VALUES (%s, %s, 'PT', now())",
            [house.hotel_id, old],
        )
    paid = v1.payment_intents.create({
        "amount": 6_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
        "allowed_payment_method_types": ["card"], "transfer_data": {"destination": old}, "on_behalf_of": old,
        "return_url": "https://hotel.example/back",
    })  # fmt: skip
    night = nights(house)
    await night.closes(night.today())
    (item,) = night.looked(
        "SELECT code, object_id FROM reconciliation_items WHERE hotel_id = %s AND closed_at IS NULL", house.hotel_id
    )
    assert item == {"code": "charge_unknown_to_us", "object_id": paid.id}


async def test_what_is_set_aside_is_told_before_it_lapses(pays: Pays, nights: Nights, owner_url: str) -> None:
    """The card's bank lets it go within 48 hours and the hotel has not said yes: told, and gone with the yes."""
    manual = {"confirmation": Confirmation.MANUAL, "audit_time": closing_soon()}
    house = lisbon(owner_url, Payment.AUTHORISE, **manual)
    night = nights(house)
    life = pays(house, stay_in(house, 20))
    await life.begin()
    await life.paid()
    await life.comes_to("pending")
    day = night.today()
    run = await night.again(day)
    assert (run["found"], run["provider_captured_minor"]) == (0, 0)
    life.provider.plant("authorisation_ends_soon", id=life.purse.payments[0].intent_id)
    await night.again(day)
    assert night.open() == night.told() == [("authorisation_ends_48h", life.reference)]
    assert (await life.approve()).status == "confirmed"
    run = await night.again(day)
    assert (night.open(), night.told(), run["provider_captured_minor"]) == ([], [], 20_000)


async def test_a_corrected_zone_moves_the_audit(nights: Nights, owner_url: str) -> None:
    """The night looks at the hotel's terms before each wait: in Kolkata the same audit comes earlier than in Lisbon."""
    house = lisbon(owner_url, Payment.DEPOSIT, audit_time=time(3))
    night = nights(house)
    before = await night.plan()
    async with night.database.hotel(house.hotel_id) as tx:
        await correct_zone(tx, house.hotel_id, "Asia/Kolkata", datetime.now(UTC), "test")
    after = await night.plan()
    assert before.local_time.endswith(("03:00 (WET)", "03:00 (WEST)"))
    assert after.local_time.endswith("03:00 (IST)")
    there = [
        plan.closes_at.astimezone(ZoneInfo(zone)) for plan, zone in ((before, "Europe/Lisbon"), (after, "Asia/Kolkata"))
    ]
    assert [one.time() for one in there] == [time(3)] * 2
    assert abs(after.closes_at - before.closes_at) < timedelta(hours=24)


async def test_every_hotel_in_service_has_its_night(lone_nights: Nights, fresh_url: str) -> None:
    """What is missing is begun, once; a hotel that leaves service ends its night."""
    house = lisbon(fresh_url, Payment.DEPOSIT, audit_time=time(3))
    with connect(fresh_url) as db:
        db.execute("UPDATE hotels SET active = false WHERE slug <> 'malabar' AND hotel_id <> %s", [house.hotel_id])
    night = lone_nights(house)
    watch = NightWatch(night.client, night.database)
    assert await watch.look() == [night.slug, "malabar"]
    assert await watch.look() == []
    assert (await night.handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await night.ended(night.today() - timedelta(days=1), seconds=200)
    with connect(fresh_url) as db:
        db.execute("UPDATE hotels SET active = false WHERE hotel_id = %s", [house.hotel_id])
    await night.handle.signal(HotelNight.run_now, RunNow())
    async with asyncio.timeout(60):
        assert await night.handle.result() == {"slug": night.slug}


async def test_old_lines_go_with_the_night(nights: Nights, owner_url: str) -> None:
    """The comparing of a night of two years ago is at its end: its lines go, in bites of a thousand; its sums stay."""
    house = lisbon(owner_url, Payment.DEPOSIT, audit_time=closing_soon())
    night = nights(house)
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO reconciliation_runs (hotel_id, business_date, number, state, asked_by, asked_at, currency,"
            " started_at, ended_at) SELECT %s, closed, 1, 'done', 'night', '2024-05-02Z', 'EUR', '2024-05-02Z',"
            " '2024-05-02Z' FROM unnest(%s::date[]) closed",
            # Yesterday's too, so that the night has not a week to catch up on first.
            [house.hotel_id, [date(2024, 5, 1), night.today() - timedelta(days=1)]],
        )
        db.execute(
            "INSERT INTO reconciliation_lines (hotel_id, business_date, number, line, kind, reference, money_number,"
            " object_id, currency, provider_state, rows_state) SELECT %s, '2024-05-01', 1, 'line ' || n, 'payment',"
            " 'R', n, 'pi_' || n, 'EUR', 'captured', 'captured' FROM generate_series(1, 2500) n",
            [house.hotel_id],
        )
    await night.closes(night.today())

    def lines() -> int:
        sql: LiteralString = "SELECT count(*) AS lines FROM reconciliation_lines WHERE hotel_id = %s"
        return int(night.looked(sql, house.hotel_id)[0]["lines"])

    async with asyncio.timeout(60):
        while lines():
            await asyncio.sleep(0.1)
    assert night.run_of(date(2024, 5, 1))["state"] == "done"
