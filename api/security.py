"""What every answer carries and every request must keep to: security headers and a bound on bodies.

There is no CORS: no other site's script may read an answer of ours.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import of_status

MAX_BODY_BYTES = 64 * 1024
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


class Guard:
    """Adds the headers to every answer, and refuses bodies over 64 KB however their length is told."""

    def __init__(self, app: ASGIApp, *, by_tls: bool) -> None:
        self._app = app
        self._headers = (*_HEADERS, _ONLY_BY_TLS) if by_tls else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI, because it is on every path."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bytes_read = 0

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers.setdefault(name, value)
            await send(message)

        async def counted() -> Message:
            nonlocal bytes_read
            message = await receive()
            if message["type"] == "http.request":
                bytes_read += len(message.get("body", b""))
                if bytes_read > MAX_BODY_BYTES:
                    raise HTTPException(413)
            return message

        told_length = Headers(scope=scope).get("content-length", "0")
        if told_length.isdigit() and int(told_length) > MAX_BODY_BYTES:
            await of_status(413)(scope, receive, guarded)
            return
        await self._app(scope, counted, guarded)
