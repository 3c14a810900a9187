"""The check of our requests against stripe-mock can fail, can be skipped, and leaves no call out."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from bench import proof, stripe_mock
from bench.proofs import PROOFS, SKIPPED
from bench.stripe_calls import NEWER, NOT_ASKED, STRANGER, Check, Sent, kind_of, kinds, named
from bench.stripe_recorder import sent
from tests.house.tree import Source, faults, holds, python, sample

SESSIONS = "POST /v1/checkout/sessions"
REFUNDS, A_REFUND = "GET /v1/refunds", "GET /v1/refunds/{id}"
PAGE = Sent("POST", "/v1/checkout/sessions", (("mode", "payment"), ("allowed_payment_method_types[0]", "card")))
OLDER = {"mode", "limit"}


def older(one: Sent) -> str:
    """A description that knows two parameters."""
    return "" if one.names <= OLDER else "additional properties are not allowed"


def shown(known: list[str], ask: Callable[[Sent], str], *requests_: Sent) -> Check:
    """A check to which these requests were shown."""
    check = Check(known, ask)
    for one in requests_:
        check.show(one)
    return check


def test_each_call_of_the_line_is_known_as_its_client_words_it() -> None:
    """The list is asked of the client itself, so a new call is on it from its first day."""
    known = kinds()
    assert Counter(known).most_common(1)[0][1] == 1
    for kind in ("POST /v1/payment_intents/{id}/capture", "POST /v1/checkout/sessions/{id}/expire",
                 "GET /v1/radar/early_fraud_warnings/{id}", SESSIONS, REFUNDS, A_REFUND):  # fmt: skip
        assert kind in known
    assert set(known) >= NOT_ASKED | {kind for kind, _ in NEWER}


def other_clients(source: Source) -> list[str]:
    """Clients of the provider's that are made beside the line's."""
    return [f"{source.path}: {name}" for _, name in source.calls() if name.endswith("StripeClient")]


def test_nothing_is_asked_of_the_provider_but_by_the_line() -> None:
    """A client of another file would be asked behind the recorder's back."""
    assert faults(other_clients, [sample("import stripe\nstripe.StripeClient(key)\n")]) == [
        "sample.py: stripe.StripeClient"
    ]
    assert any(other_clients(source) for source in python("gateways"))
    holds(other_clients, [source for source in python("gateways") if source.path != "gateways/stripe_line.py"])


def test_a_request_is_of_the_kind_that_its_path_fits() -> None:
    """Names in it do not matter, and words go before names."""
    known = [A_REFUND, REFUNDS, "GET /v1/refunds/latest", "POST /v1/payment_intents/{id}/cancel"]
    paths = [
        "/v1/refunds",
        "/v1/refunds/re_1",
        "/v1/refunds/latest",
        "/v1/refunds/re_1/x",
        "/v1/payment_intents/x/cancel",
    ]
    assert [kind_of(Sent("GET", path), known) for path in paths] == [REFUNDS, A_REFUND, known[2], "", ""]
    assert kind_of(Sent("POST", paths[4]), known) == known[3]
    assert [named(name) for name in ("a", "a[0]", "a[12][b][3]", "a[b]")] == ["a", "a[]", "a[][b][]", "a[b]"]


def test_a_request_is_kept_as_it_goes_out_but_for_the_key_to_the_account() -> None:
    """Also one that says nothing."""
    line = requests.Session()
    head = {"Authorization": "Bearer sk_test_x", "Idempotency-Key": "a.key"}
    posted = line.prepare_request(requests.Request("POST", "http://x/v1/y", head, data=[("a[0]", "ü"), ("b", "")]))
    assert (sent(posted).fields, sent(posted).path) == ((("a[0]", "ü"), ("b", "")), "/v1/y")
    assert sent(posted).headers["Idempotency-Key"] == "a.key"
    assert "Authorization" not in sent(posted).headers
    got = line.prepare_request(requests.Request("GET", "http://x/v1/y?expand[0]=z"))
    assert (sent(got).fields, sent(got).names) == ((("expand[0]", "z"),), {"expand[]"})
    assert sent(line.prepare_request(requests.Request("POST", "http://x/v1/y"))).fields == ()


def test_what_is_newer_than_the_description_is_left_out_and_told() -> None:
    """Once each, and nothing else is forgiven."""
    list_ = Sent("GET", "/v1/refunds", (("limit", "1"),))
    check = shown([SESSIONS, REFUNDS], older, list_, list_, PAGE)
    assert check.faults() == []
    assert (check.as_they_are, dict(check.newer)) == (2, {(SESSIONS, "allowed_payment_method_types[]"): 1})
    assert check.shapes == {REFUNDS: {frozenset({"limit"})}, SESSIONS: {PAGE.names}}
    wrong = Sent("POST", PAGE.path, (*PAGE.fields, ("colour", "red")))
    [refused, _] = shown([SESSIONS], older, wrong).faults()
    assert refused.startswith(f"{SESSIONS} with allowed_payment_method_types[], colour, mode is refused: additional")


@pytest.mark.parametrize(
    ("known", "ask", "asked", "fault"),
    [
        ([REFUNDS, SESSIONS], older, PAGE, f"{REFUNDS} was never asked"),
        ([SESSIONS], lambda one: "no" if STRANGER in one.fields else "", PAGE, f"{SESSIONS} need not be sent without "
         "allowed_payment_method_types[]"),
        ([SESSIONS], lambda one: "" if STRANGER in one.fields else older(one), PAGE,
         f"{SESSIONS} is taken with a parameter that nobody knows"),
        (["GET /v1/events/{id}"], older, Sent("GET", "/v1/events/evt_1"), "GET /v1/events/{id} is asked after all"),
        ([SESSIONS], older, Sent("GET", "/v1/coupons"), "GET /v1/coupons is no call of the line's"),
    ],
)  # fmt: skip
def test_a_check_that_checks_too_little_fails(
    known: list[str], ask: Callable[[Sent], str], asked: Sent, fault: str
) -> None:
    """A call that no test makes, an exception that is not needed, a description that takes anything."""
    assert fault in shown(known, ask, asked).faults()


def test_without_go_or_where_it_can_t_build_the_check_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a program that is there is not built again."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(stripe_mock.NotBuilt, match="no Go"):
        stripe_mock.built(tmp_path / "tools")
    (tmp_path / "bin").mkdir()
    go = tmp_path / "bin" / "go"
    go.write_text("#!/bin/sh\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(stripe_mock.NotBuilt, match="could not build"):
        stripe_mock.built(tmp_path / "tools")
    go.write_text('#!/bin/sh\necho "$@" >"$GOBIN/stripe-mock"\n')
    program = stripe_mock.built(tmp_path / "tools")
    assert program.read_text() == f"install {stripe_mock.MODULE}@{stripe_mock.MOCK}\n"
    go.unlink()
    assert stripe_mock.built(tmp_path / "tools") == program


@pytest.mark.parametrize(("code", "ended"), [(0, "held"), (1, "failed"), (SKIPPED, "skipped")])
def test_a_proof_that_was_skipped_is_not_told_as_held(monkeypatch: pytest.MonkeyPatch, code: int, ended: str) -> None:
    """The evidence shows what a run came to, with its own words for it."""
    program = f"print('proof: a reason'); raise SystemExit({code})"
    monkeypatch.setattr(proof, "command", lambda _: [sys.executable, "-c", program])
    outcome = proof.run(PROOFS[-1])
    assert (outcome.ended, outcome.told) == (ended, ("a reason",))
    last = {"at": "then", "seconds": 1, "outcome": outcome.ended, "told": outcome.told}
    page = proof.page({PROOFS[-1].name: last})
    assert f"| then | 1 | {ended} |" in page
    assert "- a reason" in page
