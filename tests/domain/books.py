"""Three ledgers of one booking for tests: a deposit of 100.00 in Lisbon, of which 30.00 may have gone back."""

from datetime import UTC, datetime
from typing import Any

from domain.ledgers import Books, MoneyTotals, PaymentRow, ProviderPayment, ProviderRefund, RefundRow
from domain.payments import PayState, RefundState

MLB = "MLB-20270310-7Q4K2M"
THEN = datetime(2027, 3, 10, 12, tzinfo=UTC)
NIGHT = datetime(2027, 3, 11, 3, tzinfo=UTC)


def seen(**more: Any) -> ProviderPayment:
    """A deposit of 100.00 at the provider."""
    told: dict[str, Any] = {"object_id": "pi_1", "currency": "EUR", "state": PayState.CAPTURED, "asked_minor": 10_000,
            "captured_minor": 10_000, "moved_at": THEN, "reference": MLB, "payment": 1}  # fmt: skip
    return ProviderPayment(**{**told, **more})


def row(**more: Any) -> PaymentRow:
    """The same in our rows."""
    told: dict[str, Any] = {"number": 1, "currency": "EUR", "state": PayState.CAPTURED, "asked_minor": 10_000,
            "captured_minor": 10_000, "moved_at": THEN, "object_id": "pi_1"}  # fmt: skip
    return PaymentRow(**{**told, **more})


def back(**more: Any) -> ProviderRefund:
    """30.00 on their way back."""
    told: dict[str, Any] = {"object_id": "re_1", "paid_by": "pi_1", "currency": "EUR", "state": RefundState.SUCCEEDED,
            "amount_minor": 3_000, "moved_at": THEN, "reference": MLB, "refund": 1}  # fmt: skip
    return ProviderRefund(**{**told, **more})


def back_row(**more: Any) -> RefundRow:
    """The same in our rows."""
    told: dict[str, Any] = {"number": 1, "payment": 1, "state": RefundState.SUCCEEDED, "amount_minor": 3_000,
            "moved_at": THEN, "object_id": "re_1"}  # fmt: skip
    return RefundRow(**{**told, **more})


def sums(captured: int, refunded: int = 0, **more: Any) -> MoneyTotals:
    """What the booking says itself."""
    told: dict[str, Any] = {"reference": MLB, "currency": "EUR", "captured_minor": captured,
            "refunded_minor": refunded, "owed_minor": 20_000, "kept_minor": 0, "desk_minor": 0, "moving": False,
            "ended": False, "at": THEN}  # fmt: skip
    return MoneyTotals(**{**told, **more})


PAID = Books(MLB, (seen(),), (), (row(),), (), sums(10_000))
RETURNED = Books(MLB, (seen(returned_minor=3_000),), (back(),), (row(),), (back_row(),), sums(10_000, 3_000))
