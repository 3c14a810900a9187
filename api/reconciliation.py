"""The desk's view of a hotel's nights: runs with three ledgers' sums, differences, all lines, and one more run."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

from starlette.responses import StreamingResponse

from api.callers import AtDesk
from api.cursors import read_cursor, write_cursor
from api.house import House
from api.problems import Problem
from api.shapes.common import LAST_DAY, Money, utc
from api.shapes.reconciliation import (
    LedgerSums,
    ReconciliationItem,
    ReconciliationItems,
    ReconciliationList,
    ReconciliationRun,
)
from domain.clocks import business_date, local_text
from domain.ledgers import TO_DO
from domain.reconciliation import LINES_KEPT
from domain.refusals import absent, rule
from store import reconciliation as store
from store.hotels import Hotel, look_at_hotel

SHOWN_DAYS = timedelta(days=31)
MOST_DAYS = timedelta(days=400)
HEADS = (
    "kind", "reference", "number", "object", "currency", "provider state", "provider minor", "rows state",
    "rows minor", "difference",
)  # fmt: skip


async def _open_day(house: House, desk: AtDesk) -> tuple[Hotel, date]:
    hotel = await look_at_hotel(house.database, desk.hotel_id)
    if hotel is None:
        raise absent()
    terms = await house.terms.now(house.database, hotel)
    return hotel, business_date(house.clock(), hotel.zone, terms.audit_time)


async def list_nights(
    house: House, desk: AtDesk, first: date | None, last: date | None, limit: int, cursor: str | None
) -> ReconciliationList:
    """A page of runs, the latest first. Errors: 400 cursor_unknown; 422 dates_reversed, too_many_days."""
    _, today = await _open_day(house, desk)
    last = last or today
    first = first or last - SHOWN_DAYS
    if first > last:
        raise rule("dates_reversed", f"{first} is after {last}.", "from")
    if last - first > MOST_DAYS:
        raise rule("too_many_days", f"At most {MOST_DAYS.days} days are shown at once.", "from", maximum=MOST_DAYS.days)
    listed = f"reconciliation {desk.hotel_id} {first} {last}"
    place = read_cursor(house.secret, listed, cursor)
    before = (date.fromisoformat(place[0]), int(place[1])) if place else (LAST_DAY, 2**31 - 1)
    async with house.database.hotel(desk.hotel_id) as tx:
        rows = await store.list_runs(tx, desk.hotel_id, first, last, before, limit + 1)
        open_ = await store.count_open(tx, desk.hotel_id)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = write_cursor(house.secret, listed, [shown[-1].business_date.isoformat(), str(shown[-1].number)])
    items = [_run(row) for row in shown]
    return ReconciliationList(items=items, open_differences=open_, next_cursor=following, limit=limit)


async def list_differences(
    house: House, desk: AtDesk, day: date, limit: int, cursor: str | None
) -> ReconciliationItems:
    """A page of a date's differences, open and closed. Errors: 400 cursor_unknown; 404 for a date without a run."""
    hotel, _ = await _open_day(house, desk)
    listed = f"differences {desk.hotel_id} {day}"
    place = read_cursor(house.secret, listed, cursor)
    async with house.database.hotel(desk.hotel_id) as tx:
        if not await store.list_runs(tx, desk.hotel_id, day, day, (LAST_DAY, 0), 1):
            raise absent()
        rows = await store.list_items(tx, desk.hotel_id, day, int(place[0]) if place else 0, limit + 1)
    shown = rows[:limit]
    following = write_cursor(house.secret, listed, [str(shown[-1].item_id)]) if len(rows) > limit else None
    items = [_item(row, hotel.zone) for row in shown]
    return ReconciliationItems(business_date=day, items=items, next_cursor=following, limit=limit)


async def ask_again(house: House, desk: AtDesk, day: date) -> ReconciliationRun:
    """One more comparing of a date; one that waits already is the answer. Errors: 422 day_not_begun."""
    hotel, today = await _open_day(house, desk)
    if day > today:
        raise rule("day_not_begun", f"{day} has not begun at this hotel; {today} is open.", "business_date")
    staff_id = desk.staff.session.staff_id
    async with house.database.hotel(desk.hotel_id) as tx:
        number = await store.ask_for_run(tx, desk.hotel_id, day, "desk", house.clock(), staff_id)
        (row,) = await store.list_runs(tx, desk.hotel_id, day, day, (day, number + 1), 1)
    # The row is what counts: a night that does not hear this finds it within the hour.
    await house.front_desk.wake_night(hotel.id, hotel.slug)
    return _run(row)


async def all_lines(house: House, desk: AtDesk, day: date) -> StreamingResponse:
    """Every compared line of a date's last whole run as CSV, page by page.

    Errors: 404 where there is none; 404 lines_not_kept.
    """
    async with house.database.hotel(desk.hotel_id) as tx:
        run = await store.latest_run(tx, desk.hotel_id, day)
        if run is None:
            raise absent()
        lines = await store.page_of_lines(tx, desk.hotel_id, day, run.number, "")
    if not lines and utc(run.ended_at) <= house.clock() - LINES_KEPT:
        told = f"Lines are kept for {LINES_KEPT.days} days; the night's sums and differences are still there."
        raise Problem(404, "lines_not_kept", told)
    name = f"reconciliation-{desk.role.hotel_slug}-{day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(_written(house, desk.hotel_id, day, run.number), media_type="text/csv", headers=headers)


async def _written(house: House, hotel_id: int, day: date, number: int) -> AsyncIterator[str]:
    yield _csv([HEADS])
    after = ""
    while True:
        async with house.database.hotel(hotel_id) as tx:
            rows = await store.page_of_lines(tx, hotel_id, day, number, after)
        yield _csv([
            (row.kind, row.reference, row.money_number, row.object_id, row.currency, row.provider_state,
             row.provider_minor, row.rows_state, row.rows_minor, row.code)
            for row in rows
        ])  # fmt: skip
        if len(rows) < store.LINES_AT_ONCE:
            return
        after = rows[-1].line


def _csv(rows: list[tuple[Any, ...]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([[_safe(value) for value in row] for row in rows])
    return written.getvalue()


def _safe(value: Any) -> Any:
    """What a spreadsheet would take for a formula is told as text: metadata is written by whoever may."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _run(row: Any) -> ReconciliationRun:
    def sums(ledger: str) -> LedgerSums:
        taken, back = (getattr(row, f"{ledger}_{what}_minor") for what in ("captured", "refunded"))
        return LedgerSums(
            taken=Money(amount_minor=taken, currency=row.currency),
            given_back=Money(amount_minor=back, currency=row.currency),
        )

    return ReconciliationRun(
        business_date=row.business_date,
        number=row.number,
        state=row.state,
        asked_by=row.asked_by,
        staff=row.staff_name,
        asked_at=utc(row.asked_at),
        started_at=utc(row.started_at) if row.started_at else None,
        ended_at=utc(row.ended_at) if row.ended_at else None,
        window_from=utc(row.window_from) if row.window_from else None,
        window_until=utc(row.window_until) if row.window_until else None,
        nights_posted=row.nights_posted,
        bookings=row.bookings,
        bookings_unread=row.bookings_unread,
        provider=sums("provider"),
        rows=sums("rows"),
        booking=sums("booking"),
        found=row.found,
        waiting=row.waiting,
        opened=row.opened,
        closed=row.closed,
        open_items=row.open_items,
        detail=row.detail,
    )


def _item(row: Any, zone: str) -> ReconciliationItem:
    def money(amount_minor: int | None) -> Money | None:
        return None if amount_minor is None else Money(amount_minor=amount_minor, currency=row.currency)

    opened = utc(row.opened_at)
    return ReconciliationItem(
        item_id=row.item_id,
        code=row.code,
        reference=row.reference or None,
        payment=row.payment or None,
        refund=row.refund or None,
        object_id=row.object_id or None,
        provider=money(row.provider_minor),
        rows=money(row.rows_minor),
        booking=money(row.booking_minor),
        sentence=row.detail,
        what_to_do=TO_DO[row.code],
        opened_at=opened,
        opened_local=local_text(opened, zone),
        closed_at=utc(row.closed_at) if row.closed_at else None,
    )
