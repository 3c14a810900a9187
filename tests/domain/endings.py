"""Bookings whose guests have a card on file or a page open, and their end, for tests of the pure rules."""

from datetime import datetime
from typing import Any

from domain import acts
from domain.booking import Booking
from domain.paying import payment_wished
from domain.payments import How, PayState
from domain.steps import Act
from domain.terms import Payment as Way
from tests.domain.made import ASKED, GUEST, act, march
from tests.domain.payers import asked_to_pay, hears, held

PAGE = How.HOSTED_PAGE
LATE = march(9, 18)


def guaranteed(**more: Any) -> Booking:
    """A firm booking of 200.00 whose card is on file; cancelling is free until 9 March 18:00, then the first night."""
    return hears(asked_to_pay(held(Way.GUARANTEE, **more)), state=PayState.SAVED, method_id="pm_1")


def opens_a_page(made: Booking, now: datetime = ASKED) -> Booking:
    """The guest asks to pay once more, and the provider has made the page."""
    step = payment_wished(made, Act(now, GUEST, "web"), PAGE).step
    assert step is not None
    return hears(step.after, now, state=PayState.CREATED, session_id=f"cs_{step.after.payments}")


def cancelled(made: Booking, at: datetime = LATE, **more: Any) -> Booking:
    """Somebody at the desk gives up the first room."""
    return acts.cancelled(made, act(at), (1,), **more).after
