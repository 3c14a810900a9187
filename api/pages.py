"""The plain pages: start, API docs, a guest's booking, a booking at the desk.

They are not part of the API's contract. A booking's page gives the same answer for a wrong token as for a booking that
does not exist.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from api.callers import Parts, PublicRoute, record_for_guest
from api.docs import documented
from api.page_parts import WEB, amount_in_words, page, templates
from api.pay_words import PAYMENT_STATES, REFUND_STATES, pay_button
from api.selling import hotel_list
from api.shapes.bookings import BookingBody
from api.shapes.common import REFERENCE_PATTERN
from domain.refusals import Refused
from domain.stay import day_text

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


@pages.get("/")
async def start_page(house: Parts) -> Response:
    """The hotels, where to look inside, and in demo mode the logins."""
    hotels = await hotel_list(house, MOST_HOTELS, None)
    today, settings = house.clock().date(), house.settings
    return page(
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
        kept = templates().get_template("docs.html").render(**documented(request.app.openapi()))
        request.app.state.docs = kept
    return HTMLResponse(kept)


@pages.get("/b/{reference}")
async def guest_page(house: Parts, reference: str, token: Annotated[str, Query()] = "") -> Response:
    """A guest's booking, by the link of a letter."""
    try:
        record = await record_for_guest(house, reference, token)
    except Refused:
        return page("nothing.html", 404)
    booking = house.views.for_guest(record)
    return page(
        "booking.html",
        booking=booking,
        tone=_TONES.get(booking.status, "bad"),
        lines=_price_lines(booking),
        total=amount_in_words(booking.total),
        paid=amount_in_words(booking.paid),
        balance=amount_in_words(booking.balance),
        pay_page=house.views.pay_page(record) if booking.to_pay else "",
        pay_button=pay_button(record.state, booking.to_pay) if booking.to_pay else "",
        moved=_moved(booking),
    )


@pages.get("/confirm-email")
async def confirm_page() -> Response:
    """Where the letter to a new address leads. The page itself confirms nothing: that needs a press."""
    return page("confirm.html")


@pages.get("/desk/bookings/{reference}")
async def desk_page(reference: str) -> Response:
    """A booking at the desk. The page itself holds nothing; it asks the API as whoever is logged in."""
    if not _REFERENCE.fullmatch(reference):
        return page("nothing.html", 404)
    return page("desk.html", reference=reference)


def _moved(booking: BookingBody) -> list[dict[str, str]]:
    """Payments and refunds so far, each with how it stands; attempts that came to nothing are left out."""
    lines = [
        {"what": PAYMENT_STATES[payment.state], "amount": amount_in_words(payment.captured)}
        for payment in booking.payments
        if payment.state in PAYMENT_STATES
    ]
    return lines + [
        {"what": REFUND_STATES[refund.state], "amount": amount_in_words(refund.amount)}
        for refund in booking.refunds
        if refund.state in REFUND_STATES
    ]


def _price_lines(booking: BookingBody) -> list[dict[str, str]]:
    """Nights, then taxes, of each room in turn."""
    names = {stay.stay: stay.room_type_name for stay in booking.stays}
    lines = []
    for stay, name in names.items():
        for night in booking.nights:
            if night.stay == stay:
                lines.append({"night": day_text(night.night), "words": name, "amount": amount_in_words(night.price)})
        for tax in booking.taxes:
            if tax.stay == stay:
                words = f"{tax.name} (included)" if tax.included else tax.name
                lines.append({"night": day_text(tax.night), "words": words, "amount": amount_in_words(tax.amount)})
    return lines


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
