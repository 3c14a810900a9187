"""Notices for the hotel's people: what is sent, what waits for a person, and sending a letter again."""

import secrets

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from config.settings import Settings
from domain.notices import KINDS
from store.session import Database
from tests.api.post import bounce, hotel_of, letters_of, send_all, tell
from tests.api.world import API, Body, Desk, Guests, bearer, problem


async def admin(desk: Desk, path: str = "", **body: object) -> Response:
    """Asks about kinds of notices, or switches one."""
    address = f"{API}/admin/notices{path}"
    if body:
        return await desk.api.put(address, json=body, headers=bearer(desk.token))
    return await desk.api.get(address, headers=bearer(desk.token))


async def post(desk: Desk, path: str, body: Body, key: str = "") -> Response:
    """Does something at the desk."""
    headers = {**bearer(desk.token), **({"Idempotency-Key": key} if key else {})}
    return await desk.api.post(f"{API}/desk/{path}", json=body, headers=headers)


def reminder_of(booking: Body) -> Body:
    """The entry of a booking's agenda that reminds the guest of the arrival."""
    (entry,) = [one for one in booking["agenda"] if one["key"].startswith("pre_arrival")]
    return dict(entry)


@pytest.fixture
async def manager(api: AsyncClient) -> Desk:
    """The manager of malabar."""
    return await Desk.at(api, "malabar", "manager")


async def test_every_kind_is_told_with_its_words_and_when_it_is_sent(manager: Desk) -> None:
    listed = (await admin(manager)).json()
    kinds = {row["kind"]: row for row in listed["items"]}
    assert tuple(kinds) == KINDS
    assert kinds["pre_arrival"]["when"] == "2 days before the arrival at 10:00 hotel time."
    assert kinds["deadline_near"]["audience"] == "staff"
    assert all(row["enabled"] and row["title"] and row["tells"].endswith(".") for row in listed["items"])
    assert all(row["when"].endswith(".") for row in listed["items"])
    warned = {row["kind"] for row in listed["items"] if row["warning"]}
    assert warned == {
        "received", "confirmed", "confirmed_after_all", "cancelled", "expired", "declined", "payment_due",
        "payment_link", "payment_failed", "payment_authenticate", "refund_issued", "refund_failed", "guest_link",
        "email_confirm", "email_changed",
    }  # fmt: skip
    assert "bookings expire" in kinds["payment_due"]["warning"]


async def test_a_new_timing_counts_for_bookings_that_are_made_from_then_on(
    api: AsyncClient, worker: None, guests: Guests
) -> None:
    """Each booking says which version of the policy set its reminder; sending the same again makes no new one."""
    manager = await Desk.at(api, "lagoon", "manager")
    before = await manager.done(await guests.booked(hotel="lagoon"), "approve")
    version = reminder_of(before)["set_by"]["policy_version"]
    timing = {"days_before": 3, "time": "09:00"}
    for _ in range(2):
        told = await admin(manager, "/pre_arrival", enabled=True, timing=timing)
        assert told.status_code == 200, told.text
        assert told.json()["when"] == "3 days before the arrival at 09:00 hotel time."
        assert told.json()["timing"] == {**timing, "after_minutes": None}
    after = await manager.done(await guests.booked(hotel="lagoon"), "approve")
    assert reminder_of(after)["set_by"]["policy_version"] == version + 1
    assert reminder_of(await manager.see(f"bookings/{before['reference']}"))["set_by"]["policy_version"] == version
    assert "10:00" in reminder_of(before)["local_time"]
    assert "09:00" in reminder_of(after)["local_time"]
    rows = {row["kind"]: row for row in (await admin(manager)).json()["items"]}
    assert rows["pre_arrival"]["timing"]["days_before"] == 3
    assert rows["received"]["timing"] is None
    back = await admin(manager, "/pre_arrival", enabled=True, timing={"days_before": 2, "time": "10:00"})
    assert back.status_code == 200


async def test_a_timing_that_cannot_be_is_told_with_its_field_and_changes_nothing(manager: Desk) -> None:
    for kind, timing, code in (
        ("received", {"after_minutes": 5}, "timing_fixed"),
        ("pre_arrival", {"days_before": 2}, "timing_incomplete"),
        ("pre_arrival", {"days_before": 0, "time": "23:00"}, "timing_after_arrival"),
        ("pre_arrival", {"days_before": 61, "time": "10:00"}, "invalid_request"),
        ("pre_arrival", {"days_before": 2, "time": "24:00"}, "invalid_request"),
    ):
        answer = await admin(manager, f"/{kind}", enabled=False, timing=timing)
        told = problem(answer, 400 if code == "invalid_request" else 422, code)
        assert told["errors"][0]["field"].startswith("timing"), told
    rows = {row["kind"]: row for row in (await admin(manager)).json()["items"]}
    assert rows["pre_arrival"]["enabled"]
    assert rows["pre_arrival"]["when"] == "2 days before the arrival at 10:00 hotel time."


async def test_a_kind_that_is_switched_off_is_not_sent_until_it_is_switched_on(
    guests: Guests, manager: Desk, worker: None, database: Database
) -> None:
    off = await admin(manager, "/received", enabled=False)
    assert (off.status_code, off.json()["enabled"]) == (200, False)
    assert "do not learn" in off.json()["warning"]
    try:
        made = await guests.booked()
        await send_all(database)
        states = [(row.kind, row.state) for row in await letters_of(database, made)]
        assert states == [("received", "dropped"), ("new_request", "sent")]
    finally:
        assert (await admin(manager, "/received", enabled=True)).json()["enabled"] is True


async def test_only_manager_and_admin_switch_kinds(desk: Desk, api: AsyncClient) -> None:
    problem(await admin(desk), 403, "role_missing")
    problem(await admin(desk, "/feedback", enabled=True), 403, "role_missing")
    boss = await Desk.at(api, "malabar", "admin")
    assert (await admin(boss, "/feedback", enabled=True)).status_code == 200
    problem(await admin(boss, "/no_such_kind", enabled=True), 400, "invalid_request")
    problem(await admin(boss, "/feedback", enabled="perhaps"), 400, "invalid_request")


async def bounced(guests: Guests, database: Database, settings: Settings) -> tuple[Body, int]:
    """A booking whose first letter came back."""
    made = await guests.booked()
    await send_all(database)
    [letter, _] = await letters_of(database, made)
    assert (await tell(guests.api, settings, bounce(letter))).json() == {"outcome": "noted"}
    return made, letter.notice_id


async def items_of(desk: Desk, made: Body) -> list[Body]:
    """What waits for a person about one booking."""
    return [one for one in (await desk.see("attention", limit=200))["items"] if one["reference"] == made["reference"]]


async def test_a_letter_that_came_back_is_sent_again_and_nothing_waits_any_more(
    guests: Guests, desk: Desk, worker: None, database: Database, settings: Settings
) -> None:
    made, notice_id = await bounced(guests, database, settings)
    [item] = await items_of(desk, made)
    again = await desk.api.post(item["links"]["resend"], json={}, headers=bearer(desk.token))
    assert again.status_code == 200, again.text
    assert (again.json()["resend_of"], again.json()["kind"]) == (notice_id, "received")
    assert await items_of(desk, made) == []
    await send_all(database)
    letters = {row.notice_id: row.state for row in await letters_of(database, made)}
    assert letters[again.json()["notice_id"]] == "sent"


async def test_the_same_key_sends_once_and_another_letter_under_it_is_refused(
    guests: Guests, desk: Desk, worker: None, database: Database
) -> None:
    made = await guests.booked()
    await send_all(database)
    first, second = await letters_of(database, made)
    key, place = secrets.token_hex(8), f"bookings/{made['reference']}/notices"
    one = await post(desk, f"{place}/{first.notice_id}/resend", {}, key)
    two = await post(desk, f"{place}/{first.notice_id}/resend", {}, key)
    assert one.json() == two.json()
    problem(await post(desk, f"{place}/{second.notice_id}/resend", {}, key), 409, "idempotency_key_reused")


async def test_what_is_no_longer_true_is_not_sent_again(
    guests: Guests, desk: Desk, worker: None, database: Database
) -> None:
    made = await guests.booked()
    await send_all(database)
    [letter, _] = await letters_of(database, made)
    assert (await guests.cancel(made, {})).status_code == 200
    again = await post(desk, f"bookings/{made['reference']}/notices/{letter.notice_id}/resend", {})
    assert "No longer true: the booking is cancelled." in problem(again, 409, "notice_not_true")["detail"]


async def test_a_letter_on_its_way_one_that_is_not_there_and_one_of_another_booking_are_refused(
    guests: Guests, desk: Desk, worker: None, database: Database
) -> None:
    made, other = await guests.booked(), await guests.booked()
    [letter, _] = await letters_of(database, made)
    again = await post(desk, f"bookings/{made['reference']}/notices/{letter.notice_id}/resend", {})
    problem(again, 409, "notice_on_its_way")
    problem(await post(desk, f"bookings/{other['reference']}/notices/{letter.notice_id}/resend", {}), 404, "not_found")
    problem(await post(desk, f"bookings/{made['reference']}/notices/0/resend", {}), 400, "invalid_request")
    problem(await post(desk, f"bookings/{made['reference']}/notices/1/resend", {"to": "x"}), 400, "invalid_request")


async def test_an_item_is_closed_with_a_reason_by_name_and_stays_closed(
    guests: Guests, desk: Desk, worker: None, database: Database, settings: Settings
) -> None:
    made, _ = await bounced(guests, database, settings)
    [item] = await items_of(desk, made)
    problem(await post(desk, f"attention/{item['item_id']}/close", {"reason": "  "}), 400, "invalid_request")
    closed = (await post(desk, f"attention/{item['item_id']}/close", {"reason": "Called the guest."})).json()
    assert (closed["closed_reason"], closed["item_id"]) == ("Called the guest.", item["item_id"])
    assert closed["closed_by"]
    second = (await post(desk, f"attention/{item['item_id']}/close", {"reason": "Once more."})).json()
    assert second == closed
    assert await items_of(desk, made) == []
    problem(await post(desk, "attention/999999999/close", {"reason": "Nothing."}), 404, "not_found")


async def test_items_come_in_pages_and_another_hotel_sees_none_of_them(
    guests: Guests, desk: Desk, worker: None, database: Database, settings: Settings
) -> None:
    made = [(await bounced(guests, database, settings))[0]["reference"] for _ in range(3)]
    page = await desk.see("attention", limit=2)
    assert [one["reference"] for one in page["items"]] == [made[2], made[1]]
    rest = await desk.see("attention", limit=2, cursor=page["next_cursor"])
    assert rest["items"][0]["reference"] == made[0]
    lagoon = await Desk.at(guests.api, "lagoon")
    theirs = {one["reference"] for one in (await lagoon.see("attention"))["items"]}
    assert theirs.isdisjoint(made)
    item = page["items"][0]["item_id"]
    problem(await post(lagoon, f"attention/{item}/close", {"reason": "Not mine."}), 404, "not_found")
    problem(await desk.get("attention", cursor="wrong"), 400, "cursor_unknown")


async def test_a_guest_without_an_address_is_no_matter_for_attention_and_the_story_says_what_to_do(
    guests: Guests, desk: Desk, worker: None, database: Database
) -> None:
    made = await guests.booked()
    async with database.hotel(await hotel_of(database, "malabar")) as tx:
        gone = "UPDATE guests SET email = NULL WHERE guest_id = (SELECT guest_id FROM bookings WHERE reference = :one)"
        await tx.execute(text(gone), {"one": made["reference"]})
    await send_all(database)
    assert await items_of(desk, made) == []
    [letter, _] = await letters_of(database, made)
    story = await desk.see(f"bookings/{made['reference']}/timeline")
    [entry] = [one for one in story["items"] if one["difference"].get("notice_id") == letter.notice_id]
    assert entry["sentence"] == (
        "The letter “request received” to the guest could not be sent: no e-mail address; print the link."
    )
    again = await post(desk, f"bookings/{made['reference']}/notices/{letter.notice_id}/resend", {})
    problem(again, 422, "notice_without_address")
