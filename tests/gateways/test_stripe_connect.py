"""A hotel with an account of its own is charged through the platform; without one, on the platform's."""

from dataclasses import replace
from typing import Any

import pytest

from domain.connect import AccountSeen
from domain.payments import How, PayState, RefundState, Verb
from tests.gateways.till import AMOUNT_MINOR, Till
from tests.store.outbox import Outbox
from tests.story.world import connect


def changed(outbox: Outbox, **columns: Any) -> None:
    """The hotel's account from now on."""
    with connect(outbox.owner_url) as db:
        for name, value in columns.items():
            statement = f"UPDATE stripe_accounts SET {name} = %s WHERE hotel_id = %s"
            db.execute(statement.encode(), [value, outbox.hotel_id])


def the_intent(till: Till) -> dict[str, Any]:
    """The booking's one payment intent."""
    [intent] = till.intents()
    return intent.to_dict()


FEE_MINOR = 600


async def test_a_page_s_payment_is_passed_on_without_the_platform_s_share(till: Till, account: str) -> None:
    _, seen = await till.paid(till.payment())
    intent = the_intent(till)
    assert (seen.state, seen.captured_minor) == (PayState.CAPTURED, AMOUNT_MINOR)
    assert (intent["on_behalf_of"], intent["transfer_data"]["destination"]) == (account, account)
    assert intent["application_fee_amount"] == FEE_MINOR


@pytest.mark.parametrize("how", [How.INTENT, How.OFF_SESSION])
async def test_every_other_way_to_pay_is_passed_on_too(till: Till, account: str, how: How) -> None:
    await till.paid(till.payment(amount=0))
    await till.do(Verb.CHARGE if how is How.OFF_SESSION else Verb.BEGIN, till.payment(2, how))
    intent = the_intent(till)
    assert (intent["on_behalf_of"], intent["transfer_data"]["destination"]) == (account, account)
    assert intent["application_fee_amount"] == FEE_MINOR


async def test_the_platform_s_share_is_of_what_is_captured(till: Till, account: str) -> None:
    payment, _ = await till.paid(till.payment(), manual=True)
    await till.do(Verb.CAPTURE, payment, amount_minor=9_000)
    assert the_intent(till)["application_fee_amount"] == 225
    assert the_intent(till)["transfer_data"]["destination"] == account


async def test_without_a_share_no_fee_is_asked_for(till: Till, account: str, outbox: Outbox) -> None:
    changed(outbox, fee_percent=0)
    await till.paid(till.payment())
    intent = the_intent(till)
    assert (intent["application_fee_amount"], intent["transfer_data"]["destination"]) == (None, account)


@pytest.mark.parametrize(("back", "fee_back"), [(True, FEE_MINOR), (False, 0)])
async def test_a_refund_comes_back_from_the_hotel_and_the_share_by_setting(
    till: Till, account: str, outbox: Outbox, back: bool, fee_back: int
) -> None:
    changed(outbox, refund_fee=back)
    payment, _ = await till.paid(till.payment())
    seen = await till.give_back(payment, till.refund(AMOUNT_MINOR))
    assert seen.refund_state is RefundState.SUCCEEDED
    [fee] = till.double.sdk.v1.application_fees.list({"limit": 1}).data
    assert fee.amount_refunded == fee_back
    [transfer] = till.double.sdk.v1.transfers.list({"limit": 1}).data
    assert (transfer.amount_reversed, transfer.destination) == (AMOUNT_MINOR, account)


async def test_a_refund_follows_how_the_payment_was_made_and_not_how_the_hotel_is_now(
    till: Till, outbox: Outbox, account: str
) -> None:
    payment, _ = await till.paid(till.payment())
    with connect(outbox.owner_url) as db:
        db.execute("DELETE FROM stripe_accounts WHERE hotel_id = %s", [outbox.hotel_id])
    assert (await till.give_back(payment, till.refund(9_000))).refund_state is RefundState.SUCCEEDED
    assert till.row("refund")["params"]["reverse_transfer"] is True
    later, _ = await till.paid(till.payment(2))
    with connect(outbox.owner_url) as db:
        db.execute(
            "INSERT INTO stripe_accounts (hotel_id, account_id, country, charges_enabled, checked_at)"
            " VALUES (%s, %s, 'PT', true, %s)",
            [outbox.hotel_id, account, till.now],
        )
    refund = till.refund(9_000, payment=2, number=2)
    assert (await till.give_back(later, refund)).refund_state is RefundState.SUCCEEDED


async def test_what_was_paid_through_a_replaced_account_stays_with_it(till: Till, outbox: Outbox, account: str) -> None:
    """The refund is taken back from the old account; the next payment goes to the new one."""
    payment, _ = await till.paid(till.payment())
    fresh = till.double.sdk.v1.accounts.create({"country": "PT"}).id
    accounts = till.accounts
    for _ in range(2):
        await accounts.set_aside(outbox.hotel_id, account, fresh, "PT", till.now)
    assert await accounts.numbered(outbox.hotel_id) == (fresh, 2)
    # News of the old account changes nothing of the new one.
    await accounts.keep(outbox.hotel_id, "PT", AccountSeen(account, "PT", charges_enabled=True), till.now)
    present = await accounts.account_of(outbox.hotel_id)
    assert present is not None
    assert not present.charges_enabled
    assert (await till.give_back(payment, till.refund(9_000))).refund_state is RefundState.SUCCEEDED
    [transfer] = till.double.sdk.v1.transfers.list({"limit": 1}).data
    assert (transfer.destination, transfer.amount_reversed) == (account, 9_000)
    changed(outbox, charges_enabled=True)
    await till.paid(till.payment(2))
    [newest, _] = till.double.sdk.v1.transfers.list({"limit": 2}).data
    assert newest.destination == fresh


async def test_a_hotel_that_can_t_be_charged_yet_begins_nothing(till: Till, account: str, outbox: Outbox) -> None:
    changed(outbox, charges_enabled=False)
    for payment, verb in ((till.payment(), Verb.BEGIN), (till.payment(2, How.OFF_SESSION), Verb.CHARGE)):
        seen = await till.do(verb, payment)
        assert (seen.trouble, seen.state) == ("not_ready", None)
    assert till.rows() == []
    changed(outbox, charges_enabled=True)
    assert (await till.do(Verb.BEGIN, till.payment())).trouble == ""


async def test_what_was_paid_goes_back_also_where_the_hotel_can_t_be_charged_any_more(
    till: Till, account: str, outbox: Outbox
) -> None:
    payment, _ = await till.paid(till.payment())
    changed(outbox, charges_enabled=False)
    assert (await till.give_back(payment, till.refund(9_000))).refund_state is RefundState.SUCCEEDED
    assert (await till.do(Verb.READ, replace(payment))).captured_minor == AMOUNT_MINOR
