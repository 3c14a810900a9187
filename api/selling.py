"""What hotels have on sale, in the words of the contract: hotels, signed offers, reasons, the price calendar."""

from collections.abc import Sequence
from datetime import date, datetime

from api.cursors import read_cursor, write_cursor
from api.house import House
from api.shapes.bookings import PolicyWords
from api.shapes.common import Money
from api.shapes.hotels import (
    Availability,
    Calendar,
    CalendarNightBody,
    ClosedBody,
    HotelBody,
    HotelList,
    HotelSummary,
    HotelWords,
    OfferBody,
    OfferNight,
    OfferTax,
    PhotoBody,
    PlanWords,
    Reason,
    RoomTypeBody,
)
from api.views import API, policy_words
from domain.clocks import business_date
from domain.connect import NOT_READY
from domain.obligations import payment_in_words
from domain.quoting import MAX_CALENDAR_NIGHTS, Closed, Quote, calendar, quotes
from domain.refusals import Refused, absent, rule
from domain.stay import Party, StayDates, day_text
from domain.terms import HotelTerms, StayTerms, cancellation_rule, confirmation_in_words
from messages.offers import OFFER_LIFETIME, Offer, sign_offer
from store.hotels import (
    Hotel,
    Photo,
    RoomType,
    list_hotels,
    look_for_hotel,
    plan_policies,
    plan_policies_asked,
    policies_of,
    room_types,
)
from store.shelf import shelf_asked, shelf_of
from store.stripe_accounts import payments_shut_asked

_MAX_SLUG = 42
_LISTED = "hotels"


async def find_hotel(house: House, slug: str) -> Hotel:
    """The hotel of that slug. Errors: 404, also while it is not active."""
    if len(slug) > _MAX_SLUG or not slug.isascii() or not slug.isprintable():
        raise absent()
    hotel = await look_for_hotel(house.database, slug)
    if hotel is None or not hotel.active:
        raise absent()
    return hotel


async def hotel_list(house: House, limit: int, cursor: str | None) -> HotelList:
    """The active hotels. Errors: 400 cursor_unknown."""
    place = read_cursor(house.secret, _LISTED, cursor) or [""]
    async with house.database.public() as tx:
        found = await list_hotels(tx, after=place[0], limit=limit)
    items = [_summary(hotel, await house.terms.now(house.database, hotel)) for hotel in found]
    following = write_cursor(house.secret, _LISTED, [found[-1].slug]) if len(found) == limit else None
    return HotelList(items=items, next_cursor=following, limit=limit)


async def hotel_page(house: House, hotel: Hotel) -> HotelBody:
    """The hotel with its rooms and its rates' terms in words."""
    terms = await house.terms.now(house.database, hotel)
    async with house.database.hotel(hotel.id) as tx:
        types = await room_types(tx, hotel.id)
        plans = await plan_policies(tx, hotel.id)
    return HotelBody(
        **dict(_summary(hotel, terms)),
        description=hotel.description,
        address=hotel.address,
        phone=hotel.phone,
        email=hotel.email,
        business_date=business_date(house.clock(), hotel.zone, terms.audit_time),
        photos=_photos(hotel.photos),
        room_types=[_room_type(room_type) for room_type in types],
        rate_plans=[
            PlanWords(rate_plan=plan.rate_plan_code, cancellation=cancellation_rule(plan.terms, hotel.currency))
            for plan in plans.values()
        ],
    )


async def availability(house: House, hotel: Hotel, dates: StayDates, party: Party, rooms: int) -> Availability:
    """Signed offers for a stay, and what is closed and why. Errors: 422 arrival_past, rooms_out_of_range."""
    now, terms = house.clock(), await house.terms.now(house.database, hotel)
    today = business_date(now, hotel.zone, terms.audit_time)
    if dates.arrival < today:
        raise rule("arrival_past", f"The hotel's day is {day_text(today)}; arrive then or later.", "arrival")
    shelf_rows, plan_rows, shut = await house.database.look(
        shelf_asked(hotel.id, dates.arrival, dates.departure),
        plan_policies_asked(hotel.id),
        payments_shut_asked(hotel.id),
        hotel_id=hotel.id,
    )
    shelf, plans = shelf_of(shelf_rows), policies_of(plan_rows)
    found, closed = quotes(shelf, dates, party, rooms, today)
    if hotel.not_on_sale_reason or (shut and terms.payment.online):
        reason = rule("not_on_sale", hotel.not_on_sale_reason or NOT_READY)
        closed = [Closed(room_type.code, room_type.name, None, (reason,)) for room_type in shelf.room_types]
        found = []
    sold = {quote.rate_plan_id: plans[quote.rate_plan_id].terms for quote in found}
    words = {plan: policy_words(terms, told, dates.arrival, dates.departure, now) for plan, told in sold.items()}
    offers = []
    for quote in found:
        offer = promise(hotel.id, terms, sold[quote.rate_plan_id], quote, dates, party, now)
        offers.append(_offer(house, offer, party, words[quote.rate_plan_id]))
    return Availability(
        hotel=hotel.slug,
        arrival=dates.arrival,
        departure=dates.departure,
        adults=party.adults,
        children_ages=list(party.children_ages),
        rooms=rooms,
        offers=offers,
        closed=[_closed(what) for what in closed],
    )


def promise(
    hotel_id: int, terms: HotelTerms, stay_terms: StayTerms, quote: Quote, dates: StayDates, party: Party, now: datetime
) -> Offer:
    """The offer that promises a quote, yet to be signed."""
    return Offer(
        hotel_id=hotel_id,
        arrival=dates.arrival.isoformat(),
        departure=dates.departure.isoformat(),
        adults=party.adults,
        children_ages=party.children_ages,
        policy_version=terms.version,
        stay_policy_id=stay_terms.stay_policy_id,
        expires_at=int((now + OFFER_LIFETIME).timestamp()),
        quote=quote,
    )


def _offer(house: House, offer: Offer, party: Party, policy: PolicyWords) -> OfferBody:
    quote = offer.quote
    currency = quote.currency
    return OfferBody(
        offer_id=sign_offer(house.secret, offer),
        expires_at=offer.expires,
        room_type=quote.room_type_code,
        room_type_name=quote.room_type_name,
        rate_plan=quote.rate_plan_code,
        rate_plan_name=quote.rate_plan_name,
        meal_plan=quote.meal_plan,
        adults=party.adults,
        children_ages=list(party.children_ages),
        nights=[
            OfferNight(night=line.night, price=Money(amount_minor=line.price_minor, currency=currency))
            for line in quote.nights
        ],
        taxes=[
            OfferTax(
                night=tax.night,
                code=tax.code,
                name=tax.name,
                amount=Money(amount_minor=tax.amount_minor, currency=currency),
                included=tax.included,
            )
            for tax in quote.taxes
        ],
        total=Money(amount_minor=quote.total_minor, currency=currency),
        policy=policy,
        left=quote.left,
    )


def _closed(what: Closed) -> ClosedBody:
    return ClosedBody(
        room_type=what.room_type_code,
        room_type_name=what.room_type_name,
        rate_plan=what.rate_plan_code,
        reasons=[_reason(refused) for refused in what.reasons],
    )


def _reason(refused: Refused) -> Reason:
    return Reason(code=refused.code, detail=refused.detail)


async def price_calendar(house: House, hotel: Hotel, first: date, after: date, adults: int) -> Calendar:
    """The nights [first, after). A hotel that is not on sale shows every night closed. Errors: 422 calendar_range."""
    if not 1 <= (after - first).days <= MAX_CALENDAR_NIGHTS:
        told = f"A price calendar shows 1 to {MAX_CALENDAR_NIGHTS} nights: `to` is the day after the last."
        raise rule("calendar_range", told, field="to", maximum=MAX_CALENDAR_NIGHTS)
    terms = await house.terms.now(house.database, hotel)
    today = business_date(house.clock(), hotel.zone, terms.audit_time)
    (rows,) = await house.database.look(shelf_asked(hotel.id, first, after), hotel_id=hotel.id)
    shelf = shelf_of(rows)
    nights = calendar(shelf, first, after, adults, today)
    sells = hotel.not_on_sale_reason is None
    return Calendar(
        hotel=hotel.slug,
        currency=hotel.currency,
        adults=adults,
        nights=[
            CalendarNightBody(
                night=night.night,
                lowest=Money(amount_minor=night.lowest_minor, currency=hotel.currency)
                if night.lowest_minor is not None and sells
                else None,
                closed=night.closed or not sells,
                reasons=list(night.reasons) if sells else ["not_on_sale"],
                min_stay=night.min_stay if sells else None,
            )
            for night in nights
        ],
    )


def _summary(hotel: Hotel, terms: HotelTerms) -> HotelSummary:
    here = f"{API}/hotels/{hotel.slug}"
    return HotelSummary(
        slug=hotel.slug,
        name=hotel.name,
        city=hotel.city,
        country=hotel.country,
        zone=hotel.zone,
        currency=hotel.currency,
        photo=_photos(hotel.photos)[0] if hotel.photos else None,
        on_sale=hotel.not_on_sale_reason is None,
        not_on_sale_reason=hotel.not_on_sale_reason,
        policies=HotelWords(
            payment=payment_in_words(terms),
            confirmation=confirmation_in_words(terms),
            check_in_from=f"{terms.check_in_time:%H:%M}",
            check_out_by=f"{terms.check_out_time:%H:%M}",
            guest_portal=terms.guest_portal,
        ),
        links={"self": here, "availability": f"{here}/availability", "calendar": f"{here}/calendar"},
    )


def _photos(photos: Sequence[Photo]) -> list[PhotoBody]:
    return [PhotoBody(url=photo.url, alt=photo.alt) for photo in photos]


def _room_type(room_type: RoomType) -> RoomTypeBody:
    return RoomTypeBody(
        code=room_type.code,
        name=room_type.name,
        description=room_type.description,
        base_guests=room_type.base_guests,
        max_guests=room_type.max_guests,
        max_adults=room_type.max_adults,
        max_children=room_type.max_children,
        infants_to_age=room_type.infants_to_age,
        photos=_photos(room_type.photos),
    )
