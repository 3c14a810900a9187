"""Each act of guests and of the desk, from its body to its command. How commands are judged is in api/commands.py."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from api.callers import AtDesk, Desk, Parts, Record
from api.commands import Make, Wish, carry_out, meant
from api.desk import room_for, stay_for_room
from api.folio import charge_back, tax_of
from api.house import House
from api.idempotency import Once, once_for_command
from api.shapes.bookings import BookingBody, DeskBooking, GuestCancel
from api.shapes.commands import (
    CancelRefund,
    DeskApprove,
    DeskAssign,
    DeskCancel,
    DeskClock,
    DeskCommand,
    DeskPayment,
    DeskRefund,
    DeskReinstate,
    DeskStays,
)
from api.shapes.common import MoneyAsked
from api.shapes.folio import DeskCharge
from domain.booking import Actor
from domain.folio import Charge
from domain.lifecycle import Action
from domain.refusals import Refused, conflict, rule
from messages.bookings import (
    Approve,
    Asked,
    AssignRoom,
    Cancel,
    CheckIn,
    CheckOut,
    Command,
    Confirm,
    Decline,
    GiveRefund,
    GiveUp,
    MarkNoShow,
    MoveClock,
    PostCharge,
    Reinstate,
    TakePayment,
    WaiveFee,
)
from store.booking_reads import BookingRecord

GUEST = Actor("guest")
# So often a room is chosen for a guest whom others overtake.
CHOICES = 5


def _plainly(kind: Callable[[Asked], Command]) -> Make:
    """A command that needs nothing but what every command carries."""

    async def made(asked: Asked) -> Command:
        return kind(asked)

    return made


async def guest_cancel(house: House, request: Request, record: BookingRecord, body: GuestCancel) -> BookingBody:
    """The guest gives rooms up. Errors: 409 fee_changed where another fee was told."""
    expected = expected_fee(record, body.expected_fee)
    wish = Wish(
        action=Action.CANCEL,
        once=once_for_command(request, "guest-cancel", body.version, body),
        actor=GUEST,
        channel="web",
        make=_plainly(partial(Cancel, expected_fee_minor=expected)),
        version=body.version,
        reason=body.reason,
        stays=body.stays,
    )
    return house.views.for_guest(await carry_out(house, record, wish))


def expected_fee(record: BookingRecord, told: MoneyAsked | None) -> int | None:
    """The fee that a dry run told, in minor units. Errors: 409 fee_changed for one in another currency."""
    if told is None:
        return None
    currency = record.state.terms.currency
    if told.currency != currency:
        raise conflict("fee_changed", f"Fees of this booking are in {currency}.", "expected_fee", currency=currency)
    return told.amount_minor


def refund_choice(record: BookingRecord, told: CancelRefund | None) -> tuple[int | None, int | None]:
    """How much goes back at a cancellation (None for all that is not owed), and from which payment first.

    Errors: 422 currency_differs, amount_negative.
    """
    if told is None:
        return None, None
    if told.amount is None:
        return None, told.payment
    currency = record.state.terms.currency
    if told.amount.currency != currency:
        raise rule("currency_differs", f"The booking is in {currency}.", "refund.amount.currency")
    if told.amount.amount_minor < 0:
        raise rule("amount_negative", "What goes back is not less than nothing.", "refund.amount.amount_minor")
    return told.amount.amount_minor, told.payment


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
        done = tuple(point.item for point in body.checklist if point.done)
        return await self._act(Action.APPROVE, body, _plainly(partial(Approve, done=done)), reason)

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

    async def cancel(self, body: DeskCancel) -> DeskBooking:
        """The hotel cancels, for the guest or by itself."""
        expected = expected_fee(self.record, body.expected_fee)
        back, payment = refund_choice(self.record, body.refund)
        make = _plainly(
            partial(
                Cancel,
                waive_fee=body.waive_fee,
                expected_fee_minor=expected,
                refund_minor=back,
                refund_payment=payment,
            )
        )
        return await self._act(Action.CANCEL, body, make, body.reason, body.stays)

    async def confirm(self, body: DeskCommand) -> DeskBooking:
        """An option is made firm."""
        return await self._act(Action.CONFIRM, body, _plainly(Confirm), body.reason)

    async def reinstate(self, body: DeskReinstate) -> DeskBooking:
        """Rooms that had ended are taken up again."""
        make = _plainly(partial(Reinstate, oversell=body.oversell))
        return await self._act(Action.REINSTATE, body, make, body.reason, body.stays)

    async def waive_fee(self, body: DeskStays) -> DeskBooking:
        """A fee is not asked for after all."""
        return await self._act(Action.WAIVE_FEE, body, _plainly(WaiveFee), body.reason, body.stays)

    async def fail(self, body: DeskCommand) -> DeskBooking:
        """A booking that can't be had any more is given up."""
        return await self._act(Action.FAIL, body, _plainly(GiveUp), body.reason)

    async def move_clock(self, key: str, body: DeskClock) -> DeskBooking:
        """A clock of the agenda is moved, or put back."""
        make = _plainly(partial(MoveClock, key=key, at=body.at))
        return await self._act(Action.CLOCKS, body, make, body.reason, named=f"clock-{key}")

    async def take_payment(self, body: DeskPayment) -> DeskBooking:
        """Money over the counter, for one of the booking's folios. Errors: 422 folio_unknown."""

        async def made(asked: Asked) -> Command:
            amount = body.amount
            paid = (body.method, amount.amount_minor, amount.currency, body.external_reference)
            return TakePayment(asked, *paid, body.folio)

        return await self._act(Action.PAYMENTS, body, made, body.reason)

    async def give_refund(self, body: DeskRefund) -> DeskBooking:
        """Money goes back to the guest."""

        async def made(asked: Asked) -> Command:
            return GiveRefund(asked, body.amount.amount_minor, body.amount.currency, body.payment)

        return await self._act(Action.REFUNDS, body, made, body.reason)

    async def post_charge(self, body: DeskCharge) -> DeskBooking:
        """An extra, or below zero an adjustment. Errors: 422 tax_code_unknown."""

        async def made(asked: Asked) -> Command:
            tax = await tax_of(self.house, self.record, body.tax_code)
            price = body.amount.amount_minor
            charge = Charge(body.code, body.name, price, body.quantity, body.folio, tax)
            return PostCharge(asked, charge, body.amount.currency)

        return await self._act(Action.CHARGES, body, made, body.reason)

    async def reverse_charge(self, line: int, body: DeskCommand) -> DeskBooking:
        """A charge is taken back. Errors: 422 line_unknown."""

        async def made(asked: Asked) -> Command:
            charge = await charge_back(self.house, self.record, line)
            return PostCharge(asked, charge, self.record.state.terms.currency)

        return await self._act(Action.CHARGES, body, made, body.reason, named=f"reverse-{line}")

    async def assign_room(self, body: DeskAssign) -> DeskBooking:
        """A stay gets the room that was named, or the first free clean one of its type.

        A stay that has that room already, or any room where none was named, is left as it is.
        """
        named = body.stay if body.stay is not None else next(iter(body.stays), None)
        once = self._once(Action.ASSIGN_ROOM.value, body)
        stay = await meant(self.house, self.record, once, lambda: stay_for_room(self.record.state, named))
        if stay is None:
            return self.house.views.for_desk(self.record, self.desk.role)

        async def chosen(asked: Asked) -> Command:
            return AssignRoom(asked, *await room_for(self.house, self.record, stay, body.room))

        has_it = bool(stay.room_number) and body.room in (None, stay.room_number)
        for choice in range(CHOICES):
            try:
                return await self._act(Action.ASSIGN_ROOM, body, chosen, body.reason, (stay.number,), already=has_it)
            except Refused as refused:
                # Somebody else was given the chosen room a moment ago; any other one will do as well.
                if body.room is not None or refused.code != "room_not_free" or choice == CHOICES - 1:
                    raise
        raise AssertionError("The last choice returns or raises.")

    def _once(self, named: str, body: DeskApprove | DeskCommand) -> Once:
        return once_for_command(self.request, named, body.version, body)

    async def _act(
        self,
        action: Action,
        body: DeskApprove | DeskCommand,
        make: Callable[[Asked], Awaitable[Command]],
        reason: str,
        stays: Sequence[int] = (),
        *,
        already: bool = False,
        named: str = "",
    ) -> DeskBooking:
        wish = Wish(
            action=action,
            once=self._once(named or action.value, body),
            actor=self.desk.actor,
            channel="desk",
            make=make,
            version=body.version,
            reason=reason,
            stays=stays,
            already=already,
        )
        return self.house.views.for_desk(await carry_out(self.house, self.record, wish), self.desk.role)


async def the_counter(request: Request, house: Parts, record: Record, desk: Desk) -> Counter:
    """Who was admitted, with the booking that the address names."""
    return Counter(house, request, record, desk)


AtCounter = Annotated[Counter, Depends(the_counter)]
