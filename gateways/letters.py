"""Letters: what a notice becomes on its way to a reader, in HTML and in plain text.

The words of each kind are in templates/words, one file a kind; the layout is one MJML file and one text file. MJML is
compiled once, with its placeholders left in, so that a letter costs one rendering and nothing more. All that comes from
people is escaped.
"""

from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from mjml import mjml2html

from domain.agenda import agenda
from domain.booking import Booking, Status
from domain.clocks import local_text
from domain.money import Money, format_money
from domain.notices import (
    MOST_NAME_CHARACTERS,
    HotelCard,
    LetterFacts,
    NoticeKind,
    RoomFacts,
    address_trouble,
    greeted_name,
    is_withdrawn,
    night_groups,
    policy_text,
    rooms_text,
    shortened,
    subject,
    weekday_text,
)
from domain.stay import counted
from domain.terms import Payment, check_in_from, payment_in_words
from gateways.mailer import Letter
from messages.tokens import guest_token

TEMPLATES = Path(__file__).parent / "templates"
MOST_WISH_CHARACTERS = 1_000
MOST_NIGHT_LINES = 31

_MEALS = {
    "room_only": "",
    "breakfast": "with breakfast",
    "half_board": "half board",
    "full_board": "full board",
    "all_inclusive": "all inclusive",
}
_PRICED = frozenset(
    {
        NoticeKind.RECEIVED,
        NoticeKind.CONFIRMED,
        NoticeKind.PRE_ARRIVAL,
        NoticeKind.CHECK_OUT,
        NoticeKind.NEW_REQUEST,
    }
)
# Their own words already say whom to call or write to.
_SAYS_WHOM_TO_ASK = frozenset({NoticeKind.DECLINED, NoticeKind.EXPIRED})
_MANAGED = frozenset({NoticeKind.RECEIVED, NoticeKind.CONFIRMED, NoticeKind.PRE_ARRIVAL})
_ACCOUNTED = frozenset({NoticeKind.CONFIRMED, NoticeKind.PRE_ARRIVAL, NoticeKind.CHECK_OUT})
# What guests are told of the agenda's clocks, by the kind of letter and the first part of the clock's key.
_ANSWER = "We answer by then. Without an answer the request ends by itself, and nothing is owed."
_WRITE = "We write to you again with everything for your arrival."
_READY = "Check-in opens."
_LATEST = "If nobody has checked in by then, we take it that you are not coming. Later than that? Tell us, and we wait."
_NEXT: dict[NoticeKind, dict[str, str]] = {
    NoticeKind.RECEIVED: {"approval_deadline": _ANSWER},
    NoticeKind.CONFIRMED: {"pre_arrival": _WRITE, "check_in_from": _READY, "no_show": _LATEST},
    NoticeKind.PRE_ARRIVAL: {"check_in_from": _READY, "no_show": _LATEST},
}


class Letters:
    """Writes letters. base_url: where guests and staff reach the pages; secret: signs guests' links.

    mail_from: the address that all letters come from; readers see the hotel's name before it and answer to the hotel.
    """

    def __init__(self, base_url: str, secret: str, mail_from: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._secret = secret
        self._mail_from = parseaddr(mail_from)[1] or mail_from
        plain = Environment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,  # noqa: S701 - plain text knows no markup; the HTML below escapes.
        )
        rich = Environment(undefined=StrictUndefined, autoescape=True)
        layout = (TEMPLATES / "letter.mjml").read_text(encoding="utf-8")
        self._html = rich.from_string(mjml2html(layout))
        self._text = plain.get_template("letter.txt")
        self._words = {kind: plain.get_template(f"words/{kind.value}.txt") for kind in NoticeKind}

    def write(self, facts: LetterFacts) -> Letter:
        """The letter of a notice that is true of at least one room."""
        parts = self._parts(facts)
        hotel = facts.hotel
        return Letter(
            to=facts.to,
            subject=parts["subject"],
            html=self._html.render(parts),
            text=f"{self._text.render(parts).strip()}\n",
            sender=_sender(hotel.name, self._mail_from),
            reply_to="" if facts.kind.audience == "staff" or address_trouble(hotel.email) else hotel.email,
            tag=facts.kind.value,
            metadata={
                "holdfast_notice": f"{hotel.hotel_id}.{facts.notice_id}",
                "holdfast_booking": facts.booking.reference,
            },
        )

    def _parts(self, facts: LetterFacts) -> dict[str, Any]:
        words = _said(self._words[facts.kind], _vocabulary(facts))
        link = self._link(facts)
        priced = facts.kind in _PRICED
        return {
            "subject": subject(facts),
            "hotel": facts.hotel,
            "heading": words["heading"],
            "preview": words["preview"],
            "opening": words["opening"].split("\n\n"),
            "facts": list(_table(facts)),
            "button": words["button"] if link else "",
            "link": link,
            "rooms": [_room(facts, room, number) for number, room in enumerate(facts.told, 1)] if priced else [],
            "totals": list(_totals(facts)) if priced else [],
            "policy": list(_policy(facts)),
            "next_steps": list(_next_steps(facts)),
            "closing": list(_closing(facts)),
            "footer": list(_footer(facts)),
        }

    def _link(self, facts: LetterFacts) -> str:
        """The reader's page of the booking; none for guests of a hotel without a guest portal."""
        booking = facts.booking
        if facts.kind.audience == "staff":
            return f"{self._base_url}/desk/bookings/{quote(booking.reference)}"
        if not booking.terms.guest_portal:
            return ""
        token = guest_token(self._secret, facts.hotel.hotel_id, booking.reference, facts.token_generation)
        return f"{self._base_url}/b/{quote(booking.reference)}?token={quote(token)}"


def _sender(name: str, address: str) -> str:
    shown = shortened(name, MOST_NAME_CHARACTERS).replace("\\", "").replace('"', "")
    return f'"{shown}" <{address}>' if shown else address


def _said(template: Template, vocabulary: Mapping[str, Any]) -> dict[str, str]:
    """Each block of a file of words, its paragraphs on one line each."""
    context = template.new_context(dict(vocabulary))
    said: dict[str, str] = {}
    for name, block in template.blocks.items():
        paragraphs = "".join(block(context)).strip().split("\n\n")
        said[name] = "\n\n".join(" ".join(part.split()) for part in paragraphs if part.strip())
    return said


def _vocabulary(facts: LetterFacts) -> dict[str, Any]:
    """The words that the files of words may use."""
    booking, told = facts.booking, [room.stay for room in facts.told]
    arrival = min(stay.arrival for stay in told)
    one = len(told) == 1
    opens = check_in_from(booking.terms, arrival)
    return {
        "hotel": facts.hotel,
        "guest": greeted_name(facts.guest_name),
        "asked": rooms_text(told),
        "arrival": weekday_text(arrival),
        "deadline": _clock(booking, booking.approval_deadline) if booking.approval_deadline else "",
        "the_rooms_are": "the room is" if one else "the rooms are",
        "your_rooms_are": "Your room is" if one else "Your rooms are",
        "one_room": one,
        "check_in": _clock(booking, opens),
        "check_in_clock": f"{booking.terms.check_in_time:%H:%M}",
        "withdrawn": is_withdrawn(booking),
        "by_guest": booking.cancellation_reason == "cancelled by guest",
        "others_stay": facts.kind is NoticeKind.CANCELLED and booking.status is not Status.CANCELLED,
        "money": _money_sentence(booking),
        "account": _account_sentence(booking),
        "contact": _contact(facts.hotel),
    }


def _clock(booking: Booking, instant: Any) -> str:
    return local_text(instant, booking.terms.zone)


def _price(booking: Booking, amount_minor: int) -> str:
    return format_money(Money(amount_minor, booking.terms.currency))


def _money_sentence(booking: Booking) -> str:
    """What a booking's end means for the guest's money; nothing while it goes on, or where none is taken here."""
    if not booking.status.ended or booking.terms.payment is Payment.NONE:
        return ""
    if booking.balance_minor < 0:
        return f"You have paid {_price(booking, -booking.balance_minor)} more than is owed; we will return it."
    if booking.balance_minor > 0:
        return f"{_price(booking, booking.balance_minor)} remains to be paid."
    return "You have not been charged, and nothing is owed." if booking.paid_minor == 0 else "Nothing more is owed."


def _account_sentence(booking: Booking) -> str:
    """How the account stands at the end of a stay; nothing where the hotel takes money without this system."""
    if booking.terms.payment is Payment.NONE:
        return ""
    if booking.balance_minor > 0:
        open_amount = _price(booking, booking.balance_minor)
        return f"{open_amount} of your account is still open; we will be in touch about it."
    if booking.balance_minor < 0:
        return f"You have paid {_price(booking, -booking.balance_minor)} more than is owed; we will return it."
    return f"Your account of {_price(booking, booking.owed_minor)} is settled."


def _contact(hotel: HotelCard) -> str:
    """How the hotel is reached, as part of a sentence."""
    ways = [f"call {hotel.phone}"] if hotel.phone.strip() else []
    if not address_trouble(hotel.email):
        ways.append(f"write to {hotel.email}")
    return " or ".join(ways) or "ask at the hotel"


def _table(facts: LetterFacts) -> Iterable[tuple[str, str]]:
    """The facts of the booking by name."""
    booking, told = facts.booking, facts.told
    yield "Reference", booking.reference
    if facts.kind.audience == "staff":
        yield "Guest", shortened(facts.guest_name, 120)
        for name, value in (("E-mail", facts.guest_email), ("Phone", facts.guest_phone)):
            if value:
                yield name, shortened(value, 254)
    first, last = min(room.stay.arrival for room in told), max(room.stay.departure for room in told)
    to_come = facts.kind in _MANAGED or facts.kind is NoticeKind.NEW_REQUEST
    yield "Arrival", weekday_text(first) + (f", from {booking.terms.check_in_time:%H:%M}" if to_come else "")
    yield "Departure", weekday_text(last) + (f", until {booking.terms.check_out_time:%H:%M}" if to_come else "")
    if facts.kind not in _PRICED:
        yield ("Room" if len(told) == 1 else "Rooms"), "; ".join(room.room_type for room in told)
    if facts.kind in _MANAGED:
        yield "Address", _address(facts.hotel)
    if facts.kind.audience == "staff" and facts.special_requests.strip():
        yield "Wishes", shortened(facts.special_requests, MOST_WISH_CHARACTERS)


def _address(hotel: HotelCard) -> str:
    return hotel.address.strip() or hotel.city


def _room(facts: LetterFacts, room: RoomFacts, number: int) -> dict[str, Any]:
    """One room: what it is, for whom, what each night and each tax comes to, and the sum."""
    several = len(facts.told) > 1
    groups = night_groups(room.nights)
    lines: list[dict[str, Any]] = []
    for group in groups[:MOST_NIGHT_LINES]:
        since = f" from {weekday_text(group.first)}" if len(groups) > 1 else ""
        each = f" × {_price(facts.booking, group.amount_minor)}" if group.count > 1 else ""
        name = f"{counted(group.count, 'night')}{since}{each}"
        lines.append({"name": name, "amount": _price(facts.booking, group.count * group.amount_minor), "soft": False})
    if rest := groups[MOST_NIGHT_LINES:]:
        name = f"{sum(group.count for group in rest)} more nights from {weekday_text(rest[0].first)}"
        amount = sum(group.count * group.amount_minor for group in rest)
        lines.append({"name": name, "amount": _price(facts.booking, amount), "soft": False})
    for tax in room.taxes:
        name = f"included: {tax.name}" if tax.included else tax.name
        lines.append({"name": name, "amount": _price(facts.booking, tax.amount_minor), "soft": tax.included})
    return {
        "title": f"Room {number}: {room.room_type}" if several else room.room_type,
        "detail": _detail(facts, room),
        "lines": lines,
        "sum_name": f"Room {number} with taxes" if several else "Total with taxes",
        "sum": _price(facts.booking, room.stay.total_minor),
    }


def _detail(facts: LetterFacts, room: RoomFacts) -> str:
    party = counted(room.adults, "adult")
    if room.children_ages:
        ages = ", ".join(str(age) for age in sorted(room.children_ages))
        party += f", {counted(len(room.children_ages), 'child', 'children')} ({ages})"
    meals = _MEALS.get(room.meal_plan, "")
    # A plan such as "Flexible with breakfast" has said it already.
    parts = [room.rate_plan, "" if meals.casefold() in room.rate_plan.casefold() else meals, party]
    if len({(other.stay.arrival, other.stay.departure) for other in facts.told}) > 1:
        parts.append(f"{weekday_text(room.stay.arrival)} to {weekday_text(room.stay.departure)}")
    return " · ".join(part for part in parts if part)


def _totals(facts: LetterFacts) -> Iterable[dict[str, Any]]:
    """The sum over several rooms, and how the account stands."""
    booking, told = facts.booking, facts.told
    if len(told) > 1:
        total = _price(booking, sum(room.stay.total_minor for room in told))
        yield {"name": "Total with taxes", "amount": total, "strong": True}
    if facts.kind in _ACCOUNTED and booking.terms.payment is not Payment.NONE:
        if booking.paid_minor:
            yield {"name": "Paid", "amount": _price(booking, booking.paid_minor), "strong": False}
        if booking.balance_minor > 0:
            name = "Still to pay" if facts.kind is NoticeKind.CHECK_OUT else "To pay at the hotel"
            yield {"name": name, "amount": _price(booking, booking.balance_minor), "strong": False}


def _policy(facts: LetterFacts) -> Iterable[str]:
    """When cancelling costs what, and when money is asked for. Rooms on different terms are told apart."""
    if facts.kind not in _MANAGED:
        return
    sentences = [policy_text(facts.booking, room.stay) for room in facts.told]
    if len(set(sentences)) == 1:
        yield sentences[0]
    else:
        yield from (f"Room {number}: {sentence}" for number, sentence in enumerate(sentences, 1))
    payment = facts.booking.terms.payment
    # What is paid at the hotel already stands under the total once a booking is firm.
    if payment is not Payment.NONE and not (payment is Payment.AT_HOTEL and facts.kind in _ACCOUNTED):
        yield payment_in_words(payment)


def _next_steps(facts: LetterFacts) -> Iterable[dict[str, str]]:
    """The clocks of the agenda that concern the reader. Clocks of several rooms at one instant are one line."""
    words = _NEXT.get(facts.kind, {})
    told = {room.stay.number: position for position, room in enumerate(facts.told, 1)}
    instants: dict[tuple[str, Any], list[int]] = {}
    for entry in agenda(facts.booking):
        prefix = entry.key.rpartition("-")[0] or entry.key
        if prefix in words and (entry.stay is None or entry.stay in told):
            instants.setdefault((prefix, entry.at), []).append(told.get(entry.stay or 0, 0))
    clocks_of = [prefix for prefix, _ in instants]
    for (prefix, at), positions in instants.items():
        alone = clocks_of.count(prefix) == 1
        rooms = "" if alone else f"Room {' and '.join(str(position) for position in positions)}: "
        yield {"at": _clock(facts.booking, at), "what": f"{rooms}{words[prefix]}"}


def _closing(facts: LetterFacts) -> Iterable[str]:
    if facts.kind.audience == "staff":
        yield "The guest has been told that you answer in person by then."
        return
    contact = _contact(facts.hotel)
    if facts.kind in _MANAGED and facts.booking.terms.guest_portal:
        noun = "request" if facts.kind is NoticeKind.RECEIVED else "booking"
        yield f"You can see or cancel your {noun} on its own page. The link needs no password: keep it to yourself."
        yield f"Anything else? Please {contact}."
    elif facts.kind in _MANAGED:
        yield f"To change or cancel anything, please {contact}, and name {facts.booking.reference}."
    elif facts.kind not in _SAYS_WHOM_TO_ASK:
        yield f"Is anything unclear? Please {contact}."
    yield f"Kind regards, {facts.hotel.name}"


def _footer(facts: LetterFacts) -> Iterable[str]:
    hotel = facts.hotel
    yield f"{hotel.name}, {_address(hotel)}"
    ways = [way for way in (hotel.phone.strip(), hotel.email.strip()) if way]
    if ways:
        yield " · ".join(ways)
    if facts.kind.audience == "staff":
        yield "This goes to the hotel's own address whenever a request waits for an answer."
    else:
        reference = facts.booking.reference
        yield f"You receive this because your address was given for {reference}. If that was not you, please tell us."
