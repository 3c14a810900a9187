"""What every answer carries, what no answer tells, and the bound on bodies."""

import asyncio
import json
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from structlog.testing import capture_logs

from api import selling
from api.app import create_app
from api.security import Guard
from config.settings import Settings
from tests.api.conftest import Opener
from tests.api.world import ADDRESS, API, Desk, Guests, problem

HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cache-control",
    "x-request-id",
    "strict-transport-security",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/api/docs", 200),
        ("GET", f"{API}/openapi.json", 200),
        ("GET", f"{API}/hotels", 200),
        ("GET", f"{API}/hotels/nowhere", 404),
        ("GET", f"{API}/hotels/malabar/availability", 400),
        ("POST", f"{API}/hotels", 405),
        ("OPTIONS", f"{API}/bookings", 405),
        ("GET", f"{API}/desk/day", 401),
        ("GET", "/b/MLB-20261215-7Q4K2M?token=x", 404),
        ("GET", "/desk/bookings/MLB-20261215-7Q4K2M", 200),
        ("GET", "/assets/holdfast.css", 200),
        ("GET", "/photos/malabar-1.svg", 200),
        ("GET", "/photos/nothing.svg", 404),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nothing", 404),
        ("BREW", f"{API}/hotels", 405),
    ],
)
async def test_every_answer_carries_the_security_headers(api: AsyncClient, method: str, path: str, status: int) -> None:
    """Pages, answers, refusals and files alike; no other site may read any of them."""
    answer = await api.request(method, path, headers={"Origin": "https://evil.example"})
    assert answer.status_code == status
    assert HEADERS - answer.headers.keys() == set()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    if status >= 400 and not path.startswith("/b/"):
        assert answer.headers["content-type"] == "application/problem+json"


async def test_personal_answers_are_kept_by_nobody(guests: Guests, desk: Desk, worker: None) -> None:
    """no-store on bookings, sessions and lists; a hotel's page may be kept for a minute."""
    made = await guests.booked()
    for answer in (
        await guests.see(made),
        await desk.get("bookings"),
        await desk.get("day"),
        await guests.api.get(made["links"]["guest_page"]),
    ):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    assert (await guests.api.get(f"{API}/hotels")).headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_over_64_kilobytes_is_not_read(api: AsyncClient, told: bool) -> None:
    """Whether its length is told or only found out while reading."""

    async def pieces():
        for _ in range(70):
            yield b" " * 1024

    content = b" " * 70 * 1024 if told else pieces()
    answer = await api.post(f"{API}/bookings", content=content, headers={"Content-Type": "application/json"})
    problem(answer, 413, "body_too_large")


async def test_a_request_keeps_the_id_it_came_with(api: AsyncClient) -> None:
    """And gets one of ours where it has none that can be written into a log."""
    kept = await api.get("/healthz", headers={"X-Request-Id": "proof-20261215.7"})
    assert kept.headers["x-request-id"] == "proof-20261215.7"
    for bad in ("short", "x" * 65, 'a"b c<d>', "\n"):
        answer = await api.get("/healthz", headers=[(b"X-Request-Id", bad.encode())])
        assert answer.headers["x-request-id"] != bad


async def test_a_bug_is_told_by_an_id_that_the_log_knows(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with the id and nothing else; the log has the place and never the words."""

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("guest@example.com divided by zero")

    monkeypatch.setattr(selling, "list_hotels", broken)
    app = create_app(settings)
    async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app), base_url=ADDRESS) as api:
        with capture_logs() as lines:
            answer = await api.get(f"{API}/hotels")
    told = problem(answer, 500, "unexpected")
    assert told["id"] == answer.headers["x-request-id"]
    assert "example.com" not in answer.text
    bug = next(line for line in lines if line["event"] == "unexpected")
    assert bug["error"] == "ZeroDivisionError"
    assert any("test_security.py" in place for place in bug["places"])
    assert "example.com" not in repr(lines)


async def test_logs_name_bookings_and_never_people(guests: Guests, desk: Desk, worker: None) -> None:
    """One line a request with route, status and reference; no name, address, token, query or body."""
    with capture_logs() as lines:
        made = await guests.booked()
        await guests.see(made)
        await guests.api.get(made["links"]["guest_page"])
        await desk.get("bookings", q="guest@example.com")
    routes = {line["route"]: line for line in lines if line["event"] == "request"}
    assert routes[f"{API}/bookings/{{reference}}"]["reference"] == made["reference"]
    assert routes[f"{API}/bookings"]["status"] == 201
    assert routes[f"{API}/bookings"]["reference"] == made["reference"]
    written = repr(lines)
    for secret in ("A Guest", "example.com", made["access_token"], desk.token, "+91"):
        assert secret not in written


async def test_requests_are_counted_by_their_template(opened: Opener, guests: Guests, worker: None) -> None:
    """Never by the address itself, which names a booking; bookings are counted by hotel and status."""
    made = await guests.booked()
    await guests.see(made)
    async with opened() as api:
        page = (await api.get("/metrics")).text
    assert 'holdfast_http_requests_total{method="GET",route="/api/v1/bookings/{reference}",status="200"}' in page
    assert 'holdfast_http_request_seconds_bucket{le="0.1",method="POST",route="/api/v1/bookings"}' in page
    assert 'holdfast_bookings_open{hotel="malabar",status="pending"}' in page
    assert "holdfast_bookings_needing_attention" in page
    assert made["reference"] not in page


@pytest.mark.parametrize("begun", [False, True])
async def test_what_the_end_of_the_process_leaves_unanswered_may_be_asked_again(
    settings: Settings, *, begun: bool
) -> None:
    """The server cancels what is under way: 503 with Retry-After; an answer that has begun is cut off instead."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def never(_scope: Any, _receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{API}/hotels",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    answering = asyncio.create_task(Guard(never, settings=settings)(scope, receive, send))
    await asyncio.sleep(0)
    answering.cancel()
    if begun:
        with pytest.raises(asyncio.CancelledError):
            await answering
        return
    await answering
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"2") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "not_ready"
