"""The docs page's content, out of the OpenAPI document: operations with their examples, and every problem's code."""

import json
from collections.abc import Mapping
from typing import Any

from api.shapes.problem_words import REASONS
from api.shapes.problems import all_codes

_METHODS = ("get", "post", "put", "patch", "delete")


def documented(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows: `about` in paragraphs, `tags` with their operations, `problems`, `reasons`."""
    operations: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                operations[operation["tags"][0]].append(_operation(path, method, operation))
    return {
        "about": _paragraphs(document["info"]["description"]),
        "tags": [{**tag, "operations": operations[tag["name"]]} for tag in document["tags"]],
        "problems": list(all_codes().values()),
        "reasons": REASONS,
    }


def _paragraphs(words: str) -> list[str]:
    return [" ".join(part.split()) for part in words.strip().split("\n\n") if part.strip()]


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    described = _paragraphs(operation.get("description", ""))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = [_answer(status, told) for status, told in operation["responses"].items()]
    codes = " ".join(code for answer in answers for code in answer["codes"])
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": described[0].split(": ")[0].split(". ")[0].removesuffix(".") if described else "",
        "description": described,
        "logins": sorted({name.replace("_", " ") for one in operation.get("security", ()) for name in one}),
        "parameters": [_parameter(one) for one in operation.get("parameters", ())],
        "requests": _examples(content),
        "answers": sorted(answers, key=lambda answer: answer["status"]),
        "find": " ".join((path, method, operation.get("summary", ""), *described, codes)).lower(),
    }


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    schema = one.get("schema", {})
    words = one.get("description") or schema.get("description", "")
    if schema.get("default") not in (None, "", []):
        words = f"{words} Default: {schema['default']}.".strip()
    return {"name": one["name"], "place": one["in"], "required": one.get("required", False), "words": words}


def _answer(status: str, told: Mapping[str, Any]) -> dict[str, Any]:
    examples = [example for content in told.get("content", {}).values() for example in _examples(content)]
    codes = [example["name"] for example in examples] if status[0] in "45" and status != "503" else []
    return {"status": status, "words": told.get("description", ""), "codes": codes, "examples": examples}


def _examples(content: Mapping[str, Any]) -> list[dict[str, str]]:
    found = content.get("examples") or ({"for example": {"value": content["example"]}} if "example" in content else {})
    return [{"name": name, "text": _text(told["value"])} for name, told in found.items()]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
