"""How Stripe writes parameters: form pairs with brackets, read against a shape that says what a call knows.

A shape is a dict of names; each value is a kind below or a dict again. What a shape doesn't name is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from doubles.stripe.errors import Json, Refused, missing, unknown_parameters, wrong

MOST_PAIRS = 1_000
MOST_DEPTH = 8
MOST_TEXT = 5_000
MOST_METADATA = 50
MOST_KEY = 40
MOST_VALUE = 500
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Text:
    """A text. most: characters; blank: whether an empty one means 'none'."""

    most: int = MOST_TEXT
    blank: bool = False


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    least: int = 0
    most: int = 99_999_999_999


@dataclass(frozen=True)
class Flag:
    """`true` or `false`."""


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class ManyOf:
    """A list of something; most: how long it may be."""

    of: Any
    most: int = 100


@dataclass(frozen=True)
class Metadata:
    """Up to 50 texts by name; an empty text takes one away."""


@dataclass(frozen=True)
class Whatever:
    """Known and kept as it is given; the double makes nothing of it."""


TEXT, WHOLE, FLAG, METADATA, WHATEVER = Text(), Whole(), Flag(), Metadata(), Whatever()
PAGE: Json = {"limit": Whole(1, 100), "starting_after": TEXT, "ending_before": TEXT}
SPAN: Json = {"gt": WHOLE, "gte": WHOLE, "lt": WHOLE, "lte": WHOLE}


def parsed(text: str) -> Json:
    """`a[b]=1&c[]=2&d[0][e]=3` as nested dicts; lists stay dicts by position until a shape reads them.

    Errors: Refused where there are too many pairs, they nest too deep, or a name isn't one.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError:
        raise Refused(400, f"A request holds at most {MOST_PAIRS} parameters.") from None
    found: Json = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        steps = [match[1], *_PART.findall(match[2])] if match else []
        if not steps or len(steps) > MOST_DEPTH:
            raise Refused(400, f"Invalid parameter name: {name[:MOST_KEY]}", param=name[:MOST_KEY])
        place = found
        for step in steps[:-1]:
            inner = place.setdefault(step or str(len(place)), {})
            if not isinstance(inner, dict):
                raise wrong(name, f"Invalid parameter: {name}")
            place = inner
        place[steps[-1] or str(len(place))] = value
    return found


def read(given: Mapping[str, Any], shape: Mapping[str, Any], needed: tuple[str, ...] = (), path: str = "") -> Json:
    """What was given, in the shape's types. needed: names that must be there, `a.b` for one inside another.

    Errors: Refused in Stripe's words for unknown, missing and wrong parameters.
    """
    strangers = [_inside(path, name) for name in given if name not in shape]
    if strangers:
        raise unknown_parameters(strangers)
    found = {name: _value(value, shape[name], _inside(path, name)) for name, value in given.items()}
    for name in needed:
        place: Any = found
        for step in name.split("."):
            place = place.get(step) if isinstance(place, dict) else None
        if place is None:
            first, *rest = name.split(".")
            raise missing(first + "".join(f"[{step}]" for step in rest))
    return found


def _inside(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(value: Any, kind: Any, path: str) -> Any:
    match kind:
        case dict():
            # Some parameters may be a plain number or a span of numbers.
            if kind is SPAN and isinstance(value, str):
                return _whole(value, WHOLE, path)
            if value == "":
                return None
            return read(_dict(value, path), kind, path=path)
        case ManyOf():
            if value == "":
                return []
            items = list(_dict(value, path).values())
            if len(items) > kind.most:
                raise wrong(path, f"Too many values: at most {kind.most} are taken.")
            return [_value(item, kind.of, f"{path}[{number}]") for number, item in enumerate(items)]
        case Metadata():
            return _metadata(value, path)
        case Whatever():
            return value
    if not isinstance(value, str):
        raise wrong(path, f"Invalid string: {path}")
    return _plain(value, kind, path)


def _plain(value: str, kind: Any, path: str) -> Any:
    match kind:
        case Whole():
            return _whole(value, kind, path)
        case Flag():
            if value not in {"true", "false"}:
                raise wrong(path, f"Invalid boolean: {value}")
            return value == "true"
        case OneOf():
            if value not in kind.words:
                raise wrong(path, f"Invalid {path}: must be one of {', '.join(kind.words)}")
            return value
    if not value and not kind.blank:
        raise wrong(
            path,
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{path}' cannot be unset.",
            "parameter_invalid_empty",
        )
    if len(value) > kind.most:
        raise wrong(path, f"Invalid string: it has more than {kind.most} characters", "parameter_invalid_string_long")
    return value or None


def _whole(value: str, kind: Whole, path: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise wrong(path, f"Invalid integer: {value}", "parameter_invalid_integer")
    number = int(value)
    if not kind.least <= number <= kind.most:
        rule = f"must be greater than or equal to {kind.least}" if number < kind.least else f"at most {kind.most}"
        raise wrong(path, f"This value {rule}.", "parameter_invalid_integer")
    return number


def _dict(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise wrong(path, f"Invalid object: {path}")
    return value


def _metadata(value: Any, path: str) -> Json:
    if value == "":
        return {}
    texts = _dict(value, path)
    if len(texts) > MOST_METADATA:
        raise wrong(path, f"Metadata can have at most {MOST_METADATA} keys.")
    for key, text in texts.items():
        if len(key) > MOST_KEY:
            raise wrong(path, f"Metadata keys can have up to {MOST_KEY} characters; '{key[:MOST_KEY]}…' has more.")
        if not isinstance(text, str) or len(text) > MOST_VALUE:
            raise wrong(f"{path}[{key}]", f"Metadata values can have up to {MOST_VALUE} characters.")
    return texts


def merged(metadata: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Metadata after a change: names are added, replaced, or taken away by an empty text."""
    return {key: value for key, value in {**metadata, **changes}.items() if value != ""}
