"""The parts of a letter around its words: the table of facts, the terms, what happens next, the end."""

from collections.abc import Iterable
from datetime import datetime

from domain.agenda import agenda
from domain.booking import Booking, Status
from domain.letters import HotelCard, LetterFacts, shortened
from domain.notices import ASKING, NoticeKind, pay_until
from domain.terms import Payment, payment_of
from gateways.letter_money import ACCOUNTED
from gateways.letter_payments import asked_for, payment_policy, what_for
from gateways.letter_words import contact
from gateways.tongues import Tongue

MOST_WISH_CHARACTERS = 1_000
MOST_GUEST_CHARACTERS = 120

# Before the stay: how to come, what it costs to give it up, and the page on which that can be done.
_MANAGED = frozenset(
    {
        NoticeKind.RECEIVED,
        NoticeKind.HELD,
        NoticeKind.PENDING,
        NoticeKind.PAYMENT_DUE,
        NoticeKind.CONFIRMED,
        NoticeKind.CONFIRMED_AFTER_ALL,
        NoticeKind.CHANGED,
        NoticeKind.PRE_ARRIVAL,
    }
)
PRICED = _MANAGED | {NoticeKind.CHECK_OUT, NoticeKind.NEW_REQUEST}
_WITH_TIMES = _MANAGED | {NoticeKind.NEW_REQUEST, NoticeKind.DEADLINE_NEAR, NoticeKind.CHANGE_REQUEST}
# Their readers may be strangers, who learn no more than which booking it is about.
_BARE = frozenset({NoticeKind.EMAIL_CONFIRM, NoticeKind.EMAIL_CHANGED})
# Their own words already say whom to call or write to.
_SAYS_WHOM_TO_ASK = _BARE | {
    NoticeKind.DECLINED,
    NoticeKind.EXPIRED,
    NoticeKind.NO_SHOW,
    NoticeKind.CHECK_IN,
    NoticeKind.FEEDBACK,
    NoticeKind.CHANGE_ANSWERED,
    NoticeKind.REFUND_FAILED,
}
# What guests are told of the agenda's clocks, by the kind of letter and the first part of the clock's key.
_ARRIVING = ("check_in_from", "no_show")
_ASKED = ("approval_deadline", "hold_expires")
_NEXT: dict[NoticeKind, tuple[str, ...]] = {
    NoticeKind.RECEIVED: _ASKED,
    NoticeKind.HELD: _ASKED,
    NoticeKind.PENDING: _ASKED,
    NoticeKind.PAYMENT_DUE: _ASKED,
    NoticeKind.CONFIRMED: ("deposit_due", "pre_arrival", *_ARRIVING),
    NoticeKind.CONFIRMED_AFTER_ALL: ("deposit_due", "pre_arrival", *_ARRIVING),
    NoticeKind.CHANGED: (*_ASKED, "pre_arrival", *_ARRIVING),
    NoticeKind.PRE_ARRIVAL: _ARRIVING,
}


def fact_table(facts: LetterFacts, tongue: Tongue) -> Iterable[tuple[str, str]]:
    """The facts of the booking by name."""
    booking, told = facts.booking, facts.told
    yield tongue.say("reference"), booking.reference
    if facts.kind in _BARE:
        return
    if facts.kind.audience == "staff":
        yield tongue.say("guest_name"), shortened(facts.guest_name, MOST_GUEST_CHARACTERS)
        for key, value in (("email", facts.guest_email), ("phone", facts.guest_phone)):
            if value:
                yield tongue.say(key), shortened(value, 254)
    arrival = tongue.day(min(room.stay.arrival for room in told))
    departure = tongue.day(max(room.stay.departure for room in told))
    if facts.kind in _WITH_TIMES:
        arrival = tongue.say("from_time", day=arrival, time=f"{booking.terms.check_in_time:%H:%M}")
    if facts.kind in _WITH_TIMES or facts.kind is NoticeKind.CHECK_IN:
        departure = tongue.say("until_time", day=departure, time=f"{booking.terms.check_out_time:%H:%M}")
    yield tongue.say("arrival"), arrival
    yield tongue.say("departure"), departure
    numbers = [room.stay.room_number for room in told if room.stay.room_number]
    if numbers and facts.kind in (NoticeKind.CHECK_IN, NoticeKind.OVERSTAY):
        yield tongue.rooms_are("room_number", len(numbers)), ", ".join(numbers)
    if facts.kind not in PRICED and facts.kind is not NoticeKind.GUEST_LINK:
        yield tongue.rooms_are("room", len(told)), "; ".join(room.room_type for room in told)
    if facts.kind in ASKING:
        yield from _asked_for(facts, tongue)
    if facts.kind in _MANAGED:
        yield tongue.say("address"), _address(facts.hotel)
    if facts.kind.audience == "staff" and facts.special_requests.strip():
        yield tongue.say("wishes"), shortened(facts.special_requests, MOST_WISH_CHARACTERS)


def _asked_for(facts: LetterFacts, tongue: Tongue) -> Iterable[tuple[str, str]]:
    """What is to be paid, for what, and until when."""
    booking, owed = facts.booking, asked_for(facts.booking)
    if owed is None:
        return
    yield tongue.say("what_for"), what_for(booking, tongue)
    if owed.amount_minor:
        yield tongue.say("to_pay"), tongue.money(owed.amount_minor, booking.terms.currency)
    if until := pay_until(booking):
        yield tongue.say("pay_until"), tongue.at(booking, until)


def _address(hotel: HotelCard) -> str:
    return hotel.address.strip() or hotel.city


def policy(facts: LetterFacts, tongue: Tongue) -> Iterable[str]:
    """When cancelling costs what, and when money is asked for. Rooms on different terms are told apart."""
    if facts.kind not in _MANAGED:
        return
    sentences = [tongue.policy(facts.booking, room.stay) for room in facts.told]
    if len(set(sentences)) == 1:
        yield sentences[0]
    else:
        yield from (
            tongue.say("room_says", numbers=number, what=sentence) for number, sentence in enumerate(sentences, 1)
        )
    # What was paid and what remains already stands under the total once a booking is firm; a card that is only kept
    # stands nowhere else.
    if facts.kind not in ACCOUNTED:
        yield from payment_policy(facts, tongue)
    elif any(payment_of(facts.booking.terms, room.stay.terms) is Payment.GUARANTEE for room in facts.told):
        yield tongue.say(f"pays_{Payment.GUARANTEE.value}")


def next_steps(facts: LetterFacts, tongue: Tongue) -> Iterable[dict[str, str]]:
    """The clocks of the agenda that concern the reader. Clocks of several rooms at one instant are one line."""
    wanted = _NEXT.get(facts.kind, ())
    told = {room.stay.number: position for position, room in enumerate(facts.told, 1)}
    instants: dict[tuple[str, datetime], list[int]] = {}
    for entry in agenda(facts.booking):
        prefix = entry.key.rpartition("-")[0] or entry.key
        if prefix in wanted and (entry.stay is None or entry.stay in told):
            instants.setdefault((prefix, entry.at), []).append(told.get(entry.stay or 0, 0))
    clocks_of = [prefix for prefix, _ in instants]
    approves = facts.booking.terms.approval.at_end == "approve"
    for (prefix, at), positions in instants.items():
        what = tongue.say(_next_key(facts.booking, prefix, approves=approves))
        if clocks_of.count(prefix) > 1:
            numbers = tongue.say("and").join(str(position) for position in positions)
            what = tongue.say("room_says", numbers=numbers, what=what)
        yield {"at": tongue.at(facts.booking, at), "what": what}


def _next_key(booking: Booking, prefix: str, *, approves: bool) -> str:
    """The phrase of a clock: a request may end in a yes, and a hold ends by a payment or by the desk's word."""
    if prefix == "approval_deadline" and approves:
        return "next_approval_deadline_yes"
    if prefix == "hold_expires" and booking.held_for == "payment":
        return "next_hold_expires_unpaid"
    return f"next_{prefix}"


def closing(facts: LetterFacts, tongue: Tongue) -> Iterable[str]:
    """What a reader can do, and the farewell."""
    if facts.kind.audience == "staff":
        yield tongue.say(f"staff_{facts.kind.value}")
        return
    reach = contact(facts.hotel, tongue)
    if facts.kind in ASKING:
        yield tongue.say("pay_link")
    if facts.kind in _MANAGED and facts.kind not in ASKING and facts.booking.terms.guest_portal:
        yield tongue.say("portal_request" if facts.booking.status is Status.PENDING else "portal_booking")
        yield tongue.say("anything_else", contact=reach)
    elif facts.kind in _MANAGED:
        yield tongue.say("to_change", contact=reach, reference=facts.booking.reference)
    elif facts.kind not in _SAYS_WHOM_TO_ASK:
        yield tongue.say("unclear", contact=reach)
    yield tongue.say("regards", hotel=facts.hotel.name)


def footer(facts: LetterFacts, tongue: Tongue) -> Iterable[str]:
    """Who writes, how the house is reached, and why the reader has this letter."""
    hotel = facts.hotel
    yield f"{hotel.name}, {_address(hotel)}"
    ways = [way for way in (hotel.phone.strip(), hotel.email.strip()) if way]
    if ways:
        yield " · ".join(ways)
    key = "footer_staff" if facts.kind.audience == "staff" else "footer_guest"
    yield tongue.say(key, reference=facts.booking.reference)
