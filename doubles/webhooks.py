"""The mail double tells what became of letters, as Postmark does: by a POST for each, tried again for a while."""

import json
import time
from typing import Any

from doubles.faults import Faults
from doubles.mailbox import Mailbox
from doubles.sender import SECONDS, Sender

USER = "postmark"
# Postmark takes 200 for heard, and nothing else.
HEARD = (200,)


class Webhooks(Sender):
    """Tells one address. url: empty tells nobody; secret: the password that goes with each."""

    def __init__(self, mailbox: Mailbox, faults: Faults, url: str, secret: str) -> None:
        super().__init__(mailbox, url, HEARD)
        self._mailbox, self._faults = mailbox, faults
        self._session.auth = (USER, secret)

    def tell(self, news: list[dict[str, Any]]) -> None:
        """Takes news to tell. A planned fault may delay one, tell it twice, or lose it."""
        if not self.url:
            return
        for one in news:
            fault = self._faults.strike_webhook(one["RecordType"])
            word = fault.word if fault else ""
            later = fault.seconds if fault and word == "webhook_delay" else 0.0
            for _ in range({"webhook_drop": 0, "webhook_duplicate": 2}.get(word, 1)):
                self._mailbox.owe(json.dumps(one), time.time() + later)
        self.wake()

    def _send(self, body: str, url: str) -> int:
        headers = {"Content-Type": "application/json"}
        return self._session.post(url, data=body.encode(), headers=headers, timeout=SECONDS).status_code

    def _note(self, one: dict[str, Any], state: str, status: int | None, at: float) -> None:
        if state == "waiting":
            self._mailbox.postpone(one["number"], at)
        else:
            self._mailbox.settle(one["number"])


def delivery(letter: dict[str, Any], recipient: str) -> dict[str, Any]:
    """The letter has reached its reader's mail server."""
    return {**_about(letter), "RecordType": "Delivery", "Recipient": recipient, "DeliveredAt": letter["sent_at"],
            "Details": "Kept here."}  # fmt: skip


def bounce(letter: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The letter came back, or its reader complained."""
    complaint = row["type"] == "SpamComplaint"
    return {
        **_about(letter),
        "RecordType": "SpamComplaint" if complaint else "Bounce",
        "ID": row["id"],
        "Type": row["type"],
        "TypeCode": 1,
        "Name": _NAMES.get(row["type"], row["type"]),
        "Description": "The reader marked it as spam." if complaint else "The mailbox does not take this letter.",
        "Email": row["email"],
        "BouncedAt": row["bounced_at"],
        "Inactive": bool(row["inactive"]),
        "CanActivate": True,
        "Subject": letter["subject"],
    }


_NAMES = {
    "HardBounce": "Hard bounce",
    "SoftBounce": "Soft bounce",
    "Transient": "Message delayed",
    "SpamComplaint": "Spam complaint",
}


def opened(letter: dict[str, Any], recipient: str, at: str) -> dict[str, Any]:
    """Somebody has looked at the letter."""
    return {**_about(letter), "RecordType": "Open", "Recipient": recipient, "ReceivedAt": at, "FirstOpen": True}


def _about(letter: dict[str, Any]) -> dict[str, Any]:
    return {
        "MessageID": letter["message_id"],
        "MessageStream": letter["stream"],
        "ServerID": 1,
        "Tag": letter["tag"],
        "Metadata": letter["metadata"],
    }
