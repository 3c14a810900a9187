"""Every setting of the system, read from the environment in this file only."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, computed_field
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_SECRET = "holdfast-demo-secret-key-not-for-production"  # noqa: S105


class UnsafeSettings(RuntimeError):
    """These settings would serve people without the protection they are owed."""


class Settings(BaseSettings):
    """Addresses, ports, secrets and bounds.

    Ports are TCP ports on `host`. An empty address means that `holdfast up` runs that part itself.
    Outside demo mode a secret key of one's own is required: `check_safe`.
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
    trusted_proxies: str = ""
    api_processes: int = Field(default=1, ge=1, le=16)
    log_level: str = "INFO"
    mail_from: str = "bookings@holdfast.example"

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    app_database_url: str = ""
    ops_database_url: str = ""
    temporal_address: str = Field(default="", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    temporal_bin: str = Field(default="", validation_alias="TEMPORAL_BIN")
    postmark_token: SecretStr = Field(default=SecretStr(""), validation_alias="POSTMARK_TOKEN")
    postmark_api_base: str = Field(default="", validation_alias="POSTMARK_API_BASE")

    def check_safe(self) -> None:
        """What must hold before anybody is served: UnsafeSettings where the published key would sign in earnest."""
        if not self.demo and self.secret_key.get_secret_value() == DEMO_SECRET:
            raise UnsafeSettings("HOLDFAST_SECRET_KEY is required outside demo mode (HOLDFAST_DEMO=false).")

    @computed_field
    @property
    def base_url(self) -> str:
        """Where people reach the web and the API; no trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @cached_property
    def temporal_target(self) -> str:
        """host:port of the Temporal frontend."""
        return self.temporal_address or f"{self.host}:{self.temporal_port}"

    @cached_property
    def temporal_ui(self) -> str:
        """Base address of Temporal's UI, for links; no trailing slash."""
        return (self.temporal_ui_url or f"http://{self.host}:{self.temporal_ui_port}").rstrip("/")

    @cached_property
    def inbox_url(self) -> str:
        """Base address of the mail double's inbox page; empty when real mail is sent."""
        if self.postmark_token.get_secret_value() and not self.postmark_api_base:
            return ""
        return (self.mail_inbox_url or f"http://{self.host}:{self.mail_double_port}").rstrip("/")


def child_environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment with changes, for a child process; None takes a variable away."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}
