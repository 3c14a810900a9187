"""The page on which a guest pays: what it shows, where its button leads, and what it never gives away."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from domain.money import Money, format_money
from messages.tokens import pay_token
from tests.api.office import Office
from tests.api.paying import Cashpoint, cashpoint
from tests.api.world import SECRET, Desk, problem
from tests.doubles.stripe_running import StripeDouble, running_stripe
from tests.story.world import connect

PREPAID = "ribeira"


@pytest.fixture(scope="module")
def stripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeDouble]:
    """One stand-in for this module."""
    folder: Path = tmp_path_factory.mktemp("stripe")
    with running_stripe(folder) as double:
        yield double


@pytest.fixture
async def till(settings: Settings, stripe_server: StripeDouble) -> AsyncIterator[Cashpoint]:
    """Guests who pay, with a provider that has no fault planned."""
    stripe_server.http.delete("/_double/faults")
    async with cashpoint(settings, stripe_server) as open_:
        yield open_


async def test_a_guest_pays_from_the_booking_to_the_thank_you_without_a_script(till: Cashpoint) -> None:
    """The page says how much, for what and until when; its button leads to the provider; afterwards it thanks."""
    made = await till.booked(PREPAID)
    assert made["status"] == "held"
    path = await till.pay_path(made)
    page = await till.api.get(path)
    assert page.status_code == 200
    for words in (made["hotel_name"], made["reference"], "To pay", "Until", "The whole stay", f'action="{path}"'):
        assert words in page.text
    assert "<script" not in page.text
    assert page.text.count("<button") == 1
    there = await till.begun(path)
    assert there.startswith(till.stripe.address)
    assert till.stripe.address in page.headers["content-security-policy"]
    paid = await asyncio.to_thread(till.stripe.pay, there)
    assert paid.status_code == 303
    back = paid.headers["location"]
    assert back.endswith(f"/pay/return/{made['reference']}")
    await till.hint(made)
    firm = await till.becomes(made, "confirmed")
    assert firm["to_pay"] is None or firm["to_pay"]["purpose"] == "balance"
    own = (await till.api.get(made["links"]["guest_page"])).text
    assert "<h2>Payments</h2>" in own
    assert "Paid" in own


async def test_pressing_twice_or_in_two_tabs_leads_to_one_page(till: Cashpoint) -> None:
    """One payment, whatever the guest does with the button."""
    path = await till.pay_path(await till.booked(PREPAID))
    first = await till.begun(path)
    assert [await till.begun(path), await till.begun(path)] == [first, first]


async def test_a_link_to_pay_that_opens_nothing_is_the_page_of_whatever_may_not_be_seen(till: Cashpoint) -> None:
    """Unknown, somebody else's signature, a guest's own token, a revoked one: the same bytes, read or pressed."""
    made = await till.booked(PREPAID)
    revoked = pay_token(SECRET, 2, made["reference"], 99)
    told = [await till.api.get("/b/MLB-20261215-7Q4K2M?token=x")]
    for token in ("wrong", pay_token("another secret", 2, made["reference"], 1), made["access_token"], revoked, "%00"):
        told += [await till.api.get(f"/pay/{token}"), await till.press(f"/pay/{token}")]
    assert [answer.status_code for answer in told] == [404] * len(told)
    assert len({answer.content for answer in told}) == 1


async def test_the_link_to_pay_opens_no_booking(till: Cashpoint) -> None:
    """Its token is none for the guest's page or the guest's API."""
    made = await till.booked(PREPAID)
    token = (await till.pay_path(made)).rpartition("/")[2]
    assert (await till.api.get(f"/b/{made['reference']}?token={token}")).status_code == 404
    answer = await till.api.get(f"/api/v1/bookings/{made['reference']}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


async def test_while_the_provider_is_away_the_guest_can_try_again_and_the_room_is_kept(till: Cashpoint) -> None:
    """503 with Retry-After, as a page with a button; the next press works."""
    path = await till.pay_path(await till.booked(PREPAID))
    await till.begun(path)
    till.stripe.fault("outage", seconds=30)
    away = await till.press(path)
    assert away.status_code == 503
    assert int(away.headers["retry-after"]) > 0
    assert "your room is kept" in away.text
    assert "Try again" in away.text
    till.stripe.http.delete("/_double/faults")
    await till.begun(path)


async def test_after_the_end_there_is_nothing_to_pay(till: Cashpoint) -> None:
    """A booking that was cancelled says so in place of a button; pressing an old page's button is no error page."""
    made = await till.booked(PREPAID)
    path = await till.pay_path(made)
    assert (await till.guests.cancel(made, {"version": made["version"]})).status_code == 200
    page = await till.api.get(path)
    assert page.status_code == 200
    assert "There is nothing to pay" in page.text
    assert "<button" not in page.text
    pressed = await till.press(path)
    assert pressed.status_code == 409
    assert "There is nothing to pay" in pressed.text


@pytest.mark.parametrize(("reference", "status"), [("MLB-20261215-7Q4K2M", 200), ("nothing", 404), ("x" * 500, 404)])
async def test_coming_back_from_the_provider_tells_nothing_of_any_booking(
    till: Cashpoint, reference: str, status: int
) -> None:
    """The same page for a booking that is and one that never was."""
    page = await till.api.get(f"/pay/return/{reference}")
    assert page.status_code == status
    if status == 200:
        made = await till.booked(PREPAID)
        other = await till.api.get(f"/pay/return/{made['reference']}")
        assert other.text.replace(made["reference"], reference) == page.text
        assert "A Guest" not in page.text


async def test_the_desk_gets_a_link_and_sends_one_letter_for_each_key(till: Cashpoint, owner_url: str) -> None:
    """The link is the guest's own to pay; the letter goes out once; a stale page sends none."""
    made = await till.booked(PREPAID)
    office = Office(await Desk.at(till.api, PREPAID), owner_url)
    told = await office.done("POST", made["reference"], "/payment-link", {"version": made["version"]})
    assert told["url"].endswith(await till.pay_path(made))
    assert (told["amount"], told["purpose"]) == (made["to_pay"]["amount"], made["to_pay"]["purpose"])
    assert told["mailed"] is False
    assert office.letters(made["reference"], "payment_link") == []
    for _ in range(2):
        sent = await office.done(
            "POST", made["reference"], "/payment-link", {"mail": True}, headers={"Idempotency-Key": "link"}
        )
        assert sent["mailed"] is True
    assert len(office.letters(made["reference"], "payment_link")) == 1
    stale = await office.send("POST", made["reference"], "/payment-link", {"version": 99, "mail": True})
    problem(stale, 409, "version_conflict")


async def test_every_link_to_pay_is_a_line_in_the_story(till: Cashpoint, owner_url: str) -> None:
    """Who made or mailed it and for how much, once for each key; another body under the key is refused."""
    made = await till.booked(PREPAID)
    office = Office(await Desk.at(till.api, PREPAID), owner_url)
    for body, key in (({}, "made"), ({}, "made"), ({"mail": True}, "mailed"), ({"mail": True}, "mailed")):
        told = await office.done("POST", made["reference"], "/payment-link", body, headers={"Idempotency-Key": key})
    used = await office.send(
        "POST", made["reference"], "/payment-link", {"mail": True}, headers={"Idempotency-Key": "made"}
    )
    problem(used, 409, "idempotency_key_reused")
    story = (await office.desk.see(f"bookings/{made['reference']}/timeline"))["items"]
    lines = [entry for entry in story if entry["kind"] == "audit"]
    amount = format_money(Money(**made["to_pay"]["amount"]))
    assert [(line["what"], line["difference"]["new"]) for line in lines] == [
        ("changed_payment_link", amount),
        ("changed_payment_letter", amount),
    ]
    assert f"made a link to pay: {amount}." in lines[0]["sentence"]
    assert f"mailed the guest a link to pay: {amount}." in lines[1]["sentence"]
    assert all(line["actor"]["kind"] == "staff" and line["actor"]["name"] for line in lines)
    token = told["url"].rpartition("/")[2]
    assert token not in json.dumps(story)
    with connect(owner_url) as db:
        rows = db.execute("SELECT guest_changes::text FROM guest_changes WHERE reference = %s", [made["reference"]])
        assert token not in str(rows.fetchall())


async def test_a_link_is_refused_where_nothing_is_to_be_paid(till: Cashpoint, owner_url: str) -> None:
    """The hotel takes its money at the desk."""
    free = await till.guests.booked()
    malabar = Office(await Desk.at(till.api, "malabar"), owner_url)
    problem(await malabar.send("POST", free["reference"], "/payment-link", {}), 409, "nothing_to_pay")
