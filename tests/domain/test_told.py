"""What the provider's word about a payment means, whatever the booking's status: docs/rules/payments.md."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.answers import Look
from domain.booking import Booking, Status
from domain.paying import payment_wished, refund_asked
from domain.payments import HeldOver, How, Payment, PayState, Seen, Verb
from domain.steps import Act, NoticeWish, Step
from domain.terms import Payment as Way
from domain.told import payment_told, told
from tests.domain.made import A_MINUTE, AN_HOUR, ASKED, GUEST, KOCHI, MANAGER, act, entry, keys
from tests.domain.outcomes import Outcome, about, orders, outcome
from tests.domain.payers import answer, asked_to_pay, hears, held, pays

HOLD_ENDS = ASKED + 30 * A_MINUTE
LIFE = (
    (PayState.CREATED,),
    (PayState.NEEDS_GUEST,),
    (PayState.PROCESSING,),
    (PayState.AUTHORISED,),
    (PayState.VOIDED, PayState.DECLINED, PayState.AUTH_EXPIRED),
    (PayState.SAVED, PayState.CAPTURED),
)
STAGE = {state: stage for stage, states in enumerate(LIFE) for state in states}


def begun(how: How = How.HOSTED_PAGE) -> Booking:
    """A guest has asked to pay the deposit of 100.00; the provider has not answered yet."""
    step = payment_wished(held(), Act(ASKED, GUEST), how).step
    assert step is not None
    return step.after


def at(state: PayState) -> Booking:
    """A booking of the web whose payment has come so far."""
    made = begun()
    return replace(made, purse=made.purse.with_payment(replace(made.purse.payments[0], state=state)))


def payment(made: Booking) -> Payment:
    """Its first payment."""
    return made.purse.payments[0]


def looked(made: Booking, now: datetime, checked: bool = True, **seen: Any) -> Step:
    """A look at the first payment: by a clock of the agenda, or because of a hint."""
    step = told(made, Look(1, checked=checked), Seen(**seen), Act(now))
    assert step is not None
    return step


def closing() -> Booking:
    """The time for paying has ended; the page is being closed."""
    made = asked_to_pay(held())
    return clock_rang(made, [entry(made, "hold_expires")], Act(HOLD_ENDS)).after


@pytest.mark.parametrize("known", PayState)
def test_a_payment_never_goes_back(known: PayState) -> None:
    """What is later in its life is believed, what is earlier is not; of several ends the first that was told stays."""
    for said in PayState:
        step = payment_told(at(known), Look(1), Seen(state=said), Act(ASKED))
        now = payment(step.after).state if step else known
        # A page that the provider knows of and nobody has opened waits for the guest.
        heard = PayState.NEEDS_GUEST if said is PayState.CREATED else said
        assert now is (heard if STAGE[heard] > STAGE[known] else known), said


def test_what_an_answer_does_not_name_stays_known() -> None:
    """The provider's names, the bank's day, the reason and the dispute; what it names anew takes their place."""
    lapses = ASKED + 7 * 24 * AN_HOUR
    named = {
        "session_id": "cs_1", "intent_id": "pi_1", "capture_before": lapses, "dispute": "open", "captured_minor": 4_000,
    }  # fmt: skip
    made = hears(
        begun(), state=PayState.NEEDS_GUEST, code="do_not_honor", customer_id="cus_1", method_id="pm_1", disputed=True,
        **named,
    )  # fmt: skip
    silent = hears(made, number=1, state=PayState.PROCESSING)
    for after in (made, silent):
        assert {name: getattr(payment(after), name) for name in named} == named
        assert (payment(after).decline_code, payment(after).disputed) == ("do_not_honor", True)
        assert (after.purse.customer_id, after.purse.method_id) == ("cus_1", "pm_1")
    other = {
        "session_id": "cs_2", "intent_id": "pi_2", "capture_before": lapses + AN_HOUR, "dispute": "won",
        "captured_minor": 5_000,
    }  # fmt: skip
    new = hears(made, state=PayState.PROCESSING, code="expired_card", customer_id="cus_2", method_id="pm_2", **other)
    assert {name: getattr(payment(new), name) for name in other} == other
    assert (payment(new).decline_code, new.purse.customer_id, new.purse.method_id) == ("expired_card", "cus_2", "pm_2")


def test_a_hint_of_what_is_known_writes_nothing() -> None:
    """Looking changes nothing that is not so; a payment or a refund nobody knows is none of this booking's."""
    page = asked_to_pay(held())
    known = Seen(state=PayState.NEEDS_GUEST, session_id="cs_1")
    assert told(page, Look(1), known, Act(ASKED)) is None
    assert told(page, Look(2), known, Act(ASKED)) is None
    assert told(page, Look(1, 1), known, Act(ASKED)) is None
    assert told(page, Look(1), Seen(trouble="refused"), Act(ASKED)) is None


def test_a_page_that_was_made_is_offered_and_a_look_is_written_down() -> None:
    """Each with the payment it is about."""
    created = hears(begun(), trouble="unreachable")
    offered = answer(created, state=PayState.CREATED, session_id="cs_1")
    assert outcome(offered) == Outcome("payment_offered", Status.HELD, about(1, "deposit", 10_000))
    # The same is known already when the provider makes the page for the second time.
    again = replace(created, purse=created.purse.with_payment(payment(offered.after)))
    assert outcome(answer(again, state=PayState.CREATED)) == outcome(offered)
    step = looked(offered.after, ASKED + A_MINUTE, state=PayState.NEEDS_GUEST)
    assert outcome(step) == Outcome("payment_checked", Status.HELD, about(1, "deposit", 10_000))


def test_only_a_look_at_its_time_counts() -> None:
    """One before its turn moves none of those to come; a hint never does; what is set aside is counted anew."""
    page = asked_to_pay(held())
    assert payment(looked(page, ASKED + A_MINUTE, state=PayState.NEEDS_GUEST).after).checks == 1
    early = looked(page, ASKED + A_MINUTE / 2, state=PayState.NEEDS_GUEST)
    assert (early.what, payment(early.after).checks) == ("payment_checked", 0)
    hint = looked(page, ASKED + A_MINUTE, checked=False, state=PayState.PROCESSING)
    assert payment(hint.after).checks == 0
    twice = looked(hint.after, ASKED + 2 * A_MINUTE, state=PayState.PROCESSING).after
    aside = looked(twice, ASKED + 6 * A_MINUTE, state=PayState.AUTHORISED).after
    assert (payment(twice).checks, payment(aside).checks) == (1, 0)


@pytest.mark.parametrize(
    ("state", "amount", "currency", "differs"),
    [
        (PayState.CAPTURED, 10_000, "INR", False),
        (PayState.CAPTURED, 10_001, "INR", True),
        (PayState.CAPTURED, 9_999, "INR", True),
        (PayState.CAPTURED, 1, "INR", True),
        (PayState.CAPTURED, 10_000, "EUR", True),
        (PayState.CAPTURED, 0, "", False),
        (PayState.AUTHORISED, 10_000, "EUR", True),
        (PayState.AUTHORISED, 10_001, "INR", True),
        (PayState.AUTHORISED, 10_000, "INR", False),
        (PayState.DECLINED, 10_001, "EUR", False),
        (PayState.PROCESSING, 10_001, "EUR", False),
    ],
)
def test_another_amount_or_currency_is_written_down_and_kept(
    state: PayState, amount: int, currency: str, differs: bool
) -> None:
    """People look at it; the room stays held. What brought no money can't differ."""
    captured = amount if state is PayState.CAPTURED else 0
    step = answer(asked_to_pay(held()), state=state, captured_minor=captured, amount_minor=amount, currency=currency)
    assert (step.what == "payment_differs", bool(step.after.attention)) == (differs, differs)
    if differs:
        assert outcome(step) == Outcome(
            "payment_differs", Status.HELD, about(1, "deposit", captured or 10_000),
            attention="Payment 1 came with another amount or currency than was asked for.",
        )  # fmt: skip
        assert step.after.paid_minor == captured


def test_what_differs_stays_until_people_have_looked_at_it() -> None:
    """90.00 where 100.00 were asked for: the hold ends, the booking is expired, and nothing has gone back by itself."""
    wrong = {"state": PayState.CAPTURED, "captured_minor": 9_000, "amount_minor": 9_000, "currency": "INR"}
    words = "Payment 1 came with another amount or currency than was asked for."
    made = answer(asked_to_pay(held()), **wrong).after
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(HOLD_ENDS)).after
    late = clock_rang(asked_to_pay(held()), [entry(made, "hold_expires")], Act(HOLD_ENDS)).after
    late = answer(answer(late, HOLD_ENDS, state=PayState.VOIDED).after, ASKED + 2 * AN_HOUR, **wrong).after
    for over in (ended, late):
        assert (over.status, over.paid_minor, over.attention) == (Status.EXPIRED, 9_000, words)
        assert (orders(over), over.purse.refunds) == ([], ())
    back = refund_asked(ended, Act(ASKED + AN_HOUR, MANAGER, reason="Not ours."), 1, 9_000, "INR").after
    assert (back.paid_minor, back.purse.kept_minor) == (0, 0)


def test_what_is_at_its_end_needs_no_closing() -> None:
    """Another page was asked for and the old one was to be closed; it came to its end by itself, a hint says."""
    other = payment_wished(asked_to_pay(held()), Act(ASKED, GUEST), How.INTENT).step
    assert other is not None
    assert [one.verb for one in other.after.purse.orders] == [Verb.CLOSE]
    still = looked(other.after, ASKED, checked=False, state=PayState.PROCESSING).after
    assert [one.verb for one in still.purse.orders] == [Verb.CLOSE]
    ended = looked(other.after, ASKED, checked=False, state=PayState.DECLINED).after
    assert (ended.status, ended.purse.orders) == (Status.HELD, ())
    # What is to be done about another payment, and what else is to be done about this one, stays.
    mixed = replace(other.after, purse=other.after.purse.ordering(Verb.VOID, 1).ordering(Verb.CLOSE, 2))
    left = looked(mixed, ASKED, checked=False, state=PayState.DECLINED).after.purse.orders
    assert [(one.verb, one.payment) for one in left] == [(Verb.VOID, 1), (Verb.CLOSE, 2)]


@pytest.mark.parametrize(
    ("seen", "code"),
    [({"trouble": "refused", "code": "card_declined"}, "card_declined"), ({"trouble": "not_ready"}, "not_ready")],
    ids=["refused", "the account can't be charged"],
)
def test_a_page_that_the_provider_will_not_make_ends_the_try(seen: dict[str, Any], code: str) -> None:
    """Declined with the reason; the room is held until its time, and the guest may try again."""
    step = answer(begun(), **seen)
    assert outcome(step) == Outcome("payment_declined", Status.HELD, about(1, "deposit", 10_000, code))
    assert payment(step.after).state is PayState.DECLINED
    assert "hold_expires" in keys(step.after)
    assert payment_wished(step.after, Act(ASKED, GUEST), How.HOSTED_PAGE).waits_for == 2


def test_what_the_provider_will_not_end_is_left_to_people() -> None:
    """The words on the booking say which payment, and why."""
    step = answer(closing(), HOLD_ENDS, trouble="refused", code="already_processing")
    assert outcome(step) == Outcome(
        "provider_refused", Status.HELD, about(1, "deposit", 10_000, "already_processing"),
        attention="The payment provider refused to end payment 1: already_processing.",
    )  # fmt: skip
    assert payment(step.after).state is PayState.NEEDS_GUEST


def set_aside(**online: Any) -> Booking:
    """200.00 are set aside; the hotel's answer is awaited."""
    page = asked_to_pay(held(Way.AUTHORISE, base=KOCHI, **online))
    return hears(page, state=PayState.AUTHORISED, amount_minor=20_000, currency="INR")


def test_what_can_not_be_taken_after_a_yes_is_let_go_and_the_guest_has_a_day() -> None:
    """Held for the payment, with a letter of use until that day is over."""
    yes = acts.approved(set_aside(), act(actor=MANAGER)).after
    step = answer(yes, ASKED + AN_HOUR, trouble="refused", code="expired_card")
    until = ASKED + 25 * AN_HOUR
    assert outcome(step) == Outcome(
        "payment_declined", Status.HELD, about(1, "authorisation", 20_000, "expired_card"),
        orders=((Verb.VOID, 1, 0),), letters=(NoticeWish("payment_failed", "guest", useful_until=until),),
    )  # fmt: skip
    assert (step.after.hold_expires_at, payment(step.after).state) == (until, PayState.AUTHORISED)


def test_what_can_not_be_taken_any_more_after_an_end_is_let_go() -> None:
    """The desk cancels while the card is being charged with the hotel's yes: the booking stays cancelled."""
    yes = acts.approved(set_aside(), act(actor=MANAGER)).after
    over = acts.cancelled(yes, act(), (1,)).after
    step = answer(over, trouble="refused", code="expired_card")
    assert (step.what, step.after.status, orders(step.after), step.notices) == (
        "payment_declined", Status.CANCELLED, [(Verb.VOID, 1, 0)], (),
    )  # fmt: skip
    assert (step.after.balance_minor, step.after.hold_expires_at) == (0, None)


def test_a_guest_at_the_banks_page_has_a_moment_only_once() -> None:
    """Five minutes from the answer; at the next look the page is closed, whoever is on it."""
    graced = hears(closing(), HOLD_ENDS + A_MINUTE, state=PayState.NEEDS_GUEST, acting=True)
    assert graced.purse.held_over == HeldOver("grace", HOLD_ENDS, HOLD_ENDS + 6 * A_MINUTE)
    assert graced.purse.orders == ()
    again = looked(graced, HOLD_ENDS + 2 * A_MINUTE, state=PayState.NEEDS_GUEST, acting=True)
    assert outcome(again) == Outcome(
        "payment_checked", Status.HELD, about(1, "deposit", 10_000), orders=((Verb.CLOSE, 1, 0),)
    )
    assert again.after.purse.held_over == HeldOver("closing", HOLD_ENDS)
    # Nobody is proving who they are: the page is closed at once.
    idle = hears(closing(), HOLD_ENDS + A_MINUTE, state=PayState.NEEDS_GUEST)
    assert idle.purse.held_over == HeldOver("closing", HOLD_ENDS)
    assert [one.verb for one in idle.purse.orders] == [Verb.CLOSE]


@pytest.mark.parametrize(("minutes", "last"), [(28, False), (29, True), (30, True)])
def test_what_is_processed_is_waited_for_half_an_hour_from_the_holds_end(minutes: int, last: bool) -> None:
    """Whenever that is told; one told in the last minute was the last look."""
    waits = hears(closing(), HOLD_ENDS + timedelta(minutes=minutes), state=PayState.PROCESSING)
    until = HOLD_ENDS + 30 * A_MINUTE
    assert waits.purse.held_over == HeldOver("processing", HOLD_ENDS, until, looked=last)
    again = looked(waits, HOLD_ENDS + timedelta(minutes=minutes), checked=True, state=PayState.PROCESSING).after
    assert again.purse.held_over == waits.purse.held_over


def test_a_room_whose_page_is_still_being_closed_waits_for_that() -> None:
    """A hint that the payment is being processed, before the provider has answered the closing."""
    step = looked(closing(), HOLD_ENDS + A_MINUTE, checked=False, state=PayState.PROCESSING)
    assert outcome(step) == Outcome(
        "payment_processing", Status.HELD, about(1, "deposit", 10_000), orders=((Verb.CLOSE, 1, 0),)
    )
    assert step.after.purse.held_over == HeldOver("closing", HOLD_ENDS)
    hint = looked(closing(), HOLD_ENDS + A_MINUTE, state=PayState.NEEDS_GUEST, acting=True)
    assert (hint.what, hint.after.purse.held_over) == ("payment_checked", HeldOver("closing", HOLD_ENDS))


def test_disputes_are_told_with_their_payment() -> None:
    """Of 100.00 that were taken; how it ends is told in the same way."""
    paid = pays(asked_to_pay(held()))
    seen = {"state": PayState.CAPTURED, "captured_minor": 10_000, "disputed": True}
    opened = answer(paid, dispute="open", **seen)
    assert outcome(opened) == Outcome(
        "payment_disputed", Status.CONFIRMED, about(1, "deposit", 10_000),
        attention="The guest disputes payment 1 with the card's bank.",
    )  # fmt: skip
    assert outcome(answer(opened.after, dispute="won", **seen)) == Outcome(
        "dispute_won", Status.CONFIRMED, about(1, "deposit", 10_000)
    )
    # A look while it is open, and one after it was won, tell nothing of it anew.
    assert looked(opened.after, ASKED + A_MINUTE, dispute="open", **seen).what == "payment_checked"
