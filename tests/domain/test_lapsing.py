"""An authorisation that ends before the hotel has answered: docs/rules/payments.md."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.agenda import agenda
from domain.alarms import clock_rang
from domain.answers import Look
from domain.booking import Booking, Status
from domain.changing import clock_moved
from domain.obligations import payment_in_words
from domain.payments import How, PayState, Seen, Verb
from domain.steps import Act, Step
from domain.terms import Payment as Way
from domain.terms import WhenLapsing
from domain.told import told
from domain.waiting import waiting_for
from tests.domain.made import ASKED, KOCHI, MANAGER, act, entry, keys
from tests.domain.payers import answer, asked_to_pay, hears, held, terms
from workflows.teller import provider_order

HOUR = timedelta(hours=1)
LAPSES = ASKED + timedelta(days=7)
ENDS = LAPSES - 12 * HOUR
LATER = ASKED + timedelta(days=9)
SET_ASIDE = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}


def requested(lapses: datetime = LAPSES, method: str = "pm_1", **online: Any) -> Booking:
    """200.00 are set aside for a request; the hotel's answer is awaited."""
    made = asked_to_pay(held(Way.AUTHORISE, base=KOCHI, **online))
    return hears(made, capture_before=lapses, method_id=method, customer_id="cus_1", **SET_ASIDE)


def put_off(made: Booking, at: datetime = LATER) -> Booking:
    """The manager moves the clock of the hotel's answer past the authorisation's end."""
    return clock_moved(made, act(actor=MANAGER), entry(made, "approval_deadline"), at).after


def rings(made: Booking, key: str = "authorisation_ends-1") -> Step:
    """What is done when that clock rings."""
    line = entry(made, key)
    return clock_rang(made, [line], Act(line.at))


def asked(made: Booking) -> list[tuple[Verb, int]]:
    """What the provider is to do."""
    return [(order.verb, order.payment) for order in made.purse.orders]


def states(made: Booking) -> list[PayState]:
    """Where each payment is."""
    return [one.state for one in made.purse.payments]


def renewed() -> Booking:
    """The card on file is being asked for the same again."""
    return rings(put_off(requested())).after


def test_the_banks_clocks_run_only_where_somebody_moved_the_hotels_past_them() -> None:
    """By itself the hotel's answer is due before them."""
    made = requested()
    assert entry(made, "approval_deadline").at <= ENDS
    assert not [key for key in keys(made) if key.startswith("authorisation")]
    between = put_off(made, ENDS + HOUR)
    assert [key for key in keys(between) if key.startswith("authorisation")] == ["authorisation_ends-1"]
    later = put_off(made)
    ends, lapses = entry(later, "authorisation_ends-1"), entry(later, "authorisation_lapses-1")
    assert (ends.at, lapses.at) == (ENDS, LAPSES)
    assert (ends.set_by.kind, ends.movable, lapses.movable) == ("bank", False, False)
    assert waiting_for(later).startswith("Waiting for the hotel's answer until Wed 10 Mar 2027")


def test_a_short_authorisation_is_looked_after_in_its_second_half() -> None:
    """One hour from 10:00: half past ten."""
    made = put_off(requested(lapses=ASKED + HOUR))
    assert entry(made, "authorisation_ends-1").at == ASKED + HOUR / 2


def test_a_renewal_stands_before_the_old_one_is_let_go() -> None:
    """The card on file is asked, without the guest; the deadline stays where the manager put it."""
    step = rings(put_off(requested()))
    made = step.after
    assert (step.what, step.notices) == ("authorisation_renewed", ())
    assert asked(made) == [(Verb.CHARGE, 2)]
    new = made.purse.payments[1]
    assert (new.purpose, new.how, new.amount_minor) == ("authorisation", How.OFF_SESSION, 20_000)
    order = provider_order(made, new, Look(2, None, made.purse.orders[0]), ENDS)
    assert (order.manual, order.method_id) == (True, "pm_1")
    both = hears(made, ENDS, capture_before=ENDS + timedelta(days=7), **SET_ASIDE)
    assert (both.status, states(both)) == (Status.PENDING, [PayState.AUTHORISED] * 2)
    assert asked(both) == [(Verb.VOID, 1)]
    released = answer(both, ENDS, 1, state=PayState.VOIDED)
    assert (released.what, released.after.status) == ("authorisation_released", Status.PENDING)
    assert entry(released.after, "approval_deadline").at == LATER
    assert not [key for key in keys(released.after) if key.endswith("-1") and key.startswith("authorisation")]
    last = acts.approved(released.after, act(actor=MANAGER)).after
    assert asked(last) == [(Verb.CAPTURE, 2)]


def test_a_yes_while_both_stand_takes_one_of_them() -> None:
    """The newer is taken; the older is on its way to be let go already."""
    both = hears(renewed(), ENDS, capture_before=ENDS + timedelta(days=7), **SET_ASIDE)
    yes = acts.approved(both, act(actor=MANAGER)).after
    assert asked(yes) == [(Verb.VOID, 1), (Verb.CAPTURE, 2)]


@pytest.mark.parametrize("first", ["captured", "renewed"])
def test_a_renewal_that_a_yes_overtakes_is_let_go(first: str) -> None:
    """In both orders of the provider's answers: 200.00 are taken, never 400.00."""
    yes = acts.approved(renewed(), act(actor=MANAGER)).after
    assert asked(yes) == [(Verb.CHARGE, 2), (Verb.CAPTURE, 1)]
    paid = {"state": PayState.CAPTURED, "captured_minor": 20_000, "amount_minor": 20_000, "currency": "INR"}
    late = {"capture_before": ENDS + timedelta(days=7), **SET_ASIDE}
    for number in (1, 2) if first == "captured" else (2, 1):
        yes = hears(yes, ENDS, number, **(paid if number == 1 else late))
    assert (yes.status, yes.paid_minor) == (Status.CONFIRMED, 20_000)
    assert asked(yes) == [(Verb.VOID, 2)]
    end = hears(yes, ENDS, 2, state=PayState.VOIDED)
    assert (end.status, end.paid_minor, end.balance_minor, asked(end)) == (Status.CONFIRMED, 20_000, 0, [])


@pytest.mark.parametrize(
    ("seen", "orders"),
    [({"state": PayState.DECLINED, "code": "card_declined"}, []), ({"state": PayState.NEEDS_GUEST}, [(Verb.CLOSE, 2)])],
)
def test_a_card_that_gives_nothing_leaves_the_old_one_standing(seen: dict[str, Any], orders: list[Any]) -> None:
    """The desk is told, a yes still takes what stands; once that lapses the guest is asked."""
    step = answer(renewed(), ENDS, **seen)
    made = step.after
    assert (made.status, asked(made)) == (Status.PENDING, orders)
    assert [(one.kind, one.audience) for one in step.notices] == [("deadline_near", "staff")]
    if orders:
        made = answer(made, ENDS, 2, state=PayState.VOIDED).after
        assert made.status is Status.PENDING
    assert asked(acts.approved(made, act(actor=MANAGER)).after)[-1] == (Verb.CAPTURE, 1)
    gone = answer(made, LAPSES, 1, state=PayState.AUTH_EXPIRED)
    assert (gone.after.status, gone.after.held_for) == (Status.HELD, "payment")
    assert gone.after.hold_expires_at == LAPSES + 24 * HOUR
    assert [one.kind for one in gone.notices] == ["payment_failed"]


def test_without_a_card_on_file_the_desk_is_told() -> None:
    """Nothing is asked of the provider, and the clock does not ring again."""
    step = rings(put_off(requested(method="")))
    assert (step.what, asked(step.after)) == ("authorisation_near_end", [])
    assert [(one.kind, one.data["who"]) for one in step.notices] == [("deadline_near", "desk")]
    assert "authorisation_ends-1" not in keys(step.after)


def test_by_the_rule_ask_nothing_is_renewed() -> None:
    """The desk is told."""
    step = rings(put_off(requested(when_authorisation_ends=WhenLapsing.ASK)))
    assert (step.what, asked(step.after)) == ("authorisation_near_end", [])


def captured() -> Booking:
    """By the hotel's rule it is taken before the answer."""
    step = rings(put_off(requested(when_authorisation_ends=WhenLapsing.CAPTURE)))
    assert (step.what, asked(step.after)) == ("authorisation_taken", [(Verb.CAPTURE, 1)])
    paid = answer(step.after, ENDS, state=PayState.CAPTURED, captured_minor=20_000, amount_minor=20_000, currency="INR")
    assert (paid.what, paid.after.status) == ("payment_came", Status.PENDING)
    assert [one.kind for one in paid.notices] == ["payment_received"]
    return paid.after


def test_what_was_taken_before_the_yes_makes_the_booking_firm_with_it() -> None:
    """And goes back in full without one."""
    yes = acts.approved(captured(), act(actor=MANAGER)).after
    assert (yes.status, yes.balance_minor, asked(yes)) == (Status.CONFIRMED, 0, [])
    no = acts.declined(captured(), act(actor=MANAGER)).after
    assert (no.status, asked(no), no.purse.refunds[0].amount_minor) == (Status.REJECTED, [(Verb.REFUND, 1)], 20_000)
    silent = captured()
    late = clock_rang(silent, [entry(silent, "approval_deadline")], Act(LATER)).after
    assert (late.status, asked(late)) == (Status.EXPIRED, [(Verb.REFUND, 1)])


def test_a_yes_while_it_is_being_taken_takes_it_once() -> None:
    """The order that is out already serves both."""
    taken = rings(put_off(requested(when_authorisation_ends=WhenLapsing.CAPTURE))).after
    yes = acts.approved(taken, act(actor=MANAGER)).after
    assert (yes.purse.yes_given, asked(yes)) == (True, [(Verb.CAPTURE, 1)])


def test_a_lapse_is_looked_for_every_hour_until_the_bank_says_so() -> None:
    """The looks of the page before do not count."""
    made = put_off(requested(method=""))
    made = rings(made).after
    assert made.purse.payments[0].checks == 0
    for n in range(3):
        line = entry(made, "authorisation_lapses-1")
        assert line.at == LAPSES + n * HOUR
        made = looked(made, line.at, **SET_ASIDE)
    assert looked(made, LAPSES + 3 * HOUR, state=PayState.AUTH_EXPIRED).status is Status.HELD


def looked(made: Booking, now: datetime, **seen: Any) -> Booking:
    """A clock of the agenda has the first payment looked at."""
    step = told(made, Look(1, None, None, checked=True), Seen(**seen), Act(now))
    assert step is not None
    return step.after


def test_a_renewal_that_comes_after_the_end_brings_nothing_back() -> None:
    """The request expired meanwhile: what is set aside is let go, and no room is taken again."""
    made = renewed()
    gone = clock_rang(made, [entry(made, "approval_deadline")], Act(LATER)).after
    assert gone.status is Status.EXPIRED
    late = hears(gone, LATER, 2, capture_before=LATER + timedelta(days=7), **SET_ASIDE)
    assert late.status is Status.EXPIRED
    assert (Verb.VOID, 2) in asked(late)


def test_an_alert_is_of_use_until_the_clock_wherever_it_was_moved() -> None:
    """The reminders follow the clock of the answer."""
    moved = put_off(requested())
    for key in ("approval_alert_desk", "approval_alert_manager"):
        [letter] = rings(moved, key).notices
        assert (letter.kind, letter.useful_until) == ("deadline_near", None)


def test_the_guest_reads_what_becomes_of_an_authorisation() -> None:
    """Before paying."""
    words = {rule: payment_in_words(terms(Way.AUTHORISE, KOCHI, when_authorisation_ends=rule)) for rule in WhenLapsing}
    assert words[WhenLapsing.RENEW].endswith("An authorisation that would end before that is renewed.")
    assert "without a yes you get it all back" in words[WhenLapsing.CAPTURE]
    assert words[WhenLapsing.ASK].endswith("you are asked to pay again.")


def test_a_card_is_kept_for_a_renewal_also_where_fees_are_not_charged() -> None:
    """And not where nothing needs it."""
    for rule, kept in ((WhenLapsing.RENEW, True), (WhenLapsing.ASK, False)):
        made = held(Way.AUTHORISE, base=KOCHI, charge_fees=False, when_authorisation_ends=rule)
        begun = asked_to_pay(made)
        payment = begun.purse.payments[0]
        assert provider_order(begun, payment, Look(1), ASKED).save_card is kept


def test_no_clock_of_the_bank_after_the_yes() -> None:
    """What is being taken needs no looking after."""
    yes = acts.approved(put_off(requested()), act(actor=MANAGER)).after
    assert not [line.key for line in agenda(yes) if line.key.startswith("authorisation")]
