"""Each act of guests and of the desk, from its body to its command. How commands are judged is in api/commands.py."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.callers import AtDesk, Desk, Parts, Record
from api.commands import Make, Wish, carry_out, check_expected_fee
from api.desk import room_for, stay_for_room
from api.house import House
from api.idempotency import once_for_command
from api.shapes.bookings import (
    BookingBody,
    DeskApprove,
    DeskAssign,
    DeskBooking,
    DeskCommand,
    DeskPayment,
    DeskStays,
    GuestCancel,
)
from domain.booking import Actor
from domain.lifecycle import Action
from messages.bookings import (
    Approve,
    Asked,
    AssignRoom,
    Cancel,
    CheckIn,
    CheckOut,
    Command,
    Decline,
    MarkNoShow,
    TakePayment,
)
from store.booking_reads import BookingRecord

GUEST = Actor("guest")


def _plainly(kind: Callable[[Asked], Command]) -> Make:
    """A command that needs nothing but what every command carries."""

    async def made(asked: Asked) -> Command:
        return kind(asked)

    return made


async def guest_cancel(house: House, request: Request, record: BookingRecord, body: GuestCancel) -> BookingBody:
    """The guest gives rooms up. Errors: 409 fee_changed where another fee was told."""
    if body.expected_fee is not None:
        check_expected_fee(record, body.expected_fee.amount_minor, body.expected_fee.currency)
    wish = Wish(
        action=Action.CANCEL,
        once=once_for_command(request, "guest-cancel", body.version, body),
        actor=GUEST,
        channel="web",
        make=_plainly(Cancel),
        version=body.version,
        reason=body.reason,
        stays=body.stays,
    )
    return house.views.for_guest(await carry_out(house, record, wish))


@dataclass(frozen=True)
class Counter:
    """A member of staff with one booking before them."""

    house: House
    request: Request
    record: BookingRecord
    desk: AtDesk

    async def approve(self, body: DeskApprove) -> DeskBooking:
        """The hotel's yes; the note and the checklist are kept as the event's reason."""
        points = [f"{'done' if point.done else 'not done'}: {point.item}" for point in body.checklist]
        reason = "; ".join([body.note, *points] if body.note else points)
        return await self._act(Action.APPROVE, body, _plainly(Approve), reason)

    async def decline(self, body: DeskCommand) -> DeskBooking:
        """The hotel's no."""
        return await self._act(Action.DECLINE, body, _plainly(Decline), body.reason)

    async def check_in(self, body: DeskStays) -> DeskBooking:
        """Guests get their keys."""
        return await self._act(Action.CHECK_IN, body, _plainly(CheckIn), body.reason, body.stays)

    async def check_out(self, body: DeskStays) -> DeskBooking:
        """Guests give their keys back."""
        return await self._act(Action.CHECK_OUT, body, _plainly(CheckOut), body.reason, body.stays)

    async def no_show(self, body: DeskStays) -> DeskBooking:
        """Guests did not come."""
        return await self._act(Action.NO_SHOW, body, _plainly(MarkNoShow), body.reason, body.stays)

    async def cancel(self, body: DeskStays) -> DeskBooking:
        """The hotel cancels, for the guest or by itself."""
        return await self._act(Action.CANCEL, body, _plainly(Cancel), body.reason, body.stays)

    async def take_payment(self, body: DeskPayment) -> DeskBooking:
        """Money over the counter."""

        async def made(asked: Asked) -> Command:
            amount = body.amount
            return TakePayment(asked, body.method, amount.amount_minor, amount.currency, body.external_reference)

        return await self._act(Action.PAYMENTS, body, made, body.reason)

    async def assign_room(self, body: DeskAssign) -> DeskBooking:
        """A stay gets the room that was named, or the first free clean one of its type.

        A stay that has that room already, or any room where none was named, is left as it is.
        """
        named = body.stay if body.stay is not None else next(iter(body.stays), None)
        stay = stay_for_room(self.record.state, named)

        async def chosen(asked: Asked) -> Command:
            room_id, number, room_type_id = await room_for(self.house, self.record, stay, body.room)
            return AssignRoom(asked, room_id, number, room_type_id)

        has_it = bool(stay.room_number) and body.room in (None, stay.room_number)
        return await self._act(Action.ASSIGN_ROOM, body, chosen, body.reason, (stay.number,), already=has_it)

    async def _act(
        self,
        action: Action,
        body: DeskApprove | DeskCommand,
        make: Callable[[Asked], Awaitable[Command]],
        reason: str,
        stays: Sequence[int] = (),
        *,
        already: bool = False,
    ) -> DeskBooking:
        wish = Wish(
            action=action,
            once=once_for_command(self.request, action.value, body.version, body),
            actor=self.desk.actor,
            channel="desk",
            make=make,
            version=body.version,
            reason=reason,
            stays=stays,
            already=already,
        )
        return self.house.views.for_desk(await carry_out(self.house, self.record, wish))


async def the_counter(request: Request, house: Parts, record: Record, desk: Desk) -> Counter:
    """Who was admitted, with the booking that the address names."""
    return Counter(house, request, record, desk)


AtCounter = Annotated[Counter, Depends(the_counter)]
