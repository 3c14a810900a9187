"""A booking with price lines at a hotel of its own, whose steps are written by the real store."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from domain import acts
from domain.booking import Actor, Booking, Stay
from domain.invoices import Paper
from domain.steps import Act, Step
from messages.bookings import TakeStep
from store.bookings import BookingStore
from store.papers import papers_of
from store.session import Database
from tests.gateways.facts import stay
from tests.store.outbox import NIGHT_MINOR, TAX_MINOR, Outbox, build_outbox
from tests.story.world import connect

FIRST = date(2026, 3, 13)
MANAGER = Actor("staff", "manager", 1)
A_NIGHT = NIGHT_MINOR + TAX_MINOR
_STORE = BookingStore()


def kochi(day: int, hour: int) -> datetime:
    """A wall clock in Kochi in March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=UTC) - timedelta(hours=5, minutes=30)


def by(now: datetime, reason: str = "") -> Act:
    """The manager does something."""
    return Act(now, MANAGER, "desk", reason)


@dataclass
class Papers:
    """One booking: 100.00 a night and 12 % on top."""

    outbox: Outbox
    database: Database
    booking: Booking

    async def take(self, step: Step) -> Booking:
        """Writes one step as the booking's workflow does."""
        async with self.database.hotel(step.after.hotel_id) as tx:
            taken = TakeStep(step, f"{step.after.reference}-{step.after.seq}")
            self.booking = await _STORE.write_step(tx, taken)
        return self.booking

    async def arrive(self, at: datetime) -> Booking:
        """The hotel has said yes, the rooms are given, and the guests have their keys."""
        await self.take(acts.approved(self.booking, by(at)))
        for one in self.booking.stays:
            await self.take(acts.room_assigned(self.booking, by(at), one, (one.number, str(100 + one.number), 1)))
        return await self.take(acts.checked_in(self.booking, by(at, "It is clean."), self.booking.stays))

    async def leave(self, at: datetime, reason: str = "The company pays.") -> Booking:
        """Everybody goes."""
        return await self.take(acts.checked_out(self.booking, by(at, reason), self.booking.stays))

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Looks past row security; {h} and {r} are the hotel and the reference."""
        told = statement.format(h=self.booking.hotel_id, r=self.booking.reference)
        with connect(self.outbox.owner_url) as db:
            db.row_factory = psycopg.rows.dict_row
            return [dict(row) for row in db.execute(told.encode(), values).fetchall()]

    def lines(self) -> list[dict[str, Any]]:
        """Its folio as it is written."""
        return self.rows("SELECT * FROM folio_lines WHERE hotel_id = {h} AND reference = '{r}' ORDER BY number")

    async def papers(self) -> list[Paper]:
        """Its papers with numbers in the order of their issue."""
        async with self.database.hotel(self.booking.hotel_id) as tx:
            return [found.paper for found in await papers_of(tx, self.booking.hotel_id, self.booking.reference)]

    def posted(self) -> int:
        """What its folios come to."""
        return sum(line["amount_minor"] for line in self.lines())


def build_papers(
    owner_url: str, database: Database, nights: int = 2, rooms: int = 1,
    change: Callable[[Stay], Stay] = lambda one: one, **terms: Any,
) -> Papers:  # fmt: skip
    """A request for rooms from 13 March 2026 on, at a hotel with stock for it."""
    outbox = build_outbox(owner_url, rooms=max(2, rooms), **terms)
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO room_type_nights (hotel_id, room_type_id, night, physical)"
            " SELECT %s, 1, %s::date + n, 30 FROM generate_series(0, 30) AS n ON CONFLICT DO NOTHING",
            [outbox.hotel_id, FIRST],
        )
        db.execute("UPDATE room_type_nights SET physical = 30, held = 10 WHERE hotel_id = %s AND room_type_id = 1",
                   [outbox.hotel_id])  # fmt: skip
    made = [
        change(
            replace(
                stay(number, arrival=FIRST, nights=nights, total_minor=A_NIGHT * nights),
                night_minor=(A_NIGHT,) * nights,
            )
        )
        for number in range(1, rooms + 1)
    ]
    booking = outbox.book(made, now=kochi(12, 12))
    return Papers(outbox, database, booking)
