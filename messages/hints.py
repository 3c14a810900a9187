"""A hint of the payment provider's, as it is stored: what to look at, and never the body."""

from dataclasses import dataclass
from datetime import datetime


class NotAHint(ValueError):
    """What came is no event for us. The message is one word: unsigned, too_large, unreadable, no_event."""


@dataclass(frozen=True)
class Hint:
    """What an event is about, without its body.

    account: of the hotel, where it is the hotel's own; object_id, object_type: the provider's; created: when it made
    the event. hotel_id, reference, payment, refund: from our metadata, 0 and empty where there is none. intent_id,
    charge_id: by which an object without our metadata is found.
    """

    event_id: str
    event_type: str
    account: str
    object_id: str
    object_type: str
    created: datetime
    hotel_id: int = 0
    reference: str = ""
    payment: int = 0
    refund: int = 0
    intent_id: str = ""
    charge_id: str = ""
