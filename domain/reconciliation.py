"""Three ledgers of one booking's money, laid beside each other: the provider's, the rows', and the booking's own sums.

Rules in words: docs/rules/reconciliation.md. Pure: what was read goes in, what differs comes out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from domain.clocks import resolve
from domain.ledgers import (
    Books,
    Compared,
    Difference,
    Line,
    PaymentRow,
    ProviderPayment,
    ProviderRefund,
    RefundRow,
    sums_of_rows,
)
from domain.money import Money, format_money
from domain.payments import PayState, RefundState

MARGIN = timedelta(hours=1)
SLOW_REFUND = timedelta(days=10)
ENDS_SOON = timedelta(hours=48)
# A night can be held beside that of the year before.
LINES_KEPT = timedelta(days=400)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = "nothing"


@dataclass(frozen=True)
class Window:
    """The instants whose objects are listed at the provider: [since, until)."""

    since: datetime
    until: datetime


def window_of(day: date, zone: str, audit_time: time) -> Window:
    """A hotel day from its audit to the next one, an hour more on both sides."""
    opens, closes = resolve(day, audit_time, zone), closes_at(day, zone, audit_time)
    return Window(opens - MARGIN, closes + MARGIN)


def closes_at(day: date, zone: str, audit_time: time) -> datetime:
    """The audit that closes a hotel day; by the zone's rules of that night."""
    return resolve(day + timedelta(days=1), audit_time, zone)


def compare(books: Books, now: datetime) -> Compared:
    """Lays the three ledgers of a booking beside each other; young differences are among the answers."""
    pairs, strangers = _paired(books)
    found: list[Difference] = []
    lines: list[Line] = []
    for row, seen in pairs:
        differs = list(_of_payment(books, row, seen, now))
        found += differs
        lines.append(_payment_line(books, row, seen, differs))
    for seen in strangers:
        differs = list(_of_stranger(books, seen))
        found += differs
        lines.append(_payment_line(books, None, seen, differs))
    known = {seen.object_id for _, seen in pairs if seen is not None}
    for refund_row, refund in _refunds_paired(books, known):
        differs = list(_of_refund(books, refund_row, refund, now))
        found += differs
        lines.append(_refund_line(books, refund_row, refund, differs))
    found += _of_the_whole(books, pairs, found)
    return Compared(tuple(found), tuple(lines))


def compare_stranger(seen: ProviderPayment) -> Compared:
    """A payment at the provider that belongs to no booking of the hotel."""
    differs = tuple(_unknown(seen.reference, seen))
    return Compared(differs, (_payment_line(Books(seen.reference), None, seen, differs),))


Pair = tuple[PaymentRow, ProviderPayment | None]


def _paired(books: Books) -> tuple[list[Pair], list[ProviderPayment]]:
    """Each row with its payment at the provider, by our metadata, then by the object's name; and what is left over."""
    left = {one.object_id: one for one in books.payments}
    pairs: list[Pair] = []
    for row in books.payment_rows:
        ours = [one for one in left.values() if (one.reference, one.payment) == (books.reference, row.number)]
        named = left.get(row.object_id)
        # Of two with the same metadata the one that the row names is its own.
        seen = named if named is not None and (named in ours or not ours) else ours[0] if ours else None
        if seen is not None:
            del left[seen.object_id]
        pairs.append((row, seen))
    return pairs, list(left.values())


def _money_state(state: PayState) -> str:
    """Where the money is; all states without money are one."""
    return state.value if state in (PayState.CAPTURED, PayState.AUTHORISED, PayState.PROCESSING) else NOTHING


def _of_payment(books: Books, row: PaymentRow, seen: ProviderPayment | None, now: datetime) -> Iterator[Difference]:
    ours = _money_state(row.state)
    base = Difference("", books.reference, "", row.moved_at, row.currency, row.number, object_id=row.object_id,
                      rows_minor=_row_minor(row))  # fmt: skip
    if seen is None:
        if ours in (PayState.CAPTURED, PayState.AUTHORISED):
            told = f"Payment {row.number} of {_money(base.rows_minor, row.currency)} is not at the payment provider."
            yield replace(base, code="payment_unknown_to_stripe", detail=told)
        return
    theirs = _money_state(seen.state)
    base = replace(base, at=max(row.moved_at, seen.moved_at), object_id=seen.object_id,
                   provider_minor=_seen_minor(seen))  # fmt: skip
    amounts = _both(base.provider_minor, seen.currency, base.rows_minor, row.currency)
    if ours != theirs:
        told = f"Payment {row.number} is {_word(theirs)} at the payment provider and {_word(ours)} here: {amounts}."
        yield replace(base, code="status_differs", detail=told)
    elif seen.is_money and seen.currency != row.currency:
        yield replace(base, code="currency_differs", detail=f"Payment {row.number}: {amounts}.")
    elif seen.is_money and base.provider_minor != base.rows_minor:
        yield replace(base, code="amount_differs", detail=f"Payment {row.number}: {amounts}.")
    if seen.disputed and not row.disputed:
        told = f"The guest's bank disputes payment {row.number}, {_money(base.provider_minor, seen.currency)}."
        yield replace(base, code="dispute_unseen", detail=told)
    yield from _share(base, row, seen)
    if theirs == ours == PayState.AUTHORISED and seen.capture_before and seen.capture_before - now <= ENDS_SOON:
        until = f"{seen.capture_before:%Y-%m-%d %H:%M} UTC"
        told = f"{_money(base.provider_minor, seen.currency)} are set aside until {until} only."
        # Nothing is on its way that would make it longer.
        yield replace(base, code="authorisation_ends_48h", detail=told, at=BEGINNING)


def _share(base: Difference, row: PaymentRow, seen: ProviderPayment) -> Iterator[Difference]:
    """The platform's share and the account that was paid, where it was noted what was asked."""
    if row.fee_minor is None or not seen.is_money:
        return
    if seen.fee_minor != row.fee_minor:
        told = (
            f"The platform's share of payment {row.number} is {_money(seen.fee_minor, seen.currency)}, and"
            f" {_money(row.fee_minor, row.currency)} were asked for."
        )
        yield replace(base, code="fee_or_transfer_differs", detail=told, provider_minor=seen.fee_minor,
                      rows_minor=row.fee_minor)  # fmt: skip
    elif seen.destination != row.destination:
        told = f"Payment {row.number} went to another account at the payment provider than was asked for."
        yield replace(base, code="fee_or_transfer_differs", detail=told)


def _of_stranger(books: Books, seen: ProviderPayment) -> Iterator[Difference]:
    """A payment at the provider that no row has."""
    if (seen.reference, True) != (books.reference, any(row.number == seen.payment for row in books.payment_rows)):
        yield from _unknown(books.reference, seen)
        return
    for one in _unknown(books.reference, seen):
        told = f"Payment {seen.payment} was taken once more: {_money(one.provider_minor, seen.currency)}."
        yield replace(one, code="double_charge", payment=seen.payment, detail=told)


def _unknown(reference: str, seen: ProviderPayment) -> Iterator[Difference]:
    """What is left of it counts: a stranger's payment that went back in full is no difference any more."""
    left = _seen_minor(seen) - seen.returned_minor
    if seen.is_money and left > 0:
        amount = _money(left, seen.currency)
        told = f"The payment provider has a payment of {amount} that is in no booking ({seen.object_id})."
        yield Difference("charge_unknown_to_us", reference, told, seen.moved_at, seen.currency,
                         object_id=seen.object_id, provider_minor=left)  # fmt: skip


def _refunds_paired(books: Books, known: set[str]) -> Iterator[tuple[RefundRow | None, ProviderRefund | None]]:
    """Each refund's row with the provider's; then the provider's own, of payments that are ours."""
    left = {one.object_id: one for one in books.refunds}
    for row in books.refund_rows:
        ours = [one for one in left.values() if (one.reference, one.refund) == (books.reference, row.number)]
        seen = left.get(row.object_id) or (ours[0] if ours else None)
        if seen is not None:
            del left[seen.object_id]
        yield row, seen
    for one in left.values():
        if one.paid_by in known:
            yield None, one


def _of_refund(books: Books, row: RefundRow | None, seen: ProviderRefund | None, now: datetime) -> Iterator[Difference]:
    currency = seen.currency if seen else _currency(books)
    if row is None:
        if seen is not None and seen.state.counts:
            told = (
                f"{_money(seen.amount_minor, currency)} went back to the guest without this system ({seen.object_id})."
            )
            yield Difference("refund_unknown_to_us", books.reference, told, seen.moved_at, currency,
                             object_id=seen.object_id, provider_minor=seen.amount_minor)  # fmt: skip
        return
    base = Difference("", books.reference, "", row.moved_at, currency, row.payment, row.number, row.object_id,
                      rows_minor=row.amount_minor)  # fmt: skip
    if seen is None:
        if row.state.counts:
            told = f"Refund {row.number} of {_money(row.amount_minor, currency)} is not at the payment provider."
            yield replace(base, code="refund_missing_at_stripe", detail=told)
        return
    base = replace(
        base, at=max(row.moved_at, seen.moved_at), object_id=seen.object_id, provider_minor=seen.amount_minor
    )
    if row.state.counts and not seen.state.counts:
        told = f"Refund {row.number} of {_money(row.amount_minor, currency)} has failed at the payment provider."
        yield replace(base, code="refund_failed_unseen", detail=told)
    elif row.state is not seen.state:
        told = f"Refund {row.number} is {seen.state.value} at the payment provider and {row.state.value} here."
        yield replace(base, code="status_differs", detail=told)
    elif row.amount_minor != seen.amount_minor:
        amounts = _both(seen.amount_minor, currency, row.amount_minor, currency)
        told = f"Refund {row.number}: {amounts}."
        yield replace(base, code="amount_differs", detail=told)
    if seen.state is RefundState.PENDING and now - seen.moved_at > SLOW_REFUND:
        days = (now - seen.moved_at).days
        told = f"Refund {row.number} of {_money(row.amount_minor, currency)} has been on its way for {days} days."
        yield replace(base, code="refund_pending_over_10_days", detail=told)


def _of_the_whole(books: Books, pairs: Iterable[Pair], found: list[Difference]) -> Iterator[Difference]:
    """The booking's own sums beside the rows', and money that is left on a booking that has ended."""
    told = books.told
    if told is None:
        return
    rows = sums_of_rows(books)
    both = (told.captured_minor, told.refunded_minor)
    # Where a payment or a refund differs by itself, that is the cause, and one item is enough.
    if rows != both and not found:
        own, written = ([_money(one, told.currency) for one in pair] for pair in (both, rows))
        words = (
            f"The booking's own sums are {own[0]} taken and {own[1]} given back;"
            f" its rows come to {written[0]} and {written[1]}."
        )
        yield Difference("amount_differs", books.reference, words, told.at, told.currency,
                         rows_minor=rows[0] - rows[1], booking_minor=both[0] - both[1])  # fmt: skip
    taken = sum(seen.captured_minor for _, seen in pairs if seen and seen.state is PayState.CAPTURED)
    known = {seen.object_id for _, seen in pairs if seen}
    back = sum(one.amount_minor for one in books.refunds if one.paid_by in known and one.state.counts)
    left = taken - back - max(0, told.owed_minor - told.desk_minor) - told.kept_minor
    same_currency = all(seen.currency == told.currency for _, seen in pairs if seen)
    causes = {
        "amount_differs",
        "currency_differs",
        "status_differs",
        "refund_missing_at_stripe",
        "refund_failed_unseen",
    }
    if told.ended and not told.moving and left > 0 and same_currency and not causes & {one.code for one in found}:
        words = f"The booking has ended and {_money(left, told.currency)} more than its fee are still with the hotel."
        yield Difference("money_kept_on_dead_booking", books.reference, words, told.at, told.currency,
                         provider_minor=left, booking_minor=told.captured_minor - told.refunded_minor)  # fmt: skip


def _row_minor(row: PaymentRow) -> int:
    return row.captured_minor if row.state is PayState.CAPTURED else row.asked_minor


def _seen_minor(seen: ProviderPayment) -> int:
    return seen.captured_minor if seen.state is PayState.CAPTURED else seen.asked_minor


def _currency(books: Books) -> str:
    return books.payment_rows[0].currency if books.payment_rows else books.told.currency if books.told else ""


def _money(amount_minor: int | None, currency: str) -> str:
    return format_money(Money(amount_minor or 0, currency))


def _both(theirs_minor: int | None, their_currency: str, ours_minor: int | None, our_currency: str) -> str:
    theirs, ours = _money(theirs_minor, their_currency), _money(ours_minor, our_currency)
    return f"{theirs} at the payment provider, {ours} here"


def _word(state: str) -> str:
    return {"captured": "taken", "authorised": "set aside", "processing": "being decided"}.get(state, "not paid")


def _payment_line(
    books: Books, row: PaymentRow | None, seen: ProviderPayment | None, found: Iterable[Difference]
) -> Line:
    return Line(
        "payment", books.reference, row.number if row else seen.payment if seen else 0,
        seen.object_id if seen else row.object_id if row else "",
        seen.currency if seen else row.currency if row else "",
        seen.state.value if seen else "", _seen_minor(seen) if seen else None,
        row.state.value if row else "", _row_minor(row) if row else None,
        next((one.code for one in found), ""),
    )  # fmt: skip


def _refund_line(books: Books, row: RefundRow | None, seen: ProviderRefund | None, found: Iterable[Difference]) -> Line:
    return Line(
        "refund", books.reference, row.number if row else seen.refund if seen else 0,
        seen.object_id if seen else row.object_id if row else "", seen.currency if seen else _currency(books),
        seen.state.value if seen else "", seen.amount_minor if seen else None,
        row.state.value if row else "", row.amount_minor if row else None,
        next((one.code for one in found), ""),
    )  # fmt: skip
