"""Reads of one booking: all that its page, its commands and its timeline need, in one round trip each.

Every statement is constant text, so that it stays prepared. Row security has chosen the hotel before; the hotel is
named again in each statement, because that is what the indexes begin with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.agenda import Entry
from domain.booking import Booking
from domain.changes import StayPlan
from store.attention import ATTENTION, NEEDS_ATTENTION
from store.hot import Hot
from store.past_stays import PAST_STAYS
from store.session import Database
from store.states import read_plans

_STATE: TypeAdapter[Booking] = TypeAdapter(Booking)
_AGENDA: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])
MAX_TIMELINE_ROWS = 500


@dataclass(frozen=True)
class BookingRecord:
    """A booking as it is written down: its row, its compact state and agenda, and its stays, lines and money.

    stays, lines, payments, refunds: rows as JSON objects, in order of their numbers; amounts in minor units of the
    currency.
    steps: the events that moved the status or a clock; change: what the guest has asked for and nobody answered.
    """

    hotel_id: int
    hotel_slug: str
    hotel_name: str
    row: Any
    state: Booking
    agenda: tuple[Entry, ...]
    stays: Sequence[dict[str, Any]]
    lines: Sequence[dict[str, Any]]
    payments: Sequence[dict[str, Any]]
    refunds: Sequence[dict[str, Any]] = ()
    steps: Sequence[dict[str, Any]] = ()
    change: dict[str, Any] | None = None

    @property
    def reference(self) -> str:
        """The booking's reference."""
        return self.state.reference


_BOOKING = f"""
SELECT h.slug, h.name AS hotel_name, b.reference, b.payment_status, b.state::text AS state, b.agenda::text AS agenda,
    b.waiting_for, b.hold_expires_at, b.approval_deadline, b.source, b.special_requests, b.currency, b.total_minor,
    b.paid_minor, b.balance_minor, b.source_reference, b.commission_percent, b.commission_minor, b.language,
    b.token_generation, {NEEDS_ATTENTION} AS needs_attention, {ATTENTION} AS attention, b.cancellation_reason,
    b.create_key, b.create_body_hash, b.created_at, g.name AS guest_name, g.email, g.phone, g.country,
    (SELECT json_agg(json_build_object('stay', s.stay, 'room_type', t.code, 'room_type_name', t.name, 'rate_plan',
            p.code, 'rate_plan_name', p.name, 'meal_plan', p.meal_plan, 'adults', s.adults, 'children_ages',
            s.children_ages, 'housekeeping', r.housekeeping, 'guests', (
                SELECT json_agg(json_build_object('name', n.name, 'age', n.age) ORDER BY n.position)
                FROM stay_guests n
                WHERE n.hotel_id = s.hotel_id AND n.reference = s.reference AND n.stay = s.stay)) ORDER BY s.stay)
        FROM stays s
        JOIN room_types t ON t.hotel_id = s.hotel_id AND t.room_type_id = s.room_type_id
        JOIN rate_plans p ON p.hotel_id = s.hotel_id AND p.rate_plan_id = s.rate_plan_id
        LEFT JOIN rooms r ON r.hotel_id = s.hotel_id AND r.room_id = s.room_id
        WHERE s.hotel_id = b.hotel_id AND s.reference = b.reference) AS stays,
    (SELECT json_agg(json_build_object('stay', l.stay, 'night', l.night, 'kind', l.kind, 'code', l.code, 'name',
            l.name, 'amount_minor', l.amount_minor, 'included', l.included, 'released', l.released)
            ORDER BY l.stay, l.line)
        FROM nightly_lines l
        WHERE l.hotel_id = b.hotel_id AND l.reference = b.reference AND l.superseded_seq IS NULL) AS lines,
    (SELECT json_agg(json_build_object('number', y.number, 'method', y.method, 'purpose', y.purpose, 'how', y.how,
            'state', y.state, 'amount_minor', y.amount_minor, 'captured_minor', y.captured_minor, 'refunded_minor',
            y.refunded_minor, 'external_reference', y.external_reference, 'received_at', y.received_at,
            'business_date', y.business_date, 'capture_before', y.capture_before, 'decline_code', y.decline_code,
            'disputed', y.disputed) ORDER BY y.number)
        FROM payments y WHERE y.hotel_id = b.hotel_id AND y.reference = b.reference) AS payments,
    (SELECT json_agg(json_build_object('number', w.number, 'payment', w.payment, 'amount_minor', w.amount_minor,
            'state', w.state, 'cause', w.cause, 'asked_at', w.asked_at, 'told_at', w.told_at) ORDER BY w.number)
        FROM refunds w WHERE w.hotel_id = b.hotel_id AND w.reference = b.reference) AS refunds,
    (SELECT json_agg(json_build_object('seq', e.seq, 'what', e.what, 'at', e.happened_at, 'kind', e.actor_kind, 'role',
            e.actor_role, 'name', f.name, 'reason', e.reason, 'status', e.status_after) ORDER BY e.seq)
        FROM booking_events e LEFT JOIN staff f ON f.staff_id = e.staff_id
        WHERE e.hotel_id = b.hotel_id AND e.reference = b.reference
            AND (e.what = 'clock_moved' OR e.status_before IS DISTINCT FROM e.status_after)) AS steps,
    (SELECT json_build_object('number', c.number, 'words', c.words, 'wish', c.wish, 'before_minor', c.before_minor,
            'after_minor', c.after_minor, 'asked_at', c.asked_at, 'until', c.until)
        FROM change_requests c
        WHERE c.hotel_id = b.hotel_id AND c.reference = b.reference AND c.verdict = 'open') AS change,
    (SELECT json_agg(json_build_object('text', v.text, 'at', v.written_at) ORDER BY n.note_id)
        FROM booking_notes n
        JOIN note_versions v ON v.hotel_id = n.hotel_id AND v.note_id = n.note_id AND v.version = n.version
        WHERE n.hotel_id = b.hotel_id AND n.reference = b.reference AND n.kind = 'guest' AND NOT n.deleted) AS notes,
    g.profile_id, ({PAST_STAYS}) AS past_stays
FROM bookings b
JOIN hotels h ON h.hotel_id = b.hotel_id
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
"""
_BY_REFERENCE = Hot(_BOOKING + "WHERE b.hotel_id = :hotel_id AND b.reference = :reference")


async def read_booking(tx: AsyncConnection, hotel_id: int, reference: str) -> BookingRecord | None:
    """The booking of that reference at this hotel; None where there is none."""
    return _record(hotel_id, await _BY_REFERENCE.rows(tx, {"hotel_id": hotel_id, "reference": reference}))


async def look_at_booking(database: Database, hotel_id: int, reference: str) -> BookingRecord | None:
    """The same in one round trip."""
    place = {"hotel_id": hotel_id, "reference": reference}
    (rows,) = await database.look((_BY_REFERENCE, place), hotel_id=hotel_id)
    return _record(hotel_id, rows)


def _record(hotel_id: int, rows: Sequence[Any]) -> BookingRecord | None:
    if not rows:
        return None
    row = rows[0]
    return BookingRecord(
        hotel_id=hotel_id,
        hotel_slug=row.slug,
        hotel_name=row.hotel_name,
        row=row,
        state=_STATE.validate_json(row.state),
        agenda=_AGENDA.validate_json(row.agenda),
        stays=row.stays or [],
        lines=row.lines or [],
        payments=row.payments or [],
        refunds=row.refunds or [],
        steps=row.steps or [],
        change=row.change,
    )


_KEY_ANSWER = Hot("""
SELECT body_hash FROM command_keys WHERE hotel_id = :hotel_id AND reference = :reference AND key = :key
""")


async def read_command_key(tx: AsyncConnection, hotel_id: int, reference: str, key: str) -> str | None:
    """The fingerprint of the body that came with this command key; None when the key is new."""
    place = {"hotel_id": hotel_id, "reference": reference, "key": key}
    rows = await _KEY_ANSWER.rows(tx, place)
    return rows[0].body_hash if rows else None


_CHANGE = text("""
SELECT plans FROM change_requests
WHERE hotel_id = :hotel_id AND reference = :reference AND number = :number AND verdict = 'open'
""")


async def read_change_plans(
    tx: AsyncConnection, hotel_id: int, reference: str, number: int
) -> tuple[StayPlan, ...] | None:
    """The change as it was priced when the guest asked for it; None when no such request is open."""
    place = {"hotel_id": hotel_id, "reference": reference, "number": number}
    plans = (await tx.execute(_CHANGE, place)).scalar()
    return None if plans is None else read_plans(plans)


@dataclass(frozen=True)
class Shortage:
    """The first night on which a room type has fewer free rooms than are wanted."""

    room_type_id: int
    room_type_name: str
    night: date
    left: int


@dataclass(frozen=True)
class BeforeOpening:
    """What creating a booking looks at first. made: the reference and body hash of an earlier booking of this key.

    payments_shut: the hotel's own account at the payment provider takes no payments.
    """

    slug: str
    code: str
    active: bool
    not_on_sale_reason: str | None
    manual: bool
    payment: str
    language: str
    made: tuple[str, str] | None
    shortage: Shortage | None
    payments_shut: bool = False


_BEFORE_OPENING = Hot("""
SELECT h.slug, h.code, h.active, h.not_on_sale_reason, b.reference, b.create_body_hash,
    p.terms ->> 'confirmation' = 'manual' AS manual, p.terms ->> 'payment' AS payment, h.language,
    EXISTS (SELECT 1 FROM stripe_accounts a WHERE a.hotel_id = h.hotel_id AND NOT a.charges_enabled) AS payments_shut,
    short.room_type_id, short.room_type_name, short.night, short.left
FROM hotels h
JOIN policy_versions p ON p.hotel_id = h.hotel_id AND p.version = h.policy_version
LEFT JOIN bookings b ON b.hotel_id = h.hotel_id AND b.create_key = :key
LEFT JOIN LATERAL (
    SELECT w.room_type_id, t.name AS room_type_name, w.night,
        coalesce(n.physical - n.out_of_order - n.blocked - n.held - n.sold + n.overbooking_limit, 0) AS left
    FROM unnest(CAST(:types AS int[]), CAST(:nights AS date[]), CAST(:wanted AS int[]))
        AS w (room_type_id, night, rooms)
    JOIN room_types t ON t.hotel_id = h.hotel_id AND t.room_type_id = w.room_type_id
    LEFT JOIN room_type_nights n
        ON n.hotel_id = h.hotel_id AND n.room_type_id = w.room_type_id AND n.night = w.night
    WHERE coalesce(n.physical - n.out_of_order - n.blocked - n.held - n.sold + n.overbooking_limit, 0) < w.rooms
    ORDER BY w.night, w.room_type_id
    LIMIT 1
) short ON true
WHERE h.hotel_id = :hotel_id
""")


async def look_before_opening(
    database: Database, hotel_id: int, key: str, wanted: Sequence[tuple[int, date, int]]
) -> BeforeOpening | None:
    """The hotel's doors, an earlier booking of this key, and the first night that is short of rooms.

    wanted: room type id, night and how many rooms of it. None when there is no such hotel.
    """
    asked = {
        "hotel_id": hotel_id,
        "key": key,
        "types": [room_type for room_type, _, _ in wanted],
        "nights": [night for _, night, _ in wanted],
        "wanted": [rooms for _, _, rooms in wanted],
    }
    (rows,) = await database.look((_BEFORE_OPENING, asked), hotel_id=hotel_id)
    if not rows:
        return None
    row = rows[0]
    return BeforeOpening(
        slug=row.slug,
        code=row.code,
        active=row.active,
        not_on_sale_reason=row.not_on_sale_reason,
        manual=row.manual,
        payment=row.payment,
        language=row.language,
        made=(row.reference, row.create_body_hash) if row.reference else None,
        shortage=Shortage(row.room_type_id, row.room_type_name, row.night, max(0, row.left)) if row.night else None,
        payments_shut=row.payments_shut,
    )


_EVENTS = text("""
SELECT e.seq, e.happened_at, e.actor_kind, e.actor_role, s.name AS staff_name, e.channel, e.what, e.reason,
    e.status_before, e.status_after, e.awaited, e.policy_version, e.difference
FROM booking_events e
LEFT JOIN staff s ON s.staff_id = e.staff_id
WHERE e.hotel_id = :hotel_id AND e.reference = :reference
ORDER BY e.seq
LIMIT :most
""")
_NOTICES = text("""
SELECT notice_id, seq, kind, audience, stay, state, state_reason, due_at, sent_at, delivery, delivered_at, opened_at
FROM notices
WHERE hotel_id = :hotel_id AND reference = :reference
ORDER BY notice_id
LIMIT :most
""")


async def read_events(tx: AsyncConnection, hotel_id: int, reference: str) -> Sequence[Any]:
    """The booking's events in their order, with the name of the person for staff."""
    place = {"hotel_id": hotel_id, "reference": reference, "most": MAX_TIMELINE_ROWS}
    return (await tx.execute(_EVENTS, place)).all()


async def read_notices(tx: AsyncConnection, hotel_id: int, reference: str) -> Sequence[Any]:
    """The messages that were written about the booking, sent or not."""
    place = {"hotel_id": hotel_id, "reference": reference, "most": MAX_TIMELINE_ROWS}
    return (await tx.execute(_NOTICES, place)).all()
