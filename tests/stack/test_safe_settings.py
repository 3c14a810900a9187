"""A demo is for this machine only, and what is not safe is refused with the variable's name."""

from pathlib import Path
from typing import Any

import pytest

from cli.up import up
from config.settings import Settings, UnsafeSettings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused.
OWN_KEY = "a key of one's own, long enough"


def settings(**values: Any) -> Settings:
    return Settings(**values)


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"host": EVERYWHERE}, "HOLDFAST_HOST"),
        ({"host": "::"}, "HOLDFAST_HOST"),
        ({"host": ""}, "HOLDFAST_HOST"),
        ({"host": "192.168.1.20"}, "HOLDFAST_HOST"),
        ({"host": "stay.example"}, "HOLDFAST_HOST"),
        ({"host": "localhost.stay.example"}, "HOLDFAST_HOST"),
        ({"public_url": "https://stay.example"}, "HOLDFAST_PUBLIC_URL"),
        ({"public_url": "http://everybody.test:8000"}, "HOLDFAST_PUBLIC_URL"),
        ({"public_url": "http://localhost@stay.example/"}, "HOLDFAST_PUBLIC_URL"),
        ({"public_url": "stay.example"}, "HOLDFAST_PUBLIC_URL"),
        ({"host": EVERYWHERE, "published_on": EVERYWHERE}, "HOLDFAST_PUBLISHED_ON"),
        ({"published_on": "203.0.113.5"}, "HOLDFAST_PUBLISHED_ON"),
    ],
)
def test_a_demo_refuses_an_address_that_others_can_reach(values: dict[str, Any], variable: str) -> None:
    """Its logins are published. With demo mode off and a key of one's own the same is fine."""
    with pytest.raises(UnsafeSettings, match=rf"^{variable} .*HOLDFAST_DEMO=false"):
        settings(demo=True, **values).check_safe()
    settings(demo=False, secret_key=OWN_KEY, **values).check_safe()


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"stripe_api_key": "sk_live_1"}, "STRIPE_API_KEY"),
        ({"stripe_api_key": "rk_live_1"}, "STRIPE_API_KEY"),
        ({"stripe_publishable_key": "pk_live_1"}, "STRIPE_PUBLISHABLE_KEY"),
    ],
)
def test_a_demo_refuses_a_key_that_charges_real_cards(values: dict[str, Any], variable: str) -> None:
    """Its bookings are anybody's. Outside demo mode the same key is fine, and the refusal doesn't repeat it."""
    with pytest.raises(UnsafeSettings, match=rf"^{variable} .*HOLDFAST_DEMO=false") as refused:
        settings(demo=True, **values).check_safe()
    assert "live_1" not in str(refused.value)
    settings(demo=False, secret_key=OWN_KEY, **values).check_safe()
    settings(demo=True, **{name: value.replace("live", "test") for name, value in values.items()}).check_safe()


def test_webhooks_of_payments_may_be_signed_with_several_secrets_and_have_one_from_the_start() -> None:
    assert settings(stripe_webhook_secrets="whsec_a, whsec_b,").stripe_secrets == ("whsec_a", "whsec_b")
    [made] = settings(secret_key=OWN_KEY).stripe_secrets
    assert made.startswith("whsec_")
    assert settings(secret_key="another key").stripe_secrets != (made,)


def test_the_page_of_payments_has_an_address_only_where_stripe_is_stood_in_for() -> None:
    assert settings(stripe_double_port=1234).payments_url == "http://127.0.0.1:1234"
    assert settings(stripe_double_url="http://localhost:9/").payments_url == "http://localhost:9"
    assert settings(stripe_api_key="sk_test_1").payments_url == ""


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"host": "127.0.0.1"},
        {"host": "127.8.9.1"},
        {"host": "::1"},
        {"host": "localhost"},
        {"host": EVERYWHERE, "published_on": "127.0.0.1"},
        {"public_url": "http://localhost:8000"},
        {"public_url": "https://stay.localhost"},
        {"public_url": "http://[::1]:8000/"},
    ],
)
def test_a_demo_takes_addresses_of_this_machine(values: dict[str, Any]) -> None:
    """Loopback addresses, and names that always mean one."""
    settings(demo=True, **values).check_safe()


def test_outside_demo_mode_a_key_of_ones_own_is_required() -> None:
    """Everybody knows the demo's."""
    with pytest.raises(UnsafeSettings, match="HOLDFAST_SECRET_KEY"):
        settings(demo=False).check_safe()


def test_up_refuses_a_public_demo_before_it_starts_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and with nothing left behind."""
    home = tmp_path / "home"
    assert up(settings(home=home, host=EVERYWHERE)) == 1
    said = capsys.readouterr().err
    assert said.startswith("HOLDFAST_HOST names '0.0.0.0'")
    assert said.count("\n") == 1
    assert not home.exists()


@pytest.mark.parametrize("listed", ["www.hotel.example", "https://a.example/path", "null", "https://a.example b", "**"])
def test_a_site_that_is_not_written_as_one_is_refused(listed: str) -> None:
    """A misspelt site would only be found out by its guests."""
    with pytest.raises(UnsafeSettings, match="HOLDFAST_CORS_ORIGINS"):
        settings(cors_origins=f"https://fine.example,{listed}").check_safe()


def test_sites_are_read_from_a_comma_list() -> None:
    """Spaces and empty entries mean nothing."""
    listed = settings(cors_origins=" https://a.example, http://localhost:3000 ,,https://b.example:8443 ")
    listed.check_safe()
    assert listed.cors_allowed == ["https://a.example", "http://localhost:3000", "https://b.example:8443"]
    assert settings().cors_allowed == []
