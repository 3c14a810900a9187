"""The desk's answers: its lists, its day, its rooms, and which room a stay is given."""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date, datetime
from typing import Any

from api.callers import AtDesk
from api.cursors import read_cursor, write_cursor
from api.house import House
from api.shapes.common import Money, utc
from api.shapes.desk import (
    Approval,
    Blocker,
    ChangeWaiting,
    DayCounts,
    DayStay,
    DeskDay,
    DeskList,
    DeskRow,
    Option,
    RoomList,
    RoomState,
)
from api.shapes.desk_bookings import DeskCount
from domain.booking import Booking, Status, Stay
from domain.clocks import business_date, local_text
from domain.refusals import absent, conflict, rule
from domain.stay import StayDates
from store.booking_reads import BookingRecord
from store.desk_reads import (
    MOST_COUNTED,
    MOST_OF_A_DAY,
    DeskFilters,
    count_bookings,
    look_at_bookings,
    look_at_day,
    read_rooms,
)
from store.hotels import Hotel, look_at_hotel

READY = ("clean", "inspected")


async def desk_list(house: House, desk: AtDesk, filters: DeskFilters, limit: int, cursor: str | None) -> DeskList:
    """A page of the hotel's bookings. Errors: 400 cursor_unknown, also for another filter's or order's cursor."""
    listed = hashlib.sha256(repr((desk.hotel_id, astuple(filters))).encode()).hexdigest()[:16]
    place = read_cursor(house.secret, listed, cursor)
    after = (place[0], place[1]) if place else None
    rows = await look_at_bookings(house.database, desk.hotel_id, filters, after, limit + 1)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = write_cursor(house.secret, listed, [_place(shown[-1].place), shown[-1].reference])
    return DeskList(items=[_row(row) for row in shown], next_cursor=following, limit=limit)


async def desk_count(house: House, desk: AtDesk, filters: DeskFilters) -> DeskCount:
    """How many bookings a list has, counted up to MOST_COUNTED."""
    async with house.database.hotel(desk.hotel_id) as tx:
        found = await count_bookings(tx, desk.hotel_id, filters)
    return DeskCount(count=min(found, MOST_COUNTED), more=found > MOST_COUNTED)


def _place(value: date | datetime) -> str:
    return value.isoformat()


def _row(row: Any) -> DeskRow:
    return DeskRow(
        reference=row.reference,
        status=row.status,
        payment_status=row.payment_status,
        version=row.version,
        guest_name=row.guest_name,
        arrival=row.arrival,
        departure=row.departure,
        rooms=row.rooms,
        room_types=row.room_types or [],
        room_numbers=row.room_numbers or [],
        source=row.source,
        total=Money(amount_minor=row.total_minor, currency=row.currency),
        balance=Money(amount_minor=row.balance_minor, currency=row.currency),
        waiting_for=row.waiting_for,
        next_at=row.next_at,
        approval_deadline=row.approval_deadline,
        needs_attention=row.needs_attention,
        attention=row.attention,
        created_at=row.created_at,
    )


async def _open_day(house: House, hotel_id: int) -> tuple[Hotel, date]:
    """The hotel and the hotel day that is open now."""
    hotel = await look_at_hotel(house.database, hotel_id)
    if hotel is None:
        raise absent()
    terms = await house.terms.now(house.database, hotel)
    return hotel, business_date(house.clock(), hotel.zone, terms.audit_time)


async def desk_day(house: House, desk: AtDesk, day: date | None) -> DeskDay:
    """The hotel's day: the one that is open now, or the one asked for."""
    hotel, today = await _open_day(house, desk.hotel_id)
    day = day or today
    rows = await look_at_day(house.database, desk.hotel_id, day)
    lists = (
        rows.arrivals, rows.departures, rows.in_house, rows.approvals, rows.attention, rows.options, rows.changes,
    )  # fmt: skip
    arrivals = [_day_stay(row) for row in rows.arrivals[:MOST_OF_A_DAY]]
    departures = [_day_stay(row) for row in rows.departures[:MOST_OF_A_DAY]]
    in_house = [_day_stay(row) for row in rows.in_house[:MOST_OF_A_DAY]]
    approvals = [_approval(row, hotel.zone) for row in rows.approvals[:MOST_OF_A_DAY]]
    options = [_option(row, hotel.zone) for row in rows.options[:MOST_OF_A_DAY]]
    changes = [_change(row, hotel.zone) for row in rows.changes[:MOST_OF_A_DAY]]
    blockers = [
        *_before_arrival(arrivals),
        *_before_departure(departures),
        *(
            Blocker(kind="attention", reference=row.reference, stay=None, detail=row.attention)
            for row in rows.attention[:MOST_OF_A_DAY]
        ),
    ]
    return DeskDay(
        date=day,
        business_date=today,
        zone=hotel.zone,
        counts=DayCounts(
            arrivals=len(arrivals),
            arrived=sum(stay.status in ("checked_in", "checked_out") for stay in arrivals),
            departures=len(departures),
            departed=sum(stay.status == "checked_out" for stay in departures),
            in_house=len(in_house),
            approvals=len(approvals),
            options=len(options),
            change_requests=len(changes),
            blockers=len(blockers),
        ),
        arrivals=arrivals,
        departures=departures,
        in_house=in_house,
        approvals=approvals,
        options=options,
        change_requests=changes,
        blockers=blockers,
        truncated=any(len(listed) > MOST_OF_A_DAY for listed in lists),
    )


def _day_stay(row: Any) -> DayStay:
    return DayStay(
        reference=row.reference,
        stay=row.stay,
        status=row.status,
        guest_name=row.guest_name,
        room_type=row.room_type,
        room=row.room,
        housekeeping=row.housekeeping,
        adults=row.adults,
        children=row.children,
        arrival=row.arrival,
        departure=row.departure,
        balance=Money(amount_minor=row.balance_minor, currency=row.currency),
        needs_attention=row.needs_attention,
    )


def _approval(row: Any, zone: str) -> Approval:
    deadline = row.approval_deadline
    return Approval(
        reference=row.reference,
        version=row.version,
        guest_name=row.guest_name,
        arrival=row.arrival,
        departure=row.departure,
        rooms=row.rooms,
        total=Money(amount_minor=row.total_minor, currency=row.currency),
        asked_at=row.created_at,
        approval_deadline=deadline,
        local_time=local_text(utc(deadline), zone) if deadline else "",
        age="nearly_gone" if row.nearly_gone else "half_gone" if row.half_gone else "fresh",
    )


def _option(row: Any, zone: str) -> Option:
    until = row.hold_expires_at
    return Option(
        reference=row.reference,
        version=row.version,
        guest_name=row.guest_name,
        arrival=row.arrival,
        departure=row.departure,
        rooms=row.rooms,
        total=Money(amount_minor=row.total_minor, currency=row.currency),
        hold_expires_at=until,
        local_time=local_text(utc(until), zone) if until else "",
    )


def _change(row: Any, zone: str) -> ChangeWaiting:
    return ChangeWaiting(
        reference=row.reference,
        version=row.version,
        number=row.number,
        guest_name=row.guest_name,
        text=row.words,
        before=Money(amount_minor=row.before_minor, currency=row.currency),
        after=Money(amount_minor=row.after_minor, currency=row.currency),
        until=row.until,
        local_time=local_text(utc(row.until), zone),
    )


def _before_arrival(arrivals: Sequence[DayStay]) -> list[Blocker]:
    found = []
    for stay in arrivals:
        if stay.status != "confirmed":
            continue
        if stay.room is None:
            found.append(
                Blocker(kind="no_room", reference=stay.reference, stay=stay.stay, detail="No room is assigned.")
            )
        elif stay.housekeeping not in READY:
            detail = f"Room {stay.room} is not clean yet."
            found.append(Blocker(kind="room_not_clean", reference=stay.reference, stay=stay.stay, detail=detail))
    return found


def _before_departure(departures: Sequence[DayStay]) -> list[Blocker]:
    return [
        Blocker(kind="balance_open", reference=stay.reference, stay=stay.stay, detail="The balance is not zero.")
        for stay in departures
        if stay.status == "checked_in" and stay.balance.amount_minor != 0
    ]


async def desk_rooms(house: House, desk: AtDesk, dates: StayDates, room_type: str | None) -> RoomList:
    """The hotel's rooms and whether each can be given for these nights."""
    async with house.database.hotel(desk.hotel_id) as tx:
        rows = await read_rooms(tx, desk.hotel_id, dates.arrival, dates.departure)
    return RoomList(
        arrival=dates.arrival,
        departure=dates.departure,
        items=[
            RoomState(
                room=row.number,
                floor=row.floor,
                room_type=row.room_type,
                room_type_name=row.room_type_name,
                housekeeping=row.housekeeping,
                out_of_service=row.out_of_service,
                free=_is_free(row),
                taken_by=row.taken_by or [],
            )
            for row in rows
            if room_type is None or row.room_type == room_type
        ],
    )


def _is_free(row: Any) -> bool:
    return not row.taken_by and not row.out_of_service


def stay_for_room(booking: Booking, number: int | None) -> Stay:
    """The stay that a room is given to: the one named, or the only one that can be meant.

    Errors: 422 stay_unknown, stay_needed.
    """
    if number is not None:
        stay = booking.stay(number)
        if stay is None:
            raise rule("stay_unknown", f"This booking has no stay {number}.", "stays", stay=number)
        return stay
    waiting = [stay for stay in booking.live(Status.CONFIRMED) if stay.room_id is None]
    candidates = waiting or list(booking.live(Status.CONFIRMED)) or list(booking.stays)
    if len(candidates) > 1:
        told = ", ".join(str(stay.number) for stay in candidates)
        raise rule("stay_needed", f"Several rooms are meant; name one of the stays {told}.", "stay")
    return candidates[0]


async def room_for(house: House, record: BookingRecord, stay: Stay, number: str | None) -> tuple[int, str, int]:
    """The room (id, number, type) that was named, or the first free clean one of the stay's type.

    Errors: 422 room_unknown; 409 no_room_free.
    """
    async with house.database.hotel(record.hotel_id) as tx:
        rows = await read_rooms(tx, record.hotel_id, stay.arrival, stay.departure)
    if number is not None:
        for row in rows:
            if row.number == number:
                return row.room_id, row.number, row.room_type_id
        raise rule("room_unknown", f"This hotel has no room {number}.", "room")
    for row in rows:
        if row.room_type_id == stay.inventory_type_id and _is_free(row) and row.housekeeping in READY:
            return row.room_id, row.number, row.room_type_id
    raise conflict("no_room_free", "No clean room of this type is free for these nights.", stay=stay.number)
