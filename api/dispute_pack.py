"""The proof pack of a payment that a guest's bank disputes: everything the hotel has, as of now.

Rule: docs/rules/disputes.md. It is only read and put together; nothing is sent to anybody.
"""

from collections.abc import Iterator
from typing import Any

from api.callers import AtDesk
from api.house import House
from api.shapes.bookings import DeskBooking
from api.shapes.common import Money
from api.shapes.disputes import Acceptance, DisputeBody, DisputePack, LetterSent
from api.shapes.timeline import Timeline
from api.timeline import story_of
from domain.clocks import local_text
from domain.disputes import DisputeSeen, in_words
from domain.money import Money as Amount
from domain.money import format_money
from domain.refusals import absent
from store.booking_reads import BookingRecord, read_notices
from store.disputes import accepted_from, disputes_of


async def dispute_pack(house: House, desk: AtDesk, record: BookingRecord, number: int) -> DisputePack:
    """The pack of one payment. Errors: 404 where the booking has no payment of that number."""
    booking = house.views.for_desk(record, desk.role)
    payment = next((one for one in booking.payments if one.number == number), None)
    if payment is None:
        raise absent()
    story = await story_of(house, record, for_staff=True)
    async with house.database.hotel(record.hotel_id) as tx:
        disputes = await disputes_of(tx, record.hotel_id, record.reference, number)
        notices = await read_notices(tx, record.hotel_id, record.reference)
        accepted = await accepted_from(tx, record.hotel_id, record.reference)
    acceptance = Acceptance(
        accepted_at=booking.created_at,
        policy_version=record.state.terms.version,
        channel=accepted.channel,
        address_hash=accepted.hold_address,
    )
    letters = [_letter(row) for row in notices if row.audience == "guest"]
    zone = record.state.terms.zone
    made_at = house.clock()
    lines = [
        f"Payment {number} of {booking.reference}, {_money(payment.amount)}, as of {local_text(made_at, zone)}.",
        *(in_words(number, _seen(row), zone) for row in disputes),
        *_accepted(acceptance, zone),
        *_booked(booking),
        *_sent(letters, zone),
        *_happened(story),
    ]
    return DisputePack(
        made_at=made_at,
        payment=payment,
        disputes=[_dispute(row) for row in disputes],
        acceptance=acceptance,
        booking=booking,
        letters=letters,
        timeline=story,
        text="\n".join(lines),
    )


def _seen(row: Any) -> DisputeSeen:
    return DisputeSeen(row.dispute_id, row.kind, row.amount_minor, row.currency, row.reason, row.status, row.due_by)


def _dispute(row: Any) -> DisputeBody:
    return DisputeBody(
        dispute_id=row.dispute_id,
        kind=row.kind,
        amount=Money(amount_minor=row.amount_minor, currency=row.currency),
        reason=row.reason,
        status=row.status,
        due_by=row.due_by,
        seen_at=row.seen_at,
    )


def _letter(row: Any) -> LetterSent:
    return LetterSent(
        kind=row.kind,
        state=row.state,
        sent_at=row.sent_at,
        delivery=row.delivery,
        delivered_at=row.delivered_at,
        opened_at=row.opened_at,
    )


def _money(amount: Money) -> str:
    return format_money(Amount(amount.amount_minor, amount.currency))


def _accepted(acceptance: Acceptance, zone: str) -> Iterator[str]:
    where = f", from the address with the hash {acceptance.address_hash}" if acceptance.address_hash else ""
    yield (
        f"The terms, version {acceptance.policy_version}, were accepted at "
        f"{local_text(acceptance.accepted_at, zone)} by {acceptance.channel}{where}."
    )


def _booked(booking: DeskBooking) -> Iterator[str]:
    for stay in booking.stays:
        yield f"Stay {stay.stay}: {stay.room_type_name}, {stay.arrival} to {stay.departure}, {_money(stay.total)}."
        yield f"Terms of stay {stay.stay}: {stay.policy.payment} {stay.policy.cancellation}"
        came = f"checked in at {stay.checked_in_at:%Y-%m-%d %H:%M} UTC" if stay.checked_in_at else "not checked in"
        left = f", checked out at {stay.checked_out_at:%Y-%m-%d %H:%M} UTC" if stay.checked_out_at else ""
        yield f"Stay {stay.stay}: {came}{left}."
    for night in booking.nights:
        yield f"Stay {night.stay}, night of {night.night}: {_money(night.price)}."
    yield f"Total {_money(booking.total)}, paid {_money(booking.paid)}."


def _sent(letters: list[LetterSent], zone: str) -> Iterator[str]:
    for letter in letters:
        sent = f" at {local_text(letter.sent_at, zone)}" if letter.sent_at else ""
        opened = f"; opened at {local_text(letter.opened_at, zone)}" if letter.opened_at else ""
        delivery = letter.delivery or "nothing is known of its delivery"
        yield f"Letter {letter.kind}: {letter.state}{sent}; {delivery}{opened}."


def _happened(story: Timeline) -> Iterator[str]:
    for entry in story.items:
        yield f"{entry.local_time}: {entry.sentence}"
