"""What crosses the Temporal boundary for notices: ids and instants only, never a person or a letter."""

from dataclasses import dataclass
from datetime import datetime

NOTICES_QUEUE = "notices"
NOTICES_CHANNEL = "holdfast_notices"


def notices_workflow_id(hotel_id: int) -> str:
    """The id of the workflow that sends a hotel's notices."""
    return f"notices-{hotel_id}"


@dataclass(frozen=True)
class NoticesStart:
    """How a run begins. failures: provider failures in a row so far; rest_until: no sending before this instant."""

    hotel_id: int
    failures: int = 0
    rest_until: datetime | None = None


@dataclass(frozen=True)
class Ring:
    """There may be something to send."""


@dataclass(frozen=True)
class NoticesEnd:
    """What one run came to."""

    sent: int


@dataclass(frozen=True)
class ClaimNotices:
    """Take the next batch, judged as of `at`."""

    hotel_id: int
    at: datetime


@dataclass(frozen=True)
class ClaimedNotices:
    """The batch that was taken.

    to_send: notices to send now, in order; unclear: notices whose sending ended in doubt long enough ago to be looked
    up at the provider; ended: how many were dropped or undeliverable; more: whether others may wait already;
    look_again_at: when the next doubtful one can be looked up, None when there is none.
    """

    to_send: tuple[int, ...] = ()
    unclear: tuple[int, ...] = ()
    ended: int = 0
    more: bool = False
    look_again_at: datetime | None = None


@dataclass(frozen=True)
class NoticeBatch:
    """Some claimed notices of a hotel, and the workflow's instant."""

    hotel_id: int
    notice_ids: tuple[int, ...]
    at: datetime


@dataclass(frozen=True)
class BatchReport:
    """How a batch ended.

    trouble: why the provider took no more, empty when it took all; unclear: some notices may or may not have gone out.
    """

    sent: int = 0
    undeliverable: int = 0
    trouble: str = ""
    unclear: bool = False
