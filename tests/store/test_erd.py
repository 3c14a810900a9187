"""The drawing of the schema in docs is the schema."""

from pathlib import Path

import pytest

from store.erd import FURTHER, main, page_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "erd.md"


async def test_the_drawing_in_the_docs_is_the_schema_that_migrations_make(ops_url: str) -> None:
    assert await page_of(ops_url) == PAGE.read_text(encoding="utf-8"), "draw it again: see the head of docs/erd.md"


async def test_every_table_has_its_place_in_a_part_of_the_drawing(ops_url: str) -> None:
    assert FURTHER not in await page_of(ops_url)


def test_drawing_without_an_address_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage" in capsys.readouterr().err
