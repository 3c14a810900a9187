"""When a hotel's letters go out: what may be set of which kind, and the terms after it."""

from datetime import UTC, date, datetime, time

import pytest

from domain.notice_timing import NoticeTiming, retimed, timing_of
from domain.notices import NoticeKind
from domain.refusals import Refused
from domain.terms import Confirmation, HotelTerms, Payment, pre_arrival_at

TERMS = HotelTerms(1, "Asia/Kolkata", "INR", Payment.AT_HOTEL, Confirmation.AUTO, check_in_time=time(14))
TIMED = {NoticeKind.PRE_ARRIVAL, NoticeKind.FEEDBACK, NoticeKind.OVERSTAY}
REMINDED = NoticeTiming(days_before=3, time=time(9))


def refused(kind: NoticeKind, timing: NoticeTiming) -> tuple[str, str | None]:
    """Code and field of the refusal."""
    with pytest.raises(Refused) as no:
        retimed(kind, TERMS, timing)
    return no.value.code, no.value.field


def test_a_reminder_three_days_before_at_nine_goes_out_then() -> None:
    terms = retimed(NoticeKind.PRE_ARRIVAL, TERMS, REMINDED)
    assert timing_of(NoticeKind.PRE_ARRIVAL, terms) == REMINDED
    assert pre_arrival_at(TERMS, date(2026, 12, 20)) == datetime(2026, 12, 18, 4, 30, tzinfo=UTC)
    assert pre_arrival_at(terms, date(2026, 12, 20)) == datetime(2026, 12, 17, 3, 30, tzinfo=UTC)
    assert terms.version == TERMS.version, "which version it is, is for the one who writes it down"


def test_a_reminder_on_the_day_of_arrival_is_before_the_check_in_time() -> None:
    early = NoticeTiming(days_before=0, time=time(13, 59))
    assert timing_of(NoticeKind.PRE_ARRIVAL, retimed(NoticeKind.PRE_ARRIVAL, TERMS, early)) == early
    late = NoticeTiming(days_before=0, time=time(14))
    assert refused(NoticeKind.PRE_ARRIVAL, late) == ("timing_after_arrival", "timing.time")
    retimed(NoticeKind.PRE_ARRIVAL, TERMS, NoticeTiming(days_before=1, time=time(14)))


def test_minutes_are_told_as_they_were_set() -> None:
    for kind in (NoticeKind.FEEDBACK, NoticeKind.OVERSTAY):
        terms = retimed(kind, TERMS, NoticeTiming(after_minutes=90))
        assert timing_of(kind, terms) == NoticeTiming(after_minutes=90)
    assert retimed(NoticeKind.FEEDBACK, TERMS, NoticeTiming(after_minutes=90)).feedback_after_seconds == 5_400
    assert retimed(NoticeKind.OVERSTAY, TERMS, NoticeTiming(after_minutes=90)).overstay_after_minutes == 90


def test_terms_that_ask_for_no_feedback_have_no_moment_for_it_until_one_is_set() -> None:
    assert timing_of(NoticeKind.FEEDBACK, TERMS) is None


@pytest.mark.parametrize(
    ("kind", "timing"),
    [
        (NoticeKind.PRE_ARRIVAL, NoticeTiming(days_before=3)),
        (NoticeKind.PRE_ARRIVAL, NoticeTiming(time=time(9))),
        (NoticeKind.PRE_ARRIVAL, NoticeTiming(days_before=3, time=time(9), after_minutes=1)),
        (NoticeKind.FEEDBACK, NoticeTiming()),
        (NoticeKind.FEEDBACK, REMINDED),
        (NoticeKind.OVERSTAY, NoticeTiming(days_before=1, after_minutes=5)),
    ],
)
def test_what_is_set_is_what_the_kind_has_and_nothing_else(kind: NoticeKind, timing: NoticeTiming) -> None:
    assert refused(kind, timing) == ("timing_incomplete", "timing")


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind not in TIMED])
def test_what_tells_of_something_at_once_has_no_moment_to_set(kind: NoticeKind) -> None:
    assert timing_of(kind, TERMS) is None
    assert refused(kind, NoticeTiming(after_minutes=1)) == ("timing_fixed", "timing")
