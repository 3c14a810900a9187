"""A guest's or a desk's browser at its leanest: one kept connection, so that the measuring itself weighs little."""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE_SECONDS = 30.0
HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True)
class Reply:
    """What came back, and how long it took."""

    status: int
    body: bytes
    milliseconds: float

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def good(self) -> "Reply":
        """Itself. Errors: RuntimeError for any answer that is not 2xx, with its words."""
        if self.status >= 300:
            raise RuntimeError(f"{self.status}: {self.body.decode(errors='replace')[:500]}")
        return self


def content_length(head: bytes) -> int:
    """The length that an answer's head tells. Errors: ValueError where it tells none."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError("the answer does not tell its length")


class Web:
    """One connection to one address, with an optional bearer token."""

    def __init__(self, address: str, token: str = "") -> None:
        parts = urlsplit(address)
        self._place = (parts.hostname or "", parts.port or 80)
        self._pipe: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.token = token

    async def get(self, path: str, token: str = "") -> Reply:
        """Asks."""
        return await self._ask("GET", path, b"", token, "")

    async def post(self, path: str, body: Any, token: str = "", key: str = "") -> Reply:
        """Acts; with a fresh Idempotency-Key where none is given."""
        return await self._ask("POST", path, json.dumps(body).encode(), token, key or secrets.token_hex(8))

    async def close(self) -> None:
        """Hangs up."""
        if self._pipe is not None:
            self._pipe[1].close()
            self._pipe = None

    async def _ask(self, method: str, path: str, body: bytes, token: str, key: str) -> Reply:
        token = token or self.token
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._place[0]}", f"Content-Length: {len(body)}"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        lines += [f"Idempotency-Key: {key}", "Content-Type: application/json"] if method == "POST" else []
        request = "\r\n".join(lines).encode() + HEAD_ENDS + body
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                head, told = await self._exchange(request)
            except (ConnectionError, asyncio.IncompleteReadError):
                # A server hangs up on who was silent for long; what was not taken is sent once more, with its key.
                await self.close()
                head, told = await self._exchange(request)
        if b"connection: close" in head.lower():
            await self.close()
        return Reply(int(head.split(b" ", 2)[1]), told, (time.perf_counter() - began) * 1000)

    async def _exchange(self, request: bytes) -> tuple[bytes, bytes]:
        if self._pipe is None:
            self._pipe = await asyncio.open_connection(*self._place)
        reader, writer = self._pipe
        writer.write(request)
        head = await reader.readuntil(HEAD_ENDS)
        return head, await reader.readexactly(content_length(head))


async def log_in(web: Web, who: str = "frontdesk@malabar.example") -> str:
    """A token of the demo desk."""
    body = {"email": who, "password": "holdfast-demo"}
    return str((await web.post("/api/v1/auth/login", body)).good().json["access_token"])
