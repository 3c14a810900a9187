"""The desk's lists and its day."""

import secrets
from datetime import date, timedelta

import pytest

from tests.api.world import Body, Desk, Guests, in_days, problem
from tests.story.world import connect


def named(body: Body, name: str, **guest: str) -> Body:
    """The same wish by another guest."""
    return {**body, "guest": {**body["guest"], "name": name, **guest}}


async def everything(desk: Desk, limit: int, **asked: object) -> list[str]:
    """The references of all pages, one after another."""
    found: list[str] = []
    cursor = None
    for _ in range(100):
        page = await desk.see("bookings", limit=limit, **asked, **({"cursor": cursor} if cursor else {}))
        found += [item["reference"] for item in page["items"]]
        assert len(page["items"]) <= limit
        cursor = page["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("The list has no end.")


@pytest.mark.parametrize("sort", ["arrival", "-arrival", "departure", "-departure", "created", "-created"])
async def test_pages_stay_whole_while_bookings_come(guests: Guests, desk: Desk, worker: None, sort: str) -> None:
    """Each booking that was there is told exactly once, in order, though others are made between two pages."""
    mark = f"Party {secrets.token_hex(3)}"
    body = await guests.wish()
    made = [(await guests.booked(named(body, mark)))["reference"] for _ in range(5)]
    asked = {"q": mark, "sort": sort, "limit": 2}
    first = await desk.see("bookings", **asked)
    late = (await guests.booked(named(body, mark)))["reference"]
    rest: list[Body] = []
    cursor = first["next_cursor"]
    while cursor:
        page = await desk.see("bookings", **asked, cursor=cursor)
        rest += page["items"]
        cursor = page["next_cursor"]
    told = [*first["items"], *rest]
    references = [item["reference"] for item in told]
    assert len(references) == len(set(references))
    assert set(made) <= set(references) <= {*made, late}
    by = {"arrival": "arrival", "departure": "departure", "created": "created_at"}[sort.removeprefix("-")]
    keys = [(item[by], item["reference"]) for item in told]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_a_cursor_belongs_to_its_list(guests: Guests, desk: Desk, worker: None) -> None:
    """Another order, another filter, another desk, and a forged one: 400."""
    mark = f"Party {secrets.token_hex(3)}"
    body = await guests.wish()
    for _ in range(2):
        await guests.booked(named(body, mark))
    cursor = (await desk.see("bookings", q=mark, limit=1))["next_cursor"]
    assert (await desk.get("bookings", q=mark, limit=1, cursor=cursor)).status_code == 200
    manager = await Desk.at(guests.api, "lagoon")
    for answer in (
        await desk.get("bookings", q=mark, limit=1, cursor=cursor, sort="created"),
        await desk.get("bookings", limit=1, cursor=cursor),
        await manager.get("bookings", q=mark, limit=1, cursor=cursor),
        await desk.get("bookings", q=mark, limit=1, cursor=cursor[:-2] + "xx"),
        await desk.get("bookings", q=mark, limit=1, cursor="x" * 5000),
    ):
        problem(answer, 400, "cursor_unknown")


async def test_a_booking_is_found_by_whatever_the_guest_remembers(guests: Guests, desk: Desk, worker: None) -> None:
    """Reference or its beginning, name, e-mail, phone with other spaces; and signs of patterns mean themselves."""
    mark = secrets.token_hex(3)
    body = named(await guests.wish(), f"Zoë {mark}", email=f"zoe-{mark}@example.com", phone=f"+91 484 {mark:0>6}1"[:12])
    digits = "".join(sign for sign in secrets.token_hex(16) if sign.isdigit()).ljust(8, "7")[:8]
    body["guest"]["phone"] = f"+91 {digits[:4]} {digits[4:]}"
    made = await guests.booked(body)
    for asked in (
        made["reference"],
        made["reference"].lower(),
        made["reference"][:-3],
        f"zoë {mark}",
        f"ZOE-{mark}@",
        digits,
        f"{digits[:4]}-{digits[4:]}",
    ):
        found = await desk.see("bookings", q=asked)
        assert made["reference"] in [item["reference"] for item in found["items"]], asked
    for asked in ("%%", "MLB_", r"\\x"):
        assert (await desk.see("bookings", q=asked))["items"] == []


async def test_filters_narrow_the_list(guests: Guests, desk: Desk, worker: None, owner_url: str) -> None:
    """Status, dates, room, assigned, source, money, attention; several at once mean all of them."""
    mark = f"Party {secrets.token_hex(3)}"
    body = named(await guests.wish_for(in_days(0)), mark)
    pending = (await guests.booked(body))["reference"]
    at = await desk.done(await guests.booked(body), "approve")
    at = await desk.done(at, "assign-room")
    held = at["reference"]
    room = at["stays"][0]["room"]
    with connect(owner_url) as db:
        db.execute("UPDATE bookings SET needs_attention = true, attention = 'Look.' WHERE reference = %s", [held])
    for asked, wanted in (
        ({"status": "pending"}, {pending}),
        ({"status": ["pending", "confirmed"]}, {pending, held}),
        ({"assigned": "true"}, {held}),
        ({"assigned": "false"}, {pending}),
        ({"room": room}, {held}),
        ({"needs_attention": "true"}, {held}),
        ({"needs_attention": "false"}, {pending}),
        ({"payment_status": "due"}, {pending, held}),
        ({"payment_status": "paid"}, set()),
        ({"source": "web_direct"}, {pending, held}),
        ({"source": "phone"}, set()),
        ({"arrival_from": str(in_days(0)), "arrival_to": str(in_days(0))}, {pending, held}),
        ({"arrival_from": str(in_days(1))}, set()),
        ({"departure_to": str(in_days(1))}, set()),
        ({"departure_from": str(in_days(2)), "status": "confirmed"}, {held}),
    ):
        found = await desk.see("bookings", q=mark, **asked)
        assert {item["reference"] for item in found["items"]} == wanted, asked
    row = (await desk.see("bookings", q=mark, status="confirmed"))["items"][0]
    assert (row["room_numbers"], row["room_types"], row["rooms"]) == ([room], ["COURT"], 1)
    with connect(owner_url) as db:
        db.execute("UPDATE bookings SET needs_attention = false, attention = '' WHERE reference = %s", [held])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"limit": 201}, "limit"),
        ({"limit": 0}, "limit"),
        ({"status": "gone"}, "status.0"),
        ({"sort": "name"}, "sort"),
        ({"q": "x"}, "q"),
        ({"q": "a\x00b"}, "q"),
        ({"arrival_from": "soon"}, "arrival_from"),
        ({"room": "1' OR '1'='1"}, "room"),
    ],
)
async def test_a_list_that_cannot_be_asked_for_names_the_field(desk: Desk, asked: Body, field: str) -> None:
    """400 with the rule."""
    told = problem(await desk.get("bookings", **asked), 400, "invalid_request")
    assert [error["field"] for error in told["errors"]] == [field]


async def test_the_day_shows_who_comes_who_leaves_and_what_is_in_the_way(
    guests: Guests, desk: Desk, worker: None, owner_url: str
) -> None:
    """Arrivals with their room and housekeeping, requests by deadline, blockers, in the hotel's own day."""
    request = (await guests.booked())["reference"]
    body = await guests.wish_for(in_days(0))
    unassigned = await desk.done(await guests.booked(body), "approve")
    at = await desk.done(await desk.done(await guests.booked(body), "approve"), "assign-room")
    dirty = at["stays"][0]["room"]
    inside = await desk.done(await desk.done(await guests.booked(body), "approve"), "assign-room")
    inside = await desk.done(inside, "check-in")
    with connect(owner_url) as db:
        db.execute(
            "UPDATE rooms SET housekeeping = 'dirty' WHERE number = %s"
            " AND hotel_id = (SELECT hotel_id FROM hotels WHERE slug = 'malabar')",
            [dirty],
        )
    day = await desk.see("day", date=str(in_days(0)))
    assert day["zone"] == "Asia/Kolkata"
    arrivals = {stay["reference"]: stay for stay in day["arrivals"]}
    assert arrivals[unassigned["reference"]]["room"] is None
    assert arrivals[at["reference"]]["housekeeping"] == "dirty"
    assert arrivals[inside["reference"]]["status"] == "checked_in"
    assert inside["reference"] in [stay["reference"] for stay in day["in_house"]]
    assert request in [one["reference"] for one in day["approvals"]]
    deadlines = [one["approval_deadline"] for one in day["approvals"]]
    assert deadlines == sorted(deadlines)
    blockers = {(one["kind"], one["reference"]) for one in day["blockers"]}
    assert {("no_room", unassigned["reference"]), ("room_not_clean", at["reference"])} <= blockers
    leaving = await desk.see("day", date=str(in_days(2)))
    assert inside["reference"] in [stay["reference"] for stay in leaving["departures"]]
    assert ("balance_open", inside["reference"]) in {(one["kind"], one["reference"]) for one in leaving["blockers"]}
    for name in ("arrivals", "departures", "in_house", "approvals", "blockers"):
        assert day["counts"][name] == len(day[name])
    today = await desk.see("day")
    assert today["date"] == today["business_date"]
    assert abs(date.fromisoformat(today["date"]) - in_days(0)) <= timedelta(days=1)
    with connect(owner_url) as db:
        db.execute("UPDATE rooms SET housekeeping = 'clean' WHERE housekeeping = 'dirty'")


async def test_rooms_are_listed_for_the_nights_asked(desk: Desk) -> None:
    """By number, of one type where asked; dates that are none are refused."""
    nights = {"arrival": str(in_days(200)), "departure": str(in_days(201))}
    rooms = (await desk.see("rooms", **nights, room_type="HARBOUR"))["items"]
    assert [room["room"] for room in rooms] == [str(number) for number in range(201, 209)]
    assert all(room["free"] and room["taken_by"] == [] for room in rooms)
    assert len((await desk.see("rooms", **nights))["items"]) > len(rooms)
    problem(await desk.get("rooms", arrival=nights["departure"], departure=nights["arrival"]), 422,
            "departure_before_arrival")  # fmt: skip
