"""A fee that is still open when a booking has ended, from the card on file or by a link: docs/rules/payments.md."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import acts
from domain.booking import Booking, Status
from domain.paying import payment_wished
from domain.payments import How, Payment, PayState, Verb
from domain.settling import money_is_open, settled
from domain.steps import Act
from tests.domain.endings import LATE, PAGE, cancelled, guaranteed, opens_a_page
from tests.domain.made import ASKED, GUEST, MANAGER, act, entry, march
from tests.domain.outcomes import line, orders, refunds
from tests.domain.payers import hears, pays

HOUR = timedelta(hours=1)


def test_a_fee_is_charged_to_the_card_on_file() -> None:
    """A late cancellation and a no-show: one payment of 100.00, without the guest."""
    made = guaranteed()
    missing = acts.no_show(made, act(march(11, 3)), (1,)).after
    for ended, at in ((cancelled(made), LATE), (missing, march(11, 3))):
        fee = Payment(2, "fee", "stripe", How.OFF_SESSION, PayState.CREATED, 10_000, at)
        assert (ended.purse.payments[1:], orders(ended), ended.payments) == ((fee,), [(Verb.CHARGE, 2, 10_000)], 2)
        assert settled(ended, at) == ended


def test_a_fee_that_the_card_did_not_give_waits_for_the_guest() -> None:
    """It is tried once."""
    refused = hears(cancelled(guaranteed()), LATE, state=PayState.DECLINED)
    assert (orders(refused), refused.balance_minor, len(refused.purse.payments)) == ([], 10_000, 2)
    assert settled(refused, LATE + HOUR) == refused


def test_the_fee_that_is_left_is_charged_when_the_orders_are_done() -> None:
    """A page was open: it is closed first, and then the card on file is asked."""
    ended = cancelled(opens_a_page(guaranteed()))
    assert orders(ended) == [(Verb.CLOSE, 2, 0)]
    closed = hears(ended, LATE, state=PayState.VOIDED)
    assert orders(closed) == [(Verb.CHARGE, 3, 10_000)]


@pytest.mark.parametrize(
    ("cash", "charged"),
    [(4_000, [(Verb.CHARGE, 3, 6_000)]), (9_950, [(Verb.CHARGE, 3, 50)]), (9_951, []), (10_000, [])],
)
def test_only_what_is_open_of_a_fee_is_charged(cash: int, charged: list[Any]) -> None:
    """40.00 were paid in cash; less than half a rupee is not charged at all."""
    made = acts.payment_taken(guaranteed(), act(), "cash", cash, "").after
    assert orders(cancelled(made)) == charged


@pytest.mark.parametrize(("cash", "charged"), [(9_999, [(Verb.CHARGE, 3, 1)]), (10_000, []), (10_001, [])])
def test_the_least_of_a_fee_is_charged_where_the_provider_names_no_minimum(cash: int, charged: list[Any]) -> None:
    """One hundredth of a rand, and nothing where nothing is open."""
    made = guaranteed()
    in_rand = replace(made, terms=replace(made.terms, currency="ZAR"))
    assert orders(cancelled(acts.payment_taken(in_rand, act(), "cash", cash, "").after)) == charged


def test_no_fee_is_charged_where_the_terms_or_the_card_do_not_allow_it() -> None:
    """The guest has a link in its place."""
    without = guaranteed(charge_fees=False)
    nothing = replace(guaranteed(), purse=replace(guaranteed().purse, method_id=""))
    for made in (without, nothing):
        ended = cancelled(made)
        assert (ended.balance_minor, orders(ended), len(ended.purse.payments)) == (10_000, [], 1)
    in_time = cancelled(guaranteed(), ASKED + HOUR)
    assert (in_time.balance_minor, orders(in_time)) == (0, [])


def by_link() -> Booking:
    """The card on file gave no fee; the guest has the page that the link leads to."""
    refused = hears(cancelled(guaranteed()), LATE, state=PayState.DECLINED)
    wish = payment_wished(refused, Act(LATE, GUEST, "web"), PAGE)
    assert wish.step is not None
    assert (wish.waits_for, orders(wish.step.after)) == (3, [(Verb.BEGIN, 3, 10_000)])
    return hears(wish.step.after, LATE, state=PayState.CREATED, session_id="cs_3")


def test_a_guest_pays_a_fee_by_the_link() -> None:
    """The page stays open after the booking's end, is looked at without a hint, and pays what is owed."""
    made = by_link()
    assert (orders(made), line(made, "payment_watch")) == ([], None)
    assert entry(made, "payment_check-3").at == LATE + timedelta(minutes=1)
    again = payment_wished(made, Act(LATE, GUEST, "web"), PAGE)
    assert (again.step, again.waits_for) == (None, None)
    paid = pays(made, LATE)
    assert (paid.status, paid.balance_minor, orders(paid), refunds(paid)) == (Status.CANCELLED, 0, [], [])
    assert (money_is_open(made), money_is_open(paid)) == (True, False)


def test_another_page_beside_that_for_the_fee_is_closed() -> None:
    """Only what brings the fee stays open."""
    made = by_link()
    other = replace(made.purse.payments[2], number=4, purpose="balance")
    assert orders(settled(replace(made, purse=made.purse.with_payment(other)), LATE)) == [(Verb.CLOSE, 4, 0)]


def test_a_page_for_a_fee_is_closed_once_nothing_is_owed() -> None:
    """The fee is waived, or paid at the desk."""
    made = by_link()
    for step in (
        acts.fee_waived(made, act(LATE, MANAGER, "Goodwill."), ()),
        acts.payment_taken(made, act(LATE), "cash", 10_000, ""),
    ):
        assert (step.after.balance_minor, orders(step.after)) == (0, [(Verb.CLOSE, 3, 0)])


def test_a_page_for_a_fee_is_closed_after_three_days() -> None:
    """A look before that leaves it open, the first one after it does not."""
    made, days = by_link(), timedelta(hours=72)
    assert orders(settled(made, LATE + days - timedelta(seconds=1))) == []
    assert orders(settled(made, LATE + days)) == [(Verb.CLOSE, 3, 0)]


def test_a_fee_that_is_being_charged_is_not_closed_while_the_provider_is_silent() -> None:
    """The same order is given again; what the bank wants the guest for is ended, and the guest has a link."""
    made = cancelled(guaranteed())
    assert orders(hears(made, LATE, trouble="unreachable")) == [(Verb.CHARGE, 2, 10_000)]
    wants_the_guest = hears(made, LATE, state=PayState.NEEDS_GUEST)
    assert (orders(wants_the_guest), line(wants_the_guest, "payment_check-2")) == ([(Verb.CLOSE, 2, 0)], None)
