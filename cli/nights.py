"""`holdfast reconcile` and `holdfast hints`: comparing a hotel's money once more, and what the provider told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from cli.configuration import read_settings
from cli.database import reading_address, running_address
from cli.deployments import connect
from cli.processes import StackTrouble
from domain.clocks import business_date
from domain.ledgers import TO_DO
from domain.money import Money, format_money
from gateways.night_bell import ring_night
from store import hints, reconciliation
from store.hotels import hotel_by_slug, hotel_terms
from store.session import Database, DatabaseAway

Say = Callable[[str], None]
MOST_HINTS = 200
MOST_SHOWN = 200
# A run of a large hotel takes minutes; it goes on whether anybody waits or not.
WAIT_SECONDS = 600
LOOK_SECONDS = 1.0
STATES = ("waiting", "told", "ignored", "given_up")


@dataclass(frozen=True)
class Hands:
    """What a command works with: both roles' databases, and Temporal."""

    reading: Database
    running: Database
    client: Client | None = None


def _with_hands(work: Callable[[Hands], Awaitable[int]], *, temporal: bool) -> int:
    """Runs a command; a part that is away becomes StackTrouble, said in one line."""

    async def run() -> int:
        settings = read_settings()
        async with AsyncExitStack() as stack:
            client = await connect(settings) if temporal else None
            hands = Hands(
                Database(reading_address(settings), pool_size=1),
                Database(running_address(settings), pool_size=1),
                client,
            )
            stack.push_async_callback(hands.reading.close)
            stack.push_async_callback(hands.running.close)
            return await work(hands)

    try:
        return asyncio.run(run())
    except DatabaseAway as away:
        raise StackTrouble(f"{away} Run `holdfast doctor`.") from None


def reconciled(say: Say, slug: str, day: str, *, as_json: bool) -> int:
    """Asks for a comparing and waits for its end; answers 1 where differences are open or it did not end well."""
    wanted = _date(day)

    async def work(hands: Hands) -> int:
        async with hands.running.public() as tx:
            hotel = await hotel_by_slug(tx, slug)
        if hotel is None:
            raise StackTrouble(f"there is no hotel {slug}")
        now = datetime.now(UTC)
        async with hands.running.hotel(hotel.id) as tx:
            terms = await hotel_terms(tx, hotel.id)
            today = business_date(now, hotel.zone, terms.audit_time)
            chosen = wanted or today - timedelta(days=1)
            if chosen > today:
                raise StackTrouble(f"--date: {chosen} has not begun at {slug}; {today} is open")
            number = await reconciliation.ask_for_run(tx, hotel.id, chosen, "operator", now)
        if hands.client is None:
            raise StackTrouble("Temporal is needed for this")
        await ring_night(hands.client, hotel.id, slug)
        row = await _ended(hands, hotel.id, chosen, number)
        async with hands.running.hotel(hotel.id) as tx:
            items = await reconciliation.open_items_of_hotel(tx, hotel.id, MOST_SHOWN)
        _tell(say, row, items, as_json=as_json)
        return int(row.state != "done" or bool(items))

    return _with_hands(work, temporal=True)


def _date(day: str) -> date | None:
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise StackTrouble(f"--date: {day[:20]!r} is no date such as 2027-03-10") from None


async def _ended(hands: Hands, hotel_id: int, day: date, number: int) -> Any:
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                async with hands.running.hotel(hotel_id) as tx:
                    (row,) = await reconciliation.list_runs(tx, hotel_id, day, day, (day, number + 1), 1)
                if row.ended_at is not None:
                    return row
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise StackTrouble(f"run {number} of {day} goes on; is a worker up? See `holdfast doctor`.") from None


def _tell(say: Say, row: Any, items: Any, *, as_json: bool) -> None:
    if as_json:
        told = {"run": row._asdict(), "open": [one._asdict() for one in items]}
        say(json.dumps(told, default=str))
        return
    say(f"{row.business_date}, run {row.number}: {row.state}. {row.detail}".rstrip())
    for ledger, words in (("provider", "provider"), ("rows", "rows"), ("booking", "bookings")):
        taken, back = (
            format_money(Money(getattr(row, f"{ledger}_{what}_minor"), row.currency))
            for what in ("captured", "refunded")
        )
        say(f"  {words:9} {taken} taken, {back} given back")
    say(
        f"  {row.bookings} bookings compared, {row.found} differences found,"
        f" {row.waiting} too young, {row.closed} closed"
    )
    for one in items:
        say(f"  open: {one.reference or 'no booking'}: {one.code}. {one.detail} {TO_DO[one.code]}")


def told_hints(say: Say, state: str, reference: str, *, as_json: bool) -> int:
    """What the provider told, the latest first, at most MOST_HINTS."""
    if state and state not in STATES:
        raise StackTrouble(f"--state is one of {', '.join(STATES)}")

    async def work(hands: Hands) -> int:
        async with hands.reading.public() as tx:
            rows = await hints.latest_hints(tx, state, reference, MOST_HINTS)
        if as_json:
            say(json.dumps([row._asdict() for row in rows], default=str))
            return 0
        table = Table("received (UTC)", "event", "what", "object", "booking", "state", "tries")
        for row in rows:
            received = f"{row.received_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(
                received, row.event_id, row.event_type, row.object_id, row.reference, row.state, str(row.tries)
            )
        Console(width=180).print(table)
        say(f"{len(rows)} told{', there may be more' if len(rows) == MOST_HINTS else ''}")
        return 0

    return _with_hands(work, temporal=False)


def replayed_hints(say: Say, event: str) -> int:
    """Lets the worker bring these once more; answers 1 where there is none."""

    async def work(hands: Hands) -> int:
        async with hands.running.public() as tx:
            again = await hints.replay(tx, event, datetime.now(UTC))
        for one in again:
            say(f"{one} is brought to its booking again")
        if not again:
            say(f"there is no event {event}" if event else "none was given up")
        return int(not again)

    return _with_hands(work, temporal=False)
