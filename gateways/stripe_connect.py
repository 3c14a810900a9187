"""Hotels' own accounts at Stripe: making one, looking at it, and the page on which the hotel answers Stripe.

The platform takes the payments and bears their losses; Stripe asks the hotel for what it has to know. Source: Stripe's
pages on accounts with controller properties, destination charges and account links.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.connect import AccountRefused, AccountSeen
from domain.provider_calls import Call, Written
from gateways.stripe_line import StripeLine
from gateways.stripe_params import HOTEL, KEY
from gateways.stripe_words import NotTaken
from messages.connect import AccountWish

ACCOUNT = "accounts.create"
# Stripe's words for an account that is not ours, or not ours any more.
_LEFT = frozenset({"account_invalid", "resource_missing", "status_403", "status_404"})
MOST_REQUIREMENTS = 50


class StripeConnect:
    """Accounts on Stripe's API. base_url: where hotels come back to. Errors of whatever asks Stripe: ProviderAway."""

    def __init__(self, line: StripeLine, base_url: str) -> None:
        self._line = line
        self._base_url = base_url

    def account_call(self, wish: AccountWish, number: int) -> Call:
        """The call that makes the hotel's account. number: from 1, counting those that it has had."""
        key = f"{wish.hotel_id}.connect.account.create.{number}"
        params = {
            "country": wish.country,
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
            "metadata": {HOTEL: str(wish.hotel_id), KEY: key},
        }
        return Call(key, ACCOUNT, "", params)

    def send(self, written: Written, now: datetime) -> AccountSeen:
        """Sends the written call. Errors: AccountRefused."""
        try:
            return _seen(self._line.post(ACCOUNT, "", written.call.params, written.wire_key, now))
        except NotTaken as no:
            code = no.code
        raise AccountRefused(code)

    def match(self, call: Call, now: datetime) -> str:
        """The account that carries the call's key; empty where there is none."""
        for body in self._line.listed("accounts", now):
            if (body.get("metadata") or {}).get(KEY) == call.key:
                return str(body["id"])
        return ""

    def look(self, account_id: str) -> AccountSeen:
        """How an account stands."""
        try:
            return _seen(self._line.get("accounts", account_id, None))
        except NotTaken as no:
            if no.code not in _LEFT:
                raise AccountRefused(no.code) from None
        return AccountSeen(account_id, left=True)

    def page(self, account_id: str, key: str, now: datetime) -> tuple[str, datetime]:
        """Where the hotel answers Stripe, once, and until when. Errors: AccountRefused."""
        back = f"{self._base_url}/desk/payments"
        params = {
            "account": account_id,
            "type": "account_onboarding",
            "refresh_url": back,
            "return_url": back,
        }
        try:
            body = self._line.post("account_links.create", "", params, key, now)
        except NotTaken as no:
            code = no.code
        else:
            return str(body["url"]), datetime.fromtimestamp(int(body["expires_at"]), UTC)
        raise AccountRefused(code)


def _seen(body: Mapping[str, Any]) -> AccountSeen:
    wants = body.get("requirements") or {}
    words = [*(wants.get("past_due") or []), *(wants.get("currently_due") or [])]
    if wants.get("disabled_reason"):
        words.insert(0, str(wants["disabled_reason"]))
    return AccountSeen(
        account_id=str(body["id"]),
        country=str(body.get("country") or "").upper(),
        charges_enabled=bool(body.get("charges_enabled")),
        payouts_enabled=bool(body.get("payouts_enabled")),
        requirements=tuple(dict.fromkeys(map(str, words)))[:MOST_REQUIREMENTS],
    )
