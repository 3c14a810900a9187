"""What crosses the Temporal boundary for a hotel's night: numbers, dates and instants, never a person."""

from dataclasses import dataclass
from datetime import date, datetime

NIGHTS_QUEUE = "nights"
NIGHT_WORKFLOW = "HotelNight"
RUN_NOW_SIGNAL = "run_now"


def night_workflow_id(slug: str) -> str:
    """The id of the workflow that closes a hotel's days."""
    return f"night-{slug}"


def night_summary(slug: str) -> str:
    """What Temporal's UI shows of it."""
    return f"The nights of {slug}"


@dataclass(frozen=True)
class NightStart:
    """How a run begins. All else is read from the hotel's rows."""

    hotel_id: int
    slug: str


@dataclass(frozen=True)
class NightEnd:
    """The hotel has been taken out of service."""

    slug: str


@dataclass(frozen=True)
class RunNow:
    """Somebody has asked for a comparing; what was asked is in its row."""


@dataclass(frozen=True)
class NightAsk:
    """What is to be done for this hotel, as of `now`?"""

    hotel_id: int
    now: datetime


@dataclass(frozen=True)
class NightPlan:
    """What is to be done next.

    active: the hotel is in service. business_date: the day that is closed next, at `closes_at` by the hotel's clock
    and zone as they are now. asked: whether somebody waits for a comparing.
    """

    active: bool
    business_date: date
    closes_at: datetime
    local_time: str
    asked: bool = False


@dataclass(frozen=True)
class PostNights:
    """Post the nights of a business date, from the booking after `after` on."""

    hotel_id: int
    business_date: date
    now: datetime
    after: str = ""


@dataclass(frozen=True)
class NightsPosted:
    """How many lines were posted; the booking to go on after, None when all are done."""

    lines: int
    after: str | None = None


@dataclass(frozen=True)
class BeginRun:
    """Begin a comparing: of the night that ends a business date, or (without one) the oldest that was asked for."""

    hotel_id: int
    now: datetime
    business_date: date | None = None
    nights_posted: int = 0


@dataclass(frozen=True)
class Run:
    """A comparing under way.

    number: within the business date. since, until: when what is listed was made at the provider; events_since: from
    when on its events are read. account: the hotel's own at the provider, empty for the platform's; is_steward: what
    is nobody's on the platform's account is told to this hotel. past_accounts: those that were lost and replaced.
    """

    hotel_id: int
    business_date: date
    number: int
    since: datetime
    until: datetime
    events_since: datetime
    lists: tuple[str, ...]
    account: str = ""
    is_steward: bool = False
    past_accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadPage:
    """Read the next page of one of the provider's lists. after: the last object of the page before."""

    run: Run
    what: str
    now: datetime
    after: str = ""


@dataclass(frozen=True)
class PageRead:
    """How many objects were kept; after: where to go on, empty at the end of the list."""

    kept: int
    after: str = ""


@dataclass(frozen=True)
class ComparePage:
    """Compare the next bookings, or with `strangers` the next payments that are in no booking."""

    run: Run
    now: datetime
    after: str = ""
    strangers: bool = False


@dataclass(frozen=True)
class PageCompared:
    """How many were compared; after: where to go on, empty when all are done."""

    compared: int
    after: str = ""


@dataclass(frozen=True)
class FinishRun:
    """End a comparing. state: done, incomplete (nothing is closed), or failed with the reason in words."""

    run: Run
    now: datetime
    state: str
    detail: str = ""


@dataclass(frozen=True)
class SweepLines:
    """Take away some of the hotel's compared lines that are not kept any more as of `now`."""

    hotel_id: int
    now: datetime


@dataclass(frozen=True)
class LinesSwept:
    """How many lines went; more: there may be others."""

    lines: int
    more: bool = False


@dataclass(frozen=True)
class RunDone:
    """What came of a comparing."""

    found: int
    opened: int
    closed: int
    waiting: int
