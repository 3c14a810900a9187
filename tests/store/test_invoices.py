"""Papers with numbers in the database: docs/rules/invoices.md. One proof of their series has a size."""

import asyncio
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import UniqueViolation

from domain import acts, charging
from domain.folio import Charge
from domain.invoices import Bearer, Occasion, Paid, PaperKind, receipt
from domain.refusals import Refused
from domain.terms import FolioTerms
from store import invoices
from store.hot import Hot
from store.invoices import About, Cause, issue, issue_credit_note, issue_invoice, issue_receipt
from store.papers import papers_of
from store.session import Database, DatabaseAway, driver_of
from tests.store.paper_world import A_NIGHT, Papers, build_papers, by, kochi

Build = Callable[..., Papers]
INVOICES = int(os.environ.get("HOLDFAST_PROOF_INVOICES", "200"))
WORKERS = 20
DAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 15, 4, 30, tzinfo=UTC)
OCCASION = Occasion("X", "INR", "en", Bearer("A House"), Bearer("A Guest"), "A Guest", ())


@pytest.fixture
def papers(owner_url: str, database: Database) -> Build:
    return lambda **more: build_papers(owner_url, database, **more)


def cause(key: str, day: date = DAY, body_hash: str = "") -> Cause:
    return Cause(key, NOW, day, body_hash)


async def issued(life: Papers, key: str, day: date = DAY) -> str:
    """A receipt of that cause; answers its number."""
    about = About(life.booking.hotel_id, life.booking.reference)
    async with life.database.hotel(about.hotel_id) as tx:
        paper = await issue(
            tx, about, PaperKind.RECEIPT, cause(key, day),
            lambda number, on: receipt(number, on, OCCASION, Paid(1, "cash", on, 100)),
        )  # fmt: skip
    return paper.number


def numbers(life: Papers) -> list[int]:
    return [row["no"] for row in life.rows("SELECT no FROM invoices WHERE hotel_id = {h} ORDER BY series, no")]


async def test_the_check_out_issues_the_invoice_and_writes_to_the_guest(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    await life.take(acts.payment_taken(life.booking, by(kochi(14, 9)), "upi", 100_00, "R-1"))
    booking = await life.leave(kochi(15, 10))
    async with life.database.hotel(booking.hotel_id) as tx:
        (found,) = await papers_of(tx, booking.hotel_id, booking.reference)
    paper = found.paper
    assert (paper.number, paper.issued_on, paper.occasion.bill_to.name) == ("INV-2026-000001", DAY, "A Guest")
    assert (paper.total_minor, paper.due_minor) == (2 * A_NIGHT, 2 * A_NIGHT - 100_00)
    assert [(tax.code, tax.percent, tax.base_minor, tax.tax_minor) for tax in paper.taxes] == [
        ("GST", 12, 200_00, 24_00)
    ]
    told = life.rows("SELECT kind FROM notices WHERE hotel_id = {h} AND kind = 'invoice'")
    assert told == [{"kind": "invoice"}]


async def test_an_early_room_that_leaves_does_not_issue_and_the_last_one_does(papers: Build) -> None:
    life = papers(rooms=2)
    await life.arrive(kochi(13, 15))
    await life.take(acts.checked_out(life.booking, by(kochi(15, 9)), life.booking.stays[:1]))
    assert numbers(life) == []
    await life.take(acts.checked_out(life.booking, by(kochi(15, 10), "Later."), life.booking.stays[1:]))
    assert numbers(life) == [1]


async def test_a_deposit_gets_its_invoice_and_the_last_one_deducts_it(papers: Build) -> None:
    life = papers(folio=FolioTerms(deposit_document="invoice"))
    await life.take(acts.approved(life.booking, by(kochi(12, 13))))
    await life.take(acts.payment_taken(life.booking, by(kochi(12, 14)), "upi", 112_00, ""))
    for one in life.booking.stays:
        await life.take(acts.room_assigned(life.booking, by(kochi(13, 14)), one, (1, "101", 1)))
    await life.take(acts.checked_in(life.booking, by(kochi(13, 15), "Clean."), life.booking.stays))
    booking = await life.leave(kochi(15, 10))
    async with life.database.hotel(booking.hotel_id) as tx:
        deposit, final = [found.paper for found in await papers_of(tx, booking.hotel_id, booking.reference)]
    assert (deposit.number, deposit.total_minor, deposit.tax_minor) == ("DI-2026-000001", 112_00, 12_00)
    assert (final.payable_minor, final.tax_minor, final.due_minor) == (112_00, 12_00, 112_00)


async def test_what_is_invoiced_is_not_invoiced_again_until_it_is_credited(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    booking = await life.leave(kochi(15, 10))
    async with life.database.hotel(booking.hotel_id) as tx:
        with pytest.raises(Refused) as refused:
            await issue_invoice(tx, booking, 1, cause("again"))
        assert refused.value.code == "nothing_to_invoice"
        back = await issue_credit_note(tx, booking, "INV-2026-000001", (), "Another name.", cause("credit"))
        assert (back.number, back.total_minor) == ("CN-2026-000001", -2 * A_NIGHT)
        with pytest.raises(Refused) as refused:
            await issue_credit_note(tx, booking, "INV-2026-000001", (1,), "Twice.", cause("credit-2"))
        assert refused.value.code == "already_credited"
        assert (await issue_invoice(tx, booking, 1, cause("anew"))).number == "INV-2026-000002"


async def test_a_line_is_credited_alone(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    booking = await life.leave(kochi(15, 10))
    async with life.database.hotel(booking.hotel_id) as tx:
        back = await issue_credit_note(tx, booking, "INV-2026-000001", (2,), "No tax.", cause("credit"))
        assert back.total_minor == -12_00
        with pytest.raises(Refused) as refused:
            await issue_credit_note(tx, booking, "INV-2026-000001", (99,), "None.", cause("credit-2"))
        assert refused.value.code == "line_not_on_invoice"
        with pytest.raises(Refused) as refused:
            await issue_credit_note(tx, booking, "CN-2026-000001", (), "Back.", cause("credit-3"))
        assert refused.value.code == "not_an_invoice"


async def test_a_payment_has_one_receipt_however_often_it_is_asked_for(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    booking = await life.take(acts.payment_taken(life.booking, by(kochi(14, 9)), "cash", 100_00, ""))
    for _ in range(2):
        async with life.database.hotel(booking.hotel_id) as tx:
            paper = await issue_receipt(tx, booking, 1, cause("payment.1"))
            assert (paper.number, paper.total_minor) == ("RC-2026-000001", 100_00)


async def test_an_extra_after_the_check_out_comes_on_another_invoice(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    await life.leave(kochi(15, 10))
    late = charging.charged(life.booking, by(kochi(15, 11)), Charge("BAR", "Minibar", 9_00), "INR")
    booking = await life.take(late)
    async with life.database.hotel(booking.hotel_id) as tx:
        assert (await issue_invoice(tx, booking, 1, cause("late"))).total_minor == 9_00


async def test_one_key_is_one_paper_and_another_request_under_it_is_refused(papers: Build) -> None:
    life = papers()
    assert await issued(life, "a") == await issued(life, "a") == "RC-2026-000001"
    about = About(life.booking.hotel_id, life.booking.reference)
    async with life.database.hotel(about.hotel_id) as tx:
        with pytest.raises(Refused) as refused:
            await issue(tx, about, PaperKind.RECEIPT, cause("a", body_hash="other"), _never)
    assert refused.value.code == "idempotency_key_reused"


def _never(number: str, on: date) -> Any:
    raise AssertionError(f"{number} must not be made on {on}")


async def test_dates_never_go_back_and_a_year_has_its_own_series(papers: Build) -> None:
    life = papers()
    await issued(life, "a", date(2026, 3, 15))
    await issued(life, "b", date(2026, 3, 14))
    assert await issued(life, "c", date(2027, 1, 1)) == "RC-2027-000001"
    rows = life.rows("SELECT no, issued_on FROM invoices WHERE hotel_id = {h} AND series = 'RC-2026' ORDER BY no")
    assert [row["issued_on"] for row in rows] == [DAY, DAY]


async def _many(life: Papers, count: int) -> list[Any]:
    """So many papers, each asked for twice, by 20 workers at once; answers what they got."""
    asked = iter([f"{n // 2}" for n in range(2 * count)])
    got: list[Any] = []

    async def worker() -> None:
        for key in asked:
            try:
                got.append(await issued(life, key))
            except UniqueViolation as twice:
                got.append(twice)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    return got


async def test_twenty_at_once_leave_no_gap_and_no_double(papers: Build) -> None:
    """Every cause is asked for twice; it gets one number both times."""
    life = papers()
    got = await _many(life, INVOICES)
    assert numbers(life) == list(range(1, INVOICES + 1))
    assert len(set(got)) == INVOICES
    assert len(got) == 2 * INVOICES
    print(f"proof: {INVOICES} papers by {WORKERS} at once, each asked for twice: no gap, no double")


async def test_without_the_lock_of_the_series_that_would_fail(papers: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same with a look at the series that locks nothing meets the table's own law."""
    unlocked = Hot(invoices.LOCK_SERIES.statement.replace("FOR UPDATE", ""))
    monkeypatch.setattr(invoices, "LOCK_SERIES", unlocked)
    got = await _many(papers(), 40)
    assert any(isinstance(one, Exception) for one in got)


async def test_a_number_that_was_never_committed_is_given_to_the_next(papers: Build) -> None:
    """By a rollback, and by a connection that is cut before its commit."""
    life = papers()
    await issued(life, "first")
    about = About(life.booking.hotel_id, life.booking.reference)

    def made(number: str, on: date) -> Any:
        return receipt(number, on, OCCASION, Paid(1, "cash", on, 100))

    async def undone() -> None:
        async with life.database.hotel(about.hotel_id) as tx:
            assert (await issue(tx, about, PaperKind.RECEIPT, cause("undone"), made)).number == "RC-2026-000002"
            raise RuntimeError("undone")

    async def cut() -> None:
        async with life.database.hotel(about.hotel_id) as tx:
            assert (await issue(tx, about, PaperKind.RECEIPT, cause("cut"), made)).number == "RC-2026-000002"
            life.rows(f"SELECT pg_terminate_backend({(await driver_of(tx)).info.backend_pid})")

    with pytest.raises(RuntimeError, match="undone"):
        await undone()
    with pytest.raises((DatabaseAway, psycopg.Error)):
        await cut()
    assert await issued(life, "next") == "RC-2026-000002"
    assert numbers(life) == [1, 2]


async def test_an_issued_paper_can_not_be_changed_or_taken_away(papers: Build) -> None:
    life = papers()
    await issued(life, secrets.token_hex(4))

    async def tried(statement: LiteralString) -> None:
        async with life.database.hotel(life.booking.hotel_id) as tx:
            await (await driver_of(tx)).execute(statement)

    for statement in ("UPDATE invoices SET no = 9", "DELETE FROM invoices", "DELETE FROM invoice_lines"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await tried(statement)


async def test_rooms_and_names_are_frozen_with_the_paper(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    booking = await life.leave(kochi(15, 10))
    life.rows("UPDATE guests SET name = 'Somebody Else' WHERE hotel_id = {h} RETURNING 1")
    async with life.database.hotel(booking.hotel_id) as tx:
        (found,) = await papers_of(tx, booking.hotel_id, booking.reference)
    assert found.paper.occasion.guest == "A Guest"
    (room,) = found.paper.occasion.rooms
    assert (room.name, room.number, room.guests) == ("Double room", "101", 2)
    assert replace(found.paper, number="") != found.paper
