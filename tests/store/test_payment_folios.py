"""Which folio a payment settles: docs/rules/folio.md and docs/rules/invoices.md."""

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from domain import acts, charging, paying
from domain.folio import Charge
from domain.invoices import Paper, PaperKind
from domain.refusals import Refused
from domain.terms import FolioTerms
from store.folio import Posting
from store.folios import BillTo, hold_booking, open_folio, read_book, transfer
from store.invoices import Cause, draft_invoice, issue_credit_note, issue_invoice, issue_receipt
from store.payment_folios import move_payments
from store.session import Database
from tests.store.paper_world import A_NIGHT, MANAGER, Papers, build_papers, by, kochi

COMPANY = BillTo("company", "Harbour Works", "1 Quay", "IN 123", ("room", "tax"))
POSTING = Posting(kochi(13, 16), kochi(13, 16).date(), MANAGER, None, "Theirs.")
TEAS = Charge("TEA", "Tea", 4_00, 2)
NIGHTS = 2 * A_NIGHT


async def office(life: Papers, deed: Callable[..., Any], *told: Any) -> Any:
    """What the hotel's people do beside the booking's workflow."""
    async with life.database.hotel(life.booking.hotel_id) as tx:
        booking = await hold_booking(tx, life.booking.hotel_id, life.booking.reference)
        return await deed(tx, booking, *told)


async def no(life: Papers, *told: Any) -> str:
    """Why payments don't move."""
    with pytest.raises(Refused) as refused:
        await office(life, move_payments, *told, POSTING)
    return refused.value.code


async def paid(life: Papers, amount_minor: int, folio: int = 1) -> None:
    """The desk takes money."""
    await life.take(acts.payment_taken(life.booking, by(kochi(13, 17)), "transfer", amount_minor, "", folio))


async def places(life: Papers) -> list[tuple[int, int]]:
    """Payments and the folios that they were put on."""
    async with life.database.hotel(life.booking.hotel_id) as tx:
        book = await read_book(tx, life.booking.hotel_id, life.booking.reference)
    return [(row.payment, row.folio) for row in book.places]


def told(papers: Sequence[Paper]) -> list[tuple[str, int, list[int], int]]:
    """Whom each paper is billed to, what it comes to, what it names as paid, what is due."""
    return [
        (one.occasion.bill_to.name, one.total_minor, [each.amount_minor for each in one.paid], one.due_minor)
        for one in papers
    ]


@pytest.fixture
async def life(owner_url: str, database: Database) -> Papers:
    """Two nights on the company's folio, two teas on the guest's."""
    made = build_papers(owner_url, database, folio=FolioTerms(night_posting="check_in"))
    await office(made, open_folio, COMPANY, POSTING)
    await made.arrive(kochi(13, 15))
    await made.take(charging.charged(made.booking, by(kochi(13, 16)), TEAS, "INR"))
    return made


async def test_each_folio_is_invoiced_with_what_was_paid_on_it(life: Papers) -> None:
    await paid(life, NIGHTS, 2)
    await paid(life, 8_00)
    assert await places(life) == [(1, 2)]
    await life.leave(kochi(15, 10), "")
    assert told(await life.papers()) == [
        ("A Guest", 8_00, [8_00], 0), ("Harbour Works", NIGHTS, [NIGHTS], 0),
    ]  # fmt: skip


async def test_what_is_given_back_counts_on_the_folio_of_its_payment(life: Papers) -> None:
    await paid(life, NIGHTS, 2)
    await paid(life, 8_00)
    await life.take(paying.refund_asked(life.booking, by(kochi(14, 9), "A discount."), 1, 24_00, "INR"))
    for folio, due in ((1, 0), (2, 24_00)):
        draft, _ = await office(life, draft_invoice, folio)
        assert draft.due_minor == due


async def test_a_folio_that_is_not_there_can_not_be_settled(life: Papers) -> None:
    seq = life.booking.seq
    with pytest.raises(Refused) as refused:
        await paid(life, 8_00, 3)
    assert (refused.value.code, refused.value.field) == ("folio_unknown", "folio")
    assert (life.booking.seq, life.rows("SELECT 1 AS n FROM payments WHERE reference = '{r}'")) == (seq, [])


async def test_a_payment_moves_whole_and_can_move_back(life: Papers) -> None:
    await paid(life, NIGHTS)
    await office(life, move_payments, [1, 1], 2, POSTING)
    await office(life, move_payments, [1], 1, POSTING)
    await office(life, move_payments, [1], 2, POSTING)
    assert await places(life) == [(1, 2), (1, 1), (1, 2)]
    rows = life.rows("SELECT turn, staff_id, reason, seq FROM payment_folios WHERE reference = '{r}' ORDER BY turn")
    assert [tuple(row.values()) for row in rows] == [(turn, 1, "Theirs.", None) for turn in (1, 2, 3)]
    assert told([(await office(life, draft_invoice, 2))[0]]) == [("Harbour Works", NIGHTS, [NIGHTS], 0)]


async def test_what_can_not_move_is_refused(life: Papers) -> None:
    await paid(life, 8_00)
    assert await no(life, [1], 3) == "folio_unknown"
    assert await no(life, [2], 2) == "payment_unknown"
    assert await no(life, [1], 1) == "payment_there_already"
    await life.leave(kochi(15, 10))
    assert await no(life, [1], 2) == "payment_invoiced"
    assert await places(life) == []


async def test_a_credited_invoice_gives_its_payment_to_the_next_one(life: Papers) -> None:
    """The guest paid and was billed for all of it; then the company is to have the bill and the payment."""
    for line in (1, 2, 3, 4):
        await office(life, transfer, [line], 1, POSTING)
    await paid(life, NIGHTS + 8_00)
    await life.leave(kochi(15, 10), "")
    cause = Cause("credit", kochi(15, 11), kochi(15, 11).date())
    note = await office(life, issue_credit_note, "INV-2026-000001", (), "The company pays.", cause)
    assert told([note]) == [("A Guest", -NIGHTS - 8_00, [-NIGHTS - 8_00], 0)]
    numbers = [line["number"] for line in life.lines() if line["folio"] == 1 and line["reverses"] is None]
    await office(life, transfer, numbers, 2, POSTING)
    await office(life, move_payments, [1], 2, POSTING)
    fresh = await office(life, issue_invoice, 2, Cause("anew", kochi(15, 12), kochi(15, 12).date()))
    assert told([fresh]) == [("Harbour Works", NIGHTS + 8_00, [NIGHTS + 8_00], 0)]
    assert await no(life, [1], 1) == "payment_invoiced"


async def test_a_receipt_is_made_out_to_who_is_billed(life: Papers) -> None:
    await paid(life, NIGHTS, 2)
    receipt = await office(life, issue_receipt, 1, Cause("receipt", kochi(14, 9), kochi(14, 9).date()))
    assert told([receipt]) == [("Harbour Works", NIGHTS, [NIGHTS], 0)]


async def test_a_deposit_invoice_is_the_folios_that_its_payment_settles(owner_url: str, database: Database) -> None:
    life = build_papers(owner_url, database, folio=FolioTerms(deposit_document="invoice"))
    await office(life, open_folio, COMPANY, POSTING)
    await life.take(acts.approved(life.booking, by(kochi(12, 13))))
    await paid(life, A_NIGHT, 2)
    assert await no(life, [1], 1) == "payment_invoiced"
    await life.take(acts.room_assigned(life.booking, by(kochi(13, 18)), life.booking.stays[0], (1, "101", 1)))
    await life.take(acts.checked_in(life.booking, by(kochi(13, 19), "Clean."), life.booking.stays))
    await life.take(charging.charged(life.booking, by(kochi(13, 20)), TEAS, "INR"))
    await life.leave(kochi(15, 10))
    deposit, guests, company = await life.papers()
    assert (deposit.kind, deposit.occasion.bill_to.name) == (PaperKind.DEPOSIT_INVOICE, "Harbour Works")
    assert (guests.deductions, guests.due_minor) == ((), 8_00)
    assert ([one.number for one in company.deductions], company.due_minor) == ([deposit.number], A_NIGHT)


async def test_the_database_lets_nobody_rewrite_where_a_payment_was(life: Papers) -> None:
    await paid(life, NIGHTS, 2)
    for statement in ("UPDATE payment_folios SET folio = 1", "DELETE FROM payment_folios"):
        async with life.database.hotel(life.booking.hotel_id) as tx:
            raw = (await tx.get_raw_connection()).driver_connection
            assert raw is not None
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await raw.execute(statement)
            await raw.rollback()
