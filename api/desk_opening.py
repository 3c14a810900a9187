"""A booking that the desk makes: walk-in, phone, corporate, a channel's. Rule: docs/rules/sources.md.

The way into the house is that of api/opening.py; here is what the desk may do differently, and what it has to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from api import permissions
from api.callers import AtDesk
from api.house import House
from api.idempotency import Once
from api.opening import (
    OPEN_WITHIN,
    Wish,
    asked_room,
    check_doors,
    check_occupancy,
    made_before,
    open_booking,
    read_offers,
    unless_made,
)
from api.selling import promise
from api.shapes.desk_bookings import CreatedDeskBooking, DeskRoom, NewDeskBooking, SourceBody, SourceList
from domain.checks import check_reason
from domain.clocks import business_date
from domain.desk_quoting import desk_quote
from domain.lifecycle import check_managers_word
from domain.refusals import Refused, absent, rule
from domain.sources import (
    Source,
    check_arrivals,
    check_contact,
    option_until,
    source_for,
    source_reference_taken,
    sources_at,
    with_percent,
)
from domain.stay import StayDates, party, stay_dates
from domain.terms import Confirmation, HotelTerms
from messages.bookings import GuestDetails, OpenBooking
from messages.offers import Offer, sign_offer
from store.booking_reads import BeforeOpening, BookingRecord
from store.hotels import Hotel, PlanPolicy, look_at_hotel, plan_policies
from store.people import phone_key
from store.shelf import load_shelf
from store.sources import booking_of_source, listed_sources


async def list_of_sources(house: House, desk: AtDesk) -> SourceList:
    """Where bookings of this hotel may come from."""
    async with house.database.hotel(desk.hotel_id) as tx:
        listed = await listed_sources(tx, desk.hotel_id)
    return SourceList(items=[SourceBody.model_validate(source, from_attributes=True) for source in sources_at(listed)])


@dataclass(frozen=True)
class _Counter:
    """Somebody at the desk with the body of a booking to make, at a hotel and its open day."""

    house: House
    desk: AtDesk
    body: NewDeskBooking
    once: Once
    hotel: Hotel
    terms: HotelTerms
    now: datetime

    @property
    def today(self) -> date:
        """The hotel's business day."""
        return business_date(self.now, self.hotel.zone, self.terms.audit_time)


async def create_desk_booking(house: House, desk: AtDesk, body: NewDeskBooking, once: Once) -> CreatedDeskBooking:
    """The booking, made now or by an earlier request of the same key.

    Errors: those of api.opening.open_booking, and 403 role_missing; 409 source_reference_taken; 422 source_unknown,
    source_not_in_use, contact_needed, walk_in_today, arrival_past, approval_not_used, reason_needed,
    clock_out_of_bounds, and those of domain.desk_quoting.desk_quote.
    """
    made = await made_before(house, desk.hotel_id, once)
    if made is None:
        made = await unless_made(house, desk.hotel_id, once, lambda: _made(house, desk, body, once))
    return _created(house, desk, made)


async def _made(house: House, desk: AtDesk, body: NewDeskBooking, once: Once) -> BookingRecord:
    hotel = await look_at_hotel(house.database, desk.hotel_id)
    if hotel is None:
        raise absent()
    terms = await house.terms.now(house.database, hotel)
    counter = _Counter(house, desk, body, once, hotel, terms, house.clock())
    _check_words(counter)
    source = await _source(counter)
    offers, signed = await _offers(counter)
    arrivals = [date.fromisoformat(offer.arrival) for offer in offers]
    check_arrivals(source.source, arrivals, counter.today)
    wish = Wish(_opening(counter, source, signed, arrivals), once, offers)

    async def check(found: BeforeOpening) -> None:
        check_doors(house, wish, found)
        for n, (room, offer) in enumerate(zip(body.offers, offers, strict=True)):
            check_occupancy(n, room, offer)

    try:
        return await open_booking(house, wish, check, hotel.slug)
    except Refused as refused:
        if refused.code != source_reference_taken().code:
            raise
        # Somebody was faster with it; now that their booking is there, it can be named.
        await _check_source_reference(counter)
        raise


def _created(house: House, desk: AtDesk, record: BookingRecord) -> CreatedDeskBooking:
    told: dict[str, Any] = dict(house.views.for_desk(record, desk.role))
    for_guest = house.views.created(record)
    return CreatedDeskBooking(**told, access_token=for_guest.access_token, guest_link=for_guest.links.guest_page)


def _check_words(counter: _Counter) -> None:
    """What needs no look to be refused. Errors: 403 role_missing; 422 reason_needed, approval_not_used."""
    body = counter.body
    if body.override_restrictions:
        check_managers_word(counter.desk.actor, "Going past a restriction")
        check_reason(body.reason, "Going past a restriction")
    if body.pending and counter.terms.confirmation is not Confirmation.MANUAL:
        raise rule("approval_not_used", "This hotel confirms at once; there is no approval to wait for.", "pending")


async def _source(counter: _Counter) -> Source:
    """The source with the percent of this booking. Errors: 403; 409; 422 of source and contact."""
    body, hotel_id = counter.body, counter.hotel.id
    async with counter.house.database.hotel(hotel_id) as tx:
        listed = await listed_sources(tx, hotel_id)
        phone = await phone_key(tx, hotel_id, body.guest.phone)
    source = source_for(body.source, {known.source: known for known in listed})
    check_contact(body.guest.email, phone)
    source = with_percent(source, body.commission_percent, counter.desk.actor)
    await _check_source_reference(counter)
    return source


async def _check_source_reference(counter: _Counter) -> None:
    """Errors: 409 source_reference_taken, which names the booking that has it."""
    body, hotel_id = counter.body, counter.hotel.id
    async with counter.house.database.hotel(hotel_id) as tx:
        known = await booking_of_source(tx, hotel_id, body.source, body.source_reference)
    if known is not None:
        raise source_reference_taken(known)


async def _offers(counter: _Counter) -> tuple[list[Offer], list[str]]:
    """The rooms' offers with their texts: those that were sent, and today's for rooms that are named.

    Errors: 422 of offers, dates and party; 409 sold_out.
    """
    house, hotel_id = counter.house, counter.hotel.id
    async with house.database.hotel(hotel_id) as tx:
        plans = await plan_policies(tx, hotel_id)
    signed: list[str] = []
    for n, room in enumerate(counter.body.offers):
        if room.offer_id is not None:
            signed.append(room.offer_id)
            continue
        try:
            signed.append(sign_offer(house.secret, await _priced(counter, n, room, plans)))
        except Refused as refused:
            # The rules name their own input; the desk has several rooms in one body.
            if refused.field:
                refused.field = f"offers.{n}.{refused.field}"
            raise
    return read_offers(house, signed), signed


async def _priced(counter: _Counter, n: int, room: DeskRoom, plans: dict[int, PlanPolicy]) -> Offer:
    """Today's price of a room that is named, as availability would promise it."""
    hotel, who = counter.hotel, party(room.adults or 0, tuple(room.children_ages or ()))
    dates = _dates(room)
    async with counter.house.database.hotel(hotel.id) as tx:
        shelf = await load_shelf(tx, hotel.id, dates.arrival, dates.departure)
    quote = desk_quote(
        shelf,
        (room.room_type or "", room.rate_plan or ""),
        dates,
        who,
        counter.today,
        number=n + 1,
        past_restrictions=counter.body.override_restrictions,
    )
    return promise(hotel.id, counter.terms, plans[quote.rate_plan_id].terms, quote, dates, who, counter.now)


def _dates(room: DeskRoom) -> StayDates:
    """The nights of a room that is named; its shape has seen to it that both dates are there."""
    if room.arrival is None or room.departure is None:
        raise rule("departure_before_arrival", "A room needs its arrival and departure.", "departure")
    return stay_dates(room.arrival, room.departure)


def _opening(counter: _Counter, source: Source, signed: Sequence[str], arrivals: Sequence[date]) -> OpenBooking:
    body, guest = counter.body, counter.body.guest
    held = body.hold_until
    if body.option:
        held = option_until(counter.terms, arrivals, counter.now)
    return OpenBooking(
        hotel_id=counter.hotel.id,
        reference="",
        key=counter.once.key,
        body_hash=counter.once.body_hash,
        rooms=tuple(asked_room(text, room) for text, room in zip(signed, body.offers, strict=True)),
        guest=GuestDetails(guest.name, guest.email, guest.phone, guest.country),
        open_before=counter.now + OPEN_WITHIN,
        actor=counter.desk.actor,
        channel="desk",
        source=source.source,
        special_requests=body.special_requests,
        source_reference=body.source_reference,
        commission_percent=source.commission_percent,
        option_until=held,
        language=body.language or "",
        for_approval=body.pending or not permissions.may("approve", counter.desk.role),
        past_restrictions=body.override_restrictions,
        reason=body.reason,
    )
