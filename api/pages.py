"""The plain pages: start, API docs, a guest's booking, a booking at the desk.

They are not part of the API's contract. A booking's page gives the same answer for a wrong token as for a booking that
does not exist.
"""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from api.callers import Parts, PublicRoute, record_for_guest
from api.docs import documented
from api.selling import hotel_list
from api.shapes.bookings import BookingBody
from api.shapes.common import REFERENCE_PATTERN, Money
from domain.money import Money as Amount
from domain.money import format_money
from domain.refusals import Refused
from domain.stay import day_text

WEB = Path(__file__).resolve().parent.parent / "web"
DEMO_ROLES = ("frontdesk", "manager", "admin")
DEMO_PASSWORD = "holdfast-demo"  # noqa: S105 - published; its logins exist in demo mode only.
MOST_HOTELS = 200
_TONES = {"confirmed": "good", "checked_in": "good", "completed": "good", "pending": "warn", "held": "warn"}
_SHOWN = frozenset((".css", ".js", ".svg"))
_A_DAY = 24 * 3600
# Sheets and scripts change with the next release under the same name.
_FIVE_MINUTES = 300
_REFERENCE = re.compile(REFERENCE_PATTERN)

pages = APIRouter(include_in_schema=False, route_class=PublicRoute, default_response_class=HTMLResponse)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(WEB), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
    )


def _page(name: str, status: int = 200, **shown: Any) -> HTMLResponse:
    return HTMLResponse(_templates().get_template(name).render(**shown), status)


@pages.get("/")
async def start_page(house: Parts) -> Response:
    """The hotels, where to look inside, and in demo mode the logins."""
    hotels = await hotel_list(house, MOST_HOTELS, None)
    today, settings = house.clock().date(), house.settings
    return _page(
        "start.html",
        hotels=hotels.items,
        arrival=today + timedelta(days=14),
        departure=today + timedelta(days=16),
        calendar_to=today + timedelta(days=44),
        inbox=settings.inbox_url,
        payments=settings.payments_url,
        temporal=f"{settings.temporal_ui}/namespaces/{settings.temporal_namespace}/workflows",
        logins=DEMO_ROLES if settings.demo else (),
        password=DEMO_PASSWORD,
    )


@pages.get("/api/docs")
async def docs_page(request: Request) -> Response:
    """The API's documentation; nothing is fetched from elsewhere."""
    kept: str | None = getattr(request.app.state, "docs", None)
    if kept is None:
        kept = _templates().get_template("docs.html").render(**documented(request.app.openapi()))
        request.app.state.docs = kept
    return HTMLResponse(kept)


@pages.get("/b/{reference}")
async def guest_page(house: Parts, reference: str, token: Annotated[str, Query()] = "") -> Response:
    """A guest's booking, by the link of a letter."""
    try:
        booking = house.views.for_guest(await record_for_guest(house, reference, token))
    except Refused:
        return _page("nothing.html", 404)
    return _page(
        "booking.html",
        booking=booking,
        tone=_TONES.get(booking.status, "bad"),
        lines=_price_lines(booking),
        total=_words(booking.total),
        paid=_words(booking.paid),
        balance=_words(booking.balance),
    )


@pages.get("/confirm-email")
async def confirm_page() -> Response:
    """Where the letter to a new address leads. The page itself confirms nothing: that needs a press."""
    return _page("confirm.html")


@pages.get("/desk/bookings/{reference}")
async def desk_page(reference: str) -> Response:
    """A booking at the desk. The page itself holds nothing; it asks the API as whoever is logged in."""
    if not _REFERENCE.fullmatch(reference):
        return _page("nothing.html", 404)
    return _page("desk.html", reference=reference)


def _price_lines(booking: BookingBody) -> list[dict[str, str]]:
    """Nights, then taxes, of each room in turn."""
    names = {stay.stay: stay.room_type_name for stay in booking.stays}
    lines = []
    for stay, name in names.items():
        for night in booking.nights:
            if night.stay == stay:
                lines.append({"night": day_text(night.night), "words": name, "amount": _words(night.price)})
        for tax in booking.taxes:
            if tax.stay == stay:
                words = f"{tax.name} (included)" if tax.included else tax.name
                lines.append({"night": day_text(tax.night), "words": words, "amount": _words(tax.amount)})
    return lines


def _words(amount: Money) -> str:
    return format_money(Amount(amount.amount_minor, amount.currency))


class _Files(StaticFiles):
    """Pictures, sheets and scripts of web/, and no other kind of file from there; browsers keep them for a while."""

    def __init__(self, folder: Path, kept_seconds: int) -> None:
        super().__init__(directory=folder)
        self._kept = f"public, max-age={kept_seconds}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As the framework answers."""
        if Path(path).suffix not in _SHOWN:
            path = ""
        response = await super().get_response(path, scope)
        if response.status_code < 400:
            response.headers["Cache-Control"] = self._kept
        return response


def install_pages(app: FastAPI) -> None:
    """Adds the pages and the files that they need."""
    app.mount("/photos", _Files(WEB / "photos", _A_DAY), "photos")
    app.mount("/assets", _Files(WEB, _FIVE_MINUTES), "assets")
