"""Acting on a booking that exists: look at its row, ask its workflow, answer from its row.

The order of answers is: same key → same answer; the fact is already true → 200 and nothing is done; stale version → 409
with the new state; not allowed → 409 or 422. What the row alone can answer never starts a workflow, so an ended booking
answers too.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from api.front_desk import JustEnded
from api.house import House
from api.idempotency import Once
from api.problems import busy
from api.shapes.amending import CancelPreview
from api.shapes.common import Money
from domain.booking import Actor, Status
from domain.fees import cancellation_fee
from domain.lifecycle import Action, already_true, check_allowed, check_version
from domain.refusals import Refused, absent
from domain.terms import cancellation_in_words
from messages.bookings import Answer, Asked, Command
from messages.cards import Card
from store.booking_reads import BookingRecord, look_at_booking, read_command_key

LOOKS = 3
Make = Callable[[Asked], Awaitable[Command]]
Meant = TypeVar("Meant")


@dataclass(frozen=True)
class Wish:
    """A command that has been read: what, how it is told from others, who asks by which door, and the command itself.

    already: the row shows that nothing is left to do, in a way that the lifecycle does not know.
    """

    action: Action
    once: Once
    actor: Actor
    channel: str
    make: Make
    version: int | None = None
    reason: str = ""
    stays: Sequence[int] = ()
    already: bool = False

    @property
    def asked(self) -> Asked:
        """What every command carries."""
        return Asked(
            key=self.once.key,
            body_hash=self.once.body_hash,
            actor=self.actor,
            channel=self.channel,
            version=self.version,
            reason=self.reason,
            stays=tuple(self.stays),
        )


async def carry_out(house: House, record: BookingRecord, wish: Wish) -> BookingRecord:
    """The booking after the command. Errors: Refused as told above; 503 of the front desk."""
    try:
        return await _carried_out(house, record, wish)
    except Refused:
        # A try of the same key may have been carried out before this one, or while this one was made.
        if await _is_repeat(house, record, wish.once):
            return await _read_again(house, record)
        raise


async def _carried_out(house: House, record: BookingRecord, wish: Wish) -> BookingRecord:
    for _ in range(LOOKS):
        if await _is_true_already(house, record, wish):
            return record
        async with house.turns.at(record.reference) as waited:
            if waited:
                record = await _read_again(house, record)
                if await _is_true_already(house, record, wish):
                    return record
            try:
                command = await wish.make(replace(wish.asked, seen=record.state.seq))
                answer = await house.front_desk.command(wish.action, command, record.reference, card_of(record))
            except JustEnded:
                record = await _read_again(house, record)
                continue
        return await _after(house, record, wish, answer)
    raise busy("not_answered_in_time", "The booking was being settled; send the same key again.")


async def _is_true_already(house: House, record: BookingRecord, wish: Wish) -> bool:
    """Whether the row shows that nothing is left to do. Errors: Refused by version, status, or a key used otherwise."""
    news = is_news(record, wish)
    if not news:
        await _is_repeat(house, record, wish.once)
    return not news


async def meant(house: House, record: BookingRecord, once: Once, read: Callable[[], Meant]) -> Meant | None:
    """What a body means for the booking as it is; None where that is nothing any more because it was carried out.

    Errors: what `read` refuses, for a key that is new.
    """
    try:
        return read()
    except Refused:
        if await _is_repeat(house, record, once):
            return None
        raise


def is_news(record: BookingRecord, wish: Wish) -> bool:
    """Whether the row leaves anything to ask. False: the fact is already true. Errors: Refused by version or status."""
    if wish.already or already_true(record.state, wish.action, wish.stays):
        return False
    check_version(record.state, wish.version)
    check_allowed(record.state, wish.action, wish.stays, wish.actor.kind)
    return True


async def _after(house: House, record: BookingRecord, wish: Wish, answer: Answer) -> BookingRecord:
    """An answer that was already true may stand for another body under the same key."""
    fresh = await _read_again(house, record)
    if answer.outcome != "done":
        await _is_repeat(house, fresh, wish.once)
    return fresh


async def _is_repeat(house: House, record: BookingRecord, once: Once) -> bool:
    """Whether this key was carried out before. Errors: 409 where it came with another body."""
    async with house.database.hotel(record.hotel_id) as tx:
        known = await read_command_key(tx, record.hotel_id, record.reference, once.key)
    if known is not None and known != once.body_hash:
        fresh = await _read_again(house, record)
        raise once.reused(fresh.state.version, fresh.state.status.value)
    return known is not None


async def _read_again(house: House, record: BookingRecord) -> BookingRecord:
    fresh = await look_at_booking(house.database, record.hotel_id, record.reference)
    if fresh is None:
        raise absent()
    return fresh


def card_of(record: BookingRecord) -> Card:
    """What Temporal's UI shows of the booking, from its row."""
    state = record.state
    return Card(
        hotel_id=record.hotel_id,
        hotel_slug=record.hotel_slug,
        status=state.status.value,
        channel=state.source,
        arrival=state.arrival,
        departure=state.departure,
        rooms=len(state.stays),
        needs_attention=record.row.needs_attention,
    )


def preview_cancel(
    record: BookingRecord, version: int | None, stays: Sequence[int], actor_kind: str, now: datetime
) -> CancelPreview:
    """What cancelling now would cost and give back; nothing is done. Errors: as the act itself."""
    state = record.state
    check_version(state, version)
    chosen = check_allowed(state, Action.CANCEL, stays, actor_kind)
    live = [stay for stay in chosen if stay.status is not Status.CANCELLED]
    fees = [cancellation_fee(state, stay, now) for stay in live]
    fee_minor = sum(fee.amount_minor for fee in fees)
    owed_after_minor = state.owed_minor - sum(stay.owed_minor for stay in live) + fee_minor
    refund_minor = max(0, state.paid_minor - owed_after_minor)
    currency = state.terms.currency
    return CancelPreview(
        reference=record.reference,
        version=state.version,
        stays=[stay.number for stay in live],
        fee=Money(amount_minor=fee_minor, currency=currency),
        refund=Money(amount_minor=refund_minor, currency=currency),
        rules=[fee.rule for fee in fees],
        policy=[cancellation_in_words(state.terms, stay.terms, stay.arrival, state.created_at) for stay in live],
    )
