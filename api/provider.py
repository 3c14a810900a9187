"""What the API knows of the payment provider: a window to look through, and a door at which it tells of things.

The concrete ones are put in by api/app.py; nothing here changes anything there.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messages.hints import Hint, NotAHint


class Window(Protocol):
    """What the API may ask the payment provider: reads only, quick ones. Errors: ConnectionError, where it is busy."""

    def page_address(self, session_id: str) -> str | None:
        """Where the hosted page of a session is; None where it is over."""
        ...

    def client_secret(self, intent_id: str) -> str | None:
        """What a payment element needs; None where the intent is over."""
        ...


class Door(Protocol):
    """Where the payment provider tells of things."""

    def read_hint(self, raw: bytes, signature: str, now: datetime) -> Hint:
        """What an event is about, once its signature holds. Errors: NotAHint."""
        ...


@dataclass(frozen=True)
class NoProvider:
    """Where no provider is set up: every look fails, and nothing that comes is believed."""

    def page_address(self, session_id: str) -> str | None:
        """Errors: ConnectionError."""
        raise ConnectionError("no payment provider is set up")

    def client_secret(self, intent_id: str) -> str | None:
        """Errors: ConnectionError."""
        raise ConnectionError("no payment provider is set up")

    def read_hint(self, raw: bytes, signature: str, now: datetime) -> Hint:
        """Errors: NotAHint."""
        raise NotAHint("unsigned")
