"""Notices as the hotel's people see them, and what a mail provider tells about letters."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from api.shapes.common import Asked, Told
from api.shapes.reconciliation import Code
from domain.notices import KINDS

AttentionKind = Literal[
    "undeliverable",
    "bounced",
    "complained",
    "workflow_parked",
    "workflow_missing",
    "step_stuck",
    "clock_ahead",
    "move_refused",
    "dispute",
    "early_fraud_warning",
    Code,
]
WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class TimingWanted(Asked):
    """When a kind is sent: days before the arrival at a time of the hotel's day, or minutes after what it tells of."""

    days_before: int | None = Field(default=None, ge=0, le=60)
    time: WallTime | None = Field(default=None, description="The hotel's wall-clock time.", examples=["10:00"])
    after_minutes: int | None = Field(default=None, ge=1, le=60 * 24 * 60)


class NoticeSwitch(Asked):
    """Whether a kind of notice is sent, and when where that can be set."""

    enabled: bool
    timing: TimingWanted | None = Field(
        default=None, description="Left out: as it is. It counts for bookings that are made from now on."
    )


class NoticeTimingTold(Told):
    """When a kind is sent; what the kind does not use is null."""

    days_before: int | None
    time: str | None = Field(examples=["10:00"])
    after_minutes: int | None


class NoticeKindRow(Told):
    """A kind of notice at this hotel."""

    kind: str = Field(examples=["pre_arrival"])
    title: str
    tells: str = Field(description="What it tells, in one sentence.")
    audience: Literal["guest", "staff"]
    enabled: bool
    when: str = Field(description="When it is sent by the hotel's present terms.")
    timing: NoticeTimingTold | None = Field(description="What can be set of it; null for what goes out at once.")
    warning: str | None = Field(description="What switching it off costs, where that should be known.")


class NoticeKindList(Told):
    """Every kind of notice; it is one page."""

    items: list[NoticeKindRow]
    next_cursor: str | None = None
    limit: int = len(KINDS)


class Resend(Asked):
    """Nothing needs to be said beside the address."""


class NoticeSentAgain(Told):
    """The letter that is on its way in place of an earlier one."""

    notice_id: int
    resend_of: int
    kind: str


class AttentionLinks(Told):
    """Where to go on."""

    booking: str | None = Field(description="The booking's page at the desk; null where it is in no booking.")
    resend: str | None = Field(description="POST here sends the letter again; null where there is no letter.")
    close: str = Field(description="POST here closes the item.")


class AttentionItem(Told):
    """Something that a person has to look at."""

    item_id: int
    kind: AttentionKind
    reference: str | None = Field(description="Null for money that is in no booking.")
    notice_id: int | None = Field(description="The letter it is about; null where it is about the booking itself.")
    notice_kind: str | None
    sentence: str
    what_to_do: str
    opened_at: datetime
    opened_local: str
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str
    links: AttentionLinks


class AttentionList(Told):
    """Open items, the newest first."""

    items: list[AttentionItem]
    next_cursor: str | None
    limit: int


class AttentionClose(Asked):
    """Why nothing is left to do."""

    reason: Why


# What no text of the database can hold; a provider's words are told without it.
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def _writable(value: object) -> object:
    return _UNWRITABLE.sub("", value) if isinstance(value, str) else value


Words = Annotated[str, BeforeValidator(_writable)]


class PostmarkNews(BaseModel):
    """What Postmark tells of one letter; of its many members these are read."""

    model_config = ConfigDict(extra="ignore")

    record_type: Words = Field(alias="RecordType", max_length=50)
    message_id: Words = Field(default="", alias="MessageID", max_length=100)
    metadata: dict[str, Any] = Field(default_factory=dict, alias="Metadata")
    bounce_type: Words = Field(default="", alias="Type", max_length=100)
    name: Words = Field(default="", alias="Name", max_length=200)
    description: Words = Field(default="", alias="Description", max_length=2000)
    delivered_at: AwareDatetime | None = Field(default=None, alias="DeliveredAt")
    bounced_at: AwareDatetime | None = Field(default=None, alias="BouncedAt")
    received_at: AwareDatetime | None = Field(default=None, alias="ReceivedAt")


class Heard(Told):
    """What became of the news. ignored: old news, a letter that is not ours, or nothing that is kept."""

    outcome: Literal["noted", "ignored"]


NOTICE_KIND = {
    "kind": "pre_arrival",
    "title": "before your arrival",
    "tells": "Times, address and price before the arrival.",
    "audience": "guest",
    "enabled": True,
    "when": "2 days before the arrival at 10:00 hotel time.",
    "timing": {"days_before": 2, "time": "10:00", "after_minutes": None},
    "warning": None,
}
NOTICE_KINDS = {"items": [NOTICE_KIND], "next_cursor": None, "limit": len(KINDS)}
SENT_AGAIN = {"notice_id": 812, "resend_of": 640, "kind": "confirmed"}
ATTENTION = {
    "item_id": 7,
    "kind": "bounced",
    "reference": "MLB-20261215-7Q4K2M",
    "notice_id": 640,
    "notice_kind": "confirmed",
    "sentence": "The letter “booking confirmed” to the guest came back. Bounced: Hard bounce.",
    "what_to_do": "Ask the guest for another address, correct it and send the letter again; or print the link.",
    "opened_at": "2026-12-01T09:30:00Z",
    "opened_local": "Tue 1 Dec 2026, 15:00 (IST)",
    "closed_at": None,
    "closed_by": None,
    "closed_reason": "",
    "links": {
        "booking": "/desk/bookings/MLB-20261215-7Q4K2M",
        "resend": "/api/v1/desk/bookings/MLB-20261215-7Q4K2M/notices/640/resend",
        "close": "/api/v1/desk/attention/7/close",
    },
}
ATTENTION_LIST = {"items": [ATTENTION], "next_cursor": None, "limit": 50}
CLOSED = {
    **ATTENTION,
    "closed_at": "2026-12-01T10:00:00Z",
    "closed_by": "Front desk",
    "closed_reason": "Called the guest.",
}
BOUNCE = {
    "RecordType": "Bounce",
    "ID": 42,
    "Type": "HardBounce",
    "Name": "Hard bounce",
    "Description": "The mailbox does not exist.",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Metadata": {"holdfast_notice": "3.640", "holdfast_booking": "MLB-20261215-7Q4K2M"},
    "BouncedAt": "2026-12-01T09:30:00.1234567Z",
}
DELIVERY = {
    "RecordType": "Delivery",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Metadata": {"holdfast_notice": "3.640", "holdfast_booking": "MLB-20261215-7Q4K2M"},
    "DeliveredAt": "2026-12-01T09:29:58Z",
}
