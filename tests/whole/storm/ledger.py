"""What was asked, what was answered, and what the answers promise of each booking."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = "no answer"


@dataclass
class Asking:
    """One wish of a client, with every try of it. word: what is wished; keys: those sent, one where it is careful.

    tries: the status of each answer, or that there was none. status, body: the answer that settled it.
    """

    word: str
    amount_minor: int = 0
    keys: list[str] = field(default_factory=list)
    tries: list[int | str] = field(default_factory=list)
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def granted(self) -> bool:
        """Whether the answer was a yes."""
        return 200 <= self.status < 300


@dataclass
class Life:
    """One wish for a booking, and everything that its client was answered. email: by which its bookings are known.

    ends: the statuses in which it may be found when everything has come to rest.
    """

    email: str
    path: str
    careful: bool = True
    reference: str = ""
    token: str = ""
    version: int = 0
    status: str = ""
    balance_minor: int = 0
    currency: str = ""
    ends: tuple[str, ...] = ()
    askings: list[Asking] = field(default_factory=list)
    trouble: str = ""

    def granted(self, word: str) -> list[Asking]:
        """The wishes of this kind that were answered with a yes."""
        return [asking for asking in self.askings if asking.word == word and asking.granted]


@dataclass
class Tally:
    """What all lives come to, for the one who reads the proof."""

    lives: list[Life] = field(default_factory=list)
    answered_at: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)

    def note(self, now: float, method: str, path: str, status: int | str, code: str = "") -> None:
        """Counts one answer, or that there was none."""
        self.statuses[f"{status} {code}".strip()] += 1
        if isinstance(status, int) and status < 400:
            self.answered_at.append(now)
        if isinstance(status, int) and status >= 500 and status != 503:
            self.strange.append(f"{method} {path} was answered {status}")

    @property
    def longest_silence(self) -> float:
        """The longest time in which nobody, of all who asked, was answered with a yes."""
        pairs = zip(self.answered_at, self.answered_at[1:], strict=False)
        return max((later - earlier for earlier, later in pairs), default=0.0)

    def told(self, *, careful: bool) -> str:
        """The figures in one paragraph."""
        lives = [life for life in self.lives if life.careful is careful]
        askings = [asking for life in lives for asking in life.askings]
        again = sum(len(asking.tries) - 1 for asking in askings)
        slowest = max((asking.seconds for asking in askings), default=0.0)
        ends = Counter(life.status or "none" for life in lives)
        return (
            f"{len(lives)} lives, {len(askings)} wishes, {again} retries, slowest wish {slowest:.1f} s; "
            f"answered last: {dict(sorted(ends.items()))}"
        )
