"""What the end of a booking leaves to be done with its money: docs/rules/payments.md, "When a booking ends"."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain import acts
from domain.alarms import clock_rang
from domain.booking import Booking, Status
from domain.paying import payment_wished, refund_asked
from domain.payments import How, Payment, PayState, Purse, Refund, RefundState, Verb
from domain.settling import money_is_open, put_off, settled, surplus_minor
from domain.steps import Act, Step
from domain.terms import EarlyDeparture, StayTerms
from domain.terms import Payment as Way
from tests.domain.endings import LATE, cancelled, guaranteed, opens_a_page
from tests.domain.made import ASKED, GUEST, KOCHI, MANAGER, act, booking, entry, keys, march, with_rooms
from tests.domain.outcomes import changed, letters, line, orders, refunds
from tests.domain.payers import asked_to_pay, hears, held, order_of, pays, terms

HOUR = timedelta(hours=1)
SET_ASIDE = {"state": PayState.AUTHORISED, "amount_minor": 20_000, "currency": "INR"}
STRICT = StayTerms(2, "strict", free_until_days=None)


# Open attempts.


def test_an_open_page_is_closed_at_the_end_once() -> None:
    """The order is out; a second step after the end gives no second one."""
    made = opens_a_page(guaranteed())
    ended = cancelled(made, ASKED + HOUR)
    assert orders(ended) == [(Verb.CLOSE, 2, 0)]
    assert settled(ended, LATE) == ended
    closing = made.purse.ordering(Verb.CLOSE, 2)
    assert orders(cancelled(replace(made, purse=closing), ASKED + HOUR)) == [(Verb.CLOSE, 2, 0)]


def test_a_page_that_the_provider_has_not_made_yet_is_closed_too() -> None:
    """First it is made and then ended, also where another page is being closed."""
    made = opens_a_page(guaranteed())
    wish = payment_wished(made, Act(ASKED, GUEST, "web"), How.INTENT).step
    assert wish is not None
    begun = replace(made.purse.payments[1], number=3, state=PayState.CREATED)
    both = replace(wish.after, purse=wish.after.purse.with_payment(begun).ordering(Verb.BEGIN, 3))
    assert orders(both) == [(Verb.CLOSE, 2, 0), (Verb.BEGIN, 3, 0)]
    assert orders(cancelled(both, ASKED + HOUR)) == [(Verb.CLOSE, 2, 0), (Verb.BEGIN, 3, 0), (Verb.CLOSE, 3, 0)]


def test_what_is_processed_at_the_end_is_watched_for_three_days_and_not_closed() -> None:
    """72 hours from the end, once; the other attempt is closed."""
    made = hears(opens_a_page(guaranteed()), number=2, state=PayState.PROCESSING)
    other = replace(made.purse.payments[1], number=3, state=PayState.NEEDS_GUEST)
    ended = cancelled(replace(made, purse=made.purse.with_payment(other)), ASKED + HOUR)
    assert orders(ended) == [(Verb.CLOSE, 3, 0)]
    assert (ended.purse.watch_until, ended.purse.watched) == (ASKED + 73 * HOUR, True)
    assert entry(ended, "payment_watch").at == ASKED + 73 * HOUR
    after = clock_rang(ended, [entry(ended, "payment_watch")], Act(ASKED + 73 * HOUR)).after
    assert (after.purse.watch_until, settled(after, LATE).purse.watch_until) == (None, None)


def test_an_end_without_anything_processed_watches_nothing() -> None:
    """A card on file, a page that waits for the guest."""
    ended = cancelled(opens_a_page(guaranteed()), ASKED + HOUR)
    assert (ended.purse.watch_until, ended.purse.watched, line(ended, "payment_watch")) == (None, False, None)


# Money that is set aside.


def vouched() -> Booking:
    """The desk has vouched for a guest whose page asks for 200.00 to be set aside; cancelling is never free."""
    opened = acts.opened(booking(1, 2, terms(Way.AUTHORISE, KOCHI), STRICT), act(actor=GUEST)).after
    return acts.confirmed(asked_to_pay(opened), act(reason="A regular.")).after


def comes_set_aside(ended: Booking) -> Booking:
    """The guest was quicker than the order to close the page: the money is set aside."""
    assert orders(ended)[-1] == (Verb.CLOSE, 1, 0)
    return hears(ended, ASKED + HOUR, 1, **SET_ASIDE)


def set_aside(*amounts: int) -> Booking:
    """As above, with so much set aside by several payments already."""
    made = vouched()
    for number, amount in enumerate(amounts, 1):
        one = replace(made.purse.payments[0], number=number, state=PayState.AUTHORISED, amount_minor=amount)
        made = replace(made, purse=made.purse.with_payment(one), payments=number)
    return made


def test_the_fee_is_taken_from_what_is_set_aside() -> None:
    """100.00 of 200.00; once it is taken the rest is let go by the bank, and nothing is owed."""
    ended = comes_set_aside(cancelled(vouched(), ASKED + HOUR))
    assert (ended.status, ended.owed_minor, orders(ended)) == (Status.CANCELLED, 10_000, [(Verb.CAPTURE, 1, 10_000)])
    paid = hears(ended, state=PayState.CAPTURED, captured_minor=10_000, amount_minor=20_000, currency="INR")
    assert (paid.paid_minor, paid.balance_minor, orders(paid), refunds(paid)) == (10_000, 0, [], [])


@pytest.mark.parametrize(
    ("cash", "taken"),
    [(4_000, [(Verb.CAPTURE, 1, 6_000)]), (9_950, [(Verb.CAPTURE, 1, 50)]), (9_951, [(Verb.VOID, 1, 0)]),
     (10_000, [(Verb.VOID, 1, 0)]), (12_000, [(Verb.VOID, 1, 0)])],
)  # fmt: skip
def test_what_was_paid_of_the_fee_is_not_taken_again(cash: int, taken: list[Any]) -> None:
    """Of 100.00 with 40.00 in cash, 60.00; less than the provider takes is let go."""
    made = acts.payment_taken(vouched(), act(), "cash", cash, "").after
    assert orders(comes_set_aside(cancelled(made, ASKED + HOUR))) == taken


def test_the_least_of_a_fee_is_taken_of_what_is_set_aside() -> None:
    """One hundredth of a rand, for which the provider names no minimum."""
    made = set_aside(20_000)
    in_rand = replace(made, terms=replace(made.terms, currency="ZAR"))
    paid = replace(in_rand, paid_minor=9_999)
    assert orders(cancelled(paid, ASKED + HOUR)) == [(Verb.CAPTURE, 1, 1)]


def test_what_is_set_aside_is_let_go_where_nothing_is_owed() -> None:
    """The hotel says no to a request; in rand, of which the provider would take the least hundredth as well."""
    opened = acts.opened(booking(1, 2, terms(Way.AUTHORISE, KOCHI), STRICT), act(actor=GUEST)).after
    in_rand = replace(opened, terms=replace(opened.terms, currency="ZAR"))
    asked = hears(asked_to_pay(in_rand), state=PayState.AUTHORISED, amount_minor=20_000, currency="ZAR")
    ended = acts.declined(asked, act(ASKED + HOUR)).after
    assert (ended.status, orders(ended)) == (Status.REJECTED, [(Verb.VOID, 1, 0)])


@pytest.mark.parametrize(
    ("amounts", "taken"),
    [
        ((20_000, 20_000), [(Verb.CAPTURE, 1, 10_000), (Verb.VOID, 2, 0)]),
        ((6_000, 20_000), [(Verb.CAPTURE, 1, 6_000), (Verb.CAPTURE, 2, 4_000)]),
        ((10_000, 20_000), [(Verb.CAPTURE, 1, 10_000), (Verb.VOID, 2, 0)]),
        ((6_000,), [(Verb.CAPTURE, 1, 6_000)]),
    ],
)
def test_the_fee_is_taken_once_where_two_authorisations_stand(amounts: tuple[int, ...], taken: list[Any]) -> None:
    """At most what was set aside of each, and together no more than 100.00."""
    ended = cancelled(set_aside(*amounts), ASKED + HOUR)
    assert orders(ended) == taken
    assert orders(settled(ended, LATE)) == taken


@pytest.mark.parametrize(
    ("verb", "amount", "then"), [(Verb.VOID, 0, (Verb.CAPTURE, 2, 10_000)), (Verb.CAPTURE, 10_000, (Verb.VOID, 2, 0))]
)
def test_an_authorisation_whose_end_is_under_way_is_left_to_that(verb: Verb, amount: int, then: Any) -> None:
    """Where the older is being let go the fee comes of the newer; where it is being taken the newer is let go."""
    made = set_aside(20_000, 20_000)
    made = replace(made, purse=made.purse.ordering(verb, 1, amount_minor=amount))
    assert orders(cancelled(made, ASKED + HOUR)) == [(verb, 1, amount), then]


# Money that goes back.


def paid_thrice() -> Booking:
    """Three nights: 100.00 by card, 80.00 in cash, 120.00 by card."""
    made = acts.payment_taken(pays(asked_to_pay(held(nights=3))), act(), "cash", 8_000, "").after
    return pays(opens_a_page(made))


def test_all_that_is_not_owed_goes_back_the_newest_payment_first() -> None:
    """Cancelled in time: what came through the provider, and 80.00 stay for the desk to give back."""
    ended = cancelled(paid_thrice(), ASKED + HOUR)
    assert refunds(ended) == [(3, 12_000, "wanted", "cancelled"), (1, 10_000, "wanted", "cancelled")]
    assert [(one.verb, one.payment, one.refund, one.amount_minor) for one in ended.purse.orders] == [
        (Verb.REFUND, 3, 1, 12_000), (Verb.REFUND, 1, 2, 10_000),
    ]  # fmt: skip
    assert (ended.paid_minor, ended.balance_minor, surplus_minor(ended)) == (8_000, -8_000, 8_000)
    assert [one.asked_at for one in ended.purse.refunds] == [ASKED + HOUR] * 2


def test_only_what_is_more_than_the_fee_goes_back() -> None:
    """Cancelled late: 100.00 of 300.00 stay, 80.00 of them in cash; 20.00 are kept of the older card."""
    ended = cancelled(paid_thrice())
    assert refunds(ended) == [(3, 12_000, "wanted", "cancelled"), (1, 8_000, "wanted", "cancelled")]
    assert (ended.owed_minor, ended.balance_minor) == (10_000, 0)


@pytest.mark.parametrize(
    ("first", "back"),
    [(1, [(1, 10_000), (3, 5_000)]), (3, [(3, 12_000), (1, 3_000)]), (None, [(3, 12_000), (1, 3_000)])],
)
def test_the_desk_chooses_which_payment_goes_back_first(first: int | None, back: list[Any]) -> None:
    """150.00 of the 300.00 go back; 150.00 are kept for now and shown as the guest's."""
    ended = cancelled(paid_thrice(), ASKED + HOUR, back=acts.GiveBack(15_000, first))
    assert [(one.payment, one.amount_minor) for one in ended.purse.refunds] == back
    assert (ended.purse.kept_minor, ended.balance_minor, surplus_minor(ended)) == (15_000, -15_000, 0)


def test_the_least_amount_goes_back_as_well() -> None:
    """One paisa of 300.00, and nothing where nothing is to go back."""
    for amount, back in ((1, [(3, 1)]), (0, [])):
        ended = cancelled(paid_thrice(), ASKED + HOUR, back=acts.GiveBack(amount))
        assert [(one.payment, one.amount_minor) for one in ended.purse.refunds] == back


def test_what_was_given_back_is_not_given_back_again() -> None:
    """50.00 of the newest went back before."""
    before = refund_asked(paid_thrice(), act(actor=MANAGER, reason="Goodwill."), 3, 5_000, "INR").after
    assert refunds(cancelled(before, ASKED + HOUR))[1:] == [
        (3, 7_000, "wanted", "cancelled"), (1, 10_000, "wanted", "cancelled"),
    ]  # fmt: skip


def test_the_last_paisa_of_a_payment_goes_back_too() -> None:
    """All but that of the newest went back before."""
    before = refund_asked(paid_thrice(), act(actor=MANAGER, reason="Goodwill."), 3, 11_999, "INR").after
    assert [(one.payment, one.amount_minor) for one in cancelled(before, ASKED + HOUR).purse.refunds] == [
        (3, 11_999), (3, 1), (1, 10_000),
    ]  # fmt: skip


def test_a_payment_after_the_end_goes_back_beyond_the_fee_as_ended() -> None:
    """A page that was paid in the moment of the cancellation: 200.00 come, 100.00 are the fee."""
    ended = cancelled(opens_a_page(guaranteed()))
    assert orders(ended) == [(Verb.CLOSE, 2, 0)]
    paid = pays(ended, LATE)
    assert refunds(paid) == [(2, 10_000, "wanted", "ended")]
    assert (paid.paid_minor, paid.balance_minor, orders(paid)) == (10_000, 0, [(Verb.REFUND, 2, 10_000)])


def left(paid: Booking, at: datetime) -> Step:
    """The guest has come, and leaves then."""
    there = acts.checked_in(with_rooms(paid), act(march(10, 15)), with_rooms(paid).stays).after
    return acts.checked_out(there, act(at), there.live(Status.CHECKED_IN))


def test_who_leaves_with_too_much_paid_gets_the_difference_back() -> None:
    """200.00 were paid, and leaving after one night costs nothing beyond it: 100.00 go back."""
    free = StayTerms(3, "free", early_departure=EarlyDeparture.NONE)
    made = acts.opened(booking(1, 2, terms(Way.PREPAID), free), act(actor=GUEST)).after
    step = left(pays(asked_to_pay(made)), march(11, 9))
    assert (step.after.status, step.after.owed_minor) == (Status.CHECKED_OUT, 10_000)
    assert refunds(step.after) == [(1, 10_000, "wanted", "overpaid")]
    assert orders(step.after) == [(Verb.REFUND, 1, 10_000)]


def test_a_page_is_closed_when_a_guest_leaves_who_owes_nothing() -> None:
    """Paid in cash at the desk while the page was open; who still owes keeps the page."""
    made = opens_a_page(pays(asked_to_pay(held())))
    open_ = left(made, march(12, 9)).after
    assert (open_.balance_minor, orders(open_)) == (10_000, [])
    # With the books it is closed at last: nobody can pay any more.
    close = entry(open_, "close")
    books = clock_rang(open_, [close], Act(close.at)).after
    assert (books.status, books.balance_minor, orders(books)) == (Status.COMPLETED, 10_000, [(Verb.CLOSE, 2, 0)])
    nearly = left(acts.payment_taken(made, act(), "cash", 9_999, "").after, march(12, 9)).after
    assert (nearly.balance_minor, orders(nearly)) == (1, [])
    cash = acts.payment_taken(made, act(), "cash", 10_000, "").after
    settled_ = left(cash, march(12, 9)).after
    assert (settled_.balance_minor, orders(settled_)) == (0, [(Verb.CLOSE, 2, 0)])


def test_a_booking_that_lives_is_left_as_it_is() -> None:
    """More paid than is owed, and a page open."""
    made = acts.payment_taken(opens_a_page(pays(asked_to_pay(held()))), act(), "cash", 30_000, "").after
    assert (made.balance_minor, settled(made, LATE)) == (-20_000, made)


def test_nothing_is_charged_beside_an_authorisation_that_still_stands() -> None:
    """The fee comes of what is set aside; the card on file is not asked as well."""
    made = set_aside(6_000)
    made = replace(made, purse=replace(made.purse, method_id="pm_1"))
    ended = cancelled(made, ASKED + HOUR)
    assert (orders(ended), len(ended.purse.payments)) == ([(Verb.CAPTURE, 1, 6_000)], 1)
    # What it leaves open is charged once it has been taken.
    taken = hears(ended, state=PayState.CAPTURED, captured_minor=6_000, amount_minor=6_000, currency="INR")
    assert orders(taken) == [(Verb.CHARGE, 2, 4_000)]


# Asked again, and done.


def test_a_silent_provider_is_asked_again_less_and_less_often() -> None:
    """After 15 and 30 seconds, 1, 2, 5, 10 and then every 15 minutes, under the same attempt."""
    order = order_of(cancelled(opens_a_page(guaranteed())), 2)
    assert order is not None
    pauses, attempts = [], set()
    for tries in range(1, 10):
        order = put_off(order, LATE)
        assert (order.tries, order.not_before is not None) == (tries, True)
        assert order.not_before is not None
        pauses.append((order.not_before - LATE).total_seconds())
        attempts.add((order.number, order.attempt))
    assert pauses == [15, 30, 60, 120, 300, 600, 900, 900, 900]
    assert len(attempts) == 1


NOTHING = Purse()
TRIED = Payment(1, "prepaid", "stripe", How.HOSTED_PAGE, PayState.DECLINED, 20_000, ASKED)
BACK = Refund(1, 1, 5_000, RefundState.SUCCEEDED, ASKED, "ended")


@pytest.mark.parametrize(
    ("purse", "is_open"),
    [
        (NOTHING, False),
        (NOTHING.with_payment(TRIED), False),
        (NOTHING.with_payment(TRIED).with_refund(BACK), False),
        (NOTHING.with_payment(TRIED).ordering(Verb.CLOSE, 1), True),
        (replace(NOTHING, watch_until=LATE), True),
        (NOTHING.with_payment(TRIED).with_payment(replace(TRIED, number=2, state=PayState.PROCESSING)), True),
        (NOTHING.with_payment(TRIED).with_refund(BACK).with_refund(replace(BACK, number=2, state=RefundState.PENDING)),
         True),
    ],
    ids=["nothing", "declined", "given back", "an order", "a watch", "one processed", "a refund under way"],
)  # fmt: skip
def test_the_story_goes_on_while_the_provider_has_something_to_do(purse: Purse, is_open: bool) -> None:
    """Only then does an ended booking still listen."""
    assert money_is_open(replace(cancelled(guaranteed()), purse=purse)) is is_open


def test_a_second_payment_for_the_same_goes_back_whole() -> None:
    """Two tabs: the deposit came by one and by the other; a balance beside it is no second."""
    made = asked_to_pay(held())
    twice = replace(made, purse=made.purse.with_payment(replace(made.purse.payments[0], number=2)), payments=2)
    first = pays(twice, number=1)
    assert (first.status, refunds(first)) == (Status.CONFIRMED, [])
    second = pays(first, number=2)
    assert refunds(second) == [(2, 10_000, "wanted", "second")]
    rest = pays(opens_a_page(pays(asked_to_pay(held()))))
    assert ([one.purpose for one in rest.purse.payments], refunds(rest)) == (["deposit", "balance"], [])


def test_an_end_after_the_end_changes_nothing() -> None:
    """Rejected with nothing paid: no order, no refund, no watch."""
    made = replace(held(), status=Status.PENDING)
    step = acts.declined(made, act(ASKED + HOUR))
    assert [kind for kind, *_ in letters(step)] == ["declined"]
    assert (step.after.purse, "payment_watch" in keys(step.after)) == (made.purse, False)
    assert changed(step.after, settled(step.after, LATE)) == {}
