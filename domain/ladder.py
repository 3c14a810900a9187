"""The approval ladder: until when the hotel may say yes, and when its people are reminded.

Rules in words: docs/rules/approval.md. Counted time is what the hotel's terms call its time for an answer: every
minute, or only those within its working hours. Instants are aware UTC datetimes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from domain.clocks import local, resolve
from domain.terms import ApprovalTerms, HotelTerms, Opening, check_in_from, no_show_at

A_DAY = timedelta(days=1)
A_MINUTE = timedelta(minutes=1)
LONGEST_SEARCH = timedelta(days=366)
DESK_PERCENT = 50
MANAGER_PERCENT = 80


def counted_after(terms: ApprovalTerms, zone: str, start: datetime, amount: timedelta) -> datetime:
    """The first instant by which so much counted time has passed since `start`; `start` itself for none.

    zone: the hotel's IANA zone. A year after `start` every minute counts, so that the answer is never far away even
    where the hotel is hardly ever open.
    """
    if amount <= timedelta(0):
        return start
    left = amount
    for opens, closes in _open_spans(terms, zone, start):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return _all_counts_from(terms, start) + left


def counted_between(terms: ApprovalTerms, zone: str, start: datetime, end: datetime) -> timedelta:
    """How much counted time lies between two instants, as `counted_after` counts it; none when `end` is not later."""
    total = timedelta(0)
    for opens, closes in _open_spans(terms, zone, start):
        if opens >= end:
            return total
        total += min(closes, end) - opens
    return total + max(end - _all_counts_from(terms, start), timedelta(0))


def approval_deadline(terms: HotelTerms, asked_at: datetime, arrival: date) -> datetime:
    """Until when the hotel may say yes.

    The window of counted time, but never past the first check-in time, and at least `least_minutes` from the request;
    a request made in the small hours for the business day that is still open ends with that day's night audit.
    """
    approval = terms.approval
    window_end = counted_after(approval, terms.zone, asked_at, timedelta(minutes=approval.window_minutes))
    least = asked_at + timedelta(minutes=approval.least_minutes)
    return min(max(min(window_end, check_in_from(terms, arrival)), least), no_show_at(terms, arrival))


def alerts(terms: HotelTerms, start: datetime, deadline: datetime) -> tuple[datetime, datetime]:
    """When the desk and then the manager are reminded: at 50 and at 80 % of the counted time up to the deadline.

    Where less than a counted minute lies between, elapsed time is divided instead. Each is at least a minute before
    the deadline; an instant that is then not after `start` means that there is no time for that reminder.
    """
    approval = terms.approval
    whole = counted_between(approval, terms.zone, start, deadline)
    if whole < A_MINUTE:
        approval, whole = replace(approval, count="elapsed"), deadline - start
    last = deadline - A_MINUTE
    desk = counted_after(approval, terms.zone, start, whole * DESK_PERCENT // 100)
    manager = counted_after(approval, terms.zone, start, whole * MANAGER_PERCENT // 100)
    return min(desk, last), min(manager, last)


def _only_working(terms: ApprovalTerms) -> bool:
    return terms.count == "working" and bool(terms.hours)


def _all_counts_from(terms: ApprovalTerms, start: datetime) -> datetime:
    """From when on every minute counts."""
    return start + LONGEST_SEARCH if _only_working(terms) else start


def _open_spans(terms: ApprovalTerms, zone: str, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The hotel's working hours of a year from `start` on, in order and none twice, as [opens, closes)."""
    if not _only_working(terms):
        return
    reached, end = start, _all_counts_from(terms, start)
    day, last = local(start, zone).date(), local(end, zone).date()
    while day <= last:
        hours = () if day in terms.closed else [span for span in terms.hours if span.weekday == day.weekday()]
        for span in sorted(hours, key=lambda span: span.start):
            opens, closes = max(resolve(day, span.start, zone), reached), min(_closing(day, span, zone), end)
            if opens < closes:
                yield opens, closes
                reached = closes
        day += A_DAY


def _closing(day: date, span: Opening, zone: str) -> datetime:
    """When a span ends on that date; 00:00 is the midnight at the end of the day."""
    return resolve(day + A_DAY if span.end == time(0) else day, span.end, zone)
