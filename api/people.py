"""The office's part for people: own details, special requests, who sleeps where, and guests who come again.

None of it goes through a booking's workflow. Each write is one transaction that begins with the booking's own lock and
keeps who, when and what it was before. Rules: docs/rules/guests.md.
"""

import hashlib
from datetime import UTC, datetime
from datetime import time as wall_time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api.callers import GUEST_LINK_LIFETIME, AtDesk
from api.cursors import read_cursor, write_cursor
from api.house import House
from api.idempotency import Once
from api.notes import note_body
from api.office_keys import keep_made, made_before
from api.shapes.common import Money, utc
from api.shapes.people import (
    DeskDetails,
    EmailConfirmed,
    GuestCounts,
    GuestList,
    GuestProfile,
    GuestRow,
    GuestStay,
    OwnDetails,
    OwnDetailsChange,
    Sleepers,
    SleepersTold,
    SpecialRequests,
)
from domain.booking import GONE, Actor, Status
from domain.guests import check_fits
from domain.lifecycle import check_version
from domain.refusals import absent, conflict, rule
from messages.email_tokens import email_token, read_email_token
from store.booking_reads import BookingRecord, read_booking
from store.notes import notes_of_guest
from store.people import (
    Change,
    Details,
    Letter,
    begin,
    confirm_address,
    name_sleepers,
    new_addresses,
    post_letter,
    read_address,
    read_details,
    replace_pending,
    set_detail,
    write_change,
)
from store.profiles import list_guests, read_guest

MOST_REQUEST_CHARACTERS = 2_000
MOST_NEW_ADDRESSES = 5
CONFIRM_PAGE = "/confirm-email"
_COMING = ("held", "pending", "confirmed", "checked_in")
_BEFORE_CHECK_OUT = (Status.HELD, Status.PENDING, Status.CONFIRMED, Status.CHECKED_IN)


async def change_details(
    house: House, record: BookingRecord, body: OwnDetailsChange, actor: Actor, reason: str = ""
) -> DeskDetails:
    """A booking's contact after the change. Errors: 422 too_many_addresses."""
    asked = body.model_dump(include={"name", "phone", "country", "email", "language"}, exclude_none=True)
    async with house.database.hotel(record.hotel_id) as tx:
        await begin(tx, record.hotel_id, record.reference)
        before = await read_details(tx, record.hotel_id, record.reference)
        email = asked.pop("email", None)
        if email is not None and actor.kind == "guest":
            await _give_address(house, tx, record, before, email)
        elif email is not None and email != before.email:
            await replace_pending(tx, record.hotel_id, record.reference)
            await _change(house, tx, record, before, Change("email", "", email, actor, house.clock(), reason))
            await _tell_old_address(house, tx, record, before.email)
        for field, value in asked.items():
            if value != getattr(before, field):
                await _change(house, tx, record, before, Change(field, "", value, actor, house.clock(), reason))
        return _details(record, await read_details(tx, record.hotel_id, record.reference))


async def _change(house: House, tx: AsyncConnection, record: BookingRecord, before: Details, change: Change) -> int:
    """Changes one detail and keeps what it was."""
    await set_detail(tx, record.hotel_id, record.reference, before.guest_id, change.field, change.new)
    old = getattr(before, change.field) or ""
    kept = Change(change.field, old, change.new, change.actor, change.at, change.reason)
    return await write_change(tx, record.hotel_id, record.reference, kept)


async def _give_address(house: House, tx: AsyncConnection, record: BookingRecord, before: Details, email: str) -> None:
    """A guest's new address waits until it is confirmed; the address on file, given again, ends the waiting."""
    if email == before.pending_email:
        return
    now, hotel_id, reference = house.clock(), record.hotel_id, record.reference
    if email == before.email:
        await replace_pending(tx, hotel_id, reference)
        return
    if await new_addresses(tx, hotel_id, reference, now) >= MOST_NEW_ADDRESSES:
        raise rule(
            "too_many_addresses", f"A booking takes {MOST_NEW_ADDRESSES} new addresses in 24 hours at most.", "email",
            maximum=MOST_NEW_ADDRESSES,
        )  # fmt: skip
    await replace_pending(tx, hotel_id, reference)
    given = Change("email", before.email or "", email, Actor("guest"), now, state="pending")
    change_id = await write_change(tx, hotel_id, reference, given)
    token = email_token(house.secret, hotel_id, reference, change_id)
    link = f"{house.settings.base_url}{CONFIRM_PAGE}?token={token}"
    letter = Letter("email_confirm", now, email, link, useful_until=_links_end(record))
    await post_letter(tx, hotel_id, reference, letter)


async def _tell_old_address(house: House, tx: AsyncConnection, record: BookingRecord, old: str | None) -> None:
    if old:
        await post_letter(tx, record.hotel_id, record.reference, Letter("email_changed", house.clock(), old))


def _links_end(record: BookingRecord) -> datetime:
    """Until when a booking's links are good, as the guest's door judges it."""
    return datetime.combine(record.state.departure, wall_time(), UTC) + GUEST_LINK_LIFETIME


async def confirm_email(house: House, token: str) -> EmailConfirmed:
    """The address that the token's letter went to counts from now on.

    Errors: 404, the same for a token that is not ours, for an address that a later one replaced, and for a booking
    whose links are good no more.
    """
    told = read_email_token(house.secret, token)
    if told is None:
        raise absent()
    async with house.database.hotel(told.hotel_id) as tx:
        record = await read_booking(tx, told.hotel_id, told.reference)
        if record is None or not record.state.terms.guest_portal or house.clock() > _links_end(record):
            raise absent()
        await begin(tx, told.hotel_id, told.reference)
        address = await read_address(tx, told.hotel_id, told.reference, told.change_id)
        if address is None or address[0] == "replaced":
            raise absent()
        if address[0] == "pending":
            before = await read_details(tx, told.hotel_id, told.reference)
            await set_detail(tx, told.hotel_id, told.reference, before.guest_id, "email", address[1])
            await confirm_address(tx, told.hotel_id, told.change_id, house.clock())
            await _tell_old_address(house, tx, record, before.email)
    return EmailConfirmed(
        reference=told.reference, detail="The new address counts from now on; the old one has been told."
    )


async def ask_specially(house: House, record: BookingRecord, body: SpecialRequests, once: Once) -> OwnDetails:
    """The booking's special requests after these.

    Errors: 409 version_conflict, requests_closed, idempotency_key_reused; 422 requests_too_long.
    """
    hotel_id, reference = record.hotel_id, record.reference
    async with house.database.hotel(hotel_id) as tx:
        await begin(tx, hotel_id, reference)
        before = await read_details(tx, hotel_id, reference)
        if await made_before(tx, record, once) is None:
            check_version(record.state, body.version)
            if record.state.status not in _BEFORE_CHECK_OUT:
                raise conflict(
                    "requests_closed", "The stay is over; the hotel can't act on requests any more.",
                    booking_status=record.state.status.value,
                )  # fmt: skip
            words = body.text if body.replace else "\n".join(filter(None, (before.special_requests, body.text)))
            if len(words) > MOST_REQUEST_CHARACTERS:
                told = f"Special requests have {MOST_REQUEST_CHARACTERS} characters at most; these have {len(words)}."
                raise rule("requests_too_long", told, "text", maximum=MOST_REQUEST_CHARACTERS)
            change = Change("special_requests", "", words, Actor("guest"), house.clock())
            made = await _change(house, tx, record, before, change)
            await keep_made(tx, record, once, made)
        return own_details(_details(record, await read_details(tx, hotel_id, reference)))


async def write_sleepers(
    house: House, record: BookingRecord, number: int, body: Sleepers, actor: Actor
) -> SleepersTold:
    """Who sleeps in a room from now on. Errors: 404; 409 stay_over; 422 occupancy_differs."""
    stay = record.state.stay(number)
    if stay is None:
        raise absent()
    if stay.status in (*GONE, Status.CHECKED_OUT):
        words = stay.status.value.replace("_", " ")
        raise conflict("stay_over", f"Nobody sleeps in stay {number}: it is {words}.", stay=number)
    told: dict[str, Any] = next(row for row in record.stays if row["stay"] == number)
    check_fits(told["adults"], told["children_ages"], [guest.age for guest in body.guests])
    async with house.database.hotel(record.hotel_id) as tx:
        await begin(tx, record.hotel_id, record.reference)
        old = _in_words([(guest["name"], guest["age"]) for guest in told["guests"] or ()])
        named = [(guest.name, guest.age) for guest in body.guests]
        if old != _in_words(named):
            await name_sleepers(tx, record.hotel_id, record.reference, number, named)
            change = Change("stay_guests", old, _in_words(named), actor, house.clock(), stay=number)
            await write_change(tx, record.hotel_id, record.reference, change)
    return SleepersTold(reference=record.reference, stay=number, guests=body.guests)


def _in_words(sleepers: list[tuple[str, int | None]]) -> str:
    return "; ".join(name if age is None else f"{name} ({age})" for name, age in sleepers)


def own_details(details: DeskDetails) -> OwnDetails:
    """What a guest is told of it."""
    return OwnDetails(**details.model_dump(include=set(OwnDetails.model_fields)))


def _details(record: BookingRecord, details: Details) -> DeskDetails:
    return DeskDetails(
        reference=record.reference,
        name=details.name,
        email=details.email,
        pending_email=details.pending_email,
        phone=details.phone,
        country=details.country,
        language=details.language,
        special_requests=details.special_requests,
        profile_id=details.profile_id,
        past_stays=details.past_stays,
    )


async def guest_list(house: House, desk: AtDesk, search: str | None, limit: int, cursor: str | None) -> GuestList:
    """A page of the hotel's guests. Errors: 400 cursor_unknown, also for another search's cursor."""
    listed = hashlib.sha256(repr(("guests", desk.hotel_id, search)).encode()).hexdigest()[:16]
    place = read_cursor(house.secret, listed, cursor)
    after = (place[0], int(place[1])) if place else None
    async with house.database.hotel(desk.hotel_id) as tx:
        rows = await list_guests(tx, desk.hotel_id, search, after, limit + 1)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = write_cursor(house.secret, listed, [shown[-1].last_name_key, str(shown[-1].profile_id)])
    return GuestList(items=[_guest_row(row) for row in shown], next_cursor=following, limit=limit)


def _guest_row(row: Any) -> GuestRow:
    return GuestRow(
        profile_id=row.profile_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        country=row.country,
        stays=row.stays,
        nights=row.nights,
        last_departure=row.last_departure,
        next_arrival=row.next_arrival,
    )


async def guest_profile(house: House, desk: AtDesk, profile_id: int) -> GuestProfile:
    """A guest over all bookings of the hotel. Errors: 404, also for another hotel's guest."""
    async with house.database.hotel(desk.hotel_id) as tx:
        guest = await read_guest(tx, desk.hotel_id, profile_id)
        notes = await notes_of_guest(tx, desk.hotel_id, profile_id)
    if guest is None:
        raise absent()
    stays = [_guest_stay(row) for row in guest.stays]
    profile, counts = guest.profile, guest.counts
    return GuestProfile(
        profile_id=profile.profile_id,
        name=profile.name,
        email=profile.email,
        phone=profile.phone,
        country=profile.country,
        first_seen_at=utc(profile.first_seen_at),
        counts=GuestCounts(
            stays=counts.stays, nights=counts.nights, no_shows=counts.no_shows, cancellations=counts.cancellations
        ),
        coming=[stay for stay in reversed(stays) if stay.status in _COMING],
        past=[stay for stay in stays if stay.status not in _COMING],
        notes=[note_body(note) for note in notes],
    )


def _guest_stay(row: Any) -> GuestStay:
    return GuestStay(
        reference=row.reference,
        stay=row.stay,
        status=row.status,
        arrival=row.arrival,
        departure=row.departure,
        nights=row.nights,
        room_type=row.room_type,
        room_type_name=row.room_type_name,
        total=Money(amount_minor=row.total_minor, currency=row.currency),
        booked_as=row.booked_as,
    )
