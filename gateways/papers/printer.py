"""Prints papers as PDF/A-2b, from their frozen words. Rule: docs/rules/invoices.md, "Printing".

Words of guests and staff reach the sheet as data and are shown as they are; nothing in them is markup. Typst refuses
a PDF/A with a character that no font has, so that an empty box is never printed: such characters become `?`.
"""

import asyncio
import json
import re
from datetime import UTC, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

import typst

from domain.booking import Booking
from domain.invoices import Paper
from gateways.papers.sheets import sheet_of, with_note_on_letters
from gateways.spoken import cancellation

AT_ONCE = 2
MOST_SECONDS = 5.0
# So many different unprintable words are looked for one by one; after that all beyond Latin, Greek and Cyrillic go.
MOST_TRIES = 8
_STANDARD = "a-2b"
_UNPRINTABLE = re.compile(r'the text [`"]*(?P<text>.+?)[`"]* could not be displayed', re.DOTALL)
_COVERED = re.compile("[^\u0020-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff\u2010-\u203a\u20a0-\u20bf\u2212]")


class Printer:
    """Two papers at a time in threads of their own. demo: every paper says that it is no fiscal document."""

    def __init__(self, *, demo: bool, system_fonts: bool = True) -> None:
        self._demo = demo
        self._system_fonts = system_fonts
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def print(self, paper: Paper) -> bytes:
        """The paper's PDF; the same paper gives the same bytes. Errors: TimeoutError within five seconds."""
        async with asyncio.timeout(MOST_SECONDS), self._turns:
            return await asyncio.to_thread(self.pdf, paper)

    def cancellation(self, booking: Booking, language: str) -> tuple[str, ...]:
        """How the rooms that still stand may be given up, in the language of a paper."""
        return cancellation(booking, language)

    def pdf(self, paper: Paper) -> bytes:
        """The same in the caller's thread."""
        sheet = sheet_of(paper, demo=self._demo)
        stamp = int(datetime.combine(paper.issued_on, time(), UTC).timestamp())
        for _ in range(MOST_TRIES):
            try:
                return self._compiled(sheet, stamp)
            except typst.TypstError as refused:
                missing = _UNPRINTABLE.search(str(refused))
                if missing is None:
                    raise
                lost = set(missing["text"])
                sheet = _without(sheet, lambda found, lost=lost: "?" if found in lost else found)
        return self._compiled(_without(sheet, lambda found: _COVERED.sub("?", found)), stamp)

    def _compiled(self, sheet: dict[str, Any], stamp: int) -> bytes:
        compiler = typst.Compiler(_TEMPLATE, font_paths=self._fonts, ignore_system_fonts=True)
        made = compiler.compile(
            format="pdf", sys_inputs={"sheet": json.dumps(sheet)}, pdf_standards=_STANDARD, timestamp=stamp
        )
        if not isinstance(made, bytes):
            raise TypeError("One paper is one file.")
        return made

    @cached_property
    def _fonts(self) -> typst.Fonts:
        """Typst's own fonts, and behind them those of the machine; read once, which takes most of a second."""
        return typst.Fonts(include_system_fonts=self._system_fonts)


_TEMPLATE = (Path(__file__).parent / "paper.typ").read_bytes()


def _without(sheet: dict[str, Any], change: Any) -> dict[str, Any]:
    """The sheet with changed characters, and a note that it was."""

    def changed(part: Any) -> Any:
        if isinstance(part, str):
            return "".join(change(found) for found in part)
        if isinstance(part, list | tuple):
            return [changed(one) for one in part]
        return part

    fresh = {key: value if key in ("lang", "page") else changed(value) for key, value in sheet.items()}
    note = with_note_on_letters({**fresh, "notes": []})["notes"]
    return fresh if note[0] in fresh["notes"] else with_note_on_letters(fresh)
