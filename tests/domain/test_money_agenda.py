"""The lines of the agenda that are about money, whole: docs/rules/payments.md and docs/rules/agenda.md."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.agenda import Entry
from domain.alarms import clock_rang
from domain.booking import Booking, Status
from domain.changing import clock_moved
from domain.entries import SetBy
from domain.paying import refund_asked
from domain.payments import HeldOver, PayState, RefundState
from domain.steps import Act
from domain.terms import Payment as Way
from domain.terms import WhenLapsing, WhenUnpaid
from tests.domain.endings import cancelled, guaranteed, opens_a_page
from tests.domain.made import ASKED, GUEST, KOCHI, MANAGER, act, entry, keys, march
from tests.domain.outcomes import line
from tests.domain.payers import answer, asked_to_pay, hears, held, online, pays

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICY, OUTAGE, BANK = SetBy("policy", 3), SetBy("outage"), SetBy("bank")
ENDS = ASKED + 30 * MINUTE
DUE, CHECK_IN = march(3, 12), march(10, 14)
SET_ASIDE: dict[str, Any] = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}


def fixed(key: str, at: datetime, what: str, consequence: str, who: SetBy) -> Entry:
    """A clock that rings, counts from the booking's life and can't be moved."""
    return Entry(key, at, what, consequence, who, True, "booking", movable=False)


def ended(**seen: Any) -> Booking:
    """The hold's time has ended, and the provider has said so much of the open page."""
    made = asked_to_pay(held())
    closing = clock_rang(made, [entry(made, "hold_expires")], Act(ENDS)).after
    return hears(closing, ENDS, **seen) if seen else closing


@pytest.mark.parametrize(
    ("seen", "at", "what", "consequence", "who"),
    [
        ({"state": PayState.NEEDS_GUEST, "acting": True}, ENDS + 5 * MINUTE,
         "The guest is given time to prove who they are", "Then the payment page is closed.", POLICY),
        ({"state": PayState.PROCESSING}, ENDS + 30 * MINUTE,
         "The payment is still being processed",
         "Without a result the booking expires; late money is looked for.", POLICY),
        ({"trouble": "unreachable"}, ENDS + 6 * HOUR,
         "The room is kept, because the payment provider does not answer",
         "Without an answer the booking expires; late money is looked for.", OUTAGE),
    ],
    ids=["at the bank's page", "processed", "silent"],
)  # fmt: skip
def test_a_room_is_kept_past_its_time(
    seen: dict[str, Any], at: datetime, what: str, consequence: str, who: SetBy
) -> None:
    """For how long, why, and who has set that."""
    assert entry(ended(**seen), "hold_over") == fixed("hold_over", at, what, consequence, who)


def test_a_room_whose_page_is_being_closed_has_no_clock_of_its_own() -> None:
    """The provider's answer is awaited; a booking that is not held any more is kept for nothing."""
    made = ended()
    assert made.purse.held_over == HeldOver("closing", ENDS)
    assert (line(made, "hold_over"), line(made, "hold_expires")) == (None, None)
    waits = ended(state=PayState.PROCESSING)
    assert line(replace(waits, status=Status.CONFIRMED), "hold_over") is None


def test_late_money_is_looked_for_until_a_named_moment() -> None:
    """72 hours after the room was given up; then the reconciliation has it."""
    waits = ended(state=PayState.PROCESSING)
    gone = clock_rang(waits, [entry(waits, "hold_over")], Act(ENDS + HOUR / 2)).after
    assert entry(gone, "payment_watch") == fixed(
        "payment_watch", ENDS + HOUR / 2 + 72 * HOUR, "Late money is no longer looked for",
        "What has not come by then is left to the reconciliation.", POLICY,
    )  # fmt: skip


def checked(made: Booking, checks: int) -> Booking:
    """The first payment was looked at so often."""
    return replace(made, purse=made.purse.with_payment(replace(made.purse.payments[0], checks=checks)))


@pytest.mark.parametrize(
    ("checks", "minutes"), [(0, 1), (1, 5), (2, 15), (3, 75), (4, 135), (5, 195), (6, 255)]
)  # fmt: skip
def test_an_open_payment_is_looked_at_less_and_less_often(checks: int, minutes: int) -> None:
    """1, 5 and 15 minutes after its beginning, then every hour; also what is being processed."""
    made = checked(asked_to_pay(held()), checks)
    look = fixed(
        "payment_check-1", ASKED + minutes * MINUTE, "The payment is looked at",
        "The provider is asked how it stands.", POLICY,
    )  # fmt: skip
    assert entry(made, "payment_check-1") == look
    assert entry(hears(made, state=PayState.PROCESSING), "payment_check-1") == look


@pytest.mark.parametrize("state", [one for one in PayState if one not in (PayState.NEEDS_GUEST, PayState.PROCESSING)])
def test_what_has_come_to_its_end_is_not_looked_at(state: PayState) -> None:
    """Nor what the provider has not made yet."""
    made = asked_to_pay(held())
    done = replace(made, purse=made.purse.with_payment(replace(made.purse.payments[0], state=state)))
    assert line(done, "payment_check-1") is None


def test_what_the_provider_is_to_do_something_about_is_not_looked_at() -> None:
    """The answer to the order is how it stands; the other payment is still looked at."""
    made = asked_to_pay(held())
    two = replace(made, purse=made.purse.with_payment(replace(made.purse.payments[0], number=2)))
    closing = clock_rang(two, [entry(two, "hold_expires")], Act(ENDS)).after
    assert [key for key in keys(closing) if key.startswith("payment_check")] == ["payment_check-2"]


def test_after_the_end_a_page_is_looked_at_only_while_money_is_looked_for() -> None:
    """What is processed is, for three days; a page that was to be closed is not."""
    made = hears(opens_a_page(guaranteed()), number=2, state=PayState.PROCESSING)
    gone = cancelled(made, ASKED + HOUR)
    assert [key for key in keys(gone) if key.startswith("payment")] == ["payment_check-2", "payment_watch"]
    over = clock_rang(gone, [entry(gone, "payment_watch")], Act(ASKED + 73 * HOUR)).after
    assert keys(over) == []
    waiting = replace(over.purse.payments[1], state=PayState.NEEDS_GUEST)
    assert keys(replace(over, purse=over.purse.with_payment(waiting))) == []


def test_the_last_look_comes_a_minute_before_the_room_is_given_back() -> None:
    """Where the next would be later than that, and not again once it was; a silent provider has no last look."""
    waits = checked(ended(state=PayState.PROCESSING), 3)
    assert entry(waits, "payment_check-1").at == ENDS + 29 * MINUTE
    assert entry(checked(waits, 2), "payment_check-1").at == ASKED + 15 * MINUTE
    over = waits.purse.held_over
    assert over is not None
    for other in (replace(over, looked=True), replace(over, why="grace"), None):
        looked = replace(waits, purse=replace(waits.purse, held_over=other))
        assert entry(looked, "payment_check-1").at == ASKED + 75 * MINUTE


def test_a_refund_under_way_is_looked_at_every_day() -> None:
    """From the day after it was asked for; thirty times."""
    paid = pays(asked_to_pay(held(Way.PREPAID)))
    made = refund_asked(paid, act(ASKED + HOUR, MANAGER, "Goodwill."), None, 5_000, "INR").after
    assert line(made, "refund_check-1") is None
    for state in RefundState:
        under_way = state in (RefundState.PENDING, RefundState.NEEDS_GUEST)
        for checks in (0, 1, 29, 30):
            refund = replace(made.purse.refunds[0], state=state, checks=checks)
            look = fixed(
                "refund_check-1", ASKED + HOUR + (checks + 1) * DAY, "The refund is looked at",
                "The provider is asked how it stands.", POLICY,
            )  # fmt: skip
            expected = look if under_way and checks < 30 else None
            assert line(replace(made, purse=made.purse.with_refund(refund)), "refund_check-1") == expected


def test_what_the_provider_did_not_answer_is_asked_again() -> None:
    """A clock of the outage for each order that was put off, and none for one that is out."""
    silent = ended(trouble="unreachable")
    assert entry(silent, "provider-2") == fixed(
        "provider-2", ENDS + 15 * SECOND, "The payment provider is asked again",
        "It did not answer before; nothing is done twice.", OUTAGE,
    )  # fmt: skip
    assert line(ended(), "provider-2") is None


def put_off(lapses: datetime, until: datetime | None, rule: WhenLapsing = WhenLapsing.RENEW) -> Booking:
    """200.00 are set aside until then, and the manager has moved the hotel's answer."""
    made = asked_to_pay(held(Way.AUTHORISE, base=KOCHI, when_authorisation_ends=rule))
    asked = hears(made, capture_before=lapses, method_id="pm_1", **SET_ASIDE)
    return asked if until is None else clock_moved(
        asked, act(actor=MANAGER), entry(asked, "approval_deadline"), until
    ).after  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "consequence"),
    [
        (WhenLapsing.RENEW, "The same is set aside anew; if the card does not give it, the desk is told."),
        (WhenLapsing.CAPTURE, "It is taken; without a yes all of it goes back."),
        (WhenLapsing.ASK, "The desk is told that its answer is still open."),
    ],
)
def test_the_bank_sets_the_end_of_what_is_set_aside(rule: WhenLapsing, consequence: str) -> None:
    """12 hours before it lapses the hotel's rule, and at its end a look that is repeated every hour."""
    made = put_off(ASKED + 7 * DAY, ASKED + 9 * DAY, rule)
    assert entry(made, "authorisation_ends-1") == fixed(
        "authorisation_ends-1", ASKED + 6 * DAY + 12 * HOUR, "What is set aside on the card is about to end",
        consequence, BANK,
    )  # fmt: skip
    lapse = fixed(
        "authorisation_lapses-1", ASKED + 7 * DAY, "The card's bank lets go what it has set aside",
        "The provider is asked how it stands; once it has lapsed, the guest is asked to pay anew.", BANK,
    )  # fmt: skip
    assert entry(made, "authorisation_lapses-1") == lapse
    again = replace(lapse, at=ASKED + 7 * DAY + 2 * HOUR)
    assert entry(checked(made, 2), "authorisation_lapses-1") == again


@pytest.mark.parametrize(
    ("lives", "until", "clocks"),
    [
        (7 * DAY, 6 * DAY + 12 * HOUR, []),
        (7 * DAY, 6 * DAY + 13 * HOUR, ["ends"]),
        (7 * DAY, 7 * DAY, ["ends"]),
        (7 * DAY, 7 * DAY + MINUTE, ["ends", "lapses"]),
        (7 * DAY, None, []),
    ],
)
def test_the_banks_clocks_run_where_the_answer_is_due_after_them(
    lives: timedelta, until: timedelta | None, clocks: list[str]
) -> None:
    """At the very moment of the answer there is nothing left for them to do."""
    made = put_off(ASKED + lives, None if until is None else ASKED + until)
    assert [key.split("_")[1] for key in keys(made) if key.startswith("authorisation")] == [
        f"{one}-1" for one in clocks
    ]


@pytest.mark.parametrize(("lives", "ends"), [(HOUR, HOUR / 2), (24 * HOUR, 12 * HOUR), (20 * HOUR, 10 * HOUR)])
def test_a_short_authorisation_is_looked_after_from_its_half_on(lives: timedelta, ends: timedelta) -> None:
    """Which is later than 12 hours before its end."""
    assert entry(put_off(ASKED + lives, ASKED + 3 * DAY), "authorisation_ends-1").at == ASKED + ends


def test_no_clock_of_the_bank_runs_without_its_word() -> None:
    """Nobody has said when it lapses; the yes was given; nothing is set aside."""
    made = put_off(ASKED + 7 * DAY, ASKED + 9 * DAY)
    unsaid = replace(made, purse=made.purse.with_payment(replace(made.purse.payments[0], capture_before=None)))
    declined = replace(made.purse.payments[0], state=PayState.DECLINED)
    nothing = replace(made, purse=made.purse.with_payment(declined))
    for one in (unsaid, nothing, acts.approved(made, act(actor=MANAGER)).after):
        assert not [key for key in keys(one) if key.startswith("authorisation")]


def later(**more: Any) -> Booking:
    """A firm booking whose deposit is taken on 3 March at 12:00; the card is on file."""
    made = acts.opened(online(due_days=7, **more), act(actor=GUEST)).after
    return hears(asked_to_pay(made), state=PayState.SAVED, method_id="pm_1")


CHARGE = Entry(
    "deposit_due", DUE, "The deposit is taken from the guest's card",
    "If that fails, the guest is asked and has some days.", POLICY, True, "date", default_at=DUE, latest=CHECK_IN,
)  # fmt: skip


def reminder(at: datetime, who: SetBy = POLICY) -> Entry:
    """The letter before it."""
    return replace(
        CHARGE, key="deposit_reminder", at=at, default_at=at, movable=False, set_by=who,
        what="The guest is told that the deposit will be taken", consequence="A letter names amount and day.",
    )  # fmt: skip


def of_the_deposit(made: Booking) -> list[Entry]:
    """The lines about it."""
    found = [line(made, key) for key in ("deposit_reminder", "deposit_due", "payment_due")]
    return [one for one in found if one is not None]


def test_a_deposit_is_announced_and_taken() -> None:
    """Two days before and on its day; it can be moved up to the check-in time, and the letter with it."""
    made = later()
    assert of_the_deposit(made) == [reminder(DUE - 2 * DAY), CHARGE]
    moved = clock_moved(made, act(actor=MANAGER), CHARGE, march(5, 12)).after
    told, charge = of_the_deposit(moved)
    assert (told.at, told.default_at, charge.at, charge.default_at, charge.set_by.kind) == (
        march(3, 12), march(3, 12), march(5, 12), DUE, "staff",
    )  # fmt: skip


@pytest.mark.parametrize(("days", "told"), [(1, True), (2, True), (3, False)])
def test_a_reminder_whose_moment_was_past_is_left_out(days: int, told: bool) -> None:
    """Booked on 1 March at 11:30: two days before 3 March 12:00 is still to come, three are not."""
    assert of_the_deposit(later(reminder_days=days)) == ([reminder(DUE - days * DAY)] if told else []) + [CHARGE]


def test_a_reminder_of_the_very_moment_it_became_firm_is_left_out() -> None:
    """A second before it is sent."""
    made = later()
    assert [of_the_deposit(replace(made, since=DUE - 2 * DAY - ahead))[0].key for ahead in (SECOND, 0 * SECOND)] == [
        "deposit_reminder", "deposit_due",
    ]  # fmt: skip


def test_a_deposit_that_is_not_open_has_no_clock() -> None:
    """It was paid, left open, or is asked for when booking; or the booking is not firm."""
    made = later()
    met = acts.payment_taken(made, act(), "cash", 10_000, "").after
    for one in (
        met,
        replace(made, status=Status.CHECKED_IN),
        replace(made, terms=held().terms),
        pays(asked_to_pay(held())),
    ):
        assert of_the_deposit(one) == []


@pytest.mark.parametrize(
    ("rule", "consequence"),
    [
        (WhenUnpaid.CANCEL, "Without it the booking is cancelled and its rooms are free again."),
        (WhenUnpaid.KEEP, "Without it the booking stays as it is, and the amount is due at the hotel."),
        (WhenUnpaid.DESK, "Without it the desk decides."),
    ],
)
def test_a_deposit_that_failed_has_a_last_moment(rule: WhenUnpaid, consequence: str) -> None:
    """48 hours, in place of the clocks before; it can be moved up to the check-in time."""
    made = later(when_unpaid=rule)
    charged = clock_rang(made, [entry(made, "deposit_due")], Act(DUE)).after
    assert of_the_deposit(charged) == []
    failed = answer(charged, DUE, state=PayState.DECLINED).after
    last = Entry(
        "payment_due", DUE + 48 * HOUR, "The deposit has to be paid", consequence, POLICY, True, "booking",
        default_at=DUE + 48 * HOUR, latest=CHECK_IN,
    )  # fmt: skip
    assert of_the_deposit(failed) == [last]
    assert clock_moved(failed, act(DUE, MANAGER), last, CHECK_IN).after.moved("payment_due") is not None


def test_the_retry_time_is_the_hotels() -> None:
    """Twelve hours."""
    made = later(retry_hours=12)
    charged = clock_rang(made, [entry(made, "deposit_due")], Act(DUE)).after
    assert entry(answer(charged, DUE, state=PayState.DECLINED).after, "payment_due").at == DUE + 12 * HOUR
