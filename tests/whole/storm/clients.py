"""Clients that ask until they are answered: the same key again after every unclear outcome, and never anything else.

A careless client sends a fresh key with each try, as one does that knows nothing of keys. Some answers get lost on
their way home, beside those that a kill swallows.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.whole.storm.ledger import NO_ANSWER, Asking, Life, Tally

API = "/api/v1"
UNCLEAR = (429, 500, 502, 503, 504)
TRY_SECONDS = 20.0
# A server's Retry-After is kept to; where there is no answer at all, a client waits about this long.
PAUSE_SECONDS = (0.2, 1.0)
LOST = 0.15


class GivesUp(Exception):
    """A client has waited longer than anybody would."""


@dataclass
class Wire:
    """One way to the API, for all clients. chance: of keys and pauses, by the storm's seed."""

    base: str
    tally: Tally
    chance: random.Random
    give_up_at: float
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_connections=200, keepalive_expiry=5)
        self.client = httpx.AsyncClient(base_url=self.base, timeout=httpx.Timeout(TRY_SECONDS), limits=limits)

    async def ask(
        self, life: Life, word: str, path: str, body: dict[str, Any], token: str = "", amount_minor: int = 0
    ) -> Asking:
        """Sends a wish until it is answered with a yes or a no. Errors: GivesUp."""
        asking = Asking(word, amount_minor)
        life.askings.append(asking)
        key, began = self._key(), time.monotonic()
        while True:
            if not life.careful:
                key = self._key()
            if key not in asking.keys:
                asking.keys.append(key)
            answer = await self._once("POST", path, token, asking, json=body, headers={"Idempotency-Key": key})
            if answer is not None and not self._is_lost(life, asking):
                asking.status, asking.body = answer.status_code, answer.json()
                asking.seconds = time.monotonic() - began
                return asking

    def _is_lost(self, life: Life, asking: Asking) -> bool:
        """Whether the answer never comes home, as when a line breaks behind the server: the client can't know it.

        It happens to some first answers of the careful and to all of the careless.
        """
        if sum(each != NO_ANSWER for each in asking.tries) > 1:
            return False
        lost = not life.careful or self.chance.random() < LOST
        if lost:
            asking.tries.append(NO_ANSWER)
        return lost

    async def look(self, path: str, token: str = "", **asked: Any) -> dict[str, Any]:
        """A page, asked for until it is there. Errors: GivesUp."""
        asking = Asking("look")
        while True:
            answer = await self._once("GET", path, token, asking, params=asked)
            if answer is not None:
                asking.status = answer.status_code
                found: dict[str, Any] = answer.json() if asking.granted else {}
                return found

    async def _once(self, method: str, path: str, token: str, asking: Asking, **sent: Any) -> httpx.Response | None:
        """One try; None where its outcome is unclear, after the pause that is due then."""
        if time.monotonic() > self.give_up_at:
            raise GivesUp(f"{asking.word} was not answered; its tries came to {asking.tries[-5:]}")
        headers = {**sent.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = await self.client.request(method, API + path, headers=headers, **sent)
        except httpx.TransportError as trouble:
            asking.tries.append(NO_ANSWER)
            self.tally.note(time.monotonic(), method, path, NO_ANSWER, type(trouble).__name__)
            await asyncio.sleep(self.chance.uniform(*PAUSE_SECONDS))
            return None
        asking.tries.append(answer.status_code)
        code = _code(answer)
        self.tally.note(time.monotonic(), method, path, answer.status_code, code)
        if answer.status_code not in UNCLEAR:
            return answer
        wait = answer.headers.get("Retry-After")
        if wait is None:
            self.tally.strange.append(f"{method} {path} was answered {answer.status_code} without Retry-After")
        await asyncio.sleep(min(float(wait or 1), 5.0) * self.chance.uniform(0.9, 1.2))
        return None

    def _key(self) -> str:
        return f"{self.chance.getrandbits(96):024x}"


def _code(answer: httpx.Response) -> str:
    """The code of a problem; what an answer that is none says, so that it is seen who gave it."""
    if answer.status_code < 400:
        return ""
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return f"no problem+json from {answer.headers.get('server', 'nobody')}: {answer.text[:80]!r}"
