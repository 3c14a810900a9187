"""Making a booking: look, pass the gate, look again, start the story, answer from its row.

The looks only save everybody the work of a start that must fail; the workflow's taking decides. How repeated keys, late
answers and taken references are told apart is settled in docs/api.md, "Creating a booking".
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.front_desk import DEADLINE_SECONDS, Card, JustEnded, refused_of
from api.house import House
from api.idempotency import Once, key_reused
from api.problems import busy
from api.shapes.bookings import CreatedBooking, NewBooking, RoomWanted
from domain.booking import Actor, Status
from domain.refusals import Refused, conflict, rule
from domain.stay import MAX_CHILD_AGE, counted, day_text
from messages.bookings import GuestDetails, GuestNamed, OpenBooking, RoomAsked
from messages.names import reference
from messages.offers import Offer, check_offer_lives, read_offer
from store.booking_reads import BeforeOpening, BookingRecord, look_before_opening, read_booking

OPEN_WITHIN = timedelta(seconds=15)
REFERENCE_ATTEMPTS = 5
SOURCE = "web_direct"


@dataclass(frozen=True)
class _Wish:
    """A creation that has been read: the body, what makes it the same request, and its offers."""

    body: NewBooking
    once: Once
    offers: Sequence[Offer]

    @property
    def hotel_id(self) -> int:
        return self.offers[0].hotel_id

    @property
    def arrival(self) -> date:
        return min(date.fromisoformat(offer.arrival) for offer in self.offers)

    @property
    def departure(self) -> date:
        return max(date.fromisoformat(offer.departure) for offer in self.offers)

    @property
    def wanted(self) -> list[tuple[int, date, int]]:
        """Each night and room type with how many rooms are asked for."""
        rooms = Counter((offer.quote.room_type_id, line.night) for offer in self.offers for line in offer.quote.nights)
        return [(room_type_id, night, count) for (room_type_id, night), count in rooms.items()]


async def create_booking(house: House, body: NewBooking, once: Once) -> CreatedBooking:
    """The booking, made now or by an earlier request of the same key.

    Errors: 409 sold_out, idempotency_key_reused, stop_sell; 422 of offers, party and hotel; 503 not_answered_in_time.
    """
    offers = [read_offer(house.secret, room.offer_id, f"offers.{n}.offer_id") for n, room in enumerate(body.offers)]
    wish = _Wish(body, once, offers)
    _check_one_hotel(offers)
    hotel = await _look(house, wish)
    if hotel.slug != body.hotel:
        raise rule("offer_of_another_hotel", "These offers are not of that hotel.", "hotel")
    if hotel.made is None:
        _check(house, wish, hotel)
        opened = await _start(house, wish, hotel)
        if opened is not None:
            return house.views.created(opened)
        hotel = await _look(house, wish)
    return house.views.created(await _made_before(house, wish, hotel))


async def _look(house: House, wish: _Wish) -> BeforeOpening:
    async with house.database.hotel(wish.hotel_id) as tx:
        found = await look_before_opening(tx, wish.hotel_id, wish.once.key, wish.wanted)
    if found is None:
        raise rule("offer_of_another_hotel", "These offers are not of that hotel.", "hotel")
    return found


async def _made_before(house: House, wish: _Wish, hotel: BeforeOpening) -> BookingRecord:
    """The booking that this key made. Errors: 409 where it came with another body."""
    if hotel.made is None or hotel.made[1] != wish.once.body_hash:
        raise key_reused()
    record = await _read(house, wish.hotel_id, hotel.made[0])
    if record is None:
        raise key_reused()
    return record


async def _read(house: House, hotel_id: int, found: str) -> BookingRecord | None:
    async with house.database.hotel(hotel_id) as tx:
        return await read_booking(tx, hotel_id, found)


def _check_one_hotel(offers: Sequence[Offer]) -> None:
    for n, offer in enumerate(offers):
        if offer.hotel_id != offers[0].hotel_id:
            raise rule("offer_of_another_hotel", "All rooms of a booking are in one hotel.", f"offers.{n}.offer_id")


def _check(house: House, wish: _Wish, hotel: BeforeOpening) -> None:
    """What needs no lock to be refused. Errors: 422 not_on_sale, offer_expired, occupancy_differs; 409 sold_out."""
    if not hotel.active or hotel.not_on_sale_reason:
        raise rule("not_on_sale", hotel.not_on_sale_reason or "This hotel takes no bookings at present.", "hotel")
    now = house.clock()
    for n, (room, offer) in enumerate(zip(wish.body.offers, wish.offers, strict=True)):
        check_offer_lives(offer, now, f"offers.{n}.offer_id")
        _check_occupancy(n, room, offer)
    _check_rooms_left(hotel)


def _check_rooms_left(hotel: BeforeOpening) -> None:
    short = hotel.shortage
    if short is None:
        return
    told = "is sold out" if short.left == 0 else f"has only {counted(short.left, 'room')} left"
    raise conflict(
        "sold_out",
        f"{short.room_type_name} {told} on {day_text(short.night)}.",
        night=short.night.isoformat(),
        room_type=short.room_type_name,
        left=short.left,
    )


def _check_occupancy(n: int, room: RoomWanted, offer: Offer) -> None:
    """Who is named must fit who the price was made for; not everybody has to be named.

    Errors: 422 occupancy_differs.
    """
    children = Counter(guest.age for guest in room.guests if guest.age is not None and guest.age <= MAX_CHILD_AGE)
    adults = len(room.guests) - children.total()
    field = ""
    if adults > offer.adults or children - Counter(offer.children_ages):
        field = "guests"
    if room.children_ages is not None and sorted(room.children_ages) != sorted(offer.children_ages):
        field = "children_ages"
    if room.adults is not None and room.adults != offer.adults:
        field = "adults"
    if not field:
        return
    ages = ", ".join(str(age) for age in offer.children_ages)
    with_children = f" and children of {ages}" if ages else " and no children"
    told = f"The offer is for {counted(offer.adults, 'adult')}{with_children}; ask for an offer that fits."
    raise rule("occupancy_differs", told, f"offers.{n}.{field}")


async def _start(house: House, wish: _Wish, hotel: BeforeOpening) -> BookingRecord | None:
    """Starts the story behind the gate; None when another request of this key was faster while this one waited."""
    gate = house.front_desk.gate()
    waits = gate.locked()
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await gate.acquire()
    except TimeoutError as late:
        raise busy("not_answered_in_time", "Too many bookings are being made; send the same key again.") from late
    try:
        if waits:
            again = await _look(house, wish)
            if again.made is not None:
                return None
            _check_rooms_left(again)
        return await _attempts(house, wish, hotel)
    finally:
        gate.release()


async def _attempts(house: House, wish: _Wish, hotel: BeforeOpening) -> BookingRecord:
    """Tries the references that follow from the key, one after another, until one is not another key's."""
    for attempt in range(REFERENCE_ATTEMPTS):
        named = reference(house.secret, hotel.code, wish.arrival, wish.once.key, attempt)
        try:
            answer = await house.front_desk.open_booking(_opening(house, wish, named), _card(wish, hotel))
        except JustEnded as ended:
            raise busy("not_answered_in_time", "The booking was being settled; send the same key again.") from ended
        if answer.outcome == "refused" and answer.refusal:
            raise refused_of(answer.refusal)
        if answer.outcome == "not_opened":
            raise busy("not_answered_in_time", "The booking came too late; send the same key again.")
        if answer.outcome == "reference_taken":
            continue
        record = await _read(house, wish.hotel_id, named)
        if record is None:
            raise busy("not_answered_in_time", "The booking can't be read yet; send the same key again.")
        if record.row.create_key != wish.once.key:
            continue
        if record.row.create_body_hash != wish.once.body_hash:
            raise key_reused()
        return record
    raise _no_reference()


def _no_reference() -> Refused:
    return conflict("reference_taken", "No reference was free for this key; try again with a new Idempotency-Key.")


def _opening(house: House, wish: _Wish, named: str) -> OpenBooking:
    body = wish.body
    return OpenBooking(
        hotel_id=wish.hotel_id,
        reference=named,
        key=wish.once.key,
        body_hash=wish.once.body_hash,
        rooms=tuple(
            RoomAsked(room.offer_id, tuple(GuestNamed(guest.name, guest.age) for guest in room.guests))
            for room in body.offers
        ),
        guest=GuestDetails(body.guest.name, body.guest.email, body.guest.phone, body.guest.country),
        open_before=house.clock() + OPEN_WITHIN,
        actor=Actor("guest"),
        channel="web",
        source=SOURCE,
        special_requests=body.special_requests,
    )


def _card(wish: _Wish, hotel: BeforeOpening) -> Card:
    return Card(
        hotel_id=wish.hotel_id,
        hotel_slug=hotel.slug,
        # What the opening is going to come to; the workflow corrects it where it comes to something else.
        status=(Status.PENDING if hotel.manual else Status.CONFIRMED).value,
        channel=SOURCE,
        arrival=wish.arrival,
        departure=wish.departure,
        rooms=len(wish.offers),
    )
