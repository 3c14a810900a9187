"""The booking's story, as guests and the desk are told it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.shapes.bookings import SetByBody
from api.shapes.common import Told


class ActorBody(Told):
    """Who did it."""

    kind: str = Field(examples=["staff"])
    role: str = Field(examples=["frontdesk"])
    name: str | None = Field(description="For staff only.")


class Awaited(Told):
    """The clock the booking was waiting for when it happened."""

    key: str
    until: datetime
    until_local: str
    set_by: SetByBody


class TimelineEntry(Told):
    """One thing that happened, or one message that was written."""

    at: datetime
    local_time: str
    kind: Literal["event", "notice", "note", "audit"]
    what: str
    sentence: str
    actor: ActorBody
    channel: str
    reason: str
    status_before: str | None
    status_after: str | None
    awaited: Awaited | None
    policy_version: int | None
    difference: dict[str, str | int | bool | None]


class Timeline(Told):
    """The booking's story so far, oldest first."""

    reference: str
    items: list[TimelineEntry]
