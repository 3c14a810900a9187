"""The mail double tells what became of letters, as Postmark does: by a POST for each, tried again for a while.

What is still to be told is kept in the mailbox's file, so that it outlives a kill.
"""

import asyncio
import contextlib
import json
import time
from typing import Any

import requests

from doubles.faults import Faults
from doubles.mailbox import Mailbox

# Postmark tries for hours; a stand-in only has to bridge a restart.
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
SECONDS = 5.0
AT_ONCE = 20
USER = "postmark"


class Webhooks:
    """Tells one address. url: empty tells nobody; secret: the password that goes with each."""

    def __init__(self, mailbox: Mailbox, faults: Faults, url: str, secret: str) -> None:
        self._mailbox, self._faults, self._url = mailbox, faults, url
        self._session = requests.Session()
        # A proxy of the surroundings leads out of this machine, never to a part of it.
        self._session.trust_env = False
        self._session.auth = (USER, secret)
        self._news = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def tell(self, news: list[dict[str, Any]]) -> None:
        """Takes news to tell. A planned fault may delay one, tell it twice, or lose it."""
        if not self._url:
            return
        for one in news:
            fault = self._faults.strike_webhook(one["RecordType"])
            word = fault.word if fault else ""
            later = fault.seconds if fault and word == "webhook_delay" else 0.0
            for _ in range({"webhook_drop": 0, "webhook_duplicate": 2}.get(word, 1)):
                self._mailbox.owe(json.dumps(one), time.time() + later)
        self.wake()

    def wake(self) -> None:
        """Begins, or goes on, telling what is owed. It is called inside the loop that serves."""
        if not self._url:
            return
        self._news.set()
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Ends the telling; what is owed stays in the file."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _run(self) -> None:
        while True:
            self._news.clear()
            owed = self._mailbox.owed(time.time(), AT_ONCE)
            for one in owed:
                await self._post(one)
            if owed:
                continue
            next_at = self._mailbox.next_owed_at()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if next_at is None else max(0.01, next_at - time.time())):
                    await self._news.wait()

    async def _post(self, one: dict[str, Any]) -> None:
        try:
            answer = await asyncio.to_thread(self._deliver, one["body"])
            done = answer == requests.codes.ok
        except requests.RequestException:
            done = False
        if done or one["tries"] >= len(PAUSES):
            self._mailbox.settle(one["number"])
        else:
            self._mailbox.postpone(one["number"], time.time() + PAUSES[one["tries"]])

    def _deliver(self, body: str) -> int:
        headers = {"Content-Type": "application/json"}
        return self._session.post(self._url, data=body.encode(), headers=headers, timeout=SECONDS).status_code


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
