"""The double's pages as HTML: plain, keyboard-usable, light and dark. Every text of others is escaped."""

from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from doubles.stripe.cards import CARDS
from doubles.stripe.currencies import written
from doubles.stripe.errors import Json

STYLE = Path(__file__).parent / "page.css"


@cache
def _style() -> str:
    return STYLE.read_text(encoding="utf-8")


def money(amount: int, currency: str) -> str:
    """`EUR 123.45`."""
    return f"{currency.upper()} {written(amount, currency)}"


def page(
    title: str, body: str, status: int = 200, leads_to: tuple[str, ...] = (), *, wide: bool = False
) -> HTMLResponse:
    """A whole page. leads_to: addresses that its forms may end at, after a redirect."""
    origins = {f"{split.scheme}://{split.netloc}" for one in leads_to if (split := urlsplit(one)).netloc}
    rules = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        "form-action " + " ".join(["'self'", *sorted(origins)])
    )
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(title)} · Payment stand-in</title><style>{_style()}</style></head>"
        f"<body><main{' class=wide' if wide else ''}>{body}</main></body></html>\n"
    )
    headers = {
        "Content-Security-Policy": rules,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(text, status, headers)


def notice(title: str, words: str, status: int = 200, link: tuple[str, str] | None = None) -> HTMLResponse:
    """A page that only says something. link: address and words of the way on."""
    more = f'<a class="button" href="{escape(link[0])}">{escape(link[1])}</a>' if link else ""
    return page(title, f'<h1>{escape(title)}</h1><p class="note">{escape(words)}</p>{more}', status)


def pay_page(session: Json, lines: list[Json], action: str, error: str = "", given: Json | None = None) -> HTMLResponse:
    """The hosted page of an open session. error: what went wrong the last time; given: what was typed then."""
    given, saves = given or {}, session["mode"] == "setup"
    title = "Save your card" if saves else ", ".join(line["description"] for line in lines)[:200]
    parts = [f"<h1>{escape(title)}</h1>"]
    total = "" if saves else money(session["amount_total"], session["currency"])
    if not saves:
        parts.append(f'<p class="total">{escape(total)}</p>')
        if len(lines) > 1:
            parts.append('<ul class="lines">' + "".join(_line(line) for line in lines) + "</ul>")
    parts.append(
        '<p class="note">This page stands in for the payment provider. Only test cards work; no money moves.</p>'
    )
    submit = (session["custom_text"].get("submit") or {}).get("message")
    if submit:
        parts.append(f'<p class="note">{escape(submit)}</p>')
    if error:
        parts.append(f'<p class="error" id="error" role="alert">{escape(error)}</p>')
    parts.append(_form(action, given, error, "Save card" if saves else f"Pay {total}"))
    if session["cancel_url"]:
        parts.append(f'<a class="button second" href="{escape(session["cancel_url"])}">Back</a>')
    leads_to = (session["success_url"], session["cancel_url"] or "")
    return page(title, "".join(parts), 402 if error else 200, leads_to)


def _line(line: Json) -> str:
    words = line["description"] if line["quantity"] == 1 else f"{line['description']} × {line['quantity']}"
    return f"<li><span>{escape(words)}</span><span>{escape(money(line['amount_total'], line['currency']))}</span></li>"


def _form(action: str, given: Json, error: str, submit: str) -> str:
    wrong = ' aria-invalid="true" aria-describedby="error"' if error else ""
    options = "".join(f'<option value="{card.number}">{card.number} – {escape(card.words)}</option>' for card in CARDS)

    def value(name: str) -> str:
        return escape(str(given.get(name, "")))

    return (
        f'<form method="post" action="{escape(action)}" novalidate>'
        '<label for="test">Test card</label>'
        f'<select id="test" name="test"><option value="">As typed below</option>{options}</select>'
        '<label for="card">Card number</label>'
        f'<input id="card" name="card" inputmode="numeric" autocomplete="off" maxlength="23" value="{value("card")}"'
        f' placeholder="4242 4242 4242 4242" autofocus{wrong}>'
        '<div class="pair"><div><label for="exp">Expiry (MM/YY)</label>'
        f'<input id="exp" name="exp" inputmode="numeric" autocomplete="off" maxlength="7" value="{value("exp")}"></div>'
        '<div><label for="cvc">Security code</label>'
        '<input id="cvc" name="cvc" inputmode="numeric" autocomplete="off" maxlength="4"></div></div>'
        '<label for="name">Name on card</label>'
        f'<input id="name" name="name" autocomplete="off" maxlength="200" value="{value("name")}">'
        f"<button>{escape(submit)}</button></form>"
    )


def challenge_page(title: str, amount: str, action: str, leads_to: tuple[str, ...]) -> HTMLResponse:
    """The guest's bank asks whether it is really him."""
    words = f"Your bank asks you to confirm {amount}." if amount else "Your bank asks you to confirm this card."
    body = (
        f'<h1>Confirm with your bank</h1><p class="note">{escape(title)}</p><p>{escape(words)}</p>'
        f'<form method="post" action="{escape(action)}">'
        '<button name="result" value="complete" autofocus>Complete</button>'
        '<button class="second" name="result" value="fail">Fail</button></form>'
        '<p class="note">Leave the page open to let the payment wait.</p>'
    )
    return page("Confirm with your bank", body, leads_to=leads_to)
