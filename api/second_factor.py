"""The second factor: codes of an authenticator app (RFC 6238, six digits, half a minute) and recovery codes.

This file keeps nothing. The secret is sealed for the database (AES-256-GCM, a key of its own, bound to the person, so
that a row can't be moved to somebody else); of a recovery code only a keyed hash is kept.
"""

import os
import re
import secrets
from datetime import datetime

import pyotp
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.keyed import derived_key, keyed_hash

ISSUER = "Holdfast"
# A clock may be half a minute off, and typing takes its time.
STEPS_AROUND = 1
RECOVERY_CODES = 8
# Without the letters and digits that people take for one another; ten of 32 signs are 50 bits.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_RECOVERY_LENGTH = 10
_NONCE_BYTES = 12
_SIX_DIGITS = re.compile(r"[0-9]{6}")
# What a code is compared with where there is no secret, so that it takes as long: nobody has it.
_NOBODYS_SECRET = "A" * 32

log = structlog.get_logger("api")


class SecondFactor:
    """Makes and checks codes. secret: HOLDFAST_SECRET_KEY."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._cipher = AESGCM(derived_key(secret, "second factors"))

    def new_secret(self) -> str:
        """160 bits in base 32, as apps take them."""
        return pyotp.random_base32()

    def uri_of(self, email: str, secret: str) -> str:
        """The otpauth:// address that an app reads from a picture."""
        return pyotp.TOTP(secret, name=email, issuer=ISSUER).provisioning_uri()

    def sealed(self, staff_id: int, secret: str) -> bytes:
        """The secret as it is kept."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), _bound_to(staff_id))

    def step_of(self, staff_id: int, sealed: bytes | None, code: str, now: datetime) -> int | None:
        """The half minute whose code this is, one before or after now's at most; None for a wrong one."""
        secret = self._opened(staff_id, sealed)
        digits = plain(code)
        if not _SIX_DIGITS.fullmatch(digits):
            return None
        try:
            totp = pyotp.TOTP(secret or _NOBODYS_SECRET)
            step = totp.verify_and_get_timecode(digits, for_time=now, valid_window=STEPS_AROUND)
        except pyotp.OTPVerificationError:
            return None
        return step if secret else None

    def new_recovery_codes(self) -> list[str]:
        """Codes for once each, in two groups of five."""
        made = ("".join(secrets.choice(_SIGNS) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
        return [f"{code[:5]}-{code[5:]}" for code in made]

    def hash_of(self, staff_id: int, recovery_code: str) -> str:
        """What is kept of a recovery code; spaces, hyphens and the case of letters make no difference."""
        return keyed_hash(self._secret, "recovery codes", f"{staff_id} {plain(recovery_code)}")

    def _opened(self, staff_id: int, sealed: bytes | None) -> str | None:
        """The secret; None where there is none, and where another secret key sealed it: then no code is right."""
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(staff_id)).decode()
        except InvalidTag:
            log.error("second factor sealed with another secret key", staff_id=staff_id)
            return None


def plain(code: str) -> str:
    """A code as it is compared: people type it in groups and in either case."""
    return code.replace(" ", "").replace("-", "").upper()


def _bound_to(staff_id: int) -> bytes:
    return f"staff {staff_id}".encode()
