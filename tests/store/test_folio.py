"""Folios in the database: docs/rules/folio.md."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import psycopg
import pytest

from domain import acts, alarms, charging
from domain.changing import reinstated
from domain.folio import Charge, TaxCode
from domain.refusals import Refused
from domain.steps import Act, Repeated
from domain.terms import FolioTerms
from messages.bookings import TakeStep
from store.bookings import BookingStore
from store.folio import post_hotel_nights
from store.session import Database
from tests.store.paper_world import A_NIGHT, Papers, build_papers, by, kochi
from tests.story.world import connect

Build = Callable[..., Papers]


@pytest.fixture
def papers(owner_url: str, database: Database) -> Build:
    return lambda **more: build_papers(owner_url, database, **more)


async def test_nothing_is_posted_before_a_night_was_slept(papers: Build) -> None:
    """At a hotel that charges each night, the check-in itself charges nothing."""
    life = papers()
    await life.arrive(kochi(13, 15))
    assert life.lines() == []


async def test_a_hotel_that_charges_at_check_in_has_all_nights_on_the_folio_then(papers: Build) -> None:
    life = papers(folio=FolioTerms(night_posting="check_in"))
    await life.arrive(kochi(13, 15))
    assert [(line["kind"], line["amount_minor"], line["night"].day) for line in life.lines()] == [
        ("room", 100_00, 13), ("tax", 12_00, 13), ("room", 100_00, 14), ("tax", 12_00, 14),
    ]  # fmt: skip


async def test_the_nights_posting_is_done_once_however_often_it_is_asked_for(papers: Build) -> None:
    life = papers()
    booking = await life.arrive(kochi(13, 15))
    for lines in (2, 0):
        async with life.database.hotel(booking.hotel_id) as tx:
            done = await post_hotel_nights(tx, booking.hotel_id, date(2026, 3, 13), kochi(14, 3))
        assert (done.bookings, done.lines, done.last) == (1, lines, None)
    assert life.posted() == A_NIGHT
    (tax,) = [line for line in life.lines() if line["kind"] == "tax"]
    assert (tax["tax_code"], tax["tax_percent"], tax["base_minor"], tax["net_minor"]) == ("GST", 12, 100_00, 0)


async def test_two_rounds_of_the_nights_posting_at_one_moment_post_one_night(papers: Build) -> None:
    life = papers()
    booking = await life.arrive(kochi(13, 15))

    async def round_of() -> int:
        async with life.database.hotel(booking.hotel_id) as tx:
            return (await post_hotel_nights(tx, booking.hotel_id, date(2026, 3, 13), kochi(14, 3))).lines

    assert sorted(await asyncio.gather(*(round_of() for _ in range(4)))) == [0, 0, 0, 2]
    assert life.posted() == A_NIGHT


async def test_the_check_out_posts_what_is_left_and_a_repeated_step_posts_nothing(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    step = acts.checked_out(life.booking, by(kochi(15, 10), "The company pays."), life.booking.stays)
    await life.take(step)
    assert life.posted() == life.booking.owed_minor == 2 * A_NIGHT
    with pytest.raises(Repeated):
        await life.take(step)
    assert life.posted() == 2 * A_NIGHT


async def test_a_night_nobody_had_booked_is_owed_and_posted_with_its_tax(papers: Build) -> None:
    """100.00 and 12 % on top: what is owed is what the lines come to, in the state, in the rows and on the folio."""
    life = papers()
    await life.arrive(kochi(13, 15))
    longer = await life.take(alarms.overstay_night(life.booking, Act(kochi(16, 3)), 1))
    assert longer.owed_minor == longer.stays[0].total_minor == 3 * A_NIGHT
    async with life.database.hotel(longer.hotel_id) as tx:
        assert await BookingStore().load_booking(tx, longer.hotel_id, longer.reference) == longer
    await life.leave(kochi(16, 10))
    room, tax = [line for line in life.lines() if line["night"] == date(2026, 3, 15)]
    assert (room["name"], room["amount_minor"], room["tax_minor"]) == ("Night after the booked departure", 100_00, 0)
    assert (tax["tax_code"], tax["tax_percent"], tax["amount_minor"], tax["base_minor"]) == ("GST", 12, 12_00, 100_00)
    assert life.posted() == life.booking.owed_minor == 3 * A_NIGHT
    (paper,) = await life.papers()
    assert [(one.code, one.base_minor, one.tax_minor) for one in paper.taxes] == [("GST", 300_00, 36_00)]
    told = life.rows("SELECT difference FROM booking_events WHERE reference = '{r}' AND what = 'overstay_night'")
    assert told[0]["difference"]["amount_minor"] == A_NIGHT


async def test_an_added_night_beyond_a_taxs_maximum_costs_less(papers: Build) -> None:
    """The state that the step returns is what the rows say, and not what the clock thought."""
    life = papers()
    life.rows("UPDATE tax_rules SET max_nights = 2 WHERE hotel_id = {h} RETURNING 1")
    await life.arrive(kochi(13, 15))
    step = alarms.overstay_night(life.booking, Act(kochi(16, 3)), 1)
    assert step.after.owed_minor == 3 * A_NIGHT
    assert (await life.take(step)).owed_minor == 2 * A_NIGHT + 100_00
    await life.leave(kochi(16, 10))
    assert life.posted() == life.booking.owed_minor == 2 * A_NIGHT + 100_00


async def test_who_leaves_early_is_given_back_the_nights_and_charged_the_fee(papers: Build) -> None:
    life = papers(nights=3, folio=FolioTerms(night_posting="check_in", fee_tax="FEE"))
    with connect(life.outbox.owner_url) as db:
        db.execute(
            "INSERT INTO tax_codes (hotel_id, code, valid_from, name, percent)"
            " VALUES (%s, 'FEE', '2020-01-01', 'VAT', 23)",
            [life.booking.hotel_id],
        )
    await life.arrive(kochi(13, 15))
    await life.leave(kochi(14, 10))
    (fee,) = [line for line in life.lines() if line["kind"] == "fee"]
    assert (fee["code"], fee["tax_code"], fee["tax_percent"]) == ("EARLY_DEPARTURE_FEE", "FEE", 23)
    assert life.posted() == life.booking.owed_minor == 3 * A_NIGHT


async def test_a_no_show_fee_is_posted_and_given_back_to_who_comes_after_all(papers: Build) -> None:
    life = papers(change=lambda one: replace(one, person_tax_minor=(12_00, 12_00)))
    await life.take(acts.approved(life.booking, by(kochi(12, 13))))
    await life.take(acts.no_show(life.booking, by(kochi(14, 4)), [1]))
    assert life.posted() == life.booking.owed_minor == 100_00
    step = reinstated(life.booking, by(kochi(14, 9), "The flight was late."), life.booking.stays)
    await life.take(step)
    assert life.posted() == 0
    assert [line["revision"] for line in life.lines()] == [1, 2]


TEA = Charge("TEA", "Tea", 4_00, 2, tax=TaxCode("VAT13", "VAT 13 %", 13))  # type: ignore[arg-type]


async def test_an_extra_is_owed_at_once_and_can_be_taken_back_once(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    await life.take(charging.charged(life.booking, by(kochi(13, 16)), TEA, "INR"))
    (line,) = life.lines()
    assert (line["amount_minor"], line["tax_minor"], line["quantity"]) == (8_00, 92, 2)
    assert life.booking.owed_minor == 2 * A_NIGHT + 8_00
    back = replace(TEA, price_minor=-4_00, reverses=1)
    await life.take(charging.charged(life.booking, by(kochi(13, 17), "It was cold."), back, "INR"))
    assert life.posted() == 0
    with pytest.raises(Refused, match="was taken back"):
        await life.take(charging.charged(life.booking, by(kochi(13, 18), "Again."), back, "INR"))
    assert life.booking.extras_minor == 0


async def test_a_night_is_not_taken_back_by_hand(papers: Build) -> None:
    life = papers(folio=FolioTerms(night_posting="check_in"))
    await life.arrive(kochi(13, 15))
    back = Charge("X", "X", -100_00, reverses=1)
    with pytest.raises(Refused) as refused:
        await life.take(charging.charged(life.booking, by(kochi(13, 17), "Because."), back, "INR"))
    assert refused.value.code == "line_not_reversible"


async def test_the_database_refuses_a_second_charge_in_one_place_and_any_edit(papers: Build) -> None:
    """Without the rules above it: the keys and the grants are the law."""
    life = papers(folio=FolioTerms(night_posting="check_in"))
    booking = await life.arrive(kochi(13, 15))
    copied = (
        "INSERT INTO folio_lines SELECT (jsonb_populate_record(l, '{{\"number\": 99}}')).* FROM folio_lines l"
        " WHERE hotel_id = {h} AND reference = '{r}' AND number = 1"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        life.rows(copied + " RETURNING 1")
    async with life.database.hotel(booking.hotel_id) as tx:
        for statement in ("UPDATE folio_lines SET amount_minor = 1", "DELETE FROM folio_lines", "DELETE FROM invoices",
                          "UPDATE invoices SET total_minor = 1"):  # fmt: skip
            raw = (await tx.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute("SAVEPOINT before")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await raw.execute(statement)
            await raw.execute("ROLLBACK TO before")


async def test_a_refused_charge_leaves_no_event(papers: Build) -> None:
    life = papers()
    await life.arrive(kochi(13, 15))
    seq = life.booking.seq
    nowhere = replace(TEA, folio=3)
    step = charging.charged(life.booking, by(kochi(13, 16)), nowhere, "INR")
    with pytest.raises(Refused) as refused:
        async with life.database.hotel(life.booking.hotel_id) as tx:
            await BookingStore().write_step(tx, TakeStep(step, "x"))
    assert refused.value.code == "folio_unknown"
    assert life.rows("SELECT max(seq) AS seq FROM booking_events WHERE reference = '{r}'") in (
        [{"seq": seq}],
        [{"seq": None}],
    )
