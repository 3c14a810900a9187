"""Where bookings come from, what is owed for it, and how they are found by it: docs/rules/sources.md."""

import asyncio
import secrets
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from api import desk_opening
from tests.api.counter import AGENCY, MALABAR, PHONE, ask, made, wish
from tests.api.world import Desk, Guests, in_days, problem
from tests.story.world import connect


async def test_a_channels_share_is_copied_to_its_bookings(
    guests: Guests, desk: Desk, manager: Desk, worker: None, owner_url: str
) -> None:
    """By the hotel's list, or as a manager says for this one; a later change of the list touches none."""
    body = await wish(guests, source=AGENCY)
    booking = await made(desk, {**body, "commission_percent": "15.0"})
    net = sum(night["price"]["amount_minor"] for night in booking["nights"])
    net -= sum(tax["amount"]["amount_minor"] for tax in booking["taxes"] if tax["included"])
    share = (Decimal(net) * 15 / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert Decimal(booking["commission_percent"]) == 15
    assert booking["commission"] == {"amount_minor": int(share), "currency": "INR"}
    for percent in ("12.5", 0, 15.01):
        problem(await ask(desk, {**body, "commission_percent": percent}), 403, "role_missing")
    assert Decimal((await made(manager, {**body, "commission_percent": "12.5"}))["commission_percent"]) == Decimal(
        "12.5"
    )
    plain = await made(desk, {**body, "source": "phone"})
    assert (plain["commission_percent"], plain["commission"]) == (None, None)
    with connect(owner_url) as db:
        db.execute(
            f"UPDATE sources SET commission_percent = 20 WHERE source = %s AND hotel_id = {MALABAR}".encode(), [AGENCY]
        )
        try:
            kept = await desk.see(f"bookings/{booking['reference']}")
        finally:
            db.execute(
                f"UPDATE sources SET commission_percent = 15 WHERE source = %s AND hotel_id = {MALABAR}".encode(),
                [AGENCY],
            )
    assert kept["commission"] == booking["commission"]


async def test_only_channels_that_the_hotel_lists_and_uses_bring_bookings(
    guests: Guests, desk: Desk, owner_url: str
) -> None:
    """Known words that are no channel here are 422, what is no word of ours 400."""
    body = await wish(guests)
    problem(await ask(desk, {**body, "source": "channel:nowhere"}), 422, "source_unknown")
    problem(await ask(desk, {**body, "source": "fax"}), 400, "invalid_request")
    with connect(owner_url) as db:
        name = "channel:example-wholesale"
        off = f"UPDATE sources SET active = %s WHERE source = %s AND hotel_id = {MALABAR}".encode()
        db.execute(off, [False, name])
        try:
            problem(await ask(desk, {**body, "source": name}), 422, "source_not_in_use")
            items = (await desk.see("sources"))["items"]
        finally:
            db.execute(off, [True, name])
    seeded = ["web_direct", "walk_in", "phone", "corporate", "waitlist", "other", AGENCY, name]
    # Other tests of the same database list channels of their own.
    items = [one for one in items if one["source"] in seeded]
    assert [one["source"] for one in items] == seeded
    assert [one["active"] for one in items] == [True] * 7 + [False]
    assert items[6] == {
        "source": AGENCY, "name": "Example OTA", "commission_percent": "15.00", "commission_base": "net_room",
        "active": True,
    }  # fmt: skip


async def test_a_sources_own_reference_is_there_once(guests: Guests, desk: Desk, worker: None) -> None:
    """The second is told which booking has it, also when that is cancelled; another source may have the same."""
    number = secrets.token_hex(6)
    body = await wish(guests, source=AGENCY, source_reference=number)
    first = await made(desk, body)
    assert first["source_reference"] == number
    told = problem(await ask(desk, body), 409, "source_reference_taken")
    assert told["reference"] == first["reference"]
    assert told["errors"][0]["field"] == "source_reference"
    assert (await made(desk, {**body, "source": "corporate"}))["source_reference"] == number
    await desk.done(first, "cancel", reason="By the channel.")
    problem(await ask(desk, body), 409, "source_reference_taken")
    assert len({(await made(desk, {**body, "source_reference": ""}))["reference"] for _ in range(2)}) == 2


async def test_of_two_at_once_with_one_reference_one_is_made(
    guests: Guests, desk: Desk, worker: None, owner_url: str
) -> None:
    """One 201, one 409 that names it, and one row; the rooms of the other are free again."""
    number = secrets.token_hex(6)
    body = await wish(guests, source=AGENCY, source_reference=number)
    answers = await asyncio.gather(ask(desk, body), ask(desk, body))
    assert sorted(answer.status_code for answer in answers) == [201, 409], [answer.text for answer in answers]
    taken, refused = sorted((answer.json() for answer in answers), key=lambda told: told.get("code", ""))
    assert (refused["code"], refused["reference"]) == ("source_reference_taken", taken["reference"])
    with connect(owner_url) as db:
        rows = db.execute("SELECT reference FROM bookings WHERE source_reference = %s", [number]).fetchall()
    assert rows == [(taken["reference"],)]


async def test_what_the_look_overlooks_is_refused_by_the_taking(
    guests: Guests, desk: Desk, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index decides, not the look before it."""

    async def overlooks(*_: Any) -> None:
        return None

    body = await wish(guests, source=AGENCY, source_reference=secrets.token_hex(6))
    await made(desk, body)
    monkeypatch.setattr(desk_opening, "booking_of_source", overlooks)
    told = problem(await ask(desk, body), 409, "source_reference_taken")
    assert "reference" not in told


async def test_a_booking_is_found_by_its_sources_reference_and_by_who_sleeps_there(
    guests: Guests, desk: Desk, worker: None
) -> None:
    """In the list and in its count; channels are found together."""
    mark = secrets.token_hex(4)
    body = await wish(guests, source=AGENCY, source_reference=f"OTA-{mark}")
    body["offers"][0]["guests"] = [{"name": "A Guest"}, {"name": f"Zoë {mark}"}]
    booking = await made(desk, body)
    other = await made(desk, {**body, "source": "phone"})
    for asked in (f"OTA-{mark}", f"ota-{mark[:6]}", f"zoë {mark}"):
        found = {item["reference"] for item in (await desk.see("bookings", q=asked))["items"]}
        assert found == {booking["reference"], other["reference"]}, asked
        assert await desk.see("bookings/count", q=asked) == {"count": 2, "more": False}
    for source, wanted in (("channel:*", booking), (AGENCY, booking), ("phone", other)):
        found = {item["reference"] for item in (await desk.see("bookings", q=mark, source=source))["items"]}
        assert found == {wanted["reference"]}, source
        assert (await desk.see("bookings/count", q=mark, source=source))["count"] == 1
    assert (await desk.see("bookings/count", q=mark, source="channel:other"))["count"] == 0
    lagoon = await Desk.at(guests.api, "lagoon")
    assert await lagoon.see("bookings/count", q=mark) == {"count": 0, "more": False}


async def test_a_count_ends_somewhere(
    guests: Guests, desk: Desk, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its bound it says that there are more; filters are read as the list reads them."""
    name = f"Party {secrets.token_hex(4)}"
    for _ in range(3):
        await made(desk, await wish(guests, guest={"name": name, "phone": PHONE}))
    for bound, wanted in ((3, {"count": 3, "more": False}), (2, {"count": 2, "more": True})):
        for module in ("api.desk", "store.desk_reads"):
            monkeypatch.setattr(f"{module}.MOST_COUNTED", bound)
        assert await desk.see("bookings/count", q=name) == wanted
    assert (await desk.see("bookings/count", q=name, arrival_to=str(in_days(-1))))["count"] == 0
    problem(await desk.get("bookings/count", status="gone"), 400, "invalid_request")
    problem(await desk.get("bookings", source="channel:*x"), 400, "invalid_request")
