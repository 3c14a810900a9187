"""A hotel with bookings and an outbox, written straight into the tables: what notices are tried on."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from domain.booking import Booking, Stay, payment_status
from messages.names import reference
from store.states import dump_state
from tests.gateways.facts import request, stay
from tests.story.world import House, build_house, connect

NOON = datetime(2026, 3, 13, 6, 30, tzinfo=UTC)
NIGHT_MINOR, TAX_MINOR = 10_000, 1_200


@dataclass
class Outbox:
    """One hotel's rows, written past row security as the booking's own transactions would write them."""

    owner_url: str
    house: House

    @property
    def hotel_id(self) -> int:
        """Whose rows these are."""
        return self.house.hotel_id

    def book(
        self, stays: Sequence[Stay] = (), *, email: str | None = "guest@example.com", now: datetime = NOON
    ) -> Booking:
        """A request of a guest for some rooms."""
        own = reference("test", self.house.code, date(2026, 3, 14), secrets.token_hex(6), 0)
        rooms = tuple(stays) or (stay(),)
        booking = request(*rooms, terms=self.house.terms, now=now, reference=own)
        booking = replace(booking, hotel_id=self.hotel_id)
        with connect(self.owner_url) as db:
            guest = db.execute(
                "INSERT INTO guests (hotel_id, name, email, phone, country, created_at)"
                " VALUES (%s, 'A Guest', %s, NULL, 'PT', %s) RETURNING guest_id",
                [self.hotel_id, email, now],
            ).fetchone()
            assert guest
            self._insert_booking(db, booking, int(guest[0]))
            for one in booking.stays:
                self._insert_stay(db, booking, one)
        return booking

    def _insert_booking(self, db: psycopg.Connection[Any], booking: Booking, guest_id: int) -> None:
        db.execute(
            "INSERT INTO bookings (hotel_id, reference, status, payment_status, version, seq, state, arrival,"
            " departure, source, guest_id, currency, total_minor, balance_minor, policy_version, create_key,"
            " create_body_hash, created_at, last_instant, special_requests) VALUES (%s, %s, %s, %s, 1, 1, %s, %s,"
            " %s, 'web_direct', %s, %s, %s, %s, 1, %s, 'hash', %s, %s, 'A quiet room, please.')",
            [
                booking.hotel_id, booking.reference, booking.status, payment_status(booking), dump_state(booking),
                booking.arrival, booking.departure, guest_id, booking.terms.currency, booking.total_minor,
                booking.balance_minor, secrets.token_hex(6), booking.created_at, booking.last_instant,
            ],
        )  # fmt: skip

    def _insert_stay(self, db: psycopg.Connection[Any], booking: Booking, one: Stay) -> None:
        db.execute(
            "INSERT INTO stays (hotel_id, reference, stay, status, arrival, departure, room_type_id, inventory_type_id,"
            " rate_plan_id, stay_policy_id, adults, total_minor) VALUES (%s, %s, %s, %s, %s, %s, 1, 1, 1, 1, 2, %s)",
            [
                booking.hotel_id, booking.reference, one.number, one.status, one.arrival, one.departure,
                one.total_minor,
            ],
        )  # fmt: skip
        rows = [("room", "room", "Room", NIGHT_MINOR, None), ("tax", "GST", "GST 12 %", TAX_MINOR, 1)]
        db.execute(
            "INSERT INTO tax_rules (hotel_id, tax_rule_id, code, name, kind, included, valid_from, percent)"
            " VALUES (%s, 1, 'GST', 'GST 12 %%', 'percent', false, '2020-01-01', 12) ON CONFLICT DO NOTHING",
            [booking.hotel_id],
        )
        for line, (night, row) in enumerate(((night, row) for night in one.nights() for row in rows), 1):
            kind, code, name, amount, rule = row
            db.execute(
                "INSERT INTO nightly_lines (hotel_id, reference, stay, line, night, kind, code, name, amount_minor,"
                " tax_rule_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [booking.hotel_id, booking.reference, one.number, line, night, kind, code, name, amount, rule],
            )

    def becomes(self, booking: Booking) -> None:
        """The booking's rows say so from now on."""
        with connect(self.owner_url) as db:
            db.execute(
                "UPDATE bookings SET status = %s, state = %s WHERE hotel_id = %s AND reference = %s",
                [booking.status, dump_state(booking), booking.hotel_id, booking.reference],
            )
            for one in booking.stays:
                db.execute(
                    "UPDATE stays SET status = %s WHERE hotel_id = %s AND reference = %s AND stay = %s",
                    [one.status, booking.hotel_id, booking.reference, one.number],
                )

    def tell(
        self,
        booking: Booking,
        kind: str,
        audience: str = "guest",
        *,
        room: int | None = None,
        useful_until: datetime | None = None,
        ring: bool = False,
        to_email: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> int:
        """A notice is written; answers its number. ring: with the notification that a booking's transaction sends."""
        with connect(self.owner_url) as db, db.transaction():
            row = db.execute(
                "INSERT INTO notices (hotel_id, reference, seq, kind, audience, stay, due_at, useful_until, to_email,"
                " data) VALUES (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s) RETURNING notice_id",
                [
                    self.hotel_id, booking.reference, kind, audience, room, NOON, useful_until, to_email,
                    json.dumps(data or {}),
                ],
            ).fetchone()  # fmt: skip
            if ring:
                db.execute("SELECT pg_notify('holdfast_notices', %s)", [str(self.hotel_id)])
        assert row
        return int(row[0])

    def switch(self, kind: str, *, enabled: bool) -> None:
        """The hotel switches a kind of notice."""
        with connect(self.owner_url) as db:
            db.execute(
                "INSERT INTO notice_settings (hotel_id, kind, enabled, changed_at) VALUES (%s, %s, %s, %s)",
                [self.hotel_id, kind, enabled, NOON],
            )

    def hire(self, role: str) -> str:
        """Somebody with a login works at the hotel from now on; answers their address."""
        email = f"{role}-{secrets.token_hex(4)}@house.example"
        with connect(self.owner_url) as db:
            db.execute(
                "WITH hired AS (INSERT INTO staff (email, name, password_hash, created_at) VALUES (%s, 'A Name', 'x',"
                " %s) RETURNING staff_id) INSERT INTO staff_roles SELECT %s, staff_id, %s FROM hired",
                [email, NOON, self.hotel_id, role],
            )
        return email

    def attention(self) -> list[dict[str, Any]]:
        """What waits for a person, in its order."""
        with connect(self.owner_url) as db:
            db.row_factory = psycopg.rows.dict_row
            rows = db.execute(
                "SELECT * FROM attention_items WHERE hotel_id = %s AND closed_at IS NULL ORDER BY item_id",
                [self.hotel_id],
            ).fetchall()
        return [dict(row) for row in rows]

    def state(self, notice_id: int) -> tuple[str, str]:
        """A notice's state and why."""
        row = self.row(notice_id)
        return str(row["state"]), str(row["state_reason"])

    def row(self, notice_id: int) -> dict[str, Any]:
        """A notice as it is written."""
        with connect(self.owner_url) as db:
            db.row_factory = psycopg.rows.dict_row
            row = db.execute(
                "SELECT * FROM notices WHERE hotel_id = %s AND notice_id = %s", [self.hotel_id, notice_id]
            ).fetchone()
        assert row
        return dict(row)

    def states(self) -> list[str]:
        """The states of all its notices, in their order."""
        with connect(self.owner_url) as db:
            rows = db.execute("SELECT state FROM notices WHERE hotel_id = %s ORDER BY notice_id", [self.hotel_id])
            return [str(row[0]) for row in rows]


def settle_other_outboxes(owner_url: str) -> None:
    """Ends what other tests left waiting: a postman rings for every hotel, and its letters would reach this inbox."""
    with connect(owner_url) as db:
        db.execute(
            "UPDATE notices SET state = 'dropped', state_reason = 'The test is over.'"
            " WHERE state IN ('waiting', 'sending')"
        )


def build_outbox(owner_url: str, **terms: Any) -> Outbox:
    """An outbox at a hotel of its own."""
    first = NOON.date() - timedelta(days=1)
    return Outbox(owner_url, build_house(owner_url, first=first, nights=3, **terms))
