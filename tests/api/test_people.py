"""Own details, special requests, who sleeps where, guests who come again: docs/rules/guests.md."""

import secrets
from datetime import date, datetime

import pytest

from messages.email_tokens import email_token
from tests.api.conftest import Opener
from tests.api.office import Office, booked_as, confirm, own, story
from tests.api.world import API, SECRET, Desk, Guests, bearer, in_days, problem
from tests.story.world import connect


@pytest.fixture
def office(desk: Desk, owner_url: str) -> Office:
    """The front desk of malabar."""
    return Office(desk, owner_url)


async def test_a_guest_changes_own_details_and_the_old_ones_are_kept(
    guests: Guests, office: Office, worker: None
) -> None:
    """The booking's snapshot changes, the profile does not; who, when, from what to what is in the story."""
    made = await booked_as(guests)
    details = {"name": "Another Name", "phone": "+91 98470 12345", "country": "PT", "language": "pt"}
    answer = await own(guests, made, "PATCH", "/guest", details)
    assert answer.status_code == 200, answer.text
    assert answer.json().items() >= details.items()
    assert "profile_id" not in answer.json()
    assert (await guests.see(made)).json()["guest"]["name"] == "Another Name"
    again = await own(guests, made, "PATCH", "/guest", details)
    assert again.json() == answer.json()
    told = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "audit")
    assert [entry["what"] for entry in told] == [
        "changed_name", "changed_phone", "changed_country", "changed_language",
    ]  # fmt: skip
    assert told[0]["difference"] == {"old": "A Guest", "new": "Another Name"}
    assert told[0]["sentence"] == "The guest changed the name."
    profile_id = (await office.done("PATCH", made["reference"], "/guest", {}))["profile_id"]
    assert (await office.desk.see(f"guests/{profile_id}"))["name"] == "A Guest"


async def test_a_guest_reads_in_the_story_that_something_changed_and_not_who_at_the_desk(
    guests: Guests, office: Office, worker: None
) -> None:
    """Neither names nor reasons of the hotel's people."""
    made = await booked_as(guests)
    await office.done(
        "PATCH", made["reference"], "/guest", {"phone": "+91 98470 12345", "reason": "Told on the phone."}
    )
    (entry,) = await story(await guests.see(made, "/timeline"), "audit")
    assert entry["sentence"] == "The front desk changed the phone number."
    assert (entry["actor"]["name"], entry["reason"], entry["difference"]) == (None, "", {})
    (entry,) = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "audit")
    assert entry["reason"] == "Told on the phone."
    assert entry["actor"]["name"]


async def test_a_new_address_counts_once_it_is_confirmed_and_both_are_told(
    guests: Guests, office: Office, worker: None
) -> None:
    """Until then letters go to the old one; the link of the letter is no secret of the booking."""
    made = await booked_as(guests)
    old = made["guest"]["email"]
    given = (await own(guests, made, "PATCH", "/guest", {"email": "New@Example.com"})).json()
    assert (given["email"], given["pending_email"]) == (old, "new@example.com")
    assert office.letters(made["reference"], "email_confirm", "email_changed") == [
        ("email_confirm", "new@example.com", "waiting")
    ]
    token = office.token_of_letter(made["reference"])
    for _ in range(2):
        answer = await confirm(guests.api, token)
        assert (answer.status_code, answer.json()["reference"]) == (200, made["reference"])
    assert (await guests.see(made)).json()["guest"]["email"] == "new@example.com"
    assert office.letters(made["reference"], "email_changed") == [("email_changed", old, "waiting")]
    told = await story(await guests.see(made, "/timeline"), "audit")
    assert [entry["what"] for entry in told] == ["changed_email", "confirmed_email"]


async def test_a_later_address_replaces_one_that_waits(guests: Guests, office: Office, worker: None) -> None:
    """The earlier link is good no more, and its letter does not leave."""
    made = await booked_as(guests)
    await own(guests, made, "PATCH", "/guest", {"email": "first@example.com"})
    first = office.token_of_letter(made["reference"])
    await own(guests, made, "PATCH", "/guest", {"email": "second@example.com"})
    problem(await confirm(guests.api, first), 404, "not_found")
    assert [state for _, _, state in office.letters(made["reference"], "email_confirm")] == ["dropped", "waiting"]
    back = (await own(guests, made, "PATCH", "/guest", {"email": made["guest"]["email"]})).json()
    assert back["pending_email"] is None
    problem(await confirm(guests.api, office.token_of_letter(made["reference"])), 404, "not_found")


async def test_a_token_of_nobody_confirms_nothing(guests: Guests, opened: Opener, office: Office, worker: None) -> None:
    """Forged, of another booking, of another kind, too old: the same answer."""
    made, other = await booked_as(guests), await booked_as(guests)
    await own(guests, made, "PATCH", "/guest", {"email": "new@example.com"})
    token = office.token_of_letter(made["reference"])
    with connect(office.owner_url) as db:
        row = db.execute(
            "SELECT hotel_id, max(change_id) FROM guest_changes WHERE reference = %s GROUP BY 1", [made["reference"]]
        ).fetchone()
    assert row
    tries = [
        "no token of ours",
        email_token("another secret", row[0], made["reference"], row[1]),
        email_token(SECRET, row[0], other["reference"], row[1]),
        email_token(SECRET, row[0] + 1, made["reference"], row[1]),
        made["access_token"],
    ]
    told = [await confirm(guests.api, one) for one in tries]
    for answer in told:
        problem(answer, 404, "not_found")
    assert len({answer.content for answer in told}) == 1
    until_departure = (date.fromisoformat(made["departure"]) - in_days(0)).days
    async with opened(days_later=until_departure + 32) as api:
        problem(await confirm(api, token), 404, "not_found")
    assert (await confirm(guests.api, token)).status_code == 200


async def test_a_booking_takes_five_new_addresses_a_day(guests: Guests, office: Office, worker: None) -> None:
    """Each is a letter to a stranger."""
    made = await booked_as(guests)
    for n in range(5):
        assert (await own(guests, made, "PATCH", "/guest", {"email": f"n{n}@example.com"})).status_code == 200
    refused = await own(guests, made, "PATCH", "/guest", {"email": "n6@example.com", "name": "Another Name"})
    assert problem(refused, 422, "too_many_addresses")["maximum"] == 5
    assert (await guests.see(made)).json()["guest"]["name"] == "A Guest"


async def test_the_desk_s_new_address_counts_at_once(guests: Guests, office: Office, worker: None) -> None:
    """It has it from the guest in person; what waited to be confirmed waits no more, and the old one is told."""
    made = await booked_as(guests)
    await own(guests, made, "PATCH", "/guest", {"email": "mine@example.com"})
    token = office.token_of_letter(made["reference"])
    done = await office.done("PATCH", made["reference"], "/guest", {"email": "desk@example.com"})
    assert (done["email"], done["pending_email"]) == ("desk@example.com", None)
    problem(await confirm(guests.api, token), 404, "not_found")
    assert office.letters(made["reference"], "email_changed") == [("email_changed", made["guest"]["email"], "waiting")]


async def test_special_requests_are_added_or_replaced_until_the_check_out(
    guests: Guests, office: Office, worker: None
) -> None:
    """The same key adds once; together they have a bound; a stale page may not write."""
    made = await booked_as(guests)
    asked = {"text": "A cot, please.", "version": 1}
    path = "/special-requests"
    for _ in range(2):
        answer = await own(guests, made, "POST", path, asked, **{"Idempotency-Key": "mine"})
        assert answer.json()["special_requests"] == "A cot, please."
    problem(
        await own(guests, made, "POST", path, {"text": "Other."}, **{"Idempotency-Key": "mine"}),
        409, "idempotency_key_reused",
    )  # fmt: skip
    added = await own(guests, made, "POST", path, {"text": "And a quiet room."})
    assert added.json()["special_requests"] == "A cot, please.\nAnd a quiet room."
    problem(await own(guests, made, "POST", path, {"text": "x" * 1999}), 422, "requests_too_long")
    replaced = await own(guests, made, "POST", path, {"text": "x" * 2000, "replace": True})
    assert replaced.json()["special_requests"] == "x" * 2000
    problem(await own(guests, made, "POST", path, {"text": "No.", "version": 2}), 409, "version_conflict")
    assert (await guests.cancel(made)).status_code == 200
    problem(await own(guests, made, "POST", path, {"text": "Too late."}), 409, "requests_closed")
    assert (await guests.see(made)).json()["special_requests"] == "x" * 2000


async def test_without_the_link_nothing_is_written(guests: Guests, worker: None) -> None:
    """No token is 401; another booking's is 404, whatever the body."""
    made, other = await booked_as(guests), await booked_as(guests)
    for method, path in (("PATCH", "/guest"), ("POST", "/special-requests")):
        address = f"{API}/bookings/{made['reference']}{path}"
        problem(await guests.api.request(method, address, content=b"{"), 401, "not_logged_in")
        wrong = await guests.api.request(method, address, content=b"{", headers=bearer(other["access_token"]))
        problem(wrong, 404, "not_found")


async def test_the_desk_writes_down_who_sleeps_in_a_room(guests: Guests, office: Office, worker: None) -> None:
    """The first is the primary guest; other ages than the price was made for are refused; it is in the story once."""
    made = await guests.booked(await guests.wish(children_ages="4"))
    sleepers = [{"name": "B. Guest"}, {"name": "C. Guest", "age": 30}, {"name": "A Child", "age": 4}]
    for _ in range(2):
        told = await office.done("PUT", made["reference"], "/stays/1/guests", {"guests": sleepers})
        assert [guest["name"] for guest in told["guests"]] == ["B. Guest", "C. Guest", "A Child"]
    seen = (await guests.see(made)).json()["stays"][0]["guests"]
    assert [(guest["name"], guest["age"]) for guest in seen] == [("B. Guest", None), ("C. Guest", 30), ("A Child", 4)]
    for wrong in ([*sleepers, {"name": "D. Guest"}], [{"name": "A Child", "age": 5}]):
        refused = await office.send("PUT", made["reference"], "/stays/1/guests", {"guests": wrong})
        problem(refused, 422, "occupancy_differs")
    problem(await office.send("PUT", made["reference"], "/stays/2/guests", {"guests": []}), 404, "not_found")
    (entry,) = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "audit")
    assert entry["difference"]["new"] == "B. Guest; C. Guest (30); A Child (4)"
    assert (await guests.cancel(made)).status_code == 200
    refused = await office.send("PUT", made["reference"], "/stays/1/guests", {"guests": sleepers})
    problem(refused, 409, "stay_over")


async def test_a_returning_guest_is_found_with_all_stays(guests: Guests, office: Office, worker: None) -> None:
    """By part of the name, of the address or of the phone; another hotel's desk finds nobody."""
    name, phone = f"Anna {secrets.token_hex(4)}", "+91 98470 " + "".join(secrets.choice("0123456789") for _ in range(5))
    first = await booked_as(guests, name=name, phone=phone)
    second = await booked_as(guests, name=name, phone=phone)
    other_desk = await Desk.at(guests.api, "lagoon", "manager")
    for search in (name[:9].upper(), first["guest"]["email"][:8], phone.removeprefix("+91 ")):
        found = (await office.desk.see("guests", q=search))["items"]
        assert len(found) == 1, search
        assert (await other_desk.see("guests", q=search))["items"] == []
    profile_id = found[0]["profile_id"]
    told = await office.desk.see(f"guests/{profile_id}")
    assert {stay["reference"] for stay in told["coming"]} == {first["reference"], second["reference"]}
    assert told["past"] == []
    assert (await guests.cancel(second)).status_code == 200
    told = await office.desk.see(f"guests/{profile_id}")
    assert [stay["reference"] for stay in told["past"]] == [second["reference"]]
    assert told["counts"] == {"stays": 0, "nights": 0, "no_shows": 0, "cancellations": 1}
    problem(await other_desk.get(f"guests/{profile_id}"), 404, "not_found")
    problem(await office.desk.get("guests/999999999999"), 404, "not_found")


async def test_lists_of_guests_go_on_where_they_ended(guests: Guests, office: Office, worker: None) -> None:
    """A cursor of another search is refused."""
    word = secrets.token_hex(4)
    names = sorted(f"{word} Z{n}" for n in range(3))
    for name in names:
        await booked_as(guests, name=name, phone="+91 98470 00000")
    page = await office.desk.see("guests", q=word, limit=2)
    rest = await office.desk.see("guests", q=word, limit=2, cursor=page["next_cursor"])
    assert [row["name"] for row in page["items"] + rest["items"]] == names
    assert rest["next_cursor"] is None
    problem(await office.desk.get("guests", q="other", cursor=page["next_cursor"]), 400, "cursor_unknown")


async def test_the_story_is_told_by_instant(guests: Guests, office: Office, worker: None) -> None:
    """Events, letters, notes and changes in one line of time."""
    made = await booked_as(guests)
    await office.done("POST", made["reference"], "/notes", {"kind": "internal", "text": "Called."})
    await office.done("PATCH", made["reference"], "/guest", {"country": "PT"})
    told = (await office.desk.see(f"bookings/{made['reference']}/timeline"))["items"]
    assert {entry["kind"] for entry in told} == {"event", "notice", "note", "audit"}
    instants = [datetime.fromisoformat(entry["at"]) for entry in told]
    assert instants == sorted(instants)
