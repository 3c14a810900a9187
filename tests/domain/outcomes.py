"""What a person can see of a step or a booking, in a form that one assertion compares as a whole."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from domain.agenda import agenda
from domain.booking import Booking
from domain.entries import Entry
from domain.payments import Purse, Verb
from domain.steps import Step

Letter = tuple[str, str, datetime | None, dict[str, Any]]
# What every step moves by itself.
_COUNTED = ("seq", "last_instant", "purse")


def letters(step: Step) -> list[Letter]:
    """Kind, audience, last useful moment and data of every letter."""
    return [(one.kind, one.audience, one.useful_until, one.data) for one in step.notices]


def orders(made: Booking) -> list[tuple[Verb, int, int]]:
    """What the provider is to do: the verb, the payment, the amount."""
    return [(one.verb, one.payment, one.amount_minor) for one in made.purse.orders]


def refunds(made: Booking) -> list[tuple[int, int, str, str]]:
    """Of which payment, how much, where it is and why."""
    return [(one.payment, one.amount_minor, one.state.value, one.cause) for one in made.purse.refunds]


def line(made: Booking, key: str) -> Entry | None:
    """The line of the agenda with that key, if there is one."""
    return next((one for one in agenda(made) if one.key == key), None)


def changed(before: Booking, after: Booking) -> dict[str, Any]:
    """Every field that a step has changed, with its new value; those of the purse by their own names."""
    whole = {
        one.name: getattr(after, one.name)
        for one in fields(Booking)
        if one.name not in _COUNTED and getattr(after, one.name) != getattr(before, one.name)
    }
    money = {
        one.name: getattr(after.purse, one.name)
        for one in fields(Purse)
        if getattr(after.purse, one.name) != getattr(before.purse, one.name)
    }
    return whole | {f"purse.{name}": value for name, value in money.items()}
