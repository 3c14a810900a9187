"""The story of a booking so far: what happened and what was written to people, by instant, each in one sentence.

Events and notices are told apart by `kind`. Guests are told kinds and roles, never a person's name, and only the
messages that were written to them.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from api.house import House
from api.shapes.bookings import ActorBody, Awaited, Timeline, TimelineEntry
from api.shapes.common import utc
from api.views import set_by
from domain.agenda import Entry
from domain.clocks import local_text
from domain.money import Money, format_money
from store.booking_reads import BookingRecord, read_events, read_notices

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_EVENTS = {
    "requested": "{who} asked for the rooms; the hotel's answer is awaited.",
    "booked": "{who} booked; the booking is confirmed.",
    "approved": "{who} said yes to the request.",
    "declined": "{who} said no to the request; the rooms are free again.",
    "expired": "Nobody answered in time; the request expired and the rooms are free again.",
    "withdrawn": "{who} took the request back.",
    "cancelled": "{who} cancelled stay {stays}.",
    "room_assigned": "{who} gave room {room} to stay {stay}.",
    "checked_in": "{who} checked in stay {stays}, room {rooms}.",
    "payment_received": "{who} took {amount} ({method}); {balance} is still open.",
    "checked_out": "{who} checked out stay {stays}; the balance was {balance}.",
    "no_show": "{who} marked stay {stays} as a no-show: nobody came.",
    "overstay": "The check-out time has passed without a check-out; the desk is alerted.",
    "reminded": "The agenda's reminder was due: {clocks}.",
    "completed": "The books were closed; the balance was {balance}.",
}
_NOTICES = {
    "received": "request received",
    "new_request": "new request",
    "confirmed": "booking confirmed",
    "declined": "request declined",
    "expired": "request expired",
    "cancelled": "booking cancelled",
    "pre_arrival": "before your arrival",
    "check_out": "thank you for your stay",
}
_STATES = {
    "waiting": "The letter “{about}” to {whom} waits to be sent.",
    "sending": "The letter “{about}” to {whom} is being sent.",
    "sent": "The letter “{about}” was sent to {whom}.",
    "dropped": "The letter “{about}” to {whom} was not sent: it was no longer of use.",
    "undeliverable": "The letter “{about}” to {whom} could not be delivered.",
}
_ROLES = {"frontdesk": "The front desk", "manager": "The manager", "admin": "The administrator"}
_KINDS = {
    "guest": "The guest",
    "staff": "The hotel",
    "system": "The agenda",
    "operator": "An operator",
    "channel": "The channel",
}


async def story_of(house: House, record: BookingRecord, *, for_staff: bool) -> Timeline:
    """Reads the booking's events and notices and tells them by instant."""
    async with house.database.hotel(record.hotel_id) as tx:
        events = await read_events(tx, record.hotel_id, record.reference)
        notices = await read_notices(tx, record.hotel_id, record.reference)
    return timeline(record, events, notices, for_staff=for_staff)


def timeline(record: BookingRecord, events: Iterable[Any], notices: Iterable[Any], *, for_staff: bool) -> Timeline:
    """Everything by instant; at one instant events come before the letters they cause."""
    zone = record.state.terms.zone
    told = [_event(event, zone, record.row.currency, for_staff) for event in events]
    told += [_notice(notice, zone) for notice in notices if for_staff or notice.audience == "guest"]
    told.sort(key=lambda entry: (entry.at, entry.kind))
    return Timeline(reference=record.reference, items=told)


def _event(event: Any, zone: str, currency: str, for_staff: bool) -> TimelineEntry:
    at = utc(event.happened_at)
    return TimelineEntry(
        at=at,
        local_time=local_text(at, zone),
        kind="event",
        what=event.what,
        sentence=_sentence(event, currency, for_staff),
        actor=ActorBody(kind=event.actor_kind, role=event.actor_role, name=event.staff_name if for_staff else None),
        channel=event.channel,
        reason=event.reason if for_staff or event.actor_kind == "guest" else "",
        status_before=event.status_before,
        status_after=event.status_after,
        awaited=_awaited(event.awaited, zone),
        policy_version=event.policy_version,
        difference=event.difference,
    )


def _sentence(event: Any, currency: str, for_staff: bool) -> str:
    who = _KINDS.get(event.actor_kind, event.actor_kind)
    if event.actor_kind == "staff":
        who = _ROLES.get(event.actor_role, who)
        if for_staff and event.staff_name:
            who = event.staff_name
    known: dict[str, Any] = {"stays": "", "stay": "", "rooms": "", "room": "", "method": "", "clocks": ""}
    known |= event.difference
    for word in ("amount", "balance"):
        amount = event.difference.get(f"{word}_minor")
        known[word] = format_money(Money(amount, currency)) if amount is not None else ""
    known["method"] = str(known["method"]).replace("_", " ")
    template = _EVENTS.get(event.what)
    return template.format(who=who, **known) if template else f"{who}: {event.what.replace('_', ' ')}."


def _awaited(entry: Any, zone: str) -> Awaited | None:
    if entry is None:
        return None
    clock = _ENTRY.validate_python(entry)
    return Awaited(key=clock.key, until=clock.at, until_local=local_text(clock.at, zone), set_by=set_by(clock.set_by))


def _notice(notice: Any, zone: str) -> TimelineEntry:
    at = utc(notice.sent_at or notice.due_at)
    about = _NOTICES.get(notice.kind, notice.kind.replace("_", " "))
    whom = "the guest" if notice.audience == "guest" else "the hotel"
    return TimelineEntry(
        at=at,
        local_time=local_text(at, zone),
        kind="notice",
        what=notice.kind,
        sentence=_STATES[notice.state].format(about=about, whom=whom),
        actor=ActorBody(kind="system", role="", name=None),
        channel="mail",
        reason=notice.state_reason,
        status_before=None,
        status_after=None,
        awaited=None,
        policy_version=None,
        difference={"audience": notice.audience, "state": notice.state, "stay": notice.stay},
    )
