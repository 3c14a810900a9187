"""The doors of a booking: updates that ask, signals that tell. A door takes the note; only the story acts on it.

A validator refuses what can't be before anything enters history; the story judges again when it comes to the note,
because the booking may have moved on in between.
"""

from collections import deque
from dataclasses import asdict, dataclass

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.booking import Booking, Stay
    from domain.lifecycle import (
        Action,
        already_true,
        check_allowed,
        check_arrival_day,
        check_balance,
        check_no_show,
        check_payment,
        check_version,
    )
    from domain.refusals import Refused, conflict, rule
    from messages.bookings import (
        Answer,
        Approve,
        AssignRoom,
        Cancel,
        CheckIn,
        CheckOut,
        Command,
        Decline,
        MarkNoShow,
        Opened,
        Refusal,
        TakePayment,
    )

MAX_NOTES = 10


@dataclass
class Note:
    """A command that waits for its answer."""

    command: Command
    answer: Answer | None = None
    refusal: Refusal | None = None

    @property
    def answered(self) -> bool:
        """Whether the door can let its visitor go."""
        return self.answer is not None or self.refusal is not None

    def refuse(self, refused: Refused) -> None:
        """The answer is no."""
        self.refusal = Refusal(refused.code, refused.detail, refused.kind.value, refused.field, dict(refused.facts))


def refusal_error(refusal: Refusal) -> ApplicationError:
    """A refusal as callers of an update receive it."""
    return ApplicationError(refusal.detail, asdict(refusal), type=refusal.code, non_retryable=True)


class Doors:
    """What a booking can be asked and told. `booking` is None until it has opened or was loaded."""

    def __init__(self) -> None:
        self.booking: Booking | None = None
        self.opening_answer: Opened | None = None
        self.notes: deque[Note] = deque()
        self.renewal_asked = False

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

    @workflow.update
    async def approve(self, command: Approve) -> Answer:
        """The hotel says yes."""
        return await self._ask(command)

    @approve.validator
    def _may_approve(self, command: Approve) -> None:
        self._knock(command, Action.APPROVE)

    @workflow.update
    async def decline(self, command: Decline) -> Answer:
        """The hotel says no."""
        return await self._ask(command)

    @decline.validator
    def _may_decline(self, command: Decline) -> None:
        self._knock(command, Action.DECLINE)

    @workflow.update
    async def cancel(self, command: Cancel) -> Answer:
        """Rooms are given up."""
        return await self._ask(command)

    @cancel.validator
    def _may_cancel(self, command: Cancel) -> None:
        self._knock(command, Action.CANCEL)

    @workflow.update
    async def assign_room(self, command: AssignRoom) -> Answer:
        """A stay gets a room."""
        return await self._ask(command)

    @assign_room.validator
    def _may_assign_room(self, command: AssignRoom) -> None:
        self._knock(command, Action.ASSIGN_ROOM)

    @workflow.update
    async def check_in(self, command: CheckIn) -> Answer:
        """Guests arrive."""
        return await self._ask(command)

    @check_in.validator
    def _may_check_in(self, command: CheckIn) -> None:
        self._knock(command, Action.CHECK_IN)

    @workflow.update
    async def take_payment(self, command: TakePayment) -> Answer:
        """The desk takes money."""
        return await self._ask(command)

    @take_payment.validator
    def _may_take_payment(self, command: TakePayment) -> None:
        self._knock(command, Action.PAYMENTS)

    @workflow.update
    async def check_out(self, command: CheckOut) -> Answer:
        """Guests leave."""
        return await self._ask(command)

    @check_out.validator
    def _may_check_out(self, command: CheckOut) -> None:
        self._knock(command, Action.CHECK_OUT)

    @workflow.update
    async def mark_no_show(self, command: MarkNoShow) -> Answer:
        """Guests did not come."""
        return await self._ask(command)

    @mark_no_show.validator
    def _may_mark_no_show(self, command: MarkNoShow) -> None:
        self._knock(command, Action.NO_SHOW)

    def _knock(self, command: Command, action: Action) -> None:
        """Refuses at the door what the booking, as it is now, can't do. An unread booking lets everything in."""
        if self.booking is None:
            return
        try:
            if len(self.notes) >= MAX_NOTES:
                raise conflict("too_many_commands", f"More than {MAX_NOTES} commands are waiting for this booking.")
            check_command(self.booking, action, command)
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


def check_command(booking: Booking, action: Action, command: Command) -> tuple[Stay, ...] | None:
    """The stays a command is about; None when its key or its fact is known already; Refused when it can't be.

    The order is that of every answer: same key, fact already true, stale version, not allowed.
    """
    asked, now = command.asked, workflow.now()
    if asked.key in booking.keys or already_true(booking, action, asked.stays):
        return None
    check_version(booking, asked.version)
    stays = check_allowed(booking, action, asked.stays)
    match command:
        case AssignRoom() if len(stays) != 1:
            raise rule("one_stay_at_a_time", "Name the one stay that gets the room.", "stays")
        case AssignRoom() if stays[0].room_id == command.room_id:
            return None
        case CheckIn():
            for stay in stays:
                check_arrival_day(booking, stay, now)
        case MarkNoShow():
            for stay in stays:
                check_no_show(booking, stay, now)
        case TakePayment():
            check_payment(booking, command.amount_minor, command.currency)
        case CheckOut():
            check_balance(booking, stays, asked.reason)
        case _:
            pass
    return stays
