"""Changing what was agreed, over HTTP: clocks, amends with their dry runs, wishes, fees, taking up again."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.api.world import API, Body, Desk, Guests, bearer, in_days, problem


@pytest.fixture
async def manager(api: AsyncClient) -> Desk:
    """The manager of malabar."""
    return await Desk.at(api, "malabar", "manager")


async def guest_posts(api: AsyncClient, booking: Body, path: str, body: Body, **params: Any) -> Response:
    """The bearer of a booking's link asks for something."""
    headers = {**bearer(booking["access_token"]), "Idempotency-Key": secrets.token_hex(8)}
    return await api.post(f"{API}/bookings/{booking['reference']}/{path}", json=body, params=params, headers=headers)


def clock(booking: Body, key: str) -> Body:
    """One entry of the agenda."""
    return next(entry for entry in booking["agenda"] if entry["key"] == key)


async def test_a_clock_is_moved_with_a_reason_and_put_back(guests: Guests, desk: Desk, worker: None) -> None:
    """Who moved it and why is shown to staff; guests see the role only; both bounds are told where it can't go."""
    made = await guests.booked()
    deadline = clock(made, "approval_deadline")
    later = (datetime.fromisoformat(deadline["at"]).replace(microsecond=0) + timedelta(hours=5)).isoformat()
    moved = await desk.done(made, "clocks/approval_deadline", at=later, reason="The owner is away.")
    told = clock(moved, "approval_deadline")
    assert datetime.fromisoformat(told["at"]) == datetime.fromisoformat(later)
    assert (told["set_by"]["kind"], told["set_by"]["role"]) == ("staff", "frontdesk")
    assert told["set_by"]["reason"] == "The owner is away."
    assert told["set_by"]["name"]
    assert told["default_at"] == deadline["at"]
    assert datetime.fromisoformat(moved["approval_deadline"]) == datetime.fromisoformat(later)
    assert told["local_time"] in moved["waiting_for"]
    seen = (await guests.see(made)).json()
    assert clock(seen, "approval_deadline")["set_by"]["name"] is None
    assert clock(seen, "approval_deadline")["set_by"]["reason"] is None
    alert = clock(moved, "approval_alert_manager")["at"]
    assert alert > clock(made, "approval_alert_manager")["at"]

    far = {"version": moved["version"], "at": "2199-01-01T00:00:00Z", "reason": "Never."}
    wrong = problem(await desk.act(made["reference"], "clocks/approval_deadline", far), 422, "clock_out_of_bounds")
    assert wrong["earliest"] < wrong["latest"]
    unsaid = {"version": moved["version"], "at": deadline["at"]}
    problem(await desk.act(made["reference"], "clocks/approval_deadline", unsaid, "unsaid"), 422, "reason_needed")
    nowhere = {"version": moved["version"], "at": later, "reason": "Why not."}
    problem(await desk.act(made["reference"], "clocks/hold_expires", nowhere), 409, "clock_not_running")

    back = await desk.done(moved, "clocks/approval_deadline", at=None, reason="The owner is here.")
    assert clock(back, "approval_deadline")["at"] == deadline["at"]
    assert clock(back, "approval_deadline")["set_by"]["kind"] == "policy"
    story = (await desk.see(f"bookings/{made['reference']}/timeline"))["items"]
    sentences = [entry["sentence"] for entry in story if entry["what"].startswith("clock")]
    assert len(sentences) == 2
    assert "moved the clock “approval deadline” from" in sentences[0]


async def test_the_desk_amends_after_a_dry_run(guests: Guests, desk: Desk, worker: None) -> None:
    """One night more: the dry run tells the price and does nothing; the act comes to the same."""
    made = await desk.done(await guests.booked(), "approve")
    longer = (datetime.fromisoformat(made["departure"]) + timedelta(days=1)).date().isoformat()
    body = {"version": made["version"], "stays": [{"stay": 1, "departure": longer}]}
    answer = await desk.api.post(
        f"{API}/desk/bookings/{made['reference']}/amend", params={"dry_run": "true"}, json=body,
        headers=bearer(desk.token),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["difference"]["amount_minor"] > 0
    assert (await desk.see(f"bookings/{made['reference']}"))["version"] == made["version"]
    after = await desk.done(made, "amend", stays=body["stays"], quote_id=told["quote_id"])
    assert after["departure"] == longer
    assert after["total"] == told["after"]
    assert len(after["nights"]) == 3
    lines = sum(night["price"]["amount_minor"] for night in after["nights"])
    added = sum(tax["amount"]["amount_minor"] for tax in after["taxes"] if not tax["included"])
    assert after["total"]["amount_minor"] == lines + added
    stale = {**body, "quote_id": told["quote_id"]}
    problem(await desk.act(made["reference"], "amend", stale, secrets.token_hex(6)), 409, "version_conflict")
    extended = await desk.done(after, "extend", departure=(datetime.fromisoformat(longer) + timedelta(days=1))
                               .date().isoformat())  # fmt: skip
    assert len(extended["nights"]) == 4


async def test_a_guest_asks_for_what_only_the_hotel_may_grant(
    api: AsyncClient, guests: Guests, desk: Desk, worker: None
) -> None:
    """Where each request is answered a guest's amend is a wish with its own clock; the hotel grants or declines."""
    made = await guests.booked()
    made = {**await desk.done(made, "approve"), "access_token": made["access_token"]}
    longer = (datetime.fromisoformat(made["departure"]) + timedelta(days=1)).date().isoformat()
    wish = {"version": made["version"], "stays": [{"stay": 1, "departure": longer}]}
    told = problem(await guest_posts(api, made, "amend", wish), 422, "ask_the_hotel")
    assert told["address"].endswith("/change-requests")
    preview = (await guest_posts(api, made, "amend", wish, dry_run="true")).json()
    assert preview["ask_the_hotel"]
    asked = await guest_posts(api, made, "change-requests", {**wish, "text": "A night longer?"})
    assert asked.status_code == 201, asked.text
    body = asked.json()
    assert body["change_request"]["number"] == 1
    assert body["change_request"]["after"] == preview["after"]
    assert clock(body, "change_request-1")["at"] == body["change_request"]["until"]
    assert "has asked for a change" in body["waiting_for"]
    assert body["total"] == made["total"]
    again = await guest_posts(api, made, "change-requests", {**wish, "version": body["version"], "text": "More?"})
    problem(again, 409, "action_not_allowed")
    granted = await desk.done(body, "change-requests/1/accept")
    assert granted["departure"] == longer
    assert granted["total"] == preview["after"]
    assert granted["change_request"] is None
    free = {"version": granted["version"], "text": "A cot, please."}
    second = (await guest_posts(api, made, "change-requests", free)).json()
    taken_back = await guest_posts(api, made, "change-requests/2/withdraw", {"version": second["version"]})
    assert taken_back.status_code == 200, taken_back.text
    assert taken_back.json()["change_request"] is None


async def test_cancelling_late_costs_what_was_told_and_only_a_manager_waives_it(
    guests: Guests, desk: Desk, manager: Desk, worker: None
) -> None:
    """The dry run's fee is the fee; it stays owed after the end, is paid or waived, and the booking comes back."""
    made = await desk.done(await guests.booked(await guests.wish_for(in_days(0))), "approve")
    reference = made["reference"]
    dry = await desk.api.post(
        f"{API}/desk/bookings/{reference}/cancel", params={"dry_run": "true"}, headers=bearer(desk.token),
        json={"version": made["version"]},
    )  # fmt: skip
    fee = dry.json()["fee"]
    assert fee["amount_minor"] > 0
    assert dry.json()["rules"][0]
    other = {"version": made["version"], "expected_fee": {"amount_minor": 1, "currency": "INR"}}
    assert (
        problem(await desk.act(reference, "cancel", other, "k1"), 409, "fee_changed")["fee_minor"]
        == (fee["amount_minor"])
    )
    waived = {"version": made["version"], "waive_fee": True, "reason": "Goodwill."}
    problem(await desk.act(reference, "cancel", waived, "k2"), 403, "role_missing")
    gone = await desk.done(made, "cancel", expected_fee=fee, reason="The guest called.")
    assert (gone["status"], gone["balance"], gone["payment_status"]) == ("cancelled", fee, "due")
    assert gone["allowed_actions"] == ["reinstate", "payments"]
    assert (await manager.see(f"bookings/{reference}"))["allowed_actions"] == ["reinstate", "payments", "waive-fee"]
    part = {"amount_minor": 100, "currency": "INR"}
    paid = await desk.done(gone, "payments", method="cash", amount=part)
    assert paid["payment_status"] == "part_paid"
    problem(await desk.act(reference, "waive-fee", {"version": paid["version"], "reason": "No."}), 403, "role_missing")
    let_off = await manager.done(paid, "waive-fee", reason="The flight was cancelled.")
    assert let_off["owed"]["amount_minor"] == 0
    assert let_off["stays"][0]["fee_waived"] == fee
    back = await desk.done(let_off, "reinstate", reason="The flight goes after all.")
    assert (back["status"], back["total"], back["owed"]) == ("confirmed", made["total"], made["owed"])
    assert [step["what"] for step in back["steps"]] == ["requested", "approved", "cancelled", "reinstated"]


async def test_giving_up_is_the_administrators(guests: Guests, desk: Desk, api: AsyncClient, worker: None) -> None:
    """failed, with its reason, and nothing comes after it."""
    made = await guests.booked()
    problem(await desk.act(made["reference"], "fail", {"version": 1, "reason": "Flooded."}), 403, "role_missing")
    admin = await Desk.at(api, "malabar", "admin")
    for who, offered in ((desk, False), (admin, True)):
        seen = await who.see(f"bookings/{made['reference']}")
        told = problem(await who.act(made["reference"], "check-out", {"version": 1}), 409, "action_not_allowed")
        assert ("fail" in seen["allowed_actions"], "fail" in told["allowed_actions"]) == (offered, offered)
    problem(await admin.act(made["reference"], "fail", {"version": 1}), 422, "reason_needed")
    ended = await admin.done(made, "fail", reason="The house is under water.")
    assert (ended["status"], ended["allowed_actions"]) == ("failed", [])


async def test_a_corrected_zone_moves_the_clocks_of_dates_only(guests: Guests, api: AsyncClient, worker: None) -> None:
    """Lagoon was entered in the wrong zone: marks of dates move by an hour, the answer's deadline stays."""
    made = await guests.booked(hotel="lagoon")
    manager = await Desk.at(api, "lagoon", "manager")
    before = await manager.see(f"bookings/{made['reference']}")
    address, headers = f"{API}/admin/zone", bearer(manager.token)
    wrong = {"zone": "Pacific/Nowhere", "reason": "It was wrong."}
    problem(await api.post(address, json=wrong, headers=headers), 422, "zone_unknown")
    try:
        body = {"zone": "Pacific/Kiritimati", "reason": "It was wrong."}
        told = (await api.post(address, json=body, headers=headers)).json()
        assert told["bookings_told"] >= 1
        async with asyncio.timeout(60):
            while (after := await manager.see(f"bookings/{made['reference']}"))["version"] == before["version"]:
                await asyncio.sleep(0.05)
        opens = [datetime.fromisoformat(clock(one, "check_in_from-1")["at"]) for one in (before, after)]
        assert opens[0] != opens[1]
        assert clock(before, "approval_deadline")["at"] == clock(after, "approval_deadline")["at"]
        assert (await api.post(address, json=body, headers=headers)).json()["bookings_told"] == 0
    finally:
        body = {"zone": "Pacific/Apia", "reason": "It was right."}
        assert (await api.post(address, json=body, headers=headers)).status_code == 200
