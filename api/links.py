"""Guest links: sent again to the address on file for whoever asks, and printed by the desk.

Who asks learns nothing: the answer is always the same and is given before anything is looked up. Rules:
docs/rules/guests.md.
"""

import time
import unicodedata
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from typing import Any

import segno
from fastapi import Request
from limits import RateLimitItemPerMinute

from api.callers import GUEST_LINK_LIFETIME, AtDesk, PublicRoute
from api.house import House, house_of
from api.idempotency import Once
from api.office_keys import keep_made, made_before
from api.shapes.people import LinkAnswer, LinkPrint, LinkWanted, PrintedLink
from domain.guests import email_key
from domain.refusals import rule
from messages.tokens import guest_token
from store.booking_reads import BookingRecord
from store.guest_links import Asked, Bounds, bookings_to_link, hotels_to_ask
from store.people import Change, Letter, begin, link_generation, post_letter, write_change

LINK_ASKS = RateLimitItemPerMinute(5, 15, "guest-links")
MOST_BOOKINGS = 5
LINK_EVERY = timedelta(minutes=10)
USEFUL_FOR = timedelta(hours=24)
ANSWER = LinkAnswer(detail="If there is a booking that fits, its link is on its way to the address on file.")


class LinkRoute(PublicRoute):
    """For who wants links sent: few in a quarter of an hour, because each may be a letter to a stranger."""

    async def admit(self, request: Request) -> None:
        """Errors: 429 too_many_requests."""
        await super().admit(request)
        await house_of(request).limits.check(request, LINK_ASKS, time.time)


def ask_for_links(house: House, body: LinkWanted) -> LinkAnswer:
    """The answer that everybody gets; the work begins after it. Errors: 503 not_ready when too many wait."""
    house.errands.start(send_links(house, body))
    return ANSWER


async def send_links(house: House, body: LinkWanted) -> None:
    """Writes letters for the bookings that fit, the first arrivals first."""
    now = house.clock()
    asked = Asked(_ways_of_writing(body.email or ""), body.phone or "", body.reference or "")
    earliest = (now - GUEST_LINK_LIFETIME).date()
    bounds = Bounds(now.date(), earliest, now - LINK_EVERY, MOST_BOOKINGS)
    async with house.database.public() as tx:
        hotels = await hotels_to_ask(tx, asked)
    found: list[tuple[Any, str, int]] = []
    for hotel in hotels:
        async with house.database.hotel(hotel.hotel_id) as tx:
            rows = await bookings_to_link(tx, hotel, asked, bounds)
        found += [(row.arrival, row.reference, hotel.hotel_id) for row in rows]
    for _, reference, hotel_id in sorted(found)[:MOST_BOOKINGS]:
        async with house.database.hotel(hotel_id) as tx:
            await begin(tx, hotel_id, reference)
            letter = Letter("guest_link", now, useful_until=now + USEFUL_FOR, not_since=now - LINK_EVERY)
            await post_letter(tx, hotel_id, reference, letter)


def _ways_of_writing(email: str) -> tuple[str, ...]:
    """The ways in which an address may be kept: as it was sent, and with its accents in one sign or in two."""
    if not email:
        return ()
    key = email_key(email) or email
    return tuple(dict.fromkeys((email, key, unicodedata.normalize("NFC", email), unicodedata.normalize("NFD", key))))


async def print_link(house: House, record: BookingRecord, desk: AtDesk, body: LinkPrint, once: Once) -> PrintedLink:
    """A link for the desk to print; with `revoke` every earlier one is dead.

    Errors: 422 guest_portal_off; 409 idempotency_key_reused.
    """
    if not record.state.terms.guest_portal:
        raise rule("guest_portal_off", "This hotel's guests have no page of their own.")
    hotel_id, reference = record.hotel_id, record.reference
    async with house.database.hotel(hotel_id) as tx:
        await begin(tx, hotel_id, reference)
        known = await made_before(tx, record, once)
        generation = await link_generation(tx, hotel_id, reference, revoke=body.revoke and known is None)
        if known is None:
            what = "revoked" if body.revoke else "printed"
            change = Change("guest_link", "", what, desk.actor, house.clock(), body.reason)
            made = await write_change(tx, hotel_id, reference, change)
            await keep_made(tx, record, once, made)
    page = f"{house.settings.base_url}/b/{reference}?token={guest_token(house.secret, hotel_id, reference, generation)}"
    good_until = datetime.combine(record.state.departure, wall_time(), UTC) + GUEST_LINK_LIFETIME
    return PrintedLink(
        reference=reference,
        guest_page=page,
        qr=segno.make(page, micro=False).svg_data_uri(scale=4),
        good_until=good_until.date(),
        revoked=body.revoke,
    )
