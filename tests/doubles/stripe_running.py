"""The Stripe double as a real server, with what tests do to it; callers use the real SDK."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import stripe

from doubles.stripe.app import stripe_app
from tests.doubles.serving import doubles_process, open_door, serving

KEY = "sk_test_for_tests"
SECRETS = ("whsec_first", "whsec_second")
VERSION = "2026-10-28.endive"
VISA = "4242424242424242"


def client_of(address: str, key: str = KEY) -> stripe.StripeClient:
    """The SDK as the gateway uses it."""
    return stripe.StripeClient(
        key,
        stripe_version=VERSION,
        base_addresses={"api": address},
        http_client=stripe.RequestsClient(timeout=(3, 15)),
        max_network_retries=0,
    )


class StripeDouble:
    """A running double as its callers see it. sdk: a client of the real SDK."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sdk = client_of(address)
        self.http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False, timeout=10
        )

    def pay(self, session_url: str, card: str = VISA, **fields: str) -> httpx.Response:
        """A guest pays on the hosted page: 303 to the success address or to his bank, 402 where it is declined."""
        return self.http.post(session_url, data={"card": card, **fields})

    def prove(self, challenge_url: str, result: str = "complete") -> httpx.Response:
        """A guest answers his bank: `complete` or `fail`."""
        return self.http.post(challenge_url, data={"result": result})

    def fault(self, word: str, **how: Any) -> None:
        """Plans a fault: times, seconds, path, method."""
        self.http.post("/_double/faults", json={"fault": word, **how}).raise_for_status()

    def planned(self) -> list[dict[str, Any]]:
        """The faults that have not struck yet."""
        return self.http.get("/_double/faults").json()["planned"]

    def well_again(self) -> None:
        """Ends the faults that are planned; a call that waits already waits on."""
        self.http.delete("/_double/faults").raise_for_status()

    def ledger(self, **wanted: str) -> dict[str, Any]:
        """Every fact about money; `reference=…` for what carries that text in its metadata."""
        return self.http.get("/_double/ledger", params=wanted).raise_for_status().json()

    def events(self, about: str = "", *types: str) -> list[dict[str, Any]]:
        """Events, the oldest first, of everything or of one object and what belongs to it."""
        answer = self.http.get("/_double/webhooks", params={"about": about}).raise_for_status().json()
        return [event for event in answer["events"] if not types or event["type"] in types]

    def deliver(self, order: Sequence[str], url: str = "") -> list[int | None]:
        """Delivers these events now, in this order, one after the other; an id may come twice. Answers the statuses."""
        told = {"deliver": list(order), **({"url": url} if url else {})}
        answer = self.http.post("/_double/webhooks", json=told, timeout=60).raise_for_status()
        return [one["status"] for one in answer.json()["delivered"]]

    def webhooks(self, action: str) -> dict[str, Any]:
        """`pause` holds new events, `resume` lets them go at once, `release` delivers what is held, in order."""
        return self.http.post("/_double/webhooks", json={"action": action}).raise_for_status().json()

    def plant(self, kind: str, **how: Any) -> dict[str, Any]:
        """Makes a fact that no call of ours made; answers the object."""
        return self.http.post("/_double/plant", json={"kind": kind, **how}).raise_for_status().json()

    def age_keys(self, seconds: float) -> None:
        """Makes every idempotency key older."""
        self.http.post("/_double/clock", json={"age_keys_seconds": seconds}).raise_for_status()

    def advance(self, seconds: float) -> None:
        """Lets time pass for lapses, expiries and decisions."""
        self.http.post("/_double/clock", json={"advance_seconds": seconds}).raise_for_status()

    def forget(self) -> None:
        """An empty double without faults, on this machine's clock, telling at once."""
        self.http.delete("/_double/ledger").raise_for_status()
        self.well_again()


@contextmanager
def running_stripe(
    folder: Path, webhook_url: str = "", webhook_secrets: Sequence[str] = SECRETS, secret_key: str = KEY
) -> Iterator[StripeDouble]:
    """A double on a free port until the block ends; it tells events where an address is given."""
    door, address = open_door()
    app, double = stripe_app(folder, address, secret_key, webhook_url, webhook_secrets), StripeDouble(address)
    with closing(app.state.house.vault), serving(app, door, double.http):
        yield double


SUCCESS, CANCEL = "http://hotel.example/thanks?session={CHECKOUT_SESSION_ID}", "http://hotel.example/back"


class Shop:
    """What a hotel asks of the double, in few words; every call goes through the SDK."""

    def __init__(self, bank: StripeDouble) -> None:
        self.bank = bank
        self.api = bank.sdk.v1

    def customer(self) -> str:
        """A new customer's id."""
        return self.api.customers.create({"email": "guest@example.com", "name": "A Guest"}).id

    def intent(self, method: str = "pm_card_visa", amount: int = 12_000, **more: Any) -> stripe.PaymentIntent:
        """A confirmed intent in euro."""
        asked: dict[str, Any] = {"amount": amount, "currency": "eur", "payment_method": method, "confirm": True, **more}
        return self.api.payment_intents.create(asked)  # pyrefly: ignore[bad-argument-type]

    def held(self, method: str = "pm_card_visa", amount: int = 12_000, **more: Any) -> stripe.PaymentIntent:
        """A confirmed intent whose money is only held."""
        return self.intent(method, amount, capture_method="manual", **more)

    def session(self, amount: int = 12_000, currency: str = "eur", **more: Any) -> stripe.checkout.Session:
        """An open session for one line."""
        price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Deposit of your stay"}}
        asked: dict[str, Any] = {
            "mode": "payment",
            "ui_mode": "hosted_page",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": SUCCESS,
            "cancel_url": CANCEL,
            "allowed_payment_method_types": ["card"],
            **more,
        }
        return self.api.checkout.sessions.create(asked)  # pyrefly: ignore[bad-argument-type]

    def setup_session(self, **more: Any) -> stripe.checkout.Session:
        """An open session that saves a card."""
        asked: dict[str, Any] = {"mode": "setup", "success_url": SUCCESS, "currency": "eur", **more}
        return self.api.checkout.sessions.create(asked)  # pyrefly: ignore[bad-argument-type]

    def again(self, session: stripe.checkout.Session) -> stripe.checkout.Session:
        """The session as it is now, with its intents."""
        return self.api.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "setup_intent"]})

    def refund(self, intent: stripe.PaymentIntent, amount: int | None = None, **more: Any) -> stripe.Refund:
        """Money of an intent goes back."""
        asked: dict[str, Any] = {"payment_intent": intent.id, **more, **({"amount": amount} if amount else {})}
        return self.api.refunds.create(asked)  # pyrefly: ignore[bad-argument-type]

    def charge(self, intent: stripe.PaymentIntent) -> stripe.Charge:
        """The intent's charge as it is now."""
        found = self.api.payment_intents.retrieve(intent.id).latest_charge
        return self.api.charges.retrieve(str(found))


def refused_intent(error: stripe.StripeError) -> stripe.PaymentIntent:
    """The intent that a refusal is about."""
    assert error.error is not None
    assert error.error.payment_intent is not None
    return error.error.payment_intent


@contextmanager
def stripe_process(
    folder: Path, port: int, **environment: str
) -> Iterator[tuple[StripeDouble, "subprocess.Popen[bytes]"]]:
    """A double as `python -m doubles.main`, with its data in a folder of the test; the mail double stays away."""
    given = {
        "HOLDFAST_HOME": str(folder),
        "HOLDFAST_MAIL_DOUBLE_PORT": "0",
        "HOLDFAST_STRIPE_DOUBLE_PORT": str(port),
        "STRIPE_API_KEY": KEY,
        **environment,
    }
    double = StripeDouble(f"http://127.0.0.1:{port}")
    with doubles_process(double.http, given) as process:
        yield double, process
