"""Openings are announced at their commit, to who waits for that booking, also after the line was cut."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from messages.names import OPENINGS_CHANNEL
from store.announcements import Announcements
from store.session import app_url
from tests.story.world import connect

LISTENING = """
SELECT pid FROM pg_stat_activity
WHERE application_name = 'holdfast announcements' AND datname = current_database()
"""
SECONDS = 15


@pytest.fixture
async def announcements(fresh_url: str) -> AsyncIterator[Announcements]:
    """Announcements of a database of this test's own, once they are heard."""
    heard = Announcements(app_url(fresh_url))
    listening = asyncio.create_task(heard.run())
    await _heard(fresh_url, heard, "the first")
    yield heard
    listening.cancel()
    await asyncio.wait([listening])


async def _heard(url: str, announcements: Announcements, reference: str) -> None:
    """Announces it until it is heard. Bounded."""
    with announcements.of(reference) as announced:
        async with asyncio.timeout(SECONDS):
            while not announced.is_set():
                with connect(url) as db:
                    db.execute("SELECT pg_notify(%s, %s)", [OPENINGS_CHANNEL, reference])
                await asyncio.sleep(0.05)


async def test_only_what_is_committed_is_heard_and_only_by_who_waits_for_it(
    announcements: Announcements, fresh_url: str
) -> None:
    """A transaction that is rolled back announces nothing; another booking's announcement wakes nobody."""
    with announcements.of("A") as a, announcements.of("A") as again, announcements.of("B") as b:
        with connect(fresh_url) as db:
            db.execute("BEGIN")
            db.execute("SELECT pg_notify(%s, 'B')", [OPENINGS_CHANNEL])
            db.execute("ROLLBACK")
            db.execute("BEGIN")
            db.execute("SELECT pg_notify(%s, 'A')", [OPENINGS_CHANNEL])
            await asyncio.sleep(0.2)
            assert not a.is_set()
            db.execute("COMMIT")
        async with asyncio.timeout(SECONDS):
            await a.wait()
            await again.wait()
        assert not b.is_set()


async def test_a_line_that_was_cut_is_opened_again(announcements: Announcements, fresh_url: str) -> None:
    """The server ends the connection; a little later announcements are heard as before."""
    with connect(fresh_url) as db:
        (row,) = db.execute(LISTENING).fetchall()
        db.execute("SELECT pg_terminate_backend(%s)", [row[0]])
    await _heard(fresh_url, announcements, "after it")
