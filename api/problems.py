"""Every "no" over HTTP, as RFC 9457 problems: one media type, one shape, stable codes.

400 malformed; 401 no login; 403 known and may not; 404 also for what one may not know exists; 409 the state has moved
on; 422 a rule refuses; 429 and 503 with Retry-After. A problem never names the request, so that two different
absent things get the very same answer.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.permissions import within
from domain.refusals import Kind, Refused
from store.session import DatabaseAway
from store.staff import StaffRole

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "/api/docs#problem-"
MAX_ERRORS_TOLD = 20
_STATUS = {Kind.RULE: 422, Kind.CONFLICT: 409, Kind.ABSENT: 404, Kind.FORBIDDEN: 403, Kind.AWAY: 503}
# Who is away is asked again by the booking itself; until then a caller gains nothing by asking sooner.
AWAY_SECONDS = 15

log = structlog.get_logger("api")


class Problem(Exception):
    """An answer that is a problem of the door, not a rule of the trade: status, code, one sentence, seconds to wait."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after: int | None = None,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.field = field
        self.headers = dict(headers or {})


def not_logged_in() -> Problem:
    """401: nobody is known by what was sent."""
    return Problem(401, "not_logged_in", "Log in first.", headers={"WWW-Authenticate": "Bearer"})


def busy(code: str, detail: str, retry_after: int = 2) -> Problem:
    """503: the same request may be sent again after some seconds, with the same Idempotency-Key."""
    return Problem(503, code, detail, retry_after=retry_after)


def malformed(detail: str, field: str, code: str = "invalid_request") -> Problem:
    """400: something in the request is not what the door reads."""
    return Problem(400, code, detail, field=field)


def body_of(
    status: int,
    code: str,
    detail: str,
    *,
    facts: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The problem document; facts stand beside the standard members and never replace one."""
    standard: dict[str, Any] = {
        "type": TYPE_BASE + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
    }
    document = {**standard, **{key: value for key, value in (facts or {}).items() if key not in standard}}
    if errors:
        document["errors"] = list(errors)
    return document


def answer(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None, retry_after: int | None = None
) -> Response:
    """The document as a response."""
    sent = dict(headers or {})
    if retry_after is not None:
        sent["Retry-After"] = str(retry_after)
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, sent, MEDIA_TYPE)


def of_problem(problem: Problem) -> Response:
    """A problem of the door as a response."""
    errors = [{"field": problem.field, "rule": problem.code, "detail": problem.detail}] if problem.field else []
    facts = {"retry_after": problem.retry_after} if problem.retry_after is not None else {}
    document = body_of(problem.status, problem.code, problem.detail, facts=facts, errors=errors)
    return answer(problem.status, document, problem.headers, problem.retry_after)


def of_refusal(refused: Refused, role: StaffRole | None = None) -> Response:
    """A rule's "no" as a response. role: of who asked at the desk; actions beyond it are not told as open."""
    status = _STATUS[refused.kind]
    errors = [{"field": refused.field, "rule": refused.code, "detail": refused.detail}] if refused.field else []
    facts = dict(refused.facts)
    open_actions = facts.get("allowed_actions")
    if role and isinstance(open_actions, list):
        facts["allowed_actions"] = within(role, open_actions)
    retry_after = AWAY_SECONDS if refused.kind is Kind.AWAY else None
    if retry_after is not None:
        facts["retry_after"] = retry_after
    document = body_of(status, refused.code, refused.detail, facts=facts, errors=errors)
    return answer(status, document, retry_after=retry_after)


def of_validation(errors: Sequence[Mapping[str, Any]]) -> Response:
    """400 with one entry for each input that is not what the door reads. What was sent is never repeated."""
    told = [
        {"field": _field_of(error["loc"]), "rule": str(error["type"]), "detail": str(error["msg"])}
        for error in errors[:MAX_ERRORS_TOLD]
    ]
    named = ", ".join(dict.fromkeys(entry["field"] for entry in told))
    return answer(400, body_of(400, "invalid_request", f"Not readable: {named}.", errors=told))


def _field_of(place: Sequence[Any]) -> str:
    """`guest.email` for ("body", "guest", "email"); `body` for JSON that can't be read at all."""
    kind, *rest = [str(part) for part in place] or ["body"]
    if kind == "body" and len(rest) == 1 and rest[0].isdigit():
        return "body"
    return ".".join(rest) or kind


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The framework's own answers (no such address, method not offered, body too large) as problems."""
    code, detail = {
        400: ("invalid_request", "The request can't be read."),
        404: ("not_found", "There is nothing here that you may see."),
        405: ("method_not_allowed", "This address does not offer that method."),
        413: ("body_too_large", "The body is larger than this door takes."),
    }.get(status, (HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_"), HTTPStatus(status).phrase))
    return answer(status, body_of(status, code, detail), headers)


def unexpected(request_id: str) -> Response:
    """500: a bug of ours. The id finds it in the logs; nothing else is told."""
    detail = "Something went wrong on our side; nothing is lost. Tell us this id if it happens again."
    return answer(500, body_of(500, "unexpected", detail, facts={"id": request_id}))


def install(app: FastAPI) -> None:
    """Turns every exception that has an answer into that answer."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101 - the framework hands over what was registered below.
        desk = getattr(request.state, "desk", None)
        return of_refusal(error, desk.role if desk else None)

    async def problem(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101
        return of_problem(error)

    async def validation(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return of_validation(error.errors())

    async def status(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        return of_status(error.status_code, error.headers)

    async def away(_request: Request, _error: Exception) -> Response:
        return of_problem(
            busy("database_away", "The database does not do this at present; send the same request again.")
        )

    app.add_exception_handler(DatabaseAway, away)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, status)
