"""Postmark, through the postmarker client.

The client is synchronous and has no time-out of its own, so it runs in a thread, with limits. Whatever it raises is
turned into the words of gateways.mailer here.
"""

import asyncio
import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from postmarker.core import DEFAULT_API, PostmarkClient
from postmarker.exceptions import ClientError, PostmarkerException

from gateways.mailer import MOST_LETTERS, Found, Letter, Sent

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
# After this long no further letter of a batch is begun; what is under way has its own limits.
BATCH_SECONDS = 30.0
CALLS_AT_ONCE = 4
STREAM = "outbound"
# Codes that blame one letter: an invalid letter or address (300), an answer to its shape (402, 403, 410, 411), a reader
# who bounced or complained before (406). All others are about the account or the moment, and may pass.
LETTER_FAULTS = frozenset({300, 402, 403, 406, 410, 411})
TOO_LARGE = 413
MOST_TEXT = 300
_ADDRESS = re.compile(r"[^\s'\"<>]+@[^\s'\"<>]+")


class PostmarkMailer:
    """A Mailer that sends through Postmark, or through anything that speaks its API at `api_base`.

    The metadata of a letter is kept by Postmark for as long as it keeps the letter (45 days by default).
    track_opens: puts Postmark's picture into letters, which tells that they were opened.
    """

    def __init__(self, token: str, api_base: str = "", *, track_opens: bool = False) -> None:
        self._token = token
        self._track_opens = track_opens
        self._root = f"{(api_base or DEFAULT_API).rstrip('/')}/"
        self._own = threading.local()
        self._gate = asyncio.Semaphore(CALLS_AT_ONCE)

    async def send(self, letters: Sequence[Letter]) -> list[Sent]:
        """See Mailer.send. A batch that is refused as a whole is tried letter by letter, so that one can't stop all."""
        if len(letters) > MOST_LETTERS:
            raise ValueError(f"a batch has {MOST_LETTERS} letters at most, not {len(letters)}")
        if not letters:
            return []
        async with self._gate:
            return await asyncio.to_thread(self._send, letters)

    async def find(self, key: str, value: str) -> Found:
        """See Mailer.find."""
        async with self._gate:
            return await asyncio.to_thread(self._find, key, value)

    def _client(self) -> Any:
        """This thread's PostmarkClient; a requests session is not made to be shared between threads."""
        client = getattr(self._own, "client", None)
        if client is None:
            client = PostmarkClient(
                server_token=self._token, root_api_url=self._root, timeout=(CONNECT_SECONDS, READ_SECONDS)
            )
            host = urlsplit(self._root).hostname or ""
            # A proxy of the surroundings leads out of this machine, never to a part of it.
            client.session.trust_env = host not in {"localhost", "127.0.0.1", "::1"}
            self._own.client = client
        return client

    def _send(self, letters: Sequence[Letter]) -> list[Sent]:
        mails = [_as_mail(letter, self._track_opens) for letter in letters]
        try:
            answers = self._client().emails.EmailBatch(*mails).send()
        except _TROUBLES as trouble:
            sent = _in_our_words(trouble)
            if sent.outcome == "refused":
                return self._send_singly(mails)
            return [sent] * len(letters)
        if not isinstance(answers, list) or len(answers) != len(letters):
            return [Sent("unclear", text="The answer did not fit the batch.")] * len(letters)
        return [_of_answer(answer) for answer in answers]

    def _send_singly(self, mails: Sequence[Mapping[str, Any]]) -> list[Sent]:
        """One request a letter. After one that is not taken now, and after a while, the others are left for later."""
        enough_at = time.monotonic() + BATCH_SECONDS
        outcomes: list[Sent] = []
        stopped: Sent | None = None
        for mail in mails:
            if stopped is None and time.monotonic() >= enough_at:
                stopped = Sent("busy", text="The provider was too slow.")
            if stopped is not None:
                outcomes.append(stopped)
                continue
            outcomes.append(self._send_one(mail))
            if outcomes[-1].outcome in {"busy", "unclear"}:
                stopped = Sent("busy", text=outcomes[-1].text)
        return outcomes

    def _send_one(self, mail: Mapping[str, Any]) -> Sent:
        try:
            return _of_answer(self._client().emails.Email(**mail).send())
        except _TROUBLES as trouble:
            return _in_our_words(trouble)

    def _find(self, key: str, value: str) -> Found:
        try:
            answer = self._client().messages.outbound.call(
                "GET", "/messages/outbound", count=1, offset=0, **{f"metadata_{key}": value}
            )
            messages = answer["Messages"]
            if not messages:
                return Found("absent")
            return Found("found", str(messages[0]["MessageID"]), dict(messages[0].get("Metadata") or {}))
        except (*_TROUBLES, IndexError) as trouble:
            return Found("busy", text=_told(trouble))


# What the client may raise: its own words, those of requests, and (for an answer of another shape) Python's.
_TROUBLES = (PostmarkerException, requests.RequestException, KeyError, TypeError, ValueError, AssertionError)


def _as_mail(letter: Letter, track_opens: bool) -> dict[str, Any]:
    return {
        "From": letter.sender,
        "To": letter.to,
        "Subject": letter.subject,
        "HtmlBody": letter.html,
        "TextBody": letter.text,
        "ReplyTo": letter.reply_to or None,
        "Tag": letter.tag or None,
        "Metadata": dict(letter.metadata),
        "MessageStream": STREAM,
        "TrackOpens": track_opens,
        "TrackLinks": "None",
    }


def _of_answer(answer: object) -> Sent:
    """One letter's answer inside a request that was accepted."""
    if not isinstance(answer, dict) or "ErrorCode" not in answer:
        return Sent("unclear", text="The answer had an unknown shape.")
    code, text = int(answer["ErrorCode"]), _without_people(str(answer.get("Message", "")))
    if code == 0:
        return Sent("sent", provider_id=str(answer.get("MessageID", "")))
    return Sent("refused" if _is_letters_fault(code, text) else "busy", code=code, text=text)


def _is_letters_fault(code: int, text: str) -> bool:
    """A wrong sender is our setting, not this letter's reader: it waits until the setting is mended."""
    return code in LETTER_FAULTS and "'From'" not in text


def _in_our_words(trouble: Exception) -> Sent:
    """A whole request that failed.

    Not taken for certain: no connection came about, or an answer of the 400s. Everything else is unclear, since a
    failure inside or a lost answer does not say whether the letters were taken before.
    """
    text = _told(trouble)
    response = _response(trouble)
    if response is None:
        never_reached = isinstance(trouble, requests.ConnectTimeout) or _is_refused_connection(trouble)
        return Sent("busy" if never_reached else "unclear", text=text)
    code = int(getattr(trouble, "error_code", 0) or 0)
    if response.status_code == TOO_LARGE or (response.status_code == 422 and _is_letters_fault(code, text)):
        return Sent("refused", code=code or response.status_code, text=text)
    if 400 <= response.status_code < 500:
        return Sent("busy", code=code, text=text)
    return Sent("unclear", code=code, text=text)


def _response(trouble: Exception) -> requests.Response | None:
    """The answer behind a failure. The client keeps it as the cause of its own exceptions."""
    for failure in (trouble, trouble.__cause__, trouble.__context__):
        if isinstance(failure, requests.HTTPError):
            return failure.response
    return None


def _is_refused_connection(trouble: Exception) -> bool:
    """Whether nothing was listening (or no name found), so that no byte of the request was sent."""
    told = repr(trouble)
    return isinstance(trouble, requests.ConnectionError) and (
        "NewConnectionError" in told or "NameResolutionError" in told
    )


def _told(trouble: Exception) -> str:
    """Why, for the desk and for operations."""
    response = _response(trouble)
    if isinstance(trouble, ClientError):
        return _without_people(str(trouble))
    if response is not None:
        return f"The provider answered {response.status_code}."
    return f"The provider could not be reached or understood: {type(trouble).__name__}."


def _without_people(text: str) -> str:
    """The provider's words repeat addresses; reasons are kept and shown where those don't belong."""
    return _ADDRESS.sub("(address)", text)[:MOST_TEXT]
