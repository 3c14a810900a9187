"""What tests of paths share: refused commands with their codes, wall-clock times in Kochi, a guest in the house."""

from collections.abc import Awaitable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.clocks import resolve
from domain.terms import Confirmation, Payment
from tests.story.world import Life, refusal

AUTO: dict[str, Any] = {"confirmation": Confirmation.AUTO, "payment": Payment.AT_HOTEL}
DAY = timedelta(days=1)


async def refused(asking: Awaitable[object]) -> str:
    """The code with which a command is refused."""
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await asking
    return refusal(error.value)


async def bounds(asking: Awaitable[object]) -> tuple[datetime, datetime]:
    """Both bounds that a refused clock names."""
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await asking
    assert refusal(error.value) == "clock_out_of_bounds"
    cause = error.value.cause
    assert isinstance(cause, ApplicationError)
    facts = cause.details[0]["facts"]
    return datetime.fromisoformat(facts["earliest"]), datetime.fromisoformat(facts["latest"])


def kochi(day: Any, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time of the hotel in Kochi."""
    return resolve(day, time(hour, minute), "Asia/Kolkata")


async def in_house(life: Life, room: str = "101", **more: Any) -> None:
    """The guest has come at four in the afternoon of the arrival day."""
    await life.assign(room, **more)
    await life.until(kochi(life.dates.arrival, 16))
    await life.check_in()
