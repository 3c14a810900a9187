"""Money: a guest pays, the desk gives back, and the payment provider tells of things."""

from typing import Annotated

from fastapi import APIRouter, Body, Request

from api.acts import AtCounter
from api.callers import Desk, DeskRoute, GuestRoute, Parts, PublicRoute, Record
from api.hints import take_hint
from api.idempotency import once_for_command
from api.pay_links import payment_link
from api.paying import guest_pays
from api.routes.desk import ONE, acted
from api.shapes.bookings import DeskBooking
from api.shapes.commands import DeskRefund
from api.shapes.common import ReferencePath, answers, example
from api.shapes.notices import Heard
from api.shapes.payments import (
    LINK_ANSWER,
    PAY_ANSWER,
    STRIPE_EVENT,
    GuestPay,
    PaymentLink,
    PaymentLinkWanted,
    PaymentStarted,
)
from api.shapes.problems import problems
from api.views import API

guest_payments = APIRouter(prefix=API, tags=["Bookings"], route_class=GuestRoute)
desk_payments = APIRouter(prefix=f"{API}/desk", tags=["Desk"], route_class=DeskRoute)
provider_webhooks = APIRouter(prefix=f"{API}/webhooks", tags=["Platform"], route_class=PublicRoute)


@guest_payments.post(
    "/bookings/{reference}/payment",
    responses={
        200: answers("Where the payment goes on.", example("deposit", PAY_ANSWER)),
        **problems(
            "invalid_request", "idempotency_key_malformed", "not_logged_in", "not_found", "nothing_to_pay",
            "hold_ended", "idempotency_key_reused", "payment_refused", "body_too_large", "too_many_requests",
            "not_answered_in_time", "payment_provider_away", "payment_changing", "payments_not_ready",
            "booking_needs_attention",
        ),
    },
)  # fmt: skip
async def pay_booking(
    request: Request,
    house: Parts,
    record: Record,
    reference: ReferencePath,
    body: Annotated[GuestPay | None, Body(openapi_examples=example("hosted_page", {"how": "hosted_page"}))] = None,
) -> PaymentStarted:
    """Begins the payment of what is asked for now, or finds the one that is open.

    The amount is the booking's own. A second tab is handed the same payment; another way of paying closes the first.
    Coming back from the provider's page proves nothing: look at the booking.
    """
    return await guest_pays(house, request, record, body or GuestPay())


@desk_payments.post(
    f"{ONE}/refunds",
    responses=acted(
        "confirmed", ["cancel", "refunds"], "payment_unknown", "more_than_refundable", "amount_not_positive",
        "currency_differs", "reason_needed",
    ),
)  # fmt: skip
async def give_refund(
    counter: AtCounter,
    reference: ReferencePath,
    body: Annotated[
        DeskRefund,
        Body(
            openapi_examples=example(
                "goodwill",
                {"version": 3, "amount": {"amount_minor": 5000, "currency": "INR"}, "reason": "A cold shower."},
            )
        ),
    ],
) -> DeskBooking:
    """Gives money back: through the provider to the card, or written down as given back by the desk.

    Never more than was taken and not given back yet. A refund may take days and may fail; the booking says how it
    stands.
    """
    return await counter.give_refund(body)


@desk_payments.post(
    f"{ONE}/payment-link",
    responses={
        200: answers("The link.", example("mailed", LINK_ANSWER)),
        **problems(
            "invalid_request", "idempotency_key_malformed", "not_logged_in", "hotel_not_chosen", "not_found",
            "role_missing", "cross_site", "nothing_to_pay", "hold_ended", "version_conflict", "idempotency_key_reused",
            "notice_without_address", "body_too_large", "too_many_requests",
        ),
    },
)  # fmt: skip
async def make_payment_link(
    request: Request,
    house: Parts,
    record: Record,
    desk: Desk,
    reference: ReferencePath,
    body: Annotated[PaymentLinkWanted | None, Body(openapi_examples=example("mailed", {"mail": True}))] = None,
) -> PaymentLink:
    """The link with which the guest pays what is open, to read out, hand over or send by letter.

    It is good as long as the guest's own link, and revoking that revokes this one.
    """
    asked = body or PaymentLinkWanted()
    once = once_for_command(request, "payment-link", None, asked)
    return await payment_link(house, record, desk, asked, once)


@provider_webhooks.post(
    "/stripe",
    responses={
        200: answers("Stored, once or again.", example("noted", {"outcome": "noted"})),
        **problems("webhook_unreadable", "webhook_refused", "body_too_large", "too_many_requests"),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object", "description": "An event of Stripe's."},
                    "examples": example("succeeded", STRIPE_EVENT),
                }
            },
        }
    },
)
async def stripe_webhook(request: Request, house: Parts) -> Heard:
    """Events of Stripe, signed. Each is stored once by its id, without its body, before it is answered.

    An event is a hint: the booking looks at the payment at Stripe itself before it believes anything.
    """
    return Heard(outcome="noted" if await take_hint(house, request) else "ignored")
