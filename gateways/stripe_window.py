"""A read-only window onto Stripe for the API: where a guest pays. What it answers is never kept anywhere.

Secrets and page addresses are fetched while answering a guest. Whoever asks too often, or at a bad moment, is told to
come back: the API waits for Stripe neither long nor in numbers.
"""

import threading
import time
from collections.abc import Callable

from domain.provider_calls import ProviderAway
from gateways.stripe_line import StripeLine
from gateways.stripe_words import NotTaken

DEADLINE_SECONDS = 4.0
A_SECOND = 5


class WindowBusy(ConnectionError):
    """Stripe can't be asked now; the same may be asked again after a moment."""


class TokenBucket:
    """At most `a_second` permits a second, as many at once. clock: seconds that never go back."""

    def __init__(self, a_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(a_second)
        self._left = float(a_second)
        self._clock = clock
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether there is one now."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._at) * self._most)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class StripeWindow:
    """Where guests pay, by GET only; safe to use from several threads. Errors of both methods: WindowBusy."""

    def __init__(self, api_key: str, api_base: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        # Connecting and waiting share the deadline; the answers are small and come at once.
        self._line = StripeLine(api_key, api_base, seconds=(DEADLINE_SECONDS / 4, DEADLINE_SECONDS * 3 / 4))
        self._bucket = TokenBucket(A_SECOND, clock)

    def page_address(self, session_id: str) -> str | None:
        """Where the hosted page of a session is; None where it is over or was never there."""
        body = self._look("checkout.sessions", session_id)
        return str(body["url"]) if body and body.get("status") == "open" and body.get("url") else None

    def client_secret(self, intent_id: str) -> str | None:
        """What the payment element on a page of ours needs; None where the intent is over or was never there."""
        body = self._look("setup_intents" if intent_id.startswith("seti_") else "payment_intents", intent_id)
        if not body or body.get("status") in {"succeeded", "canceled", "requires_capture"}:
            return None
        secret = body.get("client_secret")
        return str(secret) if secret else None

    def _look(self, what: str, object_id: str) -> dict[str, object] | None:
        if not self._bucket.take():
            raise WindowBusy("too often")
        try:
            return self._line.get(what, object_id, None)
        except NotTaken:
            return None
        except ProviderAway as away:
            word = away.word
        raise WindowBusy(word)
