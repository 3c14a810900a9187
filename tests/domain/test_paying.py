"""What is asked for, held for, taken and given back: docs/rules/payments.md."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain import acts
from domain.agenda import agenda
from domain.alarms import clock_rang
from domain.answers import Look
from domain.booking import Booking, Status, payment_status
from domain.changing import clock_moved
from domain.obligations import Obligation, deposit_minor, first_payment, owed_now
from domain.paying import payment_wished, refund_asked
from domain.payments import How, PayState, RefundState, Seen, Verb
from domain.steps import Act
from domain.terms import Confirmation, Penalty, StayTerms
from domain.terms import Payment as Way
from domain.told import told
from domain.waiting import waiting_for
from tests.domain.made import ARRIVAL, ASKED, DESK, GUEST, KOCHI, MANAGER, act, entry, keys, kochi, refusal
from tests.domain.payers import answer, asked_to_pay, hears, held, online, pays, terms
from workflows.teller import provider_order

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("rule", "amount"),
    [
        ({"deposit": Penalty.FIRST_NIGHT}, 10_000),
        ({"deposit": Penalty.PERCENT, "deposit_percent": 30}, 5_400),
        ({"deposit": Penalty.FIXED, "deposit_fixed_minor": 5_000}, 5_000),
        ({"deposit": Penalty.FULL}, 18_000),
        ({"deposit": Penalty.FIXED, "deposit_fixed_minor": 90_000}, 18_000),
    ],
)
def test_the_deposit_of_two_nights(rule: dict, amount: int) -> None:
    """100.00 and 80.00: the first night, 30 per cent, 50.00, everything, and never more than that."""
    made = online(**rule)
    stay = replace(made.stays[0], total_minor=18_000, night_minor=(10_000, 8_000))
    assert deposit_minor(made.terms, stay) == amount
    # A plan of its own goes before the hotel's.
    full = replace(stay, terms=StayTerms(2, "strict", deposit=Penalty.FULL))
    assert deposit_minor(made.terms, full) == 18_000


def test_what_each_way_asks_for() -> None:
    """Nothing, a card, a deposit, everything."""
    asked = {way: first_payment(online(way), ASKED) for way in Way}
    assert asked == {
        Way.NONE: None,
        Way.AT_HOTEL: None,
        Way.GUARANTEE: Obligation("guarantee", 0),
        Way.DEPOSIT: Obligation("deposit", 10_000),
        Way.PREPAID: Obligation("prepaid", 20_000),
        Way.AUTHORISE: Obligation("authorisation", 20_000),
    }


def test_the_most_demanding_stay_names_the_payment() -> None:
    """A non-refundable room beside a flexible one: one payment for both."""
    made = acts.opened(online(Way.DEPOSIT), act(actor=GUEST)).after
    strict = replace(made.stays[0], number=2, terms=StayTerms(2, "strict", payment=Way.PREPAID))
    both = replace(made, stays=(made.stays[0], strict))
    assert first_payment(both, ASKED) == Obligation("prepaid", 30_000)
    free = replace(made, terms=replace(made.terms, payment=Way.NONE), stays=(strict,))
    assert first_payment(free, ASKED) is None


def test_what_the_provider_cant_take_stays_due() -> None:
    """Forty paise are not asked for; of KWD 12.345 the last digit stays."""
    small = online(deposit=Penalty.FIXED, deposit_fixed_minor=40)
    assert first_payment(small, ASKED) is None
    assert acts.opened(small, act(actor=GUEST)).after.status is Status.CONFIRMED
    kuwait = online(deposit=Penalty.FIXED, deposit_fixed_minor=12_345)
    kuwait = replace(kuwait, terms=replace(kuwait.terms, currency="KWD"))
    assert first_payment(kuwait, ASKED) == Obligation("deposit", 12_340)


def test_a_guest_has_half_an_hour_and_the_desk_a_day() -> None:
    """By who made the booking; the letter says until when."""
    web = acts.opened(online(), act(actor=GUEST))
    assert (web.after.status, web.after.hold_expires_at) == (Status.HELD, ASKED + 30 * MINUTE)
    assert [wish.kind for wish in web.notices] == ["payment_due"]
    desk = acts.opened(online(), act(actor=DESK), approves=True).after
    assert desk.hold_expires_at == ASKED + 24 * HOUR
    assert waiting_for(web.after).startswith("Held for the payment until Mon 1 Mar 2027, 12:00 (IST)")


def test_the_page_is_one_for_all_tabs() -> None:
    """The same attempt; another way closes it first; once the hold has ended nobody begins another."""
    made = asked_to_pay(held())
    again = payment_wished(made, Act(ASKED, GUEST), How.HOSTED_PAGE)
    assert (again.step, again.waits_for) == (None, None)
    other = payment_wished(made, Act(ASKED, GUEST), How.INTENT)
    assert other.step is not None
    assert [order.verb for order in other.step.after.purse.orders] == [Verb.CLOSE]
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(ASKED + 30 * MINUTE)).after
    assert refusal(lambda: payment_wished(ended, Act(ASKED + 30 * MINUTE, GUEST), How.INTENT)).code == "hold_ended"


def test_the_room_is_given_back_only_after_the_provider_was_asked() -> None:
    """The end of the hold closes the page; what comes of that decides."""
    made = asked_to_pay(held())
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(ASKED + 30 * MINUTE)).after
    assert (ended.status, [order.verb for order in ended.purse.orders]) == (Status.HELD, [Verb.CLOSE])
    assert "hold_expires" not in keys(ended)
    late = ASKED + 31 * MINUTE
    assert hears(ended, late, state=PayState.VOIDED).status is Status.EXPIRED
    assert pays(ended, late).status is Status.CONFIRMED
    # Nobody has opened a page: nothing is waited for.
    idle = held()
    assert clock_rang(idle, [entry(idle, "hold_expires")], Act(late)).after.status is Status.EXPIRED


def test_who_is_at_the_banks_page_has_five_minutes_once() -> None:
    """Then the page is closed without grace."""
    made = asked_to_pay(held())
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(ASKED + 30 * MINUTE)).after
    at = ASKED + 30 * MINUTE
    graced = hears(ended, at, state=PayState.NEEDS_GUEST, acting=True)
    assert entry(graced, "hold_over").at == at + 5 * MINUTE
    closing = clock_rang(graced, [entry(graced, "hold_over")], Act(at + 5 * MINUTE)).after
    assert [(order.verb, order.gracious) for order in closing.purse.orders] == [(Verb.CLOSE, False)]
    assert hears(closing, at + 5 * MINUTE, state=PayState.VOIDED).status is Status.EXPIRED


def test_a_payment_in_the_making_is_waited_for_half_an_hour() -> None:
    """Then the booking expires, and late money is looked for, for three days."""
    made = asked_to_pay(held())
    at = ASKED + 30 * MINUTE
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(at)).after
    waits = hears(ended, at, state=PayState.PROCESSING)
    assert entry(waits, "hold_over").at == at + 30 * MINUTE
    # It is looked at once more in the last minute, whoever told of it, and then by the clock as before.
    last = at + 29 * MINUTE
    assert entry(waits, "payment_check-1").at == ASKED + MINUTE
    for n in (1, 5, 15):
        waits = looks(waits, ASKED + n * MINUTE)
    assert entry(waits, "payment_check-1").at == last
    assert looks(waits, last, PayState.CAPTURED).status is Status.CONFIRMED
    waits = looks(waits, last)
    assert entry(waits, "payment_check-1").at == ASKED + 75 * MINUTE
    over = clock_rang(waits, [entry(waits, "hold_over")], Act(at + 30 * MINUTE)).after
    assert (over.status, entry(over, "payment_watch").at) == (Status.EXPIRED, at + 30 * MINUTE + 72 * HOUR)
    # What is being processed can't be closed: it is looked at, and left to people when nothing came of it.
    assert over.purse.orders == ()
    assert "payment_check-1" in keys(over)
    ended = clock_rang(over, [entry(over, "payment_watch")], Act(at + 73 * HOUR)).after
    assert (keys(ended), ended.attention != "") == ([], True)
    assert pays(waits, at).status is Status.CONFIRMED


def looks(made: Booking, now: datetime, state: PayState = PayState.PROCESSING) -> Booking:
    """A clock of the agenda has the first payment looked at."""
    taken = made.purse.payments[0].amount_minor if state is PayState.CAPTURED else 0
    seen = Seen(state=state, captured_minor=taken, amount_minor=taken, currency="INR")
    step = told(made, Look(1, None, None, checked=True), seen, Act(now))
    assert step is not None
    return step.after


def test_a_silent_provider_keeps_the_room_for_six_hours() -> None:
    """Set by the outage, not by the hotel; then as above."""
    made = asked_to_pay(held())
    at = ASKED + 30 * MINUTE
    ended = clock_rang(made, [entry(made, "hold_expires")], Act(at)).after
    silent = hears(ended, at, trouble="unreachable")
    line = entry(silent, "hold_over")
    assert (line.at, line.set_by.kind) == (at + 6 * HOUR, "outage")
    assert entry(silent, "provider-2").at == at + timedelta(seconds=15)
    assert "does not answer" in waiting_for(silent)
    over = clock_rang(silent, [line], Act(line.at)).after
    assert (over.status, over.purse.watch_until) == (Status.EXPIRED, line.at + 72 * HOUR)
    # The page is still to be closed.
    assert [order.verb for order in over.purse.orders] == [Verb.CLOSE]


def test_the_time_that_an_outage_took_is_added_to_the_hold() -> None:
    """Silent from 10:00 to 10:40 with a hold until 10:30: until 11:10."""
    wish = payment_wished(held(), Act(ASKED, GUEST), How.HOSTED_PAGE).step
    assert wish is not None
    silent = hears(wish.after, ASKED, trouble="unreachable")
    assert silent.hold_expires_at == ASKED + 30 * MINUTE
    back = hears(silent, ASKED + 40 * MINUTE, state=PayState.CREATED)
    assert back.hold_expires_at == ASKED + 70 * MINUTE
    pauses = []
    again = silent
    for _ in range(9):
        again = hears(again, ASKED, trouble="unreachable")
        waits = again.purse.orders[0].not_before
        assert waits is not None
        pauses.append((waits - ASKED).total_seconds())
    assert pauses == [30, 60, 120, 300, 600, 900, 900, 900, 900]


def _silent() -> Booking:
    """A booking held until 12:00 whose page was asked for at 11:30, while the provider was silent."""
    wish = payment_wished(held(), Act(ASKED, GUEST), How.HOSTED_PAGE).step
    assert wish is not None
    return hears(wish.after, ASKED, trouble="unreachable")


def _hold_moved(made: Booking, now: datetime, at: datetime | None) -> Booking:
    return clock_moved(
        made, Act(now, MANAGER, "desk", "The guest is on the way."), entry(made, "hold_expires"), at
    ).after


def test_a_moved_hold_is_longer_too_by_what_was_lost_after_the_move() -> None:
    """Silent for forty minutes, moved after ten of them by ninety: half an hour is added; who moved it stays named."""
    moved = _hold_moved(_silent(), ASKED + 10 * MINUTE, ASKED + 120 * MINUTE)
    back = hears(moved, ASKED + 40 * MINUTE, state=PayState.CREATED)
    line = entry(back, "hold_expires")
    assert (line.at, line.set_by.role) == (ASKED + 150 * MINUTE, "manager")
    # Taken back, the clock is where it would be without the move.
    undone = _hold_moved(back, ASKED + 41 * MINUTE, None)
    assert entry(undone, "hold_expires").at == ASKED + 70 * MINUTE
    # Moved before the silence began, all of it is added.
    early = _hold_moved(held(), ASKED, ASKED + 120 * MINUTE)
    wish = payment_wished(early, Act(ASKED + MINUTE, GUEST), How.HOSTED_PAGE).step
    assert wish is not None
    silent = hears(wish.after, ASKED + MINUTE, trouble="unreachable")
    back = hears(silent, ASKED + 41 * MINUTE, state=PayState.CREATED)
    assert entry(back, "hold_expires").at == ASKED + 160 * MINUTE


def test_a_hold_that_an_outage_makes_longer_stays_within_its_bound() -> None:
    """Six hours at most, never past the audit at which the guest would be missed, and never shorter than it was."""
    bound = kochi(ARRIVAL + timedelta(days=1), 3)
    moved = _hold_moved(_silent(), ASKED, bound - 10 * MINUTE)
    assert entry(hears(moved, ASKED + 40 * MINUTE, state=PayState.CREATED), "hold_expires").at == bound
    moved = _hold_moved(_silent(), ASKED, ASKED + 20 * HOUR)
    assert entry(hears(moved, ASKED + 9 * HOUR, state=PayState.CREATED), "hold_expires").at == ASKED + 26 * HOUR
    # The hotel's yes came a month after the request: the hold was past thirty days from the start.
    late = replace(_silent(), created_at=ASKED - timedelta(days=40))
    back = hears(late, ASKED + 20 * MINUTE, state=PayState.CREATED)
    assert back.hold_expires_at == ASKED + 30 * MINUTE


def test_the_providers_page_lasts_as_long_as_the_moved_hold() -> None:
    """And as long as the hold of the terms where nobody moved it."""
    made = asked_to_pay(held())
    moved = _hold_moved(made, ASKED, ASKED + 120 * MINUTE)
    until = [provider_order(one, one.purse.payments[0], Look(1), ASKED).hold_until for one in (made, moved)]
    assert until == [ASKED + 30 * MINUTE, ASKED + 120 * MINUTE]
    assert provider_order(pays(made), made.purse.payments[0], Look(1), ASKED).hold_until is None


def test_payments_are_looked_at_without_a_hint() -> None:
    """After 1, 5 and 15 minutes, then every hour."""
    made, at = asked_to_pay(held(after_yes_seconds=1)), []
    for _ in range(5):
        line = entry(made, "payment_check-1")
        at.append((line.at - ASKED).total_seconds() / 60)
        payment = replace(made.purse.payments[0], checks=made.purse.payments[0].checks + 1)
        made = replace(made, purse=made.purse.with_payment(payment))
    assert at == [1, 5, 15, 75, 135]


def test_an_authorisation_waits_for_the_yes_and_never_past_its_end() -> None:
    """Pending until 12 hours before it lapses; the yes takes it, the no lets it go."""
    made = acts.opened(online(Way.AUTHORISE, base=KOCHI), act(actor=GUEST)).after
    assert made.status is Status.HELD
    lapses = ASKED + 20 * HOUR
    asked = hears(asked_to_pay(made), ASKED, state=PayState.AUTHORISED, capture_before=lapses)
    assert (asked.status, asked.approval_deadline) == (Status.PENDING, lapses - 12 * HOUR)
    assert payment_status(asked).value == "authorised"
    yes = acts.approved(asked, act()).after
    assert (yes.status, [order.verb for order in yes.purse.orders]) == (Status.PENDING, [Verb.CAPTURE])
    assert waiting_for(yes) == "The hotel has said yes; the card is being charged."
    assert pays(yes).status is Status.CONFIRMED
    lost = hears(yes, ASKED, state=PayState.AUTH_EXPIRED)
    assert (lost.status, lost.hold_expires_at) == (Status.HELD, ASKED + 24 * HOUR)
    no = acts.declined(asked, act()).after
    assert [order.verb for order in no.purse.orders] == [Verb.VOID]


def test_a_deposit_follows_the_yes_of_a_hotel_that_answers() -> None:
    """Pending, then held for a day, then confirmed."""
    made = acts.opened(online(Way.DEPOSIT, base=KOCHI), act(actor=GUEST)).after
    assert (made.status, owed_now(made, ASKED)) == (Status.PENDING, None)
    yes = acts.approved(made, act())
    assert (yes.after.status, yes.after.hold_expires_at) == (Status.HELD, ASKED + 24 * HOUR)
    assert [wish.kind for wish in yes.notices] == ["payment_due"]
    assert pays(asked_to_pay(yes.after)).status is Status.CONFIRMED


def test_a_later_deposit_keeps_the_card_first() -> None:
    """Taken seven days before, told two days before that; its failing gives two days."""
    made = pays_guarantee(held(due_days=7))
    assert entry(made, "deposit_due").at == entry(made, "deposit_reminder").at + timedelta(days=2)
    due = entry(made, "deposit_due")
    assert due.at.isoformat() == "2027-03-03T06:30:00+00:00"
    charged = clock_rang(made, [due], Act(due.at)).after
    assert [(order.verb, order.amount_minor) for order in charged.purse.orders] == [(Verb.CHARGE, 10_000)]
    failed = answer(charged, due.at, state=PayState.DECLINED, code="insufficient_funds")
    assert [wish.kind for wish in failed.notices] == ["payment_failed"]
    assert entry(failed.after, "payment_due").at == due.at + 48 * HOUR
    ends = clock_rang(failed.after, [entry(failed.after, "payment_due")], Act(due.at + 48 * HOUR)).after
    assert (ends.status, ends.owed_minor) == (Status.CANCELLED, 0)
    assert pays(charged, due.at).purse.deposit_open is False


def pays_guarantee(made):
    """The card is on file."""
    return hears(asked_to_pay(made), ASKED, state=PayState.SAVED, method_id="pm_1", customer_id="cus_1")


def test_an_end_gives_back_what_is_not_owed() -> None:
    """Paid 200.00, cancelled in time: 200.00; late: 100.00 stay."""
    paid = pays(asked_to_pay(held(Way.PREPAID)))
    early = acts.cancelled(paid, act(ASKED + HOUR), (1,)).after
    assert [(one.amount_minor, one.state) for one in early.purse.refunds] == [(20_000, RefundState.WANTED)]
    assert (early.paid_minor, early.balance_minor) == (0, 0)
    late = acts.cancelled(paid, act(entry(paid, "cancel_free_until-1").at), (1,)).after
    assert [one.amount_minor for one in late.purse.refunds] == [10_000]
    kept = acts.cancelled(paid, act(ASKED + HOUR), (1,), back=acts.GiveBack(5_000)).after
    assert ([one.amount_minor for one in kept.purse.refunds], kept.balance_minor) == ([5_000], -15_000)
    more = refusal(lambda: acts.cancelled(paid, act(ASKED + HOUR), (1,), back=acts.GiveBack(20_001)))
    assert more.code == "more_than_refundable"


def test_a_fee_is_charged_to_the_card_on_file_once() -> None:
    """No-show with the first night; a card that says no is not asked again by itself."""
    made = pays_guarantee(held(Way.GUARANTEE))
    missing = acts.no_show(made, act(entry(made, "no_show-1").at), (1,)).after
    assert [(order.verb, order.amount_minor) for order in missing.purse.orders] == [(Verb.CHARGE, 10_000)]
    refused = hears(missing, state=PayState.DECLINED)
    assert refused.purse.orders == ()
    assert owed_now(refused, ASKED) == Obligation("fee", 10_000)


def test_refunds_never_exceed_what_was_taken() -> None:
    """In parts, of the payment that was named; by a manager; what failed can be given back again."""
    paid = pays(asked_to_pay(held(Way.PREPAID)))
    manager = act(actor=MANAGER, reason="Goodwill.")
    assert refusal(lambda: refund_asked(paid, act(), None, 1, "INR")).code == "role_missing"
    assert refusal(lambda: refund_asked(paid, manager, None, 20_001, "INR")).code == "more_than_refundable"
    assert refusal(lambda: refund_asked(paid, manager, 7, 1, "INR")).code == "payment_unknown"
    assert refusal(lambda: refund_asked(paid, manager, None, 1, "EUR")).code == "currency_differs"
    assert refusal(lambda: refund_asked(paid, manager, None, 0, "INR")).code == "amount_not_positive"
    half = refund_asked(paid, manager, 1, 12_000, "INR").after
    assert refusal(lambda: refund_asked(half, manager, None, 8_001, "INR")).code == "more_than_refundable"
    assert (half.paid_minor, half.balance_minor) == (8_000, 12_000)


def test_an_answer_that_was_overtaken_changes_nothing() -> None:
    """A look that began before the capture says `needs_guest` after it."""
    paid = pays(asked_to_pay(held()))
    again = hears(replace(paid, purse=replace(paid.purse, outage_since=ASKED)), state=PayState.NEEDS_GUEST)
    assert (again.status, again.purse.payments[0].state) == (Status.CONFIRMED, PayState.CAPTURED)


def test_another_amount_than_was_asked_for_is_kept_and_shown() -> None:
    """Nothing is decided by the machine."""
    made = asked_to_pay(held())
    odd = hears(made, state=PayState.CAPTURED, captured_minor=9_000, amount_minor=9_000, currency="INR")
    assert (odd.status, odd.paid_minor) == (Status.HELD, 9_000)
    assert "another amount" in odd.attention


def test_a_hotel_that_confirms_by_itself_takes_what_it_would_have_set_aside() -> None:
    """Nobody is there to say yes."""
    made = acts.opened(replace(online(Way.AUTHORISE), terms=terms(Way.AUTHORISE)), act(actor=GUEST)).after
    assert made.terms.confirmation is Confirmation.AUTO
    assert pays(asked_to_pay(made)).status is Status.CONFIRMED
    assert next(line.key for line in agenda(made)) == "hold_expires"
