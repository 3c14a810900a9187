"""No card, no secret and no person is in what is written down, logged, told to a history or answered."""

import json
import logging
import re
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from stripe import _util as stripe_util
from temporalio.exceptions import ApplicationError

from domain.payments import How, Seen, Verb
from domain.provider_calls import Call, CallState, ProviderAway, Written
from gateways.stripe_cashier import StripeCashier
from gateways.stripe_line import StripeLine
from messages.converter import data_converter
from messages.payments import ProviderOrder
from tests.doubles.stripe_running import KEY
from tests.gateways.till import AMOUNT_MINOR, BASE_URL, Till

SECRETS = re.compile(r"_secret_|whsec_|sk_test|sk_live|\b(4242|4000|4100)\d{12}\b|cs_test_\w+#|@|/c/pay/")
SEEN_BODIES = ("client_secret", "last4", "billing_details")


async def everything(till: Till) -> list[Seen | str]:
    """A booking's life with every verb, a decline, a proof and troubles; what each was answered."""
    told: list[Seen | str] = []

    async def do(verb: Verb, payment: Any, **more: Any) -> Seen | str:
        try:
            told.append(await till.do(verb, payment, **more))
        except ApplicationError as away:
            told.append(f"{away!r} {away.__cause__!r} {away.__context__!r} {away.details}")
        return told[-1]

    payment, seen = await till.paid(till.payment(), manual=True, save_card=True)
    told.append(seen)
    await do(Verb.CAPTURE, payment, amount_minor=AMOUNT_MINOR)
    await do(Verb.REFUND, payment, refund=till.refund(9_000), amount_minor=9_000)
    await do(Verb.REFUND, payment, refund=till.refund(10**7, number=2), amount_minor=10**7)
    await do(Verb.READ_REFUND, payment, refund=till.refund(9_000))
    till.method_id = "pm_card_chargeDeclinedLostCard"
    await do(Verb.CHARGE, till.payment(2, How.OFF_SESSION))
    till.method_id = "pm_card_authenticationRequired"
    await do(Verb.CHARGE, till.payment(3, How.OFF_SESSION))
    for number, fault in enumerate(("cut", "error_saved", "error_after", "rate_limited"), 4):
        till.double.fault(fault, method="POST")
        await do(Verb.BEGIN, till.payment(number, How.INTENT))
        await do(Verb.BEGIN, till.payment(number, How.INTENT))
    proving = await till.begun(till.payment(9))
    till.pay(proving, "4000002760003184")
    await do(Verb.CLOSE, proving, gracious=True)
    await do(Verb.CLOSE, proving)
    return told


async def test_rows_logs_and_answers_hold_no_card_no_secret_and_no_person(
    till: Till, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where STRIPE_LOG asks the client for all it knows."""
    caplog.set_level(logging.DEBUG)
    told = await everything(till)
    assert len(told) >= 16
    assert {one.trouble for one in told if isinstance(one, Seen)} == {"", "refused"}
    assert any(isinstance(one, str) for one in told)
    rows = json.dumps(till.rows(), default=str)
    out, err = capfd.readouterr()
    # The guest of this test uses an HTTP client of its own, whose lines are not ours.
    logged = [one.getMessage() for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    everywhere = f"{rows} {told} {out} {err} {logged}"
    assert not SECRETS.search(everywhere), SECRETS.search(everywhere)
    assert not [word for word in SEEN_BODIES if word in everywhere]
    # What the scan looks for is there: the same call without the gateway shows it.
    assert SECRETS.search(str(till.intents()[0].to_dict()))


async def test_the_client_prints_nothing_though_it_is_asked_to(
    till: Till, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stripe_util, "STRIPE_LOG", "debug")
    till.double.sdk.v1.customers.list({"limit": 1})
    assert "customers" in capfd.readouterr().err
    till.activities._cashier = StripeCashier(StripeLine(KEY, till.double.address), BASE_URL)
    capfd.readouterr()
    await till.paid(till.payment())
    assert capfd.readouterr() == ("", "")


async def test_orders_and_answers_cross_temporal_unharmed(till: Till) -> None:
    converter = data_converter("a key").payload_converter
    payment, seen = await till.paid(till.payment(), manual=True)
    assert seen.capture_before is not None
    order = till.order(Verb.REFUND, payment, refund=till.refund(9_000), amount_minor=9_000)
    crossed = converter.from_payloads(converter.to_payloads([order, seen]), [ProviderOrder, Seen])
    assert crossed == [order, seen]
    assert not SECRETS.search(str(asdict(seen)))


class _Any(BaseHTTPRequestHandler):
    """Answers everything with one text."""

    answer = b""
    status = 200
    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.asked.append(dict(self.headers))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Says it where nobody listens unless asked to."""
        logging.getLogger(__name__).debug(format, *args)


@pytest.fixture
def anything(request: pytest.FixtureRequest) -> Any:
    """A server of one answer; its address stands in `address`."""
    handler = type("Handler", (_Any,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    setattr(handler, "address", f"http://127.0.0.1:{server.server_port}")  # noqa: B010
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def sent(address: str, till: Till) -> None:
    """One call through the line to whatever is there."""
    call = Call("a.key.1", "customers.create", "", {"metadata": {"holdfast_key": "a.key.1"}})
    StripeCashier(StripeLine(KEY, address), BASE_URL).send(Written(call, CallState.NEW), till.now)


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b"null", b"<html>gateway</html>", b'"x"', b"\xff\xfe", b'{"id":1}']
)
@pytest.mark.parametrize("status", [200, 500, 502])
def test_an_answer_that_is_none_is_in_doubt(anything: Any, till: Till, answer: bytes, status: int) -> None:
    anything.answer, anything.status = answer, status
    with pytest.raises(ProviderAway) as away:
        sent(anything.address, till)
    assert away.value.word in {"unreadable", "failing"}
    assert (away.value.certain, away.value.__cause__, away.value.__context__) == (False, None, None)


def test_each_call_names_its_version_its_key_and_no_proxy(
    anything: Any, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    anything.answer = b'{"id": "cus_1", "object": "customer"}'
    sent(anything.address, till)
    [headers] = anything.asked
    assert headers["Stripe-Version"] == "2026-10-28.endive"
    assert headers["Idempotency-Key"] == "a.key.1"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Holdfast-Double-Now"] == till.now.isoformat()
    assert "X-Stripe-Client-Telemetry" not in headers


def test_stripe_itself_is_told_nothing_of_the_story_s_clock(till: Till) -> None:
    line = StripeLine(KEY)
    assert line._options(till.now) == {}
    assert line.instant(till.clock.now, till.now.replace(year=2030)) == till.clock.now


def test_a_call_without_a_key_never_leaves(anything: Any, till: Till) -> None:
    with pytest.raises(ValueError, match="carries a key"):
        StripeLine(KEY, anything.address).post("refunds.create", "", {}, "", till.now)
    with pytest.raises(LookupError, match="no call of ours"):
        StripeLine(KEY, anything.address).post("coupons.create", "", {}, "a.key", till.now)
    assert anything.asked == []
