"""What a payment's news means where the booking stands: held, asked for, firm or ended. docs/rules/payments.md."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.booking import Booking, Status
from domain.changing import clock_moved
from domain.paying import payment_wished
from domain.payments import How, PayState, Verb
from domain.steps import Act, NoticeWish
from domain.terms import Payment as Way
from domain.terms import WhenLapsing
from tests.domain.made import A_DAY, A_MINUTE, AN_HOUR, ASKED, GUEST, KOCHI, MANAGER, act, entry
from tests.domain.outcomes import Outcome, about, outcome, received
from tests.domain.payers import answer, asked_to_pay, hears, held, pays, taken

HOLD_ENDS = ASKED + 30 * A_MINUTE
ENDS = ASKED + 7 * A_DAY - 12 * AN_HOUR
SET_ASIDE = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}
WAITS = {"state": PayState.NEEDS_GUEST}
PROCESSED = {"state": PayState.PROCESSING}
NO = {"state": PayState.DECLINED, "code": "card_declined"}


def rings(made: Booking, key: str, now: datetime | None = None) -> Booking:
    """The booking after that clock has rung."""
    line = entry(made, key)
    return clock_rang(made, [line], Act(now or line.at)).after


def card_kept(way: Way = Way.GUARANTEE, **online: Any) -> Booking:
    """Confirmed by a card that is on file; nothing was taken."""
    page = asked_to_pay(held(way, **online))
    return hears(page, state=PayState.SAVED, method_id="pm_1", customer_id="cus_1")


@pytest.mark.parametrize(
    ("seen", "event", "code"),
    [
        (PROCESSED, "payment_processing", ""),
        (NO, "payment_declined", "card_declined"),
        ({"state": PayState.VOIDED}, "payment_ended", ""),
    ],
    ids=["processing", "declined", "ended"],
)
def test_what_brings_no_money_leaves_the_room_held_until_its_time(seen: dict[str, Any], event: str, code: str) -> None:
    """The story says so; the guest, who was at the page, gets no letter."""
    step = answer(asked_to_pay(held()), **seen)
    assert outcome(step) == Outcome(event, Status.HELD, about(1, "deposit", 10_000, code))
    assert (step.after.hold_expires_at, step.after.purse.held_over) == (HOLD_ENDS, None)


def test_a_page_that_waits_for_the_guest_is_offered() -> None:
    """The provider tells of it before it has answered the order."""
    step = payment_wished(held(), Act(ASKED, GUEST), How.HOSTED_PAGE).step
    assert step is not None
    assert outcome(answer(step.after, **WAITS)) == Outcome("payment_offered", Status.HELD, about(1, "deposit", 10_000))


def test_less_than_is_asked_for_by_now_does_not_make_the_room_firm() -> None:
    """100.00 came on an old page, the stay has become dearer and asks for 150.00: the room stays held for the rest."""
    page = asked_to_pay(held(Way.PREPAID))
    dearer = replace(page, stays=tuple(replace(stay, total_minor=30_000) for stay in page.stays))
    step = answer(dearer, **taken(20_000))
    assert outcome(step) == Outcome("payment_came", Status.HELD, about(1, "prepaid", 20_000))
    assert (step.after.paid_minor, step.after.hold_expires_at) == (20_000, HOLD_ENDS)


@pytest.mark.parametrize("state", [PayState.DECLINED, PayState.VOIDED])
def test_a_page_that_is_closed_without_money_frees_the_room(state: PayState) -> None:
    """The guest is told that the booking expired; no late money is looked for."""
    closing = rings(asked_to_pay(held()), "hold_expires")
    step = answer(closing, HOLD_ENDS + A_MINUTE, state=state)
    assert outcome(step) == Outcome(
        "payment_expired", Status.EXPIRED, about(1, "deposit", 10_000), letters=(NoticeWish("expired", "guest"),)
    )
    purse = step.after.purse
    assert (purse.held_over, purse.watch_until, purse.watched) == (None, None, False)


def test_the_room_is_free_only_once_all_is_answered() -> None:
    """Something else is still to be done at the provider: the room stays held until that is answered too."""
    closing = rings(asked_to_pay(held()), "hold_expires")
    more = replace(closing, purse=closing.purse.ordering(Verb.READ, 1))
    step = answer(more, HOLD_ENDS + A_MINUTE, state=PayState.VOIDED)
    assert outcome(step) == Outcome(
        "payment_ended", Status.HELD, about(1, "deposit", 10_000), orders=((Verb.READ, 1, 0),)
    )
    assert step.after.purse.held_over == closing.purse.held_over


def set_aside(rule: WhenLapsing = WhenLapsing.RENEW) -> Booking:
    """200.00 are set aside for a week; the manager has put the hotel's answer off past that."""
    page = asked_to_pay(held(Way.AUTHORISE, base=KOCHI, when_authorisation_ends=rule))
    made = hears(page, capture_before=ASKED + 7 * A_DAY, method_id="pm_1", customer_id="cus_1", **SET_ASIDE)
    return clock_moved(made, act(actor=MANAGER), entry(made, "approval_deadline"), ASKED + 8 * A_DAY).after


def renewing() -> Booking:
    """The card on file is being asked for the same again."""
    return rings(set_aside(), "authorisation_ends-1")


def approved(made: Booking) -> Booking:
    """The hotel has said yes."""
    return acts.approved(made, act(ENDS, actor=MANAGER)).after


DESK_HEARS = NoticeWish("deadline_near", "staff", data={"who": "desk"})
OLD, NEW = about(1, "authorisation", 20_000), about(2, "authorisation", 20_000)


def test_the_yes_and_the_money_together_make_the_booking_firm() -> None:
    """And the money before the yes does not: the guest hears that it was taken."""
    firm = answer(approved(set_aside()), ENDS, **taken(20_000))
    assert (firm.what, firm.after.status, firm.difference) == ("confirmed_by_payment", Status.CONFIRMED, OLD)
    early = answer(rings(set_aside(WhenLapsing.CAPTURE), "authorisation_ends-1"), ENDS, **taken(20_000))
    assert outcome(early) == Outcome("payment_came", Status.PENDING, OLD, letters=(received(1),))


@pytest.mark.parametrize(
    ("seen", "event", "code", "orders", "letters"),
    [
        (SET_ASIDE, "payment_authorised", "", ((Verb.VOID, 1, 0),), ()),
        (PROCESSED, "payment_processing", "", (), ()),
        (NO, "payment_declined", "card_declined", (), (DESK_HEARS,)),
        (WAITS, "payment_offered", "", ((Verb.CLOSE, 2, 0),), (DESK_HEARS,)),
        ({"state": PayState.VOIDED}, "payment_ended", "", (), ()),
    ],
    ids=["set aside", "processing", "declined", "wants the guest", "ended"],
)
def test_what_the_card_says_to_a_renewal(
    seen: dict[str, Any], event: str, code: str, orders: tuple[Any, ...], letters: tuple[NoticeWish, ...]
) -> None:
    """The request goes on being asked: the newer stands and the old one is let go, or the desk is told."""
    step = answer(renewing(), ENDS, **seen)
    facts = about(2, "authorisation", 20_000, code)
    assert outcome(step) == Outcome(event, Status.PENDING, facts, orders=orders, letters=letters)


@pytest.mark.parametrize("seen", [NO, WAITS], ids=["declined", "wants the guest"])
def test_after_the_yes_nobody_is_reminded_of_the_answer(seen: dict[str, Any]) -> None:
    """The old one is being taken; a renewal that fails then is of no interest to the desk."""
    step = answer(approved(renewing()), ENDS, 2, **seen)
    assert (step.after.status, step.notices, step.after.purse.yes_given) == (Status.PENDING, (), True)


@pytest.mark.parametrize("state", [PayState.VOIDED, PayState.AUTH_EXPIRED])
def test_the_end_of_the_old_one_is_told_as_a_release(state: PayState) -> None:
    """The newer stands: the request goes on."""
    both = hears(renewing(), ENDS, capture_before=ENDS + 7 * A_DAY, **SET_ASIDE)
    assert outcome(answer(both, ENDS, 1, state=state)) == Outcome("authorisation_released", Status.PENDING, OLD)


@pytest.mark.parametrize("state", [PayState.VOIDED, PayState.AUTH_EXPIRED, PayState.DECLINED])
def test_the_end_of_the_only_one_asks_the_guest_to_pay_anew(state: PayState) -> None:
    """With a day to do so."""
    step = answer(set_aside(), ENDS, state=state)
    until = ENDS + A_DAY
    word = "payment_declined" if state is PayState.DECLINED else "payment_ended"
    assert outcome(step) == Outcome(
        word, Status.HELD, OLD, letters=(NoticeWish("payment_failed", "guest", useful_until=until),)
    )
    made = step.after
    assert (made.hold_expires_at, made.held_for, made.approval_deadline) == (until, "payment", None)


def test_a_renewal_that_wants_the_guest_after_the_old_one_lapsed_is_offered() -> None:
    """The one that stood was being taken before it ended in the story: the page waits for the guest."""
    made = renewing()
    paid = hears(
        replace(made, purse=made.purse.ordering(Verb.CAPTURE, 1, amount_minor=20_000)), ENDS, 1, **taken(20_000)
    )
    assert outcome(answer(paid, ENDS, 2, **WAITS)) == Outcome("payment_offered", Status.PENDING, NEW)


def paid(way: Way = Way.DEPOSIT) -> Booking:
    """The deposit of 100.00, or the whole 200.00, has made the booking firm."""
    return pays(asked_to_pay(held(way)))


def test_a_balance_that_is_paid_brings_a_letter_and_gives_nothing_back() -> None:
    """100.00 of deposit, 100.00 more before the arrival."""
    step = answer(asked_to_pay(paid()), **taken(10_000))
    assert outcome(step) == Outcome(
        "payment_came", Status.CONFIRMED, about(2, "balance", 10_000), letters=(received(2),)
    )
    assert (step.after.paid_minor, step.after.balance_minor) == (20_000, 0)


@pytest.mark.parametrize(
    ("cash", "back", "left"), [(1, 1, 0), (6_000, 6_000, 0), (10_000, 10_000, 0), (15_000, 10_000, -5_000)]
)
def test_what_the_desk_took_meanwhile_makes_a_payment_too_much(cash: int, back: int, left: int) -> None:
    """100.00 are open and asked for on a page, 60.00 come in cash, then the 100.00: 60.00 of those go back.

    Never more than that payment: of 150.00 in cash the 50.00 too much are for the desk to give back.
    """
    page = asked_to_pay(paid())
    desk = acts.payment_taken(page, act(), "cash", cash, "").after
    step = answer(desk, number=2, **taken(10_000))
    assert outcome(step) == Outcome(
        "payment_came", Status.CONFIRMED, about(2, "balance", 10_000), orders=((Verb.REFUND, 2, back),),
        refunds=((2, back, "overpaid"),), letters=(received(2),),
    )  # fmt: skip
    assert step.after.balance_minor == left


def test_a_second_payment_of_the_same_goes_back_in_full() -> None:
    """The deposit came in cash a moment before the card's: of 100.00 and 100.00 the later goes back, though 100.00
    are still open for the stay.
    """
    page = asked_to_pay(held())
    cash = acts.payment_taken(page, act(), "cash", 10_000, "").after
    step = answer(cash, number=1, **taken(10_000))
    assert outcome(step) == Outcome(
        "payment_came", Status.CONFIRMED, about(1, "deposit", 10_000), orders=((Verb.REFUND, 1, 10_000),),
        refunds=((1, 10_000, "second"),), letters=(received(1),),
    )  # fmt: skip
    assert (step.after.paid_minor, step.after.balance_minor) == (10_000, 10_000)


def charged() -> Booking:
    """The day of a later deposit has come: 100.00 are asked of the card on file."""
    return rings(card_kept(Way.DEPOSIT, due_days=7), "deposit_due")


DUE = datetime.fromisoformat("2027-03-03T06:30:00+00:00")


@pytest.mark.parametrize(
    ("seen", "event", "code", "letter"),
    [
        (PROCESSED, "payment_processing", "", None),
        (NO, "payment_declined", "card_declined", "payment_failed"),
        (WAITS, "payment_declined", "", "payment_authenticate"),
    ],
    ids=["processing", "declined", "wants the guest"],
)
def test_what_the_card_says_to_a_later_deposit(seen: dict[str, Any], event: str, code: str, letter: str | None) -> None:
    """Without it the guest is asked, and has two days; while it is processed nobody is."""
    step = answer(charged(), DUE, **seen)
    until = DUE + 2 * A_DAY if letter else None
    letters = (NoticeWish(letter, "guest", useful_until=until),) if letter else ()
    assert outcome(step) == Outcome(event, Status.CONFIRMED, about(2, "deposit", 10_000, code), letters=letters)
    assert (step.after.purse.due_until, step.after.purse.deposit_open) == (until, True)


def test_a_later_deposit_that_comes_after_all_closes_it() -> None:
    """The card said no, the guest pays by the link: nothing is due any more, and no clock of it runs."""
    failed = hears(charged(), DUE, **NO)
    page = asked_to_pay(failed, DUE + AN_HOUR)
    # A card that says no on the page as well is the guest's own affair: the time that was given stays.
    again = answer(page, DUE + 2 * AN_HOUR, **NO)
    assert outcome(again) == Outcome("payment_declined", Status.CONFIRMED, about(3, "deposit", 10_000, "card_declined"))
    assert again.after.purse.due_until == DUE + 2 * A_DAY
    step = answer(page, DUE + 2 * AN_HOUR, **taken(10_000))
    assert outcome(step) == Outcome(
        "payment_came", Status.CONFIRMED, about(3, "deposit", 10_000), letters=(received(3),)
    )
    assert (step.after.purse.deposit_open, step.after.purse.due_until) == (False, None)


def test_a_balance_leaves_a_later_deposit_open() -> None:
    """What was asked for on the page before the deposit's day was the card alone; other money is not the deposit."""
    made = charged()
    other = replace(made.purse.payments[1], purpose="balance")
    step = answer(replace(made, purse=made.purse.with_payment(other)), DUE, **taken(5_000))
    assert step.after.purse.deposit_open


def test_what_is_set_aside_for_a_firm_booking_is_let_go() -> None:
    """The desk vouched for the guest meanwhile."""
    page = asked_to_pay(held(Way.AUTHORISE, base=KOCHI))
    firm = acts.confirmed(page, act(actor=MANAGER, reason="A regular.")).after
    assert outcome(answer(firm, **SET_ASIDE)) == Outcome(
        "payment_authorised", Status.CONFIRMED, OLD, orders=((Verb.VOID, 1, 0),)
    )


def test_money_of_another_kind_brings_no_letter_of_a_fee() -> None:
    """A page of a booking that was given up: what comes goes back, and that is told when it is on its way."""
    ended = acts.cancelled(asked_to_pay(held()), act(), (1,)).after
    step = answer(ended, **taken(10_000))
    assert outcome(step) == Outcome(
        "payment_came", Status.CANCELLED, about(1, "deposit", 10_000), orders=((Verb.REFUND, 1, 10_000),),
        refunds=((1, 10_000, "ended"),),
    )  # fmt: skip


def test_a_card_that_is_kept_for_a_firm_booking_is_told() -> None:
    """The desk vouched for the guest, who then left the card all the same; or after giving the booking up."""
    page = asked_to_pay(held(Way.GUARANTEE))
    firm = acts.confirmed(page, act(actor=MANAGER, reason="A regular.")).after
    gone = acts.cancelled(page, act(), (1,)).after
    for made, status in ((firm, Status.CONFIRMED), (gone, Status.CANCELLED)):
        step = answer(made, state=PayState.SAVED, method_id="pm_1")
        assert outcome(step) == Outcome("card_saved", status, about(1, "guarantee", 0))
        assert step.after.purse.method_id == "pm_1"
