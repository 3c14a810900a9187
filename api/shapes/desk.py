"""What the desk looks at: lists, its day, and its rooms."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.shapes.bookings import PaymentWord, StatusWord
from api.shapes.common import Money, Told


class DeskRow(Told):
    """A booking in a list of the desk."""

    reference: str
    status: StatusWord
    payment_status: PaymentWord
    version: int
    guest_name: str
    arrival: date
    departure: date
    rooms: int
    room_types: list[str]
    room_numbers: list[str]
    source: str
    total: Money
    balance: Money
    waiting_for: str
    next_at: datetime | None
    approval_deadline: datetime | None
    needs_attention: bool
    attention: str
    created_at: datetime


class DeskList(Told):
    """Bookings of the hotel in the order asked for."""

    items: list[DeskRow]
    next_cursor: str | None
    limit: int


class DayStay(Told):
    """One room of a booking on the desk's day."""

    reference: str
    stay: int
    status: StatusWord
    guest_name: str
    room_type: str
    room: str | None
    housekeeping: Literal["clean", "dirty", "inspected"] | None
    adults: int
    children: int
    arrival: date
    departure: date
    balance: Money = Field(description="Of the whole booking.")
    needs_attention: bool


class Approval(Told):
    """A request that waits for the hotel's answer."""

    reference: str
    version: int
    guest_name: str
    arrival: date
    departure: date
    rooms: int
    total: Money
    asked_at: datetime
    approval_deadline: datetime | None
    local_time: str
    age: Literal["fresh", "half_gone", "nearly_gone"] = Field(
        description="How much of the answer's time has passed: half, when the desk is reminded, or four fifths."
    )


class Option(Told):
    """Rooms that are held as an option."""

    reference: str
    version: int
    guest_name: str
    arrival: date
    departure: date
    rooms: int
    total: Money
    hold_expires_at: datetime | None
    local_time: str


class ChangeWaiting(Told):
    """A guest's wish that waits for the hotel's answer."""

    reference: str
    version: int
    number: int
    guest_name: str
    text: str
    before: Money
    after: Money
    until: datetime
    local_time: str


class Blocker(Told):
    """Something that stands in the way of the day."""

    kind: Literal["no_room", "room_not_clean", "balance_open", "attention"]
    reference: str
    stay: int | None
    detail: str


class DayCounts(Told):
    """The day in numbers."""

    arrivals: int
    arrived: int
    departures: int
    departed: int
    in_house: int
    approvals: int
    options: int
    change_requests: int
    blockers: int


class DeskDay(Told):
    """One hotel day: who comes, who leaves, who stays, what waits for an answer and what is in the way."""

    date: date
    business_date: date
    zone: str
    counts: DayCounts
    arrivals: list[DayStay]
    departures: list[DayStay]
    in_house: list[DayStay]
    approvals: list[Approval]
    options: list[Option]
    change_requests: list[ChangeWaiting]
    blockers: list[Blocker]
    truncated: bool = Field(description="Whether a list was longer than this answer shows.")


class RoomState(Told):
    """A room, and whether it can be given for the nights asked."""

    room: str
    floor: str
    room_type: str
    room_type_name: str
    housekeeping: Literal["clean", "dirty", "inspected"]
    out_of_service: bool
    free: bool = Field(description="In service and given to nobody for any of these nights.")
    taken_by: list[str] = Field(description="References that have the room on some of these nights.")


class RoomList(Told):
    """The hotel's rooms by number."""

    arrival: date
    departure: date
    items: list[RoomState]
