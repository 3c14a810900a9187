"""Offers: signed, compressed snapshots of a price that was promised for one room.

An offer is a price promise, not a reservation: any number of guests may use it until it expires. Opening a booking
never prices again; it checks the signature and the expiry and takes the nights.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer
from pydantic import TypeAdapter

from domain.quoting import Quote
from domain.refusals import rule

OFFER_LIFETIME = timedelta(minutes=30)
MAX_OFFER_CHARACTERS = 16_000


@dataclass(frozen=True)
class Offer:
    """A price for one room at one hotel, for a stay and a party, until `expires_at`.

    policy_version: of the hotel's terms; stay_policy_id: of the rate plan's, both immutable rows.
    """

    hotel_id: int
    arrival: str
    departure: str
    adults: int
    children_ages: tuple[int, ...]
    policy_version: int
    stay_policy_id: int
    expires_at: int
    quote: Quote

    @property
    def expires(self) -> datetime:
        """The instant from which the price is no longer promised."""
        return datetime.fromtimestamp(self.expires_at, UTC)


_OFFERS: TypeAdapter[Offer] = TypeAdapter(Offer)


class _AsItIs:
    """Lets JSON that is written already pass; pydantic writes an offer in a fraction of the time."""

    @staticmethod
    def dumps(written: bytes) -> bytes:
        """What is signed."""
        return bytes(written)

    @staticmethod
    def loads(read: bytes) -> bytes:
        """What was signed."""
        return read


@lru_cache(maxsize=4)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="offer", serializer=_AsItIs)


def sign_offer(secret: str, offer: Offer) -> str:
    """The offer as the text that guests send back."""
    signed = _serializer(secret).dumps(_OFFERS.dump_json(offer))
    return signed if isinstance(signed, str) else signed.decode()


def read_offer(secret: str, signed: str, field: str = "offer_id") -> Offer:
    """The offer behind a text. Errors: 422 offer_unknown when it is not one of ours."""
    try:
        if len(signed) > MAX_OFFER_CHARACTERS:
            raise BadData("too long")
        return _OFFERS.validate_json(_serializer(secret).loads(signed))
    except (BadData, ValueError) as error:
        raise rule("offer_unknown", "This is not an offer of ours; ask for availability again.", field) from error


def check_offer_lives(offer: Offer, now: datetime, field: str = "offer_id") -> None:
    """Errors: 422 offer_expired."""
    if now >= offer.expires:
        raise rule("offer_expired", "The price was promised until a moment ago; ask for availability again.", field)
