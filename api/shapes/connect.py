"""The hotel's own account at the payment provider, as its managers see it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from api.shapes.common import Asked, Told


class AccountBody(Told):
    """How the hotel is paid. Without an account of its own it is charged on the platform's."""

    account_id: str | None = Field(description="The provider's name of it; null where the hotel has none.")
    country: str | None = Field(description="ISO 3166 alpha-2.")
    charges_enabled: bool = Field(description="Whether it takes payments.")
    payouts_enabled: bool = Field(description="Whether the provider pays out from it.")
    requirements: list[str] = Field(description="What the provider still wants to be told, in its own short words.")
    fee_percent: Decimal = Field(description="The platform's share of each charge.")
    refund_fee: bool = Field(description="Whether a refund gives its part of that share back.")
    checked_at: datetime | None = Field(description="When the provider was last asked.")
    left_at: datetime | None = Field(description="When it left the platform; null where it is there.")
    sells_online: bool = Field(description="Whether rooms that are paid online can be sold.")
    replaceable: bool = Field(description="Whether it is lost, so that another one may be opened in its place.")
    in_words: str


class AccountOpening(Asked):
    """The account that is opened. Without a body, or without `replaces`, the one that the hotel has is found."""

    replaces: Annotated[str, Field(pattern=r"^acct_[A-Za-z0-9]{1,64}$")] | None = Field(
        default=None, description="The hotel's account that has left the platform or was rejected; a new one is made."
    )


class AccountPage(Told):
    """Where the hotel answers the provider. The address is good once, and is kept nowhere."""

    address: str
    ends_at: datetime


class AccountChange(Asked):
    """The platform's terms with the hotel; what is left out stays."""

    fee_percent: Annotated[Decimal, Field(ge=0, le=50, max_digits=4, decimal_places=2)] | None = None
    refund_fee: bool | None = None


ACCOUNT: dict[str, Any] = {
    "account_id": "acct_1",
    "country": "PT",
    "charges_enabled": True,
    "payouts_enabled": True,
    "requirements": [],
    "fee_percent": "2.50",
    "refund_fee": True,
    "checked_at": "2026-12-01T08:10:00Z",
    "left_at": None,
    "sells_online": True,
    "replaceable": False,
    "in_words": "Payments go to the hotel's own account.",
}
ACCOUNT_PAGE = {"address": "https://connect.stripe.example/setup/acct_1/x", "ends_at": "2026-12-01T08:15:00Z"}
