"""Notices as the hotel's people handle them: what was delivered, what to look at, sending again, what is sent at all.

Rule: docs/rules/notices.md. Only the API calls this; none of it goes through Temporal.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.notices import KINDS, NoticeEnd, judge
from domain.refusals import absent, conflict, rule
from store.letters import ADDRESS, READER, notice_of
from store.people import begin, keep_key, read_key
from store.states import read_state

_THE_NOTICE = text("""
    SELECT kind FROM notices
    WHERE hotel_id = :hotel_id AND notice_id = :notice_id AND reference = :reference
      AND (provider_id = :provider_id OR (provider_id IS NULL AND state = 'sending'))
    FOR UPDATE
""")
_EVENT = text("""
    INSERT INTO notice_events (hotel_id, provider_id, what, notice_id, happened_at)
    VALUES (:hotel_id, :provider_id, :event, :notice_id, :at) ON CONFLICT DO NOTHING RETURNING 1
""")
# A bounce or a complaint is never undone by a delivery that is told late.
_DELIVERED = """
    UPDATE notices SET delivery = CASE delivery WHEN '' THEN 'delivered' ELSE delivery END,
        delivered_at = coalesce(delivered_at, :at), provider_id = :provider_id
    WHERE hotel_id = :hotel_id AND notice_id = :notice_id
"""
_OPENED = """
    UPDATE notices SET delivery = CASE delivery WHEN '' THEN 'delivered' ELSE delivery END,
        opened_at = coalesce(opened_at, :at), provider_id = :provider_id
    WHERE hotel_id = :hotel_id AND notice_id = :notice_id
"""
_BOUNCED = """
    UPDATE notices SET delivery = 'bounced', bounce_reason = :reason, provider_id = :provider_id,
        state = 'undeliverable', state_reason = :detail
    WHERE hotel_id = :hotel_id AND notice_id = :notice_id
"""
_COMPLAINED = """
    UPDATE notices SET delivery = 'complained', bounce_reason = :reason, provider_id = :provider_id
    WHERE hotel_id = :hotel_id AND notice_id = :notice_id
"""
_CHANGES = {
    "delivered": text(_DELIVERED),
    "opened": text(_OPENED),
    "bounced": text(_BOUNCED),
    "complained": text(_COMPLAINED),
}
_OPEN_ITEM = text("""
    INSERT INTO attention_items (hotel_id, reference, kind, notice_id, detail, opened_at)
    VALUES (:hotel_id, :reference, :what, :notice_id, :detail, :at) ON CONFLICT DO NOTHING
""")


@dataclass(frozen=True)
class Delivery:
    """What the provider tells of a letter.

    what: delivered, opened, bounced or complained. event: tells this news from others of the same letter. notice_id,
    reference: what the letter's own metadata names. reason: the provider's words, without any address.
    """

    hotel_id: int
    notice_id: int
    reference: str
    provider_id: str
    what: str
    event: str
    at: datetime
    reason: str = ""


async def note_delivery(tx: AsyncConnection, told: Delivery) -> str | None:
    """Writes the news down; answers the notice's kind, or None for a letter that is not ours and for old news."""
    about = {
        "hotel_id": told.hotel_id,
        "notice_id": told.notice_id,
        "reference": told.reference,
        "provider_id": told.provider_id,
        "at": told.at,
    }
    kind = (await tx.execute(_THE_NOTICE, about)).scalar()
    if kind is None or (await tx.execute(_EVENT, {**about, "event": told.event})).scalar() is None:
        return None
    detail = f"Bounced: {told.reason}" if told.what == "bounced" else f"Marked as spam: {told.reason}"
    await tx.execute(_CHANGES[told.what], {**about, "reason": told.reason, "detail": detail})
    if told.what in ("bounced", "complained"):
        await tx.execute(_OPEN_ITEM, {**about, "what": told.what, "detail": detail})
    return str(kind)


_ITEM = """
    SELECT i.item_id, i.reference, i.kind, i.notice_id, i.detail, i.opened_at, i.closed_at, i.closed_reason,
        n.kind AS notice_kind, n.audience, p.name AS closed_by
    FROM attention_items i
    LEFT JOIN notices n ON n.hotel_id = i.hotel_id AND n.notice_id = i.notice_id
    LEFT JOIN staff p ON p.staff_id = i.closed_by
"""
_OPEN_ITEMS = text(f"""
    {_ITEM} WHERE i.hotel_id = :hotel_id AND i.closed_at IS NULL AND i.item_id < :before
    ORDER BY i.item_id DESC LIMIT :most
""")
_ONE_ITEM = text(f"{_ITEM} WHERE i.hotel_id = :hotel_id AND i.item_id = :item_id")
_CLOSE = text("""
    UPDATE attention_items SET closed_at = :at, closed_by = :staff_id, closed_reason = :reason
    WHERE hotel_id = :hotel_id AND item_id = :item_id AND closed_at IS NULL
""")
_CLOSE_OF_NOTICE = text("""
    UPDATE attention_items SET closed_at = :at, closed_by = :staff_id, closed_reason = 'Sent again.'
    WHERE hotel_id = :hotel_id AND notice_id = :notice_id AND closed_at IS NULL
""")


async def open_items(tx: AsyncConnection, hotel_id: int, before: int, most: int) -> Sequence[Any]:
    """What waits for a person, the newest first, from below item `before` on."""
    return (await tx.execute(_OPEN_ITEMS, {"hotel_id": hotel_id, "before": before, "most": most})).all()


async def close_item(tx: AsyncConnection, hotel_id: int, item_id: int, at: datetime, staff_id: int, why: str) -> Any:
    """The item, closed; one that was closed before stays as it is. Errors: 404."""
    place = {"hotel_id": hotel_id, "item_id": item_id}
    await tx.execute(_CLOSE, {**place, "at": at, "staff_id": staff_id, "reason": why})
    row = (await tx.execute(_ONE_ITEM, place)).one_or_none()
    if row is None:
        raise absent()
    return row


_LOCK_BOOKING = text("""
    SELECT state FROM bookings WHERE hotel_id = :hotel_id AND reference = :reference FOR SHARE
""")
_LOCK_NOTICE = text(f"""
    SELECT n.notice_id, n.kind, n.audience, n.stay, n.useful_until, 0 AS attempts, n.data, n.state, n.seq, n.to_email,
        {ADDRESS} AS address
    FROM notices n
    {READER}
    WHERE n.hotel_id = :hotel_id AND n.reference = :reference AND n.notice_id = :notice_id
    FOR UPDATE OF n
""")
_ON_ITS_WAY = text("""
    SELECT min(notice_id) FROM notices
    WHERE hotel_id = :hotel_id AND reference = :reference AND CAST(data ->> 'resend_of' AS bigint) = :notice_id
      AND state IN ('waiting', 'sending')
""")
_SEND_AGAIN = text("""
    INSERT INTO notices (hotel_id, reference, seq, kind, audience, stay, due_at, useful_until, to_email, data)
    SELECT hotel_id, reference, seq, kind, audience, stay, :at, useful_until, to_email,
        (data - 'rooms') || CAST(:data AS jsonb)
    FROM notices WHERE hotel_id = :hotel_id AND notice_id = :notice_id
    RETURNING notice_id
""")
_RING = text("SELECT pg_notify('holdfast_notices', :hotel_text)")


@dataclass(frozen=True)
class SendAgain:
    """A wish to send a notice again: by whom and when. key, body_hash: what tells the wish from another; key
    may be empty."""

    hotel_id: int
    reference: str
    notice_id: int
    at: datetime
    staff_id: int
    key: str
    body_hash: str


async def send_again(tx: AsyncConnection, wish: SendAgain) -> tuple[int, str]:
    """Puts the notice into the outbox once more; answers its new number and its kind. The same wish has one answer.

    While an earlier one is on its way, that is the answer. What was open about the old one is closed.
    Errors: 404; 409 notice_not_true, notice_on_its_way, idempotency_key_reused; 422 notice_without_address.
    """
    await begin(tx, wish.hotel_id, wish.reference)
    place = {"hotel_id": wish.hotel_id, "reference": wish.reference, "notice_id": wish.notice_id}
    state = (await tx.execute(_LOCK_BOOKING, place)).scalar()
    row = (await tx.execute(_LOCK_NOTICE, place)).one_or_none()
    if state is None or row is None or row.kind not in KINDS:
        raise absent()
    known = await read_key(tx, wish.hotel_id, wish.reference, wish.key) if wish.key else None
    if known is None:
        made = await _send_again(tx, wish, place, state, row)
        if wish.key:
            await keep_key(tx, wish.hotel_id, wish.reference, wish.key, wish.body_hash, made)
        return made, row.kind
    if known[0] != wish.body_hash:
        raise conflict("idempotency_key_reused", "This Idempotency-Key came with another request before.")
    return known[1], row.kind


async def _send_again(tx: AsyncConnection, wish: SendAgain, place: dict[str, Any], state: Any, row: Any) -> int:
    underway = (await tx.execute(_ON_ITS_WAY, place)).scalar()
    if underway is not None:
        return int(underway)
    if row.state in ("waiting", "sending"):
        raise conflict("notice_on_its_way", "This letter is on its way already.")
    notice = replace(notice_of(row), resend_of=wish.notice_id)
    verdict = judge(notice, read_state(state), wish.at, row.address)
    if isinstance(verdict, NoticeEnd):
        if verdict.state == "undeliverable":
            raise rule("notice_without_address", f"{verdict.reason} Correct the address, or print the link.")
        raise conflict("notice_not_true", f"This letter is not sent again. {verdict.reason}")
    again = json.dumps({"resend_of": wish.notice_id, "by": wish.staff_id})
    made = (await tx.execute(_SEND_AGAIN, {**place, "at": wish.at, "data": again})).scalar_one()
    await tx.execute(_CLOSE_OF_NOTICE, {**place, "at": wish.at, "staff_id": wish.staff_id})
    await tx.execute(_RING, {"hotel_text": str(wish.hotel_id)})
    return int(made)


_SWITCHES = text("SELECT kind, enabled FROM notice_settings WHERE hotel_id = :hotel_id")
_SWITCH = text("""
    INSERT INTO notice_settings (hotel_id, kind, enabled, changed_at, changed_by)
    VALUES (:hotel_id, :kind, :enabled, :at, :staff_id)
    ON CONFLICT (hotel_id, kind) DO UPDATE SET enabled = :enabled, changed_at = :at, changed_by = :staff_id
""")


async def read_switches(tx: AsyncConnection, hotel_id: int) -> Mapping[str, bool]:
    """The kinds that somebody has switched; any other is on."""
    return {row.kind: row.enabled for row in await tx.execute(_SWITCHES, {"hotel_id": hotel_id})}


async def switch(tx: AsyncConnection, hotel_id: int, kind: str, enabled: bool, at: datetime, staff_id: int) -> None:
    """Switches a kind of notice on or off for the hotel, from the next claim on."""
    written = {"hotel_id": hotel_id, "kind": kind, "enabled": enabled, "at": at, "staff_id": staff_id}
    await tx.execute(_SWITCH, written)
