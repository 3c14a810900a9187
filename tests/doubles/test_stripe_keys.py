"""The door of the payment double: keys, parameters, idempotency, and the faults of a sick provider."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tests.doubles.stripe_running import KEY, VERSION, Shop, StripeDouble, client_of

PAID = {"amount": "12000", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}


def keyed(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


def posted(bank: StripeDouble, key: str = "", path: str = "/v1/payment_intents", **form: str) -> httpx.Response:
    """A bare call, to look at its headers."""
    headers = {"Idempotency-Key": key} if key else {}
    return bank.http.post(path, data=form or PAID, headers=headers)


def intents(bank: StripeDouble) -> int:
    return len(bank.ledger()["intents"])


@pytest.mark.parametrize("key", ["sk_test_another", "pk_test_for_tests", "nonsense"])
def test_an_unknown_key_is_refused_without_repeating_it(bank: StripeDouble, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        client_of(bank.address, key).v1.customers.list()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


@pytest.mark.parametrize("key", ["sk_live_real", "rk_live_real"])
def test_a_live_key_is_never_taken(bank: StripeDouble, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="never live ones"):
        client_of(bank.address, key).v1.customers.list()


def test_a_call_without_a_key_is_refused_and_one_by_basic_login_is_taken(bank: StripeDouble) -> None:
    assert httpx.get(f"{bank.address}/v1/customers", trust_env=False).status_code == 401
    answer = httpx.get(f"{bank.address}/v1/customers", auth=(KEY, ""), trust_env=False)
    assert answer.json()["object"] == "list"


def test_every_answer_names_its_request_and_the_version(bank: StripeDouble) -> None:
    answer = bank.http.get("/v1/customers")
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == VERSION
    asked = bank.http.get("/v1/customers", headers={"Stripe-Version": "2025-01-27.acacia"})
    assert asked.headers["stripe-version"] == "2025-01-27.acacia"
    assert bank.http.get("/v1/customers", headers={"Stripe-Version": "yesterday"}).status_code == 400


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({**PAID, "colour": "blue"}, "parameter_unknown", "colour"),
        ({**PAID, "transfer_data[colour]": "blue"}, "parameter_unknown", "transfer_data[colour]"),
        ({"currency": "eur"}, "parameter_missing", "amount"),
        ({**PAID, "amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({**PAID, "amount": "-1"}, "parameter_invalid_integer", "amount"),
        ({**PAID, "currency": ""}, "parameter_invalid_empty", "currency"),
        ({**PAID, "customer": "cus_nobody"}, "resource_missing", "customer"),
        ({**PAID, "payment_method": "pm_nobody"}, "resource_missing", "payment_method"),
        ({**PAID, "expand[]": "colour"}, "property_cannot_be_expanded", "expand"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name_and_makes_nothing(
    bank: StripeDouble, form: dict[str, str], code: str, param: str
) -> None:
    answer = posted(bank, **form)
    error = answer.json()["error"]
    assert (answer.status_code // 100, error["code"], error["param"]) == (4, code, param)
    assert error["type"] == "invalid_request_error"
    assert intents(bank) == 0


@pytest.mark.parametrize(
    "form",
    [
        {**PAID, "confirm": "yes"},
        {**PAID, "capture_method": "later"},
        {**PAID, "metadata[" + "k" * 41 + "]": "v"},
        {**PAID, "metadata[k]": "v" * 501},
        {**PAID, **{f"metadata[{n}]": "v" for n in range(51)}},
        {**PAID, "payment_method_types[0]": "cheque"},
        {**PAID, "a]b": "c"},
        {f"a{n}": "b" for n in range(1_001)},
    ],
)
def test_what_a_form_cannot_hold_is_refused(bank: StripeDouble, form: dict[str, str]) -> None:
    assert posted(bank, **form).status_code == 400
    assert intents(bank) == 0


def test_an_unknown_address_and_an_unknown_object_are_not_found(bank: StripeDouble, shop: Shop) -> None:
    assert bank.http.get("/v1/unicorns").json()["error"]["message"].startswith("Unrecognized request URL")
    with pytest.raises(stripe.InvalidRequestError) as missing:
        shop.api.payment_intents.retrieve("pi_nobody")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_the_same_key_and_parameters_give_the_same_answer_once_more(bank: StripeDouble) -> None:
    first, again = posted(bank, "k1"), posted(bank, "k1")
    assert (again.status_code, again.content) == (200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["idempotency-key"] == "k1"
    assert intents(bank) == 1


def test_a_key_with_other_parameters_or_another_path_is_refused(bank: StripeDouble, shop: Shop) -> None:
    posted(bank, "k1")
    with pytest.raises(stripe.IdempotencyError) as refused:
        shop.api.payment_intents.create({"amount": 1, "currency": "eur"}, keyed("k1"))
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        shop.api.customers.create({}, keyed("k1"))


def test_a_decline_is_kept_by_its_key(bank: StripeDouble) -> None:
    form = {**PAID, "payment_method": "pm_card_chargeDeclined"}
    first, again = posted(bank, "k1", **form), posted(bank, "k1", **form)
    assert (first.status_code, again.status_code, again.content) == (402, 402, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert intents(bank) == 1


def test_a_validation_error_is_not_kept(bank: StripeDouble) -> None:
    assert posted(bank, "k1", amount="12000").status_code == 400
    answer = posted(bank, "k1")
    assert answer.status_code == 200
    assert "idempotent-replayed" not in answer.headers


def test_a_refusal_by_state_is_kept_as_its_work_had_begun(bank: StripeDouble, shop: Shop) -> None:
    path = f"/v1/payment_intents/{shop.intent().id}/capture"
    first, again = (bank.http.post(path, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, again.content) == (400, first.content)
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_belongs_to_one_account(bank: StripeDouble, shop: Shop) -> None:
    account = shop.api.accounts.create({"country": "PT"}).id
    ours = shop.api.customers.create({}, keyed("k1"))
    theirs = shop.api.customers.create({}, {**keyed("k1"), "stripe_account": account})
    assert theirs.id != ours.id
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.customers.retrieve(theirs.id)


def test_a_key_is_forgotten_after_a_day_and_then_makes_a_new_object(bank: StripeDouble) -> None:
    first = posted(bank, "k1").json()["id"]
    bank.age_keys(23.9 * 3600)
    assert posted(bank, "k1").json()["id"] == first
    bank.age_keys(0.2 * 3600)
    second = posted(bank, "k1")
    assert second.json()["id"] != first
    assert "idempotent-replayed" not in second.headers
    assert intents(bank) == 2


def test_a_storys_clock_makes_no_key_older(bank: StripeDouble, shop: Shop) -> None:
    first = shop.api.customers.create({}, keyed("k1"))
    later: stripe.RequestOptions = {**keyed("k1"), "headers": {"Holdfast-Double-Now": "2099-01-01T00:00:00Z"}}
    assert shop.api.customers.create({}, later).id == first.id


def test_a_key_whose_call_still_runs_is_in_use(bank: StripeDouble, shop: Shop) -> None:
    bank.fault("latency", seconds=3, path="/v1/customers")
    made: list[Any] = []
    slow = threading.Thread(target=lambda: made.append(shop.api.customers.create({}, keyed("k1"))))
    slow.start()
    until = time.monotonic() + 10
    while bank.planned():
        assert time.monotonic() < until
        time.sleep(0.02)
    with pytest.raises(stripe.APIError) as refused:
        client_of(bank.address).v1.customers.create({}, keyed("k1"))
    assert refused.value.http_status == 409
    assert isinstance(refused.value.json_body, dict)
    assert refused.value.json_body["error"]["code"] == "idempotency_key_in_use"
    slow.join()
    assert shop.api.customers.create({}, keyed("k1")).id == made[0].id


def test_a_rate_limit_does_nothing_and_is_not_kept(bank: StripeDouble, shop: Shop) -> None:
    bank.fault("rate_limited")
    with pytest.raises(stripe.RateLimitError) as refused:
        shop.api.customers.create({}, keyed("k1"))
    assert refused.value.http_status == 429
    assert bank.http.get("/v1/customers").json()["data"] == []
    shop.api.customers.create({}, keyed("k1"))


def test_a_failure_before_the_work_keeps_nothing(bank: StripeDouble, shop: Shop) -> None:
    bank.fault("error_before")
    with pytest.raises(stripe.APIError) as failed:
        shop.api.customers.create({}, keyed("k1"))
    assert failed.value.http_status == 500
    assert bank.http.get("/v1/customers").json()["data"] == []
    assert shop.api.customers.create({}, keyed("k1")).id


def test_a_failure_after_the_work_is_replayed_though_the_money_was_taken(bank: StripeDouble) -> None:
    bank.fault("error_after")
    first, again = posted(bank, "k1"), posted(bank, "k1")
    assert (first.status_code, again.status_code) == (500, 500)
    assert again.headers["idempotent-replayed"] == "true"
    assert [fact["captured"] for fact in bank.ledger()["intents"]] == [12_000]


def test_a_failure_can_be_kept_without_any_work(bank: StripeDouble) -> None:
    bank.fault("error_saved")
    assert [posted(bank, "k1").status_code for _ in range(2)] == [500, 500]
    assert intents(bank) == 0


def test_a_line_cut_after_the_work_leaves_the_money_taken_and_the_key_tells(bank: StripeDouble, shop: Shop) -> None:
    bank.fault("cut")
    with pytest.raises(stripe.APIConnectionError):
        shop.api.payment_intents.create({"amount": 900, "currency": "eur"}, keyed("k1"))
    assert intents(bank) == 1
    again = shop.api.payment_intents.create({"amount": 900, "currency": "eur"}, keyed("k1"))
    assert again.id == bank.ledger()["intents"][0]["id"]
    assert intents(bank) == 1


def test_a_line_cut_before_the_work_leaves_nothing(bank: StripeDouble, shop: Shop) -> None:
    bank.fault("cut_before")
    with pytest.raises(stripe.APIConnectionError):
        shop.api.payment_intents.create({"amount": 900, "currency": "eur"}, keyed("k1"))
    assert intents(bank) == 0


def test_a_replay_can_be_cut_too_and_works_no_second_time(bank: StripeDouble) -> None:
    posted(bank, "k1")
    bank.fault("cut")
    with pytest.raises(httpx.TransportError):
        posted(bank, "k1")
    assert intents(bank) == 1


def test_an_outage_ends_by_itself_and_spares_the_doubles_own_calls(bank: StripeDouble, shop: Shop) -> None:
    bank.fault("outage", seconds=3)
    with pytest.raises(stripe.APIError) as away:
        shop.api.customers.list()
    assert away.value.http_status == 503
    assert bank.ledger()["intents"] == []
    until = time.monotonic() + 30
    while bank.http.get("/v1/customers").status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert shop.api.customers.list().data == []


def test_a_fault_strikes_the_path_and_the_method_that_it_was_planned_for(bank: StripeDouble) -> None:
    bank.fault("error_before", path="/v1/refunds", method="POST")
    assert bank.http.get("/v1/refunds").status_code == 200
    assert bank.http.post("/v1/customers").status_code == 200
    assert [fault["method"] for fault in bank.planned()] == ["POST"]
    assert bank.http.post("/v1/refunds").status_code == 500
    assert bank.planned() == []


def test_a_call_may_ask_for_its_own_fault_by_a_header(bank: StripeDouble) -> None:
    def answer(word: str) -> httpx.Response:
        return bank.http.get("/v1/customers", headers={"Holdfast-Double-Fault": word})

    assert answer("rate_limited").status_code == 429
    began = time.monotonic()
    assert answer("latency;0.2").status_code == 200
    assert time.monotonic() - began >= 0.2
    for wrong in ("flood", "latency;long", "latency;601", "webhook_drop"):
        assert "Holdfast-Double-Fault" in answer(wrong).json()["error"]["message"]


@pytest.mark.parametrize(
    "fault", [{"fault": "flood"}, {"fault": "cut", "method": "BREW"}, {"fault": "cut", "times": 0}]
)
def test_a_planned_fault_that_makes_no_sense_is_refused(bank: StripeDouble, fault: dict[str, Any]) -> None:
    assert bank.http.post("/_double/faults", json=fault).status_code == 422
    assert bank.planned() == []


def test_a_double_without_a_key_of_its_own_takes_any_test_key(tmp_path: Path) -> None:
    from tests.doubles.stripe_running import running_stripe

    with running_stripe(tmp_path, secret_key="") as bank:
        assert client_of(bank.address, "sk_test_whoever").v1.customers.list().data == []
