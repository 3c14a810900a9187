"""What a mail provider tells about letters: who may tell, what is meant, and where it is written down.

A webhook is a hint that is stored once; it changes a notice and what a person has to look at, and never a booking.
"""

import base64
import binascii
import hmac
import re
import time
from datetime import UTC

from fastapi import Request
from fastapi.routing import APIRoute
from prometheus_client import Counter

from api.callers import Handler
from api.house import House, house_of
from api.limits import PUBLIC
from api.problems import Problem
from api.shapes.common import REFERENCE_PATTERN
from api.shapes.notices import PostmarkNews
from store.notice_desk import Delivery, note_delivery

SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105 - the header's name.
MOST_REASON = 300
NEWS = Counter("holdfast_notices_total", "What became of letters after they were sent.", ("kind", "state"))

_NOTICE = re.compile(r"([0-9]{1,9})\.([0-9]{1,18})")
_REFERENCE = re.compile(REFERENCE_PATTERN)
_ADDRESS = re.compile(r"[^\s'\"<>]+@[^\s'\"<>]+")
# Postmark's kinds of bounce after which the letter may still arrive, or has arrived.
_NO_BOUNCE = frozenset(
    {"Transient", "AutoResponder", "AddressChange", "Subscribe", "Unsubscribe", "OpenRelayTest", "DMARCPolicy"}
)


class WebhookRoute(APIRoute):
    """For the mail provider, who shows the shared secret as a password or in a header of its own."""

    def get_route_handler(self) -> Handler:
        """The framework's handler behind our door."""
        answer = super().get_route_handler()

        async def admitted(request: Request):
            await _admit(request)
            return await answer(request)

        return admitted


async def _admit(request: Request) -> None:
    """Errors: 401 webhook_refused; 429 for who keeps trying."""
    house = house_of(request)
    expected = house.settings.mail_webhook_secret.encode()
    shown = request.headers.get(SECRET_HEADER, "") or _password(request.headers.get("Authorization", ""))
    if not hmac.compare_digest(shown.encode(), expected):
        await house.limits.check(request, PUBLIC, time.time)
        raise Problem(
            401,
            "webhook_refused",
            "This is not the secret that was agreed on.",
            headers={"WWW-Authenticate": 'Basic realm="webhooks"'},
        )


def _password(authorization: str) -> str:
    """The password of HTTP basic authentication, whoever it is for; an empty text where there is none."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def hear(house: House, news: PostmarkNews) -> bool:
    """Writes the news down; False where there is nothing to write."""
    told = meant(news, house)
    if told is None:
        return False
    async with house.database.hotel(told.hotel_id) as tx:
        kind = await note_delivery(tx, told)
    if kind is None:
        return False
    NEWS.labels(kind, told.what).inc()
    return True


def meant(news: PostmarkNews, house: House) -> Delivery | None:
    """What the news is about, in our words; None for letters that are not ours and for what is not kept."""
    notice = _NOTICE.fullmatch(str(news.metadata.get("holdfast_notice", "")))
    reference = str(news.metadata.get("holdfast_booking", ""))
    if notice is None or not _REFERENCE.fullmatch(reference) or not news.message_id:
        return None
    match news.record_type:
        case "Delivery":
            what, event, at = "delivered", "delivered", news.delivered_at
        case "Open":
            what, event, at = "opened", "opened", news.received_at
        case "SpamComplaint":
            what, event, at = "complained", "complained", news.bounced_at
        case "Bounce" if news.bounce_type not in _NO_BOUNCE:
            what, event, at = "bounced", f"bounced {news.bounce_type}"[:100], news.bounced_at
        case _:
            return None
    return Delivery(
        hotel_id=int(notice[1]),
        notice_id=int(notice[2]),
        reference=reference,
        provider_id=news.message_id,
        what=what,
        event=event,
        at=at.astimezone(UTC) if at else house.clock(),
        reason=_reason(news),
    )


def _reason(news: PostmarkNews) -> str:
    """Why, in the provider's words, which may repeat addresses; those do not belong where reasons are shown."""
    told = ": ".join(part for part in (news.name or news.bounce_type, news.description) if part)
    return _ADDRESS.sub("(address)", " ".join(told.split()))[:MOST_REASON]
