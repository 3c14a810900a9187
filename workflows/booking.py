"""The life of a booking, told from its first request to its closed books. docs/story.md has the picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.bookings import BookingActivities
    from domain.booking import Booking, Status, Stay
    from domain.lifecycle import Action, not_allowed
    from domain.refusals import Refused, conflict
    from domain.steps import (
        Act,
        Step,
        approved,
        cancelled,
        checked_in,
        checked_out,
        clock_rang,
        declined,
        no_show,
        payment_taken,
        room_assigned,
    )
    from messages.bookings import (
        Answer,
        Approve,
        AssignRoom,
        BookingEnd,
        BookingStart,
        Cancel,
        CheckIn,
        CheckOut,
        Command,
        Decline,
        MarkNoShow,
        Opened,
        TakePayment,
    )
    from messages.names import BOOKING_STATUS
    from workflows.doors import Note, check_command
    from workflows.engine import Due, Engine, moved_on

_ACTIONS: dict[type[Command], Action] = {
    Approve: Action.APPROVE,
    Decline: Action.DECLINE,
    Cancel: Action.CANCEL,
    AssignRoom: Action.ASSIGN_ROOM,
    CheckIn: Action.CHECK_IN,
    TakePayment: Action.PAYMENTS,
    CheckOut: Action.CHECK_OUT,
    MarkNoShow: Action.NO_SHOW,
}


@workflow.defn
class BookingWorkflow(Engine):
    """One booking. Its agenda drives it; people's commands come first."""

    @workflow.run
    async def run(self, start: BookingStart) -> BookingEnd:
        """The table of contents."""
        if not await self.open(start):
            return await self.never_opened()
        await self.secure()
        await self.await_arrival()
        await self.host()
        await self.settle()
        return await self.close_doors()

    async def open(self, start: BookingStart) -> bool:
        """The room is taken, or the story ends here. A resumed run reads its row instead."""
        if start.resume:
            return await self.resume(start.resume)
        if start.opening is None:
            raise ValueError("A booking starts with an opening or with a row to resume from.")
        opening = replace(start.opening, now=workflow.now(), step_id=self.step_id(1))
        if workflow.now() > opening.open_before:
            self.opening_answer = Opened("not_opened", opening.reference, opening.key, opening.body_hash)
            return False
        done = await self.surely(BookingActivities.open_booking, opening)
        if done.booking:
            self.became(done.booking)
        self.opening_answer = done.answer
        return done.booking is not None

    async def never_opened(self) -> BookingEnd:
        """Nothing was taken: the one who asked is told, and nobody else."""
        if workflow.info().typed_search_attributes.get(BOOKING_STATUS):
            workflow.upsert_search_attributes([BOOKING_STATUS.value_unset()])
        while self.notes or not workflow.all_handlers_finished():
            while self.notes:
                self.notes.popleft().refuse(conflict("not_opened", "This booking was never opened."))
            await workflow.wait_condition(lambda: bool(self.notes) or workflow.all_handlers_finished())
        answer = self.opening_answer
        return BookingEnd(answer.reference if answer else "", answer.outcome if answer else "not_opened")

    async def secure(self) -> None:
        """The hotel says yes or no, the guest takes the request back, or the time for an answer runs out."""
        while self.now_is(Status.HELD, Status.PENDING):
            match await self.news():
                case Due() as clocks:
                    await self.act_on(clocks)
                case Note(command=Approve()) as note:
                    await self.carry_out(note, lambda booking, act, _: approved(booking, act))
                case Note(command=Decline()) as note:
                    await self.carry_out(note, lambda booking, act, _: declined(booking, act))
                case Note(command=Cancel()) as note:
                    await self.cancel_rooms(note)
                case Note() as note:
                    self.turn_away(note)

    async def await_arrival(self) -> None:
        """Reminders, rooms, early money, changes of mind, and guests who never come."""
        while self.now_is(Status.CONFIRMED):
            match await self.news():
                case Due() as clocks:
                    await self.act_on(clocks)
                case Note() as note:
                    await self.serve(note)

    async def host(self) -> None:
        """Guests are in the house, or some have left and some are still to come."""
        while self.now_is(Status.CHECKED_IN):
            match await self.news():
                case Due() as clocks:
                    await self.act_on(clocks)
                case Note() as note:
                    await self.serve(note)

    async def settle(self) -> None:
        """Late money is still taken; then the books close."""
        while self.now_is(Status.CHECKED_OUT):
            match await self.news():
                case Due() as clocks:
                    await self.act_on(clocks)
                case Note() as note:
                    await self.serve(note)

    async def close_doors(self) -> BookingEnd:
        """The story is over: everybody still waiting is answered, then nobody is let in any more."""
        while self.notes or not workflow.all_handlers_finished():
            while self.notes:
                self.turn_away(self.notes.popleft())
            await workflow.wait_condition(lambda: bool(self.notes) or workflow.all_handlers_finished())
        return BookingEnd(self.live.reference, self.live.status.value)

    async def serve(self, note: Note) -> None:
        """What the desk does for a confirmed booking and for guests in the house."""
        match note.command:
            case AssignRoom(room_id=room_id, room_number=number, room_type_id=type_id):
                room = (room_id, number, type_id)
                await self.carry_out(note, lambda booking, act, stays: room_assigned(booking, act, stays[0], room))
            case CheckIn():
                await self.carry_out(note, checked_in)
            case TakePayment() as money:
                taken = (money.method, money.amount_minor, money.external_reference)
                await self.carry_out(note, lambda booking, act, _: payment_taken(booking, act, *taken))
            case CheckOut():
                await self.carry_out(note, checked_out)
            case MarkNoShow():
                await self.carry_out(note, lambda booking, act, stays: no_show(booking, act, _numbers(stays)))
            case Cancel():
                await self.cancel_rooms(note)
            case _:
                self.turn_away(note)

    async def cancel_rooms(self, note: Note) -> None:
        """Rooms are given up, by the guest, the desk or an operator."""
        await self.carry_out(note, lambda booking, act, stays: cancelled(booking, act, _numbers(stays)))

    async def carry_out(self, note: Note, make: Callable[[Booking, Act, tuple[Stay, ...]], Step]) -> None:
        """Judges a note against the booking as it is now, writes the step it makes, and answers."""
        asked = note.command.asked
        try:
            stays = check_command(self.live, _ACTIONS[type(note.command)], note.command)
            if stays is None:
                note.answer = self.answer(note, "already")
                return
            step = make(self.live, Act(workflow.now(), asked.actor, asked.channel, asked.reason), stays)
        except Refused as refused:
            note.refuse(refused)
            return
        taken = await self.write(step, asked.key, asked.body_hash)
        if taken.outcome == "refused":
            note.refusal = taken.refusal
        elif taken.outcome == "overtaken":
            note.refuse(moved_on())
            await self.go_on_afresh()
        else:
            note.answer = self.answer(note, "done" if taken.outcome == "done" else "already")

    def turn_away(self, note: Note) -> None:
        """Answers a note that does not fit this chapter: it is old news, or it is refused."""
        action = _ACTIONS[type(note.command)]
        try:
            if check_command(self.live, action, note.command) is None:
                note.answer = self.answer(note, "already")
            else:
                note.refuse(not_allowed(self.live, action, self.live.status))
        except Refused as refused:
            note.refuse(refused)

    async def act_on(self, clocks: Due) -> None:
        """Does what the agenda says; clocks that ring together are one step."""
        taken = await self.write(clock_rang(self.live, clocks.entries, Act(workflow.now())))
        if taken.outcome == "overtaken":
            await self.go_on_afresh()
        if taken.outcome != "done":
            raise RuntimeError(f"A clock's step can't be {taken.outcome}: {taken.refusal}")

    def answer(self, note: Note, outcome: str) -> Answer:
        """What the door tells its visitor."""
        booking = self.live
        place = (booking.reference, booking.version, booking.seq, booking.status.value)
        return Answer(*place, outcome, note.command.asked.body_hash)


def _numbers(stays: Sequence[Stay]) -> list[int]:
    return [stay.number for stay in stays]
