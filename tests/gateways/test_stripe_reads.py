"""What is read at the provider for a hotel's night, for its disputes and for its account: by lists and by names."""

from datetime import timedelta

import pytest

from domain.connect import AccountRefused
from domain.disputes import DISPUTE, WARNING
from domain.payments import PayState, RefundState
from domain.provider_calls import CallState, ProviderAway, Written
from gateways import stripe_line
from gateways.stripe_connect import StripeConnect
from gateways.stripe_disputes import StripeDisputes
from gateways.stripe_ledger import CHARGES, FEES, INTENTS, LISTS, Found, Pace, StripeLedger
from gateways.stripe_line import StripeLine
from messages.connect import OPEN, AccountWish
from tests.doubles.stripe_running import KEY
from tests.gateways.till import AMOUNT_MINOR, BASE_URL, Till

A_DAY = timedelta(days=1)


@pytest.fixture
def line(till: Till) -> StripeLine:
    """A line to the double."""
    return StripeLine(KEY, till.double.address)


@pytest.fixture
def ledger(line: StripeLine) -> StripeLedger:
    """The double's ledger, read as fast as it answers."""
    return StripeLedger(line, Pace(10_000))


def listed(ledger: StripeLedger, till: Till, what: str) -> list[Found]:
    """All of one list since yesterday, page by page."""
    found, after = [], ""
    for _ in range(20):
        page, after = ledger.page(what, till.now - A_DAY, till.now + A_DAY, after, till.now)
        found += page
        if not after:
            return found
    raise AssertionError(f"{what} has no end")


async def test_each_list_tells_of_a_payment_that_was_passed_on_returned_and_disputed(
    till: Till, ledger: StripeLedger, account: str
) -> None:
    payment, _ = await till.paid(till.payment())
    await till.give_back(payment, till.refund(9_000))
    till.double.plant("dispute", id=payment.intent_id)
    told = {what: listed(ledger, till, what) for what in (*LISTS, FEES)}
    # A charge is told with its intent.
    assert {what for what, found in told.items() if payment.intent_id in {one.paid_by for one in found}} == {
        *LISTS, FEES,
    } - {CHARGES}  # fmt: skip
    [seen] = [one.payment for one in told[INTENTS]]
    assert seen is not None
    assert (seen.captured_minor, seen.returned_minor, seen.disputed) == (AMOUNT_MINOR, 9_000, True)
    assert (seen.fee_minor, seen.destination, told[FEES][0].account) == (600, account, account)
    again = ledger.payment(payment.intent_id, till.now)
    assert again == told[INTENTS][0]


async def test_a_list_goes_on_behind_what_was_read(
    till: Till, ledger: StripeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_line, "PAGE", 1)
    paid = [(await till.paid(till.payment(number)))[0] for number in (1, 2, 3)]
    assert [one.object_id for one in listed(ledger, till, INTENTS)] == [one.intent_id for one in paid[::-1]]
    made = [await till.give_back(paid[0], till.refund(1_000, number=number)) for number in (1, 2, 3)]
    found = ledger.refunds_of(paid[0].intent_id, till.now)
    assert [one.object_id for one in found] == [one.refund_id for one in made[::-1]]


async def test_a_charge_without_an_intent_is_read_with_its_refunds_by_its_own_name(
    till: Till, ledger: StripeLedger
) -> None:
    charge = till.double.plant("lone_charge", amount=5_000)["id"]
    refund = till.double.plant("refund", id=charge, amount=2_000)["id"]
    seen = ledger.payment(charge, till.now)
    assert seen is not None
    assert seen.payment is not None
    assert (seen.payment.state, seen.payment.captured_minor) == (PayState.CAPTURED, 5_000)
    [returned] = ledger.refunds_of(charge, till.now)
    assert returned == ledger.refund(refund, till.now)
    assert (returned.paid_by, returned.refund and returned.refund.state) == (charge, RefundState.SUCCEEDED)
    assert [ledger.payment("pi_nowhere", till.now), ledger.refund("re_nowhere", till.now)] == [None, None]


async def test_a_dispute_and_a_warning_are_read_by_their_names(till: Till, line: StripeLine) -> None:
    payment, _ = await till.paid(till.payment())
    disputes = StripeDisputes(line)
    dispute = disputes.look(till.double.plant("dispute", id=payment.intent_id)["id"])
    warning = disputes.look(till.double.plant("early_fraud_warning", id=payment.intent_id)["id"])
    assert dispute is not None
    assert warning is not None
    assert (dispute.kind, dispute.amount_minor, dispute.due_by is not None) == (DISPUTE, AMOUNT_MINOR, True)
    assert (warning.kind, warning.amount_minor) == (WARNING, AMOUNT_MINOR)
    assert [disputes.look("dp_nowhere"), disputes.look("issfr_nowhere")] == [None, None]


async def test_an_account_whose_answer_was_lost_is_found_by_its_key(till: Till, line: StripeLine) -> None:
    connect = StripeConnect(line, BASE_URL)
    call = connect.account_call(AccountWish(till.booking.hotel_id, "house", "PT", OPEN), 1)
    assert connect.match(call, till.now) == ""
    till.double.fault("cut", path="/v1/accounts", method="POST")
    with pytest.raises(ProviderAway):
        connect.send(Written(call, CallState.NEW), till.now)
    found = connect.match(call, till.now)
    seen = connect.look(found)
    assert (seen.account_id, seen.country, seen.charges_enabled, seen.left) == (found, "PT", False, False)
    page, ends_at = connect.page(found, "a.key", till.now)
    assert page.startswith(till.double.address)
    assert ends_at > till.now
    assert connect.look("acct_nowhere").left
    with pytest.raises(AccountRefused):
        connect.page("acct_nowhere", "another.key", till.now)
