"""Delivers the Stripe double's events: each a POST, signed anew with this machine's time, tried again for a while.

Source of the signature: Stripe's pages on webhooks: `t=…,v1=HMAC-SHA256(secret, "{t}.{body}")`, one v1 for each secret.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

import requests

from doubles.faults import Faults
from doubles.stripe.vault import Vault

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
SECONDS = 5.0
AT_ONCE = 20
# Just enough that what was overtaken comes after what overtook it.
BEHIND_SECONDS = 0.001


def signed(secrets: Sequence[str], body: str, at: int) -> str:
    """The `Stripe-Signature` of a body at an instant, with one signature for each secret."""
    marks = [hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class Courier:
    """Delivers to one address. url: empty delivers nothing by itself; secrets: what each delivery is signed with."""

    def __init__(self, vault: Vault, faults: Faults, url: str, secrets: Sequence[str]) -> None:
        self._vault, self._faults, self.url, self.secrets = vault, faults, url, tuple(secrets)
        self._session = requests.Session()
        # A proxy of the surroundings leads out of this machine, never to a part of it.
        self._session.trust_env = False
        self._news = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def paused(self) -> bool:
        """Whether events are held until they are released."""
        return self._vault.fact("webhooks_paused") > 0

    def plan(self, event_type: str) -> list[tuple[str, float]]:
        """State and moment of each delivery of a new event, after the fault that it meets."""
        now = time.time()
        # What waits to be overtaken comes right after this one.
        self._vault.change_state("behind", "waiting", now + BEHIND_SECONDS)
        if self.paused:
            return [("held", now)]
        if not self.url:
            return []
        fault = self._faults.strike_webhook(event_type)
        match fault.word if fault else "":
            case "webhook_drop":
                return [("dropped", now)]
            case "webhook_duplicate":
                return [("waiting", now), ("waiting", now)]
            case "webhook_delay":
                return [("waiting", now + (fault.seconds if fault else 0.0))]
            case "webhook_reorder":
                return [("behind", now + (fault.seconds if fault else 0.0))]
        return [("waiting", now)]

    def wake(self) -> None:
        """Begins, or goes on, delivering what is owed. It is called inside the loop that serves."""
        if not self.url:
            return
        self._news.set()
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Ends the delivering; what is owed stays in the file."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _run(self) -> None:
        while True:
            self._news.clear()
            self._vault.overtake(time.time())
            owed = self._vault.owed(time.time(), AT_ONCE)
            for one in owed:
                await self._post(one)
            if owed:
                continue
            next_at = self._vault.next_owed_at()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if next_at is None else max(0.01, next_at - time.time())):
                    await self._news.wait()

    async def _post(self, one: dict[str, Any]) -> None:
        status = await self.deliver(one["body"])
        tries = one["tries"] + 1
        if status is not None and status // 100 == 2:
            self._vault.settle(one["number"], "delivered", status, time.time(), tries)
        elif tries > len(PAUSES):
            self._vault.settle(one["number"], "failed", status, time.time(), tries)
        else:
            self._vault.settle(one["number"], "waiting", status, time.time() + PAUSES[tries - 1], tries)

    async def deliver(self, body: str, url: str = "") -> int | None:
        """One delivery now, signed now; answers the HTTP status, None where nobody answered."""
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        try:
            return await asyncio.to_thread(self._send, text, url or self.url)
        except requests.RequestException:
            return None

    def _send(self, text: str, url: str) -> int:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+double)",
            "Stripe-Signature": signed(self.secrets, text, int(time.time())),
        }
        answer = self._session.post(url, data=text.encode(), headers=headers, timeout=SECONDS, allow_redirects=False)
        return answer.status_code
