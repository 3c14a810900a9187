"""The doors of a booking: updates that ask, signals that tell. A door takes the note; only the story acts on it.

A validator refuses what can't be before anything enters history; the story judges again when it comes to the note,
because the booking may have moved on in between.
"""

from collections import deque

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.booking import Booking
    from domain.refusals import Refused, conflict
    from messages.bookings import (
        Amend,
        Answer,
        AnswerChange,
        Approve,
        AskChange,
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
        Opened,
        PostCharge,
        Reinstate,
        Rezone,
        StartPayment,
        TakePayment,
        WaiveFee,
    )
    from messages.payments import MoneyHint
    from workflows.judging import judge, wish_to_pay
    from workflows.notes import MAX_NOTES, Note, refusal_error


class Doors:
    """What a booking can be asked and told. `booking` is None until it has opened or was loaded."""

    def __init__(self) -> None:
        self.booking: Booking | None = None
        self.opening_answer: Opened | None = None
        self.notes: deque[Note] = deque()
        self.renewal_asked = False
        self.rezone: Rezone | None = None
        self.hinted_payments: set[int] = set()
        self.hinted_refunds: set[int] = set()

    @workflow.update
    async def opened(self) -> Opened:
        """Waits until the opening is decided and says how."""
        await workflow.wait_condition(lambda: self.opening_answer is not None)
        if self.opening_answer is None:
            raise AssertionError("The condition above just held.")
        return self.opening_answer

    @workflow.signal
    def renew(self) -> None:
        """A newer build is current: go on in a fresh run."""
        self.renewal_asked = True

    @workflow.signal
    def correct_zone(self, correction: Rezone) -> None:
        """The hotel's zone was wrong: every clock of a date is resolved again."""
        self.rezone = correction

    @workflow.signal
    def money_news(self, hint: MoneyHint) -> None:
        """The payment provider told of something: it is looked at before it is believed."""
        self.hinted_payments |= set(hint.payments)
        self.hinted_refunds |= set(hint.refunds)

    @workflow.update
    async def start_payment(self, command: StartPayment) -> Answer:
        """The guest wants to pay."""
        return await self._ask(command)

    @start_payment.validator
    def _may_start_payment(self, command: StartPayment) -> None:
        self._knock(command)

    @workflow.update
    async def give_refund(self, command: GiveRefund) -> Answer:
        """The desk gives money back."""
        return await self._ask(command)

    @give_refund.validator
    def _may_give_refund(self, command: GiveRefund) -> None:
        self._knock(command)

    @workflow.update
    async def approve(self, command: Approve) -> Answer:
        """The hotel says yes."""
        return await self._ask(command)

    @approve.validator
    def _may_approve(self, command: Approve) -> None:
        self._knock(command)

    @workflow.update
    async def decline(self, command: Decline) -> Answer:
        """The hotel says no."""
        return await self._ask(command)

    @decline.validator
    def _may_decline(self, command: Decline) -> None:
        self._knock(command)

    @workflow.update
    async def confirm(self, command: Confirm) -> Answer:
        """The desk makes an option firm."""
        return await self._ask(command)

    @confirm.validator
    def _may_confirm(self, command: Confirm) -> None:
        self._knock(command)

    @workflow.update
    async def cancel(self, command: Cancel) -> Answer:
        """Rooms are given up."""
        return await self._ask(command)

    @cancel.validator
    def _may_cancel(self, command: Cancel) -> None:
        self._knock(command)

    @workflow.update
    async def amend(self, command: Amend) -> Answer:
        """Dates, types, guests or rooms change."""
        return await self._ask(command)

    @amend.validator
    def _may_amend(self, command: Amend) -> None:
        self._knock(command)

    @workflow.update
    async def assign_room(self, command: AssignRoom) -> Answer:
        """A stay gets a room."""
        return await self._ask(command)

    @assign_room.validator
    def _may_assign_room(self, command: AssignRoom) -> None:
        self._knock(command)

    @workflow.update
    async def check_in(self, command: CheckIn) -> Answer:
        """Guests arrive."""
        return await self._ask(command)

    @check_in.validator
    def _may_check_in(self, command: CheckIn) -> None:
        self._knock(command)

    @workflow.update
    async def take_payment(self, command: TakePayment) -> Answer:
        """The desk takes money."""
        return await self._ask(command)

    @take_payment.validator
    def _may_take_payment(self, command: TakePayment) -> None:
        self._knock(command)

    @workflow.update
    async def post_charge(self, command: PostCharge) -> Answer:
        """The desk posts an extra or an adjustment, or takes one back."""
        return await self._ask(command)

    @post_charge.validator
    def _may_post_charge(self, command: PostCharge) -> None:
        self._knock(command)

    @workflow.update
    async def check_out(self, command: CheckOut) -> Answer:
        """Guests leave."""
        return await self._ask(command)

    @check_out.validator
    def _may_check_out(self, command: CheckOut) -> None:
        self._knock(command)

    @workflow.update
    async def mark_no_show(self, command: MarkNoShow) -> Answer:
        """Guests did not come."""
        return await self._ask(command)

    @mark_no_show.validator
    def _may_mark_no_show(self, command: MarkNoShow) -> None:
        self._knock(command)

    @workflow.update
    async def reinstate(self, command: Reinstate) -> Answer:
        """Stays that had ended are taken up again."""
        return await self._ask(command)

    @reinstate.validator
    def _may_reinstate(self, command: Reinstate) -> None:
        self._knock(command)

    @workflow.update
    async def waive_fee(self, command: WaiveFee) -> Answer:
        """A fee is not asked for after all."""
        return await self._ask(command)

    @waive_fee.validator
    def _may_waive_fee(self, command: WaiveFee) -> None:
        self._knock(command)

    @workflow.update
    async def give_up(self, command: GiveUp) -> Answer:
        """An operator ends what can't be had any more."""
        return await self._ask(command)

    @give_up.validator
    def _may_give_up(self, command: GiveUp) -> None:
        self._knock(command)

    @workflow.update
    async def move_clock(self, command: MoveClock) -> Answer:
        """A clock of the agenda is moved."""
        return await self._ask(command)

    @move_clock.validator
    def _may_move_clock(self, command: MoveClock) -> None:
        self._knock(command)

    @workflow.update
    async def ask_change(self, command: AskChange) -> Answer:
        """The guest asks for what only the hotel may grant."""
        return await self._ask(command)

    @ask_change.validator
    def _may_ask_change(self, command: AskChange) -> None:
        self._knock(command)

    @workflow.update
    async def answer_change(self, command: AnswerChange) -> Answer:
        """A change request is granted, declined or taken back."""
        return await self._ask(command)

    @answer_change.validator
    def _may_answer_change(self, command: AnswerChange) -> None:
        self._knock(command)

    def _knock(self, command: Command) -> None:
        """Refuses at the door what the booking, as it is now, can't do. An unread booking lets everything in.

        So does one that is behind its row: a worker died, or its task failed, between a commit and Temporal's hearing
        of it, and the visitor has seen what this run does not know yet.
        """
        if self.booking is None or command.asked.seen > self.booking.seq:
            return
        try:
            if len(self.notes) >= MAX_NOTES:
                raise conflict("too_many_commands", f"More than {MAX_NOTES} commands are waiting for this booking.")
            if isinstance(command, StartPayment):
                wish_to_pay(self.booking, command, workflow.now())
            else:
                judge(self.booking, command, workflow.now())
        except Refused as refused:
            note = Note(command)
            note.refuse(refused)
            if note.refusal:
                raise refusal_error(note.refusal) from None

    async def _ask(self, command: Command) -> Answer:
        """Leaves the note and waits until the story has answered it."""
        note = Note(command)
        self.notes.append(note)
        await workflow.wait_condition(lambda: note.answered)
        if note.refusal:
            raise refusal_error(note.refusal)
        if note.answer is None:
            raise AssertionError("An answered note has an answer or a refusal.")
        return note.answer
