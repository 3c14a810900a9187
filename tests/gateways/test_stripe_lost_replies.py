"""Whatever is lost on the way to the provider and back, each order is carried out once."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from domain.payments import How, Payment, PayState, RefundState, Seen, Verb
from domain.provider_calls import Written
from gateways import stripe_params
from gateways.cashier import Answer
from gateways.stripe_cashier import StripeCashier
from gateways.stripe_line import StripeLine
from messages.payments import ProviderOrder
from tests.doubles.stripe_running import KEY
from tests.gateways.till import AMOUNT_MINOR, BASE_URL, Till

# Where each verb's own call goes.
PATHS = {
    Verb.BEGIN: "/v1/checkout/sessions",
    Verb.CHARGE: "/v1/payment_intents",
    Verb.CAPTURE: "/v1/payment_intents/",
    Verb.REFUND: "/v1/refunds",
    Verb.CLOSE: "/v1/checkout/sessions/",
}


class Forgetful(StripeCashier):
    """A cashier that sends every try under a key of its own: what must not be."""

    def send(self, written: Written, now: datetime) -> Answer:
        """See Cashier.send."""
        return super().send(replace(written, call=replace(written.call, key=secrets.token_hex(8))), now)


async def carried_out(till: Till, order: ProviderOrder, tries: int = 5) -> tuple[Seen, int]:
    """What came of an order that is repeated as Temporal would, and how often it failed before."""
    for failed in range(tries):
        try:
            return await till.activities.carry_out(order), failed
        except ApplicationError as away:
            if away.type != "ProviderAway" or away.non_retryable:
                raise
    raise AssertionError("the order never came through")


async def order_of(till: Till, verb: Verb) -> ProviderOrder:
    """An order of this verb, with all that has to come before it done."""
    match verb:
        case Verb.BEGIN:
            return till.order(verb, till.payment())
        case Verb.CHARGE:
            await till.paid(till.payment(amount=0))
            return till.order(verb, till.payment(2, How.OFF_SESSION))
        case Verb.CAPTURE:
            payment, _ = await till.paid(till.payment(), manual=True)
            return till.order(verb, payment, amount_minor=AMOUNT_MINOR)
        case Verb.REFUND:
            payment, _ = await till.paid(till.payment())
            return till.order(verb, payment, refund=till.refund(9_000), amount_minor=9_000)
        case _:
            return till.order(verb, await till.begun(till.payment()))


def done(till: Till, order: ProviderOrder, seen: Seen) -> int:
    """How often the order was carried out at the provider."""
    till.customer_id = till.customer_id or seen.customer_id
    match order.order.verb:
        case Verb.BEGIN:
            return len(till.double.sdk.v1.checkout.sessions.list({"customer": till.customer_id}).data)
        case Verb.REFUND:
            return len(till.given_back(order.payment.intent_id))
        case _:
            return len(till.taken())


VERBS = [Verb.BEGIN, Verb.CHARGE, Verb.CAPTURE, Verb.REFUND]
FAULTS = ["cut", "cut_before", "error_before", "rate_limited"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
async def test_a_lost_answer_is_found_again_and_nothing_is_done_twice(till: Till, verb: Verb, fault: str) -> None:
    order = await order_of(till, verb)
    till.double.fault(fault, path=PATHS[verb], method="POST", times=2)
    seen, failed = await carried_out(till, order)
    assert (seen.trouble, failed) == ("", 2)
    assert done(till, order, seen) == 1
    assert till.double.planned() == []
    if verb is Verb.REFUND:
        assert seen.refund_state is RefundState.SUCCEEDED
    again, _ = await carried_out(till, order)
    assert (again.state, again.refund_id, done(till, order, again)) == (seen.state, seen.refund_id, 1)


@pytest.mark.parametrize("verb", [Verb.BEGIN, Verb.CHARGE, Verb.REFUND])
async def test_with_a_key_for_each_try_a_lost_answer_does_it_twice(till: Till, verb: Verb) -> None:
    """What the written key is for: the same fault, told apart by nothing else. A capture is one by itself."""
    order = await order_of(till, verb)
    till.activities._cashier = Forgetful(StripeLine(KEY, till.double.address), BASE_URL)
    till.double.fault("cut", path=PATHS[verb], method="POST")
    seen, _ = await carried_out(till, order)
    assert done(till, order, seen) == 2


@pytest.mark.parametrize("verb", VERBS)
async def test_a_day_later_what_was_done_is_found_though_the_key_is_forgotten(till: Till, verb: Verb) -> None:
    order = await order_of(till, verb)
    till.double.fault("cut", path=PATHS[verb], method="POST")
    with pytest.raises(ApplicationError, match="unreachable"):
        await till.activities.carry_out(order)
    till.double.age_keys(25 * 3600)
    till.clock.advance(hours=25)
    seen, failed = await carried_out(till, order)
    assert (seen.trouble, failed, done(till, order, seen)) == ("", 0, 1)
    row = till.row(verb.value)
    # A capture has made nothing that could be found: it is asked for again, which the intent itself refuses.
    assert (row["state"], row["round"]) == ("done", 2 if verb is Verb.CAPTURE else 1)
    if verb is Verb.CAPTURE:
        assert (seen.state, seen.captured_minor) == (PayState.CAPTURED, AMOUNT_MINOR)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_day_later_what_was_never_done_goes_out_under_a_fresh_key(till: Till, verb: Verb) -> None:
    order = await order_of(till, verb)
    till.double.fault("cut_before", path=PATHS[verb], method="POST")
    with pytest.raises(ApplicationError, match="unreachable"):
        await till.activities.carry_out(order)
    till.double.age_keys(25 * 3600)
    till.clock.advance(hours=25)
    seen, failed = await carried_out(till, order)
    assert (seen.trouble, failed, done(till, order, seen)) == ("", 0, 1)
    row = till.row(verb.value)
    assert (row["state"], row["round"]) == ("done", 2)


async def test_a_day_later_an_intent_to_save_a_card_is_found_though_the_key_is_forgotten(till: Till) -> None:
    order = till.order(Verb.BEGIN, till.payment(how=How.INTENT, amount=0))
    till.double.fault("cut", path="/v1/setup_intents", method="POST")
    with pytest.raises(ApplicationError, match="unreachable"):
        await till.activities.carry_out(order)
    till.double.age_keys(25 * 3600)
    till.clock.advance(hours=25)
    seen = await till.activities.carry_out(order)
    made = till.double.sdk.v1.setup_intents.list({"customer": seen.customer_id}).data
    assert (seen.trouble, [seen.intent_id]) == ("", [one.id for one in made])


async def test_without_looking_first_a_day_later_a_guest_pays_twice(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the look before a fresh key is for."""
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("cut", path=PATHS[Verb.CHARGE], method="POST")
    with pytest.raises(ApplicationError):
        await till.activities.carry_out(order)
    till.double.age_keys(25 * 3600)
    till.clock.advance(hours=25)
    monkeypatch.setattr(StripeCashier, "match", lambda *_: "")
    await till.activities.carry_out(order)
    assert till.taken() == [AMOUNT_MINOR, AMOUNT_MINOR]


async def test_a_sending_that_may_still_be_at_work_is_waited_for_before_a_fresh_key(till: Till) -> None:
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("cut_before", path=PATHS[Verb.CHARGE], method="POST", times=2)
    for hours in (0.0, 19.999):
        till.clock.advance(hours=hours)
        with pytest.raises(ApplicationError, match="unreachable"):
            await till.activities.carry_out(order)
    till.clock.advance(seconds=30)
    with pytest.raises(ApplicationError, match="at_work"):
        await till.activities.carry_out(order)
    till.clock.advance(seconds=31)
    assert (await till.activities.carry_out(order)).state is PayState.CAPTURED
    assert till.taken() == [AMOUNT_MINOR]


def saying_more(made: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Another build's words for the same."""
    return lambda *given: {**(said := made(*given)), "metadata": {**said.get("metadata", {}), "build": "another"}}


@pytest.mark.parametrize("verb", VERBS)
async def test_changed_words_under_a_written_key_are_the_old_ones(
    till: Till, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a deploy between two tries: the provider would refuse other words under the same key."""
    order = await order_of(till, verb)
    till.double.fault("cut", path=PATHS[verb], method="POST")
    with pytest.raises(ApplicationError, match="unreachable"):
        await till.activities.carry_out(order)
    before = till.row(verb.value)
    for name in ("session", "charge", "capture", "refund"):
        monkeypatch.setattr(stripe_params, name, saying_more(getattr(stripe_params, name)))
    seen, failed = await carried_out(till, order)
    assert (seen.trouble, failed, done(till, order, seen)) == ("", 0, 1)
    after = till.row(verb.value)
    assert (after["params"], after["params_hash"]) == (before["params"], before["params_hash"])


@pytest.mark.parametrize("verb", [Verb.BEGIN, Verb.CHARGE, Verb.REFUND])
async def test_a_call_whose_row_was_lost_is_found_though_it_is_worded_otherwise_now(
    till: Till, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a database was taken back from a backup: the provider knows the key, and refuses the new words."""
    order = await order_of(till, verb)
    before, _ = await carried_out(till, order)
    till.forget_rows(f".{verb}.")
    for name in ("session", "charge", "refund"):
        monkeypatch.setattr(stripe_params, name, saying_more(getattr(stripe_params, name)))
    seen, failed = await carried_out(till, replace(order, customer_id=order.customer_id or before.customer_id))
    assert (seen.trouble, failed, done(till, order, seen)) == ("", 0, 1)
    assert (seen.session_id, seen.refund_id) == (before.session_id, before.refund_id)
    assert till.row(verb.value)["round"] == 1


async def test_a_kept_failure_is_not_replayed_for_a_day(till: Till) -> None:
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("error_saved", path=PATHS[Verb.CHARGE], method="POST")
    seen, failed = await carried_out(till, order)
    assert (seen.state, failed, till.taken()) == (PayState.CAPTURED, 1, [AMOUNT_MINOR])
    assert till.row("charge")["round"] == 2


async def test_a_kept_failure_after_the_work_is_found_out(till: Till) -> None:
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("error_after", path=PATHS[Verb.CHARGE], method="POST")
    seen, failed = await carried_out(till, order)
    assert (seen.state, failed, till.taken()) == (PayState.CAPTURED, 1, [AMOUNT_MINOR])
    assert till.row("charge")["round"] == 1


async def test_the_same_order_twice_at_once_is_one_charge(till: Till) -> None:
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("latency", path=PATHS[Verb.CHARGE], method="POST", seconds=0.5)
    both = await asyncio.gather(*(till.activities.carry_out(order) for _ in range(2)), return_exceptions=True)
    states = [one.state for one in both if isinstance(one, Seen)]
    assert states == [PayState.CAPTURED] * len(states)
    assert states
    assert all(str(one).endswith("busy") for one in both if isinstance(one, BaseException))
    assert till.taken() == [AMOUNT_MINOR]
    assert (await till.activities.carry_out(order)).state is PayState.CAPTURED


@pytest.mark.parametrize("verb", [Verb.BEGIN, Verb.READ, Verb.CLOSE])
async def test_an_outage_is_told_in_one_word_and_passes(till: Till, verb: Verb) -> None:
    order = till.order(verb, till.payment() if verb is Verb.BEGIN else await till.begun(till.payment()))
    till.double.fault("outage", seconds=600)
    with pytest.raises(ApplicationError) as away:
        await till.activities.carry_out(order)
    assert (away.value.message, away.value.details, away.value.__cause__) == ("failing", (), None)
    till.double.well_again()
    assert (await till.activities.carry_out(order)).trouble == ""


async def test_nobody_there_leaves_a_call_that_may_say_something_new(till: Till, free_port: Callable[[], int]) -> None:
    order = till.order(Verb.BEGIN, till.payment())
    there = till.activities._cashier
    till.activities._cashier = StripeCashier(StripeLine(KEY, f"http://127.0.0.1:{free_port()}"), BASE_URL)
    with pytest.raises(ApplicationError, match="unreachable"):
        await till.activities.carry_out(order)
    assert [(row["state"], row["first_sent_at"]) for row in till.rows()] == [("new", None)]
    till.activities._cashier = there
    assert (await till.activities.carry_out(order)).trouble == ""


async def test_a_page_s_end_that_passed_while_nobody_answered_is_set_anew(till: Till) -> None:
    order = till.order(Verb.BEGIN, till.payment(), hold_until=till.now + timedelta(minutes=31))
    till.double.fault("cut_before", path=PATHS[Verb.BEGIN], method="POST")
    with pytest.raises(ApplicationError, match="unreachable"):
        await till.activities.carry_out(order)
    till.clock.advance(hours=2)
    later = replace(order, now=order.now + timedelta(hours=2))
    seen = await till.activities.carry_out(later)
    assert (seen.state, done(till, order, seen)) == (PayState.CREATED, 1)
    session = till.double.sdk.v1.checkout.sessions.retrieve(seen.session_id)
    assert session.expires_at == int((later.now + timedelta(minutes=31)).timestamp())
    assert till.row("begin")["round"] == 2


async def test_a_page_whose_answer_was_lost_is_found_and_closed(till: Till) -> None:
    """The hold ends while nobody knows whether there is a page: it is closed before the room is given away."""
    till.double.fault("cut", path=PATHS[Verb.BEGIN], method="POST")
    with pytest.raises(ApplicationError):
        await till.do(Verb.BEGIN, till.payment())
    seen = await till.do(Verb.CLOSE, till.payment())
    assert (seen.state, seen.session_id[:3]) == (PayState.VOIDED, "cs_")
    assert till.double.sdk.v1.checkout.sessions.retrieve(seen.session_id).status == "expired"


async def test_a_charge_whose_answer_was_lost_is_found_by_a_look(till: Till) -> None:
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("cut", path=PATHS[Verb.CHARGE], method="POST")
    with pytest.raises(ApplicationError):
        await till.activities.carry_out(order)
    seen = await till.do(Verb.READ, order.payment)
    assert (seen.state, seen.captured_minor) == (PayState.CAPTURED, AMOUNT_MINOR)


async def test_a_call_of_just_now_that_is_not_found_yet_is_not_taken_for_nothing(till: Till) -> None:
    order = await order_of(till, Verb.CHARGE)
    till.double.fault("cut_before", path=PATHS[Verb.CHARGE], method="POST")
    with pytest.raises(ApplicationError):
        await till.activities.carry_out(order)
    with pytest.raises(ApplicationError, match="at_work"):
        await till.do(Verb.READ, order.payment)
    till.clock.advance(minutes=2)
    assert (await till.do(Verb.READ, order.payment)).state is PayState.VOIDED


async def race(till: Till, payment: Payment) -> tuple[Seen, int]:
    """A hold's end and a guest's payment at the same moment: what the closing says, and the page's answer."""
    closing = asyncio.create_task(till.do(Verb.CLOSE, payment))
    paying = asyncio.get_running_loop().run_in_executor(None, till.pay, payment)
    return await closing, (await paying).status_code


async def test_a_hold_that_ends_while_the_guest_pays_ends_in_one_truth(till: Till) -> None:
    for number in range(1, 7):
        payment = await till.begun(till.payment(number))
        seen, page = await race(till, payment)
        truth = await till.do(Verb.READ, payment)
        assert (seen.state, page) in {(PayState.CAPTURED, 303), (PayState.VOIDED, 410)}
        assert (truth.state, truth.captured_minor) == (seen.state, seen.captured_minor)


@pytest.mark.parametrize("guest_first", [True, False])
async def test_a_guest_just_before_and_just_after_the_closing(till: Till, guest_first: bool) -> None:
    """Each of the two comes between the other's look and its act."""
    payment = await till.begun(till.payment())
    till.double.fault("latency", path=PATHS[Verb.CLOSE], method="POST", seconds=3 if guest_first else 0.4)
    closing = asyncio.create_task(till.do(Verb.CLOSE, payment))
    if guest_first:
        async with asyncio.timeout(10):
            while await asyncio.to_thread(till.double.planned):
                await asyncio.sleep(0.02)
        assert (await asyncio.to_thread(till.pay, payment)).status_code == 303
        seen = await closing
        assert (seen.state, seen.captured_minor, seen.trouble) == (PayState.CAPTURED, AMOUNT_MINOR, "")
    else:
        assert (await closing).state is PayState.VOIDED
        assert (await asyncio.to_thread(till.pay, payment)).status_code == 410
    assert till.taken() == ([AMOUNT_MINOR] if guest_first else [])
