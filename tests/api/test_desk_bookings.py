"""Bookings that the desk makes itself: docs/rules/sources.md."""

import asyncio
import secrets
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from api import desk_opening, permissions
from store.hotels import plan_policies
from tests.api.conftest import LeaveFree
from tests.api.counter import PHONE, ask, columns, made, restrict, room, wish
from tests.api.world import API, Body, Desk, Guests, moved, problem, resigned


async def test_a_booking_by_phone_is_the_hotels_yes(guests: Guests, desk: Desk, worker: None, owner_url: str) -> None:
    """Confirmed at once at a hotel that answers each request, at today's price, with a link that can be printed."""
    body = await wish(guests, special_requests="A cot.")
    offer = next(
        one
        for one in (await guests.api.get(
            f"{API}/hotels/malabar/availability",
            params={"arrival": body["offers"][0]["arrival"], "departure": body["offers"][0]["departure"], "adults": 2},
        )).json()["offers"]
        if (one["room_type"], one["rate_plan"]) == (body["offers"][0]["room_type"], body["offers"][0]["rate_plan"])
    )  # fmt: skip
    answer = await ask(desk, body)
    told = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{API}/desk/bookings/{told['reference']}"
    assert (told["status"], told["source"], told["special_requests"]) == ("confirmed", "phone", "A cot.")
    who = told["guest"]
    assert (who["name"], who["email"], who["phone"], who["past_stays"]) == ("A Booker", None, PHONE, 0)
    assert told["total"] == offer["total"]
    assert [night["price"] for night in told["nights"]] == [night["price"] for night in offer["nights"]]
    assert told["access_token"] in told["guest_link"]
    seen = await guests.see(told)
    assert (seen.status_code, seen.json()["status"]) == (200, "confirmed")
    (event,) = [
        one for one in (await desk.see(f"bookings/{told['reference']}/timeline"))["items"] if one["kind"] == "event"
    ]
    assert (event["what"], event["channel"], event["actor"]["role"]) == ("booked", "desk", "frontdesk")
    assert columns(owner_url, told["reference"], "hold_email, hold_address, hold_device, language") == (
        None,
        None,
        None,
        "en",
    )


async def test_the_same_key_gives_the_same_booking_also_when_it_took_the_last_room(
    guests: Guests, desk: Desk, worker: None, leave_free: LeaveFree
) -> None:
    """The answer comes from the row before anything is priced again; another body under the key is refused."""
    body = await wish(guests)
    leave_free(date.fromisoformat(body["offers"][0]["arrival"]), 1)
    key = secrets.token_hex(8)
    answers = await asyncio.gather(*(ask(desk, body, key) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert (await made(desk, body, key))["reference"] == answers[0].json()["reference"]
    problem(await ask(desk, {**body, "source": "other"}, key), 409, "idempotency_key_reused")
    problem(await ask(desk, body), 409, "sold_out")


async def test_who_is_refused_for_what_the_same_key_took_gets_what_it_took(
    guests: Guests, desk: Desk, worker: None, leave_free: LeaveFree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request takes the last room when this one has looked for its key and not yet for the price."""
    body = await wish(guests)
    leave_free(date.fromisoformat(body["offers"][0]["arrival"]), 1)
    key, first = secrets.token_hex(8), list[Body]()

    async def slow(*asked: Any) -> Any:
        monkeypatch.undo()
        first.append(await made(desk, body, key))
        return await plan_policies(*asked)

    monkeypatch.setattr(desk_opening, "plan_policies", slow)
    answer = await ask(desk, body, key)
    assert answer.status_code == 201, answer.text
    assert [answer.json()["reference"]] == [one["reference"] for one in first]


async def test_who_walks_in_arrives_today(guests: Guests, desk: Desk, worker: None) -> None:
    """On the hotel's open business day, by a signed offer too; not tomorrow, and nobody yesterday."""
    today = date.fromisoformat((await desk.see("day"))["business_date"])
    offer = (await guests.offers())[0]["offer_id"]

    def on(day: date, source: str) -> Body:
        return {
            "offers": [{"offer_id": moved(offer, day), "guests": [{"name": "A Guest"}]}],
            "guest": {"name": "A Guest", "phone": PHONE}, "source": source,
        }  # fmt: skip

    walked_in = await made(desk, on(today, "walk_in"))
    assert (walked_in["status"], walked_in["arrival"]) == ("confirmed", str(today))
    told = problem(await ask(desk, on(today + timedelta(days=1), "walk_in")), 422, "walk_in_today")
    assert told["errors"][0]["field"] == "offers.0"
    problem(await ask(desk, on(today - timedelta(days=1), "walk_in")), 422, "arrival_past")
    problem(await ask(desk, on(today - timedelta(days=1), "phone")), 422, "arrival_past")


async def test_a_guest_without_an_e_mail_needs_a_phone_that_can_be_dialled(
    guests: Guests, desk: Desk, worker: None
) -> None:
    """With a country's code, or as it is dialled in the hotel's country."""
    body = await wish(guests)
    for guest in ({"name": "A Guest"}, {"name": "A Guest", "phone": "12345"}, {"name": "A Guest", "phone": "+1 (555)"}):
        told = problem(await ask(desk, {**body, "guest": guest}), 422, "contact_needed")
        assert told["errors"][0]["field"] == "guest.phone"
    for guest in ({"name": "A Guest", "phone": "098470 12345"}, {"name": "A Guest", "email": "guest@example.com"}):
        assert (await made(desk, {**body, "guest": guest}))["status"] == "confirmed"


async def test_the_desk_may_leave_the_yes_to_the_approval(guests: Guests, desk: Desk, worker: None) -> None:
    """Then it waits like a guest's request; at a hotel that confirms by itself there is nothing to wait for."""
    waiting = await made(desk, await wish(guests, pending=True))
    assert waiting["status"] == "pending"
    assert waiting["approval_deadline"]
    assert "approve" in waiting["allowed_actions"]
    confirms = await Desk.at(guests.api, "ribeira")
    told = problem(await ask(confirms, await wish(guests, pending=True)), 422, "approval_not_used")
    assert told["errors"][0]["field"] == "pending"


async def test_who_may_not_approve_makes_a_request(
    guests: Guests, desk: Desk, manager: Desk, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hotel's yes is as good as the right to say it."""
    monkeypatch.setitem(permissions.ROLES, "approve", frozenset((permissions.MANAGER,)))
    body = await wish(guests)
    assert (await made(desk, body))["status"] == "pending"
    assert (await made(manager, body))["status"] == "confirmed"


async def test_an_option_holds_the_rooms_until_its_time(guests: Guests, desk: Desk, worker: None) -> None:
    """At a time that is named, or for the hotel's hours; beyond its bounds it is refused with both."""
    body = await wish(guests)
    until = datetime.fromisoformat((await desk.see("day"))["date"] + "T12:00:00Z") + timedelta(days=3)
    held = await made(desk, {**body, "hold_until": until.isoformat()})
    assert held["status"] == "held"
    assert datetime.fromisoformat(held["hold_expires_at"]) == until
    assert {"confirm", "cancel"} <= set(held["allowed_actions"])
    (clock,) = [entry for entry in held["agenda"] if entry["key"] == "hold_expires"]
    assert datetime.fromisoformat(clock["at"]) == until
    usual = await made(desk, {**body, "option": True})
    length = datetime.fromisoformat(usual["hold_expires_at"]) - datetime.fromisoformat(usual["created_at"])
    assert abs(length - timedelta(hours=24)) < timedelta(minutes=1)
    for wrong in (until - timedelta(days=10), until + timedelta(days=300)):
        told = problem(await ask(desk, {**body, "hold_until": wrong.isoformat()}), 422, "clock_out_of_bounds")
        assert told["errors"][0]["field"] == "hold_until"
        assert told["earliest"] < told["latest"]


async def test_an_option_of_today_ends_when_nobody_could_come_any_more(
    guests: Guests, desk: Desk, worker: None
) -> None:
    """The hotel's hours are cut to the first no-show moment."""
    today = date.fromisoformat((await desk.see("day"))["business_date"])
    offer = moved((await guests.offers())[0]["offer_id"], today)
    held = await made(desk, {**await wish(guests, option=True), "offers": [{"offer_id": offer}]})
    (no_show,) = [
        one for one in (await desk.see(f"bookings/{held['reference']}"))["agenda"] if one["key"] == "hold_expires"
    ]
    ends = datetime.fromisoformat(held["hold_expires_at"])
    assert ends <= datetime.fromisoformat(held["created_at"]) + timedelta(hours=24)
    assert ends <= datetime.fromisoformat(no_show["latest"] or held["hold_expires_at"])


async def test_a_restriction_holds_unless_a_manager_goes_past_it_with_a_reason(
    guests: Guests, desk: Desk, manager: Desk, worker: None, owner_url: str
) -> None:
    """The front desk never; the reason is kept with the event."""
    body = await wish(guests)
    night = body["offers"][0]["arrival"]
    past = {**body, "override_restrictions": True, "reason": "A regular guest."}
    await restrict(owner_url, night, "closed_to_arrival = true")
    try:
        told = problem(await ask(desk, body), 422, "restriction_broken")
        assert told["rules"] == ["closed_to_arrival"]
        problem(await ask(desk, past), 403, "role_missing")
        problem(await ask(manager, {**past, "reason": " "}), 422, "reason_needed")
        booking = await made(manager, past)
    finally:
        await restrict(owner_url, night, "closed_to_arrival = false")
    story = (await desk.see(f"bookings/{booking['reference']}/timeline"))["items"]
    assert [one["reason"] for one in story if one["what"] == "booked"] == ["A regular guest."]
    assert "A regular guest." not in (await guests.see(booking, "/timeline")).text


async def test_a_night_that_is_not_for_sale_any_more_is_judged_at_the_taking_too(
    guests: Guests, desk: Desk, manager: Desk, worker: None, owner_url: str
) -> None:
    """A signed offer promises a price only."""
    offer = (await guests.offers())[0]
    night = offer["nights"][0]["night"]
    body = {**await wish(guests), "offers": [{"offer_id": offer["offer_id"]}]}
    await restrict(owner_url, night, "stop_sell = true")
    try:
        problem(await ask(desk, body), 409, "stop_sell")
        problem(await ask(manager, body), 409, "stop_sell")
        booking = await made(manager, {**body, "override_restrictions": True, "reason": "The owner's word."})
    finally:
        await restrict(owner_url, night, "stop_sell = false")
    assert booking["status"] == "confirmed"


async def test_several_rooms_have_guests_of_their_own(guests: Guests, desk: Desk, worker: None) -> None:
    """The booker sleeps in none of them; each has its own dates and party; the first named is its primary guest."""
    family = await room(guests, children_ages="4")
    family["guests"] = [{"name": "Ana"}, {"name": "Bo"}, {"name": "Cy", "age": 4}]
    single: Body = {**await room(guests, nights=3), "adults": 1, "guests": [{"name": "Eve"}]}
    booking = await made(desk, {**await wish(guests), "offers": [family, single]})
    assert booking["guest"]["name"] == "A Booker"
    assert [[one["name"] for one in stay["guests"]] for stay in booking["stays"]] == [
        ["Ana", "Bo", "Cy"],
        ["Eve"],
    ]
    assert [(stay["adults"], stay["children_ages"]) for stay in booking["stays"]] == [(2, [4]), (1, [])]
    assert [stay["departure"] for stay in booking["stays"]] == [family["departure"], single["departure"]]
    assert booking["total"]["amount_minor"] == sum(stay["total"]["amount_minor"] for stay in booking["stays"])
    single = {**single, "guests": [{"name": "Eve"}, {"name": "Flo"}]}
    told = problem(await ask(desk, {**await wish(guests), "offers": [family, single]}), 422, "occupancy_differs")
    assert told["errors"][0]["field"] == "offers.1.guests"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"room_type": "ATTIC"}, "room_type_unknown", "offers.0.room_type"),
        ({"rate_plan": "SECRET"}, "rate_plan_unknown", "offers.0.rate_plan"),
        ({"adults": 3}, "party_too_large", "offers.0.adults"),
        ({"children_ages": [4, 5, 18]}, "child_age_out_of_range", "offers.0.children_ages"),
        ({"departure": "2020-01-01"}, "departure_before_arrival", "offers.0.departure"),
    ],
)
async def test_a_room_that_cannot_be_had_names_what_is_wrong(
    guests: Guests, desk: Desk, change: Body, code: str, field: str
) -> None:
    """422, and nothing is started: no worker is up here."""
    body = await wish(guests)
    body["offers"][0] |= {"guests": [], **change}
    told = problem(await ask(desk, body), 422, code)
    assert told["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "change",
    [
        {"option": True, "hold_until": "2027-01-01T12:00:00Z"},
        {"option": True, "pending": True},
        {"hold_until": "2027-01-01T12:00:00"},
        {"commission_percent": "100.01"},
        {"commission_percent": "1.005"},
        {"source": "channel:UPPER"},
        {"offers": []},
        {"offers": [{"room_type": "COURT", "rate_plan": "FLEX", "adults": 2}]},
        {"offers": [{"offer_id": "x", "room_type": "COURT"}]},
        {"hotel": "malabar"},
    ],
)
async def test_a_body_that_says_two_things_is_not_read(guests: Guests, desk: Desk, change: Body) -> None:
    """400."""
    problem(await ask(desk, {**await wish(guests), **change}), 400, "invalid_request")


async def test_an_offer_of_another_hotel_is_not_taken(guests: Guests, desk: Desk) -> None:
    """Nor one of no hotel."""
    body = await wish(guests)
    other = (await guests.offers("lagoon"))[0]["offer_id"]
    for offer in (other, resigned(other, hotel_id=999_999)):
        problem(await ask(desk, {**body, "offers": [{"offer_id": offer}]}), 422, "offer_of_another_hotel")
