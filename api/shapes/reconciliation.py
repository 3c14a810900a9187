"""A hotel's nights at the desk: what was compared, the sums of three ledgers, and what differs."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.shapes.common import Money, Told

State = Literal["asked", "running", "done", "incomplete", "failed"]
Code = Literal[
    "charge_unknown_to_us", "payment_unknown_to_stripe", "amount_differs", "currency_differs", "status_differs",
    "refund_unknown_to_us", "refund_missing_at_stripe", "refund_failed_unseen", "double_charge",
    "money_kept_on_dead_booking", "fee_or_transfer_differs", "dispute_unseen", "refund_pending_over_10_days",
    "authorisation_ends_48h",
]  # fmt: skip


class LedgerSums(Told):
    """Money of all compared bookings, from the first day of each, as one ledger has it."""

    taken: Money
    given_back: Money


class ReconciliationRun(Told):
    """One comparing of a business date."""

    business_date: date
    number: int = Field(description="From 1 within the date.")
    state: State = Field(description="incomplete: more than one run reads; failed: the provider did not answer.")
    asked_by: Literal["night", "desk", "operator"]
    staff: str | None = Field(description="Who asked at the desk.")
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    window_from: datetime | None = Field(description="What was made at the provider from here on was listed.")
    window_until: datetime | None
    nights_posted: int
    bookings: int = Field(description="How many were compared.")
    bookings_unread: int = Field(description="Whose own sums could not be asked; their rows stand in for them.")
    provider: LedgerSums
    rows: LedgerSums
    booking: LedgerSums = Field(description="The bookings' own sums.")
    found: int
    waiting: int = Field(description="Differences younger than 15 minutes; they are looked at again.")
    opened: int
    closed: int
    open_items: int = Field(description="Differences of this date that are open now.")
    detail: str


class ReconciliationList(Told):
    """Runs, the latest first. open_differences: of the hotel altogether, of all dates."""

    items: list[ReconciliationRun]
    open_differences: int
    next_cursor: str | None
    limit: int


class ReconciliationItem(Told):
    """One difference. An amount is null where it is not in that ledger."""

    item_id: int
    code: Code
    reference: str | None = Field(description="The booking as the provider or the rows name it; null for nobody's.")
    payment: int | None
    refund: int | None
    object_id: str | None = Field(description="The provider's name of it.")
    provider: Money | None
    rows: Money | None
    booking: Money | None
    sentence: str
    what_to_do: str
    opened_at: datetime
    opened_local: str
    closed_at: datetime | None


class ReconciliationItems(Told):
    """The differences that were first found for a business date, in the order they were found."""

    business_date: date
    items: list[ReconciliationItem]
    next_cursor: str | None
    limit: int


_EUR = "EUR"
_SUMS = {"taken": {"amount_minor": 412000, "currency": _EUR}, "given_back": {"amount_minor": 12000, "currency": _EUR}}
RUN = {
    "business_date": "2026-12-14", "number": 1, "state": "done", "asked_by": "night", "staff": None,
    "asked_at": "2026-12-15T03:00:01Z", "started_at": "2026-12-15T03:00:01Z", "ended_at": "2026-12-15T03:00:09Z",
    "window_from": "2026-12-14T02:00:00Z", "window_until": "2026-12-15T04:00:00Z", "nights_posted": 0,
    "bookings": 41, "bookings_unread": 0, "provider": _SUMS, "rows": _SUMS, "booking": _SUMS, "found": 1,
    "waiting": 0, "opened": 1, "closed": 0, "open_items": 1, "detail": "",
}  # fmt: skip
RUNS = {"items": [RUN], "open_differences": 1, "next_cursor": None, "limit": 50}
ASKED = {
    **RUN, "number": 2, "state": "asked", "asked_by": "desk", "staff": "The manager", "started_at": None,
    "ended_at": None, "window_from": None, "window_until": None, "bookings": 0, "found": 0, "opened": 0,
    **{name: {"taken": {"amount_minor": 0, "currency": _EUR}, "given_back": {"amount_minor": 0, "currency": _EUR}}
       for name in ("provider", "rows", "booking")},
}  # fmt: skip
ITEMS = {
    "business_date": "2026-12-14",
    "items": [
        {
            "item_id": 12, "code": "double_charge", "reference": "RIB-20261220-7Q4K2M", "payment": 1, "refund": None,
            "object_id": "pi_3", "provider": {"amount_minor": 10000, "currency": _EUR}, "rows": None, "booking": None,
            "sentence": "Payment 1 was taken once more: EUR 100.00.",
            "what_to_do": "Give the later of the two payments back in the payment provider's dashboard.",
            "opened_at": "2026-12-15T03:00:08Z", "opened_local": "Tue 15 Dec 2026, 03:00 (WET)", "closed_at": None,
        }
    ],
    "next_cursor": None,
    "limit": 50,
}  # fmt: skip
LINES = (
    "kind,reference,number,object,currency,provider state,provider minor,rows state,rows minor,difference\r\n"
    "payment,RIB-20261220-7Q4K2M,1,pi_2,EUR,captured,10000,captured,10000,\r\n"
    "payment,RIB-20261220-7Q4K2M,1,pi_3,EUR,captured,10000,,,double_charge\r\n"
)
