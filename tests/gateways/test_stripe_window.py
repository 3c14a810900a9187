"""The API's window onto Stripe: where a guest pays, by looking only, and never for long or often."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.payments import How, Verb
from gateways import stripe_window
from gateways.stripe_window import A_SECOND, StripeWindow, TokenBucket, WindowBusy
from tests.doubles.stripe_running import KEY
from tests.gateways.till import Till


@pytest.fixture
def window(till: Till) -> StripeWindow:
    """A window onto the double."""
    return StripeWindow(KEY, till.double.address)


async def test_an_open_page_has_an_address_and_a_closed_one_none(till: Till, window: StripeWindow) -> None:
    payment = await till.begun(till.payment())
    address = window.page_address(payment.session_id)
    assert address == f"{till.double.address}/c/pay/{payment.session_id}"
    await till.do(Verb.CLOSE, payment)
    assert window.page_address(payment.session_id) is None
    assert window.page_address("cs_test_nowhere") is None


async def test_a_paid_page_has_no_address(till: Till, window: StripeWindow) -> None:
    payment, _ = await till.paid(till.payment())
    assert window.page_address(payment.session_id) is None
    assert window.client_secret(payment.intent_id) is None


@pytest.mark.parametrize("amount", [24_000, 0])
async def test_an_intent_s_secret_is_fetched_while_it_can_be_paid(
    till: Till, window: StripeWindow, amount: int
) -> None:
    payment = await till.begun(till.payment(how=How.INTENT, amount=amount))
    secret = window.client_secret(payment.intent_id)
    assert secret is not None
    assert secret.startswith(f"{payment.intent_id}_secret_")
    await till.do(Verb.CLOSE, replace(payment))
    assert window.client_secret(payment.intent_id) is None


async def test_a_look_changes_nothing(till: Till, window: StripeWindow) -> None:
    payment = await till.begun(till.payment())
    till.double.fault("rate_limited", method="POST")
    assert window.page_address(payment.session_id)
    assert len(till.double.planned()) == 1


async def test_the_sixth_look_of_a_second_is_told_to_come_back(till: Till) -> None:
    seconds = [100.0]
    window = StripeWindow(KEY, till.double.address, lambda: seconds[0])
    payment = await till.begun(till.payment())
    for _ in range(A_SECOND):
        assert window.page_address(payment.session_id)
    with pytest.raises(WindowBusy, match="too often"):
        window.page_address(payment.session_id)
    seconds[0] += 1 / A_SECOND + 0.001
    assert window.page_address(payment.session_id)
    with pytest.raises(WindowBusy):
        window.page_address(payment.session_id)


def test_a_long_rest_saves_up_one_second_and_no_more() -> None:
    seconds = [0.0]
    bucket = TokenBucket(5, lambda: seconds[0])
    seconds[0] = 3600.0
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize("fault", ["outage", "error_before", "rate_limited", "cut"])
async def test_a_bad_moment_is_told_to_come_back(till: Till, window: StripeWindow, fault: str) -> None:
    payment = await till.begun(till.payment())
    till.double.fault(fault, seconds=600, method="GET" if fault != "outage" else "")
    with pytest.raises(WindowBusy) as busy:
        window.page_address(payment.session_id)
    assert (busy.value.__cause__, busy.value.__context__) == (None, None)
    till.double.well_again()


async def test_nobody_waits_longer_than_the_deadline(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = await till.begun(till.payment())
    monkeypatch.setattr(stripe_window, "DEADLINE_SECONDS", 0.4)
    till.double.fault("latency", seconds=3, method="GET")
    began = time.monotonic()
    with pytest.raises(WindowBusy, match="unreachable"):
        StripeWindow(KEY, till.double.address).page_address(payment.session_id)
    assert time.monotonic() - began < 2


def test_nobody_there_is_told_to_come_back(free_port: Callable[[], int]) -> None:
    with pytest.raises(WindowBusy, match="unreachable"):
        StripeWindow(KEY, f"http://127.0.0.1:{free_port()}").page_address("cs_1")
