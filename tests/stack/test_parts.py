"""What is stood in for on this machine, and what the parts are told of it."""

from pathlib import Path
from typing import Any

import pytest

from cli.home import Home
from cli.parts import Stack, doubles_part, stack_of
from cli.ports import STACK_PORTS
from config.settings import Settings

OURS = ("POSTMARK_TOKEN", "STRIPE_API_KEY", "STRIPE_API_BASE", "STRIPE_PUBLISHABLE_KEY", "HOLDFAST_STRIPE_WEBHOOK_URL")


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)


def stack(tmp_path: Path, **values: Any) -> Stack:
    return stack_of(Settings(port=8001, stripe_double_port=8421, mail_double_port=8026, **values), Home(tmp_path))


def test_without_a_key_every_part_is_told_of_the_payment_stand_in(tmp_path: Path) -> None:
    here = stack(tmp_path)
    told = here.environment()
    assert {name: told[name] for name in OURS[1:]} == {
        "STRIPE_API_KEY": "sk_test_holdfast_demo",
        "STRIPE_API_BASE": "http://127.0.0.1:8421",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_holdfast_demo",
        "HOLDFAST_STRIPE_WEBHOOK_URL": "http://127.0.0.1:8001/api/v1/webhooks/stripe",
    }
    assert here.ports()["HOLDFAST_STRIPE_DOUBLE_PORT"] == 8421
    assert set(here.ports()) == set(STACK_PORTS)
    assert doubles_part(here).environment["HOLDFAST_STRIPE_DOUBLE_PORT"] == "8421"


def test_with_a_key_of_ones_own_only_mail_is_stood_in_for(tmp_path: Path) -> None:
    here = stack(tmp_path, stripe_api_key="sk_test_own")
    assert "STRIPE_API_BASE" not in here.environment()
    assert "HOLDFAST_STRIPE_DOUBLE_PORT" not in here.ports()
    part = doubles_part(here).environment
    assert (part["HOLDFAST_STRIPE_DOUBLE_PORT"], part["HOLDFAST_MAIL_DOUBLE_PORT"]) == ("0", "8026")


def test_with_both_of_ones_own_nothing_is_stood_in_for(tmp_path: Path) -> None:
    assert stack(tmp_path, stripe_api_key="sk_test_own").runs_doubles
    assert stack(tmp_path, postmark_token="own").runs_doubles
    assert not stack(tmp_path, stripe_api_key="sk_test_own", postmark_token="own").runs_doubles
