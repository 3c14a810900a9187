"""What the payment provider told: stored once by the event's name, brought to its booking, tried again for three days.

No hotel's table: whose event it is may be unknown at first. Nothing here changes a booking.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.hints import Hint
from messages.payments import HINTS_CHANNEL

PAGE = 200
# Whose booking is not there yet is looked for again after so long; from the last one on every hour.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
AN_HOUR = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(hours=72)

_KEEP = text(f"""
WITH kept AS (
    INSERT INTO provider_hints (event_id, event_type, account, object_id, object_type, intent_id, charge_id, hotel,
        reference, payment, refund, created_at, received_at, next_at)
    VALUES (:event_id, :event_type, :account, :object_id, :object_type, :intent_id, :charge_id, :hotel_id, :reference,
        :payment, :refund, :created, :now, :now)
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id
)
SELECT event_id, pg_notify('{HINTS_CHANNEL}', '') FROM kept
""")


@dataclass(frozen=True)
class Waiting:
    """A stored hint that is still to be brought to its booking."""

    event_id: str
    event_type: str
    object_id: str
    intent_id: str
    reference: str
    payment: int
    refund: int
    received_at: datetime
    tries: int


async def keep_hint(tx: AsyncConnection, hint: Hint, now: datetime) -> bool:
    """Stores a hint; False where the event is known. now: the real clock."""
    return (await tx.execute(_KEEP, {**asdict(hint), "now": now})).first() is not None


_DUE = text("""
SELECT event_id, event_type, object_id, intent_id, reference, payment, refund, received_at, tries FROM provider_hints
WHERE state = 'waiting' AND next_at <= :now ORDER BY next_at, event_id LIMIT :most FOR UPDATE SKIP LOCKED
""")
_NEXT = text("SELECT min(next_at) FROM provider_hints WHERE state = 'waiting'")
_SETTLE = text("""
UPDATE provider_hints SET state = :state, told_at = :now WHERE event_id = ANY(:events) AND state = 'waiting'
""")
_LATER = text("UPDATE provider_hints SET tries = tries + 1, next_at = :next_at WHERE event_id = :event_id")
_OWNER = text("""
SELECT hotel_id, reference, number AS payment, 0 AS refund FROM payments
WHERE intent_id <> '' AND intent_id = :intent_id OR session_id <> '' AND session_id = :object_id
UNION ALL
SELECT hotel_id, reference, 0, number FROM refunds WHERE provider_id <> '' AND provider_id = :object_id
LIMIT 1
""")
_REPLAY = text("""
UPDATE provider_hints SET state = 'waiting', next_at = :now, tries = 0, received_at = :now
WHERE (event_id = :event_id OR (:event_id = '' AND state = 'given_up'))
RETURNING event_id
""")
_LIST = text("""
SELECT event_id, event_type, object_id, reference, payment, refund, state, tries, created_at, received_at, next_at,
    told_at
FROM provider_hints WHERE (:state = '' OR state = :state) AND (:reference = '' OR reference = :reference)
ORDER BY received_at DESC, event_id LIMIT :most
""")


async def due_hints(tx: AsyncConnection, now: datetime) -> Sequence[Waiting]:
    """Hints whose moment has come, at most PAGE, locked for this transaction; another process takes others."""
    return [Waiting(*row) for row in await tx.execute(_DUE, {"now": now, "most": PAGE})]


async def next_due(tx: AsyncConnection) -> datetime | None:
    """When the next hint is due; None when none waits."""
    return (await tx.execute(_NEXT)).scalar()


async def settle(tx: AsyncConnection, events: Sequence[str], state: str, now: datetime) -> None:
    """Hints that were told, or that are about nothing of ours. state: told, ignored or given_up."""
    await tx.execute(_SETTLE, {"events": list(events), "state": state, "now": now})


async def put_off(tx: AsyncConnection, hint: Waiting, now: datetime) -> bool:
    """Tries a hint again later; False, and given up, once it is three days old."""
    if now - hint.received_at >= GIVEN_UP_AFTER:
        await settle(tx, [hint.event_id], "given_up", now)
        return False
    pause = PAUSES[hint.tries] if hint.tries < len(PAUSES) else AN_HOUR
    await tx.execute(_LATER, {"event_id": hint.event_id, "next_at": now + pause})
    return True


async def owner_of(tx: AsyncConnection, hint: Waiting) -> Any | None:
    """Which payment or refund a hint without our metadata is about: hotel_id, reference, payment, refund.

    tx: in the reading role of operations, which sees every hotel.
    """
    asked = {"intent_id": hint.intent_id, "object_id": hint.object_id}
    return (await tx.execute(_OWNER, asked)).one_or_none()


async def replay(tx: AsyncConnection, event_id: str, now: datetime) -> list[str]:
    """Brings a hint to its booking once more; with an empty name all that were given up."""
    return list((await tx.execute(_REPLAY, {"event_id": event_id, "now": now})).scalars())


async def latest_hints(tx: AsyncConnection, state: str, reference: str, most: int) -> Sequence[Any]:
    """The latest hints first; empty texts mean any."""
    return (await tx.execute(_LIST, {"state": state, "reference": reference, "most": most})).all()
