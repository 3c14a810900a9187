"""Guests of a hotel over all their bookings, and the own details that a booking keeps of them.

Rule: docs/rules/guests.md. Everything here is written by people and takes no part in a booking's story: one lock a
booking (`begin`) keeps its people's writes in order without holding up its workflow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Actor
from domain.guests import email_key, last_name_key
from store.past_stays import PAST_STAYS
from store.phones import e164

A_DAY = timedelta(days=1)

_COUNTRY = text("SELECT country FROM hotels WHERE hotel_id = :hotel_id")


async def phone_key(tx: AsyncConnection, hotel_id: int, phone: str | None) -> str | None:
    """The phone in E.164, dialled from the hotel's country where it has no country's code of its own."""
    if not phone:
        return None
    if phone.lstrip().startswith("+"):
        # On the path of a creation nearly every number says its country, so the hotel's is not asked for.
        return e164(phone, None)
    return e164(phone, (await tx.execute(_COUNTRY, {"hotel_id": hotel_id})).scalar())


async def match_values(
    tx: AsyncConnection, hotel_id: int, name: str, email: str | None, phone: str | None
) -> dict[str, str | None]:
    """By what a guest is known again, as the opening's statement names them."""
    return {
        "email_key": email_key(email),
        "phone_e164": await phone_key(tx, hotel_id, phone),
        "last_name_key": last_name_key(name),
    }


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:reference, :hotel_id))")
_KEY = text(
    "SELECT body_hash, made FROM office_keys WHERE hotel_id = :hotel_id AND reference = :reference AND key = :key"
)
_KEEP_KEY = text("""
INSERT INTO office_keys (hotel_id, reference, key, body_hash, made)
VALUES (:hotel_id, :reference, :key, :body_hash, :made)
""")


async def begin(tx: AsyncConnection, hotel_id: int, reference: str) -> None:
    """Waits until no other of the office's writes about this booking is under way; holds until the transaction ends."""
    await tx.execute(_LOCK, {"hotel_id": hotel_id, "reference": reference})


async def read_key(tx: AsyncConnection, hotel_id: int, reference: str, key: str) -> tuple[str, int] | None:
    """The fingerprint of the body that came with this key, and the number of what was made; None for a new key."""
    row = (await tx.execute(_KEY, {"hotel_id": hotel_id, "reference": reference, "key": key})).one_or_none()
    return None if row is None else (row.body_hash, row.made)


async def keep_key(tx: AsyncConnection, hotel_id: int, reference: str, key: str, body_hash: str, made: int) -> None:
    """Writes down what was made under a key."""
    kept = {"hotel_id": hotel_id, "reference": reference, "key": key, "body_hash": body_hash, "made": made}
    await tx.execute(_KEEP_KEY, kept)


@dataclass(frozen=True)
class Details:
    """The contact snapshot of a booking, with the address that waits to be confirmed and what was asked for.

    past_stays: rooms that the same guest has had in other bookings of the hotel.
    """

    guest_id: int
    profile_id: int | None
    past_stays: int
    name: str
    email: str | None
    pending_email: str | None
    phone: str | None
    country: str | None
    language: str
    special_requests: str


_DETAILS = text(f"""
SELECT g.guest_id, g.profile_id, ({PAST_STAYS}) AS past_stays,
    g.name, g.email, (
        SELECT c.new_value FROM guest_changes c
        WHERE c.hotel_id = b.hotel_id AND c.reference = b.reference AND c.field = 'email' AND c.state = 'pending'
        ORDER BY c.change_id DESC LIMIT 1) AS pending_email,
    g.phone, g.country, b.language, b.special_requests
FROM bookings b
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE b.hotel_id = :hotel_id AND b.reference = :reference
""")


async def read_details(tx: AsyncConnection, hotel_id: int, reference: str) -> Details:
    """The snapshot of a booking that is there, with the guest's profile and how often they have stayed before."""
    row = (await tx.execute(_DETAILS, {"hotel_id": hotel_id, "reference": reference})).one()
    return Details(*row)


_SET = {
    "name": "UPDATE guests SET name = :value WHERE hotel_id = :hotel_id AND guest_id = :guest_id",
    "email": "UPDATE guests SET email = :value WHERE hotel_id = :hotel_id AND guest_id = :guest_id",
    "phone": "UPDATE guests SET phone = :value, phone_e164 = :phone_e164 "
    "WHERE hotel_id = :hotel_id AND guest_id = :guest_id",
    "country": "UPDATE guests SET country = :value WHERE hotel_id = :hotel_id AND guest_id = :guest_id",
    "language": "UPDATE bookings SET language = :value WHERE hotel_id = :hotel_id AND reference = :reference",
    "special_requests": "UPDATE bookings SET special_requests = :value "
    "WHERE hotel_id = :hotel_id AND reference = :reference",
}
_STATEMENTS = {field: text(statement) for field, statement in _SET.items()}


async def set_detail(tx: AsyncConnection, hotel_id: int, reference: str, guest_id: int, field: str, value: str) -> None:
    """Changes one of a booking's own details. field: a key of the table above."""
    values: dict[str, Any] = {"hotel_id": hotel_id, "reference": reference, "guest_id": guest_id, "value": value}
    if field == "phone":
        values["phone_e164"] = await phone_key(tx, hotel_id, value)
    await tx.execute(_STATEMENTS[field], values)


@dataclass(frozen=True)
class Change:
    """What is written down of a change. state: done or pending."""

    field: str
    old: str
    new: str
    actor: Actor
    at: datetime
    reason: str = ""
    stay: int | None = None
    state: str = "done"


_WRITE_CHANGE = text("""
INSERT INTO guest_changes (hotel_id, reference, field, stay, old_value, new_value, state, changed_at, actor_kind,
    actor_role, staff_id, reason)
VALUES (:hotel_id, :reference, :field, :stay, :old, :new, :state, :at, :actor_kind, :actor_role, :staff_id, :reason)
RETURNING change_id
""")


async def write_change(tx: AsyncConnection, hotel_id: int, reference: str, change: Change) -> int:
    """Keeps who changed what, when, and from what to what; answers the change's number."""
    values = {
        "hotel_id": hotel_id,
        "reference": reference,
        "field": change.field,
        "stay": change.stay,
        "old": change.old,
        "new": change.new,
        "state": change.state,
        "at": change.at,
        "actor_kind": change.actor.kind,
        "actor_role": change.actor.role,
        "staff_id": change.actor.staff_id,
        "reason": change.reason,
    }
    return (await tx.execute(_WRITE_CHANGE, values)).scalar_one()


_NEW_ADDRESSES = text("""
SELECT count(*) FROM guest_changes
WHERE hotel_id = :hotel_id AND reference = :reference AND field = 'email' AND actor_kind = 'guest'
    AND changed_at > :since
""")
_REPLACE = text("""
UPDATE guest_changes SET state = 'replaced'
WHERE hotel_id = :hotel_id AND reference = :reference AND field = 'email' AND state = 'pending'
""")
# A letter that still waits must not ask for an address that counts no more.
_DROP_LETTERS = text("""
UPDATE notices SET state = 'dropped', state_reason = 'Another address came later.'
WHERE hotel_id = :hotel_id AND reference = :reference AND kind = 'email_confirm' AND state = 'waiting'
""")
_PENDING = text("""
SELECT state, new_value FROM guest_changes
WHERE hotel_id = :hotel_id AND reference = :reference AND change_id = :change_id AND field = 'email'
""")
_CONFIRM = text("""
UPDATE guest_changes SET state = 'done', confirmed_at = :at WHERE hotel_id = :hotel_id AND change_id = :change_id
""")


async def new_addresses(tx: AsyncConnection, hotel_id: int, reference: str, now: datetime) -> int:
    """How many new addresses the guest has given within a day."""
    values = {"hotel_id": hotel_id, "reference": reference, "since": now - A_DAY}
    return (await tx.execute(_NEW_ADDRESSES, values)).scalar_one()


async def replace_pending(tx: AsyncConnection, hotel_id: int, reference: str) -> None:
    """Ends the address that waits to be confirmed, and its letter where that has not left."""
    place = {"hotel_id": hotel_id, "reference": reference}
    await tx.execute(_REPLACE, place)
    await tx.execute(_DROP_LETTERS, place)


async def read_address(tx: AsyncConnection, hotel_id: int, reference: str, change_id: int) -> tuple[str, str] | None:
    """State and text of an address that was given; None where there was none."""
    values = {"hotel_id": hotel_id, "reference": reference, "change_id": change_id}
    row = (await tx.execute(_PENDING, values)).one_or_none()
    return None if row is None else (row.state, row.new_value)


async def confirm_address(tx: AsyncConnection, hotel_id: int, change_id: int, at: datetime) -> None:
    """Marks a pending address as confirmed."""
    await tx.execute(_CONFIRM, {"hotel_id": hotel_id, "change_id": change_id, "at": at})


_POST = text("""
INSERT INTO notices (hotel_id, reference, seq, kind, audience, due_at, useful_until, to_email, data)
SELECT b.hotel_id, b.reference, b.seq, :kind, 'guest', :now, :useful_until, :to_email, jsonb_strip_nulls(
    jsonb_build_object('link', CAST(:link AS text)))
FROM bookings b
WHERE b.hotel_id = :hotel_id AND b.reference = :reference AND NOT EXISTS (
    SELECT 1 FROM notices n
    WHERE n.hotel_id = b.hotel_id AND n.reference = b.reference AND n.kind = :kind
        AND n.due_at > CAST(:not_since AS timestamptz))
""")
_WAKE = text("SELECT pg_notify('holdfast_notices', :hotel)")


@dataclass(frozen=True)
class Letter:
    """A letter to a booking's guest. to_email: in place of the address on file; not_since: not if one was later."""

    kind: str
    now: datetime
    to_email: str | None = None
    link: str | None = None
    useful_until: datetime | None = None
    not_since: datetime | None = None


async def post_letter(tx: AsyncConnection, hotel_id: int, reference: str, letter: Letter) -> None:
    """Puts a letter into the outbox and wakes its postman when the transaction commits."""
    values = {
        "hotel_id": hotel_id,
        "reference": reference,
        "kind": letter.kind,
        "now": letter.now,
        "to_email": letter.to_email,
        "link": letter.link,
        "useful_until": letter.useful_until,
        "not_since": letter.not_since,
    }
    await tx.execute(_POST, values)
    await tx.execute(_WAKE, {"hotel": str(hotel_id)})


_UNNAME = text("DELETE FROM stay_guests WHERE hotel_id = :hotel_id AND reference = :reference AND stay = :stay")
_NAME = text("""
INSERT INTO stay_guests (hotel_id, reference, stay, position, name, age)
SELECT :hotel_id, :reference, :stay, n.position, n.name, n.age
FROM unnest(CAST(:names AS text[]), CAST(:ages AS int[])) WITH ORDINALITY AS n (name, age, position)
""")


async def name_sleepers(
    tx: AsyncConnection, hotel_id: int, reference: str, stay: int, sleepers: Sequence[tuple[str, int | None]]
) -> None:
    """Writes down who sleeps in a room, in place of who was there before; the first is the primary guest."""
    place = {"hotel_id": hotel_id, "reference": reference, "stay": stay}
    await tx.execute(_UNNAME, place)
    named = {"names": [name for name, _ in sleepers], "ages": [age for _, age in sleepers]}
    await tx.execute(_NAME, {**place, **named})


_RENEW_LINK = text("""
UPDATE bookings SET token_generation = token_generation + 1
WHERE hotel_id = :hotel_id AND reference = :reference
RETURNING token_generation
""")
_GENERATION = text("SELECT token_generation FROM bookings WHERE hotel_id = :hotel_id AND reference = :reference")


async def link_generation(tx: AsyncConnection, hotel_id: int, reference: str, *, revoke: bool) -> int:
    """The generation of the booking's links; with `revoke` a new one, so that every earlier link is dead."""
    statement = _RENEW_LINK if revoke else _GENERATION
    return (await tx.execute(statement, {"hotel_id": hotel_id, "reference": reference})).scalar_one()
