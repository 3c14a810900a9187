"""A booking written straight into the tables, as its own transactions would write it: what changes are tried on."""

import secrets
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from api.house import House
from domain.booking import Booking, Status, Stay, payment_status
from domain.changes import PricedLine
from domain.repricing import lines_of_quote
from messages.names import reference
from messages.offers import Offer, read_offer
from store.booking_reads import BookingRecord, read_booking
from store.hotels import hotel_by_slug, hotel_terms, stay_policies
from store.states import dump_agenda, dump_state
from tests.api.doors import Doors
from tests.api.world import API, SECRET, Body, in_days
from tests.story.world import connect


@dataclass
class Book:
    """One hotel's bookings. ahead: how many days from today rooms are booked for."""

    doors: Doors
    slug: str
    ahead: int = 40

    @property
    def house(self) -> House:
        """The parts that serve requests."""
        house = self.doors.app.state.house
        assert isinstance(house, House)
        return house

    async def offers(self, first: int = 0, nights: int = 2, **asked: Any) -> list[Body]:
        """What is on sale from the `first` day on."""
        dates = {"arrival": self.day(first).isoformat(), "departure": self.day(first + nights).isoformat()}
        params = {**dates, "adults": 2, **asked}
        answer = await self.doors.caller().get(f"{API}/hotels/{self.slug}/availability", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["offers"]

    def day(self, n: int) -> date:
        """The n-th day of the stays that are booked here."""
        return in_days(self.ahead + n)

    async def booked(self, rooms: int = 1, status: Status = Status.CONFIRMED, paid_minor: int = 0) -> BookingRecord:
        """A booking of two nights in rooms of the cheapest offer."""
        offer = read_offer(SECRET, (await self.offers())[0]["offer_id"])
        async with self.house.database.public() as tx:
            hotel = await hotel_by_slug(tx, self.slug)
        assert hotel
        async with self.house.database.hotel(hotel.id) as tx:
            terms = await hotel_terms(tx, hotel.id)
            policy = (await stay_policies(tx, hotel.id))[offer.stay_policy_id]
        now, quote, lines = self.doors.now, offer.quote, lines_of_quote(offer.quote, self.day(0))
        nights = [self.day(n) for n in range(2)]
        prices = tuple(sum(x.amount_minor for x in lines if x.night == n and not x.included) for n in nights)
        stays = tuple(
            Stay(
                number, status, nights[0], self.day(2), quote.room_type_id, quote.room_type_id, quote.rate_plan_id,
                quote.total_minor, policy, night_minor=prices,
            )
            for number in range(1, rooms + 1)
        )  # fmt: skip
        named = reference(SECRET, hotel.code, nights[0], secrets.token_hex(6), 0)
        booking = Booking(hotel.id, self.slug, named, status, terms, stays, "web_direct", now, now, now)
        booking = replace(booking, paid_minor=paid_minor)
        self._write(booking, offer, lines)
        return await self.read(booking)

    def _write(self, booking: Booking, offer: Offer, lines: tuple[PricedLine, ...]) -> None:
        with connect(self.doors.owner_url) as db, db.transaction():
            guest = db.execute(
                "INSERT INTO guests (hotel_id, name, email, created_at) VALUES (%s, 'A Guest', 'guest@example.com', %s)"
                " RETURNING guest_id",
                [booking.hotel_id, booking.created_at],
            ).fetchone()
            assert guest
            db.execute(
                "INSERT INTO bookings (hotel_id, reference, status, payment_status, version, seq, state, agenda,"
                " arrival, departure, source, guest_id, currency, total_minor, paid_minor, balance_minor,"
                " policy_version, create_key, create_body_hash, created_at, last_instant)"
                " VALUES (%s, %s, %s, %s, 1, 1, %s, %s, %s, %s, 'web_direct', %s, %s, %s, %s, %s, %s, %s, 'x', %s, %s)",
                [
                    booking.hotel_id, booking.reference, booking.status, payment_status(booking), dump_state(booking),
                    dump_agenda(()), booking.arrival, booking.departure, guest[0], booking.terms.currency,
                    booking.total_minor, booking.paid_minor, booking.balance_minor, booking.terms.version,
                    secrets.token_hex(6), booking.created_at, booking.created_at,
                ],
            )  # fmt: skip
            for stay in booking.stays:
                key = [booking.hotel_id, booking.reference, stay.number]
                db.execute(
                    "INSERT INTO stays (hotel_id, reference, stay, status, arrival, departure, room_type_id,"
                    " inventory_type_id, rate_plan_id, stay_policy_id, adults, children_ages, total_minor)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    [
                        *key, stay.status, stay.arrival, stay.departure, stay.room_type_id, stay.inventory_type_id,
                        stay.rate_plan_id, stay.terms.stay_policy_id, offer.adults, list(offer.children_ages),
                        stay.total_minor,
                    ],
                )  # fmt: skip
                db.execute(
                    "INSERT INTO stay_guests (hotel_id, reference, stay, position, name)"
                    " VALUES (%s, %s, %s, 1, 'A Guest')",
                    key,
                )
                for n, line in enumerate(lines, 1):
                    db.execute(
                        "INSERT INTO nightly_lines (hotel_id, reference, stay, line, night, kind, code, name,"
                        " amount_minor, included, tax_rule_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                        [
                            *key, n, line.night, line.kind, line.code, line.name, line.amount_minor, line.included,
                            line.tax_rule_id,
                        ],
                    )  # fmt: skip

    async def read(self, booking: Booking) -> BookingRecord:
        """The booking as the doors read it."""
        async with self.house.database.hotel(booking.hotel_id) as tx:
            record = await read_booking(tx, booking.hotel_id, booking.reference)
        assert record
        return record

    async def becomes(self, booking: Booking) -> BookingRecord:
        """The booking's state says so from now on."""
        self.rows("UPDATE bookings SET state = %s WHERE reference = %s", dump_state(booking), booking.reference)
        return await self.read(booking)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement of the database's owner answers."""
        return self.doors.rows(statement, *values)

    def room_of(self, record: BookingRecord) -> tuple[int, str]:
        """A room of the first stay's type: its number in the tables, and on the door."""
        stay = record.state.stays[0]
        found = "SELECT room_id, number FROM rooms WHERE hotel_id = %s AND room_type_id = %s ORDER BY room_id LIMIT 1"
        ((room_id, number),) = self.rows(found, record.hotel_id, stay.room_type_id)
        return int(room_id), str(number)

    def occupy(self, record: BookingRecord, stay: int, room_id: int, first: int, last: int) -> None:
        """A stay has the room on the nights from the `first` day to the `last`."""
        self.rows(
            "INSERT INTO room_segments (hotel_id, reference, stay, room_id, arrival, departure)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            record.hotel_id, record.reference, stay, room_id, self.day(first), self.day(last),
        )  # fmt: skip
