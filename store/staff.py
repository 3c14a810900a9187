"""Staff: who they are and where they work."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.hot import Hot


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person with a login. password_hash: Argon2, in its own text form; sealed_secret: where logins need a code."""

    id: int
    email: str
    name: str
    password_hash: str
    active: bool
    sealed_secret: bytes | None


@dataclass(frozen=True, slots=True)
class StaffRole:
    """What a person is at one hotel: `frontdesk`, `manager` or `admin`."""

    hotel_id: int
    hotel_slug: str
    hotel_name: str
    role: str


_BY_EMAIL = text(
    """
    SELECT p.staff_id, p.email, p.name, p.password_hash, p.active, f.sealed_secret
    FROM staff p
    LEFT JOIN second_factors f ON f.staff_id = p.staff_id AND f.confirmed_at IS NOT NULL
    WHERE p.email = :email
    """
)
_ROLES_OF = """
    SELECT r.hotel_id, h.slug, h.name, r.role
    FROM staff_roles r
    JOIN hotels h ON h.hotel_id = r.hotel_id
    WHERE r.staff_id = {}
    ORDER BY h.slug
"""
_ROLES = text(_ROLES_OF.format(":staff_id"))
# Of the person who is named in the transaction.
_OWN_ROLES = Hot(_ROLES_OF.format("CAST(nullif(current_setting('holdfast.staff_id', true), '') AS int)"))


def own_roles_asked() -> tuple[Hot, dict[str, Any]]:
    """The read of where the person works whom the transaction names, to be made together with others."""
    return _OWN_ROLES, {}


async def find_staff_by_email(tx: AsyncConnection, email: str) -> StaffMember | None:
    """The person with that address, however it is cased; active or not. tx: any transaction."""
    row = (await tx.execute(_BY_EMAIL, {"email": email.strip().lower()})).one_or_none()
    return None if row is None else StaffMember(*row)


async def roles_of(tx: AsyncConnection, staff_id: int) -> list[StaffRole]:
    """Where a person works and as what, in order of the hotel's slug.

    tx: `Database.public(staff_id)` sees all of that person's roles; a hotel's transaction sees those at that hotel.
    """
    return [StaffRole(*row) for row in await tx.execute(_ROLES, {"staff_id": staff_id})]
