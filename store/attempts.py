"""Tries at logging in, counted in fixed windows by all processes of the API together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

SWEPT_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many there were in a window, this one included, and when it ends."""

    count: int
    ends_at: datetime


# In order of `who`, so that two requests never wait for each other. A window that ends later than a fresh one would
# was begun by a clock that has been set back since, so it begins anew.
_COUNT = text(
    """
    INSERT INTO login_attempts AS a (who, attempts, ends_at)
    SELECT who, 1, :ends_at FROM unnest(CAST(:who AS text[])) AS who
    ON CONFLICT (who) DO UPDATE SET
        attempts = CASE WHEN a.ends_at > :now AND a.ends_at <= :ends_at THEN a.attempts + 1 ELSE 1 END,
        ends_at = CASE WHEN a.ends_at > :now AND a.ends_at <= :ends_at THEN a.ends_at ELSE :ends_at END
    RETURNING attempts, ends_at
    """
)
_SWEEP = text(
    "DELETE FROM login_attempts WHERE who IN (SELECT who FROM login_attempts WHERE ends_at <= :now "
    "ORDER BY ends_at LIMIT :at_once FOR UPDATE SKIP LOCKED)"
)


async def count_attempt(
    tx: AsyncConnection, who: Sequence[str], now: datetime, window: timedelta
) -> Sequence[Attempts]:
    """Counts one try for each of `who`, and removes some windows that have ended where a new one begins."""
    row = {"who": sorted(who), "now": now, "ends_at": now + window}
    counted = [Attempts(*found) for found in await tx.execute(_COUNT, row)]
    if any(one.count == 1 for one in counted):
        await tx.execute(_SWEEP, {"now": now, "at_once": SWEPT_AT_ONCE})
    return counted
