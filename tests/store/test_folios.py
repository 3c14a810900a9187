"""Further folios, whom they are billed to, and lines that move: docs/rules/folio.md."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.folio import MOST_FOLIOS
from domain.refusals import Refused
from domain.terms import FolioTerms
from store.folio import Posting
from store.folios import BillTo, change_folio, company_of, hold_booking, open_folio, read_book, transfer
from store.session import Database
from tests.store.paper_world import A_NIGHT, MANAGER, Papers, build_papers, kochi

COMPANY = BillTo("company", "Harbour Works", "1 Quay", "IN 123", ("room",))
POSTING = Posting(kochi(13, 16), kochi(13, 16).date(), MANAGER)


@pytest.fixture
def life(owner_url: str, database: Database) -> Papers:
    return build_papers(owner_url, database, folio=FolioTerms(night_posting="check_in"))


async def office(life: Papers, deed: Callable[..., Any], *told: Any) -> Any:
    async with life.database.hotel(life.booking.hotel_id) as tx:
        booking = await hold_booking(tx, life.booking.hotel_id, life.booking.reference)
        return await deed(tx, booking, *told, POSTING)


async def no(life: Papers, deed: Callable[..., Any], *told: Any) -> str:
    with pytest.raises(Refused) as refused:
        await office(life, deed, *told)
    return refused.value.code


async def balances(life: Papers) -> dict[int, int]:
    async with life.database.hotel(life.booking.hotel_id) as tx:
        book = await read_book(tx, life.booking.hotel_id, life.booking.reference)
    return {row.folio: sum(x.amount_minor for x in book.lines if x.folio == row.folio) for row in book.folios}


async def test_what_a_folio_asks_for_goes_there_when_it_is_charged(life: Papers) -> None:
    """The rooms to the company, the taxes to the guest."""
    assert await office(life, open_folio, COMPANY) == 2
    await life.arrive(kochi(13, 15))
    assert await balances(life) == {1: 2 * 12_00, 2: 2 * 100_00}


async def test_a_line_moves_whole_and_can_move_on(life: Papers) -> None:
    await life.arrive(kochi(13, 15))
    await office(life, open_folio, COMPANY)
    await office(life, transfer, [1], 2)
    assert await balances(life) == {1: 2 * A_NIGHT - 100_00, 2: 100_00}
    out, into = life.lines()[-2:]
    assert (out["transfer"], into["transfer"], out["amount_minor"] + into["amount_minor"]) == (5, 5, 0)
    assert await no(life, transfer, [1], 2) == "line_taken_back"
    await office(life, transfer, [into["number"]], 1)
    assert await balances(life) == {1: 2 * A_NIGHT, 2: 0}


async def test_what_can_not_move_is_refused(life: Papers) -> None:
    await life.arrive(kochi(13, 15))
    assert await no(life, transfer, [1], 2) == "folio_unknown"
    await office(life, open_folio, COMPANY)
    assert await no(life, transfer, [99], 2) == "line_unknown"
    assert await no(life, transfer, [1], 1) == "line_there_already"
    await life.leave(kochi(15, 10))
    assert await no(life, transfer, [1], 2) == "line_invoiced"
    assert await balances(life) == {1: 2 * A_NIGHT, 2: 0}


async def test_a_folio_gets_another_bill_to(life: Papers) -> None:
    await office(life, open_folio, COMPANY)
    await office(life, change_folio, 2, {"name": "Harbour Works, Ltd.", "routes": ()})
    await office(life, change_folio, 1, {"tax_number": "IN 9"})
    rows = life.rows(
        "SELECT bill_to_name, bill_to_tax_number, routes FROM folios WHERE reference = '{r}' ORDER BY folio"
    )
    assert [tuple(row.values()) for row in rows] == [("", "IN 9", []), ("Harbour Works, Ltd.", "IN 123", [])]
    assert await no(life, change_folio, 3, {}) == "folio_unknown"


async def test_a_booking_has_so_many_folios_and_no_more(life: Papers) -> None:
    for _ in range(MOST_FOLIOS - 1):
        await office(life, open_folio, COMPANY)
    assert await no(life, open_folio, COMPANY) == "too_many_folios"


async def test_the_company_that_a_booking_came_from_is_known(life: Papers) -> None:
    life.rows(
        "INSERT INTO sources (hotel_id, source, name, address, tax_number) VALUES ({h}, 'web_direct', 'Harbour Works',"
        " '1 Quay', 'IN 123') RETURNING 1"
    )
    async with life.database.hotel(life.booking.hotel_id) as tx:
        found = await company_of(tx, life.booking.hotel_id, life.booking.reference)
    assert found == ("Harbour Works", "1 Quay", "IN 123")
