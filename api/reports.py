"""Reports for the hotel's people: read on the spot, bounded in days."""

import csv
import io
from datetime import date

from api.callers import AtDesk
from api.house import House
from api.shapes.common import Money
from api.shapes.reports import CommissionReport, CommissionRow
from domain.refusals import rule
from store.commissions import commission_totals

MOST_DAYS = 366
# A cell that a spreadsheet would take for a formula is shown as text.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


async def commission_report(house: House, desk: AtDesk, first: date, last: date) -> CommissionReport:
    """Totals of bookings that depart from `first` to `last`, included. Errors: 422 span_backwards, span_too_long."""
    if last < first:
        raise rule("span_backwards", "A report ends on the day it begins, or later.", "to")
    if (last - first).days >= MOST_DAYS:
        raise rule("span_too_long", f"A report is about {MOST_DAYS} days at most.", "to", most_days=MOST_DAYS)
    async with house.database.hotel(desk.hotel_id) as tx:
        rows = await commission_totals(tx, desk.hotel_id, first, last)
    items = [
        CommissionRow(
            channel=row.channel,
            source=row.source,
            source_name=row.source_name,
            bookings=row.bookings,
            completed=row.completed,
            final=Money(amount_minor=row.final_minor, currency=row.currency),
            expected=Money(amount_minor=row.expected_minor, currency=row.currency),
        )
        for row in rows
    ]
    return CommissionReport(first=first, last=last, items=items)


def as_csv(report: CommissionReport) -> str:
    """The report as CSV (RFC 4180): a line for each row, amounts in minor units."""
    page = io.StringIO()
    lines = csv.writer(page)
    lines.writerow(
        ["channel", "source", "source_name", "bookings", "completed", "final_minor", "expected_minor", "currency"]
    )
    for row in report.items:
        lines.writerow(
            [
                _cell(row.channel), _cell(row.source), _cell(row.source_name), row.bookings, row.completed,
                row.final.amount_minor, row.expected.amount_minor, row.final.currency,
            ]
        )  # fmt: skip
    return page.getvalue()


def _cell(words: str) -> str:
    return f"'{words}" if words.startswith(_FORMULAS) else words
