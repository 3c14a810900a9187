"""Keys for one purpose each, derived from the secret key, and hashes under such a key.

A keyed hash finds a person, an address or a code again and tells nobody who or what it was: without the secret key it
can't be tried out, however few the possible texts are.
"""

import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HASH_CHARACTERS = 32


@lru_cache(maxsize=32)
def derived_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose; secret: HOLDFAST_SECRET_KEY."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"holdfast {purpose}".encode()).derive(secret.encode())


def keyed_hash(secret: str, purpose: str, text: str) -> str:
    """HASH_CHARACTERS hexadecimal digits (128 bits): the same for the same text and purpose."""
    return hmac.digest(derived_key(secret, purpose), text.encode(), "sha256").hex()[:HASH_CHARACTERS]
