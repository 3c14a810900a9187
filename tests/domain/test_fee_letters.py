"""What a guest is told of a fee that is charged to the card on file after the end: docs/rules/notices.md."""

import pytest

from domain.answers import Look
from domain.notices import Notice, NoticeKind, still_true
from domain.payments import How, PayState, Seen
from domain.steps import Act, Step
from domain.told import told
from tests.gateways.facts import letter_facts
from tests.gateways.payers import SOON, owing_a_fee
from tests.gateways.test_letters import both


def heard_of_the_fee(seen: Seen) -> Step:
    """The step in which the booking hears of its fee."""
    owing = owing_a_fee()
    order = owing.purse.orders[0]
    step = told(owing, Look(order.payment, None, order), seen, Act(SOON))
    assert step is not None
    return step


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        (Seen(trouble="refused", code="card_declined"), ["payment_failed"]),
        (Seen(state=PayState.DECLINED, code="insufficient_funds"), ["payment_failed"]),
        (Seen(state=PayState.NEEDS_GUEST), ["payment_authenticate"]),
        (Seen(state=PayState.CAPTURED, captured_minor=728_000), ["payment_received"]),
        (Seen(state=PayState.PROCESSING), []),
    ],
)
def test_a_guest_is_told_what_became_of_the_fee(seen: Seen, kinds: list[str]) -> None:
    fee = owing_a_fee().purse.payments[-1]
    assert (fee.purpose, fee.how, fee.amount_minor) == ("fee", How.OFF_SESSION, 728_000)
    step = heard_of_the_fee(seen)
    assert [letter.kind for letter in step.notices] == kinds
    for letter in step.notices:
        notice = Notice(1, NoticeKind(letter.kind), payment=letter.data.get("payment"))  # type: ignore[arg-type]
        assert still_true(notice, step.after, SOON)


def test_the_letter_asks_for_the_fee_with_its_link() -> None:
    after = heard_of_the_fee(Seen(trouble="refused", code="card_declined")).after
    assert letter_facts(NoticeKind.PAYMENT_FAILED, after).told
    for words in both(NoticeKind.PAYMENT_FAILED, after):
        assert "We could not charge the fee of INR 7,280.00" in words
