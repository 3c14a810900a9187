"""A call to the payment provider as it is written down before it goes out, and what is done with it next.

Rule: docs/rules/provider_calls.md. Instants are the real clock's, given by the caller.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# The provider forgets a key after 24 hours; from here on it is asked what it has before anything is sent again.
MATCH_AFTER = timedelta(hours=20)
# So long a call may be at work there after it was sent.
AT_WORK = timedelta(minutes=1)


class ProviderAway(ConnectionError):
    """The provider did not do it, or did not say so; the same call may be repeated after a moment.

    word: why, in one word of ours (busy, unreachable, failing, unreadable, key_refused, at_work, too_many); there is
    nothing of the provider's in it. certain: it surely did not begin the work. replayed: it repeats what it answered to
    this key before, so this key will never bring anything else.
    """

    def __init__(self, word: str, *, certain: bool = False, replayed: bool = False) -> None:
        super().__init__(word)
        self.word = word
        self.certain = certain
        self.replayed = replayed


class CallState(StrEnum):
    """What is known of a written call; see the rule."""

    NEW = "new"
    SENT = "sent"
    DONE = "done"
    UNKNOWN = "unknown"


class Move(StrEnum):
    """What is done with a call next: send it, match it at the provider first, look at what came of it, or wait."""

    SEND = "send"
    MATCH = "match"
    LOOK = "look"
    WAIT = "wait"


@dataclass(frozen=True)
class Call:
    """One call that changes something at the provider.

    key: ours, also kept in the metadata of what the call makes. what: the provider's name of it, such as
    `payment_intents.capture`; target: the object it is about, empty where it makes one. params: all that it says, as
    JSON, without a word about people.
    """

    key: str
    what: str
    target: str
    params: Mapping[str, Any]

    @property
    def params_hash(self) -> str:
        """A short name of what the call says."""
        said = json.dumps([self.what, self.target, self.params], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Written:
    """A call as it was written down. round: rises with each fresh key. code: why it was refused, where it was."""

    call: Call
    state: CallState
    round: int = 1
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    object_id: str = ""
    code: str = ""

    @property
    def wire_key(self) -> str:
        """The key under which the call is sent in this round."""
        return self.call.key if self.round == 1 else f"{self.call.key}~{self.round}"

    @property
    def in_doubt(self) -> bool:
        """Whether the provider may have done it without our knowing."""
        return self.state in (CallState.SENT, CallState.UNKNOWN)


def next_move(written: Written, at: datetime) -> Move:
    """What is done with a written call at this instant of the real clock."""
    if written.state is CallState.DONE:
        return Move.LOOK
    if written.state is CallState.NEW or written.first_sent_at is None:
        return Move.SEND
    if at - written.first_sent_at < MATCH_AFTER:
        return Move.SEND
    return Move.WAIT if at_work(written, at) else Move.MATCH


def at_work(written: Written, at: datetime) -> bool:
    """Whether what was sent last may not be at its end yet."""
    return written.in_doubt and written.last_sent_at is not None and at - written.last_sent_at < AT_WORK
