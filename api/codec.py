"""Reading encrypted messages in Temporal's UI: who may, which of them, and the one door that another origin may use.

The protocol is that of Temporal's remote codecs. Each message says under its encryption to which workflow it belongs,
and through that to which hotel; what a person may not read goes back as it came, so that the rest of a page is shown.
Nothing is ever encrypted here.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.callers import DeskRoute, Staff, known_staff
from api.house import House, house_of
from api.permissions import ROLES
from api.shapes.codec import CodecPayload, CodecPayloads
from api.views import API
from config.settings import Settings
from domain.refusals import forbidden
from messages.converter import PersonalCodec, Unsealed
from store.hotels import Hotel, hotel_by_code, hotel_by_id

CODEC = f"{API}/codec"
OPERATION = "decode_messages"
_BOOKING = re.compile(r"booking-([A-Z]{3})-[0-9A-Z-]+")
_NOTICES = re.compile(r"notices-([0-9]{1,9})")
# Two names of this machine: a person may open the UI by either.
_LOOPBACK = ("127.0.0.1", "localhost")

log = structlog.get_logger("api")


def ui_origins(settings: Settings) -> tuple[str, ...]:
    """The origin of Temporal's UI; both of its names where it runs on this machine."""
    parts = urlsplit(settings.temporal_ui)
    if parts.hostname not in _LOOPBACK:
        return (f"{parts.scheme}://{parts.netloc}",)
    port = f":{parts.port}" if parts.port else ""
    return tuple(f"{parts.scheme}://{name}{port}" for name in _LOOPBACK)


class CodecRoute(DeskRoute):
    """For who leads at least one hotel and looks from Temporal's UI, or with a bearer from the command line."""

    async def admit(self, request: Request) -> None:
        """Errors: 401; 403 cross_site, role_missing.

        The UI can't send our own header, so a cookie counts only beside the UI's Origin, which no page can forge.
        """
        staff = await known_staff(request)
        if staff.by_cookie and request.headers.get("Origin") not in ui_origins(house_of(request).settings):
            raise forbidden("cross_site", "By cookie only Temporal's own UI may ask this.")
        if not _leads(staff):
            raise forbidden("role_missing", "Your role may not do this.")
        request.state.staff = staff


class UiDoor:
    """Lets the scripts of Temporal's UI, and of no other origin, read what this one path answers."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._origins = ui_origins(settings)
        self._shared = CORSMiddleware(
            app,
            allow_origins=self._origins,
            allow_methods=("POST",),
            allow_headers=("Authorization", "Content-Type", "X-Namespace"),
            allow_credentials=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pure ASGI, because it is on every path."""
        theirs = scope["type"] == "http" and scope["path"] == f"{CODEC}/decode"
        if theirs and Headers(scope=scope).get("Origin") in self._origins:
            await self._shared(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def decoded(house: House, staff: Staff, asked: CodecPayloads, namespace: str) -> CodecPayloads:
    """The same payloads in the same order, readable where this person may read them. Every look is written down.

    namespace: what the UI says it shows; messages of another namespace than ours stay as they came.
    """
    if namespace not in ("", house.settings.temporal_namespace):
        return asked
    codec = PersonalCodec(house.secret)
    opened = [_opened(codec, payload) for payload in asked.payloads]
    readable = await _readable(house, staff, {one.workflow_id for one in opened if one})
    answer: list[CodecPayload] = []
    read: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for payload, one in zip(asked.payloads, opened, strict=True):
        if one is None:
            answer.append(payload)
        elif one.workflow_id in readable:
            answer.append(_payload(one))
            read[one.workflow_id] += 1
        else:
            answer.append(payload)
            kept[one.workflow_id] += 1
    _write_down(staff, readable, read, kept)
    return CodecPayloads(payloads=answer)


def _leads(staff: Staff) -> set[int]:
    """The hotels whose encrypted messages this person may read."""
    return {role.hotel_id for role in staff.roles if role.role in ROLES[OPERATION]}


async def _readable(house: House, staff: Staff, workflow_ids: set[str]) -> dict[str, str]:
    """Those of the workflows whose hotel this person leads, each with that hotel's slug."""
    leads = _leads(staff)
    found: dict[str, str] = {}
    async with house.database.public() as tx:
        for workflow_id in workflow_ids:
            hotel: Hotel | None = None
            if booking := _BOOKING.fullmatch(workflow_id):
                hotel = await hotel_by_code(tx, booking[1])
            elif notices := _NOTICES.fullmatch(workflow_id):
                hotel = await hotel_by_id(tx, int(notices[1]))
            if hotel is not None and hotel.id in leads:
                found[workflow_id] = hotel.slug
    return found


def _write_down(staff: Staff, slugs: Mapping[str, str], read: Counter[str], kept: Counter[str]) -> None:
    """Who has read how many messages of which workflow, and what was asked for in vain; never what they hold."""
    who = {"staff_id": staff.session.staff_id}
    for workflow_id, count in read.items():
        log.info("messages_read", **who, hotel=slugs[workflow_id], workflow_id=workflow_id, count=count)
    for workflow_id, count in kept.items():
        log.warning("messages_kept_sealed", **who, workflow_id=workflow_id or "unknown", count=count)


def _opened(codec: PersonalCodec, payload: CodecPayload) -> Unsealed | None:
    """What is under the seal; None for what is not sealed by us, or is no payload at all."""
    try:
        metadata = {name: b64decode(value, validate=True) for name, value in payload.metadata.items()}
        return codec.unsealed(metadata, b64decode(payload.data, validate=True))
    except (NotBase64, ValueError):
        return None


def _payload(opened: Unsealed) -> CodecPayload:
    metadata = {name: b64encode(value).decode() for name, value in opened.metadata.items()}
    return CodecPayload(metadata=metadata, data=b64encode(opened.data).decode())
