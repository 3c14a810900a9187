"""Quotes of changes: what a change was told to cost, signed, so that the act can be held to it.

A quote is for one booking, one version of it and one very wish. It holds no room and promises no price beyond the
question whether the act still comes to the same amounts: where it does not, the act is refused with a new quote.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer
from pydantic import TypeAdapter

QUOTE_LIFETIME = timedelta(minutes=15)
MAX_QUOTE_CHARACTERS = 1_000


@dataclass(frozen=True)
class ChangeQuote:
    """What a change of a booking was told to come to.

    asked: the fingerprint of the wish; total_minor: what the booking owes after it; fee_minor: what the change itself
    costs; expires_at: whole seconds since 1970.
    """

    hotel_id: int
    reference: str
    version: int
    asked: str
    total_minor: int
    fee_minor: int
    expires_at: int

    @property
    def expires(self) -> datetime:
        """The instant from which it is no longer good."""
        return datetime.fromtimestamp(self.expires_at, UTC)

    def stands_for(self, other: "ChangeQuote") -> bool:
        """Whether both are about the same change of the same booking at the same amounts."""
        return self._told == other._told

    @property
    def _told(self) -> tuple[int, str, int, str, int, int]:
        return self.hotel_id, self.reference, self.version, self.asked, self.total_minor, self.fee_minor


_QUOTES: TypeAdapter[ChangeQuote] = TypeAdapter(ChangeQuote)


@lru_cache(maxsize=4)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="change quote")


def sign_quote(secret: str, quote: ChangeQuote) -> str:
    """The quote as the text that is sent back with the act."""
    signed = _serializer(secret).dumps(_QUOTES.dump_python(quote, mode="json"))
    return signed if isinstance(signed, str) else signed.decode()


def read_quote(secret: str, signed: str) -> ChangeQuote | None:
    """The quote behind a text; None for anything that this secret did not sign."""
    if len(signed) > MAX_QUOTE_CHARACTERS:
        return None
    try:
        return _QUOTES.validate_python(_serializer(secret).loads(signed))
    except (BadData, ValueError):
        return None
