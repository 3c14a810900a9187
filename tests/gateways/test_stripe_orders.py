"""Orders of a booking carried out at the Stripe double: each verb ends in what is true there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.payments import How, PayState, RefundState, Seen, Verb
from tests.gateways.till import AMOUNT_MINOR, Till


async def test_a_page_is_made_for_the_booking_s_own_customer(till: Till) -> None:
    payment = await till.begun(till.payment(), hold_until=till.now + timedelta(minutes=45))
    session = till.double.sdk.v1.checkout.sessions.retrieve(payment.session_id).to_dict()
    reference = till.booking.reference
    assert session["amount_total"] == AMOUNT_MINOR
    assert session["success_url"] == session["cancel_url"] == f"https://holdfast.example/pay/return/{reference}"
    assert session["client_reference_id"] == reference
    assert session["metadata"] == {
        "holdfast_booking": reference,
        "holdfast_hotel": str(till.booking.hotel_id),
        "holdfast_payment": "1",
        "holdfast_key": f"{till.booking.hotel_id}.{reference}.deposit.1.begin.1",
    }
    assert session["expires_at"] == int((till.now + timedelta(minutes=45)).timestamp())
    [line] = till.double.sdk.v1.checkout.sessions.line_items.list(payment.session_id).data
    assert (line.description, line.quantity) == (f"A House · {reference}", 1)
    customer = till.double.sdk.v1.customers.retrieve(till.customer_id).to_dict()
    assert (customer["email"], customer["name"], customer["phone"]) == (None, None, None)
    assert customer["metadata"]["holdfast_booking"] == reference


@pytest.mark.parametrize(
    ("minutes", "lasts"), [(5, 31), (31, 31), (600, 600), (3_000, 24 * 60 - 1), (None, 24 * 60 - 1)]
)
async def test_a_page_lasts_as_long_as_the_hold_within_the_provider_s_bounds(
    till: Till, minutes: int | None, lasts: int
) -> None:
    until = None if minutes is None else till.now + timedelta(minutes=minutes)
    payment = await till.begun(till.payment(), hold_until=until)
    session = till.double.sdk.v1.checkout.sessions.retrieve(payment.session_id)
    assert session.expires_at == int((till.now + timedelta(minutes=lasts)).timestamp())


async def test_a_guest_pays_on_the_page(till: Till) -> None:
    payment = await till.begun(till.payment())
    before = await till.do(Verb.READ, payment)
    assert (before.state, before.amount_minor, before.currency) == (PayState.CREATED, AMOUNT_MINOR, "EUR")
    till.pay(payment)
    after = await till.do(Verb.READ, payment)
    assert (after.state, after.captured_minor, after.acting) == (PayState.CAPTURED, AMOUNT_MINOR, False)
    assert after.intent_id.startswith("pi_")
    [intent] = till.intents()
    assert intent.metadata.to_dict()["holdfast_payment"] == "1"


async def test_a_declined_card_leaves_the_page_open_and_tells_why(till: Till) -> None:
    payment = await till.begun(till.payment())
    assert till.pay(payment, "4000000000009995").status_code == 402
    seen = await till.do(Verb.READ, payment)
    assert (seen.state, seen.code, seen.retryable) == (PayState.CREATED, "insufficient_funds", True)
    till.pay(payment)
    assert (await till.do(Verb.READ, payment)).state is PayState.CAPTURED
    assert till.taken() == [AMOUNT_MINOR]


async def test_a_guarantee_saves_a_card_and_takes_nothing(till: Till) -> None:
    _, seen = await till.paid(till.payment(amount=0))
    assert (seen.state, seen.captured_minor) == (PayState.SAVED, 0)
    assert seen.method_id.startswith("pm_")
    assert seen.intent_id.startswith("seti_")
    assert till.intents() == []


@pytest.mark.parametrize(("amount", "kind"), [(AMOUNT_MINOR, "pi_"), (0, "seti_")])
async def test_an_intent_is_made_for_a_page_of_ours(till: Till, amount: int, kind: str) -> None:
    payment = await till.begun(till.payment(how=How.INTENT, amount=amount))
    assert payment.intent_id.startswith(kind)
    seen = await till.do(Verb.READ, payment)
    assert (seen.state, seen.amount_minor) == (PayState.CREATED, amount)
    closed = await till.do(Verb.CLOSE, payment)
    assert closed.state is PayState.VOIDED


async def test_a_saved_card_is_charged_without_the_guest(till: Till) -> None:
    await till.paid(till.payment(), save_card=True)
    seen = await till.do(Verb.CHARGE, till.payment(2, How.OFF_SESSION, 5_000))
    assert (seen.state, seen.captured_minor) == (PayState.CAPTURED, 5_000)
    assert till.taken() == [5_000, AMOUNT_MINOR]


async def test_a_bank_that_wants_to_see_the_guest_is_told(till: Till) -> None:
    await till.paid(till.payment(amount=0))
    till.method_id = till.double.sdk.v1.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": till.customer_id}
    ).id
    fee = till.payment(2, How.OFF_SESSION, 5_000)
    seen = await till.do(Verb.CHARGE, fee)
    assert (seen.state, seen.code) == (PayState.NEEDS_GUEST, "authentication_required")
    assert await till.do(Verb.CHARGE, fee) == seen
    assert (await till.do(Verb.CLOSE, replace(fee, intent_id=seen.intent_id))).state is PayState.VOIDED
    assert till.taken() == []


@pytest.mark.parametrize(
    ("card", "code", "retryable"),
    [
        ("pm_card_chargeCustomerFail", "generic_decline", False),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds", True),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", False),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", True),
        ("pm_card_radarBlock", "fraudulent", False),
    ],
)
async def test_a_declined_charge_is_a_definite_answer(till: Till, card: str, code: str, retryable: bool) -> None:
    await till.begun(till.payment(amount=0))
    till.method_id = card
    fee = till.payment(2, How.OFF_SESSION, 5_000)
    seen = await till.do(Verb.CHARGE, fee)
    assert (seen.state, seen.code, seen.retryable) == (PayState.DECLINED, code, retryable)
    assert (await till.do(Verb.CHARGE, fee)).state is PayState.DECLINED
    assert len(till.intents()) == 1
    again = await till.do(Verb.CHARGE, fee, attempt=2)
    assert again.state is PayState.DECLINED
    assert (len(till.intents()), till.taken()) == (2, [])


async def test_without_a_saved_card_nothing_is_charged(till: Till) -> None:
    seen = await till.do(Verb.CHARGE, till.payment(1, How.OFF_SESSION, 5_000))
    assert (seen.trouble, seen.code) == ("refused", "no_saved_card")
    assert till.rows() == []


async def test_too_little_is_not_asked_for_and_stays_due(till: Till) -> None:
    seen = await till.do(Verb.BEGIN, till.payment(amount=49))
    assert (seen.trouble, seen.code) == ("refused", "amount_too_small")
    assert [row["call"] for row in till.rows()] == ["customers.create"]


async def test_a_charge_of_nothing_is_not_asked_for(till: Till) -> None:
    await till.paid(till.payment(amount=0))
    seen = await till.do(Verb.CHARGE, till.payment(2, How.OFF_SESSION, 0))
    assert (seen.trouble, seen.code, till.intents()) == ("refused", "amount_too_small", [])


async def test_dinars_are_asked_for_without_their_last_digit(till: Till) -> None:
    till.currency = "KWD"
    _, seen = await till.paid(till.payment(amount=51_247))
    assert (seen.captured_minor, seen.amount_minor, seen.currency) == (51_240, 51_240, "KWD")


async def test_what_is_authorised_is_captured_in_part_and_the_rest_released(till: Till) -> None:
    payment, seen = await till.paid(till.payment(), manual=True)
    assert (seen.state, seen.captured_minor) == (PayState.AUTHORISED, 0)
    assert seen.capture_before is not None
    assert timedelta(days=6) < seen.capture_before - till.now < timedelta(days=8)
    taken = await till.do(Verb.CAPTURE, payment, amount_minor=9_000)
    assert (taken.state, taken.captured_minor, taken.capture_before) == (PayState.CAPTURED, 9_000, None)
    again = await till.do(Verb.CAPTURE, payment, amount_minor=9_000, attempt=2)
    assert (again.trouble, again.state, again.captured_minor) == ("", PayState.CAPTURED, 9_000)
    assert till.taken() == [9_000]


async def test_an_authorisation_that_lapsed_is_told_so(till: Till) -> None:
    payment, _ = await till.paid(till.payment(), manual=True)
    later = till.now + timedelta(days=9)
    seen = await till.do(Verb.CAPTURE, payment, amount_minor=AMOUNT_MINOR, now=later)
    assert (seen.state, seen.trouble) == (PayState.AUTH_EXPIRED, "")
    assert (await till.do(Verb.VOID, payment, now=later)).state is PayState.AUTH_EXPIRED
    assert till.taken() == []


async def test_more_than_was_authorised_is_refused_and_nothing_taken(till: Till) -> None:
    payment, _ = await till.paid(till.payment(), manual=True)
    seen = await till.do(Verb.CAPTURE, payment, amount_minor=AMOUNT_MINOR + 1)
    assert (seen.trouble, seen.state) == ("refused", PayState.AUTHORISED)
    assert till.taken() == []


async def test_an_authorisation_is_given_back(till: Till) -> None:
    payment, _ = await till.paid(till.payment(), manual=True)
    assert (await till.do(Verb.VOID, payment)).state is PayState.VOIDED
    assert (await till.do(Verb.VOID, payment, attempt=2)).state is PayState.VOIDED
    late = await till.do(Verb.CAPTURE, payment, amount_minor=AMOUNT_MINOR)
    assert (late.state, till.taken()) == (PayState.VOIDED, [])


async def test_a_capture_by_the_page_s_name_alone_finds_its_intent(till: Till) -> None:
    payment, _ = await till.paid(till.payment(), manual=True)
    seen = await till.do(Verb.CAPTURE, replace(payment, intent_id=""), amount_minor=AMOUNT_MINOR)
    assert seen.state is PayState.CAPTURED


async def test_a_closed_page_takes_no_money(till: Till) -> None:
    payment = await till.begun(till.payment())
    assert (await till.do(Verb.CLOSE, payment)).state is PayState.VOIDED
    assert till.pay(payment).status_code == 410
    assert (await till.do(Verb.READ, payment)).state is PayState.VOIDED


async def test_money_that_came_before_the_closing_is_told_and_kept(till: Till) -> None:
    payment = await till.begun(till.payment())
    till.pay(payment)
    seen = await till.do(Verb.CLOSE, payment)
    assert (seen.state, seen.captured_minor, seen.trouble) == (PayState.CAPTURED, AMOUNT_MINOR, "")


async def test_a_guest_in_the_middle_of_proving_is_left_alone_once(till: Till) -> None:
    payment = await till.begun(till.payment())
    challenge = till.pay(payment, "4000002760003184").headers["location"]
    seen = await till.do(Verb.CLOSE, payment, gracious=True)
    assert (seen.state, seen.acting) == (PayState.NEEDS_GUEST, True)
    assert not [row for row in till.rows() if ".close." in row["key"]]
    ended = await till.do(Verb.CLOSE, payment)
    assert (ended.state, ended.acting) == (PayState.VOIDED, False)
    assert till.double.prove(challenge).status_code == 409
    assert till.taken() == []


async def test_a_guest_who_proves_in_time_has_paid(till: Till) -> None:
    payment = await till.begun(till.payment())
    challenge = till.pay(payment, "4000002760003184").headers["location"]
    assert (await till.do(Verb.CLOSE, payment, gracious=True)).acting
    till.double.prove(challenge)
    assert (await till.do(Verb.CLOSE, payment)).state is PayState.CAPTURED


async def test_what_was_never_made_is_void(till: Till) -> None:
    for verb in (Verb.READ, Verb.CLOSE, Verb.VOID):
        assert await till.do(verb, till.payment()) == Seen(state=PayState.VOIDED)


async def test_money_goes_back_in_parts_and_never_more_than_came(till: Till) -> None:
    payment, _ = await till.paid(till.payment())
    first = await till.give_back(payment, till.refund(9_000))
    assert (first.refund_state, first.amount_minor) == (RefundState.SUCCEEDED, 9_000)
    second = await till.give_back(payment, till.refund(15_000, number=2))
    assert second.refund_state is RefundState.SUCCEEDED
    third = await till.give_back(payment, till.refund(1, number=3))
    assert (third.trouble, third.code, third.refund_id) == ("refused", "charge_already_refunded", "")
    assert sorted(till.given_back(payment.intent_id)) == [9_000, 15_000]


async def test_a_refund_is_read_by_its_name_or_by_its_number(till: Till) -> None:
    payment, _ = await till.paid(till.payment())
    wanted = till.refund(9_000)
    assert (await till.do(Verb.READ_REFUND, payment, refund=wanted)).refund_state is RefundState.WANTED
    made = await till.give_back(payment, wanted)
    for refund in (wanted, replace(wanted, provider_id=made.refund_id)):
        seen = await till.do(Verb.READ_REFUND, payment, refund=refund)
        assert (seen.refund_id, seen.refund_state) == (made.refund_id, RefundState.SUCCEEDED)


@pytest.mark.parametrize(
    ("card", "at_first", "later"),
    [
        ("4000000000007726", RefundState.PENDING, RefundState.SUCCEEDED),
        ("4000000000005126", RefundState.SUCCEEDED, RefundState.FAILED),
    ],
)
async def test_a_refund_may_wait_and_may_fail_later(
    till: Till, card: str, at_first: RefundState, later: RefundState
) -> None:
    payment, _ = await till.paid(till.payment(), card)
    made = await till.give_back(payment, till.refund(9_000))
    assert made.refund_state is at_first
    refund = replace(till.refund(9_000), provider_id=made.refund_id)
    seen = await till.do(Verb.READ_REFUND, payment, refund=refund, now=till.now + timedelta(days=20))
    assert seen.refund_state is later


async def test_nothing_goes_back_of_what_never_came(till: Till) -> None:
    payment = await till.begun(till.payment())
    seen = await till.give_back(payment, till.refund(9_000))
    assert (seen.trouble, seen.code) == ("refused", "nothing_paid")


async def test_a_disputed_payment_is_told_so(till: Till) -> None:
    _, seen = await till.paid(till.payment(), "4000000000000259")
    assert (seen.state, seen.disputed) == (PayState.CAPTURED, True)


@pytest.mark.parametrize(("kind", "how"), [("dispute_won", "won"), ("dispute_lost", "lost")])
async def test_how_a_dispute_ended_is_told_with_its_payment(till: Till, kind: str, how: str) -> None:
    """Open while one is; then as the bank decided. An undisputed payment has none."""
    payment, seen = await till.paid(till.payment())
    assert (seen.disputed, seen.dispute) == (False, "")
    [intent] = till.intents()
    first, second = (till.double.plant("dispute", id=intent.id, amount=5_000) for _ in range(2))
    assert (await till.do(Verb.READ, payment)).dispute == "open"
    till.double.plant("dispute_lost", id=first["id"])
    assert (await till.do(Verb.READ, payment)).dispute == "open"
    till.double.plant(kind, id=second["id"])
    assert (await till.do(Verb.READ, payment)).dispute == how
