"""What a hotel has to show about a payment that a guest's bank disputes."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.shapes.bookings import DeskBooking
from api.shapes.common import Money, Told
from api.shapes.examples import DESK_BOOKING, TIMELINE
from api.shapes.payments import PaymentBody
from api.shapes.timeline import Timeline


class DisputeBody(Told):
    """A dispute, an inquiry or an early fraud warning, as it was seen last."""

    dispute_id: str
    kind: str = Field(description="dispute or early_fraud_warning.")
    amount: Money
    reason: str
    status: str = Field(description="The provider's word.")
    due_by: datetime | None = Field(description="Until when evidence can be sent; null where none is asked for.")
    seen_at: datetime


class Acceptance(Told):
    """How the terms were accepted. Their words are with each stay of the booking."""

    accepted_at: datetime
    policy_version: int
    channel: str
    address_hash: str | None = Field(description="A keyed hash of the address it came from, where one was kept.")


class LetterSent(Told):
    """A letter to the guest: what became of it."""

    kind: str
    state: str
    sent_at: datetime | None
    delivery: str
    delivered_at: datetime | None
    opened_at: datetime | None


class DisputePack(Told):
    """All that the hotel has about one payment, as of `made_at`."""

    made_at: datetime
    payment: PaymentBody
    disputes: list[DisputeBody]
    acceptance: Acceptance
    booking: DeskBooking
    letters: list[LetterSent]
    timeline: Timeline
    text: str = Field(description="The same in plain lines, ready for a page.")


_PAYMENT = {
    "number": 1, "method": "stripe", "purpose": "prepaid", "how": "hosted_page", "state": "captured",
    "amount": {"amount_minor": 20000, "currency": "EUR"}, "captured": {"amount_minor": 20000, "currency": "EUR"},
    "refunded": {"amount_minor": 0, "currency": "EUR"}, "external_reference": "",
    "received_at": "2026-12-01T08:12:00Z", "business_date": "2026-12-01", "capture_before": None,
    "decline_code": "", "disputed": True,
}  # fmt: skip
PACK: dict[str, Any] = {
    "made_at": "2026-12-20T09:00:00Z",
    "payment": _PAYMENT,
    "disputes": [
        {
            "dispute_id": "du_1",
            "kind": "dispute",
            "amount": {"amount_minor": 20000, "currency": "EUR"},
            "reason": "fraudulent",
            "status": "needs_response",
            "due_by": "2026-12-27T09:00:00Z",
            "seen_at": "2026-12-20T08:59:00Z",
        }
    ],
    "acceptance": {"accepted_at": "2026-12-01T08:10:00Z", "policy_version": 1, "channel": "web", "address_hash": "5f"},
    "booking": DESK_BOOKING,
    "letters": [
        {
            "kind": "confirmed",
            "state": "sent",
            "sent_at": "2026-12-01T08:10:05Z",
            "delivery": "delivered",
            "delivered_at": "2026-12-01T08:10:09Z",
            "opened_at": "2026-12-01T08:30:00Z",
        }
    ],
    "timeline": TIMELINE,
    "text": "Payment 1 of MLB-20261215-7Q4K2M, EUR 200.00, as of Sun 20 Dec 2026, 14:30.",
}
