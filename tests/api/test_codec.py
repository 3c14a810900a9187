"""Reading encrypted messages in Temporal's UI: who may, which ones, from where, and what is written down of it."""

from base64 import b64decode, b64encode
from typing import Any

import pytest
from httpx import AsyncClient, Response
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from api.callers import COOKIE
from api.codec import ui_origins
from config.settings import Settings
from messages.converter import ENCRYPTED, PERSONAL, PersonalCodec
from messages.names import workflow_id
from tests.api.world import ADDRESS, API, PASSWORD, SECRET, Body, Desk, Guests, bearer, problem
from tests.story.world import connect

DECODE = f"{API}/codec/decode"
UI = "http://localhost:8233"
WORDS = b'{"reason":"A word about somebody."}'
AT_MALABAR = "booking-MLB-20261215-7Q4K2M"
PLAIN = {"metadata": {"encoding": b64encode(b"json/plain").decode()}, "data": b64encode(b'"opened"').decode()}


def as_json(payload: Payload) -> Body:
    """A payload as protobuf writes it in JSON."""
    metadata = {name: b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": b64encode(payload.data).decode()}


async def sealed(of: str = AT_MALABAR, secret: str = SECRET, **outside: bytes) -> Body:
    """A personal message of a workflow as it is kept in Temporal; `outside` stands beside the seal."""
    codec = PersonalCodec(secret)
    if of:
        codec = codec.with_context(WorkflowSerializationContext("default", of))
    marked = Payload(metadata={"encoding": b"json/plain", PERSONAL: b"1"}, data=WORDS)
    (payload,) = await codec.encode([marked])
    for name, value in outside.items():
        payload.metadata[name.replace("_", "-")] = value
    return as_json(payload)


async def ask(api: AsyncClient, payloads: list[Body], token: str = "", **headers: str) -> Response:
    """What the UI sends."""
    sent = {"X-Namespace": "default", **(bearer(token) if token else {}), **headers}
    return await api.post(f"{DECODE}?preserveStorageRefs=true", json={"payloads": payloads}, headers=sent)


async def told(api: AsyncClient, desk: Desk, payloads: list[Body], **headers: str) -> list[Body]:
    """The payloads that come back."""
    answer = await ask(api, payloads, desk.token, **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["payloads"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The namespace in which the payloads of these tests are said to be."""
    return settings.model_copy(update={"temporal_namespace": "default"})


@pytest.fixture
async def manager(api: AsyncClient) -> Desk:
    """The manager of malabar, logged in."""
    return await Desk.at(api, "malabar", "manager")


@pytest.mark.parametrize("role", ["manager", "admin"])
async def test_who_leads_a_hotel_reads_its_messages(api: AsyncClient, role: str) -> None:
    """The message comes back as it was before it was encrypted; plain ones come back as they are, in their places."""
    desk = await Desk.at(api, "malabar", role)
    answer = await told(api, desk, [PLAIN, await sealed(), PLAIN])
    assert [answer[0], answer[2]] == [PLAIN, PLAIN]
    assert b64decode(answer[1]["data"]) == WORDS
    assert b64decode(answer[1]["metadata"]["encoding"]) == b"json/plain"


async def test_what_one_may_not_read_comes_back_as_it_was_sent(api: AsyncClient, manager: Desk) -> None:
    """Another hotel's message, one without a workflow, one of another key, and what is no payload of ours at all."""
    payloads: list[Body] = [
        await sealed("booking-HUD-20261215-7Q4K2M"),
        await sealed("notices-1"),
        await sealed("something-else"),
        await sealed(""),
        await sealed(secret="another secret key than that of this house"),
        {"metadata": {"encoding": b64encode(ENCRYPTED).decode()}, "data": ""},
        {"metadata": {"encoding": "no base64!"}, "data": "neither"},
        {"metadata": {"encoding": PLAIN["metadata"]["encoding"]}, "externalPayloads": [{"sizeBytes": "3"}]},
        {},
    ]
    assert await told(api, manager, payloads) == payloads


async def test_a_label_outside_of_the_seal_is_not_believed(api: AsyncClient, manager: Desk) -> None:
    """Whoever can send a payload can write beside it; the hotel is read from under the encryption."""
    stolen = await sealed("booking-HUD-20261215-7Q4K2M", holdfast_workflow=AT_MALABAR.encode())
    assert await told(api, manager, [stolen]) == [stolen]


async def test_a_person_reads_only_the_hotels_they_lead(api: AsyncClient, owner_url: str) -> None:
    """Manager of one hotel and front desk of another: the first hotel's messages only."""
    with connect(owner_url) as db:
        db.execute(
            "INSERT INTO staff (email, name, password_hash, created_at)"
            " SELECT 'both@stay.example', 'Both', password_hash, created_at"
            " FROM staff WHERE email = 'manager@hudson.example'"
        )
        db.execute(
            "INSERT INTO staff_roles (hotel_id, staff_id, role)"
            " SELECT h.hotel_id, s.staff_id, CASE h.slug WHEN 'hudson' THEN 'manager' ELSE 'frontdesk' END"
            " FROM hotels h, staff s WHERE s.email = 'both@stay.example' AND h.slug IN ('hudson', 'malabar')"
        )
        row = db.execute("SELECT hotel_id, code FROM hotels WHERE slug = 'hudson'").fetchone()
    assert row
    login = await api.post(f"{API}/auth/login", json={"email": "both@stay.example", "password": PASSWORD})
    api.cookies.clear()
    both = Desk(api, login.json()["access_token"])
    theirs = [await sealed(f"booking-{row[1]}-20261215-7Q4K2M"), await sealed(f"notices-{row[0]}")]
    answer = await told(api, both, [*theirs, await sealed()])
    assert [b64decode(one["data"]) == WORDS for one in answer] == [True, True, False]


async def test_a_booking_s_history_is_read_message_by_message(
    guests: Guests, api: AsyncClient, manager: Desk, worker: None, settings: Settings
) -> None:
    """What the running system writes says whose it is, so the manager reads all of it and no other hotel any."""
    made = await guests.booked()
    raw = await Client.connect(settings.temporal_target, namespace=settings.temporal_namespace)
    history = await raw.get_workflow_handle(workflow_id(made["reference"])).fetch_history()
    payloads = [as_json(one) for one in sealed_in(history.to_json_dict())]
    assert payloads
    answer = await told(api, manager, payloads, **{"X-Namespace": settings.temporal_namespace})
    assert any(b"guest@example.com" in b64decode(one["data"]) for one in answer)
    assert not any(b64decode(one["metadata"]["encoding"]) == ENCRYPTED for one in answer)
    stranger = await Desk.at(api, "hudson", "admin")
    assert await told(api, stranger, payloads, **{"X-Namespace": settings.temporal_namespace}) == payloads


def sealed_in(part: Any) -> list[Payload]:
    """Every encrypted payload in a history that was written as JSON."""
    if isinstance(part, list):
        return [found for one in part for found in sealed_in(one)]
    if not isinstance(part, dict):
        return []
    metadata = part.get("metadata")
    if isinstance(metadata, dict) and metadata.get("encoding") == b64encode(ENCRYPTED).decode():
        return [Payload(metadata={"encoding": ENCRYPTED}, data=b64decode(part["data"]))]
    return [found for one in part.values() for found in sealed_in(one)]


async def test_only_who_leads_a_hotel_is_let_in(api: AsyncClient, desk: Desk) -> None:
    """401 before 403 before 400: who may not read learns nothing of the shape."""
    problem(await ask(api, [PLAIN]), 401, "not_logged_in")
    problem(await ask(api, [PLAIN], desk.token), 403, "role_missing")
    problem(await api.post(DECODE, json={}, headers=bearer(desk.token)), 403, "role_missing")
    leading = await Desk.at(api, "malabar", "manager")
    problem(await api.post(DECODE, json={}, headers=bearer(leading.token)), 400, "invalid_request")
    problem(await ask(api, [{}] * 1001, leading.token), 400, "invalid_request")


async def test_nothing_is_encrypted_here(api: AsyncClient, manager: Desk) -> None:
    """A message into a booking comes from its doors only."""
    answer = await api.post(f"{API}/codec/encode", json={"payloads": [PLAIN]}, headers=bearer(manager.token))
    problem(answer, 404, "not_found")


async def test_a_cookie_counts_only_beside_the_ui_s_origin(api: AsyncClient, manager: Desk) -> None:
    """The UI can't send our own header; a page elsewhere can't send the UI's origin."""
    cookie = {"Cookie": f"{COOKIE}={manager.token}"}
    for origin in ("https://evil.example", "http://localhost:9999", "null", ADDRESS):
        problem(await ask(api, [PLAIN], **cookie, Origin=origin), 403, "cross_site")
    problem(await ask(api, [PLAIN], **cookie), 403, "cross_site")
    message = await sealed()
    answer = await ask(api, [message], **cookie, Origin=UI)
    assert b64decode(answer.json()["payloads"][0]["data"]) == WORDS


async def test_only_the_ui_s_scripts_may_read_the_answer(api: AsyncClient, manager: Desk) -> None:
    """Its origin is named, with credentials, on this path alone; refusals too, so that the UI can show them."""
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    before = await api.options(DECODE, headers={**asks, "Origin": UI})
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (200, UI)
    assert before.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in before.headers["vary"]
    for answer in (await ask(api, [PLAIN], manager.token, Origin=UI), await ask(api, [PLAIN], Origin=UI)):
        assert answer.headers["access-control-allow-origin"] == UI
        assert answer.headers["x-content-type-options"] == "nosniff"
    elsewhere = [
        await api.options(DECODE, headers={**asks, "Origin": "https://evil.example"}),
        await ask(api, [PLAIN], manager.token, Origin="https://evil.example"),
        await api.options(f"{API}/desk/day", headers={**asks, "Origin": UI}),
        await api.get(f"{API}/desk/day", headers={**bearer(manager.token), "Origin": UI}),
        await api.get(f"{API}/hotels", headers={"Origin": UI}),
    ]
    assert [name for answer in elsewhere for name in answer.headers if name.startswith("access-control-")] == []


def test_the_ui_s_origin_is_the_one_that_is_set() -> None:
    """On this machine by both of its names; elsewhere exactly as it is set."""
    assert ui_origins(Settings(temporal_ui_port=8299)) == ("http://127.0.0.1:8299", "http://localhost:8299")
    assert ui_origins(Settings(temporal_ui_url="https://ui.stay.example/temporal/")) == ("https://ui.stay.example",)


async def test_messages_of_another_namespace_stay_sealed(api: AsyncClient, manager: Desk) -> None:
    """The secret key may be shared; what a UI shows of elsewhere is not ours to read."""
    message = await sealed()
    assert await told(api, manager, [message], **{"X-Namespace": "elsewhere"}) == [message]


async def test_every_look_is_written_down_without_what_was_seen(api: AsyncClient, manager: Desk) -> None:
    """Who, of which hotel and workflow, how many; and what was asked for in vain."""
    message, another = await sealed(), await sealed("booking-HUD-20261215-7Q4K2M")
    with capture_logs() as lines:
        await told(api, manager, [message, PLAIN, message, another])
    read, kept = (next(line for line in lines if line["event"] == name) for name in ("messages_read",
                  "messages_kept_sealed"))  # fmt: skip
    assert (read["hotel"], read["workflow_id"], read["count"]) == ("malabar", AT_MALABAR, 2)
    assert (kept["workflow_id"], kept["count"], kept["log_level"]) == ("booking-HUD-20261215-7Q4K2M", 1, "warning")
    assert read["staff_id"] == kept["staff_id"] > 0
    written = repr(lines)
    for word in ("somebody", message["data"], b64encode(WORDS).decode(), manager.token):
        assert word not in written
