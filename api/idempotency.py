"""Idempotency-Key: the same key with the same body gets the same answer, for ever; with another body it is refused.

A creation without a key gets a random one of ours. A versioned command without a key gets `{action}-{version}`, so that
a button that is pressed twice acts once.
"""

import json
import re
import secrets
from dataclasses import dataclass

from fastapi import Request
from pydantic import BaseModel

from api.problems import malformed
from domain.refusals import Refused, conflict
from messages.names import body_hash

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True)
class Once:
    """What makes a request the same request: its key, the fingerprint of its body, and whether the key is derived."""

    key: str
    body_hash: str
    derived: bool = False

    def reused(self, version: int, status: str) -> Refused:
        """The answer to the same key with another body: 409.

        For a derived key that is two different wishes about one version, so the later has seen a stale page.
        """
        if self.derived:
            detail = f"Another command came first; the booking is at version {version} now."
            return conflict("version_conflict", detail, "version", version=version, booking_status=status)
        return key_reused()


def key_reused() -> Refused:
    """409: the key came with another request before."""
    return conflict("idempotency_key_reused", "This Idempotency-Key came with another request before.", HEADER)


def sent_key(request: Request) -> str:
    """The key that was sent, or ''. Errors: 400 idempotency_key_malformed."""
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        detail = "An Idempotency-Key is 1 to 200 visible ASCII characters."
        raise malformed(detail, HEADER, "idempotency_key_malformed")
    return key


def fingerprint(purpose: str, body: BaseModel) -> str:
    """The fingerprint of a body by what it means: order, spacing and defaults written out make no difference."""
    meant = body.model_dump(mode="json", exclude_defaults=True)
    canonical = json.dumps([purpose, meant], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return body_hash(canonical.encode())


def once_for_creation(request: Request, body: BaseModel, purpose: str = "create") -> Once:
    """How a creation is told from another one."""
    return Once(sent_key(request) or secrets.token_urlsafe(16), fingerprint(purpose, body))


def once_for_command(request: Request, action: str, version: int | None, body: BaseModel) -> Once:
    """How a command is told from another one."""
    key = sent_key(request)
    hashed = fingerprint(action, body)
    if key:
        return Once(key, hashed)
    if version is None:
        return Once(secrets.token_urlsafe(16), hashed)
    return Once(f"{action}-{version}", hashed, derived=True)
