"""Sessions that end when they should."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from store.session import Database, app_url
from store.sessions import (
    create_session,
    look_at_session,
    revoke_session,
    revoke_sessions_of,
    sweep_sessions,
)
from tests.houses import opened
from tests.store.test_staff import person

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SHIFT = timedelta(hours=12)


async def test_a_session_is_open_until_its_very_end(database: Database) -> None:
    member = await person(database)
    async with database.public() as tx:
        session = await create_session(tx, member.id, NOW, SHIFT)
    known = await look_at_session(database, session.token, NOW + SHIFT - timedelta(seconds=1))
    assert await look_at_session(database, session.token, NOW + SHIFT) is None
    assert known is not None
    open_one, roles = known
    assert [role.hotel_slug for role in roles] == ["malabar"]
    assert (open_one.staff_id, open_one.email, open_one.expires_at) == (member.id, member.email, NOW + SHIFT)
    assert session.expires_at == NOW + SHIFT


async def test_the_token_itself_is_nowhere_in_the_database(database: Database) -> None:
    member = await person(database)
    async with database.public() as tx:
        session = await create_session(tx, member.id, NOW, SHIFT)
        kept = (await tx.execute(text("SELECT string_agg(s::text, ' ') FROM sessions s"))).scalar_one()
        assert session.token not in kept
        hashes = (await tx.execute(text("SELECT token_hash FROM sessions"))).scalars().all()
    assert len(session.token) >= 43
    assert all(len(stored) == 64 and stored != session.token for stored in hashes)


async def test_no_two_sessions_share_a_token(database: Database) -> None:
    member = await person(database)
    async with database.public() as tx:
        tokens = {(await create_session(tx, member.id, NOW, SHIFT)).token for _ in range(20)}
    assert len(tokens) == 20


@pytest.mark.parametrize("token", ["", "x", "not-a-token", "ü" * 50, "x" * 101, "x" * 100_000])
async def test_what_is_no_token_opens_nothing(database: Database, token: str) -> None:
    assert await look_at_session(database, token, NOW) is None


async def test_logging_out_ends_that_session_at_once_and_no_other(database: Database) -> None:
    member = await person(database)
    async with database.public() as tx:
        one, other = [await create_session(tx, member.id, NOW, SHIFT) for _ in range(2)]
    async with database.public() as tx:
        assert await revoke_session(tx, one.token) is True
    async with database.public() as tx:
        assert await revoke_session(tx, one.token) is False
    assert await look_at_session(database, one.token, NOW) is None
    assert await look_at_session(database, other.token, NOW) is not None


async def test_all_sessions_of_a_person_end_together(fresh_database: Database) -> None:
    database = fresh_database
    member, colleague = await person(database), await person(database, "manager@malabar.example")
    async with database.public() as tx:
        mine = [await create_session(tx, member.id, NOW, SHIFT) for _ in range(3)]
        theirs = await create_session(tx, colleague.id, NOW, SHIFT)
    async with database.public() as tx:
        assert await revoke_sessions_of(tx, member.id) == 3
    assert [await look_at_session(database, session.token, NOW) for session in mine] == [None] * 3
    assert await look_at_session(database, theirs.token, NOW) is not None


async def test_a_person_who_has_left_has_no_session_any_more(fresh_url: str) -> None:
    async with opened(app_url(fresh_url)) as database:
        member = await person(database)
        async with database.public() as tx:
            session = await create_session(tx, member.id, NOW, SHIFT)
        async with opened(fresh_url) as owner, owner.public() as tx:
            await tx.execute(text("UPDATE staff SET active = false WHERE staff_id = :id"), {"id": member.id})
        assert await look_at_session(database, session.token, NOW) is None
        assert (await person(database)).active is False


async def test_sweeping_removes_what_has_expired_and_nothing_else(fresh_url: str) -> None:
    async with opened(app_url(fresh_url)) as database:
        member = await person(database)
        async with database.public() as tx:
            await create_session(tx, member.id, NOW - SHIFT, SHIFT)
            lasting = await create_session(tx, member.id, NOW, SHIFT)
        async with database.public() as tx:
            assert await sweep_sessions(tx, NOW) == 1
            assert await sweep_sessions(tx, NOW) == 0
        assert await look_at_session(database, lasting.token, NOW) is not None
