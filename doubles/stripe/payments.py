"""The double's pages for people: its payments at `/`, one of them, receipts, and a hotel's answers for its account."""

from datetime import UTC, datetime
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from doubles.stripe.accounts import answered
from doubles.stripe.door import House
from doubles.stripe.errors import Json
from doubles.stripe.ledger import facts_of, newest
from doubles.stripe.markup import money, notice, page

MOST_SHOWN = 100
MOST_SESSIONS = 20
WORDS = {
    "requires_payment_method": "waits for a card",
    "requires_confirmation": "waits to be confirmed",
    "requires_action": "waits for the guest's bank",
    "processing": "is being decided",
    "requires_capture": "held on the card",
    "canceled": "cancelled",
    "succeeded": "paid",
}


def payment_routes() -> list[Route]:
    """The pages for people."""
    return [
        Route("/", _payments),
        Route("/payments/{intent_id}", _payment),
        Route("/receipts/{intent_id}", _receipt),
        Route("/setup/{account_id}/{secret}", _setup, methods=["GET"]),
        Route("/setup/{account_id}/{secret}", _answered, methods=["POST"]),
    ]


def _house(request: Request) -> House:
    house: House = request.app.state.house
    house.wake()
    house.fall_due()
    return house


def _when(seconds: int) -> str:
    instant = datetime.fromtimestamp(seconds, UTC)
    return f'<time datetime="{instant.isoformat()}">{instant:%d %b %Y %H:%M} UTC</time>'


def _cells(fact: Json) -> str:
    """One payment as a row: when, what for, amounts, and what it is."""
    currency = fact["currency"]
    described = ", ".join(f"{key}: {value}" for key, value in fact["metadata"].items())[:200] or "no metadata"
    words = WORDS.get(fact["status"], fact["status"])
    if fact["refunded"] or fact["refunds_pending"]:
        words += f", {money(fact['refunded'] + fact['refunds_pending'], currency)} given back"
    if fact["disputes"]:
        words += ", disputed"
    return (
        f"<tr><td>{_when(fact['created'])}</td>"
        f'<td><a href="/payments/{escape(fact["id"])}">{escape(fact["id"])}</a><br>{escape(described)}</td>'
        f'<td class="amount">{escape(money(fact["amount"], currency))}</td>'
        f'<td class="amount">{escape(money(fact["captured"], currency))}</td><td>{escape(words)}</td></tr>'
    )


def _table(caption: str, heads: tuple[str, ...], rows: list[str]) -> str:
    columns = "".join(
        f'<th scope="col"{" class=amount" if head in {"Asked", "Taken"} else ""}>{head}</th>' for head in heads
    )
    return (
        f'<h2>{caption}</h2><div class="scroll"><table><thead><tr>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


async def _payments(request: Request) -> Response:
    """The newest payments, and the pages that wait for a guest."""
    house = _house(request)
    facts = newest(house.vault, MOST_SHOWN)
    open_pages = [("json_extract(data, '$.status') = ?", "open"), ("kind = ?", "checkout.session")]
    sessions = house.vault.things(open_pages, MOST_SESSIONS)
    parts = ['<h1>Payments</h1><p class="note">This stands in for the payment provider. No money moves.</p>']
    if sessions:
        rows = [
            f"<tr><td>{_when(one.data['created'])}</td>"
            f'<td><a href="{escape(str(one.data["url"]))}">{escape(one.id)}</a></td>'
            f"<td>{_when(one.data['expires_at'])}</td></tr>"
            for one in sessions
        ]
        parts.append(_table("Pages that wait for a guest", ("Made", "Page", "Ends"), rows))
    if facts:
        parts.append(
            _table("Newest payments", ("Made", "Payment", "Asked", "Taken", "State"), [_cells(one) for one in facts])
        )
    else:
        parts.append("<p><strong>No payment yet.</strong> A booking that asks for a card makes the first.</p>")
    return page("Payments", "".join(parts), wide=True)


async def _payment(request: Request) -> Response:
    """One payment with its charges, refunds, disputes and events."""
    house = _house(request)
    intent = house.vault.thing(request.path_params["intent_id"])
    if intent is None or intent.kind != "payment_intent":
        return notice("There is no such payment", "It was never made, or was taken away.", 404)
    fact, currency = facts_of(house.vault, intent), intent.data["currency"]
    told: list[tuple[str, Any]] = [
        ("State", WORDS.get(fact["status"], fact["status"])),
        ("Asked", money(fact["amount"], currency)),
        ("Taken", money(fact["captured"], currency)),
        ("Given back", money(fact["refunded"], currency)),
        ("On its way back", money(fact["refunds_pending"], currency)),
        ("Customer", fact["customer"] or "none"),
        *((f"Metadata {key}", value) for key, value in fact["metadata"].items()),
    ]
    if error := intent.data["last_payment_error"]:
        told.append(("Last refusal", error["message"]))
    rows = [f"<tr><th scope=row>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in told]
    events = house.vault.events([("instr(about, ?) > 0", intent.id)], MOST_SHOWN)
    seen = [f"<tr><td>{_when(one['created'])}</td><td>{escape(one['type'])}</td><td>{escape(one['id'])}</td></tr>"
            for one in reversed(events)]  # fmt: skip
    body = (
        f'<p><a href="/">All payments</a></p><h1>{escape(intent.id)}</h1><table><tbody>{"".join(rows)}</tbody></table>'
        + _table("What happened", ("When", "Event", "Id"), seen)
    )
    return page(intent.id, body, wide=True)


async def _receipt(request: Request) -> Response:
    house = _house(request)
    intent = house.vault.thing(request.path_params["intent_id"])
    if intent is None or intent.kind != "payment_intent" or not intent.data["amount_received"]:
        return notice("There is no such receipt", "Nothing was paid under this address.", 404)
    words = f"{money(intent.data['amount_received'], intent.data['currency'])} was paid. No money moved."
    return notice("Receipt of the payment stand-in", words)


async def _setup(request: Request) -> Response:
    """The page on which a hotel answers what the provider asks of its account."""
    house = _house(request)
    account = house.vault.thing(request.path_params["account_id"])
    if account is None or account.hidden.get("link") != request.path_params["secret"]:
        return notice("This link was used or is unknown", "Ask for a new one.", 410)
    body = (
        "<h1>Set up payments</h1><p>The hotel tells the payment provider who it is and where its money goes.</p>"
        f'<form method="post" action="{escape(request.url.path)}"><button autofocus>Answer everything</button></form>'
    )
    return page("Set up payments", body, leads_to=(account.hidden["return_url"],))


async def _answered(request: Request) -> Response:
    house = _house(request)
    with house.vault.work():
        desk = house.desk()
        account = desk.look("account", request.path_params["account_id"])
        fits = account is not None and account.hidden.get("link") == request.path_params["secret"]
        if account is None or not fits or account.hidden["link_ends"] < desk.now:
            return notice("This link was used or is unknown", "Ask for a new one.", 410)
        account.hidden.pop("link")
        answered(desk, account)
    house.courier.wake()
    return RedirectResponse(account.hidden["return_url"], 303)
