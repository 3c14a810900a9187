"""The story of a booking so far: what happened, what was written to people and by them, each in one sentence.

Everything is by instant; events, notices, notes and what people changed (audit) are told apart by `kind`. Guests are
told kinds and roles, never a person's name, and only the messages and notes that were written to them.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from api.house import House
from api.money_story import MONEY_EVENTS
from api.notice_words import title
from api.people_story import people_entries
from api.shapes.common import utc
from api.shapes.timeline import ActorBody, Awaited, Timeline, TimelineEntry
from api.views import set_by
from domain.agenda import Entry
from domain.clocks import local_text
from domain.money import Money, format_money
from domain.notices import NO_ADDRESS
from store.booking_reads import BookingRecord, read_events, read_notices
from store.people_story import read_people_story

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_EVENTS = {
    "requested": "{who} asked for the rooms; the hotel's answer is awaited.",
    "booked": "{who} booked; the booking is confirmed.",
    "approved": "{who} said yes to the request.",
    "declined": "{who} said no to the request; the rooms are free again.",
    "expired": "Nobody answered in time; the request expired and the rooms are free again.",
    "withdrawn": "{who} took the request back.",
    "cancelled": "{who} cancelled stay {stays}; the fee is {fee}.",
    "option_held": "{who} holds the rooms as an option.",
    "option_ended": "Nobody made the option firm in time; it expired and the rooms are free again.",
    "confirmed": "{who} made the option firm.",
    "approved_by_rule": "Nobody answered in time; the hotel's rule confirmed the request.",
    "deadline_near": "The hotel's own people were reminded that the answer is still open.",
    "failed": "{who} gave the booking up: it can't be had any more.",
    "fee_waived": "{who} waived {waived} for stay {stays}.",
    "reinstated": "{who} took stay {stays} up again; fees of {fee_reversed} are taken back.",
    "clock_moved": "{who} moved the clock “{clock}” from {before} to {moved_to}.",
    "clock_put_back": "{who} put the clock “{clock}” back to {moved_to}.",
    "amended": "{who} changed stay {stays}: {total_before} became {total}.",
    "extended": "{who} made stay {stays} longer: {total_before} became {total}.",
    "change_asked": "{who} asked for a change: {total_before} would become {total}.",
    "change_accepted": "{who} granted change {number}: {total_before} became {total}.",
    "change_declined": "{who} declined change {number}; the booking stays as it is.",
    "change_withdrawn": "{who} took back change request {number}.",
    "change_lapsed": "Nobody answered change request {number} in time; the booking stays as it is.",
    "overstay_night": "The guest has not checked out; stay {stay} goes on for the night of {night}, {amount}.",
    "zone_corrected": "{who} corrected the hotel's time zone from {zone_before} to {zone}.",
    "room_assigned": "{who} gave room {room} to stay {stay}.",
    "checked_in": "{who} checked in stay {stays}, room {rooms}.",
    "payment_received": "{who} took {amount} ({method}); {balance} is still open.",
    "charge_posted": "{who} posted {amount} for {code}; {balance} is still open.",
    "charge_reversed": "{who} took line {line} back, {amount}; {balance} is still open.",
    "checked_out": "{who} checked out stay {stays}; the balance was {balance}.",
    "no_show": "{who} marked stay {stays} as a no-show: nobody came; the fee is {fee}.",
    "overstay": "The check-out time has passed without a check-out; the desk is alerted.",
    "reminded": "The agenda's reminder was due: {clocks}.",
    "completed": "The books were closed; the balance was {balance}.",
    **MONEY_EVENTS,
}
_STATES = {
    "waiting": "The letter “{about}” to {whom} waits to be sent.",
    "sending": "The letter “{about}” to {whom} is being sent.",
    "sent": "The letter “{about}” was sent to {whom}.",
    "dropped": "The letter “{about}” to {whom} was not sent: it was no longer of use.",
    "undeliverable": "The letter “{about}” to {whom} could not be delivered.",
    "delivered": "The letter “{about}” was delivered to {whom}.",
    "bounced": "The letter “{about}” to {whom} came back.",
    "complained": "The letter “{about}” was delivered to {whom}, who marked it as spam.",
    "no_address_at_desk": "The letter “{about}” to {whom} could not be sent: no e-mail address; print the link.",
    "no_address": "The letter “{about}” to {whom} could not be sent: no e-mail address.",
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
        written = await read_people_story(tx, record.hotel_id, record.reference)
    return timeline(record, events, notices, written, for_staff=for_staff)


def timeline(
    record: BookingRecord,
    events: Iterable[Any],
    notices: Iterable[Any],
    written: Iterable[Any] = (),
    *,
    for_staff: bool,
) -> Timeline:
    """Everything by instant; at one instant events come before the letters they cause."""
    zone = record.state.terms.zone
    told = [_event(event, zone, record.row.currency, for_staff) for event in events]
    told += [_notice(notice, zone, for_staff) for notice in notices if for_staff or notice.audience == "guest"]
    told += people_entries(written, zone, for_staff=for_staff)
    told.sort(key=lambda entry: (entry.at, entry.kind))
    return Timeline(reference=record.reference, items=told)


def _event(event: Any, zone: str, currency: str, for_staff: bool) -> TimelineEntry:
    at = utc(event.happened_at)
    return TimelineEntry(
        at=at,
        local_time=local_text(at, zone),
        kind="event",
        what=event.what,
        sentence=_sentence(event, zone, currency, for_staff),
        actor=ActorBody(kind=event.actor_kind, role=event.actor_role, name=event.staff_name if for_staff else None),
        channel=event.channel,
        reason=event.reason if for_staff or event.actor_kind == "guest" else "",
        status_before=event.status_before,
        status_after=event.status_after,
        awaited=_awaited(event.awaited, zone),
        policy_version=event.policy_version,
        difference=event.difference,
    )


def _sentence(event: Any, zone: str, currency: str, for_staff: bool) -> str:
    who = _KINDS.get(event.actor_kind, event.actor_kind)
    if event.actor_kind == "staff":
        who = _ROLES.get(event.actor_role, who)
        if for_staff and event.staff_name:
            who = event.staff_name
    words = (
        "code",
        "stays",
        "stay",
        "rooms",
        "room",
        "method",
        "clocks",
        "clock",
        "number",
        "night",
        "zone",
        "zone_before",
    )
    known: dict[str, Any] = dict.fromkeys(words, "") | event.difference
    known["before"], known["moved_to"] = (_local(event.difference.get(word), zone) for word in ("before", "at"))
    for word in ("amount", "balance", "fee", "waived", "fee_reversed", "total", "total_before"):
        amount = event.difference.get(f"{word}_minor")
        known[word] = format_money(Money(amount, currency)) if amount is not None else ""
    known["method"] = str(known["method"]).replace("_", " ")
    known["clock"], known["clocks"] = _clock_words(known["clock"]), _clock_words(known["clocks"])
    template = _EVENTS.get(event.what)
    return template.format(who=who, **known) if template else f"{who}: {event.what.replace('_', ' ')}."


def _clock_words(keys: str) -> str:
    """`no show of stay 1` for `no_show-1`: people read words where programs read keys."""
    return re.sub(r"-(\d+)", r" of stay \1", keys).replace("change_request of stay", "change request").replace("_", " ")


def _local(instant: Any, zone: str) -> str:
    return local_text(utc(datetime.fromisoformat(instant)), zone) if instant else ""


def _awaited(entry: Any, zone: str) -> Awaited | None:
    if entry is None:
        return None
    clock = _ENTRY.validate_python(entry)
    return Awaited(key=clock.key, until=clock.at, until_local=local_text(clock.at, zone), set_by=set_by(clock.set_by))


def _notice(notice: Any, zone: str, for_staff: bool) -> TimelineEntry:
    at = utc(notice.sent_at or notice.due_at)
    whom = "the guest" if notice.audience == "guest" else "the hotel"
    sentence = _STATES[_state(notice, for_staff)].format(about=title(notice.kind), whom=whom)
    if notice.opened_at:
        sentence += f" It was opened {local_text(utc(notice.opened_at), zone)}."
    return TimelineEntry(
        at=at,
        local_time=local_text(at, zone),
        kind="notice",
        what=notice.kind,
        sentence=sentence,
        actor=ActorBody(kind="system", role="", name=None),
        channel="mail",
        reason=notice.state_reason,
        status_before=None,
        status_after=None,
        awaited=None,
        policy_version=None,
        difference={
            "notice_id": notice.notice_id,
            "audience": notice.audience,
            "state": notice.state,
            "delivery": notice.delivery,
            "stay": notice.stay,
        },
    )


def _state(notice: Any, for_staff: bool) -> str:
    """The last that is known of it: how it arrived, else what became of its sending."""
    if notice.state == "undeliverable" and notice.state_reason == NO_ADDRESS:
        return "no_address_at_desk" if for_staff and notice.audience == "guest" else "no_address"
    return notice.delivery or notice.state
