"""The office's part for files: papers of a booking, taken by what they are and not by what they are called.

Rules: docs/rules/guests.md.
"""

import hashlib
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import Response

from api.callers import AtDesk
from api.house import House
from api.idempotency import Once, sent_key
from api.notes import writer_of
from api.office_keys import keep_made, made_before
from api.problems import malformed
from api.shapes.common import utc
from api.shapes.people import FileBody, FileList
from domain.files import MOST_BYTES, MOST_FILES, TELLING_BYTES, clean_name, media_type_of
from domain.refusals import absent, conflict, rule
from store.booking_reads import BookingRecord
from store.files import Paper, add_file, count_files, empty_file, list_files, read_content, read_file
from store.people import begin

NAME_HEADER = "X-File-Name"
_MOST_HEADER_CHARACTERS = 1_000


async def keep_file(house: House, request: Request, record: BookingRecord, desk: AtDesk) -> FileBody:
    """The file that the request's body is, kept now or by the same key before.

    Errors: 400 for an empty body or an unreadable name; 413; 409 too_many_files, idempotency_key_reused; 422
    file_type_not_taken.
    """
    paper = await _received(request)
    # Without a key the same bytes under the same name are the same file: a button that is pressed twice.
    hashed = hashlib.sha256(f"{paper.name}\n{paper.sha256}".encode()).hexdigest()[:32]
    once = Once(sent_key(request) or f"file-{hashed}", hashed)
    hotel_id, reference = record.hotel_id, record.reference
    async with house.database.hotel(hotel_id) as tx:
        await begin(tx, hotel_id, reference)
        file_id = await made_before(tx, record, once)
        if file_id is None:
            if await count_files(tx, hotel_id, reference) >= MOST_FILES:
                raise conflict("too_many_files", f"A booking has {MOST_FILES} files at most.", maximum=MOST_FILES)
            file_id = await add_file(tx, hotel_id, reference, paper, writer_of(house, desk))
            await keep_made(tx, record, once, file_id)
        row = await read_file(tx, hotel_id, reference, file_id)
    return _file_body(row)


async def _received(request: Request) -> Paper:
    told = request.headers.get(NAME_HEADER, "")
    if len(told) > _MOST_HEADER_CHARACTERS:
        raise malformed(f"{NAME_HEADER} has {_MOST_HEADER_CHARACTERS} characters at most.", NAME_HEADER)
    content = await request.body()
    if not content:
        raise malformed("The body is the file; it is empty.", "body")
    if len(content) > MOST_BYTES:
        raise malformed(f"A file has {MOST_BYTES} bytes at most.", "body")
    media_type = media_type_of(content[:TELLING_BYTES])
    if media_type is None:
        raise rule("file_type_not_taken", "PDF, PNG, JPEG and HEIC are taken; this is none of them.", "body")
    return Paper(clean_name(unquote(told), media_type), media_type, hashlib.sha256(content).hexdigest(), content)


async def booking_files(house: House, record: BookingRecord) -> FileList:
    """What is known of the booking's files."""
    async with house.database.hotel(record.hotel_id) as tx:
        rows = await list_files(tx, record.hotel_id, record.reference)
    return FileList(items=[_file_body(row) for row in rows])


async def download(house: House, record: BookingRecord, file_id: int) -> Response:
    """The file's bytes, always to be saved and never shown in place. Errors: 404, also for a deleted one."""
    async with house.database.hotel(record.hotel_id) as tx:
        row = await read_content(tx, record.hotel_id, record.reference, file_id)
    if row is None:
        raise absent()
    plain = row.name.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(row.name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return Response(bytes(row.content), media_type=row.media_type, headers=headers)


async def drop_file(house: House, record: BookingRecord, desk: AtDesk, file_id: int, reason: str) -> FileBody:
    """What is left of a file whose bytes are gone; a file that was deleted before stays as it is. Errors: 404."""
    async with house.database.hotel(record.hotel_id) as tx:
        await begin(tx, record.hotel_id, record.reference)
        await empty_file(tx, record.hotel_id, record.reference, file_id, reason, writer_of(house, desk))
        row = await read_file(tx, record.hotel_id, record.reference, file_id)
    if row is None:
        raise absent()
    return _file_body(row)


def _file_body(row: Any) -> FileBody:
    return FileBody(
        file_id=row.file_id,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        added_at=utc(row.added_at),
        added_role=row.added_role,
        added_by=row.added_by,
        deleted_at=utc(row.deleted_at) if row.deleted_at else None,
        deleted_by=row.deleted_by,
        deletion_reason=row.deletion_reason,
    )
