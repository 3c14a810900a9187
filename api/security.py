"""What every answer carries and every request must keep to: security headers and a bound on bodies.

Scripts of other sites may read answers only where HOLDFAST_CORS_ORIGINS lists their site, and never with a browser's
cookies: such a page sends a token of its own.
"""

import asyncio
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.codec import CODEC
from api.problems import busy, of_problem, of_status
from api.proxies import Proxies
from config.settings import Settings
from domain.files import MOST_BYTES

MAX_BODY_BYTES = 64 * 1024
# Only papers may be larger, and only at the one door that takes them.
_PAPERS = re.compile(r"/api/v1/desk/bookings/[^/]+/files")
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", CONTENT_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    # Whatever is not said to be public is somebody's own.
    ("Cache-Control", "no-store"),
)
_ONLY_BY_TLS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
_CORS_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CORS_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "X-Device", "X-File-Name", "X-Hotel", "X-Request-Id")
_CORS_READ = ("Location", "Retry-After", "X-Request-Id")
_PREFLIGHT_SECONDS = 600


class CrossSite:
    """Lets scripts of the listed sites read answers, all but those of the codec: that door has a list of its own."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=settings.cors_allowed,
            allow_methods=_CORS_METHODS,
            allow_headers=_CORS_SENT,
            expose_headers=_CORS_READ,
            allow_credentials=False,
            max_age=_PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI, because it is on every path."""
        own = scope["type"] == "http" and scope["path"].startswith(f"{CODEC}/")
        await (self._app if own else self._shared)(scope, receive, send)


class Guard:
    """Adds the headers to every answer, and refuses bodies over 64 KB however their length is told.

    What the end of the process leaves unanswered is a 503 that may be asked again, not a bare 500.

    A request that came by TLS to a trusted proxy counts as one by TLS from here on.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._proxies = Proxies(settings)
        self._always_by_tls = settings.base_url.startswith("https://")
        self._differs_by_site = bool(settings.cors_allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI, because it is on every path."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        by_tls = self._always_by_tls or self._proxies.is_by_tls(scope)
        scope = {**scope, "scheme": "https" if by_tls else "http"}
        bytes_read, most_bytes, begun = 0, _most_bytes(scope), False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in (*_HEADERS, _ONLY_BY_TLS) if by_tls else _HEADERS:
                    headers.setdefault(name, value)
                if self._differs_by_site:
                    headers.add_vary_header("Origin")
            await send(message)

        async def counted() -> Message:
            nonlocal bytes_read
            message = await receive()
            if message["type"] == "http.request":
                bytes_read += len(message.get("body", b""))
                if bytes_read > most_bytes:
                    raise HTTPException(413)
            return message

        told_length = Headers(scope=scope).get("content-length", "0")
        if told_length.isdigit() and int(told_length) > most_bytes:
            await of_status(413)(scope, receive, guarded)
            return
        try:
            await self._app(scope, counted, guarded)
        except asyncio.CancelledError:
            # The process is told to end and gives what is still under way no more time.
            if begun:
                raise
            ending = busy("not_ready", "The server is being restarted; send the same request again.")
            await of_problem(ending)(scope, receive, guarded)


def _most_bytes(scope: Scope) -> int:
    """How large the body of this request may be."""
    return MOST_BYTES if scope["method"] == "POST" and _PAPERS.fullmatch(scope["path"]) else MAX_BODY_BYTES
