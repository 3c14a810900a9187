"""What people and the provider notice of a step, for tests that compare all of it at once."""

from dataclasses import dataclass, field

from domain.booking import Booking, Status
from domain.payments import Order, Verb
from domain.steps import Fact, NoticeWish, Step

Asked = tuple[Verb, int, int]


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
    refunds = tuple((one.payment, one.amount_minor, one.cause) for one in step.after.purse.refunds)
    return Outcome(
        step.what, step.after.status, step.difference, orders(step.after), refunds, step.notices, step.after.attention
    )


def orders(made: Booking) -> tuple[Asked, ...]:
    """What the provider is still to do."""
    return tuple((order.verb, order.payment, order.amount_minor) for order in made.purse.orders)


def order(made: Booking, number: int) -> Order:
    """The order of that number."""
    return next(one for one in made.purse.orders if one.number == number)


def about(payment: int, purpose: str, amount_minor: int, code: str = "") -> dict[str, Fact]:
    """The facts by which the story tells of a payment."""
    return {"payment": payment, "purpose": purpose, "amount_minor": amount_minor, "code": code}


def received(payment: int) -> NoticeWish:
    """The letter that says that a payment has come."""
    return NoticeWish("payment_received", "guest", data={"payment": payment})
