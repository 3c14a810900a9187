"""What our gateway may ask of the payment provider, what it was seen asking, and how a description takes that."""

import ast
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import stripe

from gateways import stripe_line

# Parameters that our version of the API has and stripe-mock's older description lacks. Without them a request has to
# be taken; one that is not needed any more is a fault.
NEWER: Mapping[tuple[str, str], str] = {
    (
        "POST /v1/checkout/sessions",
        "allowed_payment_method_types[]",
    ): "of sessions it knows only the former name, payment_method_types[]",
}
# What the line could ask and nothing of ours does: warnings are read by their names, fees and events in lists.
NOT_ASKED = frozenset({"GET /v1/radar/early_fraud_warnings", "GET /v1/application_fees/{id}", "GET /v1/events/{id}"})
STRANGER = ("holdfast_stranger", "1")
_PLACE = re.compile(r"\[\d+\]")
_NAME = "NAME"


@dataclass(frozen=True)
class Sent:
    """One request. fields: its parameters in order, those of a GET from its address."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The names of its parameters."""
        return frozenset(named(name) for name, _ in self.fields)

    def without(self, *names: str) -> "Sent":
        """The same without some parameters."""
        return replace(self, fields=tuple(one for one in self.fields if named(one[0]) not in names))


def named(name: str) -> str:
    """A parameter's name, whatever its place in a list: `expand[0]` is `expand[]`."""
    return _PLACE.sub("[]", name)


class _Noting(stripe.HTTPClient):
    """Sends nothing and notes which call it was."""

    name = "noting"

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """An empty object."""
        self.noted.append(f"{method.upper()} {urlsplit(url).path.replace(_NAME, '{id}')}")
        return '{"object": "noted"}', 200, {}


def kinds() -> list[str]:
    """Every kind of call that our line can make, as the provider's own client words it: `GET /v1/refunds/{id}`."""
    noting = _Noting()
    client = stripe.StripeClient("sk_test_nobody", http_client=noting)
    line = ast.parse(textwrap.dedent(inspect.getsource(stripe_line._post)))
    for node in ast.walk(line):
        if isinstance(node, ast.MatchValue):
            stripe_line._post(client, ast.literal_eval(node.value), _NAME, {}, {"idempotency_key": "noted"})
    for service in stripe_line._services(client).values():
        service.retrieve(_NAME)
        service.list()
    return noting.noted


def kind_of(one: Sent, known: Iterable[str]) -> str:
    """Which kind of call a request is; empty where it is none of ours."""
    asked = f"{one.method} {one.path}"
    # Most words first: `/v1/refunds/latest` would also fit `/v1/refunds/{id}`.
    for kind in sorted(known, key=lambda each: each.count("{id}")):
        if re.fullmatch(re.escape(kind).replace(r"\{id\}", "[^/]+"), asked):
            return kind
    return ""


class Check:
    """Shows what was sent to a description of the API, request by request.

    known: every kind of call of ours; ask: the complaint about a request, empty where it is taken. shapes: the sets of
    parameters by kind; as_they_are: requests taken so; newer: requests taken without a parameter of NEWER.
    """

    def __init__(self, known: Iterable[str], ask: Callable[[Sent], str]) -> None:
        self._known = tuple(known)
        self._ask = ask
        self._strange: list[str] = []
        self._refused: Counter[str] = Counter()
        self.shapes: dict[str, set[frozenset[str]]] = {}
        self.as_they_are = 0
        self.newer: Counter[tuple[str, str]] = Counter()

    def show(self, one: Sent) -> None:
        """Shows a request; if it is refused, once more without what is newer than the description."""
        kind = kind_of(one, self._known)
        if not kind:
            self._strange.append(f"{one.method} {one.path} is no call of the line's")
            return
        first = kind not in self.shapes
        self.shapes.setdefault(kind, set()).add(one.names)
        complaint, taken = self._ask(one), one
        self.as_they_are += not complaint
        newer = [name for of, name in NEWER if of == kind and name in one.names]
        if complaint and newer:
            taken = one.without(*newer)
            complaint = self._ask(taken)
            self.newer.update((kind, name) for name in newer if not complaint)
        if complaint:
            self._refused[f"{kind} with {', '.join(sorted(one.names)) or 'nothing'} is refused: {complaint}"] += 1
        elif first and not self._ask(replace(taken, fields=(*taken.fields, STRANGER))):
            self._strange.append(f"{kind} is taken with a parameter that nobody knows")

    def faults(self) -> list[str]:
        """What is wrong, in words; call it after all was shown."""
        return [
            *self._strange,
            *(f"{words} ({times} times)" for words, times in self._refused.items()),
            *(f"{kind} was never asked" for kind in self._known if kind not in {*self.shapes, *NOT_ASKED}),
            *(f"{kind} is asked after all" for kind in sorted(NOT_ASKED & self.shapes.keys())),
            *(f"{kind} need not be sent without {name}" for kind, name in NEWER if not self.newer[kind, name]),
        ]
