"""The line to Stripe: its client with limits, our keys, and no word of its own on the way out.

The version of the API is pinned here. Everything that changes something carries our idempotency key; a check of the
house looks at the calls of this folder, because the client would make a key of its own up where none is given.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import stripe
from stripe import _util as stripe_util

from domain.provider_calls import ProviderAway
from gateways.stripe_words import NotTaken, in_our_words

VERSION = "2026-10-28.endive"
CONNECT_SECONDS, READ_SECONDS = 3.0, 15.0
# A page of a list, and how many pages are read at most.
PAGE, MOST_PAGES = 100, 5
# The clock of the story, for a stand-in of Stripe's that lets authorisations lapse by it.
STORY_CLOCK = "Holdfast-Double-Now"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Body = dict[str, Any]
Options = dict[str, Any]


class StripeLine:
    """Stripe's API, or anything that speaks it at `api_base`; safe to use from several threads.

    seconds: the limits of connecting and of each wait for an answer. Errors: ProviderAway and
    stripe_words.NotTaken, never one of the client's.
    """

    def __init__(
        self, api_key: str, api_base: str = "", *, seconds: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)
    ) -> None:
        self._api_key = api_key
        self._base = api_base.rstrip("/")
        self._seconds = seconds
        self._own = threading.local()
        _keep_silent()

    def post(self, what: str, target: str, params: Mapping[str, Any], key: str, now: datetime) -> Body:
        """Sends what changes something, under our key. what: one of the calls below."""
        keyed = self._keyed(key, now)
        return self._ask(lambda: _post(self._client(), what, target, dict(params), keyed))

    def get(self, what: str, object_id: str, now: datetime | None, expand: tuple[str, ...] = ()) -> Body:
        """One object. what: one of the services below."""
        params: Any = {"expand": list(expand)} if expand else {}
        options: Any = self._options(now)
        return self._ask(lambda: _services(self._client())[what].retrieve(object_id, params=params, options=options))

    def listed(self, what: str, now: datetime, **filters: str) -> Iterator[Body]:
        """The newest objects of a list, MOST_PAGES pages at most. Errors: ProviderAway `too_many` beyond that."""
        options: Any = self._options(now)
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            params: Any = {**filters, **after, "limit": PAGE}
            service = _services(self._client())[what]
            page = self._ask(lambda service=service, params=params: service.list(params=params, options=options))
            yield from page["data"]
            if not page.get("has_more") or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
        raise ProviderAway("too_many")

    def page(self, what: str, after: str, now: datetime, filters: Mapping[str, Any]) -> tuple[list[Body], str]:
        """One page of a list, the newest first, from behind the object `after` on; and where the next begins, or ''."""
        options: Any = self._options(now)
        params: Any = {**filters, "limit": PAGE, **({"starting_after": after} if after else {})}
        page = self._ask(lambda: _services(self._client())[what].list(params=params, options=options))
        bodies = page["data"]
        return bodies, str(bodies[-1]["id"]) if bodies and page.get("has_more") else ""

    def instant(self, at: datetime, now: datetime) -> datetime:
        """What the other end takes for the present: the real clock's `at`, or the story's `now` for a stand-in."""
        return now if self._base else at

    def _client(self) -> Any:
        """This thread's client; a requests session is not made to be shared between threads."""
        client = getattr(self._own, "client", None)
        if client is None:
            session = requests.Session()
            # A proxy of the surroundings leads out of this machine, never to a part of it.
            session.trust_env = (urlsplit(self._base).hostname or "") not in LOOPBACK
            client = stripe.StripeClient(
                self._api_key,
                stripe_version=VERSION,
                base_addresses={"api": self._base} if self._base else {},
                http_client=stripe.RequestsClient(timeout=self._seconds, session=session),
                max_network_retries=0,
            )
            self._own.client = client
        return client

    def _ask(self, call: Any) -> Body:
        """What the client answers. Its exceptions end here, outside of the handler, so that none hangs on to ours."""
        told: ProviderAway | NotTaken = ProviderAway("unreadable")
        try:
            body = call().to_dict()
        except stripe.StripeError as trouble:
            told = in_our_words(trouble)
        except (ValueError, TypeError, AttributeError):
            # What the client makes of an answer that is no JSON object.
            pass
        else:
            if isinstance(body.get("object"), str):
                return body
        raise told

    def _options(self, now: datetime | None) -> Options:
        # Only a stand-in knows the header: Stripe's own clock is everybody's.
        if now is None or not self._base:
            return {}
        return {"headers": {STORY_CLOCK: now.astimezone(UTC).isoformat()}}

    def _keyed(self, key: str, now: datetime) -> Options:
        if not key:
            raise ValueError("what changes something at the provider carries a key of ours")
        return {**self._options(now), "idempotency_key": key}


def _services(client: Any) -> dict[str, Any]:
    v1 = client.v1
    return {
        "checkout.sessions": v1.checkout.sessions,
        "payment_intents": v1.payment_intents,
        "setup_intents": v1.setup_intents,
        "refunds": v1.refunds,
        "accounts": v1.accounts,
        "disputes": v1.disputes,
        "radar.early_fraud_warnings": v1.radar.early_fraud_warnings,
        "charges": v1.charges,
        "application_fees": v1.application_fees,
        "events": v1.events,
    }


def _post(client: Any, what: str, target: str, params: Any, keyed: Options) -> Any:
    match what:
        case "customers.create":
            return client.v1.customers.create(params=params, options=keyed)
        case "checkout.sessions.create":
            return client.v1.checkout.sessions.create(params=params, options=keyed)
        case "checkout.sessions.expire":
            return client.v1.checkout.sessions.expire(target, params=params, options=keyed)
        case "payment_intents.create":
            return client.v1.payment_intents.create(params=params, options=keyed)
        case "payment_intents.capture":
            return client.v1.payment_intents.capture(target, params=params, options=keyed)
        case "payment_intents.cancel":
            return client.v1.payment_intents.cancel(target, params=params, options=keyed)
        case "setup_intents.create":
            return client.v1.setup_intents.create(params=params, options=keyed)
        case "setup_intents.cancel":
            return client.v1.setup_intents.cancel(target, params=params, options=keyed)
        case "refunds.create":
            return client.v1.refunds.create(params=params, options=keyed)
        case "accounts.create":
            return client.v1.accounts.create(params=params, options=keyed)
        case "account_links.create":
            return client.v1.account_links.create(params=params, options=keyed)
        case _:
            raise LookupError(f"{what} is no call of ours")


def _keep_silent() -> None:
    """The client would print whole answers where STRIPE_LOG is set, and log the words of refusals."""
    stripe.log = None
    stripe.enable_telemetry = False
    stripe_util.STRIPE_LOG = None
    logging.getLogger("stripe").setLevel(logging.CRITICAL)
