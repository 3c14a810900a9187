"""Every setting of the system, read from the environment in this file only."""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, computed_field
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_SECRET = "holdfast-demo-secret-key-not-for-production"  # noqa: S105
LIVE_KEYS = ("sk_live_", "rk_live_", "pk_live_")
_ORIGIN = re.compile(r"\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


class UnsafeSettings(RuntimeError):
    """These settings would serve people without the protection they are owed."""


class Settings(BaseSettings):
    """Addresses, ports, secrets and bounds.

    Ports are TCP ports on `host`. An empty address means that `holdfast up` runs that part itself.
    Outside demo mode a secret key of one's own is required; in demo mode, addresses of this machine: `check_safe`.
    """

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", extra="ignore", populate_by_name=True)

    home: Path = Path(".holdfast")
    host: str = "127.0.0.1"
    port: int = 8000
    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    stripe_double_port: int = 8420
    mail_double_port: int = 8025
    metrics_port: int = 9464
    secret_key: SecretStr = SecretStr(DEMO_SECRET)
    demo: bool = True
    public_url: str = ""
    temporal_ui_url: str = ""
    mail_inbox_url: str = ""
    published_on: str = ""
    trusted_proxies: str = ""
    cors_origins: str = ""
    sweep_seconds: float = Field(default=60, ge=1, le=600)
    api_processes: int = Field(default=1, ge=1, le=16)
    log_level: str = "INFO"
    mail_from: str = "bookings@holdfast.example"
    mail_track_opens: bool = False
    mail_webhook_url: str = ""
    stripe_double_url: str = ""
    stripe_webhook_url: str = ""

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    app_database_url: str = ""
    ops_database_url: str = ""
    temporal_address: str = Field(default="", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    temporal_bin: str = Field(default="", validation_alias="TEMPORAL_BIN")
    postmark_token: SecretStr = Field(default=SecretStr(""), validation_alias="POSTMARK_TOKEN")
    postmark_api_base: str = Field(default="", validation_alias="POSTMARK_API_BASE")
    postmark_webhook_secret: SecretStr = Field(default=SecretStr(""), validation_alias="POSTMARK_WEBHOOK_SECRET")
    stripe_api_key: SecretStr = Field(default=SecretStr(""), validation_alias="STRIPE_API_KEY")
    stripe_publishable_key: str = Field(default="", validation_alias="STRIPE_PUBLISHABLE_KEY")
    stripe_api_base: str = Field(default="", validation_alias="STRIPE_API_BASE")
    stripe_platform_country: str = Field(
        default="PT", pattern=r"^[A-Z]{2}$", validation_alias="STRIPE_PLATFORM_COUNTRY"
    )
    stripe_webhook_secrets: SecretStr = Field(default=SecretStr(""), validation_alias="STRIPE_WEBHOOK_SECRETS")

    def check_safe(self) -> None:
        """What must hold before anybody is served.

        Errors: UnsafeSettings, naming the variable, where the published key would sign in earnest, where the published
        logins of a demo could be used from elsewhere, where a demo could charge real cards, and where a site that may
        read answers is not written as one.
        """
        if not self.demo and self.secret_key.get_secret_value() == DEMO_SECRET:
            raise UnsafeSettings("HOLDFAST_SECRET_KEY is required outside demo mode (HOLDFAST_DEMO=false).")
        if self.demo:
            self._check_stays_here()
            self._check_no_money_moves()
        for origin in self.cors_allowed:
            if not _ORIGIN.fullmatch(origin):
                raise UnsafeSettings(
                    f"HOLDFAST_CORS_ORIGINS lists {origin!r}; write sites as https://host or https://host:port."
                )

    def _check_stays_here(self) -> None:
        """A demo has logins that everybody knows, so it is for this machine only."""
        listens = ("HOLDFAST_PUBLISHED_ON", self.published_on) if self.published_on else ("HOLDFAST_HOST", self.host)
        reached = [("HOLDFAST_PUBLIC_URL", urlsplit(self.public_url).hostname or "")] if self.public_url else []
        for variable, host in (listens, *reached):
            if not _is_this_machine(host):
                raise UnsafeSettings(
                    f"{variable} names {host or 'no host'!r}, which others could reach. A demo has published logins, "
                    "so it takes addresses of this machine only (127.0.0.1, ::1, localhost). Set HOLDFAST_DEMO=false "
                    "and a HOLDFAST_SECRET_KEY of your own to serve others."
                )

    def _check_no_money_moves(self) -> None:
        """Bookings of a demo are anybody's, so no card may be charged for them."""
        keys = (
            ("STRIPE_API_KEY", self.stripe_api_key.get_secret_value()),
            ("STRIPE_PUBLISHABLE_KEY", self.stripe_publishable_key),
        )
        for variable, key in keys:
            if key.startswith(LIVE_KEYS):
                raise UnsafeSettings(
                    f"{variable} is a live key, with which real cards would be charged. A demo takes test keys only. "
                    "Set HOLDFAST_DEMO=false and a HOLDFAST_SECRET_KEY of your own to take real payments."
                )

    @computed_field
    @property
    def base_url(self) -> str:
        """Where people reach the web and the API; no trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def cors_allowed(self) -> list[str]:
        """The sites whose scripts may read answers; `*` for every site."""
        return [part.strip() for part in self.cors_origins.split(",") if part.strip()]

    @cached_property
    def temporal_target(self) -> str:
        """host:port of the Temporal frontend."""
        return self.temporal_address or f"{self.host}:{self.temporal_port}"

    @cached_property
    def temporal_ui(self) -> str:
        """Base address of Temporal's UI, for links; no trailing slash."""
        return (self.temporal_ui_url or f"http://{self.host}:{self.temporal_ui_port}").rstrip("/")

    @property
    def mail_webhook_secret(self) -> str:
        """What the mail provider shows when it tells of a letter; made from the secret key where none is set."""
        own = self.postmark_webhook_secret.get_secret_value()
        key = self.secret_key.get_secret_value().encode()
        return own or hmac.new(key, b"postmark webhooks", hashlib.sha256).hexdigest()

    @property
    def stripe_secrets(self) -> tuple[str, ...]:
        """What the payment provider's webhooks are signed with, any of them; one of our own where none is set."""
        own = tuple(part.strip() for part in self.stripe_webhook_secrets.get_secret_value().split(",") if part.strip())
        key = self.secret_key.get_secret_value().encode()
        return own or ("whsec_" + hmac.new(key, b"stripe webhooks", hashlib.sha256).hexdigest(),)

    @cached_property
    def payments_url(self) -> str:
        """Base address of the Stripe double's pages; empty where Stripe itself is asked."""
        if self.stripe_api_key.get_secret_value() and not self.stripe_api_base:
            return ""
        return (self.stripe_double_url or f"http://{self.host}:{self.stripe_double_port}").rstrip("/")

    @cached_property
    def inbox_url(self) -> str:
        """Base address of the mail double's inbox page; empty when real mail is sent."""
        if self.postmark_token.get_secret_value() and not self.postmark_api_base:
            return ""
        return (self.mail_inbox_url or f"http://{self.host}:{self.mail_double_port}").rstrip("/")


def _is_this_machine(host: str) -> bool:
    """Loopback addresses and names that always mean one; a wildcard means every address of the machine."""
    name = host.lower().strip("[]").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def child_environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with changes, for a child process; None takes a variable away."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}
