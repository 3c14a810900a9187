"""The OpenAPI document: what the framework derives, and what only the doors know (logins, headers, problems)."""

from typing import Any

from fastapi import FastAPI

from api.callers import DeskRoute, GuestRoute, StaffRoute
from api.codec import OPERATION, CodecRoute
from api.idempotency import HEADER
from api.shapes.problems import ProblemBody

DESCRIPTION = """
Hotels, offers, bookings and the desk. Money is whole minor units with a currency, dates are `YYYY-MM-DD`, instants are
RFC 3339 in UTC. Every "no" is an RFC 9457 problem with a stable `code`. Send an `Idempotency-Key` with every POST that
creates or acts: the same key and body get the same answer.
"""
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Same key and body: same answer. 1 to 200 visible ASCII characters.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "0b5a3c7e-6d1f-4f55-9a35-0d5a9d1f9f10",
}
_HOTEL = {
    "name": "X-Hotel",
    "in": "header",
    "required": False,
    "description": "The hotel to act for, where somebody works at several.",
    "schema": {"type": "string"},
    "example": "malabar",
}
_SAME_SITE = {
    "name": "X-Holdfast",
    "in": "header",
    "required": False,
    "description": "`1`, where a browser's cookie is the login.",
    "schema": {"type": "string"},
    "example": "1",
}
_SCHEMES = {
    "guest": {"type": "http", "scheme": "bearer", "description": "The `access_token` of one booking."},
    "staff": {"type": "http", "scheme": "bearer", "description": "From POST /auth/login."},
    "staff_cookie": {"type": "apiKey", "in": "cookie", "name": "holdfast_session"},
}
_WITHOUT_KEY = ("login", "logout", "postmark_webhook", "renew", "begin_totp", "confirm_totp", OPERATION)


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, derived once and then kept."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        _add_doors(app, document)
        app.openapi_schema = document
    return app.openapi_schema


def _add_doors(app: FastAPI, document: dict[str, Any]) -> None:
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = _SCHEMES
    schemas = parts.setdefault("schemas", {})
    told = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(told.pop("$defs", {}))
    schemas["ProblemBody"] = told
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for route in app.routes:
        path = document["paths"].get(getattr(route, "path", ""))
        for method in (getattr(route, "methods", None) or ()) if path else ():
            operation = path.get(method.lower())
            if operation is not None:
                _add_to_operation(route, method, operation)


def _add_to_operation(route: Any, method: str, operation: dict[str, Any]) -> None:
    """Validation answers 400 here, so the framework's own 422 goes unless a rule of ours answers it."""
    refused = operation["responses"].get("422", {})
    if "application/json" in refused.get("content", {}):
        refused["content"].pop("application/json")
        if not refused["content"]:
            operation["responses"].pop("422")
    for status, told in route.responses.items():
        for media_type, content in told.get("content", {}).items():
            # The framework leaves null members out of examples; the shapes need them.
            if "examples" in content:
                operation["responses"][str(status)]["content"][media_type]["examples"] = content["examples"]
    headers = operation.setdefault("parameters", [])
    if method == "POST" and route.name not in _WITHOUT_KEY:
        headers.append(_KEY)
    if isinstance(route, GuestRoute):
        operation["security"] = [{"guest": []}]
    if isinstance(route, (DeskRoute, StaffRoute)):
        operation["security"] = [{"staff": []}, {"staff_cookie": []}]
        if isinstance(route, CodecRoute):
            return
        if isinstance(route, DeskRoute):
            headers.append(_HOTEL)
        if method not in ("GET", "HEAD"):
            headers.append(_SAME_SITE)
