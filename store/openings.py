"""How a booking's first transaction is written: nights taken, all or nothing, and the booking with its event.

Only the workflow's activities call this. A refused write raises Refused, which rolls everything back.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agenda import agenda, next_alarm
from domain.booking import Stay, payment_status
from domain.sources import source_reference_taken
from domain.steps import Step
from domain.waiting import waiting_for
from messages.bookings import OpenBooking
from messages.offers import Offer
from store.changes import write_commission
from store.hot import Hot
from store.nights import TAKING, check_taken, wanted
from store.people import match_values
from store.states import dump_agenda, dump_notices, dump_state
from store.steps import clock_columns

# The index that lets a source's own reference be there once.
ONCE_A_SOURCE = "bookings_by_source"
_BEFORE_OPENING = Hot("""
SELECT h.slug, h.active, h.not_on_sale_reason, b.reference, b.create_key, b.create_body_hash, b.state,
    (SELECT min(r.night) FROM nightly_rates r
        JOIN unnest(CAST(:plans AS int[]), CAST(:types AS int[]), CAST(:nights AS date[]))
            AS w (rate_plan_id, room_type_id, night)
            ON r.room_type_id = w.room_type_id AND r.night = w.night
        JOIN rate_plans p ON p.hotel_id = :hotel_id AND p.rate_plan_id = w.rate_plan_id
        LEFT JOIN rate_plans q ON q.hotel_id = :hotel_id AND q.rate_plan_id = p.parent_plan_id
            AND NOT p.own_restrictions
        WHERE r.hotel_id = :hotel_id AND r.stop_sell
            AND r.rate_plan_id IN (p.rate_plan_id, q.rate_plan_id,
                CASE WHEN q.own_restrictions THEN NULL ELSE q.parent_plan_id END)) AS stopped
FROM hotels h
LEFT JOIN bookings b ON b.hotel_id = h.hotel_id AND (b.create_key = :key OR b.reference = :reference)
WHERE h.hotel_id = :hotel_id
ORDER BY (b.create_key = :key) DESC NULLS LAST
LIMIT 1
""")


async def before_opening(tx: AsyncConnection, opening: OpenBooking, offers: Sequence[Offer]) -> Any:
    """What an opening must know first: the hotel's doors, an earlier booking of this key or reference, stopped nights.

    Row: slug, active, not_on_sale_reason, reference, create_key, create_body_hash, state, stopped (a night or None).
    """
    lines = [(o.quote.rate_plan_id, o.quote.room_type_id, line.night) for o in offers for line in o.quote.nights]
    asked = {
        "hotel_id": opening.hotel_id,
        "key": opening.key,
        "reference": opening.reference,
        "plans": [w[0] for w in lines],
        "types": [w[1] for w in lines],
        "nights": [w[2] for w in lines],
    }
    (row,) = await _BEFORE_OPENING.rows(tx, asked)
    return row


# One statement for the taking and all that is written with it. Each part hangs on the booking's row, which is only
# there when no night fell short. Whose booking it is: the profile of the e-mail, else of phone and last name, else a
# new one; when two openings make it at once, the later takes the earlier's (docs/rules/guests.md).
OPEN = Hot(f"""{TAKING}, known AS (
    SELECT m.profile_id FROM (
        SELECT p.profile_id, 1 AS rank FROM guest_profiles p
        WHERE p.hotel_id = :hotel_id AND p.match_key = 'e ' || CAST(:email_key AS text)
        UNION ALL
        SELECT p.profile_id, 2 FROM guest_profiles p
        WHERE p.hotel_id = :hotel_id AND p.phone_e164 = CAST(:phone_e164 AS text) AND p.merged_into IS NULL
            AND p.last_name_key = :last_name_key AND p.last_name_key <> ''
    ) m ORDER BY m.rank, m.profile_id LIMIT 1
), profile AS (
    INSERT INTO guest_profiles (hotel_id, email_key, phone_e164, last_name_key, name, email, phone, country,
        first_seen_at)
    SELECT :hotel_id, :email_key, :phone_e164, :last_name_key, :name, :email, :phone, :country, :now
    WHERE NOT EXISTS (SELECT 1 FROM short) AND NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT (hotel_id, match_key) DO UPDATE SET email_key = guest_profiles.email_key
    RETURNING profile_id
), guest AS (
    INSERT INTO guests (hotel_id, name, email, phone, country, created_at, profile_id, phone_e164)
    SELECT :hotel_id, :name, :email, :phone, :country, :now, whose.profile_id, :phone_e164
    FROM (SELECT profile_id FROM known UNION ALL SELECT profile_id FROM profile) whose
    WHERE NOT EXISTS (SELECT 1 FROM short)
    RETURNING guest_id
), booking AS (
    INSERT INTO bookings (hotel_id, reference, status, payment_status, version, seq, state, agenda, waiting_for,
        next_at, approval_deadline, arrival, departure, source, guest_id, special_requests, currency, total_minor,
        balance_minor, policy_version, create_key, create_body_hash, created_at, last_instant, hold_expires_at,
        source_reference, commission_percent, language, hold_email, hold_address, hold_device)
    SELECT :hotel_id, :reference, :status, :payment_status, :version, 1, CAST(:state AS jsonb), CAST(:agenda AS jsonb),
        :waiting_for, :next_at, :approval_deadline, :arrival, :departure, :source, guest.guest_id, :special_requests,
        :currency, :total_minor, :balance_minor, :policy_version, :key, :body_hash, :now, :now, :hold_expires_at,
        :source_reference, :commission_percent, :language, :hold_email, :hold_address, :hold_device
    FROM guest
    RETURNING 1
), stay AS (
    INSERT INTO stays (hotel_id, reference, stay, status, arrival, departure, room_type_id, inventory_type_id,
        rate_plan_id, stay_policy_id, adults, children_ages, total_minor)
    SELECT :hotel_id, :reference, s.stay, :status, s.arrival, s.departure, s.room_type_id, s.room_type_id,
        s.rate_plan_id, s.stay_policy_id, s.adults, s.children_ages, s.total_minor
    FROM booking, jsonb_to_recordset(CAST(:stays AS jsonb)) AS s (stay int, arrival date, departure date,
        room_type_id int, rate_plan_id int, stay_policy_id int, adults int, children_ages int[], total_minor bigint)
), named AS (
    INSERT INTO stay_guests (hotel_id, reference, stay, position, name, age)
    SELECT :hotel_id, :reference, g.stay, g.position, g.name, g.age
    FROM booking, jsonb_to_recordset(CAST(:guests AS jsonb)) AS g (stay int, position int, name text, age int)
), line AS (
    INSERT INTO nightly_lines (hotel_id, reference, stay, line, night, kind, code, name, amount_minor, included,
        tax_rule_id)
    SELECT :hotel_id, :reference, l.stay, l.line, l.night, l.kind, l.code, l.name, l.amount_minor, l.included,
        l.tax_rule_id
    FROM booking, jsonb_to_recordset(CAST(:lines AS jsonb)) AS l (stay int, line int, night date, kind text, code text,
        name text, amount_minor bigint, included boolean, tax_rule_id int)
), event AS (
    INSERT INTO booking_events (hotel_id, reference, seq, step_id, happened_at, actor_kind, actor_role, staff_id,
        channel, what, reason, status_after, policy_version, difference)
    SELECT :hotel_id, :reference, 1, :step_id, :now, :actor_kind, :actor_role, :staff_id, :channel, :what, :reason,
        :status, :policy_version, CAST(:difference AS jsonb)
    FROM booking
), notice AS (
    INSERT INTO notices (hotel_id, reference, seq, kind, audience, stay, due_at, useful_until)
    SELECT :hotel_id, :reference, 1, n.kind, n.audience, n.stay, :now, n.useful_until
    FROM booking, jsonb_to_recordset(CAST(:notices AS jsonb)) AS n (kind text, audience text, stay int,
        useful_until timestamptz)
), told AS (
    SELECT pg_notify('holdfast_notices', :hotel_text), pg_notify('holdfast_openings', :reference) FROM booking
)
SELECT s.room_type_id, s.night, s.free, t.name
FROM (SELECT count(*) FROM told) AS once
LEFT JOIN short s ON true
LEFT JOIN room_types t ON t.hotel_id = :hotel_id AND t.room_type_id = s.room_type_id
ORDER BY s.room_type_id, s.night
""")


async def write_opening(
    tx: AsyncConnection, opening: OpenBooking, offers: Sequence[Offer], step: Step, now: datetime
) -> None:
    """Takes every night of every room, all or nothing, and writes the booking with its first event and notices.

    Errors: Refused sold_out, source_reference_taken.
    """
    booking = step.after
    entries = agenda(booking)
    alarm = next_alarm(entries)
    guest, actor = opening.guest, step.act.actor
    written = await _write(
        tx,
        {
            **wanted(step.nights),
            "hotel_id": booking.hotel_id,
            "hotel_text": str(booking.hotel_id),
            "reference": booking.reference,
            "name": guest.name,
            "email": guest.email,
            "phone": guest.phone,
            "country": guest.country,
            **await match_values(tx, booking.hotel_id, guest.name, guest.email, guest.phone),
            "now": now,
            "status": booking.status.value,
            "payment_status": payment_status(booking).value,
            "version": booking.version,
            "state": dump_state(booking),
            "agenda": dump_agenda(entries),
            "waiting_for": waiting_for(booking),
            "next_at": alarm.at if alarm else None,
            **clock_columns(booking, entries),
            "source_reference": opening.source_reference,
            "commission_percent": opening.commission_percent,
            "language": opening.language,
            "hold_email": opening.hold_email,
            "hold_address": opening.hold_address,
            "hold_device": opening.hold_device,
            "arrival": booking.arrival,
            "departure": booking.departure,
            "source": booking.source,
            "special_requests": opening.special_requests,
            "currency": booking.terms.currency,
            "total_minor": booking.total_minor,
            "balance_minor": booking.balance_minor,
            "policy_version": booking.terms.version,
            "key": opening.key,
            "body_hash": opening.body_hash,
            "step_id": opening.step_id,
            "actor_kind": actor.kind,
            "actor_role": actor.role,
            "staff_id": actor.staff_id,
            "channel": step.act.channel,
            "what": step.what,
            "reason": step.act.reason,
            "difference": json.dumps(step.difference),
            "stays": json.dumps([_stay_row(stay, offer) for stay, offer in zip(booking.stays, offers, strict=True)]),
            "guests": json.dumps(_guest_rows(opening)),
            "lines": json.dumps([row for n, offer in enumerate(offers, 1) for row in line_rows(n, offer)]),
            "notices": dump_notices(step.notices),
        },
    )
    check_taken([row for row in written if row.room_type_id is not None])
    if booking.commission_percent is not None:
        await write_commission(tx, booking, {"hotel_id": booking.hotel_id, "reference": booking.reference})


async def _write(tx: AsyncConnection, values: dict[str, Any]) -> list[Any]:
    """Writes it all. Errors: Refused source_reference_taken where another opening was faster with it."""
    try:
        return await OPEN.rows(tx, values)
    except UniqueViolation as twice:
        if twice.diag.constraint_name != ONCE_A_SOURCE:
            raise
        raise source_reference_taken() from twice


def _stay_row(stay: Stay, offer: Offer) -> dict[str, Any]:
    return {
        "stay": stay.number,
        "arrival": offer.arrival,
        "departure": offer.departure,
        "room_type_id": stay.room_type_id,
        "rate_plan_id": stay.rate_plan_id,
        "stay_policy_id": offer.stay_policy_id,
        "adults": offer.adults,
        "children_ages": list(offer.children_ages),
        "total_minor": offer.quote.total_minor,
    }


def _guest_rows(opening: OpenBooking) -> list[dict[str, Any]]:
    return [
        {"stay": number, "position": position, "name": guest.name, "age": guest.age}
        for number, room in enumerate(opening.rooms, 1)
        for position, guest in enumerate(room.guests, 1)
    ]


def line_rows(number: int, offer: Offer) -> list[dict[str, Any]]:
    """The nightly lines of one stay: the room's price a night, then the taxes; they sum to the offer's total."""
    quote = offer.quote
    rooms = [
        {
            "kind": "room",
            "night": line.night.isoformat(),
            "code": quote.room_type_code,
            "name": quote.room_type_name,
            "amount_minor": line.price_minor,
            "included": False,
            "tax_rule_id": None,
        }
        for line in quote.nights
    ]
    taxes = [
        {
            "kind": "tax",
            "night": tax.night.isoformat() if tax.night else offer.arrival,
            "code": tax.code,
            "name": tax.name,
            "amount_minor": tax.amount_minor,
            "included": tax.included,
            "tax_rule_id": tax.rule_id,
        }
        for tax in quote.taxes
    ]
    return [{"stay": number, "line": line, **row} for line, row in enumerate([*rooms, *taxes], 1)]
