"""The hotel's own account at the payment provider."""

from typing import Annotated

from fastapi import APIRouter, Body

from api.callers import Desk, DeskRoute, Parts
from api.connect import account_of, account_page, change_account, open_account
from api.shapes.common import answers, example
from api.shapes.connect import ACCOUNT, ACCOUNT_PAGE, AccountBody, AccountChange, AccountOpening, AccountPage
from api.shapes.problems import problems
from api.views import API

connect = APIRouter(prefix=f"{API}/admin/payments/account", tags=["Desk"], route_class=DeskRoute)
_KNOWN = ("invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
_ACTS = (*_KNOWN, "cross_site", "body_too_large")
_TOLD = answers("How the hotel is paid.", example("ready", ACCOUNT))


@connect.get("", responses={200: _TOLD, **problems(*_KNOWN)})
async def get_payment_account(house: Parts, at: Desk) -> AccountBody:
    """How the hotel is paid, and what the provider still wants to be told, as it was last seen to say."""
    return await account_of(house, at)


@connect.post(
    "",
    responses={
        200: _TOLD,
        **problems(
            *_ACTS, "connect_unsupported_country", "account_missing", "account_stands", "account_refused",
            "not_answered_in_time", "not_ready",
        ),
    },
)  # fmt: skip
async def open_payment_account(
    house: Parts,
    at: Desk,
    body: Annotated[AccountOpening | None, Body(openapi_examples=example("lost", {"replaces": "acct_1"}))] = None,
) -> AccountBody:
    """Opens the hotel's account at the provider, or finds the one it has. Asking again is harmless.

    Until the provider has heard what it asks, the hotel sells nothing that is paid online. Where the account has left
    the platform, or was rejected, `replaces` names it and a new one is made in its place; what was paid through the old
    one stays with it.
    """
    return await open_account(house, at, body or AccountOpening())


@connect.post(
    "/link",
    responses={
        200: answers("Where the hotel answers the provider.", example("page", ACCOUNT_PAGE)),
        **problems(*_ACTS, "account_missing", "account_refused", "not_answered_in_time", "not_ready"),
    },
)
async def open_account_page(house: Parts, at: Desk) -> AccountPage:
    """A page of the provider's on which the hotel answers it: good for one visit, made anew each time, kept nowhere."""
    return await account_page(house, at)


@connect.patch("", responses={200: _TOLD, **problems(*_ACTS, "account_missing")})
async def change_payment_account(
    house: Parts,
    at: Desk,
    body: Annotated[AccountChange, Body(openapi_examples=example("share", {"fee_percent": "2.5"}))],
) -> AccountBody:
    """Sets the platform's share of charges from now on, and whether refunds give their part of it back."""
    return await change_account(house, at, body)
