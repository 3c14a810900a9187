"""Stripe as the API knows it: a window to look through, and the door at which it tells of things."""

from collections.abc import Sequence
from datetime import datetime

from gateways.stripe_webhooks import read_hint
from gateways.stripe_window import StripeWindow
from messages.hints import Hint


class StripeDoor(StripeWindow):
    """A read-only client and the secrets that events are signed with. api_base: empty for Stripe itself."""

    def __init__(self, api_key: str, api_base: str, secrets: Sequence[str]) -> None:
        super().__init__(api_key, api_base)
        self._secrets = tuple(secrets)

    def read_hint(self, raw: bytes, signature: str, now: datetime) -> Hint:
        """What an event is about, once its signature holds. Errors: NotAHint."""
        return read_hint(raw, signature, self._secrets, now)
