"""The second factor of staff who have turned one on: a sealed secret, the last code taken, and recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A secret that was handed out. confirmed_at: None until the first right code."""

    sealed_secret: bytes
    begun_at: datetime
    confirmed_at: datetime | None


_FIND = text("SELECT sealed_secret, begun_at, confirmed_at FROM second_factors WHERE staff_id = :staff_id")
_BEGIN = text(
    """
    INSERT INTO second_factors AS f (staff_id, sealed_secret, begun_at) VALUES (:staff_id, :sealed_secret, :now)
    ON CONFLICT (staff_id) DO UPDATE SET sealed_secret = :sealed_secret, begun_at = :now
    WHERE f.confirmed_at IS NULL
    """
)
# The secret is compared too: a code of a secret that was replaced meanwhile turns nothing on.
_CONFIRM = text(
    """
    UPDATE second_factors SET confirmed_at = :now, last_step = :step
    WHERE staff_id = :staff_id AND sealed_secret = :sealed_secret AND confirmed_at IS NULL
    """
)
_KEEP_CODES = text(
    "INSERT INTO recovery_codes (staff_id, code_hash) SELECT :staff_id, unnest(CAST(:code_hashes AS text[]))"
)
_TAKE_STEP = text("UPDATE second_factors SET last_step = :step WHERE staff_id = :staff_id AND last_step < :step")
_TAKE_CODE = text("DELETE FROM recovery_codes WHERE staff_id = :staff_id AND code_hash = :code_hash")
_END = text("DELETE FROM second_factors WHERE staff_id = :staff_id")


async def find_second_factor(tx: AsyncConnection, staff_id: int) -> SecondFactor | None:
    """What that person has begun or turned on."""
    row = (await tx.execute(_FIND, {"staff_id": staff_id})).one_or_none()
    return None if row is None else SecondFactor(*row)


async def begin_second_factor(tx: AsyncConnection, staff_id: int, sealed_secret: bytes, now: datetime) -> bool:
    """Keeps a secret that waits for its first code, in the place of an earlier one; False where one is on already."""
    row = {"staff_id": staff_id, "sealed_secret": sealed_secret, "now": now}
    return (await tx.execute(_BEGIN, row)).rowcount > 0


async def confirm_second_factor(
    tx: AsyncConnection, staff_id: int, sealed_secret: bytes, now: datetime, step: int, code_hashes: Sequence[str]
) -> bool:
    """Turns it on, with its recovery codes; False where that secret does not wait for a code any more."""
    row = {"staff_id": staff_id, "sealed_secret": sealed_secret, "now": now, "step": step}
    if (await tx.execute(_CONFIRM, row)).rowcount == 0:
        return False
    await tx.execute(_KEEP_CODES, {"staff_id": staff_id, "code_hashes": list(code_hashes)})
    return True


async def take_step(tx: AsyncConnection, staff_id: int, step: int) -> bool:
    """Uses up the code of that half minute; False where it or a later one was used before."""
    return (await tx.execute(_TAKE_STEP, {"staff_id": staff_id, "step": step})).rowcount > 0


async def take_recovery_code(tx: AsyncConnection, staff_id: int, code_hash: str) -> bool:
    """Uses up a recovery code; False where that person has none such."""
    return (await tx.execute(_TAKE_CODE, {"staff_id": staff_id, "code_hash": code_hash})).rowcount > 0


async def end_second_factor(tx: AsyncConnection, staff_id: int) -> None:
    """Turns it off; its recovery codes go with it."""
    await tx.execute(_END, {"staff_id": staff_id})
