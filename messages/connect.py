"""What crosses Temporal about hotels' own accounts at the payment provider."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

CONNECT_WORKFLOW = "ConnectWorkflow"
OPEN, LOOK, LINK = "open", "look", "link"
# The trouble of a wish to replace an account that is not lost.
STANDS = "stands"


def connect_id(slug: str, of: str = "") -> str:
    """The workflow id of a hotel's account; `of` tells several questions about it apart."""
    return f"connect-{slug}" + (f"-{of}" if of else "")


@dataclass(frozen=True)
class AccountWish:
    """What is wanted of a hotel's account. want: OPEN (or find), LOOK, LINK. country: ISO 3166 alpha-2 of the hotel.

    once: by which one wish is told from the next. replaces: with OPEN, the account that is lost and gets a follower.
    """

    hotel_id: int
    hotel_slug: str
    country: str
    want: str
    once: str = ""
    replaces: str = ""


@dataclass(frozen=True)
class AccountTold:
    """What came of it. page: where the hotel answers the provider, for one visit; ends_at: until when.

    trouble: why nothing came of it, in one word; empty where it did. It travels encrypted, because who has the page's
    address can use it.
    """

    PERSONAL: ClassVar[bool] = True
    account_id: str = ""
    page: str = ""
    ends_at: datetime | None = None
    trouble: str = ""
