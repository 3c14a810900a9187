"""Notes and files of a booking: who reads them, and what is kept of them (docs/rules/guests.md)."""

import secrets
from urllib.parse import unquote

import pytest

from domain.files import MOST_BYTES
from tests.api.office import PDF, Office, booked_as, story
from tests.api.world import API, Desk, Guests, bearer, problem
from tests.story.world import connect


@pytest.fixture
def office(desk: Desk, owner_url: str) -> Office:
    """The front desk of malabar."""
    return Office(desk, owner_url)


async def test_a_guest_never_sees_an_internal_note(guests: Guests, office: Office, worker: None) -> None:
    """Only the present text of notes for guests; the desk sees every text with who and when."""
    made = await booked_as(guests)
    internal = await office.done("POST", made["reference"], "/notes", {"kind": "internal", "text": "A hidden word."})
    shown = await office.done("POST", made["reference"], "/notes", {"kind": "guest", "text": "A first cot."})
    await office.done("PATCH", made["reference"], f"/notes/{shown['note_id']}", {"text": "A second cot."})
    mine = await guests.see(made, "/timeline")
    assert [entry["difference"]["text"] for entry in await story(mine, "note")] == ["A second cot."]
    for seen in (mine, await guests.see(made)):
        assert "hidden" not in seen.text
        assert "first cot" not in seen.text
    listed = (await office.done("GET", made["reference"], "/notes"))["items"]
    assert [note["note_id"] for note in listed] == [internal["note_id"], shown["note_id"]]
    assert [version["text"] for version in listed[1]["versions"]] == ["A first cot.", "A second cot."]
    assert all(version["name"] and version["role"] == "frontdesk" for version in listed[1]["versions"])


async def test_a_deleted_note_keeps_its_history(guests: Guests, office: Office, worker: None) -> None:
    """The guest sees it no more; it is not written again, and deleting it twice is no news."""
    made = await booked_as(guests)
    note = await office.done("POST", made["reference"], "/notes", {"kind": "guest", "text": "A cot."})
    path = f"/notes/{note['note_id']}"
    for _ in range(2):
        gone = await office.done("DELETE", made["reference"], path)
        assert (gone["deleted"], gone["text"]) == (True, "")
        assert [version["what"] for version in gone["versions"]] == ["written", "deleted"]
    assert await story(await guests.see(made, "/timeline"), "note") == []
    problem(await office.send("PATCH", made["reference"], path, {"text": "Again."}), 409, "note_deleted")
    told = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "note")
    assert [entry["what"] for entry in told] == ["note_written", "note_deleted"]


async def test_a_note_about_a_guest_is_seen_at_every_booking_of_theirs(
    guests: Guests, office: Office, worker: None
) -> None:
    """A note about the booking stays with it; the same key writes one note."""
    address = f"{secrets.token_hex(6)}@example.com"
    first, second = await booked_as(guests, email=address), await booked_as(guests, email=address)
    about = {"kind": "internal", "about": "guest", "text": "Likes the harbour."}
    for _ in range(2):
        note = await office.done("POST", first["reference"], "/notes", about, headers={"Idempotency-Key": "once"})
    await office.done("POST", first["reference"], "/notes", {"kind": "internal", "text": "Only here."})
    assert [one["text"] for one in (await office.done("GET", second["reference"], "/notes"))["items"]] == [
        "Likes the harbour."
    ]
    edited = await office.done("PATCH", second["reference"], f"/notes/{note['note_id']}", {"text": "Likes the court."})
    assert edited["reference"] == first["reference"]
    profile_id = (await office.done("PATCH", first["reference"], "/guest", {}))["profile_id"]
    assert [one["text"] for one in (await office.desk.see(f"guests/{profile_id}"))["notes"]] == ["Likes the court."]


async def test_a_file_is_kept_told_of_and_only_saved(guests: Guests, office: Office, worker: None) -> None:
    """Its bytes come back as they were, as an attachment that nobody keeps; sent twice it is one."""
    made = await booked_as(guests)
    answer = await office.add(made["reference"], name="../carta%20da%20ag%C3%AAncia.exe")
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert (kept["name"], kept["media_type"]) == ("carta da agência.pdf", "application/pdf")
    assert (await office.add(made["reference"], name="../carta%20da%20ag%C3%AAncia.exe")).json() == kept
    got = await office.send("GET", made["reference"], f"/files/{kept['file_id']}")
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "private, no-store"
    disposition = got.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert unquote(disposition.rpartition("''")[2]) == "carta da agência.pdf"
    assert (await office.done("GET", made["reference"], "/files"))["items"] == [kept]
    (entry,) = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "audit")
    assert entry["what"] == "file_added"
    assert await story(await guests.see(made, "/timeline"), "audit") == []


async def test_what_is_no_paper_is_not_kept(guests: Guests, office: Office, worker: None) -> None:
    """Whatever its name says; nothing, and what is over 10 MB, neither."""
    made = await booked_as(guests)
    for content in (b"<html>", b"MZ\x90\0", b"GIF89a", b"{}"):
        problem(await office.add(made["reference"], content, "letter.pdf"), 422, "file_type_not_taken")
    problem(await office.add(made["reference"], b""), 400, "invalid_request")
    problem(await office.add(made["reference"], PDF, "x" * 2000), 400, "invalid_request")
    largest = PDF + b" " * (MOST_BYTES - len(PDF))
    problem(await office.add(made["reference"], largest + b" "), 413, "body_too_large")
    assert (await office.add(made["reference"], largest)).json()["size_bytes"] == MOST_BYTES


async def test_only_the_door_for_files_takes_large_bodies(guests: Guests, office: Office, worker: None) -> None:
    """All others stay at 64 KB."""
    made = await booked_as(guests)
    note = {"kind": "internal", "text": "x" * 70_000}
    problem(await office.send("POST", made["reference"], "/notes", note), 413, "body_too_large")
    address = f"{API}/bookings/{made['reference']}/files"
    problem(await guests.api.post(address, content=PDF * 200), 413, "body_too_large")


async def test_a_booking_has_twenty_files(guests: Guests, office: Office, worker: None) -> None:
    """Deleting one makes room; its bytes are gone and the rest of it stays."""
    made = await booked_as(guests)
    kept = [(await office.add(made["reference"], name=f"{n}.pdf")).json() for n in range(20)]
    problem(await office.add(made["reference"], name="one more.pdf"), 409, "too_many_files")
    path = f"/files/{kept[0]['file_id']}"
    problem(await office.send("DELETE", made["reference"], path), 400, "invalid_request")
    for reason in ("Not needed any more.", "Again."):
        gone = await office.done("DELETE", made["reference"], path, params={"reason": reason})
        assert gone["deletion_reason"] == "Not needed any more."
        assert gone["deleted_by"]
    problem(await office.send("GET", made["reference"], path), 404, "not_found")
    with connect(office.owner_url) as db:
        row = db.execute("SELECT content FROM booking_files WHERE file_id = %s", [kept[0]["file_id"]]).fetchone()
    assert row == (None,)
    assert (await office.add(made["reference"], name="one more.pdf")).status_code == 201
    told = await story(await office.desk.get(f"bookings/{made['reference']}/timeline"), "audit")
    assert next(entry for entry in told if entry["what"] == "file_deleted")["reason"] == "Not needed any more."


async def test_another_hotel_s_desk_reaches_nothing(guests: Guests, office: Office, worker: None) -> None:
    """Byte for byte the answer of what does not exist; the same by another booking's address."""
    made, other = await booked_as(guests), await booked_as(guests)
    file_id = (await office.add(made["reference"])).json()["file_id"]
    note = await office.done("POST", made["reference"], "/notes", {"kind": "internal", "text": "Words."})
    theirs = Office(await Desk.at(guests.api, "lagoon", "admin"), office.owner_url)
    tries = [
        ("GET", f"/files/{file_id}", None),
        ("DELETE", f"/files/{file_id}?reason=Mine.", None),
        ("PATCH", f"/notes/{note['note_id']}", {"text": "Mine."}),
        ("DELETE", f"/notes/{note['note_id']}", None),
    ]
    random = await office.send("GET", made["reference"], "/files/999999999999")
    for method, path, body in tries:
        for desk, reference in ((theirs, made["reference"]), (office, other["reference"])):
            answer = await desk.send(method, reference, path, body)
            problem(answer, 404, "not_found")
            assert answer.content == random.content
    for path in ("/files", "/notes"):
        problem(await theirs.send("GET", made["reference"], path), 404, "not_found")
    for path in ("/files", f"/files/{file_id}", "/notes"):
        address = f"{API}/desk/bookings/{made['reference']}{path}"
        problem(await guests.api.get(address, headers=bearer(made["access_token"])), 401, "not_logged_in")
