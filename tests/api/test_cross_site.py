"""TLS behind a proxy, and which sites' scripts may read answers."""

import pytest
from httpx import AsyncClient

from api.devices import COOKIE as DEVICE
from tests.api.doors import Doors
from tests.api.world import API, problem

SITE = "https://www.hotel.example"
WHO = "frontdesk@ribeira.example"
PLAIN = "http://stay.localhost"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key,content-type,x-device",
}


def allowed(answer: object) -> dict[str, str]:
    """What an answer tells a browser of other sites' scripts."""
    headers = answer.headers  # type: ignore[attr-defined]
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize(
    ("peer", "public_url", "forwarded", "by_tls"),
    [
        ("10.0.0.2", "", "https", True),
        ("10.0.0.2", "", "https, http", True),  # one proxy spoke plainly to the next; the caller did not
        ("10.0.0.2", "", "http", False),
        ("10.0.0.2", "", None, False),
        ("203.0.113.9", "", "https", False),  # nobody's proxy
        ("203.0.113.9", "https://stay.localhost", None, True),
        ("10.0.0.2", "https://stay.localhost", "http", True),
    ],
)
async def test_by_tls_a_browser_is_held_to_tls(
    doors: Doors, peer: str, public_url: str, forwarded: str | None, by_tls: bool
) -> None:
    """HSTS and Secure cookies where the caller's own connection was by TLS, or always by the public address."""
    app = await doors.another(public_url=public_url, trusted_proxies="10.0.0.0/8")
    caller = doors.caller(peer, app, PLAIN)
    if forwarded:
        caller.headers["X-Forwarded-Proto"] = forwarded
    login = await doors.log_in(WHO, caller)
    page = await caller.get("/")
    for answer in (login, page):
        assert ("strict-transport-security" in answer.headers) is by_tls
        assert ("Secure" in answer.headers["set-cookie"].split("; ")) is by_tls


async def test_nobody_is_on_the_list_by_default(doors: Doors) -> None:
    """A preflight is an address without that method, and no answer carries a word for other sites."""
    caller = doors.caller()
    answer = await caller.options(f"{API}/bookings", headers={"Origin": SITE, **PREFLIGHT})
    problem(answer, 405, "method_not_allowed")
    assert allowed(answer) == allowed(await caller.get(f"{API}/hotels", headers={"Origin": SITE})) == {}


async def test_a_listed_site_may_ask_and_read(doors: Doors) -> None:
    """Its preflight is answered, refusals are readable too, and a cache is told that answers differ by site."""
    caller = doors.caller(app=await doors.another(cors_origins=f"{SITE}, https://book.hotel.example:8443"))
    preflight = await caller.options(f"{API}/bookings", headers={"Origin": SITE, **PREFLIGHT})
    told = allowed(preflight)
    assert (preflight.status_code, told["access-control-allow-origin"]) == (200, SITE)
    assert "POST" in told["access-control-allow-methods"]
    assert "x-content-type-options" in preflight.headers
    for path in ("hotels", "hotels/nowhere", "desk/day"):
        answer = await caller.get(f"{API}/{path}", headers={"Origin": SITE})
        assert allowed(answer)["access-control-allow-origin"] == SITE
        assert "Retry-After" in allowed(answer)["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]
    assert "Origin" in (await caller.get(f"{API}/hotels")).headers["vary"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://www.hotel.example", "https://www.hotel.example.evil.example", "null"]
)
async def test_a_site_that_is_not_listed_reads_nothing(doors: Doors, origin: str) -> None:
    """A name that only looks like a listed one is another one."""
    caller = doors.caller(app=await doors.another(cors_origins=SITE))
    answer = await caller.get(f"{API}/hotels", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    preflight = await caller.options(f"{API}/bookings", headers={"Origin": origin, **PREFLIGHT})
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.parametrize("listed", [SITE, "*", f"*,{SITE}"])
async def test_no_site_ever_reads_by_a_browsers_cookies(doors: Doors, listed: str) -> None:
    """Credentials are allowed to none, so least of all to every site."""
    caller = doors.caller(app=await doors.another(cors_origins=listed))
    await doors.log_in(WHO, caller)
    answers = [
        await caller.get(f"{API}/auth/me", headers={"Origin": SITE}),
        await caller.options(f"{API}/auth/me", headers={"Origin": SITE, **PREFLIGHT}),
    ]
    for answer in answers:
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["access-control-allow-origin"] == ("*" if "*" in listed else SITE)
    act = await caller.post(f"{API}/auth/logout", headers={"Origin": SITE, "X-Holdfast": "1"})
    problem(act, 403, "cross_site")


async def test_the_codecs_own_list_is_not_widened(doors: Doors) -> None:
    """Temporal's UI may ask it with its cookie; sites of this list may not."""
    app = await doors.another(cors_origins="*")
    asked = {"Access-Control-Request-Method": "POST"}
    codec = f"{API}/codec/decode"
    theirs = await doors.caller(app=app).options(codec, headers={"Origin": doors.settings.temporal_ui, **asked})
    assert theirs.headers["access-control-allow-origin"] == doors.settings.temporal_ui
    others = await doors.caller(app=app).options(codec, headers={"Origin": SITE, **asked})
    assert "access-control-allow-origin" not in others.headers


async def visited(caller: AsyncClient, path: str, **headers: str) -> str:
    """The cookie that a visit sets, as it is sent; '' for none."""
    return (await caller.get(path, headers=headers)).headers.get("set-cookie", "")


async def test_a_browser_is_told_its_word_on_its_first_public_visit(doors: Doors) -> None:
    """Once, for pages only we read, and nothing that a cache may keep for everybody carries one."""
    browser = doors.caller()
    assert await visited(browser, f"{API}/hotels") == ""
    cookie = await visited(browser, "/")
    assert cookie.startswith(f"{DEVICE}=")
    assert {"HttpOnly", "SameSite=lax", "Secure", "Path=/"} <= set(cookie.split("; "))
    assert await visited(browser, "/") == ""
    assert await visited(doors.caller(), "/", **{"X-Device": "an-app-of-somebody"}) == ""
    other = await visited(doors.caller(), "/")
    assert other.partition(";")[0] != cookie.partition(";")[0]


@pytest.mark.parametrize("word", ["short", "x" * 65, 'with"quotes"and spaces', "ü" * 20])
async def test_a_word_that_is_none_of_ours_is_replaced(doors: Doors, word: str) -> None:
    """A cookie is what somebody sends, not what was set."""
    sent = [(b"Cookie", f"{DEVICE}={word}".encode("latin-1"))]
    answer = await doors.caller().get("/", headers=sent)
    assert answer.headers["set-cookie"].startswith(f"{DEVICE}=")
