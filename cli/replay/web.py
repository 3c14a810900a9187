"""A plain client of the API for many at once, which counts every answer it gets."""

import asyncio
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

API = "/api/v1"
CALL_SECONDS = 30.0
TRIES = 20
LATER = {429, 503}
LONGEST_WAIT_SECONDS = 10.0


class NotDone(Exception):
    """The API said no, or did not answer at all; the text tells to what."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]
    retry_after: float = 1.0


class Web:
    """A connection for each of `at_once` threads.

    statuses: how often each status was answered, also where it was asked again; lost: connections that ended under a
    call. What is sent carries its key or its version, so that asking again does nothing twice.
    """

    def __init__(self, base_url: str, at_once: int) -> None:
        place = urlsplit(base_url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="guest")
        self._own = threading.local()
        self._lines: list[HTTPConnection] = []
        self.statuses: Counter[int] = Counter()
        self.lost = 0

    def close(self) -> None:
        """Lets the threads go, and closes what they were connected to."""
        self._threads.shutdown(cancel_futures=True)
        for line in self._lines:
            line.close()

    @property
    def calls(self) -> int:
        """Every answer counts."""
        return self.statuses.total()

    @property
    def server_errors(self) -> int:
        """Answers from 500 up."""
        return sum(count for status, count in self.statuses.items() if status >= 500)

    async def get(self, path: str, token: str = "", asked: dict[str, object] | None = None) -> dict[str, Any]:
        """A page, which has to be there."""
        query = f"?{urlencode(asked)}" if asked else ""
        return (await self._asked("GET", path + query, None, token, "")).body

    async def post(
        self, path: str, body: dict[str, Any], token: str = "", key: str = "", *, conflict: bool = False
    ) -> Answer:
        """An act, which has to be done; with `conflict` a 409 is an answer as well."""
        return await self._asked("POST", path, body, token, key, {409} if conflict else set())

    async def _asked(
        self, method: str, path: str, body: dict[str, Any] | None, token: str, key: str, fine: set[int] | None = None
    ) -> Answer:
        said = f"{method} {path}"
        for _ in range(TRIES):
            try:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self._threads, self._call, method, path, body, token, key)
            except (OSError, HTTPException) as lost:
                self.lost += 1
                said = f"{method} {path}: {lost!r}"
                await asyncio.sleep(0.1)
                continue
            self.statuses[answer.status] += 1
            if answer.status < 300 or answer.status in (fine or set()):
                return answer
            said = f"{method} {path.partition('?')[0]}: {answer.status} {answer.body.get('code', '')}"
            said += f": {answer.body.get('detail', '')}"
            if answer.status not in LATER:
                break
            await asyncio.sleep(min(answer.retry_after, LONGEST_WAIT_SECONDS))
        raise NotDone(said)

    def _call(self, method: str, path: str, body: dict[str, Any] | None, token: str, key: str) -> Answer:
        """One request on this thread's connection; a connection that fails is not used again."""
        line: HTTPConnection | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = HTTPConnection(self._host, self._port, timeout=CALL_SECONDS)
            self._lines.append(line)
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        try:
            line.request(method, API + path, None if body is None else json.dumps(body), headers)
            answer = line.getresponse()
            text = answer.read()
        except (OSError, HTTPException):
            line.close()
            self._own.line = None
            raise
        told = json.loads(text) if text else {}
        return Answer(answer.status, told, float(answer.headers.get("Retry-After") or 1))
