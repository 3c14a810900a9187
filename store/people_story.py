"""What people wrote about a booking, as rows of its timeline. Rule: docs/rules/guests.md."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_STORY = text("""
SELECT 'audit' AS kind, c.changed_at AS at, 'changed_' || c.field AS what, c.state, c.actor_kind, c.actor_role,
    s.name AS staff_name, c.reason, c.stay, c.old_value AS old, c.new_value AS new, true AS for_guests
FROM guest_changes c LEFT JOIN staff s ON s.staff_id = c.staff_id
WHERE c.hotel_id = :hotel_id AND c.reference = :reference
UNION ALL
SELECT 'audit', c.confirmed_at, 'confirmed_email', c.state, 'guest', '', NULL, '', NULL, c.old_value, c.new_value, true
FROM guest_changes c
WHERE c.hotel_id = :hotel_id AND c.reference = :reference AND c.confirmed_at IS NOT NULL
UNION ALL
SELECT 'note', v.written_at, 'note_' || v.what, n.kind, 'staff', v.actor_role, s.name, '', NULL, '', v.text,
    n.kind = 'guest' AND NOT n.deleted AND v.version = n.version
FROM booking_notes n
JOIN note_versions v ON v.hotel_id = n.hotel_id AND v.note_id = n.note_id
LEFT JOIN staff s ON s.staff_id = v.staff_id
WHERE n.hotel_id = :hotel_id AND n.reference = :reference
UNION ALL
SELECT 'audit', f.added_at, 'file_added', '', 'staff', f.added_role, s.name, '', NULL, '', f.name, false
FROM booking_files f LEFT JOIN staff s ON s.staff_id = f.added_by
WHERE f.hotel_id = :hotel_id AND f.reference = :reference
UNION ALL
SELECT 'audit', f.deleted_at, 'file_deleted', '', 'staff', f.deleted_role, s.name, f.deletion_reason, NULL, f.name, '',
    false
FROM booking_files f LEFT JOIN staff s ON s.staff_id = f.deleted_by
WHERE f.hotel_id = :hotel_id AND f.reference = :reference AND f.deleted_at IS NOT NULL
ORDER BY 2, 3
LIMIT 1000
""")


async def read_people_story(tx: AsyncConnection, hotel_id: int, reference: str) -> Sequence[Any]:
    """Changes of own details, notes and files by instant.

    kind: audit or note; what: changed_{field}, confirmed_email, note_{written, edited, deleted}, file_{added, deleted};
    state: of a change, or the kind of a note; for_guests: whether the booking's guest may read the row, so that of a
    note only its present text is.
    """
    return (await tx.execute(_STORY, {"hotel_id": hotel_id, "reference": reference})).all()
