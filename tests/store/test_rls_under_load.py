"""Hotels in turn on few connections, with errors and with callers who go in the middle: nobody sees another's rows.

How many transactions: HOLDFAST_PROOF_TRANSACTIONS; which of them go wrong is drawn from HOLDFAST_PROOF_SEED.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from store import session
from store.hot import Hot
from store.session import Database, DatabaseAway
from store.session import app_url as in_role
from tests.houses import opened
from tests.story.world import connect

TRANSACTIONS = int(os.environ.get("HOLDFAST_PROOF_TRANSACTIONS", "600"))
SEED = os.environ.get("HOLDFAST_PROOF_SEED", "20270310")
HOTELS = (1, 2, 3, 4, 5)
CONNECTIONS = 4
CALLERS = 12
LOOK = text("SELECT DISTINCT hotel_id FROM rooms UNION SELECT DISTINCT hotel_id FROM room_type_nights")
Tally = Counter[str]


async def seen(tx: AsyncConnection) -> set[int]:
    """Whose rows a look without any condition finds."""
    return set((await tx.execute(LOOK)).scalars().all())


async def one(database: Database, draw: Random, tally: Tally) -> None:
    """One transaction of a hotel, or of nobody; some fail in the middle. What it saw has to be its own."""
    hotel_id = draw.choice((*HOTELS, None))
    fate = draw.choice(("ends", "ends", "ends", "fails in SQL", "fails", "takes too long"))
    if draw.random() < 0.5:
        await one_look(database, hotel_id, fate, tally)
        return
    with_hotel = database.public() if hotel_id is None else database.hotel(hotel_id)
    try:
        async with with_hotel as tx:
            found = await seen(tx)
            tally["foreign" if found != ({hotel_id} - {None}) else "own"] += 1
            if fate == "fails in SQL":
                await tx.execute(text("SELECT 1 / 0"))
            if fate == "takes too long":
                await tx.execute(text("SET LOCAL statement_timeout = 5"))
                await tx.execute(text("SELECT pg_sleep(1)"))
            if fate == "fails":
                raise LookupError
    except (DBAPIError, DatabaseAway, LookupError):
        tally["failed"] += 1


async def one_look(database: Database, hotel_id: int | None, fate: str, tally: Tally) -> None:
    """The same in one round trip, where what fails does so after the rows were found."""
    then = Hot("SELECT 1 / 0 AS nothing" if fate == "fails in SQL" else "SELECT 1 AS one")
    try:
        rows, _ = await database.look((Hot(LOOK.text), {}), (then, {}), hotel_id=hotel_id)
        tally["foreign" if {row.hotel_id for row in rows} != ({hotel_id} - {None}) else "own"] += 1
    except (psycopg.Error, DatabaseAway):
        tally["failed"] += 1


async def in_turn(database: Database, transactions: int) -> Tally:
    """Callers at once, each with one transaction after another; one in four goes before it is answered."""
    tally, left = Tally(), iter(range(transactions))

    async def caller() -> None:
        for n in left:
            draw = Random(f"{SEED} {n}")  # noqa: S311 - the same again for the same seed.
            asked = asyncio.create_task(one(database, draw, tally))
            if draw.random() < 0.25:
                await asyncio.sleep(draw.uniform(0, 0.01))
                asked.cancel()
            try:
                await asked
            except asyncio.CancelledError:
                tally["gone"] += 1

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return tally


@asynccontextmanager
async def four_connections(app_url: str) -> AsyncIterator[Database]:
    """A pool of two, and two more on demand."""
    async with opened(app_url, pool_size=CONNECTIONS // 2) as database:
        await database.open()
        yield database


def sessions(owner_url: str) -> Counter[str]:
    """The states of the application's connections to this database."""
    with connect(owner_url) as db:
        rows = db.execute(
            "SELECT state FROM pg_stat_activity WHERE usename = 'holdfast_app' AND datname = current_database()"
        ).fetchall()
    return Counter(str(state) for (state,) in rows)


async def test_hotels_in_turn_on_four_connections_see_their_own_rows_only(fresh_url: str) -> None:
    """Whatever went wrong before on the connection; afterwards none is left inside a transaction."""
    async with four_connections(in_role(fresh_url)) as database:
        tally = await in_turn(database, TRANSACTIONS)
        print(f"\nproof: seed {SEED}, {TRANSACTIONS} transactions: {dict(tally)}")
        assert tally["foreign"] == 0
        assert min(tally["own"], tally["failed"], tally["gone"]) > TRANSACTIONS // 20
        async with asyncio.timeout(10):
            while set(sessions(fresh_url)) != {"idle"}:
                await asyncio.sleep(0.05)
        assert sum(sessions(fresh_url).values()) <= CONNECTIONS


@pytest.mark.parametrize(
    "guard",
    ["outlives its transaction", "outlives its look", "is made once"],
)
async def test_a_hotel_that_stays_with_the_connection_is_noticed(
    app_url: str, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """Without the setting that is local to its transaction and made anew for each, others' rows are seen."""
    local = Database._transaction
    if guard == "outlives its look":
        monkeypatch.setattr(session, "_FOR_HOTEL", session._FOR_HOTEL.replace("true", "false"))

    def kept(database: Database, opening: str):  # type: ignore[no-untyped-def]
        said = opening.replace(", true)", ", false)")
        if guard == "outlives its look":
            said = opening.replace(", false)", ", true)")
        if guard == "is made once" and "hotel_id', '" in said:
            hotel_id = said.rpartition("', '")[2].partition("'")[0]
            known = "NULLIF(current_setting('holdfast.hotel_id', true), '')"
            said = f"BEGIN; SELECT set_config('holdfast.hotel_id', coalesce({known}, '{hotel_id}'), false)"
        return local(database, said)

    monkeypatch.setattr(Database, "_transaction", kept)
    async with four_connections(app_url) as database:
        assert (await in_turn(database, 100))["foreign"] > 0
