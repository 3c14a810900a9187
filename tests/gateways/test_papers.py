"""Papers as PDF: docs/rules/invoices.md, "Printing"."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import typst

from domain.folio import LineKind, Post, TaxCode, with_tax
from domain.invoices import Bearer, Occasion, Paid, Paper, PaperKind, PaperLine, Room, credit_note, invoice, receipt
from gateways.papers import printer
from gateways.papers.printer import Printer
from gateways.papers.sheets import amount_text, percent_text, sheet_of

DAY = date(2027, 3, 12)
SELLER = Bearer("Ribeira Tide House", "Rua do Cais Antigo 18\n1100-000 Lisboa", "PT 500 000 000")
ROOMS = (Room(1, "River double", date(2027, 3, 10), DAY, 2, "204"),)
OCCASION = Occasion("RIB-20270310-7Q4K2M", "EUR", "pt", SELLER, Bearer("A Guest"), "A Guest", ROOMS)
ROOM = with_tax(LineKind.ROOM, "DBL", "River double", 120_00, TaxCode("VAT", "VAT", Decimal(6)))
CITY = Post(LineKind.TAX, "CITY", "City tax", 8_00, 0, 8_00, "CITY")
HOSTILE = (
    '#eval("1")', "*bold* _soft_ = title", "$ x^2 $", "@reference <label>", "`#panic()`", '#read("/etc/passwd")',
    '#import "@preview/x:0.1.0"', "\\u{41} \\ // /* */", '"]) #panic("out")', "{{ sheet }} {page} %s", "]" * 50,
)  # fmt: skip


def paper(occasion: Occasion = OCCASION, nights: int = 2, paid: tuple[Paid, ...] = ()) -> Paper:
    lines = [
        PaperLine(number, post.name, post, DAY + timedelta(days=number // 2))
        for number, post in enumerate((ROOM, CITY) * nights, 1)
    ]
    return invoice("INV-2027-000012", DAY, occasion, lines, paid=paid)


def named(name: str) -> Paper:
    return paper(replace(OCCASION, bill_to=Bearer(name, name, name), guest=name))


def pages(pdf: bytes) -> int:
    found = re.search(rb"/Type/Pages/Count (\d+)", pdf)
    assert found
    return int(found[1])


@pytest.fixture(scope="module")
def own() -> Printer:
    """With the fonts that Typst brings and no others, so that it is the same on every machine."""
    return Printer(demo=True, system_fonts=False)


def test_the_same_paper_is_the_same_bytes_and_says_what_it_is(own: Printer) -> None:
    made = own.pdf(paper())
    assert made == Printer(demo=True, system_fonts=False).pdf(paper())
    assert made.startswith(b"%PDF-1.7")
    assert b"pdfaid:part>2<" in made
    assert b"pdfaid:conformance>B<" in made


def test_a_demonstration_says_so_and_the_real_thing_does_not() -> None:
    told = "This is a demonstration and not a fiscal document."
    english = paper(replace(OCCASION, language="en"))
    assert sheet_of(english, demo=True)["demo"] == told
    assert told not in json.dumps(sheet_of(english, demo=False))
    assert sheet_of(paper(), demo=True)["demo"] == "Isto é uma demonstração e não um documento fiscal."


@pytest.mark.parametrize("name", HOSTILE)
def test_words_of_guests_are_never_markup(own: Printer, name: str) -> None:
    """What is printed is the name as it was written: nothing of it is read, evaluated or imported."""
    assert own.pdf(named(name)).startswith(b"%PDF")
    assert sheet_of(named(name), demo=True)["bill_to"][0] == name
    shown = typst.query(
        b'#let sheet = json(bytes(sys.inputs.sheet))\n#metadata(sheet.bill_to.first()) <name>', "<name>",
        field="value", one=True, sys_inputs={"sheet": json.dumps(sheet_of(named(name), demo=True))},
    )  # fmt: skip
    assert json.loads(shown) == name


def test_the_template_reads_no_text_as_markup() -> None:
    template = (printer.Path(printer.__file__).parent / "paper.typ").read_text(encoding="utf-8")
    assert not [word for word in ("eval(", "#import", "#include", "plugin(", "read(") if word in template]


@pytest.mark.parametrize("name", ["山田 太郎", "देवनागरी", "😀 Smile", "نص", "A\u0301 e\u0301"])
def test_a_letter_that_no_font_has_is_a_question_mark_and_the_paper_says_so(own: Printer, name: str) -> None:
    """Typst refuses empty boxes in PDF/A, so what is made has none."""
    assert own.pdf(named(name)).startswith(b"%PDF")
    changed: list[dict[str, Any]] = []
    strict = own._compiled

    def seen(sheet: dict[str, Any], stamp: int) -> bytes:
        changed.append(sheet)
        return strict(sheet, stamp)

    own._compiled = seen  # type: ignore[method-assign]
    try:
        own.pdf(named(name))
    finally:
        del own._compiled
    if len(changed) > 1:
        assert "?" in changed[-1]["bill_to"][0]
        assert sum("is shown" in note or "são mostrados" in note for note in changed[-1]["notes"]) == 1


def test_names_of_many_unprintable_letters_end_too(own: Printer) -> None:
    """More than are looked for one by one."""
    assert own.pdf(named(" ".join(chr(0x4E00 + 7 * n) for n in range(60)))).startswith(b"%PDF")


def test_long_names_and_seventy_lines_go_over_pages(own: Printer) -> None:
    long = own.pdf(paper(replace(OCCASION, guest="W" * 200, bill_to=Bearer("X" * 200, "Y" * 300)), nights=35))
    assert pages(long) == 3
    assert pages(own.pdf(paper())) == 1


@pytest.mark.parametrize(
    ("amount", "currency", "language", "told"),
    [
        (1_234_50, "EUR", "en", "1,234.50"), (1_234_50, "EUR", "pt", "1\xa0234,50"), (30_800, "JPY", "en", "30,800"),
        (-1_234, "KWD", "en", "−1.234"), (0, "JPY", "pt", "0"),
    ],
)  # fmt: skip
def test_amounts_have_the_digits_of_their_currency(amount: int, currency: str, language: str, told: str) -> None:
    assert amount_text(amount, currency, language) == told


def test_percents_are_told_without_needless_zeros() -> None:
    assert percent_text(Decimal("14.750"), "pt") == "14,75\xa0%"
    assert percent_text(Decimal("10.000"), "en") == "10\xa0%"
    assert percent_text(Decimal(100), "en") == "100\xa0%"


def test_every_kind_of_paper_can_be_printed_in_both_languages(own: Printer) -> None:
    paid = Paid(1, "card_terminal", DAY, 100_00)
    for language in ("en", "pt", "xx"):
        occasion = replace(OCCASION, language=language)
        one = paper(occasion, paid=(paid,))
        for made in (
            one, credit_note("CN-2027-000001", DAY, one, one.lines, "Another name."),
            receipt("RC-2027-000001", DAY, occasion, paid), replace(one, kind=PaperKind.PROFORMA, number=""),
            replace(one, kind=PaperKind.CONFIRMATION, number="", notes=("Free until 9 March.",)),
        ):  # fmt: skip
            assert own.pdf(made).startswith(b"%PDF")


async def test_printing_keeps_no_one_waiting_and_has_a_bound(own: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It happens in a thread; the loop goes on meanwhile."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    papers = await asyncio.gather(*(own.print(paper(nights=20)) for _ in range(6)))
    ticking.cancel()
    assert len(set(papers)) == 1
    assert ticks > 6
    monkeypatch.setattr(printer, "MOST_SECONDS", 0.0)
    with pytest.raises(TimeoutError):
        await own.print(paper())
