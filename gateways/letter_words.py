"""The words that a letter's file of words may use, in the reader's language."""

from typing import Any

from domain.booking import GONE, Status
from domain.letters import (
    MOST_NAME_CHARACTERS,
    HotelCard,
    LetterFacts,
    fee_minor,
    greeted_name,
    is_withdrawn,
    shortened,
)
from domain.notices import NoticeKind, address_trouble, clock
from domain.terms import check_in_from, check_out_by
from gateways.letter_payments import account, ended_money, payment_vocabulary
from gateways.tongues import Tongue

# Who books on the web asks; what anybody else holds is an option of the desk's.
ASKED_BY_GUEST = "web_direct"


def vocabulary(facts: LetterFacts, tongue: Tongue) -> dict[str, Any]:
    """Everything by name. Instants are told on the hotel's clock; what does not apply is an empty text."""
    booking, told = facts.booking, [room.stay for room in facts.told]
    arrival, departure = min(stay.arrival for stay in told), max(stay.departure for stay in told)
    asked = booking.change_request
    change_until = clock(booking, f"change_request-{asked.number}") if asked else None
    deadline, held_until = clock(booking, "approval_deadline"), clock(booking, "hold_expires")
    numbers = [stay.room_number for stay in told if stay.room_number]
    return {
        "hotel": facts.hotel,
        "hotel_name": shortened(facts.hotel.name, MOST_NAME_CHARACTERS),
        "reference": booking.reference,
        "guest": greeted_name(facts.guest_name) or tongue.say("guest"),
        "asked": tongue.rooms(told),
        "nights": tongue.count((departure - arrival).days, "night"),
        "arrival": tongue.day(arrival),
        "arrival_brief": tongue.brief_day(arrival),
        "deadline": tongue.at(booking, deadline),
        "deadline_brief": tongue.briefly(booking, deadline),
        "approves": booking.terms.approval.at_end == "approve",
        "until": tongue.at(booking, held_until),
        "until_brief": tongue.briefly(booking, held_until),
        "change_until": tongue.at(booking, change_until),
        "change_until_brief": tongue.briefly(booking, change_until),
        "the_rooms_are": tongue.rooms_are("the_rooms_are", len(told)),
        "your_rooms_are": tongue.rooms_are("your_rooms_are", len(told)),
        "one_room": len(told) == 1,
        "s": "" if len(told) == 1 else "s",
        "room_numbers": tongue.say("and").join(numbers),
        "check_in": tongue.at(booking, check_in_from(booking.terms, arrival)),
        "check_in_clock": f"{booking.terms.check_in_time:%H:%M}",
        "check_out": tongue.at(booking, check_out_by(booking.terms, departure)),
        "firm": booking.status not in (Status.HELD, Status.PENDING),
        "optional": booking.source != ASKED_BY_GUEST,
        "withdrawn": is_withdrawn(booking),
        "by_guest": booking.cancellation_reason == "cancelled by guest",
        "others_stay": facts.kind is NoticeKind.CANCELLED and booking.status not in GONE,
        "added_night": any(stay.overstayed for stay in told),
        "who": facts.notice.who,
        "verdict": facts.notice.verdict,
        "total": tongue.money(sum(stay.owed_minor for stay in told), booking.terms.currency),
        "fee": _fee(facts, tongue),
        "money": ended_money(booking, tongue),
        "account": account(booking, tongue),
        "contact": contact(facts.hotel, tongue),
        **payment_vocabulary(facts, tongue),
    }


def _fee(facts: LetterFacts, tongue: Tongue) -> str:
    """What giving rooms up, or not coming, costs by the rate's terms, and what the hotel let go of it."""
    stays = [room.stay for room in facts.told if room.stay.status in GONE]
    owed, waived = fee_minor(stays), sum(stay.fee_waived_minor for stay in stays)
    currency = facts.booking.terms.currency
    key = "fee_no_show" if facts.kind is NoticeKind.NO_SHOW else "fee_cancelled"
    told = [tongue.say(key, amount=tongue.money(owed, currency))] if owed else []
    if waived:
        told.append(tongue.say("waived", amount=tongue.money(waived, currency)))
    return " ".join(told)


def contact(hotel: HotelCard, tongue: Tongue) -> str:
    """How the hotel is reached, as part of a sentence."""
    ways = [tongue.say("call", phone=hotel.phone.strip())] if hotel.phone.strip() else []
    if not address_trouble(hotel.email):
        ways.append(tongue.say("write_to", email=hotel.email))
    return tongue.say("or").join(ways) or tongue.say("ask_there")
