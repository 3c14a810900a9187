"""What operations watch: open bookings, late clocks, requests near their end, letters that wait, and the server."""

import json
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.census import Census
from store.booking_counts import HotelCounts, count_hotels, count_server
from store.session import Database, app_url
from tests.houses import opened
from tests.story.world import House, build_house, connect

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
REMINDER = [{"key": "approval_alert_manager"}, {"key": "approval_deadline"}]


class Books:
    """Rows of one hotel, as its bookings and letters would have written them."""

    def __init__(self, owner_url: str) -> None:
        self.owner_url = owner_url
        self.house: House = build_house(owner_url)
        self.slug = f"house-{self.house.code.lower()}"

    def booking(self, status: str, next_in: int | None = None, **more: Any) -> str:
        """A booking whose next clock rings in so many seconds; answers its reference."""
        reference = f"{self.house.code}-20261215-{secrets.token_hex(3).upper()}"
        values: dict[str, Any] = {
            "hotel_id": self.house.hotel_id, "reference": reference, "status": status, "payment_status": "due",
            "version": 1, "seq": 1, "state": "{}", "agenda": json.dumps(more.pop("agenda", [])),
            "next_at": None if next_in is None else NOW + timedelta(seconds=next_in),
            "arrival": date(2026, 12, 15), "departure": date(2026, 12, 16), "source": "web_direct", "currency": "INR",
            "total_minor": 1, "balance_minor": 1, "policy_version": 1, "create_key": reference,
            "create_body_hash": "", "created_at": NOW, "last_instant": NOW, **more,
        }  # fmt: skip
        with connect(self.owner_url) as db:
            row = db.execute(
                "INSERT INTO guests (hotel_id, name, created_at) VALUES (%s, 'A Guest', %s) RETURNING guest_id",
                [self.house.hotel_id, NOW],
            ).fetchone()
            assert row
            values["guest_id"] = row[0]
            names = ", ".join(values)
            marks = ", ".join(["%s"] * len(values))
            db.execute(f"INSERT INTO bookings ({names}) VALUES ({marks})".encode(), list(values.values()))
        return reference

    def letter(self, reference: str, state: str, due_ago: int) -> None:
        """A letter that has been due for so many seconds."""
        with connect(self.owner_url) as db:
            db.execute(
                "INSERT INTO notices (hotel_id, reference, seq, kind, audience, state, due_at)"
                " VALUES (%s, %s, 1, 'received', 'guest', %s, %s)",
                [self.house.hotel_id, reference, state, NOW - timedelta(seconds=due_ago)],
            )


async def counted(ops_url: str, slug: str) -> HotelCounts:
    """What operations sees of one hotel."""
    async with opened(ops_url) as database, database.public() as tx:
        return {one.hotel: one for one in await count_hotels(tx, NOW)}[slug]


async def test_an_empty_hotel_is_counted_with_zeros(owner_url: str, ops_url: str) -> None:
    """So that a panel shows 0 and not nothing."""
    one = await counted(ops_url, Books(owner_url).slug)
    assert (one.open, one.needing_attention, one.overdue, one.overdue_seconds) == ({}, 0, 0, 0.0)
    assert (one.clocks_due, one.requests_near_deadline) == ({1: 0, 24: 0}, 0)
    assert (one.letters_waiting, one.letters_seconds) == (0, 0.0)


async def test_open_bookings_are_counted_by_status_and_ended_ones_not(owner_url: str, ops_url: str) -> None:
    """Attention counts only where the booking still lives."""
    books = Books(owner_url)
    for status in ("pending", "confirmed", "confirmed", "checked_in"):
        books.booking(status, needs_attention=status == "checked_in")
    for status in ("completed", "cancelled", "expired"):
        books.booking(status, next_in=-9_000, needs_attention=True)
    one = await counted(ops_url, books.slug)
    assert one.open == {"pending": 1, "confirmed": 2, "checked_in": 1}
    assert (one.needing_attention, one.overdue) == (1, 0)


async def test_a_clock_is_late_a_minute_after_its_moment(owner_url: str, ops_url: str) -> None:
    """A ringing one is not late yet; the age is that of the oldest."""
    books = Books(owner_url)
    books.booking("confirmed", next_in=-59)
    assert ((await counted(ops_url, books.slug)).overdue, (await counted(ops_url, books.slug)).overdue_seconds) == (
        0,
        0,
    )
    books.booking("pending", next_in=-61)
    books.booking("held", next_in=-600)
    books.booking("confirmed", next_in=1_800)
    books.booking("confirmed", next_in=50_000)
    books.booking("confirmed", next_in=100_000)
    one = await counted(ops_url, books.slug)
    assert (one.overdue, one.overdue_seconds) == (2, 600.0)
    assert one.clocks_due == {1: 4, 24: 5}


async def test_a_request_is_near_its_end_once_the_manager_was_reminded(owner_url: str, ops_url: str) -> None:
    """That is at four fifths of its time, counted as the hotel counts; other statuses have no such end."""
    books = Books(owner_url)
    books.booking("pending", agenda=REMINDER)
    books.booking("pending", agenda=REMINDER[1:])
    books.booking("confirmed", agenda=[])
    assert (await counted(ops_url, books.slug)).requests_near_deadline == 1


async def test_letters_wait_until_they_are_sent_or_given_up(owner_url: str, ops_url: str) -> None:
    """One in doubt still waits."""
    books = Books(owner_url)
    reference = books.booking("confirmed")
    for state, ago in (("waiting", 30), ("sending", 90), ("sent", 900), ("dropped", 900), ("undeliverable", 900)):
        books.letter(reference, state, ago)
    one = await counted(ops_url, books.slug)
    assert (one.letters_waiting, one.letters_seconds) == (2, 90.0)


async def test_the_server_is_counted_by_the_reading_role(ops_url: str) -> None:
    """Which is no superuser."""
    async with opened(ops_url) as database, database.public() as tx:
        told = await count_server(tx)
    assert 0 < told.connections <= told.connections_limit
    assert min(told.deadlocks, told.rollbacks, told.sessions_lost) >= 0


async def test_the_database_is_asked_at_most_four_times_a_minute(fresh_url: str) -> None:
    """However many look; and a database that is away is told as such, where nobody asked for it is not told."""
    census, books = Census(), Books(fresh_url)
    async with opened(app_url(fresh_url, "holdfast_ops")) as database:
        first = await census.counts(database, lambda: NOW)
        books.booking("confirmed")
        assert await census.counts(database, lambda: NOW) is first
    assert first
    assert first.server
    away = await Census().counts(Database("postgresql://holdfast_ops@127.0.0.1:1/holdfast"), lambda: NOW)
    assert away
    assert (away.hotels, away.server) == ((), None)
    assert await Census().counts(None, lambda: NOW) is None
