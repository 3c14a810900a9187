"""The office writes everything that is not a booking: for now, who is logged in.

Sessions are opaque and end at once when their row is deleted. An unknown address and a wrong password get the same
answer after the same work, so that nobody learns who has a login here.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from pwdlib import PasswordHash

from api.problems import Problem, busy
from store.session import Database
from store.staff import (
    NewSession,
    StaffRole,
    StaffSession,
    create_session,
    find_session,
    find_staff_by_email,
    revoke_session,
    roles_of,
    sweep_sessions,
)

SESSION_LIFETIME = timedelta(hours=24)
# Argon2 takes 64 MB and a core for a moment; two at a time keep the rest of the API alive.
CHECKS_AT_ONCE = 2
LOGIN_SECONDS = 5.0
# What an unknown address is checked against, so that it takes as long as a known one: of words that nobody has kept.
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$b9tA5Z6u1tfDFc0YToUnBA$QXk4dydCgD9QC3sqOZ9n7n7b3zP1js9Uflo4oxmADFw"


class Office:
    """Logs staff in and out."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHash.recommended()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def log_in(self, email: str, password: str) -> tuple[NewSession, StaffSession, list[StaffRole]]:
        """A new session with its token, whose it is, and where that person works.

        Errors: 401 login_refused; 503 not_ready when too many logins are being checked.
        """
        async with self._database.public() as tx:
            person = await find_staff_by_email(tx, email)
        known = person.password_hash if person else NOBODYS_HASH
        fits = await self._checked(password, known)
        if person is None or not fits or not person.active:
            raise Problem(
                401,
                "login_refused",
                "E-mail and password do not belong together.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        now = self._clock()
        async with self._database.public(person.id) as tx:
            roles = await roles_of(tx, person.id)
            session = await create_session(tx, person.id, now, SESSION_LIFETIME)
            await sweep_sessions(tx, now)
        return session, StaffSession(person.id, person.email, person.name, session.expires_at), roles

    async def known(self, token: str) -> tuple[StaffSession, list[StaffRole]] | None:
        """Whose session this is and where they work; None when it is not open."""
        async with self._database.public() as tx:
            session = await find_session(tx, token, self._clock())
        if session is None:
            return None
        async with self._database.public(session.staff_id) as tx:
            return session, await roles_of(tx, session.staff_id)

    async def log_out(self, token: str) -> None:
        """Ends the session at once."""
        async with self._database.public() as tx:
            await revoke_session(tx, token)

    async def _checked(self, password: str, known: str) -> bool:
        try:
            async with asyncio.timeout(LOGIN_SECONDS), self._checks:
                return await asyncio.to_thread(self._hasher.verify, password, known)
        except TimeoutError as late:
            raise busy("not_ready", "Too many people are logging in; try again in a moment.") from late
