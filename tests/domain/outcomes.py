"""What people and the provider notice of a step or a booking, for tests that compare all of it at once."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from domain.agenda import agenda
from domain.booking import Booking, Status
from domain.entries import Entry
from domain.payments import Order, Purse, Verb
from domain.steps import Fact, NoticeWish, Step

Asked = tuple[Verb, int, int]
Letter = tuple[str, str, datetime | None, dict[str, Any]]
# What every step moves by itself.
_COUNTED = ("seq", "last_instant", "purse")


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    event: its word in the booking's story, with its facts; orders: what the provider is still to do, each with the
    payment's number and the amount; refunds: all that were ever given, each of payment, amount and cause.
    """

    event: str
    status: Status
    facts: dict[str, Fact] = field(default_factory=dict)
    orders: tuple[Asked, ...] = ()
    refunds: tuple[tuple[int, int, str], ...] = ()
    letters: tuple[NoticeWish, ...] = ()
    attention: str = ""


def outcome(step: Step) -> Outcome:
    """All of a step at once."""
    back = tuple((one.payment, one.amount_minor, one.cause) for one in step.after.purse.refunds)
    return Outcome(
        step.what,
        step.after.status,
        step.difference,
        tuple(orders(step.after)),
        back,
        step.notices,
        step.after.attention,
    )


def order(made: Booking, number: int) -> Order:
    """The order of that number."""
    return next(one for one in made.purse.orders if one.number == number)


def about(payment: int, purpose: str, amount_minor: int, code: str = "") -> dict[str, Fact]:
    """The facts by which the story tells of a payment."""
    return {"payment": payment, "purpose": purpose, "amount_minor": amount_minor, "code": code}


def received(payment: int) -> NoticeWish:
    """The letter that says that a payment has come."""
    return NoticeWish("payment_received", "guest", data={"payment": payment})


def letters(step: Step) -> list[Letter]:
    """Kind, audience, last useful moment and data of every letter."""
    return [(one.kind, one.audience, one.useful_until, one.data) for one in step.notices]


def orders(made: Booking) -> list[Asked]:
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
