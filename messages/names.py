"""Names that both sides of Temporal must agree on: ids, task queues, search attributes, keys."""

import base64
import hashlib
import hmac
from datetime import date

from temporalio.common import SearchAttributeKey

BOOKINGS_QUEUE = "bookings"
BOOKING_WORKFLOW = "BookingWorkflow"
RENEW_SIGNAL = "renew"
MONEY_SIGNAL = "money_news"
MONEY_QUERY = "money"
DEPLOYMENT = "holdfast"

HOTEL_ID = SearchAttributeKey.for_keyword("HotelId")
BOOKING_STATUS = SearchAttributeKey.for_keyword("BookingStatus")
# Postgres tells here of each opening that is committed.
OPENINGS_CHANNEL = "holdfast_openings"
CHANNEL = SearchAttributeKey.for_keyword("Channel")
ARRIVAL_DATE = SearchAttributeKey.for_datetime("ArrivalDate")
DEPARTURE_DATE = SearchAttributeKey.for_datetime("DepartureDate")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")
# Their kinds, by the words that Temporal's own commands know.
SEARCH_ATTRIBUTES = {
    HOTEL_ID.name: "Keyword",
    BOOKING_STATUS.name: "Keyword",
    CHANNEL.name: "Keyword",
    ARRIVAL_DATE.name: "Datetime",
    DEPARTURE_DATE.name: "Datetime",
    NEEDS_ATTENTION.name: "Bool",
}

# Crockford's base32 without I, L, O and U: no letter is taken for a digit or makes a word.
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_UNAMBIGUOUS = str.maketrans(_STANDARD, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
SUFFIX_LENGTH = 6
_OF_A_BOOKING = "booking-"


def workflow_id(reference: str) -> str:
    """The workflow id of a booking."""
    return f"{_OF_A_BOOKING}{reference}"


def booking_reference(workflow: str) -> str:
    """The booking of a workflow id."""
    return workflow.removeprefix(_OF_A_BOOKING)


def reference(secret: str, hotel_code: str, arrival: date, key: str, attempt: int) -> str:
    """A booking's reference, such as MLB-20261215-7Q4K2M.

    The suffix follows from the hotel and the creation key, so that a repeated request finds the same booking;
    `attempt` gives the next one when another key already has it.
    """
    digest = hmac.new(secret.encode(), f"{hotel_code}\n{key}\n{attempt}".encode(), hashlib.sha256).digest()
    suffix = base64.b32encode(digest).decode().translate(_UNAMBIGUOUS)[:SUFFIX_LENGTH]
    return f"{hotel_code}-{arrival:%Y%m%d}-{suffix}"


def body_hash(body: bytes) -> str:
    """The fingerprint by which a repeated key is told from another request."""
    return hashlib.sha256(body).hexdigest()[:32]
