"""Bookings made for tests of the pure rules: rooms in Kochi from 10 March 2027, asked for on 1 March at 11:30.

Every booking here has come through real steps. A night costs 100.00; the hotel has a day for its answer; cancelling is
free until 9 March 18:00; check-in from 14:00, check-out by 11:00, night audit at 03:00.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain import acts
from domain.agenda import Entry, agenda
from domain.booking import Actor, Booking, Status, Stay
from domain.changes import PricedLine, StayPlan
from domain.refusals import Refused
from domain.steps import Act
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms

ASKED = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
ARRIVAL = date(2027, 3, 10)
A_DAY, AN_HOUR, A_MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
KOCHI = HotelTerms(
    3, "Asia/Kolkata", "INR", Payment.AT_HOTEL, Confirmation.MANUAL, check_in_time=time(14), check_out_time=time(11)
)
AUTO = replace(KOCHI, confirmation=Confirmation.AUTO)
FLEXIBLE = StayTerms(1, "flexible")
DESK = Actor("staff", "frontdesk", 7)
MANAGER = Actor("staff", "manager", 8)
ADMIN = Actor("staff", "admin", 9)
GUEST = Actor("guest")


def booking(rooms: int = 1, nights: int = 2, terms: HotelTerms = KOCHI, stay_terms: StayTerms = FLEXIBLE) -> Booking:
    """A booking before its opening step."""
    stays = tuple(
        Stay(
            n, Status.HELD, ARRIVAL, ARRIVAL + timedelta(days=nights), 1, 1, 1, 10_000 * nights, stay_terms,
            night_minor=(10_000,) * nights,
        )
        for n in range(1, rooms + 1)
    )  # fmt: skip
    return Booking(5, "malabar", "MLB-20270310-7Q4K2M", Status.HELD, terms, stays, "web_direct", ASKED, ASKED, ASKED)


def act(now: datetime = ASKED, actor: Actor = DESK, reason: str = "") -> Act:
    """Somebody at the desk does something."""
    return Act(now, actor, "desk", reason)


def kochi(day: date, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time in Kochi as an instant: UTC is five and a half hours behind."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=5, minutes=30)


def march(day: int, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time in Kochi in March 2027."""
    return kochi(date(2027, 3, day), hour, minute)


def with_rooms(made: Booking) -> Booking:
    """The booking with room 100 + n given to stay n."""
    stays = tuple(replace(stay, room_id=stay.number, room_number=str(100 + stay.number)) for stay in made.stays)
    return replace(made, stays=stays)


def pending(rooms: int = 1, nights: int = 2, **terms: Any) -> Booking:
    """A request that the hotel has not answered; its deadline is 2 March 11:30."""
    return acts.opened(booking(rooms, nights, **terms), act(actor=GUEST)).after


def option(until: datetime, rooms: int = 1, nights: int = 2, **terms: Any) -> Booking:
    """An option that the desk holds until then."""
    return acts.opened(booking(rooms, nights, **terms), act(), option_until=until).after


def confirmed(rooms: int = 1, nights: int = 2, **terms: Any) -> Booking:
    """A booking the hotel has said yes to, an hour after it was asked."""
    return acts.approved(pending(rooms, nights, **terms), act(ASKED + AN_HOUR)).after


def in_house(rooms: int = 1, nights: int = 2, **terms: Any) -> Booking:
    """Every guest has come at 15:00 on the day of arrival."""
    made = with_rooms(confirmed(rooms, nights, **terms))
    return acts.checked_in(made, act(march(10, 15)), made.stays).after


def gone(made: Booking, at: datetime) -> Booking:
    """Everybody who is in the house leaves."""
    return acts.checked_out(made, act(at), made.live(Status.CHECKED_IN)).after


def plan(
    stay: Stay, arrival: date | None = None, departure: date | None = None, price: int = 10_000, **changes: Any
) -> StayPlan:
    """What a stay becomes, every night at one price."""
    first, last = arrival or stay.arrival, departure or stay.departure
    lines = tuple(
        PricedLine("room", first + timedelta(days=n), "FLEX", "Flexible", price) for n in range((last - first).days)
    )
    planned = StayPlan(
        stay.number, first, last, stay.room_type_id, stay.rate_plan_id, stay.terms, adults=2, children_ages=(),
        lines=lines,
    )  # fmt: skip
    return replace(planned, **changes)


def entry(made: Booking, key: str) -> Entry:
    """The line of the agenda with that key."""
    (found,) = [line for line in agenda(made) if line.key == key]
    return found


def keys(made: Booking) -> list[str]:
    """The keys of the agenda in order."""
    return [line.key for line in agenda(made)]


def refusal(check: Callable[[], object]) -> Refused:
    """The refusal that a check meets."""
    try:
        check()
    except Refused as refused:
        return refused
    raise AssertionError("nothing was refused")
