"""The office's part for notes: two kinds, each with every text it had. Rules: docs/rules/guests.md."""

from typing import Any

from api.callers import AtDesk
from api.house import House
from api.idempotency import Once
from api.office_keys import keep_made, made_before
from api.shapes.people import NewNote, NoteBody, NoteEdit, NoteList, NoteVersion
from domain.refusals import absent, conflict
from store.booking_reads import BookingRecord
from store.notes import Writer, add_note, count_notes, delete_note, edit_note, notes_of_booking, read_note
from store.people import begin

MOST_NOTES = 100


def writer_of(house: House, desk: AtDesk) -> Writer:
    """Who of the hotel's people writes, now."""
    return Writer(desk.role.role, desk.staff.session.staff_id, house.clock())


def note_body(row: Any) -> NoteBody:
    """A note as the desk sees it."""
    return NoteBody(
        note_id=row.note_id,
        reference=row.reference,
        kind=row.kind,
        about=row.about,
        text=row.text,
        deleted=row.deleted,
        versions=[NoteVersion.model_validate(told) for told in row.versions],
    )


async def list_notes(house: House, record: BookingRecord) -> NoteList:
    """The notes of a booking and about its guest, with their history."""
    async with house.database.hotel(record.hotel_id) as tx:
        rows = await notes_of_booking(tx, record.hotel_id, record.reference)
    return NoteList(items=[note_body(row) for row in rows])


async def write_note(house: House, record: BookingRecord, desk: AtDesk, body: NewNote, once: Once) -> NoteBody:
    """A note that was written now, or by the same key before. Errors: 409 idempotency_key_reused, too_many_notes."""
    hotel_id, reference = record.hotel_id, record.reference
    async with house.database.hotel(hotel_id) as tx:
        await begin(tx, hotel_id, reference)
        note_id = await made_before(tx, record, once)
        if note_id is None:
            if await count_notes(tx, hotel_id, reference) >= MOST_NOTES:
                raise conflict("too_many_notes", f"A booking has {MOST_NOTES} notes at most.", maximum=MOST_NOTES)
            writer = writer_of(house, desk)
            note_id = await add_note(tx, hotel_id, reference, body.kind, body.about, body.text, writer)
            await keep_made(tx, record, once, note_id)
        row = await read_note(tx, hotel_id, reference, note_id)
    if row is None:
        raise absent()
    return note_body(row)


async def rewrite_note(
    house: House, record: BookingRecord, desk: AtDesk, note_id: int, body: NoteEdit | None
) -> NoteBody:
    """A note with another text, or taken away where there is no body; the same again does nothing.

    Errors: 404; 409 note_deleted for another text of a note that was taken away.
    """
    hotel_id, reference = record.hotel_id, record.reference
    async with house.database.hotel(hotel_id) as tx:
        await begin(tx, hotel_id, reference)
        row = await read_note(tx, hotel_id, reference, note_id)
        if row is None:
            raise absent()
        writer = writer_of(house, desk)
        if body is None:
            await delete_note(tx, hotel_id, note_id, writer)
        elif row.deleted or (body.text != row.text and not await edit_note(tx, hotel_id, note_id, body.text, writer)):
            raise conflict("note_deleted", "This note was deleted; write another one.")
        row = await read_note(tx, hotel_id, reference, note_id)
    return note_body(row)
