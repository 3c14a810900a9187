"""The office writes everything that is not a booking: for now, who is logged in.

Sessions are opaque and end at once when their row is deleted. An unknown address, a wrong password and a wrong code get
the same answer after the same work, so that nobody learns who has a login here. Rules in words: docs/accounts.md.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from pwdlib import PasswordHash
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.keyed import keyed_hash
from api.problems import Problem, busy
from api.second_factor import SecondFactor
from domain.refusals import absent, conflict, rule
from store.attempts import count_attempt
from store.second_factors import (
    begin_second_factor,
    confirm_second_factor,
    end_second_factor,
    find_second_factor,
    take_recovery_code,
    take_step,
)
from store.session import Database, DatabaseAway
from store.sessions import (
    Lifetimes,
    ListedSession,
    NewSession,
    StaffSession,
    create_session,
    list_sessions,
    look_at_session,
    renew_session,
    revoke_listed_session,
    revoke_other_sessions,
    revoke_session,
    sweep_sessions,
    touch_session,
)
from store.staff import StaffMember, StaffRole, find_staff_by_email, roles_of

SESSIONS = Lifetimes(each=timedelta(hours=24), whole=timedelta(days=14), overlap=timedelta(seconds=30))
# A look at every request would be a write at every request.
LAST_USED_TO = timedelta(minutes=10)
MOST_LOGINS = 10
LOGIN_WINDOW = timedelta(minutes=15)
# How long a secret that was handed out waits for its first code.
CONFIRM_WITHIN = timedelta(minutes=15)
# Argon2 takes 64 MB and a core for a moment; two at a time keep the rest of the API alive.
CHECKS_AT_ONCE = 2
LOGIN_SECONDS = 5.0
# What an unknown address is checked against, so that it takes as long as a known one: of words that nobody has kept.
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$b9tA5Z6u1tfDFc0YToUnBA$QXk4dydCgD9QC3sqOZ9n7n7b3zP1js9Uflo4oxmADFw"
NOBODY = 0


class Office:
    """Logs staff in and out. secret: HOLDFAST_SECRET_KEY."""

    def __init__(self, database: Database, clock: Callable[[], datetime], secret: str) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret
        self._factor = SecondFactor(secret)
        self._hasher = PasswordHash.recommended()
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def count_login(self, address: str | None, email: str) -> None:
        """Counts a try, for its address and for the account, in all processes together. address: None has no limit.

        Errors: 429 too_many_requests with the seconds until both may try again.
        """
        if address is None:
            return
        now = self._clock()
        who = (
            keyed_hash(self._secret, "login address", address),
            keyed_hash(self._secret, "login account", email.strip().lower()),
        )
        async with self._database.public() as tx:
            counted = await count_attempt(tx, who, now, LOGIN_WINDOW)
        full = [one.ends_at for one in counted if one.count > MOST_LOGINS]
        if full:
            wait = max(1, round((max(full) - now).total_seconds()))
            told = "Too many logins from this address or to this account."
            raise Problem(429, "too_many_requests", told, retry_after=wait)

    async def log_in(
        self, email: str, password: str, code: str | None = None
    ) -> tuple[NewSession, StaffSession, list[StaffRole]]:
        """A new session with its token, whose it is, and where that person works.

        Errors: 401 login_refused, code_needed; 503 not_ready when too many logins are being checked.
        """
        person = await self._person(email, password)
        now = self._clock()
        async with self._database.public(person.id if person else None) as tx:
            taken = code is not None and await self._code_taken(tx, person, code, now)
            if person is None or (person.sealed_secret and code is not None and not taken):
                raise _not_known("login_refused", "E-mail, password and code do not belong together.")
            if person.sealed_secret and code is None:
                raise _not_known("code_needed", "This account also asks for a code of its authenticator app.")
            roles = await roles_of(tx, person.id)
            session = await create_session(tx, person.id, now, SESSIONS.each)
            await sweep_sessions(tx, now)
        return session, StaffSession(person.id, person.email, person.name, session.expires_at, now), roles

    async def known(self, token: str) -> tuple[StaffSession, list[StaffRole]] | None:
        """Whose session this is and where they work; None when it is not open."""
        now = self._clock()
        known = await look_at_session(self._database, token, now)
        if known is None:
            return None
        session, roles = known
        if now - session.last_used_at >= LAST_USED_TO:
            # Who may read while the database takes no writes shall not be refused for the sake of this.
            with suppress(DatabaseAway, DBAPIError):
                async with self._database.public() as tx:
                    await touch_session(tx, token, now)
        return session, roles

    async def log_out(self, token: str) -> None:
        """Ends the session at once."""
        async with self._database.public() as tx:
            await revoke_session(tx, token)

    async def renew(self, token: str) -> NewSession:
        """A new session in the place of that one. Errors: 409 session_renewed where it was replaced before."""
        async with self._database.public() as tx:
            session = await renew_session(tx, token, self._clock(), SESSIONS)
        if session is None:
            raise conflict("session_renewed", "Renewed a moment ago already; use the new session.")
        return session

    async def sessions(self, staff_id: int, token: str) -> list[ListedSession]:
        """A person's open sessions; the one of `token` is the current one."""
        async with self._database.public() as tx:
            return await list_sessions(tx, staff_id, token, self._clock())

    async def end_session(self, staff_id: int, session_id: UUID) -> None:
        """Ends one of that person's sessions at once. Errors: 404."""
        async with self._database.public() as tx:
            if not await revoke_listed_session(tx, staff_id, session_id):
                raise absent()

    async def end_other_sessions(self, staff_id: int, token: str) -> int:
        """Ends all of that person's sessions but that of `token`; answers how many."""
        async with self._database.public() as tx:
            return await revoke_other_sessions(tx, staff_id, token)

    async def has_second_factor(self, staff_id: int) -> bool:
        """Whether that person's logins ask for a code."""
        async with self._database.public() as tx:
            factor = await find_second_factor(tx, staff_id)
        return factor is not None and factor.confirmed_at is not None

    async def begin_second_factor(self, staff_id: int, email: str) -> tuple[str, str]:
        """A fresh secret for an authenticator app, and its otpauth:// address. Errors: 409 second_factor_on."""
        secret = self._factor.new_secret()
        async with self._database.public() as tx:
            if not await begin_second_factor(tx, staff_id, self._factor.sealed(staff_id, secret), self._clock()):
                raise conflict("second_factor_on", "This account asks for a code already; turn that off first.")
        return secret, self._factor.uri_of(email, secret)

    async def confirm_second_factor(self, staff_id: int, code: str) -> list[str]:
        """Turns it on with the first code of the app; answers the recovery codes, which are not kept.

        Errors: 409 second_factor_on, second_factor_not_begun; 422 code_refused.
        """
        now = self._clock()
        async with self._database.public() as tx:
            factor = await find_second_factor(tx, staff_id)
            if factor is not None and factor.confirmed_at is not None:
                raise conflict("second_factor_on", "This account asks for a code already; turn that off first.")
            if factor is None or now - factor.begun_at > CONFIRM_WITHIN:
                raise conflict("second_factor_not_begun", "Begin anew: the secret was never asked for, or is too old.")
            step = self._factor.step_of(staff_id, factor.sealed_secret, code, now)
            if step is None:
                raise rule("code_refused", "This is not the app's code of this half minute.", "code")
            codes = self._factor.new_recovery_codes()
            hashes = [self._factor.hash_of(staff_id, one) for one in codes]
            if not await confirm_second_factor(tx, staff_id, factor.sealed_secret, now, step, hashes):
                raise conflict("second_factor_not_begun", "Begin anew: another secret was asked for meanwhile.")
        return codes

    async def end_second_factor(self, staff_id: int, email: str, password: str, code: str) -> None:
        """Turns it off for who knows the password and has a code, of the app or a recovery one.

        Errors: 409 second_factor_off; 422 code_refused, the same for a wrong password and a wrong code.
        """
        person = await self._person(email, password)
        async with self._database.public() as tx:
            factor = await find_second_factor(tx, staff_id)
            if factor is None or factor.confirmed_at is None:
                raise conflict("second_factor_off", "This account asks for no code.")
            if not await self._code_taken(tx, person, code, self._clock()):
                raise rule("code_refused", "Password and code do not belong together.", "code")
            await end_second_factor(tx, staff_id)

    async def _person(self, email: str, password: str) -> StaffMember | None:
        """Who has that e-mail and password and works here still."""
        async with self._database.public() as tx:
            person = await find_staff_by_email(tx, email)
        fits = await self._checked(password, person.password_hash if person else NOBODYS_HASH)
        return person if person and fits and person.active else None

    async def _checked(self, password: str, known: str) -> bool:
        try:
            async with asyncio.timeout(LOGIN_SECONDS), self._checks:
                return await asyncio.to_thread(self._hasher.verify, password, known)
        except TimeoutError as late:
            raise busy("not_ready", "Too many people are logging in; try again in a moment.") from late

    async def _code_taken(self, tx: AsyncConnection, person: StaffMember | None, code: str, now: datetime) -> bool:
        """Uses a code up, of the app or a recovery one; for nobody it does the same work in vain."""
        staff_id = person.id if person else NOBODY
        step = self._factor.step_of(staff_id, person.sealed_secret if person else None, code, now)
        if step is not None:
            return await take_step(tx, staff_id, step)
        return await take_recovery_code(tx, staff_id, self._factor.hash_of(staff_id, code))


def _not_known(code: str, detail: str) -> Problem:
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})
