"""What the hotel's people do about notices: which are sent, which have to be looked at, and sending one again."""

from datetime import time
from typing import Any

from fastapi import Request

from api.callers import AtDesk
from api.cursors import read_cursor, write_cursor
from api.house import House
from api.idempotency import fingerprint, sent_key
from api.notice_words import WORDS, title, warning, when_sent
from api.shapes.common import utc
from api.shapes.notices import (
    AttentionClose,
    AttentionItem,
    AttentionLinks,
    AttentionList,
    NoticeKindList,
    NoticeKindRow,
    NoticeSentAgain,
    NoticeSwitch,
    NoticeTimingTold,
    Resend,
    TimingWanted,
)
from api.views import API
from domain.clocks import local_text
from domain.ledgers import TO_DO
from domain.notice_timing import NoticeTiming, retimed, timing_of
from domain.notices import NoticeKind
from domain.refusals import absent
from domain.terms import HotelTerms
from store.booking_reads import BookingRecord
from store.hotels import Hotel, look_at_hotel
from store.notice_desk import SendAgain, close_item, open_items, read_switches, send_again, switch
from store.policies import revise

NEWEST = 2**62
_TO_DO = {
    "undeliverable": "Read why, correct the guest's address and send the letter again; or print the link.",
    "bounced": "Ask the guest for another address, correct it and send the letter again; or print the link.",
    "complained": "The guest does not want these letters, and the provider sends no more there. Ask the guest first.",
    "workflow_parked": "Tell operations, who move the booking to mended software. Until then nothing can be changed.",
    "workflow_missing": "Tell operations: its history in Temporal says why its story ends.",
    "step_stuck": "Tell operations, who mend what refuses the write. It then goes through by itself.",
    "move_refused": "Tell operations: the booking is begun again from its row on the newest software.",
    **TO_DO,
    "dispute": "Read the payment's proof pack, add what the desk knows, and answer the bank before it is too late.",
    "early_fraud_warning": "Look whether the guest is who they say; giving the money back now avoids a dispute.",
    "clock_ahead": "Nothing, if this is a trial of the system. Otherwise tell operations: a machine's clock was wrong.",
}
_SAID = {
    "undeliverable": "The letter “{about}” to {whom} could not be delivered. {detail}",
    "bounced": "The letter “{about}” to {whom} came back. {detail}",
    "complained": "The letter “{about}” to {whom} was marked as spam. {detail}",
}


async def _hotel(house: House, hotel_id: int) -> Hotel:
    hotel = await look_at_hotel(house.database, hotel_id)
    if hotel is None:
        raise absent()
    return hotel


async def list_kinds(house: House, desk: AtDesk) -> NoticeKindList:
    """Every kind with its words, and whether the hotel sends it."""
    terms = await house.terms.now(house.database, await _hotel(house, desk.hotel_id))
    async with house.database.hotel(desk.hotel_id) as tx:
        switches = await read_switches(tx, desk.hotel_id)
    return NoticeKindList(items=[_kind(kind, terms, switches.get(kind, True)) for kind in NoticeKind])


async def switch_kind(house: House, desk: AtDesk, kind: NoticeKind, body: NoticeSwitch) -> NoticeKindRow:
    """Switches a kind on or off, and sets when it is sent; what waits is looked at when it is its turn.

    Errors: 422 timing_fixed, timing_incomplete, timing_after_arrival.
    """
    terms = await house.terms.now(house.database, await _hotel(house, desk.hotel_id))
    staff_id = desk.staff.session.staff_id
    async with house.database.hotel(desk.hotel_id) as tx:
        if body.timing:
            wanted = _wanted(body.timing)
            who = f"staff {staff_id}: {title(kind)}"
            terms = await revise(tx, desk.hotel_id, lambda present: retimed(kind, present, wanted), house.clock(), who)
        await switch(tx, desk.hotel_id, kind, body.enabled, house.clock(), staff_id)
    return _kind(kind, terms, body.enabled)


def _wanted(timing: TimingWanted) -> NoticeTiming:
    at = time.fromisoformat(timing.time) if timing.time else None
    return NoticeTiming(timing.days_before, at, timing.after_minutes)


def _timing(kind: NoticeKind, terms: HotelTerms) -> NoticeTimingTold | None:
    set_to = timing_of(kind, terms)
    if set_to is None:
        return None
    at = f"{set_to.time:%H:%M}" if set_to.time else None
    return NoticeTimingTold(days_before=set_to.days_before, time=at, after_minutes=set_to.after_minutes)


def _kind(kind: NoticeKind, terms: HotelTerms, enabled: bool) -> NoticeKindRow:
    called, tells = WORDS[kind]
    return NoticeKindRow(
        kind=kind,
        title=called,
        tells=tells,
        audience="staff" if kind.audience == "staff" else "guest",
        enabled=enabled,
        when=when_sent(kind, terms),
        timing=_timing(kind, terms),
        warning=warning(kind),
    )


async def attention_list(house: House, desk: AtDesk, limit: int, cursor: str | None) -> AttentionList:
    """What waits for a person, the newest first. Errors: 400 cursor_unknown."""
    listed = f"attention {desk.hotel_id}"
    place = read_cursor(house.secret, listed, cursor)
    before = int(place[0]) if place else NEWEST
    hotel = await _hotel(house, desk.hotel_id)
    async with house.database.hotel(desk.hotel_id) as tx:
        rows = await open_items(tx, desk.hotel_id, before, limit + 1)
    shown = rows[:limit]
    following = write_cursor(house.secret, listed, [str(shown[-1].item_id)]) if len(rows) > limit else None
    return AttentionList(items=[_item(house, row, hotel.zone) for row in shown], next_cursor=following, limit=limit)


async def close_attention_item(house: House, desk: AtDesk, item_id: int, body: AttentionClose) -> AttentionItem:
    """The item, closed; closing it again changes nothing. Errors: 404."""
    hotel = await _hotel(house, desk.hotel_id)
    staff_id = desk.staff.session.staff_id
    async with house.database.hotel(desk.hotel_id) as tx:
        row = await close_item(tx, desk.hotel_id, item_id, house.clock(), staff_id, body.reason)
    return _item(house, row, hotel.zone)


def _item(house: House, row: Any, zone: str) -> AttentionItem:
    opened = utc(row.opened_at)
    return AttentionItem(
        item_id=row.item_id,
        kind=row.kind,
        reference=row.reference,
        notice_id=row.notice_id,
        notice_kind=row.notice_kind,
        sentence=_sentence(row),
        what_to_do=_TO_DO[row.kind],
        opened_at=opened,
        opened_local=local_text(opened, zone),
        closed_at=utc(row.closed_at) if row.closed_at else None,
        closed_by=row.closed_by,
        closed_reason=row.closed_reason,
        links=AttentionLinks(
            booking=f"{house.settings.base_url}/desk/bookings/{row.reference}" if row.reference else None,
            resend=f"{API}/desk/bookings/{row.reference}/notices/{row.notice_id}/resend" if row.notice_id else None,
            close=f"{API}/desk/attention/{row.item_id}/close",
        ),
    )


def _sentence(row: Any) -> str:
    if row.notice_id is None:
        return str(row.detail)
    whom = "the guest" if row.audience == "guest" else "the hotel"
    return _SAID[row.kind].format(about=title(row.notice_kind), whom=whom, detail=row.detail)


async def resend(
    house: House, request: Request, record: BookingRecord, desk: AtDesk, notice_id: int, body: Resend
) -> NoticeSentAgain:
    """Sends a letter again. Without a key of its own a wish is told by the letter, so that a double click is one wish.

    Errors: 404; 409 notice_not_true, notice_on_its_way, idempotency_key_reused; 422 notice_without_address.
    """
    wish = SendAgain(
        hotel_id=record.hotel_id,
        reference=record.reference,
        notice_id=notice_id,
        at=house.clock(),
        staff_id=desk.staff.session.staff_id,
        key=sent_key(request),
        body_hash=fingerprint(f"resend {notice_id}", body),
    )
    async with house.database.hotel(record.hotel_id) as tx:
        made, kind = await send_again(tx, wish)
    return NoticeSentAgain(notice_id=made, resend_of=notice_id, kind=kind)
