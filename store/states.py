"""A booking's state, agenda and wishes as the JSON that its rows hold."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter

from domain.agenda import Entry
from domain.booking import Booking, Stay
from domain.changes import StayPlan
from domain.steps import NoticeWish

_BOOKING: TypeAdapter[Booking] = TypeAdapter(Booking)
_STAYS: TypeAdapter[tuple[Stay, ...]] = TypeAdapter(tuple[Stay, ...])
_ENTRIES: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_PLANS: TypeAdapter[tuple[StayPlan, ...]] = TypeAdapter(tuple[StayPlan, ...])


def read_state(state: object) -> Booking:
    """The compact state from its jsonb."""
    return _BOOKING.validate_python(state)


def dump_state(booking: Booking) -> str:
    """The compact state for its jsonb."""
    return _BOOKING.dump_json(booking).decode()


def dump_stays(stays: tuple[Stay, ...]) -> str:
    """The stays for jsonb_to_recordset."""
    return _STAYS.dump_json(stays).decode()


def read_agenda(entries: object) -> tuple[Entry, ...]:
    """The agenda from its jsonb."""
    return _ENTRIES.validate_python(entries)


def dump_agenda(entries: tuple[Entry, ...]) -> str:
    """The agenda for its jsonb."""
    return _ENTRIES.dump_json(entries).decode()


def dump_entry(entry: Entry | None) -> str | None:
    """One clock for its jsonb; None stays null."""
    return None if entry is None else _ENTRY.dump_json(entry).decode()


def dump_notices(wishes: Sequence[NoticeWish]) -> str:
    """The wishes for jsonb_to_recordset."""
    return json.dumps(
        [{**asdict(w), "useful_until": w.useful_until.isoformat() if w.useful_until else None} for w in wishes]
    )


def dump_plans(plans: tuple[StayPlan, ...]) -> str:
    """The plans of a change for its jsonb."""
    return _PLANS.dump_json(plans).decode()


def read_plans(plans: object) -> tuple[StayPlan, ...]:
    """The plans of a change from its jsonb."""
    return _PLANS.validate_python(plans)
