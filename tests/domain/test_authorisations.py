"""How money that a card's bank has set aside ends, order by order: docs/rules/payments.md, "An authorisation near its
end".
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.attempts import retry_until, with_attempt
from domain.booking import Booking, Status
from domain.changing import clock_moved
from domain.lapsing import authorisation_ends, one_set_aside, taken_on_yes
from domain.payments import How, Order, Payment, PayState, Purse, Verb
from domain.steps import Act, Step
from domain.terms import Payment as Way
from domain.terms import WhenLapsing
from tests.domain.made import ASKED, GUEST, KOCHI, MANAGER, act, entry
from tests.domain.outcomes import changed, letters, orders
from tests.domain.payers import asked_to_pay, hears, held, online

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEAR = ASKED + 6 * DAY + 12 * HOUR
SET_ASIDE: dict[str, Any] = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}
KEY = "authorisation_ends-1"


def near_its_end(rule: WhenLapsing = WhenLapsing.RENEW, card: str = "pm_1") -> Booking:
    """200.00 are set aside for seven days, and the hotel's answer is due in nine."""
    made = asked_to_pay(held(Way.AUTHORISE, base=KOCHI, when_authorisation_ends=rule))
    asked = hears(made, capture_before=ASKED + 7 * DAY, method_id=card, **SET_ASIDE)
    return clock_moved(asked, act(actor=MANAGER), entry(asked, "approval_deadline"), ASKED + 9 * DAY).after


def rings(made: Booking) -> Step:
    """The bank's first clock rings."""
    return clock_rang(made, [entry(made, KEY)], Act(NEAR))


FACTS = {"payment": 1, "amount_minor": 20_000}
STILL_OPEN = [("deadline_near", "staff", None, {"who": "desk"})]


def test_the_same_is_set_aside_anew_on_the_card_on_file() -> None:
    """A second payment of 200.00, without the guest; the first stands until the bank has answered."""
    made = near_its_end()
    step = rings(made)
    assert (step.what, step.difference, step.notices) == ("authorisation_renewed", FACTS, ())
    renewal = Payment(2, "authorisation", "stripe", How.OFF_SESSION, PayState.CREATED, 20_000, NEAR)
    assert changed(made, step.after) == {
        "payments": 2,
        "fired": (KEY,),
        "purse.payments": (made.purse.payments[0], renewal),
        "purse.orders": (Order(2, Verb.CHARGE, 2, amount_minor=20_000, attempt=2),),
        "purse.ordered": 2,
    }


def test_what_is_set_aside_is_taken_before_it_ends() -> None:
    """All of it, by one order; the request is still open."""
    made = near_its_end(WhenLapsing.CAPTURE)
    step = rings(made)
    assert (step.what, step.difference, step.notices) == ("authorisation_taken", FACTS, ())
    assert changed(made, step.after) == {
        "fired": (KEY,),
        "purse.orders": (Order(2, Verb.CAPTURE, 1, amount_minor=20_000, attempt=2),),
        "purse.ordered": 2,
    }


@pytest.mark.parametrize("why", ["the rule", "no card on file", "the guest is paying", "nothing is asked for"])
def test_the_desk_is_told_that_its_answer_is_open(why: str) -> None:
    """By the hotel's rule, or where nothing can be set aside anew."""
    made = near_its_end(WhenLapsing.ASK if why == "the rule" else WhenLapsing.RENEW, "" if "card" in why else "pm_1")
    if why == "the guest is paying":
        page = replace(made.purse.payments[0], number=2, state=PayState.NEEDS_GUEST)
        made = replace(made, purse=made.purse.with_payment(page))
    if why == "nothing is asked for":
        made = acts.payment_taken(made, act(), "cash", 20_000, "").after
    step = rings(made)
    assert (step.what, step.difference, letters(step)) == ("authorisation_near_end", FACTS, STILL_OPEN)
    assert changed(made, step.after) == {"fired": (KEY,)}


@pytest.mark.parametrize("rule", [WhenLapsing.CAPTURE, WhenLapsing.ASK])
def test_what_the_bank_let_go_meanwhile_is_not_taken(rule: WhenLapsing) -> None:
    """The desk is told; there is no payment to name."""
    made = near_its_end(rule)
    lapsed = replace(made.purse.payments[0], state=PayState.AUTH_EXPIRED)
    step = authorisation_ends(replace(made, purse=made.purse.with_payment(lapsed)), KEY, Act(NEAR))
    assert (step.what, step.difference) == ("authorisation_near_end", {"payment": 0, "amount_minor": 0})
    assert (letters(step), orders(step.after)) == (STILL_OPEN, [])


def purse(*payments: tuple[int, PayState]) -> Purse:
    """Payments of 200.00 each in these states."""
    made = Purse()
    for number, state in payments:
        made = made.with_payment(Payment(number, "authorisation", "stripe", How.INTENT, state, 20_000, ASKED))
    return made


A, C = PayState.AUTHORISED, PayState.CAPTURED
TWO = purse((1, A), (2, A))


@pytest.mark.parametrize(
    ("before", "came", "then"),
    [
        (purse((1, A)), 1, []),
        (TWO, 2, [(Verb.VOID, 1)]),
        (purse((1, C), (2, A)), 2, []),
        (purse((1, A), (2, A), (3, A)), 3, [(Verb.VOID, 1), (Verb.VOID, 2)]),
        (TWO.ordering(Verb.VOID, 1), 2, [(Verb.VOID, 1)]),
        (TWO.ordering(Verb.CAPTURE, 1), 2, [(Verb.CAPTURE, 1), (Verb.VOID, 2)]),
        (TWO.ordering(Verb.CAPTURE, 2), 2, [(Verb.CAPTURE, 2), (Verb.VOID, 1)]),
        (TWO.ordering(Verb.CAPTURE, 1).ordering(Verb.VOID, 2), 2, [(Verb.CAPTURE, 1), (Verb.VOID, 2)]),
    ],
    ids=[
        "one", "a newer one", "the older was taken", "two older ones", "the older is being let go",
        "the older is being taken", "the newer is being taken", "all is under way",
    ],
)  # fmt: skip
def test_only_one_authorisation_stays(before: Purse, came: int, then: list[Any]) -> None:
    """The one that is being taken, else the one that came last; every other is let go once."""
    payment = before.payment(came)
    assert payment is not None
    assert [(one.verb, one.payment) for one in one_set_aside(before, payment).orders] == then


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (purse(), []),
        (purse((1, C)), []),
        (purse((1, A)), [(Verb.CAPTURE, 1, 20_000)]),
        (TWO, [(Verb.CAPTURE, 2, 20_000), (Verb.VOID, 1, 0)]),
        (TWO.ordering(Verb.VOID, 2), [(Verb.VOID, 2, 0), (Verb.CAPTURE, 1, 20_000)]),
        (purse((1, A)).ordering(Verb.CAPTURE, 1, amount_minor=20_000), [(Verb.CAPTURE, 1, 20_000)]),
        (purse((1, A), (2, C)).ordering(Verb.CAPTURE, 2), [(Verb.CAPTURE, 2, 0), (Verb.CAPTURE, 1, 20_000)]),
        (purse((1, A)).ordering(Verb.CLOSE, 1), [(Verb.CLOSE, 1, 0), (Verb.CAPTURE, 1, 20_000)]),
    ],
    ids=[
        "nothing", "taken already", "one", "two", "the newer is being let go", "it is being taken",
        "another is being taken", "its page is being closed",
    ],
)  # fmt: skip
def test_a_yes_takes_the_newest_authorisation(before: Purse, then: list[Any]) -> None:
    """All of it, by one order; an older one is let go."""
    assert [(one.verb, one.payment, one.amount_minor) for one in taken_on_yes(before).orders] == then


def test_the_yes_waits_for_the_bank() -> None:
    """The booking stays a request until 200.00 are taken, and its deadline is met."""
    made = near_its_end()
    step = acts.approved(made, act(ASKED + HOUR, MANAGER))
    assert (step.what, letters(step), orders(step.after)) == ("approval_given", [], [(Verb.CAPTURE, 1, 20_000)])
    assert (step.after.status, step.after.approval_deadline, step.after.purse.yes_given) == (
        Status.PENDING, None, True,
    )  # fmt: skip
    assert step.after.version == made.version + 1


@pytest.mark.parametrize(
    ("how", "verb"),
    [(How.HOSTED_PAGE, Verb.BEGIN), (How.INTENT, Verb.BEGIN), (How.OFF_SESSION, Verb.CHARGE)],
)
def test_a_payment_begins_with_one_order(how: How, verb: Verb) -> None:
    """The card on file is charged; everything else begins with a page or an intent. Numbers go on from the last."""
    made = replace(acts.opened(online(), act(actor=GUEST)).after, payments=4)
    after = with_attempt(made, "deposit", how, 10_000, NEAR)
    assert changed(made, after) == {
        "payments": 5,
        "purse.payments": (Payment(5, "deposit", "stripe", how, PayState.CREATED, 10_000, NEAR),),
        "purse.orders": (Order(1, verb, 5, amount_minor=10_000, attempt=1),),
        "purse.ordered": 1,
    }
    assert after.paid_minor == 0


def test_a_deposit_that_the_card_did_not_give_can_be_paid_for_so_long() -> None:
    """48 hours by default, else as the hotel says."""
    assert (retry_until(online(), NEAR), retry_until(online(retry_hours=6), NEAR)) == (NEAR + 2 * DAY, NEAR + 6 * HOUR)
