"""Links that are sent again or printed, and what a stranger learns by asking: docs/rules/guests.md."""

import re
import secrets
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.conftest import Opener
from tests.api.office import Office, booked_as, eventually, own, story
from tests.api.world import API, Desk, Guests, problem


@pytest.fixture
def office(desk: Desk, owner_url: str) -> Office:
    """The front desk of malabar."""
    return Office(desk, owner_url)


async def test_links_are_sent_to_the_address_on_file_and_the_answer_tells_nothing(
    guests: Guests, office: Office, worker: None
) -> None:
    """By address, phone or reference, known or not: the same bytes; one letter in ten minutes."""
    made = await booked_as(guests, phone="+91 98470 " + "".join(secrets.choice("0123456789") for _ in range(5)))
    asked = [
        {"email": made["guest"]["email"].upper()},
        {"phone": made["guest"]["phone"]},
        {"reference": made["reference"]},
        {"email": "nobody-at-all@example.com"},
        {"phone": "12345"},
        {"reference": "MLB-20261215-AAAAAA"},
        {"reference": "XXX-20261215-AAAAAA"},
    ]
    told = [await guests.api.post(f"{API}/guest-links", json=body) for body in asked]
    assert {answer.status_code for answer in told} == {202}
    assert len({answer.content for answer in told}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in told}) == 1

    async def sent() -> bool:
        return bool(office.letters(made["reference"], "guest_link"))

    await eventually(sent)
    house = guests.api._transport.app.state.house  # type: ignore[attr-defined]
    await house.errands.close()
    assert office.letters(made["reference"], "guest_link") == [("guest_link", None, "waiting")]


@pytest.mark.parametrize("key", ["email", "phone", "reference"])
async def test_each_way_of_asking_finds_the_booking(guests: Guests, office: Office, worker: None, key: str) -> None:
    """Alone."""
    made = await booked_as(guests, phone="+91 98470 " + "".join(secrets.choice("0123456789") for _ in range(5)))
    known = {**made["guest"], "reference": made["reference"]}
    assert (await guests.api.post(f"{API}/guest-links", json={key: known[key]})).status_code == 202

    async def sent() -> bool:
        return len(office.letters(made["reference"], "guest_link")) == 1

    await eventually(sent)


async def test_asking_for_links_is_counted_by_address(opened: Opener) -> None:
    """Five in a quarter of an hour, whatever is asked for; two things at once are asked in vain."""
    async with opened(address="203.0.113.77") as api:
        for body in ({}, {"email": "a@example.com", "phone": "+91 98470 12345"}, {"reference": "none"}):
            problem(await api.post(f"{API}/guest-links", json=body), 400, "invalid_request")
        for _ in range(2):
            assert (await api.post(f"{API}/guest-links", json={"email": "a@example.com"})).status_code == 202
        refused = await api.post(f"{API}/guest-links", json={"email": "a@example.com"})
        assert problem(refused, 429, "too_many_requests")["retry_after"] <= 15 * 60


async def test_the_desk_prints_a_link_that_works_and_revokes_earlier_ones(
    guests: Guests, office: Office, worker: None
) -> None:
    """With its picture; the same key revokes once; it is in the story."""
    made = await booked_as(guests)
    printed = await office.done("POST", made["reference"], "/guest-link", {})
    token = parse_qs(urlsplit(printed["guest_page"]).query)["token"][0]
    assert token == made["access_token"]
    assert printed["qr"].startswith("data:image/svg+xml")
    assert re.search(r"%3Csvg|<svg", printed["qr"])
    assert date.fromisoformat(printed["good_until"]) == date.fromisoformat(made["departure"]) + timedelta(days=30)
    wanted = {"revoke": True, "reason": "The letter was lost."}
    fresh = [
        await office.done("POST", made["reference"], "/guest-link", wanted, headers={"Idempotency-Key": "lost"})
        for _ in range(2)
    ]
    assert fresh[0] == fresh[1]
    new = parse_qs(urlsplit(fresh[0]["guest_page"]).query)["token"][0]
    assert new != token
    assert (await guests.see(made)).status_code == 404
    assert (await guests.see({**made, "access_token": new})).status_code == 200
    told = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "audit")
    assert [entry["difference"]["new"] for entry in told] == ["printed", "revoked"]
    assert told[1]["reason"] == "The letter was lost."


async def test_a_hotel_without_a_guest_portal_prints_and_sends_no_link(
    guests: Guests, owner_url: str, worker: None
) -> None:
    """Its guests have no page."""
    made = await guests.booked(await guests.wish("lagoon"))
    lagoon = Office(await Desk.at(guests.api, "lagoon"), owner_url)
    problem(await lagoon.send("POST", made["reference"], "/guest-link", {}), 422, "guest_portal_off")
    asked = await guests.api.post(f"{API}/guest-links", json={"reference": made["reference"]})
    assert asked.status_code == 202
    await guests.api._transport.app.state.house.errands.close()  # type: ignore[attr-defined]
    assert lagoon.letters(made["reference"], "guest_link") == []


async def test_the_page_of_a_new_address_confirms_nothing_by_itself(
    guests: Guests, office: Office, worker: None
) -> None:
    """Programs that look into letters open every link."""
    made = await booked_as(guests)
    await own(guests, made, "PATCH", "/guest", {"email": "new@example.com"})
    page = await guests.api.get("/confirm-email", params={"token": office.token_of_letter(made["reference"])})
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "/assets/confirm.js" in page.text
    assert (await guests.see(made)).json()["guest"]["email"] == made["guest"]["email"]
