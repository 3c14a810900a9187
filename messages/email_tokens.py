"""Links by which a guest confirms a new e-mail address.

A token is signed (hotel, reference, change): the address itself is in the database and never in a link. Whether the
change still waits, and how long the booking's links are good, is checked by whoever reads the rows.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer

from messages.tokens import MAX_TOKEN_CHARACTERS


@dataclass(frozen=True)
class EmailToken:
    """Which change of which booking is confirmed."""

    hotel_id: int
    reference: str
    change_id: int


@lru_cache(maxsize=4)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret, salt="email", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )


def email_token(secret: str, hotel_id: int, reference: str, change_id: int) -> str:
    """The text that proves that its bearer reads the new address's letters."""
    signed = _serializer(secret).dumps([hotel_id, reference, change_id])
    return signed if isinstance(signed, str) else signed.decode()


def read_email_token(secret: str, token: str) -> EmailToken | None:
    """What a token says; None for anything that this secret did not sign."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        return None
    try:
        told = _serializer(secret).loads(token)
    except BadData:
        return None
    match told:
        case [int(hotel_id), str(reference), int(change_id)]:
            return EmailToken(hotel_id, reference, change_id)
        case _:
            return None
