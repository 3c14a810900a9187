"""What a change writes beside the booking's state: stays, their guests and price lines, the guest's wish, commission.

Only the workflow's activities call this, inside a step's transaction.
"""

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking, Status
from domain.changes import PricedLine, StayPlan
from domain.steps import ChangeNews, Step
from store.states import dump_plans

_STAY = text("""
INSERT INTO stays (hotel_id, reference, stay, status, arrival, departure, room_type_id, inventory_type_id, rate_plan_id,
    stay_policy_id, adults, children_ages, total_minor)
VALUES (:hotel_id, :reference, :stay, :status, :arrival, :departure, :room_type_id, :room_type_id, :rate_plan_id,
    :stay_policy_id, :adults, :children_ages, :total_minor)
ON CONFLICT (hotel_id, reference, stay) DO UPDATE SET arrival = excluded.arrival, departure = excluded.departure,
    room_type_id = excluded.room_type_id, rate_plan_id = excluded.rate_plan_id,
    stay_policy_id = excluded.stay_policy_id, adults = excluded.adults, children_ages = excluded.children_ages,
    total_minor = excluded.total_minor
""")
_FORGET_GUESTS = text("DELETE FROM stay_guests WHERE hotel_id = :hotel_id AND reference = :reference AND stay = :stay")
_GUESTS = text("""
INSERT INTO stay_guests (hotel_id, reference, stay, position, name, age)
SELECT :hotel_id, :reference, :stay, g.position, g.name, g.age
FROM jsonb_to_recordset(CAST(:guests AS jsonb)) AS g (position int, name text, age int)
""")
_PUT_ASIDE = text("""
UPDATE nightly_lines SET superseded_seq = :seq
WHERE hotel_id = :hotel_id AND reference = :reference AND stay = :stay AND superseded_seq IS NULL
""")
_LINES = text("""
INSERT INTO nightly_lines (hotel_id, reference, stay, line, night, kind, code, name, amount_minor, included,
    tax_rule_id)
SELECT :hotel_id, :reference, :stay,
    (SELECT coalesce(max(o.line), 0) FROM nightly_lines o
        WHERE o.hotel_id = :hotel_id AND o.reference = :reference AND o.stay = :stay) + l.position,
    l.night, l.kind, l.code, l.name, l.amount_minor, l.included, l.tax_rule_id
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l (position int, night date, kind text, code text, name text,
    amount_minor bigint, included boolean, tax_rule_id int)
""")
_RELEASED = text("""
UPDATE nightly_lines l SET released = s.night_gone
FROM (SELECT x.stay, x.line, NOT (x.night = ANY(k.kept)) AS night_gone
    FROM nightly_lines x
    JOIN (SELECT e.stay, coalesce(array_agg(e.night) FILTER (WHERE e.night IS NOT NULL), '{}') AS kept
        FROM jsonb_to_recordset(CAST(:kept AS jsonb)) AS e (stay int, night date) GROUP BY e.stay) k ON k.stay = x.stay
    WHERE x.hotel_id = :hotel_id AND x.reference = :reference AND x.superseded_seq IS NULL) s
WHERE l.hotel_id = :hotel_id AND l.reference = :reference AND l.stay = s.stay AND l.line = s.line
    AND l.released <> s.night_gone
""")
_ASK = text("""
INSERT INTO change_requests (hotel_id, reference, number, verdict, wish, words, plans, before_minor, after_minor,
    asked_at, until)
VALUES (:hotel_id, :reference, :number, 'open', CAST(:wish AS jsonb), :words, CAST(:plans AS jsonb), :before_minor,
    :after_minor, :now, :until)
""")
_ANSWER = text("""
UPDATE change_requests SET verdict = :verdict, answered_at = :now, answer = :answer
WHERE hotel_id = :hotel_id AND reference = :reference AND number = :number AND verdict = 'open'
""")
# Half-up to the minor unit, as round() does for numeric; what is included in a room's price is taken out again.
_COMMISSION = text("""
UPDATE bookings b SET commission_percent = :percent, commission_minor = (
    SELECT coalesce(round(CAST(:percent AS numeric) / 100 * sum(CASE WHEN l.kind = 'room' THEN l.amount_minor
        WHEN l.included THEN -l.amount_minor ELSE 0 END)), 0)
    FROM nightly_lines l
    WHERE l.hotel_id = b.hotel_id AND l.reference = b.reference AND l.superseded_seq IS NULL AND NOT l.released
        AND l.stay = ANY(CAST(:stays AS int[])))
WHERE b.hotel_id = :hotel_id AND b.reference = :reference
""")
_SOLD = (Status.HELD, Status.PENDING, Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT, Status.NO_SHOW)


async def write_plans(tx: AsyncConnection, step: Step, place: dict[str, Any]) -> None:
    """The planned stays with their guests and lines; earlier lines stay on file as superseded."""
    statuses = {stay.number: stay.status for stay in step.after.stays}
    for plan in step.plans:
        stay = {**place, "stay": plan.number}
        await tx.execute(_STAY, {**stay, **_stay_row(plan, statuses[plan.number])})
        if plan.guests is not None:
            await tx.execute(_FORGET_GUESTS, stay)
            await tx.execute(_GUESTS, {**stay, "guests": json.dumps(_guest_rows(plan))})
        await tx.execute(_PUT_ASIDE, stay)
        await _write_lines(tx, stay, plan.lines)
    for added in step.added:
        await _write_lines(tx, {**place, "stay": added.stay}, (added.line,))


def _stay_row(plan: StayPlan, status: Status) -> dict[str, Any]:
    return {
        "status": status.value,
        "arrival": plan.arrival,
        "departure": plan.departure,
        "room_type_id": plan.room_type_id,
        "rate_plan_id": plan.rate_plan_id,
        "stay_policy_id": plan.terms.stay_policy_id,
        "adults": plan.adults,
        "children_ages": list(plan.children_ages),
        "total_minor": plan.total_minor,
    }


def _guest_rows(plan: StayPlan) -> list[dict[str, Any]]:
    return [{"position": n, "name": name, "age": age} for n, (name, age) in enumerate(plan.guests or (), 1)]


async def _write_lines(tx: AsyncConnection, stay: dict[str, Any], lines: tuple[PricedLine, ...]) -> None:
    rows = [
        {
            "position": position, "night": line.night.isoformat(), "kind": line.kind, "code": line.code,
            "name": line.name, "amount_minor": line.amount_minor, "included": line.included,
            "tax_rule_id": line.tax_rule_id,
        }
        for position, line in enumerate(lines, 1)
    ]  # fmt: skip
    await tx.execute(_LINES, {**stay, "lines": json.dumps(rows)})


async def mark_released(tx: AsyncConnection, booking: Booking, place: dict[str, Any]) -> None:
    """Marks the lines of nights that were given back or skipped, and of those taken up again not any more."""
    kept: list[dict[str, Any]] = []
    for stay in booking.stays:
        nights = [night.isoformat() for night in stay.kept] or [None]
        kept += [{"stay": stay.number, "night": night} for night in nights]
    await tx.execute(_RELEASED, {**place, "kept": json.dumps(kept)})


async def write_change(tx: AsyncConnection, step: Step, news: ChangeNews, place: dict[str, Any]) -> None:
    """The guest's wish, or what became of it."""
    if news.verdict != "open":
        answer = {"number": news.number, "verdict": news.verdict, "now": step.act.now, "answer": step.act.reason}
        await tx.execute(_ANSWER, {**place, **answer})
        return
    asked = step.after.change_request
    await tx.execute(
        _ASK,
        {
            **place,
            "number": news.number,
            "wish": news.wish,
            "words": news.text,
            "plans": dump_plans(news.plans),
            "before_minor": news.before_minor,
            "after_minor": news.after_minor,
            "now": step.act.now,
            "until": asked.until if asked else step.act.now,
        },
    )


async def write_commission(tx: AsyncConnection, booking: Booking, place: dict[str, Any]) -> None:
    """The channel's share of the net price of the room nights that are sold."""
    stays = [stay.number for stay in booking.stays if stay.status in _SOLD]
    await tx.execute(_COMMISSION, {**place, "percent": booking.commission_percent, "stays": stays})
