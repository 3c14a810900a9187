"""Bookings made for tests of the pure rules: two rooms in Kochi, asked for on 1 March 2027."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from domain.booking import Actor, Booking, Status, Stay
from domain.steps import Act
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms

ASKED = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
ARRIVAL = date(2027, 3, 10)
KOCHI = HotelTerms(
    3, "Asia/Kolkata", "INR", Payment.AT_HOTEL, Confirmation.MANUAL, check_in_time=time(14), check_out_time=time(11)
)
FLEXIBLE = StayTerms(1, "flexible")
DESK = Actor("staff", "frontdesk", 7)
GUEST = Actor("guest")


def booking(rooms: int = 1, nights: int = 2, terms: HotelTerms = KOCHI, stay_terms: StayTerms = FLEXIBLE) -> Booking:
    """A booking before its opening step."""
    stays = tuple(
        Stay(n, Status.HELD, ARRIVAL, ARRIVAL + timedelta(days=nights), 1, 1, 1, 10_000 * nights, stay_terms)
        for n in range(1, rooms + 1)
    )
    return Booking(5, "malabar", "MLB-20270310-7Q4K2M", Status.HELD, terms, stays, "web_direct", ASKED, ASKED, ASKED)


def act(now: datetime = ASKED, actor: Actor = DESK, reason: str = "") -> Act:
    """Somebody at the desk does something."""
    return Act(now, actor, "desk", reason)


def kochi(day: date, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time in Kochi as an instant: UTC is five and a half hours behind."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=5, minutes=30)


def with_rooms(made: Booking) -> Booking:
    """The booking with room 100 + n given to stay n."""
    stays = tuple(replace(stay, room_id=stay.number, room_number=str(100 + stay.number)) for stay in made.stays)
    return replace(made, stays=stays)
