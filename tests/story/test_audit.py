"""The audit of what is written finds nothing in a booking that was lived, and everything that is tampered with."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import pytest
from temporalio.client import Client

from doubles.mailbox import Mailbox
from store.session import app_url
from tests.story.conftest import at_work, own_namespace
from tests.story.test_life import stay_in
from tests.story.world import Life, build_house, connect
from tests.whole import audit

# Each with what the audit has to say of it.
TAMPERED: tuple[tuple[LiteralString, str], ...] = (
    ("UPDATE room_type_nights SET sold = sold + 1 WHERE sold > 0", "stays say"),
    ("UPDATE room_type_nights SET sold = sold - 1, held = held + 1 WHERE sold > 0", "stays say"),
    ("DELETE FROM room_segments", "segments say"),
    ("UPDATE room_segments SET departure = departure + 1", "segments say"),
    ("DELETE FROM booking_events WHERE seq = 2", "events from 1 to"),
    ("UPDATE booking_events SET status_after = 'pending' WHERE seq = 2", "began at"),
    ("UPDATE booking_events SET status_after = 'cancelled' WHERE seq = 4", "its last event came to"),
    ("DELETE FROM cash_movements; DELETE FROM payments", "its payments are None"),
    ("UPDATE payments SET amount_minor = amount_minor + 1", "its events tell"),
    ("INSERT INTO command_keys SELECT hotel_id, reference, 'x' || key, body_hash, seq FROM command_keys", "2 keys"),
    (
        "INSERT INTO notices (hotel_id, reference, seq, kind, audience, due_at)"
        " SELECT hotel_id, reference, seq, kind, audience, due_at FROM notices",
        "2 times",
    ),
    ("UPDATE bookings SET balance_minor = balance_minor + 1", "its state"),
    ("UPDATE bookings SET agenda = '[]'", "its clocks"),
    ("UPDATE stays SET total_minor = total_minor + 1", "its state says"),
)


@pytest.fixture
async def temporal_namespace(temporal_target: str) -> str:
    """Without other tests' bookings, which are not in this test's database."""
    return await own_namespace(temporal_target)


@pytest.fixture
async def lived(client: Client, fresh_url: str) -> AsyncIterator[Life]:
    """A confirmed booking with a room and a payment, in a database that holds no other."""
    house = build_house(fresh_url)
    async with at_work(client, app_url(fresh_url)):
        life = Life(client, fresh_url, house, stay_in(house, 30))
        await life.begin()
        await life.approve()
        await life.assign("101")
        await life.pay(5_000)
        yield life


async def test_whatever_is_tampered_with_is_found(lived: Life) -> None:
    """Each in a transaction that is rolled back, so that the next one meets a booking in order."""
    with connect(lived.owner_url) as db:
        assert audit.rows(db) == []
        for statement, words in TAMPERED:
            with db.transaction(force_rollback=True):
                db.execute(statement)
                assert any(words in fault for fault in audit.rows(db)), statement
        assert audit.rows(db) == []


async def test_letters_that_should_not_have_gone_out_are_found(lived: Life, tmp_path: Path) -> None:
    """Twice, for nobody, never, or after the end."""
    mailbox = Mailbox(tmp_path)
    notices = {row["kind"]: row for row in lived.looked("SELECT kind, hotel_id, notice_id FROM notices")}
    names = {kind: f"{row['hotel_id']}.{row['notice_id']}" for kind, row in notices.items()}

    def send(name: str) -> None:
        mailbox.keep([{"To": "guest@example.com", "Metadata": {"holdfast_notice": name}}])

    with connect(lived.owner_url) as db:
        place = tmp_path / "mail.db"
        send(names["confirmed"])
        assert audit.letters(db, place) == []
        with db.transaction(force_rollback=True):
            db.execute("UPDATE notices SET state = 'sent' WHERE kind = 'received'")
            assert audit.letters(db, place) == [f"notice {names['received']} is called sent and never arrived"]
        await lived.cancel()
        assert audit.letters(db, place) == []
        db.execute("UPDATE booking_events SET recorded_at = recorded_at - %s", [timedelta(minutes=1)])
        assert ["confirmed went out" in fault for fault in audit.letters(db, place)] == [True]
        send(names["confirmed"])
        send("1.999999")
        told = audit.letters(db, place)
    mailbox.close()
    assert f"notice {names['confirmed']} went out 2 times" in told
    assert "a letter went out for notice 1.999999, which is nowhere" in told


async def test_bookings_and_workflows_without_each_other_are_found(lived: Life, client: Client) -> None:
    """A workflow for an ended booking, and an open booking whose workflow somebody terminated."""
    name = f"booking-{lived.reference}"

    async def faults() -> list[str]:
        with connect(lived.owner_url) as db:
            return await audit.workflows(client, db, seconds=3)

    assert await faults() == []
    with connect(lived.owner_url) as db:
        db.execute("UPDATE bookings SET status = 'cancelled'")
        assert await faults() == [f"{name} runs, and no booking is open"]
        db.execute("UPDATE bookings SET status = 'confirmed'")
    await lived.handle.terminate("by mistake")
    # The server's list lags behind its end; while it shows the workflow, list and rows agree.
    async with asyncio.timeout(30):
        while [
            found async for found in client.list_workflows(f"WorkflowId = '{name}' AND ExecutionStatus = 'Running'")
        ]:
            await asyncio.sleep(0.2)
    assert await faults() == [f"{name} is open, and no workflow runs"]
