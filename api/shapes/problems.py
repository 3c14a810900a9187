"""Problems as OpenAPI tells them: one schema, and for each operation the codes that it may answer with."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.problems import MEDIA_TYPE, body_of
from api.shapes.problem_words import PROBLEMS


class FieldError(BaseModel):
    """One input that is to blame."""

    field: str = Field(description="The input's name in dotted form.", examples=["guest.email"])
    rule: str = Field(description="The rule it breaks, as a stable word.", examples=["string_pattern_mismatch"])
    detail: str = Field(description="One sentence for people.")


class ProblemBody(BaseModel):
    """An RFC 9457 problem. Some codes bring facts of their own beside these members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Where the code is explained.", examples=["/api/docs#problem-sold_out"])
    title: str
    status: int
    detail: str = Field(description="One sentence for people.")
    code: str = Field(description="Stable word for programs, snake_case.", examples=["sold_out"])
    errors: list[FieldError] | None = Field(default=None, description="The inputs that are to blame, where some are.")
    allowed_actions: list[str] | None = Field(default=None, description="What can be done instead.")
    retry_after: int | None = Field(default=None, description="Seconds to wait before the same request again.")


_MEANINGS = {
    400: "The request can't be read.",
    401: "Nobody is known by what was sent.",
    403: "Known, and may not.",
    404: "It does not exist, or you may not know that it does.",
    405: "This address does not offer that method.",
    409: "The state has moved on, or somebody was faster.",
    413: "The body is too large.",
    422: "A rule refuses.",
    429: "Too many requests; see Retry-After.",
    500: "A bug of ours.",
    503: "Not now; see Retry-After.",
}
ALWAYS = ("method_not_allowed", "unexpected", "not_ready")


def example_of(code: str) -> dict[str, Any]:
    """The problem document that stands for a code in the docs."""
    told = PROBLEMS[code]
    errors = [{"field": told.field, "rule": code, "detail": told.detail}] if told.field else []
    return body_of(told.status, code, told.detail, facts=told.facts, errors=errors)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The documented problems of an operation, by status, with an example for each code."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in dict.fromkeys((*codes, *ALWAYS)):
        status = PROBLEMS[code].status
        told = found.setdefault(
            status,
            {
                "description": _MEANINGS[status],
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}, "examples": {}}},
            },
        )
        told["content"][MEDIA_TYPE]["examples"][code] = {"summary": code, "value": example_of(code)}
        if status in (429, 503):
            seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            told["headers"] = {"Retry-After": seconds}
    return found


def all_codes() -> dict[str, dict[str, Any]]:
    """Every code that the docs page explains, with its example."""
    return {code: example_of(code) for code in PROBLEMS}
