"""Cash drawers: whose money is where, counted at the end. Rule: docs/rules/folio.md, "Cash drawers".

A drawer's own row is held by whoever moves money in it; a cash payment does so in the payment's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.refusals import conflict, rule
from domain.steps import Step
from store.hot import Hot

CASH = "cash"
MOST_MOVEMENTS = 500

_OPEN_ONE = Hot("""
SELECT d.drawer, d.currency, d.float_minor, d.opened_at, d.closed_at, d.counted_minor, d.difference_minor, d.note
FROM cash_drawers d WHERE d.hotel_id = :hotel_id AND d.staff_id = :staff_id AND d.closed_at IS NULL
FOR UPDATE
""")
_LAST_ONE = Hot("""
SELECT d.drawer, d.currency, d.float_minor, d.opened_at, d.closed_at, d.counted_minor, d.difference_minor, d.note
FROM cash_drawers d WHERE d.hotel_id = :hotel_id AND d.staff_id = :staff_id
ORDER BY d.drawer DESC LIMIT 1
""")
# Drawers are numbered one after the other, so whoever opens one waits for whoever is opening another.
_TURN = Hot("SELECT pg_advisory_xact_lock(hashtextextended('cash drawers', :hotel_id))")
_OPEN = Hot("""
INSERT INTO cash_drawers (hotel_id, drawer, staff_id, currency, float_minor, opened_at)
SELECT :hotel_id, coalesce(max(drawer), 0) + 1, :staff_id, :currency, :float_minor, :now
FROM cash_drawers WHERE hotel_id = :hotel_id
RETURNING drawer
""")
_MOVE = Hot("""
INSERT INTO cash_movements (hotel_id, drawer, number, kind, amount_minor, reference, payment, key, body_hash, reason,
    moved_at)
SELECT :hotel_id, :drawer, coalesce(max(number), 0) + 1, :kind, :amount_minor, :reference, :payment, :key, :body_hash,
    :reason, :now
FROM cash_movements WHERE hotel_id = :hotel_id AND drawer = :drawer
RETURNING number
""")
_KNOWN = Hot("""
SELECT body_hash FROM cash_movements WHERE hotel_id = :hotel_id AND drawer = :drawer AND key = :key
""")
_EXPECTED = Hot("""
SELECT d.float_minor + coalesce(sum(m.amount_minor), 0) AS expected
FROM cash_drawers d LEFT JOIN cash_movements m ON m.hotel_id = d.hotel_id AND m.drawer = d.drawer
WHERE d.hotel_id = :hotel_id AND d.drawer = :drawer GROUP BY d.float_minor
""")
_CLOSE = Hot("""
UPDATE cash_drawers SET closed_at = :now, counted_minor = :counted_minor,
    difference_minor = CAST(:counted_minor AS bigint) - CAST(:expected AS bigint), note = :note
WHERE hotel_id = :hotel_id AND drawer = :drawer
RETURNING drawer
""")
_MOVEMENTS = Hot("""
SELECT number, kind, amount_minor, reference, payment, reason, moved_at FROM cash_movements
WHERE hotel_id = :hotel_id AND drawer = :drawer ORDER BY number DESC LIMIT 500
""")


_CURRENCY = Hot("SELECT currency FROM hotels WHERE hotel_id = :hotel_id")


async def currency_of(tx: AsyncConnection, hotel_id: int) -> str:
    """What a hotel's cash is in."""
    (row,) = await _CURRENCY.rows(tx, {"hotel_id": hotel_id})
    return str(row.currency)


@dataclass(frozen=True)
class Hand:
    """Whose drawer, at which hotel, in which currency, and when something is done to it."""

    hotel_id: int
    staff_id: int
    currency: str
    now: datetime

    @property
    def place(self) -> dict[str, Any]:
        """The values that every statement needs."""
        return {
            "hotel_id": self.hotel_id, "staff_id": self.staff_id, "currency": self.currency, "now": self.now,
        }  # fmt: skip


@dataclass(frozen=True)
class Drawer:
    """A drawer as it is. expected_minor: float and all movements; movements: the latest first, 500 at most."""

    row: Any
    expected_minor: int
    movements: Sequence[Any]


async def take_cash(tx: AsyncConnection, step: Step) -> None:
    """Puts the cash of a desk's payment into the drawer of who took it; opens one with no float where none is open."""
    payment, staff_id = step.payment, step.act.actor.staff_id
    if payment is None or payment.method != CASH or staff_id is None:
        return
    hand = Hand(step.after.hotel_id, staff_id, step.after.terms.currency, step.act.now)
    drawer = await _drawer_of(tx, hand) or await open_drawer(tx, hand, 0)
    moved = {"kind": "payment", "amount_minor": payment.amount_minor, "reference": step.after.reference}
    await _move(tx, hand, drawer, {**moved, "payment": payment.number})


async def open_drawer(tx: AsyncConnection, hand: Hand, float_minor: int) -> int:
    """Opens a drawer with a counted float. Errors: 409 drawer_open; 422 amount_not_positive."""
    if float_minor < 0:
        raise rule("amount_not_positive", "A float is zero or more.", "amount.amount_minor")
    await _TURN.rows(tx, hand.place)
    if await _drawer_of(tx, hand):
        raise conflict("drawer_open", "Your cash drawer is open already; close it first.")
    (row,) = await _OPEN.rows(tx, {**hand.place, "float_minor": float_minor})
    return int(row.drawer)


async def move_cash(tx: AsyncConnection, hand: Hand, kind: str, amount_minor: int, reason: str, once: Any) -> None:
    """Puts money in or takes it out, for a reason; the same key does it once. once: key and body_hash.

    Errors: 409 drawer_closed, idempotency_key_reused; 422 amount_not_positive, reason_needed, more_than_there_is.
    """
    drawer = await _held(tx, hand)
    known = await _KNOWN.rows(tx, {**hand.place, "drawer": drawer, "key": once.key})
    if known:
        if known[0].body_hash != once.body_hash:
            raise conflict("idempotency_key_reused", "This Idempotency-Key came with another request before.")
        return
    if amount_minor <= 0:
        raise rule("amount_not_positive", "The amount must be more than zero.", "amount.amount_minor")
    if not reason.strip():
        raise rule("reason_needed", "Moving cash needs a reason.", "reason")
    if kind == "out":
        there = await _expected(tx, hand, drawer)
        if amount_minor > there:
            told = "There is not that much in the drawer."
            raise rule("more_than_there_is", told, "amount.amount_minor", expected_minor=there, currency=hand.currency)
    signed = -amount_minor if kind == "out" else amount_minor
    moved = {"kind": kind, "amount_minor": signed, "reason": reason, "key": once.key, "body_hash": once.body_hash}
    await _move(tx, hand, drawer, moved)


async def close_drawer(tx: AsyncConnection, hand: Hand, counted_minor: int, note: str) -> None:
    """Closes the drawer with what was counted, and keeps the difference. Errors: 409 drawer_closed; 422."""
    drawer = await _held(tx, hand)
    if counted_minor < 0:
        raise rule("amount_not_positive", "What was counted is zero or more.", "amount.amount_minor")
    expected = await _expected(tx, hand, drawer)
    closed = {"drawer": drawer, "counted_minor": counted_minor, "expected": expected, "note": note}
    await _CLOSE.rows(tx, {**hand.place, **closed})


async def read_drawer(tx: AsyncConnection, hand: Hand) -> Drawer | None:
    """The person's last drawer, open or closed; None where they never had one."""
    rows = await _LAST_ONE.rows(tx, hand.place)
    if not rows:
        return None
    drawer = rows[0].drawer
    movements = await _MOVEMENTS.rows(tx, {**hand.place, "drawer": drawer})
    return Drawer(rows[0], await _expected(tx, hand, drawer), movements)


async def _drawer_of(tx: AsyncConnection, hand: Hand) -> int | None:
    rows = await _OPEN_ONE.rows(tx, hand.place)
    return int(rows[0].drawer) if rows else None


async def _held(tx: AsyncConnection, hand: Hand) -> int:
    drawer = await _drawer_of(tx, hand)
    if drawer is None:
        raise conflict("drawer_closed", "You have no open cash drawer; open one first.")
    return drawer


async def _expected(tx: AsyncConnection, hand: Hand, drawer: int) -> int:
    (row,) = await _EXPECTED.rows(tx, {**hand.place, "drawer": drawer})
    return int(row.expected)


async def _move(tx: AsyncConnection, hand: Hand, drawer: int, moved: dict[str, Any]) -> None:
    plain = {"reference": None, "payment": None, "key": None, "body_hash": "", "reason": ""}
    await _MOVE.rows(tx, {**hand.place, "drawer": drawer, **plain, **moved})
