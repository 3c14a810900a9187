"""Hotels' own accounts at the payment provider, and what a guest reads about a hotel there."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.connect import LEFT, AccountSeen, is_lost
from domain.provider_money import Account
from store.hot import Hot
from store.session import Database

_ACCOUNT = text(
    "SELECT account_id, charges_enabled, fee_percent, refund_fee FROM stripe_accounts WHERE hotel_id = :hotel_id"
)
_NAME = text("SELECT name FROM hotels WHERE hotel_id = :hotel_id")
_WHOLE = text(
    "SELECT account_id, country, charges_enabled, payouts_enabled, requirements, fee_percent, refund_fee, checked_at,"
    " left_at FROM stripe_accounts WHERE hotel_id = :hotel_id"
)
# One statement, so that the number is that of this very account.
_NUMBERED = text("""
SELECT account_id, 1 + (SELECT count(*) FROM past_stripe_accounts p WHERE p.hotel_id = a.hotel_id) AS number
FROM stripe_accounts a WHERE hotel_id = :hotel_id
""")
_PAST = text("SELECT account_id FROM past_stripe_accounts WHERE hotel_id = :hotel_id ORDER BY replaced_at, account_id")
# The row is locked first, so that the second of two followers finds that the account is not there any more.
_SET_ASIDE = text("""
WITH old AS (
    UPDATE stripe_accounts SET account_id = :account_id, country = :country, charges_enabled = false,
        payouts_enabled = false, requirements = '{}', left_at = NULL, checked_at = :at
    WHERE hotel_id = :hotel_id AND account_id = :replaces
    RETURNING hotel_id
)
INSERT INTO past_stripe_accounts (hotel_id, account_id, country, left_at, replaced_at)
SELECT a.hotel_id, a.account_id, a.country, a.left_at, :at
FROM stripe_accounts a JOIN old ON old.hotel_id = a.hotel_id
""")
# An answer that was overtaken by a newer one, or is about an account that was replaced, changes nothing.
_KEEP = text("""
INSERT INTO stripe_accounts (hotel_id, account_id, country, charges_enabled, payouts_enabled, requirements, checked_at)
VALUES (:hotel_id, :account_id, :country, :charges_enabled, :payouts_enabled, CAST(:requirements AS jsonb), :at)
ON CONFLICT (hotel_id) DO UPDATE SET charges_enabled = EXCLUDED.charges_enabled,
    payouts_enabled = EXCLUDED.payouts_enabled, requirements = EXCLUDED.requirements,
    checked_at = EXCLUDED.checked_at,
    left_at = CASE WHEN :has_left THEN coalesce(stripe_accounts.left_at, EXCLUDED.checked_at) END
WHERE stripe_accounts.checked_at <= EXCLUDED.checked_at AND stripe_accounts.account_id = EXCLUDED.account_id
""")
_FEE = text("""
UPDATE stripe_accounts SET fee_percent = coalesce(:fee_percent, fee_percent),
    refund_fee = coalesce(:refund_fee, refund_fee)
WHERE hotel_id = :hotel_id RETURNING hotel_id
""")
_SHUT = Hot("SELECT 1 AS shut FROM stripe_accounts WHERE hotel_id = :hotel_id AND NOT charges_enabled")
_OWNER = text("""
SELECT h.hotel_id, h.slug, h.country FROM stripe_accounts a JOIN hotels h ON h.hotel_id = a.hotel_id
WHERE a.account_id = :account_id
""")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A hotel's account as it was seen last. requirements: what the provider still wants, in its own short words."""

    account_id: str
    country: str
    charges_enabled: bool
    payouts_enabled: bool
    requirements: tuple[str, ...]
    fee_percent: Decimal
    refund_fee: bool
    checked_at: datetime
    left_at: datetime | None

    @property
    def is_lost(self) -> bool:
        """Whether another account may take its place."""
        return is_lost(left=self.left_at is not None, requirements=self.requirements)


class StripeAccounts:
    """Who is charged for a hotel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account_of(self, hotel_id: int) -> Account | None:
        """The hotel's own account; None where the platform's is charged."""
        async with self._database.hotel(hotel_id) as tx:
            row = (await tx.execute(_ACCOUNT, {"hotel_id": hotel_id})).one_or_none()
        return None if row is None else Account(*row)

    async def id_of(self, hotel_id: int) -> str:
        """The provider's name of the hotel's account; empty where it has none."""
        account = await self.account_of(hotel_id)
        return "" if account is None else account.account_id

    async def numbered(self, hotel_id: int) -> tuple[str, int]:
        """The provider's name of the hotel's account, and its number among the hotel's, from 1; ('', 0) without one."""
        async with self._database.hotel(hotel_id) as tx:
            row = (await tx.execute(_NUMBERED, {"hotel_id": hotel_id})).one_or_none()
        return ("", 0) if row is None else (row.account_id, row.number)

    async def set_aside(self, hotel_id: int, replaces: str, account_id: str, country: str, at: datetime) -> None:
        """Puts an account in the place of a lost one, which is remembered. Nothing where that was done before."""
        asked = {"hotel_id": hotel_id, "replaces": replaces, "account_id": account_id, "country": country, "at": at}
        async with self._database.hotel(hotel_id) as tx:
            await tx.execute(_SET_ASIDE, asked)

    async def name_of(self, hotel_id: int) -> str:
        """The hotel's name, which stands on the provider's page."""
        async with self._database.hotel(hotel_id) as tx:
            return (await tx.execute(_NAME, {"hotel_id": hotel_id})).scalar_one()

    async def keep(self, hotel_id: int, country: str, seen: AccountSeen, at: datetime) -> None:
        """Writes down how the account stood at the real clock's `at`. country: the hotel's, where none is told."""
        words = [LEFT] if seen.left else list(seen.requirements)
        row = {
            "hotel_id": hotel_id,
            "account_id": seen.account_id,
            "country": seen.country or country,
            "charges_enabled": seen.charges_enabled,
            "payouts_enabled": seen.payouts_enabled,
            "requirements": json.dumps({"words": words}),
            "has_left": seen.left,
            "at": at,
        }
        async with self._database.hotel(hotel_id) as tx:
            await tx.execute(_KEEP, row)


async def read_account(tx: AsyncConnection, hotel_id: int) -> AccountRow | None:
    """The hotel's account; None where it has none."""
    row = (await tx.execute(_WHOLE, {"hotel_id": hotel_id})).one_or_none()
    if row is None:
        return None
    return AccountRow(
        account_id=row.account_id,
        country=row.country,
        charges_enabled=row.charges_enabled,
        payouts_enabled=row.payouts_enabled,
        requirements=tuple(row.requirements.get("words", ())),
        fee_percent=row.fee_percent,
        refund_fee=row.refund_fee,
        checked_at=row.checked_at,
        left_at=row.left_at,
    )


async def past_accounts(tx: AsyncConnection, hotel_id: int) -> tuple[str, ...]:
    """The accounts that were lost and replaced, oldest first."""
    return tuple((await tx.execute(_PAST, {"hotel_id": hotel_id})).scalars())


async def set_fee(tx: AsyncConnection, hotel_id: int, fee_percent: Decimal | None, refund_fee: bool | None) -> bool:
    """Changes the platform's share; None leaves it. False where the hotel has no account."""
    asked = {"hotel_id": hotel_id, "fee_percent": fee_percent, "refund_fee": refund_fee}
    return (await tx.execute(_FEE, asked)).first() is not None


def payments_shut_asked(hotel_id: int) -> tuple[Hot, dict[str, Any]]:
    """The read that has a row where the hotel's own account takes no payments, to be made together with others."""
    return _SHUT, {"hotel_id": hotel_id}


async def owner_of_account(tx: AsyncConnection, account_id: str) -> Any | None:
    """hotel_id, slug and country of the hotel of an account. tx: in the role of operations, which sees every hotel."""
    return (await tx.execute(_OWNER, {"account_id": account_id})).one_or_none()
