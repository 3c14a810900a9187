"""The hosted page of a checkout session, and the bank's page where a card wants proof.

What is charged comes from the session; nothing but card, expiry, code and name is read from the form.
"""

import re
import time
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from doubles.stripe import intents, setups
from doubles.stripe.cards import BY_NUMBER, Card, is_number
from doubles.stripe.desk import Desk
from doubles.stripe.door import House
from doubles.stripe.errors import Json, Refused
from doubles.stripe.markup import challenge_page, money, notice, pay_page
from doubles.stripe.sessions import confirm, finish
from doubles.stripe.vault import Thing

MOST_FORM_BYTES = 20_000
MOST_FIELDS = 50
FIELDS = ("test", "card", "exp", "cvc", "name", "email", "result")
_EXPIRY = re.compile(r"([0-9]{1,2})\s*/?\s*([0-9]{2}|[0-9]{4})")


class _Wrong(Exception):
    """What was typed can't be a card."""


def page_routes() -> list[Route]:
    """The hosted page and the bank's page."""
    return [
        Route("/c/pay/{session_id}", _show, methods=["GET"]),
        Route("/c/pay/{session_id}", _pay, methods=["POST"]),
        Route("/3ds/{intent_id}/{secret}", _challenge, methods=["GET"]),
        Route("/3ds/{intent_id}/{secret}", _decide, methods=["POST"]),
    ]


def _house(request: Request) -> House:
    house: House = request.app.state.house
    house.wake()
    return house


async def _form(request: Request) -> dict[str, str]:
    """The form's known fields; everything else, such as an amount, is not looked at."""
    size, parts = 0, []
    async for part in request.stream():
        size += len(part)
        if size > MOST_FORM_BYTES:
            raise _Wrong("The form is too large.")
        parts.append(part)
    try:
        pairs = parse_qsl(b"".join(parts).decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _Wrong("The form can't be read.") from None
    return {name: value.strip() for name, value in pairs if name in FIELDS}


def _session(desk: Desk, session_id: str) -> Thing | None:
    thing = desk.vault.thing(session_id)
    if thing is None or thing.kind != "checkout.session":
        return None
    desk.account = thing.account
    desk.adopt(thing)
    return desk.current(thing)


def _over(session: Thing) -> Response:
    """The page of a session that is no longer open."""
    data = session.data
    if session.status == "expired":
        link = (data["cancel_url"], "Back") if data["cancel_url"] else None
        return notice("This page has expired", "Nothing was charged. Go back to begin again.", 410, link)
    words = "Your card was saved already." if data["mode"] == "setup" else "This was paid already."
    return notice("All done", f"{words} Nothing more will be charged.", 409, (success_url(data), "Continue"))


def success_url(session: Json) -> str:
    """Where the guest goes then, with the session's id in its place."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


_UNKNOWN = ("There is no such page", "The address is wrong, or the payment was taken away.")


async def _show(request: Request) -> Response:
    house = _house(request)
    with house.vault.work():
        session = _session(house.desk(), request.path_params["session_id"])
    house.courier.wake()
    if session is None:
        return notice(*_UNKNOWN, 404)
    if session.status != "open":
        return _over(session)
    return pay_page(session.data, session.hidden["lines"], request.url.path)


async def _pay(request: Request) -> Response:
    house = _house(request)
    try:
        form, wrong = await _form(request), ""
        card, expiry = _card(form)
    except _Wrong as trouble:
        form, wrong, card, expiry = {}, str(trouble), None, None
    with house.vault.work():
        desk = house.desk()
        session = _session(desk, request.path_params["session_id"])
        if session is None:
            return notice(*_UNKNOWN, 404)
        if session.status != "open":
            return _over(session)
        if card is not None:
            try:
                confirm(desk, session, card, expiry, {"name": form.get("name") or None, "email": form.get("email")})
            except Refused as refused:
                wrong = str(refused)
    house.courier.wake()
    return _after(house, session, request.url.path, wrong, form)


def _after(house: House, session: Thing, path: str, wrong: str, form: Json) -> Response:
    """Where the guest goes after a try."""
    if wrong:
        return pay_page(session.data, session.hidden["lines"], path, wrong, form)
    if session.status == "complete":
        return RedirectResponse(success_url(session.data), 303)
    intent = house.vault.thing(session.data["payment_intent"] or session.data["setup_intent"] or "")
    if intent is None or not intent.data["next_action"]:
        return _over(session)
    return RedirectResponse(intent.data["next_action"]["redirect_to_url"]["url"], 303)


def _card(form: dict[str, str]) -> tuple[Card, tuple[int, int] | None]:
    """The test card that was typed or chosen, and its expiry where it was told. Errors: _Wrong."""
    number = re.sub(r"[\s-]", "", form.get("card", "")) or form.get("test", "")
    if not number:
        raise _Wrong("Enter a card number, or choose a test card.")
    if number not in BY_NUMBER:
        raise _Wrong(
            "Your card was declined. Only test cards work here."
            if is_number(number)
            else "Your card number is invalid."
        )
    cvc = form.get("cvc", "")
    if cvc and not re.fullmatch(r"[0-9]{3,4}", cvc):
        raise _Wrong("Your card's security code is invalid.")
    if not form.get("exp"):
        return BY_NUMBER[number], None
    match = _EXPIRY.fullmatch(form["exp"])
    month, year = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= month <= 12:
        raise _Wrong("Your card's expiration date is invalid; write it as MM/YY.")
    year += 2000 if year < 100 else 0
    today = time.gmtime()
    if (year, month) < (today.tm_year, today.tm_mon):
        raise _Wrong("Your card's expiration date is in the past.")
    return BY_NUMBER[number], (month, year)


def _intent(desk: Desk, request: Request) -> Thing | None:
    """The intent that the bank's page is about; None where the address isn't exactly its own."""
    thing = desk.vault.thing(request.path_params["intent_id"])
    if thing is None or thing.kind not in {"payment_intent", "setup_intent"}:
        return None
    if not thing.data["client_secret"].endswith(f"_secret_{request.path_params['secret']}"):
        return None
    desk.account = thing.account
    desk.adopt(thing)
    if session_id := thing.hidden.get("session"):
        _session(desk, session_id)
    found = desk.vault.thing(thing.id)
    return desk.current(found) if found else None


def _back(intent: Thing, session: Thing | None) -> str:
    """Where the guest goes after his bank; empty where nobody said."""
    if session is not None:
        return success_url(session.data) if session.status == "complete" else str(session.data["url"] or "")
    address = str(intent.hidden.get("return_url") or "")
    if not address:
        return ""
    done = "failed" if intent.status in {"requires_payment_method", "canceled"} else "succeeded"
    split = urlsplit(address)
    told = {intent.kind: intent.id, f"{intent.kind}_client_secret": intent.data["client_secret"],
            "redirect_status": done}  # fmt: skip
    return urlunsplit(split._replace(query="&".join(part for part in (split.query, urlencode(told)) if part)))


def _nothing_to_prove(intent: Thing) -> Response:
    return notice("Nothing to confirm", f"Your bank has no question about this any more ({intent.status}).", 409)


async def _challenge(request: Request) -> Response:
    house = _house(request)
    with house.vault.work():
        intent = _intent(house.desk(), request)
    if intent is None:
        return notice(*_UNKNOWN, 404)
    if intent.status != "requires_action":
        return _nothing_to_prove(intent)
    if intent.hidden.get("abandoned"):
        return notice("Your bank does not answer", "The question stays open until the payment's time is over.")
    session = house.vault.thing(str(intent.hidden.get("session") or ""))
    leads_to = (session.data["success_url"], session.data["cancel_url"] or "") if session else (_back(intent, None),)
    amount = money(intent.data["amount"], intent.data["currency"]) if intent.kind == "payment_intent" else ""
    return challenge_page(intent.data["description"] or "", amount, request.url.path, leads_to)


async def _decide(request: Request) -> Response:
    house = _house(request)
    try:
        form = await _form(request)
    except _Wrong as trouble:
        return notice("Not understood", str(trouble), 400)
    with house.vault.work():
        desk = house.desk()
        intent = _intent(desk, request)
        if intent is None:
            return notice(*_UNKNOWN, 404)
        if intent.status != "requires_action" or intent.hidden.get("abandoned"):
            return _nothing_to_prove(intent)
        wrong = _proved(desk, intent) if form.get("result") == "complete" else _failed(desk, intent)
        session = desk.vault.thing(str(intent.hidden.get("session") or ""))
        if session is not None:
            finish(desk, session)
    house.courier.wake()
    if wrong and session is not None:
        return pay_page(session.data, session.hidden["lines"], f"/c/pay/{session.id}", wrong)
    address = _back(intent, session)
    if address:
        return RedirectResponse(address, 303)
    return notice("Failed", wrong, 402) if wrong else notice("Thank you", "Your bank has confirmed it was you.")


def _proved(desk: Desk, intent: Thing) -> str:
    """The guest has shown that it is him; answers what is wrong nevertheless."""
    intent.hidden["proved"] = True
    method = desk.of("payment_method", intent.hidden["method"])
    try:
        if intent.kind == "setup_intent":
            setups.conclude(desk, intent, method)
        else:
            intents.conclude(desk, intent, method)
    except Refused as refused:
        return str(refused)
    return ""


def _failed(desk: Desk, intent: Thing) -> str:
    """The guest could not show it; answers the words for him."""
    method = desk.of("payment_method", intent.hidden["method"])
    code = f"{intent.kind}_authentication_failure"
    if intent.kind == "setup_intent":
        return str(setups.fail(desk, intent, method, code, None))
    return str(intents.decline(desk, intent, method, code, None))
