"""One line of a booking's agenda: when, what, who set that clock, and how far it may be moved.

Rules in words: docs/rules/agenda.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.booking import Booking

LEAST_AHEAD = timedelta(seconds=60)


@dataclass(frozen=True)
class SetBy:
    """Who set a clock. kind: policy, guest or staff; policy_version: the version of the hotel's policy it comes from.

    at, seq: when it was moved, and the event that names the person and the reason; None where nobody moved it.
    """

    kind: str
    policy_version: int | None = None
    role: str = ""
    at: datetime | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Entry:
    """One line of the agenda.

    rings: whether something is done at that instant; a mark only tells people that a time passes.
    anchor: `booking` when the clock counts from a moment of the booking's life, `date` when it hangs on a stay date.
    default_at: where the terms put it; earliest, latest: how far it may be moved, and always at least a minute ahead.
    """

    key: str
    at: datetime
    what: str
    consequence: str
    set_by: SetBy
    rings: bool
    anchor: str
    stay: int | None = None
    default_at: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    movable: bool = True


def placed(booking: Booking, entry: Entry) -> Entry:
    """The entry where it was moved to, with who moved it. What the terms say themselves is always within bounds."""
    default = entry.at
    latest = None if entry.latest is None else max(entry.latest, default)
    earliest = None if entry.earliest is None else min(entry.earliest, default)
    entry = replace(entry, default_at=default, latest=latest, earliest=earliest)
    move = booking.moved(entry.key)
    if move is None:
        return entry
    who = SetBy(move.kind, booking.terms.version, move.role, move.moved_at, move.seq)
    return replace(entry, at=move.at, set_by=who)
