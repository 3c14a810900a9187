"""Faults on demand: how tests make the outside world fail in the ways it really fails."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_SECONDS = 600.0
MOST_TIMES = 1_000
MOST_FAULTS = 100
WORDS = {
    "rate_limited": "answers 429 and does nothing",
    "error_before": "answers 500 and does nothing",
    "error_after": "does the work, then answers 500",
    "cut_before": "breaks the line and does nothing",
    "cut": "does the work, then breaks the line in the middle of the answer",
    "latency": "waits `seconds`, then works",
    "outage": "answers 503 to everything for `seconds`",
    "webhook_delay": "tells what became of a letter `seconds` later",
    "webhook_duplicate": "tells it twice",
    "webhook_drop": "never tells it",
}
# These strike what the double tells, not what it is asked; their path is what the news' RecordType begins with.
OF_WEBHOOKS = frozenset({"webhook_delay", "webhook_duplicate", "webhook_drop", "webhook_reorder"})
METHODS = ("", "GET", "POST", "DELETE")
FAULT_HEADER = "Holdfast-Double-Fault"
_BROKEN = "<html><body><h1>500 Internal Server Error</h1></body></html>"
_GONE = "<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass
class Planned:
    """A fault that waits for its call.

    path: what the call's path begins with; method: its HTTP method, empty for any; left: how often it strikes.
    """

    word: str
    left: int
    seconds: float
    path: str
    until: float = 0.0
    method: str = ""


@dataclass
class Faults:
    """The faults that are planned, the oldest first. One call meets one fault at most. words: those that are known."""

    planned: list[Planned] = field(default_factory=list)
    words: Mapping[str, str] = field(default_factory=lambda: WORDS)

    def plan(self, told: dict[str, Any]) -> Planned:
        """Takes a fault from its JSON. Errors: ValueError with the field and the rule."""
        word, times, seconds = told.get("fault"), told.get("times", 1), told.get("seconds", 1.0)
        path, method = told.get("path", ""), told.get("method", "")
        if word not in self.words:
            raise ValueError(f"`fault` must be one of {', '.join(self.words)}")
        if not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
            raise ValueError(f"`times` must be a whole number from 1 to {MOST_TIMES}")
        if not isinstance(seconds, int | float) or not 0 <= seconds <= MOST_SECONDS:
            raise ValueError(f"`seconds` must be a number from 0 to {MOST_SECONDS:.0f}")
        if not isinstance(path, str):
            raise ValueError("`path` must be a text")
        if method not in METHODS:
            raise ValueError(f"`method` must be one of {', '.join(METHODS[1:])}")
        if len(self.planned) >= MOST_FAULTS:
            raise ValueError(f"{MOST_FAULTS} faults at most may be planned")
        fault = Planned(str(word), times, float(seconds), path, time.monotonic() + float(seconds), method)
        self.planned.append(fault)
        return fault

    def of_header(self, text: str) -> Planned | None:
        """The fault that a call itself asks for, `word` or `word;seconds`. Errors: ValueError with the rule."""
        if not text:
            return None
        word, _, seconds = text.partition(";")
        try:
            wait = float(seconds or 1)
        except ValueError:
            wait = -1.0
        if word not in self.words or word in OF_WEBHOOKS or not 0 <= wait <= MOST_SECONDS:
            raise ValueError(f"`{FAULT_HEADER}` must be `word` or `word;seconds` with a known word, not {text[:80]!r}")
        return Planned(word, 1, wait, "")

    def strike(self, path: str, method: str = "") -> Planned | None:
        """The fault that this call meets."""
        fitting = [one for one in self.planned if one.word not in OF_WEBHOOKS and one.method in {"", method}]
        return self._strike(fitting, path)

    def strike_webhook(self, record_type: str) -> Planned | None:
        """The fault that this news meets."""
        return self._strike([one for one in self.planned if one.word in OF_WEBHOOKS], record_type)

    def _strike(self, planned: list[Planned], path: str) -> Planned | None:
        self._forget_spent()
        fault = next((one for one in planned if one in self.planned and path.startswith(one.path)), None)
        if fault is not None and fault.word != "outage":
            fault.left -= 1
        return fault

    def _forget_spent(self) -> None:
        now = time.monotonic()
        self.planned = [one for one in self.planned if (one.until > now if one.word == "outage" else one.left > 0)]

    def told(self) -> list[dict[str, Any]]:
        """What is still planned."""
        self._forget_spent()
        return [
            {"fault": one.word, "times": one.left, "seconds": one.seconds, "path": one.path}
            | ({"method": one.method} if one.method else {})
            for one in self.planned
        ]


class Faulty:
    """Middleware that lets planned faults strike the calls of the outside service, never the double's own pages."""

    def __init__(self, app: ASGIApp, faults: Faults, prefixes: tuple[str, ...]) -> None:
        self._app, self._faults, self._prefixes = app, faults, prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        strikes = scope["type"] == "http" and scope["path"].startswith(self._prefixes)
        fault = self._faults.strike(scope["path"], scope["method"]) if strikes else None
        match fault.word if fault else "":
            case "rate_limited":
                answer: Response = JSONResponse({"ErrorCode": 429, "Message": "Rate limit exceeded."}, 429)
                await answer(scope, receive, send)
            case "error_before":
                await Response(_BROKEN, 500, media_type="text/html")(scope, receive, send)
            case "outage":
                await Response(_GONE, 503, media_type="text/html")(scope, receive, send)
            case "error_after":
                await self._app(scope, receive, _swallow)
                await Response(_BROKEN, 500, media_type="text/html")(scope, receive, send)
            case "cut":
                await self._app(scope, receive, _swallow)
                await Cut()(scope, receive, send)
            case "cut_before":
                await Cut()(scope, receive, send)
            case _:
                if fault is not None:
                    await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)


async def _swallow(_: Message) -> None:
    """Hears an answer that nobody gets."""


class Cut(Response):
    """Promises a long answer and ends it early; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"[", "more_body": True})


def is_json(request: Request) -> bool:
    """Whether the body is said to be JSON; a page of another site can't say so without being asked first."""
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


async def faults_page(request: Request) -> Response:
    """`/_double/faults`: GET lists what is planned, POST plans, DELETE forgets."""
    faults: Faults = request.app.state.faults
    if request.method == "DELETE":
        faults.planned.clear()
    if request.method == "POST":
        try:
            told = await request.json() if is_json(request) else None
            if not isinstance(told, dict):
                raise ValueError(
                    "a fault is a JSON object with `fault`, and perhaps `times`, `seconds`, `path`, `method`"
                )
            faults.plan(told)
        except ValueError as wrong:
            return JSONResponse({"detail": str(wrong)}, 422)
    return JSONResponse({"planned": faults.told(), "known": dict(faults.words)})
