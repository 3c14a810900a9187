"""Sending mail, in words of ours: every provider is hidden behind `Mailer`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

MOST_LETTERS = 50


@dataclass(frozen=True)
class Letter:
    """One mail to one reader.

    to: a single address; sender: `"Name" <address>`; tag: a word to sort by; metadata: at most 10 short texts by
    which the provider can find the letter again.
    """

    to: str
    subject: str
    html: str
    text: str
    sender: str
    reply_to: str = ""
    tag: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """What became of one letter.

    sent: the provider has it, under provider_id. refused: it will never take it; code and text say why.
    busy: it did not take it now. unclear: it is not known whether it took it (cut line, time-out, failure inside).
    """

    outcome: Literal["sent", "refused", "busy", "unclear"]
    provider_id: str = ""
    code: int = 0
    text: str = ""


@dataclass(frozen=True)
class Found:
    """What a provider knows of a letter. outcome: found, absent or busy (it could not be asked)."""

    outcome: Literal["found", "absent", "busy"]
    provider_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


class Mailer(Protocol):
    """A mail provider. Nothing of the provider's own, no exception either, gets past it."""

    async def send(self, letters: Sequence[Letter]) -> list[Sent]:
        """Sends at most MOST_LETTERS letters (ValueError beyond); one outcome a letter, in the same order."""
        ...

    async def find(self, key: str, value: str) -> Found:
        """The newest letter whose metadata has this value under this key."""
        ...
