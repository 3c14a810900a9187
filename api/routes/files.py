"""Files of a booking at the desk: copies of papers that an approval needs."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import StringConstraints
from starlette.responses import Response

from api.callers import Desk, DeskRoute, Parts, Record
from api.files import NAME_HEADER, booking_files, download, drop_file, keep_file
from api.shapes import people_examples as examples
from api.shapes.common import MOST_NUMBER, Line, ReferencePath, answers, example
from api.shapes.people import FileBody, FileList
from api.shapes.problems import problems
from api.views import API
from domain.files import EXTENSIONS

files = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
MANY = "/bookings/{reference}/files"
_DESK = ("invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
_BYTES: dict[str, Any] = {"type": "string", "format": "binary"}
_RECEIVED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself.",
        "content": {
            "application/octet-stream": {"schema": _BYTES, "examples": example("a_letter", "%PDF-1.7 and all the rest")}
        },
    },
    "parameters": [
        {
            "name": NAME_HEADER,
            "in": "header",
            "required": False,
            "description": "The file's name in UTF-8, percent-encoded. Its ending does not matter.",
            "schema": {"type": "string", "maxLength": 1000, "pattern": "^[!-~]*$"},
            "example": "company%20letter.pdf",
        }
    ],
}
_SENT = {
    media_type: {"schema": _BYTES, "examples": example("file", f"the bytes of a .{ending}")}
    for media_type, ending in EXTENSIONS.items()
}
FileId = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="The file's number.", examples=[3])]


@files.get(
    MANY,
    responses={200: answers("The files.", example("files", {"items": [examples.FILE]})), **problems(*_DESK)},
)
async def list_booking_files(house: Parts, record: Record, reference: ReferencePath) -> FileList:
    """What is known of the booking's files: who added or deleted them, and when."""
    return await booking_files(house, record)


@files.post(
    MANY,
    status_code=201,
    openapi_extra=_RECEIVED,
    responses={
        201: answers("What is known of the file.", example("file", examples.FILE)),
        **problems(
            *_DESK, "cross_site", "idempotency_key_malformed", "idempotency_key_reused", "body_too_large",
            "too_many_files", "file_type_not_taken",
        ),
    },
)  # fmt: skip
async def add_booking_file(
    request: Request, house: Parts, record: Record, desk: Desk, reference: ReferencePath
) -> FileBody:
    """Keeps a PDF, PNG, JPEG or HEIC of at most 10 MB: the body is the file. Told by its first bytes, not by its name.

    The same bytes under the same name are one file, however often they are sent.
    """
    return await keep_file(house, request, record, desk)


@files.get(
    f"{MANY}/{{file_id}}",
    response_class=Response,
    responses={200: {"description": "The file, to be saved.", "content": _SENT}, **problems(*_DESK)},
)
async def get_booking_file(house: Parts, record: Record, reference: ReferencePath, file_id: FileId) -> Response:
    """The file's bytes, as an attachment that no browser shows in place or keeps."""
    return await download(house, record, file_id)


@files.delete(
    f"{MANY}/{{file_id}}",
    responses={
        200: answers("What is left of it.", example("file", examples.DELETED_FILE)),
        **problems(*_DESK, "cross_site"),
    },
)
async def delete_booking_file(
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    file_id: FileId,
    reason: Annotated[Line, StringConstraints(max_length=200), Query(description="Why; kept with who and when.")],
) -> FileBody:
    """Empties the file's bytes for good; its name, size and history stay."""
    return await drop_file(house, record, desk, file_id, reason)
