"""The one way this house says no.

A refusal is an answer of the trade ("sold out", "2 nights at least"), not a failure of the program.
It carries a stable code for machines, a sentence for people, and where it helps the field and the facts.
"""

from dataclasses import dataclass
from dataclasses import field as default
from enum import StrEnum


class Kind(StrEnum):
    """Which family of answer a refusal belongs to; the doors map it to a status code."""

    RULE = "rule"  # A valid request that a rule refuses (422).
    CONFLICT = "conflict"  # The state has moved on, or somebody was faster (409).
    ABSENT = "absent"  # It does not exist, or the asker may not know that it does (404).
    FORBIDDEN = "forbidden"  # The asker is known and may not (403).
    AWAY = "away"  # Somebody who is needed for it does not answer at present (503).


Fact = str | int | bool | list[str]


@dataclass(eq=False)
class Refused(Exception):
    """A typed no.

    code: stable snake_case word; detail: one sentence that names the rule and its value;
    field: the input's name in dotted form, where one input is to blame; facts: values a program may need.
    """

    code: str
    detail: str
    kind: Kind = Kind.RULE
    field: str | None = None
    facts: dict[str, Fact] = default(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(f"{self.code}: {self.detail}")


def rule(code: str, detail: str, field: str | None = None, **facts: Fact) -> Refused:
    """A refusal by a rule (422)."""
    return Refused(code, detail, Kind.RULE, field, dict(facts))


def conflict(code: str, detail: str, field: str | None = None, **facts: Fact) -> Refused:
    """A refusal because the state has moved on (409)."""
    return Refused(code, detail, Kind.CONFLICT, field, dict(facts))


def absent(detail: str = "There is nothing here that you may see.") -> Refused:
    """The same answer for what does not exist and for what is not the asker's (404)."""
    return Refused("not_found", detail, Kind.ABSENT)


def forbidden(code: str, detail: str) -> Refused:
    """The asker is known and may not (403)."""
    return Refused(code, detail, Kind.FORBIDDEN)


def away(code: str, detail: str) -> Refused:
    """Somebody who is needed for it does not answer; the same may be asked again later (503)."""
    return Refused(code, detail, Kind.AWAY)
