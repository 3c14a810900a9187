"""Making a booking: look, pass the gate, look again, start the story, answer from its row.

The looks only save everybody the work of a start that must fail; the workflow's taking decides. How repeated keys, late
answers and taken references are told apart is settled in docs/api.md, "Creating a booking". What the desk may do
differently is in api/desk_opening.py.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Protocol

from fastapi import Request

from api.front_desk import DEADLINE_SECONDS, JustEnded, refused_of
from api.holds import check_holds, hold_owner
from api.house import House
from api.idempotency import Once, key_reused
from api.languages import asked_language
from api.problems import Problem, busy
from api.shapes.bookings import CreatedBooking, NewBooking, Sleeper
from domain.booking import Actor, Status
from domain.connect import NOT_READY
from domain.refusals import Refused, conflict, rule
from domain.stay import MAX_CHILD_AGE, counted, day_text
from domain.terms import Payment
from messages.bookings import GuestDetails, GuestNamed, OpenBooking, Opened, RoomAsked
from messages.cards import Card
from messages.names import reference
from messages.offers import Offer, check_offer_lives, read_offer
from store.booking_reads import BeforeOpening, BookingRecord, look_at_booking, look_before_opening

OPEN_WITHIN = timedelta(seconds=15)
REFERENCE_ATTEMPTS = 5
SOURCE = "web_direct"


@dataclass(frozen=True)
class Wish:
    """A creation that has been read: what is to be opened, and its offers.

    opening: but for its reference; an empty language means the hotel's. once: what makes it the same request.
    """

    opening: OpenBooking
    once: Once
    offers: Sequence[Offer]

    @property
    def hotel_id(self) -> int:
        """The hotel of the first offer; the others have to be of it too."""
        return self.offers[0].hotel_id

    @property
    def arrival(self) -> date:
        """The first room's arrival."""
        return min(date.fromisoformat(offer.arrival) for offer in self.offers)

    @property
    def departure(self) -> date:
        """The last room's departure."""
        return max(date.fromisoformat(offer.departure) for offer in self.offers)

    @property
    def wanted(self) -> list[tuple[int, date, int]]:
        """Each night and room type with how many rooms are asked for."""
        rooms = Counter((offer.quote.room_type_id, line.night) for offer in self.offers for line in offer.quote.nights)
        return [(room_type_id, night, count) for (room_type_id, night), count in rooms.items()]

    def becomes(self, hotel: BeforeOpening) -> Status:
        """What the opening is going to come to; the workflow corrects it where it comes to something else."""
        if self.opening.option_until is not None:
            return Status.HELD
        by_desk = self.opening.actor.kind == "staff" and not self.opening.for_approval
        asks = Payment(hotel.payment)
        if hotel.manual and not by_desk:
            return Status.HELD if asks is Payment.AUTHORISE else Status.PENDING
        return Status.HELD if asks.online else Status.CONFIRMED


class Party(Protocol):
    """Who is to sleep in a room, as a body tells it."""

    guests: list[Sleeper]
    adults: int | None
    children_ages: list[int] | None


Check = Callable[[BeforeOpening], Awaitable[None]]


async def create_booking(house: House, request: Request, body: NewBooking, once: Once) -> CreatedBooking:
    """The booking, made now or by an earlier request of the same key.

    Errors: 409 sold_out, idempotency_key_reused, stop_sell; 422 of offers, party and hotel; 429 too_many_holds; 503
    not_answered_in_time.
    """
    offers = read_offers(house, [room.offer_id for room in body.offers])
    owner = hold_owner(house, request, body.guest.email)
    opening = OpenBooking(
        hotel_id=offers[0].hotel_id,
        reference="",
        key=once.key,
        body_hash=once.body_hash,
        rooms=tuple(asked_room(room.offer_id, room) for room in body.offers),
        guest=GuestDetails(body.guest.name, body.guest.email, body.guest.phone, body.guest.country),
        open_before=house.clock() + OPEN_WITHIN,
        actor=Actor("guest"),
        channel="web",
        source=SOURCE,
        special_requests=body.special_requests,
        language=body.language or asked_language(request) or "",
        hold_email=owner.email,
        hold_address=owner.address,
        hold_device=owner.device,
    )
    wish = Wish(opening, once, offers)

    async def check(hotel: BeforeOpening) -> None:
        check_doors(house, wish, hotel)
        for n, (room, offer) in enumerate(zip(body.offers, offers, strict=True)):
            check_occupancy(n, room, offer)
        await check_holds(house, request, wish.hotel_id, body.guest.email)

    async def make() -> BookingRecord:
        return await open_booking(house, wish, check, body.hotel)

    return house.views.created(await unless_made(house, wish.hotel_id, once, make))


def read_offers(house: House, signed: Sequence[str]) -> list[Offer]:
    """The offers behind their texts. Errors: 422 offer_unknown, offer_of_another_hotel."""
    offers = [read_offer(house.secret, text, f"offers.{n}.offer_id") for n, text in enumerate(signed)]
    for n, offer in enumerate(offers):
        if offer.hotel_id != offers[0].hotel_id:
            raise rule("offer_of_another_hotel", "All rooms of a booking are in one hotel.", f"offers.{n}.offer_id")
    return offers


def asked_room(signed: str, room: Party) -> RoomAsked:
    """A room with who sleeps in it, as a message."""
    return RoomAsked(signed, tuple(GuestNamed(guest.name, guest.age) for guest in room.guests))


async def open_booking(house: House, wish: Wish, check: Check, slug: str | None = None) -> BookingRecord:
    """Makes the booking, or finds what an earlier request of its key made.

    check: what else is looked at before anything is started; slug: the hotel that was named.
    """
    hotel = await _look(house, wish)
    if slug is not None and hotel.slug != slug:
        raise rule("offer_of_another_hotel", "These offers are not of that hotel.", "hotel")
    if hotel.made is None:
        await check(hotel)
        _check_rooms_left(hotel)
        opened = await _start(house, wish, hotel)
        if opened is not None:
            return opened
        hotel = await _look(house, wish)
    return await _made_before(house, wish.hotel_id, wish.once, hotel)


async def unless_made(
    house: House, hotel_id: int, once: Once, make: Callable[[], Awaitable[BookingRecord]]
) -> BookingRecord:
    """What `make` makes. Where it is refused, what another request of the same key has made meanwhile.

    That one may be the reason of the refusal: it took the last room, or the last place for an unpaid hold.
    """
    try:
        return await make()
    except (Refused, Problem) as no:
        # Who is told to come again does so with the same key, and finds it then.
        come_again = isinstance(no, Problem) and no.status == HTTPStatus.SERVICE_UNAVAILABLE
        made = None if come_again else await made_before(house, hotel_id, once)
        if made is None:
            raise
        return made


async def made_before(house: House, hotel_id: int, once: Once) -> BookingRecord | None:
    """What an earlier request of this key made; None for a new key. Errors: 409 where it came with another body."""
    hotel = await look_before_opening(house.database, hotel_id, once.key, [])
    if hotel is None or hotel.made is None:
        return None
    return await _made_before(house, hotel_id, once, hotel)


async def _look(house: House, wish: Wish) -> BeforeOpening:
    found = await look_before_opening(house.database, wish.hotel_id, wish.once.key, wish.wanted)
    if found is None:
        raise rule("offer_of_another_hotel", "These offers are not of that hotel.", "hotel")
    return found


async def _made_before(house: House, hotel_id: int, once: Once, hotel: BeforeOpening) -> BookingRecord:
    if hotel.made is None or hotel.made[1] != once.body_hash:
        raise key_reused()
    record = await look_at_booking(house.database, hotel_id, hotel.made[0])
    if record is None:
        raise key_reused()
    return record


def check_doors(house: House, wish: Wish, hotel: BeforeOpening) -> None:
    """Whether the hotel sells and the prices are promised still. Errors: 422 not_on_sale, offer_expired."""
    if not hotel.active or hotel.not_on_sale_reason:
        raise rule("not_on_sale", hotel.not_on_sale_reason or "This hotel takes no bookings at present.", "hotel")
    # What the desk sells can be paid at the desk.
    if hotel.payments_shut and Payment(hotel.payment).online and wish.opening.actor.kind == "guest":
        raise rule("not_on_sale", NOT_READY, "hotel")
    now = house.clock()
    for n, offer in enumerate(wish.offers):
        check_offer_lives(offer, now, f"offers.{n}.offer_id")


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


def check_occupancy(n: int, room: Party, offer: Offer) -> None:
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


async def _start(house: House, wish: Wish, hotel: BeforeOpening) -> BookingRecord | None:
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


async def _attempts(house: House, wish: Wish, hotel: BeforeOpening) -> BookingRecord:
    """Tries the references that follow from the key, one after another, until one is not another key's."""
    for attempt in range(REFERENCE_ATTEMPTS):
        named = reference(house.secret, hotel.code, wish.arrival, wish.once.key, attempt)
        answer = await _first_heard(house, wish, _opening(house, wish, hotel, named), _card(wish, hotel))
        if isinstance(answer, BookingRecord):
            return answer
        if answer.outcome == "refused" and answer.refusal:
            raise refused_of(answer.refusal)
        if answer.outcome == "not_opened":
            raise busy("not_answered_in_time", "The booking came too late; send the same key again.")
        if answer.outcome == "reference_taken":
            continue
        record = await look_at_booking(house.database, wish.hotel_id, named)
        if record is None:
            raise busy("not_answered_in_time", "The booking can't be read yet; send the same key again.")
        if record.row.create_key != wish.once.key:
            continue
        if record.row.create_body_hash != wish.once.body_hash:
            raise key_reused()
        return record
    raise _no_reference()


async def _first_heard(house: House, wish: Wish, opening: OpenBooking, card: Card) -> Opened | BookingRecord:
    """How the opening went, or the booking itself where Postgres announces it before Temporal has answered.

    What is announced is committed, and its story goes on whoever asks for it (docs/decisions/0014).
    """
    with house.announcements.of(opening.reference) as announced:
        asking = house.front_desk.in_its_own_time(_asked(house, opening, card))
        hearing = asyncio.create_task(announced.wait())
        try:
            await asyncio.wait((asking, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
    if not asking.done():
        record = await look_at_booking(house.database, wish.hotel_id, opening.reference)
        if record is not None and _is_made_by(record, wish.once):
            return record
    return await asking


def _is_made_by(record: BookingRecord, once: Once) -> bool:
    return (record.row.create_key, record.row.create_body_hash) == (once.key, once.body_hash)


async def _asked(house: House, opening: OpenBooking, card: Card) -> Opened:
    """How the opening went; one that met a run at its very end is asked once more. Errors: 503 not_answered_in_time."""
    for _ in range(2):
        with suppress(JustEnded):
            return await house.front_desk.open_booking(opening, card)
    raise busy("not_answered_in_time", "The booking was being settled; send the same key again.")


def _no_reference() -> Refused:
    return conflict("reference_taken", "No reference was free for this key; try again with a new Idempotency-Key.")


def _opening(house: House, wish: Wish, hotel: BeforeOpening, named: str) -> OpenBooking:
    return replace(
        wish.opening,
        reference=named,
        open_before=house.clock() + OPEN_WITHIN,
        language=wish.opening.language or hotel.language,
    )


def _card(wish: Wish, hotel: BeforeOpening) -> Card:
    return Card(
        hotel_id=wish.hotel_id,
        hotel_slug=hotel.slug,
        status=wish.becomes(hotel).value,
        channel=wish.opening.source,
        arrival=wish.arrival,
        departure=wish.departure,
        rooms=len(wish.offers),
    )
