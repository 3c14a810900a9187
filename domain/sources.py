"""Where bookings come from, and what the desk needs for one of its own. Rule: docs/rules/sources.md."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.agenda import LONGEST_HOLD
from domain.booking import Actor
from domain.lifecycle import check_managers_word
from domain.refusals import Fact, Refused, conflict, rule
from domain.stay import day_text
from domain.terms import HotelTerms, no_show_at

CHANNEL = "channel:"
WALK_IN = "walk_in"
NET_ROOM = "net_room"
_PLAIN = {
    "web_direct": "The hotel's own page",
    WALK_IN: "Walk-in",
    "phone": "Phone",
    "corporate": "Corporate",
    "waitlist": "Waiting list",
    "other": "Other",
}
SOURCE_PATTERN = rf"^({'|'.join(_PLAIN)}|{CHANNEL}[a-z0-9][a-z0-9-]{{0,39}})$"
_SOURCE = re.compile(SOURCE_PATTERN)


@dataclass(frozen=True)
class Source:
    """A source at a hotel. commission_percent: of the base, None where no share is owed; base: net_room."""

    source: str
    name: str
    commission_percent: Decimal | None = None
    commission_base: str = NET_ROOM
    active: bool = True


def sources_at(listed: Sequence[Source]) -> list[Source]:
    """All sources of a hotel that lists these: the plain ones first, then its channels by name."""
    own = {source.source: source for source in listed}
    plain = [own.pop(source, Source(source, name)) for source, name in _PLAIN.items()]
    return [*plain, *sorted(own.values(), key=lambda source: source.source)]


def source_for(source: str, listed: Mapping[str, Source]) -> Source:
    """The source that a booking is to come from.

    Errors: 422 source_unknown, source_not_in_use (field `source`).
    """
    found = listed.get(source)
    if found is None and source in _PLAIN:
        found = Source(source, _PLAIN[source])
    if found is None or not _SOURCE.fullmatch(source):
        raise rule("source_unknown", "This hotel lists no such channel.", "source")
    if not found.active:
        raise rule("source_not_in_use", f"{found.name} is not in use at this hotel.", "source")
    return found


def with_percent(source: Source, told: Decimal | None, actor: Actor) -> Source:
    """The source with the percent that was told for one booking, where one was.

    Errors: 403 role_missing where the front desk tells another percent than the hotel's.
    """
    if told is None or told == source.commission_percent:
        return source
    check_managers_word(actor, "Another commission than the hotel's own")
    return replace(source, commission_percent=told)


def source_reference_taken(reference: str | None = None) -> Refused:
    """409: the source's own reference is on another booking, which is named where it is known."""
    facts: dict[str, Fact] = {"reference": reference} if reference else {}
    on = f"booking {reference}" if reference else "another booking"
    return conflict("source_reference_taken", f"This reference of the source is on {on}.", "source_reference", **facts)


def check_contact(email: str | None, phone_e164: str | None) -> None:
    """Without an e-mail a phone is needed that can be dialled: 422 contact_needed (field `guest.phone`)."""
    if not email and phone_e164 is None:
        told = "Without an e-mail address a phone number is needed that can be dialled."
        raise rule("contact_needed", told, "guest.phone")


def check_arrivals(source: str, arrivals: Sequence[date], today: date) -> None:
    """Nobody arrives before the hotel's open day, and who walks in arrives on it.

    today: the hotel's business day. Errors: 422 arrival_past, walk_in_today (field `offers.{n}`).
    """
    for n, arrival in enumerate(arrivals):
        if arrival < today:
            raise rule("arrival_past", f"The hotel's day is {day_text(today)}; arrive then or later.", f"offers.{n}")
        if source == WALK_IN and arrival != today:
            told = f"Who walks in arrives on the hotel's day, {day_text(today)}; book ahead from another source."
            raise rule("walk_in_today", told, f"offers.{n}")


def option_until(terms: HotelTerms, arrivals: Sequence[date], now: datetime) -> datetime:
    """Until when an option is held that names no time: the hotel's hours, cut to the latest that is possible."""
    longest = min(now + LONGEST_HOLD, no_show_at(terms, min(arrivals)))
    return min(now + timedelta(hours=terms.option_hours), longest)
