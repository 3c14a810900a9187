"""Notices for the hotel's people: what is sent, what has to be looked at, and sending a letter again."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request

from api.callers import Desk, DeskRoute, Parts, Record
from api.notices import attention_list, close_attention_item, list_kinds, resend, switch_kind
from api.shapes.common import Limit, ReferencePath, answers, example
from api.shapes.notices import (
    ATTENTION_LIST,
    CLOSED,
    NOTICE_KIND,
    NOTICE_KINDS,
    SENT_AGAIN,
    AttentionClose,
    AttentionItem,
    AttentionList,
    NoticeKindList,
    NoticeKindRow,
    NoticeSentAgain,
    NoticeSwitch,
    Resend,
)
from api.shapes.problems import problems
from api.views import API
from domain.notices import NoticeKind

notices = APIRouter(prefix=API, tags=["Desk"], route_class=DeskRoute)
_KNOWN = ("invalid_request", "not_logged_in", "hotel_not_chosen", "not_found", "role_missing", "too_many_requests")
_ACTS = (*_KNOWN, "cross_site", "body_too_large")
_ITEM: dict[int | str, dict[str, Any]] = {200: answers("The item after it.", example("closed", CLOSED))}
Number = Annotated[int, Path(ge=1, le=2**62)]


@notices.get(
    "/admin/notices",
    responses={200: answers("Every kind.", example("kinds", NOTICE_KINDS)), **problems(*_KNOWN)},
)
async def list_notice_kinds(house: Parts, at: Desk) -> NoticeKindList:
    """Every kind of notice: what it tells, to whom, when, and whether the hotel sends it."""
    return await list_kinds(house, at)


@notices.put(
    "/admin/notices/{kind}",
    responses={
        200: answers("The kind after it.", example("switched", NOTICE_KIND)),
        **problems(*_ACTS, "timing_fixed", "timing_incomplete", "timing_after_arrival"),
    },
)
async def switch_notice(
    house: Parts,
    at: Desk,
    kind: Annotated[NoticeKind, Path(examples=["pre_arrival"])],
    body: Annotated[
        NoticeSwitch,
        Body(
            openapi_examples={
                **example("on", {"enabled": True}),
                **example("earlier", {"enabled": True, "timing": {"days_before": 3, "time": "09:00"}}),
            }
        ),
    ],
) -> NoticeKindRow:
    """Switches a kind on or off, and sets its moment where it has one: before arrival, feedback, overstay.

    A letter that waits is judged when it is its turn; `warning` says what is lost. A new timing is a new version of the
    hotel's policy: bookings that are there keep theirs, and any clock of theirs can be moved by itself.
    """
    return await switch_kind(house, at, kind, body)


@notices.get(
    "/desk/attention",
    responses={
        200: answers("Open items.", example("attention", ATTENTION_LIST)),
        **problems("cursor_unknown", *_KNOWN),
    },
)
async def list_attention(
    house: Parts,
    at: Desk,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(description="From the page before.")] = None,
) -> AttentionList:
    """Letters that did not arrive, each with what to do about it."""
    return await attention_list(house, at, limit, cursor)


@notices.post("/desk/attention/{item_id}/close", responses={**_ITEM, **problems(*_ACTS)})
async def close_attention(
    house: Parts,
    at: Desk,
    item_id: Number,
    body: Annotated[AttentionClose, Body(openapi_examples=example("called", {"reason": "Called the guest."}))],
) -> AttentionItem:
    """Nothing is left to do about it. Closing it again changes nothing."""
    return await close_attention_item(house, at, item_id, body)


@notices.post(
    "/desk/bookings/{reference}/notices/{notice_id}/resend",
    responses={
        200: answers("The letter that is on its way.", example("sent_again", SENT_AGAIN)),
        **problems(
            *_ACTS,
            "idempotency_key_malformed",
            "idempotency_key_reused",
            "notice_not_true",
            "notice_on_its_way",
            "notice_without_address",
        ),
    },
)
async def resend_notice(
    house: Parts,
    request: Request,
    record: Record,
    at: Desk,
    reference: ReferencePath,
    notice_id: Number,
    body: Annotated[Resend, Body(openapi_examples=example("again", {}))],
) -> NoticeSentAgain:
    """Writes the letter anew, as things stand now, and sends it; what was open about the old one is closed."""
    return await resend(house, request, record, at, notice_id, body)
