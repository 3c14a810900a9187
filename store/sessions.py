"""Sessions of staff: opened, renewed, listed and ended.

A session's token is opaque and leaves this house once; only its SHA-256 is kept, so that a copy of the table opens no
door. Deleting the row ends the session at once. Every instant is the real clock's.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.hot import Hot
from store.session import Database
from store.staff import StaffRole, own_roles_asked

TOKEN_BYTES = 32
MAX_TOKEN_LENGTH = 100
SWEPT_AT_ONCE = 1_000
LISTED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class NewSession:
    """The only moment at which the token is known."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StaffSession:
    """An open session and whose it is. last_used_at: to as many minutes as whoever writes it down says."""

    staff_id: int
    email: str
    name: str
    expires_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class ListedSession:
    """One of a person's open sessions. id opens nothing; logged_in_at: when the password was given."""

    id: UUID
    logged_in_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live. whole: from the login on, however often renewed; overlap: the old one beside the new."""

    each: timedelta
    whole: timedelta
    overlap: timedelta


_OPEN = text(
    "INSERT INTO sessions (token_hash, staff_id, created_at, expires_at, logged_in_at) "
    "VALUES (:token_hash, :staff_id, :created_at, :expires_at, :logged_in_at)"
)
# It says whose roles may be seen by what is read after it.
_FIND = Hot(
    """
    SELECT s.staff_id, p.email, p.name, s.expires_at, COALESCE(s.last_used_at, s.created_at),
        set_config('holdfast.staff_id', CAST(s.staff_id AS text), true)
    FROM sessions s
    JOIN staff p ON p.staff_id = s.staff_id AND p.active
    WHERE s.token_hash = :token_hash AND s.expires_at > :now
    """
)
_TOUCH = text("UPDATE sessions SET last_used_at = :now WHERE token_hash = :token_hash")
_REPLACE = text(
    """
    UPDATE sessions SET replaced_at = :now, expires_at = LEAST(expires_at, :until)
    WHERE token_hash = :token_hash AND expires_at > :now AND replaced_at IS NULL
    RETURNING staff_id, COALESCE(logged_in_at, created_at)
    """
)
_LIST = text(
    """
    SELECT session_id, COALESCE(logged_in_at, created_at), COALESCE(last_used_at, created_at), expires_at,
        token_hash = :token_hash
    FROM sessions
    WHERE staff_id = :staff_id AND expires_at > :now AND (replaced_at IS NULL OR token_hash = :token_hash)
    ORDER BY created_at DESC, session_id
    LIMIT :at_once
    """
)
_REVOKE = text("DELETE FROM sessions WHERE token_hash = :token_hash")
_REVOKE_ONE = text("DELETE FROM sessions WHERE session_id = :session_id AND staff_id = :staff_id")
_REVOKE_OTHERS = text("DELETE FROM sessions WHERE staff_id = :staff_id AND token_hash <> :token_hash")
_REVOKE_ALL = text("DELETE FROM sessions WHERE staff_id = :staff_id")
_SWEEP = text(
    "DELETE FROM sessions WHERE token_hash IN "
    "(SELECT token_hash FROM sessions WHERE expires_at <= :now ORDER BY token_hash LIMIT :at_once)"
)


async def create_session(tx: AsyncConnection, staff_id: int, now: datetime, lifetime: timedelta) -> NewSession:
    """Opens a session at a login; the answer holds its token, which is not kept."""
    return await _opened(tx, staff_id, now, now, now + lifetime)


async def renew_session(tx: AsyncConnection, token: str, now: datetime, lifetimes: Lifetimes) -> NewSession | None:
    """A new session in the place of an open one, which lives for the overlap only; None where it was renewed before.

    The new one ends no later than the login's whole time allows.
    """
    row = {"token_hash": _hashed(token), "now": now, "until": now + lifetimes.overlap}
    replaced = (await tx.execute(_REPLACE, row)).one_or_none()
    if replaced is None:
        return None
    staff_id, logged_in_at = replaced
    return await _opened(tx, staff_id, now, logged_in_at, min(now + lifetimes.each, logged_in_at + lifetimes.whole))


async def _opened(
    tx: AsyncConnection, staff_id: int, now: datetime, logged_in_at: datetime, expires_at: datetime
) -> NewSession:
    session = NewSession(secrets.token_urlsafe(TOKEN_BYTES), expires_at)
    row = {
        "token_hash": _hashed(session.token),
        "staff_id": staff_id,
        "created_at": now,
        "expires_at": expires_at,
        "logged_in_at": logged_in_at,
    }
    await tx.execute(_OPEN, row)
    return session


async def look_at_session(database: Database, token: str, now: datetime) -> tuple[StaffSession, list[StaffRole]] | None:
    """The session of that token with where its person works; None where it is not open at `now`, or they have left."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    found, roles = await database.look((_FIND, {"token_hash": _hashed(token), "now": now}), own_roles_asked())
    if not found:
        return None
    *values, _ = found[0]
    return StaffSession(*values), [StaffRole(*row) for row in roles]


async def touch_session(tx: AsyncConnection, token: str, now: datetime) -> None:
    """Writes down that the session was used."""
    await tx.execute(_TOUCH, {"token_hash": _hashed(token), "now": now})


async def list_sessions(tx: AsyncConnection, staff_id: int, token: str, now: datetime) -> list[ListedSession]:
    """A person's open sessions, the newest first, at most LISTED_AT_ONCE; the one of `token` is the current one.

    One that was renewed is left out: its successor stands for it.
    """
    row = {"staff_id": staff_id, "token_hash": _hashed(token), "now": now, "at_once": LISTED_AT_ONCE}
    return [ListedSession(*found) for found in await tx.execute(_LIST, row)]


async def revoke_session(tx: AsyncConnection, token: str) -> bool:
    """Ends one session; says whether there was one."""
    return (await tx.execute(_REVOKE, {"token_hash": _hashed(token)})).rowcount > 0


async def revoke_listed_session(tx: AsyncConnection, staff_id: int, session_id: UUID) -> bool:
    """Ends one of that person's sessions by the id of the list; says whether there was one."""
    return (await tx.execute(_REVOKE_ONE, {"session_id": session_id, "staff_id": staff_id})).rowcount > 0


async def revoke_other_sessions(tx: AsyncConnection, staff_id: int, token: str) -> int:
    """Ends every session of a person except that token's; answers how many there were."""
    return (await tx.execute(_REVOKE_OTHERS, {"staff_id": staff_id, "token_hash": _hashed(token)})).rowcount


async def revoke_sessions_of(tx: AsyncConnection, staff_id: int) -> int:
    """Ends every session of a person, as after a changed password; answers how many there were."""
    return (await tx.execute(_REVOKE_ALL, {"staff_id": staff_id})).rowcount


async def sweep_sessions(tx: AsyncConnection, now: datetime) -> int:
    """Removes sessions that have expired, at most SWEPT_AT_ONCE; answers how many."""
    return (await tx.execute(_SWEEP, {"now": now, "at_once": SWEPT_AT_ONCE})).rowcount


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
