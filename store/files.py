"""Papers that belong to a booking: their bytes, and who added or deleted them. Rule: docs/rules/guests.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.notes import Writer

_ROW = """
SELECT f.file_id, f.name, f.media_type, f.size_bytes, f.sha256, f.added_at, f.added_role, a.name AS added_by,
    f.deleted_at, f.deleted_role, d.name AS deleted_by, f.deletion_reason
FROM booking_files f
LEFT JOIN staff a ON a.staff_id = f.added_by
LEFT JOIN staff d ON d.staff_id = f.deleted_by
WHERE f.hotel_id = :hotel_id AND f.reference = :reference
"""
_LIST = text(f"{_ROW} ORDER BY f.file_id LIMIT 500")
_ONE = text(f"{_ROW} AND f.file_id = :file_id")
_COUNT = text("""
SELECT count(*) FROM booking_files WHERE hotel_id = :hotel_id AND reference = :reference AND deleted_at IS NULL
""")
_CONTENT = text("""
SELECT name, media_type, content FROM booking_files
WHERE hotel_id = :hotel_id AND reference = :reference AND file_id = :file_id AND content IS NOT NULL
""")
_ADD = text("""
INSERT INTO booking_files (hotel_id, reference, name, media_type, size_bytes, sha256, content, added_at, added_by,
    added_role)
VALUES (:hotel_id, :reference, :name, :media_type, :size_bytes, :sha256, :content, :at, :staff_id, :role)
RETURNING file_id
""")
_EMPTY = text("""
UPDATE booking_files
SET content = NULL, deleted_at = :at, deleted_by = :staff_id, deleted_role = :role, deletion_reason = :reason
WHERE hotel_id = :hotel_id AND reference = :reference AND file_id = :file_id AND deleted_at IS NULL
""")


@dataclass(frozen=True)
class Paper:
    """A file as it is kept. sha256: hex fingerprint of the content."""

    name: str
    media_type: str
    sha256: str
    content: bytes


async def list_files(tx: AsyncConnection, hotel_id: int, reference: str) -> Sequence[Any]:
    """What is known of a booking's files, deleted ones too, without their bytes; oldest first."""
    return (await tx.execute(_LIST, {"hotel_id": hotel_id, "reference": reference})).all()


async def read_file(tx: AsyncConnection, hotel_id: int, reference: str, file_id: int) -> Any | None:
    """What is known of one of the booking's files; None for any other."""
    place = {"hotel_id": hotel_id, "reference": reference, "file_id": file_id}
    return (await tx.execute(_ONE, place)).one_or_none()


async def count_files(tx: AsyncConnection, hotel_id: int, reference: str) -> int:
    """How many files of the booking have their bytes."""
    return (await tx.execute(_COUNT, {"hotel_id": hotel_id, "reference": reference})).scalar_one()


async def read_content(tx: AsyncConnection, hotel_id: int, reference: str, file_id: int) -> Any | None:
    """Name, media type and bytes of a file that was not deleted; None for any other."""
    place = {"hotel_id": hotel_id, "reference": reference, "file_id": file_id}
    return (await tx.execute(_CONTENT, place)).one_or_none()


async def add_file(tx: AsyncConnection, hotel_id: int, reference: str, paper: Paper, writer: Writer) -> int:
    """Keeps a file; answers its number."""
    values = {
        "hotel_id": hotel_id,
        "reference": reference,
        "name": paper.name,
        "media_type": paper.media_type,
        "size_bytes": len(paper.content),
        "sha256": paper.sha256,
        "content": paper.content,
        "at": writer.at,
        "staff_id": writer.staff_id,
        "role": writer.role,
    }
    return (await tx.execute(_ADD, values)).scalar_one()


async def empty_file(
    tx: AsyncConnection, hotel_id: int, reference: str, file_id: int, reason: str, writer: Writer
) -> None:
    """Empties a file's bytes and keeps who, when and why; a file that is empty already stays as it is."""
    values = {"hotel_id": hotel_id, "reference": reference, "file_id": file_id, "reason": reason}
    await tx.execute(_EMPTY, {**values, "at": writer.at, "staff_id": writer.staff_id, "role": writer.role})
