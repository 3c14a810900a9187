"""The OpenAPI document and the page that shows it: complete, with examples that are true to their shapes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from jsonschema_rs import validator_for

from api import permissions
from api.app import create_app
from api.callers import DeskRoute
from api.shapes.problem_words import REASONS
from api.shapes.problems import all_codes
from config.settings import Settings
from tests.api.world import API

ROOT = Path(__file__).resolve().parents[2]
# Who says no, and among how many of its first arguments its code is.
SAYERS = {"rule": 1, "conflict": 1, "forbidden": 1, "busy": 1, "Problem": 2, "_on": 1}
# Rows of ours that are wrong, and inputs whose shape is checked before.
NEVER_OVER_HTTP = {"currency_mixed", "currency_unknown"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(settings: Settings) -> dict[str, Any]:
    """The document as it is served."""
    return create_app(settings).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation with its name."""
    for path, methods in document["paths"].items():
        for method in METHODS & methods.keys():
            yield f"{method.upper()} {path}", methods[method]


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is sent and what is answered, by status."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", content
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            yield status, content


def test_every_operation_has_an_example_of_all_it_takes_and_answers(document: dict[str, Any]) -> None:
    """Requests, answers and problems; only an answer without a body has none."""
    bare = [
        f"{name} {status}"
        for name, operation in operations(document)
        for status, content in contents(operation)
        if not content.get("examples") and "example" not in content
    ]
    assert bare == []
    silent = [
        f"{name} {status}"
        for name, operation in operations(document)
        for status, answer in operation["responses"].items()
        if not answer.get("content") and status != "204"
    ]
    assert silent == []


def test_every_example_is_true_to_its_shape(document: dict[str, Any]) -> None:
    """Checked against the very schema that stands beside it, members that are not told included."""
    wrong = []
    for name, operation in operations(document):
        for status, content in contents(operation):
            if "schema" not in content:
                continue
            schema = {**content["schema"], "components": document["components"]}
            checker = validator_for(schema)
            for told, one in content.get("examples", {}).items():
                wrong += [f"{name} {status} {told}: {error.message}" for error in checker.iter_errors(one["value"])]
    assert wrong == []


def test_every_operation_tells_its_problems_and_its_login(document: dict[str, Any]) -> None:
    """404 where an address names something, 401 behind a login, 400 where something is read, and the rest always."""
    for name, operation in operations(document):
        statuses = operation["responses"].keys()
        assert {"405", "500", "503"} <= statuses, name
        if "{" in name:
            assert "404" in statuses, name
        if operation.get("security"):
            assert "401" in statuses, name
        if "/desk/" in name:
            assert {"400", "401", "403", "404"} <= statuses, name
        if "requestBody" in operation:
            assert {"400", "413"} <= statuses, name
        for status in statuses:
            if status in ("429", "503") and "readyz" not in name:
                assert "Retry-After" in operation["responses"][status]["headers"], name
        assert operation["description"], name
    assert "HTTPValidationError" not in document["components"]["schemas"]
    named = [parameter["name"] for parameter in document["paths"][f"{API}/bookings"]["post"]["parameters"]]
    assert named == ["Idempotency-Key"]


def test_every_operation_of_the_desk_is_in_the_table_of_roles(settings: Settings) -> None:
    """And no line of the table is for a thing that is not there."""
    routes = [route for route in create_app(settings).routes if isinstance(route, DeskRoute)]
    assert {route.name for route in routes} == permissions.ROLES.keys()


def test_every_code_that_the_rules_can_answer_with_is_explained() -> None:
    """No rule says no in a word that the docs do not know."""
    said = {
        argument.value
        for folder in ("activities", "api", "domain", "messages", "store", "workflows")
        for path in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAYERS
        for argument in call.args[: SAYERS[call.func.id]]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert said - all_codes().keys() - REASONS.keys() == NEVER_OVER_HTTP


async def test_the_docs_page_shows_all_of_it_and_fetches_nothing_from_elsewhere(
    api: AsyncClient, document: dict[str, Any]
) -> None:
    """Each operation and each problem has a place of its own to point to."""
    page = (await api.get("/api/docs")).text
    for name, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page, name
    for code in all_codes():
        assert f'id="problem-{code}"' in page
    fetched = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert fetched
    assert all(address.startswith(("/", "#")) for address in fetched)
    assert "<style" not in page
    assert not re.search(r"<script(?! src=)", page)
    assert (await api.get(f"{API}/openapi.json")).json() == document
