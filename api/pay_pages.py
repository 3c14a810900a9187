"""The pages on which a guest pays: what it is for, one button, and what comes after it.

They need no script. The link's token opens these pages of one booking and nothing else. Pressing the button leads to
the payment provider's page; coming back from there proves nothing, so that page shows nothing of the booking.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.callers import Parts, PublicRoute, record_for_payer
from api.house import House
from api.idempotency import once_for_command
from api.page_parts import amount_in_words, page
from api.pay_words import pay_button, purpose_in_words
from api.paying import start_payment
from api.problems import Problem
from api.security import CONTENT_POLICY
from api.shapes.common import REFERENCE_PATTERN
from api.shapes.payments import GuestPay, PaymentStarted
from domain.booking import Booking, Status
from domain.clocks import local_text
from domain.payments import PayState
from domain.refusals import Refused
from domain.stay import counted, day_text
from store.booking_reads import BookingRecord
from store.session import DatabaseAway

# Where the provider's hosted pages are. Browsers follow a form's redirect only to places that the page names.
HOSTED_PAGES = "https://checkout.stripe.com"
RETRY_SECONDS = 10
_REFERENCE = re.compile(REFERENCE_PATTERN)
_GIVEN_UP = (Status.REJECTED, Status.FAILED, Status.CANCELLED, Status.NO_SHOW)

pay_pages = APIRouter(include_in_schema=False, route_class=PublicRoute, default_response_class=HTMLResponse)


@dataclass(frozen=True)
class _Said:
    """What the page says in place of a button: a heading and sentences."""

    heading: str
    sentences: tuple[str, ...]


@pay_pages.get("/pay/{token}")
async def pay_page(house: Parts, token: str) -> Response:
    """What is to be paid, by the link of a letter. Errors: the one page of whatever may not be seen."""
    try:
        record = await record_for_payer(house, token)
    except Refused:
        return page("nothing.html", 404)
    return _shown(house, record, token)


@pay_pages.post("/pay/{token}")
async def begin_payment(request: Request, house: Parts, token: str) -> Response:
    """On to the provider's page (303), or why not. Pressing twice leads to the same page.

    Errors: 404 as the page; 409 and 422 where nothing can be paid; 503 with Retry-After while the provider is away.
    """
    try:
        record = await record_for_payer(house, token)
    except Refused:
        return page("nothing.html", 404)
    body = GuestPay()
    try:
        started = await start_payment(
            house, request, record, body.how, once_for_command(request, "payment", None, body)
        )
    except Refused as refused:
        # What it is now tells the guest more than the refusal's own words.
        fresh = await record_for_payer(house, token)
        return _shown(house, fresh, token, trouble=refused.detail, status=409)
    except Problem as problem:
        if problem.status != 503:
            raise
        return _away(house, record, token, problem.retry_after or RETRY_SECONDS)
    except DatabaseAway:
        return _away(house, record, token, RETRY_SECONDS)
    return await _onwards(house, token, started)


async def _onwards(house: House, token: str, started: PaymentStarted) -> Response:
    """To the provider, or back to the page where the payment has come to its end already."""
    to = started.hosted_page or f"{house.settings.base_url}/pay/{token}"
    return RedirectResponse(to, 303)


@pay_pages.get("/pay/return/{reference}")
async def return_page(reference: str) -> Response:
    """Where the provider's page leads back to. Anybody may open it: it shows nothing of any booking."""
    if not _REFERENCE.fullmatch(reference):
        return page("nothing.html", 404)
    return page("pay_return.html", reference=reference)


def _shown(house: House, record: BookingRecord, token: str, *, trouble: str = "", status: int = 200) -> Response:
    booking = house.views.for_guest(record)
    said = _said(record.state) if booking.to_pay is None or _processing(record.state) else None
    asked = booking.to_pay if said is None else None
    until = local_text(asked.until, record.state.terms.zone) if asked and asked.until else ""
    answer = page(
        "pay.html",
        status,
        booking=booking,
        stay=_in_words(record.state),
        said=said,
        amount=amount_in_words(asked.amount) if asked else "",
        takes_money=bool(asked and asked.amount.amount_minor),
        purpose=purpose_in_words(record.state, asked) if asked else "",
        until=until,
        button=pay_button(record.state, asked) if asked else "",
        action=f"/pay/{token}",
        trouble=trouble if said is None else "",
        away=False,
    )
    return _with_policy(house, answer)


def _away(house: House, record: BookingRecord, token: str, wait_seconds: int) -> Response:
    """The provider, or we, can't begin a payment now; nothing was charged, and the guest tries again."""
    booking = house.views.for_guest(record)
    answer = page(
        "pay.html",
        503,
        booking=booking,
        stay=_in_words(record.state),
        said=None,
        amount=amount_in_words(booking.to_pay.amount) if booking.to_pay else "",
        takes_money=bool(booking.to_pay and booking.to_pay.amount.amount_minor),
        purpose=purpose_in_words(record.state, booking.to_pay) if booking.to_pay else "",
        until="",
        button="Try again",
        action=f"/pay/{token}",
        trouble="",
        away=True,
    )
    answer.headers["Retry-After"] = str(wait_seconds)
    return _with_policy(house, answer)


def _with_policy(house: House, answer: Response) -> Response:
    """The page's form may lead on to the provider's pages; without that word a browser stops there."""
    there = HOSTED_PAGES
    if own := house.settings.payments_url:
        parts = urlsplit(own)
        there = f"{parts.scheme}://{parts.netloc}"
    allowed = CONTENT_POLICY.replace("form-action 'self'", f"form-action 'self' {there}")
    answer.headers["Content-Security-Policy"] = allowed
    return answer


def _processing(booking: Booking) -> bool:
    """Whether the provider has a payment of this booking that it has not decided."""
    return any(one.state is PayState.PROCESSING for one in booking.purse.payments)


def _said(booking: Booking) -> _Said:
    """How a booking stands that nothing can be paid for."""
    if _processing(booking):
        return _Said("Your payment is being processed", ("There is nothing for you to do. A letter follows.",))
    match booking.status:
        case Status.HELD if booking.purse.held_over is not None:
            return _Said(
                "The time for paying has ended",
                ("If you have just paid, we are looking at it now, and a letter follows.",),
            )
        case Status.EXPIRED:
            return _Said(
                "The time for paying has ended",
                ("The room is no longer kept for you. Should a payment of yours still arrive, we write to you.",),
            )
        case status if status in _GIVEN_UP:
            return _Said("There is nothing to pay", ("This booking has ended. What was agreed stands in our letters.",))
        case Status.PENDING:
            told = "The hotel has your request. What was set aside on your card is charged only when it says yes."
            return _Said("There is nothing to pay now", (told if booking.purse.authorised else "A letter follows.",))
        case _ if booking.purse.method_id or booking.paid_minor > 0:
            return _Said("Thank you, all is done", ("There is nothing to pay now.",))
        case _:
            return _Said("There is nothing to pay", ("Nothing is asked for at present.",))


def _in_words(booking: Booking) -> str:
    """`2 rooms, Sat 14 Mar 2026 to Tue 17 Mar 2026`."""
    rooms = counted(len(booking.stays), "room")
    return f"{rooms}, {day_text(booking.arrival)} to {day_text(booking.departure)}"
