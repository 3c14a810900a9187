"""Stripe's own ledger: its lists, page by page, in the words of domain.ledgers. It only reads.

No card, no person and no secret is taken over. Calls of one process are spaced, so that the nights of many hotels leave
the provider's rate to those who pay.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from domain.ledgers import ProviderPayment, ProviderRefund
from domain.payments import PayState
from domain.provider_money import from_provider
from gateways.stripe_line import StripeLine
from gateways.stripe_params import BOOKING, HOTEL, PAYMENT, REFUND
from gateways.stripe_seen import of_intent, of_refund
from gateways.stripe_words import NotTaken

Body = Mapping[str, Any]

INTENTS, CHARGES, REFUNDS, DISPUTES, FEES, EVENTS = (
    "payment_intents",
    "charges",
    "refunds",
    "disputes",
    "application_fees",
    "events",
)
LISTS = (INTENTS, CHARGES, REFUNDS, DISPUTES, EVENTS)
PER_SECOND = 10.0
MISSING = "resource_missing"
# Of an old payment nothing else tells that it moved. Stripe takes twenty types at most.
TOLD = (
    "payment_intent.succeeded", "payment_intent.canceled", "payment_intent.amount_capturable_updated",
    "payment_intent.payment_failed", "charge.captured", "charge.expired", "charge.refunded", "charge.succeeded",
    "charge.dispute.created", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "refund.created",
    "refund.updated", "refund.failed", "application_fee.refunded",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One object of a list.

    hotel_id: from our metadata, 0 where there is none; paid_by: the payment that a refund, a dispute or an event is
    about; account: whom it was passed on to. payment, refund: the object itself where it is one.
    """

    object_id: str
    kind: str
    paid_by: str = ""
    reference: str = ""
    hotel_id: int = 0
    account: str = ""
    payment: ProviderPayment | None = None
    refund: ProviderRefund | None = None


class Pace:
    """Lets so many calls a second through, one after the other. clock, sleep: of this machine."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Waits for one's turn, never longer than those who came before need."""
        with self._lock:
            at = max(self._clock(), self._next)
            self._next = at + self._gap
        self._sleep(max(0.0, at - self._clock()))


class StripeLedger:
    """What Stripe has, for comparing. Safe to use from several threads. Errors of every method: ProviderAway."""

    def __init__(self, line: StripeLine, pace: Pace | None = None) -> None:
        self._line = line
        self._pace = pace or Pace()

    def page(self, what: str, since: datetime, until: datetime, after: str, now: datetime) -> tuple[list[Found], str]:
        """A page of one of LISTS or FEES, of what was made in [since, until), and where the next one begins (or '').

        Objects that tell nothing about money are left out.
        """
        self._pace.wait()
        filters: dict[str, Any] = {
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            **_MORE.get(what, {}),
        }
        bodies, following = self._line.page(what, after, now, filters)
        return [found for body in bodies if (found := _READ[what](body)) is not None], following

    def payment(self, object_id: str, now: datetime) -> Found | None:
        """One payment by its name; None where Stripe knows none."""
        if object_id.startswith("ch_"):
            return self._one(CHARGES, object_id, now, (), _charge)
        return self._one(INTENTS, object_id, now, ("latest_charge",), _intent)

    def refund(self, object_id: str, now: datetime) -> Found | None:
        """One refund by its name; None where Stripe knows none."""
        return self._one(REFUNDS, object_id, now, (), _refund)

    def refunds_of(self, object_id: str, now: datetime) -> list[Found]:
        """Every refund of a payment, at most five pages of a hundred."""
        self._pace.wait()
        by = {"charge": object_id} if object_id.startswith("ch_") else {"payment_intent": object_id}
        return [found for body in self._line.listed(REFUNDS, now, **by) if (found := _refund(body)) is not None]

    def _one(
        self, what: str, object_id: str, now: datetime, expand: tuple[str, ...], read: Callable[[Body], Found | None]
    ) -> Found | None:
        self._pace.wait()
        try:
            return read(self._line.get(what, object_id, now, expand))
        except NotTaken as refusal:
            code = refusal.code
        if code != MISSING:
            raise LookupError(code)
        return None


def _intent(body: Body) -> Found | None:
    seen = of_intent(body)
    charge = body.get("latest_charge")
    charge = charge if isinstance(charge, Mapping) else {}
    if seen.state is None:
        return None
    return _payment(body, charge, ProviderPayment(
        object_id=seen.intent_id,
        currency=seen.currency,
        state=seen.state,
        asked_minor=seen.amount_minor,
        captured_minor=seen.captured_minor,
        moved_at=_at(charge or body),
        capture_before=seen.capture_before,
    ))  # fmt: skip


def _charge(body: Body) -> Found | None:
    """A charge without an intent, as old callers make them; all others are told with their intent."""
    if body.get("payment_intent") or body.get("status") != "succeeded":
        return None
    currency = str(body["currency"]).upper()
    taken = bool(body.get("captured"))
    captured = int(body.get("amount_captured") or 0) if taken else 0
    return _payment(body, body, ProviderPayment(
        object_id=str(body["id"]),
        currency=currency,
        state=PayState.CAPTURED if taken else PayState.AUTHORISED,
        asked_minor=from_provider(int(body["amount"]), currency),
        captured_minor=from_provider(captured, currency),
        moved_at=_at(body),
    ))  # fmt: skip


def _payment(body: Body, charge: Body, seen: ProviderPayment) -> Found:
    """A payment with what its metadata and its charge tell."""
    metadata = body.get("metadata") or {}
    passed_on = charge.get("transfer_data") or body.get("transfer_data") or {}
    destination = _id(passed_on.get("destination"))
    reference = str(metadata.get(BOOKING, ""))
    whole = replace(
        seen,
        reference=reference,
        payment=_number(metadata.get(PAYMENT)),
        returned_minor=from_provider(int(charge.get("amount_refunded") or 0), seen.currency),
        disputed=bool(charge.get("disputed")),
        fee_minor=from_provider(int(charge.get("application_fee_amount") or 0), seen.currency),
        destination=destination,
    )
    hotel_id = _number(metadata.get(HOTEL))
    return Found(seen.object_id, "payment", seen.object_id, reference, hotel_id, destination, payment=whole)


def _refund(body: Body) -> Found | None:
    seen = of_refund(body)
    if seen.refund_state is None:
        return None
    metadata = body.get("metadata") or {}
    paid_by = seen.intent_id or _id(body.get("charge"))
    reference = str(metadata.get(BOOKING, ""))
    refund = ProviderRefund(
        object_id=seen.refund_id,
        paid_by=paid_by,
        currency=seen.currency,
        state=seen.refund_state,
        amount_minor=seen.amount_minor,
        moved_at=_at(body),
        reference=reference,
        refund=_number(metadata.get(REFUND)),
    )
    return Found(seen.refund_id, "refund", paid_by, reference, _number(metadata.get(HOTEL)), refund=refund)


def _dispute(body: Body) -> Found | None:
    paid_by = _id(body.get("payment_intent")) or _id(body.get("charge"))
    return Found(str(body["id"]), "mention", paid_by)


def _fee(body: Body) -> Found | None:
    charge = body.get("charge")
    paid_by = _id(charge.get("payment_intent")) if isinstance(charge, Mapping) else ""
    return Found(str(body["id"]), "mention", paid_by or _id(charge), account=_id(body.get("account")))


def _event(body: Body) -> Found | None:
    """An event names what to look at; what it says itself is not believed."""
    about = (body.get("data") or {}).get("object") or {}
    kind = about.get("object")
    metadata = about.get("metadata") or {}
    paid_by = _id(about.get("payment_intent")) or _id(about.get("charge"))
    if kind in ("payment_intent", "charge"):
        paid_by = paid_by or str(about["id"])
    if not paid_by:
        return None
    hotel_id = _number(metadata.get(HOTEL))
    return Found(str(body["id"]), "mention", paid_by, str(metadata.get(BOOKING, "")), hotel_id)


_READ: dict[str, Callable[[Body], Found | None]] = {
    INTENTS: _intent,
    CHARGES: _charge,
    REFUNDS: _refund,
    DISPUTES: _dispute,
    FEES: _fee,
    EVENTS: _event,
}
_MORE: dict[str, dict[str, Any]] = {
    INTENTS: {"expand": ["data.latest_charge"]},
    FEES: {"expand": ["data.charge"]},
    EVENTS: {"types": list(TOLD)},
}


def _at(body: Body) -> datetime:
    return datetime.fromtimestamp(int(body["created"]), UTC)


def _number(told: object) -> int:
    """A number of ours from metadata; 0 for whatever is none."""
    return int(told) if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 10 else 0


def _id(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return value if isinstance(value, str) else ""
