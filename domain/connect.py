"""A hotel's own account at the payment provider: where the platform may have one, and when a hotel can be paid by it.

Rule: docs/rules/connect.md. Source of the table: Stripe's page on cross-border payouts, which names the regions between
which a platform may transfer money by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.refusals import rule

# The European Economic Area.
_EEA = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
# Countries between which transfers go; any other country is a region of its own.
CORRIDOR = _EEA | {"CA", "CH", "GB", "US"}
NOT_READY = "The hotel's account at the payment provider takes no payments yet, so nothing that is paid online is sold."
LEFT = "the account has left the platform"
LOST = (
    "The hotel's account at the payment provider is lost; nothing that is paid online is sold until another is ready."
)
# How the provider's words for an account begin that it will never take payments for.
_REJECTED = "rejected."


class AccountRefused(ValueError):
    """The provider will not make the account, or its page. code: its reason, a short word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class AccountSeen:
    """How an account stands at the provider. requirements: what it still wants to be told, in its own short words.

    left: it is not the platform's any more; nothing else is known then.
    """

    account_id: str
    country: str = ""
    charges_enabled: bool = False
    payouts_enabled: bool = False
    requirements: tuple[str, ...] = ()
    left: bool = False


def is_lost(*, left: bool, requirements: Sequence[str]) -> bool:
    """Whether an account takes no payments ever again, so that another one may take its place."""
    return left or any(word.startswith(_REJECTED) for word in requirements)


def region_of(country: str) -> frozenset[str]:
    """The countries that a platform of this one may transfer to. country: ISO 3166 alpha-2."""
    return CORRIDOR if country in CORRIDOR else frozenset({country})


def check_country(country: str, platform: str) -> None:
    """Whether a hotel of a country can have an account with a platform of another.

    Errors: 422 connect_unsupported_country.
    """
    if country not in region_of(platform):
        raise rule(
            "connect_unsupported_country",
            f"The platform is in {platform}, from where no money can be transferred to an account in {country}; "
            "the hotel is charged through the platform's own account, or paid at the hotel.",
        )
