"""Which browser or app asks: a random word that it keeps, so that unpaid holds can be counted by device.

A browser is given it as a cookie on its first public visit; an app, or a page of another site, sends `X-Device`. It
says nothing about anybody, and the database keeps a keyed hash of it only.
"""

import re
import secrets

from fastapi import Request
from starlette.responses import Response

COOKIE = "holdfast_device"
HEADER = "X-Device"
_KEPT_SECONDS = 180 * 24 * 3600
_WORD = re.compile(r"[A-Za-z0-9_-]{16,64}")


def admit_device(request: Request) -> None:
    """Notes the word that the request came with, or a fresh one where it came with none that is one."""
    words = (request.headers.get(HEADER, ""), request.cookies.get(COOKIE, ""))
    known = next((word for word in words if _WORD.fullmatch(word)), None)
    request.state.device = known or secrets.token_urlsafe(16)
    request.state.device_is_new = known is None


def remember_device(request: Request, response: Response) -> None:
    """Gives a new browser its word. What caches may keep for everybody carries none: it would be everybody's."""
    if not request.state.device_is_new or response.headers.get("Cache-Control", "").startswith("public"):
        return
    response.set_cookie(
        COOKIE,
        request.state.device,
        max_age=_KEPT_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
