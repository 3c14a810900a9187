"""Input that nobody sends in earnest: answered with 2xx or with a problem that says what is wrong, never a 5xx.

HOLDFAST_PROOF_NAUGHTY=all tries every text with every naughty word; otherwise each text meets some of them in turn.
"""

import json
import os
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from httpx import AsyncClient, Response

from config.settings import Settings
from tests.api.matrix import Operation, operations
from tests.api.post import HOOK
from tests.api.world import API, Desk, Guests, bearer
from tests.story.world import connect

NAUGHTY = (
    "\x00", "a\x00b", "\ud800", "\udfff tail", "\ufeffBOM", "\u202egnp.exe", "\u2028\u2029", "\x85\x9f\x1b[31m",
    "Z\u0351\u036b\u0343\u036aa\u0363l\u0321g\u0322o" * 20, "\U0001f468\u200d\U0001f469\u200d\U0001f467", "e\u0301",
    "'; DROP TABLE bookings; --", "<script>alert(1)</script>", "{{7*7}}${7*7}<%= 7 %>", "%s%n%x {0.__class__}",
    "../../etc/passwd", "C:\\CON", "-1", "1e400", "NaN", "null", "", " ", "\t\r\n", "x" * 20_000, "\u0130\u1e9e\ufb03",
)  # fmt: skip
SOME = 4
EACH = len(NAUGHTY) if os.environ.get("HOLDFAST_PROOF_NAUGHTY") == "all" else SOME
UNREADABLE = (
    b"", b"{", b"[]", b"null", b'"\xff\xfe"', b"\xff\xfe{", b'{"version": NaN}', b'{"version": 1e999}',
    b'{"\\ud800": 1}', b'{"version": ' + b"9" * 5_000 + b"}", b"[" * 30_000,
    b'{"a":' * 10_000, b'{"version": 1, "version": "x"}',
    b"\xef\xbb\xbf{}", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", b"\x00" * 100,
)  # fmt: skip
JSON = {"Content-Type": "application/json"}


def as_json(body: Any) -> bytes:
    """With everything beyond ASCII escaped, lone surrogates too."""
    return json.dumps(body).encode()


def texts(value: Any) -> int:
    """How many texts a body has."""
    if isinstance(value, dict | list):
        return sum(map(texts, value.values() if isinstance(value, dict) else value))
    return int(isinstance(value, str))


def changed(value: Any, place: int, naughty: str) -> Any:
    """The body with its text number `place` replaced."""
    if isinstance(value, str):
        return naughty if place == 0 else value
    if isinstance(value, dict | list):
        made = dict(value) if isinstance(value, dict) else list(value)
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            inside = texts(part)
            if 0 <= place < inside:
                made[name] = changed(part, place, naughty)
            place -= inside
        return made
    return value


def fault(answer: Response) -> str:
    """What is wrong with an answer; empty where it is one that a caller can use."""
    if answer.status_code < 300:
        return ""
    if answer.status_code >= 500 or answer.headers["content-type"] != "application/problem+json":
        return f"{answer.status_code} {answer.text[:80]}"
    told = answer.json()
    # A body that is no JSON has no fields to name.
    if not all(error["field"] and error["rule"] for error in told.get("errors", ())):
        return f"400 that names no field: {told}"
    return "" if told["code"] and told["detail"] else f"a problem without words: {told}"


@pytest.mark.parametrize("body", UNREADABLE)
async def test_a_body_that_cannot_be_read_is_told_so(desk: Desk, settings: Settings, body: bytes) -> None:
    """400, at a guest's door, at the desk's and at the post's."""
    headers = {**JSON, "X-Webhook-Secret": settings.mail_webhook_secret, **bearer(desk.token)}
    for path in ("/bookings", "/guest-links", "/desk/bookings", "/webhooks/postmark"):
        answer = await desk.api.post(f"{API}{path}", content=body, headers=headers)
        assert (answer.status_code, fault(answer)) == (400, ""), (path, answer.text)


@pytest.mark.parametrize(
    "named", [{"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}, {**JSON, "Content-Encoding": "gzip"}]
)
async def test_a_body_of_another_kind_is_refused_unread(guests: Guests, named: dict[str, str]) -> None:
    """What is packed is never unpacked, so a small body can't become a large one."""
    answer = await guests.api.post(f"{API}/guest-links", content=b"\x1f\x8b\x08\x00" + b"\x00" * 60, headers=named)
    assert (answer.status_code, fault(answer)) == (400, ""), answer.text


@pytest.mark.parametrize("metadata", [b"[" * 900 + b"]" * 900, b'"\\u0000"', b'"\\ud800"', b"1e999"])
async def test_news_of_the_post_with_odd_parts_is_heard_or_refused(
    api: AsyncClient, settings: Settings, metadata: bytes
) -> None:
    """Whatever its metadata are."""
    body = b'{"RecordType": "Bounce", "MessageID": "x", "Metadata": {"holdfast_notice": ' + metadata + b"}}"
    headers = {**JSON, "X-Webhook-Secret": settings.mail_webhook_secret}
    assert fault(await api.post(HOOK, content=body, headers=headers)) == ""


@pytest.mark.parametrize("name", ["MessageID", "Type", "Name", "Description"])
async def test_news_of_the_post_may_hold_any_sign(
    guests: Guests, worker: None, settings: Settings, name: str, owner_url: str
) -> None:
    """Of a letter that is ours too, so that it is written down."""
    reference = (await guests.booked())["reference"]
    told = {"holdfast_notice": f"{letter_of(owner_url, reference)}", "holdfast_booking": reference}
    for naughty in NAUGHTY:
        body = {"RecordType": "Bounce", "Type": "HardBounce", "MessageID": "x", "Metadata": told, name: naughty}
        headers = {**JSON, "X-Webhook-Secret": settings.mail_webhook_secret}
        assert fault(await guests.api.post(HOOK, content=as_json(body), headers=headers)) == "", repr(naughty[:20])


def letter_of(owner_url: str, reference: str) -> str:
    """The first letter of a booking as its metadata name it: hotel and number."""
    with connect(owner_url) as db:
        row = db.execute(
            "SELECT hotel_id, min(notice_id) FROM notices WHERE reference = %s GROUP BY 1", [reference]
        ).fetchone()
    assert row
    return f"{row[0]}.{row[1]}"


def naughty_bodies(document: dict[str, Any], operation: Operation, words: Iterator[str]) -> Iterator[Any]:
    """The document's own example with one of its texts replaced, each in turn."""
    told = document["paths"][operation.path][operation.method.lower()]
    examples = told["requestBody"]["content"]["application/json"]["examples"]
    example = next(iter(examples.values()))["value"]
    for place in range(texts(example)):
        for _ in range(EACH):
            yield changed(example, place, next(words))


async def test_every_text_of_every_body_may_be_naughty(
    guests: Guests, manager: Desk, worker: None, settings: Settings
) -> None:
    """From the examples of the document, one text after another, about a real booking: 2xx or a problem in words."""
    booking = await guests.booked()
    document = (await guests.api.get(f"{API}/openapi.json")).json()
    wrong, asked, words = [], 0, cycle(NAUGHTY)
    for operation in operations(document):
        if not operation.takes_json or "/auth/" in operation.path:
            continue
        path = operation.path.format(
            reference=booking["reference"], number=1, stay=1, key="approval_deadline", verdict="decline", note_id=1,
            notice_id=1, item_id=1, kind="received", profile_id=1, file_id=1, session_id=1, slug="malabar", line=1,
            folio=1, paper="INV-2027-000001", payment=1, business_date="2027-01-01",
        )  # fmt: skip
        token = manager.token if operation.at_desk else booking["access_token"]
        headers = {**bearer(token), **JSON, "X-Webhook-Secret": settings.mail_webhook_secret}
        for body in naughty_bodies(document, operation, words):
            answer = await guests.api.request(operation.method, path, content=as_json(body), headers=headers)
            asked += 1
            # So many tries from one address are slowed down, which is an answer too.
            if told := fault(answer):
                wrong.append(f"{operation.name} {as_json(body)[:200]!r}: {told}")
    assert asked > 200
    assert wrong == []


@pytest.mark.parametrize("place", ["search", "source", "room", "cursor", "sort", "status"])
async def test_every_text_of_an_address_may_be_naughty(desk: Desk, place: str) -> None:
    """Searching for signs is searching; what can't be a value is told."""
    for naughty in (word for word in NAUGHTY if not any("\ud800" <= sign <= "\udfff" for sign in word)):
        answer = await desk.get("bookings", **{place: naughty[:2_000]})
        assert fault(answer) == "", (place, naughty[:20], answer.text)


async def test_what_is_taken_comes_back_unharmed(guests: Guests, desk: Desk, worker: None) -> None:
    """A note is what was written, sign by sign; what can't be kept is refused and not changed."""
    reference = (await guests.booked())["reference"]
    kept = []
    for naughty in NAUGHTY:
        body = as_json({"kind": "internal", "text": f"a {naughty} z"})
        answer = await desk.api.post(
            f"{API}/desk/bookings/{reference}/notes", content=body, headers={**bearer(desk.token), **JSON}
        )
        assert fault(answer) == "", (naughty[:20], answer.text)
        if answer.status_code < 300:
            kept.append(f"a {naughty} z")
            assert answer.json()["text"] == f"a {naughty} z"
    assert len(kept) > len(NAUGHTY) // 2
