"""What guests and the desk write about a booking's people: own details, requests, who sleeps where, notes."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request

from api.callers import Desk, DeskRoute, GuestRoute, Parts, Record
from api.idempotency import once_for_command
from api.notes import list_notes, rewrite_note, write_note
from api.people import (
    ask_specially,
    change_details,
    guest_list,
    guest_profile,
    own_details,
    write_sleepers,
)
from api.shapes import people_examples as examples
from api.shapes.common import MOST_NUMBER, Limit, ReferencePath, SearchText, answers, example
from api.shapes.people import (
    DeskDetails,
    DeskDetailsChange,
    GuestList,
    GuestProfile,
    NewNote,
    NoteBody,
    NoteEdit,
    NoteList,
    OwnDetails,
    OwnDetailsChange,
    Sleepers,
    SleepersTold,
    SpecialRequests,
)
from api.shapes.problems import problems
from api.views import API
from domain.booking import Actor

own = APIRouter(prefix=API, tags=["Bookings"], route_class=GuestRoute)
people = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
ONE = "/bookings/{reference}"
GUEST = Actor("guest")
_GUEST = ("invalid_request", "not_logged_in", "not_found", "too_many_requests")
_DESK = ("invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
_WRITES = (*_DESK, "cross_site", "body_too_large")
_KEYS = ("idempotency_key_malformed", "idempotency_key_reused")
NoteId = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="The note's number.", examples=[5])]
ProfileId = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="The guest's number.", examples=[17])]
StayPath = Annotated[int, Path(ge=1, le=99, description="The room's number in the booking.", examples=[1])]


@own.patch(
    f"{ONE}/guest",
    responses={
        200: answers("The contact after it.", example("details", examples.OWN_DETAILS)),
        **problems(*_GUEST, "body_too_large", "too_many_addresses"),
    },
)
async def change_own_details(
    house: Parts,
    record: Record,
    reference: ReferencePath,
    body: Annotated[OwnDetailsChange, Body(openapi_examples=example("a_new_address", {"email": "new@example.com"}))],
) -> OwnDetails:
    """Changes the booking's own details. A new e-mail counts once its letter's link is used."""
    return own_details(await change_details(house, record, body, GUEST))


@own.post(
    f"{ONE}/special-requests",
    responses={
        200: answers("The contact and requests after it.", example("details", examples.OWN_DETAILS)),
        **problems(*_GUEST, *_KEYS, "body_too_large", "version_conflict", "requests_closed", "requests_too_long"),
    },
)
async def ask_special_requests(
    request: Request,
    house: Parts,
    record: Record,
    reference: ReferencePath,
    body: Annotated[SpecialRequests, Body(openapi_examples=example("quiet", {"text": "A quiet room, please."}))],
) -> OwnDetails:
    """Adds to what was asked for, or replaces it, until the check-out. Nothing is promised by it."""
    return await ask_specially(house, record, body, once_for_command(request, "special-requests", None, body))


@people.patch(
    f"{ONE}/guest",
    responses={
        200: answers("The contact after it.", example("details", examples.DESK_DETAILS)),
        **problems(*_WRITES),
    },
)
async def change_guest(
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[DeskDetailsChange, Body(openapi_examples=example("a_phone", {"phone": "+91 484 000 0001"}))],
) -> DeskDetails:
    """Changes the booking's contact. A new e-mail counts at once; the old address is told."""
    return await change_details(house, record, body, desk.actor, body.reason)


@people.put(
    f"{ONE}/stays/{{stay}}/guests",
    responses={
        200: answers("Who sleeps there.", example("guests", examples.SLEEPERS_TOLD)),
        **problems(*_WRITES, "occupancy_differs", "stay_over"),
    },
)
async def name_stay_guests(
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    stay: StayPath,
    body: Annotated[Sleepers, Body(openapi_examples=example("a_family", examples.SLEEPERS))],
) -> SleepersTold:
    """Writes down who sleeps in a room, the primary guest first. Other ages than were priced need an amend."""
    return await write_sleepers(house, record, stay, body, desk.actor)


@people.get(
    "/guests",
    responses={
        200: answers("A page of guests.", example("guests", examples.GUEST_LIST)),
        **problems(*_DESK, "cursor_unknown"),
    },
)
async def list_guests(
    house: Parts,
    at: Desk,
    q: Annotated[SearchText | None, Query(description="A part of the name or e-mail, or digits of the phone.")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="From the page before, with the same search.")] = None,
) -> GuestList:
    """The hotel's guests in order of their last names, each once however often they came."""
    return await guest_list(house, at, q, limit, cursor)


@people.get(
    "/guests/{profile_id}",
    responses={200: answers("The guest.", example("guest", examples.GUEST_PROFILE)), **problems(*_DESK)},
)
async def get_guest(house: Parts, at: Desk, profile_id: ProfileId) -> GuestProfile:
    """A guest over all bookings: past and coming rooms, what they come to, and the notes about them."""
    return await guest_profile(house, at, profile_id)


@people.get(
    f"{ONE}/notes",
    responses={200: answers("The notes.", example("notes", {"items": [examples.NOTE]})), **problems(*_DESK)},
)
async def list_booking_notes(house: Parts, record: Record, reference: ReferencePath) -> NoteList:
    """The booking's notes and those about its guest, deleted ones too, each with every text it had."""
    return await list_notes(house, record)


@people.post(
    f"{ONE}/notes",
    status_code=201,
    responses={
        201: answers("The note.", example("note", examples.NOTE)),
        **problems(*_WRITES, *_KEYS, "too_many_notes"),
    },
)
async def write_booking_note(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[
        NewNote,
        Body(
            openapi_examples={
                **example("internal", {"kind": "internal", "text": "Likes a room towards the harbour."}),
                **example("for_the_guest", {"kind": "guest", "text": "A cot is in your room."}),
            }
        ),
    ],
) -> NoteBody:
    """Writes a note for the hotel's people, or one that the guest is shown."""
    return await write_note(house, record, desk, body, once_for_command(request, "note", None, body))


@people.patch(
    f"{ONE}/notes/{{note_id}}",
    responses={
        200: answers("The note after it.", example("note", examples.NOTE)),
        **problems(*_WRITES, "note_deleted"),
    },
)
async def edit_booking_note(
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    note_id: NoteId,
    body: Annotated[NoteEdit, Body(openapi_examples=example("a_text", {"text": "Likes a quiet room."}))],
) -> NoteBody:
    """Gives the note another text; the one before is kept in its history."""
    return await rewrite_note(house, record, desk, note_id, body)


@people.delete(
    f"{ONE}/notes/{{note_id}}",
    responses={
        200: answers("What is left of the note.", example("note", examples.DELETED_NOTE)),
        **problems(*_DESK, "cross_site"),
    },
)
async def delete_booking_note(
    house: Parts, record: Record, desk: Desk, reference: ReferencePath, note_id: NoteId
) -> NoteBody:
    """Takes the note away and keeps its history."""
    return await rewrite_note(house, record, desk, note_id, None)
