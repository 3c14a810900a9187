"""Delivers the Stripe double's events: each a POST, signed anew with this machine's time, tried again for a while.

Source of the signature: Stripe's pages on webhooks: `t=…,v1=HMAC-SHA256(secret, "{t}.{body}")`, one v1 for each secret.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

from doubles.faults import Faults
from doubles.sender import SECONDS, Sender
from doubles.stripe.vault import Vault

# Stripe takes any success for heard.
HEARD = range(200, 300)
# Just enough that what was overtaken comes after what overtook it.
BEHIND_SECONDS = 0.001


def signed(secrets: Sequence[str], body: str, at: int) -> str:
    """The `Stripe-Signature` of a body at an instant, with one signature for each secret."""
    marks = [hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class Courier(Sender):
    """Delivers to one address. url: empty delivers nothing by itself; secrets: what each delivery is signed with."""

    def __init__(self, vault: Vault, faults: Faults, url: str, secrets: Sequence[str]) -> None:
        super().__init__(vault, url, HEARD)
        self._vault, self._faults, self.secrets = vault, faults, tuple(secrets)

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

    def _due(self) -> dict[str, Any] | None:
        self._vault.overtake(time.time())
        return super()._due()

    def _note(self, one: dict[str, Any], state: str, status: int | None, at: float) -> None:
        self._vault.settle(one["number"], state, status, at, one["tries"] + 1)

    def _send(self, body: str, url: str) -> int:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+double)",
            "Stripe-Signature": signed(self.secrets, text, int(time.time())),
        }
        answer = self._session.post(url, data=text.encode(), headers=headers, timeout=SECONDS, allow_redirects=False)
        return answer.status_code
