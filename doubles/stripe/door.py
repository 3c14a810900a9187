"""The API's door: key, parameters, idempotency and faults as Stripe has them, and one transaction for each call.

Idempotency, by Stripe's pages: a key is an account's, lives a day, and keeps status and body of what was begun, be it
402 or 500; other parameters or another path are refused; validation errors, 409 and 429 are not kept.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from doubles.faults import FAULT_HEADER, Cut, Faults, Planned
from doubles.stripe.calls import Call
from doubles.stripe.courier import Courier
from doubles.stripe.desk import API_VERSION, Desk, Falls
from doubles.stripe.errors import Json, Refused
from doubles.stripe.forms import parsed, read
from doubles.stripe.vault import Kept, Thing, Vault, token

NOW_HEADER = "Holdfast-Double-Now"
MOST_BODY_BYTES = 1_000_000
MOST_KEY = 255
TICK_SECONDS = 0.5
SWEEP_SECONDS = 3600.0
BROKEN: Json = {"error": {"type": "api_error", "message": "An error occurred with our connection to the bank."}}
_VERSION = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](\.[a-z]+)?(;.*)?")
WORDS = {
    "rate_limited": "answers 429 and does nothing",
    "error_before": "answers 500 and does nothing; a key keeps nothing",
    "error_saved": "answers 500 and does nothing; a key keeps the 500 for a day",
    "error_after": "does the work, then answers 500; a key keeps the 500 for a day",
    "cut_before": "breaks the line and does nothing",
    "cut": "does the work, then breaks the line in the middle of the answer",
    "latency": "waits `seconds`, then works; the key is in use while it waits",
    "outage": "answers 503 to everything for `seconds`",
    "webhook_delay": "tells an event `seconds` later",
    "webhook_duplicate": "tells it twice",
    "webhook_reorder": "tells it after the next one, or after `seconds`",
    "webhook_drop": "never tells it",
}


@dataclass
class House:
    """What every page and call of the double shares. secret_key: the one that is taken; empty takes any test key."""

    vault: Vault
    faults: Faults
    courier: Courier
    base: str
    secret_key: str
    calls: Sequence[Call]
    falls: dict[str, Falls]
    in_flight: set[tuple[str, str]] = field(default_factory=set)
    ticking: "asyncio.Task[None] | None" = None

    def desk(self, told: float | None = None, account: str = "") -> Desk:
        """A view for one call, to be used inside `vault.work`."""
        real = time.time() + self.vault.fact("clock_ahead_seconds")
        return Desk(self.vault, real, self.base, self.falls, self.courier.plan, told=told, account=account)

    def wake(self) -> None:
        """Begins delivering, and looking at what is due. It is called inside the loop that serves."""
        self.courier.wake()
        if self.ticking is None or self.ticking.done():
            self.ticking = asyncio.get_running_loop().create_task(self._tick())

    async def _tick(self) -> None:
        sweep_at = 0.0
        while True:
            self.fall_due()
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + SWEEP_SECONDS
                with self.vault.work():
                    self.vault.forget_old_events(time.time())
            await asyncio.sleep(TICK_SECONDS)

    def fall_due(self) -> None:
        """Lets happen what is due on this machine's clock."""
        desk = self.desk()
        due = self.vault.due(desk.real)
        if not due:
            return
        with self.vault.work():
            for thing in due:
                desk.current(thing)
        self.courier.wake()

    async def close(self) -> None:
        """Ends what runs beside the calls, and closes the file."""
        if self.ticking is not None:
            self.ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self.ticking
        await self.courier.close()
        self.vault.close()


@dataclass(frozen=True)
class _Asked:
    """One call as it came in."""

    call: Call
    path_id: str
    given: Json
    account: str
    key: str
    mark: str
    told: float | None
    version: str
    request_id: str


async def api(request: Request) -> Response:
    """Every call below `/v1/`."""
    house: House = request.app.state.house
    house.wake()
    request_id = token("req_", 14)
    headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("stripe-version", API_VERSION)}
    try:
        asked = await _asked(request, house, request_id)
        if asked.account:
            headers["Stripe-Account"] = asked.account
        if asked.key:
            headers["Idempotency-Key"] = asked.key
        answer = await _answer(request, house, asked)
    except Refused as refused:
        answer = JSONResponse(refused.body(), refused.status)
    for name, value in headers.items():
        answer.headers.setdefault(name, value)
    return answer


async def _asked(request: Request, house: House, request_id: str) -> _Asked:
    """The call with its parameters. Errors: Refused."""
    _check_key(request, house.secret_key)
    version = request.headers.get("stripe-version", API_VERSION)
    if not _VERSION.fullmatch(version):
        raise Refused(400, f"Invalid Stripe API version: {version[:40]}")
    path = request.url.path
    fitting = [(call, match) for call in house.calls if (match := call.pattern.fullmatch(path))]
    found = next(((call, match) for call, match in fitting if call.method == request.method), None)
    if found is None:
        raise Refused(404, f"Unrecognized request URL ({request.method}: {path[:200]}).")
    text = request.url.query if request.method in {"GET", "DELETE"} else await _body(request)
    given = parsed(text)
    call, match = found
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    if len(key) > MOST_KEY:
        raise Refused(400, f"Idempotency keys have at most {MOST_KEY} characters.", kind="idempotency_error")
    mark = hashlib.sha256(json.dumps([path, given], sort_keys=True).encode()).hexdigest()
    told = instant_of(request.headers.get(NOW_HEADER, ""))
    account = request.headers.get("stripe-account", "")
    return _Asked(call, "/".join(match.groups()), given, account, key, mark, told, version, request_id)


def _check_key(request: Request, known: str) -> None:
    """Errors: Refused 401 for a missing, unknown or live key."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    if not value:
        raise Refused(401, "You did not provide an API key. Provide it in the Authorization header (Bearer auth).")
    if value.startswith(("sk_live_", "rk_live_")):
        raise Refused(401, "This is a stand-in for tests: it takes test keys only, never live ones.")
    if not value.startswith(("sk_test_", "rk_test_")) or (known and value != known):
        raise Refused(401, f"Invalid API Key provided: {value[:8] if len(value) > 12 else ''}{'*' * 8}")


async def _body(request: Request) -> str:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise Refused(413, "The request is too large.")
        parts.append(part)
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        raise Refused(400, "Invalid request: the body is not UTF-8.") from None


def instant_of(text: str) -> float | None:
    """RFC 3339 as seconds since the epoch; None for an empty text. Errors: Refused."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Refused(400, f"`{NOW_HEADER}` must be an instant with its zone (RFC 3339), not {text[:40]!r}.")
    return instant.timestamp()


async def _answer(request: Request, house: House, asked: _Asked) -> Response:
    """The kept answer of a key, or a new one. Errors: Refused."""
    flight, kept = (asked.account, asked.key), None
    if asked.key:
        kept = house.vault.kept(asked.account, asked.key)
        if kept is not None and kept.asked != asked.mark:
            raise Refused(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{asked.key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        if flight in house.in_flight:
            raise Refused(
                409,
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                "submitted twice, and the other request is still going through).",
                code="idempotency_key_in_use",
            )
        house.in_flight.add(flight)
    try:
        return await _struck(house, asked, kept, _fault(request, house))
    finally:
        house.in_flight.discard(flight)


def _fault(request: Request, house: House) -> Planned | None:
    """The fault that the call asks for itself, else the one that is planned for it."""
    try:
        told = house.faults.of_header(request.headers.get(FAULT_HEADER, ""))
    except ValueError as wrong:
        raise Refused(400, str(wrong)) from None
    return told or house.faults.strike(request.url.path, request.method)


async def _struck(house: House, asked: _Asked, kept: Kept | None, fault: Planned | None) -> Response:
    """The kept answer or the work, with what the fault makes of it."""
    word = fault.word if fault else ""
    match word:
        case "rate_limited":
            raise Refused(429, "Request rate limit exceeded.", code="rate_limit")
        case "error_before":
            return JSONResponse(BROKEN, 500)
        case "outage":
            return Response("<html><body><h1>503 Service Unavailable</h1></body></html>", 503, media_type="text/html")
        case "cut_before":
            return Cut()
        case "latency":
            await asyncio.sleep(fault.seconds if fault else 0)
    if kept is not None:
        headers = {"Idempotent-Replayed": "true", "Original-Request": kept.request}
        answer = Response(kept.body, kept.status, headers, "application/json")
    else:
        answer = _worked(house, asked, word)
        house.courier.wake()
    return Cut() if word == "cut" else answer


def _worked(house: House, asked: _Asked, word: str) -> Response:
    """Does the call in one transaction; a key keeps the answer in the same. Errors: Refused where nothing was begun.

    word: `error_saved` and `error_after` make it a 500, without and with the work.
    """
    desk = house.desk(asked.told, asked.account)
    with house.vault.work():
        house.vault.mark()
        try:
            status, body = (500, BROKEN) if word == "error_saved" else (200, _done(desk, asked))
        except Refused as refused:
            if not refused.saved:
                raise
            status, body = refused.status, refused.body()
            if not refused.keeps_work:
                # Nothing of the call stays, but what had happened by itself did happen.
                house.vault.back_to_mark()
                desk.again()
        if word == "error_after":
            status, body = 500, BROKEN
        text = json.dumps(body, indent=2, ensure_ascii=False)
        if asked.key:
            kept = Kept(asked.mark, status, text, asked.request_id)
            house.vault.keep_answer(asked.account, asked.key, kept)
    return Response(text, status, media_type="application/json")


def _done(desk: Desk, asked: _Asked) -> Json:
    desk.version, desk.request_id, desk.key = asked.version, asked.request_id, asked.key or None
    given = read(asked.given, asked.call.whole_shape, asked.call.needed)
    expand = given.pop("expand", [])
    if asked.account and desk.vault.thing(asked.account) is None:
        raise Refused(
            403,
            f"The provided key does not have access to account '{asked.account}' (or that account does not exist).",
            code="account_invalid",
        )
    found = asked.call.does(desk, given, asked.path_id)
    return desk.expanded(dict(found.data if isinstance(found, Thing) else found), expand)
