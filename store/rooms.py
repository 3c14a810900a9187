"""Physical rooms: given to a stay for its nights, freed again, handed to housekeeping.

Rooms are locked by id; the exclusion constraint behind the segments is law, so a room is never given twice.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.booking import Booking
from domain.refusals import conflict, rule
from domain.steps import Step
from store.hot import Hot, at_once

# The rooms that are left are locked with those that are taken. Otherwise two guests who change into each other's rooms
# wait for each other: each new segment for the end of the transaction that has just left that room.
_LOCK = Hot("""
SELECT room_id, number, housekeeping, out_of_service, active FROM rooms
WHERE hotel_id = :hotel_id AND (room_id = ANY(CAST(:room_ids AS int[])) OR room_id IN (
    SELECT s.room_id FROM room_segments s
    WHERE s.hotel_id = :hotel_id AND s.reference = :reference AND s.stay = ANY(CAST(:stays AS int[]))))
ORDER BY room_id FOR UPDATE
""")
_LEAVE = Hot("""
DELETE FROM room_segments WHERE hotel_id = :hotel_id AND reference = :reference AND stay = ANY(CAST(:stays AS int[]))
""")
_OCCUPY = Hot("""
INSERT INTO room_segments (hotel_id, reference, stay, room_id, arrival, departure)
VALUES (:hotel_id, :reference, :stay, :room_id, :arrival, :departure)
ON CONFLICT DO NOTHING RETURNING segment_id
""")
_FREE = Hot("""
SELECT r.number FROM rooms r
JOIN rooms same ON same.hotel_id = r.hotel_id AND same.room_id = :room_id AND same.room_type_id = r.room_type_id
WHERE r.hotel_id = :hotel_id AND r.active AND NOT r.out_of_service
    AND NOT EXISTS (
        SELECT 1 FROM room_segments s
        WHERE s.hotel_id = r.hotel_id AND s.room_id = r.room_id AND s.arrival < :departure AND s.departure > :arrival)
ORDER BY length(r.number), r.number
LIMIT 20
""")
_DIRTY = Hot("""
UPDATE rooms SET housekeeping = 'dirty' WHERE hotel_id = :hotel_id AND room_id = ANY(CAST(:room_ids AS int[]))
""")


async def change_rooms(tx: AsyncConnection, booking: Booking, step: Step) -> None:
    """Writes the room side of a step.

    Errors: Refused room_not_free (409), room_out_of_service (422), room_not_clean (422, field `reason`).
    """
    room_ids = sorted({c.room_id for c in step.rooms if c.room_id} | set(step.clean_rooms) | set(step.dirty_rooms))
    if not room_ids and not step.rooms:
        return
    place = {"hotel_id": booking.hotel_id, "reference": booking.reference}
    stays = [change.stay for change in step.rooms]
    rows = await _LOCK.rows(tx, {**place, "room_ids": room_ids, "stays": stays})
    numbers = {row.room_id: row.number for row in rows}
    given = {change.room_id for change in step.rooms if change.room_id}
    for row in rows:
        if row.room_id in given and step.what == "room_assigned" and (row.out_of_service or not row.active):
            raise rule("room_out_of_service", f"Room {row.number} is out of service.", "room", room=row.number)
        if row.room_id in step.clean_rooms and row.housekeeping == "dirty":
            raise rule(
                "room_not_clean",
                f"Room {row.number} is not clean yet; give a reason to check in all the same.",
                "reason",
                room=row.number,
            )
    if step.rooms:
        await at_once(tx, (_LEAVE, {**place, "stays": stays}))
    for change in step.rooms:
        if change.room_id is None:
            continue
        dates = {"arrival": change.arrival, "departure": change.departure}
        taken = {**place, "stay": change.stay, "room_id": change.room_id, **dates}
        if not await _OCCUPY.rows(tx, taken):
            number = numbers.get(change.room_id, "")
            free = [row.number for row in await _FREE.rows(tx, taken)]
            told = f"Room {number} is given to somebody else on these nights."
            raise conflict("room_not_free", told, room=number, free_rooms=free)
    if step.dirty_rooms:
        await at_once(tx, (_DIRTY, {**place, "room_ids": list(step.dirty_rooms)}))
