"""A guest and the link of one booking: seeing it, its story, giving it up; and everybody else's links."""

import secrets
from datetime import date

from httpx import AsyncClient, Response

from messages.tokens import guest_token
from tests.api.conftest import Opener
from tests.api.world import API, SECRET, Desk, Guests, bearer, in_days, problem
from tests.story.world import connect


async def test_without_a_token_nobody_is_known(api: AsyncClient) -> None:
    """401 before anything else, whether or not the booking is there and the body can be read."""
    for path, method in (("", "GET"), ("/timeline", "GET"), ("/cancel", "POST")):
        answer = await api.request(method, f"{API}/bookings/MLB-20261215-7Q4K2M{path}", content=b"{")
        problem(answer, 401, "not_logged_in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_what_one_may_not_see_looks_like_what_is_not_there(
    api: AsyncClient, guests: Guests, worker: None, owner_url: str
) -> None:
    """A wrong token, another booking's, a revoked one, a random reference, another hotel: the same bytes."""
    mine, theirs = await guests.booked(), await guests.booked()
    lagoon = await guests.booked(hotel="lagoon")
    with connect(owner_url) as db:
        hotel_id, lagoon_id = (
            (db.execute("SELECT hotel_id FROM hotels WHERE slug = %s", [slug]).fetchone() or (0,))[0]
            for slug in ("malabar", "lagoon")
        )
        revoked = await guests.booked()
        db.execute("UPDATE bookings SET token_generation = 2 WHERE reference = %s", [revoked["reference"]])
    random = f"MLB-20261215-{secrets.token_hex(3).upper()}"
    tries = [
        (random, guest_token(SECRET, hotel_id, random, 1)),
        (mine["reference"], theirs["access_token"]),
        (mine["reference"], "no token of ours"),
        (mine["reference"], guest_token("another secret", hotel_id, mine["reference"], 1)),
        (mine["reference"], guest_token(SECRET, lagoon_id, mine["reference"], 1)),
        (revoked["reference"], revoked["access_token"]),
        (lagoon["reference"], guest_token(SECRET, lagoon_id, lagoon["reference"], 1)),
        ("..%2Fhotels", mine["access_token"]),
    ]
    for path, method in (("", "GET"), ("/timeline", "GET"), ("/cancel", "POST")):
        told: list[Response] = [
            await api.request(method, f"{API}/bookings/{reference}{path}", headers=bearer(token), content=b"{")
            for reference, token in tries
        ]
        for answer in told[:-1]:
            problem(answer, 404, "not_found")
        assert len({answer.content for answer in told}) == 1
        assert len({tuple(sorted(answer.headers.keys())) for answer in told}) == 1


async def test_a_link_is_good_until_thirty_days_after_departure(opened: Opener, guests: Guests, worker: None) -> None:
    """The real clock judges links."""
    made = await guests.booked()
    until_departure = (date.fromisoformat(made["departure"]) - in_days(0)).days
    for days, status in ((29, 200), (32, 404)):
        async with opened(days_later=until_departure + days) as api:
            assert (await Guests(api).see(made)).status_code == status


async def test_a_guest_takes_a_request_back_free_of_charge(guests: Guests, worker: None) -> None:
    """First what it would cost, then the act; pressed twice it is one cancellation."""
    made = await guests.booked()
    tried = await guests.cancel(made, {"version": 1}, dry_run="true")
    assert tried.status_code == 200
    assert tried.json()["fee"] == {"amount_minor": 0, "currency": "INR"}
    assert tried.json()["refund"]["amount_minor"] == 0
    assert tried.json()["stays"] == [1]
    assert (await guests.see(made)).json()["status"] == "pending"
    done = await guests.cancel(made, {"version": 1, "expected_fee": tried.json()["fee"]}, key="mine")
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["cancellation_reason"]) == ("cancelled", "withdrawn")
    assert done.json()["allowed_actions"] == []
    again = await guests.cancel(made, {"version": 1, "expected_fee": tried.json()["fee"]}, key="mine")
    assert (again.status_code, again.json()) == (200, done.json())
    already = await guests.cancel(made)
    assert (already.status_code, already.json()["version"]) == (200, done.json()["version"])


async def test_a_fee_that_was_told_must_still_be_the_fee(guests: Guests, worker: None) -> None:
    """409 with the present one; nothing is cancelled."""
    made = await guests.booked()
    told = await guests.cancel(made, {"expected_fee": {"amount_minor": 500, "currency": "INR"}})
    assert problem(told, 409, "fee_changed")["fee_minor"] == 0
    assert (await guests.see(made)).json()["status"] == "pending"


async def test_a_stale_page_cannot_cancel(guests: Guests, desk: Desk, worker: None) -> None:
    """The answer tells the present version."""
    made = await guests.booked()
    await desk.done(made, "approve")
    for params in ({}, {"dry_run": "true"}):
        told = problem(await guests.cancel(made, {"version": 1}, **params), 409, "version_conflict")
        assert (told["version"], told["booking_status"]) == (2, "confirmed")
    assert (await guests.cancel(made, {"version": 2})).json()["cancellation_reason"] == "cancelled by guest"


async def test_one_room_of_several_can_be_given_up(guests: Guests, worker: None) -> None:
    """The others stay as they are; a room that is not there is named."""
    made = await guests.booked(rooms=2)
    problem(await guests.cancel(made, {"stays": [3]}), 422, "stay_unknown")
    left = (await guests.cancel(made, {"stays": [2]})).json()
    assert left["status"] == "pending"
    assert [stay["status"] for stay in left["stays"]] == ["pending", "cancelled"]
    assert left["balance"]["amount_minor"] * 2 == made["balance"]["amount_minor"]


async def test_a_guest_reads_the_story_without_names(guests: Guests, desk: Desk, worker: None) -> None:
    """What was awaited, until when, who set that clock; staff by their role; only the guest's own letters."""
    made = await guests.booked()
    await desk.done(made, "approve", note="The guest was called.")
    story = (await guests.see(made, "/timeline")).json()["items"]
    assert [entry["what"] for entry in story if entry["kind"] == "event"] == ["requested", "approved"]
    approved = next(entry for entry in story if entry["what"] == "approved")
    assert approved["actor"] == {"kind": "staff", "role": "frontdesk", "name": None}
    assert approved["sentence"] == "The front desk said yes to the request."
    assert approved["reason"] == ""
    assert approved["awaited"]["key"] == "approval_deadline"
    assert approved["awaited"]["until"] == made["approval_deadline"]
    who = approved["awaited"]["set_by"]
    assert (who["kind"], who["role"], who["policy_version"], who["name"]) == ("policy", "", 1, None)
    letters = [entry for entry in story if entry["kind"] == "notice"]
    assert {entry["difference"]["audience"] for entry in letters} == {"guest"}
    assert [entry["at"] for entry in story] == sorted(entry["at"] for entry in story)
