"""What Postmark answers to a mail it does not take: codes and words as in its published error list."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_RECIPIENTS = 50
MOST_SUBJECT, MOST_FROM, MOST_TAG = 2000, 255, 1000
MOST_FIELDS, MOST_KEY, MOST_VALUE = 10, 20, 80
STREAMS = frozenset({"outbound", "broadcast"})
FIELDS: dict[str, type | tuple[type, ...]] = {
    "From": str,
    "To": str,
    "Cc": str,
    "Bcc": str,
    "Subject": str,
    "Tag": str,
    "HtmlBody": str,
    "TextBody": str,
    "ReplyTo": str,
    "Headers": list,
    "TrackOpens": bool,
    "TrackLinks": str,
    "Attachments": list,
    "Metadata": dict,
    "MessageStream": str,
}
_SPLIT = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_NAMED = re.compile(r"^.*<([^<>]*)>$", re.DOTALL)
_MAILBOX = re.compile(r"^[a-z0-9.!#$%&'`*+\-/=^_{}|~]+$", re.IGNORECASE)
_DOMAIN = re.compile(r"^((\.)?[a-zA-Z0-9\-])+$")


@dataclass(frozen=True)
class Fault:
    """Why something is not taken: Postmark's number and words, and the status of a whole request."""

    code: int
    message: str
    status: int = 422

    def body(self) -> dict[str, Any]:
        """As Postmark says it."""
        return {"ErrorCode": self.code, "Message": self.message}


def addresses(listed: str) -> list[str]:
    """The bare addresses of a list such as `"A, B" <a@b.example>, c@d.example`."""
    parts = [part.strip() for part in _SPLIT.split(listed) if part.strip()]
    return [named.group(1).strip() if (named := _NAMED.match(part)) else part for part in parts]


def is_address(text: str) -> bool:
    """Whether Postmark would take it: its own published patterns, and no dot at an end or twice."""
    mailbox, at, domain = text.rpartition("@")
    dots = mailbox.startswith(".") or mailbox.endswith(".") or ".." in text
    return bool(at and "." in domain and not dots and _MAILBOX.match(mailbox) and _DOMAIN.match(domain))


def fault_of(mail: object) -> Fault | None:
    """Why a mail is not taken; None when it is. Bounced addresses are not looked at here."""
    if not isinstance(mail, dict):
        return Fault(403, "Incompatible JSON: a message must be an object.")
    wrong = [
        key
        for key, value in mail.items()
        if key not in FIELDS or (value is not None and not isinstance(value, FIELDS[key]))
    ]
    if wrong:
        return Fault(403, f"Invalid request field(s): '{', '.join(wrong)}'.")
    stream = mail.get("MessageStream") or "outbound"
    if stream not in STREAMS:
        return Fault(1235, f"The stream provided: '{stream}' does not exist on this server.")
    return _fault_of_addresses(mail) or _fault_of_content(mail)


def _fault_of_addresses(mail: Mapping[str, Any]) -> Fault | None:
    sender = addresses(mail.get("From") or "")
    if len(sender) != 1 or not is_address(sender[0]):
        return Fault(300, f"Invalid 'From' address: '{mail.get('From') or ''}'.")
    for key in ("To", "Cc", "Bcc", "ReplyTo"):
        listed = mail.get(key) or ""
        if any(not is_address(address) for address in addresses(listed)):
            return Fault(300, f"Invalid '{key}' address: '{listed}'.")
    if not addresses(mail.get("To") or ""):
        return Fault(300, "Invalid 'To' address: ''.")
    if len(recipients(mail)) > MOST_RECIPIENTS:
        return Fault(300, f"Exceeded the maximum of {MOST_RECIPIENTS} recipients per message.")
    return None


def recipients(mail: Mapping[str, Any]) -> list[str]:
    """Everybody a mail goes to."""
    return [address for key in ("To", "Cc", "Bcc") for address in addresses(mail.get(key) or "")]


def _fault_of_content(mail: Mapping[str, Any]) -> Fault | None:
    if not mail.get("TextBody") and not mail.get("HtmlBody"):
        return Fault(300, "Provide either email TextBody or HtmlBody or both.")
    for key, most in (("From", MOST_FROM), ("Subject", MOST_SUBJECT), ("Tag", MOST_TAG)):
        if len((mail.get(key) or "").encode("utf-16-le")) // 2 > most:
            return Fault(300, f"The '{key}' field exceeds the maximum length of {most} characters.")
    metadata = mail.get("Metadata") or {}
    if len(metadata) > MOST_FIELDS:
        return Fault(300, f"Metadata may contain at most {MOST_FIELDS} fields.")
    for key, value in metadata.items():
        if not isinstance(value, str) or len(key) > MOST_KEY or len(value) > MOST_VALUE:
            return Fault(
                300, f"Metadata field '{key}' must have a name of at most 20 and a text of at most 80 characters."
            )
    return None


def inactive_fault(emails: list[str]) -> Fault:
    """The answer for addresses that bounced or complained before."""
    return Fault(
        406,
        "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: "
        f"{', '.join(emails)}. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a "
        "manual suppression.",
    )
