"""Changing a booking: what a wish comes to, the dry run that tells it, and the quote that the act is held to.

The rule is domain/amending.py (docs/rules/amending.md). Everything here is a look at the real clock; the booking's
workflow judges the act.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from api.change_views import preview_body
from api.house import House
from api.shapes.amending import AmendBody, AmendPreview, DeskAmendBody, ExtendBody, RoomAdded, StayWanted
from api.views import API
from domain.amending import Change, plan_change, why_to_ask
from domain.booking import Booking
from domain.changes import StayPlan
from domain.clocks import business_date
from domain.lifecycle import Action, check_allowed, check_version
from domain.money import Money, format_money
from domain.quoting import Shelf
from domain.refusals import Refused, conflict, rule
from domain.repricing import lines_of_quote
from domain.stay import day_text
from domain.terms import StayTerms
from domain.wishes import Pricing, StayFacts, Wanted, WantedStay, span
from messages.names import body_hash
from messages.offers import Offer, check_offer_lives, read_offer
from messages.quotes import QUOTE_LIFETIME, ChangeQuote, read_quote, sign_quote
from store.amend_reads import BookingFacts, booking_facts, taken_rooms
from store.booking_reads import BookingRecord
from store.hotels import plan_policies, stay_policies
from store.shelf import load_shelf


@dataclass(frozen=True)
class Priced:
    """A change with its price, and what it was priced from.

    fee_minor: what the change itself costs a guest who makes it alone; total_minor: the total of all the booking's
    stays after it, as the workflow counts it; ask: why only the hotel can make it, empty where the asker may.
    """

    change: Change
    fee_minor: int
    total_minor: int
    ask: str
    quote: ChangeQuote
    shelf: Shelf
    present: dict[int, StayFacts]
    now: datetime

    @property
    def plans(self) -> tuple[StayPlan, ...]:
        """What each touched or added stay becomes: what the command carries."""
        return self.change.plans


async def change_of(
    house: House,
    record: BookingRecord,
    body: AmendBody,
    *,
    by_guest: bool,
    asks: bool = False,
    past_full: bool = False,
) -> Priced:
    """What the change comes to now; nothing is done.

    asks: the guest asks the hotel for it, or only wants to know; otherwise what a guest may not do alone is refused
    with 422 ask_the_hotel. past_full: the desk may and wants to sell what is not free.
    Errors: 409 version_conflict; those of `domain.amending.plan_change`; those of offers; 422 currency_differs,
    not_on_sale (for guests), offer_of_another_policy.
    """
    state, now = record.state, house.clock()
    check_version(state, body.version)
    numbers = [each.stay for each in body.stays]
    asker = "guest" if by_guest else "staff"
    check_allowed(state, Action.AMEND, numbers, asker)
    ask = why_to_ask(state, numbers, now) if by_guest else ""
    if ask and not asks:
        raise _ask_the_hotel(record, ask)
    offers = [_offer(house, record, room, n, now) for n, room in enumerate(body.add)]
    async with house.database.hotel(record.hotel_id) as tx:
        facts = await booking_facts(tx, record.hotel_id, record.reference)
        bought = await stay_policies(tx, record.hotel_id) if offers else {}
        wanted = _wanted(state, body, offers, bought, past_full=past_full)
        nights = span(state, wanted)
        shelf = await load_shelf(tx, record.hotel_id, nights.arrival, nights.departure)
        terms = {number: plan.terms for number, plan in (await plan_policies(tx, record.hotel_id)).items()}
    # The record was read before these facts were.
    check_version(replace(state, version=facts.version), state.version)
    today = business_date(now, state.terms.zone, state.terms.audit_time)
    change = plan_change(shelf, state, facts.stays, terms, wanted, today, asker=asker)
    if by_guest:
        _check_on_sale(facts, change)
    fee_minor = state.terms.guest.amend_fee_minor if by_guest and not ask else 0
    return Priced(
        change=change,
        fee_minor=fee_minor,
        total_minor=_total_minor(state, change),
        ask=ask,
        quote=_quote(record, body, change, fee_minor, now),
        shelf=shelf,
        present=facts.stays,
        now=now,
    )


async def preview(
    house: House, record: BookingRecord, body: AmendBody, *, by_guest: bool, past_full: bool = False
) -> AmendPreview:
    """The dry run: what the change would come to now, and what else would happen. Errors: as `change_of`.

    A guest is told also where only the hotel can make the change, because that is what a change request carries.
    """
    priced = await change_of(house, record, body, by_guest=by_guest, asks=True, past_full=past_full)
    async with house.database.hotel(record.hotel_id) as tx:
        taken = await taken_rooms(tx, record.hotel_id, record.reference, _rooms_wanted(record.state, priced.plans))
    return preview_body(
        record,
        priced.change,
        priced.shelf,
        priced.present,
        drop_rooms=taken,
        fee_minor=priced.fee_minor,
        ask=priced.ask,
        quote_id=sign_quote(house.secret, priced.quote),
        expires_at=priced.quote.expires,
        now=priced.now,
    )


def _rooms_wanted(state: Booking, plans: Sequence[StayPlan]) -> list[tuple[int, int, date, date]]:
    """The rooms that stays have and would go on having for their new nights."""
    wanted = []
    for plan in plans:
        stay = state.stay(plan.number)
        if stay and stay.room_id is not None:
            wanted.append((stay.number, stay.room_id, plan.arrival, plan.departure))
    return wanted


def check_quote(house: House, record: BookingRecord, body: AmendBody, priced: Priced, *, by_guest: bool) -> None:
    """The act comes to what the dry run told. Errors: 409 quote_stale, with the new quote among its facts.

    Guests have to send the quote; the desk may leave it out.
    """
    if body.quote_id is None and not by_guest:
        return
    told = read_quote(house.secret, body.quote_id) if body.quote_id else None
    if told and told.stands_for(priced.quote) and priced.now < told.expires:
        return
    change, currency = priced.change, record.state.terms.currency
    comes_to = format_money(Money(change.after_minor, currency))
    raise conflict(
        "quote_stale",
        f"The quote is not of this very change, or is not good any more: the price after it is {comes_to} now.",
        "quote_id",
        quote_id=sign_quote(house.secret, priced.quote),
        expires_at=priced.quote.expires.isoformat(),
        total_minor=change.after_minor,
        difference_minor=change.difference_minor,
        fee_minor=priced.fee_minor,
        currency=currency,
    )


def extension(state: Booking, body: ExtendBody) -> DeskAmendBody:
    """A longer stay as the change that it is.

    Errors: 409 version_conflict, action_not_allowed; 422 stay_unknown, not_longer.
    """
    check_version(state, body.version)
    stays = check_allowed(state, Action.EXTEND, body.stays)
    longer = [stay for stay in stays if stay.departure < body.departure]
    if not longer or (body.stays and len(longer) < len(stays)):
        last = max(stay.departure for stay in stays if stay not in longer)
        told = f"The stay lasts until {day_text(last)} already; to shorten it, amend it."
        raise rule("not_longer", told, "departure", departure=last.isoformat())
    return DeskAmendBody(
        version=body.version,
        stays=[StayWanted(stay=stay.number, departure=body.departure) for stay in longer],
        pricing=body.pricing,
        override=body.override,
        restrictions_overridden=body.restrictions_overridden,
        oversell=body.oversell,
        quote_id=body.quote_id,
        reason=body.reason,
    )


def wish_text(body: AmendBody) -> str:
    """What a change request asks for, as JSON; who asks and why is kept beside it."""
    return body.model_dump_json(include={"stays", "add"}, exclude_defaults=True)


def _ask_the_hotel(record: BookingRecord, why: str) -> Refused:
    address = f"{API}/bookings/{record.reference}/change-requests"
    return rule("ask_the_hotel", f"{why} Ask for it with POST {address}.", address=address)


def _offer(house: House, record: BookingRecord, room: RoomAdded, n: int, now: datetime) -> Offer:
    """A room to add: an offer of this hotel, still good, under the terms that the booking lives under."""
    field = f"add.{n}.offer_id"
    offer = read_offer(house.secret, room.offer_id, field)
    if offer.hotel_id != record.hotel_id:
        raise rule("offer_of_another_hotel", "All rooms of a booking are in one hotel.", field)
    check_offer_lives(offer, now, field)
    if offer.policy_version != record.state.terms.version:
        told = "The hotel's terms have changed since this booking was made; book the room by itself."
        raise rule("offer_of_another_policy", told, field)
    return offer


def _wanted(
    state: Booking, body: AmendBody, offers: Sequence[Offer], bought: dict[int, StayTerms], *, past_full: bool
) -> Wanted:
    desk = body if isinstance(body, DeskAmendBody) else DeskAmendBody(version=body.version)
    for n, own in enumerate(desk.override):
        if own.price.currency != state.terms.currency:
            told = f"The booking is in {state.terms.currency}."
            raise rule("currency_differs", told, f"override.{n}.price.currency")
    return Wanted(
        stays=tuple(_wanted_stay(each) for each in body.stays),
        added=tuple(
            _added(offer, bought[offer.stay_policy_id], room) for offer, room in zip(offers, body.add, strict=True)
        ),
        pricing=Pricing(desk.pricing),
        override={(own.stay, own.night): own.price.amount_minor for own in desk.override},
        reason=body.reason,
        past_restrictions=desk.restrictions_overridden,
        past_full=past_full,
    )


def _wanted_stay(each: StayWanted) -> WantedStay:
    return WantedStay(
        number=each.stay,
        arrival=each.arrival,
        departure=each.departure,
        room_type=each.room_type,
        rate_plan=each.rate_plan,
        adults=each.adults,
        children_ages=None if each.children_ages is None else tuple(each.children_ages),
        guests=None if each.guests is None else tuple((guest.name, guest.age) for guest in each.guests),
    )


def _added(offer: Offer, terms: StayTerms, room: RoomAdded) -> StayPlan:
    arrival = date.fromisoformat(offer.arrival)
    return StayPlan(
        number=0,
        arrival=arrival,
        departure=date.fromisoformat(offer.departure),
        room_type_id=offer.quote.room_type_id,
        rate_plan_id=offer.quote.rate_plan_id,
        terms=terms,
        adults=offer.adults,
        children_ages=offer.children_ages,
        lines=lines_of_quote(offer.quote, arrival),
        guests=tuple((guest.name, guest.age) for guest in room.guests),
    )


def _check_on_sale(facts: BookingFacts, change: Change) -> None:
    """Guests buy no nights of a house that sells none. Errors: 422 not_on_sale."""
    if facts.not_on_sale and any(stay.added for stay in change.stays):
        raise rule("not_on_sale", facts.not_on_sale)


def _total_minor(state: Booking, change: Change) -> int:
    planned = {plan.number: plan.total_minor for plan in change.plans}
    return sum({**{stay.number: stay.total_minor for stay in state.stays}, **planned}.values())


def _quote(record: BookingRecord, body: AmendBody, change: Change, fee_minor: int, now: datetime) -> ChangeQuote:
    # Why and in which words it is asked makes no other change.
    asked = body.model_dump(mode="json", exclude={"quote_id", "reason", "text"}, exclude_defaults=True)
    return ChangeQuote(
        hotel_id=record.hotel_id,
        reference=record.reference,
        version=record.state.version,
        asked=body_hash(json.dumps(asked, sort_keys=True).encode()),
        total_minor=change.after_minor,
        fee_minor=fee_minor,
        expires_at=int((now + QUOTE_LIFETIME).timestamp()),
    )
