"""What every command to a booking carries."""

from dataclasses import dataclass

from domain.booking import Actor


@dataclass(frozen=True)
class Asked:
    """What every command carries: its key, the version that was seen, who asks, by which door and why.

    seen: the `seq` of the row that the asker has read; a story that is behind it reads the row before it judges.
    """

    key: str
    body_hash: str
    actor: Actor
    channel: str
    version: int | None = None
    reason: str = ""
    stays: tuple[int, ...] = ()
    seen: int = 0
