"""How a step of a booking is written: its event, the counters, rooms, money and notices, in one transaction.

Only the workflow's activities call this. Whatever is raised, the transaction is rolled back.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agenda import Entry, agenda, next_alarm
from domain.booking import Booking, payment_status
from domain.refusals import conflict
from domain.settling import money_is_open
from domain.steps import Overtaken, Repeated, Step
from domain.waiting import waiting_for
from messages.bookings import TakeStep
from store.cash import take_cash
from store.changes import mark_released, write_change, write_commission, write_plans
from store.folio import post_step
from store.hot import Asked, Hot, at_once
from store.invoices import issue_for_step
from store.nights import move_nights
from store.overstays import with_todays_taxes
from store.payment_folios import put_taken_payment
from store.payments import money_asked
from store.rooms import change_rooms
from store.states import dump_agenda, dump_entry, dump_notices, dump_state, dump_stays

_EVENT = Hot("""
INSERT INTO booking_events (hotel_id, reference, seq, step_id, happened_at, actor_kind, actor_role, staff_id, channel,
    what, reason, status_before, status_after, awaited, policy_version, difference)
SELECT :hotel_id, :reference, :seq, :step_id, :now, :actor_kind, :actor_role, :staff_id, :channel, :what, :reason,
    b.status, :status, CAST(:awaited AS jsonb), :policy_version, CAST(:difference AS jsonb)
FROM bookings b WHERE b.hotel_id = :hotel_id AND b.reference = :reference
ON CONFLICT (hotel_id, reference, seq) DO NOTHING
RETURNING seq
""")
_EARLIER_EVENT = Hot("""
SELECT e.step_id, e.what, coalesce(k.key, '') AS key, coalesce(k.body_hash, '') AS body_hash
FROM booking_events e LEFT JOIN command_keys k USING (hotel_id, reference, seq)
WHERE e.hotel_id = :hotel_id AND e.reference = :reference AND e.seq = :seq
""")
_KEY = Hot("""
INSERT INTO command_keys (hotel_id, reference, key, body_hash, seq)
VALUES (:hotel_id, :reference, :key, :body_hash, :seq) ON CONFLICT DO NOTHING RETURNING seq
""")
_EARLIER_KEY = Hot("""
SELECT body_hash FROM command_keys WHERE hotel_id = :hotel_id AND reference = :reference AND key = :key
""")
_BOOKING_AFTER = Hot("""
UPDATE bookings SET status = :status, payment_status = :payment_status, version = :version, seq = :seq,
    state = CAST(:state AS jsonb), agenda = CAST(:agenda AS jsonb), waiting_for = :waiting_for, next_at = :next_at,
    approval_deadline = :approval_deadline, hold_expires_at = :hold_expires_at, paid_minor = :paid_minor,
    balance_minor = :balance_minor, total_minor = :total_minor, arrival = :arrival, departure = :departure,
    needs_attention = :attention <> '', attention = :attention, cancellation_reason = :cancellation_reason,
    last_instant = :now, money_open = :money_open
WHERE hotel_id = :hotel_id AND reference = :reference AND seq < :seq
""")
_STAYS_AFTER = Hot("""
UPDATE stays t SET status = s.status, inventory_type_id = s.inventory_type_id, room_id = s.room_id,
    checked_in_at = s.checked_in_at, checked_out_at = s.checked_out_at, departure = s.departure,
    total_minor = s.total_minor, fee_minor = s.fee_minor
FROM jsonb_to_recordset(CAST(:stays AS jsonb)) AS s (number int, status text, inventory_type_id int, room_id int,
    checked_in_at timestamptz, checked_out_at timestamptz, departure date, total_minor bigint, fee_minor bigint)
WHERE t.hotel_id = :hotel_id AND t.reference = :reference AND t.stay = s.number
""")
_NOTICES = Hot("""
WITH written AS (
    INSERT INTO notices (hotel_id, reference, seq, kind, audience, stay, due_at, useful_until, data)
    SELECT :hotel_id, :reference, :seq, n.kind, n.audience, n.stay, :now, n.useful_until, n.data
    FROM jsonb_to_recordset(CAST(:notices AS jsonb)) AS n (kind text, audience text, stay int,
        useful_until timestamptz, data jsonb)
)
SELECT pg_notify('holdfast_notices', :hotel_text)
""")


# What gives nights back, or takes them up again; everything else leaves the lines' mark as it is.
_RELEASING = ("checked_out", "no_show", "reinstated")


async def write_step(tx: AsyncConnection, taken: TakeStep) -> Booking:
    """Writes one step with everything that belongs to it; answers the booking as it is written.

    Errors: Repeated, Overtaken; Refused sold_out, room_not_free, room_not_clean, room_out_of_service,
    idempotency_key_reused. Whatever is raised, the transaction is rolled back.
    """
    step = await with_todays_taxes(tx, taken.step)
    booking = step.after
    place = {"hotel_id": booking.hotel_id, "reference": booking.reference, "seq": booking.seq}
    await _claim(tx, replace(taken, step=step), place)
    await move_nights(tx, booking.hotel_id, step.nights, oversell=step.oversell)
    # A stay that is added has to be there before a room can be given to it.
    if step.plans or step.added:
        await write_plans(tx, step, place)
    await change_rooms(tx, booking, step)
    await at_once(tx, *_state(step, place), *money_asked(step, place), *_notices(step, place))
    if step.what in _RELEASING:
        await mark_released(tx, booking, place)
    await take_cash(tx, step)
    await put_taken_payment(tx, step)
    await post_step(tx, step)
    await issue_for_step(tx, step)
    if step.change:
        await write_change(tx, step, step.change, place)
    if booking.commission_percent is not None:
        await write_commission(tx, booking, place)
    return booking


async def _claim(tx: AsyncConnection, taken: TakeStep, place: dict[str, Any]) -> None:
    """Writes the step's event, and then its command's key: what an earlier event came with is told by its key."""
    if not await _EVENT.rows(tx, _event(taken, place)):
        # A run that lost its answer after the commit takes its next command or clock for a step of the same name.
        this = (taken.step_id, taken.step.what, taken.key, taken.body_hash if taken.key else "")
        (earlier,) = await _EARLIER_EVENT.rows(tx, place)
        if tuple(earlier) == this:
            raise Repeated(same_step=True)
        raise Overtaken
    key = {**place, "key": taken.key, "body_hash": taken.body_hash}
    if taken.key and not await _KEY.rows(tx, key):
        (earlier,) = await _EARLIER_KEY.rows(tx, key)
        if earlier.body_hash != taken.body_hash:
            raise conflict("idempotency_key_reused", "This Idempotency-Key was used with another request.")
        raise Repeated(same_step=False)


def _event(taken: TakeStep, place: dict[str, Any]) -> dict[str, Any]:
    step, act = taken.step, taken.step.act
    return {
        **place,
        "step_id": taken.step_id,
        "now": act.now,
        "actor_kind": act.actor.kind,
        "actor_role": act.actor.role,
        "staff_id": act.actor.staff_id,
        "channel": act.channel,
        "what": step.what,
        "reason": act.reason,
        "status": step.after.status.value,
        "awaited": dump_entry(step.awaited),
        "policy_version": step.after.terms.version,
        "difference": json.dumps(step.difference),
    }


def _state(step: Step, place: dict[str, Any]) -> list[Asked]:
    booking = step.after
    entries = agenda(booking)
    alarm = next_alarm(entries)
    why = step.act.reason or booking.cancellation_reason if booking.cancellation_reason else ""
    written = {
        **place,
        "status": booking.status.value,
        "payment_status": payment_status(booking).value,
        "version": booking.version,
        "state": dump_state(booking),
        "agenda": dump_agenda(entries),
        "waiting_for": waiting_for(booking),
        "next_at": alarm.at if alarm else None,
        **clock_columns(booking, entries),
        "total_minor": booking.total_minor,
        "arrival": booking.arrival,
        "departure": booking.departure,
        "paid_minor": booking.paid_minor,
        "balance_minor": booking.balance_minor,
        "attention": booking.attention,
        "cancellation_reason": why,
        "money_open": booking.status.ended and money_is_open(booking),
        "now": booking.last_instant,
    }
    return [(_BOOKING_AFTER, written), (_STAYS_AFTER, {**place, "stays": dump_stays(booking.stays)})]


def _notices(step: Step, place: dict[str, Any]) -> list[Asked]:
    if not step.notices:
        return []
    about = {"now": step.act.now, "hotel_text": str(step.after.hotel_id)}
    return [(_NOTICES, {**place, **about, "notices": dump_notices(step.notices)})]


def clock_columns(booking: Booking, entries: Sequence[Entry]) -> dict[str, Any]:
    """The two clocks that lists sort by, where they stand now; null while they do not run."""
    at = {entry.key: entry.at for entry in entries}
    return {"approval_deadline": at.get("approval_deadline"), "hold_expires_at": at.get("hold_expires")}
