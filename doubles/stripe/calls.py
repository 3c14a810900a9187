"""A call of the API: method, path, what it does, and the parameters it knows."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json
from doubles.stripe.forms import TEXT, ManyOf
from doubles.stripe.vault import Thing

Does = Callable[[Desk, Json, str], Thing | Json]
MOST_EXPANDED = 20


@dataclass(frozen=True)
class Call:
    """One call. path: without `/v1/`, `*` for an id; shape: its parameters; needed: those that must be there.

    does: gets the desk, the parameters, and the id in the path (`a/b` where there are two).
    """

    method: str
    path: str
    does: Does
    shape: Json = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    @cached_property
    def whole_shape(self) -> Json:
        """The parameters, with `expand`, which every call knows."""
        return {**self.shape, "expand": ManyOf(TEXT, MOST_EXPANDED)}

    @cached_property
    def pattern(self) -> "re.Pattern[str]":
        """What its path looks like."""
        return re.compile("/v1/" + self.path.replace("*", "([A-Za-z0-9_]{1,255})"))


def showing(kind: str) -> Does:
    """The call that shows one object."""

    def show(desk: Desk, _: Json, object_id: str) -> Thing:
        return desk.find(kind, object_id)

    return show


def listing(kind: str, path: str, **filters: str) -> Does:
    """The call that lists objects. filters: SQL of a condition for each parameter that chooses."""

    def page(desk: Desk, given: Json, _: str) -> Json:
        chosen: list[tuple[str, Any]] = [(sql, given[name]) for name, sql in filters.items() if given.get(name)]
        return desk.page(kind, given, f"/v1/{path}", chosen)

    return page
