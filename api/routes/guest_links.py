"""Guest links: sent again on request, confirmed addresses, and links that the desk prints."""

from typing import Annotated

from fastapi import APIRouter, Body, Request

from api.callers import Desk, DeskRoute, Parts, PublicRoute, Record
from api.idempotency import once_for_command
from api.links import LinkRoute, ask_for_links, print_link
from api.people import confirm_email
from api.shapes import people_examples as examples
from api.shapes.common import ReferencePath, answers, example
from api.shapes.examples import TOKEN
from api.shapes.people import EmailConfirmation, EmailConfirmed, LinkAnswer, LinkPrint, LinkWanted, PrintedLink
from api.shapes.problems import problems
from api.views import API

asking = APIRouter(prefix=API, tags=["Bookings"], route_class=LinkRoute)
confirming = APIRouter(prefix=API, tags=["Bookings"], route_class=PublicRoute)
printing = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)


@asking.post(
    "/guest-links",
    status_code=202,
    responses={
        202: answers("The same for everybody.", example("answer", examples.LINK_ANSWER)),
        **problems("invalid_request", "body_too_large", "too_many_requests"),
    },
)
async def ask_for_guest_links(
    house: Parts,
    body: Annotated[
        LinkWanted,
        Body(
            openapi_examples={
                **example("by_email", {"email": "guest@example.com"}),
                **example("by_phone", {"phone": "+91 484 000 0000"}),
                **example("by_reference", {"reference": examples.REFERENCE}),
            }
        ),
    ],
) -> LinkAnswer:
    """Sends the links of bookings that fit, to the address on file only. The answer tells nothing."""
    return ask_for_links(house, body)


@confirming.post(
    "/guest-email-confirmations",
    responses={
        200: answers("The address counts.", example("confirmed", examples.CONFIRMED)),
        **problems("invalid_request", "not_found", "body_too_large", "too_many_requests"),
    },
)
async def confirm_guest_email(
    house: Parts, body: Annotated[EmailConfirmation, Body(openapi_examples=example("token", {"token": TOKEN}))]
) -> EmailConfirmed:
    """Confirms a new e-mail address by its letter's token; the old address is told. The same token again is fine."""
    return await confirm_email(house, body.token)


@printing.post(
    "/bookings/{reference}/guest-link",
    responses={
        200: answers("The link, and its picture.", example("link", examples.PRINTED)),
        **problems(
            "invalid_request", "idempotency_key_malformed", "not_logged_in", "hotel_not_chosen", "not_found",
            "role_missing", "cross_site", "idempotency_key_reused", "body_too_large", "guest_portal_off",
            "too_many_requests",
        ),
    },
)  # fmt: skip
async def print_guest_link(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[
        LinkPrint | None, Body(openapi_examples=example("new_only", {"revoke": True, "reason": "The letter was lost."}))
    ] = None,
) -> PrintedLink:
    """The guest's link to print and hand over; with `revoke` every earlier link is dead from now on."""
    asked = body or LinkPrint()
    return await print_link(house, record, desk, asked, once_for_command(request, "guest-link", None, asked))
