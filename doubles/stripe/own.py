"""The double's own calls below `/_double/`: its clock, its webhooks, and the ledger of all money facts."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doubles.faults import is_json
from doubles.stripe.desk import Desk
from doubles.stripe.door import House
from doubles.stripe.errors import Json, Refused
from doubles.stripe.ledger import ledger
from doubles.stripe.plant import KINDS, plant

MOST_SECONDS = 400 * 24 * 3600.0
MOST_EVENTS = 2_000
MOST_DELIVERED = 500
MOST_TEXT = 200
ACTIONS = ("pause", "resume", "release", "release_reversed", "replay")


class _Wrong(Exception):
    """A wish that can't be fulfilled, with the field and its rule."""


def own_routes() -> list[Route]:
    """The double's own calls."""
    return [
        Route("/_double/clock", _clock, methods=["GET", "POST"]),
        Route("/_double/webhooks", _webhooks, methods=["GET", "POST"]),
        Route("/_double/ledger", _ledger, methods=["GET", "DELETE"]),
        Route("/_double/plant", _plant, methods=["GET", "POST"]),
    ]


def _house(request: Request) -> House:
    house: House = request.app.state.house
    house.wake()
    return house


async def _told(request: Request) -> Json:
    """The wish as a JSON object. Errors: _Wrong."""
    try:
        told = await request.json() if is_json(request) else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise _Wrong("the body must be a JSON object")
    return told


def _refusal(words: str) -> Response:
    return JSONResponse({"detail": words}, 422)


def _seconds(told: Json, name: str) -> float:
    value = told.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_SECONDS:
        raise _Wrong(f"`{name}` must be a number of seconds from 0 to {MOST_SECONDS:.0f}")
    return float(value)


async def _clock(request: Request) -> Response:
    """GET tells the double's clock; POST `{advance_seconds}` moves it on, `{age_keys_seconds}` makes keys older.

    Signatures and the age of keys are by this machine's clock, whatever is told here.
    """
    house, aged = _house(request), 0
    if request.method == "POST":
        try:
            told = await _told(request)
            strangers = set(told) - {"advance_seconds", "age_keys_seconds"}
            if strangers:
                raise _Wrong(f"`{min(strangers)}` is not known; `advance_seconds` and `age_keys_seconds` are")
            ahead, older = _seconds(told, "advance_seconds"), _seconds(told, "age_keys_seconds")
        except _Wrong as wrong:
            return _refusal(str(wrong))
        with house.vault.work():
            house.vault.set_fact("clock_ahead_seconds", house.vault.fact("clock_ahead_seconds") + ahead)
            aged = house.vault.age_keys(older) if older else 0
        house.fall_due()
    ahead = house.vault.fact("clock_ahead_seconds")
    return JSONResponse({"now": int(time.time() + ahead), "ahead_seconds": ahead, "aged_keys": aged})


async def _webhooks(request: Request) -> Response:
    """GET lists events and deliveries, of one object with `?about=`. POST changes how events are delivered.

    `{"action": "pause"}` holds what comes, `resume` delivers at once again, `release` and `release_reversed` deliver
    what is held in its order or the reverse, `replay` delivers everything (`about` chooses) once more;
    `{"deliver": [event ids][, "url"]}` delivers these now, in this order, and answers each status.
    """
    house = _house(request)
    if request.method == "GET":
        about = request.query_params.get("about", "")[:MOST_TEXT]
        return JSONResponse(_news(house, about))
    try:
        told = await _told(request)
        if "deliver" in told:
            return JSONResponse({"delivered": await _delivered(house, told)})
        if told.get("action") not in ACTIONS:
            raise _Wrong(f"`action` must be one of {', '.join(ACTIONS)}, or `deliver` a list of event ids")
        about = told.get("about", "")
        if not isinstance(about, str):
            raise _Wrong("`about` must be an object's id")
        changed = _act(house, told["action"], about[:MOST_TEXT])
    except _Wrong as wrong:
        return _refusal(str(wrong))
    house.courier.wake()
    return JSONResponse({"paused": house.courier.paused, "changed": changed})


def _news(house: House, about: str) -> Json:
    where: list[tuple[str, Any]] = [("instr(about, ?) > 0", about)] if about else []
    newest = house.vault.events(where, MOST_EVENTS)
    return {
        "paused": house.courier.paused,
        "url": house.courier.url,
        "events": newest[::-1],
        "deliveries": house.vault.deliveries(MOST_EVENTS, about),
    }


def _act(house: House, action: str, about: str) -> int:
    now = time.time()
    with house.vault.work():
        match action:
            case "pause" | "resume":
                house.vault.set_fact("webhooks_paused", float(action == "pause"))
                return 0
            case "release" | "release_reversed":
                held = [one["number"] for one in house.vault.deliveries(MOST_EVENTS, about) if one["state"] == "held"]
                order = sorted(held, reverse=action == "release_reversed")
                for place, number in enumerate(order):
                    house.vault.settle(number, "waiting", None, now + place / 1_000_000)
                return len(order)
        events = _news(house, about)["events"]
        for place, event in enumerate(events):
            house.vault.add_delivery(event["id"], "waiting", now + place / 1_000_000)
        return len(events)


async def _delivered(house: House, told: Json) -> list[Json]:
    ids, url = told["deliver"], told.get("url", "")
    if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_DELIVERED or not all(isinstance(one, str) for one in ids):
        raise _Wrong(f"`deliver` must be a list of 1 to {MOST_DELIVERED} event ids")
    if not isinstance(url, str) or not (url or house.courier.url):
        raise _Wrong("`url` must be an address; the double was started without one")
    if url and not url.startswith(("http://", "https://")):
        raise _Wrong("`url` must begin with http:// or https://")
    answers: list[Json] = []
    for event_id in ids:
        found = house.vault.event_body(event_id)
        if found is None:
            raise _Wrong(f"`deliver` names {event_id[:60]}, which is no event")
        answers.append({"event": event_id, "status": await house.courier.deliver(found, url)})
    return answers


async def _ledger(request: Request) -> Response:
    """GET: every fact about money, `?reference=` where metadata holds this text. DELETE forgets everything."""
    house = _house(request)
    if request.method == "DELETE":
        house.vault.clear()
        await house.courier.quiet()
        return Response(status_code=204)
    house.fall_due()
    return JSONResponse(ledger(house.vault, request.query_params.get("reference", "")[:MOST_TEXT]))


async def _plant(request: Request) -> Response:
    """POST `{kind, …}` makes a fact that no call made; GET tells the kinds."""
    house = _house(request)
    if request.method == "GET":
        return JSONResponse({"kinds": {name: kind.words for name, kind in KINDS.items()}})
    try:
        told = await _told(request)
        with house.vault.work():
            desk: Desk = house.desk()
            made = plant(desk, told)
    except (_Wrong, ValueError) as wrong:
        return _refusal(str(wrong))
    except Refused as refused:
        return JSONResponse({"detail": str(refused)}, 422)
    house.courier.wake()
    return JSONResponse(made, 201)
