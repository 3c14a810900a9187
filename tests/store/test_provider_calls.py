"""Calls to the payment provider are written down before they go out, and repeated in the very same words."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.booking import Booking
from domain.provider_calls import Call, CallState, Move, next_move
from domain.provider_money import Account
from store.provider_calls import ProviderCalls
from store.session import Database
from store.stripe_accounts import StripeAccounts
from tests.store.outbox import Outbox, build_outbox
from tests.story.world import connect

TEN = datetime(2027, 2, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def outbox(owner_url: str) -> Outbox:
    """A hotel of these tests' own."""
    return build_outbox(owner_url)


@pytest.fixture
def booking(outbox: Outbox) -> Booking:
    """A booking with no calls yet."""
    return outbox.book()


@pytest.fixture
def calls(database: Database) -> ProviderCalls:
    """The store under the role of the running system."""
    return ProviderCalls(database)


def call_of(booking: Booking, *, amount: int = 10_000, verb: str = "begin") -> Call:
    """A call of the booking's first payment."""
    key = f"{booking.hotel_id}.{booking.reference}.deposit.1.{verb}.1"
    return Call(key, "checkout.sessions.create", "", {"amount": amount, "metadata": {"holdfast_key": key}})


async def test_a_call_is_committed_as_sent_before_it_goes_out(calls: ProviderCalls, booking: Booking) -> None:
    written = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN)
    assert (written.state, written.wire_key, written.call) == (CallState.NEW, call_of(booking).key, call_of(booking))
    found = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN + MINUTE)
    assert (found.state, found.first_sent_at, found.last_sent_at) == (CallState.SENT, TEN, TEN)
    [row] = await calls.find(booking.hotel_id, booking.reference, call_of(booking).key)
    assert (row.first_sent_at, row.last_sent_at) == (TEN, TEN + MINUTE)


async def test_changed_code_repeats_the_old_words_under_the_old_key(calls: ProviderCalls, booking: Booking) -> None:
    await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN)
    changed = await calls.begin(booking.hotel_id, booking.reference, call_of(booking, amount=99), TEN + MINUTE)
    assert changed.call == call_of(booking)


async def test_what_certainly_never_arrived_takes_the_new_words_and_its_clock_begins_anew(
    calls: ProviderCalls, booking: Booking
) -> None:
    written = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN)
    await calls.settle(booking.hotel_id, written, CallState.NEW)
    later = TEN + timedelta(hours=30)
    again = await calls.begin(booking.hotel_id, booking.reference, call_of(booking, amount=99), later)
    assert (again.state, again.call.params["amount"], next_move(again, later)) == (CallState.NEW, 99, Move.SEND)
    found = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), later)
    assert (found.first_sent_at, found.call.params["amount"]) == (later, 99)


async def test_a_definite_answer_is_final(calls: ProviderCalls, booking: Booking) -> None:
    written = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN)
    await calls.settle(booking.hotel_id, written, CallState.DONE, object_id="cs_1")
    await calls.settle(booking.hotel_id, written, CallState.UNKNOWN)
    await calls.settle(booking.hotel_id, written, CallState.DONE, code="refused")
    found = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN + timedelta(days=3))
    assert (found.state, found.object_id, found.code) == (CallState.DONE, "cs_1", "")
    renewed = await calls.renew(booking.hotel_id, found, found.call.params, TEN)
    assert (renewed.state, renewed.round) == (CallState.DONE, 1)


async def test_a_fresh_round_is_begun_once_by_whoever_comes_first(calls: ProviderCalls, booking: Booking) -> None:
    written = await calls.begin(booking.hotel_id, booking.reference, call_of(booking), TEN)
    later = TEN + timedelta(hours=21)
    rounds = await asyncio.gather(
        *(calls.renew(booking.hotel_id, written, written.call.params, later) for _ in range(4))
    )
    assert {one.wire_key for one in rounds} == {f"{call_of(booking).key}~2"}
    await calls.settle(booking.hotel_id, written, CallState.DONE, object_id="cs_of_the_old_round")
    [row] = await calls.find(booking.hotel_id, booking.reference, call_of(booking).key)
    assert (row.state, row.round, row.first_sent_at, row.object_id) == (CallState.SENT, 2, later, "")


async def test_two_at_once_send_one_key(calls: ProviderCalls, booking: Booking) -> None:
    both = await asyncio.gather(
        *(calls.begin(booking.hotel_id, booking.reference, call_of(booking, amount=n), TEN) for n in (1, 2))
    )
    assert len({(one.wire_key, one.call.params_hash) for one in both}) == 1
    assert sorted(one.state for one in both) == [CallState.NEW, CallState.SENT]


async def test_calls_are_found_by_how_their_keys_begin_the_newest_first(calls: ProviderCalls, booking: Booking) -> None:
    for verb in ("begin", "close"):
        await calls.begin(booking.hotel_id, booking.reference, call_of(booking, verb=verb), TEN)
    first, second = (call_of(booking, verb=verb).key for verb in ("begin", "close"))
    prefix = f"{booking.hotel_id}.{booking.reference}.deposit.1."
    assert [one.call.key for one in await calls.find(booking.hotel_id, booking.reference, prefix)] == [second, first]
    assert [one.call.key for one in await calls.find(booking.hotel_id, booking.reference, f"{prefix}b")] == [first]
    assert await calls.find(booking.hotel_id, "MLB-20270201-AAAAAA", prefix) == []


async def test_a_hotel_without_an_account_is_charged_on_the_platform_s(database: Database, outbox: Outbox) -> None:
    accounts = StripeAccounts(database)
    assert await accounts.account_of(outbox.hotel_id) is None
    assert await accounts.name_of(outbox.hotel_id)
    with connect(outbox.owner_url) as db:
        db.execute(
            "INSERT INTO stripe_accounts (hotel_id, account_id, country, charges_enabled, fee_percent, refund_fee,"
            " checked_at) VALUES (%s, %s, 'PT', true, 2.5, false, %s)",
            [outbox.hotel_id, f"acct_{outbox.hotel_id}", TEN],
        )
    own = Account(f"acct_{outbox.hotel_id}", charges_enabled=True, fee_percent=Decimal("2.5"), refunds_fee=False)
    assert await accounts.account_of(outbox.hotel_id) == replace(own)
