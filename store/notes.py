"""Notes of the hotel's people, with every text that they had. Rule: docs/rules/guests.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_NOTES = 200

_NOTE = """
SELECT n.note_id, n.reference, n.kind, n.about, n.version, n.deleted, v.text, v.versions
FROM booking_notes n
JOIN LATERAL (
    SELECT (array_agg(x.text ORDER BY x.version DESC))[1] AS text,
        json_agg(json_build_object('version', x.version, 'what', x.what, 'text', x.text, 'at', x.written_at,
            'role', x.actor_role, 'name', s.name) ORDER BY x.version) AS versions
    FROM note_versions x
    LEFT JOIN staff s ON s.staff_id = x.staff_id
    WHERE x.hotel_id = n.hotel_id AND x.note_id = n.note_id
) v ON true
WHERE n.hotel_id = :hotel_id
"""
# A note about a guest follows the guest to every booking.
_SEEN_AT_BOOKING = """(n.reference = :reference OR n.profile_id = (
    SELECT g.profile_id FROM bookings b JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
    WHERE b.hotel_id = :hotel_id AND b.reference = :reference))"""
_OF_BOOKING = text(f"{_NOTE} AND {_SEEN_AT_BOOKING} ORDER BY n.note_id LIMIT :most")
_OF_GUEST = text(f"{_NOTE} AND n.profile_id = :profile_id ORDER BY n.note_id LIMIT :most")
_ONE = text(f"{_NOTE} AND {_SEEN_AT_BOOKING} AND n.note_id = :note_id")
_COUNT = text("SELECT count(*) FROM booking_notes WHERE hotel_id = :hotel_id AND reference = :reference")
_ADD = text("""
INSERT INTO booking_notes (hotel_id, reference, kind, about, profile_id)
SELECT b.hotel_id, b.reference, :kind, :about, CASE :about WHEN 'guest' THEN g.profile_id END
FROM bookings b
JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
WHERE b.hotel_id = :hotel_id AND b.reference = :reference
RETURNING note_id
""")
_MOVE_ON = text("""
UPDATE booking_notes SET version = version + 1, deleted = :deleted
WHERE hotel_id = :hotel_id AND note_id = :note_id AND NOT deleted
RETURNING version
""")
_VERSION = text("""
INSERT INTO note_versions (hotel_id, note_id, version, what, text, written_at, actor_role, staff_id)
VALUES (:hotel_id, :note_id, :version, :what, :text, :at, :role, :staff_id)
""")


@dataclass(frozen=True)
class Writer:
    """Who of the hotel's people writes, and when."""

    role: str
    staff_id: int
    at: datetime


async def notes_of_booking(tx: AsyncConnection, hotel_id: int, reference: str) -> Sequence[Any]:
    """The notes of a booking and about its guest, deleted ones too, with their versions; oldest first."""
    place = {"hotel_id": hotel_id, "reference": reference, "most": MOST_NOTES}
    return (await tx.execute(_OF_BOOKING, place)).all()


async def notes_of_guest(tx: AsyncConnection, hotel_id: int, profile_id: int) -> Sequence[Any]:
    """The notes about a guest over all bookings, deleted ones too; oldest first."""
    return (await tx.execute(_OF_GUEST, {"hotel_id": hotel_id, "profile_id": profile_id, "most": MOST_NOTES})).all()


async def read_note(tx: AsyncConnection, hotel_id: int, reference: str, note_id: int) -> Any | None:
    """One of the notes that are seen at a booking; None for any other."""
    place = {"hotel_id": hotel_id, "reference": reference, "note_id": note_id}
    return (await tx.execute(_ONE, place)).one_or_none()


async def count_notes(tx: AsyncConnection, hotel_id: int, reference: str) -> int:
    """How many notes were ever written at a booking."""
    return (await tx.execute(_COUNT, {"hotel_id": hotel_id, "reference": reference})).scalar_one()


async def add_note(
    tx: AsyncConnection, hotel_id: int, reference: str, kind: str, about: str, words: str, writer: Writer
) -> int:
    """Writes a note; answers its number."""
    place = {"hotel_id": hotel_id, "reference": reference}
    note_id: int = (await tx.execute(_ADD, {**place, "kind": kind, "about": about})).scalar_one()
    await _write(tx, hotel_id, note_id, 1, "written", words, writer)
    return note_id


async def edit_note(tx: AsyncConnection, hotel_id: int, note_id: int, words: str, writer: Writer) -> bool:
    """Gives a note another text; False where it was deleted."""
    return await _move_on(tx, hotel_id, note_id, "edited", words, writer)


async def delete_note(tx: AsyncConnection, hotel_id: int, note_id: int, writer: Writer) -> bool:
    """Takes a note away and keeps its history; False where it was deleted before."""
    return await _move_on(tx, hotel_id, note_id, "deleted", "", writer)


async def _move_on(tx: AsyncConnection, hotel_id: int, note_id: int, what: str, words: str, writer: Writer) -> bool:
    moved = {"hotel_id": hotel_id, "note_id": note_id, "deleted": what == "deleted"}
    version = (await tx.execute(_MOVE_ON, moved)).scalar()
    if version is None:
        return False
    await _write(tx, hotel_id, note_id, version, what, words, writer)
    return True


async def _write(
    tx: AsyncConnection, hotel_id: int, note_id: int, version: int, what: str, words: str, writer: Writer
) -> None:
    values = {
        "hotel_id": hotel_id,
        "note_id": note_id,
        "version": version,
        "what": what,
        "text": words,
        "at": writer.at,
        "role": writer.role,
        "staff_id": writer.staff_id,
    }
    await tx.execute(_VERSION, values)
