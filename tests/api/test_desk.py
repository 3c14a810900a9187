"""What the desk does to a booking: the whole path, versions, keys, rooms, and the order of answers."""

import asyncio
import secrets
import time

import pytest
from httpx import AsyncClient

from api import front_desk, permissions
from tests.api.conftest import Opener
from tests.api.world import ADDRESS, API, Body, Desk, Guests, bearer, in_days, problem
from tests.story.world import connect

ACTIONS = ("approve", "decline", "assign-room", "check-in", "payments", "check-out", "no-show", "cancel")


async def confirmed_today(guests: Guests, desk: Desk, rooms: int = 1) -> Body:
    """A booking that arrives today and has the hotel's yes."""
    made = await guests.booked(await guests.wish_for(in_days(0), rooms=rooms))
    return await desk.done(made, "approve")


async def test_from_the_request_to_the_closed_books(guests: Guests, desk: Desk, worker: None) -> None:
    """Approve, assign, check in, cash, check out; the timeline tells who, what was awaited and who set that clock."""
    made = await guests.booked(await guests.wish_for(in_days(0)))
    seen = await desk.see(f"bookings/{made['reference']}")
    assert seen["allowed_actions"] == ["approve", "decline", "cancel", "amend", "clocks"]
    assert seen["links"]["temporal_ui"].endswith(f"/namespaces/{seen['links']['temporal_ui'].split('/')[-3]}"
                                                 f"/workflows/booking-{made['reference']}")  # fmt: skip
    assert seen["links"]["desk_page"] == f"{ADDRESS}/desk/bookings/{made['reference']}"
    assert "token" not in (seen["links"]["guest_page"] or "")
    at = await desk.done(seen, "approve", note="The guest was called.", checklist=[{"item": "Boat", "done": True}])
    assert (at["status"], at["version"]) == ("confirmed", 2)
    at = await desk.done(at, "assign-room")
    assert at["stays"][0]["room"]
    at = await desk.done(at, "check-in")
    inside = ["amend", "extend", "check-out", "payments", "charges", "clocks"]
    assert (at["status"], at["allowed_actions"]) == ("checked_in", inside)
    at = await desk.done(at, "payments", method="upi", amount=at["balance"], external_reference="R-1")
    assert (at["payment_status"], at["balance"]["amount_minor"]) == ("paid", 0)
    assert [payment["method"] for payment in at["payments"]] == ["upi"]
    assert at["payments"][0]["external_reference"] == "R-1"
    at = await desk.done(at, "check-out")
    assert at["status"] == "checked_out"
    assert at["agenda"][-1]["key"] == "close"
    story = (await desk.see(f"bookings/{made['reference']}/timeline"))["items"]
    events = [entry for entry in story if entry["kind"] == "event"]
    # Seconds after its departure a booking goes on by itself.
    whats = [entry["what"] for entry in events]
    assert whats[: whats.index("checked_out") + 1] == [
        "requested", "approved", "room_assigned", "checked_in", "payment_received", "checked_out",
    ]  # fmt: skip
    approved = events[1]
    assert approved["actor"]["role"] == "frontdesk"
    assert approved["actor"]["name"] in approved["sentence"]
    assert approved["reason"] == "The guest was called.; done: Boat"
    assert approved["awaited"]["key"] == "approval_deadline"
    assert approved["awaited"]["set_by"]["policy_version"] == approved["policy_version"] == 1
    assert events[4]["difference"]["amount_minor"] == made["total"]["amount_minor"]
    letters = [entry["what"] for entry in story if entry["kind"] == "notice"]
    assert letters[: letters.index("invoice") + 1] == [
        "received", "new_request", "confirmed", "check_in", "check_out", "invoice",
    ]  # fmt: skip


async def test_answers_come_in_one_order(
    api: AsyncClient, guests: Guests, desk: Desk, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """401, 404, 403, 400, then 409 or 422: each only once the ones before it are out of the way."""
    made = await guests.booked()
    here, nowhere = f"{API}/desk/bookings/{made['reference']}", f"{API}/desk/bookings/MLB-20261215-7Q4K2M"
    login = bearer(desk.token)
    for action in ACTIONS:
        problem(await api.post(f"{here}/{action}", content=b"{"), 401, "not_logged_in")
        problem(await api.post(f"{nowhere}/{action}", content=b"{", headers=login), 404, "not_found")
        with monkeypatch.context() as patch:
            patch.setattr(permissions, "ROLES", dict.fromkeys(permissions.ROLES, frozenset(("admin",))))
            problem(await api.post(f"{here}/{action}", content=b"{", headers=login), 403, "role_missing")
        json_login = {**login, "Content-Type": "application/json"}
        problem(await api.post(f"{here}/{action}", content=b"{", headers=json_login), 400, "invalid_request")
        told = problem(await desk.act(made["reference"], action, {}), 400, "invalid_request")
        assert "version" in [error["field"] for error in told["errors"]]
    problem(await desk.act(made["reference"], "check-in", {"version": 1}), 409, "action_not_allowed")
    told = problem(await desk.act(made["reference"], "check-in", {"version": 7}), 409, "version_conflict")
    assert (told["version"], told["booking_status"]) == (1, "pending")


async def test_another_hotels_desk_sees_what_a_stranger_sees(
    api: AsyncClient, guests: Guests, desk: Desk, worker: None
) -> None:
    """A real reference of another hotel and one that never was: the same bytes, for reads and for acts."""
    made = await guests.booked(hotel="lagoon")
    theirs = await Desk.at(api, "lagoon")
    assert (await theirs.see(f"bookings/{made['reference']}"))["status"] == "pending"
    told = []
    for reference in (made["reference"], "LGN-20261215-7Q4K2M", "x" * 200, "%00", "MLB-20261215-7Q4K2M"):
        told += [await desk.get(f"bookings/{reference}"), await desk.get(f"bookings/{reference}/timeline")]
        told += [await desk.act(reference, action, {"version": 1}) for action in ACTIONS]
    for answer in told:
        problem(answer, 404, "not_found")
    assert len({answer.content for answer in told}) == 1
    for path in ("bookings", "day"):
        assert made["reference"] not in (await desk.get(path, **({"q": "LGN"} if path == "bookings" else {}))).text


async def test_a_button_pressed_twice_acts_once(guests: Guests, desk: Desk, worker: None) -> None:
    """Without a key it is derived from action and version; at once or later, the answer is the same booking."""
    made = await guests.booked()
    pressed = await asyncio.gather(*(desk.act(made["reference"], "approve", {"version": 1}) for _ in range(4)))
    assert [answer.status_code for answer in pressed] == [200] * 4
    assert {answer.json()["version"] for answer in pressed} == {2}
    later = await desk.act(made["reference"], "approve", {"version": 1})
    assert (later.status_code, later.json()["version"]) == (200, 2)


async def test_a_key_with_another_body_is_refused(guests: Guests, desk: Desk, worker: None) -> None:
    """A key of one's own: 409 reused. A derived key: the later one has seen a stale page."""
    made = await guests.booked()
    key = secrets.token_hex(8)
    first = await desk.act(made["reference"], "decline", {"version": 1, "reason": "Full."}, key)
    assert first.status_code == 200
    other = await desk.act(made["reference"], "decline", {"version": 1, "reason": "Rain."}, key)
    problem(other, 409, "idempotency_key_reused")
    again = await desk.act(made["reference"], "decline", {"version": 1, "reason": "Full."}, key)
    assert again.content == first.content
    second = await guests.booked()
    await desk.done(second, "approve", note="Yes.")
    told = problem(await desk.act(second["reference"], "approve", {"version": 1}), 409, "version_conflict")
    assert told["version"] == 2


async def test_two_at_the_desk_at_once_one_wins_and_the_other_is_told(guests: Guests, desk: Desk, worker: None) -> None:
    """Approve and decline at the same moment: one 200, one 409 with the state that won."""
    made = await guests.booked()
    answers = await asyncio.gather(
        desk.act(made["reference"], "approve", {"version": 1}), desk.act(made["reference"], "decline", {"version": 1})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    assert lost["code"] in {"version_conflict", "action_not_allowed"}
    assert lost["booking_status"] in {"confirmed", "rejected"}


async def test_a_refused_key_may_ask_again_once_the_reason_is_gone(
    guests: Guests, desk: Desk, worker: None, owner_url: str
) -> None:
    """A dirty room, then a clean one: the same button, the same key, and now the guest gets in."""
    at = await confirmed_today(guests, desk)
    at = await desk.done(at, "assign-room")
    room = at["stays"][0]["room"]
    state = "UPDATE rooms SET housekeeping = %s WHERE number = %s AND hotel_id ="
    malabar = " (SELECT hotel_id FROM hotels WHERE slug = 'malabar')"
    with connect(owner_url) as db:
        db.execute(state + malabar, ["dirty", room])
        body = {"version": at["version"]}
        for _ in range(2):
            told = problem(await desk.act(at["reference"], "check-in", body), 422, "room_not_clean")
            assert told["errors"][0]["field"] == "reason"
        db.execute(state + malabar, ["clean", room])
    assert (await desk.done(at, "check-in"))["status"] == "checked_in"


async def test_rooms_are_given_by_number_or_the_first_clean_one(
    guests: Guests, desk: Desk, worker: None, owner_url: str
) -> None:
    """Unknown, taken, free: each has its answer; a stay that has its room keeps it."""
    first, second = await confirmed_today(guests, desk), await confirmed_today(guests, desk)
    problem(await desk.act(first["reference"], "assign-room", {"version": 2, "room": "999"}), 422, "room_unknown")
    first = await desk.done(first, "assign-room")
    room = first["stays"][0]["room"]
    told = problem(
        await desk.act(second["reference"], "assign-room", {"version": 2, "room": room}), 409, "room_not_free"
    )
    assert told["room"] == room
    rooms = (await desk.see("rooms", arrival=str(in_days(0)), departure=str(in_days(2))))["items"]
    states = {one["room"]: one for one in rooms}
    assert states[room]["taken_by"] == [first["reference"]]
    assert not states[room]["free"]
    second = await desk.done(second, "assign-room")
    assert second["stays"][0]["room"] != room
    assert states[second["stays"][0]["room"]]["room_type"] == "COURT"
    kept = await desk.act(second["reference"], "assign-room", {"version": second["version"]})
    assert (kept.status_code, kept.json()["version"]) == (200, second["version"])


async def test_each_room_of_a_booking_is_acted_on_by_its_number(guests: Guests, desk: Desk, worker: None) -> None:
    """Two rooms: assigning needs a name, one checks in, the other never comes."""
    at = await confirmed_today(guests, desk, rooms=2)
    told = problem(await desk.act(at["reference"], "assign-room", {"version": at["version"]}), 422, "stay_needed")
    assert told["errors"][0]["field"] == "stay"
    both = {"version": at["version"], "stay": 1, "stays": [1]}
    problem(await desk.act(at["reference"], "assign-room", both), 400, "invalid_request")
    problem(await desk.act(at["reference"], "assign-room", {"version": 2, "stay": 9}), 422, "stay_unknown")
    at = await desk.done(at, "assign-room", stay=2)
    at = await desk.done(at, "check-in", stays=[2])
    assert [stay["status"] for stay in at["stays"]] == ["confirmed", "checked_in"]
    at = await desk.done(at, "cancel", stays=[1], reason="The second party stayed at home.")
    assert (at["status"], at["stays"][0]["status"]) == ("checked_in", "cancelled")


async def test_money_is_refused_by_the_rule_it_breaks(guests: Guests, desk: Desk, worker: None) -> None:
    """More than is owed, another currency, nothing, an open balance at the door."""
    at = await desk.done(await confirmed_today(guests, desk), "assign-room")
    at = await desk.done(at, "check-in")
    owed = at["balance"]["amount_minor"]

    async def pay(amount_minor: int, currency: str = "INR", method: str = "cash") -> Body:
        money = {"amount_minor": amount_minor, "currency": currency}
        body = {"version": at["version"], "method": method, "amount": money}
        return (await desk.act(at["reference"], "payments", body, secrets.token_hex(6))).json()

    assert (await pay(owed + 1))["code"] == "more_than_owed"
    assert (await pay(0))["code"] == "amount_not_positive"
    assert (await pay(100, "EUR"))["code"] == "currency_differs"
    assert (await pay(100, "XXX"))["code"] == "invalid_request"
    assert (await pay(100, method="shells"))["errors"][0]["field"] == "method"
    told = problem(await desk.act(at["reference"], "check-out", {"version": at["version"]}), 422, "balance_open")
    assert told["balance_minor"] == owed
    left = await desk.done(at, "check-out", reason="The company pays by invoice.")
    assert left["status"] == "checked_out"
    assert left["balance"]["amount_minor"] == owed


async def test_an_ended_booking_answers_without_its_workflow(guests: Guests, desk: Desk, worker: None) -> None:
    """The same key, the fact already true, a stale version, not allowed: all from the row."""
    made = await guests.booked()
    await desk.done(made, "decline", reason="Full.")
    same = await desk.act(made["reference"], "decline", {"version": 1, "reason": "Full."})
    assert same.status_code == 200
    true = await desk.act(made["reference"], "decline", {"version": 2}, "a key of its own".replace(" ", "-"))
    assert (true.status_code, true.json()["status"]) == (200, "rejected")
    problem(await desk.act(made["reference"], "approve", {"version": 1}), 409, "version_conflict")
    told = problem(await desk.act(made["reference"], "approve", {"version": 2}), 409, "action_not_allowed")
    assert told["allowed_actions"] == ["reinstate"]


async def test_reading_works_and_acting_waits_with_no_worker_up(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, guests: Guests, desk: Desk, settings: object
) -> None:
    """Lists answer from the database; a start without a worker is a 503 within its deadline."""
    assert (await desk.see("bookings"))["limit"] == 50
    usual = front_desk.DEADLINE_SECONDS
    monkeypatch.setattr(front_desk, "DEADLINE_SECONDS", 0.4)
    body = await guests.wish()
    began = time.monotonic()
    problem(await guests.book(body), 503, "not_answered_in_time")
    assert time.monotonic() - began < usual


async def test_reading_works_with_no_temporal_up(opened: Opener) -> None:
    """The server is named as the part that does not answer; a creation is told to come back."""
    async with opened(temporal_address="127.0.0.1:1") as api:
        guests = Guests(api)
        problem(await guests.book(), 503, "not_answered_in_time")
        ready = await api.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["parts"] == {"database": "ok", "temporal": "does not answer", "worker": "unknown"}
        assert (await api.get("/healthz")).json() == {"status": "ok"}
