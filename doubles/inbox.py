"""The inbox: the mail double's page for people, and the same as JSON for tests and tools."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from doubles.mail_shapes import recipients
from doubles.mailbox import Mailbox, Wanted
from doubles.webhooks import opened

PAGE = Path(__file__).parent / "inbox.html"
MOST_LISTED = 200
MOST_TEXT = 200
# A letter's own HTML may show itself and nothing else: no scripts, no forms, nothing loaded from anywhere.
LETTER_RULES = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)
PAGE_RULES = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def inbox_routes() -> list[Route]:
    """The page at `/`, and what it is made of."""
    return [
        Route("/", _page),
        Route("/_double/inbox", _list, methods=["GET"]),
        Route("/_double/inbox", _clear, methods=["DELETE"]),
        Route("/_double/inbox/{message_id}", _one),
        Route("/_double/inbox/{message_id}/html", _html),
        Route("/_double/inbox/{message_id}/open", _open, methods=["POST"]),
    ]


@cache
def _page_text() -> str:
    return PAGE.read_text(encoding="utf-8")


async def _page(_: Request) -> Response:
    headers = {
        "Content-Security-Policy": PAGE_RULES,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(_page_text(), headers=headers)


def _mailbox(request: Request) -> Mailbox:
    return request.app.state.mailbox


async def _list(request: Request) -> Response:
    """`?to=&reference=&tag=&q=&limit=&before=`: letters, the newest first, without their bodies.

    before: only letters with a lower number, for the next page.
    """
    asked = {key: value[:MOST_TEXT] for key, value in request.query_params.items()}
    try:
        limit, before = int(asked.get("limit", 50)), int(asked["before"]) if asked.get("before") else None
    except ValueError:
        return JSONResponse({"detail": "`limit` and `before` must be whole numbers"}, 422)
    if not 1 <= limit <= MOST_LISTED:
        return JSONResponse({"detail": f"`limit` must be from 1 to {MOST_LISTED}"}, 422)
    wanted = Wanted(
        recipient=asked.get("to", ""),
        reference=asked.get("reference", ""),
        tag=asked.get("tag", ""),
        anywhere=asked.get("q", "").strip(),
        before=before,
    )
    total, letters = _mailbox(request).letters(wanted, limit)
    return JSONResponse({"total": total, "items": [_summary(letter) for letter in letters]})


def _summary(letter: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": letter["number"],
        "message_id": letter["message_id"],
        "sent_at": letter["sent_at"],
        "from": letter["sender"],
        "reply_to": letter["reply_to"],
        "to": letter["recipients"],
        "subject": letter["subject"],
        "tag": letter["tag"],
        "metadata": letter["metadata"],
        "state": _state(letter),
        "opened_at": letter["opened_at"],
    }


def _state(letter: dict[str, Any]) -> str:
    """What became of it, in one word."""
    if letter["bounce"]:
        return {"SpamComplaint": "complained", "Transient": "delayed"}.get(letter["bounce"], "bounced")
    return "opened" if letter["opened_at"] else "delivered"


async def _one(request: Request) -> Response:
    letter = _mailbox(request).letter(request.path_params["message_id"])
    if letter is None:
        return JSONResponse({"detail": "There is no such letter."}, 404)
    return JSONResponse({**_summary(letter), "html": letter["html"], "text": letter["text"], "source": letter["raw"]})


async def _open(request: Request) -> Response:
    """A person looks at the letter. Whoever wanted to be told of that, is told the first time."""
    letter = _mailbox(request).letter(request.path_params["message_id"])
    if letter is None:
        return JSONResponse({"detail": "There is no such letter."}, 404)
    mail = json.loads(letter["raw"])
    if mail.get("TrackOpens") and (at := _mailbox(request).open(letter["message_id"])):
        request.app.state.webhooks.tell([opened(letter, recipients(mail)[0], at)])
    return Response(status_code=204)


async def _html(request: Request) -> Response:
    """A letter's HTML by itself, for the page's frame; its links open beside the page."""
    letter = _mailbox(request).letter(request.path_params["message_id"])
    if letter is None:
        return HTMLResponse("<p>There is no such letter.</p>", 404)
    headers = {
        "Content-Security-Policy": LETTER_RULES,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(letter["html"] or "<p>This letter has no HTML.</p>", headers=headers)


async def _clear(request: Request) -> Response:
    """Empties the inbox, bounces too."""
    _mailbox(request).clear()
    await request.app.state.webhooks.quiet()
    return JSONResponse({"total": 0, "items": []})
