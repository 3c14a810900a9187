"""Staff: who they are, where they work, and their sessions.

A session's token is opaque and leaves this house once; only its SHA-256 is kept, so that a copy of the table opens no
door. Deleting the row ends the session at once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TOKEN_BYTES = 32
MAX_TOKEN_LENGTH = 100
SWEPT_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person with a login. password_hash: Argon2, in its own text form."""

    id: int
    email: str
    name: str
    password_hash: str
    active: bool


@dataclass(frozen=True, slots=True)
class StaffRole:
    """What a person is at one hotel: `frontdesk`, `manager` or `admin`."""

    hotel_id: int
    hotel_slug: str
    hotel_name: str
    role: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """The only moment at which the token is known."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StaffSession:
    """An open session and whose it is."""

    staff_id: int
    email: str
    name: str
    expires_at: datetime


_BY_EMAIL = text("SELECT staff_id, email, name, password_hash, active FROM staff WHERE email = :email")
_ROLES = text(
    """
    SELECT r.hotel_id, h.slug, h.name, r.role
    FROM staff_roles r
    JOIN hotels h ON h.hotel_id = r.hotel_id
    WHERE r.staff_id = :staff_id
    ORDER BY h.slug
    """
)
_OPEN_SESSION = text(
    "INSERT INTO sessions (token_hash, staff_id, created_at, expires_at) "
    "VALUES (:token_hash, :staff_id, :created_at, :expires_at)"
)
_SESSION = text(
    """
    SELECT s.staff_id, p.email, p.name, s.expires_at
    FROM sessions s
    JOIN staff p ON p.staff_id = s.staff_id AND p.active
    WHERE s.token_hash = :token_hash AND s.expires_at > :now
    """
)
_REVOKE = text("DELETE FROM sessions WHERE token_hash = :token_hash")
_REVOKE_ALL = text("DELETE FROM sessions WHERE staff_id = :staff_id")
_SWEEP = text(
    "DELETE FROM sessions WHERE token_hash IN "
    "(SELECT token_hash FROM sessions WHERE expires_at <= :now ORDER BY token_hash LIMIT :at_once)"
)


async def find_staff_by_email(tx: AsyncConnection, email: str) -> StaffMember | None:
    """The person with that address, however it is cased; active or not. tx: any transaction."""
    row = (await tx.execute(_BY_EMAIL, {"email": email.strip().lower()})).one_or_none()
    return None if row is None else StaffMember(*row)


async def roles_of(tx: AsyncConnection, staff_id: int) -> list[StaffRole]:
    """Where a person works and as what, in order of the hotel's slug.

    tx: `Database.public(staff_id)` sees all of that person's roles; a hotel's transaction sees those at that hotel.
    """
    return [StaffRole(*row) for row in await tx.execute(_ROLES, {"staff_id": staff_id})]


async def create_session(tx: AsyncConnection, staff_id: int, now: datetime, lifetime: timedelta) -> NewSession:
    """Opens a session from `now` (the real clock) on; the answer holds its token, which is not kept."""
    session = NewSession(secrets.token_urlsafe(TOKEN_BYTES), now + lifetime)
    row = {
        "token_hash": _hashed(session.token),
        "staff_id": staff_id,
        "created_at": now,
        "expires_at": session.expires_at,
    }
    await tx.execute(_OPEN_SESSION, row)
    return session


async def find_session(tx: AsyncConnection, token: str, now: datetime) -> StaffSession | None:
    """The session of that token, if it is still open at `now` and its person still active."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    row = (await tx.execute(_SESSION, {"token_hash": _hashed(token), "now": now})).one_or_none()
    return None if row is None else StaffSession(*row)


async def revoke_session(tx: AsyncConnection, token: str) -> bool:
    """Ends one session; says whether there was one."""
    return (await tx.execute(_REVOKE, {"token_hash": _hashed(token)})).rowcount > 0


async def revoke_sessions_of(tx: AsyncConnection, staff_id: int) -> int:
    """Ends every session of a person, as after a changed password; answers how many there were."""
    return (await tx.execute(_REVOKE_ALL, {"staff_id": staff_id})).rowcount


async def sweep_sessions(tx: AsyncConnection, now: datetime) -> int:
    """Removes sessions that have expired, at most SWEPT_AT_ONCE; answers how many."""
    return (await tx.execute(_SWEEP, {"now": now, "at_once": SWEPT_AT_ONCE})).rowcount


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
