"""Guests of a hotel found again, what is kept of their changes, and whose links are sent: docs/rules/guests.md."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.acts import opened
from domain.booking import Actor, Booking, Status
from domain.stay import StayDates
from domain.steps import Act
from messages.bookings import GuestDetails, OpenBooking, RoomAsked
from messages.names import reference
from store.guest_links import Asked, Bounds, bookings_to_link, hotels_to_ask
from store.openings import write_opening
from store.people import Change, begin, read_details, set_detail, write_change
from store.phones import e164
from store.profiles import list_guests, read_guest
from store.session import Database
from tests.gateways.facts import stay
from tests.story.world import GUEST, House, build_house, connect, offer

BACKFILL = Path(__file__).resolve().parents[2] / "migrations" / "versions" / "sql" / "0005_profiles.sql"
NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
ARRIVAL = date(2027, 4, 10)
DESK = Actor("staff", "frontdesk", 1)
NEVER = (
    "UPDATE guest_changes SET old_value = 'X'",
    "UPDATE note_versions SET text = 'X'",
    "DELETE FROM guest_changes",
    "DELETE FROM note_versions",
    "DELETE FROM booking_notes",
    "DELETE FROM booking_files",
    "UPDATE booking_files SET name = 'X'",
)


@pytest.fixture
def house(owner_url: str) -> House:
    """A hotel in India with many rooms."""
    return build_house(owner_url, rooms=60, first=date(2027, 1, 1), nights=400)


async def book(
    database: Database,
    house: House,
    name: str = "Anna Example",
    email: str | None = None,
    phone: str | None = None,
    *,
    arrival: date = ARRIVAL,
) -> str:
    """Opens a booking as its workflow does; answers the reference."""
    dates = StayDates(arrival, arrival + timedelta(days=2))
    own = reference("test", house.code, arrival, secrets.token_hex(6), 0)
    room = stay(arrival=arrival, nights=2, total_minor=20_000)
    new = Booking(
        hotel_id=house.hotel_id,
        hotel_slug="house",
        reference=own,
        status=Status.PENDING,
        terms=house.terms,
        stays=(room,),
        source="web_direct",
        created_at=NOW,
        since=NOW,
        last_instant=NOW,
    )
    opening = OpenBooking(
        hotel_id=house.hotel_id,
        reference=own,
        key=own,
        body_hash="hash",
        rooms=(RoomAsked("signed"),),
        guest=GuestDetails(name, email, phone, "IN"),
        open_before=NOW,
        actor=GUEST,
        channel="web",
    )
    step = opened(new, Act(NOW, GUEST, "web"))
    async with database.hotel(house.hotel_id) as tx:
        await write_opening(tx, opening, [offer(house, dates)], step, NOW)
    return own


async def profile_of(database: Database, house: House, booking: str) -> int | None:
    """Whose booking it is."""
    async with database.hotel(house.hotel_id) as tx:
        return (await read_details(tx, house.hotel_id, booking)).profile_id


async def profiles(database: Database, house: House, *bookings: str) -> list[int | None]:
    """Whose bookings these are."""
    return [await profile_of(database, house, booking) for booking in bookings]


@pytest.mark.parametrize(
    ("phone", "country", "number"),
    [
        ("+91 98470 12345", None, "+919847012345"),
        ("098470 12345", "IN", "+919847012345"),
        ("00 91 98470 12345", "IN", "+919847012345"),
        ("210 000 000", "PT", "+351210000000"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("098470 12345", None, None),
        ("12", "IN", None),
        ("no number", "IN", None),
        ("", "IN", None),
        (None, "IN", None),
    ],
)
def test_a_phone_is_read_as_it_is_dialled_in_the_hotels_country(
    phone: str | None, country: str | None, number: str | None
) -> None:
    assert e164(phone, country) == number


async def test_a_guest_is_known_again_by_the_address_however_it_is_written(database: Database, house: House) -> None:
    first = await book(database, house, email="j\u00e4ger@example.com", phone="+91 98470 00001")
    again = await book(database, house, "B. Other", email="ja\u0308ger@EXAMPLE.com", phone="+91 98470 00002")
    other = await book(database, house, email="other@example.com", phone="+91 98470 00003")
    whose = await profiles(database, house, first, again, other)
    assert whose[0] is not None
    assert whose[0] == whose[1] != whose[2]


async def test_a_guest_is_known_again_by_phone_and_last_name(database: Database, house: House) -> None:
    first = await book(database, house, "Jos\u00e9 Concei\u00e7\u00e3o", "one@example.com", "+91 98470 00001")
    same = await book(database, house, "CONCEICAO, J.", "two@example.com", "098470 00001")
    by_phone_alone = await book(database, house, "Jos\u00e9 Conceicao", None, "00919847000001")
    another_name = await book(database, house, "Jos\u00e9 Other", "three@example.com", "+91 98470 00001")
    whose = await profiles(database, house, first, same, by_phone_alone, another_name)
    assert whose[0] == whose[1] == whose[2] != whose[3]


async def test_an_address_wins_over_a_phone(database: Database, house: House) -> None:
    by_phone = await book(database, house, email=None, phone="+91 98470 00001")
    by_email = await book(database, house, "Ben Other", "ben@example.com", "+91 98470 00002")
    both = await book(database, house, "Anna Example", "ben@example.com", "+91 98470 00001")
    whose = await profiles(database, house, by_phone, by_email, both)
    assert whose[0] != whose[1] == whose[2]


async def test_what_a_booker_writes_never_changes_the_profile(database: Database, house: House) -> None:
    first = await book(database, house, "Anna Example", "anna@example.com", "+91 98470 00001")
    await book(database, house, "Eve Stranger", "anna@example.com", "+91 98470 00666")
    profile_id = await profile_of(database, house, first)
    async with database.hotel(house.hotel_id) as tx:
        guest = await read_guest(tx, house.hotel_id, profile_id or 0)
    assert guest is not None
    assert (guest.profile.name, guest.profile.phone) == ("Anna Example", "+91 98470 00001")
    assert {row.booked_as for row in guest.stays} == {"Anna Example", "Eve Stranger"}


async def test_without_a_key_a_guest_is_new_each_time(database: Database, house: House) -> None:
    """A phone that can be none, and a name without letters, match nobody."""
    made = [
        await book(database, house, "Anna Example", None, "12"),
        await book(database, house, "Anna Example", None, "12"),
        await book(database, house, "...", None, "+91 98470 00001"),
        await book(database, house, "...", None, "+91 98470 00001"),
    ]
    assert len(set(await profiles(database, house, *made))) == 4


async def test_hotels_share_no_profiles(database: Database, house: House, owner_url: str) -> None:
    elsewhere = build_house(owner_url, first=date(2027, 1, 1), nights=400)
    here = await book(database, house, email="anna@example.com")
    there = await book(database, elsewhere, email="anna@example.com")
    assert await profile_of(database, house, here) != await profile_of(database, elsewhere, there)


@pytest.mark.parametrize(("email", "phone"), [("anna@example.com", None), (None, "+91 98470 00001")])
async def test_a_new_guest_with_many_bookings_at_once_is_one_profile(
    app_url: str, house: House, email: str | None, phone: str | None
) -> None:
    database = Database(app_url, pool_size=10)
    await database.open()
    try:
        made = await asyncio.gather(*(book(database, house, email=email, phone=phone) for _ in range(20)))
        assert len(set(await profiles(database, house, *made))) == 1
    finally:
        await database.close()


async def test_a_refused_opening_makes_no_profile(database: Database, owner_url: str) -> None:
    full = build_house(owner_url, rooms=1, first=date(2027, 1, 1), nights=400)
    await book(database, full, email="first@example.com")
    with pytest.raises(Exception, match="sold_out"):
        await book(database, full, email="second@example.com")
    async with database.hotel(full.hotel_id) as tx:
        assert [row.email for row in await list_guests(tx, full.hotel_id, None, None, 10)] == ["first@example.com"]


async def test_a_guest_is_searched_for_by_name_address_and_phone(database: Database, house: House) -> None:
    booking = await book(database, house, "Anna Example", "anna@example.com", "+91 98470 00001")
    await book(database, house, "Ben Other", "ben@example.com", "+91 98470 99999")
    async with database.hotel(house.hotel_id) as tx:
        before = await read_details(tx, house.hotel_id, booking)
        await set_detail(tx, house.hotel_id, booking, before.guest_id, "email", "married@example.com")
        for search in ("NA EXAMP", "ANNA@", "98470 00001", "098470 000 01", "married@"):
            found = await list_guests(tx, house.hotel_id, search, None, 10)
            assert [row.name for row in found] == ["Anna Example"], search
        assert len(await list_guests(tx, house.hotel_id, "9847", None, 10)) == 2
        assert await list_guests(tx, house.hotel_id, "%", None, 10) == []


async def test_a_page_of_guests_goes_on_after_the_last_one(database: Database, house: House) -> None:
    for name in ("Anna Zebra", "Ben Apple", "Cleo Melon", "Dora Apple"):
        await book(database, house, name, f"{name.split(maxsplit=1)[0].lower()}@example.com")
    seen: list[str] = []
    after = None
    async with database.hotel(house.hotel_id) as tx:
        for _ in range(4):
            (row,) = await list_guests(tx, house.hotel_id, None, after, 1)
            seen.append(row.name)
            after = (row.last_name_key, row.profile_id)
        assert await list_guests(tx, house.hotel_id, None, after, 1) == []
    assert seen == ["Ben Apple", "Dora Apple", "Cleo Melon", "Anna Zebra"]


async def test_past_stays_are_those_of_other_bookings_that_were_slept_in(
    database: Database, house: House, owner_url: str
) -> None:
    past = await book(database, house, email="anna@example.com", arrival=date(2027, 2, 1))
    gone = await book(database, house, email="anna@example.com", arrival=date(2027, 2, 10))
    now = await book(database, house, email="anna@example.com")
    with connect(owner_url) as db:
        db.execute("UPDATE stays SET status = 'checked_out' WHERE reference = %s", [past])
        db.execute("UPDATE stays SET status = 'no_show' WHERE reference = %s", [gone])
    async with database.hotel(house.hotel_id) as tx:
        assert (await read_details(tx, house.hotel_id, now)).past_stays == 1
        assert (await read_details(tx, house.hotel_id, past)).past_stays == 0
        guest = await read_guest(tx, house.hotel_id, present((await read_details(tx, house.hotel_id, now)).profile_id))
    assert guest is not None
    assert (guest.counts.stays, guest.counts.nights, guest.counts.no_shows) == (1, 2, 1)
    assert [row.reference for row in guest.stays] == [now, gone, past]


def present(value: int | None) -> int:
    """A number that has to be there."""
    assert value is not None
    return value


async def test_guests_of_before_get_their_profiles(fresh_database: Database, fresh_url: str) -> None:
    """What the migration does for rows that an earlier release wrote."""
    database, owner_url = fresh_database, fresh_url
    house = build_house(owner_url, rooms=10, first=date(2027, 1, 1), nights=400)
    made = [
        await book(database, house, "Anna Example", "Anna@example.com", "+91 98470 00001"),
        await book(database, house, "Anna Example", "anna@EXAMPLE.com", None),
        await book(database, house, "A. Example", None, "+91 (98470) 00001"),
        await book(database, house, "Ben Other", None, "+91 98470 00001"),
        await book(database, house, "Cleo Third", None, None),
    ]
    with connect(owner_url) as db:
        db.execute("UPDATE guests SET profile_id = NULL, phone_e164 = NULL WHERE hotel_id = %s", [house.hotel_id])
        db.execute("DELETE FROM guest_profiles WHERE hotel_id = %s", [house.hotel_id])
        db.execute(BACKFILL.read_bytes())
    whose = await profiles(database, house, *made)
    assert None not in whose
    assert whose[0] == whose[1] == whose[2]
    assert len(set(whose)) == 3
    again = await book(database, house, "Anna Example", "anna@example.com")
    assert await profile_of(database, house, again) == whose[0]


async def test_what_was_changed_can_be_added_to_and_never_rewritten(database: Database, house: House) -> None:
    booking = await book(database, house, email="anna@example.com")
    async with database.hotel(house.hotel_id) as tx:
        await begin(tx, house.hotel_id, booking)
        await write_change(tx, house.hotel_id, booking, Change("name", "A", "B", DESK, NOW, "It was misspelt."))
    for statement in NEVER:
        with pytest.raises(DBAPIError, match="permission denied"):
            await tried(database, house, statement)


async def tried(database: Database, house: House, statement: str) -> None:
    """Executes it as the running system."""
    async with database.hotel(house.hotel_id) as tx:
        await tx.execute(text(statement))


def bounds(now: datetime = NOW, most: int = 5) -> Bounds:
    """What a request for links looks for at an instant."""
    return Bounds(now.date(), (now - timedelta(days=30)).date(), now - timedelta(minutes=10), most)


async def linked(database: Database, house: House, asked: Asked, within: Bounds | None = None) -> list[str]:
    """The bookings of one hotel whose links would be sent."""
    async with database.public() as tx:
        hotels: dict[int, Any] = {hotel.hotel_id: hotel for hotel in await hotels_to_ask(tx, asked)}
    if house.hotel_id not in hotels:
        return []
    async with database.hotel(house.hotel_id) as tx:
        rows = await bookings_to_link(tx, hotels[house.hotel_id], asked, within or bounds())
    return [row.reference for row in rows]


async def test_links_are_found_by_address_phone_and_reference(database: Database, house: House) -> None:
    booking = await book(database, house, email="anna@example.com", phone="098470 00001")
    await book(database, house, "Ben Other", "ben@example.com", "+91 98470 00002")
    assert await linked(database, house, Asked(emails=("anna@example.com",))) == [booking]
    assert await linked(database, house, Asked(phone="+91 98470 00001")) == [booking]
    assert await linked(database, house, Asked(phone="098470-00001")) == [booking]
    assert await linked(database, house, Asked(reference=booking)) == [booking]
    assert await linked(database, house, Asked(emails=("nobody@example.com",))) == []
    assert await linked(database, house, Asked(phone="12")) == []


async def test_links_are_for_open_bookings_and_thirty_days_after(
    database: Database, house: House, owner_url: str
) -> None:
    to_come = await book(database, house, email="anna@example.com")
    recent = await book(database, house, email="anna@example.com", arrival=NOW.date() - timedelta(days=32))
    too_old = await book(database, house, email="anna@example.com", arrival=NOW.date() - timedelta(days=33))
    cancelled = await book(database, house, email="anna@example.com")
    with connect(owner_url) as db:
        db.execute("UPDATE bookings SET status = 'completed' WHERE reference = ANY(%s)", [[recent, too_old]])
        db.execute("UPDATE bookings SET status = 'cancelled' WHERE reference = %s", [cancelled])
    assert await linked(database, house, Asked(emails=("anna@example.com",))) == [recent, to_come]
    assert await linked(database, house, Asked(emails=("anna@example.com",)), bounds(most=1)) == [recent]


async def test_links_go_out_once_in_ten_minutes_and_only_where_there_is_a_page_and_an_address(
    database: Database, house: House, owner_url: str
) -> None:
    just_sent = await book(database, house, email="anna@example.com")
    portal_off = replace(house, terms=replace(house.terms, guest_portal=False))
    no_page = await book(database, portal_off, email="anna@example.com")
    no_address = await book(database, house, email=None, phone="+91 98470 00001")
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO notices (hotel_id, reference, seq, kind, audience, due_at)"
            " VALUES (%s, %s, 1, 'guest_link', 'guest', %s)",
            [house.hotel_id, just_sent, NOW - timedelta(minutes=9)],
        )
    assert await linked(database, house, Asked(emails=("anna@example.com",))) == []
    later = bounds(NOW + timedelta(minutes=2))
    assert await linked(database, house, Asked(emails=("anna@example.com",)), later) == [just_sent]
    assert await linked(database, house, Asked(reference=no_page)) == []
    assert await linked(database, house, Asked(reference=no_address)) == []
