"""Papers with numbers: what an invoice, a credit note, a receipt or a deposit invoice says, frozen at issue.

Rule: docs/rules/invoices.md. Amounts are minor units of the paper's currency.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.folio import FolioLine, LineKind, Post, included_tax, part_of

_NUMBER = re.compile(r"(?P<series>(?:INV|CN|RC|DI)-\d{4})-(?P<no>\d{6,9})")
DOCUMENT_RATE = "document_rate"


class PaperKind(StrEnum):
    """What a paper is. Pro-forma invoices and confirmations have no number."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    DEPOSIT_INVOICE = "deposit_invoice"
    PROFORMA = "proforma"
    CONFIRMATION = "confirmation"


_PREFIXES = {
    PaperKind.INVOICE: "INV",
    PaperKind.CREDIT_NOTE: "CN",
    PaperKind.RECEIPT: "RC",
    PaperKind.DEPOSIT_INVOICE: "DI",
}


@dataclass(frozen=True)
class Bearer:
    """Who sells or pays, as the paper names them."""

    name: str
    address: str = ""
    tax_number: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class PaperLine:
    """One line. number: of the folio's line, None for what stands on none; day: the night, or when it was posted."""

    number: int | None
    name: str
    post: Post
    day: date | None = None
    stay: int | None = None


@dataclass(frozen=True)
class TaxTotal:
    """One row of the breakdown. percent None: a tax by amount; code '': charges without a tax, only their base."""

    code: str
    percent: Decimal | None
    base_minor: int
    tax_minor: int


@dataclass(frozen=True)
class Deduction:
    """A deposit invoice that is deducted, with its taxes."""

    number: str
    issued_on: date
    amount_minor: int
    taxes: tuple[TaxTotal, ...]


@dataclass(frozen=True)
class Paid:
    """A payment that the paper names. number: within the booking."""

    number: int
    method: str
    day: date
    amount_minor: int


@dataclass(frozen=True)
class Room:
    """A room of the booking, as papers name it."""

    stay: int
    name: str
    arrival: date
    departure: date
    guests: int
    number: str = ""


@dataclass(frozen=True)
class Occasion:
    """What a paper is about: the booking as it was when the paper was issued. language: en or pt."""

    reference: str
    currency: str
    language: str
    seller: Bearer
    bill_to: Bearer
    guest: str
    rooms: tuple[Room, ...]
    tax_rounding: str = "line"


@dataclass(frozen=True)
class Paper:
    """All that a paper says. number: '' for what has none; due_minor: what is still to pay of it.

    total_minor: what the lines come to; corrects: the number of the invoice that a credit note is about.
    """

    kind: PaperKind
    number: str
    issued_on: date
    occasion: Occasion
    lines: tuple[PaperLine, ...]
    taxes: tuple[TaxTotal, ...]
    total_minor: int
    due_minor: int
    deductions: tuple[Deduction, ...] = ()
    paid: tuple[Paid, ...] = ()
    corrects: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def tax_minor(self) -> int:
        """The tax in it."""
        return sum(tax.tax_minor for tax in self.taxes)

    @property
    def payable_minor(self) -> int:
        """What it comes to once deposit invoices are deducted."""
        return self.total_minor - sum(deduction.amount_minor for deduction in self.deductions)


def series_of(kind: PaperKind, day: date) -> str:
    """The series of a kind in the year of that day: `INV-2027`. Errors: KeyError for a kind without numbers."""
    return f"{_PREFIXES[kind]}-{day.year:04d}"


def number_text(series: str, no: int) -> str:
    """A number as people read it: `INV-2027-000012`."""
    return f"{series}-{no:06d}"


def read_number(text: str) -> tuple[str, int] | None:
    """Series and number within it; None for what is no number of a paper."""
    found = _NUMBER.fullmatch(text)
    if found is None or number_text(found["series"], int(found["no"])) != text:
        return None
    return found["series"], int(found["no"])


def uninvoiced(lines: Sequence[FolioLine], turns: Mapping[int, int], folio: int) -> tuple[FolioLine, ...]:
    """The lines of a folio for its next invoice. turns: by line how often it was invoiced or credited; odd is invoiced.

    A line and the one that takes it back, neither invoiced, are left out: they are nothing together.
    """
    free = {line.number: line for line in lines if line.folio == folio and turns.get(line.number, 0) % 2 == 0}
    for line in lines:
        if line.reverses in free and line.number in free:
            del free[line.reverses], free[line.number]
    return tuple(free.values())


def tax_totals(posts: Iterable[Post], rounding: str = "line") -> tuple[TaxTotal, ...]:
    """The breakdown: one row a code and percent in the order in which they come first, charges without a tax last."""
    rows: dict[tuple[str, Decimal | None], TaxTotal] = {}
    inside: dict[tuple[str, Decimal | None], int] = {}
    untaxed = 0
    for post in posts:
        if not post.tax_code:
            untaxed += post.net_minor
            continue
        key = (post.tax_code, post.tax_percent)
        was = rows.get(key, TaxTotal(*key, 0, 0))
        rows[key] = TaxTotal(*key, was.base_minor + post.base_minor, was.tax_minor + post.tax_minor)
        inside[key] = inside.get(key, 0) + (post.amount_minor if post.net_minor else 0)
    totals = [_once(row, inside[key]) if rounding == DOCUMENT_RATE else row for key, row in rows.items()]
    # What a tax beside the price was reckoned on stands in that tax's own row.
    apart = sum(row.base_minor for key, row in rows.items() if not inside[key])
    rest = untaxed - apart
    return (*totals, TaxTotal("", None, rest, 0)) if rest > 0 else tuple(totals)


def _once(row: TaxTotal, gross_minor: int) -> TaxTotal:
    """The tax inside prices, reckoned once from their sum."""
    if row.percent is None or not gross_minor:
        return row
    tax = included_tax(gross_minor, row.percent)
    return replace(row, base_minor=gross_minor - tax, tax_minor=tax)


def invoice(
    number: str,
    day: date,
    occasion: Occasion,
    lines: Sequence[PaperLine],
    deductions: Sequence[Deduction] = (),
    paid: Sequence[Paid] = (),
    kind: PaperKind = PaperKind.INVOICE,
) -> Paper:
    """An invoice of these lines. Its taxes are those of the lines less those of the deposit invoices it deducts."""
    taxes = tax_totals([line.post for line in lines], occasion.tax_rounding)
    total = sum(line.post.amount_minor for line in lines)
    due = total - sum(one.amount_minor for one in deductions) - sum(one.amount_minor for one in paid)
    left = _less(taxes, deductions)
    return Paper(kind, number, day, occasion, tuple(lines), left, total, due, tuple(deductions), tuple(paid))


def _less(taxes: Sequence[TaxTotal], deductions: Sequence[Deduction]) -> tuple[TaxTotal, ...]:
    rows = {(tax.code, tax.percent): tax for tax in taxes}
    for deduction in deductions:
        for tax in deduction.taxes:
            key = (tax.code, tax.percent)
            was = rows.get(key, TaxTotal(*key, 0, 0))
            rows[key] = TaxTotal(*key, was.base_minor - tax.base_minor, was.tax_minor - tax.tax_minor)
    return tuple(rows.values())


def credit_note(number: str, day: date, corrected: Paper, lines: Sequence[PaperLine], reason: str) -> Paper:
    """The whole of an invoice or some of its lines, below zero. Its whole gives back all that settled it."""
    mirrored = tuple(replace(line, post=_mirrored(line.post)) for line in lines)
    whole = len(lines) == len(corrected.lines)
    if whole:
        taxes = tuple(TaxTotal(t.code, t.percent, -t.base_minor, -t.tax_minor) for t in corrected.taxes)
        deductions = tuple(_given_back(one) for one in corrected.deductions)
        paid = tuple(replace(one, amount_minor=-one.amount_minor) for one in corrected.paid)
    else:
        posts = [line.post for line in lines]
        told = tax_totals(posts, corrected.occasion.tax_rounding)
        taxes = tuple(TaxTotal(t.code, t.percent, -t.base_minor, -t.tax_minor) for t in told)
        deductions, paid = (), ()
    total = sum(line.post.amount_minor for line in mirrored)
    due = total - sum(one.amount_minor for one in (*deductions, *paid))
    return Paper(
        PaperKind.CREDIT_NOTE, number, day, corrected.occasion, mirrored, taxes, total, due, deductions, paid,
        corrects=corrected.number, reason=reason,
    )  # fmt: skip


def _mirrored(post: Post) -> Post:
    return replace(
        post, amount_minor=-post.amount_minor, net_minor=-post.net_minor, tax_minor=-post.tax_minor,
        base_minor=-post.base_minor,
    )  # fmt: skip


def _given_back(one: Deduction) -> Deduction:
    taxes = tuple(TaxTotal(t.code, t.percent, -t.base_minor, -t.tax_minor) for t in one.taxes)
    return replace(one, amount_minor=-one.amount_minor, taxes=taxes)


def receipt(number: str, day: date, occasion: Occasion, paid: Paid) -> Paper:
    """What a payment gets: it says no tax."""
    return Paper(PaperKind.RECEIPT, number, day, occasion, (), (), paid.amount_minor, 0, paid=(paid,))


def deposit_invoice(number: str, day: date, occasion: Occasion, booked: Sequence[Post], paid: Paid) -> Paper:
    """Money before the stay, spread over what was booked with its taxes; what is more stands as a line without one."""
    merged = _merged(booked)
    whole = sum(post.amount_minor for post in merged)
    parts = list(part_of(merged, min(paid.amount_minor, whole)))
    over = paid.amount_minor - whole
    if over > 0:
        parts.append(Post(LineKind.ROOM, "DEPOSIT", "Deposit", over, over))
    lines = tuple(PaperLine(None, post.name, post) for post in parts)
    made = invoice(number, day, occasion, lines, kind=PaperKind.DEPOSIT_INVOICE)
    return replace(made, due_minor=0, paid=(paid,))


def _merged(posts: Iterable[Post]) -> list[Post]:
    """The same charge of several nights as one."""
    rows: dict[tuple[str, str, Decimal | None], Post] = {}
    for post in posts:
        key = (post.name, post.tax_code, post.tax_percent)
        was = rows.get(key)
        rows[key] = post if was is None else replace(
            was, amount_minor=was.amount_minor + post.amount_minor, net_minor=was.net_minor + post.net_minor,
            tax_minor=was.tax_minor + post.tax_minor, base_minor=was.base_minor + post.base_minor,
        )  # fmt: skip
    return [post for post in rows.values() if post.amount_minor > 0]


def named_payments(papers: Iterable[Paper]) -> set[int]:
    """The payments that a deposit invoice or a standing invoice names; a credit note over the whole gives them back."""
    named: dict[int, int] = {}
    for paper in papers:
        for paid in () if paper.kind is PaperKind.RECEIPT else paper.paid:
            named[paid.number] = named.get(paid.number, 0) + paid.amount_minor
    return {number for number, amount_minor in named.items() if amount_minor}


def deposits_left(papers: Sequence[Paper]) -> tuple[Deduction, ...]:
    """The deposit invoices of a booking that no standing invoice has deducted, oldest first."""
    taken: dict[str, int] = {}
    for paper in papers:
        for deduction in paper.deductions:
            taken[deduction.number] = taken.get(deduction.number, 0) + deduction.amount_minor
    return tuple(
        Deduction(paper.number, paper.issued_on, paper.total_minor, paper.taxes)
        for paper in papers
        if paper.kind is PaperKind.DEPOSIT_INVOICE and not taken.get(paper.number)
    )
