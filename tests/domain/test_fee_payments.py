"""A fee after the end, from the card on file or by the guest's link: docs/rules/payments.md."""

from datetime import datetime
from typing import Any

import pytest

from domain import acts
from domain.answers import Look
from domain.booking import Booking, Status
from domain.paying import payment_wished
from domain.payments import How, PayState, Seen, Verb
from domain.settling import money_is_open
from domain.steps import Act, NoticeWish
from domain.terms import Payment as Way
from domain.told import told
from tests.domain.made import A_DAY, A_MINUTE, ASKED, GUEST, MANAGER, act, entry, keys
from tests.domain.outcomes import Outcome, about, orders, outcome, received
from tests.domain.payers import answer, asked_to_pay, hears, held, taken

WAITS = {"state": PayState.NEEDS_GUEST}
PROCESSED = {"state": PayState.PROCESSING}
NO = {"state": PayState.DECLINED, "code": "card_declined"}


def card_kept() -> Booking:
    """Confirmed by a card that is on file; nothing was taken."""
    page = asked_to_pay(held(Way.GUARANTEE))
    return hears(page, state=PayState.SAVED, method_id="pm_1", customer_id="cus_1")


def missed() -> Booking:
    """Nobody came: the first night, 100.00, is charged to the card on file."""
    made = card_kept()
    return acts.no_show(made, act(entry(made, "no_show-1").at), (1,)).after


@pytest.mark.parametrize(
    ("seen", "event", "code", "letters"),
    [
        (taken(10_000), "payment_came", "", (received(2),)),
        (WAITS, "payment_offered", "", (NoticeWish("payment_authenticate", "guest"),)),
        (NO, "payment_declined", "card_declined", (NoticeWish("payment_failed", "guest"),)),
        (PROCESSED, "payment_processing", "", ()),
    ],
    ids=["taken", "wants the guest", "declined", "processing"],
)
def test_what_the_card_says_to_a_fee(
    seen: dict[str, Any], event: str, code: str, letters: tuple[NoticeWish, ...]
) -> None:
    """The guest hears that it was paid, or what is left to do; a card is charged once."""
    step = answer(missed(), **seen)
    facts = about(2, "fee", 10_000, code)
    closes = ((Verb.CLOSE, 2, 0),) if seen is WAITS else ()
    assert outcome(step) == Outcome(event, Status.NO_SHOW, facts, orders=closes, letters=letters)


@pytest.mark.parametrize(
    ("seen", "event", "letters"),
    [
        (taken(10_000), "payment_came", (received(3),)),
        (NO, "payment_declined", ()),
        (PROCESSED, "payment_processing", ()),
    ],
    ids=["taken", "declined", "processing"],
)
def test_a_fee_that_the_guest_pays_by_the_link(
    seen: dict[str, Any], event: str, letters: tuple[NoticeWish, ...]
) -> None:
    """Who is at the page sees there that it did not work: no letter tells of it."""
    page = asked_to_pay(hears(missed(), **NO))
    step = answer(page, **seen)
    assert (step.what, step.notices, step.after.status) == (event, letters, Status.NO_SHOW)


def linked(how: How = How.HOSTED_PAGE) -> Booking:
    """The card said no, and the guest has opened the link that asks for the 100.00."""
    return asked_to_pay(hears(missed(), **NO), how=how)


@pytest.mark.parametrize("how", [How.HOSTED_PAGE, How.INTENT])
def test_a_page_for_the_fee_stays_open_although_the_booking_has_ended(how: How) -> None:
    """It is what the guest was asked to use; it is looked at like any other, and the story goes on meanwhile."""
    step = payment_wished(hears(missed(), **NO), Act(ASKED, GUEST, "web"), how).step
    assert step is not None
    assert outcome(step) == Outcome(
        "payment_started", Status.NO_SHOW, {"payment": 3, "purpose": "fee", "amount_minor": 10_000},
        orders=((Verb.BEGIN, 3, 10_000),),
    )  # fmt: skip
    page = linked(how)
    assert (orders(page), money_is_open(page)) == ([], True)
    assert entry(page, "payment_check-3").at == ASKED + A_MINUTE
    again = payment_wished(page, Act(ASKED, GUEST, "web"), how)
    assert (again.step, again.waits_for) == (None, None)


def test_a_fee_that_was_paid_by_the_link_ends_the_matter() -> None:
    """Nothing is owed, nothing goes back, and nothing is looked for any more."""
    step = answer(linked(), **taken(10_000))
    assert outcome(step) == Outcome("payment_came", Status.NO_SHOW, about(3, "fee", 10_000), letters=(received(3),))
    assert (step.after.balance_minor, money_is_open(step.after), keys(step.after)) == (0, False, [])


@pytest.mark.parametrize("way", ["waived", "paid in cash"])
def test_a_page_for_a_fee_that_is_no_longer_owed_is_closed(way: str) -> None:
    """The manager waives it, or the desk has taken it; what comes all the same goes back."""
    page = linked()
    if way == "waived":
        over = acts.fee_waived(page, act(actor=MANAGER, reason="Goodwill."), (1,)).after
    else:
        over = acts.payment_taken(page, act(), "cash", 10_000, "").after
    assert (orders(over), over.balance_minor) == ([(Verb.CLOSE, 3, 0)], 0)
    late = answer(over, number=3, **taken(10_000))
    assert late.after.purse.refunds[0].amount_minor == 10_000
    assert (orders(late.after), late.after.balance_minor) == ([(Verb.REFUND, 3, 10_000)], 0)


def test_a_page_for_a_fee_that_is_left_lying_is_closed_after_three_days() -> None:
    """It is looked at every hour until then; the guest may ask for another one afterwards."""
    page, last = linked(), ASKED + 3 * A_DAY
    early = looked(page, last - A_MINUTE)
    assert orders(early) == []
    assert entry(early, "payment_check-3").at == ASKED + 5 * A_MINUTE
    closed = looked(page, last)
    assert orders(closed) == [(Verb.CLOSE, 3, 0)]
    over = hears(closed, last, state=PayState.VOIDED)
    assert (money_is_open(over), keys(over)) == (False, [])
    anew = payment_wished(over, Act(last, GUEST, "web"), How.HOSTED_PAGE).step
    assert anew is not None
    assert orders(anew.after) == [(Verb.BEGIN, 4, 10_000)]


def looked(made: Booking, now: datetime) -> Booking:
    """The clock of the page has it looked at: it still waits for the guest."""
    step = told(made, Look(3, checked=True), Seen(state=PayState.NEEDS_GUEST), Act(now))
    assert step is not None
    return step.after
