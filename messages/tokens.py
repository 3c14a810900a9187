"""Guest links: who may see one booking without a login.

A token is signed (hotel, reference, generation). Raising the booking's generation revokes every older token. How long a
token is good for is the booking's matter (its departure and 30 days more) and is checked by whoever reads the row. A
pay token says the same under a salt of its own: it opens the page on which the booking is paid and nothing else.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer

MAX_TOKEN_CHARACTERS = 400


@dataclass(frozen=True)
class GuestToken:
    """What a guest's link says once its signature holds."""

    hotel_id: int
    reference: str
    generation: int


GUEST, PAY = "guest", "pay"


@lru_cache(maxsize=8)
def _serializer(secret: str, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret, salt=salt, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )


def guest_token(secret: str, hotel_id: int, reference: str, generation: int) -> str:
    """The text that lets its bearer see and manage one booking."""
    return _signed(secret, GUEST, hotel_id, reference, generation)


def pay_token(secret: str, hotel_id: int, reference: str, generation: int) -> str:
    """The text that lets its bearer pay for one booking, and see what that takes."""
    return _signed(secret, PAY, hotel_id, reference, generation)


def read_guest_token(secret: str, token: str) -> GuestToken | None:
    """What a token says; None for anything that this secret did not sign as a guest's link."""
    return _read(secret, GUEST, token)


def read_pay_token(secret: str, token: str) -> GuestToken | None:
    """What a token says; None for anything that this secret did not sign as a link to pay."""
    return _read(secret, PAY, token)


def _signed(secret: str, salt: str, hotel_id: int, reference: str, generation: int) -> str:
    signed = _serializer(secret, salt).dumps([hotel_id, reference, generation])
    return signed if isinstance(signed, str) else signed.decode()


def _read(secret: str, salt: str, token: str) -> GuestToken | None:
    if len(token) > MAX_TOKEN_CHARACTERS:
        return None
    try:
        told = _serializer(secret, salt).loads(token)
    except BadData:
        return None
    match told:
        case [int(hotel_id), str(reference), int(generation)]:
            return GuestToken(hotel_id, reference, generation)
        case _:
            return None
