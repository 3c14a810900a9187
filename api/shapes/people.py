"""What people write: own details, notes, files, links; and guests as the desk finds them again."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from api.shapes.bookings import Country, Email, Phone, Sleeper, StatusWord
from api.shapes.common import REFERENCE_PATTERN, Asked, Line, LongText, Money, Note, Told, Version

Language = Literal["en", "pt"]
NoteKind = Literal["internal", "guest"]
NoteAbout = Literal["booking", "guest"]
NoteText = Annotated[LongText, StringConstraints(min_length=1)]


class OwnDetailsChange(Asked):
    """What changes of a booking's contact; what is left out stays as it is."""

    name: Line | None = None
    phone: Phone | None = None
    country: Country | None = Field(default=None, description="ISO 3166-1, two letters.")
    email: Email | None = Field(default=None, description="From a guest it counts once it is confirmed.")
    language: Language | None = Field(default=None, description="What letters are written in.")


class DeskDetailsChange(OwnDetailsChange):
    """The same by the desk, where a new address counts at once."""

    reason: Note = ""


class SpecialRequests(Asked):
    """Words for the hotel."""

    text: LongText = Field(examples=["A quiet room, please."])
    replace: bool = Field(default=False, description="In place of what was asked for before; else added to it.")
    version: Version | None = None


class OwnDetails(Told):
    """A booking's contact as it stands now."""

    reference: str
    name: str
    email: str | None = Field(description="Letters go there.")
    pending_email: str | None = Field(description="Given, but not confirmed yet.")
    phone: str | None
    country: str | None
    language: str
    special_requests: str


class DeskDetails(OwnDetails):
    """For the desk also whose profile it is."""

    profile_id: int | None
    past_stays: int = Field(description="Rooms that the same guest has had in other bookings here.")


class Sleepers(Asked):
    """Who sleeps in a room; the first is the primary guest."""

    guests: list[Sleeper] = Field(max_length=30)


class SleepersTold(Told):
    """Who sleeps in a room now."""

    reference: str
    stay: int
    guests: list[Sleeper]


class LinkWanted(Asked):
    """Asks that links be sent again. Exactly one of the three."""

    email: Email | None = None
    phone: Phone | None = None
    reference: Annotated[str, StringConstraints(pattern=REFERENCE_PATTERN)] | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> "LinkWanted":
        if sum(told is not None for told in (self.email, self.phone, self.reference)) != 1:
            raise ValueError("give one of `email`, `phone` and `reference`")
        return self


class LinkAnswer(Told):
    """The same whether there is a booking or not."""

    detail: str


class EmailConfirmation(Asked):
    """The token of a letter to a new address."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=400)]


class EmailConfirmed(Told):
    """The address counts now."""

    reference: str
    detail: str


class LinkPrint(Asked):
    """A link to print."""

    revoke: bool = Field(default=False, description="Every earlier link of the booking is dead from now on.")
    reason: Note = ""


class PrintedLink(Told):
    """A booking's link, and the same as a picture to print."""

    reference: str
    guest_page: str = Field(description="With the guest's own token: hand it to nobody else.")
    qr: str = Field(description="The address as a QR code: an SVG picture in a data address.")
    good_until: date = Field(description="The link opens the booking until then.")
    revoked: bool = Field(description="Whether earlier links were revoked with it.")


class NewNote(Asked):
    """A note to write."""

    kind: NoteKind = Field(description="guest: shown to the guest. internal: never.")
    text: NoteText
    about: NoteAbout = Field(default="booking", description="guest: seen by the desk at every booking of the guest.")


class NoteEdit(Asked):
    """Another text for a note."""

    text: NoteText


class NoteVersion(Told):
    """One text that a note had."""

    version: int
    what: Literal["written", "edited", "deleted"]
    text: str
    at: datetime
    role: str
    name: str | None


class NoteBody(Told):
    """A note with its history."""

    note_id: int
    reference: str = Field(description="The booking at which it was written.")
    kind: NoteKind
    about: NoteAbout
    text: str = Field(description="Empty once it was deleted.")
    deleted: bool
    versions: list[NoteVersion]


class NoteList(Told):
    """The notes of a booking and about its guest, oldest first."""

    items: list[NoteBody]


class FileBody(Told):
    """What is known of a file."""

    file_id: int
    name: str
    media_type: str
    size_bytes: int
    sha256: str = Field(description="Fingerprint of the bytes, in hex.")
    added_at: datetime
    added_role: str
    added_by: str | None
    deleted_at: datetime | None
    deleted_by: str | None
    deletion_reason: str


class FileList(Told):
    """A booking's files, oldest first; of deleted ones only what is known of them."""

    items: list[FileBody]


class GuestRow(Told):
    """A guest in a list."""

    profile_id: int
    name: str
    email: str | None
    phone: str | None
    country: str | None
    stays: int
    nights: int
    last_departure: date | None
    next_arrival: date | None


class GuestList(Told):
    """A page of the hotel's guests."""

    items: list[GuestRow]
    next_cursor: str | None
    limit: int


class GuestStay(Told):
    """One room of one of the guest's bookings."""

    reference: str
    stay: int
    status: StatusWord
    arrival: date
    departure: date
    nights: int
    room_type: str
    room_type_name: str
    total: Money
    booked_as: str = Field(description="The name in that booking.")


class GuestCounts(Told):
    """What the guest's rooms come to."""

    stays: int
    nights: int
    no_shows: int
    cancellations: int


class GuestProfile(Told):
    """A guest over all bookings of the hotel."""

    profile_id: int
    name: str
    email: str | None
    phone: str | None
    country: str | None
    first_seen_at: datetime
    counts: GuestCounts
    coming: list[GuestStay] = Field(description="Rooms that are to come or in the house, the next first.")
    past: list[GuestStay] = Field(description="Rooms that are over, however they ended, the latest first.")
    notes: list[NoteBody] = Field(description="Notes about the guest.")
