"""Money that comes after the end: docs/rules/late_money.md."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.answers import Look
from domain.booking import Booking, Status
from domain.payments import PayState, Seen, Verb
from domain.steps import Act, NoticeWish, Step
from domain.terms import Payment as Way
from domain.told import payment_told, told
from tests.domain.made import ASKED, DESK, GUEST, KOCHI, act, booking, entry, march, with_rooms
from tests.domain.outcomes import Outcome, about, outcome
from tests.domain.payers import answer, asked_to_pay, hears, held, online, pays, taken, terms

LATER = ASKED + timedelta(hours=7)


def expired(way: Way = Way.DEPOSIT, **more: object) -> Booking:
    """A booking whose provider fell silent at the hold's end: it expired with its page still open."""
    return outlived(asked_to_pay(held(way, **more)))


def outlived(made: Booking) -> Booking:
    """The booking after its hold and six hours of silence."""
    at = ASKED + timedelta(minutes=30)
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(at)).after
    silent = hears(ended, at, trouble="unreachable")
    return clock_rang(silent, [entry(silent, "hold_over")], Act(at + timedelta(hours=6))).after


def test_late_money_takes_a_free_room_again() -> None:
    """At the old price; the nights are taken by the same step, so that the house decides."""
    gone = expired()
    step = answer(gone, LATER, state=PayState.CAPTURED, captured_minor=10_000, amount_minor=10_000, currency="INR")
    assert (step.what, step.after.status) == ("late_payment_confirmed", Status.CONFIRMED)
    assert [(move.held, move.sold) for move in step.nights] == [(0, 1), (0, 1)]
    assert [wish.kind for wish in step.notices] == ["confirmed_after_all"]
    assert (step.after.purse.refunds, step.after.purse.orders) == ((), ())


def test_late_money_goes_back_where_the_room_is_gone() -> None:
    """In full, once, and the booking stays expired."""
    gone = expired()
    step = answer(
        gone, LATER, retake=False, state=PayState.CAPTURED, captured_minor=10_000, amount_minor=10_000, currency="INR"
    )
    assert (step.what, step.after.status, step.nights) == ("late_payment_refunded", Status.EXPIRED, ())
    assert [(refund.amount_minor, refund.cause) for refund in step.after.purse.refunds] == [(10_000, "late")]
    assert step.after.paid_minor == 0


@pytest.mark.parametrize(("hour", "again"), [(2, True), (3, False)])
def test_a_stay_that_has_begun_is_not_taken_again(hour: int, again: bool) -> None:
    """Until the audit that closes the day of the arrival; from then on the money goes back."""
    gone = expired()
    step = answer(
        gone, march(11, hour, 59 if again else 0), state=PayState.CAPTURED, captured_minor=10_000,
        amount_minor=10_000, currency="INR",
    )  # fmt: skip
    assert (step.after.status is Status.CONFIRMED) is again
    assert bool(step.after.purse.refunds) is not again


def test_a_late_authorisation_asks_the_hotel_or_is_let_go() -> None:
    """Free: pending with a new clock for the answer; else the money is released."""
    made = acts.opened(online(Way.AUTHORISE, base=KOCHI), act(actor=GUEST)).after
    at = ASKED + timedelta(minutes=30)
    ended = clock_rang(asked_to_pay(made), [entry(made, "hold_expires")], Act(at)).after
    gone = clock_rang(
        hears(ended, at, trouble="unreachable"), [entry(hears(ended, at, trouble="unreachable"), "hold_over")],
        Act(at + timedelta(hours=6)),
    ).after  # fmt: skip
    free = answer(gone, LATER, state=PayState.AUTHORISED)
    assert (free.what, free.after.status) == ("late_payment_requested", Status.PENDING)
    assert free.after.approval_deadline == LATER + timedelta(hours=24)
    taken = answer(gone, LATER, retake=False, state=PayState.AUTHORISED).after
    assert (taken.status, [order.verb for order in taken.purse.orders]) == (Status.EXPIRED, [Verb.VOID])


@pytest.mark.parametrize("way", ["rejected", "failed", "cancelled"])
def test_what_ended_otherwise_keeps_no_money(way: str) -> None:
    """Rejected, given up, cancelled in time: all of it goes back, and no room is taken."""
    made = asked_to_pay(held(Way.PREPAID))
    match way:
        case "cancelled":
            ended = acts.cancelled(made, act(actor=DESK), (1,)).after
        case "failed":
            ended = acts.failed(made, act(actor=DESK)).after
        case _:
            ended = acts.declined(replace(made, status=Status.PENDING), act(actor=DESK)).after
    assert [order.verb for order in ended.purse.orders] == [Verb.CLOSE]
    paid = pays(ended, LATER)
    assert (paid.status, paid.paid_minor) == (ended.status, 0)
    assert [refund.amount_minor for refund in paid.purse.refunds] == [20_000]


def test_a_late_payment_meets_an_open_fee_first() -> None:
    """Cancelled late with a fee of 100.00 and nothing paid: of 200.00 that come, 100.00 go back."""
    firm = acts.confirmed(held(Way.PREPAID), act(reason="A regular."))
    open_ = asked_to_pay(firm.after)
    late = acts.cancelled(open_, act(entry(open_, "cancel_free_until-1").at), (1,)).after
    assert late.owed_minor == 10_000
    paid = pays(late, LATER)
    assert (paid.paid_minor, paid.balance_minor) == (10_000, 0)
    assert [refund.amount_minor for refund in paid.purse.refunds] == [10_000]


def test_the_later_of_two_payments_goes_back() -> None:
    """The deposit came by card and, a moment before, in cash."""
    made = asked_to_pay(held())
    cash = acts.payment_taken(made, act(), "cash", 10_000, "").after
    assert (cash.status, [order.verb for order in cash.purse.orders]) == (Status.CONFIRMED, [Verb.CLOSE])
    twice = pays(cash, LATER, 1)
    assert [(refund.payment, refund.amount_minor, refund.cause) for refund in twice.purse.refunds] == [
        (1, 10_000, "second")
    ]
    assert twice.paid_minor == 10_000


NEWS = [
    ({"state": PayState.PROCESSING}, "payment_processing", ""),
    ({"state": PayState.DECLINED, "code": "card_declined"}, "payment_declined", "card_declined"),
    ({"state": PayState.VOIDED}, "payment_ended", ""),
]


@pytest.mark.parametrize(("seen", "event", "code"), NEWS, ids=["processing", "declined", "ended"])
def test_what_brings_no_money_leaves_an_expired_booking_as_it_is(seen: dict[str, Any], event: str, code: str) -> None:
    """The story says what became of the 100.00 that were asked for; no letter goes out."""
    step = answer(expired(), LATER, **seen)
    assert outcome(step) == Outcome(event, Status.EXPIRED, about(1, "deposit", 10_000, code))
    # It was looked for already: those three days begin only once.
    assert step.after.purse.watch_until == ASKED + timedelta(hours=6.5 + 72)


def test_all_that_a_late_payment_brings_back() -> None:
    """The letter is of use until check-out; the rooms are given anew, late money is no longer looked for."""
    gone = with_rooms(expired())
    step = answer(gone, LATER, **taken(10_000))
    letter = NoticeWish("confirmed_after_all", "guest", useful_until=march(12, 11))
    assert outcome(step) == Outcome(
        "late_payment_confirmed", Status.CONFIRMED, about(1, "deposit", 10_000), letters=(letter,)
    )
    (stay,) = step.after.stays
    assert (stay.status, stay.ended_from, stay.room_id, stay.room_number) == (Status.CONFIRMED, None, None, "")
    assert (step.rooms, step.after.since) == ((), LATER)
    purse = step.after.purse
    assert (purse.watch_until, purse.watched, step.after.balance_minor) == (None, False, 10_000)
    # Where it ends a second time while another payment is being processed, that is looked for anew.
    page = hears(asked_to_pay(step.after, LATER), LATER, state=PayState.PROCESSING)
    over = acts.cancelled(page, act(LATER), (1,)).after
    assert over.purse.watch_until == LATER + timedelta(hours=72)


@pytest.mark.parametrize("hears_of_it", [told, payment_told])
def test_a_mere_look_that_finds_late_money_takes_the_room_again(hears_of_it: Callable[..., Step | None]) -> None:
    """Whether a night is gone is found out by taking it, so that it is tried first."""
    step = hears_of_it(expired(), Look(1), Seen(**taken(10_000)), Act(LATER))
    assert step is not None
    assert (step.what, step.after.status) == ("late_payment_confirmed", Status.CONFIRMED)


def test_a_room_that_was_given_up_before_the_end_is_not_taken_again() -> None:
    """Of two rooms the guest had cancelled one; the other comes back with the late money."""
    page = asked_to_pay(acts.opened(booking(2, 2, terms()), act(actor=GUEST)).after)
    one = acts.cancelled(page, act(), (2,)).after
    gone = outlived(one)
    assert [stay.status for stay in gone.stays] == [Status.EXPIRED, Status.CANCELLED]
    step = answer(gone, LATER, state=PayState.CAPTURED, captured_minor=20_000, amount_minor=20_000, currency="INR")
    assert [stay.status for stay in step.after.stays] == [Status.CONFIRMED, Status.CANCELLED]
    assert [(move.held, move.sold) for move in step.nights] == [(0, 1), (0, 1)]


def test_late_money_that_goes_back_is_told_with_its_amount() -> None:
    """100.00, in full; the letter about it follows once it is on its way."""
    step = answer(expired(), LATER, retake=False, **taken(10_000))
    assert outcome(step) == Outcome(
        "late_payment_refunded", Status.EXPIRED, about(1, "deposit", 10_000), orders=((Verb.REFUND, 1, 10_000),),
        refunds=((1, 10_000, "late"),),
    )  # fmt: skip


def test_less_than_is_asked_for_by_now_goes_back() -> None:
    """200.00 came for a stay that asks for 300.00 by now: it was not what the room was promised for."""
    gone = expired(Way.PREPAID)
    dearer = replace(gone, stays=tuple(replace(stay, total_minor=30_000) for stay in gone.stays))
    step = answer(dearer, LATER, **taken(20_000))
    assert (step.what, step.after.status, step.after.paid_minor) == ("late_payment_refunded", Status.EXPIRED, 0)


def test_a_late_authorisation_is_a_request_like_any_other() -> None:
    """200.00 are set aside: letters to the guest and the desk, and a day for the answer; or they are let go."""
    gone = outlived(asked_to_pay(held(Way.AUTHORISE, base=KOCHI)))
    seen = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}
    due = LATER + timedelta(hours=24)
    facts = about(1, "authorisation", 20_000)
    step = answer(gone, LATER, **seen)
    assert outcome(step) == Outcome(
        "late_payment_requested", Status.PENDING, facts,
        letters=(
            NoticeWish("received", "guest", useful_until=due), NoticeWish("new_request", "staff", useful_until=due),
        ),
    )  # fmt: skip
    assert (step.after.purse.watch_until, step.after.purse.watched) == (None, False)
    assert [(move.held, move.sold) for move in step.nights] == [(1, 0), (1, 0)]
    lost = answer(gone, LATER, retake=False, **seen)
    assert outcome(lost) == Outcome("payment_ended", Status.EXPIRED, facts, orders=((Verb.VOID, 1, 0),))
