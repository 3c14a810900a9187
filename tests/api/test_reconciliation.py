"""A hotel's nights at the desk: what a manager reads of them, and asking for one more run."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from httpx import AsyncClient, Response
from temporalio.client import Client

from config.settings import Settings
from domain.ledgers import Difference, Line
from messages.converter import data_converter
from messages.night import LinesSwept, Run, SweepLines, night_workflow_id
from store import reconciliation as store
from store.nightly import NightStore
from store.reconciliation import Sums
from store.session import Database
from tests.api.post import hotel_of
from tests.api.world import API, SECRET, Desk, bearer, problem

DAY = date(2026, 3, 14)
NIGHT = datetime(2026, 3, 15, 3, tzinfo=UTC)
TWICE = Difference("double_charge", "RIB-20260320-7Q4K2M", "Payment 1 was taken once more: EUR 100.00.",
                   NIGHT - timedelta(hours=3), "EUR", 1, object_id="pi_2", provider_minor=10_000)  # fmt: skip
NOBODYS = Difference("charge_unknown_to_us", "", "The payment provider has EUR 5.00 that are in no booking.",
                     NIGHT - timedelta(hours=3), "EUR", object_id="ch_1", provider_minor=500)  # fmt: skip
LINES = (
    Line("payment", TWICE.reference, 1, "pi_1", "EUR", "captured", 10_000, "captured", 10_000),
    Line("payment", TWICE.reference, 1, "pi_2", "EUR", "captured", 10_000, "", None, "double_charge"),
    Line("payment", "=cmd()", 0, "ch_1", "EUR", "captured", 500, "", None, "charge_unknown_to_us"),
)


@pytest.fixture
async def manager(api: AsyncClient) -> Desk:
    """The manager of ribeira."""
    return await Desk.at(api, "ribeira", "manager")


async def compared(database: Database, day: date, *found: Difference, at: datetime = NIGHT) -> int:
    """A run of this date that found so much, and is at its end; answers its number."""
    hotel_id = await hotel_of(database, "ribeira")
    async with database.hotel(hotel_id) as tx:
        number = await store.ask_for_run(tx, hotel_id, day, "night", at)
        run = Run(hotel_id, day, number, at - timedelta(days=1), at, at - timedelta(days=1), ())
        await store.begin_run(tx, run, at, 3)
        sums = Sums(2, 0, 20_500, 0, 10_000, 0, 10_000, 0)
        for _ in range(2):
            # A page that is written again adds nothing.
            await store.write_page(tx, run, at, "1|Z", sums, found, LINES)
        await store.end_run(tx, run, at, "done", "")
    return number


async def run_again(desk: Desk, day: object) -> Response:
    """Asks for one more run."""
    return await desk.api.post(f"{API}/desk/reconciliation/{day}/run", headers=bearer(desk.token))


async def test_a_night_is_told_with_its_sums_its_differences_and_every_line(manager: Desk, database: Database) -> None:
    """Three ledgers' sums, two differences with what to do, and all lines as CSV; closed by the next run."""
    await compared(database, DAY, TWICE, NOBODYS)
    told = await manager.see("reconciliation", **{"from": DAY, "to": DAY})
    (run,) = told["items"]
    assert (run["state"], run["asked_by"], run["found"], run["opened"], run["nights_posted"]) == (
        "done",
        "night",
        2,
        2,
        3,
    )
    taken = [run[ledger]["taken"] for ledger in ("provider", "rows", "booking")]
    assert taken == [{"amount_minor": amount, "currency": "EUR"} for amount in (20_500, 10_000, 10_000)]
    assert (run["open_items"], told["open_differences"]) == (2, 2)
    items = (await manager.see(f"reconciliation/{DAY}"))["items"]
    assert [(one["code"], one["reference"], one["provider"]["amount_minor"]) for one in items] == [
        ("double_charge", TWICE.reference, 10_000),
        ("charge_unknown_to_us", None, 500),
    ]
    assert all(one["what_to_do"].endswith(".") and one["closed_at"] is None for one in items)
    attention = {one["kind"]: one for one in (await manager.see("attention"))["items"]}
    nobodys = attention["charge_unknown_to_us"]
    assert (nobodys["reference"], nobodys["links"]["booking"], nobodys["sentence"]) == (None, None, NOBODYS.detail)
    answer = await manager.get(f"reconciliation/{DAY}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    heads, *lines = answer.text.split("\r\n")[:-1]
    assert heads.startswith("kind,reference,number")
    assert lines == [
        "payment,'=cmd(),0,ch_1,EUR,captured,500,,,charge_unknown_to_us",
        f"payment,{TWICE.reference},1,pi_1,EUR,captured,10000,captured,10000,",
        f"payment,{TWICE.reference},1,pi_2,EUR,captured,10000,,,double_charge",
    ]
    await compared(database, DAY + timedelta(days=1))
    assert (await manager.see("reconciliation"))["open_differences"] == 0
    assert all(one["closed_at"] for one in (await manager.see(f"reconciliation/{DAY}"))["items"])
    assert "double_charge" not in {one["kind"] for one in (await manager.see("attention"))["items"]}


async def test_lines_go_after_four_hundred_days_where_no_difference_is_open(
    manager: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In small bites, the oldest first; sums and differences stay, and the page says why the lines are gone."""
    monkeypatch.setattr(store, "LINES_AT_ONCE", 2)
    hotel_id = await hotel_of(database, "ribeira")
    nights = NightStore(database, database)
    first, second = date(2024, 5, 1), date(2024, 5, 2)
    ended = datetime(2024, 5, 3, 3, 4, tzinfo=UTC)
    found = replace(TWICE, reference="RIB-20240501-7Q4K2M", at=ended - timedelta(hours=3))
    for day in (first, second):
        await compared(database, day, found, at=ended)
    async with database.hotel(hotel_id) as tx:
        opened = await store.list_items(tx, hotel_id, first, 0, 10)
    assert [item.closed_at for item in opened] == [None]
    # Not a moment early; and while the difference is open, neither the run that found it nor the last one that did.
    order = SweepLines(hotel_id, ended + timedelta(days=400) - timedelta(seconds=1))
    assert await nights.sweep(order) == LinesSwept(0)
    order = SweepLines(hotel_id, ended + timedelta(days=400))
    assert await nights.sweep(order) == LinesSwept(0)
    assert (await manager.get(f"reconciliation/{first}.csv")).text.count("\r\n") == 4
    await compared(database, date(2024, 5, 3), at=ended + timedelta(days=1))
    swept = [await nights.sweep(order) for _ in range(4)]
    assert swept == [LinesSwept(2, more=True)] * 3 + [LinesSwept(0)]
    problem(await manager.get(f"reconciliation/{first}.csv"), 404, "lines_not_kept")
    assert (await manager.get("reconciliation/2024-05-03.csv")).status_code == 200
    assert len((await manager.see(f"reconciliation/{first}"))["items"]) == 1
    (run,) = (await manager.see("reconciliation", **{"from": first, "to": first}))["items"]
    assert run["provider"]["taken"]["amount_minor"] == 20_500


async def test_what_a_person_has_closed_is_not_told_again_while_it_is_the_same(
    manager: Desk, database: Database
) -> None:
    """The difference stays open on the page; the desk is not bothered with it twice."""
    day = date(2026, 4, 1)
    await compared(database, day, TWICE)
    (item,) = [one for one in (await manager.see("attention"))["items"] if one["kind"] == "double_charge"]
    closing = await manager.api.post(item["links"]["close"], json={"reason": "Agreed."}, headers=bearer(manager.token))
    assert closing.status_code == 200, closing.text
    await compared(database, day + timedelta(days=1), TWICE)
    assert "double_charge" not in {one["kind"] for one in (await manager.see("attention"))["items"]}
    assert (await manager.see("reconciliation"))["open_differences"] == 1
    await compared(database, day + timedelta(days=2))


async def test_pages_of_runs_are_whole(manager: Desk, database: Database) -> None:
    """One a page, the latest first."""
    days = [date(2026, 5, 1) + timedelta(days=n) for n in range(3)]
    for day in days:
        await compared(database, day)
    seen, cursor = [], None
    while True:
        asked = {"from": days[0], "to": days[-1], "limit": 1, **({"cursor": cursor} if cursor else {})}
        page = await manager.see("reconciliation", **asked)
        seen += [one["business_date"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [str(day) for day in reversed(days)]
    answer = await manager.get("reconciliation", **{"from": days[-1], "to": days[0]})
    assert problem(answer, 422, "dates_reversed")
    answer = await manager.get("reconciliation", **{"from": "2020-01-01", "to": "2026-01-01"})
    assert problem(answer, 422, "too_many_days")


async def test_one_more_run_is_asked_for_once(manager: Desk, api: AsyncClient, settings: Settings) -> None:
    """202 with the run that will be made; a second wish is the same run; the hotel's night is told, or begun."""
    day = date(2026, 6, 1)
    first, second = [await run_again(manager, day) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202), first.text
    assert first.json() == second.json()
    assert (first.json()["state"], first.json()["asked_by"], first.json()["number"]) == ("asked", "desk", 1)
    client = await Client.connect(
        settings.temporal_target, namespace=settings.temporal_namespace, data_converter=data_converter(SECRET)
    )
    found = await client.get_workflow_handle(night_workflow_id("ribeira")).describe()
    assert found.workflow_type == "HotelNight"
    assert problem(await run_again(manager, "2199-01-01"), 422, "day_not_begun")
    assert (await run_again(manager, "yesterday")).status_code == 400
    desk = await Desk.at(api, "ribeira")
    assert problem(await run_again(desk, day), 403, "role_missing")
    assert (await manager.get("reconciliation/2025-01-01")).status_code == 404
    assert (await manager.get("reconciliation/2025-01-01.csv")).status_code == 404
