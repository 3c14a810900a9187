"""What a paper shows, as plain strings in the language it is in. Rule: docs/rules/invoices.md, "Printing"."""

import tomllib
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.folio import Post
from domain.invoices import Occasion, Paper, PaperKind, PaperLine, TaxTotal
from domain.money import minor_digits

_WORDS: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_NUMBERED = (PaperKind.INVOICE, PaperKind.CREDIT_NOTE, PaperKind.RECEIPT, PaperKind.DEPOSIT_INVOICE)
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
LANGUAGES = tuple(_WORDS)


def amount_text(amount_minor: int, currency: str, language: str) -> str:
    """An amount without its currency: `1,234.50`, in Portuguese `1 234,50`; as many digits as the currency has."""
    digits = minor_digits(currency)
    whole, part = divmod(abs(amount_minor), 10**digits)
    thousands, point = (_SPACE, ",") if language == "pt" else (",", ".")
    told = f"{whole:,}".replace(",", thousands)
    return (_MINUS if amount_minor < 0 else "") + told + (f"{point}{part:0{digits}d}" if digits else "")


def percent_text(percent: Decimal, language: str) -> str:
    """`14.75 %`, in Portuguese `14,75 %`."""
    told = f"{percent.normalize():f}"
    return f"{told.replace('.', ',') if language == 'pt' else told}{_SPACE}%"


def day_text(day: date) -> str:
    """A date that is read the same everywhere: `2027-03-12`."""
    return day.isoformat()


def sheet_of(paper: Paper, *, demo: bool) -> dict[str, Any]:
    """The strings of a paper's sheet. demo: it says that it is no fiscal document."""
    occasion = paper.occasion
    language = occasion.language if occasion.language in LANGUAGES else "en"
    words = _WORDS[language]

    def money(amount_minor: int) -> str:
        return amount_text(amount_minor, occasion.currency, language)

    seller = occasion.seller
    told = [seller.name, *_lines(seller.address), seller.phone, seller.email]
    if seller.tax_number:
        told.append(f"{words['tax_number']}: {seller.tax_number}")
    foot = [words["not_numbered"]] if paper.kind not in _NUMBERED else []
    return {
        "lang": language,
        "title": words[paper.kind.value],
        "number": paper.number,
        "seller": [line for line in told if line],
        "bill_to_name": words["received_from" if paper.kind is PaperKind.RECEIPT else "bill_to"],
        "bill_to": _bill_to(occasion, words),
        "facts": list(_facts(paper, words)),
        "columns": [*words["columns"][:3], f"{words['columns'][3]} ({occasion.currency})"],
        "rows": [_row(line, money, language) for line in paper.lines],
        "sums": list(_sums(paper, words, lambda amount: f"{occasion.currency}{_SPACE}{money(amount)}")),
        "tax_columns": words["tax_columns"],
        "taxes": [_tax(tax, words, money, language) for tax in paper.taxes if tax.base_minor or tax.tax_minor],
        "notes": list(_notes(paper, words)),
        "demo": words["demo"] if demo else "",
        "foot": [*foot, f"{seller.name} · {occasion.reference}"],
        "page": words["page"],
    }


def with_note_on_letters(sheet: dict[str, Any]) -> dict[str, Any]:
    """The sheet with a note that some characters could not be printed."""
    return {**sheet, "notes": [*sheet["notes"], _WORDS[sheet["lang"]]["unprintable"]]}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _bill_to(occasion: Occasion, words: dict[str, Any]) -> list[str]:
    bearer = occasion.bill_to
    told = [bearer.name, *_lines(bearer.address)]
    if bearer.tax_number:
        told.append(f"{words['tax_number']}: {bearer.tax_number}")
    return told


def _facts(paper: Paper, words: dict[str, Any]) -> Iterable[tuple[str, str]]:
    occasion = paper.occasion
    yield words["date"], day_text(paper.issued_on)
    yield words["booking"], occasion.reference
    if occasion.guest != occasion.bill_to.name:
        yield words["guest"], occasion.guest
    if paper.corrects:
        yield words["corrects"], paper.corrects
    if occasion.rooms:
        first = min(room.arrival for room in occasion.rooms)
        last = max(room.departure for room in occasion.rooms)
        yield words["stay"], f"{day_text(first)} – {day_text(last)}"
        numbers = [room.number for room in occasion.rooms if room.number]
        if numbers:
            yield words["room"], ", ".join(numbers)


def _row(line: PaperLine, money: Callable[[int], str], language: str) -> list[str]:
    post = line.post
    name = f"{post.quantity} × {line.name}" if post.quantity > 1 else line.name
    rate = _rate(post, language)
    return [day_text(line.day) if line.day else "", name, rate, money(post.amount_minor)]


def _rate(post: Post, language: str) -> str:
    """The percent inside a price. A line of tax alone says it in its name."""
    if post.tax_percent is None or not post.net_minor:
        return ""
    return percent_text(post.tax_percent, language)


def _tax(tax: TaxTotal, words: dict[str, Any], money: Callable[[int], str], language: str) -> list[str]:
    name = tax.code or words["no_tax"]
    rate = "" if tax.percent is None else percent_text(tax.percent, language)
    return [name, rate, money(tax.base_minor) if tax.base_minor else "", money(tax.tax_minor) if tax.code else ""]


def _sums(paper: Paper, words: dict[str, Any], money: Callable[[int], str]) -> Iterable[tuple[str, str, bool]]:
    """The sums below the lines: name, amount, and whether it stands out."""
    if paper.kind is PaperKind.RECEIPT:
        for paid in paper.paid:
            yield words["paid"].format(day=day_text(paid.day), method=_method(paid.method, words)), "", False
        yield words["owed"], money(paper.total_minor), True
        return
    yield words["total"], money(paper.total_minor), not paper.deductions
    for one in paper.deductions:
        key = "deducted" if one.amount_minor > 0 else "given_back"
        yield words[key].format(number=one.number), money(-one.amount_minor), False
    if paper.deductions:
        yield words["payable"], money(paper.payable_minor), True
    if paper.tax_minor:
        yield words["of_which_tax"], money(paper.tax_minor), False
    if paper.kind is PaperKind.CREDIT_NOTE:
        return
    for paid in paper.paid:
        told = words["paid"].format(day=day_text(paid.day), method=_method(paid.method, words))
        yield told, money(-paid.amount_minor), False
    if paper.due_minor:
        yield words["due" if paper.due_minor > 0 else "credited"], money(abs(paper.due_minor)), True


def _method(method: str, words: dict[str, Any]) -> str:
    return str(words.get(method, method.replace("_", " ")))


def _notes(paper: Paper, words: dict[str, Any]) -> Iterable[str]:
    if paper.reason:
        yield words["reason"].format(reason=paper.reason)
    if paper.kind in (PaperKind.INVOICE, PaperKind.DEPOSIT_INVOICE) and paper.due_minor == 0:
        yield words["settled"]
    yield from paper.notes
