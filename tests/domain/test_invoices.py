"""Papers with numbers: docs/rules/invoices.md."""

from datetime import date
from decimal import Decimal

import pytest

from domain.folio import FolioLine, LineKind, Post, moved, taken_back, with_tax
from domain.folio import TaxCode as Code
from domain.invoices import (
    Bearer,
    Deduction,
    Occasion,
    Paid,
    Paper,
    PaperKind,
    PaperLine,
    TaxTotal,
    credit_note,
    deposit_invoice,
    deposits_left,
    invoice,
    number_text,
    read_number,
    receipt,
    series_of,
    tax_totals,
    uninvoiced,
)

DAY = date(2027, 3, 12)
OCCASION = Occasion("RIB-20270310-7Q4K2M", "EUR", "pt", Bearer("Ribeira"), Bearer("A Guest"), "A Guest", ())
ROOM = with_tax(LineKind.ROOM, "DBL", "Double room", 120_00, Code("VAT", "VAT", Decimal(6)))
CITY = Post(LineKind.TAX, "CITY", "City tax", 8_00, 0, 8_00, "CITY")
PAID = Paid(1, "cash", DAY, 100_00)
LISBON = (ROOM, CITY, ROOM, CITY)


def lines(*posts: Post) -> list[PaperLine]:
    return [PaperLine(number, post.name, post) for number, post in enumerate(posts, 1)]


def test_a_number_has_its_kind_and_year() -> None:
    assert series_of(PaperKind.CREDIT_NOTE, DAY) == "CN-2027"
    assert number_text("INV-2027", 12) == "INV-2027-000012"
    assert read_number("INV-2027-000012") == ("INV-2027", 12)
    assert read_number("INV-2027-1000000") == ("INV-2027", 1_000_000)


@pytest.mark.parametrize(
    "text", ["", "INV-2027-12", "INV-2027-0000012", "XX-2027-000012", "INV-27-000012", "INV-2027-000012\n"]
)
def test_what_is_no_number_is_told(text: str) -> None:
    assert read_number(text) is None


def test_lisbon_has_a_row_for_the_vat_inside_and_one_for_the_city_tax() -> None:
    paper = invoice("INV-2027-000001", DAY, OCCASION, lines(*LISBON))
    assert paper.taxes == (TaxTotal("VAT", Decimal(6), 226_42, 13_58), TaxTotal("CITY", None, 0, 16_00))
    assert (paper.total_minor, paper.tax_minor, paper.due_minor) == (256_00, 29_58, 256_00)


def test_new_york_has_its_base_in_the_row_of_the_tax() -> None:
    night = (
        Post(LineKind.ROOM, "Q", "Queen", 200_00, 200_00),
        Post(LineKind.TAX, "SALES", "Sales tax", 29_50, 0, 29_50, "SALES", Decimal("14.75"), 200_00),
        Post(LineKind.TAX, "UNIT", "Fee", 3_50, 0, 3_50, "UNIT"),
    )
    assert tax_totals((*night, *night)) == (
        TaxTotal("SALES", Decimal("14.75"), 400_00, 59_00), TaxTotal("UNIT", None, 0, 7_00),
    )  # fmt: skip
    tea = Post(LineKind.EXTRA, "TEA", "Tea", 4_00, 4_00)
    assert tax_totals((*night, tea))[-1] == TaxTotal("", None, 4_00, 0)


def test_kyoto_rounds_once_a_rate_where_the_hotel_does_so() -> None:
    night = with_tax(LineKind.ROOM, "R", "Room", 30_001, Code("CT", "Consumption tax", Decimal(10)))
    assert tax_totals([night] * 3) == (TaxTotal("CT", Decimal(10), 81_822, 8_181),)
    assert tax_totals([night] * 3, "document_rate") == (TaxTotal("CT", Decimal(10), 81_821, 8_182),)


def test_a_deposit_is_spread_over_what_was_booked_with_its_taxes() -> None:
    paper = deposit_invoice("DI-2027-000001", DAY, OCCASION, LISBON, PAID)
    assert [(line.name, line.post.amount_minor, line.post.tax_minor) for line in paper.lines] == [
        ("Double room", 93_75, 5_30), ("City tax", 6_25, 6_25),
    ]  # fmt: skip
    assert (paper.total_minor, paper.due_minor) == (100_00, 0)


def test_more_than_what_was_booked_has_no_tax() -> None:
    paper = deposit_invoice("DI-2027-000001", DAY, OCCASION, (), PAID)
    assert [(line.name, line.post.tax_minor) for line in paper.lines] == [("Deposit", 0)]


def test_the_final_invoice_deducts_the_deposit_with_its_taxes_once() -> None:
    deposit = deposit_invoice("DI-2027-000001", DAY, OCCASION, LISBON, PAID)
    left = deposits_left([deposit])
    assert left == (Deduction("DI-2027-000001", DAY, 100_00, deposit.taxes),)
    final = invoice("INV-2027-000001", DAY, OCCASION, lines(*LISBON), left)
    assert (final.total_minor, final.payable_minor, final.due_minor) == (256_00, 156_00, 156_00)
    assert {tax.code: tax.tax_minor for tax in final.taxes} == {"VAT": 8_28, "CITY": 9_75}
    assert deposits_left([deposit, final]) == ()
    back = credit_note("CN-2027-000001", DAY, final, final.lines, "Another name.")
    assert (back.total_minor, back.payable_minor, back.corrects) == (-256_00, -156_00, "INV-2027-000001")
    assert deposits_left([deposit, final, back]) == left


def test_a_credit_note_over_some_lines_is_their_mirror() -> None:
    final = invoice("INV-2027-000001", DAY, OCCASION, lines(*LISBON))
    part = credit_note("CN-2027-000001", DAY, final, final.lines[:1], "Not slept.")
    assert part.taxes == (TaxTotal("VAT", Decimal(6), -113_21, -6_79),)
    assert part.total_minor == -120_00


def test_a_receipt_says_no_tax() -> None:
    paper = receipt("RC-2027-000001", DAY, OCCASION, PAID)
    assert (paper.total_minor, paper.due_minor, paper.taxes) == (100_00, 0, ())


def posted(number: int, folio: int = 1) -> FolioLine:
    return FolioLine(number, folio, CITY, None, None, number, 1)


def numbers(found: tuple[FolioLine, ...]) -> list[int]:
    return [line.number for line in found]


def test_an_invoice_takes_what_is_on_no_other_one() -> None:
    assert numbers(uninvoiced([posted(1), posted(2), posted(3, 2)], {1: 1}, 1)) == [2]
    assert numbers(uninvoiced([posted(1), posted(2)], {1: 2}, 1)) == [1, 2]


def test_what_was_taken_back_before_it_was_invoiced_is_left_out() -> None:
    pair = [posted(1), taken_back(posted(1), 2)]
    assert uninvoiced(pair, {}, 1) == ()
    assert numbers(uninvoiced(pair, {1: 1}, 1)) == [2]
    there = [posted(1), *moved(posted(1), 2, 2)]
    assert numbers(uninvoiced(there, {}, 1)) == []
    assert numbers(uninvoiced(there, {}, 2)) == [3]


def test_a_paper_adds_up() -> None:
    paper: Paper = invoice("INV-2027-000001", DAY, OCCASION, lines(*LISBON), paid=(PAID,))
    assert paper.due_minor == 156_00
    assert sum(tax.base_minor + tax.tax_minor for tax in paper.taxes) == paper.total_minor
