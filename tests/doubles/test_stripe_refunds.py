"""Money that goes back: refunds, disputes, and what they take from hotels and from the platform's fee."""

from typing import Any

import pytest
import stripe

from doubles.stripe.money import processing_fee
from tests.doubles.stripe_running import Shop, StripeDouble


def account(shop: Shop, bank: StripeDouble) -> str:
    """A hotel that takes payments."""
    made = shop.api.accounts.create({"country": "PT", "email": "owner@hotel.example", "type": "express"})
    bank.plant("account_enabled", id=made.id)
    return made.id


def routed(shop: Shop, destination: str, amount: int = 10_000, fee: int = 1_000) -> stripe.PaymentIntent:
    return shop.intent(
        amount=amount,
        transfer_data={"destination": destination},
        on_behalf_of=destination,
        application_fee_amount=fee,
    )


def test_parts_go_back_until_nothing_is_left_and_never_more(shop: Shop) -> None:
    intent = shop.intent()
    first = shop.refund(intent, 5_000, metadata={"holdfast_refund": "1"}, reason="requested_by_customer")
    assert (first.status, first.amount, first.metadata["holdfast_refund"] if first.metadata else "") == (
        "succeeded", 5_000, "1",
    )  # fmt: skip
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.refund(intent, 7_001)
    assert (refused.value.code, refused.value.param) == ("amount_too_large", "amount")
    assert shop.refund(intent).amount == 7_000
    charge = shop.charge(intent)
    assert (charge.refunded, charge.amount_refunded) == (True, 12_000)
    with pytest.raises(stripe.InvalidRequestError) as empty:
        shop.refund(intent)
    assert empty.value.code == "charge_already_refunded"
    assert [one.amount for one in shop.api.refunds.list({"payment_intent": intent.id}).data] == [7_000, 5_000]
    assert [one.amount for one in shop.api.refunds.list({"charge": charge.id, "limit": 1}).data] == [7_000]


def test_only_what_was_captured_goes_back(shop: Shop) -> None:
    held = shop.held()
    with pytest.raises(stripe.InvalidRequestError):
        shop.refund(held)
    shop.api.payment_intents.capture(held.id, {"amount_to_capture": 7_000})
    with pytest.raises(stripe.InvalidRequestError):
        shop.refund(held, 7_001)
    assert shop.refund(held).amount == 7_000


def test_a_refund_names_an_intent_or_a_charge_and_not_both(shop: Shop) -> None:
    intent = shop.intent()
    charge = shop.charge(intent)
    assert shop.api.refunds.create({"charge": charge.id, "amount": 100}).payment_intent == intent.id
    for wrong in ({}, {"charge": charge.id, "payment_intent": intent.id}, {"charge": "ch_nobody"}):
        with pytest.raises(stripe.InvalidRequestError):
            shop.api.refunds.create(wrong)  # pyrefly: ignore[bad-argument-type]
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.refunds.create({"charge": charge.id, "amount": 0})


def test_a_refund_may_be_pending_for_a_while(shop: Shop, bank: StripeDouble) -> None:
    refund = shop.refund(shop.intent("pm_card_pendingRefund"), metadata={"double_refund_seconds": "600"})
    assert refund.status == "pending"
    bank.advance(601)
    assert shop.api.refunds.retrieve(refund.id).status == "succeeded"
    assert [event["type"] for event in bank.events(refund.id)] == ["refund.created", "refund.updated"]


def test_a_refund_that_succeeded_may_fail_later_and_frees_its_amount(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent("pm_card_refundFail")
    refund = shop.refund(intent, metadata={"double_refund_seconds": "600"})
    assert refund.status == "succeeded"
    bank.advance(601)
    failed = shop.api.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "unknown")
    assert shop.charge(intent).amount_refunded == 0
    assert bank.events(refund.id)[-1]["type"] == "refund.failed"
    assert shop.refund(intent).amount == 12_000


def test_only_a_refund_that_waits_for_the_guest_can_be_taken_back(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent()
    refund = shop.refund(intent)
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.refunds.cancel(refund.id)
    bank.plant("refund_pending", id=refund.id, status="requires_action")
    assert shop.api.refunds.cancel(refund.id).status == "canceled"
    assert shop.charge(intent).amount_refunded == 0


def test_a_hotel_is_paid_out_and_the_platform_keeps_its_fee(shop: Shop, bank: StripeDouble) -> None:
    hotel = account(shop, bank)
    charge = shop.charge(routed(shop, hotel))
    transfer = shop.api.transfers.retrieve(str(charge.transfer))
    assert (transfer.amount, transfer.destination, transfer.source_transaction) == (10_000, hotel, charge.id)
    [fee] = shop.api.application_fees.list({"charge": charge.id}).data
    assert (fee.amount, fee.account, fee.id) == (1_000, hotel, charge.application_fee)
    assert [one.id for one in shop.api.transfers.list({"destination": hotel}).data] == [transfer.id]


def test_a_refund_takes_its_part_of_transfer_and_fee_and_the_last_takes_the_rest(
    shop: Shop, bank: StripeDouble
) -> None:
    intent = routed(shop, account(shop, bank), 10_001, 333)
    both = {"reverse_transfer": True, "refund_application_fee": True}
    first = shop.refund(intent, 3_333, **both)
    charge = shop.charge(intent)
    transfer, fee = str(charge.transfer), str(charge.application_fee)
    assert shop.api.transfers.retrieve(transfer).amount_reversed == 3_333
    assert shop.api.application_fees.retrieve(fee).amount_refunded == 111
    shop.refund(intent, 3_333, **both)
    shop.refund(intent, **both)
    reversed_now = shop.api.transfers.retrieve(transfer)
    assert (reversed_now.amount_reversed, reversed_now.reversed) == (10_001, True)
    refunded = shop.api.application_fees.retrieve(fee)
    assert (refunded.amount_refunded, refunded.refunded) == (333, True)
    reversals = shop.api.transfers.reversals.list(transfer).data
    assert [one.amount for one in reversals] == [3_335, 3_333, 3_333]
    assert first.transfer_reversal == reversals[-1].id
    assert sum(one.amount for one in shop.api.application_fees.refunds.list(fee).data) == 333


def test_a_refund_without_a_word_leaves_transfer_and_fee_alone(shop: Shop, bank: StripeDouble) -> None:
    intent = routed(shop, account(shop, bank))
    shop.refund(intent)
    charge = shop.charge(intent)
    assert shop.api.transfers.retrieve(str(charge.transfer)).amount_reversed == 0
    assert shop.api.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 0
    with pytest.raises(stripe.InvalidRequestError):
        shop.refund(shop.intent(), reverse_transfer=True)


def test_a_captured_part_pays_out_that_part(shop: Shop, bank: StripeDouble) -> None:
    hotel = account(shop, bank)
    held = shop.held(transfer_data={"destination": hotel}, application_fee_amount=1_000)
    assert shop.charge(held).transfer is None
    shop.api.payment_intents.capture(held.id, {"amount_to_capture": 6_000, "application_fee_amount": 500})
    charge = shop.charge(held)
    assert shop.api.transfers.retrieve(str(charge.transfer)).amount == 6_000
    assert shop.api.application_fees.retrieve(str(charge.application_fee)).amount == 500


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"transfer_data": {"destination": "acct_nobody"}}, "transfer_data[destination]"),
        ({"on_behalf_of": "acct_nobody"}, "on_behalf_of"),
        ({"application_fee_amount": 100}, "application_fee_amount"),
    ],
)
def test_a_payment_for_an_unknown_hotel_is_refused(shop: Shop, more: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.intent(**more)
    assert refused.value.param == param
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(payment_intent_data=more)


def test_a_hotel_answers_on_its_link_once_and_then_takes_payments(shop: Shop, bank: StripeDouble) -> None:
    made = shop.api.accounts.create({"country": "PT"})
    assert (made.charges_enabled, made.details_submitted) == (False, False)
    link = shop.api.account_links.create(
        {"account": made.id, "type": "account_onboarding", "refresh_url": "http://hotel.example/again",
         "return_url": "http://hotel.example/done"}
    )  # fmt: skip
    assert bank.http.get(link.url).status_code == 200
    answer = bank.http.post(link.url)
    assert (answer.status_code, answer.headers["location"]) == (303, "http://hotel.example/done")
    assert bank.http.post(link.url).status_code == 410
    assert shop.api.accounts.retrieve(made.id).charges_enabled
    [told] = bank.events(made.id, "account.updated")
    assert told["account"] == made.id
    assert [one.id for one in shop.api.accounts.list().data] == [made.id]


def test_a_hotel_that_leaves_is_told_of_and_gone(shop: Shop, bank: StripeDouble) -> None:
    hotel = account(shop, bank)
    bank.plant("account_left", id=hotel)
    listed = bank.http.get("/_double/webhooks").json()["events"]
    told = [event for event in listed if event["type"] == "account.application.deauthorized"]
    assert [event["account"] for event in told] == [hotel]
    with pytest.raises(stripe.InvalidRequestError):
        shop.intent(on_behalf_of=hotel)


def test_a_disputed_charge_takes_the_money_back_and_cannot_be_refunded(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent("pm_card_createDispute")
    charge = shop.charge(intent)
    [listed] = shop.api.disputes.list({"charge": charge.id}).data
    dispute = shop.api.disputes.retrieve(listed.id)
    assert (dispute.amount, dispute.status, dispute.reason) == (12_000, "needs_response", "fraudulent")
    assert [one.id for one in shop.api.disputes.list({"payment_intent": intent.id}).data] == [dispute.id]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.refund(intent)
    assert refused.value.code == "charge_disputed"
    types = {event["type"] for event in bank.events(charge.id)}
    assert {"charge.dispute.created", "charge.dispute.funds_withdrawn"} <= types


@pytest.mark.parametrize(("evidence", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_a_dispute_is_decided_by_its_evidence(shop: Shop, bank: StripeDouble, evidence: str, status: str) -> None:
    charge = shop.charge(shop.intent("pm_card_createDispute"))
    [dispute] = shop.api.disputes.list({"charge": charge.id}).data
    decided = shop.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})
    assert decided.status == status
    assert sum(one.amount for one in decided.balance_transactions) == (0 if status == "won" else -12_000)
    assert [event["type"] for event in bank.events(dispute.id)].count("charge.dispute.closed") == 1
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.disputes.close(dispute.id)


def test_an_inquiry_moves_no_money(shop: Shop) -> None:
    intent = shop.intent("pm_card_createDisputeInquiry")
    [inquiry] = shop.api.disputes.list({"payment_intent": intent.id}).data
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert shop.refund(intent).status == "succeeded"


def test_a_bank_may_warn_of_fraud_before_anybody_disputes(shop: Shop, bank: StripeDouble) -> None:
    intent = shop.intent("pm_card_createIssuerFraudRecord")
    [warning] = shop.api.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data
    assert warning.charge == intent.latest_charge
    assert bank.events(intent.id, "radar.early_fraud_warning.created")


def test_every_movement_is_in_the_balance_with_its_fee(shop: Shop) -> None:
    intent = shop.intent()
    refund = shop.refund(intent, 2_000)
    charge = shop.charge(intent)
    came = shop.api.balance_transactions.retrieve(str(charge.balance_transaction))
    assert (came.amount, came.fee, came.net) == (12_000, processing_fee(12_000), 12_000 - processing_fee(12_000))
    assert came.fee == 205
    [went] = shop.api.balance_transactions.list({"source": refund.id}).data
    assert (went.amount, went.type) == (-2_000, "refund")
    expanded = shop.api.payment_intents.retrieve(intent.id, {"expand": ["latest_charge.balance_transaction"]})
    assert isinstance(expanded.latest_charge, stripe.Charge)
    assert isinstance(expanded.latest_charge.balance_transaction, stripe.BalanceTransaction)
