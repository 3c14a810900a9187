"""The Stripe double: Stripe's API over HTTP in test mode, its hosted page, and its webhooks; no money moves.

It takes test keys and test cards only, keeps everything in one file, and answers in Stripe's shapes and words.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doubles.faults import Faults, faults_page
from doubles.stripe import accounts, intent_calls, intents, money, people, refunds, sessions, setups, trouble
from doubles.stripe.calls import Call
from doubles.stripe.courier import Courier
from doubles.stripe.desk import Desk, Falls, span
from doubles.stripe.door import WORDS, House, api
from doubles.stripe.errors import Json, Refused, not_found
from doubles.stripe.forms import FLAG, PAGE, SPAN, TEXT, ManyOf
from doubles.stripe.own import own_routes
from doubles.stripe.page import page_routes
from doubles.stripe.payments import payment_routes
from doubles.stripe.vault import Vault

FALLS: dict[str, Falls] = {
    "payment_intent": intents.fall_due,
    "refund": refunds.fall_due,
    "checkout.session": sessions.fall_due,
}


def stripe_app(
    folder: Path,
    base: str,
    secret_key: str = "",
    webhook_url: str = "",
    webhook_secrets: Sequence[str] = (),
) -> Starlette:
    """The double as an ASGI application.

    folder: where stripe.db is kept; base: the address that it is reached at, for its own links; secret_key: the one
    that is taken, or an empty text for any test key. webhook_url, webhook_secrets: whom it tells of events, and what
    each delivery is signed with; an empty address tells nobody.
    """
    vault, faults = Vault(folder), Faults(words=WORDS)
    courier = Courier(vault, faults, webhook_url, webhook_secrets)
    routes = [
        Route("/v1/{path:path}", api, methods=["GET", "POST", "DELETE"]),
        Route("/_double/faults", faults_page, methods=["GET", "POST", "DELETE"]),
        Route("/healthz", _health),
        *page_routes(),
        *own_routes(),
        *payment_routes(),
    ]
    app = Starlette(routes=routes)
    app.state.house = House(vault, faults, courier, base.rstrip("/"), secret_key, ALL_CALLS, FALLS)
    app.state.faults = faults
    return app


async def _health(request: Request) -> Response:
    request.app.state.house.wake()
    return JSONResponse({"status": "ok"})


def _event(desk: Desk, _: Json, event_id: str) -> Json:
    found = desk.vault.events([("id = ?", event_id), ("account = ?", desk.account)], 1)
    if not found:
        raise not_found("event", event_id)
    return found[0]


def _events(desk: Desk, given: Json, _: str) -> Json:
    """Events, the newest first."""
    where: list[tuple[str, Any]] = [("account = ?", desk.account), *span(given.get("created"))]
    if given.get("type"):
        where.append(("type GLOB ?", given["type"]))
    if given.get("types"):
        where.append(("instr(?, ' ' || type || ' ') > 0", f" {' '.join(given['types'])} "))
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if given.get(name):
            number = desk.vault.event_number(given[name])
            if number is None:
                raise not_found("event", given[name], name)
            where.append((f"number {sign} ?", number))
    if given.get("delivery_success") is False:
        raise Refused(
            400, "The double does not list events by delivery; see /_double/webhooks.", param="delivery_success"
        )
    limit, backwards = given.get("limit", 10), bool(given.get("ending_before"))
    found = desk.vault.events(where, limit + 1, oldest=backwards)
    items = found[:limit]
    return {"object": "list", "url": "/v1/events", "has_more": len(found) > limit,
            "data": items[::-1] if backwards else items}  # fmt: skip


_EVENT_CALLS = (
    Call("GET", "events", _events, {**PAGE, "created": SPAN, "type": TEXT, "types": ManyOf(TEXT, 20),
                                    "delivery_success": FLAG}),
    Call("GET", "events/*", _event),
)  # fmt: skip
ALL_CALLS: tuple[Call, ...] = (
    *people.CALLS,
    *intent_calls.CALLS,
    *setups.CALLS,
    *sessions.CALLS,
    *refunds.CALLS,
    *trouble.CALLS,
    *accounts.CALLS,
    *money.CALLS,
    *_EVENT_CALLS,
)
