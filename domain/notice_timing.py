"""When a hotel sends the letters that wait for a moment: what may be set, and the terms after it.

Rule: docs/rules/notices.md, Timing.
"""

from dataclasses import dataclass, replace
from datetime import time as wall_time

from domain.notices import NoticeKind
from domain.refusals import rule
from domain.terms import HotelTerms


@dataclass(frozen=True)
class NoticeTiming:
    """A moment: so many days before the arrival at a wall-clock time of the hotel, or so many minutes after something.

    What a kind does not use is None.
    """

    days_before: int | None = None
    time: wall_time | None = None
    after_minutes: int | None = None


def timing_of(kind: NoticeKind, terms: HotelTerms) -> NoticeTiming | None:
    """When the terms have a kind sent; None for a kind that goes out at once, or never under these terms."""
    match kind:
        case NoticeKind.PRE_ARRIVAL:
            return NoticeTiming(days_before=terms.pre_arrival_days, time=terms.pre_arrival_time)
        case NoticeKind.FEEDBACK if terms.feedback_after_seconds is not None:
            return NoticeTiming(after_minutes=terms.feedback_after_seconds // 60)
        case NoticeKind.OVERSTAY:
            return NoticeTiming(after_minutes=terms.overstay_after_minutes)
    return None


def retimed(kind: NoticeKind, terms: HotelTerms, timing: NoticeTiming) -> HotelTerms:
    """The terms with a kind sent at another moment; the version is the caller's to give.

    Errors: 422 timing_fixed for a kind that goes out at once, timing_incomplete for the wrong members,
    timing_after_arrival for a reminder that would come when the guest may be there.
    """
    given = {name for name, value in vars(timing).items() if value is not None}
    if kind is NoticeKind.PRE_ARRIVAL:
        _check_members(given, {"days_before", "time"})
        days, at = timing.days_before or 0, timing.time or wall_time()
        if days == 0 and at >= terms.check_in_time:
            told = f"On the day of arrival it has to go out before the check-in time, {terms.check_in_time:%H:%M}."
            raise rule("timing_after_arrival", told, "timing.time")
        return replace(terms, pre_arrival_days=days, pre_arrival_time=at)
    if kind in (NoticeKind.FEEDBACK, NoticeKind.OVERSTAY):
        _check_members(given, {"after_minutes"})
        minutes = timing.after_minutes or 0
        if kind is NoticeKind.FEEDBACK:
            return replace(terms, feedback_after_seconds=minutes * 60)
        return replace(terms, overstay_after_minutes=minutes)
    raise rule("timing_fixed", "This letter goes out at the moment it tells of; there is nothing to set.", "timing")


def _check_members(given: set[str], wanted: set[str]) -> None:
    if given != wanted:
        told = f"This letter's timing is {' and '.join(sorted(wanted))}, and nothing else."
        raise rule("timing_incomplete", told, "timing")
