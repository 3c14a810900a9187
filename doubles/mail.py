"""The mail double: Postmark's API over HTTP, with an inbox page in place of a post office.

It takes, refuses and finds mail as Postmark does, keeps it in one file, and sends nothing anywhere.
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doubles.faults import Faults, Faulty, faults_page, is_json
from doubles.inbox import inbox_routes
from doubles.mail_shapes import Fault, addresses, fault_of, inactive_fault, is_address, recipients
from doubles.mailbox import Mailbox, Wanted
from doubles.webhooks import Webhooks, bounce, delivery

MOST_BATCH = 500
MOST_BODY_BYTES = 50_000_000
MOST_PAGE = 500
MOST_DEPTH = 10_000
SERVICE_PATHS = ("/email", "/messages", "/bounces", "/deliverystats")
BOUNCE_TYPES = ("HardBounce", "SoftBounce", "SpamComplaint", "Transient")

Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A whole request that is not served."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def mail_app(folder: Path, token: str = "", webhook_url: str = "", webhook_secret: str = "") -> Starlette:
    """The double as an ASGI application.

    folder: where mail.db is kept; token: the one that is accepted, or an empty text for any that is given.
    webhook_url, webhook_secret: whom it tells what became of letters; empty tells nobody.
    """
    faults = Faults()
    routes = [
        Route("/email", _guarded(_send), methods=["POST"]),
        Route("/email/batch", _guarded(_send_batch), methods=["POST"]),
        Route("/messages/outbound", _guarded(_search)),
        Route("/messages/outbound/{message_id}/details", _guarded(_details)),
        Route("/bounces", _guarded(_bounces)),
        Route("/bounces/", _guarded(_bounces)),
        Route("/bounces/{bounce_id:int}", _guarded(_bounce)),
        Route("/bounces/{bounce_id:int}/activate", _guarded(_activate), methods=["PUT"]),
        Route("/deliverystats", _guarded(_statistics)),
        Route("/_double/faults", faults_page, methods=["GET", "POST", "DELETE"]),
        Route("/_double/bounces", _make_bounce, methods=["POST"]),
        Route("/healthz", _health),
        *inbox_routes(),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Faulty, faults=faults, prefixes=SERVICE_PATHS)])
    app.state.mailbox = Mailbox(folder)
    app.state.faults = faults
    app.state.webhooks = Webhooks(app.state.mailbox, faults, webhook_url, webhook_secret)
    app.state.token = token
    return app


def _guarded(handler: Handler) -> Handler:
    """Checks the server token first, and says every refusal in Postmark's shape."""

    async def guarded(request: Request) -> Response:
        given = request.headers.get("x-postmark-server-token", "")
        if not given:
            return _refusal(Fault(10, "No Account or Server API tokens were supplied in the HTTP headers.", 401))
        token = request.app.state.token
        if token and not hmac.compare_digest(given.encode(), token.encode()):
            return _refusal(Fault(10, "Request does not contain a valid Server token.", 401))
        try:
            return await handler(request)
        except Refused as refused:
            return _refusal(refused.fault)

    return guarded


def _refusal(fault: Fault) -> Response:
    return JSONResponse(fault.body(), fault.status)


async def _body(request: Request) -> Any:
    """The request's JSON, within bounds."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise Refused(Fault(413, "The request is too large.", 413))
        parts.append(part)
    try:
        return json.loads(b"".join(parts))
    except ValueError:
        raise Refused(Fault(402, "Invalid JSON.")) from None


def _mailbox(request: Request) -> Mailbox:
    return request.app.state.mailbox


def _judge(request: Request, mail: object) -> Fault | None:
    fault = fault_of(mail)
    if fault is None and isinstance(mail, dict) and (bounced := _mailbox(request).inactive(recipients(mail))):
        return inactive_fault(bounced)
    return fault


async def _send(request: Request) -> Response:
    mail = await _body(request)
    fault = _judge(request, mail)
    if fault:
        raise Refused(fault)
    return JSONResponse(_accepted(request, [mail])[0])


async def _send_batch(request: Request) -> Response:
    mails = await _body(request)
    if not isinstance(mails, list):
        raise Refused(Fault(403, "Incompatible JSON: a batch must be a list."))
    if len(mails) > MOST_BATCH:
        raise Refused(Fault(410, f"You may only send up to {MOST_BATCH} messages in a single batched request."))
    faults = [_judge(request, mail) for mail in mails]
    taken = iter(_accepted(request, [mail for mail, fault in zip(mails, faults, strict=True) if fault is None]))
    return JSONResponse([fault.body() if fault else next(taken) for fault in faults])


def _accepted(request: Request, mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = _mailbox(request).keep(mails)
    for mail, (message_id, _) in zip(mails, kept, strict=True):
        letter = _mailbox(request).letter(message_id)
        if letter is not None:
            request.app.state.webhooks.tell([delivery(letter, one) for one in recipients(mail)])
    return [
        {"To": mail["To"], "SubmittedAt": instant, "MessageID": message_id, "ErrorCode": 0, "Message": "OK"}
        for mail, (message_id, instant) in zip(mails, kept, strict=True)
    ]


def _page(request: Request) -> tuple[int, int]:
    """count and offset, both of which Postmark demands."""
    try:
        count, offset = int(request.query_params["count"]), int(request.query_params["offset"])
    except (KeyError, ValueError):
        raise Refused(Fault(300, "The 'count' and 'offset' parameters are required.")) from None
    if not 1 <= count <= MOST_PAGE or offset < 0 or count + offset > MOST_DEPTH:
        raise Refused(Fault(300, f"'count' is at most {MOST_PAGE}, and 'count' + 'offset' at most {MOST_DEPTH}."))
    return count, offset


async def _search(request: Request) -> Response:
    count, offset = _page(request)
    asked = request.query_params
    metadata = {key.removeprefix("metadata_"): value for key, value in asked.items() if key.startswith("metadata_")}
    if len(metadata) > 1:
        raise Refused(Fault(300, "Only one metadata field can be searched at a time."))
    wanted = Wanted(
        recipient=asked.get("recipient", ""),
        sender=asked.get("fromemail", ""),
        subject=asked.get("subject", ""),
        tag=asked.get("tag", ""),
        metadata=metadata,
    )
    total, letters = _mailbox(request).letters(wanted, count, offset)
    return JSONResponse({"TotalCount": total, "Messages": [_summary(letter) for letter in letters]})


def _summary(letter: dict[str, Any]) -> dict[str, Any]:
    raw = json.loads(letter["raw"])
    people = {key: [{"Email": one, "Name": ""} for one in addresses(raw.get(key) or "")] for key in ("To", "Cc", "Bcc")}
    return {
        "Tag": letter["tag"],
        "MessageID": letter["message_id"],
        "MessageStream": letter["stream"],
        **people,
        "Recipients": recipients(raw),
        "ReceivedAt": letter["sent_at"],
        "From": letter["sender"],
        "Subject": letter["subject"],
        "Attachments": [],
        "Status": "Sent",
        "TrackOpens": False,
        "TrackLinks": "None",
        "Metadata": letter["metadata"],
        "Sandboxed": True,
    }


async def _details(request: Request) -> Response:
    letter = _mailbox(request).letter(request.path_params["message_id"])
    if letter is None:
        raise Refused(Fault(701, "This message was not found."))
    delivered = [
        {"Recipient": one, "Type": "Delivered", "ReceivedAt": letter["sent_at"], "Details": {"Summary": "Kept here."}}
        for one in recipients(json.loads(letter["raw"]))
    ]
    bodies = {"TextBody": letter["text"], "HtmlBody": letter["html"], "Body": letter["raw"]}
    return JSONResponse({**_summary(letter), **bodies, "MessageEvents": delivered})


def _as_bounce(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "ID": row["id"],
        "Type": row["type"],
        "TypeCode": BOUNCE_TYPES.index(row["type"]) + 1,
        "Name": row["type"],
        "Tag": row["tag"],
        "MessageID": row["message_id"],
        "MessageStream": "outbound",
        "Description": "A bounce that was asked for.",
        "Details": "",
        "Email": row["email"],
        "BouncedAt": row["bounced_at"],
        "DumpAvailable": False,
        "Inactive": bool(row["inactive"]),
        "CanActivate": True,
        "Subject": row["subject"],
    }


async def _bounces(request: Request) -> Response:
    count, offset = _page(request)
    asked = request.query_params
    rows = [
        row
        for row in _mailbox(request).bounces()
        if asked.get("emailFilter", "").lower() in row["email"]
        and asked.get("messageID", row["message_id"]) == row["message_id"]
        and asked.get("type", row["type"]) == row["type"]
    ]
    page = [_as_bounce(row) for row in rows[offset : offset + count]]
    return JSONResponse({"TotalCount": len(rows), "Bounces": page})


def _known_bounce(request: Request) -> dict[str, Any]:
    rows = _mailbox(request).bounces(request.path_params["bounce_id"])
    if not rows:
        raise Refused(Fault(407, "The bounce was not found."))
    return rows[0]


async def _bounce(request: Request) -> Response:
    return JSONResponse(_as_bounce(_known_bounce(request)))


async def _activate(request: Request) -> Response:
    bounce = _known_bounce(request)
    _mailbox(request).activate(bounce["id"])
    return JSONResponse({"Message": "OK", "Bounce": _as_bounce(_known_bounce(request))})


async def _statistics(request: Request) -> Response:
    rows = _mailbox(request).bounces()
    counted = [{"Name": "All", "Count": len(rows)}]
    for kind in BOUNCE_TYPES:
        if found := sum(row["type"] == kind for row in rows):
            counted.append({"Name": kind, "Type": kind, "Count": found})
    return JSONResponse({"InactiveMails": len({row["email"] for row in rows if row["inactive"]}), "Bounces": counted})


async def _make_bounce(request: Request) -> Response:
    """`/_double/bounces`: POST `{email[, type, message_id]}` lets a letter to an address, else its last one, bounce.

    Nothing more is taken for an address after a hard bounce or a complaint.
    """
    try:
        told = await _body(request) if is_json(request) else None
    except Refused as refused:
        return JSONResponse({"detail": refused.fault.message}, refused.fault.status)
    email, kind = (told.get("email"), told.get("type", "HardBounce")) if isinstance(told, dict) else (None, "")
    if not isinstance(email, str) or not is_address(email):
        return JSONResponse({"detail": "`email` must be one address"}, 422)
    if kind not in BOUNCE_TYPES:
        return JSONResponse({"detail": f"`type` must be one of {', '.join(BOUNCE_TYPES)}"}, 422)
    message_id = told.get("message_id", "") if isinstance(told, dict) else ""
    if not isinstance(message_id, str):
        return JSONResponse({"detail": "`message_id` must be a text"}, 422)
    row = _mailbox(request).bounce(email, kind, message_id)
    letter = _mailbox(request).letter(row["message_id"])
    if letter is not None:
        request.app.state.webhooks.tell([bounce(letter, row)])
    return JSONResponse(_as_bounce(row), 201)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})
